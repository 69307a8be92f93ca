"""What the channels of a stream are: kinds by their many names, units, rails and counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.records import StreamInfo
from app.devices import board_facts
from app.devices.packages import Counting, PackageCounter

ALIASES: Mapping[str, str] = {
    "gsr": "eda",
    "sc": "eda",
    "ppg": "bvp",
    "optical": "bvp",
    "pulse": "bvp",
    "acc": "acceleration",
    "accel": "acceleration",
    "accelerometer": "acceleration",
    "gyro": "gyroscope",
    "temp": "temperature",
    "mic": "audio",
    "sound": "audio",
    "package": "counter",
    "impedance": "resistance",
}
POTENTIALS = ("eeg", "eog", "emg", "ecg")

MICROVOLTS: Mapping[str, float] = {
    "uv": 1.0,
    "µv": 1.0,
    "μv": 1.0,
    "microvolt": 1.0,
    "microvolts": 1.0,
    "mv": 1e3,
    "millivolt": 1e3,
    "millivolts": 1e3,
    "v": 1e6,
    "volt": 1e6,
    "volts": 1e6,
}
MICROSIEMENS: Mapping[str, float] = {
    "us": 1.0,
    "µs": 1.0,
    "μs": 1.0,
    "microsiemens": 1.0,
    "s": 1e6,
    "ns": 1e-3,
}
G: Mapping[str, float] = {
    "g": 1.0,
    "m/s2": 1 / 9.80665,
    "m/s^2": 1 / 9.80665,
    "m/s²": 1 / 9.80665,
    "mg": 1e-3,
}
KILOOHM: Mapping[str, float] = {"": 1e-3, "ohm": 1e-3, "ohms": 1e-3, "kohm": 1.0, "kohms": 1.0}
CELSIUS: Mapping[str, float] = {"degc": 1.0, "°c": 1.0, "c": 1.0, "celsius": 1.0, "": 1.0}


@dataclass(frozen=True, slots=True)
class Group:
    """Channels of one kind and unit: their places in the stream and their names."""

    kind: str
    unit: str
    places: tuple[int, ...]
    labels: tuple[str, ...]

    def factor(self, units: Mapping[str, float]) -> float | None:
        """Return what turns the channels' values into the unit that `units` is of; None if unknown."""
        return units.get(self.unit.strip().lower())


def groups_of(info: StreamInfo) -> tuple[Group, ...]:
    """Sort a stream's channels by kind and unit."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, (kind, unit) in enumerate(zip(info.channel_kinds, info.units, strict=True)):
        found.setdefault((ALIASES.get(kind, kind), unit), []).append(place)
    return tuple(
        Group(kind, unit, tuple(places), tuple(info.channels[place] for place in places))
        for (kind, unit), places in found.items()
    )


def rail_uv(info: StreamInfo) -> float | None:
    """Return the largest potential that the stream's amplifier can tell; None where it is not known."""
    stated = info.details.get("rail_uV")
    return float(stated) if isinstance(stated, int | float) and stated > 0 else None


def package_counter(info: StreamInfo) -> tuple[int, PackageCounter] | None:
    """Return the place of a board's package counter among the channels and what reads it; None without."""
    board, preset = info.details.get("master_board"), info.details.get("preset")
    counting: Counting | None = Counting()
    if isinstance(board, str) and isinstance(preset, int):
        counting = board_facts.counting(board, preset)
    place = next(
        (i for i, kind in enumerate(info.channel_kinds) if ALIASES.get(kind, kind) == "counter"), None
    )
    return None if place is None or counting is None else (place, PackageCounter(counting))


def device_of(stream_id: str, devices: tuple[str, ...]) -> str:
    """Return the device among `devices` that gives stream `stream_id`; the stream itself, if none does."""
    owners = [name for name in devices if stream_id == name or stream_id.startswith(f"{name}-")]
    return max(owners, key=len, default=stream_id)
