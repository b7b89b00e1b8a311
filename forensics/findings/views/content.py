"""What attachments say and whether they are locked, and what a message says in its own words, as views.

``file_state`` has a row for each attachment by its SHA-256, ``file_text`` one for each text in it with its place; ``key``
is folded for finding. ``body`` has a row for each message: ``own`` is what its sender wrote there, without quoted lines,
forwarded messages, signature, and sentences that stand in a fifth of the mail of that sender.
"""

from __future__ import annotations

from forensics.casefile.view import FILE_CONTENT, CaseView
from forensics.findings.views import View

_STATES = """
CREATE TEMP TABLE file_state AS
SELECT sha256, state, kind, detail, problem FROM file_content WHERE position = 0
"""
_TEXTS = """
CREATE TEMP VIEW file_text AS
SELECT sha256, position, part, text, key FROM file_content WHERE position > 0
"""
_NO_STATES = """
CREATE TEMP TABLE file_state (sha256 VARCHAR, state VARCHAR, kind VARCHAR, detail VARCHAR, problem VARCHAR)
"""
_NO_TEXTS = """
CREATE TEMP TABLE file_text (sha256 VARCHAR, position INTEGER, part VARCHAR, text VARCHAR, key VARCHAR)
"""


def _states(case: CaseView) -> None:
    case.connection.execute(_STATES if case.has(FILE_CONTENT) else _NO_STATES)


def _texts(case: CaseView) -> None:
    case.connection.execute(_TEXTS if case.has(FILE_CONTENT) else _NO_TEXTS)


VIEWS = {
    "file_state": View(title=("読み取った添付ファイル", "attachments that were read"), needs=(FILE_CONTENT,), make=_states),
    "file_text": View(title=("添付ファイルの文字", "texts of attachments"), needs=(FILE_CONTENT,), make=_texts),
}
