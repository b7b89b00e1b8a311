"""Which messages somebody got to see, and what the log leaves open; who logged in, and what failed before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forensics.absent import Absent
from forensics.records import LogEvent, Record
from tests.casebuilder import JUNE, SECOND, mail
from tests.timeline.lines import DAY, HOUR, MINUTE, case_of, line, rows

SATO, IP = "sato@example.jp", "203.0.113.7"


def accessed(number: int, at: int, way: str, *, ids: list[str] | None = None, **more: Any) -> LogEvent:
    """A MailItemsAccessed record."""
    properties = [
        {"Name": "MailAccessType", "Value": way},
        {"Name": "IsThrottled", "Value": str(more.pop("throttled", False))},
    ]
    record = {"MailboxOwnerUPN": SATO, "SessionId": "S-1", "OperationProperties": properties}
    if way == "Sync":
        record["Item"] = {"ParentFolder": {"Path": more.pop("folder", "\\Inbox")}}
    return line(
        number,
        at,
        "MailItemsAccessed",
        source="m365_audit",
        actor=SATO,
        actor_ip=IP,
        message_ids=ids or [],
        detail={"record": record},
        **more,
    )


def inbox(*numbers: int, at: int = JUNE) -> list[Record]:
    """Messages that Sato received, so that the store is his."""
    return [
        record
        for number in numbers
        for record in mail(
            number,
            to=[SATO],
            sender_address="tanaka@example.jp",
            store_path="/Top/Inbox",
            date_utc=at + number * HOUR,
            received_utc=at + number * HOUR,
        )
    ]


def test_a_bind_names_the_messages_also_those_that_the_case_does_not_have(tmp_path: Path) -> None:
    bind = accessed(1, JUNE + DAY, "Bind", ids=["<1@example.jp>", "<9@example.jp>"])
    view = case_of(
        tmp_path / "case", [*inbox(1, 2), bind, accessed(2, JUNE + DAY + MINUTE, "Bind", ids=["<1@example.jp>"])]
    )
    found = {row["message_id"]: row for row in rows(view, "access")}
    assert set(found) == {"<1@example.jp>", "<9@example.jp>"}
    assert found["<1@example.jp>"]["how"] == "named"
    assert found["<1@example.jp>"]["logical_id"]
    assert (found["<1@example.jp>"]["events"], found["<1@example.jp>"]["session"]) == (2, "s-1")
    assert found["<9@example.jp>"]["cannot_say"] == ["not_in_case"]


def test_a_sync_takes_the_whole_folder_as_it_was_then(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", [*inbox(1, 2, 30), accessed(1, JUNE + DAY, "Sync")])
    found = rows(view, "access", "how = 'folder'")
    whole = [row for row in found if row["logical_id"] is None]
    assert [(row["folder"], row["messages"], row["cannot_say"]) for row in whole] == [("inbox", 2, ["which"])]
    assert len(found) == 3


def test_a_folder_that_the_case_does_not_have_is_said_to_be_unknown(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", [*inbox(1), accessed(1, JUNE + DAY, "Sync", folder="\\Secret")])
    (found,) = rows(view, "access")
    assert found["cannot_say"] == ["which", "folder_not_in_case"]


def test_throttling_and_cut_records_are_stated(tmp_path: Path) -> None:
    lines = [
        accessed(1, JUNE, "Bind", ids=["<1@example.jp>"], throttled=True),
        accessed(2, JUNE + 12 * HOUR, "Bind", ids=["<2@example.jp>"]),
        accessed(3, JUNE + 3 * DAY, "Bind", ids=["<3@example.jp>"], warnings=("cut short",)),
    ]
    view = case_of(tmp_path / "case", [*inbox(1, 2, 3), *lines])
    said = {row["message_id"]: row["cannot_say"] for row in rows(view, "access")}
    assert said == {"<1@example.jp>": ["throttled"], "<2@example.jp>": ["throttled"], "<3@example.jp>": ["cut_short"]}


def test_an_attachment_access_without_a_message_id_says_so(tmp_path: Path) -> None:
    opened = line(1, JUNE, "AttachmentAccess", source="m365_audit", actor=SATO, detail={"record": {}})
    (found,) = rows(case_of(tmp_path / "case", [*inbox(1), opened]), "access")
    assert (found["account"], found["how"], found["cannot_say"]) == (SATO, "named", ["no_message_id"])


def test_a_forwarder_that_flattens_the_properties_is_read_too(tmp_path: Path) -> None:
    record = {"mailboxownerupn": SATO, "operationproperties": {"MailAccessType": "Sync", "IsThrottled": True}}
    flat = {"record": {**record, "folders": [{"path": "\\Inbox"}]}}
    view = case_of(
        tmp_path / "case", [*inbox(1), line(1, JUNE + DAY, "mailitemsaccessed", source="m365_audit", detail=flat)]
    )
    found = rows(view, "access")
    assert {(row["how"], row["folder"], row["cannot_say"][0]) for row in found} == {("folder", "inbox", "throttled")}


def test_the_login_of_a_session_may_be_another_name_of_the_account(tmp_path: Path) -> None:
    session = line(1, JUNE, "login", source="dovecot", actor="kenta", detail={"session": "s", "fields": {}})
    view = case_of(tmp_path / "case", [*inbox(1), session], stated=f"identity,value\n{SATO},kenta\n")
    assert [row["account"] for row in rows(view, "access")] == [SATO]


def dovecot(number: int, at: int, operation: str, session: str, **fields: str) -> LogEvent:
    who: dict[str, Any] = {"actor_ip": IP} if operation == "login" else {}
    detail = {"session": session, "service": "pop3", "fields": fields}
    return line(number, at, operation, source="dovecot", actor=SATO, detail=detail, **who)


def test_a_session_shows_how_much_was_sent_and_whether_that_is_everything(tmp_path: Path) -> None:
    lines = [
        dovecot(1, JUNE + DAY, "login", "a"),
        dovecot(2, JUNE + DAY + MINUTE, "disconnected", "a", retr="2/2100", size="2000"),
        dovecot(3, JUNE + DAY, "login", "b"),
        dovecot(4, JUNE + DAY + MINUTE, "logout", "b", out="500"),
        dovecot(5, JUNE + 2 * DAY, "login", "c"),
    ]
    found = {row["session"]: row for row in rows(case_of(tmp_path / "case", [*inbox(1, 2), *lines]), "access")}
    assert (found["a"]["bytes"], found["a"]["messages"], found["a"]["enough_for_all"]) == (2100, 2, True)
    assert (found["a"]["how"], found["a"]["ip"], found["a"]["cannot_say"]) == ("possible", IP, ["which"])
    assert (found["b"]["bytes"], found["b"]["enough_for_all"]) == (500, False)
    assert found["c"]["cannot_say"] == ["which", "no_bytes", "no_end"]


def test_logins_are_grouped_by_account_and_address_with_the_failures_before(tmp_path: Path) -> None:
    agent = {"record": {"ExtendedProperties": [{"Name": "UserAgent", "Value": "Mozilla/5.0 (x)"}]}}
    given: dict[str, Any] = {"source": "m365_audit", "actor": SATO, "actor_ip": IP}
    lines = [
        line(1, JUNE, "UserLoginFailed", **given),
        line(2, JUNE + SECOND, "UserLoginFailed", **given),
        line(3, JUNE + MINUTE, "UserLoggedIn", detail=agent, **given),
        line(4, JUNE + HOUR, "UserLoginFailed", **given),
        line(5, JUNE + 2 * HOUR, "UserLoggedIn", **given),
        line(6, JUNE, "login_failed", source="dovecot", actor="other@example.jp", actor_ip=IP),
        line(7, JUNE, "disconnected", source="dovecot", actor=SATO, actor_ip="192.0.2.1"),
        line(8, Absent.UNPARSABLE, "UserLoggedIn", source="m365_audit", actor=SATO, actor_ip="192.0.2.9"),
    ]
    found = {(row["account"], row["ip"]): row for row in rows(case_of(tmp_path / "case", lines), "session")}
    assert set(found) == {(SATO, IP), ("other@example.jp", IP), (SATO, "192.0.2.9")}
    row = found[SATO, IP]
    assert (row["logins"], row["failures"], row["failures_before"]) == (2, 3, 2)
    assert (row["last"] - row["first"]).total_seconds() == 7140
    assert row["user_agents"] == ["Mozilla/5.0 (x)"]
    assert (row["accounts_of_ip"], row["ips_of_account"]) == (2, 2)
    assert found["other@example.jp", IP]["failures_before"] == 1
