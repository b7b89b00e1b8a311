"""A playbook as a checklist to read, in one language: as lines of text, and as one page to print."""

from __future__ import annotations

import html
from collections.abc import Iterator

from forensics.playbooks.model import HUMAN, Does, Expiry, Pair, Playbook, Step

_WORDS: dict[str, Pair] = {
    "when": ("使う場面", "When to use it"),
    "first": ("最初に取得するもの（失われる順）", "What to acquire first (in the order in which it disappears)"),
    "legal": (
        "根拠資料（R01）: 全項目を埋めるか、弁護士が理由を示す",
        "Legal basis (R01): all filled in, or a lawyer's reason",
    ),
    "steps": ("手順", "Steps"),
    "days": ("日", "days"),
    "unknown": ("日数不明・今日確認", "not known: ask today"),
    "level": ("段階", "level"),
    "rules": ("規則", "rules"),
    "reports": ("書類", "papers"),
    "tables": ("参照表", "tables"),
    "yes": ("該当する", "if so"),
    "no": ("該当しない", "if not"),
    "command": ("コマンド", "command"),
    "who": ("実施者・日時", "done by, when"),
    "source": ("出典", "source"),
}

_COMMANDS: dict[Does, str] = {Does.TABLES: "case tables"}


def word(name: str, language: int) -> str:
    """A word of the checklist."""
    return _WORDS[name][language]


def lines(playbook: Playbook, language: int) -> Iterator[str]:
    """The checklist as text; ``language`` 0 is Japanese, 1 English."""
    yield f"{playbook.title[language]} ({playbook.id} {playbook.version})"
    yield playbook.description[language]
    yield f"SHA-256 {playbook.sha256}"
    yield ""
    yield word("when", language)
    yield from (f"  - {each[language]}" for each in playbook.when)
    yield ""
    yield word("first", language)
    yield from (f"  - {kept(each, language)}" for each in playbook.expires)
    yield ""
    yield word("legal", language)
    yield from (f"  [ ] {each.name}: {each.title[language]}" for each in playbook.fields)
    yield ""
    yield word("steps", language)
    for step in playbook.in_order():
        if step.type != "start":
            yield from _step(step, language)


def kept(each: Expiry, language: int) -> str:
    """What expires, in one sentence with its source."""
    days = f"{each.days} {word('days', language)}" if each.days else word("unknown", language)
    note = f" ({each.note[language]})" if each.note[language] else ""
    return f"{each.what[language]}: {days}{note} [{word('source', language)}: {each.source}]"


def _step(step: Step, language: int) -> Iterator[str]:
    level = f" ({word('level', language)} {step.level})" if step.level else ""
    yield f"  [ ] {step.id}: {step.title[language]}{level}"
    yield from (f"        {text}" for text in details(step, language))


def details(step: Step, language: int) -> Iterator[str]:
    """What stands below the title of a step."""
    yield from (text[language] for text in (step.text, step.ask) if text[language])
    if step.does is not None and step.does not in HUMAN:
        yield f"{word('command', language)}: forensics {_COMMANDS.get(step.does, step.does)}"
    for key in ("rules", "reports", "tables"):
        if names := getattr(step, key):
            yield f"{word(key, language)}: {', '.join(names)}"
    if step.condition is not None:
        asked = step.condition.answered
        held = f"{asked} = {step.condition.equals}" if asked else f"{' / '.join(step.condition.found)} > 0"
        yes, no = step.following
        yield f"{held}: {word('yes', language)} → {yes}; {word('no', language)} → {no}"
    yield from (f"{each.when[language]} → {each.then[language]}" for each in step.leads_to)


_STYLE = """body{font:10.5pt/1.5 serif;margin:20mm 15mm}h1{font-size:16pt}h2{font-size:12pt;margin:6mm 0 2mm}
table{border-collapse:collapse;width:100%}td,th{border:.3pt solid #444;padding:1.5mm;vertical-align:top;text-align:left}
td.box{width:6mm;font-size:14pt;line-height:1}td.who{width:35mm}small{color:#333}tr{page-break-inside:avoid}
code{font-size:8pt;word-break:break-all}"""


def page(playbook: Playbook, language: int) -> str:
    """The checklist as one HTML page to print; nothing in it comes from elsewhere."""
    escape = html.escape
    title = escape(playbook.title[language])
    rows = "\n".join(_row(step, language) for step in playbook.in_order() if step.type != "start")
    whens = "".join(f"<li>{escape(each[language])}</li>" for each in playbook.when)
    first = "".join(
        f"<tr><td class=box>☐</td><td>{escape(kept(each, language))}</td><td class=who></td></tr>"
        for each in playbook.expires
    )
    sheet = "".join(f"<tr><td>{escape(each.title[language])}</td><td class=who></td></tr>" for each in playbook.fields)
    who = escape(word("who", language))
    return f"""<!doctype html>
<html lang="{("ja", "en")[language]}"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>
<h1>{title}</h1>
<p>{escape(playbook.description[language])}</p>
<p><small>{escape(playbook.id)} {escape(playbook.version)} <code>SHA-256 {playbook.sha256}</code></small></p>
<h2>{escape(word("when", language))}</h2><ul>{whens}</ul>
<h2>{escape(word("first", language))}</h2><table>{first}</table>
<h2>{escape(word("legal", language))}</h2><table>{sheet}</table>
<h2>{escape(word("steps", language))}</h2>
<table><tr><th></th><th></th><th>{who}</th></tr>
{rows}
</table>
</html>
"""


def _row(step: Step, language: int) -> str:
    level = f" <small>{word('level', language)} {step.level}</small>" if step.level else ""
    below = "".join(f"<br>{html.escape(text)}" for text in details(step, language))
    said = f"<b>{html.escape(step.title[language])}</b> <small>{step.id}</small>{level}{below}"
    return f"<tr><td class=box>☐</td><td>{said}</td><td class=who></td></tr>"
