#!/usr/bin/env python3
"""Verify a bundle of e-mail evidence, or one disclosure packet, without trusting whoever made it.

    python3 verify.py [BUNDLE|PACKET] [--log-key VKEY|FILE] [--receipt TEXT|FILE]... [--tsa-root PEM]
                      [--signers FILE] [--lag SECONDS] [--language ja|en] [--json]

One file, Python 3.8 or later, standard library only; it shares no code with the program that makes bundles. It writes
nothing, uses no network, and starts no program but `openssl ts -verify` and `ssh-keygen -Y verify`, where these exist.
Take it, or its SHA-256, from somewhere else than the bundle: a forged bundle can hold a forged verifier.

What it checks, in this order; each finding names its check:

   1 files         every file listed and no other, SHA-256, no links, no paths that escape, no names that collide
   2 ledger        each line canonical JSON, numbered, chained to the line before it, of one case, time never backwards
   3 checkpoints   signed notes (Ed25519): syntax, signature, key, Merkle root (RFC 9162) recomputed at that size
   4 time stamps   RFC 3161: imprint, time, policy; the signature with openssl against --tsa-root
   5 time rules    no line is later than the stamp that covers it, none is older than --lag before it
   6 tail          lines that no checkpoint covers
   7 receipts      each --receipt is a prefix of this ledger: same root at its size
   8 evidence      ledger = manifest of the item = its papers = its files; seals: leaves -> root = ledger
   9 persons       SSH signatures over checkpoints: key, person, dates of validity, purpose; revoked keys
  10 custody       transfers, approvals, views, corrections; whatever goes into a step came out of an earlier one
  11 completeness  the facts that ISO/IEC 27037 and the checklist A-E ask for
  12 results       records, contents, timeline and reports are what the newest finished step of each lists
  13 packet        one disclosed message against its checkpoint

Verdict and exit code (of several, the first in this list counts):

   FAILED 10  something contradicts         UNREADABLE 13  something cannot be read      INCOMPLETE 12  a fact is missing
   INTERNALLY CONSISTENT 11  no contradiction, but nothing from outside the bundle vouches for all of it
   VERIFIED 0  consistent, signed by the --log-key, and anchored by a --receipt or by the --tsa-root; wrong usage: 2

What no check can detect: acts outside the tool, wrong facts typed in, evidence forged before it was acquired, and a
rewrite by the holder of the log key in the time between an act and its first receipt or stamp.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import calendar
import datetime
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import unicodedata
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, Iterator

VERSION = "1.0"
VERIFIED, FAILED, CONSISTENT, INCOMPLETE, UNREADABLE, USAGE = 0, 10, 11, 12, 13, 2
VERDICTS = {
    FAILED: ("FAILED", "不合格：矛盾があります（改ざんまたは破損を検知）"),
    UNREADABLE: ("UNREADABLE", "判読不能：読めないものがあります"),
    INCOMPLETE: ("INCOMPLETE", "不完全：必要な事実が欠けています"),
    CONSISTENT: ("INTERNALLY CONSISTENT", "内部整合のみ：矛盾はないが、外部の裏付けが全体には及びません"),
    VERIFIED: ("VERIFIED", "検証済み：矛盾なし、外部の裏付けあり"),
}
WARNING, NOTE = 1, 3  # levels of findings that do not touch the verdict; the other levels are the exit codes above

# Limits, so that a hostile bundle ends in UNREADABLE and not in a full memory.
MAX_FILES = 10_000_000
MAX_DEPTH = 32
MAX_LINE = 16 << 20
MAX_PAPER = 64 << 20
MAX_SHOWN = 100
BLOCK = 2 << 20
CLOCK_SKEW = 5
DEFAULT_LAG = 3600

# Every finding: code: (level, English, Japanese). One line each, however wide, so that the two can be compared.
WORDS = {
    "not-a-bundle": (UNREADABLE, "this is neither a bundle nor a packet", "証拠一式でも開示パケットでもありません"),
    "unreadable": (UNREADABLE, "cannot be read: {why}", "読めません：{why}"),
    "crash": (UNREADABLE, "the verifier could not go on: {why}", "検証を続けられませんでした：{why}"),
    "missing": (FAILED, "is missing; {by} names it", "ありません（{by} に記載あり）"),
    "unlisted": (FAILED, "is here, but {by} does not name it", "{by} に記載がありません"),
    "changed": (FAILED, "changed: its SHA-256 is {found}; {by} says {listed}", "変わっています：SHA-256 は {found}、{by} の記載は {listed}"),
    "malformed": (FAILED, "not what it should be: {why}", "正しい形ではありません：{why}"),
    "not-a-file": (FAILED, "is a {why}, not a regular file or folder", "通常のファイルやフォルダーではありません：{why}"),
    "collision": (FAILED, "is the same name as {other} on some systems", "環境により {other} と同じ名前になります"),
    "left-out": (NOTE, "left out of this bundle, not checked: {why}", "この一式に含まれず、未検査：{why}"),
    "line": (FAILED, "line {line}: {why}", "{line} 行目：{why}"),
    "chain": (FAILED, "line {line}: 'prev' is not the hash of the line before it", "{line} 行目：prev が直前の行のハッシュと一致しません"),
    "clock-back": (WARNING, "line {line}: the clock went back {why} s without a clock.check", "{line} 行目：clock.check なしに時計が {why} 秒戻っています"),
    "no-checkpoint": (WARNING, "no checkpoint: nothing is signed", "チェックポイントがなく、署名がありません"),
    "signature": (FAILED, "no good signature: {why}", "正しい署名がありません：{why}"),
    "root": (FAILED, "the Merkle root over {line} is {found}, {by} says {listed}: it was rewritten", "{line} の根は {found}、{by} の記載は {listed}：書き換えを検知"),
    "cut": (FAILED, "it is of {line} lines, the ledger has {found}: lines were removed", "{line} 行のものですが台帳は {found} 行：行の除去を検知"),
    "foreign-key": (FAILED, "signed by {why}, which the log key from outside does not vouch for", "{why} の署名：外部で示された台帳鍵から信頼できません"),
    "key-not-told": (FAILED, "the key {why} is on no key.add line of the ledger", "鍵 {why} は台帳の key.add にありません"),
    "key-revoked": (FAILED, "signed with {why}, revoked before on line {line}", "{why} の署名：{line} 行目で失効済みです"),
    "unchecked": (NOTE, "signature NOT CHECKED: {why}", "署名は未検査：{why}"),
    "no-stamp": (FAILED, "a TSA root was given, but no time stamp here is from it", "示された認証局のタイムスタンプがありません"),
    "time-ahead": (FAILED, "line {line} claims a time {why} s later than the stamp that covers it", "{line} 行目の時刻は、それを覆うタイムスタンプより {why} 秒後です"),
    "time-lag": (FAILED, "line {line} claims a time {why} s before its first stamp; --lag allows {listed} s", "{line} 行目の時刻は最初のタイムスタンプより {why} 秒前（上限 --lag {listed} 秒）"),
    "tail": (WARNING, "lines {line} to {found} are covered by no checkpoint", "{line}〜{found} 行目を覆うチェックポイントがありません"),
    "not-on-ledger": (FAILED, "is not on the ledger", "台帳に記載がありません"),
    "custody": (FAILED, "line {line}: {why}", "{line} 行目：{why}"),
    "in-transit": (INCOMPLETE, "line {line}: handed over, and not received: {why}", "{line} 行目：引き渡し後、受領の記録がありません：{why}"),
    "fact-missing": (INCOMPLETE, "missing: {why}", "記載なし：{why}"),
    "step-open": (WARNING, "line {line}: {why} was begun and not ended", "{line} 行目：{why} は開始後、終了していません"),
}
# The acts that a ledger line may report. Version 1 of the line knows the first row, version 2 all.
ACTS_1 = "case.open case.set acquire acquire.verify image.examine parse timeline report verify anomaly clock.check".split()
ACTS_2 = ACTS_1 + """key.add key.revoke seal checkpoint.stamp receipt transfer.out transfer.in witness correct return
    dispose bundle disclose replay store.out store.in meta.review approval.request approval.grant approval.deny
    approval.expire content.view content.export find map playbook""".split()
PHASES = ("begun", "finished", "failed", "done")
TELLS_OF_ANCHORS = ("checkpoint.stamp", "receipt")  # such lines can only follow the checkpoint that they tell of

class Bad(Exception):
    """Input that breaks its own format; the message says how."""

class Report:
    """What was found. Of each kind of finding the first ones are kept and the others counted."""

    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.facts: dict[str, Any] = {}

    def say(self, check: int, code: str, place: str = "", **facts: Any) -> None:
        """Note one finding of a check: what (a code of WORDS) and where."""
        self.counts[code] += 1
        if self.counts[code] <= MAX_SHOWN:
            self.findings.append({"check": check, "code": code, "place": place, "facts": facts})

    def worst(self) -> int:
        """The verdict as far as the findings decide it."""
        levels = {WORDS[code][0] for code in self.counts}
        return next((level for level in (FAILED, UNREADABLE, INCOMPLETE) if level in levels), CONSISTENT)


# ---------------------------------------------------------------------------------------------------------------------
# Formats: canonical JSON, Ed25519, Merkle tree, signed note, DER, SSH signature
# ---------------------------------------------------------------------------------------------------------------------

def parse_json(data: bytes) -> Any:
    """JSON without duplicate keys, floats or numbers beyond 64 bits; nesting as deep as Python allows."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_int=_integer, parse_float=_refuse,
                          parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Bad("this is not JSON: {}".format(str(error)[:200])) from None

def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a key twice")
    return found

def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number is too long")
    return int(text)

def _refuse(text: str) -> Any:
    raise ValueError("a number is not an integer: " + text[:20])

def canonical(value: Any) -> bytes:
    """The one way to write a value: UTF-8, no blanks, keys sorted by code point."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Bad("it has no canonical form: {}".format(error)) from None

def get(value: Any, *path: str, kind: type = str) -> Any:
    """The value under a path of keys, or the empty value of that kind if there is none or it is of another kind."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if type(value) is kind else kind()

# Ed25519 (RFC 8032 5.1): points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_ZERO = (0, 1, 1, 0)
Point = Any

def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)

def _multiply_two(s: int, p: Point, t: int, q: Point) -> Point:
    """s*P + t*Q, both scalars walked together."""
    both, total = _add(p, q), _ZERO
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        total = _add(total, total)
        one, two = s >> bit & 1, t >> bit & 1
        if one or two:
            total = _add(total, both if one and two else p if one else q)
    return total

def _decode_point(data: bytes) -> Point:
    """RFC 8032 5.1.3; a y that is not reduced, or an x that does not exist, is refused."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _P:
        raise Bad("the point is not canonical")
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT % _P
    if x * x % _P != square or (x == 0 and sign):
        raise Bad("this is not a point of the curve")
    x = _P - x if x & 1 != sign else x
    return (x, y, 1, x * y % _P)

def _encode_point(p: Point) -> bytes:
    inverse = pow(p[2], _P - 2, _P)
    x, y = p[0] * inverse % _P, p[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")

_BASE = _decode_point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))

def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify a pure Ed25519 signature (RFC 8032 5.1.7): s < L, canonical points, no public key of small order."""
    if len(public) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    try:
        key = _decode_point(public)
    except Bad:
        return False
    if s >= _L or _encode_point(_multiply_two(8, key, 0, _ZERO)) == _encode_point(_ZERO):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    minus = (_P - key[0], key[1], 1, _P - key[3])
    return _encode_point(_multiply_two(s, _BASE, k, minus)) == signature[:32]

class Tree:
    """The root of RFC 9162 2.1.1 over leaves as they come; it keeps one hash for each bit of their number."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the hash of one leaf."""
        self._stack.append(leaf)
        self.size += 1
        rest = self.size
        while rest & 1 == 0:
            right = self._stack.pop()
            self._stack.append(node_hash(self._stack.pop(), right))
            rest >>= 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._stack:
            return hashlib.sha256(b"").digest()
        root = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            root = node_hash(left, root)
        return root

def leaf_hash(data: bytes) -> bytes:
    """RFC 9162 2.1.1: a leaf has 0x00 before it."""
    return hashlib.sha256(b"\x00" + data).digest()

def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 2.1.1: a node has 0x01 before it."""
    return hashlib.sha256(b"\x01" + left + right).digest()

def from_base64(text: str) -> bytes:
    """Standard base64 with padding, nothing else, in its one form."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Bad("this is not base64") from None
    if base64.b64encode(data).decode("ascii") != text:
        raise Bad("this base64 is not in its one form")
    return data

def parse_vkey(text: str) -> tuple[str, bytes, bytes]:
    """C2SP signed-note: <name>+<key id, 8 hex>+<base64 of 0x01 and the key> -> name, key id, Ed25519 public key."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not re.fullmatch("[0-9a-f]{8}", parts[1]) or not parts[0] or re.search(r"\s", parts[0]):
        raise Bad("this is not a verifier key (name+id+base64)")
    data = from_base64(parts[2])
    key_id = hashlib.sha256(parts[0].encode("utf-8") + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] != 1 or key_id.hex() != parts[1]:
        raise Bad("this verifier key is not of Ed25519, or its id does not fit")
    return parts[0], key_id, data[1:]

def parse_note(data: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """C2SP signed-note -> text with its last line feed, and (name, key id, signature) of each signature line."""
    head, gap, tail = data.rpartition(b"\n\n")
    if not gap or not tail.endswith(b"\n") or re.search(rb"[\x00-\x09\x0b-\x1f]", data):
        raise Bad("this is not a signed note")
    signatures = []
    for line in tail[:-1].split(b"\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", _text(line))
        raw = from_base64(match.group(2)) if match else b""
        if match is None or len(raw) < 5:
            raise Bad("a line below the text is not a signature")
        signatures.append((match.group(1), raw[:4], raw[4:]))
    return head + b"\n", signatures

def parse_checkpoint(text: bytes) -> tuple[str, int, bytes]:
    """C2SP tlog-checkpoint -> origin, size, root. Further lines are extensions, which this ledger does not use."""
    lines = _text(text).split("\n")
    if len(lines) != 4 or not lines[0] or not re.fullmatch("0|[1-9][0-9]{0,17}", lines[1]):
        raise Bad("a checkpoint has the three lines origin, size, root")
    root = from_base64(lines[2])
    if len(root) != 32:
        raise Bad("the root is not a SHA-256")
    return lines[0], int(lines[1]), root

def parse_receipt(text: str) -> tuple[str, int, bytes, int]:
    """<origin> <size> <base64 root> <time> -> origin, size, root, seconds since 1970."""
    parts = text.split()
    if len(parts) != 4:
        raise Bad("a receipt has origin, size, root and time")
    origin, size, root = parse_checkpoint("\n".join([*parts[:3], ""]).encode("utf-8"))
    return origin, size, root, parse_time(parts[3])

def parse_time(text: str) -> int:
    """RFC 3339 in UTC, or the GeneralizedTime of a stamp -> seconds since 1970."""
    match = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)T?(\d\d):?(\d\d):?(\d\d)(\.\d+)?(Z|\+00:00)", text)
    try:
        moment = datetime.datetime(*[int(part) for part in match.groups()[:6]]) if match else None  # noqa: DTZ001
    except ValueError:
        moment = None
    if moment is None:
        raise Bad("this is not a time in UTC: " + text[:40])
    return calendar.timegm(moment.timetuple())

def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except ValueError:
        raise Bad("this is not text in UTF-8") from None

# DER (X.690): what RFC 3161 needs of it. An element is (tag, its content).
def der_elements(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand side by side in these bytes."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
            raise Bad("this is not DER")
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4 or at + count > len(data):
                raise Bad("this is not DER: a length is wrong")
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        if at + size > len(data):
            raise Bad("this is not DER: it is cut short")
        found.append((tag, data[at:at + size]))
        at += size
    return found

def der(data: bytes, *path: int) -> bytes:
    """The content of the element at a path of positions."""
    for position in path:
        elements = der_elements(data)
        if position >= len(elements):
            raise Bad("this DER lacks an element")
        data = elements[position][1]
    return data

OID_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
IMPRINTS = {"608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512"}

def parse_stamp(reply: bytes) -> dict[str, Any]:
    """A TimeStampResp of RFC 3161 -> imprint, time, policy, nonce. Its signature is left to openssl."""
    if int.from_bytes(der(reply, 0, 0, 0), "big") not in (0, 1):
        raise Bad("the authority did not grant a stamp")
    content = der(reply, 0, 1, 1, 0, 2)  # TimeStampResp.timeStampToken -> [0] -> SignedData -> encapContentInfo
    if der(content, 0) != OID_TST_INFO:
        raise Bad("the reply holds no TSTInfo")
    info = der_elements(der(content, 1, 0, 0))
    imprint = der_elements(info[2][1]) if len(info) > 4 else []
    if len(imprint) != 2:
        raise Bad("the TSTInfo is cut short")
    return {
        "policy": oid(info[1][1]),
        "hash": IMPRINTS.get(der(imprint[0][1], 0).hex(), ""),
        "imprint": imprint[1][1],
        "time": parse_time(_text(info[4][1])),
        "nonce": next((value for tag, value in info[5:] if tag == 0x02), b""),
    }

def oid(data: bytes) -> str:
    """An object identifier in dots."""
    numbers, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    return ".".join(str(n) for n in [first, numbers[0] - 40 * first, *numbers[1:]]) if numbers else ""

# SSH signatures (PROTOCOL.sshsig): strings with a length of four bytes before them.
def ssh_strings(data: bytes) -> list[bytes]:
    """The strings that stand side by side in these bytes."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        if at + 4 + size > len(data):
            raise Bad("this SSH structure is cut short")
        found.append(data[at + 4:at + 4 + size])
        at += 4 + size
    return found

def ssh_string(data: bytes) -> bytes:
    """One string with its length before it."""
    return len(data).to_bytes(4, "big") + data

def parse_sshsig(data: bytes) -> tuple[bytes, str, str, bytes]:
    """An armoured SSH signature -> public key, namespace, hash, signature."""
    lines = _text(data).strip().split("\n")
    if len(lines) < 3 or (lines[0], lines[-1]) != ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"):
        raise Bad("this is not an SSH signature")
    blob = from_base64("".join(lines[1:-1]))
    parts = ssh_strings(blob[10:])
    if blob[:10] != b"SSHSIG\x00\x00\x00\x01" or len(parts) != 5 or parts[3] not in (b"sha256", b"sha512"):
        raise Bad("this is not an SSH signature of version 1")
    return parts[0], _text(parts[1]), _text(parts[3]), parts[4]

def check_sshsig(message: bytes, key: bytes, namespace: str, algorithm: str, signature: bytes) -> bool:
    """Verify an Ed25519 signature, of a plain key or of a FIDO key; other kinds raise NotImplementedError."""
    digest = ssh_string(hashlib.new(algorithm, message).digest())
    signed = b"SSHSIG" + ssh_string(namespace.encode("utf-8")) + ssh_string(b"") + ssh_string(algorithm.encode()) + digest
    kind, public, rest = (*ssh_strings(key), b"", b"")[:3]
    if kind == b"ssh-ed25519":
        made = ssh_strings(signature)
        return len(made) == 2 and made[0] == kind and ed25519(public, signed, made[1])
    if kind == b"sk-ssh-ed25519@openssh.com":
        made = ssh_strings(signature[:-5])
        pressed = hashlib.sha256(rest).digest() + signature[-5:] + hashlib.sha256(signed).digest()
        return len(made) == 2 and made[0] == kind and signature[-5] & 1 == 1 and ed25519(public, pressed, made[1])
    raise NotImplementedError(kind.decode("ascii", "backslashreplace"))

def parse_signers(data: bytes) -> list[dict[str, Any]]:
    """allowed_signers of OpenSSH -> persons, options and key of each line."""
    found = []
    for line in _text(data).splitlines():
        match = re.match(r'(\S+)\s+(?:((?:[^\s"]|"[^"]*")+)\s+)??((?:sk-)?(?:ssh|ecdsa)-\S+)\s+(\S+)', line)
        if line.strip() and not line.startswith("#"):
            if match is None:
                raise Bad("a line of the allowed signers cannot be read")
            options = dict(re.findall(r'([a-z-]+)="([^"]*)"', match.group(2) or ""))
            found.append({"names": match.group(1).strip('"').split(","), "key": from_base64(match.group(4)), **options})
    return found

def fingerprint(key: bytes) -> str:
    """An SSH key as ssh-keygen -l names it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")

def run(*command: str, data: bytes = b"") -> tuple[bool, str]:
    """Run another verifier; whether it accepted, and its last words."""
    try:
        done = subprocess.run(list(command), input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)[:200]
    return done.returncode == 0, " ".join(done.stdout.decode("utf-8", "backslashreplace").split())[-200:]


# ---------------------------------------------------------------------------------------------------------------------
# The bundle on disk: only regular files that were found by walking are ever opened, and none is held whole in memory
# ---------------------------------------------------------------------------------------------------------------------

MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
LEDGER, CHECKPOINTS = "data/ledger/events.jsonl", "data/ledger/checkpoints/"
OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

class Bundle:
    """A folder; ``files`` holds the SHA-256 of every regular file that a manifest lists and that is there."""

    def __init__(self, root: str, report: Report) -> None:
        self.root, self.report = root, report
        self.files: dict[str, bytes] = {}
        self.left_out: list[str] = []

    def path(self, name: str) -> str:
        """Where a file lies on this system."""
        return os.path.join(self.root, *name.split("/"))

    def names(self, prefix: str) -> list[str]:
        """The files below a place, in order."""
        return sorted(name for name in self.files if name.startswith(prefix))

    def digest(self, name: str) -> str:
        """The SHA-256 of a file as found; an empty text if it is not there."""
        return self.files.get(name, b"").hex()

    def _descriptor(self, name: str) -> int:
        descriptor = os.open(self.path(name), OPEN)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Bad("it is not a regular file")
        return descriptor

    def blocks(self, name: str, size: int = BLOCK) -> Iterator[bytes]:
        """A file in blocks."""
        with os.fdopen(self._descriptor(name), "rb", 0) as handle:
            while True:
                block = handle.read(size)
                if not block:
                    return
                yield block

    def hash(self, name: str) -> Any:
        """SHA-256 and size of a file, or the reason why there is none."""
        digest, size, buffer = hashlib.sha256(), 0, bytearray(BLOCK)
        try:
            with os.fdopen(self._descriptor(name), "rb", 0) as handle:
                while True:
                    count = handle.readinto(buffer)
                    if not count:
                        return digest.digest(), size
                    digest.update(memoryview(buffer)[:count])
                    size += count
        except (OSError, Bad) as error:
            return str(error)

    def paper(self, name: str, limit: int = MAX_PAPER) -> bytes:
        """A file that is small in every honest bundle."""
        with os.fdopen(self._descriptor(name), "rb") as handle:
            data = handle.read(limit + 1)
        if len(data) > limit:
            raise Bad("it is longer than {} bytes".format(limit))
        return data

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file without their line feeds; the last one must have one too."""
        with os.fdopen(self._descriptor(name), "rb", BLOCK) as handle:
            while True:
                line = handle.readline(MAX_LINE + 1)
                if not line:
                    return
                if not line.endswith(b"\n"):
                    raise Bad("a line is longer than {} bytes or is cut short".format(MAX_LINE))
                yield line[:-1]

    def walk(self) -> Iterator[tuple[str, int]]:
        """Name and size of every regular file; links, pipes and devices are reported and never opened."""
        folders, count = [""], 0
        while folders:
            folder = folders.pop()
            seen: dict[str, str] = {}
            with os.scandir(self.path(folder) if folder else self.root) as entries:
                for entry in entries:
                    name, facts = folder + entry.name, entry.stat(follow_symlinks=False)
                    folded = unicodedata.normalize("NFC", entry.name).casefold()
                    if seen.setdefault(folded, entry.name) != entry.name:
                        self.report.say(1, "collision", name, other=seen[folded])
                    count += 1
                    if count > MAX_FILES or name.count("/") > MAX_DEPTH:
                        raise Bad("more than {} files or {} folders deep".format(MAX_FILES, MAX_DEPTH))
                    if stat.S_ISDIR(facts.st_mode):
                        folders.append(name + "/")
                    elif stat.S_ISREG(facts.st_mode):
                        yield name, facts.st_size
                    else:
                        kind = "link" if stat.S_ISLNK(facts.st_mode) else "pipe, socket or device"
                        self.report.say(1, "not-a-file", name, why=kind)


# --- Check 1: files --------------------------------------------------------------------------------------------------

def read_manifest(bundle: Bundle, manifest: str, payload: bool) -> dict[str, bytes]:
    """Name -> SHA-256 of a BagIt manifest; a line that this kind of bundle does not have is a finding."""
    listed: dict[str, bytes] = {}
    try:
        for number, line in enumerate(bundle.lines(manifest), 1):
            match = re.fullmatch(rb"([0-9a-f]{64})  ([!-$&-\[\]-~]+(?: [!-$&-\[\]-~]+)*)", line)
            name = match.group(2).decode("ascii") if match else ""
            parts = name.split("/")
            if match is None or "" in parts or "." in parts or ".." in parts or (parts[0] == "data") != payload:
                bundle.report.say(1, "malformed", manifest, why="line {}".format(number))
            elif name in listed or len(listed) >= MAX_FILES:
                bundle.report.say(1, "malformed", manifest, why="line {} names {} again".format(number, name))
            else:
                listed[name] = bytes.fromhex(match.group(1).decode("ascii"))
    except FileNotFoundError:
        bundle.report.say(1, "missing", manifest, by="BagIt 1.0 (RFC 8493)")
    except (OSError, Bad) as error:
        bundle.report.say(1, "unreadable", manifest, why=error)
    return listed

def hashed(bundle: Bundle, names: Iterator[tuple[str, int]]) -> Iterator[tuple[str, Any]]:
    """Every name with its hash; large files by two threads, because hashlib lets go of the interpreter."""
    waiting: deque[tuple[str, Future[Any]]] = deque()
    with ThreadPoolExecutor(2) as pool:
        for name, size in names:
            if size <= 1 << 16:
                yield name, bundle.hash(name)
                continue
            waiting.append((name, pool.submit(bundle.hash, name)))
            if len(waiting) > 8:
                done, result = waiting.popleft()
                yield done, result.result()
        for done, result in waiting:
            yield done, result.result()

def check_files(bundle: Bundle) -> None:
    """Compare what lies in the folder with what the manifests list."""
    report, totals = bundle.report, [0, 0]
    by = {True: MANIFEST, False: TAG_MANIFEST}
    listed = read_manifest(bundle, TAG_MANIFEST, False)
    listed.update(read_manifest(bundle, MANIFEST, True))

    def known() -> Iterator[tuple[str, int]]:
        for name, size in bundle.walk():
            if name.startswith("data/"):
                totals[:] = totals[0] + size, totals[1] + 1
            if name in listed:
                yield name, size
            elif name != TAG_MANIFEST:
                report.say(1, "unlisted", name, by=by[name.startswith("data/")])

    for name, result in hashed(bundle, known()):
        wanted, source = listed.pop(name), by[name.startswith("data/")]
        if isinstance(result, str):
            report.say(1, "unreadable", name, why=result)
            continue
        bundle.files[name] = result[0]
        if result[0] != wanted:
            report.say(1, "changed", name, found=result[0].hex(), listed=wanted.hex(), by=source)
    for name in listed:
        report.say(1, "missing", name, by=by[name.startswith("data/")])
    for name in ("bagit.txt", "bag-info.txt", MANIFEST, LEDGER, "data/case.toml"):
        if name not in bundle.files and name not in listed:
            report.say(1, "missing", name, by="the form of a bundle")
    check_tags(bundle, "{}.{}".format(*totals))

def check_tags(bundle: Bundle, oxum: str) -> None:
    """bagit.txt as RFC 8493 has it; bag-info.txt for the count of the payload and for what was left out."""
    if bundle.files.get("bagit.txt", b"") not in (b"", hashlib.sha256(DECLARATION).digest()):
        bundle.report.say(1, "malformed", "bagit.txt", why="it does not declare BagIt 1.0 in UTF-8")
    if "bag-info.txt" not in bundle.files:
        return
    pairs = [line.partition(": ") for line in _text(bundle.paper("bag-info.txt")).splitlines()]
    info = {key: value for key, _, value in pairs}
    if info.get("Payload-Oxum") != oxum:
        bundle.report.say(1, "malformed", "bag-info.txt", why="Payload-Oxum is not " + oxum)
    bundle.left_out = sorted(filter(None, re.split(", *", info.get("Left-Out", ""))))
    if bundle.left_out:
        bundle.report.say(1, "left-out", "bag-info.txt", why=", ".join(bundle.left_out))


# --- Checks 2 and 6: the ledger, line by line ------------------------------------------------------------------------

class Ledger:
    """What one walk over the lines gives: their chain, the roots that others asked for, and the story they tell."""

    def __init__(self, bundle: Bundle, wanted: set[int], stamps: list[tuple[int, int]], lag: int) -> None:
        self.bundle, self.report, self.lag = bundle, bundle.report, lag
        self.wanted, self.stamps = wanted, sorted(stamps)
        self.tree, self.last, self.size = Tree(), "0" * 64, 0
        self.roots: dict[int, bytes] = {}
        self.times: dict[int, int] = {}
        self.case, self.story = "", Story(bundle)
        self.oldest_unstamped, self.newest = 0, 0
        self._checked = False
        self.significant = 0

    def read(self) -> None:
        """Walk over all lines."""
        try:
            for raw in self.bundle.lines(LEDGER):
                self._line(raw)
        except (OSError, Bad) as error:
            self.report.say(2, "unreadable", LEDGER, why="line {}: {}".format(self.tree.size + 1, error))
        if not self.tree.size:
            self.report.say(2, "malformed", LEDGER, why="it has no lines")
        head = {"lines": self.tree.size, "sha256": self.last, "size": self.size}
        if "data/ledger/head" in self.bundle.files and self.bundle.paper("data/ledger/head") != canonical(head):
            self.report.say(2, "malformed", "data/ledger/head", why="it does not name the last line")

    def _line(self, raw: bytes) -> None:
        self.tree.append(leaf_hash(raw))
        seq = self.tree.size
        try:
            value = parse_json(raw)
            wrong = list(self._wrong(value, raw, seq))
        except Bad as error:
            value, wrong = {}, [str(error)]
        for why in wrong:
            self.report.say(2, "line", LEDGER, line=seq, why=why)
        if get(value, "prev") != self.last:
            self.report.say(2, "chain", LEDGER, line=seq)
        self.last, self.size = hashlib.sha256(raw).hexdigest(), self.size + len(raw) + 1
        if seq in self.wanted:
            self.roots[seq] = self.tree.root()
        self._time(value, seq)
        if not wrong:
            self.story.tell(seq, value)
        if get(value, "act") not in TELLS_OF_ANCHORS:
            self.significant = seq

    def _wrong(self, value: Any, raw: bytes, seq: int) -> Iterator[str]:
        if not isinstance(value, dict) or canonical(value) != raw:
            yield "it is not an object in canonical form"
        self.case = self.case or get(value, "case")
        version = get(value, "v", kind=int)
        if get(value, "seq", kind=int) != seq or version not in (1, 2) or get(value, "ts_ns", kind=int) <= 0:
            yield "its number, version or time is not what it should be"
        if get(value, "case") != self.case or not self.case:
            yield "it belongs to another case"
        if get(value, "act") not in (ACTS_1 if version == 1 else ACTS_2) or get(value, "phase") not in PHASES:
            yield "act {!r}, phase {!r} is not on the list".format(get(value, "act")[:40], get(value, "phase")[:40])

    def _time(self, value: Any, seq: int) -> None:
        """Check 5: not after the first stamp that covers the line, and not longer before it than the lag."""
        now, checked = get(value, "ts_ns", kind=int) // 10**9, get(value, "act") == "clock.check"
        if now < self.newest and not (checked or self._checked):
            self.report.say(2, "clock-back", LEDGER, line=seq, why=self.newest - now)
        self._checked, self.newest = checked, max(now, self.newest) if not checked else now
        if seq in self.wanted:
            self.times[seq] = now
        while self.stamps and self.stamps[0][0] < seq:
            self.stamps.pop(0)
        if not self.stamps:
            self.oldest_unstamped = self.oldest_unstamped or now
        elif now > self.stamps[0][1] + CLOCK_SKEW:
            self.report.say(5, "time-ahead", LEDGER, line=seq, why=now - self.stamps[0][1])
        elif self.stamps[0][1] - now > self.lag:
            self.report.say(5, "time-lag", LEDGER, line=seq, why=self.stamps[0][1] - now, listed=self.lag)


# --- Checks 3, 4 and 7: checkpoints, time stamps, receipts -----------------------------------------------------------

class Anchors:
    """What was given from outside, and how far each of it reaches: the number of lines that it vouches for."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.keys = [parse_vkey(text) for text in text_or_file(given.log_key)] if given.log_key else []
        self.receipts = [(text, *parse_receipt(text)) for each in given.receipt for text in text_or_file(each)]
        self.tsa_root, self.signers, self.lag = given.tsa_root, given.signers, given.lag
        self.signed = self.received = self.stamped = 0

def text_or_file(given: str) -> list[str]:
    """An argument that is a text, or the name of a file with one on each line."""
    if os.path.isfile(given):
        with open(given, encoding="utf-8") as handle:
            return [line.strip() for line in handle if line.strip()]
    return [given]

class Checkpoint:
    """One checkpoint file of the bundle, parsed."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data
        self.text, self.signatures = parse_note(data)
        self.origin, self.size, self.root = parse_checkpoint(self.text)
        if os.path.basename(name) != "{:08d}".format(self.size):
            raise Bad("its name is not its size")

    def signed_by(self, keys: list[tuple[str, bytes, bytes]]) -> list[tuple[str, bytes, bytes]]:
        """The keys whose signature holds; one that does not hold is an error, one of an unknown key is ignored."""
        found = []
        for name, key_id, signature in self.signatures:
            for key in keys:
                if key[:2] == (name, key_id):
                    if not ed25519(key[2], self.text, signature):
                        raise Bad("the signature of {} does not hold".format(vkey(key)))
                    found.append(key)
        return found

def vkey(key: tuple[str, bytes, bytes]) -> str:
    """A log key as text."""
    return "{}+{}+{}".format(key[0], key[1].hex(), base64.b64encode(b"\x01" + key[2]).decode("ascii"))

def read_checkpoints(bundle: Bundle) -> list[Checkpoint]:
    """All checkpoints in order of size."""
    found = []
    for name in bundle.names(CHECKPOINTS):
        if re.fullmatch("[0-9]{8,}", os.path.basename(name)):
            try:
                found.append(Checkpoint(name, bundle.paper(name, 1 << 20)))
            except (OSError, Bad) as error:
                bundle.report.say(3, "malformed", name, why=error)
        elif not re.fullmatch(r"[0-9]{8,}\.(tsq|tsr|[A-Za-z0-9._@-]+\.[a-z]+\.sshsig)", os.path.basename(name)):
            bundle.report.say(3, "unlisted", name, by="the form of a ledger")
    return sorted(found, key=lambda each: each.size)

def read_stamp(bundle: Bundle, checkpoint: Checkpoint, anchors: Anchors) -> list[tuple[int, int]]:
    """Check 4: (size, time) of the stamp over a checkpoint; none where it has none or where it is not good."""
    name = checkpoint.name + ".tsr"
    if name not in bundle.files:
        return []
    try:
        stamp = parse_stamp(bundle.paper(name, 1 << 20))
        if not stamp["hash"] or hashlib.new(stamp["hash"], checkpoint.data).digest() != stamp["imprint"]:
            raise Bad("its imprint is not the hash of the checkpoint")
        query = checkpoint.name + ".tsq"
        if query in bundle.files and stamp["nonce"] and stamp["nonce"] not in bundle.paper(query, 1 << 16):
            raise Bad("its nonce is not the one of the query")
    except (OSError, Bad) as error:
        bundle.report.say(4, "malformed", name, why=error)
        return []
    openssl = shutil.which("openssl")
    if not anchors.tsa_root or not openssl:
        why = "openssl is not here" if anchors.tsa_root else "no --tsa-root was given"
        bundle.report.say(4, "unchecked", name, why=why)
        return [] if anchors.tsa_root else [(checkpoint.size, stamp["time"])]
    command = [openssl, "ts", "-verify", "-data", bundle.path(checkpoint.name), "-in", bundle.path(name), "-CAfile",
               anchors.tsa_root, "-attime", str(stamp["time"])]
    chain = [part for pem in bundle.names("data/keys/tsa/") for part in ("-untrusted", bundle.path(pem))]
    held, said = run(*command, *chain[:2])
    if not held:
        bundle.report.say(4, "signature", name, why=said)
        return []
    anchors.stamped = max(anchors.stamped, checkpoint.size)
    return [(checkpoint.size, stamp["time"])]


def check_checkpoints(bundle: Bundle, checkpoints: list[Checkpoint], ledger: Ledger, anchors: Anchors) -> None:
    """Each is of this ledger, has its root, and is signed by a key that is trusted at that size."""
    name, told = "data/keys/log.vkey", ledger.story.log_keys
    inside = [parse_vkey(_text(line)) for line in bundle.lines(name)] if name in bundle.files else []
    for key in inside:
        if vkey(key) not in told:
            bundle.report.say(3, "key-not-told", name, why=vkey(key))
    trusted = set(anchors.keys or inside)
    for each in checkpoints:
        if each.origin != "email-forensics/" + ledger.case:
            bundle.report.say(3, "malformed", each.name, why="its origin is another case")
        if not check_root(ledger, 3, each.name, each.size, each.root):
            continue
        try:
            signers = each.signed_by(list({*inside, *anchors.keys}))
        except Bad as error:
            bundle.report.say(3, "signature", each.name, why=error)
            continue
        revoked = [key for key in signers if ledger.story.revoked.get(vkey(key), each.size) < each.size]
        if not signers:
            bundle.report.say(3, "signature", each.name, why="of a log key")
        elif not trusted & set(signers):
            bundle.report.say(3, "foreign-key", each.name, why=", ".join(map(vkey, signers)))
        elif len(revoked) == len(signers):
            line = ledger.story.revoked[vkey(revoked[0])]
            bundle.report.say(9, "key-revoked", each.name, why=vkey(revoked[0]), line=line)
        else:  # a key that a trusted checkpoint covers the adding of is trusted from there on
            trusted |= {key for key in inside if told.get(vkey(key), ledger.tree.size + 1) <= each.size}
            anchors.signed = each.size
    if anchors.keys and not anchors.signed:
        bundle.report.say(3, "signature", CHECKPOINTS, why="the log key from outside signed nothing here")
    if not checkpoints:
        bundle.report.say(3, "no-checkpoint", CHECKPOINTS)
    elif ledger.significant > anchors.signed:
        bundle.report.say(6, "tail", LEDGER, line=anchors.signed + 1, found=ledger.tree.size)

def check_root(ledger: Ledger, check: int, place: str, size: int, root: bytes) -> bool:
    """Whether the ledger has that many lines and, over them, that root."""
    if size > ledger.tree.size:
        ledger.report.say(check, "cut", place, line=size, found=ledger.tree.size)
    elif ledger.roots[size] != root:
        found, listed = (base64.b64encode(each).decode("ascii") for each in (ledger.roots[size], root))
        ledger.report.say(check, "root", place, line="{} lines".format(size), found=found, listed=listed, by=place)
    else:
        return True
    return False

def check_receipts(ledger: Ledger, anchors: Anchors) -> None:
    """Check 7: the ledger goes on from each state that somebody outside has a receipt of."""
    for text, origin, size, root, _ in anchors.receipts:
        if origin != "email-forensics/" + ledger.case:
            ledger.report.say(7, "malformed", "--receipt " + text, why="it is of another case")
        elif check_root(ledger, 7, "--receipt " + text, size, root):
            anchors.received = max(anchors.received, size)
    if anchors.tsa_root and not anchors.stamped:
        ledger.report.say(4, "no-stamp", CHECKPOINTS)
    elif anchors.stamped and ledger.oldest_unstamped and ledger.newest - ledger.oldest_unstamped > anchors.lag:
        why = ledger.newest - ledger.oldest_unstamped
        ledger.report.say(5, "time-lag", LEDGER, line=anchors.stamped + 1, why=why, listed=anchors.lag)


# --- Check 10: the story that the lines tell -------------------------------------------------------------------------

class Story:
    """The state of custody after each line: items, results, keys, transfers, approvals, and what a line lacks."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.items: dict[str, tuple[int, str]] = {}
        self.results: dict[Any, tuple[int, list[Any]]] = {}
        self.seals: list[tuple[int, dict[str, Any]]] = []
        self.attached: dict[str, tuple[int, str]] = {}
        self.log_keys: dict[str, int] = {}
        self.person_keys: dict[str, int] = {}
        self.revoked: dict[str, int] = {}
        self.open: dict[str, tuple[int, str]] = {}
        self.transfers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.approvals: dict[str, dict[str, Any]] = {}
        self.lacks: dict[str, int] = {}
        self.facts_sha256 = ""
        self.bundled: tuple[int, dict[str, Any], list[Any]] = (0, {}, [])
        self._ids: set[str] = set()
        self._outs: set[str] = set()

    def wrong(self, seq: int, why: str) -> None:
        """A line that does not fit the lines before it."""
        self.bundle.report.say(10, "custody", LEDGER, line=seq, why=why)

    def tell(self, seq: int, value: dict[str, Any]) -> None:
        """Follow one line."""
        act, phase, params = get(value, "act"), get(value, "phase"), get(value, "params", kind=dict)
        if get(value, "corrects") and get(value, "corrects") not in self._ids:
            self.wrong(seq, "it corrects a line that is not there")
        self._ids.add(get(value, "id"))
        self._step(seq, value, act, phase)
        self._facts(seq, value, act, params)
        for each in get(value, "attach", kind=list):
            self.attached["data/" + get(each, "path")] = (seq, get(each, "sha256"))
        for each in get(value, "in", kind=list):
            if get(each, "sha256") not in self._outs:
                self.wrong(seq, "its input {} came out of no earlier step".format(get(each, "sha256")[:64]))
        outs = get(value, "out", kind=list)
        self._outs.update(get(each, "sha256") for each in outs)
        if phase in ("finished", "done"):
            self._done(seq, act, params, outs, value)

    def _step(self, seq: int, value: dict[str, Any], act: str, phase: str) -> None:
        step = get(value, "step")
        if phase == "begun":
            self.open[step] = (seq, act)
        elif phase != "done" and self.open.pop(step, (0, ""))[1] != act:
            self.wrong(seq, "it ends a step that was not begun")

    def _facts(self, seq: int, value: dict[str, Any], act: str, params: dict[str, Any]) -> None:
        """case.toml changes by case.set alone; and checklist B: what every line must say."""
        stated = get(params, "case_toml_sha256")
        if stated and stated != self.facts_sha256 and act not in ("case.open", "case.set"):
            self.wrong(seq, "case.toml was changed before it without 'case set'")
        self.facts_sha256 = stated or self.facts_sha256
        for fact, path in (("B who: actor.name", ("actor", "name")), ("B authority", ("authority",)),
                           ("B where: host.name", ("host", "name")), ("B with what: tool.sha256", ("tool", "sha256"))):
            if not get(value, *path):
                self.lacks.setdefault(fact, seq)

    def _done(self, seq: int, act: str, params: dict[str, Any], outs: list[Any], value: dict[str, Any]) -> None:
        if act == "acquire":
            for each in outs:
                self.items[get(each, "id")] = (seq, get(each, "sha256"))
        elif act == "seal":
            self.seals.append((seq, value))
        elif act in ("parse", "timeline", "report"):
            self.results[act, get(params, "evidence"), get(params, "report")] = (seq, outs)
        elif act == "key.add":
            known = self.log_keys if get(params, "vkey") else self.person_keys
            known.setdefault(get(params, "vkey") or get(params, "public_key"), seq)
        elif act == "key.revoke":
            self.revoked.setdefault(get(params, "vkey") or get(params, "public_key"), seq)
        elif act == "bundle":
            self.bundled = (seq, params, outs)


# --- Checks 8 and 12: evidence, seals and results --------------------------------------------------------------------

def expect(bundle: Bundle, check: int, name: str, sha256: str, by: str) -> bool:
    """Whether a file is there and has the SHA-256 that somebody states."""
    found = bundle.digest(name)
    if not found and not (name.split("/")[1] in bundle.left_out and "/data/" in name[5:]):
        bundle.report.say(check, "missing", name, by=by)
    elif found and found != sha256:
        bundle.report.say(check, "changed", name, found=found, listed=sha256, by=by)
    return found == sha256

def check_evidence(bundle: Bundle, story: Story) -> None:
    """The ledger pins the manifest of an item, the manifest its papers and files, and files.jsonl says the same."""
    inside: dict[str, set[str]] = {item: set() for item in story.items}
    for name in bundle.names("data/evidence/"):
        item = name.split("/")[2]
        if item in inside:
            inside[item].add(name)
        else:
            bundle.report.say(8, "not-on-ledger", name)
    for item, (seq, sha256) in story.items.items():
        folder = "data/evidence/{}/".format(item)
        if not re.fullmatch("EV-[0-9]{4,}", item):
            story.wrong(seq, "it acquired something that is not named like evidence")
        elif expect(bundle, 8, folder + MANIFEST, sha256, "line {} of the ledger".format(seq)):
            lines = [line.partition(b"  ") for line in bundle.lines(folder + MANIFEST)]
            listed = {_text(name): _text(digest) for digest, _, name in lines}
            for name, digest in listed.items():
                expect(bundle, 8, folder + name, digest, folder + MANIFEST)
            for name in inside[item] - {folder + each for each in [*listed, MANIFEST]}:
                bundle.report.say(8, "unlisted", name, by=folder + MANIFEST)
            check_papers(bundle, folder, listed)

def check_papers(bundle: Bundle, folder: str, listed: dict[str, str]) -> None:
    """files.jsonl names each stored file of the manifest, with the same SHA-256, and no other."""
    told = {}
    if folder + "files.jsonl" in bundle.files:
        for line in bundle.lines(folder + "files.jsonl"):
            entry = parse_json(line)
            if get(entry, "number", kind=int):
                told["data/{:06d}.bin".format(entry["number"])] = get(entry, "sha256")
    if told != {name: digest for name, digest in listed.items() if name.startswith("data/")}:
        bundle.report.say(8, "malformed", folder + "files.jsonl", why="it differs from " + folder + MANIFEST)

def check_seals(bundle: Bundle, story: Story) -> None:
    """The leaves of a sealed item give the root that its line in the ledger states."""
    for seq, value in story.seals:
        by, tree, places = "line {} of the ledger".format(seq), Tree(), get(value, "out", kind=list)
        for each in places:
            name = "data/" + get(each, "path")
            if expect(bundle, 8, name, get(each, "sha256"), by) and name.endswith(".leaves"):
                for block in bundle.blocks(name, 32):
                    tree.append(block)
                if tree.root().hex() != get(value, "result", "root"):
                    listed = get(value, "result", "root")
                    bundle.report.say(8, "root", name, line=name, found=tree.root().hex(), listed=listed, by=by)
        item = get(value, "params", "evidence")
        if story.items.get(item, (0, ""))[1] != get(value, "params", "manifest_sha256"):
            story.wrong(seq, "it sealed another manifest of {} than was acquired".format(item[:40]))

def check_results(bundle: Bundle, story: Story) -> None:
    """Records, timeline and reports are those that the newest finished step of each kind lists; contents bear their
    own hash as name."""
    listed: dict[str, tuple[str, str]] = {}
    for seq, outs in story.results.values():
        by = "line {} of the ledger".format(seq)
        for each in outs:
            name = "data/" + get(each, "path")
            listed[name] = (get(each, "sha256"), by)
            if re.fullmatch(r"data/records/EV-[0-9]+\.json", name) and bundle.digest(name) == listed[name][0]:
                manifest = parse_json(bundle.paper(name, 1 << 30))
                for part in get(manifest, "parts", kind=list):
                    listed["data/" + get(part, "path")] = (get(part, "sha256"), name)
                for sha256 in get(manifest, "content", kind=dict) if "content" not in bundle.left_out else ():
                    expect(bundle, 12, "data/content/{}/{}".format(sha256[:2], sha256), sha256, name)
    for name, (seq, sha256) in story.attached.items():
        listed[name] = (sha256, "line {} of the ledger".format(seq))
    for name, (sha256, by) in listed.items():
        expect(bundle, 12, name, sha256, by)
    expect(bundle, 12, "data/case.toml", story.facts_sha256, "the ledger")
    for name in bundle.names("data/"):
        top, last = name.split("/")[1], name.rpartition("/")[2]
        if top in ("records", "timeline", "reports", "findings") and name not in listed:
            bundle.report.say(12, "unlisted", name, by="the ledger")
        if (top == "content" or name.startswith("data/ledger/attached/")) and bundle.digest(name) != last:
            bundle.report.say(12, "changed", name, found=bundle.digest(name), listed=last, by="its own name")
    check_bundled(bundle, story)

def check_bundled(bundle: Bundle, story: Story) -> None:
    """The ledger tells what the bundle holds: the hash over all lines of its manifest that are not about the ledger."""
    seq, params, outs = story.bundled
    by, digest, size = "line {} of the ledger".format(seq), hashlib.sha256(), 0
    for line in bundle.lines(MANIFEST):
        if not line[66:].startswith(b"data/ledger/"):
            digest.update(line + b"\n")
            size += len(line) + 1
    listed = [get(each, "sha256") for each in outs if get(each, "id") == "payload"]
    if [digest.hexdigest()] != listed:
        bundle.report.say(12, "changed", MANIFEST, found=digest.hexdigest(), listed=", ".join(listed) or "-", by=by)
    if bundle.left_out != sorted(get(params, "without", kind=list)):
        bundle.report.say(12, "malformed", "bag-info.txt", why="Left-Out is not what {} says".format(by))


# --- Check 9: persons ------------------------------------------------------------------------------------------------

def check_persons(bundle: Bundle, checkpoints: list[Checkpoint], ledger: Ledger, anchors: Anchors) -> None:
    """Each personal signature is by the person in its name, for its purpose, with a key that was valid then."""
    name = "data/keys/allowed_signers"
    data = open(anchors.signers, "rb").read() if anchors.signers else bundle.paper(name) if name in bundle.files else b""
    signers = parse_signers(data)
    told = {from_base64(text.split()[1]): seq for text, seq in ledger.story.person_keys.items() if " " in text}
    for signer in signers:
        if signer["key"] not in told and not anchors.signers:
            bundle.report.say(9, "key-not-told", name, why=fingerprint(signer["key"]))
    for each in checkpoints:
        for place in bundle.names(each.name + "."):
            match = re.fullmatch(r"[0-9]+\.([A-Za-z0-9._@-]+)\.([a-z]+)\.sshsig", os.path.basename(place))
            if match:
                try:
                    check_person(bundle, place, each, match.group(1), match.group(2), signers, ledger)
                except (OSError, Bad) as error:
                    bundle.report.say(9, "signature", place, why=error)
                except NotImplementedError as error:
                    bundle.report.say(9, "unchecked", place, why=error)

def check_person(bundle: Bundle, place: str, checkpoint: Checkpoint, who: str, purpose: str,
                 signers: list[dict[str, Any]], ledger: Ledger) -> None:
    """One signature; a key that is not Ed25519 is left to ssh-keygen."""
    key, namespace, algorithm, signature = parse_sshsig(bundle.paper(place, 1 << 16))
    if namespace != "email-forensics-{}@v1".format(purpose):
        raise Bad("it is for the purpose " + namespace)
    entry = next((each for each in signers if each["key"] == key and who in each["names"]), None)
    when = ledger.times.get(checkpoint.size, 0)
    if entry is None:
        raise Bad("{} is not a key of {}".format(fingerprint(key), who))
    if not ssh_time(entry.get("valid-after", "")) <= when < (ssh_time(entry.get("valid-before", "")) or when + 1):
        raise Bad("the key was not valid at that time")
    if namespace not in entry.get("namespaces", namespace).split(","):
        raise Bad("the key may not sign for this purpose")
    if not check_sshsig(checkpoint.data, key, namespace, algorithm, signature):
        raise Bad("it does not hold")

def ssh_time(text: str) -> int:
    """YYYYMMDD[HHMM[SS]][Z] of allowed_signers, read as UTC -> seconds since 1970; 0 where there is none."""
    digits = text.rstrip("Z").ljust(14, "0")
    return parse_time("{}T{}Z".format(digits[:8], digits[8:])) if text else 0


# --- Check 11: completeness ------------------------------------------------------------------------------------------

def check_facts(bundle: Bundle, story: Story) -> None:
    """The facts that a person must have supplied: those of the case, of each line, of each acquisition."""
    missing = bundle.report
    for name in re.findall(r'(?m)^(\w+) = ""$', _text(bundle.paper("data/case.toml"))):
        if name != "role":
            missing.say(11, "fact-missing", "data/case.toml", why="A2/A5 " + name)
    for fact, seq in story.lacks.items():
        missing.say(11, "fact-missing", LEDGER, why="{} (line {})".format(fact, seq))
    for item in story.items:
        name = "data/evidence/{}/acquisition.json".format(item)
        paper = parse_json(bundle.paper(name)) if name in bundle.files else {}
        for fact, found in (("A4 source", get(paper, "source", "given")), ("A6 how it was opened", get(paper, "source", "opened")),
                            ("A9 hashes", get(paper, "hashes", kind=dict)), ("A10 start", get(paper, "started_ns", kind=int)),
                            ("A10 end", get(paper, "ended_ns", kind=int)), ("A10 receipt", get(paper, "receipt", kind=dict)),
                            ("A14 limits", get(paper, "limits", kind=list))):
            if not found:
                missing.say(11, "fact-missing", name, why=fact)
    for seq, act in story.open.values():
        missing.say(10, "step-open", LEDGER, line=seq, why=act)


# --- Check 13: a disclosure packet -----------------------------------------------------------------------------------

def check_packet(path: str, report: Report, anchors: Anchors) -> None:
    """One disclosed message against its checkpoint."""
    report.say(13, "not-a-bundle", path)


# --- Verdict ---------------------------------------------------------------------------------------------------------

def check_bundle(root: str, report: Report, anchors: Anchors) -> bool:
    """All checks of a bundle; whether what was given from outside vouches for all of it."""
    bundle = Bundle(root, report)
    check_files(bundle)
    if not {"bagit.txt", MANIFEST, LEDGER} & set(bundle.files):
        report.say(1, "not-a-bundle", root)
        return False
    checkpoints = read_checkpoints(bundle)
    stamps = [stamp for each in checkpoints for stamp in read_stamp(bundle, each, anchors)]
    wanted = {each.size for each in checkpoints} | {receipt[2] for receipt in anchors.receipts}
    ledger = Ledger(bundle, wanted, stamps, anchors.lag)
    ledger.read()
    for check in (lambda: check_checkpoints(bundle, checkpoints, ledger, anchors),
                  lambda: check_receipts(ledger, anchors),
                  lambda: check_evidence(bundle, ledger.story),
                  lambda: check_seals(bundle, ledger.story),
                  lambda: check_persons(bundle, checkpoints, ledger, anchors),
                  lambda: check_facts(bundle, ledger.story),
                  lambda: check_results(bundle, ledger.story)):
        guarded(check, report)
    report.facts.update(case=ledger.case, lines=ledger.tree.size, last=ledger.last, files=len(bundle.files),
                        root=base64.b64encode(ledger.tree.root()).decode("ascii"), left_out=bundle.left_out,
                        signed=anchors.signed, received=anchors.received, stamped=anchors.stamped,
                        log_keys=list(ledger.story.log_keys), person_keys=list(ledger.story.person_keys))
    reach = min(anchors.signed, max(anchors.received, anchors.stamped)) if anchors.keys else 0
    return ledger.significant > 0 and reach >= ledger.significant

def guarded(check: Callable[[], None], report: Report) -> None:
    """Run one check; what it cannot read is a finding, and the others go on."""
    try:
        check()
    except (OSError, Bad) as error:
        report.say(1, "unreadable", getattr(error, "filename", None) or "", why=error)

def show(report: Report, code: int, path: str, languages: list[int]) -> str:
    """The text: verdict first, then what was found, then how far the anchors reach."""
    lines = ["verify.py {}: {}".format(VERSION, path), ""]
    lines += ["{} ({})".format(VERDICTS[code][language], code) for language in languages]
    lines += ["", *("{}: {}".format(key, value) for key, value in report.facts.items()), ""]
    for each in sorted(report.findings, key=lambda each: (-WORDS[each["code"]][0], each["check"])):
        level = {WARNING: "warning", NOTE: "note"}.get(WORDS[each["code"]][0], VERDICTS.get(WORDS[each["code"]][0], ("",))[0])
        for language in languages:
            text = WORDS[each["code"]][1 + language].format_map({**each["facts"]})
            lines.append("{} [{} {}] {}: {}".format(level, each["check"], each["code"], each["place"], text))
    lines += ["and {} more: {}".format(count - MAX_SHOWN, code_) for code_, count in report.counts.items() if count > MAX_SHOWN]
    return "\n".join(lines)

def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify a bundle of e-mail evidence or a packet.")
    parser.add_argument("path", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--log-key", metavar="VKEY|FILE", help="the log key as you got it from elsewhere")
    parser.add_argument("--receipt", metavar="TEXT|FILE", action="append", default=[], help="a receipt that you hold")
    parser.add_argument("--tsa-root", metavar="PEM", help="the root certificate of the time stamping authority")
    parser.add_argument("--signers", metavar="FILE", help="the allowed signers as you know them")
    parser.add_argument("--lag", metavar="SECONDS", type=int, default=DEFAULT_LAG, help="longest time from act to stamp")
    parser.add_argument("--language", choices=("ja", "en"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    if not os.path.exists(given.path):
        parser.error("there is no " + given.path)
    try:
        anchors = Anchors(given)
    except (OSError, Bad) as error:
        parser.error(str(error))
    report, anchored = Report(), False
    try:
        if os.path.isdir(given.path):
            anchored = check_bundle(given.path, report, anchors)
        else:
            check_packet(given.path, report, anchors)
    except Exception as error:  # the one broad handler: whatever hostile input sets off must not look like a verdict
        report.say(0, "crash", given.path, why="{}: {}".format(type(error).__name__, str(error)[:200]))
    code = report.worst()
    code = VERIFIED if code == CONSISTENT and anchored else code
    for each in report.findings:
        each["facts"] = {key: str(value) for key, value in each["facts"].items()}
    if given.json:
        text = json.dumps({"verdict": VERDICTS[code][0], "exit": code, **report.facts, "counts": report.counts,
                           "findings": report.findings}, ensure_ascii=True, indent=1)
    else:
        text = show(report, code, given.path, {"en": [0], "ja": [1]}.get(given.language, [1, 0]))
    sys.stdout.buffer.write((text + "\n").encode("utf-8", "backslashreplace"))
    return code

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
