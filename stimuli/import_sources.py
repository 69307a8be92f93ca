"""The sources that stimuli are imported from: one entry a source, for commands and windows alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stimuli.import_draft import Draft
from stimuli.import_folder import FIELDS, Defaults, draft_folder
from stimuli.import_norms import IAPS_FIELDS, IAPS_LICENCE, NAPS_FIELDS, NAPS_LICENCE, draft_iaps, draft_naps
from stimuli.problems import Problem
from stimuli.sets import StimulusError


@dataclass(frozen=True, slots=True)
class Source:
    """`table` says whether one is needed ("needed", "possible"); `fields` can be given columns."""

    name: str
    title: str
    words: str
    table: str
    fields: tuple[str, ...]
    licence: str = ""


SOURCES: tuple[Source, ...] = (
    Source(
        "iaps",
        "IAPS norms table",
        "AllSubjects table of the norms, and the folder of the pictures.",
        "needed",
        IAPS_FIELDS,
        IAPS_LICENCE,
    ),
    Source(
        "naps",
        "NAPS ratings table",
        "Ratings saved as CSV or xlsx, and the folder of the pictures.",
        "needed",
        NAPS_FIELDS,
        NAPS_LICENCE,
    ),
    Source(
        "folder",
        "Own pictures, films, sounds",
        "A folder; a CSV with ids, categories and ratings if there is one.",
        "possible",
        FIELDS,
    ),
    Source(
        "films",
        "Film clips",
        "A folder of clips; a CSV with titles, categories and ratings if there is one.",
        "possible",
        FIELDS,
    ),
)


def source_named(name: str) -> Source:
    """Return the source of that name; KeyError if there is none."""
    return next(source for source in SOURCES if source.name == name)


def make_draft(
    source: str,
    files: Path,
    table: Path | None = None,
    defaults: Defaults | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Draft:
    """Read what is to be imported; nothing is written. Raises StimulusError where nothing can be read."""
    if source in ("iaps", "naps"):
        if table is None:
            message = "the table of the norms is needed."
            raise StimulusError([Problem(str(files), None, message, "Name it.")])
        return (draft_iaps if source == "iaps" else draft_naps)(table, files, chosen)
    kinds = ("film",) if source == "films" else ("picture", "film", "sound")
    return draft_folder(files, table, defaults, chosen, kinds)  # type: ignore[arg-type]
