"""``case.jsonld``: the custody of a case as CASE/UCO 1.4.0 (JSON-LD 1.1): actions, provenance, files, tools, messages.

Each action, record and message refers to its line of the ledger (``uco-core:externalReference``), where the whole truth
stands; of the mail only the messages that were chosen are in it. That a graph conforms to the ontology says nothing
about custody: the shapes know no performer that is missing and no time that runs backwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from forensics.casefile.view import CaseView, EvidenceItem
from forensics.moments import iso
from forensics.reports.papers import acts, exhibits, parts
from forensics.reports.papers.material import Material, Step
from forensics.reports.papers.model import Code, Inline
from forensics.reports.papers.options import PaperOptions
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink
from forensics.reports.visible import visible

FILE_NAME = "case.jsonld"
FILES_OF_AN_ITEM = 100
"""An item of more stored files is given by its manifest, and by the files that hold a chosen message."""
_UCO = "https://ontology.unifiedcyberontology.org/uco/"
CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    **{f"uco-{name}": f"{_UCO}{name}/" for name in ("action", "core", "identity", "observable", "tool", "types")},
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_STATUS = {"finished": "Complete/Finish", "done": "Complete/Finish", "failed": "Fail", "begun": "Unknown"}
Node = dict[str, Any]


class CaseUco:
    """Custody as a CASE/UCO graph for other tools; messages chosen by --where or --message are described in it."""

    name = "case-uco"
    title = "Custody as CASE/UCO JSON-LD"
    version = "1"
    on_request = True
    from_ledger = True

    def write(self, case: CaseView, out: Sink, *, selection: Selection | None = None) -> None:
        """Write ``case.jsonld``; the same case gives the same bytes."""
        graph = _Graph(Material(case, PaperOptions(language="en")))
        nodes = graph.nodes(selection)
        data = json.dumps({"@context": CONTEXT, "@graph": nodes}, ensure_ascii=False, indent=1, sort_keys=True)
        out.write(FILE_NAME, data.encode("utf-8", "backslashreplace") + b"\n")


class _Graph:
    """The nodes of one case; an id follows from the case and from what the node stands for (RFC 9562, version 5)."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._case = UUID(material.facts.id)
        self._nodes: dict[str, Node] = {}

    def nodes(self, selection: Selection | None) -> list[Node]:
        """Every node, in the order of their ids."""
        material = self._material
        messages = exhibits.chosen(material, selection) if selection and (selection.where or selection.messages) else []
        cited = {(row["evidence"], row["address"].split("/")[1]) for row in messages}
        for item in material.items:
            self._provenance(item, {number for name, number in cited if name == item.name})
        for step in material.steps:
            self._action(step)
        for row in messages:
            self._message(row)
        self._investigation()
        return [self._nodes[name] for name in sorted(self._nodes)]

    def _id(self, *what: object) -> str:
        return f"urn:uuid:{uuid5(self._case, chr(0).join(str(each) for each in what))}"

    def _add(self, kind: str, what: Iterable[object], **fields: Any) -> Node:
        name = self._id(*what)
        given = {key: value for key, value in fields.items() if value not in (None, "", [], {})}
        node = {"@id": name, "@type": kind, **{_term(key): value for key, value in given.items()}}
        self._nodes[name] = node
        return {"@id": name}

    def _lines(self, numbers: Iterable[int]) -> list[Node]:
        """References to lines of the ledger by their number, with the hash that tells the very line."""
        hashes = {line.number: line.sha256 for line in self._material.case.lines}
        return [
            {
                "@id": self._id("line", number),
                "@type": "uco-core:ExternalReference",
                "uco-core:definingContext": f"ledger/events.jsonl of case {self._material.facts.id}",
                "uco-core:externalIdentifier": f"seq {number} sha256 {hashes[number]}",
            }
            for number in dict.fromkeys(numbers)
        ]

    def _investigation(self) -> None:
        facts = self._material.facts
        objects = [{"@id": name} for name, node in sorted(self._nodes.items()) if node["@type"] in _IN_INVESTIGATION]
        self._add(
            "case-investigation:Investigation",
            ("investigation",),
            core_name=visible(facts.title),
            core_description=visible(facts.purpose),
            core_object=objects,
            core_externalReference=self._lines([self._material.source_line()[0]]),
        )

    def _provenance(self, item: EvidenceItem, cited: set[str]) -> None:
        stored = [entry for entry in item.files if entry.number is not None]
        shown = [e for e in stored if len(stored) <= FILES_OF_AN_ITEM or f"{e.number:06d}" in cited]
        files = [
            self._file(item, f"{e.number:06d}", e.path, e.size or 0, {"SHA256": e.sha256, "MD5": e.md5}) for e in shown
        ]
        files.append(self._file(item, "manifest", b"manifest-sha256.txt", None, {"SHA256": item.manifest_sha256}))
        step = self._material.acquired(item.name)
        left = len(stored) - len(shown)
        self._add(
            "case-investigation:ProvenanceRecord",
            ("item", item.name),
            investigation_exhibitNumber=item.name,
            investigation_rootExhibitNumber=str(item.acquisition.get("source", {}).get("parent", "")),
            core_name=visible(parts.source_of(item)),
            core_description=f"{left:,} more stored files are named in its manifest." if left else "",
            core_object=files,
            core_externalReference=self._lines(step.lines if step else ()),
        )

    def _file(
        self, item: EvidenceItem, number: str, path: bytes, size: int | None, hashes: Mapping[str, str | None]
    ) -> Node:
        name = visible(path.decode("utf-8", "backslashreplace"))
        what = ("file", item.name, number)
        size_field = {"uco-observable:sizeInBytes": size} if size is not None else {}
        facets = [
            {
                "@id": self._id(*what, "file facet"),
                "@type": "uco-observable:FileFacet",
                "uco-observable:fileName": name.rpartition("/")[2],
                "uco-observable:filePath": name,
                **size_field,
            },
            self._content(what, hashes, size_field),
        ]
        return self._add("uco-observable:File", what, core_hasFacet=facets, core_name=f"{item.name}/{number}")

    def _content(self, what: tuple[object, ...], hashes: Mapping[str, str | None], more: Node) -> Node:
        made = [
            {
                "@id": self._id(*what, method),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": method,
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value},
            }
            for method, value in hashes.items()
            if value
        ]
        hashed = {"uco-observable:hash": made} if made else {}
        return {"@id": self._id(*what, "content"), "@type": "uco-observable:ContentDataFacet", **hashed, **more}

    def _action(self, step: Step) -> None:
        material = self._material
        named = {item.name for item in material.items if step.get("params.evidence") == item.name}
        of = [{"@id": self._id("item", name)} for name in sorted(named)]
        made = step.act == "acquire"
        self._add(
            "case-investigation:InvestigativeAction",
            ("step", step.first),
            core_name=step.act,
            core_description=visible(_words(acts.outcome(step, material))),
            action_actionStatus=_STATUS.get(step.phase, "Unknown"),
            action_startTime=_time(step.begun_ns),
            action_endTime=_time(step.ended_ns) if step.phase != "begun" else None,
            action_performer=self._person(step),
            action_instrument=self._tool(step),
            action_object=[] if made else of,
            action_result=of if made else [],
            core_externalReference=self._lines(step.lines),
        )

    def _person(self, step: Step) -> Node | None:
        """Whoever the ledger names; where it names nobody the action has no performer, and none is made up."""
        name, org = step.told("actor.name"), step.told("actor.org")
        if not name:
            return None
        return self._add(
            "uco-identity:Person", ("person", name, org), core_name=visible(name), core_description=visible(org)
        )

    def _tool(self, step: Step) -> Node | None:
        version, sha256 = step.told("tool.version"), step.told("tool.sha256")
        if not version:
            return None
        about = f"SHA-256 of its source {sha256}; Python {step.told('tool.python')}; {step.told('tool.libraries')}"
        what = ("tool", version, sha256, about)
        return self._add(
            "uco-tool:Tool",
            what,
            core_name=step.told("tool.name"),
            core_description=about,
            tool_version=version,
            tool_toolType="email forensics",
        )

    def _message(self, row: Mapping[str, Any]) -> None:
        what = ("message", row["id"])
        facet: Node = {"@id": self._id(*what, "facet"), "@type": "uco-observable:EmailMessageFacet"}
        facet |= {f"uco-observable:{key}": visible(row[field]) for key, field in _HEADERS.items() if row[field]}
        if row["sent_ns"] is not None:
            facet["uco-observable:sentTime"] = _time(row["sent_ns"])
        if row["sender_address"]:
            facet["uco-observable:from"] = self._address(row["sender_address"])
        size = {"uco-observable:sizeInBytes": row["size"]} if row["size"] is not None else {}
        step = self._material.acquired(row["evidence"])
        made = self._add(
            "uco-observable:EmailMessage",
            what,
            core_hasFacet=[facet, self._content(what, {"SHA256": row["raw_sha256"]}, size)],
            core_name=visible(row["address"]),
            core_externalReference=self._lines(step.lines if step else ()),
        )
        held = self._id("file", row["evidence"], row["address"].split("/")[1])
        self._add(
            "uco-observable:ObservableRelationship",
            (*what, "within"),
            core_source=made,
            core_target={"@id": held},
            core_kindOfRelationship="Contained_Within",
            core_isDirectional=True,
        )

    def _address(self, address: str) -> Node:
        facet = {
            "@id": self._id("address", address, "facet"),
            "@type": "uco-observable:EmailAddressFacet",
            "uco-observable:addressValue": visible(address),
        }
        return self._add("uco-observable:EmailAddress", ("address", address), core_hasFacet=[facet])


_HEADERS = {"subject": "subject", "messageID": "message_id"}
_IN_INVESTIGATION = frozenset(
    (
        "case-investigation:InvestigativeAction",
        "case-investigation:ProvenanceRecord",
        "uco-observable:EmailMessage",
        "uco-tool:Tool",
    )
)


def _term(key: str) -> str:
    """``core_name`` as ``uco-core:name``."""
    part, _, name = key.partition("_")
    return f"{'case' if part == 'investigation' else 'uco'}-{part}:{name}"


def _time(ns: int) -> Node:
    return {"@type": "xsd:dateTime", "@value": iso(ns // 1000 * 1000)}


def _words(runs: Inline) -> str:
    return "".join(run if isinstance(run, str) else run.text if isinstance(run, Code) else "" for run in runs)
