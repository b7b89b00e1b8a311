"""Part F of the checklists: what persons state about an incident, for the papers to authority, persons and recipients.

The items follow 個人情報の保護に関する法律施行規則 第8条1項 and 第10条. All are optional: what nobody states is
marked as not known, because a first report is made of what is known by then.
"""

from __future__ import annotations

PointRow = tuple[str, str, str, str, str, str]
"""Key, name of the answer, title in Japanese and English, hint in Japanese and English."""

INCIDENT_ROWS: tuple[PointRow, ...] = (
    ("F0.reporter", "reporter", "報告者の名称", "name of the reporting organisation",
     "会社名（省略時は依頼者）", "organisation; the client of the case where this is empty"),
    ("F0.address", "reporter_address", "報告者の住所", "address of the organisation", "", ""),
    ("F0.head", "reporter_representative", "代表者の氏名", "its representative", "", ""),
    ("F0.contact", "reporter_contact", "事務連絡者（氏名・電話・メール）", "contact (name, telephone, e-mail)", "", ""),
    ("F0.industry", "reporter_industry", "業種", "line of business", "", ""),
    ("F0.previous", "previous_report", "前回報告日・受付番号", "earlier report: date and number",
     "速報を提出した場合", "where a preliminary report was made"),
    ("F1.occurred", "incident_occurred", "発生日時", "when it happened",
     "例 2026-05-31 18:20", "such as 2026-05-31 18:20"),
    ("F1.known", "incident_known", "知った日（発覚日時）", "when the organisation came to know of it",
     "例 2026-06-01 または 2026-06-01 09:30。期限はこの日から数える",
     "2026-06-01 or 2026-06-01 09:30; the deadlines count from this day"),
    ("F1.found_by", "incident_found_by", "発見者（自社・委託先・本人・第三者）",
     "found by (own staff, contractor, person, other)", "", ""),
    ("F1.category", "incident_category", "規則7条の該当号（弁護士の判断の結果）",
     "number of art. 7 of the Rules, as counsel decided",
     "1、2、3、4（複数可。例 1, 3）", "1, 2, 3, 4, one or more, such as 1, 3"),
    ("F1.entrusted", "incident_entrusted", "委託の有無・委託先", "whether handling was entrusted, and to whom", "", ""),
    ("F1.summary", "incident_summary", "事実経過の概要", "what happened, in short", "", ""),
    ("F2.items", "incident_items", "漏えい等した個人データの項目", "items of personal data",
     "氏名、住所、電話番号、メールアドレス、生年月日、口座番号など",
     "names, addresses, telephone, e-mail, birth dates, accounts ..."),
    ("F2.media", "incident_media", "媒体・形式","medium and form",
     "メール本文、添付ファイルなど", "body, attached file ..."),
    ("F3.minimum", "persons_minimum", "本人の数（最小）", "number of persons, at least", "数字", "a number"),
    ("F3.maximum", "persons_maximum", "本人の数（最大）", "number of persons, at most", "数字", "a number"),
    ("F3.basis", "persons_basis", "本人の数の根拠", "how the persons were counted", "", ""),
    ("F4.cause", "incident_cause", "発生原因", "cause", "", ""),
    ("F5.harm", "secondary_harm", "二次被害又はそのおそれの有無・内容", "secondary harm, or the danger of it", "", ""),
    ("F6.persons", "response_to_persons", "本人への対応（通知日・方法・件数、困難な場合の代替措置）",
     "response to the persons (day, means, number; substitute measures)", "", ""),
    ("F7.public", "publication", "公表の実施状況（日・方法・文）", "publication (day, means, text)", "", ""),
    ("F8.done", "prevention_done", "実施済みの再発防止措置", "measures against recurrence that were taken", "", ""),
    ("F8.planned", "prevention_planned", "今後の再発防止措置と時期", "measures planned, and when", "", ""),
    ("F9.other", "incident_other", "その他参考となる事項（警察・他の監督官庁・海外）",
     "other matters (police, other authorities, abroad)", "", ""),
    ("F10.recovered", "recovered", "誤送信先の未閲覧・削除の確認",
     "recipient's word that it was not read and was deleted",
     "確認した日・方法・書面", "day, means, paper"),
    ("F10.contact", "enquiry_contact", "本人からの問合せ窓口", "desk for enquiries of the persons", "", ""),
    ("F10.sender", "letter_sender", "依頼状の差出人（氏名・役職）", "who signs the letter", "", ""),
    ("F10.recipients", "leak_recipients", "漏えい先（名称・アドレス）", "who received it", "", ""),
    ("F10.actions", "actions_taken", "実施した対応（1件1行：日時／内容／証跡）",
     "actions taken (one each: time / what / proof)",
     "一覧で可", "may be a list"),
    ("F11.redact", "redaction_terms", "マスキングする語・氏名・アドレス", "terms, names and addresses to black out",
     "一覧で可。マスキング版の号証に用いる", "may be a list; for the redacted exhibits"),
)  # fmt: skip
