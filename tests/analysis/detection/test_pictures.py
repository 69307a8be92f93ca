"""From pictures to cases and back to faces: sources, near-duplicates, cascade, watcher, what is kept."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.corpus.cases import Batch
from analysis.detection.augmenting import Augmenting, augmented
from analysis.detection.boxes import overlap
from analysis.detection.decoding import Detection
from analysis.detection.gathering import Boxed, gather
from analysis.detection.haar import HaarExpressions, expression_of
from analysis.detection.kept import KeptDetector, read_detector, save_detector
from analysis.detection.picture_sources import FolderPictures
from analysis.detection.problems import DetectionError
from analysis.detection.watching import FaceWatcher, Seen, YoloDetector, seen_columns, seen_row
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.splits import divide
from analysis.features.feature import Signal, feature
from analysis.recognizers.psa_yolo import DETECTED, EVERY, PSAYolo, pictures_of
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.simulate.drawn_expressions import EXPRESSIONS, DrawnFace, draw_people
from analysis.views.faces import Box
from app.devices.opencv import load_opencv
from tests.helpers.sample_psa_yolo import QUICK, faces


@lru_cache(maxsize=1)
def drawn() -> tuple[DrawnFace, ...]:
    return tuple(draw_people(load_opencv("test"), 3, 1, 4))


def boxed(face: DrawnFace, number: int = 0) -> Boxed:
    return Boxed("drawn", str(number), face.person, face.expression, face.box, lambda: face.picture)


@lru_cache(maxsize=1)
def trained() -> PSAYolo:
    made = PSAYolo(**{**QUICK, "epochs": 2, "least": 0.001})
    made.fit(faces(2, 4, True), None, Context(seed=1))
    return made


def test_drawn_people_show_every_expression_and_are_the_same_for_the_same_seed() -> None:
    cv2 = load_opencv("test")
    again = tuple(draw_people(cv2, 3, 1, 4))
    assert again == drawn()
    assert [each.expression for each in again[:4]] == list(EXPRESSIONS)
    assert len({each.person for each in again}) == 3
    for each in again:
        assert each.box.left >= 0 and each.box.left + each.box.width <= 1 + 1e-9


def test_pictures_become_cases_with_their_box_in_the_square() -> None:
    made = gather([boxed(each, n) for n, each in enumerate(drawn())], 64)
    batch = made.batch
    assert batch.classes == EXPRESSIONS and len(batch) == 12
    assert batch.inputs["scene"].values.shape == (12, 1, 1, 64, 64)
    box, face = batch.inputs["box"].values[0, 0], drawn()[0].box
    # 320 x 240 lies in the middle: left and width stay, top moves down by an eighth.
    np.testing.assert_allclose(
        box[:4], [face.left, face.top * 0.75 + 0.125, face.width, face.height * 0.75], rtol=1e-5
    )
    assert batch.cases.participant.tolist() == [each.person for each in drawn()]
    assert float(batch.inputs["scene"].values[0, 0, 0, :7].std()) == pytest.approx(0, abs=1e-6)


def test_of_nearly_equal_pictures_of_a_person_and_class_one_is_kept() -> None:
    first, second = boxed(drawn()[0]), boxed(drawn()[1])
    same_of_another = Boxed("drawn", "x", "another", first.expression, first.box, first.read)
    broken = Boxed("drawn", "y", "another", "sad", None, lambda: b"no picture")
    made = gather([first, first, second, same_of_another, broken], 32)
    assert (len(made.batch), made.near_duplicates, made.damaged) == (3, 1, 1)
    assert len(gather([first, first, second], 32, near=0).batch) == 3
    with pytest.raises(DetectionError, match="Two expressions at least"):
        gather([first], 32)


def test_a_split_by_people_shares_nobody() -> None:
    batch = gather([boxed(each, n) for n, each in enumerate(drawn())], 32).batch
    for fold in divide(batch.cases, batch.y, SplitSpec("participants", 3)).folds:
        people = batch.cases.participant
        assert not set(people[fold.train]) & set(people[fold.test])


def test_a_folder_names_classes_by_its_folders_and_people_by_table_or_file(tmp_path: Path) -> None:
    for name in ("happy/KA.HA1.29.png", "sad/S005_001_02.png", "sad/b.png", "loose.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "happy" / "notes.txt").write_text("no picture")
    with (tmp_path / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "person"), ("sad/b.png", "P9")])
    found = FolderPictures(tmp_path)
    assert found.frames == ("happy/KA.HA1.29.png", "loose.jpg", "sad/S005_001_02.png", "sad/b.png")
    assert [found.expression(frame) for frame in found.frames] == ["happy", "", "sad", "sad"]
    assert [found.person(frame) for frame in found.frames] == ["KA", "loose", "S005", "P9"]
    assert found.words("sad/b.png") == "picture 4 of 4, sad/b.png"
    (tmp_path / "people.csv").write_text("who;what\nKA;1\n")
    with pytest.raises(DetectionError, match="columns file and person"):
        FolderPictures(tmp_path)


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(DetectionError, match="holds no pictures"):
        FolderPictures(tmp_path)


def test_the_cascade_finds_drawn_faces_and_says_only_classes_that_were_asked_for() -> None:
    hits = 0
    with HaarExpressions(("happy", "sad", "calm")) as detector:
        for face in drawn():
            for each in detector.detect(face.picture)[:1]:
                assert sum(each.proba) == pytest.approx(1) and len(each.proba) == 3
                true = np.array([[face.box.left, face.box.top, face.box.width, face.box.height]])
                hits += overlap(np.array([each.box]), true)[0, 0] > 0.5
        assert detector.detect(b"no picture") == ()
    assert hits >= 4
    assert [expression_of(name) for name in ("Surprised", "hate", "contempt")] == ["surprise", "disgust", ""]
    with pytest.raises(DetectionError, match="knows none of contempt"):
        HaarExpressions(("contempt",))


class Says:
    """A detector that says what it was told to."""

    classes: tuple[str, ...] = ("happy", "sad")

    def __init__(self, answers: list[tuple[float, ...] | None]) -> None:
        self._answers: Iterator[tuple[float, ...] | None] = iter(answers)

    def detect(self, picture: bytes) -> tuple[Detection, ...]:
        proba = next(self._answers)
        return (
            () if proba is None else (Detection((0.1, 0.2, 0.3, 0.4), int(proba[1] > proba[0]), 0.7, proba),)
        )

    def close(self) -> None:
        pass


def test_a_watcher_tells_box_label_and_smoothed_probabilities_and_starts_anew_after_a_gap() -> None:
    watcher = FaceWatcher(Says([(1, 0), (0, 1), None, (0, 1), (1, 0)]), smoothing_s=0.5)
    seen: list[Seen] = [watcher(b"", at_s) for at_s in (0.0, 0.5, 0.6, 0.7, 9.0)]
    assert [each.label for each in seen] == ["happy", "sad", "", "sad", "happy"]
    assert seen[0].box == Box(0.1, 0.2, 0.3, 0.4)
    share = 1 - np.exp(-1)
    np.testing.assert_allclose(seen[1].smoothed, (1 - share, share))
    assert (seen[2].box, seen[2].words, len(seen[2].smoothed)) == (None, "No face found", 0)
    assert list(seen[4].smoothed) == [1, 0]
    assert watcher.latency.times == 5
    row = seen_row(seen[1])
    assert tuple(row) == seen_columns(watcher.classes)
    assert (row["label"], row["p_sad"], row["left"]) == ("sad", 1, 0.1)
    assert seen_row(seen[2])["left"] is None


def test_a_kept_detector_sees_what_it_saw_before_and_boxes_are_shares_of_the_picture(tmp_path: Path) -> None:
    save_detector(tmp_path / "d", KeptDetector(trained(), 32, False, {"pictures": 8}))
    kept = read_detector(tmp_path / "d")
    assert (kept.size_px, kept.colour, kept.about) == (32, False, {"pictures": 8})
    with pytest.raises(DetectionError, match="there already"):
        save_detector(tmp_path / "d", kept)
    scene = gather([boxed(each) for each in drawn()[:2]], 32).batch.inputs["scene"].values[:, 0]
    assert kept.recognizer.detect(scene) == trained().detect(scene)
    detector = YoloDetector.load(tmp_path / "d")
    try:
        for each in detector.detect(drawn()[0].picture):
            left, top, width, height = each.box
            assert left >= 0 and top >= 0 and left + width <= 1 + 1e-9 and top + height <= 1 + 1e-9
        assert detector.detect(b"") == ()
    finally:
        detector.close()
    (tmp_path / "d" / "detector.json").write_text("{}")
    with pytest.raises(DetectionError, match="is no evoke-face-detector"):
        read_detector(tmp_path / "d")
    with pytest.raises(DetectionError, match="holds no trained detector"):
        read_detector(tmp_path)


def test_a_case_without_a_detection_says_so_and_is_even() -> None:
    batch = faces(2, 2, True)
    blind = PSAYolo(**{**QUICK, "epochs": 1, "least": 1.01})
    blind.fit(batch, None, Context(seed=1))
    proba, told = blind.predict_proba(batch), blind.explain(batch).weights
    assert not told[DETECTED].any()
    np.testing.assert_allclose(proba, 0.5)


def test_faint_detections_are_told_and_answer_nothing() -> None:
    """Average precision needs the whole curve; the answer goes by the threshold."""
    batch = faces(2, 2, True)
    sharp = PSAYolo(**{**QUICK, "epochs": 1, "least": 1.01})
    sharp.fit(batch, None, Context(seed=1))
    told = sharp.explain(batch).weights
    sure = told[EVERY][..., 5]
    assert ((sure > 0) & (sure < 0.05)).any() and not told[DETECTED].any()
    assert (np.diff(sure, axis=1) <= 0).all()
    faint = PSAYolo(**{**QUICK, "least": 0.001})
    faint.network, faint.classes, faint.anchors = sharp.network, sharp.classes, sharp.anchors
    np.testing.assert_array_equal(faint.explain(batch).weights[EVERY], told[EVERY])


def test_other_boxed_faces_go_along_as_such_and_move_with_their_picture() -> None:
    first, second = drawn()[0], drawn()[1]
    other = Box(0.0, 0.0, 0.25, 0.5)
    two = replace(boxed(first), others=(other,))
    made = gather([two, boxed(second, 1)], 64)
    values = made.batch.inputs["box"].values[:, 0]
    assert values.shape == (2, 9) and made.batch.inputs["box"].names[5] == "left of other face 1"
    np.testing.assert_allclose(values[0, 5:], [0, 0.125, 0.25, 0.375], rtol=1e-6)
    assert values[1, 5:].tolist() == [0, 0, 0, 0]
    truth = pictures_of(made.batch).truth
    assert truth.others is not None and truth.others.shape == (2, 1, 4)
    spec = Augmenting(flip=1.0, brightness=0, contrast=0, scale=0, shift=0)
    moved = augmented(torch.zeros(2, 1, 64, 64), truth, spec, torch.Generator().manual_seed(1))[1]
    assert moved.others is not None
    np.testing.assert_allclose(moved.others[0, 0], [0.75, 0.125, 0.25, 0.375], rtol=1e-5)
    assert pictures_of(gather([boxed(first), boxed(second, 1)], 64).batch).truth.others is None


def test_pictures_without_boxes_teach_nothing_and_that_is_said() -> None:
    batch = faces(2, 2, True)
    with pytest.raises(RecognizerError, match="has none"):
        PSAYolo(**QUICK).fit(batch.only(["scene"]), None, Context())
    batch.inputs["box"].values[..., 4] = 0
    with pytest.raises(RecognizerError, match="draw or accept boxes first"):
        PSAYolo(**QUICK).fit(batch, None, Context())


def test_the_three_losses_are_told_every_epoch_and_training_can_be_held() -> None:
    heard: list[dict[str, float]] = []
    held: list[int] = []
    made = PSAYolo(**{**QUICK, "epochs": 3, "iterations": 4})
    made.keep_on = lambda: held.append(1)
    batch: Batch = faces(2, 12, True)
    made.fit(batch, None, Context(progress=lambda epoch, epochs, losses: heard.append(dict(losses))))
    # 24 pictures are two steps of twelve: four steps are two epochs.
    assert len(heard) == 2 and len(held) == 4
    assert set(heard[0]) == {"box", "objectness", "class"}
    assert [tuple(each.values()) for each in heard] == list(made.history)


def test_scenes_and_their_boxes_belong_together_row_by_row() -> None:
    frames = [drawn()[0].picture, b"damaged", drawn()[4].picture]
    times = np.array([0.0, 1.0, 2.0])
    signal = Signal(
        "face", 1.0, 0.0, np.zeros((0, 0), np.float32), ("frame",), ("jpeg",), times, frames.__getitem__
    )
    spans = np.array([[0.0, 2.5], [1.5, 2.5]])
    scene = feature("face.scene").extract(
        signal, spans, 0, 0, {"rate_hz": 0.0, "size_px": 32, "colour": True}
    )
    box = feature("face.scene_box").extract(signal, spans, 0, 0, {"rate_hz": 0.0})
    assert scene.values.shape == (4, 3, 32, 32) and box.values.shape == (4, 5)
    assert scene.first.tolist() == box.first.tolist() == [0, 3, 4]
    assert box.values[1].tolist() == [0, 0, 0, 0, 0]
    assert scene.values[1].std() < 1e-6 < scene.values[0].std()
    np.testing.assert_array_equal(scene.values[2], scene.values[3])
