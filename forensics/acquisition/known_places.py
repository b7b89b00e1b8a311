"""Where mail programs and servers keep their mail and logs: a file that stands there is taken whatever its bytes say.

Each rule names the program, what the files are, and a pattern over the whole path in small letters with ``/`` between
the names. Content comes first (``image_stores``); a rule adds what content alone does not tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A rule: ``kind`` is what the store is called, ``depth`` how many names at the end of the path are below it."""

    program: str
    kind: str
    pattern: re.Pattern[str]

    @property
    def why(self) -> str:
        """The reason in words."""
        return f"stands where {self.program} keeps it"


def _place(program: str, kind: str, pattern: str) -> Place:
    return Place(program=program, kind=kind, pattern=re.compile(pattern))


PLACES: tuple[Place, ...] = (
    _place("Outlook", "outlook", r"/microsoft/outlook/[^/]+\.(ost|pst|nst|pab|oab|nk2|xml|srs)$"),
    _place("Outlook", "outlook", r"/outlook files/[^/]+\.(ost|pst)$"),
    _place("Outlook", "outlook", r"\.(ost|pst|nst)$"),
    _place("Outlook Express", "outlook express", r"/microsoft/outlook express/[^/]+\.dbx$"),
    _place("Outlook for Mac", "outlook for mac", r"/outlook [0-9]+ profiles/.+\.(olk1[45][a-z]*|sqlite)$"),
    _place(
        "Windows Live Mail",
        "windows live mail",
        r"/microsoft/windows (live )?mail/.+\.(eml"
        r"|oeaccount|fol|edb|\w*store)$",
    ),
    _place("Windows Mail", "windows mail", r"/comms/(unistoredb|unistore/data)/[^/]+(/[^/]+)*$"),
    _place("Thunderbird", "thunderbird", r"/\.?(thunderbird|icedove)/(profiles/)?[^/]+/(imapmail|mail)/.+$"),
    _place("Thunderbird", "thunderbird", r"/\.?(thunderbird|icedove)/(profiles/)?[^/]+/global-messages-db\.sqlite$"),
    _place("SeaMonkey or Netscape", "thunderbird", r"/\.?(seamonkey|mozilla)/(profiles/)?.+/(imapmail|mail)/.+$"),
    _place("Apple Mail", "apple mail", r"/library/mail/v[0-9]+/.+\.(emlx|partial\.emlx|emlxpart|mbox/.+)$"),
    _place("Apple Mail", "apple mail", r"/library/mail/(v[0-9]+/maildata/)?envelope index(-wal|-shm)?$"),
    _place("Becky!", "becky", r"(^|/)becky!?/.+\.(bmf|idx|hed|ini|dat|lst|def)$"),
    _place("Becky!", "becky", r"\.bmf$"),
    _place("Shuriken", "shuriken", r"/shuriken/.+\.(mbd|mbx|dat|eml)$"),
    _place("EdMax or AL-Mail", "al-mail", r"/(edmax|al-mail(32)?|almail)/.+\.(amb|idx|eml|[0-9]{4,})$"),
    _place("The Bat!", "the bat", r"/the bat!/.+\.(tbb|tbn|tbi)$"),
    _place("Lotus Notes", "notes", r"/(lotus/)?notes/data/.+\.nsf$"),
    _place("Evolution", "evolution", r"/(\.local/share|\.cache|\.var/app/[^/]+/data)/evolution/mail/.+$"),
    _place("KMail", "kmail", r"/\.local/share/(local-mail|\.local-mail\.directory|akonadi/file_db_data)/.+$"),
    _place("the mail spool", "mail spool", r"(^|/)var/(spool/)?mail/[^/]+$"),
    _place("the mail queue", "mail queue", r"(^|/)var/spool/(postfix|exim4?|mqueue|clientmqueue)/(.+/)?[^/]+$"),
    _place("Cyrus IMAP", "cyrus", r"(^|/)var/(spool/(cyrus/mail|imap)|lib/imap)/.+$"),
    _place(
        "Dovecot",
        "dovecot dbox",
        r"/(sdbox|mdbox|dbox-mails|storage)/"
        r"(.+/)?(u\.[0-9]+|m\.[0-9]+|dbox\.index|dovecot[^/]*)$",
    ),
    _place("Zimbra", "zimbra", r"(^|/)opt/zimbra/(store/[0-9]+/.+\.msg|log/(mailbox|audit|sync)\.log[^/]*)$"),
    _place("Exchange", "exchange", r"/(exchange server|mailbox)/(.+/)?[^/]+\.edb$"),
    _place("Exchange", "mail log", r"/transportroles/logs/.+\.log$"),
    _place("Exchange", "mail log", r"/logging/(messagetracking|[^/]*smtp[^/]*|imap4?|pop3?|httpproxy)/.*\.log$"),
    _place(
        "a mail server",
        "mail log",
        r"(^|/)var/log/(mail|maillog|mail\.(log|in"
        r"fo|warn|err)|exim(4|_main)?|dovecot|postfix)([-.][^/]*)?$",
    ),
    _place("a mail server", "mail log", r"(^|/)var/log/(exim4?|mail|dovecot|postfix|amavis|rspamd|opendkim)/[^/]+$"),
    _place("a mail server", "mail log", r"(^|/)usr/local/cpanel/logs/.+$"),
    _place("hMailServer", "mail log", r"/hmailserver/logs/[^/]+\.log$"),
    _place("hMailServer", "hmailserver", r"/hmailserver/data/.+\.eml$"),
    _place("Google Takeout", "server export", r"(^|/)takeout-[^/]+\.(zip|tgz)$"),
    _place("Google Takeout", "server export", r"(^|/)takeout/(mail|メール)/[^/]+$"),
    _place(
        "Google Vault",
        "server export",
        r"(^|/)[^/]*(vault|export)[^/]*-(metadata|"
        r"results-count|file-checksums|[0-9]+)\.(xml|csv|md5|zip)$",
    ),
    _place(
        "Microsoft Purview",
        "server export",
        r"(^|/)(exchange/[^/]+\.pst|(manifest|resu"
        r"lts|export summary)[^/]*\.(xml|csv))$",
    ),
    _place("Outlook for Mac", "server export", r"\.olm$"),
)  # fmt: skip
"""In order: the first that fits counts."""

_BY_NAME = re.compile(r"\.(pst|ost|nst|pab|mbox|mbx|eml|emlx|msg|dbx|olm|bmf)$")


def place_of(path: tuple[bytes, ...]) -> Place | None:
    """The rule that a path fits."""
    text = "/" + b"/".join(path).decode("utf-8", "backslashreplace").lower()
    return next((each for each in PLACES if each.pattern.search(text)), None)


def named_as_mail(path: tuple[bytes, ...]) -> bool:
    """Whether the name alone speaks of mail: all there is to go by where the start of a deleted file is overwritten."""
    return bool(path) and bool(_BY_NAME.search(path[-1].decode("utf-8", "backslashreplace").lower()))
