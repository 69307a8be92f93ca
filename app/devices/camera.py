"""Cameras: a device, a video file or an address through OpenCV, or the bundled face."""

from __future__ import annotations

import itertools
import time
import zlib
from pathlib import Path
from typing import Any

from analysis.records import Origin, StreamInfo
from app import clock
from app.devices import generated
from app.devices.entries import CameraParams
from app.devices.feed import Picture
from app.devices.load import is_address
from app.devices.opencv import load_opencv
from app.devices.source import DeviceError

STILL_S = 2.0
USUAL_FPS = 30.0
FASTEST_FPS = 240.0
BYTES_A_PIXEL = 0.25
"""Room in the ring for a JPEG picture; a noisy one at quality 85 takes about 0.2."""


def camera_info(
    device_id: str, origin: Origin, rate_hz: float, device: str, time_source: str, width: int, height: int
) -> StreamInfo:
    """Describe a camera's stream of JPEG frames."""
    return StreamInfo(
        id=device_id,
        kind="video",
        origin=origin,
        channels=("frame",),
        units=("jpeg",),
        channel_kinds=("video",),
        rate_hz=rate_hz,
        dtype="jpeg",
        device=device,
        time_source=time_source,
        source_id=f"ring:{device_id}",
        details={"width": width, "height": height},
    )


class GeneratedCamera:
    """Plays the bundled face at its own speed; needs no picture library."""

    def __init__(self, device_id: str, reason: str = "") -> None:
        try:
            frames = generated.face_frames()
        except OSError as error:
            raise DeviceError(
                f"device {device_id}: the bundled face cannot be read. Install Evoke again."
            ) from error
        self._frames = itertools.cycle(frames)
        self.frame_bytes = max(len(frame) for frame in frames)
        self._next_s = clock.now()
        self.notice = f"A drawn face stands in for the camera. {reason}".rstrip()
        self.info = camera_info(
            device_id,
            "simulated",
            generated.FACE_FPS,
            "drawn face",
            "clock when the frame was due",
            generated.FACE_WIDTH,
            generated.FACE_HEIGHT,
        )

    def next(self, timeout_s: float) -> Picture | None:
        """Wait until the next frame is due."""
        wait_s = self._next_s - clock.now()
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        if wait_s > 0:
            time.sleep(wait_s)
        now = clock.now()
        # After a hold-up the clip goes on from here instead of hurrying after.
        self._next_s = max(self._next_s + 1.0 / generated.FACE_FPS, now - 1.0)
        return Picture(now, next(self._frames))

    def health(self) -> dict[str, Any]:
        """Return nothing of its own."""
        return {}

    def close(self) -> None:
        """Nothing to let go."""


class OpenCvCamera:
    """A camera, file or address that OpenCV reads; raises DeviceError where it cannot."""

    def __init__(self, device_id: str, params: CameraParams) -> None:
        self._id = device_id
        self._params = params
        source = params.source
        if isinstance(source, str) and source.isdigit():
            source = int(source)
        self._is_file = isinstance(source, str) and not is_address(source)
        self._shown = _shown(source)
        if self._is_file and not Path(str(source)).is_file():
            raise DeviceError(f"device {device_id}: there is no camera file {self._shown}. Check its path.")
        has_nodes = Path("/sys/class").exists()
        if isinstance(source, int) and has_nodes and not Path(f"/dev/video{source}").exists():
            # Asking OpenCV would search every back end for seconds to say the same.
            raise DeviceError(self._absent())
        self._cv2 = load_opencv(device_id)
        self._source = source
        self._capture = self._cv2.VideoCapture(source)
        if not self._capture.isOpened():
            raise DeviceError(self._absent())
        self._set_wishes()
        ok, first = self._capture.read()
        if not ok:
            self._capture.release()
            raise DeviceError(f"device {device_id}: {self._shown} gives no picture. {self._remedy()}")
        stated = float(self._capture.get(self._cv2.CAP_PROP_FPS))
        self._fps = stated if 1.0 <= stated <= FASTEST_FPS else params.fps or USUAL_FPS
        self._pending: Any = (clock.now(), first)
        self._next_s = clock.now()
        self._fingerprint = 0
        self._repeated = 0
        self._still_since_s: float | None = None
        self.frame_bytes = round(first.shape[0] * first.shape[1] * BYTES_A_PIXEL)
        self.info = camera_info(
            device_id,
            "imported" if self._is_file else "recorded",
            self._fps,
            self._shown,
            "clock after the frame was grabbed",
            int(first.shape[1]),
            int(first.shape[0]),
        )

    @property
    def notice(self) -> str:
        """Say so when the picture has stood still."""
        if self._still_since_s is None:
            return ""
        still_s = clock.now() - self._still_since_s
        if still_s < STILL_S:
            return ""
        return f"The picture of {self._shown} has not changed for {still_s:.0f} s. Check the camera."

    def next(self, timeout_s: float) -> Picture | None:
        """Wait for the next frame and encode it."""
        frame = self._grab()
        if frame is None:
            return None
        time_s, picture = frame
        self._look(picture, time_s)
        ok, encoded = self._cv2.imencode(
            ".jpg", picture, [self._cv2.IMWRITE_JPEG_QUALITY, self._params.quality]
        )
        if not ok:
            raise DeviceError(f"device {self._id}: a frame of {self._shown} could not be encoded.")
        return Picture(time_s, encoded.tobytes())

    def health(self) -> dict[str, Any]:
        """Return how many frames were equal to the one before."""
        return {"repeated": self._repeated}

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()

    def _grab(self) -> tuple[float, Any] | None:
        if self._is_file:
            time.sleep(max(0.0, self._next_s - clock.now()))
            self._next_s = max(self._next_s + 1.0 / self._fps, clock.now() - 1.0)
        if self._pending is not None:
            (_, picture), self._pending = self._pending, None
            return clock.now(), picture
        if not self._capture.grab():
            return self._again()
        time_s = clock.now()
        ok, picture = self._capture.retrieve()
        return (time_s, picture) if ok else None

    def _again(self) -> tuple[float, Any] | None:
        if not self._is_file:
            raise DeviceError(f"device {self._id}: {self._shown} gives no more pictures. {self._remedy()}")
        if not self._params.loop:
            raise DeviceError(f"device {self._id}: {self._shown} has ended. Set loop: true to repeat it.")
        self._capture.release()
        self._capture = self._cv2.VideoCapture(self._source)
        ok, picture = self._capture.read()
        if not ok:
            raise DeviceError(f"device {self._id}: {self._shown} cannot be read again. {self._remedy()}")
        return clock.now(), picture

    def _look(self, picture: Any, time_s: float) -> None:
        """Notice frames that are equal to the one before: drivers repeat them when a camera hangs."""
        fingerprint = zlib.crc32(picture[::8, ::8].tobytes())
        if fingerprint == self._fingerprint:
            self._repeated += 1
            self._still_since_s = time_s if self._still_since_s is None else self._still_since_s
        else:
            self._still_since_s = None
        self._fingerprint = fingerprint

    def _set_wishes(self) -> None:
        if self._is_file:
            return
        wishes = (
            (self._cv2.CAP_PROP_FRAME_WIDTH, self._params.width),
            (self._cv2.CAP_PROP_FRAME_HEIGHT, self._params.height),
            (self._cv2.CAP_PROP_FPS, self._params.fps),
        )
        for name, value in wishes:
            if value is not None:
                self._capture.set(name, value)

    def _absent(self) -> str:
        return f"device {self._id}: {self._shown} cannot be opened. {self._remedy()}"

    def _remedy(self) -> str:
        if self._is_file:
            return "Check that it is a video file."
        return "Plug it in, close other programs that use it; evoke devices lists the cameras."


def _shown(source: int | str) -> str:
    """Name a source without its folder or password, for people and for the session file."""
    if isinstance(source, int):
        return f"camera {source}"
    if is_address(source):
        scheme, _, rest = source.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    return Path(source).name
