"""Sigma rules as questions of ``find``, one for each rule, over the records of logs that the case holds."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.examination.questions import Question
from forensics.findings import running, sigma_rules, sigma_sql
from forensics.findings.card import Card
from forensics.findings.finding import Confidence, Finding, Looked, Pair
from forensics.findings.plain_yaml import LARGEST, read_yaml
from forensics.workers import Job, Limits, LocalEngine

VERSION = "1"
_MODULE = "forensics.examination.sigmajob"
_LIMITS = Limits(wall=20.0, cpu=15)
_MOST = 2_000
_TODO = "mend the rule; docs/how-to/rules.md says what of Sigma can be asked"
_SPLIT = re.compile(rb"^---[ \t]*\r?$\n?", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LIKELY = ("high", "critical")
_MISSING: Pair = (
    f"実行していない: ライブラリ pySigma がない（{sigma_rules.INSTALL}）",
    f"not run, because the library pySigma is missing; {sigma_rules.INSTALL}",
)
_OTHER: Pair = (
    "実行していない: このルールの対象（logsource）にあたるログを、この道具は読まない",
    "not run, because its logsource is none of the logs that this program reads",
)
_NONE: Pair = (
    "実行していない: このルールの対象にあたるログがこの事件にない",
    "not run, because this case holds no logs of its logsource",
)
_ALSO: tuple[Pair, ...] = (
    (
        "ルールが通常の操作にも合うことがある（falsepositives を参照）",
        "a rule can match ordinary work; see its falsepositives",
    ),
)
_NOT: tuple[Pair, ...] = (
    ("誰が操作したか、操作が不正であったかは示さない", "it does not show who acted, or that the act was wrong"),
)


def questions_of(place: Path) -> list[Question]:
    """The questions of a file of Sigma rules, or of every such file in a folder and below, in order of their names."""
    found: dict[str, Question] = {}
    with LocalEngine(1, _LIMITS, preload=(_MODULE,)) as engine, tempfile.TemporaryDirectory() as spool:
        for where, data in _documents(place):
            value = read_yaml(data, where, "Sigma rule", _TODO)
            if not isinstance(value, dict):
                raise UsageError("a Sigma rule is an object with title, logsource, detection", place=where, todo=_TODO)
            read = _read(engine, value, Path(spool)) if sigma_rules.installed() else None
            made = _question(value, data, where, read)
            if made.name in found:
                raise UsageError(f"two Sigma rules are named {made.name}", place=where, todo="give one another id")
            found[made.name] = made
    if not found:
        raise UsageError("there are no Sigma rules here", place=str(place), todo="a rule is a file that ends in .yml")
    return [found[name] for name in sorted(found)]


def _documents(place: Path) -> Iterator[tuple[str, bytes]]:
    files = [place]
    if place.is_dir():
        files = sorted(each for each in place.rglob("*") if each.suffix in (".yml", ".yaml") and each.is_file())
    if len(files) > _MOST:
        raise UsageError(f"more than {_MOST:,} files of rules", place=str(place), todo="name a smaller folder")
    for file in files:
        try:
            with file.open("rb") as handle:
                data = handle.read(8 * LARGEST)
        except OSError as error:
            todo = "name a file or a folder of Sigma rules"
            raise UsageError(f"this cannot be read: {error.strerror}", place=str(file), todo=todo) from error
        for each in _SPLIT.split(data):
            if each.strip():
                yield str(file), each


def _read(engine: LocalEngine, value: Mapping[str, Any], spool: Path) -> dict[str, Any]:
    outcome = engine.submit(Job(call=f"{_MODULE}:read_rule", args={"rule": dict(value)}, spool=spool)).result()
    return outcome.value if outcome.value is not None else {"fault": f"reading it ended: {outcome.cause}"}


def _question(value: Mapping[str, Any], data: bytes, where: str, read: dict[str, Any] | None) -> Question:
    sha256 = hashlib.sha256(data).hexdigest()
    id_ = str(value.get("id") or "")
    name = f"sigma-{id_ if _NAME.fullmatch(id_) else sha256[:16]}"
    title = " ".join(str(value.get("title") or name).split())[:200]
    logsource = value.get("logsource")
    logs = sigma_sql.sources(logsource) if isinstance(logsource, dict) else ()
    return Question(
        name=name,
        title=(title, title),
        version=VERSION,
        needs=("log_event",),
        parameters={},
        about={"rule_sha256": sha256, "rules_file": Path(where).name, "library": sigma_rules.version()},
        ask=lambda case: _ask(case, name, title, logs, read),
    )


def _ask(
    case: CaseView, name: str, title: str, logs: tuple[str, ...], read: dict[str, Any] | None
) -> Iterator[Finding | Looked]:
    why = _why_not(case, logs, read)
    card = None
    if why is None and read is not None:
        try:
            sql, values = sigma_sql.statement(case, read["tree"], logs)
            card = _card(name, title, sql, read["level"])
            said = list(running.run(case, card, {**values, "logs": list(logs)}))
        except sigma_sql.NotAsked as error:
            why = (str(error.args[0]), str(error.args[1]))
        except UsageError as error:
            why = (f"実行していない: {error.what}", f"not run, because {error.what}")
    if why is not None:
        said = [Looked(rule=name, version=VERSION, why_not=(why,))]
    yield from said


def _why_not(case: CaseView, logs: tuple[str, ...], read: dict[str, Any] | None) -> Pair | None:
    if read is None:
        return _MISSING
    if read["fault"]:
        return f"実行していない: {read['fault']}", f"not run, because {read['fault']}"
    if not logs:
        return _OTHER
    return None if sigma_sql.has_rows(case, logs) else _NONE


def _card(name: str, title: str, sql: str, level: str) -> Card:
    """A card made of the rule. Its title goes into sentences as a value, because it may hold anything."""
    plain = title.replace("{", "(").replace("}", ")")
    return Card(
        id=name, version=VERSION, title=(title, title), explanation=("", ""), needs=("log_event",), uses=(),
        requires=(), stage=1, confidence=Confidence.LIKELY if level in _LIKELY else Confidence.POSSIBLE,
        parameters={}, guards=(), sql=sql, detector="", group=("account",),
        claim=(
            f"Sigma のルール「{plain}」に合うログの記録が、アカウント {{account}} に {{n}}件ある",
            f"{{n}} log records of the account {{account}} match the Sigma rule {plain!r}",
        ),
        because=(
            "{utc} {source} の {operation}（アカウント {account}、IP {actor_ip}、宛先 {recipient}、状態 {status}）",
            "{utc} {operation} in {source} (account {account}, IP {actor_ip}, recipient {recipient}, status {status})",
        ),
        considered="SELECT count(*) AS n FROM log_event WHERE list_contains($logs, source)", could_not_read="",
        also_possible=_ALSO, does_not_show=_NOT, answers=(name,), sha256="",
    )  # fmt: skip
