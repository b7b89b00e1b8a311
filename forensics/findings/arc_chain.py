"""The verdict on the ARC chain of a message by what came of each of its fields (RFC 8617, 5.2).

    1. The newest seal says cv=fail: the chain is broken.
    2. Every instance from 1 to N has one of each field, the first seal cv=none, every other cv=pass; N is at most 50.
    3. The newest message signature holds. Older ones may have been broken by whoever sealed after them.
    4. Every seal holds.

A chain that only lacks keys is unproven. Whoever sealed the newest instance vouches for what stood before it, no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from forensics.findings.signature_results import CHAIN, Checked, Result
from forensics.formats.clocks.tags import tag_list

_SET = ("arc-authentication-results", "arc-message-signature", "arc-seal")
_MOST = 50
_LONGEST = 16_384
_HELD = (Result.VALID, Result.EXPIRED)
_CHANGED = (Result.BODY_CHANGED, Result.HEADER_CHANGED, Result.BOTH_CHANGED, Result.KEY_NOT_VALID_THEN)
Field = tuple[str, str]


def with_chain(fields: Sequence[Field], found: Sequence[Checked]) -> list[Checked]:
    """What came of each signature, and the verdict on the chain behind it; ``fields`` are name and value of all fields.

    Earlier message signatures that a later instance vouches for are told from those that nobody vouches for.
    """
    sets = [(name.lower(), tag_list(value[:_LONGEST])) for name, value in fields if name.lower() in _SET]
    if not sets:
        return list(found)
    result, detail = _verdict(sets, found)
    newest = _newest(sets)
    seal = next((each for each in found if each.field == f"arc-seal i={newest}"), None)
    verdict = Checked(
        field=CHAIN,
        nth=0,
        result=result,
        domain=seal.domain if seal else "",
        selector=seal.selector if seal else "",
        detail=detail,
    )
    return [*(_excused(each, newest, result) for each in found), verdict]


def _excused(each: Checked, newest: int, chain: Result) -> Checked:
    earlier = each.field.startswith("arc-message-signature") and each.field != f"arc-message-signature i={newest}"
    if chain is not Result.CHAIN_HOLDS or not earlier or each.result not in _CHANGED:
        return each
    said = f"{each.result.value}; a later instance, whose chain holds, was made after the change"
    return replace(each, result=Result.CHANGED_ON_THE_WAY, detail=said)


def _newest(sets: Sequence[tuple[str, dict[str, str]]]) -> int:
    return max((_instance(tags) for _, tags in sets), default=0)


def _instance(tags: dict[str, str]) -> int:
    text = tags.get("i", "")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _verdict(sets: Sequence[tuple[str, dict[str, str]]], found: Sequence[Checked]) -> tuple[Result, str]:
    newest = _newest(sets)
    claims = {_instance(tags): tags.get("cv", "").lower() for name, tags in sets if name == "arc-seal"}
    if claims.get(newest) == "fail":
        return Result.CHAIN_BROKEN, f"the seal of instance {newest} itself says that the chain was broken (cv=fail)"
    wrong = next(_malformed(sets, newest, claims), "")
    if wrong:
        return Result.CHAIN_BROKEN, wrong
    results = {each.field: each for each in found}
    unproven: list[str] = []
    wanted = [f"arc-message-signature i={newest}", *(f"arc-seal i={number}" for number in range(newest, 0, -1))]
    for field in wanted:
        each = results.get(field)
        if each is None or each.result in (Result.KEY_MISSING, Result.UNSUPPORTED, Result.UNREADABLE):
            unproven.append(f"{field}: {'not checked' if each is None else each.result.value}")
        elif each.result not in _HELD:
            return Result.CHAIN_BROKEN, f"{field}: {each.result.value}"
    if unproven:
        return Result.CHAIN_UNPROVEN, "; ".join(unproven[:5])
    return Result.CHAIN_HOLDS, f"{newest} instances; {_oldest(results, newest)}"


def _malformed(sets: Sequence[tuple[str, dict[str, str]]], newest: int, claims: dict[int, str]) -> Iterator[str]:
    """What of the form of the sets is not as 5.2 wants it."""
    if newest > _MOST or any(_instance(tags) == 0 for _, tags in sets):
        yield f"an instance is not one of 1 to {_MOST}"
        return
    for number in range(1, newest + 1):
        for name in _SET:
            times = sum(each == name and _instance(tags) == number for each, tags in sets)
            if times != 1:
                yield f"instance {number} of {newest} has {times} fields {name}, not one"
        wanted = "none" if number == 1 else "pass"
        if claims.get(number, "") != wanted:
            yield f"the seal of instance {number} says cv={claims.get(number, '')[:20]}, not cv={wanted}"


def _oldest(results: dict[str, Checked], newest: int) -> str:
    """Since which instance the message is unchanged (5.2, oldest-pass)."""
    oldest = newest
    for number in range(newest - 1, 0, -1):
        each = results.get(f"arc-message-signature i={number}")
        if each is None or each.result not in _HELD:
            break
        oldest = number
    return f"unchanged since instance {oldest}"
