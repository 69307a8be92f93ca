"""Screen saver and notifications are held off as far as this computer lets us, and it is said how far."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.presenter.awake import ScreenAwake, X11Saver

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
SAVER = """
import sys
from PySide6.QtCore import ClassInfo, QCoreApplication, QObject, QTimer, Slot
from PySide6.QtDBus import QDBusConnection

@ClassInfo({"D-Bus Interface": "org.freedesktop.ScreenSaver"})
class Saver(QObject):
    @Slot(str, str, result="uint")
    def Inhibit(self, who, why):
        print("inhibited by", who, flush=True)
        return 7

app = QCoreApplication([])
bus, saver = QDBusConnection.sessionBus(), Saver()
bus.registerObject("/org/freedesktop/ScreenSaver", saver, QDBusConnection.RegisterOption.ExportAllSlots)
print("ready" if bus.registerService("org.freedesktop.ScreenSaver") else "refused", flush=True)
QTimer.singleShot(60_000, app.quit)
app.exec()
"""

ASK = """
import json
from PySide6.QtCore import QCoreApplication
from app.presenter.awake import DesktopBus

app, bus = QCoreApplication([]), DesktopBus()
print(json.dumps(bus.hold()))
bus.release()
"""


@linux
def test_on_a_display_its_own_saver_is_held_off(display: str) -> None:
    awake = ScreenAwake("linux", {"DISPLAY": display})
    told = awake.hold()
    assert told["holder"] == "curtain" and "X11 screen saver" in told["held"]
    assert told["not_held"] == {
        "desktop's saver": "There is no desktop bus.",
        "notifications": "There is no desktop bus.",
    }
    awake.renew()
    awake.release()
    awake.release()


@linux
def test_without_a_display_it_is_said() -> None:
    told = ScreenAwake("linux", {}).hold()
    assert told["held"] == [] and told["not_held"]["X11 screen saver"] == "There is no X11 display."
    with pytest.raises(OSError, match="does not answer"):
        X11Saver(":987")


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_the_system_keeps_the_display_on_and_the_user_silences_notifications(platform: str) -> None:
    told = ScreenAwake(platform, {}).hold()
    assert "supervisor" in told["held"][0] and "do not disturb" in told["not_held"]["notifications"]


@pytest.fixture
def desktop_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A desktop's bus of our own with a screen saver on it; yields the saver."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("only on Linux with a desktop's bus")
    bus = subprocess.Popen(
        [daemon, "--session", "--nofork", "--print-address=1", f"--address=unix:dir={tmp_path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert bus.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.stdout.readline().strip())
    saver = subprocess.Popen([sys.executable, "-c", SAVER], stdout=subprocess.PIPE, text=True)
    assert saver.stdout is not None and saver.stdout.readline().strip() == "ready"
    yield saver
    for process in (saver, bus):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@linux
@pytest.mark.slow
def test_the_desktops_saver_is_asked_over_its_bus_and_what_is_not_there_is_said(
    desktop_bus: subprocess.Popen[str],
) -> None:
    # A process of its own, as the curtain is: the address of the bus is read once.
    said = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=30)
    told = json.loads(said.stdout)
    assert told["desktop's saver"] == "" and "Notifications" in told["notifications"]
    assert desktop_bus.stdout is not None
    assert desktop_bus.stdout.readline().strip() == "inhibited by evoke"
