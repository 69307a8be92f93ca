"""Changing what the keys of an X display type, and pressing them, through Xlib alone."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from types import TracebackType
from typing import Any

KEY_PRESS, KEY_RELEASE = 2, 3


class _KeyEvent(ctypes.Structure):
    """`XKeyEvent` of X11/Xlib.h, padded to the size of `XEvent`."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong),
        ("time", ctypes.c_ulong),
        ("x", ctypes.c_int),
        ("y", ctypes.c_int),
        ("x_root", ctypes.c_int),
        ("y_root", ctypes.c_int),
        ("state", ctypes.c_uint),
        ("keycode", ctypes.c_uint),
        ("same_screen", ctypes.c_int),
        ("pad", ctypes.c_long * 24),
    )


class XKeyboard:
    """The keyboard of display `name`; what was changed is put back at the end."""

    def __init__(self, name: str) -> None:
        self._x11: Any = ctypes.CDLL("libX11.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x11.XkbKeycodeToKeysym.restype = ctypes.c_ulong
        display = self._x11.XOpenDisplay(name.encode())
        assert display, f"no display {name}"
        self._display = ctypes.c_void_p(display)
        self._before: dict[int, int] = {}

    def __enter__(self) -> XKeyboard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.type_with({code: chr(symbol) for code, symbol in self._before.items()})
        self._x11.XCloseDisplay(self._display)

    def type_with(self, characters: Mapping[int, str]) -> None:
        """Let keys, by their X key codes, type other characters."""
        for code, character in characters.items():
            now = int(self._x11.XkbKeycodeToKeysym(self._display, ctypes.c_ubyte(code), 0, 0))
            self._before.setdefault(code, now)
            symbol = ord(character)
            if symbol > 0xFF:
                symbol += 0x01000000
            symbols = (ctypes.c_ulong * 2)(symbol, symbol)
            self._x11.XChangeKeyboardMapping(self._display, code, 2, symbols, 1)
        self._x11.XSync(self._display, 0)

    def press(self, window: int, code: int) -> None:
        """Press and release a key over a window."""
        root = self._x11.XDefaultRootWindow(self._display)
        for kind in (KEY_PRESS, KEY_RELEASE):
            event = _KeyEvent(type=kind, window=window, root=root, keycode=code, same_screen=1)
            self._x11.XSendEvent(self._display, ctypes.c_ulong(window), 1, 1, ctypes.byref(event))
        self._x11.XSync(self._display, 0)
