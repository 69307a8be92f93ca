"""Keeps screen saver, screen blanking and notifications away while a session runs.

Whatever holds them off is tied to this process (its connection to the display, to the desktop's bus), so
they come back when it ends, however it ends. Sleep itself is the supervisor's (`app.supervisor.awake`).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
import typing
from collections.abc import Mapping
from typing import Any

from app import clock

if typing.TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

WHY = "An emotion-research session is being recorded."
RENEW_S = 20.0
"""A saver that nothing else holds off is told at this pace that somebody is there."""
CONNECTION = "evoke awake"
BY_SYSTEM = "the supervisor keeps the display on"


class ScreenAwake:
    """Holds them off from `hold` to `release`; `renew` often in between."""

    def __init__(self, platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> None:
        self._platform = platform
        self._environment = environment
        self._x11: X11Saver | None = None
        self._bus: DesktopBus | None = None
        self._renewed_s = 0.0

    def hold(self) -> dict[str, Any]:
        """Do it and return the payload of an `awake` event: what is held off, and what is not and why."""
        held: list[str] = []
        missing: dict[str, str] = {}
        if self._platform.startswith("linux"):
            self._hold_x11(held, missing)
            self._hold_desktop(held, missing)
        else:
            held.append(f"screen saver ({BY_SYSTEM})")
            missing["notifications"] = "Only the user can silence them: switch on 'do not disturb'."
        return {"holder": "curtain", "held": held, "not_held": missing}

    def renew(self) -> None:
        """Tell the display again that somebody is there, where it has to be told."""
        now = clock.now()
        if self._x11 is not None and now - self._renewed_s >= RENEW_S:
            self._renewed_s = now
            self._x11.reset()

    def release(self) -> None:
        """Let them come again."""
        if self._x11 is not None:
            self._x11.close()
            self._x11 = None
        if self._bus is not None:
            self._bus.release()
            self._bus = None

    def _hold_x11(self, held: list[str], missing: dict[str, str]) -> None:
        if not self._environment.get("DISPLAY") or self._environment.get("WAYLAND_DISPLAY"):
            missing["X11 screen saver"] = "There is no X11 display."
            return
        try:
            self._x11 = X11Saver(self._environment["DISPLAY"])
        except OSError as error:
            missing["X11 screen saver"] = str(error)
            return
        held += self._x11.held

    def _hold_desktop(self, held: list[str], missing: dict[str, str]) -> None:
        if not self._environment.get("DBUS_SESSION_BUS_ADDRESS"):
            missing["desktop's saver"] = missing["notifications"] = "There is no desktop bus."
            return
        self._bus = DesktopBus()
        for what, problem in self._bus.hold().items():
            if problem:
                missing[what] = problem
            else:
                held.append(what)


class X11Saver:
    """The X server's own saver and power saving, held off over a connection of its own."""

    def __init__(self, display: str) -> None:
        """Connect; raises OSError where there is no library or no display."""
        self._x = _library("X11")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XOpenDisplay.argtypes = [ctypes.c_char_p]
        for name in ("XCloseDisplay", "XFlush", "XResetScreenSaver"):
            getattr(self._x, name).argtypes = [ctypes.c_void_p]
        self._display = self._x.XOpenDisplay(display.encode())
        if not self._display:
            raise OSError("The X11 display does not answer.")
        self.held: list[str] = []
        self._suspend()
        self.reset()
        self.held.append("X11 screen saver")

    def reset(self) -> None:
        """Start the saver's time anew."""
        self._x.XResetScreenSaver(self._display)
        self._x.XFlush(self._display)

    def close(self) -> None:
        """Give back what was held off; the server does the same when this process dies."""
        if self._display:
            self._x.XCloseDisplay(self._display)
            self._display = None

    def _suspend(self) -> None:
        """Suspend saver and power saving for as long as this connection lasts."""
        try:
            saver = _library("Xss")
        except OSError:
            return
        first, second = ctypes.c_int(), ctypes.c_int()
        pointer = ctypes.POINTER(ctypes.c_int)
        saver.XScreenSaverQueryExtension.argtypes = [ctypes.c_void_p, pointer, pointer]
        saver.XScreenSaverSuspend.argtypes = [ctypes.c_void_p, ctypes.c_int]
        if saver.XScreenSaverQueryExtension(self._display, ctypes.byref(first), ctypes.byref(second)):
            saver.XScreenSaverSuspend(self._display, 1)
            self.held.append("X11 power saving")


class DesktopBus:
    """The desktop's saver and notifications, held off over the session bus for as long as we are on it."""

    SERVICES = (
        ("desktop's saver", "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
        ("notifications", "org.freedesktop.Notifications", "/org/freedesktop/Notifications"),
    )

    def __init__(self) -> None:
        self._connection: QDBusConnection | None = None

    def hold(self) -> dict[str, str]:
        """Ask each service; return what kept it from being held off, '' where it is."""
        from PySide6.QtDBus import QDBusConnection

        # A connection of our own, so that leaving it takes nothing from Qt's.
        self._connection = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, CONNECTION)
        return {what: self._ask(service, path) for what, service, path in self.SERVICES}

    def release(self) -> None:
        """Leave the bus: the services let go of what they held for us, as they do when a process dies."""
        from PySide6.QtDBus import QDBusConnection

        self._connection = None
        QDBusConnection.disconnectFromBus(CONNECTION)

    def _ask(self, service: str, path: str) -> str:
        from PySide6.QtDBus import QDBusInterface, QDBusMessage

        assert self._connection is not None
        if not self._connection.isConnected():
            return "The desktop's bus does not answer."
        interface = QDBusInterface(service, path, service, self._connection)
        interface.setTimeout(1000)
        arguments: tuple[Any, ...] = ("evoke", WHY)
        if service.endswith("Notifications"):
            arguments = (*arguments, {})
        reply = interface.call("Inhibit", *arguments)
        if reply.type() == QDBusMessage.MessageType.ErrorMessage:
            return f"{service}: {reply.errorMessage()}"
        return ""


def _library(name: str) -> ctypes.CDLL:
    """Load a library of the system; raises OSError where it is not installed."""
    found = ctypes.util.find_library(name)
    known = {"X11": "libX11.so.6", "Xss": "libXss.so.1"}
    try:
        return ctypes.CDLL(found or known.get(name, name))
    except OSError as error:
        raise OSError(f"The library {name} is not installed.") from error
