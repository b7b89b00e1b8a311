"""Plants of an intruder: a log-in from abroad, and what is read or forwarded after it."""

from __future__ import annotations

from tests.company import google, microsoft
from tests.company.clients import Written
from tests.company.maildeeds import truth
from tests.company.people import FOREIGN_IPS, Person, System
from tests.company.plants import Plant
from tests.company.stamps import DAY, MINUTE, SECOND, iso, random_uuid
from tests.company.world import Copy, Line, Trip, Truth, World

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/121.0.0.0 Safari/537.36"
_TARGET = "archive.sync@mailbox-sync.example"


def _log_in(world: World, account: Person, at: int, ip: str) -> list[Line]:
    """Guesses at the password, and then the right one."""
    if account.system is System.M365:
        lines = [
            microsoft.log_in(world, account, at + n * 21 * SECOND, ip, agent=_AGENT, failed=True) for n in range(7)
        ]
        return [*lines, microsoft.log_in(world, account, at + 4 * MINUTE, ip, agent=_AGENT)]
    return [
        *(google.activity(world, at + n * 21 * SECOND, account, ip, "login_failure",
                          login_failure_type="login_failure_invalid_password") for n in range(5)),
        google.activity(world, at + 4 * MINUTE, account, ip, "login_success", login_type="google_password",
                        is_suspicious=True),
        google.activity(world, at + 5 * MINUTE, account, ip, "suspicious_login",
                        affected_email_address=account.address),
    ]  # fmt: skip


def _inbox(world: World, account: Person) -> list[Copy]:
    found = [c for c in world.copies if c.account is account and c.folder == "INBOX" and not c.gone and not c.imported]
    return sorted(found, key=lambda each: each.at)


def read(world: World, plant: Plant) -> Truth:
    account = plant.account
    assert account is not None
    rng = world.chance(f"intruder:{account.address}:{plant.start}")
    ip = FOREIGN_IPS[plant.variant]
    lines = _log_in(world, account, plant.start, ip)
    older = [each for each in _inbox(world, account) if each.at < plant.start]
    copies = rng.sample(older, min(len(older), rng.randrange(6, 11)))
    session = str(random_uuid(rng))
    half = len(copies) // 2
    for number, some in enumerate((copies[:half], copies[half:])):
        at = plant.start + (6 + 3 * number) * MINUTE
        lines.append(microsoft.accessed(world, account, at, ip, some, "Client=OWA;Action=ViaProxy", session))
    say = "an intruder read these messages: opened from an address of no colleague after failed log-ins"
    found = truth(plant, say, lines, ip=ip, session=session, at=iso(plant.start, 0) + "Z")
    found.message_ids = sorted(each.message_id for each in copies)
    return found


def rule(world: World, plant: Plant) -> Truth:
    account = plant.account
    assert account is not None
    ip = FOREIGN_IPS[plant.variant]
    lines = _log_in(world, account, plant.start, ip)
    at = plant.start + 7 * MINUTE
    if account.system is System.M365:
        parameters = [{"Name": "Name", "Value": "."}, {"Name": "ForwardTo", "Value": _TARGET},
                      {"Name": "SubjectContainsWords", "Value": "請求;見積;Invoice;Quotation"},
                      {"Name": "MarkAsRead", "Value": "True"}]  # fmt: skip
        made = microsoft.audit(world, at, account, 1, "New-InboxRule", f"{ip}:41822", Parameters=parameters,
                               ObjectId=f"{account.address}\\.")  # fmt: skip
    else:
        made = google.activity(world, at, account, ip, "email_forwarding_out_of_domain", "user_accounts",
                               email_forwarding_destination_address=_TARGET)  # fmt: skip
    after = [each for each in _inbox(world, account) if at < each.at < at + 4 * DAY][:3]
    forwarded = [_forwarded(world, account, copy) for copy in after]
    say = f"after a suspicious log-in from {ip} a rule was set that forwards mail to {_TARGET}"
    found = truth(plant, say, [*lines, made, *forwarded], ip=ip, target=_TARGET, at=iso(at, 0) + "Z")
    found.message_ids = sorted(each.message_id for each in after)
    return found


def _forwarded(world: World, account: Person, copy: Copy) -> Line:
    """The message goes out again, with its Message-ID, a few seconds after it came in."""
    mail = copy.mail
    assert mail is not None
    target = Person(address=_TARGET, name="", client=account.client, system=System.OUTSIDE, ip="198.51.100.200", pc="")
    trip = Trip(
        world=world, mail=mail, written=_as_written(copy), at=copy.at + 4 * SECOND, rng=mail.rng("forwarded"),
        network_id=copy.network_id,
    )  # fmt: skip
    if account.system is System.GOOGLE:
        return google.search(trip, target, "SMTP_OUT", "Delivered", "Sent", target.ip)
    microsoft.trace(trip, [target], "Delivered", "", target.ip)
    return world.lines[-1]


def _as_written(copy: Copy) -> Written:
    return Written(fields=list(copy.fields), body=copy.body)
