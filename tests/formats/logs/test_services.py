"""Exports of Exchange, Exchange Online, Google Workspace and Entra ID, in the columns that their references name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.logs import entra, exchange_tracking, google, message_trace, unified_audit
from forensics.formats.logs.times import Assumed
from forensics.moments import Zone, iso
from tests.corpus import CORPUS, needs_corpus

TOKYO = Assumed(zone="Asia/Tokyo", year=2026)
TRACKING = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
    "internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,"
    "original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version"
)


def test_a_tracking_row_is_read_by_the_names_of_its_columns() -> None:
    columns = exchange_tracking.columns_of(f"#Fields: {TRACKING}".split(","))
    assert len(columns) == 30
    assert exchange_tracking.claims_columns(columns)
    cells = [
        "2026-01-25T15:16:09.949Z",
        "10.11.12.14",
        "ex01",
        "10.0.0.1",
        "ex02",
        "ctx",
        "conn",
        "SMTP",
        "RECEIVE",
        "709",
        "<id@host>",
        "1e6e",
        "u@x.jp;v@x.jp",
        "",
        "7229",
        "2",
        "",
        "",
        "件名",
        "root@x.jp",
        "bounce@x.jp",
        "0cA: ",
        "Incoming",
        "",
        "10.11.12.13",
        "",
        "S:DeliveryPriority=Normal;S:AccountForest=f",
        "Email",
        "0550",
        "15.2",
    ]
    found = exchange_tracking.of_row(columns, cells)
    assert (found.operation, found.message_id, found.network_message_id) == ("RECEIVE", "<id@host>", "1e6e")
    assert (found.recipients, found.sender, found.size) == (("u@x.jp", "v@x.jp"), "bounce@x.jp", 7229)
    assert (found.actor_ip, found.detail["custom"]["DeliveryPriority"]) == ("10.11.12.13", "Normal")
    assert found.when.ns is not None
    assert (iso(found.when.ns), found.when.zone) == ("2026-01-25T15:16:09.949Z", Zone.STATED)


def test_an_extended_trace_has_the_same_columns_in_another_spelling() -> None:
    header = ["date_time_utc", *TRACKING.replace("-", "_").split(",")[1:]]
    assert exchange_tracking.claims_columns(header)
    assert not message_trace.claims_columns(header)


def test_a_trace_of_one_recipient_a_row() -> None:
    header = [
        "Received",
        "SenderAddress",
        "RecipientAddress",
        "Subject",
        "Status",
        "ToIP",
        "FromIP",
        "Size",
        "MessageId",
        "MessageTraceId",
    ]
    assert message_trace.claims_columns(header)
    cells = [
        "2026-06-01T01:02:03.456",
        "a@x.jp",
        "b@y.jp",
        "件名",
        "Delivered",
        "198.51.100.1",
        "192.0.2.1",
        "999",
        "<1@x.jp>",
        "guid",
    ]
    found = message_trace.of_row(message_trace.columns_of(header), cells)
    assert (found.status, found.recipients, found.message_id, found.actor_ip) == (
        "Delivered",
        ("b@y.jp",),
        "<1@x.jp>",
        "192.0.2.1",
    )
    assert found.when.zone is Zone.STATED


def test_an_enhanced_summary_names_the_outcome_for_each_recipient() -> None:
    header = [
        "origin_timestamp_utc",
        "sender_address",
        "recipient_status",
        "message_subject",
        "total_bytes",
        "message_id",
        "network_message_id",
        "original_client_ip",
        "directionality",
        "connector_id",
        "delivery_priority",
    ]
    assert message_trace.claims_columns(header)
    cells = [
        "2026-06-01T01:02:03Z",
        "a@x.jp",
        "a@y.jp##Receive, Deliver;b@y.jp##Fail",
        "s",
        "9",
        "<1@x>",
        "n",
        "1.2.3.4",
        "2",
    ]
    found = message_trace.of_row(message_trace.columns_of(header), cells)
    assert found.recipients == ("a@y.jp", "b@y.jp")
    assert found.detail["outcomes"][0] == {"recipient": "a@y.jp", "steps": ["Receive", "Deliver"]}
    assert found.detail["direction"] == "out"


def test_an_activity_of_google_gives_an_event_for_each_of_its_events() -> None:
    record = {
        "kind": "admin#reports#activity",
        "id": {"time": "2026-06-01T01:02:03.456Z", "applicationName": "login"},
        "actor": {"email": "a@x.jp"},
        "ipAddress": "2001:db8::1",
        "events": [
            {"name": "login_failure", "parameters": [{"name": "login_failure_type", "value": "bad"}]},
            {"name": "login_success", "parameters": [{"name": "is_suspicious", "boolValue": True}]},
        ],
    }
    assert google.claims_object(record) == google.ACTIVITY
    first, second = google.of_object(record)
    assert (first.operation, first.status, first.actor, first.actor_ip) == (
        "login_failure",
        "bad",
        "a@x.jp",
        "2001:db8::1",
    )
    assert (second.operation, second.detail["parameters"]) == ("login_success", {"is_suspicious": True})


def test_a_gmail_log_event_carries_the_hashes_of_its_attachments() -> None:
    record = {
        "event_info": {"timestamp_usec": "1780275723456789", "mail_event_type": "SEND", "success": True},
        "message_info": {
            "rfc2822_message_id": "<1@x.jp>",
            "subject": "件名",
            "source": {"address": "a@x.jp"},
            "destination": [{"address": "b@y.jp"}],
            "connection_info": {"client_ip": "wAACAQ=="},
            "attachment": [{"file_name": "a.xlsx", "sha256": "00" * 32}],
        },
    }
    [found] = google.of_object(record)
    assert (found.operation, found.actor_ip, found.recipients) == ("SEND", "192.0.2.1", ("b@y.jp",))
    assert found.detail["attachments"] == [{"name": "a.xlsx", "sha256": "00" * 32}]
    assert found.when.ns == 1780275723456789000


@pytest.mark.parametrize(
    "header",
    [
        (
            "Message ID,Start date,End date,Sender,Message size,Subject,Direction,Attachments,Recipient address,"
            "Event target,Event status"
        ),
        (
            "メッセージ ID,開始日,終了日,送信者,メッセージ サイズ,件名,方向,添付ファイル,受信者のアドレス,"
            "イベントのターゲット,イベントのステータス"
        ),
    ],
)
def test_a_log_search_is_read_with_its_zone_assumed(header: str) -> None:
    names = header.split(",")
    assert google.claims_columns(names)
    cells = "<1@x.jp>,2026/06/01 10:00:00,,a@x.jp,1234,件名,Sent,1,b@y.jp,GMAIL_INBOX,Delivered"
    found = google.of_row(google.search_columns(names), cells.split(","), TOKYO)
    assert (found.operation, found.status, found.recipients, found.size) == (
        "GMAIL_INBOX",
        "Delivered",
        ("b@y.jp",),
        1234,
    )
    assert found.when.ns is not None
    assert (iso(found.when.ns), found.when.zone) == ("2026-06-01T01:00:00Z", Zone.ASSUMED)


def test_a_sign_in_of_the_portal_in_either_language() -> None:
    english = [
        "Date (UTC)",
        "Request ID",
        "User",
        "Username",
        "Application",
        "IP address",
        "Status",
        "Sign-in error code",
        "Failure reason",
    ]
    japanese = [
        "日付 (UTC)",
        "要求 ID",
        "ユーザー",
        "ユーザー名",
        "アプリケーション",
        "IP アドレス",
        "状態",
        "サインイン エラー コード",
        "失敗の理由",
    ]
    for header in (english, japanese):
        assert entra.claims_columns(header)
        cells = ["2026-06-01T01:02:03Z", "r", "山田", "y@x.jp", "Outlook", "203.0.113.5", "Failure", "50126", ""]
        found = entra.of_row(entra.columns_of(header), cells, TOKYO)
        assert (found.operation, found.actor, found.actor_ip) == ("sign_in_failed", "y@x.jp", "203.0.113.5")
        assert found.status == "wrong user name or password"
        assert found.when.zone is Zone.STATED


def test_a_sign_in_of_graph() -> None:
    record = {
        "createdDateTime": "2026-06-01T01:02:03Z",
        "userPrincipalName": "y@x.jp",
        "ipAddress": "203.0.113.5",
        "status": {"errorCode": 0},
    }
    assert entra.claims_object(record)
    assert entra.of_object(record).operation == "sign_in"


@needs_corpus
def test_panthers_samples_of_google_agree_with_their_fields() -> None:
    assert CORPUS is not None
    count = 0
    for line in (CORPUS / "logs/derived/panther-gsuite_activityevent.jsonl").read_text().splitlines():
        record = json.loads(line)["log"]
        if google.claims_object(record):
            found = next(google.of_object(record))
            count += 1
            assert found.actor == str(record.get("actor", {}).get("email", ""))
            assert found.operation == str(record.get("name", ""))
            assert found.actor_ip == str(record.get("ipAddress", ""))
            assert iso(found.when.ns or 0)[:10] == str(record["id"].get("time"))[:10] or "time" not in record["id"]
    assert count > 30


@given(
    st.recursive(
        st.none() | st.text(max_size=9) | st.integers(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "events",
                        "id",
                        "time",
                        "actor",
                        "email",
                        "event_info",
                        "message_info",
                        "parameters",
                        "properties",
                        "status",
                    ]
                ),
                each,
            )
        ),
        max_leaves=9,
    )
)
def test_no_record_breaks_a_reader(value: object) -> None:
    if isinstance(value, dict):
        list(google.of_object(value))
        entra.of_object(value)
        unified_audit.of_object(value)
