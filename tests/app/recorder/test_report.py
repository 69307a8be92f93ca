"""What a part says of its session: the plan, without the places of files on this computer."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from app.plan import SessionPlan
from app.recorder.report import part_attributes, rate


def test_a_part_names_files_of_devices_but_not_where_they_lie(tmp_path: Path) -> None:
    clip = str(tmp_path / "someone" / "clip.avi")
    device = {"id": "camera", "source": "camera", "params": {"source": clip, "labels": [clip, "Fz"]}}
    board = {"id": "eeg", "source": "brainflow", "params": {"serial_port": "/dev/ttyUSB0"}}
    plan = SessionPlan(uuid="u", name="n", origin="recorded", devices=(device, board))
    attributes = part_attributes(plan)
    assert attributes["devices"] == [
        {"id": "camera", "source": "camera", "params": {"source": "clip.avi", "labels": ["clip.avi", "Fz"]}},
        board,
    ]
    assert str(tmp_path) not in str(attributes)


def test_a_rate_over_the_samples_own_times_does_not_tremble_with_their_blocks() -> None:
    counts: deque[tuple[float, int]] = deque()
    blocks = [25, 25, 50, 25, 75, 25, 25, 50, 25, 75] * 4
    total, rates = 0, []
    for block in blocks:
        total += block
        rates.append(rate(counts, 100.0 + total / 250.0, total))
    assert rates[0] == 0.0
    assert all(abs(value - 250.0) < 1e-6 for value in rates[1:])
    assert counts[-1][0] - counts[1][0] < 5.0


def test_a_rate_without_anything_new_stays_and_a_time_that_goes_back_is_left_out() -> None:
    counts = deque([(10.0, 0), (11.0, 100)])
    assert rate(counts, 11.0, 100) == 100.0
    assert rate(counts, 9.0, 130) == 100.0
    assert len(counts) == 2
