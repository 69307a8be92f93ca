"""What is known of single boards beyond BrainFlow's description: units, rails, counters, impedance.

Sources: BrainFlow 5.23's drivers (scale factors, package numbers) and the makers' manuals. What is not
known is not guessed: the unit stays empty, the rail is left out, the counter is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from app.devices.boards import Row
from app.devices.packages import Counting

UNITS: tuple[tuple[str, str, str], ...] = (
    ("emotibit", "magnetometer", "uT"),
    ("ganglion", "resistance", "ohm"),
    ("brainbit", "resistance", "ohm"),
    ("ant-neuro", "resistance", "ohm"),
    ("synthetic", "resistance", "ohm"),
    ("shimmer3", "battery", ""),
    ("biolistener", "battery", ""),
    ("ntl", "battery", ""),
)
"""(board's name begins with, kind, unit) where boards differ from each other."""

ROWS: tuple[tuple[str, int, Row], ...] = (
    ("emotibit", 2, Row(3, "thermopile", "temperature", "degC")),
    ("muse-2-", 0, Row(5, "aux", "other", "uV")),
    ("muse-s-b", 0, Row(5, "aux", "other", "uV")),
)
"""(board's name begins with, preset, row) that BrainFlow calls 'other'."""

RAILS_UV: tuple[tuple[str, float], ...] = (
    # ADS1299: 4.5 V reference, gain 24 unless a command of the devices file changes it.
    ("cyton", 4.5e6 / 24),
    # MCP3912: 1.2 V reference, gain 1.5 after the amplifier's 51.
    ("ganglion", 1.2e6 / (1.5 * 51)),
    # 12 bits of 125/256 uV around the middle.
    ("muse-2", 2048 * 125 / 256),
    ("muse-s-b", 2048 * 125 / 256),
    # 24 bits of 4500000/50331642 uV.
    ("unicorn", 2**23 * 4500000 / 50331642),
)
"""(board's name begins with, largest potential either way in uV)."""

MUSE_ROWS = {0: 12, 1: 3, 2: 6}


class Impedance(NamedTuple):
    """How a board measures its electrodes.

    `rows`: it puts resistances into rows of their own between the commands `begin` and `end`.
    `lead-off`: a known alternating current is sent through one electrode at a time, and what voltage it
    makes is seen in that channel.
    """

    way: Literal["rows", "lead-off"]
    begin: str = ""
    end: str = ""


IMPEDANCES: tuple[tuple[str, Impedance], ...] = (
    ("cyton", Impedance("lead-off")),
    ("ganglion", Impedance("rows", "z", "Z")),
    ("brainbit", Impedance("rows", "CommandStartResist", "CommandStopResist")),
    ("ant-neuro", Impedance("rows", "impedance_mode:1", "impedance_mode:0")),
    ("synthetic", Impedance("rows")),
)


def _begins(board: str, beginning: str) -> bool:
    return f"{board}-board".startswith(beginning)


def unit(board: str, row: Row) -> str:
    """Return the unit of a row of board `board`."""
    return next((text for name, kind, text in UNITS if _begins(board, name) and kind == row.kind), row.unit)


def rows(board: str, preset: int) -> Mapping[int, Row]:
    """Return the rows of a board's preset that are better known than BrainFlow describes them."""
    return {row.index: row for name, number, row in ROWS if _begins(board, name) and number == preset}


def rail_uv(board: str, commands: tuple[str, ...] = ()) -> float | None:
    """Return the largest potential a board can tell, None where it is not known.

    `commands` of the devices file that set channels (`x1060110X`) change gains: then it is not known.
    """
    if any("x" in command for command in commands):
        return None
    return next((rail for name, rail in RAILS_UV if _begins(board, name)), None)


def counting(board: str, preset: int) -> Counting | None:
    """Return how a board counts its packages, None where its numbers tell nothing about losses."""
    if board == "emotibit":
        # Numbers its packages of all kinds together.
        return None
    if board.startswith("muse-") and not board.startswith("muse-s-athena"):
        return Counting(65536, 1, MUSE_ROWS[preset])
    if board == "cyton-daisy":
        return Counting(256, 2, 1)
    if board in ("cyton", "synthetic"):
        return Counting(256, 1, 1)
    if board == "unicorn":
        return Counting(None, 1, 1)
    return Counting()


def impedance(board: str) -> Impedance | None:
    """Return how a board measures its electrodes, None where it cannot."""
    if board.endswith("wifi") or board == "brainbit-bled":
        return None
    return next((way for name, way in IMPEDANCES if _begins(board, name)), None)


def quiet_s(board: str) -> float:
    """Return the silence after which a board is opened again: radio makes pauses that a cable does not."""
    by_radio = ("muse", "ganglion", "brainbit", "callibri", "enophone", "explore", "emotibit", "unicorn")
    return 2.0 if board.startswith(by_radio) else 1.0
