"""PSA-YOLO's tables on drawn people; folders; boxed frames of a study, and what withdrawal does to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.detection.average_precision import OVERLAPS
from analysis.detection.box_book import BoxBook, FaceBox
from analysis.detection.gathering import gather
from analysis.evaluation.run_folder import runs_of
from analysis.literature.psa_yolo import PAPER
from analysis.simulate.drawn_expressions import draw_people
from analysis.views.faces import Box
from app import withdrawal
from app.analysing.face_comparison import compare_detectors
from app.analysing.face_pictures import (
    FOLDER_BOOK,
    WHOLE,
    FacesError,
    book_path,
    drawn_pictures,
    folder_pictures,
    study_pictures,
)
from app.analysing.literature.psa_yolo import QUICK, tables
from app.analysing.literature.reproducing import Order
from app.devices.opencv import load_opencv
from app.study import Study
from tests.helpers.labelled import FACE, make_study


@pytest.mark.slow
def test_the_quick_tables_say_what_they_are_and_rest_on_runs_with_guards(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "S", "people")
    by_class, summary, confusion, of_haar, ablation = tables(Order(study, is_quick=True)).tables
    assert [row[0] for row in by_class.rows[:4]] == ["happy", "neutral", "sad", "surprise"]
    assert by_class.rows[4][:2] == ("accuracy over all", 32.0)
    assert "drawn people" in by_class.data and "LEAK" in " ".join(by_class.notes)
    for table in (by_class, summary, confusion, of_haar, ablation):
        assert table.notes[0].startswith("QUICK FORM")
        assert table.published == ""
        assert table.runs or table is of_haar
    for table in (confusion, of_haar):
        assert table.columns[-1] == "not found"
        assert sum(float(str(cell)) for row in table.rows for cell in row[1:]) == 32
    assert any("Guards: " in line and "passed" in line for line in by_class.controls)
    assert "allows the same people on both sides. Guards: " in by_class.controls[-1]
    names = {run.name for run in runs_of(study.folder)}
    assert {*by_class.runs, *summary.runs, *ablation.runs} <= names
    assert any("permuted" in line for line in by_class.controls)
    people = next(run for run in runs_of(study.folder) if run.name == by_class.runs[0])
    scene = next(spec for spec in people.experiment.inputs if spec.name == "scene")
    assert (scene.settings["size_px"], scene.settings["colour"]) == (64, False)
    for fold in people.division.folds:
        assert not set(people.cases.participant[fold.train]) & set(people.cases.participant[fold.test])
    assert [row[0] for row in ablation.rows] == ["whole", "no PSA", "no SPC in the neck"]
    assert all(isinstance(row[3], float) and row[3] > 0 for row in (summary.rows[0], summary.rows[2]))
    assert len(OVERLAPS) == 10


def test_the_printed_means_are_those_of_the_printed_classes() -> None:
    for table in PAPER.printed[:3]:
        rows = np.array([row[1:] for row in table.rows[:-2]], float)
        np.testing.assert_allclose(rows.mean(0), np.array(table.rows[-1][1:], float), atol=0.006)
        assert not np.allclose(rows.mean(0), np.array(table.rows[-2][1:], float), atol=0.05)


def test_a_folder_gives_drawn_boxes_first_then_the_cascades_then_the_whole_picture(tmp_path: Path) -> None:
    cv2 = load_opencv("test")
    grey = cv2.imencode(".png", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()
    for name in ("happy/p1_1.png", "happy/p2_1.png", "sad/p1_2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(grey)
    book = BoxBook(tmp_path / FOLDER_BOOK)
    box = FaceBox(0.1, 0.1, 0.5, 0.5, "surprise")
    book.put("happy/p1_1.png", [FaceBox(0, 0, 0.1, 0.1, "sad"), box])
    book.put("happy/p2_1.png", [])
    found = {each.frame: each for each in folder_pictures(tmp_path)}
    assert [each.by for each in found.values()] == ["hand", "whole"]
    assert found["happy/p1_1.png"].others == (Box(0, 0, 0.1, 0.1),)
    # The largest box counts, and a picture whose box a person deleted is left out.
    assert set(found) == {"happy/p1_1.png", "sad/p1_2.png"}
    assert (found["happy/p1_1.png"].expression, found["happy/p1_1.png"].box) == ("surprise", box.box)
    assert (found["sad/p1_2.png"].person, found["sad/p1_2.png"].box) == ("p1", WHOLE)
    with pytest.raises(FacesError, match="holds no pictures"):
        folder_pictures(tmp_path / "happy" / "none")


@pytest.mark.slow
def test_the_cascade_is_not_judged_by_its_own_boxes(tmp_path: Path) -> None:
    made = drawn_pictures(2, 1, 3)
    by = ["cascade", "hand", "whole", "detector", *["cascade"] * (len(made) - 4)]
    own = [replace(each, by=who) for each, who in zip(made, by, strict=True)]
    own[1] = replace(own[1], others=(Box(0, 0, 0.1, 0.1),))
    wish = replace(QUICK, ablations=(), times=1)
    study = Study.create(tmp_path / "s", "S", "people")
    summary = compare_detectors(study, gather(own, 64), "ours", wish).tables[1]
    assert summary.rows[2][1:3] == (None, None) and isinstance(summary.rows[2][3], float)
    told = " ".join(summary.notes)
    for words in (
        f"{by.count('cascade')} of {len(made)} true boxes are the cascade's own",
        f"1 of {len(made)} true boxes were proposed by a trained detector",
        f"1 of {len(made)} true boxes are the whole picture",
        "cascade's own average precision is left out",
        "1 pictures have further boxed faces",
    ):
        assert words in told


def test_boxed_frames_of_a_study_are_found_and_go_with_a_withdrawn_participant(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", 2, 1, streams=(FACE,))
    names = [Path(session.file).stem for session in study.sessions()]
    for name, session in zip(names, study.sessions(), strict=True):
        book = BoxBook(book_path(study, name), {"recording": name, "participant": session.participant})
        book.put("3", [FaceBox(0.2, 0.2, 0.5, 0.5, "happy")])
        book.put("4", [FaceBox(0.2, 0.2, 0.5, 0.5)])
    found = study_pictures(study)
    assert [(each.source, each.frame, each.expression) for each in found] == [
        (name, "3", "happy") for name in names
    ]
    assert found[0].read()[:2] == b"\xff\xd8"
    gone = study.sessions()[0].participant
    withdrawal.carry_out(study, withdrawal.plan(study, gone))
    assert not book_path(study, names[0]).exists()
    assert [each.source for each in study_pictures(study)] == names[1:]


def test_drawn_people_are_faces_that_somebody_else_may_have() -> None:
    first, other = draw_people(load_opencv("test"), 1, 1, 1), draw_people(load_opencv("test"), 1, 1, 2)
    assert next(first).picture != next(other).picture
