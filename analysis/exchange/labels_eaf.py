"""Labels as ELAN documents (EAF 3.0): a tier of marks is a tier `scheme/tier/annotator`.

Times are whole milliseconds, a point lasts one. ELAN lets nothing overlap within a tier, so overlapping
marks go to further tiers with ` (2)` behind the name. An answer about a trial lies over the trial. What has
no place in an annotation (numbers, confidence, channels, notes) goes to a dependent tier `.../details` as
JSON. Traces have no place at all.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from analysis.exchange.export_files import LeftOut, Report, Wrote, new_file
from analysis.exchange.labels_rows import (
    Found,
    LabelImportError,
    Labels,
    answer_text,
    answers_of,
    checked,
    label_id,
    only_tier,
    read_text,
    safe_name,
    tier_named,
)
from analysis.labels.records import Input, Mark
from analysis.labels.scheme import CANNOT_TELL, Label, Scheme, Tier

MS = 1_000_000
DETAILS = "/details"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_LANE = re.compile(r" \(\d+\)$")
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIELDS = (
    *("value", "confidence", "channels", "note", "item", "trial", "derived_from", "asks", "input"),
    *("model_seen", "to_confirm"),
)
_LOST = "ELAN holds no traces: export them as csv or nova"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One annotation: milliseconds from the file's zero, its text and its details."""

    start_ms: int
    end_ms: int
    text: str
    choice: str
    details: str


def write_eaf(labels: Sequence[Labels], folder: Path) -> Report:
    """Write one document a recording; raises ExportError, OSError."""
    report = Report()
    for recording in dict.fromkeys(each.recording for each in labels):
        mine = [each for each in labels if each.recording == recording]
        path = folder / f"{safe_name(recording)}.eaf"
        count = 0
        document = _Document()
        for each in mine:
            about = f"{recording}, {each.annotator}, {each.scheme.id}"
            if each.takes:
                report.left_out.append(LeftOut(f"{len(each.takes)} traces of {about}", _LOST))
            for tier in each.scheme.tiers:
                if tier.kind in ("trace1d", "trace2d"):
                    continue
                entries, lost = _entries(each, tier)
                if lost:
                    report.left_out.append(LeftOut(f"{lost} answers of {about}", "their trial has no time"))
                document.add(each, tier, entries)
                count += len(entries)
        with new_file(path) as partial:
            partial.write_bytes(document.content())
        report.wrote.append(Wrote(path.name, "", count, {"largest_error_ms": 1}))
    return report


def _entries(labels: Labels, tier: Tier) -> tuple[list[_Entry], int]:
    found, lost = [], 0
    names = {label.id: label.name for label in tier.labels} | {CANNOT_TELL: "cannot tell"}
    for mark in labels.marks:
        if mark.tier != tier.name:
            continue
        start, end = mark.start_ns, mark.end_ns
        if start is None or end is None:
            if mark.trial not in labels.windows:
                lost += 1
                continue
            start, end = labels.windows[mark.trial]
        start_ms, end_ms = (round((time - labels.zero_ns) / MS) for time in (start, end))
        text = answer_text(mark.value) if tier.kind == "trial" else names.get(mark.label, mark.note)
        found.append(
            _Entry(start_ms, max(end_ms, start_ms + 1), _clean(text), mark.label, _clean(_details(mark)))
        )
    return sorted(found, key=lambda entry: (entry.start_ms, entry.end_ms)), lost


def _details(mark: Mark) -> str:
    usual = Mark("", "", "")
    values: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(mark, name)
        if value != getattr(usual, name):
            values[name] = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""


def _clean(text: str) -> str:
    # XML cannot hold most control characters, not even written as numbers; it makes line ends one kind.
    return _FORBIDDEN.sub(" ", text).replace("\r\n", "\n").replace("\r", "\n")


class _Document:
    """Builds the elements in the order that the format wants."""

    def __init__(self) -> None:
        self.slots: list[int] = []
        self.tiers: list[ET.Element] = []
        self.types: dict[str, ET.Element] = {}
        self.vocabularies: dict[str, ET.Element] = {}
        self.count = 0

    def add(self, labels: Labels, tier: Tier, entries: Sequence[_Entry]) -> None:
        """Add the annotations of a tier, those that overlap in lanes of their own."""
        kind = f"{labels.scheme.id}/{tier.name}"
        self._type(kind, tier.labels)
        lanes: list[list[_Entry]] = [[]]
        for entry in entries:
            free = next((lane for lane in lanes if not lane or lane[-1].end_ms <= entry.start_ms), None)
            if free is None:
                lanes.append(free := [])
            free.append(entry)
        for number, lane in enumerate(lanes, 1):
            name = f"{kind}/{labels.annotator}" + (f" ({number})" if number > 1 else "")
            ids = self._tier(name, kind, labels.annotator, lane, bool(tier.labels))
            details = [(ref, entry.details) for ref, entry in zip(ids, lane, strict=True) if entry.details]
            if details:
                self._details(name, labels.annotator, details)

    def _type(self, name: str, choices: Sequence[Label]) -> None:
        if name in self.types:
            return
        kind = ET.Element(
            "LINGUISTIC_TYPE",
            GRAPHIC_REFERENCES="false",
            LINGUISTIC_TYPE_ID=name,
            TIME_ALIGNABLE="true",
        )
        self.types[name] = kind
        if not choices:
            return
        kind.set("CONTROLLED_VOCABULARY_REF", name)
        words = self.vocabularies[name] = ET.Element("CONTROLLED_VOCABULARY", CV_ID=name)
        ET.SubElement(words, "DESCRIPTION", LANG_REF="und")
        for choice in (*choices, Label(CANNOT_TELL, "cannot tell")):
            entry = ET.SubElement(words, "CV_ENTRY_ML", CVE_ID=self._entry(name, choice.id))
            about = _clean(choice.definition)
            ET.SubElement(entry, "CVE_VALUE", DESCRIPTION=about, LANG_REF="und").text = choice.name

    def _tier(
        self, name: str, kind: str, annotator: str, lane: Sequence[_Entry], has_words: bool
    ) -> list[str]:
        element = ET.Element("TIER", ANNOTATOR=annotator, LINGUISTIC_TYPE_REF=kind, TIER_ID=name)
        self.tiers.append(element)
        ids = []
        for entry in lane:
            inner = ET.SubElement(ET.SubElement(element, "ANNOTATION"), "ALIGNABLE_ANNOTATION")
            inner.set("ANNOTATION_ID", self._next())
            if has_words and entry.choice:
                inner.set("CVE_REF", self._entry(kind, entry.choice))
            for number, time_ms in ((1, entry.start_ms), (2, entry.end_ms)):
                self.slots.append(time_ms)
                inner.set(f"TIME_SLOT_REF{number}", f"ts{len(self.slots)}")
            ET.SubElement(inner, "ANNOTATION_VALUE").text = entry.text
            ids.append(inner.get("ANNOTATION_ID", ""))
        return ids

    def _entry(self, kind: str, choice: str) -> str:
        return f"cve{list(self.types).index(kind) + 1}.{choice}"

    def _details(self, parent: str, annotator: str, details: Sequence[tuple[str, str]]) -> None:
        if "details" not in self.types:
            self.types["details"] = ET.Element(
                "LINGUISTIC_TYPE",
                CONSTRAINTS="Symbolic_Association",
                GRAPHIC_REFERENCES="false",
                LINGUISTIC_TYPE_ID="details",
                TIME_ALIGNABLE="false",
            )
        element = ET.Element(
            "TIER",
            ANNOTATOR=annotator,
            LINGUISTIC_TYPE_REF="details",
            PARENT_REF=parent,
            TIER_ID=parent + DETAILS,
        )
        self.tiers.append(element)
        for ref, text in details:
            inner = ET.SubElement(ET.SubElement(element, "ANNOTATION"), "REF_ANNOTATION")
            inner.set("ANNOTATION_ID", self._next())
            inner.set("ANNOTATION_REF", ref)
            ET.SubElement(inner, "ANNOTATION_VALUE").text = text

    def _next(self) -> str:
        self.count += 1
        return f"a{self.count}"

    def content(self) -> bytes:
        """Return the document as UTF-8."""
        ET.register_namespace("xsi", _INSTANCE)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        root = ET.Element(
            "ANNOTATION_DOCUMENT",
            {"AUTHOR": "Evoke", "DATE": now, "FORMAT": "3.0", "VERSION": "3.0"},
        )
        root.set(f"{{{_INSTANCE}}}noNamespaceSchemaLocation", SCHEMA)
        header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
        ET.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(self.count)
        # Slots stand in the order of time; their names stay what the annotations call them.
        order = ET.SubElement(root, "TIME_ORDER")
        first = min([0, *self.slots])
        for number, time_ms in sorted(enumerate(self.slots, 1), key=lambda slot: slot[1]):
            ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}", TIME_VALUE=str(time_ms - first))
        if first:
            ET.SubElement(header, "PROPERTY", NAME="evokeFirstMs").text = str(first)
        root.extend(self.tiers)
        root.extend(self.types.values())
        ET.SubElement(
            root,
            "LANGUAGE",
            LANG_DEF="http://cdb.iso.org/lg/CDB-00130975-001",
            LANG_ID="und",
            LANG_LABEL="undetermined (und)",
        )
        ET.SubElement(
            root,
            "CONSTRAINT",
            DESCRIPTION="1-1 association with a parent annotation",
            STEREOTYPE="Symbolic_Association",
        )
        root.extend(self.vocabularies.values())
        ET.indent(root, " ")
        content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
        return content + b"\n"


def parse_xml(path: Path, kind: str) -> ET.Element:
    """Return the root of an XML file that declares nothing of its own; raises LabelImportError.

    Entities could read other files and swell without end: a document that declares any is refused.
    """
    text = read_text(path)
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise LabelImportError(
            f"{path.name}: declares types or entities of its own, which no {kind} file does. It was not read."
        )
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        line = error.position[0]
        raise LabelImportError(
            f"{path.name}:{line}: is no {kind} file ({error}). Export it again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise LabelImportError(f"{path.name}: is no {kind} file ({error}). Export it again.") from error


def read_eaf(path: Path, scheme: Scheme) -> list[Found]:
    """Read an ELAN document by a scheme: one entry an annotator; raises LabelImportError.

    Tiers of ours are known by their names; others by the name of a tier of the scheme, or, where the scheme
    has just one, taken for that. Times count from the document's zero.
    """
    root = parse_xml(path, "ELAN")
    if root.tag != "ANNOTATION_DOCUMENT":
        raise LabelImportError(f"{path.name}: is no ELAN document (it holds {root.tag[:40]}).")
    shift = next((p.text for p in root.iter("PROPERTY") if p.get("NAME") == "evokeFirstMs"), None)
    first = int(shift) if shift and re.fullmatch(r"-?\d{1,15}", shift) else 0
    slots = {}
    for slot in root.iter("TIME_SLOT"):
        value = slot.get("TIME_VALUE")
        if value is not None:
            if not re.fullmatch(r"-?\d{1,15}", value):
                raise LabelImportError(
                    f"{path.name}: the time '{value[:40]}' is no whole number of milliseconds. Mend it."
                )
            slots[slot.get("TIME_SLOT_ID", "")] = int(value) + first
    details = {
        inner.get("ANNOTATION_REF", ""): inner.findtext("ANNOTATION_VALUE") or ""
        for element in root.iter("TIER")
        if element.get("TIER_ID", "").endswith(DETAILS)
        for inner in element.iter("REF_ANNOTATION")
    }
    marks: dict[str, list[Mark]] = {}
    left_out: list[LeftOut] = []
    for element in root.iter("TIER"):
        name = element.get("TIER_ID", "")
        if name.endswith(DETAILS) and element.get("PARENT_REF"):
            continue
        if element.get("PARENT_REF") or not element.findall("ANNOTATION"):
            if element.findall("ANNOTATION"):
                left_out.append(LeftOut(f"tier {name}", "hangs on another tier"))
            continue
        place = f"{path.name}, tier {name[:60]}"
        parts = name.split("/")
        if len(parts) == 3 and "@" in parts[0] and parts[0] != scheme.id:
            left_out.append(LeftOut(f"tier {name}", f"is by the scheme {parts[0]}"))
            continue
        ours, annotator = _tier_of(scheme, name, place)
        who = annotator or element.get("ANNOTATOR", "")
        for inner in element.iter("ALIGNABLE_ANNOTATION"):
            mark = _mark(inner, slots, ours, details, place)
            marks.setdefault(who, []).append(checked(scheme, mark, f"{place}, {mark.id}"))
    return [
        Found(path.stem, who, scheme.id, tuple(found), (), tuple(left_out)) for who, found in marks.items()
    ]


def _tier_of(scheme: Scheme, name: str, place: str) -> tuple[Tier, str]:
    parts = _LANE.sub("", name).split("/")
    if len(parts) == 3 and parts[0] == scheme.id:
        return tier_named(scheme, parts[1], place), parts[2]
    usable = [tier for tier in scheme.tiers if tier.kind in ("point", "segment", "trial")]
    for tier in usable:
        if name.strip().casefold() in (tier.name.casefold(), tier.title.casefold()):
            return tier, ""
    if len(usable) == 1:
        return only_tier(scheme, (usable[0].kind,), place), ""
    return tier_named(scheme, name, place), ""


def _mark(
    inner: ET.Element, slots: Mapping[str, int], tier: Tier, details: Mapping[str, str], place: str
) -> Mark:
    name = inner.get("ANNOTATION_ID", "")
    here = f"{place}, {name[:40]}"
    times = [slots.get(inner.get(f"TIME_SLOT_REF{number}", "")) for number in (1, 2)]
    if times[0] is None or times[1] is None:
        raise LabelImportError(f"{here}: has no time of its own. Align it in ELAN first.")
    start: int | None = times[0] * MS
    end: int | None = times[1] * MS
    text = inner.findtext("ANNOTATION_VALUE") or ""
    known = _known(details.get(name, ""), here)
    label, value = "", known.get("value", {})
    if tier.kind == "trial":
        start = end = None
        value = value or answers_of(tier, text, here)
    else:
        end = start if tier.kind == "point" else end
        label = (inner.get("CVE_REF") or "").rpartition(".")[2]
        if label != CANNOT_TELL and label not in [choice.id for choice in tier.labels]:
            # A text stands for a label, unless the tier takes texts and it is none.
            try:
                label = label_id(tier.labels, text, here) if text.strip() else ""
            except LabelImportError:
                if not tier.free_text:
                    raise
                label, known = "", {"note": text, **known}
    return Mark(
        id=name,
        tier=tier.name,
        annotator="",
        trial=known.get("trial", -1),
        item=known.get("item", ""),
        start_ns=start,
        end_ns=end,
        label=label,
        value=value,
        confidence=known.get("confidence"),
        channels=tuple(known.get("channels", ())),
        note=known.get("note", ""),
        derived_from=known.get("derived_from", ""),
        asks=known.get("asks", ""),
        model_seen=known.get("model_seen", False),
        to_confirm=known.get("to_confirm", False),
        input=known.get("input", "import" if not details.get(name) else "key"),
    )


_TYPES: Mapping[str, tuple[type, ...]] = {
    "value": (dict,),
    "confidence": (int, float),
    "channels": (list,),
    "trial": (int,),
    "model_seen": (bool,),
    "to_confirm": (bool,),
}


def _known(text: str, place: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelImportError(f"{place}: its details are no JSON. Mend or remove them in ELAN.") from error
    if not isinstance(values, dict):
        raise LabelImportError(f"{place}: its details are no JSON object. Mend or remove them in ELAN.")
    for name, value in values.items():
        fits = type(value) in _TYPES.get(name, (str,))
        if name not in _FIELDS or not fits or (name == "input" and value not in get_args(Input)):
            raise LabelImportError(f"{place}: '{name[:40]}' in its details makes no sense. Mend it in ELAN.")
    return values
