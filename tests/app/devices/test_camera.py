"""Cameras: video files through OpenCV, and the drawn face that needs no library."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from app import clock
from app.devices import generated
from app.devices.camera import GeneratedCamera, OpenCvCamera
from app.devices.capture import Capture
from app.devices.entries import CameraParams, DeviceEntry
from app.devices.feed import Picture, open_with_fallback
from app.devices.opencv import load_opencv
from app.devices.source import DeviceError
from app.ring import BlobRingReader
from tests.helpers.supervision import Supervision, supervision, wait_for

FPS = 25


def clip(path: Path, frames: int, still_from: int | None = None) -> Path:
    """Write a clip whose frames tell their number by their brightness."""
    cv2 = load_opencv("test")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (160, 120))
    for index in range(frames):
        number = index if still_from is None else min(index, still_from)
        writer.write(np.full((120, 160, 3), 4 * number % 256, np.uint8))
    writer.release()
    return path


def brightness(jpeg: bytes) -> float:
    cv2 = load_opencv("test")
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return float(picture.mean())


def test_a_file_is_played_frame_by_frame_in_real_time_and_repeated(tmp_path: Path) -> None:
    camera = OpenCvCamera("face", CameraParams(source=str(clip(tmp_path / "a.avi", 20))))
    try:
        assert camera.info.rate_hz == FPS
        assert camera.info.origin == "imported"
        assert camera.info.device == "a.avi", "no folder in the session file"
        assert (camera.info.details["width"], camera.info.details["height"]) == (160, 120)
        pictures = [camera.next(1.0) for _ in range(45)]
    finally:
        camera.close()
    frames = [picture for picture in pictures if picture is not None]
    shown = [round(brightness(frame.jpeg) / 4) for frame in frames]
    assert shown == [index % 20 for index in range(45)]
    times = np.array([frame.time_s for frame in frames])
    assert np.all(np.diff(times) > 0)
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(FPS, rel=0.1)


def test_a_file_that_is_not_to_be_repeated_ends(tmp_path: Path) -> None:
    camera = OpenCvCamera("face", CameraParams(source=str(clip(tmp_path / "a.avi", 3)), loop=False))
    try:
        with pytest.raises(DeviceError, match=r"a\.avi has ended"):
            for _ in range(10):
                camera.next(1.0)
    finally:
        camera.close()


def test_a_picture_that_stands_still_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.camera.STILL_S", 0.3)
    camera = OpenCvCamera("face", CameraParams(source=str(clip(tmp_path / "a.avi", 60, still_from=3))))
    try:
        for _ in range(4):
            camera.next(1.0)
        assert camera.notice == ""
        for _ in range(15):
            camera.next(1.0)
        assert "has not changed" in camera.notice
        assert camera.health()["repeated"] >= 10
    finally:
        camera.close()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (77, "camera 77 cannot be opened"),
        ("/nowhere/film.mp4", "no camera file film.mp4"),
        (str(Path(__file__)), "Check that it is a video file"),
    ],
)
def test_a_camera_that_cannot_be_opened_says_which_and_what_to_do(source: int | str, said: str) -> None:
    with pytest.raises(DeviceError, match=said):
        OpenCvCamera("face", CameraParams(source=source))


def test_opencv_leaves_no_setting_for_qt(tmp_path: Path) -> None:
    """OpenCV brings a Qt of its own and would send the session's Qt to its plugins."""
    script = (
        "import os\nfrom app.devices.opencv import load_opencv\nload_opencv('c')\n"
        "assert not [key for key in os.environ if key.startswith('QT_QPA')]\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QT_")}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env=environment)


def test_the_drawn_face_plays_at_its_speed_without_any_library() -> None:
    camera = GeneratedCamera("face", "There is no camera.")
    pictures = [picture for picture in (camera.next(1.0) for _ in range(20)) if picture is not None]
    times = np.array([picture.time_s for picture in pictures])
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(generated.FACE_FPS, rel=0.1)
    assert camera.info.origin == "simulated"
    assert camera.notice == "A drawn face stands in for the camera. There is no camera."
    assert pictures[0].jpeg != pictures[10].jpeg
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom app.devices.camera import GeneratedCamera\nGeneratedCamera('c').next(1)\n"
            "print(','.join(sys.modules))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert not {"cv2", "scipy", "brainflow", "PySide6"} & set(loaded.strip().split(","))


def test_the_bundled_face_is_what_the_drawing_code_draws() -> None:
    cv2 = load_opencv("test")
    frames = generated.face_frames()
    assert len(frames) == generated.LOOP_S * generated.FACE_FPS
    assert sum(map(len, frames)) < 1.5e6
    for index in (0, 39, 60, 149):
        drawn = generated.draw_face(index / generated.FACE_FPS)
        bundled = cv2.imdecode(np.frombuffer(frames[index], np.uint8), cv2.IMREAD_COLOR)
        assert bundled is not None
        assert bundled.shape == drawn.shape == (480, 640, 3)
        assert np.abs(bundled.astype(int) - drawn).mean() < 3


def fails() -> GeneratedCamera:
    raise DeviceError("no camera.")


@pytest.mark.parametrize(
    ("so_far", "generated_allowed", "works", "expected"),
    [
        (None, True, True, "real"),
        (None, True, False, "generated"),
        (None, False, False, "error"),
        ("recorded", True, False, "error"),
        ("recorded", True, True, "real"),
        ("simulated", True, True, "generated"),
    ],
)
def test_a_stand_in_is_chosen_before_the_first_frame_and_never_after(
    so_far: str | None, generated_allowed: bool, works: bool, expected: str
) -> None:
    def real() -> GeneratedCamera:
        return GeneratedCamera("real") if works else fails()

    def stand_in(reason: str) -> GeneratedCamera:
        return GeneratedCamera("generated", reason)

    made: Callable[[str], GeneratedCamera] | None = stand_in if generated_allowed else None
    if expected == "error":
        with pytest.raises(DeviceError):
            open_with_fallback(real, made, so_far)
    else:
        assert open_with_fallback(real, made, so_far).info.id == expected


def camera_entry(source: str | int, **params: object) -> dict[str, object]:
    return {"id": "face", "source": "camera", "params": {"source": source, **params}}


def frames_in(session: Supervision) -> BlobRingReader:
    return BlobRingReader(session.plan.ring("face"))


def test_a_capture_fills_the_ring_and_reports(tmp_path: Path) -> None:
    with supervision(tmp_path, camera_entry(str(clip(tmp_path / "a.avi", 30)))) as session:
        session.start("capture", "face")
        info = session.declared("face")["face"]
        wait_for(lambda: frames_in(session).written >= 50, "50 frames")
        health = session.health("face", "live", len(session.of("health", "face")))
        read = frames_in(session).read(0)
        assert session.stop() == [0]
        assert session.log("face") == ""
    assert (info.dtype, info.rate_hz, info.source_id) == ("jpeg", FPS, "ring:face")
    shown = [round(brightness(jpeg) / 4) for jpeg in read.data]
    assert shown == [index % 30 for index in range(len(shown))]
    assert np.all(np.diff(read.times) > 0)
    assert read.times[-1] <= clock.now()
    assert health["streams"]["face"]["samples"] >= 50
    assert health["streams"]["face"]["rate_hz"] == pytest.approx(FPS, rel=0.15)


def test_a_machine_without_a_camera_gets_the_face_and_is_told(tmp_path: Path) -> None:
    with supervision(tmp_path, camera_entry(77, fallback="generated")) as session:
        session.start("capture", "face")
        assert session.declared("face")["face"].origin == "simulated"
        message = session.health("face", "live")["message"]
        assert "drawn face stands in" in message
        assert "camera 77 cannot be opened" in message
        assert session.stop() == [0]


def test_a_killed_capture_goes_on_in_its_ring(tmp_path: Path) -> None:
    with supervision(tmp_path, camera_entry("generated")) as session:
        first = session.start("capture", "face")
        wait_for(lambda: session.plan.ring("face").exists() and frames_in(session).written > 20, "frames")
        reader = frames_in(session)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        killed_at = reader.written
        generation = reader.generation
        session.start("capture", "face")
        wait_for(lambda: reader.written > killed_at + 20, "frames after the restart")
        read = reader.read(0)
        assert reader.generation == generation + 1
    assert read.first_seq == 0
    assert read.lost == 0
    assert np.all(np.diff(read.times) > 0)
    assert np.sum(np.diff(read.times) > 0.2) == 1


def test_a_camera_that_is_missing_is_tried_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "later.avi"
    with supervision(tmp_path, camera_entry(str(path))) as session:
        capture = session.start("capture", "face")
        assert "no camera file later.avi" in session.health("face", "failed")["message"]
        clip(path, 10)
        session.health("face", "live")
        assert capture.poll() is None


def test_a_driver_that_never_returns_is_told_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def hanging(self: GeneratedCamera, timeout_s: float) -> Picture | None:
        if taken:
            gate.wait(30)
            return None
        taken.append(True)
        return Picture(clock.now(), b"jpeg")

    taken: list[bool] = []
    monkeypatch.setattr(GeneratedCamera, "next", hanging)
    monkeypatch.setattr("app.devices.capture.QUIET_S", 0.2)
    monkeypatch.setattr("app.devices.capture.STUCK_S", 0.4)
    running = Capture(DeviceEntry("face", "camera", params={"source": "generated"}), tmp_path / "face.ring")
    running.start()
    try:
        wait_for(lambda: running.status.samples == 1, "a frame")
        wait_for(lambda: running.health()["state"] == "failed", "the alarm")
        assert "Nothing came for" in running.health()["message"]
        wait_for(lambda: running.is_stuck, "the end of patience")
    finally:
        gate.set()
        assert running.stop()


def test_a_frame_is_stamped_when_it_was_grabbed() -> None:
    before = clock.now()
    picture = GeneratedCamera("face").next(1.0)
    assert isinstance(picture, Picture)
    assert before <= picture.time_s <= clock.now()


@pytest.mark.slow
def test_the_drawn_face_costs_next_to_nothing(tmp_path: Path) -> None:
    with supervision(tmp_path, camera_entry("generated")) as session:
        process = psutil.Process(session.start("capture", "face").pid)
        session.health("face", "live")
        before = process.cpu_times()
        time.sleep(20)
        after = process.cpu_times()
        used = (after.user + after.system - before.user - before.system) / 20
        assert used < 0.1, f"{100 * used:.1f} % of a core"
        times = frames_in(session).read(0).times
        assert np.diff(times).max() < 0.5
