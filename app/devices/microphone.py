"""Microphones through PortAudio, or a generated voice."""

from __future__ import annotations

import math
import queue
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.records import Origin, StreamInfo
from app import clock, system
from app.devices import generated
from app.devices.entries import MicrophoneParams
from app.devices.feed import Sound
from app.devices.losses import Loss
from app.devices.sound_clock import BlockClock, Readings
from app.devices.source import DeviceError

BLOCK_S = 0.04
SILENT_S = 2.0
OVERFLOW = "sound card overflow"
LATE = "sound lost before it came here"
TIME_SOURCE = (
    "ADC time of each block where PortAudio gives a possible one, else its arrival less its length; "
    "smoothed by a delay-locked loop"
)


def microphone_info(
    device_id: str, origin: Origin, rate_hz: int, device: str, time_source: str
) -> StreamInfo:
    """Describe a microphone's stream: one channel of 16 bits."""
    return StreamInfo(
        id=device_id,
        kind="audio",
        origin=origin,
        channels=("sound",),
        units=("",),
        channel_kinds=("audio",),
        rate_hz=float(rate_hz),
        dtype="int16",
        device=device,
        time_source=time_source,
        source_id=f"ring:{device_id}",
    )


class Block(NamedTuple):
    """What PortAudio gave: when it came, how old its first sample was then, and whether some were lost."""

    arrived_s: float
    age_s: float
    content: bytes
    overflowed: bool


class Level:
    """How loud the last half second was."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._power = 0.0

    def add(self, data: NDArray[np.int16]) -> None:
        """Take a block."""
        weight = min(1.0, len(data) / (0.5 * self._rate_hz))
        power = float(np.mean(np.square(data, dtype=np.float32)))
        self._power += weight * (power - self._power)

    @property
    def dbfs(self) -> float:
        """The level in decibels below full scale, at least -120."""
        return round(10 * math.log10(max(self._power / 32768.0**2, 1e-12)), 1)


class GeneratedMicrophone:
    """Plays the generated voice at its own speed; needs no sound library."""

    frame_bytes = 0

    def __init__(self, device_id: str, reason: str = "") -> None:
        self._voice = generated.voice()
        self._place = 0
        self._rate_hz = generated.VOICE_RATE_HZ
        self._count = round(BLOCK_S * self._rate_hz)
        self._start_s = clock.now()
        self._level = Level(self._rate_hz)
        self.notice = f"A generated voice stands in for the microphone. {reason}".rstrip()
        self.info = microphone_info(
            device_id, "simulated", self._rate_hz, "generated voice", "clock when the sample was due"
        )

    def next(self, timeout_s: float) -> Sound | None:
        """Wait until the next block is over."""
        due_s = self._start_s + self._count / self._rate_hz
        wait_s = due_s - clock.now()
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        if wait_s > 0:
            time.sleep(wait_s)
        elif wait_s < -1.0:
            self._start_s = due_s - wait_s - self._count / self._rate_hz
        index = (self._place + np.arange(self._count)) % len(self._voice)
        data = self._voice[index][:, None]
        times = self._start_s + np.arange(self._count) / self._rate_hz
        self._place += self._count
        self._start_s += self._count / self._rate_hz
        self._level.add(data)
        return Sound(times, data)

    def losses(self) -> list[Loss]:
        """Return none: what is made is there."""
        return []

    def health(self) -> dict[str, Any]:
        """Return the level."""
        return {"level_dbfs": self._level.dbfs}

    def close(self) -> None:
        """Nothing to let go."""


class PortAudioMicrophone:
    """A microphone that PortAudio reads; raises DeviceError where it cannot."""

    frame_bytes = 0

    def __init__(self, device_id: str, params: MicrophoneParams) -> None:
        self._sounddevice = _portaudio(device_id)
        self._id = device_id
        device = None if params.source == "default" else params.source
        self._blocks: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self._ahead: Block | None = None
        self._overflows = 0
        self._losses: list[Loss] = []
        self._last_time_s: float | None = None
        self._last_s = clock.now()
        problem = self._sounddevice.PortAudioError
        try:
            found = self._sounddevice.query_devices(device, "input")
            rate_hz = self._rate(found, params.rate_hz)
            count = round(BLOCK_S * rate_hz)
            self._stream = self._sounddevice.RawInputStream(
                samplerate=rate_hz,
                blocksize=count,
                device=found["index"],
                channels=1,
                dtype="int16",
                callback=self._arrived,
            )
            self._stream.start()
        except (problem, ValueError) as error:
            raise DeviceError(
                f"device {device_id}: no microphone could be opened ({_reason(error)}). "
                "Plug it in, close other programs that use it; evoke devices lists the microphones."
            ) from error
        self._clock = BlockClock(rate_hz, count)
        self._readings = Readings(rate_hz)
        self._level = Level(rate_hz)
        self.info = microphone_info(device_id, "recorded", rate_hz, str(found["name"]), TIME_SOURCE)

    @property
    def notice(self) -> str:
        """Say so when sound was lost."""
        if not self._overflows and not self._clock.jumps:
            return ""
        return (
            f"Sound was lost {max(self._overflows, self._clock.jumps)} times "
            f"({self._clock.lost} samples): the computer was too busy."
        )

    def next(self, timeout_s: float) -> Sound | None:
        """Wait for the next block."""
        block = self._take(timeout_s)
        if block is None:
            if clock.now() - self._last_s > SILENT_S:
                raise DeviceError(
                    f"device {self._id}: the microphone sends nothing. Check cable and sound settings."
                )
            return None
        self._last_s = clock.now()
        data = np.frombuffer(block.content, np.int16)[:, None]
        measured_s = self._readings.measure(block.arrived_s, block.age_s, len(data))
        self._overflows += block.overflowed
        self._level.add(data)
        before = self._clock.lost
        is_late = self._clock.is_late(measured_s)
        waited = is_late and not block.overflowed and self._is_burst(block)
        times = self._clock.times(measured_s, len(data), block.overflowed or (is_late and not waited), waited)
        if self._clock.lost > before and self._last_time_s is not None:
            missing, cause = self._clock.lost - before, OVERFLOW if block.overflowed else LATE
            self._losses.append(Loss(self._id, self._last_time_s, float(times[0]), missing, cause))
        self._last_time_s = float(times[-1])
        return Sound(times, data)

    def _take(self, timeout_s: float) -> Block | None:
        block, self._ahead = self._ahead, None
        if block is not None:
            return block
        try:
            return self._blocks.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _is_burst(self, late: Block) -> bool:
        """Whether the block behind a late one comes right after it: then they all had to wait.

        The last of them tells whether sound is missing.
        """
        self._ahead = self._take(2 * BLOCK_S)
        return self._ahead is None or self._ahead.arrived_s - late.arrived_s < BLOCK_S / 2

    def losses(self) -> list[Loss]:
        """Return where sound was lost since the last call."""
        found, self._losses = self._losses, []
        return found

    def health(self) -> dict[str, Any]:
        """Return level and losses."""
        return {
            "level_dbfs": self._level.dbfs,
            "overflows": self._overflows,
            "lost": self._clock.lost,
            "time": "adc" if self._readings.believes_adc else "arrival",
        }

    def close(self) -> None:
        """Stop and close the stream."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _rate(self, found: Any, wanted_hz: int) -> int:
        try:
            self._sounddevice.check_input_settings(
                device=found["index"], channels=1, dtype="int16", samplerate=wanted_hz
            )
        except self._sounddevice.PortAudioError:
            return round(float(found["default_samplerate"]))
        return wanted_hz

    def _arrived(self, content: Any, count: int, times: Any, status: Any) -> None:
        """Take a block, in PortAudio's thread: stamp it and hand it over, nothing else."""
        now = clock.now()
        age_s = times.currentTime - times.inputBufferAdcTime
        self._blocks.put(Block(now, age_s, bytes(content), bool(status.input_overflow)))


def _portaudio(device_id: str) -> Any:
    try:
        import sounddevice
    except (OSError, ImportError) as error:
        why = system.explain_import_error(error) or f"PortAudio cannot be loaded: {error}."
        raise DeviceError(f"device {device_id}: {why}") from error
    # Devices that came or went since PortAudio was started are seen only by starting it again.
    sounddevice._terminate()
    sounddevice._initialize()
    return sounddevice


def _reason(error: Exception) -> str:
    return str(error.args[0] if error.args else error).split("\n", 1)[0]
