"""The bundled open set: enough pictures, ours, unaltered, and the ones that were drawn."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from stimuli.drawing import SCENES, Scene
from stimuli.sets import load_set
from tests.stimuli.render_open_set import render, row

OPEN = load_set("open")


def pixels(image: QImage) -> NDArray[np.int16]:
    """Return the pictures' colours (height, width, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGBX8888)
    flat = np.frombuffer(plain.constBits(), np.uint8)
    return flat.reshape(plain.height(), plain.width(), 4)[..., :3].astype(np.int16)


def test_there_are_enough_pictures_of_each_category_and_all_are_whole() -> None:
    assert Counter(item.category for item in OPEN.items.values()) == {
        "pleasant": 6,
        "unpleasant": 6,
        "neutral": 6,
    }
    assert OPEN.problems() == []


def test_the_files_are_small_and_of_one_size() -> None:
    assert sum(item.path.stat().st_size for item in OPEN.items.values()) < 4_000_000
    assert {
        (QImage(str(item.path)).width(), QImage(str(item.path)).height()) for item in OPEN.items.values()
    } == {(1280, 960)}


def test_ratings_are_marked_as_provisional_and_fit_their_categories() -> None:
    assert all(item.provisional and item.n is None for item in OPEN.items.values())
    valence = {
        category: [i.valence for i in OPEN.items.values() if i.category == category]
        for category in ("pleasant", "unpleasant", "neutral")
    }
    assert min(v for v in valence["pleasant"] if v) > 6.5
    assert max(v for v in valence["unpleasant"] if v) < 3.6
    assert all(4.5 <= v <= 5.5 for v in valence["neutral"] if v)


def test_each_picture_says_what_it_shows_and_who_made_it() -> None:
    assert all(
        item.licence == "MIT" and item.attribution and item.description for item in OPEN.items.values()
    )


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.id)
def test_a_file_is_what_its_drawing_gives(scene: Scene) -> None:
    item = OPEN.items[scene.id]
    drawn, bundled = pixels(render(scene)), pixels(QImage(str(item.path)))
    # Another version of Qt may smooth an edge differently.
    assert np.abs(drawn - bundled).mean() < 1.0
    assert {key: str(value) for key, value in row(scene, item.path).items()}["sha256"] == item.sha256
    assert (item.category, item.valence, item.arousal, item.dominance) == (
        scene.category, scene.valence, scene.arousal, scene.dominance
    )  # fmt: skip


def test_nothing_in_the_folder_is_unlisted() -> None:
    listed = {item.path.name for item in OPEN.items.values()} | {"manifest.csv"}
    assert {path.name for path in Path(OPEN.folder).iterdir()} == listed
