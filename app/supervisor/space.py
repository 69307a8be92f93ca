"""How much room a session needs on the disk: from what its streams really deliver."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from analysis.records import StreamInfo
from app.devices.entries import DeviceEntry
from app.devices.load import expected_streams
from app.plan import SessionPlan

SPACE_FACTOR = 2.2
"""Live file plus finished copy, for every byte of raw data."""
SPARE_BYTES = 100_000_000
TIME_BYTES = 8
JPEG_BYTES_A_PIXEL = 0.16
"""A webcam's picture of a face at quality 85, measured: 40 to 50 kB at 640 x 480."""
USUAL_CAMERA = (640, 480, 30.0)
SPARSE_ROWS_PER_S = 10.0
UNKNOWN_BYTES_PER_S = 300_000
"""A stream that nobody has described yet: 32 channels of float64 at 1 kHz; known before the start."""


def stream_bytes_per_s(info: StreamInfo) -> float:
    """Return what a described stream of numbers takes: its channels and its times."""
    rate_hz = info.rate_hz or SPARSE_ROWS_PER_S
    if info.dtype == "jpeg":
        width, height = (int(info.details.get(key) or 0) for key in ("width", "height"))
        pixels = width * height or USUAL_CAMERA[0] * USUAL_CAMERA[1]
        return rate_hz * (pixels * JPEG_BYTES_A_PIXEL + TIME_BYTES)
    if info.is_blob:
        return rate_hz * 100
    return rate_hz * (len(info.channels) * np.dtype(info.dtype).itemsize + TIME_BYTES)


def device_bytes_per_s(device: DeviceEntry) -> float:
    """Return what a device of the devices file takes, before anything of it was started."""
    if device.source == "camera":
        camera = device.camera()
        width, height, fps = USUAL_CAMERA
        pixels = (camera.width or width) * (camera.height or height)
        return (camera.fps or fps) * (pixels * JPEG_BYTES_A_PIXEL + TIME_BYTES)
    if device.source == "microphone":
        return device.microphone().rate_hz * (2 + TIME_BYTES)
    described = expected_streams(device, SessionPlan(uuid="", name="", origin="recorded"))
    return sum(
        UNKNOWN_BYTES_PER_S if expected.info is None else stream_bytes_per_s(expected.info)
        for expected in described
    )


def planned_bytes(devices: Iterable[DeviceEntry], length_s: float) -> float:
    """Return how much room a session of `length_s` seconds needs until it is finished."""
    return sum(device_bytes_per_s(device) for device in devices) * length_s * SPACE_FACTOR


def existing(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that exists."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def free_bytes(folder: Path) -> int:
    """Return how much room there is where `folder` lies or will lie."""
    return shutil.disk_usage(existing(folder)).free


def size_text(count: float) -> str:
    """Say a number of bytes as a person would."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
