"""What the step Decompose reads and computes away from the window's thread: one stretch of one channel."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, field

import numpy as np

from analysis.corpus.corpus import Recording, Trial
from analysis.decomposition.arrays import VERSION, from_arrays, to_arrays
from analysis.decomposition.decompose import decompose
from analysis.decomposition.settings import METHODS, DecompositionError, Settings
from analysis.decomposition.spectra import Floats
from analysis.features.feature import Signal
from analysis.features.resampling import resampled
from analysis.features.store import Store
from analysis.overview.row_times import RowTimes, row_times
from analysis.records import StreamInfo
from analysis.session_file import SessionFileError, open_session
from app.analysing.decomposition_figures import Analysed, analysed
from app.console.analyse.known import Material, material_of
from app.console.analyse.waiting import Told
from app.study import Study
from stimuli.problems import EvokeError

MOST_SAMPLES = 200_000
KEPT = 12
KEPT_FROM_S = 0.5
"""What took longer is put into the study's store."""
GAP_SAMPLES = 1.5
LEAST_SAMPLES = 4
ROUNDING_S = 1e-6


@dataclass(frozen=True)
class Channel:
    """A channel that can be decomposed: `stream` and its place in it."""

    stream: StreamInfo
    place: int

    @property
    def words(self) -> str:
        """Return its name beside its stream's."""
        name, rate = self.stream.channels[self.place], f"{self.stream.rate_hz:g} Hz"
        return f"{self.stream.id}: {name}, {rate}" if name != self.stream.id else f"{name}, {rate}"


@dataclass(frozen=True)
class Offer:
    """What can be chosen: recordings, and the channels of each."""

    material: Material
    recordings: tuple[Recording, ...]

    def channels(self, recording: str) -> tuple[Channel, ...]:
        """Return the channels of a recording that have an even rate."""
        found = self.material.corpus.by_id[recording]
        return tuple(Channel(info, place) for info in found.streams for place in _places(info))

    def trials(self, recording: str) -> tuple[Trial, ...]:
        """Return the trials of a recording in order."""
        return tuple(trial for trial in self.material.corpus.trials if trial.recording == recording)


@dataclass(frozen=True)
class Asked:
    """A stretch of a channel and how to decompose it; `rate_hz` 0: as it was recorded.

    It begins `from_s` behind `zero_s` of the recording's clock, None for the channel's own beginning.
    """

    recording: Recording
    channel: Channel
    zero_s: float | None
    from_s: float
    length_s: float
    rate_hz: float
    settings: Settings
    words: str

    @property
    def key(self) -> tuple[object, ...]:
        """Everything that decides the result, the recording's content among it."""
        info = self.channel.stream
        span = (self.zero_s, self.from_s, self.length_s, self.rate_hz)
        return (self.recording.sha256, info.id, self.channel.place, *span, self.settings)

    @property
    def said(self) -> dict[str, object]:
        """The same in words, and whose it is: as the study's store describes an entry."""
        info = self.channel.stream
        return {
            "kind": "decomposition",
            "version": VERSION,
            "recording": self.recording.id,
            "participant": self.recording.participant,
            "recording_sha256": self.recording.sha256,
            "streams": {info.id: [info.channels[self.channel.place]]},
            "place": self.channel.place,
            "zero_s": self.zero_s,
            "from_s": self.from_s,
            "length_s": self.length_s,
            "rate_hz": self.rate_hz,
            "settings": asdict(self.settings),
        }


@dataclass
class Results:
    """The last results by what was asked: the same is not computed again."""

    held: OrderedDict[tuple[object, ...], Analysed] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, asked: Asked) -> Analysed | None:
        """Return a result that is held."""
        with self.lock:
            found = self.held.get(asked.key)
            if found is not None:
                self.held.move_to_end(asked.key)
            return found

    def put(self, asked: Asked, found: Analysed) -> None:
        """Hold a result; the one used longest ago goes."""
        with self.lock:
            self.held[asked.key] = found
            while len(self.held) > KEPT:
                self.held.popitem(last=False)


def _places(info: StreamInfo) -> range:
    return range(0 if info.is_blob or info.rate_hz <= 0 else len(info.channels))


def offer(study: Study, told: Told) -> Offer:
    """Return what can be chosen; raises what reading raises."""
    told(0, 0, "recordings")
    material = material_of(study)
    return Offer(
        material, tuple(each for each in material.corpus.recordings if any(map(_places, each.streams)))
    )


def compute(asked: Asked, results: Results, store: Store, told: Told) -> tuple[Analysed, bool]:
    """Return the modes of a stretch, and whether `results` or `store` held them.

    What took long is put into the store: from there it is read back another day. Raises EvokeError,
    CancelledError.
    """
    held = results.get(asked)
    if held is not None:
        return held, True
    told(0, 0, "the signal")
    signal = _stretch(asked)
    began = time.perf_counter()
    most = asked.settings.k_max

    def heard(done: int, of: int) -> None:
        told(done, of, f"mode {min(done + 1, most)} of at most {most}")

    told(0, most, f"mode 1 of at most {most}")
    kept = store.held(asked.said)
    if kept is not None:
        found = from_arrays(kept, asked.settings)
        seconds = float(kept["seconds"])
    else:
        try:
            found = decompose(
                signal.values[:, 0], signal.rate_hz, asked.settings, progress=heard, cancelled=told.cancelled
            )
        except DecompositionError as error:
            raise EvokeError(str(error)) from error
        seconds = time.perf_counter() - began
        if seconds > KEPT_FROM_S:
            store.hold(asked.said, {**to_arrays(found), "seconds": np.array(seconds)})
    told(most, most, "figures")
    info = asked.channel.stream
    values: Floats = np.asarray(signal.values[:, 0], np.float64)
    made = analysed(
        f"{asked.words}, {_reach(asked, signal)}", info.units[asked.channel.place], values, found, seconds
    )
    results.put(asked, made)
    return made, kept is not None


def _stretch(asked: Asked) -> Signal:
    """Read a stretch on an even grid; raises EvokeError for one that is too long, or has a gap."""
    info, place = asked.channel.stream, asked.channel.place
    rate_hz = info.rate_hz
    if asked.length_s * (asked.rate_hz or rate_hz) > MOST_SAMPLES:
        seconds = np.floor(MOST_SAMPLES / (asked.rate_hz or rate_hz))
        raise EvokeError(
            f"{asked.length_s:g} s are more samples than can be decomposed here. "
            f"Take {seconds:.0f} s at most, or a lower rate."
        )
    try:
        with open_session(asked.recording.path) as session:
            stream = session.streams[info.id]
            times = row_times(stream)
            zero_s = times.first_s if asked.zero_s is None else asked.zero_s
            start_s = zero_s + asked.from_s
            stop_s = start_s + asked.length_s
            first, stop = times.rows_between(start_s, stop_s)
            stamps = times.times(np.arange(first, stop))
            # Some rows beside may come along; a rounding error takes none away.
            inside = (stamps > start_s - ROUNDING_S) & (stamps < stop_s - ROUNDING_S)
            if inside.sum() < LEAST_SAMPLES:
                raise EvokeError(_nothing(asked, times))
            stamps = stamps[inside]
            held = np.asarray(stream.data[first:stop], np.float64)[inside]
    except (SessionFileError, OSError) as error:
        raise EvokeError(f"{asked.recording.path}: cannot be read ({error}).") from error
    column = held[:, place] if held.ndim == 2 else held
    hole = float(np.diff(stamps).max()) if len(stamps) > 1 else 0.0
    missing = int((~np.isfinite(column)).sum())
    if missing or hole > max(GAP_SAMPLES / rate_hz, 0.02):
        what = f"{missing} samples are missing" if missing else f"{hole:.2f} s are missing"
        where = f"{asked.words}, {asked.from_s:g} to {asked.from_s + asked.length_s:g} s"
        raise EvokeError(f"{where}: {what} there. Choose a stretch without a gap.")
    grid = stamps[0] + np.arange(len(stamps)) / rate_hz
    even = np.interp(grid, stamps, column)[:, None].astype(np.float32)
    return resampled(Signal("", rate_hz, float(stamps[0]), even, ("",), ("",)), asked.rate_hz)


def _reach(asked: Asked, signal: Signal) -> str:
    """Return from when to when there are samples: as asked for, or up to where the channel ends."""
    held_s = len(signal.values) / signal.rate_hz
    is_whole = abs(held_s - asked.length_s) <= GAP_SAMPLES / min(signal.rate_hz, asked.channel.stream.rate_hz)
    stop_s = asked.from_s + (asked.length_s if is_whole else held_s)
    return f"{asked.from_s:g} to {round(stop_s, 3):g} s"


def _nothing(asked: Asked, times: RowTimes) -> str:
    """Return that there are no samples, and where there are some, counted as the page counts."""
    if not times.rows:
        return f"{asked.words}: this channel holds no sample. Choose another."
    zero_s = times.first_s if asked.zero_s is None else asked.zero_s
    return (
        f"{asked.words}: nothing was recorded from {asked.from_s:g} to {asked.from_s + asked.length_s:g} s. "
        f"Counted so, the channel goes from {times.first_s - zero_s:.1f} to {times.last_s - zero_s:.1f} s: "
        "choose a stretch within."
    )


def methods() -> list[tuple[str, object]]:
    """Return the methods to choose from."""
    return [(words, name) for name, words in METHODS.items()]
