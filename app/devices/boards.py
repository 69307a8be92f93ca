"""The boards that BrainFlow knows: names, numbers, and what the rows of a board's table mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

STREAMING = -2
PLAYBACK = -3
NO_BOARD = -100
SYNTHETIC = -1

PRESETS = {"default": 0, "auxiliary": 1, "ancillary": 2}
SUFFIXES = {0: "", 1: "-auxiliary", 2: "-ancillary"}

# BrainFlow numbers its rows by meaning; rows with several meanings (Cyton's eight inputs are EEG, EMG,
# ECG and EOG at once) take the first of this list. Units as BrainFlow documents them; where boards
# differ or it says nothing the unit stays empty.
MEANINGS = (
    ("eeg", "eeg_channels", "uV"),
    ("emg", "emg_channels", "uV"),
    ("ecg", "ecg_channels", "uV"),
    ("eog", "eog_channels", "uV"),
    ("eda", "eda_channels", "uS"),
    ("ppg", "ppg_channels", ""),
    ("optical", "optical_channels", ""),
    ("temperature", "temperature_channels", "degC"),
    ("acceleration", "accel_channels", "g"),
    ("gyroscope", "gyro_channels", "deg/s"),
    ("magnetometer", "magnetometer_channels", ""),
    ("rotation", "rotation_channels", ""),
    ("resistance", "resistance_channels", ""),
    ("analog", "analog_channels", ""),
    ("battery", "battery_channel", "%"),
    ("other", "other_channels", ""),
)
AXES = {"acceleration": "xyz", "gyroscope": "xyz", "magnetometer": "xyz"}
# Shared libraries that BrainFlow loads for a board's radio or driver, by the beginning of the name.
LIBRARIES = (
    (("muse-", "ganglion-native", "brainalive", "synchroni-"), "libdbus-1.so.3"),
    (("explore-", "enophone", "unicorn"), "libbluetooth.so.3"),
    (("ant-neuro-",), "libusb-1.0.so.0"),
)
POTENTIALS = ("eeg", "emg", "ecg", "eog")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a board's table that carries data."""

    index: int
    label: str
    kind: str
    unit: str


@cache
def _numbers() -> dict[str, int]:
    from brainflow.board_shim import BoardIds

    return {
        board.name.lower().removesuffix("_board").replace("_", "-"): board.value
        for board in BoardIds
        if board.value != NO_BOARD
    }


def names() -> tuple[str, ...]:
    """Return every board's name as the devices file writes it: `synthetic`, `cyton`, `muse-2`, ..."""
    return tuple(_numbers())


def find(board: str | int) -> int | None:
    """Return the number of a board given by number or name (`MUSE_2_BOARD` and `muse-2` are one)."""
    numbers = _numbers()
    if isinstance(board, int):
        return board if board in numbers.values() else None
    key = board.strip().lower().replace(" ", "-").replace("_", "-").removesuffix("-board")
    key = "playback-file" if key == "playback" else key
    return numbers.get(key)


def name(number: int) -> str:
    """Return the name of board `number`."""
    return next((key for key, value in _numbers().items() if value == number), str(number))


def libraries(number: int) -> tuple[str, ...]:
    """Return the shared libraries of the system that this board's driver loads; dongles need none."""
    board = name(number)
    if board.endswith("-bled"):
        return ()
    return tuple(library for beginnings, library in LIBRARIES if board.startswith(beginnings))


def presets(number: int) -> tuple[int, ...]:
    """Return the presets of a board in order: 0 default, 1 auxiliary, 2 ancillary."""
    from brainflow.board_shim import BoardShim

    return tuple(sorted(int(preset) for preset in BoardShim.get_board_presets(number)))


def description(number: int, preset: int) -> dict[str, Any]:
    """Return BrainFlow's description of a board's table."""
    from brainflow.board_shim import BoardShim

    found: dict[str, Any] = BoardShim.get_board_descr(number, preset)
    return found


def data_rows(
    described: dict[str, Any],
    labels: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (),
    known: Mapping[int, Row] | None = None,
) -> tuple[Row, ...]:
    """Return the rows of a table that carry data, in order: all but time stamp, package and marker.

    `labels` rename the potentials (EEG, EMG, ECG, EOG) in order, `kinds` say what they were put on.
    `known` rows are better known than BrainFlow describes them (`board_facts.rows`).
    """
    meaning: dict[int, Row] = dict(known or {})
    for kind, key, unit in MEANINGS:
        found = described.get(key, ())
        rows = [found] if isinstance(found, int) else list(found)
        eeg_names = [part.strip() for part in str(described.get("eeg_names", "")).split(",") if part.strip()]
        for place, row in enumerate(rows):
            axis = AXES.get(kind, "")
            if kind == "eeg" and len(eeg_names) == len(rows):
                label = eeg_names[place]
            elif len(rows) == len(axis):
                label = f"{kind}-{axis[place]}"
            else:
                label = kind if len(rows) == 1 else f"{kind}-{place + 1}"
            meaning.setdefault(row, Row(row, label, kind, unit))
    apart = {described.get(key) for key in ("timestamp_channel", "package_num_channel", "marker_channel")}
    wanted = [index for index in range(int(described["num_rows"])) if index not in apart]
    names_left, kinds_left = iter(labels), iter(kinds)
    named = []
    for index in wanted:
        row = meaning.get(index, Row(index, f"row-{index}", "other", ""))
        if row.kind in POTENTIALS:
            row = replace(row, label=next(names_left, row.label), kind=next(kinds_left, row.kind))
        named.append(row)
    return tuple(named)
