"""Frames: kept as sent, dropped, repeated, timed; and cameras that are asked to keep still."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.devices.camera import DRIVER_TIME, GRAB_TIME, OpenCvCamera
from app.devices.camera_settings import AUTOMATIC, MANUAL, FrameTimes
from app.devices.entries import CameraParams
from app.devices.feed import Picture
from app.devices.frames import DROPPED, FrameWatch
from app.devices.source import DeviceError
from app.ring import BlobRingReader
from tests.helpers.http_camera import http_camera, noisy_frames
from tests.helpers.supervision import supervision, wait_for


def taken(camera: OpenCvCamera, count: int) -> list[Picture]:
    pictures = [camera.next(1.0) for _ in range(count)]
    return [picture for picture in pictures if picture is not None]


def test_a_network_camera_is_kept_byte_by_byte_as_it_sends() -> None:
    with http_camera() as sender:
        camera = OpenCvCamera("face", CameraParams(source=sender.address))
        pictures = taken(camera, 30)
        camera.close()
        order = [sender.frames.index(picture.jpeg) for picture in pictures]
    assert np.all((np.diff(order) % len(sender.frames)) == 1)
    assert (camera.info.details["encoding"], camera.info.details["fourcc"]) == ("as sent", "MJPG")
    assert (camera.info.details["width"], camera.info.details["height"]) == (160, 120)
    assert camera.info.time_source == GRAB_TIME
    assert camera.health() == {"dropped": 0, "repeated": 0, "time": "grab"}
    assert pictures[-1].time_s <= clock.now()


def test_a_camera_can_be_encoded_anew_to_save_room() -> None:
    with http_camera(noisy_frames(5)) as sender:
        camera = OpenCvCamera("face", CameraParams(source=sender.address, as_sent=False, quality=20))
        (picture,) = taken(camera, 1)
        camera.close()
    assert picture.jpeg not in sender.frames
    assert len(picture.jpeg) < min(map(len, sender.frames))
    assert camera.info.details["encoding"] == "quality 20"


def test_pictures_without_their_tables_are_made_whole() -> None:
    """Motion JPEG may leave the Huffman tables out; few programs can read that."""
    bare = noisy_frames(3)
    while b"\xff\xc4" in bare[0][:2048]:
        bare = [_without_table(frame) for frame in bare]
    with http_camera(bare) as sender:
        camera = OpenCvCamera("face", CameraParams(source=sender.address))
        (picture,) = taken(camera, 1)
        camera.close()
    assert b"\xff\xc4" in picture.jpeg
    assert camera.info.details["encoding"] == "quality 85"


def _without_table(frame: bytes) -> bytes:
    table = frame.index(b"\xff\xc4")
    length = int.from_bytes(frame[table + 2 : table + 4], "big")
    return frame[:table] + frame[table + 2 + length :]


def test_frames_that_a_camera_drops_are_counted_and_told() -> None:
    with http_camera() as sender:
        camera = OpenCvCamera("face", CameraParams(source=sender.address))
        taken(camera, 20)
        sender.leave_out(12)
        pictures = taken(camera, 20)
        losses = camera.losses()
        camera.close()
    assert sum(loss.missing for loss in losses) == 12 == camera.health()["dropped"]
    widest = max(losses, key=lambda loss: loss.missing)
    assert (widest.stream_id, widest.cause) == ("face", DROPPED)
    assert any(picture.time_s == widest.first_s for picture in pictures)
    assert camera.losses() == [], "told once"


def test_a_camera_that_hangs_on_one_picture_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.camera.STALLED_S", 0.5)
    with http_camera() as sender:
        camera = OpenCvCamera("face", CameraParams(source=sender.address))
        taken(camera, 5)
        sender.freeze()
        with pytest.raises(DeviceError, match=r"one and the same picture .* Check its cable"):
            taken(camera, 60)
        assert camera.health()["repeated"] >= 5
        camera.close()


def has_rows(ring: Path) -> bool:
    return BlobRingReader(ring).written > 25


@pytest.mark.slow
def test_several_cameras_at_once(tmp_path: Path) -> None:
    with http_camera(noisy_frames(seed=1)) as left, http_camera(noisy_frames(seed=2)) as right:
        entries = [
            {"id": name, "source": "camera", "params": {"source": sender.address}, "name": f"{name} camera"}
            for name, sender in (("left", left), ("right", right))
        ]
        with supervision(tmp_path, *entries) as session:
            for name in ("left", "right"):
                session.start("capture", name)
            for name, sender in (("left", left), ("right", right)):
                info = session.declared(name)[name]
                assert info.details["name"] == f"{name} camera"
                ring = session.plan.ring(name)
                wait_for(partial(has_rows, ring), "a second of frames")
                assert set(BlobRingReader(ring).read(0).data) <= set(sender.frames)
            assert session.stop() == [0, 0]
            assert session.log("left") == session.log("right") == ""


@given(
    fps=st.sampled_from([15.0, 25.0, 30.0, 60.0]),
    slower=st.sampled_from([1.0, 2.0]),
    jitter=st.floats(0, 0.2),
    dropped=st.lists(st.tuples(st.integers(60, 290), st.integers(1, 30)), max_size=3),
    seed=st.integers(0, 99),
)
def test_dropped_frames_are_counted_whatever_the_cameras_own_speed(
    fps: float, slower: float, jitter: float, dropped: list[tuple[int, int]], seed: int
) -> None:
    """A camera that exposes longer in the dark sends fewer frames than it says, and drops none."""
    gone = {first + offset for first, count in dropped for offset in range(count)}
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, 400) * jitter
    watch = FrameWatch(fps)
    for index in range(400):
        if index not in gone:
            watch.see((index + noise[index]) * slower / fps, index)
    assert watch.dropped == len(gone)
    assert watch.repeated == 0


def test_a_frame_is_repeated_when_its_picture_or_its_time_is_the_same() -> None:
    watch = FrameWatch(30)
    for time_s, fingerprint, repeated in [(1.0, 7, 0), (1.03, 7, 1), (1.07, 8, 1), (1.07, 9, 2)]:
        watch.see(time_s, fingerprint)
        assert watch.repeated == repeated
    assert watch.still_s(2.0) == pytest.approx(0.93)
    watch.see(2.0, 10)
    assert (watch.repeated, watch.still_s(5.0)) == (2, 0.0)


def test_frames_that_a_busy_computer_takes_late_are_not_dropped() -> None:
    watch = FrameWatch(25)
    for index in range(200):
        late_s = {100: 0.09, 101: 0.06, 102: 0.03}.get(index, 0.0)
        assert watch.see(index / 25 + late_s, index) is None
    assert watch.dropped == 0


@pytest.mark.parametrize(
    ("ages_s", "believed"),
    [
        ([0.03] * 8, True),
        ([0.49] * 8, True),
        ([5000.0] * 8, False),
        ([-0.2] * 8, False),
        ([0.03 + 0.0334 * n for n in range(8)], False),
    ],
)
def test_a_drivers_time_is_used_where_it_is_a_possible_one(ages_s: list[float], believed: bool) -> None:
    times = FrameTimes()
    for index, age_s in enumerate(ages_s):
        now = 100 + index / 30
        stamp_s = times.time_s(now, 1000 * (now - age_s))
    assert times.believes_driver is believed
    assert stamp_s == pytest.approx(now - ages_s[-1] if believed else now)


def test_a_driver_that_loses_its_clock_later_is_not_followed() -> None:
    times = FrameTimes()
    for index in range(10):
        times.time_s(100 + index / 30, 1000 * (100 + index / 30 - 0.02))
    assert times.time_s(101.0, 5.0) == 101.0


class Driver:
    """A USB camera as OpenCV's Video4Linux back end shows it: properties, driver's times, pictures."""

    def __init__(self, cv2: Any) -> None:
        self.cv2 = cv2
        self.frames = noisy_frames(40)
        self.index = 0
        self.values: dict[int, float] = {
            cv2.CAP_PROP_FRAME_WIDTH: 160,
            cv2.CAP_PROP_FRAME_HEIGHT: 120,
            cv2.CAP_PROP_FPS: 30,
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"YUYV"),
            cv2.CAP_PROP_AUTO_EXPOSURE: AUTOMATIC,
            cv2.CAP_PROP_EXPOSURE: 312,
            cv2.CAP_PROP_GAIN: 40,
            cv2.CAP_PROP_AUTO_WB: 1,
            cv2.CAP_PROP_WB_TEMPERATURE: 4600,
            cv2.CAP_PROP_CONVERT_RGB: 1,
        }

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def get(self, name: int) -> float:
        if name == self.cv2.CAP_PROP_POS_MSEC:
            return 1000 * (clock.now() - 0.02)
        return self.values.get(name, -1.0)

    def set(self, name: int, value: float) -> bool:
        if name == self.cv2.CAP_PROP_FPS:
            value = min(value, 30)
        self.values[name] = value
        return True

    def grab(self) -> bool:
        self.index += 1
        return True

    def retrieve(self) -> tuple[bool, Any]:
        content = np.frombuffer(self.frames[self.index % len(self.frames)], np.uint8)
        if self.values[self.cv2.CAP_PROP_CONVERT_RGB]:
            return True, self.cv2.imdecode(content, self.cv2.IMREAD_COLOR)
        return True, content[None, :]

    def read(self) -> tuple[bool, Any]:
        self.grab()
        return self.retrieve()

    def release(self) -> None:
        """Nothing to release."""


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    import cv2

    made = Driver(cv2)
    monkeypatch.setattr("app.devices.camera.Path", lambda text: SimpleNamespace(exists=lambda: True))
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: made)
    return made


def test_a_usb_camera_is_fixed_and_its_real_settings_are_stored(driver: Driver) -> None:
    camera = OpenCvCamera("face", CameraParams(source=0, fps=60, gain=10.0, width=160, height=120))
    details = camera.info.details
    assert details["exposure"] == 312, "what automatic exposure had found"
    assert (details["gain"], details["white_balance_k"], details["fps"]) == (10.0, 4600, 30)
    assert details["exposure_fixed"] is details["white_balance_fixed"] is True
    assert (details["encoding"], details["fourcc"]) == ("as sent", "MJPG")
    assert camera.info.time_source == DRIVER_TIME
    before = clock.now()
    pictures = taken(camera, 3)
    assert pictures[1].jpeg in driver.frames
    assert before - 0.03 < pictures[1].time_s < clock.now() - 0.015, "the driver's time, not ours"


def test_a_usb_camera_may_be_left_to_itself(driver: Driver) -> None:
    camera = OpenCvCamera("face", CameraParams(source=0, fix=False, as_sent=False))
    assert camera.info.details["exposure_fixed"] is False
    assert driver.values[driver.cv2.CAP_PROP_AUTO_EXPOSURE] == AUTOMATIC != MANUAL
    assert camera.info.rate_hz == 30.0
