"""A study's label table: which imagined emotion counts as high, edited on the page EEG channels.

derivatives/targets/emotions.csv      emotion, valence, arousal; where it is not there the proposed one holds
"""

from __future__ import annotations

from pathlib import Path

from analysis.targets.emotions import EMOTIONS, Table, from_csv, to_csv
from analysis.targets.recipe import TargetError
from app.settings import write_atomically
from app.study import Study

TABLE = Path("derivatives") / "targets" / "emotions.csv"


def label_table(study: Study) -> Table:
    """Return the study's label table, or the proposed one; raises TargetError."""
    path = study.folder / TABLE
    if not path.is_file():
        return EMOTIONS
    try:
        return from_csv(path.read_text(encoding="utf-8"), TABLE.as_posix())
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{TABLE.as_posix()}: cannot be read as a label table.") from error


def write_label_table(study: Study, table: Table) -> Path:
    """Write a label table into the study; one that is there is replaced."""
    path = study.folder / TABLE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, to_csv(table))
    return path
