"""The words of the papers about findings, Japanese and English."""

from __future__ import annotations

LOOKED = ("（調べた範囲）", "(where it looked)")
CONFIDENCES = {
    "certain": ("確認", "certain"),
    "likely": ("推定", "likely"),
    "possible": ("要確認", "possible"),
}
CONFIDENCE_MEANS = {
    "certain": (
        "記録にあること、または矛盾していること自体に疑いがない。その理由は別の問題である。",
        "What is recorded, or the contradiction itself, is beyond doubt. Why it is so is another question.",
    ),
    "likely": (
        "互いに独立した記録が同じことを示すか、矛盾している。ほかの説明も検討を要する。",
        "Records that do not depend on each other agree on it, or contradict. Consider other explanations.",
    ),
    "possible": (
        "人が確かめるべき兆しであり、ありふれた理由でも生じ得る。",
        "A sign for a person to look at, which an ordinary reason can bring about too.",
    ),
}
