"""The libraries that read evidence and write records work inside the guards."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.workers import Job, Limits, LocalEngine
from tests.corpus import corpus, needs_corpus


@pytest.mark.parametrize("preload", [(), ("pyarrow", "pyarrow.parquet")], ids=["loaded by the job", "preloaded"])
def test_pyarrow_writes_a_part_into_the_spool(tmp_path: Path, preload: tuple[str, ...]) -> None:
    with LocalEngine(1, Limits(), preload) as engine:
        outcome = engine.submit(Job(call="tests.workers.jobs:write_parquet", spool=tmp_path)).result(timeout=60)
    assert outcome.value == {"rows": 200_000}, outcome.detail
    assert (tmp_path / "part.parquet").stat().st_size > 0


def test_pytsk3_opens_an_image(tmp_path: Path) -> None:
    image = tmp_path / "disk.raw"
    image.write_bytes(bytes(1 << 16))
    spool = tmp_path / "spool"
    spool.mkdir()
    with LocalEngine(1, Limits(), ("pytsk3",)) as engine:
        job = Job(call="tests.workers.jobs:open_image", reads=(image,), spool=spool)
        assert engine.submit(job).result(timeout=60).value == {"size": 1 << 16}


@needs_corpus
def test_pypff_opens_a_store(tmp_path: Path) -> None:
    store = min((corpus() / "pst").rglob("*.pst"), key=lambda path: path.stat().st_size)
    with LocalEngine(1, Limits(), ("pypff",)) as engine:
        job = Job(call="tests.workers.jobs:open_pst", reads=(store,), spool=tmp_path)
        outcome = engine.submit(job).result(timeout=60)
    assert outcome.cause in ("", "error"), outcome.detail
    assert "Permission" not in outcome.detail
