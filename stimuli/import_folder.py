"""Pictures, films and sounds of one's own: a folder, with or without a table that tells more of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stimuli.import_draft import Draft, Files
from stimuli.import_fields import SCALES_READ, Cells, map_columns
from stimuli.import_norms import named, only_file
from stimuli.import_tables import read_table
from stimuli.media import kind_of
from stimuli.sets import SCALES, Score, Stimulus, StimulusKind

FIELDS = (
    "file", "id", "category", *(f"{scale}{end}" for scale in SCALES_READ for end in ("", "_sd")), "n",
    "licence", "attribution", "description", "model", "expression",
)  # fmt: skip
UNCATEGORISED = "uncategorised"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every row that does not say otherwise; `scale` are the ends of the table's ratings."""

    category: str = ""
    licence: str = ""
    attribution: str = ""
    scale: tuple[float, float] = (1.0, 9.0)


def draft_folder(
    folder: Path,
    table: Path | None = None,
    defaults: Defaults | None = None,
    chosen: Mapping[str, str] | None = None,
    kinds: Sequence[StimulusKind] = ("picture", "film", "sound"),
) -> Draft:
    """Read a folder of files, with what a table says of them where there is one.

    Without a table ids come from file names and categories from the folders that files lie in. Ratings on
    another scale than 1 to 9 are stretched to it. Raises StimulusError.
    """
    defaults = defaults or Defaults()
    source = "films" if tuple(kinds) == ("film",) else "folder"
    files = Files(folder)
    if table is None:
        return _without_table(source, files, defaults, kinds)
    found = read_table(table, lambda names: bool({"file", "filename", "file_name", "id"} & set(names)))
    cells = Cells(found, map_columns(found, FIELDS, chosen or {}))
    items: list[Stimulus] = []
    lines: dict[str, int] = {}
    for line, row in found.rows:
        item = _row(cells, files, line, row, defaults, kinds)
        if item is None:
            continue
        if item.id in lines:
            message = f'the id "{item.id}" is given twice (first in line {lines[item.id]}).'
            cells.problem(line, message, "Rename one.")
            continue
        items.append(item)
        lines[item.id] = line
    notes: tuple[str, ...] = ()
    if defaults.scale != (1.0, 9.0):
        low, high = defaults.scale
        notes = (f"Ratings from {low:g} to {high:g} were stretched to 1 to 9.",)
    columns = named(found, cells.places)
    return Draft(source, str(table), tuple(items), lines, columns, tuple(cells.problems), notes)


def _without_table(source: str, files: Files, defaults: Defaults, kinds: Sequence[StimulusKind]) -> Draft:
    paths = [path for path in files.all if kind_of(path) in kinds]
    stems = [path.stem for path in paths]
    items = []
    for path in paths:
        place = path.relative_to(files.folder)
        key = path.stem if stems.count(path.stem) == 1 else place.as_posix()
        items.append(
            Stimulus(
                id=key,
                path=path,
                kind=kind_of(path) or "picture",
                category=defaults.category or (place.parent.name or UNCATEGORISED),
                licence=defaults.licence,
                attribution=defaults.attribution,
            )
        )
    notes = ("Ids are the files' names; there are no ratings yet.",)
    return Draft(source, str(files.folder), tuple(items), notes=notes)


def _row(
    cells: Cells,
    files: Files,
    line: int,
    row: Sequence[str],
    defaults: Defaults,
    kinds: Sequence[StimulusKind],
) -> Stimulus | None:
    before = len(cells.problems)
    name = cells.text(row, "file") or cells.text(row, "id")
    if not name:
        cells.problem(line, "the row names no file.", "Complete it or remove it.")
        return None
    path = only_file(cells, files, line, name)
    means: dict[str, tuple[float, float | None]] = {}
    for scale in SCALES_READ:
        pair = _pair(cells, line, row, scale, defaults.scale)
        if pair is not None:
            means[scale] = pair
    count = cells.number(line, row, "n", 1, 1_000_000)
    if path is None or len(cells.problems) > before:
        return None
    kind = kind_of(path) or "picture"
    if kind not in kinds:
        cells.problem(line, f'"{path.name}" is a {kind}.', f"Name a {' or a '.join(kinds)}.")
        return None
    raters = None if count is None else round(count)
    ratings: dict[str, float | None] = {}
    for scale in SCALES:
        if scale in means:
            ratings[scale], ratings[f"{scale}_sd"] = means[scale]
    parent = path.relative_to(files.folder).parent.name
    return Stimulus(
        id=cells.text(row, "id") or path.stem,
        path=path,
        kind=kind,
        category=cells.text(row, "category") or defaults.category or parent or UNCATEGORISED,
        n=raters,
        licence=cells.text(row, "licence") or defaults.licence,
        attribution=cells.text(row, "attribution") or defaults.attribution,
        description=cells.text(row, "description"),
        model=cells.text(row, "model"),
        expression=cells.text(row, "expression"),
        scores=tuple(
            Score(scale, *means[scale], raters)
            for scale in SCALES_READ
            if scale in means and scale not in SCALES
        ),
        **ratings,  # type: ignore[arg-type]
    )


def _pair(
    cells: Cells, line: int, row: Sequence[str], scale: str, ends: tuple[float, float]
) -> tuple[float, float | None] | None:
    low, high = ends
    is_usual = scale in SCALES
    mean = cells.number(line, row, scale, *((low, high) if is_usual else ()))
    sd = cells.number(line, row, f"{scale}_sd", 0)
    if mean is None:
        return None
    factor = 8 / (high - low) if is_usual else 1.0
    stretched = 1 + (mean - low) * factor if is_usual else mean
    return round(stretched, 4), None if sd is None else round(sd * factor, 4)
