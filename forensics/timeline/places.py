"""The places where a message may lie: each mail store with the account that it belongs to, and each log, as SQL.

A PST or OST is a place of its own; loose files, boxes and Maildir folders are one for each tree of folders. The account
of a store is told from its mail, by who sent what lies in its folders of sent mail and to whom the rest was delivered
(``Delivered-To`` and its like), else by who is named as recipient. Where no address has its clear majority, the store's
account is ambiguous and said to be so; ``tables/identities.csv`` or ``forensics case answer`` decides then.
"""

from __future__ import annotations

from forensics.casefile.view import CaseView

MAJORITY = 0.6
"""Such a share of the votes makes an address the account of a store."""
RUNNER_UP = 0.5
"""Told from recipients alone, the next address may have at most this share of the first one's votes."""

SENT = r"(^|[/.])(sent|sent items|sent mail|sent messages|sent-mail|送信済み?[^/]*|送信ボックス)(\.mbox)?(/|$)"
DRAFTS = r"(^|[/.])(drafts?|outbox|templates|unsent messages|下書き|送信トレイ|テンプレート)(\.mbox)?(/|$)"

ROOTS = """
CREATE OR REPLACE TEMP TABLE tl_root AS
WITH folders AS (
    SELECT DISTINCT evidence, split_part(parser, ' ', 1) AS parser, store_path,
           CASE WHEN split_part(parser, ' ', 1) = 'maildir' THEN store_path
                WHEN contains(store_path, '/') THEN regexp_replace(store_path, '/[^/]*$', '') ELSE '' END AS root
    FROM message WHERE depth = 0 AND split_part(parser, ' ', 1) IN ('eml', 'msg', 'maildir', 'mbox')
)
SELECT one.evidence, one.parser, one.store_path, min_by(above.root, length(above.root)) AS root
FROM folders AS one JOIN folders AS above
  ON above.evidence = one.evidence AND above.parser = one.parser
 AND (above.root = one.root OR (above.root <> '' AND starts_with(one.root, above.root || '/'))
      OR (above.root = '' AND one.parser = 'maildir'))
GROUP BY ALL
"""

MESSAGES = f"""
CREATE OR REPLACE TEMP TABLE tl_place_message AS
WITH lying AS (
    SELECT message.id, evidence, store_path, depth, recovery, flags, coalesce(date_utc, received_utc) AS utc,
           array_to_string(string_split(address, '/')[1:2], '/') AS file, split_part(parser, ' ', 1) AS parser
    FROM message
), filed AS (
    SELECT DISTINCT lying.file, lying.store_path, lying.evidence || ':' || root AS place
    FROM lying JOIN tl_root USING (evidence, parser, store_path) WHERE depth = 0
)
SELECT id, lying.evidence, coalesce(place, lying.file) AS place, utc, depth, recovery,
       regexp_matches(lower(lying.store_path), '{SENT}') AS in_sent,
       regexp_matches(lower(lying.store_path), '{DRAFTS}') OR list_has_any(flags, ['draft', 'unsent']) AS is_draft
FROM lying LEFT JOIN filed ON filed.file = lying.file AND filed.store_path = lying.store_path
"""  # noqa: S608 - filled with constants only

VOTES = """
CREATE OR REPLACE TEMP TABLE tl_vote AS
WITH votes AS (
    SELECT DISTINCT place, tl_party.id, coalesce(tl_alias.identity, address) AS account,
           CASE WHEN in_sent AND role = 'sender' THEN 2 WHEN NOT in_sent AND role = 'delivered' THEN 2
                WHEN NOT in_sent AND role = 'recipient' THEN 1 ELSE 0 END AS weight
    FROM tl_party JOIN tl_place_message USING (id) LEFT JOIN tl_alias ON tl_alias.value = address
    WHERE depth = 0 AND NOT coalesce(is_draft, false)
)
SELECT place, account, count(*) FILTER (weight = 2) AS firm, count(*) FILTER (weight = 1) AS loose
FROM votes WHERE weight > 0 GROUP BY place, account
"""

STORES = f"""
CREATE OR REPLACE TEMP TABLE tl_store AS
WITH weighed AS (
    SELECT place, account, CASE WHEN sum(firm) OVER (PARTITION BY place) > 0 THEN firm ELSE loose END AS votes,
           sum(firm) OVER (PARTITION BY place) > 0 AS is_firm
    FROM tl_vote
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY place ORDER BY votes DESC, account) AS nth,
           CASE WHEN is_firm THEN sum(votes) OVER (PARTITION BY place) END AS total,
           lead(votes, 1, 0) OVER (PARTITION BY place ORDER BY votes DESC, account) AS next
    FROM weighed WHERE votes > 0
), spans AS (
    SELECT place, min(evidence) AS evidence, count(*) FILTER (depth = 0) AS messages,
           min(utc) FILTER (depth = 0) AS first, max(utc) FILTER (depth = 0) AS last
    FROM tl_place_message GROUP BY place
), told AS (
    SELECT spans.*, ranked.account AS leader, is_firm,
           votes / coalesce(total, messages) AS share, next <= votes * {RUNNER_UP} AS is_clear, ranked.votes,
           count(*) OVER (PARTITION BY evidence) AS neighbours
    FROM spans LEFT JOIN ranked ON ranked.place = spans.place AND nth = 1
), candidates AS (
    SELECT place, list(account || ' (' || votes || ')' ORDER BY nth) FILTER (nth <= 5) AS candidates,
           list(account ORDER BY nth) FILTER (nth <= 5) AS accounts
    FROM ranked GROUP BY place
), of_store AS (
    SELECT value, min(identity) AS identity FROM tl_stated WHERE kind = 'store' GROUP BY value
)
SELECT told.place, evidence, messages, first, last, votes, share, coalesce(candidates, []::VARCHAR[]) AS candidates,
       coalesce(accounts, []::VARCHAR[]) AS accounts,
       CASE WHEN said.identity IS NOT NULL THEN 'stated' WHEN answer.account IS NOT NULL THEN 'answered'
            WHEN share >= {MAJORITY} AND is_firm THEN 'sent_and_delivered'
            WHEN share >= {MAJORITY} AND is_clear THEN 'recipients' ELSE 'ambiguous' END AS ground,
       CASE ground WHEN 'stated' THEN said.identity WHEN 'answered' THEN answer.account
            WHEN 'ambiguous' THEN NULL ELSE leader END AS account
FROM told LEFT JOIN candidates USING (place)
LEFT JOIN of_store AS said ON said.value = CASE WHEN told.place IN (SELECT value FROM of_store) THEN told.place
                                                 ELSE told.evidence END
LEFT JOIN tl_answer AS answer ON answer.item = told.evidence AND neighbours = 1
"""  # noqa: S608 - filled with constants only

LOGS = """
CREATE OR REPLACE TEMP TABLE tl_log_place AS
SELECT evidence || ':' || source AS place, evidence, source, count(*) AS events, min(utc) AS first, max(utc) AS last
FROM tl_log GROUP BY ALL
"""

PLACES = """
SELECT place, 'store' AS kind, evidence, NULL AS source, account, ground, round(share, 3) AS share, candidates,
       messages AS entries, first, last
FROM tl_store
UNION ALL
SELECT place, 'log', evidence, source, NULL, NULL, NULL, []::VARCHAR[], events, first, last FROM tl_log_place
ORDER BY kind DESC, place
"""
"""One row for each place; ``share`` is that of the votes that the account has, ``candidates`` who else had some."""

TABLES = (ROOTS, MESSAGES, VOTES, STORES, LOGS)
"""Run after those of ``identities`` and ``log_rows``, and after :func:`answers`."""


def answers(case: CaseView) -> None:
    """What ``forensics case answer`` says of the account of an item as the table ``tl_answer``, if an address."""
    case.connection.execute("CREATE OR REPLACE TEMP TABLE tl_answer (item VARCHAR, account VARCHAR)")
    for item, said in case.answered("account").items():
        if "@" in said and not set(said) & set(" ;,"):
            case.connection.execute("INSERT INTO tl_answer VALUES ($1, $2)", [item, said.lower()])
