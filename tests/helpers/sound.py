"""A sound server of the test's own, with a microphone that hears what the test plays."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 44100
ALSA = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
START_S = 10.0


class SoundServer:
    """A private PulseAudio. `environment` makes a process use it; `play` sounds in its microphone.

    The first of `sinks` (loudspeakers that nobody hears) is the default one, and what the microphone hears.
    """

    def __init__(self, folder: Path, sinks: Sequence[str] = ("heard",)) -> None:
        self._sinks = tuple(sinks)
        if shutil.which("pulseaudio") is None:
            raise RuntimeError("these tests need pulseaudio and libasound2-plugins (see .ci/run)")
        alsa = folder / "asound.conf"
        usual = Path("/usr/share/alsa/alsa.conf")
        # A name of its own for each loudspeaker, as PortAudio lists them.
        named = "".join(f"pcm.{sink} {{ type pulse device {sink} }}\n" for sink in self._sinks)
        alsa.write_text(f"<{usual}>\n{ALSA}{named}", encoding="ascii")
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
        options = [
            f"--rate={RATE_HZ}",
            "--channels=1",
            "--format=s16le",
            "--raw",
            f"--device={self._sinks[0]}",
        ]
        return subprocess.Popen(["pacat", "--playback", *options, str(path)], env=self.environment)

    def pause(self, seconds: float) -> None:
        """Let the microphone take nothing for a while, as a suspended sound card does."""
        for state, wait_s in (("1", seconds), ("0", 0.0)):
            command = ["pactl", "suspend-sink", "heard", state]
            subprocess.run(command, env=self.environment, check=True, timeout=10)
            time.sleep(wait_s)

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
            *(f"module-null-sink sink_name={sink} rate=44100 channels=1" for sink in self._sinks),
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
                ["pactl", "set-default-source", f"{self._sinks[0]}.monitor"],
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
def sound_server(*sinks: str) -> Iterator[SoundServer]:
    """Run a block with a private sound server that has these loudspeakers, or a single one."""
    # A socket's path is limited to about a hundred characters: no deep test folder.
    with tempfile.TemporaryDirectory(prefix="evk", ignore_cleanup_errors=True) as folder:
        server = SoundServer(Path(folder), sinks or ("heard",))
        try:
            yield server
        finally:
            server.kill()


def spoken(text: str, voice: str = "en") -> NDArray[np.int16]:
    """Return a sentence as a voice of espeak-ng reads it, mono at `RATE_HZ`."""
    from scipy.signal import resample_poly

    command = ["espeak-ng", "--stdout", "-v", voice, "-s", "150", text]
    content = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    # A stream of unknown length: the header's frame count is not to be believed, its rate is.
    rate_hz = int.from_bytes(content[24:28], "little")
    samples = np.frombuffer(content[44 : len(content) // 2 * 2], np.int16)
    return np.round(resample_poly(samples.astype(float), RATE_HZ, rate_hz)).astype(np.int16)


def find(played: NDArray[np.int16], heard: NDArray[np.int16]) -> tuple[int, float, float]:
    """Find a wave in a recording: its first row, their correlation (-1 to 1), the gain (heard/played)."""
    from scipy.signal import correlate

    wave, record = played.astype(float), heard.astype(float)
    first = int(np.argmax(correlate(record, wave, mode="valid", method="fft")))
    part = record[first : first + len(wave)]
    power = float(np.sqrt(np.sum(wave**2) * np.sum(part**2)))
    return first, float(np.dot(wave, part)) / power, float(np.dot(wave, part) / np.sum(wave**2))
