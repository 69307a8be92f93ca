"""A sound server of the test's own, with a microphone that hears what the test plays."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 44100
ALSA = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
START_S = 10.0


class SoundServer:
    """A private PulseAudio. `environment` makes a process use it; `play` sounds in its microphone."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("pulseaudio") is None:
            raise RuntimeError("these tests need pulseaudio and libasound2-plugins (see .ci/run)")
        alsa = folder / "asound.conf"
        usual = Path("/usr/share/alsa/alsa.conf")
        alsa.write_text(f"<{usual}>\n{ALSA}", encoding="ascii")
        self._socket = folder / "native"
        self.environment = os.environ | {
            "PULSE_COOKIE": str(folder / "cookie"),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder / "pulse"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "ALSA_CONFIG_PATH": str(alsa),
        }
        self._process = self._start()

    def play(self, sound: NDArray[np.int16]) -> subprocess.Popen[bytes]:
        """Play mono sound of `RATE_HZ` into the microphone."""
        path = Path(tempfile.mkstemp(suffix=".raw", dir=self._socket.parent)[1])
        path.write_bytes(sound.tobytes())
        options = [f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--raw", "--device=heard"]
        return subprocess.Popen(["pacat", "--playback", *options, str(path)], env=self.environment)

    def kill(self) -> None:
        """End the server at once, as if the sound card were pulled out."""
        self._process.kill()
        self._process.wait(10)

    def restart(self) -> None:
        """Start it again."""
        self._socket.unlink(missing_ok=True)
        shutil.rmtree(self.environment["PULSE_RUNTIME_PATH"], ignore_errors=True)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        modules = [
            "module-null-sink sink_name=heard rate=44100 channels=1",
            f"module-native-protocol-unix socket={self._socket} auth-anonymous=1",
        ]
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        command += ["--disallow-exit=yes", "--log-target=stderr", "--log-level=error"]
        process = subprocess.Popen(
            [*command, *(f"--load={module}" for module in modules)],
            env=self.environment | {"HOME": str(self._socket.parent)},
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_S
        while time.monotonic() < end and process.poll() is None:
            asked = subprocess.run(
                ["pactl", "set-default-source", "heard.monitor"],
                env=self.environment,
                capture_output=True,
                check=False,
            )
            if asked.returncode == 0:
                return process
            time.sleep(0.1)
        process.kill()
        process.wait(10)
        raise RuntimeError("pulseaudio did not start")


@contextlib.contextmanager
def sound_server() -> Iterator[SoundServer]:
    """Run a block with a private sound server."""
    # A socket's path is limited to about a hundred characters: no deep test folder.
    with tempfile.TemporaryDirectory(prefix="evk", ignore_cleanup_errors=True) as folder:
        server = SoundServer(Path(folder))
        try:
            yield server
        finally:
            server.kill()
