"""The points of the checklists A to E: key, title in Japanese and English, where each comes from, whether it MUST be.

A: the record of an acquisition. B: one line of the ledger. C: a handing over. D: a view of content. E: a report.
F: an incident, which is optional throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.evidence.incident_points import INCIDENT_ROWS


class Origin(StrEnum):
    """Who supplies a fact."""

    MEASURED = "measured"
    """The machine: it stands in ``acquisition.json``."""
    CASE = "case.toml"
    """``case new`` and ``case set``."""
    ANSWER = "answer"
    """A person, by ``case answer``."""
    LEDGER = "ledger"
    """A line of the ledger, as ``act:path``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a list. ``sources`` are tried in order; ``when`` says to what kind of item it applies."""

    key: str
    ja: str
    en: str
    sources: tuple[tuple[Origin, str], ...]
    must: bool = False
    when: str = ""
    hint_ja: str = ""
    hint_en: str = ""

    def title(self, language: str) -> str:
        """The title in one of the two languages."""
        return self.ja if language == "ja" else self.en

    def label(self, language: str) -> str:
        """The title as it begins a line."""
        title = self.title(language)
        return title[:1].upper() + title[1:]

    @property
    def answers(self) -> tuple[str, ...]:
        """The names under which a person can answer this."""
        return tuple(name for origin, name in self.sources if origin == Origin.ANSWER)


_M, _C, _A, _L = Origin.MEASURED, Origin.CASE, Origin.ANSWER, Origin.LEDGER
_BY_LEDGER = Origin.LEDGER


def _point(key: str, ja: str, en: str, *sources: tuple[Origin, str], must: bool = True, when: str = "") -> Point:
    return Point(key=key, ja=ja, en=en, sources=sources, must=must, when=when)


def _asked(key: str, name: str, ja: str, en: str, hint: tuple[str, str], *, must: bool = True, when: str = "") -> Point:
    return Point(key=key, ja=ja, en=en, sources=((_A, name),), must=must, when=when, hint_ja=hint[0], hint_en=hint[1])


ACQUISITION_POINTS: tuple[Point, ...] = (
    _point("A1.case", "事件番号（ケースID）", "case id", (_C, "id")),
    _point("A1.item", "証拠番号", "evidence number", (_M, "item")),
    _point("A1.parent", "親となる証拠", "parent evidence", (_M, "source.parent"), must=False, when="parent"),
    _point("A1.kind", "入れ物の種類", "kind of container", (_M, "source.kind")),
    _point("A2.basis", "法的根拠", "legal basis", (_C, "legal_basis")),
    _point("A2.scope", "対象範囲", "scope", (_C, "scope")),
    _asked(
        "A2.consent",
        "owner_consent",
        "アカウント所有者の同意の有無（IDF 8-5）",
        "consent of the account's owner",
        ("yes・no・not needed のいずれか。理由を続けてよい", "yes, no or not needed; a reason may follow"),
    ),
    _asked(
        "A2.consent_reference",
        "owner_consent_reference",
        "同意書の特定（日付・番号）",
        "reference of the consent (date, number)",
        ("同意書の日付と文書番号", "date and number of the paper"),
        when="consent",
    ),
    _asked("A3.custodian", "custodian", "使用者・管理者", "custodian", ("誰のデータか", "whose data it is")),
    _asked("A3.holder", "holder", "所持者（引渡し元）", "holder", ("誰から受け取ったか", "from whom it was taken")),
    _asked("A3.place", "place", "取得場所・住所", "place and address", ("建物・部屋・住所", "building, room, address")),
    _asked(
        "A3.present", "persons_present", "立ち会った者", "persons present", ("氏名と所属", "names and organisations")
    ),
    _asked(
        "A3.witness",
        "witness",
        "立会人の氏名（IDF 7-2）",
        "name of the witness (立会人)",
        ("いなかった場合は「なし」と理由", "where there was none: 'none' and why"),
    ),
    Point(
        key="A3.witness_signature",
        ja="立会人の署名",
        en="signature of the witness",
        sources=((_L, "witness:params.who"), (_A, "witness_signature")),
        hint_ja="署名のある書面の所在",
        hint_en="where the signed paper is kept",
    ),
    _point("A4.path", "取得元", "source", (_M, "source.path"), (_M, "source.given")),
    Point(
        key="A4.device",
        ja="機器の製造者・型式・製造番号",
        en="make, model and serial number of the device",
        sources=((_M, "source.device"), (_A, "source_device")),
        must=True,
        when="medium",
        hint_ja="製造者・型式・製造番号",
        hint_en="make, model, serial number",
    ),
    _point("A4.size", "大きさ（バイト）", "size in bytes", (_M, "receipt.asked_bytes"), (_M, "source.size")),
    _point("A4.server", "サーバ名・アドレス", "server and address", (_M, "source.host"), when="server"),
    _point(
        "A4.tls",
        "TLS証明書のフィンガープリント",
        "TLS certificate fingerprint",
        (_M, "source.tls"),
        (_M, "source.tls_sha256"),
        must=False,
        when="server",
    ),
    _point(
        "A4.account",
        "アカウント",
        "account",
        (_M, "source.account"),
        (_M, "source.user"),
        (_A, "account"),
        when="server",
    ),
    _point(
        "A4.stated", "提供者の申告", "stated by the provider", (_M, "source.export.stated"), must=False, when="export"
    ),
    _point("A4.arrived", "実際に届いたもの", "arrived", (_M, "source.export.arrived"), must=False, when="export"),
    _asked(
        "A4.export_job",
        "export_job",
        "書き出しの識別（ジョブID・依頼日・担当）",
        "export: job id, date of request, by whom",
        (
            "管理画面のジョブID、依頼者、受領方法と日時",
            "job id of the console, who asked, how and when it was received",
        ),
        must=False,
    ),
    Point(
        key="A4.account_zone",
        ja="アカウントの時間帯",
        en="time zone of the account",
        sources=((_M, "source.export.stated.TimeZone"), (_A, "account_time_zone")),
        when="export",
        hint_ja="書き出し元アカウントの設定",
        hint_en="as set in the account that was exported",
    ),
    _point("A5.operator", "作業者の氏名", "name of the operator", (_C, "examiner"), (_L, "acquire:actor.name")),
    _point("A5.organisation", "作業者の所属", "organisation of the operator", (_C, "organisation")),
    _point("A5.role", "作業者の立場", "role of the operator", (_C, "role"), must=False),
    _asked(
        "A5.qualification",
        "qualification",
        "作業者の資格・経験（ACPO P2）",
        "qualification of the operator (ACPO P2)",
        ("資格、研修、経験年数", "certificates, training, years of practice"),
    ),
    _point(
        "A5.key", "署名鍵のフィンガープリント", "fingerprint of the signing key", (_L, "acquire:actor.key"), must=False
    ),
    Point(
        key="A6.protection",
        ja="書込み防止の方法",
        en="write protection: method",
        sources=((_A, "write_protection"), (_M, "source.write_protection"), (_M, "source.device.read_only")),
        must=True,
        hint_ja="書込防止装置（製造者・型式・番号・版）、読取専用マウント、スナップショット、書き出しのみ、なし、のいずれか",
        hint_en="hardware blocker (make, model, serial, firmware), ro mount, snapshot, export only, or none",
    ),
    Point(
        key="A6.opened",
        ja="本ツールによる取得元の開き方",
        en="how this program opened the source",
        sources=((_M, "source.opened"),),
    ),
    _asked(
        "A6.proof",
        "write_protection_proof",
        "書込み防止の確認結果",
        "write protection: proof",
        ("前後のハッシュ・更新時刻の比較など", "hashes or times before and after, for instance"),
    ),
    _asked(
        "A6.reason",
        "unavoidable_change",
        "避けられなかった変更とその理由",
        "unavoidable change and why",
        ("書込み防止がない場合", "where nothing protected the source"),
        when="unprotected",
    ),
    _point("A7.host", "作業機", "workstation", (_L, "acquire:host")),
    _point("A7.tool", "使用ツールと版", "tool and version", (_L, "acquire:tool.version")),
    _point("A7.tool_sha256", "ツールのSHA-256", "SHA-256 of the tool", (_L, "acquire:tool.sha256")),
    _point(
        "A7.lock",
        "依存ライブラリのSHA-256",
        "SHA-256 of the dependencies",
        (_L, "acquire:tool.lock_sha256"),
        must=False,
    ),
    _point("A7.argv", "実行した命令", "command as given", (_L, "acquire:argv")),
    _point("A8.zone", "表示に用いる時間帯", "time zone", (_C, "time_zone")),
    _point(
        "A8.clock",
        "作業機の時計のずれと測り方",
        "clock of the workstation: offset and source",
        (_L, "acquire:clock"),
        (_L, "clock.check:result"),
        (_L, "clock.check:clock"),
        (_A, "workstation_clock"),
    ),
    _point(
        "A8.skew",
        "取得元の時計のずれ",
        "clock skew of the source",
        (_M, "source.clock"),
        (_A, "source_clock_skew"),
    ),
    _asked(
        "A8.how",
        "source_clock_how",
        "ずれの測り方",
        "how the skew was measured",
        ("時報との比較、BIOS表示の撮影など", "against a time signal, photo of the BIOS clock, for instance"),
    ),
    _point("A9.algorithms", "ハッシュ（読みながら一度に計算）", "hashes, in one pass", (_M, "hashes.algorithms")),
    _point("A9.copy", "複製の読み直し", "copy read again", (_M, "hashes.read_back")),
    _point(
        "A9.source",
        "取得元の読み直し",
        "source read again",
        (_M, "hashes.source_read_again"),
        (_L, "acquire.verify:result"),
        (_A, "source_read_again"),
        when="medium",
    ),
    _point("A10.start", "開始", "start", (_M, "started_ns")),
    _point("A10.end", "終了", "end", (_M, "ended_ns")),
    _point("A10.asked", "対象ファイル数", "files asked for", (_M, "receipt.asked")),
    _point("A10.received", "取得ファイル数", "files received", (_M, "receipt.received")),
    _point("A10.bytes", "取得バイト数", "bytes received", (_M, "receipt.received_bytes")),
    _point("A10.complete", "すべて取得できたか", "everything received", (_M, "receipt.complete")),
    _point(
        "A11.seal",
        "メッセージ単位の封印（件数・根ハッシュ）",
        "seal of the messages (count, root)",
        (_L, "seal:result"),
    ),
    _asked(
        "A12.medium",
        "destination_medium",
        "保存先媒体（製造者・製造番号・消去状態）",
        "destination medium: make, serial, wiped state",
        ("製造者、製造番号、事前消去の有無", "make, serial number, whether it was wiped before"),
    ),
    _asked(
        "A12.copies",
        "copies",
        "作成した複製とその所在",
        "copies made, and where they are",
        ("部数、媒体、保管場所", "how many, on what, kept where"),
        must=False,
    ),
    _point("A12.protection", "保存先での保護", "protection in store", (_L, "acquire:result.protection")),
    _asked(
        "A13.photos",
        "photos",
        "写真・画面記録（SHA-256）",
        "photos and screen recordings (SHA-256)",
        ("ファイルの場所、またはSHA-256と名前", "paths of files, or SHA-256 and name"),
        must=False,
    ),
    _point("A14.limits", "取得しなかったものとその理由", "limits: what was not acquired and why", (_M, "limits")),
    _asked(
        "A14.more",
        "limits",
        "そのほかの限界",
        "further limits",
        ("作業者が知る限界", "limits that the operator knows of"),
        must=False,
    ),
)

EVENT_POINTS: tuple[Point, ...] = (
    _point("B.id", "識別子・通番・前行のハッシュ", "id, number, hash of the line before", (_BY_LEDGER, "id")),
    _point("B.time", "日時（UTC）", "time (UTC)", (_BY_LEDGER, "ts_ns")),
    _point("B.person", "担当者", "person", (_BY_LEDGER, "actor.name")),
    _point("B.act", "行為", "act", (_BY_LEDGER, "act")),
    _point("B.authority", "理由・根拠", "why and authority", (_BY_LEDGER, "why"), (_BY_LEDGER, "authority")),
    _point("B.host", "機器", "host", (_BY_LEDGER, "host.name")),
    _point("B.tool", "ツールと版", "tool and version", (_BY_LEDGER, "tool.version")),
)


def _transfer(key: str, ja: str, en: str, *names: str, must: bool = True) -> Point:
    """A point that a line of a handing over answers in its params, or beside them where the whole line has a field."""
    return Point(key=key, ja=ja, en=en, sources=tuple((_BY_LEDGER, name) for name in names), must=must)


TRANSFER_POINTS: tuple[Point, ...] = (
    _transfer("C.from", "渡した者（氏名・所属・連絡先）", "from (name, organisation, contact)", "params.from"),
    _transfer("C.to", "受け取った者（氏名・所属・連絡先）", "to (name, organisation, contact)", "params.to"),
    _transfer("C.purpose", "目的・根拠", "purpose and authority", "params.purpose", "why"),
    _transfer("C.place", "場所", "place", "place", "params.place"),
    _transfer("C.method", "方法（手渡し・宅配・送信先）", "method", "params.method"),
    _transfer("C.tracking", "追跡番号", "tracking number", "params.tracking", must=False),
    _transfer("C.medium", "媒体（製造者・製造番号）", "medium (make, serial)", "params.medium"),
    _transfer("C.seal", "封印番号", "seal number", "params.seal_no", "params.seal", "params.seal_number"),
    _transfer("C.encryption", "暗号化と鍵の渡し方", "encryption and how the key went", "params.encryption"),
    _transfer("C.items", "証拠番号とSHA-256", "items with SHA-256", "params.items", "params.evidence", "in", "out"),
    _transfer(
        "C.checkpoint",
        "渡した受領証（件数・根ハッシュ）",
        "checkpoint handed over",
        "params.receipt",
        "params.checkpoint",
    ),
    _transfer(
        "C.return", "返還・廃棄の予定日", "date of return or disposal", "params.return_by", "params.due", must=False
    ),
)
ARRIVAL_POINTS: tuple[Point, ...] = (
    _transfer("C.checked", "受取側によるハッシュ再計算とその結果", "hash checked by the receiver", "result"),
    _transfer("C.condition", "到着時の状態", "condition on arrival", "params.condition"),
)
VIEW_POINTS: tuple[Point, ...] = (
    _transfer("D.viewer", "閲覧者", "viewer", "params.viewers", "actor.name"),
    _transfer("D.message", "対象メッセージ", "message", "params.message", "params.messages"),
    _transfer("D.part", "開いた部分・段階", "what was opened, stage", "params.part", "params.parts", "params.stage"),
    _transfer("D.reason", "理由", "reason", "why", "params.reason", "params.purpose"),
    _transfer("D.approval", "承認", "approval", "params.request", "params.approval", "approvals"),
)
REPORT_POINTS: tuple[Point, ...] = (
    _point("E.case", "事件・証拠番号", "case and evidence numbers", (_C, "id")),
    _point("E.question", "目的・鑑定事項", "question asked", (_C, "purpose")),
    _point("E.examiner", "作業者", "examiner", (_C, "examiner")),
    _point("E.qualification", "資格・経験", "qualification", (_A, "qualification")),
    _asked(
        "E.validation",
        "validation",
        "使用した版の検証結果（既知解試験）",
        "validation of the version used (known-answer test)",
        ("試験の名称・日付・結果", "name, date and result of the test"),
    ),
    _asked(
        "E.independence",
        "independence",
        "独立性・利害関係",
        "independence and conflicts of interest",
        ("当事者との関係", "relation to the parties"),
    ),
)


INCIDENT_POINTS: tuple[Point, ...] = tuple(
    _asked(key, name, ja, en, (hint_ja, hint_en), must=False) for key, name, ja, en, hint_ja, hint_en in INCIDENT_ROWS
)


def askable() -> dict[str, Point]:
    """Every name that a person can answer, with its point, in the order of the lists."""
    found: dict[str, Point] = {}
    for point in (*ACQUISITION_POINTS, *REPORT_POINTS, *INCIDENT_POINTS):
        for name in point.answers:
            found.setdefault(name, point)
    return found
