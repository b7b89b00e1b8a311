"""Every question that ``find`` can ask: rules of authenticity in Python, and rule cards from packs, in one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from forensics import discovery
from forensics.casefile.view import FILE_CONTENT, CaseView
from forensics.errors import UsageError
from forensics.findings import packs, running, views
from forensics.findings.card import Card, with_parameters
from forensics.findings.finding import Finding, Looked, Pair

AUTHENTICITY = "forensics.findings.authenticity"
Parameters = Mapping[str, Mapping[str, str]]
"""For each rule the values that it shall have instead of its own, by name, as a person wrote them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One rule, ready to be put to a case. ``about`` is what the ledger says of it beside its parameters."""

    name: str
    title: Pair
    version: str
    needs: tuple[str, ...]
    parameters: Mapping[str, Any]
    about: Mapping[str, str]
    ask: Callable[[CaseView], Iterator[Finding | Looked]]
    reads: tuple[str, ...] = ()
    """Every view that it reads, whether or not it can do without."""

    @property
    def signed(self) -> bool:
        """Whether it needs the signatures of the case to be checked before."""
        return "signature" in self.needs

    @property
    def reads_files(self) -> bool:
        """Whether the attachments of the case must be read for it before."""
        return views.need(self.reads, FILE_CONTENT)


def questions(
    names: Sequence[str] = (), folders: Sequence[Path] = (), parameters: Parameters | None = None
) -> list[Question]:
    """The named rules in the order given, or all of them in order of their names."""
    given = parameters or {}
    known = available(folders, given)
    unknown = [name for name in (*names, *given) if name not in known]
    if unknown:
        raise UsageError(f"there is no rule named {unknown[0]!r}", todo=f"name one of: {', '.join(known)}")
    return [known[name] for name in names or known]


def available(folders: Sequence[Path] = (), parameters: Parameters | None = None) -> dict[str, Question]:
    """Every rule by its name: those of authenticity first, then the cards."""
    given = parameters or {}
    offers = discovery.offers(AUTHENTICITY, packs.ENTRY_POINTS)
    found = {offer.name: _of_offer(offer, given.get(offer.name, {})) for offer in offers}
    every = [*packs.installed(), *(packs.from_folder(folder) for folder in folders)]
    digests = {pack.name: pack.sha256 for pack in every}
    for name, card in packs.cards(every).items():
        found[name] = _of_card(card, digests[card.pack], given.get(name, {}))
    return found


def _of_offer(offer: discovery.Offer, given: Mapping[str, str]) -> Question:
    if given:
        todo = "only rule cards can be asked with other values"
        raise UsageError(f"the rule {offer.name} has no parameters that can be set", todo=todo)
    return Question(
        name=offer.name,
        title=(getattr(offer.maker, "title_ja", offer.title), offer.title),
        version=offer.version,
        needs=tuple(getattr(offer.maker, "needs", ())),
        parameters=dict(getattr(offer.maker, "parameters", {})),
        about={"rule_sha256": offer.sha256},
        ask=partial(_ask_offer, offer),
    )


def _ask_offer(offer: discovery.Offer, case: CaseView) -> Iterator[Finding | Looked]:
    """Where its library is missing, or the case holds nothing of what it needs, it says so and is not run."""
    if offer.maker is None:
        why = (f"実行していない: {offer.unavailable}", f"not run, because it {offer.unavailable}")
        yield Looked(rule=offer.name, version=offer.version, why_not=(why,))
    elif lacking := running.lacking(case, offer.maker.needs):
        yield Looked(rule=offer.name, version=offer.version, why_not=lacking)
    else:
        yield from offer.maker().look(case)


def _of_card(card: Card, pack_sha256: str, given: Mapping[str, str]) -> Question:
    values = with_parameters(card, given)
    return Question(
        name=card.id,
        title=card.title,
        version=card.version,
        needs=card.needs,
        parameters=values,
        about={"rule_sha256": card.sha256, "pack": card.pack, "pack_sha256": pack_sha256},
        ask=lambda case: running.run(case, card, values),
        reads=(*card.needs, *card.uses, *card.requires),
    )
