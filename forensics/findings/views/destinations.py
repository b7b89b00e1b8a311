"""Where mail of own accounts went: each recipient, who exchanged mail with whom before, and what looks like what.

``sending`` has a row for each recipient of mail that an own account sent, also of mail that only a log of transport
knows. ``exchange`` is mail either way between an own account and an address. A ``place`` is a registered domain, but
with providers, where each address is a place of its own.
"""

from __future__ import annotations

from forensics.casefile.view import CaseView
from forensics.findings.likeness import alike
from forensics.findings.sql import make_table
from forensics.findings.views import View, by_sql

SENDING = """
CREATE TEMP TABLE sending AS
WITH logged AS (
    SELECT coalesce(message_id, evidence || ' ' || queue_id, record) AS key, sender, recipient, recipient_domain,
           internal, arg_min(record, (utc, record)) AS record, arg_min(address, (utc, record)) AS address,
           arg_min(evidence, (utc, record)) AS evidence, any_value(message_id) AS message_id, min(utc) AS utc,
           max(subject) AS subject
    FROM delivery WHERE logical_id IS NULL AND outcome = 'sent' AND utc IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
), known AS (
    SELECT logical_id AS key, logical_id, record, mail.address, evidence, message_id, utc, utc_us, day, sender,
           sender_name, subject, subject_key, files, file_bytes, automatic, is_reply, in_reply_to, thread_id, rcpt.role,
           rcpt.address AS recipient, rcpt.name AS recipient_name, rcpt.host, rcpt.domain, rcpt.internal,
           'mail' AS known_by
    FROM mail JOIN rcpt USING (logical_id) WHERE sender_internal AND utc IS NOT NULL
    UNION ALL
    SELECT key, NULL, logged.record, logged.address, logged.evidence, message_id, utc, epoch_us(utc),
           CAST(timezone($zone, utc) AS DATE), sender, NULL, subject, lower(subject), 0, 0, FALSE, FALSE, NULL, NULL,
           'envelope', recipient, NULL, regexp_extract(recipient, '@([^@]+)$', 1),
           coalesce(recipient_domain, regexp_extract(recipient, '@([^@]+)$', 1)), logged.internal, 'log'
    FROM logged JOIN site ON site.host = regexp_extract(sender, '@([^@]+)$', 1) WHERE site.internal
)
SELECT known.*, coalesce(by_domain.class, by_host.class) AS class,
       CASE WHEN coalesce(by_domain.class, by_host.class) IS NULL THEN known.domain ELSE recipient END AS place,
       automatic OR bulk.address IS NOT NULL OR regexp_matches(split_part(sender, '@', 1),
           '^(no-?_?reply|do-?not-?reply|mailer-daemon|postmaster|root|cron|bounces?|notifications?|newsletter)|[-_.]system$'
       ) AS by_machine
FROM known LEFT JOIN freemail AS by_domain ON by_domain.domain = known.domain
LEFT JOIN freemail AS by_host ON by_host.domain = known.host
LEFT JOIN (SELECT DISTINCT lower(address) AS address FROM bulk_senders) AS bulk ON bulk.address = sender
"""

EXCHANGE = """
CREATE TEMP TABLE exchange AS
SELECT key, utc_us, sender AS account, recipient AS other, place, domain, internal, TRUE AS outward FROM sending
UNION ALL
SELECT logical_id, utc_us, rcpt.address, sender,
       CASE WHEN coalesce(by_domain.class, by_host.class) IS NULL THEN sender_domain ELSE sender END,
       sender_domain, sender_internal, FALSE
FROM mail JOIN rcpt USING (logical_id)
LEFT JOIN freemail AS by_domain ON by_domain.domain = sender_domain
LEFT JOIN freemail AS by_host ON by_host.domain = regexp_extract(sender, '@([^@]+)$', 1)
WHERE rcpt.internal AND utc_us IS NOT NULL AND sender LIKE '%@%' AND sender_domain IS NOT NULL
"""

# For each message to the outside, when the same account and all accounts together last had to do with that address
# or place. A message does not stand before itself, whatever the number of its recipients.
CONTACT = """
CREATE TEMP TABLE first_contact AS
WITH by_pair AS (
    SELECT account, other, utc_us, lag(utc_us) OVER (PARTITION BY account, other ORDER BY utc_us) AS pair_us
    FROM (SELECT DISTINCT account, other, utc_us FROM exchange WHERE NOT internal)
), by_account AS (
    SELECT account, place, utc_us, lag(utc_us) OVER (PARTITION BY account, place ORDER BY utc_us) AS account_us
    FROM (SELECT DISTINCT account, place, utc_us FROM exchange WHERE NOT internal)
), by_all AS (
    SELECT place, utc_us, lag(utc_us) OVER (PARTITION BY place ORDER BY utc_us) AS org_us
    FROM (SELECT DISTINCT place, utc_us FROM exchange WHERE NOT internal)
), since AS (
    SELECT account, min(utc_us) AS account_since_us FROM exchange GROUP BY account
)
SELECT exchange.*, pair_us, account_us, org_us, account_since_us,
       (SELECT min(account_since_us) FROM since) AS org_since_us
FROM exchange JOIN by_pair USING (account, other, utc_us) JOIN by_account USING (account, place, utc_us)
JOIN by_all USING (place, utc_us) JOIN since USING (account)
WHERE outward AND NOT internal
"""

# How many messages each domain had been in, at each of them.
DOMAIN_SEEN = """
CREATE TEMP TABLE domain_seen AS
SELECT domain, utc_us, row_number() OVER (PARTITION BY domain ORDER BY utc_us, key) AS messages, outward,
       count(*) OVER (PARTITION BY domain) AS total, bool_or(NOT outward) OVER (PARTITION BY domain) AS answers
FROM (SELECT domain, key, min(utc_us) AS utc_us, bool_or(outward) AS outward FROM exchange GROUP BY domain, key)
"""

_ASKED = """
SELECT DISTINCT domain FROM exchange
WHERE NOT internal AND domain NOT IN (SELECT domain FROM freemail) AND domain IS NOT NULL
"""
_KNOWN = """
SELECT domain FROM domain_seen WHERE total >= 2 AND domain NOT IN (SELECT domain FROM freemail) GROUP BY domain
UNION SELECT domain FROM own_domains
UNION SELECT lower(domain) FROM partners WHERE lower(domain) NOT IN (SELECT domain FROM freemail)
UNION SELECT lower(domain) FROM competitors
"""

# A client that sends a message in parts, to other recipients each, sends one: the parts follow within an hour.
BATCH = """
CREATE TEMP TABLE batch AS
WITH message_ AS (
    SELECT key, sender, subject_key, utc_us, count(*) FILTER (NOT internal) AS externals
    FROM sending GROUP BY ALL
), gaps AS (
    SELECT *, externals >= 2 AND subject_key IS NOT NULL
              AND coalesce(utc_us - lag(utc_us) OVER same <= 3600000000, FALSE)
              AND coalesce(lag(externals) OVER same >= 2, FALSE) AS continues
    FROM message_ WINDOW same AS (PARTITION BY sender, subject_key ORDER BY utc_us, key)
)
SELECT key, first_value(key) OVER (PARTITION BY sender, subject_key, number ORDER BY utc_us, key) AS batch
FROM (SELECT *, count(*) FILTER (NOT continues) OVER (PARTITION BY sender, subject_key ORDER BY utc_us, key
                     ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number FROM gaps)
"""

# The outside domains that one message of a conversation shows its readers: a reply that goes to three or more of them.
CIRCLE = """
CREATE TEMP TABLE circle AS
WITH seen AS (
    SELECT logical_id, rcpt.domain FROM rcpt WHERE NOT internal AND role IN ('to', 'cc')
    UNION
    SELECT logical_id, sender_domain FROM mail WHERE NOT sender_internal AND sender_domain IS NOT NULL
), wide AS (
    SELECT logical_id FROM seen GROUP BY logical_id HAVING count(*) >= 3
), talk AS (
    SELECT thread_id FROM mail JOIN wide USING (logical_id)
    WHERE thread_id IS NOT NULL AND (is_reply OR NOT sender_internal) GROUP BY thread_id
)
SELECT thread_id, seen.domain, min(mail.utc_us) AS first_us
FROM mail JOIN talk USING (thread_id) JOIN seen USING (logical_id) WHERE mail.utc_us IS NOT NULL
GROUP BY thread_id, seen.domain
"""


def _lookalikes(case: CaseView) -> None:
    asked = [str(row["domain"]) for row in case.rows(_ASKED)]
    known = [str(row["domain"]) for row in case.rows(_KNOWN) if row["domain"]]
    rows = [{"domain": one, "known": other, "ground": ground} for one, other, ground in alike(asked, known)]
    make_table(case, "lookalike", ("domain", "known", "ground"), rows)


def _sending(case: CaseView) -> None:
    case.connection.execute(SENDING, {"zone": case.facts.time_zone})


_TITLE = ("送信メール", "sent mail")
VIEWS = {
    "sending": View(title=_TITLE, needs=("mail", "rcpt", "delivery", "site", "freemail", "bulk_senders"),
                    make=_sending),
    "exchange": View(title=_TITLE, needs=("sending",), make=by_sql(EXCHANGE)),
    "first_contact": View(title=_TITLE, needs=("exchange",), make=by_sql(CONTACT)),
    "domain_seen": View(title=_TITLE, needs=("exchange",), make=by_sql(DOMAIN_SEEN)),
    "lookalike": View(title=("似たドメイン", "domains that look alike"), optional=True, make=_lookalikes,
                      needs=("domain_seen", "own_domains", "partners", "competitors")),
    "batch": View(title=_TITLE, needs=("sending",), make=by_sql(BATCH)),
    "circle": View(title=_TITLE, needs=("mail", "rcpt"), make=by_sql(CIRCLE), optional=True),
}  # fmt: skip
