"""Sentences of ordinary office mail, Japanese and English, without any word that would make a finding of it."""

from __future__ import annotations

TOPICS = (
    "定例会議の議題について",
    "工程表の確認",
    "納期のご相談",
    "来週の打合せ",
    "試作品の評価結果",
    "出荷予定の共有",
    "備品の発注について",
    "仕様の確認事項",
    "検査結果のご報告",
    "現地調査の日程",
    "棚卸しの予定",
    "安全衛生委員会の案内",
    "研修の受講について",
    "展示会の準備",
    "設備点検の実施",
    "在庫状況の件",
    "組付け手順の見直し",
    "梱包仕様の変更",
    "部品の手配状況",
    "週報",
)
SENTENCES = (
    "先日の打合せでご説明した内容をまとめましたので、ご確認ください。",
    "来週の予定について、以下の候補日でご都合をお知らせください。",
    "工程は予定どおり進んでおり、月末には評価を終える見込みです。",
    "部品の入荷が二日ほど遅れる見込みですが、全体の日程には影響しません。",
    "ご不明な点がありましたら、お気軽にお問い合わせください。",
    "会議室は三階の第二会議室を予約しています。",
    "前回からの変更点は二か所で、いずれも軽微なものです。",
    "検査の結果、すべての項目で基準を満たしていることを確認しました。",
    "数量と納期をご確認のうえ、ご返信いただけますと幸いです。",
    "現場からは、作業手順をもう少し簡単にしてほしいという声が出ています。",
    "次回の定例では、残っている課題を一つずつ確認したいと考えています。",
    "出張の報告は、今週中に共有フォルダへ置いておきます。",
    "ご対応いただき、ありがとうございました。",
    "取り急ぎ、ご連絡まで。",
    "ご検討のほど、よろしくお願いいたします。",
    "設備の点検は、土曜の午前中に行う予定です。",
    "写真は後ほど共有フォルダに上げておきます。",
    "念のため、関係者にも共有しておきます。",
    "サンプルは明日の便で発送しますので、到着をお待ちください。",
    "担当者が来週から替わりますので、よろしくお願いいたします。",
)
WEST_TOPICS = (
    "Weekly status",
    "Delivery schedule",
    "Prototype test results",
    "Agenda for Thursday",
    "Shipment forecast",
    "Question on the drawings list",
    "Visit in March",
    "Packaging change",
    "Spare parts",
)
WEST = (
    "Please find below a short summary of what we discussed last week.",
    "The shipment will leave on Friday as planned.",
    "Could you let us know which of the dates suits you best?",
    "We have finished the tests and all items are within limits.",
    "There is one open point about the packaging, which we will settle this week.",
    "Thank you for your quick answer.",
    "The parts arrived this morning and are being inspected.",
    "Let me know if you have any questions.",
    "Our plant is closed on Monday for maintenance.",
    "We will come back to you by the end of the week.",
)
DISCLAIMER = (
    "※本メールには社外秘の情報が含まれる場合があります。お心当たりのない方は、お手数ですが削除をお願いいたします。"
)
WEST_DISCLAIMER = "This e-mail may contain confidential information and is meant for its addressee only."
PAPERS = (
    "議事録",
    "納品書",
    "工程表",
    "検査成績書",
    "作業手順",
    "打合せメモ",
    "部品リスト",
    "月次報告",
    "注文書",
    "受領書",
)
LETTERS = (
    ("news@techmag-weekly.example", "テック週報", "今週の注目記事"),
    ("info@kogyo-shimbun.example", "工業便り", "製造業ニュース"),
    ("mail@seminar-navi.example", "セミナーナビ", "無料セミナーのご案内"),
    ("news@cloudtools.example", "CloudTools", "Release notes"),
    ("event@tenjikai.example", "展示会事務局", "来場登録のご案内"),
    ("letter@kaigai-boueki.example", "貿易レター", "為替と物流の動き"),
)
