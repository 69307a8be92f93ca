"""How well the electrodes sit: measured before a session, as a stream of its own in kiloohm."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from app import clock
from app.devices import board_facts, boards
from app.devices.brainflow import Board
from app.devices.entries import BrainflowParams
from app.devices.losses import Loss
from app.devices.source import Chunk, DeviceError, NameSource

POLL_S = 0.1
EVERY_S = 1.0
TEST_HZ = 31.5
"""Cyton, ADS1299: the data rate over four sets a lead-off current of 31.25 to 31.5 Hz."""
BAND_HZ = 1.5
TEST_AMPERE = 6e-9
SERIES_OHM = 2200.0
"""What stands between Cyton's pin and the electrode, and is not the electrode's."""
SETTLE_S = 0.7
DWELL_S = 1.5
CHANNEL_LETTERS = "12345678QWERTYUI"


def lead_off_kohm(microvolt: NDArray[np.float64], rate_hz: float) -> float:
    """Return an electrode's impedance from its channel (n,) while the test current flows through it.

    The amplitude of the current's own frequency in a second or so of potential (uV), by Ohm's law, less
    the resistor in series. Source: OpenBCI's Cyton manual and the data sheet of the ADS1299.
    """
    count = len(microvolt)
    if count < rate_hz / 2:
        return math.nan
    window = np.hanning(count)
    spectrum = np.abs(np.fft.rfft((microvolt - microvolt.mean()) * window)) * 2 / window.sum()
    frequency = np.fft.rfftfreq(count, 1 / rate_hz)
    amplitude_v = float(spectrum[np.abs(frequency - TEST_HZ) <= BAND_HZ].max()) * 1e-6
    return max(0.0, amplitude_v / TEST_AMPERE - SERIES_OHM) / 1000.0


class ImpedanceMeter:
    """A board as a meter of its electrodes; raises DeviceError for a board that cannot measure them.

    Streams one row a second, a channel an electrode, kiloohm, NaN for what was not measured yet. Boards
    that measure one electrode at a time go round for ever.
    """

    poll_s = POLL_S

    def __init__(self, params: BrainflowParams, device_id: str, name_source: NameSource) -> None:
        self._board = Board(params.model_copy(update={"presets": ("default",)}), device_id, name_source)
        (self._eeg,) = self._board.streams
        master = str(self._eeg.details["master_board"])
        way = board_facts.impedance(master)
        if way is None:
            raise DeviceError(f"a {params.board} board cannot measure its electrodes' impedance.")
        self._way = way
        kind = "resistance" if way.way == "rows" else "eeg"
        self._columns = [place for place, name in enumerate(self._eeg.channel_kinds) if name == kind]
        if not self._columns:
            # Boards such as ANT Neuro's put resistances into the rows of the potentials.
            potentials = boards.POTENTIALS
            self._columns = [i for i, name in enumerate(self._eeg.channel_kinds) if name in potentials]
        labels = tuple(self._eeg.channels[place] for place in self._columns)
        stream_id = f"{device_id}-impedance"
        self.streams = (
            StreamInfo(
                id=stream_id,
                kind="impedance",
                origin=self._eeg.origin,
                channels=labels,
                units=("kohm",) * len(labels),
                channel_kinds=("impedance",) * len(labels),
                rate_hz=0.0,
                dtype="float64",
                device=self._eeg.device,
                serial=self._eeg.serial,
                time_source="clock when the measurement was worked out",
                source_id=name_source(stream_id),
                details={"board": master, "way": way.way},
            ),
        )
        self.values = np.full(len(labels), np.nan)
        self._recent: deque[NDArray[np.float64]] = deque()
        self._electrode = -1
        self._until_s = 0.0
        self._settled_s = 0.0
        self._next_s = 0.0

    @property
    def quiet_s(self) -> float:
        """Silence after which the board is opened again."""
        return self._board.quiet_s + EVERY_S

    @property
    def identity(self) -> Mapping[str, str]:
        """What the board says of itself."""
        return self._board.identity

    @property
    def notice(self) -> str:
        """Say how far the first round has come."""
        open_ = int(np.isnan(self.values).sum())
        return f"{open_} of {len(self.values)} electrodes still to be measured." if open_ else ""

    def open(self) -> None:
        """Start the board and its measurement; raises DeviceError."""
        self._board.open()
        self._recent.clear()
        self._electrode, self._until_s, self._next_s = -1, 0.0, clock.now() + EVERY_S
        if self._way.begin:
            self._board.send(self._way.begin)

    def poll(self) -> list[Chunk]:
        """Return a row when one is due; raises DeviceError."""
        now = clock.now()
        rows = [chunk.data for chunk in self._board.poll()]
        if self._way.way == "lead-off":
            self._go_round(rows, now)
        else:
            self._take(rows)
        if now < self._next_s:
            return []
        self._next_s = now + EVERY_S
        return [Chunk(self.streams[0].id, np.array([now]), self.values[None, :].copy())]

    def lost(self, stream_id: str) -> int:
        """Return 0: a measurement is no record."""
        return 0

    def losses(self) -> list[Loss]:
        """Return none."""
        return []

    def close(self) -> None:
        """Take the test current away and let the board go."""
        try:
            if self._electrode >= 0:
                self._board.send(self._command(self._electrode, on=False))
            if self._way.end:
                self._board.send(self._way.end)
        except (DeviceError, AttributeError):
            # The board has gone, and the current with it.
            pass
        self._board.close()

    def _take(self, rows: list[NDArray[np.float64]]) -> None:
        """Take the newest resistances (ohm) that the board has put into its rows."""
        for block in rows:
            found = block[:, self._columns]
            found = found[np.any(found > 0, axis=1)]
            if len(found):
                self.values = np.where(found[-1] > 0, found[-1] / 1000.0, self.values)

    def _go_round(self, rows: list[NDArray[np.float64]], now: float) -> None:
        if self._electrode >= 0 and now > self._settled_s:
            self._recent.extend(block[:, self._columns[self._electrode]] for block in rows)
        if now < self._until_s:
            return
        if self._electrode >= 0:
            if self._recent:
                potential = np.concatenate(tuple(self._recent))
                self.values[self._electrode] = lead_off_kohm(potential, self._eeg.rate_hz)
            self._board.send(self._command(self._electrode, on=False))
        self._electrode = (self._electrode + 1) % len(self._columns)
        self._board.send(self._command(self._electrode, on=True))
        self._recent.clear()
        self._settled_s = now + SETTLE_S
        self._until_s = now + SETTLE_S + DWELL_S

    def _command(self, electrode: int, on: bool) -> str:
        """Return OpenBCI's lead-off command: test current on the N input (where electrodes are) or none."""
        return f"z{CHANNEL_LETTERS[electrode]}0{int(on)}Z"
