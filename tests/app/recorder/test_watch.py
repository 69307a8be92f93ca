"""States of streams and holes in their times, told from arrivals alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recorder.offsets import OffsetTracker
from app.recorder.watch import State, Watch, boundary, find_holes, missing_rows


def states(
    watch: Watch, arrivals: list[float], until_s: float, answered_s: float | None = None
) -> list[State]:
    """The states that a stream goes through, looked at ten times a second."""
    seen: list[State] = []
    waiting = sorted(arrivals)
    for tick in range(round(until_s * 10) + 1):
        now = tick / 10
        while waiting and waiting[0] <= now:
            watch.saw(waiting.pop(0))
        state = watch.check(now, answered_s)[1]
        if not seen or seen[-1] != state:
            seen.append(state)
    return seen


def test_a_stream_is_expected_then_connecting_then_live() -> None:
    watch = Watch(100.0)
    assert watch.check(0.0) == ("expected", "expected")
    watch.connected(1.0)
    assert watch.check(1.0) == ("expected", "connecting")
    watch.saw(2.0)
    assert watch.check(2.1) == ("connecting", "live")


def test_a_stream_that_falls_silent_is_stale_after_a_second_and_lost_after_five() -> None:
    watch = Watch(100.0)
    watch.connected(0.0)
    for k in range(10):
        watch.saw(k / 10)
    assert watch.check(1.85)[1] == "live"
    assert watch.check(2.0)[1] == "stale"
    assert watch.check(5.8)[1] == "stale"
    assert watch.check(6.0)[1] == "lost"
    watch.connected(6.1)
    assert watch.check(6.2) == ("lost", "recovering")
    watch.saw(6.3)
    assert watch.check(6.4) == ("recovering", "live")


@pytest.mark.parametrize(
    ("rate_hz", "delivery_s", "silence_s", "state"),
    [
        (4.0, 0.25, 1.2, "live"),
        (4.0, 0.25, 1.4, "stale"),
        (1000.0, 1.0, 4.0, "live"),
        (1000.0, 1.0, 5.5, "lost"),
        (0.5, 2.0, 9.0, "live"),
        (0.5, 2.0, 11.0, "lost"),
        (30.0, 0.033, 0.9, "live"),
        (30.0, 0.033, 1.1, "stale"),
    ],
)
def test_slow_and_batched_streams_are_given_five_of_their_deliveries(
    rate_hz: float, delivery_s: float, silence_s: float, state: State
) -> None:
    watch = Watch(rate_hz)
    watch.connected(0.0)
    times = np.arange(60) * delivery_s
    for now in times:
        watch.saw(float(now))
    assert watch.check(float(times[-1]) + silence_s)[1] == state


def test_a_sparse_stream_may_be_silent_while_its_sender_answers() -> None:
    watch = Watch(0.0)
    assert watch.check(0.0)[1] == "expected"
    watch.connected(0.0)
    assert watch.check(4.0)[1] == "live"
    assert watch.check(100.0, answered_s=98.0)[1] == "live"
    assert watch.check(104.0, answered_s=98.0) == ("live", "lost")
    watch.saw(105.0)
    assert watch.check(105.1, answered_s=98.0) == ("lost", "live")


@given(st.lists(st.floats(0, 20), max_size=60), st.sampled_from([0.0, 2.0, 30.0, 1000.0]))
def test_a_stream_is_never_lost_while_rows_come(arrivals: list[float], rate_hz: float) -> None:
    watch = Watch(rate_hz)
    watch.connected(0.0)
    states(watch, arrivals, 20)
    watch.saw(20.0)
    assert watch.check(20.05)[1] == "live"


def regular(first: int, count: int, rate_hz: float = 100.0) -> np.ndarray:
    return np.arange(first, first + count) / rate_hz


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.lists(st.integers(101, 5000), max_size=5),
    st.integers(1, 100),
)
def test_every_hole_is_found_once_however_the_rows_are_cut(
    runs: list[int], gaps: list[int], cut: int
) -> None:
    index: list[int] = []
    expected: dict[int, int] = {}
    following = 0
    for k, count in enumerate(runs):
        index += range(following, following + count)
        missing = gaps[k] if k < len(gaps) and k < len(runs) - 1 else 0
        if missing:
            expected[len(index)] = missing
        following += count + missing
    times = np.array(index) / 100.0
    found: dict[int, int] = {}
    previous: float | None = None
    for start in range(0, len(times), cut):
        chunk = times[start : start + cut]
        for hole in find_holes(chunk, previous, 100.0):
            assert hole.cause == "no samples"
            found[start + hole.row] = hole.missing
        previous = float(chunk[-1])
    assert found == expected


@given(st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=300))
def test_jitter_is_no_hole(jitter: list[float]) -> None:
    assert find_holes(regular(0, len(jitter)) + np.array(jitter), None, 100.0) == []


def test_a_clock_that_jumps_back_is_a_hole_of_nothing() -> None:
    times = np.concatenate([regular(5000, 50), regular(0, 50)])
    (hole,) = find_holes(times, None, 100.0)
    assert (hole.row, hole.missing, hole.cause) == (50, 0, "clock reset")


def test_batches_with_one_stamp_each_and_streams_without_a_rate_have_no_holes() -> None:
    batches = np.repeat(np.arange(5) * 2.0, 200)
    assert find_holes(batches, None, 100.0) == []
    assert find_holes(np.array([0.0, 50.0, 51.0]), None, 0.0) == []
    assert find_holes(np.array([]), 1.0, 100.0) == []


def test_a_known_interruption_lies_at_the_largest_step() -> None:
    assert boundary(np.array([5.0, 5.1, 5.2]), 1.0) == 0
    assert boundary(np.array([1.1, 1.2, 9.0, 9.1]), 1.0) == 2
    assert boundary(np.array([9.0]), None) == 0


@pytest.mark.parametrize(("step_s", "missing"), [(0.01, 0), (0.02, 1), (1.0, 99), (-3.0, 0), (0.0, 0)])
def test_missing_rows_are_those_between(step_s: float, missing: int) -> None:
    assert missing_rows(step_s, 100.0) == missing


def test_an_offset_is_stale_when_the_sender_has_not_answered_since(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("app.recorder.offsets.clock.now", lambda: now[0])
    tracker = OffsetTracker()
    assert tracker.update(None) is None
    rows = []
    for second in range(21):
        now[0] = 100.0 + second
        # The sender's clock is read every two seconds, and no more after ten.
        remote_s = 7.0 + 2 * min(second // 2, 5)
        rows.append(tracker.update((remote_s, -93.0, 0.0002)))
    written = [row for row in rows if row is not None]
    assert [row.time_s for row in written] == [100.0, 105.0, 110.0, 115.0, 120.0]
    assert [row.fresh for row in written] == [True, True, True, False, False]
    assert tracker.answered_s == 110.0
    assert tracker.offset_s == -93.0
