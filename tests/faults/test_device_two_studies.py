"""Two studies at once on one computer contain nothing of each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.device_two_studies import demos, strangers


@pytest.mark.slow
def test_two_full_demos_at_once_do_not_mix(tmp_path: Path) -> None:
    first, second = demos(tmp_path)
    assert (first.status, second.status) == (0, 0), first.message + second.message
    assert strangers(first, second) == strangers(second, first) == []
    assert set(first.rows) == set(second.rows), "each has all of its own streams"
    for demo in (first, second):
        assert demo.uuid.encode() in demo.content, "the search would find it"
        assert all(demo.uuid in source for source in demo.sources if source.startswith("evoke:"))
        assert len(demo.stimuli) == 2
        # One board and one wristband each: twice as many rows would be both.
        assert 50 * 250 < demo.rows["eeg"] < 90 * 250
        assert 50 * 64 < demo.rows["wristband-bvp"] < 90 * 64
