"""The words of the reports in both languages: a key of the records to (Japanese, English)."""

from __future__ import annotations

Pair = tuple[str, str]
LANGUAGES = ("ja", "en")

MEANINGS: dict[str, Pair] = {
    "sent": ("送信", "sent"),
    "stamped": ("埋め込まれた時刻", "embedded time"),
    "signed": ("署名", "signed"),
    "thread_started": ("スレッド開始", "thread started"),
    "thread_answered": ("スレッド内の返信", "thread answered"),
    "submitted": ("送信操作", "submitted"),
    "relayed": ("中継", "relayed"),
    "delivered": ("到着", "delivered"),
    "created": ("作成", "created"),
    "modified": ("変更", "modified"),
    "changed": ("管理情報の変更", "changed"),
    "accessed": ("読み出し", "accessed"),
    "read": ("開封", "read"),
    "replied": ("返信", "replied"),
    "replied_to_all": ("全員に返信", "replied to all"),
    "forwarded": ("転送", "forwarded"),
    "acted_on": ("操作（種別不明）", "acted on"),
    "deferred": ("送信延期", "deferred"),
    "expires": ("有効期限", "expires"),
    "starts": ("開始", "starts"),
    "ends": ("終了", "ends"),
    "deleted": ("削除", "deleted"),
    "logged": ("ログ", "logged"),
    "reported": ("配信報告", "reported"),
    "reply_due": ("返信期限", "reply due"),
    "deliver_by": ("配信期限", "deliver by"),
    "original_submitted": ("元メールの送信", "original submitted"),
    "original_delivered": ("元メールの到着", "original delivered"),
    "flag_completed": ("フラグ完了", "flag completed"),
    "retained_until": ("保存期限", "retained until"),
    "archive_due": ("書庫移動予定", "archive due"),
    "completed": ("完了", "completed"),
    "no_time": ("時刻なし", "no time"),
}

BASES: dict[str, Pair] = {
    "sender": ("差出人側の記載（ヘッダー）", "stated by the sender (header)"),
    "relay": ("中継サーバの記録", "recorded by a relay"),
    "store": ("メールストアの記録", "recorded by the store"),
    "service": ("サービスの記録", "recorded by a service"),
    "filesystem": ("ファイルシステムの記録", "recorded by the file system"),
    "embedded": ("ファイル内部の記録", "embedded in a file"),
}

ZONES: dict[str, Pair] = {
    "stated": ("明記", "stated"),
    "assumed": ("推定", "assumed"),
    "unknown": ("不明（UTCとして読む）", "unknown (read as UTC)"),
}

RECOVERIES: dict[str, Pair] = {
    "live": ("現存", "live"),
    "soft_deleted": ("削除済み", "soft-deleted"),
    "recoverable_items": ("回復可能アイテム", "recoverable items"),
    "deleted_file": ("削除されたファイル内", "in a deleted file"),
    "orphaned": ("親フォルダなし", "orphaned"),
    "stale": ("旧版・削除", "stale"),
    "remnant": ("断片", "remnant"),
    "carved": ("内容から復元", "carved"),
}

KINDS: dict[str, Pair] = {
    "message": ("メール等", "messages and items"),
    "header": ("ヘッダー項目", "header fields"),
    "moment": ("時刻の記録", "clock readings"),
    "recipient": ("差出人・宛先", "parties"),
    "text": ("本文", "body texts"),
    "attachment": ("添付ファイル", "attachments"),
    "folder": ("フォルダ", "folders"),
    "associated_item": ("フォルダの隠しアイテム", "hidden items of folders"),
    "mail_rule": ("仕分けルール・代理人", "rules and delegates"),
    "recovered_item": ("復元の記録", "records of how items were recovered"),
    "byte_account": ("バイト会計", "byte accounts"),
    "problem": ("読み取り上の問題", "problems"),
}

TIERS: dict[str, Pair] = {
    "deleted_folder": ("削除済みフォルダ", "folder of deleted items"),
    "orphan": ("親フォルダのないノード", "node without a folder"),
    "deleted_node": ("旧索引にだけ残るアイテム", "only in a superseded index"),
    "older_version": ("現存アイテムの旧版", "older version of a live item"),
    "table_row": ("フォルダ一覧に残る行", "row left in a folder's table"),
    "remnant": ("索引のないブロック", "blocks that no index names"),
}

CONFIDENCES: dict[str, Pair] = {
    "certain": ("確実", "certain"),
    "probable": ("可能性が高い", "probable"),
    "possible": ("可能性がある", "possible"),
}

GROUNDS: dict[str, Pair] = {
    "a superseded page of the node tree names it": (
        "旧いノード索引の頁に記載がある",
        "a superseded page of the node tree names it",
    ),
    "a superseded page of the node tree names other blocks for it": (
        "旧いノード索引の頁が別のブロックを指す",
        "a superseded page of the node tree names other blocks for it",
    ),
    "free blocks that no page names": ("どの索引も指さない未使用ブロック", "free blocks that no page names"),
    "a row of a contents table that outlived its item": (
        "アイテムより長く残った一覧表の行",
        "a row of a contents table that outlived its item",
    ),
    "the contents table of its folder does not list it": (
        "フォルダの一覧表に記載がない",
        "the contents table of its folder does not list it",
    ),
    "the index names no parent": ("索引に親の記載がない", "the index names no parent"),
    "PR_IPM_WASTEBASKET_ENTRYID of the store": (
        "ストアの PR_IPM_WASTEBASKET_ENTRYID",
        "PR_IPM_WASTEBASKET_ENTRYID of the store",
    ),
    "no index that is whole names its node; a page found by its own check values does": (
        "完全な索引に記載がなく、検査値から見つけた頁に記載がある",
        "no index that is whole names its node; a page found by its own check values does",
    ),
    "the name of the folder": ("フォルダの名前", "the name of the folder"),
}
"""Why an item counts as recovered, by the words of its record."""

USES: dict[str, Pair] = {
    "header": ("ヘッダー", "header"),
    "page": ("索引等の頁", "pages"),
    "live_block": ("現存アイテムのブロック", "blocks of live items"),
    "recovered_block": ("復元アイテムのブロック", "blocks of recovered items"),
    "free_empty": ("未使用・空", "free and empty"),
    "free_not_empty": ("未使用・空でない", "free and not empty"),
    "unreadable": ("読めない", "unreadable"),
}
"""What a byte of a store can be, in the order of the columns of ``byte_account``."""

YES: Pair = ("はい", "yes")
NO: Pair = ("いいえ", "no")


def index(language: str) -> int:
    """Which member of a pair a language is; Japanese where it is not known."""
    return LANGUAGES.index(language) if language in LANGUAGES else 0


def word(table: dict[str, Pair], key: str | None, language: int) -> str:
    """The word for ``key``, or the key itself where a newer parser brought one that is not listed."""
    return "" if key is None else table.get(key, (key, key))[language]
