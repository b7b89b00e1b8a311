"""Writes the sample files of the parsers: ``python -m tests.samples.make_samples``, then ``tools.update_samples``.

Every byte of them is made here; nothing comes from a real mailbox.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.samples.boxes import BOXES, MAILDIR, UID_LISTS
from tests.samples.exports import EXPORTS
from tests.samples.imap_account import ACCOUNT
from tests.samples.letters import LETTERS
from tests.samples.logs import LOGS
from tests.samples.outlook import MESSAGES

HERE = Path(__file__).resolve().parent


def files() -> dict[str, bytes]:
    """Every sample file, by its path below this folder."""
    found = {f"eml/{name}": data for name, data in LETTERS.items()}
    found |= {f"mbox/{name}": data for name, data in BOXES.items()}
    found |= {f"maildir/{name}": data for name, (data, _) in MAILDIR.items()}
    found |= {f"uid-list/{name}": data for name, (data, _) in UID_LISTS.items()}
    found |= {name: data for name, (data, _) in (*LOGS.items(), *EXPORTS.items(), *ACCOUNT.items())}
    return found | {f"msg/{name}": data for name, data in MESSAGES.items()}


def as_found() -> dict[str, dict[str, Any]]:
    """How a sample was found, where its own name does not say it."""
    found = {f"maildir/{name}": head for name, (_, head) in MAILDIR.items()}
    found |= {f"uid-list/{name}": head for name, (_, head) in UID_LISTS.items()}
    return found | {name: head for name, (_, head) in (*LOGS.items(), *EXPORTS.items(), *ACCOUNT.items())}


def main() -> None:
    """Write them all; the expected records of samples that are new are written by ``tools.update_samples``."""
    found = as_found()
    for name, data in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        beside = path.with_name(path.name + ".jsonl")
        if not beside.exists():
            beside.write_text(json.dumps(found.get(name, {}), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
