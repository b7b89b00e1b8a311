"""Sigma rules, read with pySigma into plain values: what log they are about, and their condition as a tree.

A tree is ``{"op": "and" | "or" | "not", "of": [...]}`` or one comparison ``{"op": "test", "field", "how", "value"}``;
``sigma_sql`` makes SQL of it. The library runs inside a guarded worker only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from forensics.errors import FormatError

try:
    from sigma import conditions, exceptions, types
    from sigma.rule import SigmaRule
except ImportError:
    SigmaRule = None  # type: ignore[assignment,misc]

INSTALL = "install the extra: pip install 'email-forensics[sigma]'"
_READ = ("title", "logsource", "detection", "level")
"""What of a rule is asked; a fault in its tags or dates is no reason to leave it out."""
_LONGEST_CONDITION = 1_000
_LONGEST_PATTERN = 1_000
_DEEPEST = 60
_MOST = 5_000
_COMPARE = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")


def installed() -> bool:
    """Whether the library is there."""
    return SigmaRule is not None


def version() -> str:
    """Its version, "" where it is not there."""
    return metadata.version("pysigma") if installed() else ""


def read(value: Mapping[str, Any]) -> dict[str, Any]:
    """The tree of a rule; :class:`FormatError` says what of it this program cannot ask."""
    if "correlation" in value:
        raise FormatError("it is a correlation of several rules, which is not supported")
    condition = str((value.get("detection") or {}).get("condition", ""))
    if len(condition) > _LONGEST_CONDITION:
        raise FormatError(f"its condition is longer than {_LONGEST_CONDITION:,} characters")
    try:
        rule = SigmaRule.from_dict({key: _typed(each) for key, each in value.items() if key in _READ})
        parsed = [each.parsed for each in rule.detection.parsed_condition]
        trees = [_tree(each, 0) for each in parsed]
    except exceptions.SigmaError as error:
        raise FormatError(str(error).partition("\n")[0][:300] or type(error).__name__) from error
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise FormatError("it is not built as a Sigma rule is") from error
    if sum(_size(each) for each in trees) > _MOST:
        raise FormatError(f"it has more than {_MOST:,} comparisons")
    level = rule.level.name.lower() if rule.level is not None else ""
    return {"tree": {"op": "or", "of": trees}, "level": level}


def _typed(value: Any) -> Any:
    """Our reader of YAML leaves every number a text; the library wants numbers where a rule compares them."""
    if isinstance(value, dict):
        return {key: _typed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_typed(each) for each in value]
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return None if value in ("null", "~") else value


def _size(tree: Mapping[str, Any]) -> int:
    return 1 if tree["op"] == "test" else sum(_size(each) for each in tree["of"])


def _tree(node: Any, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise FormatError("its condition is nested too deeply")
    names = {conditions.ConditionAND: "and", conditions.ConditionOR: "or", conditions.ConditionNOT: "not"}
    if type(node) in names:
        return {"op": names[type(node)], "of": [_tree(each, depth + 1) for each in node.args]}
    if isinstance(node, conditions.ConditionFieldEqualsValueExpression):
        return _test(str(node.field), node.value)
    if isinstance(node, conditions.ConditionValueExpression):
        return _test(None, node.value)
    raise FormatError(f"its condition has a part of a kind that is not supported ({type(node).__name__})")


def _test(field: str | None, value: Any) -> dict[str, Any]:
    if isinstance(value, types.SigmaExpansion):
        return {"op": "or", "of": [_test(field, each) for each in value.values]}
    if isinstance(value, types.SigmaCIDRExpression):
        if value.network.version != 4:
            raise FormatError("it compares with a network of IPv6 addresses, which is not supported")
        patterns = [types.SigmaString(each) for each in value.expand()]
        return {"op": "or", "of": [_test(field, each) for each in patterns]}
    how, plain = _compared(value)
    if field is None and how not in ("like", "cased", "re", "is"):
        raise FormatError("it looks for something other than words without naming a field")
    return {"op": "test", "field": field, "how": how, "value": plain}


def _compared(value: Any) -> tuple[str, Any]:
    if isinstance(value, types.SigmaString):
        return "cased" if isinstance(value, types.SigmaCasedString) else "like", _pattern(value)
    if isinstance(value, types.SigmaNumber):
        return "is", str(value.number)
    if isinstance(value, types.SigmaBool):
        return "is", "true" if value.boolean else "false"
    if isinstance(value, types.SigmaNull):
        return "null", None
    if isinstance(value, types.SigmaExists):
        return ("exists", None) if value.exists else ("absent", None)
    if isinstance(value, types.SigmaRegularExpression):
        return "re", _regexp(value)
    if isinstance(value, types.SigmaCompareExpression) and value.op.name in _COMPARE:
        return _COMPARE[value.op.name], float(str(value.number))
    raise FormatError(f"it compares in a way that is not supported ({type(value).__name__})")


def _pattern(value: Any) -> str:
    """For LIKE with a backslash as its escape."""
    made = ""
    for part in value.s:
        if isinstance(part, str):
            made += re.sub(r"([\\%_])", r"\\\1", part)
        elif part in (types.SpecialChars.WILDCARD_MULTI, types.SpecialChars.WILDCARD_SINGLE):
            made += "%" if part == types.SpecialChars.WILDCARD_MULTI else "_"
        else:
            raise FormatError("it has a placeholder, whose values nobody gave")
    return made


def _regexp(value: Any) -> str:
    text = str(value.regexp.original)
    if len(text) > _LONGEST_PATTERN:
        raise FormatError(f"its regular expression is longer than {_LONGEST_PATTERN:,} characters")
    letters = "".join(sorted({"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}[each.name] for each in value.flags))
    return f"(?{letters}){text}" if letters else text
