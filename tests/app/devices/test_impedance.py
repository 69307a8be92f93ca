"""Electrodes measured before a session."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from app import clock
from app.devices import board_facts
from app.devices.entries import BrainflowParams
from app.devices.impedance import DWELL_S, SETTLE_S, TEST_AMPERE, ImpedanceMeter, lead_off_kohm
from app.devices.source import Chunk, DeviceError

RATE_HZ = 250.0


def potential(kohm: float, seconds: float = DWELL_S, seed: int = 0) -> NDArray[np.float64]:
    """Return the potential (uV) at an electrode of `kohm` under the test current, with a brain."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    current = TEST_AMPERE * (kohm * 1000 + 2200) * 1e6 * np.sin(2 * np.pi * 31.5 * t + 0.7)
    brain = 15 * np.sin(2 * np.pi * 10 * t) + 40 * np.sin(2 * np.pi * 50 * t) + 900
    return np.asarray(current + brain + 2 * np.random.default_rng(seed).standard_normal(len(t)))


@pytest.mark.parametrize("kohm", [0.5, 5.0, 20.0, 100.0, 750.0])
def test_the_test_current_tells_the_impedance(kohm: float) -> None:
    assert lead_off_kohm(potential(kohm), RATE_HZ) == pytest.approx(kohm, rel=0.05, abs=0.3)


def test_too_short_a_look_tells_nothing() -> None:
    assert math.isnan(lead_off_kohm(potential(5.0, 0.3), RATE_HZ))


@pytest.mark.parametrize(
    ("board", "way"),
    [
        ("cyton", "lead-off"),
        ("cyton-daisy", "lead-off"),
        ("ganglion", "rows"),
        ("ganglion-native", "rows"),
        ("brainbit", "rows"),
        ("ant-neuro-ee-411", "rows"),
        ("muse-2", None),
        ("unicorn", None),
        ("brainbit-bled", None),
        ("emotibit", None),
    ],
)
def test_which_boards_can_measure(board: str, way: str | None) -> None:
    found = board_facts.impedance(board)
    assert (found.way if found else None) == way
    if way is None:
        with pytest.raises(DeviceError, match=r"cannot measure|none of the presets"):
            ImpedanceMeter(BrainflowParams(board=board), "eeg", str)


class Cyton:
    """A Cyton's rows while its test current goes through the electrode that was asked for."""

    def __init__(self, kohm: list[float]) -> None:
        self.kohm = kohm
        self.commands: list[str] = []
        self.through: int | None = None

    def open(self) -> None:
        """Nothing to open."""

    def send(self, command: str) -> None:
        self.commands.append(command)
        self.through = "12345678".index(command[1]) if command[3] == "1" else None

    def poll(self) -> list[Chunk]:
        rows = np.zeros((500, 27))
        for place in range(8):
            rows[:, place] = potential(self.kohm[place] if place == self.through else -2.2, 2.0, place)
        return [Chunk("eeg", np.zeros(500), rows)]

    def close(self) -> None:
        """Nothing to close."""


def test_a_cyton_measures_one_electrode_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    kohm = [5.0, 8.0, 12.0, 20.0, 35.0, 60.0, 100.0, 750.0]
    meter = ImpedanceMeter(BrainflowParams(board="cyton", labels=("Fp1", "Fp2")), "eeg", str)
    (info,) = meter.streams
    described = (info.id, info.kind, info.channels[:2], set(info.units))
    assert described == ("eeg-impedance", "impedance", ("Fp1", "Fp2"), {"kohm"})
    cyton = Cyton(kohm)
    monkeypatch.setattr(meter, "_board", cyton)
    now = 100.0
    monkeypatch.setattr(clock, "now", lambda: now)
    meter.open()
    rows = []
    while now < 100 + 8 * (SETTLE_S + DWELL_S + 0.5) + 2:
        rows += [chunk.data[0] for chunk in meter.poll()]
        now += 0.5
    meter.close()
    assert meter.values == pytest.approx(kohm, rel=0.05, abs=0.3)
    assert meter.notice == ""
    assert np.isnan(rows[0]).all(), "what was not measured is not guessed"
    assert cyton.commands[:3] == ["z101Z", "z100Z", "z201Z"]
    assert cyton.commands[-1].endswith("00Z"), "no current stays on"


@pytest.mark.slow
def test_a_board_with_rows_for_it_publishes_them_in_kiloohm() -> None:
    command = [sys.executable, "-m", "app", "bridge", "brainflow", "--impedance", "--seconds", "4"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "type impedance, source id evoke:synthetic:eeg-impedance" in ended.stdout
    (line,) = (line for line in ended.stdout.splitlines() if line.startswith("impedance: "))
    assert re.fullmatch(r"impedance: resistance-1 [\d.]+ kohm, resistance-2 [\d.]+ kohm", line)
