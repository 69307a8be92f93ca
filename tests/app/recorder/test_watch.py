"""States of streams, told from when rows and answers came, on a clock of the tests' own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.recorder.offsets import OffsetTracker
from app.recorder.watch import INTERRUPTED, Deliveries, State, Watch


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
        (30.0, 0.033, 0.9, "live"),
        (30.0, 0.033, 1.1, "stale"),
        (4.0, 0.25, 1.2, "live"),
        (4.0, 0.25, 1.5, "stale"),
        (4.0, 1.0, 4.5, "live"),
        (4.0, 1.0, 5.5, "stale"),
        (4.0, 1.0, 11.0, "lost"),
        (1000.0, 1.0, 4.0, "live"),
        (1000.0, 1.0, 5.5, "stale"),
        (0.5, 2.0, 4.9, "live"),
        (0.5, 2.0, 5.5, "stale"),
        (0.1, 10.0, 24.0, "live"),
        (0.1, 10.0, 26.0, "stale"),
    ],
)
def test_limits_follow_a_streams_own_deliveries(
    rate_hz: float, delivery_s: float, silence_s: float, state: State
) -> None:
    watch = Watch(rate_hz)
    watch.connected(0.0)
    times = np.arange(1, 400) * delivery_s
    for now in times:
        watch.saw(float(now), round(delivery_s * rate_hz))
    assert watch.check(float(times[-1]) + silence_s)[1] == state


def alarms(rate_hz: float, deliveries: list[tuple[float, int]], until_s: float) -> list[tuple[float, State]]:
    """Return when a stream was silent for too long, looked at five times a second."""
    watch = Watch(rate_hz)
    watch.connected(0.0)
    found: list[tuple[float, State]] = []
    waiting = iter([*deliveries, (float("inf"), 0)])
    due_s, rows = next(waiting)
    for tick in range(round(until_s * 5)):
        now = tick / 5
        while due_s <= now:
            watch.saw(due_s, rows)
            due_s, rows = next(waiting)
        if watch.check(now)[1] in INTERRUPTED:
            found.append((now, watch.state))
    return found


@pytest.mark.parametrize(
    ("share", "rows"),
    [
        pytest.param(1.0, (1, 4, 8), id="every packet is late"),
        pytest.param(0.3, (4, 8), id="some packets are late"),
        pytest.param(0.003, (4, 8), id="a packet is late now and then"),
        pytest.param(0.0, (1, 4, 8), id="none is late"),
    ],
)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), jitter_s=st.floats(0, 2))
@settings(max_examples=25)
def test_a_wristband_that_delivers_once_a_second_raises_no_alarm_in_an_hour(
    share: float, rows: tuple[int, ...], data: st.DataObject, seed: int, jitter_s: float
) -> None:
    # 4 samples a second in packets of a quarter, one or two seconds, over a radio link that holds them
    # back for up to two seconds and delivers them in order.
    random = np.random.default_rng(seed)
    size = data.draw(st.sampled_from(rows))
    packets = 4 * 3600 // size
    sent_s = np.arange(1, packets + 1) * size / 4
    late_s = random.uniform(0, jitter_s, packets) * (random.random(packets) < share)
    came_s = np.maximum.accumulate(sent_s + late_s)
    assert alarms(4.0, [(float(t), size) for t in came_s], 3600.0) == []


@given(
    seed=st.integers(0, 2**32 - 1),
    rate_hz=st.sampled_from([30.0, 64.0, 250.0, 2000.0]),
    glitch_s=st.floats(1.2, 20.0),
    after_s=st.floats(1.5, 60.0),
)
def test_a_fast_stream_is_stale_within_two_seconds_also_soon_after_an_outage(
    seed: int, rate_hz: float, glitch_s: float, after_s: float
) -> None:
    random = np.random.default_rng(seed)
    until_s = np.cumsum(random.uniform(0.1, 0.2, 400))
    resumed_s = until_s[-1] + glitch_s
    again_s = resumed_s + np.cumsum(random.uniform(0.1, 0.2, int(after_s / 0.15)))
    watch = Watch(rate_hz)
    watch.connected(0.0)
    for now in [*until_s, resumed_s, *again_s]:
        watch.saw(float(now), round(0.15 * rate_hz))
    assert watch.check(float(again_s[-1]) + 1.8)[1] == "stale"


def test_a_habit_is_learnt_and_one_outage_is_none() -> None:
    deliveries = Deliveries(250.0)
    for _ in range(200):
        deliveries.came(0.125, 31)
    deliveries.came(20.0, 5000)
    assert deliveries.limit_s == 1.0
    for _ in range(20):
        deliveries.came(1.5, 375)
    assert deliveries.limit_s > 2.5


def test_a_sender_that_has_gone_makes_its_stream_stale_at_once() -> None:
    for rate_hz in (250.0, 0.0):
        watch = Watch(rate_hz)
        watch.connected(0.0)
        watch.saw(1.0)
        watch.check(1.0)
        watch.cut()
        assert watch.check(1.1)[1] == "stale"
        assert watch.check(6.2)[1] == "lost"
        watch.connected(7.0)
        assert watch.check(7.1)[1] == ("recovering" if rate_hz else "idle")
        watch.saw(7.2)
        assert watch.check(7.3)[1] == "live"


def test_a_sender_that_comes_back_and_sends_nothing_is_lost_again() -> None:
    watch = Watch(250.0)
    watch.connected(0.0)
    watch.saw(1.0)
    watch.cut()
    watch.connected(3.0)
    assert watch.check(3.1)[1] == "recovering"
    assert watch.check(9.0)[1] == "lost"


def test_a_stream_that_never_sends_is_told_after_five_seconds() -> None:
    watch = Watch(250.0)
    watch.connected(10.0)
    assert watch.check(14.9)[1] == "connecting"
    assert not watch.has_no_samples(14.9)
    assert watch.has_no_samples(15.1)
    watch.saw(16.0)
    watch.check(16.0)
    assert not watch.has_no_samples(16.0)


def test_a_sender_that_dies_before_its_first_row_is_expected_again_if_it_has_a_rate() -> None:
    watch = Watch(250.0)
    watch.connected(1.0)
    assert watch.check(1.1)[1] == "connecting"
    watch.cut()
    assert watch.check(1.2)[1] == "expected"
    sparse = Watch(0.0)
    sparse.connected(1.0)
    assert sparse.check(1.1)[1] == "idle"
    sparse.cut()
    assert sparse.check(1.2) == ("idle", "stale")


def test_nobody_is_late_after_the_computer_slept() -> None:
    # On systems whose clock goes on in sleep.
    regular, sparse = Watch(250.0), Watch(0.0)
    for watch in (regular, sparse):
        watch.connected(0.0)
        watch.saw(1.0)
        watch.check(1.0)
        watch.woke(31.0)
    assert regular.check(31.5)[1] == "live"
    assert sparse.check(31.5, answered_s=1.0)[1] == "idle"
    assert regular.check(32.1)[1] == "stale"
    regular.saw(32.2)
    assert regular.stale_after_s == 1.0


def test_a_sparse_stream_is_idle_while_its_sender_answers_and_live_while_rows_come() -> None:
    watch = Watch(0.0)
    assert watch.check(0.0)[1] == "expected"
    watch.connected(0.0)
    assert watch.check(4.0)[1] == "idle"
    watch.saw(5.0)
    assert watch.check(9.0, answered_s=8.5, patience_s=1.6)[1] == "live"
    assert watch.check(100.0, answered_s=99.0, patience_s=1.6)[1] == "idle"
    assert watch.check(101.0, answered_s=99.0, patience_s=1.6)[1] == "stale"
    assert watch.check(105.0, answered_s=99.0, patience_s=1.6) == ("stale", "lost")
    watch.saw(105.0)
    assert watch.check(105.1, answered_s=99.0, patience_s=1.6) == ("lost", "live")


def test_a_sparse_stream_whose_sender_cannot_be_asked_is_idle_for_ever() -> None:
    watch = Watch(0.0)
    watch.connected(0.0)
    assert watch.check(3600.0)[1] == "idle"


@given(st.lists(st.floats(0, 20), max_size=60), st.sampled_from([0.0, 2.0, 30.0, 1000.0]))
def test_a_stream_is_never_lost_while_rows_come(arrivals: list[float], rate_hz: float) -> None:
    watch = Watch(rate_hz)
    watch.connected(0.0)
    states(watch, arrivals, 20)
    watch.saw(20.0)
    assert watch.check(20.05)[1] == "live"


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


def test_an_offset_that_jumps_is_a_row_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("app.recorder.offsets.clock.now", lambda: now[0])
    tracker = OffsetTracker()
    rows = []
    for second in range(8):
        now[0] = 100.0 + second
        # Two seconds after the last row the sender's computer was set right by 30 s.
        rows.append(tracker.update((float(second), -93.0 if second < 2 else -63.0, 0.0002)))
    written = [row for row in rows if row is not None]
    assert [(row.time_s, row.offset_s) for row in written] == [(100.0, -93.0), (102.0, -63.0), (107.0, -63.0)]
