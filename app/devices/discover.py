"""What is plugged in, what is published, and what is missing with its remedy."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from app import system
from app.devices import boards
from app.devices.lsl import visible_streams

Kind = Literal["serial", "lsl", "camera", "microphone", "brainflow", "missing"]
SERIAL_PATTERNS = ("ttyUSB*", "ttyACM*", "rfcomm*", "cu.*")
CAMERAS_TO_TRY = 4
# As text: a type checker would call the other systems' branches dead.
PLATFORM: str = sys.platform


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is there, or (`missing`) one that is not, with its remedy in `details`."""

    kind: Kind
    name: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self) | {"details": dict(self.details)}


def discover(lsl_wait_s: float = 1.0) -> list[Found]:
    """Look at serial ports, LSL, cameras, microphones and BrainFlow; nothing is opened for long."""
    return [
        *_serial_ports(),
        *_streams(lsl_wait_s),
        *_cameras(),
        *_microphones(),
        *_brainflow(),
    ]


def _serial_ports() -> Iterator[Found]:
    if PLATFORM == "win32":
        yield from _windows_ports()
        return
    for pattern in SERIAL_PATTERNS:
        for port in sorted(Path("/dev").glob(pattern)):
            by_id = [link.name for link in Path("/dev/serial/by-id").glob("*") if link.resolve() == port]
            yield Found("serial", str(port), {"hardware": by_id[0] if by_id else ""})


def _windows_ports() -> Iterator[Found]:
    winreg: Any = importlib.import_module("winreg")
    try:
        key = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DEVICEMAP\SERIALCOMM")
    except OSError:
        return
    with key:
        for index in range(winreg.QueryInfoKey(key)[1]):
            driver, port, _ = winreg.EnumValue(key, index)
            yield Found("serial", str(port), {"hardware": str(driver)})


def _streams(wait_s: float) -> Iterator[Found]:
    for stream in visible_streams(wait_s):
        details = {key: value for key, value in asdict(stream).items() if key != "name"}
        yield Found("lsl", stream.name, details | {"match": dict(stream.match)})


def _cameras() -> Iterator[Found]:
    absent = system.missing(system.PICTURE_LIBRARIES)
    if absent:
        yield Found("missing", f"OpenCV needs {', '.join(absent)}", {"remedy": system.remedy(*absent)})
    if PLATFORM.startswith("linux"):
        for node in sorted(Path("/sys/class/video4linux").glob("video*")):
            # A camera has further nodes for its metadata; the picture comes from index 0.
            if _text(node / "index") in ("", "0"):
                yield Found("camera", _text(node / "name") or node.name, {"source": int(node.name[5:])})
        return
    from app.devices.opencv import load_opencv

    cv2 = load_opencv("camera")
    for index in range(CAMERAS_TO_TRY):
        capture = cv2.VideoCapture(index)
        if capture.isOpened():
            size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
            yield Found("camera", f"camera {index}", {"source": index, "width": size[0], "height": size[1]})
        capture.release()


def _microphones() -> Iterator[Found]:
    absent = system.missing(system.SOUND_LIBRARIES)
    if absent:
        yield Found("missing", "microphones need PortAudio", {"remedy": system.remedy(*absent)})
        return
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        remedy = system.explain_import_error(error) or str(error)
        yield Found("missing", "microphones need PortAudio", {"remedy": remedy})
        return
    chosen = sounddevice.default.device[0]
    for device in sounddevice.query_devices():
        if device["max_input_channels"]:
            yield Found(
                "microphone",
                str(device["name"]),
                {
                    "source": int(device["index"]),
                    "channels": int(device["max_input_channels"]),
                    "rate_hz": float(device["default_samplerate"]),
                    "default": device["index"] == chosen,
                },
            )


def _brainflow() -> Iterator[Found]:
    try:
        known = boards.names()
    except (ImportError, OSError) as error:
        remedy = system.explain_import_error(error) or "Install the Python package brainflow."
        yield Found("missing", "BrainFlow cannot be loaded", {"remedy": remedy})
        return
    yield Found(
        "brainflow",
        f"BrainFlow {metadata.version('brainflow')}",
        {"boards": len(known), "names": list(known)},
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
