"""What a part says of its session: the plan, without the places of files on this computer."""

from __future__ import annotations

from pathlib import Path

from app.plan import SessionPlan
from app.recorder.report import part_attributes


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
