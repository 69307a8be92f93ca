"""Plain recordings: what a command line means, and every refusal with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.devices.lsl import Visible
from app.plan import SessionPlan
from app.recorder import plain
from app.recorder.plain import PlainError, choose, distinguish, entries, place_of, plan_recording
from tests.helpers import outlets
from tests.helpers.outlets import Counter

EEG = Visible("EEG cap", "EEG", "cap-1", "lab-1", 32, 500.0)
WRIST = Visible("Wrist BVP", "BVP", "wrist:bvp", "lab-1", 1, 64.0)
EVENTS = Visible("Markers", "Markers", "", "lab-1", 1, 0.0)
TWIN = Visible("Markers", "Markers", "", "lab-2", 1, 0.0)
ALL = (EEG, WRIST, EVENTS)


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ([], ALL),
        (["EEG*"], (EEG,)),
        (["wrist:*"], (WRIST,)),
        (["Markers", "cap-1"], (EEG, EVENTS)),
        (["type=BVP"], (WRIST,)),
        (["hostname=lab-?"], ALL),
        (["*", "*"], ALL),
    ],
)
def test_patterns_mean_names_source_ids_or_a_named_field(
    patterns: list[str], chosen: tuple[Visible, ...]
) -> None:
    assert tuple(choose(ALL, patterns)) == chosen


def test_a_pattern_that_means_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(PlainError, match=r"'ECG'.*Visible: EEG cap, Markers, Wrist BVP"):
        choose(ALL, ["EEG*", "ECG"])
    with pytest.raises(PlainError, match="Visible: none"):
        choose([], ["ECG"])


def test_every_stream_gets_an_id_of_its_own_and_is_found_by_what_sets_it_apart() -> None:
    devices = entries([EEG, EVENTS, TWIN], [*ALL, TWIN], ["0", "face.mp4"], "default")
    assert [(device.id, device.source, dict(device.params)) for device in devices] == [
        ("eeg-cap", "lsl", {"source_id": "cap-1"}),
        ("markers", "lsl", {"name": "Markers", "type": "Markers", "hostname": "lab-1"}),
        ("markers-2", "lsl", {"name": "Markers", "type": "Markers", "hostname": "lab-2"}),
        ("camera", "camera", {"source": 0}),
        ("camera-2", "camera", {"source": "face.mp4"}),
        ("microphone", "microphone", {"source": "default"}),
    ]


def test_streams_that_nothing_sets_apart_are_refused() -> None:
    with pytest.raises(PlainError, match="cannot be told apart"):
        distinguish(EVENTS, [EVENTS, EVENTS])


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    (tmp_path / "b.live").mkdir()
    for name, message in [("a.h5", "exists already"), ("b.h5", "evoke recover"), ("c.xdf", "c.h5")]:
        with pytest.raises(PlainError, match=message):
            place_of(tmp_path / name)
    with pytest.raises(PlainError, match="no such folder"):
        place_of(tmp_path / "none" / "a.h5")
    assert place_of(tmp_path / "c.h5").final == tmp_path / "c.h5"


def test_nothing_to_record_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "visible_streams", lambda: ())
    with pytest.raises(PlainError, match="no LSL stream is visible"):
        plan_recording(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "visible_streams", lambda: ALL)

    def refuse(self: Path, *_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PlainError, match=r"cannot be written \(Read-only file system\)"):
        plan_recording(tmp_path / "a.h5")


def test_a_camera_alone_needs_no_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "check_device", lambda device: [])
    plan, _ = plan_recording(tmp_path / "a.h5", cameras=["0"])
    assert [device["id"] for device in plan.devices] == ["camera"]


def test_what_is_visible_becomes_a_plan_on_the_disk(tmp_path: Path) -> None:
    counter = Counter("Plain EEG", 2, 100, "float32", "plain:eeg")
    outlet = outlets.start(counter)
    try:
        plan, paths = plan_recording(tmp_path / "rest.h5", ["Plain*"], machine={"cores": 2})
    finally:
        outlets.end(outlet)
    assert SessionPlan.load(paths.plan) == plan
    assert (plan.name, plan.window, plan.schedule, plan.origin) == ("rest", "none", None, "recorded")
    (device,) = plan.devices
    assert device["id"] == "plain-eeg"
    assert device["params"] == {"source_id": counter.lsl_id}
