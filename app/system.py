"""Shared libraries of the operating system: which one is missing, and the one line that installs it.

Standard library only, so that it can speak before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence

PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libbluetooth.so.3": "libbluetooth3",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libportaudio.so.2": "libportaudio2",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "ensurepip": "python3-venv",
    "Xvfb": "xvfb",
}

DRAWING_LIBRARIES = (
    "libEGL.so.1",
    "libGL.so.1",
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libfreetype.so.6",
    "libglib-2.0.so.0",
    "libxkbcommon.so.0",
)
WINDOW_LIBRARIES = (
    *DRAWING_LIBRARIES,
    "libX11-xcb.so.1",
    "libX11.so.6",
    "libxcb-cursor.so.0",
    "libxcb-glx.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-shape.so.0",
    "libxcb-sync.so.1",
    "libxcb-xfixes.so.0",
    "libxcb-xkb.so.1",
    "libxkbcommon-x11.so.0",
)
DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
TEST_PROGRAMS = ("Xvfb",)
SOUND_LIBRARIES = ("libportaudio.so.2",)
PICTURE_LIBRARIES = ("libGL.so.1", "libglib-2.0.so.0", "libxcb.so.1")


def missing(libraries: Iterable[str]) -> tuple[str, ...]:
    """Return those of `libraries` that this system cannot load; only Linux is asked."""
    if not sys.platform.startswith("linux"):
        return ()
    absent = []
    for library in libraries:
        try:
            ctypes.CDLL(library)
        except OSError:
            absent.append(library)
    return tuple(absent)


def apt_line(*libraries: str) -> str:
    """Return the one line that installs `libraries` on Debian and Ubuntu."""
    packages = sorted({PACKAGES.get(library, library) for library in libraries})
    prefix = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
    return f"{prefix}apt install {' '.join(packages)}"


def remedy(*libraries: str) -> str:
    """Say how `libraries` are installed."""
    return f"On Debian and Ubuntu: {apt_line(*libraries)}"


def _listed(names: Sequence[str]) -> str:
    """Return `names` as a sentence can bear them."""
    return (
        ", ".join(names) if len(names) < 4 else f"{names[0]}, {names[1]} and {len(names) - 2} more libraries"
    )


def explain_window() -> str | None:
    """Say what a window still needs on this machine; None if everything is there.

    Qt ends the process without an exception where a library or a display is missing, so ask this
    before `QApplication` is made. The line installs what sound needs, too.
    """
    on_wayland = "WAYLAND_DISPLAY" in os.environ and os.environ.get("QT_QPA_PLATFORM", "wayland") != "xcb"
    absent = missing(DRAWING_LIBRARIES if on_wayland else WINDOW_LIBRARIES)
    if absent:
        everything = remedy(*absent, *missing(SOUND_LIBRARIES))
        return f"windows cannot be opened, this system lacks {_listed(absent)}. {everything}"
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in DISPLAY_VARIABLES):
        return "windows cannot be opened, there is no display (DISPLAY is not set). Start from a desktop."
    return None


def explain_sound() -> str | None:
    """Say what the microphone still needs on this machine; None if PortAudio is there."""
    absent = missing(SOUND_LIBRARIES)
    return f"sound cannot be recorded, PortAudio is missing. {remedy(*absent)}" if absent else None


def explain_tests() -> str | None:
    """Say what the tests still need on this machine; None if everything is there."""
    absent = list(missing((*WINDOW_LIBRARIES, *SOUND_LIBRARIES)))
    if sys.platform.startswith("linux"):
        absent += [program for program in TEST_PROGRAMS if shutil.which(program) is None]
    return f"the tests cannot run, this system lacks {_listed(absent)}. {remedy(*absent)}" if absent else None


def explain_import_error(error: BaseException) -> str | None:
    """Turn an import that failed for want of a system library into one message; else None."""
    text = str(error)
    if isinstance(error, OSError) and "PortAudio library not found" in text:
        return explain_sound() or f"PortAudio is missing. {remedy(*SOUND_LIBRARIES)}"
    found = re.match(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file", text)
    if not isinstance(error, ImportError | OSError) or found is None:
        return None
    library = found.group(1)
    # The loader names only the first one; the others of the same group would follow one by one.
    group = next((names for names in (WINDOW_LIBRARIES, PICTURE_LIBRARIES) if library in names), ())
    absent = missing(group) or (library,)
    if library not in PACKAGES and library in absent:
        return f"this system lacks {library}: install the package that holds it."
    return f"this system lacks {_listed(absent)}. {remedy(*absent)}"
