"""The bundled open set: enough pictures, films and sounds, ours, unaltered, and what was drawn and played."""

import csv
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from stimuli.drawing import FACES, SCENES, FacePicture, Scene
from stimuli.drawing.clips import CLIPS, FILM_RATE_HZ, TONES, Clip, Tone
from stimuli.drawing.music import RATE_HZ
from stimuli.sets import MANIFEST, Stimulus, load_set
from tests.stimuli.render_open_set import FILM_SIZE, entries, frame, pixels, render, row

OPEN = load_set("open")
PICTURES = {name: item for name, item in OPEN.items.items() if item.kind == "picture"}
SCENE_ITEMS = {name: item for name, item in PICTURES.items() if not item.model}


def decoded(item: Stimulus) -> list[av.VideoFrame]:
    """Return the frames of a film."""
    with av.open(str(item.path)) as film:
        return list(film.decode(video=0))


def heard(item: Stimulus) -> NDArray[np.float64]:
    """Return the samples of a film's or sound's track, mono."""
    with av.open(str(item.path)) as film:
        parts = [each.to_ndarray().astype(np.float64).mean(axis=0) for each in film.decode(audio=0)]
    return np.concatenate(parts)


def envelope(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how loud a sound is in each tenth of a second."""
    count = len(sound) // (RATE_HZ // 10)
    parts = sound[: count * (RATE_HZ // 10)].reshape(count, -1)
    return np.asarray(np.sqrt(np.mean(parts**2, axis=1)))


def test_there_is_enough_of_each_category_and_all_files_are_whole() -> None:
    kinds: dict[str, Counter[str]] = {"picture": Counter(), "film": Counter(), "sound": Counter()}
    for item in OPEN.items.values():
        kinds[item.kind][item.category] += 1
    assert kinds["picture"] == {
        "pleasant": 6, "unpleasant": 6, "neutral": 6,
        "face-neutral": 14, "face-happy": 14, "face-disgust": 13, "face-sad": 1,
    }  # fmt: skip
    assert kinds["film"] == {"joyful": 6, "calm": 6, "sad": 6, "tense": 6, "plain": 6}
    assert kinds["sound"].total() == 6
    assert OPEN.problems() == []


def test_the_files_are_small_and_pictures_of_one_size_a_kind() -> None:
    sizes = {item.id: item.path.stat().st_size for item in OPEN.items.values()}
    assert sum(sizes[name] for name in SCENE_ITEMS) < 4_000_000
    assert sum(size for name, size in sizes.items() if name not in SCENE_ITEMS) < 4_200_000
    for item in PICTURES.values():
        image = QImage(str(item.path))
        assert (image.width(), image.height()) == (item.width_px, item.height_px)
    assert {(item.width_px, item.height_px) for item in SCENE_ITEMS.values()} == {(1280, 960)}
    assert {(item.width_px, item.height_px) for item in PICTURES.values() if item.model} == {(350, 418)}


def test_ratings_are_marked_as_provisional_and_fit_their_categories() -> None:
    assert all(item.provisional and item.n is None for item in OPEN.items.values())
    valence = {
        category: [i.valence for i in OPEN.items.values() if i.category == category]
        for category in ("pleasant", "unpleasant", "neutral")
    }
    assert min(v for v in valence["pleasant"] if v) > 6.5
    assert max(v for v in valence["unpleasant"] if v) < 3.6
    assert all(4.5 <= v <= 5.5 for v in valence["neutral"] if v)


@pytest.mark.parametrize(
    ("category", "valence", "arousal"),
    [
        ("joyful", (6.5, 9), (5.5, 9)),
        ("calm", (6.5, 9), (1, 4)),
        ("sad", (1, 4), (1, 4)),
        ("tense", (1, 4), (5.5, 9)),
        ("plain", (4.5, 5.5), (1, 3.5)),
    ],
)
def test_films_lie_in_the_corners_and_the_middle_of_affect(
    category: str, valence: tuple[float, float], arousal: tuple[float, float]
) -> None:
    films = [item for item in OPEN.items.values() if item.category == category]
    assert len(films) == 6
    for item in films:
        assert item.valence is not None and valence[0] <= item.valence <= valence[1]
        assert item.arousal is not None and arousal[0] <= item.arousal <= arousal[1]
        assert item.duration_s is not None and 6 <= item.duration_s <= 12


def test_ten_models_and_more_show_each_expression() -> None:
    shown: dict[str, set[str]] = {}
    for item in PICTURES.values():
        if item.model:
            shown.setdefault(item.model, set()).add(item.expression)
    assert sum(expressions == {"neutral", "happy", "disgust"} for expressions in shown.values()) == 13
    assert [expressions for expressions in shown.values() if "sad" in expressions] == [
        {"neutral", "happy", "sad"}
    ]


def test_each_entry_says_what_it_is_and_who_made_it() -> None:
    assert all(
        item.licence == "MIT" and item.attribution and item.description for item in OPEN.items.values()
    )


def test_the_manifest_is_what_the_drawings_say() -> None:
    with (OPEN.folder / MANIFEST).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = entries()
    assert [each["id"] for each in rows] == list(made)
    for each in rows:
        entry, ending, _ = made[each["id"]]
        expected = row(entry, OPEN.folder / f"{each['id']}.{ending}")
        assert {key: value for key, value in each.items() if value} == {
            key: str(value) for key, value in expected.items() if value not in ("", None)
        }


@pytest.mark.parametrize("scene", (*SCENES, *FACES[::7]), ids=lambda scene: scene.id)
def test_a_file_is_what_its_drawing_gives(scene: Scene | FacePicture) -> None:
    item = OPEN.items[scene.id]
    drawn, bundled = pixels(render(scene)), pixels(QImage(str(item.path)))
    # Another version of Qt may smooth an edge differently.
    assert np.abs(drawn.astype(np.int16) - bundled).mean() < 1.0
    assert (item.category, item.valence, item.arousal, item.dominance) == (
        scene.category, scene.valence, scene.arousal, scene.dominance
    )  # fmt: skip


def few(*quick: str) -> list[object]:
    """Return all clips; those not named belong to the slow run."""
    return [clip if clip.id in quick else pytest.param(clip, marks=pytest.mark.slow) for clip in CLIPS]


@pytest.mark.parametrize("clip", few("sunrise", "candle", "tiles"), ids=lambda clip: clip.id)
def test_a_film_shows_and_plays_what_was_drawn_and_composed(clip: Clip) -> None:
    item = OPEN.items[clip.id]
    frames = decoded(item)
    assert len(frames) == clip.frames
    assert all(
        math.isclose(float(each.time), number / FILM_RATE_HZ, abs_tol=1e-4)
        for number, each in enumerate(frames)
    )
    assert (frames[0].width, frames[0].height) == FILM_SIZE == (item.width_px, item.height_px)
    for number in (0, clip.frames // 3, clip.frames - 1):
        shown = frames[number].to_ndarray(format="rgb24").astype(np.int16)
        assert np.abs(shown - frame(clip, number)).mean() < 9, f"frame {number} is another one"
    played, composed = envelope(heard(item)), envelope(clip.play(clip.duration_s))
    assert abs(len(played) - len(composed)) <= 1
    count = min(len(played), len(composed))
    assert np.corrcoef(played[:count], composed[:count])[0, 1] > 0.9


@pytest.mark.parametrize("clip", few("thunderstorm", "clash"), ids=lambda clip: clip.id)
def test_no_film_flashes_more_than_three_times_a_second(clip: Clip) -> None:
    """WCAG 2.2: a flash changes relative luminance by a tenth and back, over a quarter of the picture."""
    light = []
    for number in range(0, clip.frames, 3):
        linear = (frame(clip, number, (64, 36)) / 255.0) ** 2.2
        light.append(linear @ np.array([0.2126, 0.7152, 0.0722]))
    changed = [np.mean(np.abs(after - before) > 0.1) > 0.25 for before, after in pairwise(light)]
    a_second = FILM_RATE_HZ // 3
    worst = max(sum(changed[start : start + a_second]) for start in range(max(1, len(changed) - a_second)))
    assert worst <= 6


@pytest.mark.parametrize("tone", TONES, ids=lambda tone: tone.id)
def test_a_sound_plays_what_was_composed(tone: Tone) -> None:
    item = OPEN.items[tone.id]
    sound = heard(item)
    assert (
        len(sound) / RATE_HZ == pytest.approx(tone.duration_s, abs=0.1) and item.duration_s == tone.duration_s
    )
    played, composed = envelope(sound), envelope(tone.play(tone.duration_s))
    count = min(len(played), len(composed))
    assert np.corrcoef(played[:count], composed[:count])[0, 1] > 0.9
    assert np.abs(sound).max() < 1


def test_nothing_in_the_folder_is_unlisted() -> None:
    listed = {item.path.name for item in OPEN.items.values()} | {"manifest.csv"}
    assert {path.name for path in Path(OPEN.folder).iterdir()} == listed
