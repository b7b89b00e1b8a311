"""Messages that others carry are checked as their own bytes; the verdict on an ARC chain stands in the same table."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.examination import signatures
from forensics.examination.conductor import Examination
from forensics.examination.finding import find
from tests.findings.test_arc_chain import sealed
from tests.findings.test_dkim import DELIVERED, LETTER, public, signed
from tests.findings.test_find import made, of

_OUTER = (
    b"From: Tanaka <tanaka@example.jp>\r\nTo: abe@example.jp\r\nSubject: Fwd\r\n"
    b"Date: Mon, 1 Jun 2026 11:03:12 +0900\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
)


def carrying(*inner: bytes) -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + each + b"\r\n" for each in inner)
    return _OUTER + parts + b"--b--\r\n"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedded")
    good = signed(extra=b"t=%d" % DELIVERED)
    listed = sealed(sealed(LETTER) + b"-- \r\na list\r\n", b"pass")
    (folder / "fwd.eml").write_bytes(carrying(good, good.replace(b"Dear", b"Dead")))
    (folder / "chain.eml").write_bytes(listed)
    (folder / "cut.eml").write_bytes(listed.replace(b"Dear", b"Dead"))
    rows = f'k1,example.jp,"v=DKIM1; k=rsa; p={public()}",2026-06-02,H. Abe,192.0.2.1\n'
    (folder / "dkim-keys.csv").write_text("selector,domain,record,fetched,by,resolver\n" + rows)
    made(folder / "case", folder / "fwd.eml", folder / "chain.eml", folder / "cut.eml", folder / "dkim-keys.csv")
    return folder / "case"


def test_a_message_that_another_carries_is_checked_as_its_own_bytes(case: Path) -> None:
    with Examination(case) as examination:
        rows = signatures.checked(examination.view(), examination.station).rows
    found = [dict(zip(signatures.COLUMNS, row, strict=True)) for row in rows]
    inner = {each["address"]: each["result"] for each in found if each["field"] == "dkim-signature"}
    assert sorted(inner.values()) == ["body_changed", "valid"]
    assert all("/attachment:" in address for address in inner)
    chains = {each["address"]: (each["result"], each["detail"]) for each in found if each["field"] == "arc-chain"}
    assert sorted(chains.values()) == [
        ("chain_broken", "arc-message-signature i=2: body_changed"),
        ("chain_holds", "2 instances; unchanged since instance 2"),
    ]


def test_a_broken_chain_is_a_finding_and_one_that_holds_is_none(case: Path) -> None:
    with Examination(case) as examination:
        found = of(find(examination), "body-changed")
    claims = sorted(str(each["claim_en"]) for each in found)
    assert len(claims) == 2
    assert "the arc chain is broken" in claims[1].lower()
