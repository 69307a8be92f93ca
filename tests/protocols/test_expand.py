"""A schedule is the same for the same question, and keeps what the protocol promises."""

import hashlib
import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.expand import expand
from protocols.load import load_protocol
from protocols.schedule import Schedule
from tests.protocols.files import SOUND, changed, parse

SMALL, AGAIN = parse(SOUND), parse(SOUND)
SEEDS = st.integers(-(2**63), 2**63)
SLOTS = st.integers(0, 10_000)
CODES = st.text(max_size=20)


def digest(schedule: Schedule) -> str:
    """Return the SHA-256 of a schedule as JSON with sorted keys."""
    text = json.dumps(schedule.to_json(), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@given(CODES, st.integers(1, 99), SLOTS, SEEDS)
def test_the_same_question_has_the_same_answer(participant: str, session: int, slot: int, seed: int) -> None:
    assert expand(SMALL, participant, session, slot, seed) == expand(AGAIN, participant, session, slot, seed)


@given(CODES, SLOTS, SEEDS)
def test_no_two_of_a_category_follow_each_other(participant: str, slot: int, seed: int) -> None:
    trials = expand(SMALL, participant, 1, slot, seed).trials
    affective = [trial.category for trial in trials if trial.category != "neutral"]
    assert Counter(affective) == {"pleasant": 3, "unpleasant": 3}
    assert all(left != right for left, right in pairwise(affective))
    assert [trial.category for trial in trials].index("neutral", 1) == 3


@given(CODES, SLOTS, SEEDS)
def test_no_picture_and_no_sentence_comes_twice(participant: str, slot: int, seed: int) -> None:
    schedule = expand(SMALL, participant, 1, slot, seed)
    shown = [trial.stimulus for trial in schedule.trials]
    sentences = [
        key
        for stage in schedule.stages
        for key in [stage.content.get("sentence_id"), *stage.content.get("sentence_ids", ())]
        if key
    ]
    assert len(set(shown)) == len(shown) == 10
    assert len(set(sentences)) == len(sentences) == 30


@given(CODES, SLOTS, SEEDS)
def test_a_schedule_survives_json(participant: str, slot: int, seed: int) -> None:
    schedule = expand(SMALL, participant, 1, slot, seed)
    assert Schedule.from_json(json.loads(json.dumps(schedule.to_json()))) == schedule


@given(SEEDS, st.integers(0, 500))
def test_each_factor_is_half_and_half_over_four_slots_in_a_row(seed: int, start: int) -> None:
    schedules = [expand(SMALL, "x", 1, slot, seed) for slot in range(start * 4, start * 4 + 4)]
    first = [next(t.category for t in s.trials if not t.practice) for s in schedules]
    task = [next(stage.kind for stage in s.stages if stage.kind in ("typing", "speaking")) for s in schedules]
    assert Counter(first) == {"pleasant": 2, "unpleasant": 2}
    assert Counter(task) == {"typing": 2, "speaking": 2}
    assert len(set(zip(first, task, strict=True))) == 4


@given(SEEDS)
def test_a_slot_changes_the_counter_balanced_parts_alone(seed: int) -> None:
    plain, rotated = (expand(SMALL, "x", 1, slot, seed) for slot in (0, 1))
    assert plain.trials == rotated.trials
    assert [s.kind for s in plain.stages] != [s.kind for s in rotated.stages]


def test_participant_session_and_seed_each_give_another_order() -> None:
    orders = {
        tuple(trial.stimulus for trial in expand(SMALL, participant, session, 0, seed).trials)
        for participant in ("P01", "P02")
        for session in (1, 2)
        for seed in (1, 2)
    }
    assert len(orders) == 8


def test_stages_lie_where_the_file_puts_them() -> None:
    schedule = expand(SMALL, "P01", 1, 0, 1)
    assert [stage.index for stage in schedule.stages] == list(range(len(schedule.stages)))
    first = [(s.kind, s.trial, s.block) for s in schedule.stages[:7]]
    assert first == [
        ("instruction", -1, ""),
        ("fixation", 0, "practice"),
        ("picture", 0, "practice"),
        ("questionnaire", 0, "practice"),
        ("typing", 0, "practice"),
        ("speaking", 0, "practice"),
        ("fixation", 1, "main"),
    ]
    assert [trial.practice for trial in schedule.trials] == [True] + [False] * 9
    # Nine trials, a pause after every four, none after the last.
    assert [stage.trial for stage in schedule.stages if stage.kind == "break"] == [-1, -1]
    pictures = [(stage.trial, stage.stimulus) for stage in schedule.stages if stage.kind == "picture"]
    assert pictures == [(trial.index, trial.stimulus) for trial in schedule.trials]
    assert {stage.stimulus for stage in schedule.stages if stage.kind != "picture"} == {""}


def test_durations_add_up() -> None:
    schedule = expand(SMALL, "P01", 1, 0, 1)
    assert schedule.typical_s == pytest.approx(3 + 10 * (0.5 + 2 + 6 + 5 + 4) + 2 * 5)
    assert schedule.max_s is None


def test_what_the_presenter_draws_is_in_the_content() -> None:
    stages = {stage.kind: stage.content for stage in expand(SMALL, "P01", 1, 0, 1).stages}
    assert set(stages["instruction"]) == {"text", "button"}
    assert set(stages["fixation"]) == {"symbol"}
    assert set(stages["picture"]) == {"size", "background"}
    assert set(stages["questionnaire"]) == {"title", "items", "button"}
    assert {frozenset(item) for item in stages["questionnaire"]["items"]} == {
        frozenset({"id", "text", "scale", "points", "low", "high", "dimension"})
    }
    assert set(stages["typing"]) == {"sentence", "sentence_id", "prompt", "show_target", "button"}
    assert set(stages["speaking"]) == {"sentences", "sentence_ids", "prompt", "button", "min_hold_s"}
    assert stages["speaking"]["button"] == "HOLD TO TALK"
    assert len(stages["speaking"]["sentences"]) == 2
    assert set(stages["break"]) == {"text", "countdown"}


def test_shuffled_items_are_the_same_items_in_several_orders() -> None:
    stages = [stage for stage in expand(SMALL, "P01", 1, 0, 1).stages if stage.kind == "questionnaire"]
    orders = {tuple(item["id"] for item in stage.content["items"]) for stage in stages}
    assert len(orders) > 1
    assert {frozenset(order) for order in orders} == {frozenset({"positive", "negative", "arousal"})}


def test_a_fixed_order_is_the_listed_one() -> None:
    text = changed(
        "unpleasant: {category: unpleasant}", "unpleasant: {ids: [storm, spider, sad-child], pick: listed}"
    )
    text = text.replace(
        "pleasant: {category: pleasant}", "pleasant: {ids: [beach, puppy, smile], pick: listed}"
    )
    text = text.replace("shuffle: true, max_run: 1", "shuffle: false")
    text = text.replace("  - {name: first, block: main, first: [pleasant, unpleasant]}\n", "")
    text = text.replace("    insert: {every: 2, trial: look, draw: {neutral: 3}}\n", "")
    trials = expand(parse(text), "P01", 1, 0, 1).trials
    assert [t.stimulus for t in trials[1:]] == ["beach", "puppy", "smile", "storm", "spider", "sad-child"]


def test_ratings_choose_stimuli() -> None:
    protocol = parse(
        changed(
            "pleasant: {category: pleasant}\n    un",
            "pleasant: {valence: [7.3, 9], arousal: [1, 4.7]}\n    un",
        )
    )
    assert protocol.pools["pleasant"] == ("meadow", "beach", "smile")


def test_a_slot_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="slots count from 0, not -1"):
        expand(SMALL, "P01", 1, -1, 1)


# A schedule once given must come back for ever: a change here needs a new version of the protocol file.
GOLDEN = {
    ("demo", 2, "sim01", 1, 0, 1): "85355dd1585abf4f52c305f6b13282fa751514b68d3953bd22d897c421ef2499",
    ("demo", 2, "P07", 2, 3, 20261121): "5ba8f9da9d49e91675c7e90e71cb7aa388a8dbca153341beab520ce9dfcf3d43",
    (
        "picture-typing-speaking",
        2,
        "sim01",
        1,
        0,
        1,
    ): "8e6244c2b0d349570cbd1b94447e5ec91cbfa8114a2cabfaf7fa5cb09fc96c66",
    (
        "picture-typing-speaking",
        2,
        "P07",
        2,
        3,
        20261121,
    ): "0dddb13ae83bc76b345292c775edeea4ab38752cf4ed852e7645cd89d8ec6cce",
}


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case[0]}-{case[2]}")
def test_schedules_never_change(case: tuple[str, int, str, int, int, int]) -> None:
    name, version, participant, session, slot, seed = case
    protocol = load_protocol(name)
    assert protocol.version == version
    assert digest(expand(protocol, participant, session, slot, seed)) == GOLDEN[case]
