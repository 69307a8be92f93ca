"""Norming: the protocol is sound, and ratings become means, SDs and numbers of raters."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.expand import expand
from protocols.load import load_protocol
from stimuli.into_protocol import with_categories
from stimuli.norming import (
    NormingError,
    NormingRun,
    Scale,
    by_rater,
    norming_name,
    norming_protocol,
    with_ratings,
)
from stimuli.problems import ProblemsError
from stimuli.sets import Score, load_set
from tests.helpers.stimulus_files import film, pictures_set, set_of, stimulus

USUAL = tuple(Scale.parse(name) for name in ("valence", "arousal", "attractiveness"))


def test_the_protocol_of_a_run_can_be_run(tmp_path: Path) -> None:
    made = pictures_set(tmp_path / "My Set", each=30)
    text = norming_protocol(made, NormingRun(tuple(made.items), USUAL, 2.5, 50, 20), tmp_path)
    path = tmp_path / "norming.yaml"
    path.write_text(text, encoding="utf-8")
    protocol = load_protocol(path)
    assert protocol.name == norming_name(made) == "norming-my-set"
    schedule = expand(protocol, "01", 1, 0, 3)
    assert len(schedule.trials) == 50
    assert len({trial.stimulus for trial in schedule.trials}) == 50
    asked = next(stage for stage in schedule.stages if stage.name == "ratings")
    assert [(item["id"], item["scale"], item["points"]) for item in asked.content["items"]] == [
        ("valence", "sam", 9), ("arousal", "sam", 9), ("attractiveness", "likert", 7)
    ]  # fmt: skip
    shown = [stage for stage in schedule.stages if stage.kind == "picture"]
    assert {stage.duration.typical_s for stage in shown} == {2.5}
    assert sum(stage.name == "pause" for stage in schedule.stages) == 2
    other = expand(protocol, "02", 1, 1, 4)
    assert [trial.stimulus for trial in other.trials] != [trial.stimulus for trial in schedule.trials]


def test_unpleasant_pictures_come_with_a_warning(tmp_path: Path) -> None:
    made = pictures_set(tmp_path / "mine")
    pleasant = tuple(key for key, item in made.items.items() if (item.valence or 0) > 4)
    for ids, warned in ((tuple(made.items), True), (pleasant, False)):
        text = norming_protocol(made, NormingRun(ids, USUAL), tmp_path)
        assert ("warning:" in text) == warned


def test_the_bundled_set_is_named_and_not_pointed_at(tmp_path: Path) -> None:
    text = norming_protocol(load_set("open"), NormingRun(("meadow",), USUAL[:1]), tmp_path)
    assert 'set: "open"' in text and str(tmp_path) not in text


def test_films_are_shown_whole(tmp_path: Path) -> None:
    item = stimulus(film(tmp_path / "f/walk.mp4"), kind="film", duration_s=1.0)
    text = norming_protocol(set_of(tmp_path / "f", [item]), NormingRun(("walk",), USUAL[:1]), tmp_path)
    path = tmp_path / "norming.yaml"
    path.write_text(text, encoding="utf-8")
    stage = next(stage for stage in expand(load_protocol(path), "01", 1, 0, 0).stages if stage.kind == "film")
    assert stage.until_stimulus_ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("valence", Scale("valence", 9, "How pleasant or unpleasant do you feel?", "unpleasant", "pleasant")),
        ("arousal:5", Scale("arousal", 5, "How calm or excited do you feel?", "calm", "excited")),
        ("trust:7:low trust:high trust", Scale("trust", 7, "Trust", "low trust", "high trust")),
    ],
)
def test_scales_are_read(text: str, expected: Scale) -> None:
    assert Scale.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [("valence:7", "Choose 5 or 9"), ("trust:1", "Choose 2 to 11"), ("Trust", "no name of a scale"),
     ("trust:many", "many points are not possible"), ("", "no name of a scale")],
)  # fmt: skip
def test_scales_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(NormingError, match=message):
        Scale.parse(text)


def test_runs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    made = pictures_set(tmp_path, each=3)
    ids = tuple(made.items)
    for run, message in (
        (NormingRun(("x",), USUAL), 'the set has no "x"'),
        (NormingRun((), USUAL), "choose stimuli and at least one scale"),
        (NormingRun(ids, ()), "choose stimuli and at least one scale"),
        (NormingRun(ids, USUAL[:1] * 2), "a scale is asked twice"),
        (NormingRun(ids, USUAL, per_rater=7), "between 1 and 6 are possible"),
    ):
        with pytest.raises(NormingError, match=message):
            norming_protocol(made, run, tmp_path)


def test_ratings_become_norms(tmp_path: Path) -> None:
    made = pictures_set(tmp_path, each=2)
    made = set_of(tmp_path, [replace(item, provisional=True, dominance=None) for item in made.items.values()])
    ratings = {
        "calm-00": {"valence": [7.0, 8.0, 9.0], "arousal": [2.0, 4.0], "attractiveness": [4.0, 5.0, 3.0]},
        "calm-01": {"valence": [5.0]},
        "gone": {"valence": [1.0]},
    }
    normed = with_ratings(made, ratings, {"valence": 9, "arousal": 5, "attractiveness": 7})
    first, second, third, _ = normed.items
    assert (first.valence, first.valence_sd, first.n) == (8.0, 1.0, 2)
    assert (first.arousal, first.arousal_sd) == (5.0, round(2**0.5 * 2, 4))
    assert first.score("attractiveness") == Score("attractiveness", 4.0, 1.0, 3)
    assert not first.provisional
    # Its arousal is still what its makers thought.
    assert (second.valence, second.valence_sd, second.n, second.provisional) == (5.0, None, 1, True)
    assert third == made.items["wild-00"]
    assert (normed.rated, normed.unknown) == (2, ("gone",))


def test_too_few_raters_leave_a_rating_as_it_was(tmp_path: Path) -> None:
    made = pictures_set(tmp_path, each=1)
    ratings = {"calm-00": {"valence": [1.0, 2.0]}, "wild-00": {"valence": [3.0, 4.0, 5.0]}}
    normed = with_ratings(made, ratings, {"valence": 9}, min_raters=3)
    assert normed.items[0] == made.items["calm-00"]
    assert normed.items[1].valence == 4.0
    with pytest.raises(NormingError, match="No stimulus has ratings of 4 or more raters"):
        with_ratings(made, ratings, {"valence": 9}, min_raters=4)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 9)), max_size=20))
def test_a_rater_counts_once_however_often_she_saw_it(rows: list[tuple[str, str, int]]) -> None:
    found = by_rater((rater, stimulus, "valence", float(value)) for rater, stimulus, value in rows)
    for key, scales in found.items():
        assert len(scales["valence"]) == len({rater for rater, stimulus, _ in rows if stimulus == key})
    values = [value for scales in found.values() for value in scales["valence"]]
    assert all(1 <= value <= 9 for value in values)


PROTOCOL = """\
# A comment that stays.
stimuli:
  set: mine
  categories:
    # This one goes.
    old: {category: calm}

  originals:
    old: ["1050"]
name: p
"""


def test_categories_of_a_protocol_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(PROTOCOL, encoding="utf-8")
    assert with_categories(path, {"calm": ("a", "b"), "wild": ("c",)}) == PROTOCOL.replace(
        "    # This one goes.\n    old: {category: calm}\n",
        '    calm: {ids: ["a", "b"]}\n    wild: {ids: ["c"]}\n',
    )


def test_categories_in_one_line_are_replaced_too(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("stimuli:\n  categories: {old: {ids: [x]}}\n  set: open\n", encoding="utf-8")
    assert with_categories(path, {"calm": ("a",)}) == (
        'stimuli:\n  categories:\n    calm: {ids: ["a"]}\n  set: open\n'
    )


@pytest.mark.parametrize("text", ["name: p\n", "stimuli: {set: open, categories: {a: {ids: [x]}}}\n"])
def test_a_file_that_cannot_be_changed_safely_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProblemsError):
        with_categories(path, {"calm": ("a",)})
