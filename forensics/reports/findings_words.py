"""The words of the papers about findings, Japanese and English."""

from __future__ import annotations

LOOKED = ("（調べた範囲）", "(where it looked)")
CONFIDENCES = {
    "certain": ("矛盾は確実", "certain"),
    "likely": ("推定", "likely"),
    "possible": ("要確認", "possible"),
}
CONFIDENCE_MEANS = {
    "certain": (
        "矛盾していること自体に疑いがない。その理由は別の問題である。",
        "The contradiction itself is beyond doubt. Why it is there is another question.",
    ),
    "likely": (
        "互いに独立した記録が矛盾している。ほかの説明も検討を要する。",
        "Records that do not depend on each other contradict. Other explanations are to be considered.",
    ),
    "possible": (
        "記録が矛盾しているが、ありふれた理由でも生じ得る。",
        "Records contradict, but an ordinary reason can bring that about.",
    ),
}
