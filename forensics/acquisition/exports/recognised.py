"""Which export a set of files is, told by names and first bytes; one folder can hold several.

vault    *-metadata.xml in EDRM form, or *-results-count.csv
    purview  manifest.xml in EDRM form, Results.csv, Items.csv
    takeout  a folder Takeout, or a mailbox with X-GM-THRID
    gyb      msg-db.sqlite, an SQLite database
    zimbra   *.meta with JSON beside the item that it describes
    dovecot  u.N in dbox-Mails, m.N in storage
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forensics.formats.exports import dbox, edrm

VAULT, TAKEOUT, GYB, PURVIEW, ZIMBRA, DOVECOT = "vault", "takeout", "gyb", "purview", "zimbra", "dovecot"
TITLES = {
    VAULT: "Google Vault export",
    TAKEOUT: "Google Takeout",
    GYB: "got-your-back backup",
    PURVIEW: "Microsoft Purview or Exchange export",
    ZIMBRA: "Zimbra export",
    DOVECOT: "Dovecot sdbox or mdbox tree",
}
HEAD = 8192
_VAULT_NAMES = ("-metadata.xml", "-results-count.csv", "-metadata.csv", "-account-exceptions.csv")
_PURVIEW_NAME = re.compile(
    r"manifest\.xml|(?:results|items|summary|export[ _]summary.*|unindexed[ _]?items.*|errors?( and warnings)?)\.csv",
    re.IGNORECASE,
)
_DBOX = re.compile(r"(?P<root>.*?)/?(?:mailboxes/.+/dbox-Mails/u\.\d+|(?:alt-)?storage/m\.\d+)")
_DBOX_INDEX = re.compile(
    r"(?P<root>.*?)/?(?:mailboxes/.+/dbox-Mails/dovecot\.index(?:\.log)?|storage/dovecot\.map\.index(?:\.log)?)"
)
_MAIL_NAMES = (
    ".mbox", ".pst", ".ost", ".eml", ".msg", ".emlx", ".meta", "-metadata.xml", "-results-count.csv", "msg-db.sqlite",
    "archive_browser.html",
)  # fmt: skip


_PAPERS: dict[str, re.Pattern[str]] = {
    VAULT: re.compile(r".*-(?:metadata\.(?:xml|csv)|results-count\.csv|account-exceptions\.csv|group-membership\.csv)"),
    TAKEOUT: re.compile(r"archive_browser\.html"),
    GYB: re.compile(r"msg-db\.sqlite(?:-wal|-journal|-shm)?"),
    PURVIEW: _PURVIEW_NAME,
    ZIMBRA: re.compile(r".*\.meta"),
    DOVECOT: re.compile(r"dovecot\.(?:map\.|list\.)?index.*|dovecot-uidvalidity.*"),
}


def is_paper(kind: str, name: str) -> bool:
    """Whether a file of an export of this kind tells of the mail and holds none."""
    return _PAPERS[kind].fullmatch(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One stored file: its address, and its path among all that was given; a member lies below its archive's path.

    ``top`` is the path of the source, or of the archive, that it was found in; ``archive`` the address of the archive.
    """

    at: str
    path: str
    size: int
    top: str = ""
    archive: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without its last part."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export: what kind, the folder that it stands in, all that lies there, and the sign that told it."""

    kind: str
    root: str
    files: tuple[Delivered, ...]
    why: str


Head = Callable[[Delivered], bytes]


def holds_mail(names: Sequence[str]) -> bool:
    """Whether an archive with these members is (a part of) an export and no document that happens to be a zip."""
    return any(name.lower().endswith(_MAIL_NAMES) or "Takeout/" in name or _DBOX.fullmatch(name) for name in names)


def recognised(files: Sequence[Delivered], head: Head) -> list[Export]:
    """The exports among the files, in order of their folders."""
    signs: dict[tuple[str, str], str] = {}
    for file in files:
        for kind, root, why in _signs(file, head):
            signs.setdefault((kind, root), why)
    kept = {key: why for key, why in signs.items() if not _inside_same(key, signs)}
    return [
        Export(kind=kind, root=root, files=tuple(each for each in files if _within(each.path, root)), why=why)
        for (kind, root), why in sorted(kept.items(), key=lambda item: (item[0][1], item[0][0]))
    ]


def _signs(file: Delivered, head: Head) -> list[tuple[str, str, str]]:
    """Kind, root and reason for each sign that the file gives."""
    name, lower = file.name, file.name.lower()
    if lower.endswith(_VAULT_NAMES):
        sure = not lower.endswith(".xml") or edrm.is_edrm(head(file))
        return [(VAULT, file.folder, name)] if sure else []
    if "Takeout" in file.path.split("/")[:-1]:
        parts = file.path.split("/")
        above = "/".join(parts[: parts.index("Takeout")])
        # The parts of one export are several archives beside each other, each with a folder Takeout.
        root = above.rpartition("/")[0] if file.archive and above == file.top else above
        return [(TAKEOUT, root, "the folder Takeout")]
    if lower == "msg-db.sqlite" and head(file).startswith(b"SQLite format 3\0"):
        return [(GYB, file.folder, name)]
    if lower.endswith(".meta") and head(file).lstrip()[:1] == b"{":
        return [(ZIMBRA, file.top, name)]
    found = _DBOX.fullmatch(file.path)
    if found and dbox.file_header(head(file)) is not None:
        return [(DOVECOT, found["root"], name)]
    index = _DBOX_INDEX.fullmatch(file.path)
    if index:
        return [(DOVECOT, index["root"], name)]
    if _PURVIEW_NAME.fullmatch(name) and _is_purview(file, head):
        return [(PURVIEW, file.folder, name)]
    if lower.endswith(".mbox") and _is_takeout_box(head(file)):
        return [(TAKEOUT, file.folder, "X-GM-THRID and X-Gmail-Labels in a mailbox")]
    return []


def _is_takeout_box(head: bytes) -> bool:
    return head.startswith(b"From ") and b"\nX-GM-THRID:" in head and b"\nX-Gmail-Labels:" in head


def _is_purview(file: Delivered, head: Head) -> bool:
    data = head(file)
    if file.name.lower().endswith(".xml"):
        return edrm.is_edrm(data)
    text = data.replace(b"\0", b"").lower()
    return any(
        word in text for word in (b"target path", b"item identity", b"immutableid", b"export name", b"document id")
    )


def _within(path: str, root: str) -> bool:
    return not root or path == root or path.startswith(f"{root}/")


def _inside_same(key: tuple[str, str], signs: dict[tuple[str, str], str]) -> bool:
    """Whether the sign lies inside an export of the same kind, or says Takeout where a closer sign says Vault."""
    kind, root = key
    wider = any(other != root and mark == kind and _within(root, other) for mark, other in signs)
    return wider or (kind == TAKEOUT and any(mark == VAULT and _within(root, other) for mark, other in signs))
