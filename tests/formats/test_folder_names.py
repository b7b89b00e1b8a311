"""Folders for deleted mail, in the languages and forms that mail programs give them."""

from __future__ import annotations

import pytest

from forensics.formats.folder_names import holds_deleted


@pytest.mark.parametrize(
    "path",
    [
        "Deleted Items",
        "/Top of Personal Folders/Deleted Items/old",
        "home/Maildir/Trash/2026",
        "Mail/Trash.sbd/2026.mbox",
        "trash.mbox",
        "[Gmail]/ゴミ箱",
        "[Gmail]/Bin.mbox",
        "/個人用フォルダー/削除済みアイテム",
        "/個人用ﾌｫﾙﾀﾞｰ/削除済みｱｲﾃﾑ",
        "ごみ箱",
        "ＴＲＡＳＨ",
    ],
)
def test_a_folder_for_deleted_mail_is_known(path: str) -> None:
    assert holds_deleted(path)


@pytest.mark.parametrize(
    "path",
    ["", "/", "Inbox", "受信トレイ", "Trashed plans", "Not Deleted Items", "削除済みアイテムについて", "Gmail/All"],
)
def test_another_folder_is_not(path: str) -> None:
    assert not holds_deleted(path)
