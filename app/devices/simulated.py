"""A simulated wristband: four signals, sent in batches, answering to the stimulus on the screen."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from pylsl import StreamInlet, resolve_byprop
from pylsl.util import LostError

from analysis.records import StreamInfo
from app import clock
from app.devices.entries import WristbandParams
from app.devices.losses import Loss
from app.devices.physiology import BLOCK_S, RATES_HZ, Stimulation, Wearer, drive_of
from app.devices.source import Chunk, NameSource

POLL_S = 0.1
DELIVERY_S = 0.15
RESOLVE_S = 1.0
SIGNALS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "bvp": (("bvp",), ""),
    "eda": (("eda",), "uS"),
    "temperature": (("temperature",), "degC"),
    "acceleration": (("x", "y", "z"), "g"),
}


def wristband_streams(
    params: WristbandParams, device_id: str, name_source: NameSource
) -> tuple[StreamInfo, ...]:
    """Describe the four streams of the wristband."""
    infos = []
    for signal, (channels, unit) in SIGNALS.items():
        stream_id = f"{device_id}-{signal}"
        infos.append(
            StreamInfo(
                id=stream_id,
                kind=signal,
                origin="simulated",
                channels=channels,
                units=(unit,) * len(channels),
                channel_kinds=(signal,) * len(channels),
                rate_hz=float(RATES_HZ[signal]),
                dtype="float32",
                device="simulated wristband",
                serial=f"seed-{params.seed}",
                time_source="simulated device clock, delivered in batches",
                source_id=name_source(stream_id),
            )
        )
    return tuple(infos)


class EventListener:
    """Hears the presenter's copies of events on LSL, whenever it comes, goes and comes again."""

    def __init__(self, source_id: str) -> None:
        self._source_id = source_id
        self._inlet: StreamInlet | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._resolve, name="event listener", daemon=True).start()

    def shown(self) -> list[Mapping[str, Any]]:
        """Return the stimuli shown since the last call."""
        if self._inlet is None:
            return []
        try:
            samples, _ = self._inlet.pull_chunk(timeout=0.0)
        except LostError:
            return []
        found: list[Mapping[str, Any]] = []
        for (text,) in samples or ():
            try:
                event = json.loads(text)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("kind") == "stimulus_shown":
                found.append(event)
        return found

    def close(self) -> None:
        """Stop looking for the presenter."""
        self._ended.set()

    def _resolve(self) -> None:
        while not self._ended.is_set():
            found = resolve_byprop("source_id", self._source_id, timeout=RESOLVE_S)
            if found and not self._ended.is_set():
                inlet = StreamInlet(found[0], max_buflen=60, recover=True)
                try:
                    inlet.open_stream(timeout=5.0)
                except (TimeoutError, LostError):
                    continue
                self._inlet = inlet
                return


class Wristband:
    """The wristband as its bridge sees it; delivers half a second at a time, a little late."""

    poll_s = POLL_S
    quiet_s = 5.0

    def __init__(
        self, params: WristbandParams, device_id: str, name_source: NameSource, events: str = ""
    ) -> None:
        self._params = params
        self._id = device_id
        self.streams = wristband_streams(params, device_id, name_source)
        self._events = params.events or events
        self._listener: EventListener | None = None
        self.wearer = Wearer(params.seed, params.heart_rate_bpm, params.reactivity)
        self._start_s: float | None = None

    def open(self) -> None:
        """Switch on: the first sample is now."""
        self._start_s = clock.now() - self.wearer.elapsed_s
        if self._events and self._listener is None:
            self._listener = EventListener(self._events)

    def poll(self) -> list[Chunk]:
        """Return the batches that are due."""
        assert self._start_s is not None
        for event in self._listener.shown() if self._listener else ():
            self._see(event)
        chunks = []
        while self._start_s + self.wearer.elapsed_s + BLOCK_S + DELIVERY_S <= clock.now():
            block_s = self._start_s + self.wearer.elapsed_s
            for signal, data in self.wearer.advance().items():
                times = block_s + np.arange(len(data)) / RATES_HZ[signal]
                chunks.append(Chunk(f"{self._id}-{signal}", times, data))
        return chunks

    @property
    def identity(self) -> Mapping[str, str]:
        """Its seed makes it what it is."""
        return {"serial": f"seed-{self._params.seed}"}

    @property
    def notice(self) -> str:
        """Nothing is ever wrong with it."""
        return ""

    def losses(self) -> list[Loss]:
        """Return none."""
        return []

    def lost(self, stream_id: str) -> int:
        """Return 0: nothing gets lost between this wrist and its bridge."""
        return 0

    def close(self) -> None:
        """Switch off."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _see(self, event: Mapping[str, Any]) -> None:
        assert self._start_s is not None
        rated = [event.get(key) for key in ("valence", "arousal")]
        valence, arousal = (float(value) if isinstance(value, int | float) else None for value in rated)
        drive, pleasure = drive_of(str(event.get("category", "")), valence, arousal)
        at = event.get("time")
        onset_s = float(at) if isinstance(at, int | float) else clock.now()
        self.wearer.stimulate(Stimulation(onset_s - self._start_s, drive, pleasure))
