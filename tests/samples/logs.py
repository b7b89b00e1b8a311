"""Sample logs: every line is made here, in the forms that the servers' documentation shows."""

from __future__ import annotations

import json
from typing import Any

_MIXED = """\
Dec 31 23:59:58 mx postfix/smtpd[10]: 4Tx1Yz2Abcz5Gh: client=pc1.example.co.jp[192.0.2.10], sasl_method=LOGIN, sasl_username=sato@example.co.jp
Dec 31 23:59:58 mx postfix/cleanup[11]: 4Tx1Yz2Abcz5Gh: message-id=<1@example.co.jp>
Dec 31 23:59:59 mx postfix/qmgr[12]: 4Tx1Yz2Abcz5Gh: from=<sato@example.co.jp>, size=12345, nrcpt=1 (queue active)
Jan  1 00:00:01 mx postfix/smtp[13]: 4Tx1Yz2Abcz5Gh: to=<b@y.example>, relay=mx.y.example[198.51.100.5]:25, delay=1.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)
Jan  1 00:00:02 mx dovecot: imap-login: Login: user=<sato@example.co.jp>, method=PLAIN, rip=203.0.113.7, lip=192.0.2.1, mpid=77, TLS, session=<abc>
Jan  1 00:00:03 mx dovecot: imap(sato@example.co.jp)<77><abc>: expunge: box=INBOX, uid=12, msgid=<1@example.co.jp>, size=12345
Jan  1 00:00:04 mx CRON[99]: (root) CMD (true)
    continued by a program that breaks its lines
Jan  1 00:00:05 mx sendmail[14]: 551A0001: from=<a@x.example>, size=1234, class=0, nrcpts=1, msgid=<2@x.example>, proto=ESMTP, relay=pc [192.0.2.11]
2026-01-01 00:00:06 1wABCd-000123-4E <= a@x.example H=(pc1) [192.0.2.10]:51000 P=esmtpsa A=login:a S=1234 id=3@x.example T="件名" for b@y.example
@400000005e6a9f3f0c9d1b2c info msg 1234: bytes 2343 from <a@x.example> qp 8888 uid 89
Jan  1 00:00:07 mx imapd: LOGOUT, user=sato, ip=[::ffff:192.0.2.10], headers=0, body=900, rcvd=90, sent=123456, time=60
"""  # noqa: E501 - a line of a log is one line

_BIND = {
    "CreationTime": "2026-06-01T01:02:03",
    "Id": "1",
    "Operation": "MailItemsAccessed",
    "OrganizationId": "o",
    "RecordType": 50,
    "UserId": "sato@example.co.jp",
    "ClientIPAddress": "203.0.113.7",
    "Folders": [
        {"Path": "\\受信トレイ", "FolderItems": [{"InternetMessageId": "<1@x>"}, {"InternetMessageId": "<2@x>"}]}
    ],
}


def _audit_row(record: dict[str, Any], *, cut: int | None = None) -> str:
    text = json.dumps(record, ensure_ascii=False)[:cut].replace('"', '""')
    return f'ExchangeItemAggregated,6/1/2026 10:02:03 AM,{record["UserId"]},{record["Operation"]},"{text}",1,2\r\n'


_AUDIT = (
    "RecordType,CreationDate,UserIds,Operations,AuditData,ResultIndex,ResultCount\r\n"
    + _audit_row(_BIND)
    + _audit_row({**_BIND, "Id": "2"}, cut=150)
    + 'broken,"never closed\r\n'
    + _audit_row({**_BIND, "Id": "3", "Operation": "HardDelete"})
)
_TRACKING = (
    "#Software: Microsoft Exchange Server\r\n#Version: 15.02.0330.005\r\n#Log-type: Message Tracking Log\r\n"
    "#Date: 2026-01-25T15:00:00.000Z\r\n"
    "#Fields: date-time,client-ip,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,"
    "recipient-status,total-bytes,message-subject,sender-address,return-path,custom-data\r\n"
    "2026-01-25T15:16:09.949Z,10.11.12.14,SMTP,RECEIVE,709,<id@host>,1e6e,u@example.co.jp;v@example.co.jp,,7229,"
    "件名,root@example.co.jp,bounce@example.co.jp,S:DeliveryPriority=Normal\r\n"
    "2026-01-25T15:16:10.001Z,,STOREDRIVER,DELIVER,709,<id@host>,1e6e,u@example.co.jp,,7229,件名,root@example.co.jp,,\r\n"
)
_GOOGLE = {
    "kind": "admin#reports#activities",
    "items": [
        {
            "kind": "admin#reports#activity",
            "id": {"time": "2026-06-01T01:02:03.456Z", "applicationName": "login"},
            "actor": {"email": "sato@example.co.jp"},
            "ipAddress": "203.0.113.7",
            "events": [
                {"name": "login_failure", "parameters": [{"name": "login_failure_type", "value": "bad"}]},
                {"name": "login_success"},
            ],
        }
    ],
}
_LINES = "\n".join(
    (json.dumps(_BIND, ensure_ascii=False), '{"broken": ', json.dumps({**_BIND, "Id": "9"}), '{"other": "thing"}')
)

_HELD = (
    "保留ログ一覧,,,,,,,,\r\n"
    "管理番号,受付日時,処理日時,処理,承認者,差出人,宛先,件名,添付ファイル名,適用ルール,備考欄\r\n"
    "H-1,2026/06/01 10:00:00,2026/06/01 10:05:00,承認,boss@example.co.jp,"
    '"佐藤 <sato@example.co.jp>",b@y.example;c@y.example,見積書,見積.xlsx,外部宛添付あり,\r\n'
    "H-2,2026年6月1日 10時10分,令和8年6月1日 午前10時12分,却下,boss@example.co.jp,sato@example.co.jp,d@y.example,"
    "=HYPERLINK(0),a.pdf|b.pdf,,急ぎ\r\n"
    "H-3,R8.6.1 10:20,,特別送信,,sato@example.co.jp,b@y.example,,,,\r\n"
    "H-4,2026/06/01 10:30:00,06/01/2026 10:31,取消,,sato@example.co.jp,b@y.example,,,,\r\n"
    "合計,,,,,,,,,,4\r\n"
)
_DEVICE = (
    "日時,端末名,ユーザー名,操作,ファイル名,コピー先\r\n"
    "2026/06/01 10:00:00,PC-7,sato,コピー,名簿.xlsx,E:\\\r\n"
    "2026/06/01 10:00:05,PC-7,sato,ＵＳＢ書き込み,名簿.xlsx,E:\\\r\n"
    "2026/06/01 10:01:00,PC-7,sato,印刷,名簿.xlsx,複合機1\r\n"
)

LOGS: dict[str, tuple[bytes, dict[str, Any]]] = {
    # The file was written on 2026-01-01 in Tokyo: its first lines are of the year before.
    "server-log/maillog": (
        _MIXED.encode(),
        {"metadata": {"mtime_ns": 1_767_193_210_000_000_000}, "settings": {"zone": "Asia/Tokyo"}},
    ),
    "table-log/audit.csv": (_AUDIT.encode("utf-8-sig"), {}),
    "table-log/MSGTRK2026012515-1.LOG": (b"\xff\xfe" + _TRACKING.encode("utf-16-le"), {}),
    "mapped-log/hold.csv": (_HELD.encode("cp932"), {"settings": {"zone": "UTC"}}),
    "mapped-log/endpoint.csv": (_DEVICE.encode("utf-8-sig"), {}),
    "object-log/audit-lines.json": (_LINES.encode(), {}),
    "object-log/login.json": (json.dumps(_GOOGLE, indent=1).encode(), {}),
}
