"""A small synthetic case on disk for tests of whatever reads a ``CaseView``: facts, evidence papers, records, ledger.

Nothing is acquired or parsed: records are given, and the ledger lists them as the examination would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from forensics import canonical, tables
from forensics.absent import Absent
from forensics.address import Address
from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import CaseFacts, write_facts
from forensics.casefile.ledger import Entry, Ledger
from forensics.casefile.view import CaseView
from forensics.evidence import answers
from forensics.evidence import item as layout
from forensics.formats import identity
from forensics.moments import Basis, Meaning, Moment, Zone
from forensics.records import Attachment, BodyText, Message, MomentRecord, Problem, Recipient, Record, Recovery

CASE_ID = "019a0000-0000-7000-8000-000000000001"
PARSER = "synthetic 1"
TOOL = {"name": "email-forensics", "version": "0.0", "sha256": "0" * 64, "python": "3", "libraries": ""}
JUNE = 1_780_275_792 * 10**9
"""2026-06-01T01:03:12Z: 10:03:12 on a Monday in Tokyo."""
SECOND = 10**9


class CaseBuilder:
    """Builds a case step by step; ``view`` shows it as everything downstream sees it."""

    def __init__(self, folder: Path, **facts: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        given = {"title": "架空商事 情報漏えい調査", "examiner": "山田 花子", "organisation": "Example Forensics"}
        write_facts(folder, CaseFacts(id=CASE_ID, **{**given, **facts}))
        self._clock = JUNE
        self._append(Act.CASE_OPEN, Phase.DONE, {})

    def view(self) -> CaseView:
        return CaseView(self.folder)

    def _append(
        self, act: Act, phase: Phase, params: Mapping[str, Any], outputs: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self._clock += SECOND
        with Ledger(self.folder / "ledger", CASE_ID) as ledger:
            ledger.append(
                Entry(
                    act=act,
                    phase=phase,
                    step=f"step {ledger.head['lines']}",
                    ts_ns=self._clock,
                    tool=TOOL,
                    params=dict(params),
                    outputs=tuple(dict(output) for output in outputs),
                )
            )

    def evidence(self, name: str = "EV-0001", files: Mapping[str, bytes] | None = None, source: str = "") -> None:
        """An evidence item with stored files, its papers and its manifest."""
        stored = files if files is not None else {"mail/inbox.mbox": b"From - "}
        folder = self.folder / "evidence" / name
        (folder / "data").mkdir(parents=True)
        entries = []
        for number, (path, data) in enumerate(stored.items(), start=1):
            (folder / layout.payload_name(number)).write_bytes(data)
            sha256, md5 = hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest()
            kind, size = layout.FILE, len(data)
            entries.append(
                layout.Entry(path=path.encode(), type=kind, size=size, number=number, sha256=sha256, md5=md5)
            )
        size = sum(len(data) for data in stored.values())
        receipt = {"asked": len(stored), "asked_bytes": size, "received": len(stored), "received_bytes": size}
        receipt |= {"special": 0, "hard_links": 0, "refused": [], "missing": [], "flagged": [], "complete": True}
        given = source or next(iter(stored), name)
        papers = {"format": 1, "item": name, "source": {"kind": layout.FOLDER, "given": given}, "receipt": receipt}
        written = {layout.FILES: layout.dump_entries(entries), layout.ACQUISITION: canonical.encode(papers)}
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in written.items()}
        digests |= {layout.payload_name(each.number or 0): each.sha256 or "" for each in entries}
        written[layout.MANIFEST] = layout.dump_manifest(digests)
        for path, data in written.items():
            (folder / path).write_bytes(data)
        self._append(Act.ACQUIRE, Phase.FINISHED, {"evidence": name})

    def parsed(self, records: Iterable[Record], name: str = "EV-0001", unclaimed: Iterable[str] = ()) -> None:
        """Records as a finished parse of the evidence item."""
        by_kind: dict[str, list[Record]] = {}
        for record in records:
            by_kind.setdefault(record.KIND, []).append(record)
        tables_of = {kind: tables.gather(kind, found, PARSER, "ab" * 32) for kind, found in by_kind.items()}
        self.parsed_tables(tables_of, name, unclaimed)

    def parsed_tables(self, made: Mapping[str, Any], name: str = "EV-0001", unclaimed: Iterable[str] = ()) -> None:
        """Tables of records, by kind, as a finished parse of the evidence item."""
        parts = []
        for kind, table in sorted(made.items()):
            path = f"records/{kind}/{name}-000001.parquet"
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            tables.write_parquet(table, self.folder / path)
            sha256 = hashlib.sha256((self.folder / path).read_bytes()).hexdigest()
            parts.append({"kind": kind, "path": path, "rows": table.num_rows, "sha256": sha256})
        counts = {part["kind"]: part["rows"] for part in parts}
        files = [{"number": "000001", "parser": "mbox 1", "kind": "mbox", "why": ""}]
        files += [{"number": number, "parser": "", "kind": "unknown", "why": "no parser"} for number in unclaimed]
        manifest = {"evidence": name, "parts": parts, "content": {}, "files": files, "counts": counts}
        data = canonical.encode(manifest)
        (self.folder / "records").mkdir(exist_ok=True)
        (self.folder / f"records/{name}.json").write_bytes(data)
        output = {"path": f"records/{name}.json", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        self._append(Act.PARSE, Phase.FINISHED, {"evidence": name}, [output])

    def answered(self, given: Mapping[str, Mapping[str, str]]) -> None:
        """What persons answered, by evidence item."""
        data = answers.payload(given)
        sha256 = hashlib.sha256(data).hexdigest()
        folder = self.folder / "ledger" / answers.ATTACHED
        folder.mkdir(exist_ok=True)
        (folder / sha256).write_bytes(data)
        self._append(Act.CASE_SET, Phase.DONE, {"answers": {"sha256": sha256}})

    def timeline_listed(self, files: Iterable[Path]) -> None:
        """The files of a built timeline as the output of a finished step."""
        outputs = []
        for path in files:
            data = path.read_bytes()
            relative = path.relative_to(self.folder).as_posix()
            outputs.append({"path": relative, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)})
        self._append(Act.TIMELINE, Phase.FINISHED, {}, outputs)


def sent(utc: int | Absent = JUNE, **changed: Any) -> Moment:
    """The claim of a Date header."""
    basis, says, zone = Basis.SENDER, "Date", Zone.STATED
    given = {"meaning": Meaning.SENT, "basis": basis, "says": says, "utc": utc, "raw": "as written", "zone": zone}
    return Moment(**{**given, "offset_minutes": 540, **changed})


def relayed(utc: int, host: str = "mx.example.jp", hop: str = "1/1") -> Moment:
    """The claim of one relay."""
    return sent(utc, meaning=Meaning.RELAYED, basis=Basis.RELAY, says=f"Received {hop} by {host}")


def stored(utc: int, meaning: Meaning = Meaning.DELIVERED, says: str = "PR_MESSAGE_DELIVERY_TIME") -> Moment:
    """The claim of a store."""
    return sent(utc, meaning=meaning, basis=Basis.STORE, says=says, raw="FILETIME 1", offset_minutes=0)


def mail(
    number: int,
    *,
    evidence: str = "EV-0001",
    moments: Iterable[Moment] = (),
    to: Iterable[str] = ("tanaka@example.jp",),
    body: str | None = "本文です。",
    recovery: Recovery = Recovery.LIVE,
    **fields: Any,
) -> list[Record]:
    """A message with its recipients, clock readings and body; ``fields`` go to the message record."""
    at = Address(evidence=evidence, steps=("000001", f"message:{number:06d}"))
    given: dict[str, Any] = {
        "item_class": "IPM.Note",
        "store_path": "/受信トレイ",
        "message_id": f"<{number}@example.jp>",
        "subject": f"件名 {number}",
        "sender": "佐藤 <sato@example.jp>",
        "sender_address": "sato@example.jp",
        "to": "; ".join(to),
        "size": 1000,
        "body_sha256": Absent.NOT_RECORDED if body is None else identity.body_digest(body),
    }
    message = Message(address=at, recovery=recovery, **{**given, **fields})
    ref = message.identity()
    made: list[Record] = [message]
    for position, address in enumerate(to, start=1):
        where = at.child(f"recipient:{position}")
        place = {"message_id_ref": ref, "position": position}
        made.append(Recipient(address=where, role="to", name=Absent.NOT_RECORDED, mail_address=address, **place))
    for position, moment in enumerate(moments, start=1):
        where = at.child(f"moment:{position}")
        made.append(
            MomentRecord(address=where, recovery=recovery, message_id_ref=ref, position=position, moment=moment)
        )
    if body is not None:
        sha256 = hashlib.sha256(body.encode()).hexdigest()
        text = {"kind": "plain", "text": body, "sha256": sha256, "size": len(body.encode())}
        made.append(BodyText(address=at.child("text:1"), message_id_ref=ref, position=1, **text))
    return made


def attached(message: Record, position: int, name: str, size: int = 10) -> Attachment:
    """An attachment of a message that ``mail`` made."""
    at = message.address.child(f"attachment:{position}")
    ref = message.identity()
    return Attachment(address=at, message_id_ref=ref, position=position, name=name, size=size, sha256="cd" * 32)


def problem(evidence: str = "EV-0001", what: str = "a header could not be read") -> Problem:
    """Something that could not be read."""
    at = Address(evidence=evidence, steps=("000001", "message:000009"))
    return Problem(address=at, what=what, lost="its subject", cause="cut short at byte 77")
