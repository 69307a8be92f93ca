"""Made-up passages between two WiFi nodes: amplitudes of 52 subcarriers with a known effect, and their log.

Road users differ in how deep, how long and in what shape they dim the channel; each recording has a gain of
its own for each subcarrier, and only some subcarriers see much of what passes. What is planted here says
nothing of real roads: it is for trying the chain, and every table made of it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 50.0
SUBCARRIERS = 52
STRONG = 4
QUIET_S = 7.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A road user: how much the channel falls (dB), for how long (s), in how many dips, SDs of both."""

    depth_db: float
    length_s: float
    dips: int = 1
    depth_sd_db: float = 0.7
    length_sd_s: float = 0.25


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "pedestrian": Kind(8.0, 2.6),
        "bicycle": Kind(8.5, 2.0, 2),
        "motorcycle": Kind(11.0, 1.7),
        "car": Kind(15.0, 1.9, 1, 1.0),
    }
)
"""Pedestrians and bicycles are nearest to each other, as the paper's confusions are."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What passed, and when: seconds from the recording's first reading."""

    label: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """Amplitudes (n, 52) at 50 Hz, the passages, and which subcarriers see them best, (4,)."""

    amplitudes: NDArray[np.float64]
    passages: tuple[Passage, ...]
    strong: NDArray[np.intp]


def passages(
    labels: tuple[str, ...],
    seed: int,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    noise: float = 0.04,
    gain_sd: float = 0.2,
    effect: bool = True,
) -> Recording:
    """Return a recording of these road users one after the other.

    `gain_sd` is how much subcarriers differ in gain, in natural logarithms, `noise` a reading's own.
    Without `effect` all of them are drawn from one kind: what passes cannot be told.
    """
    random = np.random.default_rng(seed)
    gains = 20 * np.exp(gain_sd * random.normal(size=SUBCARRIERS))
    strong = np.sort(random.choice(SUBCARRIERS, STRONG, replace=False))
    seen = random.uniform(0.75, 0.95, SUBCARRIERS)
    seen[strong] = 1.3
    blur = np.full(SUBCARRIERS, noise) * random.uniform(1.2, 2.0, SUBCARRIERS)
    blur[strong] = noise / 2
    fall: list[NDArray[np.float64]] = []
    told: list[Passage] = []
    row = 0
    for label in labels:
        kind = kinds[label] if effect else Kind(9.0, 2.1, 1, 2.0, 0.4)
        quiet = np.zeros(round((QUIET_S + random.uniform(0, 2)) * RATE_HZ))
        depth = kind.depth_db + kind.depth_sd_db * random.normal()
        length_s = max(1.3, kind.length_s + kind.length_sd_s * random.normal())
        shape = depth * _shape(round(length_s * RATE_HZ), kind.dips)
        fall += [quiet, shape]
        told.append(Passage(label, (row + len(quiet)) / RATE_HZ, (row + len(quiet) + len(shape)) / RATE_HZ))
        row += len(quiet) + len(shape)
    fall.append(np.zeros(round(QUIET_S * RATE_HZ)))
    course = np.concatenate(fall)
    drift = 0.3 * np.sin(2 * np.pi * np.arange(len(course)) / RATE_HZ / 60 + random.uniform(0, 6))
    level = -course[:, None] * seen[None, :] + drift[:, None]
    made = gains * 10 ** (level / 20) * np.exp(blur * random.normal(size=(len(course), SUBCARRIERS)))
    return Recording(made, tuple(told), strong)


def _shape(count: int, dips: int) -> NDArray[np.float64]:
    """Return a fall from 0 to 1 and back with steep sides, (count,); two dips meet at 0.7."""
    at = np.linspace(0, 1, count)
    sides = np.clip(np.minimum(at, 1 - at) / 0.06, 0, 1)
    return sides if dips == 1 else sides * (1 - 0.3 * np.exp(-(((at - 0.5) / 0.12) ** 2)))


def write_log(path: Path, recording: Recording, seed: int = 1) -> None:
    """Write a recording as ESP32-CSI-Tool does: amplitudes with random phases, as whole numbers."""
    from analysis.exchange.csi_log import SUBCARRIERS as NUMBERS
    from analysis.exchange.csi_log import TOOL

    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi, recording.amplitudes.shape)
    pairs = np.zeros((len(angle), 64, 2), int)
    places = np.array([number % 64 for number in NUMBERS])
    pairs[:, places, 0] = np.rint(recording.amplitudes * np.sin(angle))
    pairs[:, places, 1] = np.rint(recording.amplitudes * np.cos(angle))
    about = "11,1,0,1,1,1,0,0,0,0,-92,0,1,2"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join((*TOOL, "CSI_DATA")) + "\n")
        for row, pair in enumerate(pairs):
            stamp = 1_000_000 + row * round(1e6 / RATE_HZ)
            told = " ".join(map(str, pair.reshape(-1).tolist()))
            head = f"CSI_DATA,AP,24:0A:C4:00:00:01,-55,{about},{stamp}"
            file.write(f"{head},0,47,0,0,{stamp / 1e6:.6f},128,[{told} ]\n")


def write_events(path: Path, recordings: Mapping[str, Recording]) -> None:
    """Write the labels of several logs, by their file names."""
    lines = ["file,start_s,stop_s,label"]
    for name, recording in recordings.items():
        lines += [f"{name},{each.start_s:.2f},{each.stop_s:.2f},{each.label}" for each in recording.passages]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
