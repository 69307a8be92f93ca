"""Where answers lie on the plane: by which side of an axis a class is, and on which scale a number is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.live.engine import Answer
from app.annotation.schemes import add_scheme, scheme_of
from app.live.loop import Told, recognizers_of, run
from app.live.models import Mounted, mount
from app.live.plane import Plane, axes_of, place_of
from app.live.scales import scales_of
from app.live.sources import ReplaySource
from app.study import Study
from tests.helpers import labelled


def test_emotions_lie_on_the_plane(model: Path) -> None:
    assert place_of("Neutral") == (0.0, 0.0) and place_of("umbrella") is None
    happy, sad, angry = place_of("happiness"), place_of("sad"), place_of("anger")
    assert happy is not None and sad is not None and angry is not None
    assert happy[0] > 0.9 and sad[0] < 0 and sad[1] < 0 and angry[1] > 0.9
    plane = Plane([mount(model)])
    calm, angry_too = place_of("calm"), place_of("angry")
    assert plane.has_place and calm is not None and angry_too is not None
    found = plane.place(0, np.array([0.25, 0.75]))
    assert found == pytest.approx(tuple(0.25 * a + 0.75 * b for a, b in zip(calm, angry_too, strict=True)))


def of_axis(one: Mounted, name: str, classes: tuple[str, ...] = ("low", "high"), **target: Any) -> Mounted:
    """Return a recognizer as if it had been trained on another target."""
    said = {"name": name, **target}
    known = replace(one.trained, experiment=replace(one.trained.experiment, target=said))
    return replace(one, trained=replace(known, classes=classes))


def test_two_recognizers_tell_an_axis_each(model: Path) -> None:
    one = mount(model)
    plane = Plane([of_axis(one, "valence-high"), of_axis(one, "arousal-high")])
    assert plane.has_place and not Plane([of_axis(one, "valence-high")]).has_place
    assert plane.place(0, np.array([0.2, 0.8])) is None
    assert plane.place(1, np.array([0.7, 0.3])) == pytest.approx((0.6, -0.4))


def test_an_axis_whose_recognizer_pauses_has_no_place_until_it_goes_on(model: Path) -> None:
    one = mount(model)
    plane = Plane([of_axis(one, "valence-high"), of_axis(one, "arousal-high")])
    high = np.array([0.2, 0.8])
    plane.place(0, high)
    assert plane.place(1, high) is not None and plane.tellers == (0, 1)
    plane.forget(0)
    assert plane.place(1, high) is None
    plane.place(0, high)
    assert plane.place(1, high) is not None


def test_the_loop_gives_no_place_while_one_of_two_pauses(
    model: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = mount(model, hop_s=5.0)
    both = [of_axis(one, "valence-high"), of_axis(one, "arousal-high")]
    prepared = recognizers_of(both)
    usual, count = prepared[1][0].answer, iter(range(99))

    def answer(span: tuple[float, float]) -> Answer:
        found = usual(span)
        return found if next(count) < 2 else replace(found, proba=None, paused="Paused: gone.")

    monkeypatch.setattr(prepared[1][0], "answer", answer)
    found: list[Told] = []
    run(both, ReplaySource(session, ["eda", "bvp"], 0), found.append, prepared=prepared)
    places = [each.place is not None for each in found if each.number == 1]
    assert places == [True, True] + [False] * (len(places) - 2) and len(places) > 4


@pytest.mark.parametrize(
    ("classes", "target", "high"),
    [
        (("high", "low"), {}, 0),
        (("low", "high"), {}, 1),
        (("pleasant", "unpleasant"), {}, 0),
        (("Negative", "Positive"), {}, 1),
        (("high valence", "low valence"), {}, 0),
        (("below", "above"), {"rule": "threshold"}, 1),
        (("one", "other"), {}, None),
        (("high", "positive"), {}, None),
        (("1", "2"), {}, None),
    ],
)
def test_the_high_side_of_two_classes_is_known_by_name_or_there_is_no_axis(
    model: Path, classes: tuple[str, ...], target: dict[str, Any], high: int | None
) -> None:
    axes, told = axes_of(of_axis(mount(model), "valence", classes, **target))
    if high is None:
        assert axes == {} and told == (
            f"valence is not on the plane: which of {classes[0]} and {classes[1]} is the high side is not"
            " known",
        )
    else:
        assert axes["valence"].column == high and told == ()


def numbers(one: Mounted, outputs: tuple[str, ...], **changes: Any) -> Mounted:
    return replace(one, trained=replace(one.trained, classes=(), outputs=outputs), **changes)


def test_numbers_lie_on_the_scale_that_was_answered_on(model: Path) -> None:
    both = ("valence", "arousal")
    unknown = Plane([numbers(mount(model), both)])
    assert unknown.place(0, np.array([5.0, 9.0])) == pytest.approx((0.0, 1.0))
    assert [text.partition(";")[2] for text in unknown.told[0]] == [" it is taken to go from 1 to 9"] * 2
    known = Plane([numbers(mount(model), both, scales={"valence": (1.0, 5.0), "arousal": (-1.0, 1.0)})])
    assert known.place(0, np.array([5.0, 0.5])) == pytest.approx((1.0, 0.5)) and known.told[0] == ()


ITEMS = [
    {"id": "mood", "points": 7},
    {"id": "nervous", "points": 7, "first": 0},
    {"id": "why", "scale": "text"},
]
ASKED = [{"name": "rating", "content": {"items": ITEMS}}]


def test_scales_are_those_of_the_items_and_schemes_of_the_study(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = labelled._schedule
    monkeypatch.setattr(labelled, "_schedule", lambda *facts: {**usual(*facts), "stages": ASKED})
    faces = labelled.make_study(tmp_path / "faces", 1, 1, streams=(labelled.EDA,))
    study = Study.create(tmp_path / "study", "scales", "people", protocol="")
    add_scheme(study, scheme_of(study, "sam"))
    trained = numbers(mount(model), ("sam", "b")).trained

    def told(
        about: dict[str, Any], outputs: tuple[str, ...], place: Study, **target: Any
    ) -> Mapping[str, Any]:
        known = replace(trained, outputs=outputs, about=about)
        asked = {"name": "x", "rule": "number", **target}
        return scales_of(replace(known, experiment=replace(known.experiment, target=asked)), place)

    of_sam = ("sam@1", "feeling.valence,feeling.arousal", "rater-1")
    found = told({}, ("valence", "arousal"), study, source="annotator", of=of_sam)
    assert found == {"valence": (1.0, 9.0), "arousal": (1.0, 9.0)}
    assert told({}, ("norm-valence",), study, source="norm", of=("valence",)) == {"norm-valence": (1.0, 9.0)}
    recordings = {Path(each.file).stem: "" for each in faces.sessions()}
    found = told({"recordings": recordings}, ("mood-now",), faces, source="rating", of=("mood",))
    assert found == {"mood-now": (1.0, 7.0)}
    found = told({"recordings": recordings}, ("nervous",), faces, source="rating", of=("nervous",))
    assert found == {"nervous": (0.0, 6.0)}
    assert told({"recordings": recordings}, ("why",), faces, source="rating", of=("why",)) == {}
    assert told({"recordings": {}}, ("mood",), faces, source="rating", of=("mood",)) == {}
    assert scales_of(trained, None) == {}
