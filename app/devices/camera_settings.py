"""What a camera is asked for, and what it really does."""

from __future__ import annotations

from typing import Any

from app.devices.entries import CameraParams

SETTLING_FRAMES = 15
"""Automatic exposure needs about half a second before what it has found can be kept."""
MANUAL, AUTOMATIC = 1.0, 3.0
"""Video4Linux's values of `exposure_auto`; OpenCV hands them through."""
UNKNOWN = (0.0, -1.0)


def ask_for_size(cv2: Any, capture: Any, params: CameraParams) -> None:
    """Ask for picture size, speed and, where frames may be kept as sent, for JPEG."""
    if params.as_sent:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    wishes = (
        (cv2.CAP_PROP_FRAME_WIDTH, params.width),
        (cv2.CAP_PROP_FRAME_HEIGHT, params.height),
        (cv2.CAP_PROP_FPS, params.fps),
    )
    for name, value in wishes:
        if value is not None:
            capture.set(name, value)


def fix(cv2: Any, capture: Any, params: CameraParams) -> None:
    """Keep exposure, gain and white balance as wished, or as the camera has found them by now.

    A camera that adjusts itself changes the brightness of a face with every picture on the screen.
    """
    if not params.fix:
        return
    exposure = params.exposure if params.exposure is not None else capture.get(cv2.CAP_PROP_EXPOSURE)
    gain = params.gain if params.gain is not None else capture.get(cv2.CAP_PROP_GAIN)
    white = params.white_balance_k
    white = white if white is not None else capture.get(cv2.CAP_PROP_WB_TEMPERATURE)
    capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL)
    capture.set(cv2.CAP_PROP_AUTO_WB, 0)
    for name, value in (
        (cv2.CAP_PROP_EXPOSURE, exposure),
        (cv2.CAP_PROP_GAIN, gain),
        (cv2.CAP_PROP_WB_TEMPERATURE, white),
    ):
        if value not in UNKNOWN:
            capture.set(name, value)


def in_use(cv2: Any, capture: Any) -> dict[str, Any]:
    """Return what the camera says it uses; what it does not say is left out."""
    values = {
        "fps": capture.get(cv2.CAP_PROP_FPS),
        "exposure": capture.get(cv2.CAP_PROP_EXPOSURE),
        "gain": capture.get(cv2.CAP_PROP_GAIN),
        "white_balance_k": capture.get(cv2.CAP_PROP_WB_TEMPERATURE),
    }
    found: dict[str, Any] = {key: value for key, value in values.items() if value not in UNKNOWN}
    automatic = capture.get(cv2.CAP_PROP_AUTO_EXPOSURE)
    if automatic not in UNKNOWN:
        found["exposure_fixed"] = automatic == MANUAL
    white = capture.get(cv2.CAP_PROP_AUTO_WB)
    if "white_balance_k" in found and white >= 0:
        found["white_balance_fixed"] = white == 0
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    text = code.to_bytes(4, "little").decode("ascii", "replace") if 0 < code < 2**32 else ""
    if text.isprintable() and text.strip():
        found["fourcc"] = text
    return found


class FrameTimes:
    """Decides by the first frames whether the driver's time of a frame is to be believed.

    It is Video4Linux's time of the buffer in milliseconds of the monotonic clock. Plausible: not later
    than now, not older than half a second, later with every frame.
    """

    OLDEST_S = 0.5
    TRIAL_FRAMES = 5

    def __init__(self) -> None:
        self._last_s = 0.0
        self._frames = 0
        self._failed = False

    @property
    def believes_driver(self) -> bool:
        """Whether the driver's times are used."""
        return not self._failed and self._frames >= self.TRIAL_FRAMES

    def time_s(self, grabbed_s: float, driver_ms: float) -> float:
        """Return when a frame was taken, as well as one knows; `grabbed_s` is when we had it."""
        driver_s = driver_ms / 1000.0
        if self.believes_driver:
            # A driver that repeats its time repeats its frame: the watch has to see that.
            return driver_s if grabbed_s - self.OLDEST_S <= driver_s <= grabbed_s + 0.001 else grabbed_s
        self._frames += 1
        age_s = grabbed_s - driver_s
        self._failed |= not (-0.001 <= age_s <= self.OLDEST_S and driver_s > self._last_s)
        self._last_s = driver_s
        return grabbed_s
