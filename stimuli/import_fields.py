"""Which column of a table means what, and its cells read with their problems."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stimuli.import_tables import Table, plain_name
from stimuli.problems import Problem

_MEAN = "m|mn|mean|avg|average|mean_rating|rating"
_SD = "sd|std|stdev|st_dev|std_dev|standard_deviation"
_STEMS = {
    "valence": "val|valence|pleasure|pleasantness",
    "arousal": "aro|arou|arousal",
    "dominance": "dom|dom1|dominance|control",
    "approach": "app|appr|approach|approach_avoidance|appr_avoid|av_ap|avoidance_approach",
    "attractiveness": "attr|attractiveness|beauty",
    "familiarity": "fam|familiarity",
}
SCALES_READ = tuple(_STEMS)
"""The scales that are found in tables by their names; the first three are those of every set."""

MISSING = ("", ".", "-", "na", "n/a", "nan", "null", "none", "?")


def _patterns() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {
        "id": (
            "iaps|id|stimulus_id|picture_id|image_id|pic_id|clip_id",
            "iaps_(no|nr|number|id)|(picture|pic|image|clip|stimulus)_(no|nr|number|name)",
            "stimulus|picture|image|clip|sfip_name|naps_name|name|number|theme",
            "file|filename|file_name",
        ),
        "file": ("file|filename|file_name|path|picture_file|image_file|video|video_file",),
        "category": ("category|cat|class|emotion_category|emotion|label|genre",),
        "description": ("description|desc|desc_.*|content|title|caption|scene",),
        "orientation": ("v_h|h_v|orientation|format",),
        "n": ("n|n_ratings|nr_of_ratings|number_of_ratings|raters|n_raters",),
        "licence": ("licence|license|rights",),
        "attribution": ("attribution|author|source|credit",),
        "model": ("model|actor|poser|person|identity|subject",),
        "expression": ("expression|facial_expression|emotion_shown",),
        "set": ("set|picture_set",),
        "dominance2": ("dom2_?mn|dom2_mean|dom2",),
        "dominance2_sd": ("dom2_?sd",),
    }
    for scale, stems in _STEMS.items():
        found[scale] = (
            f"({stems})_?({_MEAN})",
            f"({_MEAN})_({stems})",
            f"({stems})(_.*)?_({_MEAN})",
            f"{stems}",
        )
        found[f"{scale}_sd"] = (
            f"({stems})_?({_SD})",
            f"({_SD})_({stems})",
            f"({stems})(_.*)?_({_SD})",
        )
    return found


PATTERNS: Mapping[str, tuple[str, ...]] = _patterns()


def map_columns(table: Table, wanted: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each field's column; `chosen` (field: column) goes first, "" means none.

    No column serves two fields: the earlier of `wanted` takes it.
    """
    plain = [plain_name(name) for name in table.names]
    places: dict[str, int] = {}
    for name, column in chosen.items():
        if plain_name(column) in plain:
            places[name] = plain.index(plain_name(column))
    for name in wanted:
        if name in chosen:
            continue
        place = table.column(*PATTERNS[name])
        if place is not None and place not in places.values():
            places[name] = place
    return places


@dataclass
class Cells:
    """Reads the cells of one table; gathers `problems`."""

    table: Table
    places: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)

    def text(self, cells: Sequence[str], name: str) -> str:
        """Return a cell's text, "" where there is none."""
        place = self.places.get(name)
        if place is None:
            return ""
        # A description of several words moves all that follow it: count from the end.
        extra = len(cells) - len(self.table.names) if self.table.is_spaced else 0
        if extra and place == 0:
            return " ".join(cells[: max(0, 1 + extra)])
        place += extra
        return cells[place] if 0 <= place < len(cells) else ""

    def number(
        self, line: int, cells: Sequence[str], name: str, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """Return a cell's number, None where it is empty or (a problem then) no number in the range."""
        text = self.text(cells, name)
        if text.lower() in MISSING:
            return None
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = math.nan
        column = self.table.names[self.places[name]]
        if not math.isfinite(value):
            self.problem(line, f'"{column}" is not a number: {text[:40]}.', "Correct it or leave it empty.")
            return None
        if not low <= value <= high:
            message = f'"{column}" is {value:g}, outside of {low:g} to {high:g}.'
            self.problem(line, message, "Correct it, or state the table's scale.")
            return None
        return value

    def problem(self, line: int | None, message: str, remedy: str) -> None:
        """Note a problem of a line."""
        self.problems.append(Problem(self.table.file, line, message, remedy))
