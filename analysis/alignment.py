"""How late each stream of a sync-check session is: one event found again in every signal that shows it.

An offset is the stream's own (corrected) time of an event less the time when it happened: positive where
the stream is late, to be taken from its times. A flash happened when the swap of the screen had completed,
a tone when the sound card gave it out, a knock or a click when the microphone, by its own offset, heard it,
a blink when the camera, by its own, saw it. What screen and loudspeaker themselves need is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from analysis.alignment_pairs import Floats, Offset, offset_of, paired_offset
from analysis.alignment_signals import (
    TONE_S,
    blinks,
    brightness_steps,
    clicks,
    knocks,
    step_times,
    tone_onset,
)
from analysis.session_reader import Session, Stream

FLASH, TAPS, BLINKS = "flash", "taps", "blinks"
"""Names of the stages in `protocols/library/sync-check.yaml`."""
KEYS = "keys"
MOST_LATE_S = 0.8
LAG_TOLERANCE_S = 0.03
KEY_S = 0.2
"""A keyboard that tells of a key later than this after its click would be of no use."""
KNOCK_TOLERANCE_S = 0.05
BLINK_TOLERANCE_S = 0.08
GRID = (16, 12)
FRONTAL = ("fp1", "fp2", "fpz", "af7", "af8", "af3", "af4")


@dataclass(frozen=True, slots=True)
class Alignment:
    """What the check found of one stream; `offset` None: not verified, and `why`.

    `by` is the event, `tried` how often it happened.
    """

    stream: str
    kind: str
    by: str
    tried: int
    offset: Offset | None
    why: str = ""
    device: str = ""
    serial: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary; times in milliseconds, null where nothing was found."""
        known = {key: value for key, value in asdict(self).items() if key != "offset"}
        found = self.offset
        return known | {
            "offset_ms": None if found is None else round(found.median_s * 1e3, 3),
            "spread_ms": None if found is None else round(found.spread_s * 1e3, 3),
            "found": 0 if found is None else found.count,
        }


def align(session: Session) -> list[Alignment]:
    """Return what a sync-check session tells of each of its streams, and of its keys."""
    return _Check(session).all()


class _Check:
    """One session's events and streams, each looked at once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._flashes = _starts(session, FLASH)
        self._tones = np.array(
            [float(e.payload["actual_s"]) for e in session.events if e.kind == "tone_played"]
        )
        self._heard: tuple[Stream, float] | None = None
        self._seen: tuple[Stream, float] | None = None

    def all(self) -> list[Alignment]:
        streams = list(self._session)
        found: dict[str, Alignment] = {}
        for stream in streams:
            if stream.info.kind == "audio":
                found[stream.info.id] = self._microphone(stream)
            elif stream.info.dtype == "jpeg":
                found[stream.info.id] = self._camera(stream)
        keys = self._keys()
        for stream in streams:
            if stream.info.id not in found:
                found[stream.info.id] = self._other(stream)
        return [*(found[stream.info.id] for stream in streams), *([keys] if keys else [])]

    def _microphone(self, stream: Stream) -> Alignment:
        if not len(self._tones):
            missing = [e.payload.get("text", "") for e in self._session.events if e.kind == "tone_missing"]
            return _unknown(stream, "tone", 0, missing[0] if missing else "no tone was played")
        times, rate = stream.corrected_times(), stream.info.rate_hz
        lags = []
        for at in self._tones:
            first, stop = np.searchsorted(times, [at - MOST_LATE_S / 2, at + MOST_LATE_S])
            onset = tone_onset(_channel(stream, int(first), int(stop)), times[first:stop], rate)
            lags.append(np.nan if onset is None else onset - at)
        offset = offset_of(np.array(lags), LAG_TOLERANCE_S)
        if offset is not None and self._heard is None:
            self._heard = (stream, offset.median_s)
        return _alignment(stream, "tone", len(lags), offset, "the tones were not heard")

    def _camera(self, stream: Stream) -> Alignment:
        if not len(self._flashes):
            return _unknown(stream, "flash", 0, "no flash was shown")
        times = stream.corrected_times()
        near = np.zeros(len(times), bool)
        for at in self._flashes:
            near |= (times > at - MOST_LATE_S) & (times < at + 2 * MOST_LATE_S)
        rows = np.flatnonzero(near)
        if not len(rows):
            return _unknown(stream, "flash", len(self._flashes), "the camera gave no pictures then")
        cells = _grey(stream, rows)
        steps = brightness_steps(cells, times[rows], self._flashes.tolist(), MOST_LATE_S)
        period = float(np.median(np.diff(times[rows])))
        found_s, open_s = step_times(steps)
        offset = offset_of(found_s - self._flashes, max(LAG_TOLERANCE_S, period))
        if offset is not None:
            offset = replace(offset, spread_s=float(np.hypot(offset.spread_s, open_s)))
        if offset is not None and self._seen is None:
            self._seen = (stream, offset.median_s)
        return _alignment(stream, "flash", len(steps), offset, "the flashes were not seen")

    def _keys(self) -> Alignment | None:
        table = self._session.keys
        if not len(table.get("time", ())):
            return None
        struck = (table["edge"] == "down") & (table["class"] == "space") & (table["trial"] >= 0)
        at = np.asarray(table["time"][struck], np.float64)
        nothing = Alignment(KEYS, KEYS, "click of the key", len(at), None, device="keyboard")
        if self._heard is None:
            return _because(nothing, "the microphone is not verified")
        stream, late_s = self._heard
        times, rate = stream.corrected_times(), stream.info.rate_hz
        lags = []
        for key in at:
            first, stop = np.searchsorted(times, [key + late_s - KEY_S, key + late_s + KEY_S])
            heard = clicks(_channel(stream, int(first), int(stop)), times[first:stop], rate) - late_s
            # What the loudspeaker adds to the tone is no click.
            away = [
                c for c in heard if not ((c > self._tones - 0.02) & (c < self._tones + TONE_S + 0.02)).any()
            ]
            lags.append(key - min(away, key=lambda c: abs(key - c)) if away else np.nan)
        offset = offset_of(np.array(lags), LAG_TOLERANCE_S)
        if offset is None:
            return _because(nothing, "the clicks of the key were not heard")
        return Alignment(KEYS, KEYS, nothing.by, len(at), offset, device="keyboard")

    def _other(self, stream: Stream) -> Alignment:
        info = stream.info
        frontal = [i for i, name in enumerate(info.channels) if name.lower() in FRONTAL]
        axes = [i for i, kind in enumerate(info.channel_kinds) if kind == "acceleration"]
        if axes and (found := self._knocked(stream, axes)).offset is not None:
            return found
        if frontal and (seen := self._blinked(stream, frontal)).offset is not None:
            return seen
        if axes:
            return found
        if "eeg" in info.channel_kinds:
            return (
                self._blinked(stream, frontal)
                if frontal
                else _unknown(stream, "blink", 0, "it has no frontal channel by name (Fp1, Fp2, AF7, AF8)")
            )
        return _unknown(stream, "", 0, "nothing in the check reaches such a signal")

    def _knocked(self, stream: Stream, axes: Sequence[int]) -> Alignment:
        span = self._stage(TAPS)
        if span is None:
            return _unknown(stream, "tap", 0, "there was no part with taps")
        if self._heard is None:
            return _unknown(stream, "tap", 0, "the microphone is not verified")
        sound, late_s = self._heard
        times = sound.corrected_times()
        first, stop = np.searchsorted(times, [span[0] + late_s, span[1] + late_s])
        heard = clicks(_channel(sound, int(first), int(stop)), times[first:stop], sound.info.rate_hz)
        felt = self._in_span(stream, span, lambda data, at: knocks(data[:, axes], at))
        offset = paired_offset(felt, heard - late_s, MOST_LATE_S, KNOCK_TOLERANCE_S)
        why = f"{len(heard)} taps heard and {len(felt)} felt do not fit together"
        return _alignment(stream, "tap", len(heard), offset, why)

    def _blinked(self, stream: Stream, frontal: Sequence[int]) -> Alignment:
        span = self._stage(BLINKS)
        if span is None:
            return _unknown(stream, "blink", 0, "there was no part with blinks")
        if self._seen is None:
            return _unknown(stream, "blink", 0, "the camera is not verified")
        from analysis.alignment_eyes import blinks_seen

        camera, late_s = self._seen
        times = camera.corrected_times()
        rows = np.flatnonzero((times > span[0] + late_s) & (times < span[1] + late_s))
        seen = blinks_seen(camera, rows, times[rows])
        if seen is None:
            return _unknown(stream, "blink", 0, "no face was found in the camera")
        felt = self._in_span(stream, span, lambda data, at: blinks(data[:, frontal].mean(1), at))
        offset = paired_offset(felt, seen - late_s, MOST_LATE_S, BLINK_TOLERANCE_S)
        why = f"{len(seen)} blinks seen and {len(felt)} in the EEG do not fit together"
        return _alignment(stream, "blink", len(seen), offset, why)

    def _in_span(
        self, stream: Stream, span: tuple[float, float], find: Callable[[Floats, Floats], Floats]
    ) -> Floats:
        times = stream.corrected_times()
        first, stop = np.searchsorted(times, [span[0] - MOST_LATE_S, span[1] + MOST_LATE_S])
        rows = np.asarray(stream.data[int(first) : int(stop)], np.float64)
        return find(rows, times[first:stop])

    def _stage(self, name: str) -> tuple[float, float] | None:
        starts = [e.time for e in self._session.events if e.kind == "stage_started" and e.stage == name]
        ends = [e.time for e in self._session.events if e.kind == "stage_ended" and e.stage == name]
        return (starts[-1], ends[-1]) if starts and ends and ends[-1] > starts[-1] else None


def _starts(session: Session, stage: str) -> Floats:
    """Return when stages of a name were really on the screen; those without a screen are left out."""
    shown = [e for e in session.events if e.kind == "stage_started" and e.stage == stage]
    actual = [e.payload.get("actual_s") for e in shown]
    return np.array([float(at) for at in actual if at is not None])


def _channel(stream: Stream, first: int, stop: int) -> Floats:
    rows = np.asarray(stream.data[first:stop], np.float64).reshape(stop - first, -1)
    return np.asarray(rows.mean(1), np.float64)


def _grey(stream: Stream, rows: np.ndarray[Any, np.dtype[np.intp]]) -> Floats:
    """Return the grey means (frames, cells) of a camera's frames on a coarse grid."""
    import cv2

    cells = []
    for row in rows:
        coded = np.frombuffer(stream.data[int(row)], np.uint8)
        picture = cv2.imdecode(coded, cv2.IMREAD_REDUCED_GRAYSCALE_2) if len(coded) else None
        if picture is None:
            cells.append(np.full(GRID[0] * GRID[1], np.nan))
        else:
            cells.append(cv2.resize(picture, GRID, interpolation=cv2.INTER_AREA).ravel().astype(float))
    found = np.array(cells)
    broken = np.isnan(found[:, 0])
    if broken.any() and not broken.all():
        found[broken] = found[~broken].mean(0)
    return np.asarray(np.nan_to_num(found), np.float64)


def _alignment(stream: Stream, by: str, tried: int, offset: Offset | None, why: str) -> Alignment:
    info = stream.info
    return Alignment(info.id, info.kind, by, tried, offset, "" if offset else why, info.device, info.serial)


def _unknown(stream: Stream, by: str, tried: int, why: str) -> Alignment:
    return _alignment(stream, by, tried, None, why)


def _because(found: Alignment, why: str) -> Alignment:
    return Alignment(found.stream, found.kind, found.by, found.tried, None, why, found.device)
