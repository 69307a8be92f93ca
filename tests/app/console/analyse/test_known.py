"""What several steps read of a study: read again as soon as a file that it rests on has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.corpus.texts import TRANSCRIPTS
from app.analysing.emotion_labels import TABLE, write_label_table
from app.analysing.emotion_labels import label_table as labels_of
from app.console.analyse.known import material_of
from app.participants import change
from app.study import Study
from tests.helpers.labelled import BVP, make_study


def group(study: Study) -> None:
    """Put the two participants into groups."""
    for place, code in enumerate(("P01", "P02")):
        change(study, code, group=("control", "patient")[place])


def transcribe(study: Study) -> None:
    """Lay a transcript beside a recording."""
    path = study.folder / TRANSCRIPTS / f"{Path(study.sessions()[0].file).stem}.csv"
    path.parent.mkdir(parents=True)
    path.write_text("start_s,stop_s,text\n", encoding="utf-8")


def label(study: Study) -> None:
    """Write the study's label table."""
    write_label_table(study, labels_of(study))
    assert (study.folder / TABLE).exists()


@pytest.mark.parametrize("touch", [group, transcribe, label])
def test_a_change_is_seen_at_once(touch: Callable[[Study], None], tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 2, 2, streams=(BVP,))
    before = material_of(study)
    assert material_of(study) is before
    touch(study)
    assert material_of(study) is not before


def test_groups_that_are_entered_later_are_a_target(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 2, 2, streams=(BVP,))
    assert material_of(study).recipe("group") is None
    group(study)
    assert material_of(study).recipe("group") is not None
