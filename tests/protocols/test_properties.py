"""What holds for every participant, session, slot, seed and language."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import groupby, pairwise, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.expand import expand
from protocols.ordering import Chance, fill_runs
from protocols.protocol import Protocol
from protocols.schedule import Schedule
from tests.protocols.files import changed, parse
from tests.protocols.rich import rich, write_files

SEEDS = st.integers(-(2**63), 2**63)
SLOTS = st.integers(0, 50)
SESSIONS = st.integers(1, 9)
LANGUAGES = st.sampled_from(["en", "de"])


@pytest.fixture(scope="module")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protocol]:
    yield rich(write_files(tmp_path_factory.mktemp("rich")))


def shown(schedule: Schedule) -> Counter[tuple[str, str, str]]:
    """Return what each block shows how often, whatever the order."""
    return Counter(
        (trial.block, trial.category, trial.stimulus or trial.item.get("id", "")) for trial in schedule.trials
    )


@given(slot=SLOTS, seed=SEEDS, language=LANGUAGES, session=SESSIONS)
def test_any_slot_and_language_lays_out_the_same_trials(
    protocol: Protocol, slot: int, seed: int, language: str, session: int
) -> None:
    plain = expand(protocol, "x", session, 0, seed)
    other = expand(protocol, "x", session, slot, seed, language)
    assert shown(other) == shown(plain)
    assert other.typical_s == pytest.approx(plain.typical_s)
    assert [len(other.stages), other.min_s, other.max_s] == [
        len(plain.stages),
        pytest.approx(plain.min_s),
        None,
    ]


@given(slot=SLOTS, seed=SEEDS, language=LANGUAGES, session=SESSIONS)
def test_the_whole_of_a_schedule_survives_json(
    protocol: Protocol, slot: int, seed: int, language: str, session: int
) -> None:
    schedule = expand(protocol, "x", session, slot, seed, language)
    again = Schedule.from_json(json.loads(json.dumps(schedule.to_json())))
    assert again == schedule
    assert again.to_json() == schedule.to_json()


@given(slot=SLOTS, seed=SEEDS, language=LANGUAGES)
def test_languages_differ_in_their_words_alone(
    protocol: Protocol, slot: int, seed: int, language: str
) -> None:
    plain = expand(protocol, "x", 1, slot, seed)
    other = expand(protocol, "x", 1, slot, seed, language)
    for left, right in zip(plain.stages, other.stages, strict=True):
        assert (left.kind, left.name, left.stimulus, left.duration) == (
            right.kind,
            right.name,
            right.stimulus,
            right.duration,
        )
        assert left.content.get("steps") == right.content.get("steps")


@cache
def repeating(repeat: int) -> Protocol:
    text = changed("insert: {every: 2, trial: look, draw: {neutral: 3}}", f"repeat: {repeat}")
    return parse(text.replace("count: 2", "count: 1").replace("order: {shuffle: true, max_run: 1}", ""))


@given(seed=SEEDS, repeat=st.integers(2, 3))
def test_repeats_are_never_adjacent_when_they_can_be_kept_apart(seed: int, repeat: int) -> None:
    protocol = repeating(repeat)
    trials = [trial for trial in expand(protocol, "x", 1, 0, seed).trials if not trial.practice]
    assert len(trials) == 6 * repeat
    assert all(len(list(run)) == 1 for _, run in groupby(trial.stimulus for trial in trials))
    assert set(Counter(trial.stimulus for trial in trials).values()) == {repeat}


TOGETHER = parse(
    changed(
        "draw: {pleasant: 3, unpleasant: 3}\n    order: {shuffle: true, max_run: 1}\n"
        "    insert: {every: 2, trial: look, draw: {neutral: 3}}",
        "draw: {pleasant: 2, unpleasant: 2, neutral: 4}\n"
        "    order: {max_run: 1, together: [[pleasant, unpleasant]]}",
    )
)


@given(seed=SEEDS)
def test_categories_together_count_as_one(seed: int) -> None:
    for slot, first in ((0, "pleasant"), (2, "unpleasant")):
        trials = [trial for trial in expand(TOGETHER, "x", 1, slot, seed).trials if not trial.practice]
        strong = [trial.category != "neutral" for trial in trials]
        assert strong == [True, False] * 4
        assert trials[0].category == first
        assert Counter(trial.category for trial in trials) == {"pleasant": 2, "unpleasant": 2, "neutral": 4}


def test_one_thing_alone_may_follow_itself_where_nothing_can_stand_between() -> None:
    text = changed("draw: {neutral: 1}", "draw: {neutral: 1}\n    repeat: 3").replace("count: 2", "count: 1")
    trials = [trial for trial in expand(parse(text), "x", 1, 0, 1).trials if trial.practice]
    assert len({trial.stimulus for trial in trials}) == 1 and len(trials) == 3


def adjacent(filled: list[str], runs: list[int]) -> int:
    """Return how often an item stands beside itself within a run."""
    places = iter(filled)
    rows = [[next(places) for _ in range(run)] for run in runs]
    return sum(left == right for row in rows for left, right in pairwise(row))


RUNS = [runs for length in range(1, 5) for runs in product(range(1, 5), repeat=length) if 2 <= sum(runs) <= 6]


@pytest.mark.parametrize("total", range(2, 7))
def test_filling_finds_an_order_without_neighbours_whenever_there_is_one(total: int) -> None:
    for runs in (list(runs) for runs in RUNS if sum(runs) == total):
        for a in range(1, total):
            for b in range(total - a + 1):
                counts = {"a": a, "b": b, "c": total - a - b}
                letters = "".join(letter * count for letter, count in counts.items())
                best = min(adjacent(list(order), runs) for order in set(permutations(letters)))
                for seed in range(3):
                    filled = fill_runs(runs, counts, None, Chance(seed, 1, "x", "test"))
                    assert Counter(filled) == Counter(letters)
                    assert best > 0 or adjacent(filled, runs) == 0
