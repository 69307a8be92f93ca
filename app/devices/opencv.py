"""OpenCV, imported so that it disturbs nothing else in the process."""

from __future__ import annotations

import os
from typing import Any

from app import system
from app.devices.source import DeviceError


def load_opencv(device_id: str) -> Any:
    """Import OpenCV without its Qt settings, one thread; raises DeviceError saying what is missing."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    before = {key for key in os.environ if key.startswith("QT_QPA")}
    try:
        import cv2
    except ImportError as error:
        why = system.explain_import_error(error) or f"OpenCV cannot be loaded: {error}."
        raise DeviceError(f"device {device_id}: {why}") from error
    for key in [key for key in os.environ if key.startswith("QT_QPA")]:
        if key not in before:
            del os.environ[key]
    # One thread: this process shares the machine with the recorder and the participant's window.
    cv2.setNumThreads(1)
    return cv2
