"""Entra ID (Azure AD) sign-ins: the portal's CSV with its names in English or Japanese, and Graph's JSON.

Columns are told by their names in either language, never by position. ``Date (UTC)`` states its zone; a column that is
only called ``Date`` is in the zone of whoever exported it. Error codes: learn.microsoft.com, "AADSTS error codes".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forensics.formats.logs.event import Logged, When, bare_ip
from forensics.formats.logs.times import Assumed, iso_time
from forensics.formats.logs.unified_audit import locale_time
from forensics.moments import Zone

SOURCE = "entra_sign_in"
_NAMES = {
    "date (utc)": "date_utc",
    "日付 (utc)": "date_utc",
    "date": "date",
    "日付": "date",
    "request id": "request_id",
    "要求 id": "request_id",
    "user": "display_name",
    "ユーザー": "display_name",
    "username": "user",
    "ユーザー名": "user",
    "application": "application",
    "アプリケーション": "application",
    "ip address": "ip",
    "ip アドレス": "ip",
    "location": "location",
    "場所": "location",
    "status": "status",
    "状態": "status",
    "sign-in error code": "error_code",
    "サインイン エラー コード": "error_code",
    "failure reason": "failure_reason",
    "エラーの理由": "failure_reason",
    "失敗の理由": "failure_reason",
    "client app": "client_app",
    "クライアント アプリ": "client_app",
    "user agent": "user_agent",
    "ユーザー エージェント": "user_agent",
    "authentication requirement": "authentication",
    "認証要件": "authentication",
    "session id": "session_id",
    "unique token identifier": "token_id",
    "一意のトークン識別子": "token_id",
}
_FAILURES = {
    "50126": "wrong user name or password",
    "50053": "account locked",
    "50057": "account disabled",
    "50055": "password expired",
    "50074": "second factor required",
    "50076": "second factor required",
    "53003": "blocked by conditional access",
    "500121": "second factor failed",
    "65001": "consent required",
}
_UTC = Assumed(zone="UTC")


def columns_of(header: Sequence[str]) -> list[str]:
    """The columns by our names; unknown ones stay as they are, in lower case."""
    return [_NAMES.get(each.strip().lower(), each.strip().lower()) for each in header]


def claims_columns(header: Sequence[str]) -> bool:
    """Whether this is a portal's export of sign-ins."""
    names = set(columns_of(header))
    return {"request_id", "user", "application", "ip"} <= names and bool({"date", "date_utc"} & names)


def claims_object(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a sign-in of Graph, bare or wrapped as in a diagnostic setting."""
    inner = _inner(value)
    return "createdDateTime" in inner and ("userPrincipalName" in inner or "servicePrincipalName" in inner)


def of_row(columns: Sequence[str], cells: Sequence[str], assumed: Assumed) -> Logged:
    """The event of one row; ``columns`` as :func:`columns_of` gives them."""
    row = dict(zip(columns, (each.strip() for each in cells), strict=False))
    text = row.get("date_utc", "")
    when = _stated(iso_time(text, _UTC) or locale_time(text), text)
    if not text:
        text = row.get("date", "")
        when = iso_time(text, assumed) or locale_time(text) or When(raw=text, ns=None, zone=Zone.UNKNOWN)
    code = row.get("error_code", "")
    return Logged(
        source=SOURCE,
        operation=_word(code, row.get("status", "")),
        when=when,
        actor=row.get("user", ""),
        actor_ip=bare_ip(row.get("ip", "")),
        status=row.get("failure_reason", "") or _FAILURES.get(code, "") or row.get("status", ""),
        detail={name: value for name, value in row.items() if value},
    )


def of_object(value: Mapping[str, Any]) -> Logged:
    """The event of one sign-in."""
    inner = _inner(value)
    status = inner.get("status")
    status = status if isinstance(status, dict) else {}
    code = str(status.get("errorCode", ""))
    text = str(inner.get("createdDateTime", ""))
    return Logged(
        source=SOURCE,
        operation=_word(code, ""),
        when=_stated(iso_time(text, _UTC), text),
        actor=str(inner.get("userPrincipalName") or inner.get("servicePrincipalName") or ""),
        actor_ip=bare_ip(str(inner.get("ipAddress", ""))),
        status=str(status.get("failureReason") or _FAILURES.get(code, "")),
        detail={"record": dict(value)},
    )


def _inner(value: Mapping[str, Any]) -> Mapping[str, Any]:
    found = value.get("properties")
    return found if isinstance(found, dict) and "createdDateTime" in found else value


def _word(code: str, status: str) -> str:
    if code not in ("", "0"):
        return "sign_in_failed"
    return "sign_in_failed" if status.lower() in ("failure", "interrupted", "失敗", "中断") else "sign_in"


def _stated(when: When | None, raw: str) -> When:
    if when is None:
        return When(raw=raw, ns=None, zone=Zone.UNKNOWN)
    assumed = tuple(each for each in when.assumed if each != "zone")
    return When(raw=when.raw, ns=when.ns, zone=Zone.STATED, offset_minutes=0, precision=when.precision, assumed=assumed)
