"""The sounder process: plays short, calm tones when the supervisor asks for them.

A process of its own, since native sound libraries may hang or crash and take nobody with them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import settings, system
from app.link import Link, LinkError
from app.plan import Lock, SessionPaths

LOUDNESS = 0.25
"""Peak of a tone, of full scale: heard across a room, startling nobody beside the loudspeaker."""
FADE_S = 0.03
TONES: dict[str, tuple[tuple[float, float], ...]] = {
    # (pitch in Hz, 0 for a rest; seconds): two falling pairs, and one single low tone.
    "alarm": ((880.0, 0.18), (660.0, 0.22), (0.0, 0.12), (880.0, 0.18), (660.0, 0.22)),
    "warning": ((520.0, 0.25),),
}
ALIASES = (
    "default",
    "sysdefault",
    "pulse",
    "pipewire",
    "jack",
    "dmix",
    "microsoft sound mapper",
    "primary sound",
)
"""Names of outputs behind which any loudspeaker may be."""
COMPARED = 31
"""One host API of Windows cuts names off after so many characters."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where alarms and stimuli sound: PortAudio's indices and names; `problem` if alarms cannot sound."""

    alarm: int = -1
    alarm_name: str = ""
    stimulus: int = -1
    stimulus_name: str = ""
    problem: str = ""
    rate_hz: int = 44100
    channels: int = 1

    @property
    def shared(self) -> bool:
        """Whether both may be one loudspeaker: unless both are known and differ, they may."""
        names = [name.casefold()[:COMPARED] for name in (self.alarm_name, self.stimulus_name)]
        unclear = any(not name or name.startswith(ALIASES) for name in names)
        return unclear or self.alarm == self.stimulus or names[0] == names[1]

    def to_message(self) -> dict[str, Any]:
        """Return the message for the supervisor."""
        return {
            "type": "outputs",
            "alarm": self.alarm_name,
            "stimulus": self.stimulus_name,
            "shared": self.shared,
            "problem": self.problem,
        }


def tone(level: str, rate_hz: int, channels: int = 1) -> NDArray[np.float32]:
    """Return a level's sound (n, channels), the same in each channel, every piece faded in and out."""
    pieces = []
    for pitch_hz, seconds in TONES.get(level, TONES["warning"]):
        time = np.arange(round(seconds * rate_hz)) / rate_hz
        ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / FADE_S)
        pieces.append(LOUDNESS * np.sin(2 * np.pi * pitch_hz * time) * np.sin(ramp * np.pi / 2) ** 2)
    return np.repeat(np.concatenate(pieces).astype(np.float32)[:, None], channels, axis=1)


def find_outputs(sounddevice: Any, alarm: str, stimulus: str) -> Outputs:
    """Find the chosen outputs: a part of a name each, '' for the system's own."""
    problems = (sounddevice.PortAudioError, ValueError)
    try:
        sounding = sounddevice.query_devices(alarm or None, "output")
    except problems:
        problem = "this computer has no sound output. Connect one."
        if alarm:
            problem = f'the output "{alarm}" for alarms is not there. Connect it, or choose another.'
        return Outputs(problem=f"Alarms are silent: {problem}")
    found = Outputs(
        int(sounding["index"]),
        str(sounding["name"]),
        rate_hz=round(float(sounding["default_samplerate"])) or 44100,
        channels=min(2, int(sounding["max_output_channels"])),
    )
    try:
        other = sounddevice.query_devices(stimulus or None, "output")
    except problems:
        return found
    return replace(found, stimulus=int(other["index"]), stimulus_name=str(other["name"]))


class Sounder:
    """Plays one sound at a time; a sound asked for while another plays is left out."""

    def __init__(self, alarm: str, stimulus: str) -> None:
        self._choice = (alarm, stimulus)
        self._sounddevice: Any = None
        self.outputs = self._look()

    def play(self, level: str) -> str:
        """Play a level's sound to its end; return what went wrong, '' if it was played."""
        if self.outputs.problem:
            # Something may have been plugged in since.
            self.outputs = self._look()
        if self.outputs.problem or self._sounddevice is None:
            return self.outputs.problem
        outputs = self.outputs
        samples = tone(level, outputs.rate_hz, outputs.channels)
        try:
            self._sounddevice.play(samples, outputs.rate_hz, device=outputs.alarm, blocking=True)
        except (self._sounddevice.PortAudioError, ValueError) as error:
            reason = str(error.args[0] if error.args else error).split("\n", 1)[0]
            return f'Alarms are silent: the output "{self.outputs.alarm_name}" does not play ({reason}).'
        return ""

    def _look(self) -> Outputs:
        try:
            import sounddevice
        except (OSError, ImportError) as error:
            why = system.explain_import_error(error) or f"PortAudio cannot be loaded: {error}."
            return Outputs(problem=f"Alarms are silent: {why} Everything else works.")
        if self._sounddevice is not None:
            # Devices that came or went since PortAudio was started are seen only by starting it again.
            sounddevice._terminate()
            sounddevice._initialize()
        self._sounddevice = sounddevice
        return find_outputs(sounddevice, *self._choice)


def main(live: Path) -> int:
    """Serve the session in `live` until told to stop; the child `_sounder`. Return the exit status."""
    lock = Lock.read(SessionPaths.of_live(live).lock)
    if lock is None:
        return 1
    try:
        link = Link(lock.port, lock.token, "sounder", "sounder", os.getpid())
    except LinkError:
        return 1
    stopping = threading.Event()
    for name in ("SIGTERM", "SIGINT"):
        with contextlib.suppress(ValueError):
            signal.signal(getattr(signal, name), lambda *_: stopping.set())
    chosen = settings.sound_outputs()
    sounder = Sounder(chosen.alarm, chosen.stimulus)
    link.send(sounder.outputs.to_message())
    serve(link, sounder, stopping)
    link.close()
    return 0


def serve(link: Link, sounder: Sounder, stopping: threading.Event) -> None:
    """Play what the supervisor asks for; several wishes that wait together are one sound."""
    while link.is_open and not stopping.is_set():
        first = link.wait(0.5)
        messages = ([] if first is None else [first]) + link.poll()
        if any(message.get("type") == "stop" for message in messages):
            return
        levels = {str(message.get("level")) for message in messages if message.get("type") == "sound"}
        if levels:
            problem = sounder.play("alarm" if "alarm" in levels else "warning")
            if problem:
                link.send(sounder.outputs.to_message() | {"problem": problem})
