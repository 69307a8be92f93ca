"""Norms tables of picture systems that labs obtain under a licence: IAPS and NAPS.

The pictures themselves stay where they are. Sources: Lang, Bradley and Cuthbert (2008), technical report
A-8; Marchewka, Zurawski, Jednorog and Grabowska (2014), doi 10.3758/s13428-013-0379-1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stimuli.import_draft import Draft, Files
from stimuli.import_fields import Cells, map_columns
from stimuli.import_tables import Table, read_table
from stimuli.sets import Score, Stimulus

IAPS_LICENCE = (
    "not free, obtained from the Center for the Study of Emotion and Attention (University of Florida)"
    " for research only, do not pass on"
)
NAPS_LICENCE = "not free, obtained from the Nencki Institute (Warsaw) for research only, do not pass on"
NAPS_AUTHORS = "Marchewka, Zurawski, Jednorog and Grabowska (2014), Nencki Affective Picture System"
IAPS_FIELDS = (
    "id", "valence", "valence_sd", "arousal", "arousal_sd", "dominance", "dominance_sd",
    "dominance2", "dominance2_sd", "set", "description",
)  # fmt: skip
NAPS_FIELDS = (
    "id", "category", "orientation", "valence", "valence_sd", "arousal", "arousal_sd", "approach",
    "approach_sd", "n", "description",
)  # fmt: skip
NAPS_ID = re.compile(r"([A-Za-z]+)_?\d+(_[hv])?", re.IGNORECASE)
UNPLEASANT_BELOW, PLEASANT_ABOVE = 4.0, 6.0


@dataclass(frozen=True, slots=True)
class _Norms:
    """One row of a norms table: mean and SD a scale, and the picture set that was rated."""

    line: int
    id: str
    description: str
    rated_in: str
    scales: Mapping[str, tuple[float, float | None]]


def draft_iaps(table: Path, pictures: Path, chosen: Mapping[str, str] | None = None) -> Draft:
    """Read the IAPS norms (`AllSubjects`): a line a picture and set, dominance in either of two columns.

    A picture rated in several sets gets the mean of their means and a pooled SD. IAPS has no categories: they
    are made from mean valence. Raises StimulusError where table or folder cannot be read.
    """
    found = read_table(table, lambda names: any("iaps" in name for name in names) and _has(names, "val"))
    if found.is_spaced:
        found = _with_one_text(found)
    cells = Cells(found, map_columns(found, IAPS_FIELDS, chosen or {}))
    rows = [norms for line, row in found.rows if (norms := _iaps_row(cells, line, row))]
    files = Files(pictures)
    by_id: dict[str, list[_Norms]] = {}
    for norms in rows:
        by_id.setdefault(norms.id, []).append(norms)
    items, notes, lines = [], [], {}
    for key, group in by_id.items():
        if len({norms.rated_in for norms in group}) < len(group) and len(set(map(_values, group))) > 1:
            cells.problem(
                group[-1].line,
                f'"{key}" is given twice in one set, with other values.',
                "Remove one of them.",
            )
            continue
        if len(group) > 1:
            sets = ", ".join(norms.rated_in or "?" for norms in group)
            notes.append(f"{key} was rated in sets {sets}: the mean of their means was taken.")
        path = only_file(cells, files, group[0].line, key)
        if path is not None:
            items.append(_stimulus(key, path, group))
            lines[key] = group[0].line
    notes.append(
        "Categories were made from mean valence: unpleasant below"
        f" {UNPLEASANT_BELOW:g}, pleasant above {PLEASANT_ABOVE:g}, neutral between."
    )
    return Draft("iaps", str(table), tuple(items), lines, named(found, cells.places), tuple(cells.problems),
                 tuple(notes))  # fmt: skip


def _has(names: Sequence[str], start: str) -> bool:
    return any(name.startswith(start) or f"_{start}" in name for name in names)


def _with_one_text(table: Table) -> Table:
    """Join what stands before the number: the description's heading may have several words."""
    place = table.column("iaps") or 0
    return replace(
        table, names=(" ".join(table.names[:place]), *table.names[place:]) if place else table.names
    )


def _values(norms: _Norms) -> tuple[object, ...]:
    return tuple(sorted(norms.scales.items()))


def iaps_id(text: str) -> str | None:
    """Return an IAPS number as an id: "1234.0" is "1234", "1234.10" is "1234.1"; None if it is none."""
    found = re.fullmatch(r"(\d{3,5})(?:\.(\d*))?(?:\.jpe?g|\.bmp)?", text.strip(), re.IGNORECASE)
    if found is None:
        return None
    part = (found[2] or "").rstrip("0")
    return f"{found[1]}.{part}" if part else found[1]


def _iaps_row(cells: Cells, line: int, row: Sequence[str]) -> _Norms | None:
    before = len(cells.problems)
    key = iaps_id(cells.text(row, "id"))
    if len(row) < len(cells.table.names) and cells.table.is_spaced:
        cells.problem(line, "the row has fewer cells than the heading.", "Complete it.")
        return None
    if key is None:
        cells.problem(
            line, f'"{cells.text(row, "id")[:40]}" is no IAPS number.', "Write it like 1050 or 2375.1."
        )
    scales = {scale: _pair(cells, line, row, scale) for scale in ("valence", "arousal")}
    dominance = _pair(cells, line, row, "dominance") or _pair(cells, line, row, "dominance2")
    for scale, pair in scales.items():
        if pair is None and len(cells.problems) == before:
            cells.problem(line, f"{key} has no mean {scale}.", "Complete the row or remove it.")
    if key is None or len(cells.problems) > before:
        return None
    known = {name: pair for name, pair in (*scales.items(), ("dominance", dominance)) if pair is not None}
    return _Norms(line, key, cells.text(row, "description"), cells.text(row, "set"), known)


def _pair(cells: Cells, line: int, row: Sequence[str], name: str) -> tuple[float, float | None] | None:
    mean = cells.number(line, row, name, 1, 9)
    sd = cells.number(line, row, f"{name}_sd", 0, 9)
    return None if mean is None else (mean, sd)


def _stimulus(key: str, path: Path, group: Sequence[_Norms]) -> Stimulus:
    ratings: dict[str, float | None] = {}
    for scale in ("valence", "arousal", "dominance"):
        pairs = [norms.scales[scale] for norms in group if scale in norms.scales]
        if pairs:
            ratings[scale], ratings[f"{scale}_sd"] = pooled(pairs)
    return Stimulus(
        id=key,
        path=path,
        kind="picture",
        category=category_of(ratings["valence"] or 0.0),
        licence=IAPS_LICENCE,
        attribution="Lang, Bradley and Cuthbert (2008), International Affective Picture System",
        description=group[0].description,
        **ratings,  # type: ignore[arg-type]
    )


def pooled(pairs: Sequence[tuple[float, float | None]]) -> tuple[float, float | None]:
    """Return the mean of means, and the SD of groups of one size thrown together (None if one is unknown)."""
    means = [mean for mean, _ in pairs]
    mean = sum(means) / len(means)
    sds = [sd for _, sd in pairs if sd is not None]
    if len(sds) < len(pairs):
        return round(mean, 4), None
    within = sum(sd**2 for sd in sds) / len(sds)
    between = sum((one - mean) ** 2 for one in means) / len(means)
    return round(mean, 4), round(math.sqrt(within + between), 4)


def category_of(valence: float) -> str:
    """Return the category that a mean valence stands for."""
    if valence < UNPLEASANT_BELOW:
        return "unpleasant"
    return "pleasant" if valence > PLEASANT_ABOVE else "neutral"


def only_file(cells: Cells, files: Files, line: int, name: str) -> Path | None:
    """Return the file that `name` means; a problem of the line where there is none or more than one."""
    found = files.find(name)
    if len(found) == 1:
        return found[0]
    if not found:
        cells.problem(line, f'there is no file "{name}" in {files.folder.name}.', "Add it or remove the row.")
    else:
        places = ", ".join(path.relative_to(files.folder).as_posix() for path in found[:3])
        cells.problem(line, f'"{name}" may be any of {places}.', "Leave one of the files there.")
    return None


def named(table: Table, places: Mapping[str, int]) -> dict[str, str]:
    """Return the column's name of each field."""
    return {name: table.names[place] for name, place in places.items()}


def draft_naps(table: Path, pictures: Path, chosen: Mapping[str, str] | None = None) -> Draft:
    """Read the NAPS ratings (saved as CSV, text or xlsx): valence, arousal and approach on 1 to 9.

    Raises StimulusError where table or folder cannot be read.
    """
    found = read_table(table, _is_naps_heading)
    cells = Cells(found, map_columns(found, NAPS_FIELDS, chosen or {}))
    files = Files(pictures)
    items: list[Stimulus] = []
    lines: dict[str, int] = {}
    if "id" not in cells.places:
        cells.problem(found.heading_line, "no column holds the pictures' ids.", "Choose it, or name it ID.")
        return Draft("naps", str(table), (), {}, named(found, cells.places), tuple(cells.problems))
    for line, row in found.rows:
        before = len(cells.problems)
        key = re.sub(r"\.(jpe?g|png|bmp)$", "", cells.text(row, "id"), flags=re.IGNORECASE)
        if not key:
            cells.problem(line, "the row has no id.", "Complete it or remove it.")
            continue
        if key in lines:
            cells.problem(
                line, f'"{key}" is given twice (first in line {lines[key]}).', "Remove one of them."
            )
            continue
        pairs = {scale: _pair(cells, line, row, scale) for scale in ("valence", "arousal", "approach")}
        count = cells.number(line, row, "n", 1, 1_000_000)
        path = only_file(cells, files, line, key)
        if path is None or len(cells.problems) > before:
            continue
        lines[key] = line
        valence, arousal, approach = (pairs[scale] or (None, None) for scale in pairs)
        raters = None if count is None else round(count)
        items.append(
            Stimulus(
                id=key,
                path=path,
                kind="picture",
                category=(cells.text(row, "category") or _naps_category(key)).lower(),
                valence=valence[0],
                valence_sd=valence[1],
                arousal=arousal[0],
                arousal_sd=arousal[1],
                n=raters,
                licence=NAPS_LICENCE,
                attribution=NAPS_AUTHORS,
                description=cells.text(row, "description"),
                scores=() if approach[0] is None else (Score("approach", approach[0], approach[1], raters),),
            )
        )
    return Draft("naps", str(table), tuple(items), lines, named(found, cells.places), tuple(cells.problems))


def _is_naps_heading(names: Sequence[str]) -> bool:
    # Above the heading there may be a line that groups its columns, most of its cells empty.
    is_full = names.count("") * 3 <= len(names)
    return is_full and _has(names, "val") and _has(names, "aro")


def _naps_category(key: str) -> str:
    found = NAPS_ID.fullmatch(key)
    return found[1] if found else "uncategorised"
