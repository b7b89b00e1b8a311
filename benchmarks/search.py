"""Searches made-up mail in Japanese and English: time and size of the index, each query's time, compared with no index.

The vocabulary is laid out so that some words stand in most messages and some in one. Every answer is compared with the
slow way, which folds every text and looks through it.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from forensics.findings.searching import asking
from forensics.findings.searching.index import opened
from forensics.findings.searching.query import parse
from tests.findings.searching.oracle import Texts, answers_of_keys, indexed, keyed

QUERIES = (
    "顧客",
    "印",
    "契約",
    "請求書",
    "請求書を",
    "お世話になっております",
    "ｺｷｬｸﾘｽﾄ",
    "ＩＮＶＯＩＣＥ",
    "invoice",
    "=list",
    '"wire transfer"',
    '"customer list"',
    "VPN接続",
    "tanaka@example.co.jp",
    "03-1234",
    "顧客 名簿 -見積",
    "subject:契約 OR body:解約",
    "name:顧客",
    "髙橋",
    "confid*",
)
_JAPANESE = """
お世話になっております。 よろしくお願いいたします。 ご確認ください。 添付の 請求書を 請求書の 契約書の
契約を 顧客の 顧客リストを 顧客名簿は 見積を 印を 押印の 会議の 資料を 来週 月曜日に 東京 大阪 支店
製造部の 髙橋です。 田中様 ｺｷｬｸﾘｽﾄ コキャクリスト サーバーの サーバに VPN接続 VPN 接続の
ﾊﾞｯｸｱｯﾌﾟ バックアップを 解約の 納期は 数量を 単価は 了解しました。 出張の 稟議 承認を 変更
"""
_ENGLISH = """
the of and to in we please find attached invoice for your review wire transfer customer list confidential contract
meeting schedule regards INVOICE Confidential payment order shipment delay quality report server account password
"""
_WORDS = ((_JAPANESE.split(), ""), (_ENGLISH.split(), " "))


def _body(rng: random.Random) -> str:
    size = int(rng.lognormvariate(6.6, 0.8))
    words, common = _WORDS[rng.random() >= 0.6]
    made, length = [], 0
    while length < size:
        draw = rng.random()
        if draw < 0.75:
            word = words[min(int(rng.expovariate(0.12)), len(words) - 1)]
        elif draw < 0.97:
            # Names, numbers and words that stand in few messages.
            word = f"{rng.choice('abcdefghij')}{rng.randrange(40_000):x}" if common else _rare(rng)
        else:
            word = f"0{rng.randrange(1, 10)}-{rng.randrange(10_000):04d}-{rng.randrange(10_000):04d}\n"
        made.append(word + common)
        length += len(made[-1])
    return "".join(made)


def _rare(rng: random.Random) -> str:
    return "".join(chr(0x4E00 + int(rng.expovariate(0.002)) % 6000) for _ in range(rng.randrange(1, 4))) + rng.choice(
        "のをにはが、"
    )


def messages(number: int, seed: int) -> list[dict[str, list[str]]]:
    """So many messages; 60 of 100 in Japanese."""
    rng = random.Random(seed)
    people = [f"{name} <{name}{n}@example{n % 40}.co.jp>" for n in range(400) for name in ("tanaka", "sato")]
    people.append("tanaka <tanaka@example.co.jp>")
    made = []
    for n in range(number):
        body = _body(rng)
        each = {
            "subject": [f"Re: {body[:24]}"],
            "body": [body],
            "from": [rng.choice(people)],
            "to": rng.sample(people, 2),
        }
        if n % 5 == 0:
            each["name"] = [rng.choice(("顧客リスト.xlsx", "請求書.pdf", "invoice_2026.pdf", f"scan{n}.pdf"))]
        made.append(each)
    return made


def main() -> None:
    """Measure, and end with 1 where an answer is not that of the slow way or takes longer than is allowed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--messages", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--allowed", type=float, default=0.3, help="seconds for one query")
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--folder", type=Path, help="keep the index here, and ask the one that is here")
    asked.add_argument("--no-oracle", action="store_true")
    given = asked.parse_args()
    made = messages(given.messages, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = (given.folder or Path(folder)) / f"{given.messages}-{given.seed}.sqlite"
        if not path.exists():
            _built(path, made)
        sys.exit(_asked(path, [] if given.no_oracle else keyed(made), given))


def _built(path: Path, made: list[dict[str, list[str]]]) -> None:
    size = sum(len(text.encode()) for each in made for texts in each.values() for text in texts)
    before, used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    began = time.perf_counter()
    indexed(path, made)
    took, used = time.perf_counter() - began, time.process_time() - used
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sys.stdout.write(
        f"{len(made):,} messages, {size / 1e6:.0f} MB of text: index {took:.1f} s ({used:.1f} s of processor), "
        f"{path.stat().st_size / 1e6:.0f} MB, {grown / 1024:.0f} MiB more memory\n"
    )
    sys.stdout.flush()


def _asked(path: Path, made: list[Texts], given: argparse.Namespace) -> int:
    bad, every = 0, []
    for said in QUERIES:
        query, times, used = parse(said), [], []
        for _ in range(given.runs):
            began, before = time.perf_counter(), time.process_time()
            with opened(path) as index:
                found = asking.matches(index, query)
            times.append(time.perf_counter() - began)
            used.append(time.process_time() - before)
        every += times
        same = (
            "not compared" if given.no_oracle else "same" if set(found) == answers_of_keys(query, made) else "DIFFERS"
        )
        late = max(times) > given.allowed
        bad += same == "DIFFERS" or late
        sys.stdout.write(
            f"{said:28} {len(found):8,} messages  median {statistics.median(times) * 1e3:6.1f} ms  "
            f"worst {max(times) * 1e3:6.1f} ms  processor {max(used) * 1e3:6.1f} ms  {same}{'  LATE' if late else ''}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"all: median {statistics.median(every) * 1e3:.1f} ms, worst {max(every) * 1e3:.1f} ms\n")
    return 1 if bad else 0


if __name__ == "__main__":
    main()
