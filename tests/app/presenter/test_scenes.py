"""Scenes and their images: what each drawn stage looks like, of what size, and the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from app.presenter.scenes import (
    Choice,
    Drawing,
    Mask,
    Missing,
    Picture,
    Scene,
    Symbol,
    choice_scene,
    scene_of,
    steps_of,
)
from app.presenter.style import Style
from app.presenter.textures import Textures, fitted, read_picture
from app.screens import Calibration, Size
from protocols.schedule import Duration, Stage, StageKind

ROOM = QSize(1280, 800)
OPTIONS = [
    {"id": "happy", "text": "Happy", "key": "KeyJ"},
    {"id": "sad", "text": "Sad", "key": "Space"},
]


def stage(kind: StageKind, content: Mapping[str, Any], stimulus: str = "") -> Stage:
    return Stage(0, 0, "main", kind, kind, Duration(1, 1, 1), stimulus, content)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (stage("blank", {}), Scene("#808080")),
        (stage("blank", {"background": "#000000"}), Scene("#000000")),
        (stage("blank", {"background": None}), Scene("#808080")),
        (stage("fixation", {}), Scene("#808080", Symbol("+", "#808080"))),
        (
            stage("picture", {"size": {"width_px": 300}}, "sun"),
            Scene("#808080", Picture("sun", ("width_px", 300.0)), lit=True),
        ),
        (stage("sound", {"symbol": "♪"}, "bell"), Scene("#808080", Symbol("♪", "#808080"), lit=True)),
        (stage("sound", {}, "bell"), Scene("#808080", None, lit=True)),
        (stage("film", {"background": "#111111"}, "clip"), Scene("#111111", None, lit=True)),
        (
            stage("mask", {"pattern": "lines", "grain_px": 4, "pattern_seed": 9}),
            Scene("#808080", Mask("lines", 4, 9)),
        ),
        (stage("flash", {"background": "#FFFFFF"}), Scene("#FFFFFF", None, lit=True)),
    ],
)
def test_each_drawn_stage_has_its_scene(shown: Stage, expected: Scene) -> None:
    assert scene_of(shown, Calibration()) == expected


def test_a_choice_shows_the_labels_of_its_keys() -> None:
    scene = scene_of(stage("choice", {"prompt": "Which?", "options": OPTIONS}), Calibration())
    assert isinstance(scene.drawing, Choice)
    assert (scene.drawing.options[0].text, scene.drawing.options[0].label) == ("Happy", "J")
    assert scene.drawing.prompt == "Which?" and not scene.drawing.chosen


@pytest.mark.parametrize(
    ("show", "before", "after"), [("options", 2, 2), ("prompt", 0, 1), ("blank", None, 1)]
)
def test_a_choice_may_hide_its_options_until_it_is_answered(
    show: str, before: int | None, after: int
) -> None:
    asked = stage("choice", {"prompt": "Which?", "options": OPTIONS, "show": show})
    counts = []
    for scene in (choice_scene(asked), choice_scene(asked, "sad", "wrong")):
        counts.append(len(scene.drawing.options) if isinstance(scene.drawing, Choice) else None)
    assert counts == [before, after]


def test_steps_of_a_sequence_are_pictures_masks_and_blanks() -> None:
    content = {
        "background": "#222222",
        "size": 0.5,
        "steps": [
            {"stimulus": "neutral", "duration_s": 0.06},
            {"mask": "noise", "duration_s": 0.08, "pattern_seed": 4},
            {"mask": {"pattern": "lines", "grain_px": 3}, "duration_s": 0.02},
            {"blank": "#444444", "duration_s": 0.1},
        ],
    }
    steps = steps_of(stage("sequence", content), Calibration())
    size: Size = ("fraction", 0.5)
    assert [step.scene.drawing for step in steps] == [
        Picture("neutral", size),
        Mask("noise", 8, 4, size),
        Mask("lines", 3, 0, size),
        None,
    ]
    assert [step.stimulus for step in steps] == ["neutral", "mask", "mask", ""]
    assert [step.duration_s for step in steps] == [0.06, 0.08, 0.02, 0.1]
    assert [step.scene.background for step in steps] == ["#222222"] * 3 + ["#444444"]


@pytest.mark.parametrize(
    ("natural", "size", "expected"),
    [
        ((300, 100), ("fit", 1.0), (1280, 426)),
        ((100, 400), ("fraction", 0.5), (100, 400)),
        ((100, 400), ("height_px", 200.0), (50, 200)),
        ((4000, 3000), ("width_px", 400.0), (400, 300)),
        ((12000, 12000), ("fit", 1.0), (800, 800)),
        ((1, 9000), ("fit", 1.0), (1, 800)),
        ((100, 100), ("height_px", 90_000.0), (4096, 4096)),
    ],
)
def test_a_picture_keeps_its_shape_and_fits(
    natural: tuple[int, int], size: Size, expected: tuple[int, int]
) -> None:
    shown = fitted(QSize(*natural), size, ROOM, 4096)
    assert (shown.width(), shown.height()) == pytest.approx(expected, abs=1)


def images(qapp: QApplication, pictures: Mapping[str, Path] | None = None) -> Textures:
    textures = Textures(pictures or {}, Style("light", ROOM.width(), ROOM.height()))
    textures.room = ROOM
    return textures


@pytest.mark.parametrize("pattern", ["noise", "lines"])
def test_a_mask_is_the_same_for_the_same_seed_and_another_for_another(
    qapp: QApplication, pattern: Any
) -> None:
    textures = images(qapp)
    same = [textures.image(Mask(pattern, 8, seed, ("height_px", 200.0))) for seed in (3, 3, 4)]
    assert same[0] == same[1] and same[0] != same[2]
    assert same[0].size() == QSize(200, 200)


def test_noise_has_grains_of_its_size_and_all_greys(qapp: QApplication) -> None:
    image = images(qapp).image(Mask("noise", 10, 1))
    assert image.size() == ROOM
    rows = [[image.pixelColor(x, y).red() for x in range(0, 1280, 10)] for y in range(0, 800, 10)]
    for x, y in ((9, 0), (0, 9), (9, 9)):
        assert image.pixelColor(x, y).red() == rows[0][0], "one grain is of one grey"
    values = [grey for row in rows for grey in row]
    assert 110 < sum(values) / len(values) < 145 and min(values) < 10 and max(values) > 245


@pytest.mark.parametrize(
    "drawing", [Missing("a very long name of a picture " * 6), Symbol("abcdef"), Symbol("?")]
)
def test_what_is_written_stays_within_its_image(qapp: QApplication, drawing: Drawing) -> None:
    image = images(qapp).image(drawing)
    assert image.width() <= ROOM.width() and image.height() <= ROOM.height()
    inside = {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)
    }
    assert len(inside) > 1


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_huge_picture_is_read_at_about_the_size_it_is_shown_in(
    qapp: QApplication, tmp_path: Path, suffix: str
) -> None:
    image = QImage(4000, 2000, QImage.Format.Format_RGB32)
    image.fill(QColor("#204080"))
    path = tmp_path / f"huge{suffix}"
    assert image.save(str(path))
    shown = read_picture(path, ("fit", 1.0), ROOM, 4096)
    assert shown is not None and shown.size() == QSize(1280, 640)
    colour = shown.pixelColor(640, 320)
    assert (colour.red(), colour.green(), colour.blue()) == pytest.approx((0x20, 0x40, 0x80), abs=4)


def test_a_photograph_is_turned_upright(qapp: QApplication, tmp_path: Path) -> None:
    image = QImage(400, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#204080"))
    path = tmp_path / "plain.jpg"
    assert image.save(str(path))
    data = path.read_bytes()
    # The camera says: turn me by 90 degrees (Exif orientation 6).
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    shown = read_picture(turned, ("height_px", 100.0), ROOM, 4096)
    assert shown is not None and shown.size() == QSize(50, 100)


def test_a_feedback_differs_from_the_question_and_by_its_verdict(qapp: QApplication) -> None:
    textures = images(qapp)
    asked = stage("choice", {"prompt": "Which?", "options": OPTIONS})
    seen: list[QImage] = []
    for scene in (
        choice_scene(asked),
        choice_scene(asked, "sad"),
        choice_scene(asked, "sad", "correct"),
        choice_scene(asked, "sad", "wrong"),
    ):
        assert scene.drawing is not None
        image = textures.image(scene.drawing)
        assert all(image != earlier for earlier in seen)
        seen.append(image)


@pytest.mark.parametrize("damage", ["unreadable", "missing", "unknown"])
def test_what_cannot_be_read_is_a_placeholder_and_is_named(
    qapp: QApplication, tmp_path: Path, damage: str
) -> None:
    pictures = {} if damage == "unknown" else {"sun": tmp_path / "sun.png"}
    if damage == "unreadable":
        (tmp_path / "sun.png").write_bytes(b"not a picture")
    textures = images(qapp, pictures)
    assert textures.image(Picture("sun")) == textures.image(Missing("sun"))
    assert textures.is_missing(Scene(drawing=Picture("sun"))) == "sun"
    assert textures.is_missing(Scene(drawing=Picture("moon"))) == ""
