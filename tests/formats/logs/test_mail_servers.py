"""Lines of Dovecot, sendmail, Exim, qmail and Courier, as their documentation shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.logs import courier, dovecot, exim, qmail, sendmail
from forensics.formats.logs.event import Logged
from forensics.formats.logs.times import Assumed
from forensics.moments import Zone, iso

ASSUMED = Assumed(zone="Asia/Tokyo", year=2026)
HEAD = "Jun  1 10:00:00 mx "
READERS = (courier, dovecot, exim, qmail, sendmail)


def read(module: object, line: str) -> Logged:
    found = module.parse(line, ASSUMED)  # type: ignore[attr-defined]
    assert isinstance(found, Logged)
    return found


def test_a_deletion_in_mail_log_names_account_message_and_mailbox() -> None:
    found = read(dovecot, HEAD + "dovecot: imap(a@x.jp)<123><s>: expunge: box=INBOX, uid=12, msgid=<1@x.jp>, size=345")
    assert (found.operation, found.actor, found.message_id, found.size) == ("expunge", "a@x.jp", "<1@x.jp>", 345)
    assert found.detail["fields"]["box"] == "INBOX"
    assert found.detail["session"] == "s"


def test_a_subject_in_mail_log_may_hold_commas() -> None:
    line = HEAD + "dovecot: imap(a@x.jp): delete: box=INBOX, uid=1, msgid=<1@x.jp>, from=b@y.jp, subject=件名, その2"
    assert read(dovecot, line).subject == "件名, その2"


def test_logins_and_their_failures_name_the_address() -> None:
    good = read(dovecot, HEAD + "dovecot: imap-login: Login: user=<a@x.jp>, method=PLAIN, rip=192.0.2.9, session=<q>")
    bad = read(dovecot, HEAD + "dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<b>, rip=192.0.2.8")
    worker = read(
        dovecot, HEAD + "dovecot: auth-worker(1): conn unix:auth-worker (pid=2,uid=9): sql(c,192.0.2.7): unknown user"
    )
    assert (good.operation, good.actor, good.actor_ip) == ("login", "a@x.jp", "192.0.2.9")
    assert (bad.operation, bad.actor, bad.actor_ip) == ("login_failed", "b", "192.0.2.8")
    assert (worker.operation, worker.actor, worker.actor_ip) == ("login_failed", "c", "192.0.2.7")


def test_sieve_says_where_a_message_went() -> None:
    found = read(dovecot, HEAD + "dovecot: lmtp(a@x.jp)<1><s>: sieve: msgid=<1@x.jp>: forwarded to <z@evil.example>")
    assert (found.operation, found.recipients, found.message_id) == ("forwarded", ("z@evil.example",), "<1@x.jp>")


def test_sendmail_accepts_and_delivers() -> None:
    queued = read(
        sendmail,
        HEAD + "sendmail[1]: 551A0001: from=<a@x.jp>, size=1234, class=0, nrcpts=2, msgid=<1@x.jp>, proto=ESMTP, "
        "daemon=MTA, relay=pc1 [192.0.2.10]",
    )
    sent = read(
        sendmail,
        HEAD + "sm-mta[1]: 551A0001: to=<b@y.jp>,<c@y.jp>, ctladdr=<a@x.jp> (1001/1001), delay=00:00:01, mailer=esmtp, "
        "relay=mx.y.jp. [198.51.100.5], dsn=2.0.0, stat=Sent (OK id=1, done)",
    )
    assert (queued.operation, queued.sender, queued.message_id, queued.size) == ("accepted", "a@x.jp", "<1@x.jp>", 1234)
    assert queued.actor_ip == "192.0.2.10"
    assert (sent.operation, sent.recipients, sent.sender) == ("sent", ("b@y.jp", "c@y.jp"), "a@x.jp")
    assert (sent.queue_id, sent.status) == ("551A0001", "Sent (OK id=1, done)")


def test_sendmail_names_the_user_of_a_failed_login() -> None:
    found = read(
        sendmail,
        HEAD + "sendmail[1]: x5T1ab0001: AUTH failure (LOGIN): user not found (-20), user=a, relay=pc [192.0.2.4]",
    )
    assert (found.operation, found.actor, found.actor_ip) == ("login_failed", "a", "192.0.2.4")


def test_exim_arrival_delivery_and_failure() -> None:
    arrived = read(
        exim,
        "2026-06-01 10:00:00 1wABCd-000123-4E <= a@x.jp H=(pc1) [192.0.2.10]:51000 P=esmtpsa A=login:a@x.jp "
        'S=1234 id=1@x.jp T="件名 \\"x\\"" for b@y.jp c@y.jp',
    )
    assert (arrived.operation, arrived.sender, arrived.actor, arrived.actor_ip) == (
        "accepted",
        "a@x.jp",
        "a@x.jp",
        "192.0.2.10",
    )
    assert (arrived.message_id, arrived.size, arrived.recipients) == ("<1@x.jp>", 1234, ("b@y.jp", "c@y.jp"))
    assert arrived.subject.startswith("件名")
    assert arrived.when.zone is Zone.ASSUMED
    gone = read(
        exim, '2026-06-01 10:00:01 1wABCd-000123-4E => b@y.jp R=dnslookup T=smtp H=mx.y.jp [198.51.100.5] C="250 OK"'
    )
    assert (gone.operation, gone.recipients, gone.status) == ("delivered", ("b@y.jp",), "250 OK")
    lost = read(
        exim, "2026-06-01 10:00:02 +0900 1wABCd-00000003456-123E ** c@y.jp R=dnslookup T=smtp: 550 no such user"
    )
    assert (lost.operation, lost.status, lost.queue_id) == ("failed", "550 no such user", "1wABCd-00000003456-123E")
    assert lost.when.zone is Zone.STATED


def test_exim_takes_the_clients_own_address_not_the_one_it_claims() -> None:
    line = "2022-06-29 16:07:05 login authenticator failed for p.th ([127.0.0.1]) [1.2.3.4]:514: 535 x (set_id=i@t)"
    found = read(exim, line)
    assert (found.operation, found.actor, found.actor_ip) == ("login_failed", "i@t", "1.2.3.4")


def test_qmail_gives_size_sender_and_outcome_at_nanoseconds() -> None:
    stamp = "@400000005e6a9f3f0c9d1b2c"
    info = read(qmail, f"{stamp} info msg 1234: bytes 2343 from <a@x.jp> qp 8888 uid 89")
    assert (info.operation, info.queue_id, info.size, info.sender) == ("accepted", "1234", 2343, "a@x.jp")
    assert info.when.ns is not None
    assert iso(info.when.ns) == "2020-03-12T20:44:37.2116227Z"
    start = read(qmail, f"{stamp} starting delivery 5: msg 1234 to remote b@y.jp")
    done = read(qmail, f"{stamp} delivery 5: success: 198.51.100.5_accepted_message./Remote_host_said:_250_ok/")
    assert (start.recipients, start.detail["delivery"]) == (("b@y.jp",), "5")
    assert (done.operation, done.detail["delivery"]) == ("success", "5")


def test_courier_tells_how_much_a_session_took_away() -> None:
    found = read(
        courier,
        HEAD
        + "imapd: LOGOUT, user=a@x.jp, ip=[::ffff:192.0.2.10], headers=0, body=900, rcvd=90, sent=12345678, time=60",
    )
    assert (found.operation, found.actor, found.actor_ip, found.size) == ("logout", "a@x.jp", "192.0.2.10", 12345678)
    sent = read(
        courier,
        HEAD + "courieresmtp: id=00000123.4D02EDDF.0000C65A,from=<a@x.jp>,addr=<b@y.jp>: 250 2.0.0 Ok,status: success",
    )
    assert (sent.operation, sent.sender, sent.recipients) == ("success", "a@x.jp", ("b@y.jp",))


@pytest.mark.parametrize("module", READERS, ids=lambda each: each.SOURCE)
def test_a_reader_claims_its_own_lines_only(module: object) -> None:
    own = {
        "courier": HEAD + "imapd: LOGIN, user=a, ip=[::ffff:192.0.2.10], protocol=IMAP",
        "dovecot": HEAD + "dovecot: imap-login: Login: user=<a>",
        "exim": "2026-06-01 10:00:00 1wABCd-000123-4E Completed",
        "qmail": "@400000005e6a9f3f0c9d1b2c new msg 1234",
        "sendmail": HEAD + "sendmail[1]: 551A0001: from=<a>",
    }
    claimed = {name for name, line in own.items() if module.claims(line)}  # type: ignore[attr-defined]
    assert claimed == {module.SOURCE}  # type: ignore[attr-defined]


@given(st.sampled_from(READERS), st.text(max_size=200))
def test_no_text_breaks_a_reader(module: object, text: str) -> None:
    for head in ("", HEAD + "dovecot: ", HEAD + "sendmail[1]: ", HEAD + "imapd: ", "2026-06-01 10:00:00 "):
        module.parse(head + text, ASSUMED)  # type: ignore[attr-defined]
