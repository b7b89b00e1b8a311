"""The step that asks the DNS for what the acquired mail names: DKIM keys, SPF and DMARC records, kept as evidence.

Which names these are is told by parsed records: the signatures' selectors and domains, and the domains of senders and
return paths. Every run makes a new evidence item, because every run is another day's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.acquisition.dns_records import DMARC, SPF, DnsSource, Question, Resolver, dkim_key
from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.examination.acquiring import AcquireSummary, acquire_source
from forensics.examination.conductor import Examination
from forensics.examination.signatures import need_records
from forensics.examination.station import tool
from forensics.formats.clocks.tags import tag_list

_SIGNATURES = """
    SELECT DISTINCT raw FROM header WHERE lower(name) IN ('dkim-signature', 'arc-message-signature', 'arc-seal')
"""
_SENDERS = """
    SELECT DISTINCT lower(mail_address) AS address, role FROM recipient WHERE role IN ('from', 'sender', 'return_path')
"""
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_MOST_LABELS = 8
MOST = 20_000


def acquire_keys(examination: Examination, given: str = "") -> AcquireSummary:
    """Ask the resolver for every record that the mail of the case names."""
    view = examination.view()
    need_records(view)
    resolver = Resolver.of(given)
    wanted = sorted(set(questions(view)))
    if not wanted:
        raise UsageError(
            "the mail of this case names no key, and no sender has a domain", todo="acquire and parse mail"
        )
    if len(wanted) > MOST:
        raise UsageError(f"the mail of this case names {len(wanted):,} records; at most {MOST:,} are asked for at once")
    progress = examination.station.progress
    progress.begin(f"asking {resolver.shown}", items=len(wanted))
    facts, made = examination.facts, tool()
    by = ", ".join(each for each in (facts.examiner, f"{made['name']} {made['version']}") if each)
    source = DnsSource(wanted, resolver, by=by, now=examination.station.now, told=lambda asked: progress.advance(0, 1))
    list(source.entries())
    progress.end()
    name = f"dns:{resolver.shown}"
    params = {"source": name, "resolved": name, "parent": "", "asked_ns": examination.station.now()}
    return acquire_source(examination, source, params, wanted={"resolved": name, "asked_ns": params["asked_ns"]})


def questions(view: CaseView) -> Iterator[Question]:
    """What the records of the case name; what can be no name in the DNS is left out."""
    for row in view.rows(_SIGNATURES):
        tags = tag_list(bytes(row["raw"]).decode("utf-8", "backslashreplace"))
        found = dkim_key(tags.get("s", ""), tags.get("d", "").rstrip("."))
        if _NAME.fullmatch(found.name):
            yield found
    for row in view.rows(_SENDERS):
        domain = str(row["address"] or "").rpartition("@")[2].strip("<> .")
        if _NAME.fullmatch(domain):
            yield Question(purpose=SPF, name=domain)
            if row["role"] == "from":
                yield from _policies(domain)


def _policies(domain: str) -> Iterator[Question]:
    """The DMARC record of the domain and of those above it, one of which speaks for the organisation."""
    labels = domain.split(".")[-_MOST_LABELS:]
    for start in range(len(labels) - 1):
        yield Question(purpose=DMARC, name="_dmarc." + ".".join(labels[start:]))
