"""A case under two-person control on its whole way: nothing readable on the disk at any time, nothing shown alone."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile import keyring, two_person
from forensics.casefile.approvals import DENY, EXCERPT, FULL, METADATA
from forensics.casefile.sessions import Session
from forensics.casefile.two_person import APPROVER, REQUESTER
from forensics.casefile.view import CaseView
from forensics.errors import INTEGRITY_BROKEN, IntegrityError, UsageError
from forensics.examination import parsing, reviewing, sealing
from forensics.examination.conductor import Examination
from forensics.examination.control import open_for_work
from forensics.examination.examining import ExamineSummary, examine
from forensics.examination.parsing import parse
from forensics.examination.reporting import Selection, report
from forensics.examination.reviewing import Asked, RequestSummary, Wish
from forensics.examination.tasks import _told_without_content
from forensics.examination.verifying import verify
from forensics.workers import Outcome
from tests.casefile.two_people import Actor, actor, people_toml
from tests.examination.cases import SAMPLES, examined, files_of, lines, rows, station

MARK = "MARKER-of-the-content"
WIDE = "ＭＡＲＫＥＲ"
MARKS = (
    *(MARK.encode(each) for each in ("ascii", "utf-16-le", "utf-16-be")),
    base64.b64encode(MARK.encode()),
    base64.b64encode(b"x" + MARK.encode())[4:-4],
)
LETTER = (
    "From: Aoki <a@example.jp>\r\nTo: b@example.jp\r\nSubject: with a file\r\nDate: Mon, 1 Jun 2026 11:00:00 +0900\r\n"
    'Message-ID: <file@example.jp>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    f"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbefore the {MARK} and after it, {WIDE}\r\n"
    f"--x\r\nContent-Type: text/html\r\n\r\n<p>{MARK}</p>\r\n--x\r\nContent-Type: application/octet-stream\r\n"
    'Content-Disposition: attachment; filename="list.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    f"{base64.b64encode((MARK * 5000).encode()).decode()}\r\n--x--\r\n"
).encode()
PLAIN = (
    "From: Aoki <a@example.jp>\r\nTo: b@example.jp\r\nSubject: plain\r\nDate: Mon, 1 Jun 2026 12:00:00 +0900\r\n"
    f"Message-ID: <plain@example.jp>\r\n\r\nnothing but {MARK}\r\n"
).encode()


@dataclass
class Office:
    """A case, and the people around it."""

    case: Path
    source: Path
    sato: Actor
    tanaka: Actor

    @property
    def session(self) -> Session:
        found = open_for_work(self.case, (self.sato.identity, self.tanaka.identity))
        assert found is not None
        return found

    @contextmanager
    def opened(self, *, together: bool = True) -> Iterator[Examination]:
        with Examination(self.case, station(), session=self.session if together else None) as examination:
            yield examination

    def message(self, subject: str = "with a file") -> str:
        return str(rows(self.case, f"SELECT id FROM message WHERE subject = '{subject}'")[0]["id"])


def _office(folder: Path) -> Office:
    source = folder / "source"
    (source / "Maildir/cur").mkdir(parents=True)
    (source / "Maildir/new").mkdir()
    (source / "letter.eml").write_bytes(LETTER)
    (source / "Maildir/cur/1780000000.M1P1.host,S=1:2,S").write_bytes(PLAIN)
    (source / "box.mbox").write_bytes(b"From a@example.jp Mon Jun  1 10:00:00 2026\n" + LETTER + b"\n")
    home = folder / "home"
    return Office(folder / "case", source, actor(home, "sato", REQUESTER), actor(home, "tanaka", APPROVER))


def _made(office: Office, *more: Path) -> ExamineSummary:
    people = two_person.declared(people_toml(office.sato, office.tanaka))
    with Examination.create(office.case, {"title": "架空の件"}, station(), people) as examination:
        return examine(examination, (office.source, *more))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = _office(tmp_path_factory.mktemp("two-person"))
    _made(office)
    return office


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    """A copy that a test may change."""
    shutil.copytree(made.case, tmp_path / "case", symlinks=True)
    return Office(tmp_path / "case", made.source, made.sato, made.tanaka)


def _readable(*folders: Path) -> list[str]:
    """The files below these folders in which one of the marks can be read."""
    found = []
    for folder in folders:
        for at, _, names in os.walk(folder):
            for name in names:
                try:
                    data = Path(at, name).read_bytes()
                except OSError:
                    continue
                if any(mark in data for mark in MARKS):
                    found.append(str(Path(at, name)))
    return found


# -- at rest and in between ----------------------------------------------------------------------------------------


def test_nothing_readable_touches_the_disk_during_the_work_or_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at all the time from outside; and the spools, which a run removes, are kept for a look at the end."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("TMPDIR", str(scratch))
    remove = shutil.rmtree

    def keep_spools(path: Path, *given: Any, **named: Any) -> None:
        if "records" not in Path(path).parts:
            remove(path, *given, **named)

    monkeypatch.setattr(shutil, "rmtree", keep_spools)
    office = _office(tmp_path)
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.update(_readable(office.case, scratch))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        done = _made(office)
    finally:
        over.set()
        looking.join()
    assert done.counts["message"] == 3
    assert done.counts["attachment"] == 2
    spooled = [path for path in (office.case / "records/.work").rglob("*") if path.is_file()]
    assert {"content", "text.parquet"} <= {path.name for path in spooled}
    assert sorted(seen) == []
    assert _readable(office.case, scratch) == []
    assert _readable(office.source) != []


def test_the_metadata_is_that_of_an_ordinary_case_and_the_rest_is_ciphertext(made: Office, tmp_path: Path) -> None:
    examined(tmp_path / "plain", made.source)
    ordinary, sealed = CaseView(tmp_path / "plain"), CaseView(made.case)
    for kind in ("message", "header", "recipient", "moment", "attachment"):
        sql = f"SELECT * FROM {kind} ORDER BY ALL"
        assert ordinary.rows(sql) == sealed.rows(sql)
    assert ordinary.counts() == sealed.counts()
    assert set(files_of(made.case, "content").values()).isdisjoint(files_of(tmp_path / "plain", "content").values())
    for part in sealed.manifests[0]["parts"]:
        start = (made.case / part["path"]).read_bytes()[:16]
        assert (start == b"forensics-vault\n") == (part["kind"] == "text")
    assert b"review" not in (tmp_path / "plain/case.toml").read_bytes()


def test_the_case_names_its_people_and_the_ledger_their_keys(made: Office) -> None:
    facts = CaseView(made.case).facts
    assert facts.review == "two-person"
    added = [line.value["params"] for line in lines(made.case) if line.act == "key.add"]
    assert {each["principal"]: each["role"] for each in added} == {"sato": REQUESTER, "tanaka": APPROVER}
    assert "recipients.json" in os.listdir(made.case / "keys")


def test_a_rebuild_is_the_same_to_the_last_byte(office: Office) -> None:
    before = files_of(office.case, "records", "content")
    with office.opened() as examination:
        summaries = parse(examination, again=True)
    assert [each.identical for each in summaries] == [True]
    assert files_of(office.case, "records", "content") == before


def test_an_interrupted_parse_goes_on_with_what_it_sealed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with office.opened() as examination, monkeypatch.context() as patch:
        patch.setattr(parsing, "_put_in_place", lambda *_: (_ for _ in ()).throw(IntegrityError("stopped")))
        with pytest.raises(IntegrityError, match="stopped"):
            parse(examination, again=True)
    assert _readable(office.case) == []
    with office.opened() as examination, monkeypatch.context() as patch:
        patch.setattr(parsing.Runner, "run", lambda *_: pytest.fail("a finished task was run again"))
        assert [each.identical for each in parse(examination, again=True)] == [True]


def test_outlook_stores_are_read_through_the_vault(tmp_path: Path) -> None:
    store = next(SAMPLES.rglob("*.pst"), None)
    if store is None:
        pytest.skip("the sample case has no Outlook store")
    office = _office(tmp_path)
    _made(office, store)
    examined(tmp_path / "plain", office.source, store)
    sql = "SELECT * FROM message ORDER BY ALL"
    assert rows(office.case, sql) == rows(tmp_path / "plain", sql)


# -- one person alone ----------------------------------------------------------------------------------------------


def _alone(office: Office, what: Any) -> None:
    with office.opened(together=False) as examination:
        before = len(lines(office.case))
        with pytest.raises(UsageError, match="two-person control") as caught:
            what(examination)
        assert caught.value.exit_code == 2
        assert len(lines(office.case)) == before


def test_one_person_alone_parses_searches_queries_and_reads_nothing(office: Office) -> None:
    sha256 = rows(office.case, "SELECT sha256 FROM attachment")[0]["sha256"]
    _alone(office, lambda each: parse(each, again=True))
    _alone(office, lambda each: each.view().hits(MARK))
    _alone(office, lambda each: each.view().rows("SELECT text FROM text"))
    _alone(office, lambda each: each.view().chosen("id IN (SELECT message_id_ref FROM text)"))
    _alone(office, lambda each: each.view().content(sha256))
    _alone(office, lambda each: each.view().texts(office.message()))
    _alone(office, lambda each: each.view().excerpts(office.message(), MARK))
    _alone(office, lambda each: each.view().attachment(office.message(), 1))
    _alone(office, lambda each: each.evidence.open("EV-0001", 1))
    _alone(office, lambda each: each.evidence.begin("EV-0002"))


def test_two_people_without_an_approval_let_machines_work_and_see_nothing(office: Office) -> None:
    with office.opened() as examination:
        view = examination.view()
        assert view.hits("marker-OF-the") == {office.message(): 2, office.message("plain"): 1} | {
            row["id"]: 2 for row in rows(office.case, "SELECT id FROM message WHERE subject = 'with a file'")
        }
        for ask in (
            lambda: view.texts(office.message()),
            lambda: view.excerpts(office.message(), MARK),
            lambda: view.attachment(office.message(), 1),
        ):
            with pytest.raises(UsageError, match="needs an approval"):
                ask()


def test_reports_hold_no_content_and_say_how_much_is_withheld(office: Office) -> None:
    with office.opened(together=False) as examination:
        made = report(examination, ("pst", "timeline-html", "messages-csv"), again=True)
        withheld = examination.view().withheld
    assert withheld["text"] > 0
    assert withheld["content"] > 0
    assert _readable(office.case / "reports") == []
    page = (office.case / "reports/timeline.html").read_text(encoding="utf-8")
    assert f"{withheld['text']:,} body texts" in page
    left = (office.case / "reports/selection.pst.json").read_text(encoding="utf-8")
    assert "its content is under two-person control" in left
    assert {each.report for each in made} == {"pst", "timeline-html", "messages-csv"}
    with office.opened(together=False) as examination:
        report(examination, ("pst",), selection=Selection(messages=(office.message(),)))


# -- verify --------------------------------------------------------------------------------------------------------


def test_verify_needs_no_key_and_says_what_it_could_not_check(made: Office) -> None:
    found = verify(made.case)
    assert (found.ledger, found.differences) == ((), ())
    assert "checked as ciphertext" in found.unchecked[0]
    both = verify(made.case, session=made.session)
    assert (both.differences, both.unchecked) == ((), ())


def _spoil(path: Path, at: int = 100) -> None:
    os.chmod(path, 0o600)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_every_changed_ciphertext_is_found_without_a_key(office: Office) -> None:
    places = [
        *sorted((office.case / "evidence/EV-0001/data").iterdir()),
        *(path for path in sorted((office.case / "content").rglob("*")) if path.is_file()),
        *sorted((office.case / "records/text").iterdir()),
        *sorted((office.case / "keys/envelopes").iterdir()),
        office.case / "keys/recipients.json",
    ]
    assert len(places) > 8
    for path in places:
        whole = path.read_bytes()
        _spoil(path, min(100, len(whole) - 1))
        found = verify(office.case)
        assert found.exit_code == INTEGRITY_BROKEN, path
        named = [each.place for each in found.differences]
        assert path.relative_to(office.case).as_posix() in named
        path.write_bytes(whole)
    assert verify(office.case).differences == ()


def test_a_lost_and_a_strange_blob_are_named(office: Office) -> None:
    blob = next(path for path in sorted((office.case / "content").rglob("*")) if path.is_file())
    strange = blob.with_name(blob.name[:2] + "0" * 62)
    blob.rename(strange)
    found = verify(office.case)
    assert [each.what for each in found.differences] == ["is missing, or not a regular file"]
    assert any("listed by no finished parse" in each for each in found.unchecked)


# -- request, approve, open ----------------------------------------------------------------------------------------


def _ask(examination: Examination, *ids: str, **changed: Any) -> RequestSummary:
    now = examination.station.now()
    given: dict[str, Any] = {"requester": "sato", "stage": FULL, "purpose": "question 3", "basis": "order of 1 June"}
    given |= {"from_ns": now, "until_ns": now + 10**15, "max_views": 5}
    return reviewing.request(examination, Wish(**{**given, **changed}), ids)


def _approved(office: Office, examination: Examination, asked: RequestSummary, **given: Any) -> reviewing.Answered:
    now = examination.station.now()
    answer = reviewing.answer(Asked.decode(asked.file), "tanaka", office.tanaka.ssh_file, now, **given)
    reviewing.record(examination, answer)
    return answer


def _under(office: Office, examination: Examination, asked: RequestSummary) -> CaseView:
    both = (office.sato.identity, office.tanaka.identity)
    return reviewing.open_under(examination, asked.request, reviewing.together_of(examination, asked.request, both))


def test_content_opens_under_an_approval_and_each_view_is_on_the_ledger(office: Office) -> None:
    message = office.message()
    with office.opened(together=False) as examination:
        asked = _ask(examination, message)
        _approved(office, examination, asked)
        view = _under(office, examination, asked)
        shown = reviewing.show(view, message)
        data = view.attachment(message, 1, export="list.bin")
    assert any(MARK in text for _, text in shown.texts)
    assert data == (MARK * 5000).encode()
    assert shown.attachments[0][1] == "list.bin"
    acts = [line.act for line in lines(office.case)][-4:]
    assert acts == ["approval.request", "approval.grant", "content.view", "content.export"]
    last = lines(office.case)[-1].value
    assert last["params"]["viewers"] == ["sato"]
    assert last["params"]["file"] == "list.bin"
    assert last["why"] == "question 3"
    assert last["approvals"][0]["request"] == asked.request
    assert _readable(office.case) == []
    found = verify(office.case)
    assert (found.ledger, found.differences) == ((), ())
    told = reviewing.log(office.case)[0]
    assert [(each["part"], each["export"]) for each in told.views] == [("body", False), ("attachment:1", True)]


def test_the_line_is_on_the_disk_before_anything_is_decrypted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with office.opened(together=False) as examination:
        asked = _ask(examination, office.message())
        _approved(office, examination, asked)
        view = _under(office, examination, asked)
        opened: list[str] = []

        def look(*_: Any) -> Iterator[Any]:
            opened.append(lines(office.case)[-1].act)
            return iter(())

        monkeypatch.setattr(CaseView, "_text_rows", look)
        view.texts(office.message())
        assert opened == ["content.view"]


def test_an_excerpt_shows_the_words_around_a_hit_and_no_more(office: Office) -> None:
    message = office.message()
    with office.opened(together=False) as examination:
        asked = _ask(examination, message, stage=EXCERPT)
        _approved(office, examination, asked)
        view = _under(office, examination, asked)
        shown = reviewing.show(view, message, "marker", whole=False)
        assert shown.excerpts[0].startswith("before the MARKER")
        assert len(shown.excerpts) == 3
        for ask in (lambda: view.texts(message), lambda: view.attachment(message, 1)):
            with pytest.raises(UsageError, match="is for excerpt, not for full"):
                ask()
        with pytest.raises(UsageError, match="nothing to look for"):
            view.excerpts(message, " ")
    assert lines(office.case)[-1].value["params"]["term"] == "marker"


def test_metadata_alone_shows_the_records_and_costs_no_view(office: Office) -> None:
    with office.opened(together=False) as examination:
        before = len(lines(office.case))
        shown = reviewing.show(examination.view(), office.message(), whole=False)
        assert dict(shown.head)["subject"] == "with a file"
        assert shown.texts == ()
        assert len(lines(office.case)) == before
        asked = _ask(examination, office.message(), stage=METADATA)
        _approved(office, examination, asked)
        with pytest.raises(UsageError, match="is for metadata"):
            _under(office, examination, asked).texts(office.message())


def test_what_goes_beyond_the_approval_is_refused(office: Office) -> None:
    with office.opened(together=False) as examination:
        asked = _ask(examination, office.message(), max_views=1)
        with pytest.raises(UsageError, match="nobody has approved"):
            _under(office, examination, asked).texts(office.message())
        _approved(office, examination, asked)
        view = _under(office, examination, asked)
        with pytest.raises(UsageError, match="not among its 1"):
            view.texts(office.message("plain"))
        view.texts(office.message())
        with pytest.raises(UsageError, match="all of its 1 views are used"):
            view.texts(office.message())
        _under(office, examination, asked)
        assert lines(office.case)[-1].act == "approval.expire"
        denied = _ask(examination, office.message())
        _approved(office, examination, denied, deny="not needed for question 3")
        with pytest.raises(UsageError, match="tanaka denied it: not needed"):
            _under(office, examination, denied).texts(office.message())
    assert lines(office.case)[-1].act == "approval." + DENY
    assert verify(office.case).differences == ()


def test_a_clock_that_is_set_back_makes_no_approval_last_longer(office: Office) -> None:
    with office.opened(together=False) as examination:
        now = examination.station.now()
        asked = _ask(examination, office.message(), from_ns=now, until_ns=now + 3 * 10**9)
        _approved(office, examination, asked)
        for _ in range(4):
            _ask(examination, office.message())
        object.__setattr__(examination.station, "now", lambda: now)
        with pytest.raises(UsageError, match="time is over"):
            _under(office, examination, asked).texts(office.message())


def test_the_approver_can_hand_over_from_another_machine(office: Office) -> None:
    message = office.message()
    with office.opened(together=False) as examination:
        asked = _ask(examination, message)
        now = examination.station.now()
    file = reviewing.answer(
        Asked.decode(asked.file), "tanaka", office.tanaka.ssh_file, now, identity=office.tanaka.identity
    ).encode()
    found = reviewing.read_answered(file, "approval.json")
    with office.opened(together=False) as examination:
        reviewing.record(examination, found)
        assert reviewing.record(examination, found) is None
        alone = reviewing.together_of(examination, asked.request, (office.sato.identity,), found)
        assert reviewing.show(reviewing.open_under(examination, asked.request, alone), message).texts
    stored = b"".join(path.read_bytes() for path in (office.case / "ledger").rglob("*") if path.is_file())
    assert base64.b64encode(found.handover) not in stored
    assert found.handover not in stored


def test_nobody_approves_by_themselves_or_for_another(office: Office) -> None:
    with office.opened(together=False) as examination:
        asked = _ask(examination, office.message())
        with pytest.raises(UsageError, match="none of those who may approve"):
            reviewing.answer(Asked.decode(asked.file), "sato", office.sato.ssh_file, 1)
        forged = reviewing.answer(Asked.decode(asked.file), "tanaka", office.sato.ssh_file, examination.station.now())
        with pytest.raises(IntegrityError, match="no key that was valid"):
            reviewing.record(examination, forged)
        with pytest.raises(UsageError, match="not on the side that requests"):
            _ask(examination, office.message(), requester="tanaka")
        with pytest.raises(UsageError, match="no message"):
            _ask(examination, "f" * 32)
        assert lines(office.case)[-1].act == "approval.request"


def test_an_ordinary_case_needs_no_approval(tmp_path: Path, made: Office) -> None:
    examined(tmp_path / "plain", made.source)
    with Examination(tmp_path / "plain", station()) as examination:
        with pytest.raises(UsageError, match="not under two-person control"):
            _ask(examination, "x")
        view = examination.view()
        assert view.withheld == {}
        message = str(view.chosen("subject = 'plain'")[0])
        assert MARK in view.texts(message)[0]["text"]
        assert view.excerpts(message, "MARKER")
    assert open_for_work(tmp_path / "plain", (made.sato.identity,)) is None


def test_what_a_failed_worker_says_is_told_without_its_words() -> None:
    outcome = Outcome(cause="error", detail=f"ValueError: could not read {MARK!r}\n  File ...", at="EV-0001/000001")
    assert _told_without_content(outcome) == "error at EV-0001/000001: ValueError"
    for said in (
        Outcome(cause="", detail=MARK),
        Outcome(cause="error", detail=MARK),
        Outcome(cause="lost", detail=MARK),
    ):
        assert MARK not in _told_without_content(said)


def test_a_seal_takes_both_people_and_is_verified_by_anyone(office: Office) -> None:
    keys = keyring.new(CaseView(office.case).facts.id)
    with Examination(office.case, station(), keys) as examination, pytest.raises(UsageError):
        sealing.seal(examination, sealing.salt_key_of(examination))
    with office.opened() as examination:
        sealed = sealing.seal(examination, sealing.salt_key_of(examination))
    assert sealed[0].messages > 0
    for session in (None, office.session):
        salts = sealing.salt_keys(office.case, keys, session)
        found = verify(office.case, salt_key=salts, session=session)
        assert (found.ledger, found.differences) == ((), ())
