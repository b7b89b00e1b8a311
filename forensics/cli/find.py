"""The verb ``find``: put the rules to the case, and show what they found, where they looked and what was not run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli.options import PATH, Shared, again_option, case_option, shared
from forensics.cli.screen import Screen
from forensics.cli.text import many
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination
    from forensics.examination.finding import RuleSummary
    from forensics.examination.questions import Question

_SHOWN = 20
_REASONS = 8


@click.command("find", short_help="Ask the rules: what contradicts what, and what an incident asks.")
@case_option
@again_option
@click.option("--rule", "rules", metavar="NAME", multiple=True, help="Ask only this rule; can be repeated.")
@click.option("--pack", "packs", metavar="DIR", type=PATH, multiple=True, help="Ask the rule cards of this folder too.")
@click.option(
    "--set",
    "values",
    metavar="RULE.NAME=VALUE",
    multiple=True,
    help="Ask a rule with another value of one of its parameters, such as D01.days=90; can be repeated.",
)
@click.option("--yara", metavar="RULES.yar", type=PATH, help="Hold these YARA rules against attachments and messages.")
@click.option("--sigma", metavar="RULES", type=PATH, help="Hold a Sigma rule, or a folder of them, against the logs.")
@click.option("--set-aside", "aside", metavar="ID", multiple=True, help="Set a finding aside, by its id; needs --why.")
@click.option("--take-up", "taken", metavar="ID", multiple=True, help="Take such a finding up again; needs --why.")
@click.option("--why", metavar="TEXT", default="", help="The reason, for the ledger.")
@click.option("--explain", is_flag=True, help="Show each finding with its reasons and its innocent explanations.")
@shared("find", parallel=True)
def command(
    shared_: Shared,
    case: Path,
    again: bool,
    rules: tuple[str, ...],
    packs: tuple[Path, ...],
    values: tuple[str, ...],
    yara: Path | None,
    sigma: Path | None,
    aside: tuple[str, ...],
    taken: tuple[str, ...],
    why: str,
    explain: bool,
) -> int:
    """Ask the rules: what contradicts what, and what a company asks of its mail after an incident.

    docs/reference/rules.md lists every rule with what it needs. Rule cards of your own are YAML files in a folder.

    A finding says what is recorded and what contradicts it, how sure that is, what else could explain it, and what it
    does not show. A rule whose evidence is missing says so. The answers are in the folder 'findings' of the case;
    'forensics report findings-html findings-csv' puts them on paper.

    With --yara or --sigma only the rules of that file or folder are asked, and those that --rule names. They need the
    extras 'yara' and 'sigma'.

    DKIM and ARC signatures are checked without the network, with keys that were acquired as evidence: a file named
    dkim-keys.csv with the columns selector, domain, record, fetched, by, resolver.
    """
    from forensics.examination.finding import find

    if aside or taken:
        return _set_aside(shared_, case, aside, taken, why)
    with shared_.opened(case) as examination:
        summary = find(
            examination,
            rules,
            again=again,
            packs=packs,
            parameters=_parameters(values),
            others=_others(examination, yara, sigma),
        )
        language = 0 if examination.facts.language == "ja" else 1
        head = examination.head
    _table(shared_.screen, summary.rules, language)
    for each in summary.rules:
        _told(shared_.screen, each, language, explain)
    if not explain and any(each.found for each in summary.rules):
        shared_.screen.line()
        shared_.screen.line("The reasons: add --explain, or see 'forensics report findings-html findings-csv'.")
    shared_.screen.object(summary.exit_code, rules=summary.rules, head=head)
    return summary.exit_code


def _set_aside(shared_: Shared, case: Path, aside: tuple[str, ...], taken: tuple[str, ...], why: str) -> int:
    from forensics.examination.suppressing import ASIDE, TAKEN_UP, suppress

    with shared_.opened(case) as examination:
        done = [suppress(examination, each, why, state=ASIDE) for each in aside]
        done += [suppress(examination, each, why, state=TAKEN_UP) for each in taken]
        language = 0 if examination.facts.language == "ja" else 1
    for each in done:
        already = " already" if each.unchanged else ""
        shared_.screen.line(
            f"{each.rule} {each.finding} is {each.state}{already}: {(each.claim_ja, each.claim_en)[language]}"
        )
    shared_.screen.object(0, findings=done)
    return 0


def _others(examination: Examination, yara: Path | None, sigma: Path | None) -> list[Question]:
    """The questions of rules in the languages of others."""
    from forensics.examination import sigma_asking, yara_asking

    found = [yara_asking.question(yara, examination.station)] if yara else []
    return found + (sigma_asking.questions_of(sigma) if sigma else [])


def _parameters(values: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """``D01.days=90`` as the rule, the parameter and its value."""
    found: dict[str, dict[str, str]] = {}
    for each in values:
        place, equals, text = each.partition("=")
        rule, dot, name = place.partition(".")
        if not (equals and dot and rule and name):
            raise UsageError(f"{each!r} sets no parameter", todo="write it as RULE.NAME=VALUE, such as D01.days=90")
        found.setdefault(rule, {})[name] = text
    return found


def _table(screen: Screen, rules: tuple[RuleSummary, ...], language: int) -> None:
    rows = [
        [
            each.rule,
            (each.title_ja, each.title_en)[language],
            f"{each.considered:,}",
            f"{each.found:,}",
            f"{each.could_not_read:,}",
            "unchanged" if each.unchanged else "",
        ]
        for each in rules
    ]
    screen.table(["rule", "what", "considered", "found", "not read", ""], rows, indent=0)


def _told(screen: Screen, rule: RuleSummary, language: int, explain: bool) -> None:
    if not rule.findings and not rule.why_not:
        return
    screen.heading(f"{rule.rule}: {many(rule.found, 'finding')}")
    for why in rule.why_not:
        screen.line(f"  {why[language]}")
    for finding in rule.findings[:_SHOWN]:
        mark = f", set aside: {finding['set_aside']['why']}" if "set_aside" in finding else ""
        claim = finding["claim_ja" if language == 0 else "claim_en"]
        screen.line(f"  {finding.get('id', '')} [{finding['confidence']}{mark}] {claim}")
        if explain:
            _explained(screen, finding, language)
    if rule.found > _SHOWN:
        screen.line(f"  ... and {many(rule.found - _SHOWN, 'more finding')}, all in {rule.file}")


def _explained(screen: Screen, finding: dict[str, Any], language: int) -> None:
    for reason in finding["because"][:_REASONS]:
        screen.line(f"      because  {reason['ja' if language == 0 else 'en']}  {reason['address']}")
    if len(finding["because"]) > _REASONS:
        screen.line(f"      because  ... and {many(len(finding['because']) - _REASONS, 'more reason')}")
    for heading, name in (("or else  ", "also_possible"), ("not shown", "does_not_show")):
        for pair in finding[name]:
            screen.line(f"      {heading}  {pair[language]}")
