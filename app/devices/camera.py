"""Cameras: a device, a video file or an address through OpenCV, or the bundled face."""

from __future__ import annotations

import itertools
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.records import Origin, StreamInfo
from app import clock
from app.devices import generated
from app.devices.camera_settings import SETTLING_FRAMES, FrameTimes, ask_for_size, fix, in_use
from app.devices.entries import CameraParams
from app.devices.feed import Picture
from app.devices.frames import DROPPED, FrameWatch
from app.devices.load import is_address
from app.devices.losses import Loss
from app.devices.opencv import load_opencv
from app.devices.source import DeviceError

STILL_S = 2.0
STALLED_S = 5.0
GRAB_TIME = "clock after the frame was grabbed"
DRIVER_TIME = "driver's time of the frame (monotonic clock)"
USUAL_FPS = 30.0
FASTEST_FPS = 240.0
BYTES_A_PIXEL = 0.25
"""Room in the ring for a JPEG picture; a noisy one at quality 85 takes about 0.2."""
BYTES_AS_SENT = 0.5
"""Cameras compress less."""


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

    def losses(self) -> list[Loss]:
        """Return none: what is drawn is there."""
        return []

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
        self._times = FrameTimes()
        self._capture = self._open()
        first = self._begin()
        stated = float(self._capture.get(self._cv2.CAP_PROP_FPS))
        self._fps = stated if 1.0 <= stated <= FASTEST_FPS else params.fps or USUAL_FPS
        self._pending: Any = first
        self._next_s = clock.now()
        self._watch = FrameWatch(self._fps)
        self._losses: list[Loss] = []
        height, width = (self._decode(first) if self._is_as_sent else first).shape[:2]
        self.frame_bytes = round(height * width * (BYTES_AS_SENT if self._is_as_sent else BYTES_A_PIXEL))
        described = camera_info(
            device_id,
            "imported" if self._is_file else "recorded",
            self._fps,
            self._shown,
            DRIVER_TIME if self._times.believes_driver else GRAB_TIME,
            int(width),
            int(height),
        )
        encoding = "as sent" if self._is_as_sent else f"quality {params.quality}"
        more = {"encoding": encoding, **({} if self._is_file else in_use(self._cv2, self._capture))}
        self.info = replace(described, details={**described.details, **more})

    @property
    def notice(self) -> str:
        """Say so when the picture has stood still."""
        still_s = self._watch.still_s(clock.now())
        if still_s < STILL_S:
            return ""
        return f"The picture of {self._shown} has not changed for {still_s:.0f} s. Check the camera."

    def next(self, timeout_s: float) -> Picture | None:
        """Wait for the next frame, as JPEG; raises DeviceError for a camera that hangs."""
        frame = self._grab()
        if frame is None:
            return None
        time_s, picture = frame
        self._look(picture, time_s)
        return Picture(time_s, picture.tobytes() if self._is_as_sent else self._encode(picture))

    def losses(self) -> list[Loss]:
        """Return the frames found to be dropped since the last call."""
        found, self._losses = self._losses, []
        return found

    def health(self) -> dict[str, Any]:
        """Return how many frames were dropped, how many equal to the one before, and whose time they have."""
        return {
            "dropped": self._watch.dropped,
            "repeated": self._watch.repeated,
            "time": "driver" if self._times.believes_driver else "grab",
        }

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()

    @property
    def _is_camera(self) -> bool:
        return isinstance(self._source, int)

    def _open(self) -> Any:
        cv2 = self._cv2
        if isinstance(self._source, str) and is_address(self._source):
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 3000]
            capture = cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, limits)
        else:
            capture = cv2.VideoCapture(self._source)
        if not capture.isOpened():
            raise DeviceError(self._absent())
        if not self._is_file:
            ask_for_size(cv2, capture, self._params)
        self._is_as_sent = self._params.as_sent and self._keep_as_sent(capture)
        return capture

    def _keep_as_sent(self, capture: Any) -> bool:
        """Have OpenCV hand JPEG frames through without decoding; False where it or the camera cannot."""
        cv2 = self._cv2
        if int(capture.get(cv2.CAP_PROP_FOURCC)) != cv2.VideoWriter.fourcc(*"MJPG"):
            return False
        raw = (cv2.CAP_PROP_CONVERT_RGB, 0) if self._is_camera else (cv2.CAP_PROP_FORMAT, -1)
        return bool(capture.set(*raw))

    def _begin(self) -> Any:
        """Read the first frame; a camera gets time to settle and is then fixed."""
        if self._is_camera:
            for _ in range(SETTLING_FRAMES):
                self._capture.read()
            fix(self._cv2, self._capture, self._params)
            for _ in range(FrameTimes.TRIAL_FRAMES):
                if self._capture.grab():
                    self._stamp()
                    self._capture.retrieve()
        ok, first = self._capture.read()
        if ok and self._is_as_sent and not _is_whole_jpeg(first.tobytes()):
            # Motion JPEG may leave its tables out, which few programs can read: decode and encode then.
            self._capture.release()
            self._params = self._params.model_copy(update={"as_sent": False})
            self._capture = self._open()
            ok, first = self._capture.read()
        if not ok:
            self._capture.release()
            raise DeviceError(f"device {self._id}: {self._shown} gives no picture. {self._remedy()}")
        return first

    def _stamp(self) -> float:
        grabbed_s = clock.now()
        if not self._is_camera:
            return grabbed_s
        return self._times.time_s(grabbed_s, float(self._capture.get(self._cv2.CAP_PROP_POS_MSEC)))

    def _encode(self, picture: Any) -> bytes:
        quality = [self._cv2.IMWRITE_JPEG_QUALITY, self._params.quality]
        ok, encoded = self._cv2.imencode(".jpg", picture, quality)
        if not ok:
            raise DeviceError(f"device {self._id}: a frame of {self._shown} could not be encoded.")
        content: bytes = encoded.tobytes()
        return content

    def _decode(self, jpeg: Any) -> Any:
        picture = self._cv2.imdecode(jpeg.ravel(), self._cv2.IMREAD_COLOR)
        if picture is None:
            raise DeviceError(f"device {self._id}: {self._shown} sends pictures that cannot be read.")
        return picture

    def _grab(self) -> tuple[float, Any] | None:
        if self._is_file:
            time.sleep(max(0.0, self._next_s - clock.now()))
            self._next_s = max(self._next_s + 1.0 / self._fps, clock.now() - 1.0)
        if self._pending is not None:
            picture, self._pending = self._pending, None
            return clock.now(), picture
        if not self._capture.grab():
            return self._again()
        time_s = self._stamp()
        ok, picture = self._capture.retrieve()
        return (time_s, picture) if ok else None

    def _again(self) -> tuple[float, Any] | None:
        if not self._is_file:
            raise DeviceError(f"device {self._id}: {self._shown} gives no more pictures. {self._remedy()}")
        if not self._params.loop:
            raise DeviceError(f"device {self._id}: {self._shown} has ended. Set loop: true to repeat it.")
        self._capture.release()
        self._capture = self._open()
        ok, picture = self._capture.read()
        if not ok:
            raise DeviceError(f"device {self._id}: {self._shown} cannot be read again. {self._remedy()}")
        return clock.now(), picture

    def _look(self, picture: Any, time_s: float) -> None:
        """Notice dropped frames, and equal ones: drivers repeat them when a camera hangs."""
        part = picture if self._is_as_sent else picture[::8, ::8]
        dropped = self._watch.see(time_s, zlib.crc32(part.tobytes()))
        if dropped is not None and not self._is_file:
            found = Loss(self._id, dropped.last_s, dropped.first_s, dropped.missing, DROPPED)
            self._losses.append(found)
        if not self._is_file and self._watch.still_s(clock.now()) > STALLED_S:
            raise DeviceError(
                f"device {self._id}: {self._shown} has given one and the same picture for {STALLED_S:.0f} s "
                "and is started again. Check its cable and its lens cap."
            )

    def _absent(self) -> str:
        return f"device {self._id}: {self._shown} cannot be opened. {self._remedy()}"

    def _remedy(self) -> str:
        if self._is_file:
            return "Check that it is a video file."
        return "Plug it in, close other programs that use it; evoke devices lists the cameras."


def _is_whole_jpeg(content: bytes) -> bool:
    """Whether bytes are a JPEG picture with its own Huffman tables."""
    return content[:2] == b"\xff\xd8" and b"\xff\xc4" in content[:2048]


def _shown(source: int | str) -> str:
    """Name a source without its folder or password, for people and for the session file."""
    if isinstance(source, int):
        return f"camera {source}"
    if is_address(source):
        scheme, _, rest = source.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    return Path(source).name
