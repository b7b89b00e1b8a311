"""What every paper is: a document made of the case, as HTML to print and DOCX to finish, with its gaps listed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, ClassVar

from forensics import __version__
from forensics.casefile.view import CaseView
from forensics.reports.papers import web
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Document, Paragraph
from forensics.reports.papers.options import PaperOptions
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink


def _through(blocks: list[Block]) -> Iterator[Block]:
    number = 0
    for block in blocks:
        if isinstance(block, Paragraph) and block.style == "numbered":
            number += 1
            yield replace(block, number=f"{number}.")
        else:
            yield block


class Paper(ABC):
    """The common part of all papers: a subclass names itself and gives its blocks."""

    name: ClassVar[str]
    version: ClassVar[str]
    on_request = True
    takes_options = True
    from_ledger = True
    wide = False
    draft = True
    continuous = False
    """Whether its paragraphs are numbered through, as a declaration wants it, or anew in each section."""
    heading: ClassVar[tuple[str, str]]
    below: ClassVar[tuple[str, str]] = ("", "")

    @abstractmethod
    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """What the paper says."""

    def recorded(self, material: Material, selection: Selection | None) -> dict[str, Any]:
        """What else the sidecar keeps."""
        return {}

    def document(self, material: Material, selection: Selection | None = None) -> Document:
        """The paper as a document."""
        blocks = self.blocks(material, selection)
        return Document(
            title=material.say(*self.heading),
            subtitle=material.say(*self.below),
            language=material.language,
            case_id=material.facts.id,
            made_from=material.made_from(),
            moment_ns=material.source_line()[2],
            draft=self.draft,
            wide=self.wide,
            blocks=tuple(_through(blocks) if self.continuous else blocks),
        )

    def write(
        self,
        case: CaseView,
        out: Sink,
        *,
        options: PaperOptions | None = None,
        selection: Selection | None = None,
    ) -> None:
        """Write ``<name>.<language>.html`` and ``.docx``, and beside them what is missing and what is left open."""
        from forensics.reports.papers import word

        material = Material(case, (options or PaperOptions()).checked())
        document = self.document(material, selection)
        stem = f"{self.name}.{material.language}"
        out.write(f"{stem}.html", web.page(document))
        out.write(f"{stem}.docx", word.file(document))
        number, sha256, _ = material.source_line()
        out.sidecar(
            f"{stem}.html",
            {
                "report": f"{self.name} {self.version}",
                "tool": f"email-forensics {__version__}",
                "case": {"id": case.facts.id, "case_toml_sha256": case.facts_sha256},
                "ledger": {"number": number, "sha256": sha256},
                "options": asdict(material.options) | {"language": material.language},
                "missing": [asdict(each) for each in document.missing()],
                "open": [asdict(each) for each in document.open()],
                **self.recorded(material, selection),
            },
        )
