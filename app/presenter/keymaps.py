"""Asking the system what its keys type: X11 (also below Wayland) and Windows, through ctypes."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from typing import Any

Read = Callable[[int], str]

USE_CORE_KEYBOARD = 0x0100
SCAN_CODE_TO_VIRTUAL_KEY = 3
VIRTUAL_KEY_TO_CHARACTER = 2


class _State(ctypes.Structure):
    """`XkbStateRec` of X11/extensions/XKBstr.h."""

    _fields_ = (
        ("group", ctypes.c_ubyte),
        ("locked_group", ctypes.c_ubyte),
        ("base_group", ctypes.c_ushort),
        ("latched_group", ctypes.c_ushort),
        ("mods", ctypes.c_ubyte),
        ("base_mods", ctypes.c_ubyte),
        ("latched_mods", ctypes.c_ubyte),
        ("locked_mods", ctypes.c_ubyte),
        ("compat_state", ctypes.c_ubyte),
        ("grab_mods", ctypes.c_ubyte),
        ("compat_grab_mods", ctypes.c_ubyte),
        ("lookup_mods", ctypes.c_ubyte),
        ("compat_lookup_mods", ctypes.c_ubyte),
        ("ptr_buttons", ctypes.c_ushort),
    )


@contextlib.contextmanager
def reader(platform: str, on_x11: bool = True) -> Iterator[Read | None]:
    """Yield what gives a key's character by its native code; None where the system cannot be asked."""
    if platform == "win32":
        yield _windows_reader()
    elif platform == "darwin" or not on_x11:
        yield None
    else:
        with _x11_reader() as read:
            yield read


@contextlib.contextmanager
def _x11_reader() -> Iterator[Read | None]:
    x11 = _library("libX11.so.6")
    display = None
    if x11 is not None:
        x11.XOpenDisplay.restype = ctypes.c_void_p
        display = x11.XOpenDisplay(None)
    if x11 is None or not display:
        yield None
        return
    pointer = ctypes.c_void_p(display)
    x11.XkbKeycodeToKeysym.restype = ctypes.c_ulong
    state = _State()
    x11.XkbGetState(pointer, USE_CORE_KEYBOARD, ctypes.byref(state))

    def read(code: int) -> str:
        return character_of(x11.XkbKeycodeToKeysym(pointer, ctypes.c_ubyte(code), int(state.group), 0))

    try:
        yield read
    finally:
        x11.XCloseDisplay(pointer)


def character_of(keysym: int) -> str:
    """Return the character of an X11 key symbol, "" for one that is no character."""
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        return chr(keysym)
    if 0x01000100 <= keysym <= 0x0110FFFF:
        return chr(keysym - 0x01000000)
    xkb = _library("libxkbcommon.so.0")
    if xkb is None or not keysym:
        return ""
    number = int(xkb.xkb_keysym_to_utf32(ctypes.c_uint32(keysym)))
    return chr(number) if number >= 0x20 else ""


def _library(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _windows_reader() -> Read | None:
    user32 = getattr(getattr(ctypes, "windll", None), "user32", None)
    if user32 is None:
        return None

    def read(code: int) -> str:
        key = user32.MapVirtualKeyW(code, SCAN_CODE_TO_VIRTUAL_KEY)
        number = user32.MapVirtualKeyW(key, VIRTUAL_KEY_TO_CHARACTER) & 0xFFFFFFFF if key else 0
        return chr(number & 0xFFFF) if number and number & 0xFFFF >= 0x20 else ""

    return read
