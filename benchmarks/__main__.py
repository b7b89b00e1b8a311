"""Lists the measurements and runs them, or only those that are named: ``python -m benchmarks [list | NAME ...]``.

Each is a module of this folder with a ``main`` of its own and its own options: ``python -m benchmarks.parsing --help``.
"""

from __future__ import annotations

import subprocess
import sys

_KNOWN = {
    "acquisition": "one large file with SHA-256 and MD5 and a read-back of the copy, beside dc3dd",
    "carving": "mail carved out of a generated medium of 512 MiB, beside foremost",
    "html_report": "the timeline page with 50,000 events, until a browser shows it",
    "ledger": "100,000 ledger lines written in batches, singly and verified, and a tree of a million leaves",
    "message_tree": "the tree that seals a million messages, from their records",
    "parsing": "a mailbox of real mail into records, beside Python's mailbox and email",
    "pst": "a generated Outlook store of 20,000 messages, beside pffexport, readpst and libpff-python",
    "rules": "every rule on a generated company of 200 people with 300,000 messages in their mailboxes",
    "timeline": "the timeline of up to a million messages and five million lines of logs, and how straight it grows",
    "verify_bundle": "the stand-alone verifier on a bundle of 2 GB, beside sha256sum",
}


def main(arguments: list[str]) -> int:
    """The worst exit code of those that ran; 2 for a name that there is not."""
    for name, title in _KNOWN.items():
        print(f"{name:13} {title}")
    if arguments == ["list"]:
        return 0
    wanted = arguments or list(_KNOWN)
    unknown = [name for name in wanted if name not in _KNOWN]
    if unknown:
        print(f"there is no measurement named {', '.join(unknown)}", file=sys.stderr)
        return 2
    return max(_run(name) for name in wanted)


def _run(name: str) -> int:
    print(f"\n== {name}: {_KNOWN[name]}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
