"""Write the sample case, or check that what is committed is what this program makes.

It needs the standard library and, for the Outlook archive, this repository: the toolkit's PST writer, and ``maker/pst``,
which deletes and edits in a store as Outlook does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from maker import deletion, incidents, logs, mailboxes, outlook, traffic, truth  # noqa: E402  (found beside this file)
from maker.post import Post  # noqa: E402

_MADE = ("case", "tables")


def build() -> dict[str, bytes]:
    """Every file of the sample, by its path below the output folder."""
    planted = incidents.planted()
    mails = sorted(
        [*traffic.ordinary(), *(mail for one in planted for mail in one.mails)], key=lambda mail: (mail.at, mail.key)
    )
    post = Post(decisions=incidents.DECISIONS)
    for mail in mails:
        post.carry(mail)
    deletion.log_binned(post)
    deletion.log_burst(post)
    deletion.log_sessions(post, mails)
    deletion.log_noise(post)
    stores = mailboxes.lay_out(post)
    stores.files.update(logs.log_files(post))
    archive = outlook.build_store(post)
    stores.files[outlook.PATH] = archive.data
    answer = truth.truth(stores, post, [*planted, deletion.incident(post)])
    answer["outlook"] = {"path": f"case/{outlook.PATH}", "sha256": truth.sha256(archive.data), **archive.truth}
    readme = (HERE / "maker" / "readme.md").read_text(encoding="utf-8")
    for name, table in truth.readme_tables(answer).items():
        readme = readme.replace("{" + name + "}", table)
    made = {f"case/{path}": data for path, data in stores.files.items()}
    return {**made, **logs.tables(), "truth.json": truth.truth_json(answer), "README.md": readme.encode()}


def _found(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for name in _MADE for path in (root / name).rglob("*") if path.is_file()}


def differences(made: dict[str, bytes], root: Path) -> list[str]:
    """What is missing, changed or left over in a folder, one sentence each."""
    said = []
    for name, data in sorted(made.items()):
        path = root / name
        if not path.is_file():
            said.append(f"{name} is missing")
        elif path.read_bytes() != data:
            said.append(f"{name} differs")
    return said + [f"{name} is not made by the generator" for name in sorted(_found(root) - made.keys())]


def write(made: dict[str, bytes], root: Path) -> None:
    for name in sorted(_found(root) - made.keys()):
        (root / name).unlink()
    for name, data in made.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=HERE, help="the folder to write to (default: the folder of this program)"
    )
    parser.add_argument("--check", action="store_true", help="compare only; ends 1 if a file differs")
    asked = parser.parse_args()
    made = build()
    if not asked.check:
        write(made, asked.out)
        return 0
    said = differences(made, asked.out)
    sys.stderr.write("".join(line + "\n" for line in said))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
