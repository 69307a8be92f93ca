"""Judging streams of numbers: boards, wristbands, and whatever else LSL brings."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.monitor import quality_channels as channels
from app.monitor import quality_contact as contact
from app.monitor.follow import SHORTEST_S, Freshness, RingFile
from app.monitor.kinds import (
    ALIASES,
    CELSIUS,
    KILOOHM,
    MICROSIEMENS,
    MICROVOLTS,
    POTENTIALS,
    G,
    Group,
    groups_of,
    package_counter,
    rail_uv,
)
from app.monitor.quality_mains import Spectrum, mains, spectrum
from app.monitor.quality_pulse import SHORTEST_S as PULSE_S
from app.monitor.quality_pulse import best_heart_rate
from app.monitor.quality_rate import pace
from app.monitor.quality_wrist import Wear, motion_g
from app.monitor.rules import RULES, Quality
from app.monitor.window import WINDOW_S, Excerpt, Window
from app.ring import SampleRingReader

Floats = NDArray[np.float64]

CUT_FROM_UV = 200.0
"""Below this swing a coarse converter rests on its extreme steps without being cut off."""
PULSE_LASTS_S = 10.0
SURE = 2.0


class NumbersWatch(RingFile):
    """Watches the ring `reader` reads; `wear` says what it knows of a wristband after each `judge`."""

    def __init__(self, path: Path, reader: SampleRingReader) -> None:
        super().__init__(path)
        self.info = reader.info
        self.wear = Wear()
        self._reader = reader
        self._groups = groups_of(self.info)
        self._rail_uv = rail_uv(self.info)
        self._window = Window(self.info)
        self._fresh = Freshness()
        self._counter = package_counter(self.info)
        self._counted: deque[tuple[float, int, int]] = deque()
        self._arrived: list[tuple[float, int]] = []
        self._since_s: float | None = None
        self._pulse_s: float | None = None
        self._sought_s: float | None = None
        rows = round(self.info.rate_hz * WINDOW_S)
        self._next = max(0, reader.written - rows)
        self._generation = reader.generation

    def poll(self, now: float) -> None:
        """Take the rows that are new."""
        self._since_s = now if self._since_s is None else self._since_s
        if self._reader.generation != self._generation:
            self._generation = self._reader.generation
            self._recount()
        if self._reader.written <= self._next:
            return
        rows = self._reader.read(self._next)
        if rows.lost:
            # This reader came too late; the sender lost nothing.
            self._recount()
        self._next = rows.first_seq + len(rows.times)
        if not len(rows.times):
            return
        self._fresh.saw(self._reader.received_s, now)
        if not self.info.rate_hz:
            self._arrived.append((now, len(rows.times)))
            return
        self._window.add(rows.first_seq, rows.times, rows.data)
        if self._counter is not None:
            place, packages = self._counter
            counters = rows.data[:, place].astype(np.float64)
            if np.isfinite(counters).any():
                before = packages.lost
                packages.update(counters)
                self._counted.append((now, len(rows.times), packages.lost - before))
        while self._counted and self._counted[0][0] < now - WINDOW_S:
            self._counted.popleft()

    def _recount(self) -> None:
        if self._counter is not None:
            self._counter[1].restart()

    def judge(self, now: float) -> Quality:
        """Judge rate, loss and every kind of channel."""
        rows = self._window.excerpt()
        quality = Quality(self.info.id, rows.seconds)
        self.wear = Wear()
        silent = bool(self.info.rate_hz) and self._fresh.report_silence(quality, now)
        if not self.info.rate_hz:
            # A stream that speaks when it has something to say: its sender is looked after by the recorder.
            self._arrived = [entry for entry in self._arrived if entry[0] > now - WINDOW_S]
            quality.values["rate_hz"] = round(sum(count for _, count in self._arrived) / WINDOW_S, 3)
            quality.seconds = min(WINDOW_S, round(now - (self._since_s or now), 2)) if self._arrived else 0.0
            quality.is_waiting = not self._arrived
            return quality
        quality.is_waiting = rows.seconds < SHORTEST_S
        if silent or quality.is_waiting:
            return quality
        self._judge_rate(quality, rows)
        quality.values |= {"flat": [], "railed": []}
        for group in self._groups:
            if group.kind in POTENTIALS:
                self._judge_potentials(quality, group, rows)
            elif group.kind in _JUDGES:
                _JUDGES[group.kind](self, quality, group, rows)
            if group.kind in ("bvp", "ecg"):
                self._judge_pulse(quality, group, rows, now)
        return quality

    def _judge_rate(self, quality: Quality, rows: Excerpt) -> None:
        found = pace(rows.times, rows.numbers, self.info.rate_hz)
        if found is None:
            quality.is_waiting = True
            return
        loss = found.loss
        if self._counted:
            missing = sum(entry[2] for entry in self._counted)
            loss = missing / (missing + sum(entry[1] for entry in self._counted))
        quality.values |= {
            "rate_hz": round(found.rate_hz, 3),
            "rate_error": round(found.error, 5) + 0.0,
            "loss": round(loss, 5),
        }
        if abs(found.error) > RULES["rate"].limit + SURE * found.uncertainty:
            quality.report("rate", value=found.rate_hz, nominal=self.info.rate_hz)
        quality.report_above(loss, "loss_high", "loss")

    def _judge_potentials(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        factor = group.factor(MICROVOLTS)
        places = list(group.places)
        data = rows.data[:, places] * (factor or 1.0)
        newest = rows.newest(channels.FLAT_S)[:, places] * (factor or 1.0)
        flat = channels.is_flat(newest, RULES["flat"].limit if factor else 0.0)
        self._name(quality, "flat", "flat", group, flat)
        dead = flat | channels.is_absent(data)
        scale = self._full_scale(factor)
        if scale is not None:
            share = channels.rail_share(newest, scale)
            railed = (share >= RULES["railed"].limit) & ~dead
            near = (share >= RULES["near_rail"].limit) & ~railed & ~dead
            self._name(quality, "railed", "railed", group, railed)
            self._name(quality, "", "near_rail", group, near)
        else:
            wide = channels.swing(newest) > CUT_FROM_UV
            railed = (channels.cut_share(newest) > RULES["clipped"].limit) & wide & ~dead
            self._name(quality, "railed", "clipped", group, railed)
        live = np.flatnonzero(~dead)
        if len(live):
            found = spectrum(np.nan_to_num(data[:, live]), rows.rate_hz)
            if found is not None:
                self._judge_spectrum(quality, group, found, live, factor is not None)

    def _judge_spectrum(
        self, quality: Quality, group: Group, found: Spectrum, live: NDArray[np.intp], in_uv: bool
    ) -> None:
        hum = mains(found)
        if hum is not None:
            share = float(np.median(hum.share))
            quality.values["line_noise"] = round(max(share, quality.values.get("line_noise", 0.0)), 4)
            words = {"value": hum.line_hz, "share": share}
            quality.report_above(share, "line_noise_high", "line_noise", **words)
        if group.kind == "eeg" and in_uv and "contact" not in quality.values:
            poor = contact.is_poor(found, hum)
            states = dict.fromkeys(group.labels, "poor")
            states |= {
                group.labels[place]: "poor" if bad else "good" for place, bad in zip(live, poor, strict=True)
            }
            quality.values["contact"] = states
            names = [group.labels[place] for place in live[poor]]
            if names:
                quality.report("contact", names)

    def _judge_resistance(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        factor = group.factor(KILOOHM)
        found = contact.measured(rows.data[:, list(group.places)] * (factor or 1e-3))
        electrodes = next((other.labels for other in self._groups if other.kind == "eeg"), ())
        names = contact.names_of(group.labels, electrodes)
        known = {name: value for name, value in zip(names, found, strict=True) if value is not None}
        if not known:
            return
        # Measured values take the place of the estimate.
        quality.problems = [entry for entry in quality.problems if entry[0].code != "contact"]
        quality.values["contact"] = known
        open_kohm = RULES["impedance_open"].limit
        unsure = [n for n, value in known.items() if RULES["impedance"].limit < value <= open_kohm]
        for code, names_above in (
            ("impedance_open", [n for n, value in known.items() if value > open_kohm]),
            ("impedance", unsure),
        ):
            if names_above:
                quality.report(code, names_above)

    def _judge_pulse(self, quality: Quality, group: Group, rows: Excerpt, now: float) -> None:
        if rows.seconds < PULSE_S:
            return
        self._sought_s = now if self._sought_s is None else self._sought_s
        found = best_heart_rate(rows.data[:, list(group.places)], rows.rate_hz, group.kind == "ecg")
        quality.values["heart_rate_bpm"] = found
        if found is not None:
            self._pulse_s = now
        since_s = now - max(self._pulse_s or 0.0, self._sought_s)
        # Boards bring a pulse sensor along that nobody has put on: its silence concerns only its own stream.
        is_main = ALIASES.get(self.info.kind, self.info.kind) == group.kind
        if found is None and is_main and since_s > RULES["no_pulse"].limit:
            quality.report("no_pulse", value=since_s)
        if group.kind == "bvp":
            lately = self._pulse_s is not None and now - self._pulse_s <= PULSE_LASTS_S
            self.wear = Wear(self.wear.eda_us, self.wear.skin_degc, lately)

    def _judge_bvp(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        flat = channels.is_flat(rows.newest(channels.FLAT_S)[:, list(group.places)])
        self._name(quality, "flat", "sensor_flat", group, flat)

    def _judge_eda(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        data = rows.data[:, list(group.places)]
        if rows.is_full:
            self._name(quality, "flat", "sensor_still", group, channels.is_flat(data))
        factor = group.factor(MICROSIEMENS)
        level = _median(rows.newest(channels.FLAT_S)[:, list(group.places)])
        if factor is not None and level is not None:
            self.wear = Wear(level * factor, self.wear.skin_degc, self.wear.has_pulse)

    def _judge_temperature(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        factor = group.factor(CELSIUS)
        level = _median(rows.data[:, list(group.places)])
        if factor is not None and level is not None:
            self.wear = Wear(self.wear.eda_us, level * factor, self.wear.has_pulse)

    def _judge_acceleration(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        self._judge_still(quality, group, rows)
        factor = group.factor(G)
        moved = motion_g(rows.data[:, list(group.places)] * (factor or 0.0))
        if factor is not None and moved is not None:
            quality.values["motion_g"] = round(moved, 4)
            quality.report_above(moved, "motion")

    def _judge_still(self, quality: Quality, group: Group, rows: Excerpt) -> None:
        """A sensor of several axes is dead when all of them rest: one axis may."""
        still = channels.is_flat(rows.data[:, list(group.places)])
        if rows.is_full and still.all():
            self._name(quality, "flat", "sensor_still", group, still)

    def _full_scale(self, factor: float | None) -> float | None:
        dtype = np.dtype(self.info.dtype)
        if np.issubdtype(dtype, np.integer) and dtype.itemsize <= 2:
            return float(np.iinfo(dtype).max) * (factor or 1.0)
        return self._rail_uv if factor is not None else None

    def _name(self, quality: Quality, key: str, code: str, group: Group, which: NDArray[np.bool_]) -> None:
        names = [group.labels[place] for place in np.flatnonzero(which)]
        if names:
            quality.report(code, names)
            if key:
                quality.values[key] += names


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


_JUDGES = {
    "resistance": NumbersWatch._judge_resistance,
    "bvp": NumbersWatch._judge_bvp,
    "eda": NumbersWatch._judge_eda,
    "temperature": NumbersWatch._judge_temperature,
    "acceleration": NumbersWatch._judge_acceleration,
    "gyroscope": NumbersWatch._judge_still,
}
