#!/usr/bin/env python3
"""Verify a bundle of e-mail evidence, or one disclosure packet, without trusting whoever made it.

    python3 verify.py [BUNDLE|PACKET] [--log-key VKEY|FILE] [--receipt TEXT|FILE]... [--tsa-root PEM]
                      [--signers FILE] [--lag SECONDS] [--language ja|en] [--json]

One file, Python 3.8 or later, standard library only; it shares no code with the program that makes bundles. It writes
nothing, uses no network, and starts no program but `openssl ts -verify` and `ssh-keygen -Y verify`, where these exist.
Take it, or its SHA-256, from somewhere else than the bundle: a forged bundle can hold a forged verifier.

   1 files         every file listed and no other, SHA-256, no links, no paths that escape, no names that collide
   2 ledger        each line canonical JSON, numbered, chained to the line before it, of one case, clock never backwards
   3 checkpoints   signed notes (C2SP, Ed25519): form, signature, key, Merkle root (RFC 9162) computed again at that size
   4 time stamps   RFC 3161: imprint, time, policy; the signature by openssl against --tsa-root
   5 time rules    no line is later than the stamp that covers it, none is older than --lag before it
   6 tail          lines that no checkpoint covers
   7 receipts      each --receipt is a prefix of this ledger: same root at its size
   8 evidence      ledger = manifest of the item = its papers = its files; seals: leaves -> root = ledger
   9 persons       SSH signatures over checkpoints and approvals: person, key, dates of validity, purpose, revocation
  10 custody       transfers, approvals, views, corrections; whatever goes into a step came out of an earlier one
  11 completeness  the facts that ISO/IEC 27037 and the checklists A to E ask for
  12 results       records, contents, timeline, reports and the bundle itself are what the ledger lists
  13 packet        one disclosed message against its checkpoint

Verdict and exit code; of several, the first in this list counts:
   FAILED 10  something contradicts         UNREADABLE 13  something cannot be read      INCOMPLETE 12  a fact is missing
   INTERNALLY CONSISTENT 11  no contradiction, but nothing from outside the bundle vouches for all of it
   VERIFIED 0  consistent, signed by the --log-key, and anchored by a --receipt or by the --tsa-root; wrong usage: 2

What no check can detect: acts outside the tool, wrong facts typed in, evidence forged before it was acquired, and a
rewrite by the holder of the log key in the time between an act and its first receipt or stamp.
"""
import sys

if __name__ == "__main__" and not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
    sys.path[:] = [each for each in sys.path if each != sys.path[0]]  # a bundle could hold modules by the names of those below

import argparse, base64, calendar, datetime, hashlib, json, os, re
import shutil, stat, subprocess, tempfile, unicodedata
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Iterator

VERSION, VERIFIED, FAILED, CONSISTENT, INCOMPLETE, UNREADABLE = "1.0", 0, 10, 11, 12, 13
WARNING, NOTE = 1, 2  # findings of these levels leave the verdict as it is
LEVELS = {
    FAILED: ("FAILED", "不合格：矛盾があります（改ざんまたは破損を検知）"), WARNING: ("warning", "注意"), NOTE: ("note", "参考"),
    UNREADABLE: ("UNREADABLE", "判読不能：読めないものがあります"), INCOMPLETE: ("INCOMPLETE", "不完全：必要な事実が欠けています"),
    CONSISTENT: ("INTERNALLY CONSISTENT", "内部整合のみ：矛盾はありませんが、外部の裏付けが全体には及びません"),
    VERIFIED: ("VERIFIED", "検証済み：矛盾がなく、外部の裏付けがあります"),
}
# Limits, so that a hostile bundle ends in UNREADABLE and not in a full memory.
MAX_FILES, MAX_DEPTH, MAX_LINE, MAX_PAPER, MAX_SHOWN = 10_000_000, 32, 16 << 20, 64 << 20, 100
BLOCK, CLOCK_SKEW, DEFAULT_LAG = 2 << 20, 5, 3600  # bytes, seconds, seconds

# Every finding: code: (level, English, Japanese). One line each, however wide, so that the two can be compared.
WORDS = {
    "not-a-bundle": (UNREADABLE, "this is neither a bundle nor a packet", "証拠一式でも開示パケットでもありません"),
    "unreadable": (UNREADABLE, "cannot be read: {why}", "読めません：{why}"),
    "missing": (FAILED, "is missing; {by} names it", "ありません（{by} に記載あり）"),
    "unlisted": (FAILED, "is here, but {by} does not name it", "{by} に記載がありません"),
    "changed": (FAILED, "changed: its SHA-256 is {found}; {by} says {listed}", "変わっています：SHA-256 は {found}、{by} の記載は {listed}"),
    "malformed": (FAILED, "not what it should be: {why}", "正しい形ではありません：{why}"),
    "not-a-file": (FAILED, "is a {why}, not a regular file or folder", "通常のファイルやフォルダーではありません：{why}"),
    "collision": (FAILED, "is the same name as {by} on some systems", "環境により {by} と同じ名前になります"),
    "litter": (WARNING, "is no part of the bundle: operating systems leave such files; it was not looked at", "この一式の一部ではなく、OS が残す種類のファイルです（未検査）"),
    "unnamed": (WARNING, "no line of the ledger names it: left by a crash, or put here by anybody", "台帳のどの行にも記載がありません（中断の名残か、第三者が置いたもの）"),
    "left-out": (NOTE, "left out of this bundle and not checked: {why}", "この一式に含まれず、未検査：{why}"),
    "line": (FAILED, "line {line}: {why}", "{line} 行目：{why}"),
    "clock-back": (WARNING, "line {line}: the clock went back {why} s without a clock.check", "{line} 行目：clock.check なしに時計が {why} 秒戻っています"),
    "signature": (FAILED, "no good signature: {why}", "正しい署名がありません：{why}"),
    "root": (FAILED, "the Merkle root over {line} lines is {found}, {by} says {listed}: rewritten", "{line} 行の根は {found}、{by} の記載は {listed}：書き換えを検知"),
    "cut": (FAILED, "it is of {line} lines, the ledger has {found}: lines were removed", "{line} 行のものですが台帳は {found} 行：行の除去を検知"),
    "foreign-key": (FAILED, "signed by {why}, which the log key from outside does not vouch for", "{why} の署名：外部で示された台帳鍵から信頼できません"),
    "key-not-told": (FAILED, "the key {why} is on no key.add line of the ledger", "鍵 {why} は台帳の key.add にありません"),
    "unchecked": (NOTE, "signature NOT CHECKED: {why}", "署名は未検査：{why}"),
    "no-stamp": (FAILED, "a TSA root was given, but no time stamp here is from it", "示された認証局のタイムスタンプがありません"),
    "time-ahead": (FAILED, "line {line} claims a time {why} s later than the stamp that covers it", "{line} 行目の時刻は、それを覆うタイムスタンプより {why} 秒後です"),
    "time-lag": (FAILED, "line {line} claims a time {why} s before its first stamp; --lag allows {listed} s", "{line} 行目の時刻は最初のタイムスタンプより {why} 秒前（上限 --lag {listed} 秒）"),
    "late": (WARNING, "its stamp was given {why} s after the sealing that is proved (--lag allows {listed} s): it does not vouch for the time of the sealing", "タイムスタンプは封印の {why} 秒後（上限 --lag {listed} 秒）：封印の時刻の裏付けにはなりません"),
    "proof": (FAILED, "what is shown and withheld does not lead to {why}", "開示部分と非開示部分のハッシュが次に至りません：{why}"),
    "tail": (WARNING, "lines {line} to {found} are covered by no checkpoint", "{line}〜{found} 行目を覆うチェックポイントがありません"),
    "custody": (FAILED, "line {line}: {why}", "{line} 行目：{why}"),
    "in-transit": (INCOMPLETE, "line {line}: handed over, and not received", "{line} 行目：引き渡し後、受領の記録がありません"),
    "fact-missing": (INCOMPLETE, "not stated: {title} ({why})", "記載なし：{title}（{why}）"),
    "step-open": (WARNING, "line {line}: {why} was begun and not ended", "{line} 行目：{why} は開始後、終了していません"),
}
# The acts that a ledger line may report: those of version 1 of the line, and all.
ACTS_1 = "case.open case.set acquire acquire.verify image.examine parse timeline report verify anomaly clock.check".split()
ACTS_2 = ACTS_1 + """key.add key.revoke seal checkpoint.stamp receipt transfer.out transfer.in witness correct return
    dispose bundle disclose replay store.out store.in meta.review approval.request approval.grant approval.deny
    approval.expire content.view content.export find map playbook""".split()
PHASES = ("begun", "finished", "failed", "done")
FIELDS = (("params", dict), ("in", list), ("out", list), ("attach", list))
# Check 11: code/condition, the places where it may stand (=case.toml ?answer @acquisition.json act!field of the newest line)|title|題
CHECKLIST_A = """
    A1.case =id|case id|事件番号（ケースID）; A1.item @item|evidence number|証拠番号; A1.kind @source.kind|kind of container|入れ物の種類; A2.basis =legal_basis|legal basis|法的根拠; A2.scope =scope|scope|対象範囲; A2.consent ?owner_consent|consent of the account's owner|アカウント所有者の同意の有無（IDF 8-5）;
    A2.consent_reference/consent ?owner_consent_reference|reference of the consent (date, number)|同意書の特定（日付・番号）; A3.custodian ?custodian|custodian|使用者・管理者; A3.holder ?holder|holder|所持者（引渡し元）; A3.place ?place|place and address|取得場所・住所;
    A3.present ?persons_present|persons present|立ち会った者; A3.witness ?witness|name of the witness (立会人)|立会人の氏名（IDF 7-2）; A4.path @source.path @source.given|source|取得元; A4.device/medium @source.device ?source_device|make, model and serial number of the device|機器の製造者・型式・製造番号;
    A4.size @receipt.asked_bytes @source.size|size in bytes|大きさ（バイト）; A4.server/server @source.host|server and address|サーバ名・アドレス; A4.account/server @source.account @source.user ?account|account|アカウント; A5.operator =examiner acquire!actor.name|name of the operator|作業者の氏名;
    A5.organisation =organisation|organisation of the operator|作業者の所属; A5.qualification ?qualification|qualification of the operator (ACPO P2)|作業者の資格・経験（ACPO P2）; A6.protection ?write_protection @source.write_protection @source.device.read_only|write protection: method|書込み防止の方法;
    A6.proof ?write_protection_proof|write protection: proof|書込み防止の確認結果; A6.reason/unprotected ?unavoidable_change|unavoidable change and why|避けられなかった変更とその理由; A7.host acquire!host|workstation|作業機; A7.tool acquire!tool.version|tool and version|使用ツールと版;
    A7.tool_sha256 acquire!tool.sha256|SHA-256 of the tool|ツールのSHA-256; A7.argv acquire!argv|command as given|実行した命令; A8.zone =time_zone|time zone|表示に用いる時間帯;
    A8.clock acquire!clock clock.check!result clock.check!clock ?workstation_clock|clock of the workstation: offset and source|作業機の時計のずれと測り方; A8.skew @source.clock ?source_clock_skew|clock skew of the source|取得元の時計のずれ; A8.how ?source_clock_how|how the skew was measured|ずれの測り方;
    A9.algorithms @hashes.algorithms|hashes, in one pass|ハッシュ（読みながら一度に計算）; A9.copy @hashes.read_back|copy read again|複製の読み直し; A9.source/medium @hashes.source_read_again acquire.verify!result ?source_read_again|source read again|取得元の読み直し; A10.start @started_ns|start|開始;
    A10.end @ended_ns|end|終了; A10.asked @receipt.asked|files asked for|対象ファイル数; A10.received @receipt.received|files received|取得ファイル数; A10.bytes @receipt.received_bytes|bytes received|取得バイト数; A10.complete @receipt.complete|everything received|すべて取得できたか;
    A11.seal seal!result|seal of the messages (count, root)|メッセージ単位の封印（件数・根ハッシュ）; A12.medium ?destination_medium|destination medium: make, serial, wiped state|保存先媒体（製造者・製造番号・消去状態）; A12.protection acquire!result.protection|protection in store|保存先での保護;
    A14.limits @limits|limits: what was not acquired and why|取得しなかったものとその理由;"""
CHECKLIST_E = """
    E.case =id|case and evidence numbers|事件・証拠番号; E.question =purpose|question asked|目的・鑑定事項; E.examiner =examiner|examiner|作業者; E.qualification ?qualification|qualification|資格・経験; E.validation ?validation|validation of the version used (known-answer test)|使用した版の検証結果（既知解試験）;
    E.independence ?independence|independence and conflicts of interest|独立性・利害関係;"""
LINE_FACTS = {
    "": """
        B.person actor.name|person|担当者; B.authority why authority|why and authority|理由・根拠; B.host host.name|host|機器; B.tool tool.version|tool and version|ツールと版;""",
    "transfer.out": """
        C.from params.from|from (name, organisation, contact)|渡した者（氏名・所属・連絡先）; C.to params.to|to (name, organisation, contact)|受け取った者（氏名・所属・連絡先）; C.purpose params.purpose why|purpose and authority|目的・根拠; C.place place params.place|place|場所;
        C.method params.method|method|方法（手渡し・宅配・送信先）; C.medium params.medium|medium (make, serial)|媒体（製造者・製造番号）; C.seal params.seal_no params.seal params.seal_number|seal number|封印番号; C.encryption params.encryption|encryption and how the key went|暗号化と鍵の渡し方;
        C.items params.items params.evidence in out|items with SHA-256|証拠番号とSHA-256; C.checkpoint params.receipt params.checkpoint|checkpoint handed over|渡した受領証（件数・根ハッシュ）;""",
    "transfer.in": """
        C.checked result|hash checked by the receiver|受取側によるハッシュ再計算とその結果; C.condition params.condition|condition on arrival|到着時の状態;""",
    "content.view": """
        D.viewer params.viewers actor.name|viewer|閲覧者; D.message params.message params.messages|message|対象メッセージ; D.part params.part params.parts params.stage|what was opened, stage|開いた部分・段階; D.reason why params.reason params.purpose|reason|理由;
        D.approval params.request params.approval approvals|approval|承認;""",
}
SERVERS, AGREED, OPEN = ("imap", "server", "dkim-keys"), ("yes", "はい", "有", "同意あり"), ("none", "なし", "無")

UNFIT = (OSError, ValueError, LookupError, RecursionError)  # what input raises that cannot be read or is not of its form

class Report:
    """What was found. Of each kind of finding the first ones are kept, and all are counted."""
    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.facts: dict[str, Any] = {}
    def say(self, check: int, code: str, place: str, **facts: Any) -> None:
        self.counts[code] += 1
        if self.counts[code] <= MAX_SHOWN:
            said = {key: str(value)[:300] for key, value in facts.items()}
            self.findings.append({"check": check, "code": code, "place": place, "facts": said})
    def need(self, holds: Any, check: int, code: str, place: str, **facts: Any) -> bool:
        """A rule: unless it holds, it is a finding."""
        if not holds: self.say(check, code, place, **facts)
        return bool(holds)
    @contextmanager
    def reading(self, check: int, code: str, place: str) -> Iterator[None]:  # what cannot be read in here is a finding
        try:
            yield
        except UNFIT as error:
            self.say(check, code, place, why=error)

# ----- Formats: canonical JSON, Ed25519, Merkle tree, signed note, DER, SSH signature; ValueError where one is broken
def parse_json(data: bytes) -> Any:
    """JSON without duplicate keys, floats or numbers beyond 64 bits; nesting as deep as Python allows."""
    return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_int=_integer, parse_float=refuse, parse_constant=refuse)
def _object(pairs: Any) -> Any: return dict(pairs) if len(dict(pairs)) == len(pairs) else refuse("a key stands twice")
def _integer(text: str) -> int: return int(text) if len(text) <= 20 else refuse("a number is too long")
def refuse(why: str) -> Any: raise ValueError(why[:200])
def canonical(value: Any) -> bytes:  # the one way to write a value: UTF-8, no blanks, keys sorted by code point
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
def dig(value: Any, path: str) -> Any:  # the value at a.b.c, or None
    for key in path.split("."): value = value.get(key) if isinstance(value, dict) else None
    return value
def get(value: Any, path: str, kind: type = str) -> Any:  # the same; where it is of another kind, that kind's empty value
    found = dig(value, path)
    return found if type(found) is kind else kind()

# Ed25519 (RFC 8032 5.1): points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, NEUTRAL = -121665 * pow(121666, P - 2, P) % P, (0, 1, 1, 0)
Point = Any
Key = Any  # of a log: name, key id, Ed25519 public key
def add(p: Point, q: Point) -> Point:  # RFC 8032 5.1.4
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)
def multiply(s: int, p: Point, t: int = 0, q: Point = NEUTRAL) -> Point:  # s*P + t*Q, both scalars walked together
    table, total = (NEUTRAL, p, q, add(p, q)), NEUTRAL
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        total = add(total, total)
        digit = (s >> bit & 1) | (t >> bit & 1) << 1
        total = add(total, table[digit]) if digit else total
    return total
def decode_point(data: bytes) -> Point:  # RFC 8032 5.1.3; a y that is not reduced, or an x that is not there, is refused
    sign, y = data[31] >> 7, int.from_bytes(data, "little") & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or x * x % P != square or (x == 0 and sign): refuse("this is not a canonical point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)
def encode_point(p: Point) -> bytes:  # RFC 8032 5.1.2
    inverse = pow(p[2], P - 2, P)
    return int(p[1] * inverse % P | (p[0] * inverse % P & 1) << 255).to_bytes(32, "little")
BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify a pure Ed25519 signature (RFC 8032 5.1.7): s < L, canonical points, no key of small order. ValueError: no key."""
    s = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or s >= L: return False
    x, y, z, t = decode_point(public)
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    small = encode_point(multiply(8, (x, y, z, t))) == encode_point(NEUTRAL)
    return not small and encode_point(multiply(s, BASE, k, (P - x, y, z, P - t))) == signature[:32]

# The tree of RFC 9162 2.1.1: a leaf has 0x00 before it, a node 0x01.
def leaf_hash(data: bytes) -> bytes: return hashlib.sha256(b"\x00" + data).digest()
def node_hash(left: bytes, right: bytes) -> bytes: return hashlib.sha256(b"\x01" + left + right).digest()

class Tree:
    """The root over leaves as they come; it keeps one hash for each bit of their number."""
    def __init__(self) -> None: self.size, self._stack = 0, [b""][:0]
    def append(self, leaf: bytes) -> None:
        self.size += 1
        rest = self.size
        while rest & 1 == 0: leaf, rest = node_hash(self._stack.pop(), leaf), rest >> 1
        self._stack.append(leaf)
    def root(self) -> bytes:
        root = self._stack[-1] if self._stack else hashlib.sha256(b"").digest()
        for left in reversed(self._stack[:-1]): root = node_hash(left, root)
        return root
def to_base64(data: bytes) -> str: return base64.b64encode(data).decode("ascii")
def from_base64(text: str) -> bytes:  # standard base64 with padding, in its one form
    data = base64.b64decode(text.encode("ascii"), validate=True)
    return data if to_base64(data) == text else refuse("this base64 is not in its one form")
def parse_vkey(text: str) -> Key:  # C2SP signed-note: <name>+<key id, 8 hex>+<base64 of 0x01 and the key>
    name, key_id, data = (text.strip().split("+", 2) + ["", ""])[:3]
    raw = from_base64(data)
    found = hashlib.sha256(name.encode("utf-8") + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[0] != 1 or key_id != found.hex() or not re.fullmatch(r"\S+", name):
        refuse("this is not a verifier key of Ed25519 (name+id+base64)")
    return name, found, raw[1:]
def vkey(key: Key) -> str: return f"{key[0]}+{key[1].hex()}+{to_base64(bytes([1]) + key[2])}"
def parse_note(data: bytes) -> "tuple[bytes, list[tuple[str, bytes, bytes]]]":
    """C2SP signed-note -> text with its last line feed, and (name, key id, signature) of each signature line."""
    head, gap, tail = data.rpartition(b"\n\n")
    made = [re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line.decode("utf-8")) for line in tail[:-1].split(b"\n")]
    if not gap or not tail.endswith(b"\n") or re.search(rb"[\x00-\x09\x0b-\x1f]", data) or None in made:
        refuse("this is not a signed note")
    signatures = [(match.group(1), from_base64(match.group(2))) for match in made if match]
    return head + b"\n", [(name, raw[:4], raw[4:]) for name, raw in signatures]
def parse_checkpoint(text: str) -> "tuple[str, int, bytes]":
    """C2SP tlog-checkpoint -> origin, size, root. Further lines are extensions, which this ledger does not use."""
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or lines[3] or not re.fullmatch("0|[1-9][0-9]{0,17}", lines[1]):
        refuse("a checkpoint has the three lines origin, size, root")
    root = from_base64(lines[2])
    return (lines[0], int(lines[1]), root) if len(root) == 32 else refuse("the root is not a SHA-256")
def parse_receipt(text: str) -> "tuple[str, int, bytes]":  # <origin> <size> <base64 root> <time>
    parts = text.split()
    if len(parts) != 4 or not parse_time(parts[3]): refuse("a receipt has origin, size, root and time")
    return parse_checkpoint("\n".join([*parts[:3], ""]))
def parse_time(text: str) -> int:  # RFC 3339 in UTC, or the GeneralizedTime of a stamp -> seconds since 1970
    match = re.fullmatch(r"(\d{4}-?\d\d-?\d\d)T?(\d\d:?\d\d:?\d\d)(\.\d+)?(Z|\+00:00)", text)
    digits = re.sub("[-:]", "", match.group(1) + match.group(2)) if match else refuse(f"no time in UTC: {text[:40]}")
    return calendar.timegm(datetime.datetime.strptime(digits, "%Y%m%d%H%M%S").timetuple())

# DER (X.690), as much as RFC 3161 needs: an element is its tag and its content.
def der_elements(data: bytes) -> "list[tuple[int, bytes]]":
    found, at = [], 0
    while at < len(data):
        tag, size, at = data[at], int.from_bytes(data[at + 1:at + 2], "big"), at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        if tag & 0x1F == 0x1F or at + size > len(data): refuse("this is not DER, or it is cut short")
        found.append((tag, data[at:at + size]))
        at += size
    return found
def der(data: bytes, *path: int) -> bytes:  # the content of the element at a path of positions
    for position in path: data = (der_elements(data) + [(0, b"")] * (position + 1))[position][1]
    return data
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
IMPRINTS = {"608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512"}
def parse_stamp(reply: bytes) -> "tuple[str, bytes, int, str, bytes]":
    """TimeStampResp of RFC 3161 -> hash, imprint, time, policy, nonce. Its signature is left to openssl."""
    content = der(reply, 0, 1, 1, 0, 2)  # timeStampToken -> [0] -> SignedData -> encapContentInfo
    info = der_elements(der(content, 1, 0, 0))  # version, policy, messageImprint, serialNumber, genTime, ...
    if der(reply, 0, 0, 0) not in (b"\x00", b"\x01") or der(content, 0) != TST_INFO or len(info) < 5:
        refuse("this reply grants no time stamp")
    nonce = next((value for tag, value in info[5:] if tag == 0x02), b"")
    hash_name = IMPRINTS.get(der(info[2][1], 0, 0).hex(), "")
    return hash_name, der(info[2][1], 1), parse_time(info[4][1].decode("ascii")), info[1][1].hex(), nonce

# SSH signatures (PROTOCOL.sshsig): strings with a length of four bytes before them.
def ssh_string(data: bytes) -> bytes: return len(data).to_bytes(4, "big") + data
def ssh_strings(data: bytes) -> "list[bytes]":
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        found.append(data[at + 4:at + 4 + size])
        at += 4 + size
    return found if at == len(data) else refuse("this SSH structure is cut short")
def parse_sshsig(data: bytes) -> "tuple[bytes, str, str, bytes]":
    """An armoured SSH signature -> public key, namespace, hash, signature."""
    lines = data.decode("ascii").strip().splitlines()
    blob = from_base64("".join(lines[1:-1]))
    parts = ssh_strings(blob[10:])
    if (lines[0], lines[-1]) != ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----") or len(parts) != 5 or (
            blob[:10] != b"SSHSIG\x00\x00\x00\x01" or parts[3] not in (b"sha256", b"sha512")):
        refuse("this is not an SSH signature of version 1")
    return parts[0], parts[1].decode("utf-8"), parts[3].decode("ascii"), parts[4]
def check_sshsig(message: bytes, key: bytes, namespace: str, algorithm: str, signature: bytes) -> Any:
    """Whether an Ed25519 signature of a plain key or of a FIDO key holds; None for other kinds of key."""
    digest = ssh_string(hashlib.new(algorithm, message).digest())
    signed = b"SSHSIG" + ssh_string(namespace.encode()) + ssh_string(b"") + ssh_string(algorithm.encode()) + digest
    kind, public, application = (*ssh_strings(key), b"", b"", b"")[:3]
    if kind == b"sk-ssh-ed25519@openssh.com" and len(signature) > 5 and signature[-5] & 1:  # touched by a person
        signed = hashlib.sha256(application).digest() + signature[-5:] + hashlib.sha256(signed).digest()
        signature = signature[:-5]
    elif kind != b"ssh-ed25519": return None
    made = ssh_strings(signature)
    return len(made) == 2 and made[0] == kind and ed25519(public, signed, made[1])
def parse_signers(data: str) -> "list[dict[str, Any]]":
    """allowed_signers of OpenSSH -> persons, options and key of each line."""
    found = []
    for line in (each for each in data.splitlines() if each and each[0] != "#"):
        match = re.match(r'(\S+)\s+(?:((?:[^\s"]|"[^"]*")+)\s+)??((?:sk-)?(?:ssh|ecdsa)-\S+)\s+(\S+)', line) or refuse(line)
        options = dict(re.findall(r'([a-z-]+)="([^"]*)"', match.group(2) or ""))
        found.append({"names": match.group(1).strip('"').split(","), "key": from_base64(match.group(4)), **options})
    return found

# Dates of allowed_signers, YYYYMMDD[HHMM[SS]][Z], are read as UTC; fingerprints are those of `ssh-keygen -l`.
def ssh_time(text: str) -> int: return parse_time(text.rstrip("Z").ljust(14, "0") + "Z") if text else 0
def fingerprint(key: bytes) -> str: return "SHA256:" + to_base64(hashlib.sha256(key).digest()).rstrip("=")
def program(name: str) -> str:  # never one that lies in the folder one stands in, where Windows looks first
    found = shutil.which(name) or ""
    return found if os.path.isabs(found) else ""
def run(command: "list[str]", data: bytes = b"") -> "tuple[bool, str]":  # another verifier: whether it accepted, its last words
    try:
        done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    return done.returncode == 0, " ".join(done.stdout.decode("utf-8", "backslashreplace").split())[-200:]

# ----- The bundle on disk: only regular files that were found by walking are ever opened, none is held whole in memory
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
DECLARATION = hashlib.sha256(b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n").digest()
TAGS = {"bagit.txt", "bag-info.txt", MANIFEST, TAG_MANIFEST, "VERIFY.txt", "DISCLOSED.txt", "verify.py"}
LITTER = re.compile(r"(?:.*/)?(?:\.DS_Store|Thumbs\.db|\._[^/]+)")  # what macOS and Windows leave in folders that are looked at
LEDGER, CHECKPOINTS, FACTS = "data/ledger/events.jsonl", "data/ledger/checkpoints/", "data/case.toml"
ATTACHED = "data/ledger/attached/"
FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

class Bundle:
    """A folder; ``files`` holds the SHA-256, as found, of every regular file that a manifest lists."""
    def __init__(self, root: str, report: Report) -> None:
        self.root, self.say, self.need, self.reading = root, report.say, report.need, report.reading
        self.files: dict[str, bytes] = {}
        self.left_out: list[str] = []
        self.info: dict[str, str] = {}  # labels of bag-info.txt
        self.facts: list[str] = []  # of a packet: what it discloses
        self.packet = os.path.isdir(self.path("data/disclosed")) and not os.path.lexists(self.path(LEDGER))
    def path(self, name: str) -> str: return os.path.join(self.root, *name.split("/"))
    def names(self, prefix: str) -> "list[str]": return sorted(name for name in self.files if name.startswith(prefix))
    def digest(self, name: str) -> str: return self.files.get(name, b"").hex()
    def open(self, name: str, buffering: int = BLOCK) -> Any:
        handle = os.fdopen(os.open(self.path(name), FLAGS), "rb", buffering)
        return handle if stat.S_ISREG(os.fstat(handle.fileno()).st_mode) else refuse(f"{name} is not a regular file")
    def hash(self, name: str) -> Any:  # SHA-256, or the reason why there is none
        digest, buffer = hashlib.sha256(), bytearray(BLOCK)
        try:
            with self.open(name, 0) as handle:
                for count in iter(lambda: handle.readinto(buffer), 0): digest.update(memoryview(buffer)[:count])
        except UNFIT as error:
            return str(error)
        return digest.digest()
    def paper(self, name: str, limit: int = MAX_PAPER) -> bytes:  # a file that is small in every honest bundle
        with self.open(name) as handle: data: bytes = handle.read(limit + 1)
        return data if len(data) <= limit else refuse(f"{name} is longer than {limit} bytes")
    def lines(self, name: str) -> Iterator[bytes]:  # without their line feeds; the last line must have one too
        with self.open(name) as handle:
            for line in iter(lambda: handle.readline(MAX_LINE + 1), b""):
                yield line[:-1] if line.endswith(b"\n") else refuse(f"a line of {name} is cut short or endless")
    def walk(self) -> "Iterator[tuple[str, int]]":
        """Name and size of every regular file; links, pipes and devices are reported and never opened."""
        folders, count = [""], 0
        while folders:
            folder, seen = folders.pop(), {"": ""}
            with os.scandir(self.path(folder) if folder else self.root) as entries:
                for entry in entries:
                    name, facts, count = folder + entry.name, entry.stat(follow_symlinks=False), count + 1
                    other = seen.setdefault(unicodedata.normalize("NFC", entry.name).casefold(), entry.name)
                    self.need(other == entry.name, 1, "collision", name, by=other)
                    if count > MAX_FILES or name.count("/") > MAX_DEPTH:
                        refuse(f"more than {MAX_FILES} files or {MAX_DEPTH} folders deep")
                    if stat.S_ISDIR(facts.st_mode): folders.append(name + "/")
                    elif stat.S_ISREG(facts.st_mode): yield name, facts.st_size
                    else:
                        kind = "link" if stat.S_ISLNK(facts.st_mode) else "pipe, socket or device"
                        self.say(1, "not-a-file", name, why=kind)

# ----- Check 1: files
def read_manifest(bundle: Bundle, manifest: str) -> "dict[str, bytes]":
    """Name -> SHA-256 of a BagIt manifest (RFC 8493 2.1.3); names are printable ASCII without a per cent sign."""
    listed: dict[str, bytes] = {}
    try:
        for number, line in enumerate(bundle.lines(manifest), 1):
            match = re.fullmatch(rb"([0-9a-f]{64})  ([!-$&-\[\]-~ ]+)", line)
            name = match.group(2).decode("ascii") if match else ""
            right = (name.split("/")[0] == "data") == (manifest == MANIFEST) and not {"", ".", ".."} & set(name.split("/"))
            right = right and name not in listed and len(listed) < MAX_FILES
            if bundle.need(match and right, 1, "malformed", manifest, why=f"line {number}") and match:
                listed[name] = bytes.fromhex(match.group(1).decode("ascii"))
    except (FileNotFoundError, ValueError) as error:
        bundle.say(1, "malformed" if isinstance(error, ValueError) else "missing", manifest, by="BagIt 1.0 (RFC 8493)", why=error)
    return listed
def hashed(bundle: Bundle, names: "Iterator[tuple[str, int]]") -> "Iterator[tuple[str, Any]]":
    """Every name with its hash; large files by two threads, because hashlib lets go of the interpreter."""
    waiting: deque[tuple[str, Future[Any]]] = deque()
    with ThreadPoolExecutor(2) as pool:
        for name, size in names:
            if size < 1 << 16: yield name, bundle.hash(name)
            else: waiting.append((name, pool.submit(bundle.hash, name)))
            if len(waiting) > 8:
                done, result = waiting.popleft()
                yield done, result.result()
        for done, result in waiting: yield done, result.result()
def check_files(bundle: Bundle) -> None:  # what lies in the folder is what the manifests list, no more and no less
    size, count, need = 0, 0, bundle.need
    listed = {**read_manifest(bundle, TAG_MANIFEST), **read_manifest(bundle, MANIFEST)}
    def source(name: str) -> str: return MANIFEST if name.startswith("data/") else TAG_MANIFEST
    def known() -> "Iterator[tuple[str, int]]":
        nonlocal size, count
        for name, bytes_ in bundle.walk():
            if name not in listed and not need(not LITTER.fullmatch(name), 1, "litter", name): continue
            need(name in TAGS or name.startswith("data/"), 1, "unlisted", name, by="the form of a bundle")
            if name.startswith("data/"): size, count = size + bytes_, count + 1
            if name != TAG_MANIFEST and need(name in listed, 1, "unlisted", name, by=source(name)): yield name, bytes_

    for name, result in hashed(bundle, known()):
        wanted = listed.pop(name)
        if need(not isinstance(result, str), 1, "unreadable", name, why=result):
            bundle.files[name] = result
            need(result == wanted, 1, "changed", name, found=result.hex(), listed=wanted.hex(), by=source(name))
    own = () if bundle.packet else (LEDGER, FACTS)
    for name in ("bagit.txt", "bag-info.txt", MANIFEST, *own, *listed):
        need(name in bundle.files, 1, "missing", name, by=source(name) if name in listed else "the form of a bundle")
    need(bundle.files.get("bagit.txt", DECLARATION) == DECLARATION, 1, "malformed", "bagit.txt", why="it is not BagIt 1.0｜BagIt 1.0 ではありません")
    if "bag-info.txt" in bundle.files:
        pairs = [line.partition(": ")[::2] for line in bundle.paper("bag-info.txt").decode("utf-8").splitlines()]
        info = bundle.info = dict(pairs)
        need(len(info) == len(pairs), 1, "malformed", "bag-info.txt", why="a label stands there twice｜同じ項目が二度あります")
        need(info.get("Payload-Oxum") == f"{size}.{count}", 1, "malformed", "bag-info.txt", why=f"Payload-Oxum is not {size}.{count}")
        bundle.left_out = sorted(filter(None, info.get("Left-Out", "").split(", ")))
        need(not bundle.left_out, 1, "left-out", "bag-info.txt", why=", ".join(bundle.left_out))

# ----- Checks 2 and 5: the ledger, line by line
class Ledger:
    """What one walk over the lines gives: their chain, the roots that others asked for, and the story they tell."""
    def __init__(self, bundle: Bundle, wanted: "set[int]", stamps: "list[tuple[int, int]]", lag: int) -> None:
        self.bundle, self.say, self.need = bundle, bundle.say, bundle.need
        self.lag, self.wanted, self.stamps = lag, wanted, sorted(stamps)
        self.tree, self.last, self.size, self.case, self.story = Tree(), "0" * 64, 0, "", Story(bundle)
        self.roots: dict[int, bytes] = {0: self.tree.root()}
        self.times: dict[int, int] = {}
        self.oldest_unstamped = self.now = self.told = 0  # told: the last line that tells of more than a stamp
        self.version, self._checked = 1, False
    def read(self) -> None:
        with self.bundle.reading(2, "unreadable", LEDGER):
            for raw in self.bundle.lines(LEDGER): self._line(raw)
        head = hashlib.sha256(canonical({"lines": self.tree.size, "sha256": self.last, "size": self.size})).digest()
        self.need(head == self.bundle.files.get("data/ledger/head") and self.tree.size, 2, "malformed", "data/ledger/head", why="it does not name the last line of " + LEDGER)
        for label, found in (("Ledger-Head", f"{self.tree.size} {self.last}"), ("External-Identifier", self.case)):
            self.need(self.bundle.info.get(label) == found, 2, "malformed", "bag-info.txt", why=f"{label} is not {found}")
    def _line(self, raw: bytes) -> None:
        self.tree.append(leaf_hash(raw))
        seq, value = self.tree.size, {}
        try:
            value = parse_json(raw)
            wrong = [] if isinstance(value, dict) and canonical(value) == raw else ["it is not an object in canonical form｜正規形の JSON ではありません"]
        except UNFIT as error:
            wrong = [f"it is not JSON: {error}"]
        version, act, ts_ns = get(value, "v", int), get(value, "act"), get(value, "ts_ns", int)
        self.case, self.version = self.case or get(value, "case"), max(version, self.version)
        if get(value, "seq", int) != seq or version not in (1, 2) or version < self.version or ts_ns <= 0:
            wrong.append("its number, version or time is not what it should be｜番号・版・時刻のいずれかが正しくありません")
        if act not in (ACTS_1 if version == 1 else ACTS_2) or get(value, "phase") not in PHASES:
            wrong.append(f"act {act[:40]!r}, phase {get(value, 'phase')[:40]!r} is not on the list of version {version}")
        if get(value, "case") != self.case or not self.case: wrong.append("it belongs to another case｜別の事件の行です")
        if get(value, "prev") != self.last: wrong.append("its 'prev' is not the hash of the line before it｜前の行のハッシュが一致しません")
        for why in wrong: self.say(2, "line", LEDGER, line=seq, why=why)
        self.last, self.size = hashlib.sha256(raw).hexdigest(), self.size + len(raw) + 1
        self._time(seq, ts_ns // 10**9, act == "clock.check")
        if seq in self.wanted: self.roots[seq], self.times[seq] = self.tree.root(), self.now
        self.told = self.told if act == "checkpoint.stamp" else seq
        with self.bundle.reading(10, "malformed", f"{LEDGER} line {seq}"):
            if not wrong: self.story.tell(seq, value)
    def _time(self, seq: int, now: int, checked: bool) -> None:
        """Check 5: not after the first stamp that covers the line, and not longer before it than the lag."""
        self.need(now >= self.now or checked or self._checked, 2, "clock-back", LEDGER, line=seq, why=self.now - now)
        self._checked, self.now = checked, now
        while self.stamps and self.stamps[0][0] < seq: self.stamps.pop(0)
        if self.stamps:
            lag = self.stamps[0][1] - now
            self.need(lag >= -CLOCK_SKEW, 5, "time-ahead", LEDGER, line=seq, why=-lag)
            self.need(lag <= self.lag, 5, "time-lag", LEDGER, line=seq, why=lag, listed=self.lag)
        else: self.oldest_unstamped = self.oldest_unstamped or now

# ----- Checks 3, 4, 6 and 7: checkpoints, time stamps, tail, receipts
class Anchors:
    """What was given from outside, and how many lines each of it vouches for."""
    def __init__(self, given: argparse.Namespace) -> None:
        self.keys = [parse_vkey(text) for text in text_or_file(given.log_key)] if given.log_key else []
        self.receipts = [(text, *parse_receipt(text)) for each in given.receipt for text in text_or_file(each)]
        self.signers = parse_signers("\n".join(text_or_file(given.signers))) if given.signers else None
        self.tsa_root, self.lag = given.tsa_root, given.lag
        self.signed = self.received = self.stamped = 0
def text_or_file(given: str) -> "list[str]":  # an argument that is a text, or the name of a file with one on each line
    if not os.path.isfile(given): return [given]
    with open(given, encoding="utf-8-sig") as handle:
        return [line.strip() for line in handle if line.strip() and not line.startswith("#")]

class Checkpoint:
    """One checkpoint file of the bundle."""
    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data
        self.text, self.signatures = parse_note(data)
        self.origin, self.size, self.root = parse_checkpoint(self.text.decode("utf-8"))
        if name != f"{CHECKPOINTS}{self.size:08d}": refuse("its name is not its size｜ファイル名が行数と一致しません")
    def signed_by(self, keys: "set[Key]") -> "set[Key]":
        """The keys whose signature holds; one that does not hold is an error, one of an unknown key is ignored."""
        found = {(key, made[2]) for made in self.signatures for key in keys if key[:2] == made[:2]}
        wrong = [vkey(key) for key, signature in found if not ed25519(key[2], self.text, signature)]
        return {key for key, _ in found} if not wrong else refuse(f"that of {wrong[0]} does not hold")
def read_checkpoints(bundle: Bundle) -> "list[Checkpoint]":
    found = []
    for name in bundle.names(CHECKPOINTS):
        with bundle.reading(3, "malformed", name):
            if re.fullmatch("[0-9]{8,}", name[len(CHECKPOINTS):]): found.append(Checkpoint(name, bundle.paper(name, 1 << 20)))
            elif not re.fullmatch(r"[0-9]{8,}\.(tsq|tsr|[A-Za-z0-9._@-]+\.[a-z]+\.sshsig)", name[len(CHECKPOINTS):]):
                refuse("nothing of that name belongs here｜ここにあるべき名前ではありません")
            elif name.partition(".")[0] not in bundle.files: refuse("its checkpoint is not here｜対象のチェックポイントがありません")
    return sorted(found, key=lambda each: each.size)
def read_stamp(bundle: Bundle, checkpoint: Checkpoint, anchors: Anchors) -> "list[tuple[int, int]]":
    """Check 4: (size, time) of the stamp over a checkpoint; none where it has none or where it is not good."""
    name, query, openssl = checkpoint.name + ".tsr", checkpoint.name + ".tsq", program("openssl")
    if name not in bundle.files: return []
    try:
        algorithm, imprint, time, policy, nonce = parse_stamp(bundle.paper(name, 1 << 20))
        if not algorithm or hashlib.new(algorithm, checkpoint.data).digest() != imprint:
            refuse("its imprint is not the hash of " + checkpoint.name)
        if query in bundle.files and (nonce not in bundle.paper(query) or imprint not in bundle.paper(query)):
            refuse("it does not answer " + query)
    except UNFIT as error:
        bundle.say(4, "malformed", name, why=error)
        return []
    if not anchors.tsa_root or not openssl:
        why = "openssl is not here｜openssl がありません" if anchors.tsa_root else "no --tsa-root was given"
        bundle.say(4, "unchecked", name, why=f"{why}; the token says {time} s since 1970, policy {policy}")
        return [] if anchors.tsa_root else [(checkpoint.size, time)]
    chain = [part for pem in bundle.names("data/keys/tsa/") for part in ("-untrusted", bundle.path(pem))][:2]
    held, said = run([openssl, "ts", "-verify", "-data", bundle.path(checkpoint.name), "-in", bundle.path(name),
                      "-CAfile", anchors.tsa_root, "-attime", str(time), *chain])
    if bundle.need(held, 4, "signature", name, why=said): anchors.stamped = max(anchors.stamped, checkpoint.size)
    return [(checkpoint.size, time)] if held else []
def check_checkpoints(bundle: Bundle, checkpoints: "list[Checkpoint]", ledger: Ledger, anchors: Anchors) -> None:
    """Each is of this ledger, has its root, and is signed by a key that the ledger adds and that is trusted by then."""
    told, need, never = ledger.story.log_keys, bundle.need, (1 << 62, 0)  # vkey -> lines that added and revoked it
    keys = {parse_vkey(text) for text in told} | set(anchors.keys)
    trusted = set(anchors.keys) or keys
    for key in anchors.keys: need(vkey(key) in told, 3, "key-not-told", "--log-key", why=vkey(key))
    signed: dict[int, set[Key]] = {}
    for each in checkpoints:
        if not of_this_ledger(ledger, 3, each.name, each.origin, each.size, each.root): continue
        with bundle.reading(3, "signature", each.name):
            spans = {key: told.get(vkey(key), never) for key in each.signed_by(keys)}
            live = {key for key, (added, revoked) in spans.items() if added <= each.size <= revoked}
            signed[each.size] = live or refuse("of no key that is valid by then｜その時点で有効な鍵の署名がありません")
    for size in (*reversed(list(signed)), *signed):  # a trusted checkpoint vouches for its lines, and so for the keys they add
        if trusted & signed[size]: trusted |= {key for key in keys if told.get(vkey(key), never)[0] <= size}
    for size, live in signed.items():
        why = ", ".join(map(vkey, live))
        if need(trusted & live, 3, "foreign-key", f"{CHECKPOINTS}{size:08d}", why=why): anchors.signed = size
    need(checkpoints or not anchors.keys, 3, "signature", CHECKPOINTS, why="the log key signed nothing here｜示された台帳鍵の署名がありません")
    need(ledger.tree.size <= anchors.signed, 6, "tail", LEDGER, line=anchors.signed + 1, found=ledger.tree.size)
def of_this_ledger(ledger: Ledger, check: int, place: str, origin: str, size: int, root: bytes) -> bool:
    """Whether the ledger is of that origin, has that many lines and, over them, that root."""
    found, listed = to_base64(ledger.roots.get(size, b"")), to_base64(root)
    return (ledger.need(origin == "email-forensics/" + ledger.case, check, "malformed", place, why="it is of another case｜別の事件のものです")
            and ledger.need(found, check, "cut", place, line=size, found=ledger.tree.size)
            and ledger.need(found == listed, check, "root", place, line=size, found=found, listed=listed, by=place))
def check_receipts(ledger: Ledger, anchors: Anchors) -> None:
    """The ledger goes on from each state that somebody outside has a receipt of; and the stamps reach to its end."""
    for text, origin, size, root in anchors.receipts:
        if of_this_ledger(ledger, 7, "--receipt " + text, origin, size, root): anchors.received = max(anchors.received, size)
    ledger.need(anchors.stamped or not anchors.tsa_root, 4, "no-stamp", CHECKPOINTS)
    why = ledger.now - ledger.oldest_unstamped if anchors.stamped and ledger.oldest_unstamped else 0
    ledger.need(why <= anchors.lag, 5, "time-lag", LEDGER, line=anchors.stamped + 1, why=why, listed=anchors.lag)

# ----- Check 10: the story that the lines tell
class Story:
    """The state of custody after each line: items, results, keys, transfers, approvals, and which facts are missing."""
    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.items, self.results = table(), table()  # evidence -> (line, SHA-256 of its manifest); newest of each kind
        self.last, self.answers = table(), table()  # (act, evidence) -> newest line; "evidence question" -> answer
        self.log_keys, self.people = table(), [table()][:0]  # vkey -> (line that added it, line that revoked it); persons
        self.seals, self.attached, self.open = [(0, table())][:0], table(), table()
        self.transfers, self.approvals, self.lacks = table(), table(), table()
        self.torn, self.facts_sha256, self.bundled = {""}, "", (0, {"": None})
        self._ids, self._outs, self._gone, self._parsed, self._latest = {""}, {""}, {""}, {("", "")}, 0
    def need(self, holds: Any, seq: int, why: str) -> bool: return self.bundle.need(holds, 10, "custody", LEDGER, line=seq, why=why)
    def tell(self, seq: int, value: "dict[str, Any]") -> None:  # follow one line
        act, phase, step, corrects = (get(value, key) for key in ("act", "phase", "step", "corrects"))
        params, ins, outs, attach = (get(value, key, kind) for key, kind in FIELDS)
        self.need(corrects in self._ids - {""} if corrects or act == "correct" else 1, seq, "it corrects no earlier line｜前の行を訂正していません")
        self.need(get(value, "id") not in self._ids, seq, "it has no id of its own｜固有の識別子がありません")
        self._ids.add(get(value, "id"))
        self._latest = max(self._latest, get(value, "ts_ns", int))
        if phase == "begun": self.open[step] = (seq, act)
        elif phase != "done": self.need(self.open.pop(step, (0, ""))[1] == act, seq, "it ends a step that was not begun｜開始の記録がない作業の終了です")
        facts = get(params, "case_toml_sha256") or self.facts_sha256
        self.need(facts == self.facts_sha256 or act[:5] == "case.", seq, "case.toml was changed without 'case set'｜case.toml が 'case set' なしに変更されています")
        self.facts_sha256 = facts
        beside = [each for each in outs if get(each, "path").startswith("ledger/")]  # stamps, signatures of witnesses
        self.attached.update({"data/" + get(each, "path"): (seq, get(each, "sha256")) for each in (*attach, *beside)})
        answers = get(params, "answers.sha256")
        if answers: self.attached[ATTACHED + answers] = (seq, answers)
        self.torn.add("data/" + get(value, "result.torn"))
        self._outs.update(get(each, "sha256") for each in attach)
        if act != "transfer.in" or get(params, "answers"):  # what arrives from elsewhere is told by another ledger
            for each in ins: self.need(get(each, "sha256") in self._outs, seq, f"its input {each} came out of no earlier step")
        self._outs.update(get(each, "sha256") for each in (*ins, *outs))
        for code, _, places, title in checklist(LINE_FACTS[""] + LINE_FACTS.get(act, "")) if phase != "failed" else ():
            if not any(said(dig(value, place)) for place in places): self.lacks.setdefault((code, *title), seq)
        if act in ("content.view", "content.export"): self._review(seq, act, value, params, attach)  # begun is opened
        if phase in ("finished", "done"):
            self.last[act, get(params, "evidence")] = value
            self._done(seq, act, value, params, ins, outs, attach)
    def _done(self, seq: int, act: str, value: Any, params: Any, ins: Any, outs: Any, attach: Any) -> None:
        items = sorted((get(each, "id"), get(each, "sha256")) for each in ins)
        item, manifest = get(params, "evidence"), get(params, "manifest_sha256")
        if act in ("parse", "seal"):
            self.need(self.items.get(item, (0, ""))[1] == manifest, seq, "it is about another manifest than was acquired｜取得時と異なる目録についての行です")
        if act == "acquire":
            self.need(not {get(each, "id") for each in outs} & set(self.items), seq, "it acquires an item that is there already｜既にある証拠番号を再び取得しています")
            self.items.update({get(each, "id"): (seq, get(each, "sha256")) for each in outs})
        elif act in ("parse", "timeline", "report"):
            self.results[act, item, get(params, "report")] = (seq, outs)
            self._parsed |= {(item, get(each, "sha256")) for each in outs if act == "parse"}
        elif act == "bundle": self.bundled = (seq, value)
        elif act == "seal":
            self.seals.append((seq, value))
            self.need((item, get(params, "records_sha256")) in self._parsed, seq, "it sealed records that no parse made｜解析結果にない記録を封印しています")
            self.need(any(get(each, "path").endswith("/messages.leaves") for each in outs), seq, "it names no leaves｜封印の葉（messages.leaves）の記載がありません")
        elif act == "case.set" and ATTACHED + get(params, "answers.sha256") in self.bundle.files:
            answers = parse_json(self.bundle.paper(ATTACHED + params["answers"]["sha256"]))
            for item, given in get(answers, "answers", dict).items():
                self.answers.update({f"{item} {key}": text for key, text in given.items()})
        elif act == "key.add" and get(params, "vkey"): self.log_keys.setdefault(vkey(parse_vkey(params["vkey"])), (seq, 1 << 62))
        elif act == "key.add" and get(params, "public_key"):
            key = from_base64(params["public_key"].split()[1])
            dates = {each: get(params, each) for each in ("valid_after", "valid_before", "namespaces")}
            self.people.append({"names": [get(params, "principal")], "key": key, "added": seq, **dates})
        elif act == "key.revoke":
            log = self.log_keys.get(get(params, "vkey"), (0, 0))
            people = [each for each in self.people if fingerprint(each["key"]) == get(params, "fingerprint")]
            self.need(log[1] == 1 << 62 or any("revoked" not in each for each in people), seq, "it revokes no key that was valid｜有効でない鍵の失効です")
            if log[1] == 1 << 62: self.log_keys[params["vkey"]] = (log[0], seq)
            for each in people: each.setdefault("revoked", seq)
        elif act == "transfer.out":
            self.transfers[get(value, "id")] = (seq, items)
            self.need(get(params, "from.name") != get(params, "to.name") or not get(params, "to.name"), seq, "giver and receiver are the same person｜渡した者と受け取った者が同じです")
        elif act == "transfer.in" and get(params, "answers"):
            answered = self.transfers.pop(params["answers"], (0, None))[1] == items
            self.need(answered, seq, "it answers no transfer.out with the same items and hashes｜証拠とハッシュが一致する引渡し（transfer.out）がありません")
            self.need(get(value, "result.rc", int) == 0, seq, "whoever received the items found other hashes｜受領者の確認でハッシュが一致していません")
        elif act.startswith("approval."): self._review(seq, act, value, params, attach)
        self.need(act not in ("transfer.out", "dispose") or not self._gone & {item for item, _ in items}, seq, "it was disposed of before｜既に廃棄された証拠です")
        self._gone.update(item for item, _ in items if act == "dispose")
    def _review(self, seq: int, act: str, value: Any, params: Any, attach: Any) -> None:
        """Content is opened only within an approval by another person: scope, time, stage, number of views."""
        request = self.approvals.setdefault(get(params, "request"), {"state": "none", "views": 0})
        stages = ("metadata", "excerpt", "full")
        if act == "approval.request":
            self.need(request["state"] == "none", seq, "it asks again under the number of another request｜既にある申請番号での再申請です")
            paper, ids = [get(each, "sha256") for each in (attach + [{}, {}])[:2]]
            request.update(params, state="open", views=0, paper=paper, ids=ATTACHED + ids)
        elif act == "approval.grant":
            other = request["state"] == "open" and get(params, "approver") not in ("", get(request, "requester"))
            self.need(other, seq, "it approves no open request of another person｜他人の未決の閲覧申請に対する承認ではありません")
            request.update(state="granted", line=seq, approver=get(params, "approver"), attach=attach)
        elif act.startswith("approval."): request["state"] = "over"
        else:
            request["views"] += 1
            holds = request["state"] == "granted" and request["views"] <= get(request, "max_views", int)
            in_time = get(request, "from_ns", int) <= self._latest < get(request, "until_ns", int)  # whatever the clock went back
            reach = stages[:stages.index(request["stage"]) + 1] if get(request, "stage") in stages else ()
            name, message = get(request, "ids"), get(params, "message").encode("utf-8")
            named = name in self.bundle.files and message in self.bundle.lines(name)
            self.need(holds and in_time and get(params, "stage") in reach and named, seq, "content was opened outside of an approval: its state, time, number of views, stage or messages｜承認の範囲外の閲覧です（状態・期間・回数・段階・対象のいずれか）")
def checklist(text: str) -> "Iterator[tuple[str, str, list[str], tuple[str, str]]]":  # code, condition, places, titles
    for fact, en, ja in (entry.split("|") for entry in text.split(";")[:-1]):
        (code, _, when), *places = fact.split()[0].partition("/"), *fact.split()[1:]
        yield code, when, places, (en, ja)
def table() -> "dict[Any, Any]": return {}
def said(value: Any) -> bool: return value not in (None, "", [], {})  # False and 0 do say something

# ----- Checks 8 and 12: evidence, seals, results and the bundle itself
def expect(bundle: Bundle, check: int, name: str, sha256: str, by: str) -> bool:
    """Whether a file is there and has the SHA-256 that somebody states; bytes that were left out may be missing."""
    found, parts = bundle.digest(name), name.split("/")
    absent = parts[1] in bundle.left_out and (parts[1] == "content" or parts[3:4] == ["data"])
    if bundle.need(found or absent, check, "missing", name, by=by) and found:
        bundle.need(found == sha256, check, "changed", name, found=found, listed=sha256, by=by)
    return found == sha256
def check_evidence(bundle: Bundle, story: Story) -> None:
    """The ledger pins the manifest of an item, the manifest its papers and files, and files.jsonl says the same."""
    inside: dict[str, set[str]] = {item: set() for item in story.items}
    for name in bundle.names("data/evidence/"):
        inside.setdefault(name.split("/")[2], set()).add(name)
        bundle.need(name.split("/")[2] in story.items, 8, "unlisted", name, by="the ledger")
    for item, (seq, sha256) in story.items.items():
        folder = f"data/evidence/{item}/"
        if expect(bundle, 8, folder + MANIFEST, sha256, f"line {seq} of the ledger"):
            listed = dict(line.decode("ascii").split("  ", 1)[::-1] for line in bundle.lines(folder + MANIFEST))
            for name, digest in listed.items(): expect(bundle, 8, folder + name, digest, folder + MANIFEST)
            for name in inside[item] - {folder + each for each in [*listed, MANIFEST]}: bundle.say(8, "unlisted", name, by=folder + MANIFEST)
            papers = bundle.lines(folder + "files.jsonl") if folder + "files.jsonl" in bundle.files else iter(())
            told = {f"data/{each['number']:06d}.bin": get(each, "ciphertext.sha256") or get(each, "sha256")
                    for each in map(parse_json, papers) if get(each, "number", int)}  # under two-person control the stored bytes are ciphertext
            same = told == {name: digest for name, digest in listed.items() if name.startswith("data/")}
            bundle.need(same, 8, "malformed", folder + "files.jsonl", why="it differs from " + folder + MANIFEST)
            paper = folder + "acquisition.json"
            about = get(parse_json(bundle.paper(paper)), "item") if paper in bundle.files else item
            bundle.need(about == item, 8, "malformed", paper, why=f"it is about {about}")
def check_seals(bundle: Bundle, story: Story) -> None:
    """The leaves of a sealed item give the root that its line in the ledger states."""
    for seq, value in story.seals:
        by, listed = f"line {seq} of the ledger", (get(value, "result.messages", int), get(value, "result.root"))
        for each in get(value, "out", list):
            name, tree = "data/" + get(each, "path"), Tree()
            if expect(bundle, 8, name, get(each, "sha256"), by) and name.endswith(".leaves"):
                with bundle.open(name) as handle:
                    for leaf in iter(lambda: handle.read(32), b""): tree.append(leaf)
                found = (tree.size, tree.root().hex())
                bundle.need(found == listed, 8, "root", name, line=tree.size, found=found, listed=listed, by=by)
def check_results(bundle: Bundle, story: Story) -> None:
    """What was made is what the newest finished step of each kind lists; contents have their own hash as name."""
    listed = {name: (sha256, f"line {seq} of the ledger") for name, (seq, sha256) in story.attached.items()}
    listed[FACTS] = (story.facts_sha256, "the ledger")
    for seq, outs in story.results.values():
        for each in outs:
            name, sha256 = "data/" + get(each, "path"), get(each, "sha256")
            listed[name] = (sha256, f"line {seq} of the ledger")
            if re.fullmatch(r"data/records/EV-[0-9]+\.json", name) and bundle.digest(name) == sha256:
                manifest = parse_json(bundle.paper(name, 1 << 30))
                parts = [("data/" + get(part, "path"), get(part, "sha256")) for part in get(manifest, "parts", list)]
                kept = get(manifest, "stored", dict) or {own: {"sha256": own} for own in get(manifest, "content", dict)}
                parts += [(f"data/content/{own[:2]}/{own}", get(facts, "sha256")) for own, facts in kept.items()]
                listed.update({path: (digest, name) for path, digest in parts})
    for name, (sha256, by) in listed.items(): expect(bundle, 12, name, sha256, by)
    for name in bundle.names("data/"):
        if name in listed or name in (LEDGER, "data/ledger/head") or name.startswith(CHECKPOINTS): continue
        made = name.split("/")[1] in ("records", "timeline", "reports", "findings", "tables", "ledger")
        torn = re.fullmatch("data/ledger/torn/[0-9]{12}-" + bundle.digest(name)[:16], name)
        if name.startswith(("data/content/", ATTACHED)): expect(bundle, 12, name, name.rpartition("/")[2], "its own name")
        else: bundle.need(torn or not made, 12, "unlisted", name, by="the ledger")
        bundle.need(not (torn or name.startswith(ATTACHED)) or name in story.torn, 12, "unnamed", name)
    seq, value = story.bundled  # the ledger tells the hash over all lines of the manifest that are not about itself
    digest, by = hashlib.sha256(), f"line {seq} of the ledger"
    for line in bundle.lines(MANIFEST): digest.update(b"" if line[66:].startswith(b"data/ledger/") else line + b"\n")
    found, said_ = digest.hexdigest(), [get(each, "sha256") for each in get(value, "out", list)]
    bundle.need(found in said_, 12, "changed", MANIFEST, found=found, listed=said_, by=by)
    same = bundle.left_out == get(value, "params.without", list)
    bundle.need(same, 12, "malformed", "bag-info.txt", why=f"Left-Out is not what {by} says")

# ----- Check 9: persons
def check_persons(bundle: Bundle, checkpoints: "list[Checkpoint]", ledger: Ledger, anchors: Anchors) -> None:
    """Each personal signature is by the person it names, for its purpose, with a key that was valid then."""
    people, ended = ledger.story.people, {fingerprint(each["key"]): each for each in ledger.story.people if "revoked" in each}
    if anchors.signers is not None:  # who is who is told from outside; what the ledger revokes stays revoked
        people = [{**each, "revoked": dig(ended.get(fingerprint(each["key"])), "revoked")} for each in anchors.signers]
    for each in checkpoints: check_signatures(bundle, each, ledger.times.get(each.size, 0), people)
    for number, request in ledger.story.approvals.items():
        paper, name = (["data/" + get(each, "path") for each in get(request, "attach", list)] + ["", ""])[:2]
        if "line" in request and bundle.need({paper, name} <= set(bundle.files), 9, "missing", name or LEDGER, by="approval"):
            data, who = bundle.paper(paper), get(request, "approver")
            said_ = parse_json(data)
            check_person(bundle, name, data, who, "approve", request["line"], get(said_, "at_ns", int) // 10**9, people)
            asked, ids, need = get(said_, "request", dict), Tree(), ledger.story.need
            for one in bundle.lines(request["ids"]) if request["ids"] in bundle.files else (): ids.append(leaf_hash(one))
            scope = {"root": ids.root().hex(), "count": ids.size}
            same = all(asked.get(key) == dig(request, key) for key in ("requester", "stage", "from_ns", "until_ns", "max_views"))
            same = same and hashlib.sha256(canonical(asked)).hexdigest() == request["paper"] and asked.get("scope") == scope
            same = same and (asked.get("id"), dig(said_, "approver"), dig(said_, "decision")) == (number, who, "grant")
            need(same, request["line"], "the paper that was signed is about another request than the ledger tells of｜署名された承認書の内容が台帳の申請と異なります")
            key = parse_sshsig(bundle.paper(name, 1 << 16))[0]
            own = any(each["key"] == key and asked.get("requester") in each["names"] for each in (*people, *ledger.story.people))
            need(not own, request["line"], "the key that approved it is a key of the person who asked｜承認の鍵が申請者本人の鍵です")
def check_signatures(bundle: Bundle, checkpoint: Checkpoint, when: int, people: Any) -> None:  # those over a checkpoint
    for name in bundle.names(checkpoint.name + "."):
        _, *who, purpose, kind = ("." + name.rpartition("/")[2]).split(".")  # <size>.<who>.<purpose>.sshsig
        if kind == "sshsig": check_person(bundle, name, checkpoint.data, ".".join(who[1:]), purpose, checkpoint.size, when, people)
def check_person(bundle: Bundle, name: str, data: bytes, who: str, purpose: str, line: int, when: int, people: Any) -> None:
    with bundle.reading(9, "signature", name):
        key, namespace, algorithm, signature = parse_sshsig(bundle.paper(name, 1 << 16))
        entry = {"revoked": 0}
        for each in people:  # the last one counts
            entry = each if each["key"] == key and who in each["names"] and each.get("added", 0) <= line else entry
        after, before = (ssh_time(get(entry, f"valid_{end}") or get(entry, f"valid-{end}")) for end in ("after", "before"))
        purposes = get(entry, "namespaces") or namespace
        ended = entry.get("revoked") is not None and entry["revoked"] <= line
        if not after <= when < (before or when + 1) or ended or namespace not in purposes.split(","):
            refuse(f"{fingerprint(key)} is no key of {who} that was valid then")
        if namespace != f"email-forensics-{purpose}@v1": refuse(f"it is for {namespace}")
        held = check_sshsig(data, key, namespace, algorithm, signature)
        if held is None and bundle.need(program("ssh-keygen"), 9, "unchecked", name, why="ssh-keygen is not here｜ssh-keygen がありません"):
            held = by_ssh_keygen(bundle.path(name), data, namespace, key)
        bundle.need(held is not False, 9, "signature", name, why="it does not hold｜署名が一致しません")
def by_ssh_keygen(path: str, data: bytes, namespace: str, key: bytes) -> bool:  # RSA and ECDSA
    with tempfile.TemporaryDirectory() as folder:
        signers = os.path.join(folder, "signers")
        with open(signers, "w", encoding="ascii") as handle:
            handle.write(f"signer {ssh_strings(key)[0].decode('ascii')} {to_base64(key)}\n")
        return run([program("ssh-keygen"), "-Y", "verify", "-f", signers, "-I", "signer", "-n", namespace, "-s", path], data)[0]

# ----- Check 11: completeness
def check_facts(bundle: Bundle, story: Story) -> None:
    """Every fact of the checklists is stated somewhere: by the case, a line, the papers of an item, or an answer."""
    facts = dict(re.findall(r'(?m)^(\w+) = "(.*)"$', bundle.paper(FACTS).decode("utf-8")))
    def stated(place: str, item: str, paper: Any) -> Any:
        act, mark, path = place.partition("!")
        if mark: return dig(story.last.get((act, item), story.last.get((act, ""))), path)
        if place[0] == "?": return story.answers.get(f"{item} {place[1:]}") or story.answers.get(f" {place[1:]}")
        return dig(paper, place[1:]) if place[0] == "@" else facts.get(place[1:])

    for (code, en, ja), seq in story.lacks.items(): bundle.say(11, "fact-missing", LEDGER, why=f"{code}, line {seq}", title=f"{en}｜{ja}")
    lists = [(CHECKLIST_A, item, f"data/evidence/{item}/acquisition.json") for item in story.items]
    lists += [(CHECKLIST_E, "", FACTS)] if any(key[0] == "report" for key in story.results) else []
    for entries, item, name in lists:
        paper = parse_json(bundle.paper(name)) if item and name in bundle.files else {}
        server = get(paper, "source.kind") in SERVERS
        consent, protection = (str(stated("?" + each, item, paper)).lower() for each in ("owner_consent", "write_protection"))
        applies = {"": True, "server": server, "medium": not server and not get(paper, "source.parent"),
                   "consent": consent in AGREED, "unprotected": protection in OPEN}
        for code, when, places, (en, ja) in checklist(entries):
            holds = not applies[when] or any(said(stated(place, item, paper)) for place in places)
            bundle.need(holds, 11, "fact-missing", name, why=code, title=f"{en}｜{ja}")
    for seq, _ in story.transfers.values(): bundle.say(10, "in-transit", LEDGER, line=seq)
    for seq, act in story.open.values(): bundle.say(10, "step-open", LEDGER, line=seq, why=act)

# ----- Check 13: a disclosure packet; the forms are in disclosure-packet.md and message-tree.md of the program's reference
DISCLOSED, KEYS_INSIDE, SIGNERS_INSIDE = "data/disclosed/", "data/keys/log.vkey", "data/keys/allowed_signers"
PROOF = re.compile(rb"c2sp\.org/tlog-proof@v1\nextra ([0-9A-Za-z+/=]+)\nindex (0|[1-9][0-9]{0,17})\n"
                   rb"((?:[0-9A-Za-z+/]{43}=\n)*)\n(.+)", re.DOTALL)
PART = re.compile(rb"message-part-v1\n(record|original|field|header|body|attachment)\n")
def check_packet(bundle: Bundle, anchors: Anchors) -> bool:
    """Each proof leads from the parts that are shown to a checkpoint; whether what was given from outside vouches for it."""
    checkpoints, proven, need = read_checkpoints(bundle), {KEYS_INSIDE, SIGNERS_INSIDE}, bundle.need
    used, held = table(), {-1}  # size of a checkpoint that a proof leads to -> newest time of its lines; those vouched for
    proofs = [name for name in bundle.names(DISCLOSED) if name.endswith("/packet.tlog-proof")]
    need(proofs, 13, "missing", DISCLOSED + "0001/packet.tlog-proof", by="the form of a packet")
    when = 0
    for name in proofs:
        with bundle.reading(13, "malformed", name): when = max(when, check_proof(bundle, name, {each.data: each for each in checkpoints}, proven, used))
    for name in bundle.names("data/"):
        need(name in proven or re.match(CHECKPOINTS + r"|data/keys/tsa/[^/]+\.pem$", name), 13, "unlisted", name, by="any proof")
    inside = bundle.paper(KEYS_INSIDE).decode("utf-8") if KEYS_INSIDE in bundle.files else ""
    trusted = set(anchors.keys) or set(map(parse_vkey, inside.splitlines()))
    people = parse_signers(bundle.paper(SIGNERS_INSIDE).decode("utf-8")) if SIGNERS_INSIDE in bundle.files else []
    for each in checkpoints:
        with bundle.reading(3, "signature", each.name):
            if need(each.signed_by(trusted), 3, "foreign-key", each.name, why=", ".join(one[0] for one in each.signatures)):
                anchors.signed = each.size
        need(each.size in used, 13, "unlisted", each.name, by="any proof")
        for size, time in read_stamp(bundle, each, anchors):
            need(used.get(size, 0) <= time + CLOCK_SKEW, 5, "time-ahead", each.name, line=size, why=used.get(size, 0) - time)
            late = time - used.get(size, time)
            if need(late <= anchors.lag, 5, "late", each.name, why=late, listed=anchors.lag) and anchors.tsa_root: held.add(size)
        check_signatures(bundle, each, when, anchors.signers or people)
    heads = {each.size: each for each in checkpoints}
    for text, origin, size, root in anchors.receipts:
        if need(size in heads, 7, "unchecked", "--receipt " + text, why=f"the packet has no checkpoint of {size} lines"):
            found, listed = (to_base64(each) for each in (heads[size].root, root))
            same = (origin, listed) == (heads[size].origin, found)
            if need(same, 7, "root", "--receipt " + text, line=size, found=found, listed=listed, by="the receipt"):
                held.add(size)
                anchors.received = size
    need(anchors.stamped or not anchors.tsa_root, 4, "no-stamp", CHECKPOINTS)
    return bool(anchors.keys and used and set(used) <= held)
def check_proof(bundle: Bundle, name: str, checkpoints: "dict[bytes, Checkpoint]", proven: "set[str]", used: Any) -> int:
    """One message: parts -> root of its parts -> root of its item, in a line of the ledger -> root of a checkpoint."""
    folder, shown = name[:-len("packet.tlog-proof")], len(proven)
    match = PROOF.fullmatch(bundle.paper(name)) or refuse("it is not a tlog-proof of C2SP with what leads to the line")
    told = parse_json(from_base64(match.group(1).decode("ascii")))
    raw, parts, tree = from_base64(get(told, "line")), get(told, "parts", list), Tree()
    line, index, of = parse_json(raw), get(told, "message.index", int), get(told, "message.of", int)
    for part in parts: tree.append(sha256_of(get(part, "leaf")) if "leaf" in part else shown_part(bundle, folder, part, proven))
    found = climb(leaf_hash(tree.root()), index, of, list(map(sha256_of, get(told, "message.path", list)))).hex()
    sealed = (get(line, "act"), get(line, "phase"), get(line, "result.messages", int), get(line, "result.root"))
    bundle.need(sealed == ("seal", "finished", of, found), 13, "proof", name, why="the root that its line of the ledger sealed")
    checkpoint = checkpoints.get(match.group(4)) or refuse("its checkpoint is not below " + CHECKPOINTS)
    at, path = int(match.group(2)), list(map(from_base64, match.group(3).decode("ascii").split()))
    holds = climb(leaf_hash(raw), at, checkpoint.size, path) == checkpoint.root and get(line, "seq", int) == at + 1
    holds = holds and checkpoint.origin == "email-forensics/" + get(line, "case")
    bundle.need(holds, 13, "proof", name, why="the root of " + checkpoint.name)
    proven.add(name)
    hidden = sum("leaf" in part for part in parts)
    bundle.facts.append(f"{folder}: {get(line, 'params.evidence')}, message {index} of 0-{of - 1}: {len(parts) - hidden} of "
                        f"{len(parts)} parts shown, in {len(proven) - shown - 1} files; sealed on line {at + 1} of the ledger")
    when = int(get(line, "ts_ns", int) // 10**9)
    used[checkpoint.size] = max(when, used.get(checkpoint.size, 0))
    return when

def shown_part(bundle: Bundle, folder: str, part: Any, proven: "set[str]") -> bytes:
    """The leaf of a part that is shown; the file that it names has the hash that stands in it."""
    name, content, salt = folder + get(part, "file"), folder + get(part, "content"), bytes.fromhex(get(part, "salt"))
    data = bundle.paper(name) if name in bundle.files and len(salt) == 16 else refuse(f"{name} is not here, or has no salt")
    kind = PART.match(data) or refuse(f"{name} is no part of a message")
    proven.add(name)
    if content != folder:
        listed = get(parse_json(data[kind.end():]), "sha256") if kind.group(1) in (b"body", b"attachment") else ""
        found = bundle.digest(content)
        if bundle.need(found == listed != "", 13, "changed", content, found=found, listed=listed, by=name): proven.add(content)
    return leaf_hash(salt + data)
def sha256_of(text: str) -> bytes: return bytes.fromhex(text) if re.fullmatch("[0-9a-f]{64}", text) else refuse("no SHA-256")
def climb(found: bytes, index: int, size: int, path: "list[bytes]") -> bytes:
    """RFC 9162 2.1.3.2: the root that a leaf and its siblings give; nothing where they do not fit the place."""
    last = size - 1 if 0 <= index < size else -1
    for sibling in path:
        if last <= 0: return b""
        found = node_hash(sibling, found) if index & 1 or index == last else node_hash(found, sibling)
        while index == last and index and not index & 1: index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return found if last == 0 else b""

# ----- Verdict
def check_bundle(path: str, report: Report, anchors: Anchors) -> bool:
    """All checks of a bundle; whether what was given from outside vouches for all of it."""
    bundle = Bundle(path, report)
    there = any(os.path.lexists(bundle.path(name)) for name in ("bagit.txt", MANIFEST, LEDGER))
    if not report.need(there, 1, "not-a-bundle", path): return False
    check_files(bundle)
    if bundle.packet:
        report.facts.update(disclosed=bundle.facts, files=len(bundle.files))
        return check_packet(bundle, anchors)
    checkpoints = read_checkpoints(bundle)
    stamps = [stamp for each in checkpoints for stamp in read_stamp(bundle, each, anchors)]
    wanted = {each.size for each in checkpoints} | {receipt[2] for receipt in anchors.receipts}
    ledger = Ledger(bundle, wanted, stamps, anchors.lag)
    ledger.read()
    everything: list[Any] = [(check, (bundle, ledger.story)) for check in
                             (check_evidence, check_seals, check_facts, check_results)]
    everything += [(check_checkpoints, (bundle, checkpoints, ledger, anchors)), (check_receipts, (ledger, anchors)),
                   (check_persons, (bundle, checkpoints, ledger, anchors))]
    for check, given in everything:  # what one check cannot read is a finding, and the others go on
        with report.reading(1, "unreadable", str(check.__doc__).split(":")[0]): check(*given)
    people = [f"{each['names'][0]} {fingerprint(each['key'])}" for each in ledger.story.people]
    report.facts.update(case=ledger.case, lines=ledger.tree.size, last_line=ledger.last, files=len(bundle.files), left_out=bundle.left_out,
                        root=to_base64(ledger.tree.root()), log_keys=list(ledger.story.log_keys), people=people)
    return bool(anchors.keys and 0 < ledger.tree.size <= anchors.signed and ledger.told <= max(anchors.received, anchors.stamped))

def show(report: Report, code: int, path: str, languages: "list[int]") -> str:
    """The text: verdict first, then the facts to compare with what one was told, then what was found."""
    with open(os.path.abspath(__file__), "rb") as handle: own = hashlib.sha256(handle.read()).hexdigest()
    lines = [f"verify.py {VERSION}, SHA-256 {own}", path, "", *(f"{LEVELS[code][each]} ({code})" for each in languages), ""]
    lines += [f"{key}: {value}" for key, value in report.facts.items()] + [""]
    for each in sorted(report.findings, key=lambda each: (-WORDS[each["code"]][0], each["check"])):
        words: Any = WORDS[each["code"]]
        for language in languages:
            facts = {key: value.split("｜")[-language] for key, value in each["facts"].items()}  # "English｜日本語"
            text = words[1 + language].format_map(facts)
            lines.append(f"{LEVELS[words[0]][language]} [{each['check']} {each['code']}] {each['place']}: {text}")
    lines += [f"+ {count - MAX_SHOWN} {each}" for each, count in report.counts.items() if count > MAX_SHOWN]
    return "\n".join("".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in line) for line in lines)

def main(arguments: "list[str]") -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify a bundle of e-mail evidence or a packet.")
    parser.add_argument("path", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), metavar="BUNDLE|PACKET")
    parser.add_argument("--log-key", metavar="VKEY|FILE", help="the key of the ledger, as you got it from elsewhere")
    parser.add_argument("--receipt", metavar="TEXT|FILE", action="append", default=[], help="a receipt that you hold")
    parser.add_argument("--tsa-root", metavar="PEM", help="the root certificates of the time stamping authorities")
    parser.add_argument("--signers", metavar="FILE", help="the allowed signers (OpenSSH) as you know them")
    parser.add_argument("--lag", metavar="SECONDS", type=int, default=DEFAULT_LAG, help="longest time from act to stamp")
    parser.add_argument("--language", choices=("ja", "en"), help="one language; without it, both")
    parser.add_argument("--json", action="store_true", help="the verdict and every finding as one JSON object")
    given = parser.parse_args(arguments)
    report, anchored = Report(), False
    try:
        anchors = Anchors(given)
        os.stat(given.path)
    except UNFIT as error:
        parser.error(str(error))
    try:
        anchored = check_bundle(given.path, report, anchors)
        report.facts.update(signed_lines=anchors.signed, receipt_lines=anchors.received, stamped_lines=anchors.stamped)
    except Exception as error:  # the one broad handler: whatever hostile input sets off must not look like a verdict
        report.say(0, "unreadable", given.path, why=f"the verifier could not go on: {type(error).__name__}: {error}")
    levels = {WORDS[each][0] for each in report.counts}
    code = next((level for level in (FAILED, UNREADABLE, INCOMPLETE) if level in levels), VERIFIED if anchored else CONSISTENT)
    if given.json:
        text = json.dumps({"verdict": LEVELS[code][0], "exit": code, **report.facts, "counts": report.counts, "findings": report.findings}, indent=1)
    else: text = show(report, code, given.path, {"en": [0], "ja": [1]}.get(given.language, [1, 0]))
    sys.stdout.buffer.write((text + "\n").encode("utf-8", "backslashreplace"))
    return code

if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
