"""Modified UTF-7: the examples of RFC 3501 5.1.3, Japanese folders, and names that only look like it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.utf7 import decode_modified


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
        ("&kAFP4W4IMH8w4TD8MOs-", "送信済みメール"),
        ("A&-B", "A&B"),
        ("&-", "&"),
        ("INBOX", "INBOX"),
        ("", ""),
        ("Tom & Jerry", "Tom & Jerry"),
        ("&Jjo", "&Jjo"),
        ("&A-", "&A-"),
        ("&2AA-", "&2AA-"),
        ("受信", "受信"),
    ],
)
def test_a_folder_is_named_as_people_see_it(written: str, name: str) -> None:
    assert decode_modified(written) == name


def _encode(name: str) -> str:
    """An encoder of its own, to hold the decoder against."""
    pieces, run = [], ""
    for character in f"{name}\0":
        if " " <= character <= "~" or character == "\0":
            if run:
                coded = b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
                pieces.append(f"&{coded}-")
                run = ""
            pieces.append("&-" if character == "&" else character)
        else:
            run += character
    return "".join(pieces).removesuffix("\0")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_name_reads_back_as_it_was(name: str) -> None:
    assert decode_modified(_encode(name)) == name


@given(st.text(st.sampled_from("&-,AZaz09 日")))
def test_what_is_not_modified_utf7_is_never_an_error(name: str) -> None:
    decode_modified(name)
