"""The one clock."""

from __future__ import annotations

import time

from app import clock


def test_time_runs_forwards_in_seconds() -> None:
    before = clock.now()
    time.sleep(0.02)
    assert 0.02 <= clock.now() - before < 5.0


def test_an_anchor_ties_the_clock_to_utc() -> None:
    anchor = clock.anchor()
    assert abs((time.time() - anchor.utc_s) - (clock.now() - anchor.monotonic_s)) < 0.5
    assert 0 <= anchor.uncertainty_s < 0.1


def test_a_boot_has_one_name() -> None:
    assert clock.boot_id() == clock.boot_id() != ""
