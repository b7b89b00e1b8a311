"""What a person can choose about a paper: its language, the Japanese era, and how exhibits are numbered."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOptions:
    """``language`` empty means that of the case. ``exhibit`` is the prefix of exhibit numbers (甲, 乙, 丙 ...)."""

    language: str = ""
    era: bool = False
    exhibit: str = "甲"
    first: int = 1

    def checked(self) -> PaperOptions:
        """The same, or :class:`UsageError` where a choice cannot be."""
        if self.language not in ("", "ja", "en"):
            raise UsageError(f"the language {self.language!r} is not known", todo="give ja or en")
        if not 1 <= len(self.exhibit) <= 8 or not self.exhibit.isalnum():
            raise UsageError(f"{self.exhibit!r} cannot stand before exhibit numbers", todo="give 甲, 乙 or 丙")
        if not 1 <= self.first <= 99_999:
            raise UsageError(f"exhibits cannot begin with number {self.first}", todo="give a number from 1")
        return self
