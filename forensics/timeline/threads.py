"""Which messages answer one another: References and In-Reply-To, and the conversation index of Outlook, in SQL.

(RFC 5322 3.6.4; the first 22 bytes of a conversation index are those of the first message, [MS-OXOMSG] 2.2.1.3.)
The same subject is a weak ground: threads that share it name each other and are never merged. What is referred to and
is not in the case is counted and named.
"""

from __future__ import annotations

from forensics.casefile.view import CaseView

NAMED = 20
"""So many missing messages, and threads of the same subject, are named for each message; their number is whole."""
_ID = "'<[^<>]+>'"
_REPLY = r"^((re|fw|fwd|aw|wg|sv|tr|rv|antw|返信|転送)(\[\d+\])?\s*[:：]\s*)+"

KEYS = f"""
CREATE OR REPLACE TEMP TABLE tl_key AS
WITH mail AS (
    SELECT DISTINCT logical_id, trim(message_id, '<> ') AS own, left(thread_index, 29) AS index,
           regexp_extract_all(coalesce("references", '') || ' ' || coalesce(in_reply_to, ''), {_ID}) AS named
    FROM tl_copy JOIN message USING (id)
)
SELECT logical_id, own AS key, 'own' AS how FROM mail WHERE own <> ''
UNION SELECT logical_id, trim(unnest(named), '<> '), 'references' FROM mail
UNION SELECT logical_id, 'index ' || index, 'thread_index' FROM mail
WHERE length(index) = 29 AND NOT starts_with(index, 'AAAAAAAA')
"""  # noqa: S608 - filled with constants only

START = (
    """
    CREATE OR REPLACE TEMP TABLE tl_node AS
    SELECT logical_id, row_number() OVER (ORDER BY logical_id) AS node FROM (SELECT DISTINCT logical_id FROM tl_copy)
    """,
    "CREATE OR REPLACE TEMP TABLE tl_label AS SELECT node, node AS label FROM tl_node",
    """
    CREATE OR REPLACE TEMP TABLE tl_edge AS
    WITH shared AS (
        SELECT key, node, min(node) OVER (PARTITION BY key) AS first FROM tl_key JOIN tl_node USING (logical_id)
    )
    SELECT DISTINCT first AS one, node AS other FROM shared WHERE first <> node
    """,
)
# Each node takes its least neighbour for a parent, chains of parents are cut short, and what has one root is one node.
HOOK = """
CREATE OR REPLACE TEMP TABLE tl_parent AS
WITH ways AS (SELECT one AS node, other AS near FROM tl_edge UNION ALL SELECT other, one FROM tl_edge)
SELECT node, least(node, min(near)) AS parent FROM ways GROUP BY node
"""
JUMP = """
CREATE OR REPLACE TEMP TABLE tl_jump AS
SELECT low.node, high.parent, high.parent <> low.parent AS moved
FROM tl_parent AS low JOIN tl_parent AS high ON high.node = low.parent
"""
CONTRACT = (
    """
    CREATE OR REPLACE TEMP TABLE tl_label AS
    SELECT tl_label.node, coalesce(parent, label) AS label FROM tl_label LEFT JOIN tl_parent ON tl_parent.node = label
    """,
    """
    CREATE OR REPLACE TEMP TABLE tl_edge AS
    SELECT DISTINCT least(a.parent, b.parent) AS one, greatest(a.parent, b.parent) AS other
    FROM tl_edge JOIN tl_parent AS a ON a.node = one JOIN tl_parent AS b ON b.node = other WHERE a.parent <> b.parent
    """,
)

MEMBERS = f"""
CREATE OR REPLACE TEMP TABLE tl_member AS
WITH subjects AS (
    SELECT logical_id, nullif(trim(regexp_replace(lower(trim(min(subject))), '{_REPLY}', '')), '') AS base_subject
    FROM tl_copy JOIN message USING (id) GROUP BY logical_id
)
SELECT own.logical_id, root.logical_id AS thread_id, base_subject
FROM tl_node AS own JOIN tl_label USING (node) JOIN tl_node AS root ON root.node = label
LEFT JOIN subjects ON subjects.logical_id = own.logical_id
"""  # noqa: S608 - filled with constants only

THREADS = f"""
WITH grounds AS (
    SELECT logical_id, list_sort(list(DISTINCT CASE how WHEN 'thread_index' THEN how ELSE 'references' END)) AS grounds
    FROM tl_key WHERE key IN (SELECT key FROM tl_key GROUP BY key HAVING count(DISTINCT logical_id) > 1)
    GROUP BY logical_id
), unknown AS (
    SELECT logical_id, count(*) AS missing, list_sort(list('<' || key || '>'))[:{NAMED}] AS missing_ids
    FROM tl_key WHERE how = 'references' AND key NOT IN (SELECT mid FROM tl_known) GROUP BY logical_id
), answered AS (
    SELECT logical_id, min(trim(coalesce(regexp_extract_all(in_reply_to, {_ID})[1],
                                         regexp_extract_all("references", {_ID})[-1]), '<> ')) AS parent
    FROM tl_copy JOIN message USING (id) GROUP BY logical_id
), alike AS (
    SELECT base_subject, count(*) AS threads, list_sort(list(thread_id))[:{NAMED + 1}] AS names
    FROM (SELECT DISTINCT base_subject, thread_id FROM tl_member WHERE length(base_subject) > 3)
    GROUP BY base_subject HAVING count(*) > 1
), one AS (
    SELECT mid, min(logical_id) AS logical_id FROM tl_known GROUP BY mid HAVING count(*) = 1
)
SELECT thread_id, row_number() OVER whole AS position, tl_member.logical_id, tl_when.utc,
       count(*) OVER (PARTITION BY thread_id) AS messages, coalesce(grounds, []::VARCHAR[]) AS grounds,
       '<' || answered.parent || '>' AS parent_message_id, one.logical_id AS parent_logical_id,
       coalesce(missing, 0) AS missing, coalesce(missing_ids, []::VARCHAR[]) AS missing_ids,
       tl_member.base_subject, coalesce(alike.threads - 1, 0) AS same_subject,
       coalesce(list_filter(names, lambda each: each <> thread_id)[:{NAMED}], []::VARCHAR[]) AS same_subject_threads
FROM tl_member LEFT JOIN tl_when USING (logical_id) LEFT JOIN grounds USING (logical_id)
LEFT JOIN unknown USING (logical_id) LEFT JOIN answered USING (logical_id)
LEFT JOIN one ON one.mid = answered.parent LEFT JOIN alike ON alike.base_subject = tl_member.base_subject
WINDOW whole AS (PARTITION BY thread_id ORDER BY tl_when.utc NULLS LAST, tl_member.logical_id)
ORDER BY thread_id, position
"""  # noqa: S608 - filled with constants only

DONE_WITH = ("tl_key", "tl_node", "tl_label", "tl_edge", "tl_member")


def connect(case: CaseView) -> None:
    """Make ``tl_member``: the thread of each logical message. Run after the tables of ``log_rows``."""
    run = case.connection.execute
    for statement in (KEYS, *START):
        run(statement)
    while _any(case, "tl_edge"):
        run(HOOK)
        while True:
            run(JUMP)
            run("CREATE OR REPLACE TEMP TABLE tl_parent AS SELECT node, parent FROM tl_jump")
            if not _any(case, "tl_jump WHERE moved"):
                break
        for statement in CONTRACT:
            run(statement)
    run(MEMBERS)


def _any(case: CaseView, what: str) -> bool:
    return bool(case.rows(f"SELECT 1 AS n FROM {what} LIMIT 1"))  # noqa: S608 - names of ours
