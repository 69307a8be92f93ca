"""How far each device is proved on each operating system: nothing is claimed that was not run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

System = Literal["Linux", "Windows", "macOS"]
Proof = Literal["real device", "synthetic board", "simulator", "described", "never run"]
SYSTEMS: tuple[System, ...] = ("Linux", "Windows", "macOS")
MEANINGS: Mapping[Proof, str] = {
    "real device": "recorded from the device itself",
    "synthetic board": "its driver has run with a board, file or sound card made of software",
    "simulator": "has run against a program that speaks its protocol",
    "described": "its table of channels is checked, no sample has ever come",
    "never run": "nothing has been tried",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A device, how far it is proved a system, and what that rests on."""

    device: str
    proved: Mapping[System, Proof]
    basis: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {"device": self.device, "proved": dict(self.proved), "basis": self.basis}


def _row(device: str, linux: Proof, basis: str, others: Proof = "never run") -> Row:
    return Row(device, {"Linux": linux, "Windows": others, "macOS": others}, basis)


_DESCRIBED = "channels, kinds and units of every preset; how it counts packages, from BrainFlow's driver"

ROWS: tuple[Row, ...] = (
    _row("BrainFlow synthetic board", "synthetic board", "sessions, kills, drop-outs, counter continuity"),
    _row("BrainFlow playback file", "synthetic board", "a recorded file, row by row"),
    _row("BrainFlow streaming board", "synthetic board", "multicast from another program"),
    _row("OpenBCI Cyton, Cyton + Daisy", "described", _DESCRIBED + "; impedance on computed potentials"),
    _row("OpenBCI Ganglion", "described", _DESCRIBED),
    _row("Muse 2, Muse S, Muse 2016", "described", _DESCRIBED),
    _row("EmotiBit", "described", _DESCRIBED),
    _row("g.tec Unicorn", "described", _DESCRIBED),
    _row("BrainBit", "described", _DESCRIBED),
    _row("every other BrainFlow board", "described", "channels, kinds and units of every preset"),
    _row(
        "Empatica E4",
        "simulator",
        "a server that speaks the vendor's protocol and plays real E4 recordings: lost, late, gone, refused",
    ),
    _row("any LSL stream (wristbands, EEG)", "synthetic board", "outlets of other programs over loopback"),
    _row("camera: file, network address", "synthetic board", "Motion JPEG over HTTP, films; frame by frame"),
    _row("camera: USB", "described", "drivers' times and settings on a stand-in for the driver"),
    _row(
        "microphone",
        "synthetic board",
        "PortAudio on a sound server: level, duration and wave of spoken sentences",
    ),
    _row("simulated wristband, drawn face, generated voice", "synthetic board", "every demo session"),
)


def table() -> str:
    """Return the table as text, a line a device."""
    width = max(len(row.device) for row in ROWS)
    column = max(len(name) for name in MEANINGS)
    head = f"{'device':<{width}}  " + "  ".join(f"{name:<{column}}" for name in SYSTEMS) + "  rests on"
    lines = [
        f"{row.device:<{width}}  "
        + "  ".join(f"{row.proved[name]:<{column}}" for name in SYSTEMS)
        + f"  {row.basis}"
        for row in ROWS
    ]
    meanings = [f"{name}: {text}." for name, text in MEANINGS.items()]
    return "\n".join([head, *lines, "", *meanings])


def markdown() -> str:
    """Return the table for help pages and README."""
    head = f"| device | {' | '.join(SYSTEMS)} | rests on |"
    rule = "|---" * (len(SYSTEMS) + 2) + "|"
    lines = [
        f"| {row.device} | {' | '.join(row.proved[name] for name in SYSTEMS)} | {row.basis} |" for row in ROWS
    ]
    return "\n".join([head, rule, *lines])
