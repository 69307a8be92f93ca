"""The text protocol of Empatica's E4 streaming server: lines to what they mean, nothing else.

Source: the vendor's page "E4 streaming server: message protocol / data streaming packets" (2019). Lines
end in CRLF. `R ...` answers a command or tells of the connection; `E4_Bvp TIME VALUE` is data. TIME is
unix seconds, counted by the server from its first packet at the signal's rate. A server on a computer
with a European number format writes a decimal comma.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LONGEST_LINE = 4096
END = "\r\n"


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of the E4: `command` subscribes to it, `words` begin its lines, `scale` makes its units."""

    name: str
    command: str
    words: Mapping[str, int]
    channels: tuple[str, ...]
    units: tuple[str, ...]
    kinds: tuple[str, ...]
    rate_hz: float = 0.0
    scale: float = 1.0


def _one(name: str, command: str, word: str, unit: str, rate_hz: float = 0.0, scale: float = 1.0) -> Signal:
    return Signal(name, command, {word: 0}, (name,), (unit,), (name,), rate_hz, scale)


SIGNALS = (
    _one("bvp", "bvp", "E4_Bvp", "nW", 64.0),
    _one("eda", "gsr", "E4_Gsr", "uS", 4.0),
    # Written one way in the server's manual and another way by the server.
    Signal(
        "temperature",
        "tmp",
        {"E4_Temperature": 0, "E4_Temp": 0},
        ("temperature",),
        ("degC",),
        ("temperature",),
        4.0,
    ),
    Signal(
        "acceleration",
        "acc",
        {"E4_Acc": 0},
        ("x", "y", "z"),
        ("g",) * 3,
        ("acceleration",) * 3,
        32.0,
        1 / 64,
    ),
    # The server sends interval and heart rate of one beat on two lines.
    Signal(
        "ibi",
        "ibi",
        {"E4_Ibi": 0, "E4_Hr": 1},
        ("ibi", "heart_rate"),
        ("s", "bpm"),
        ("ibi", "heart_rate"),
    ),
    _one("tags", "tag", "E4_Tag", ""),
    _one("battery", "bat", "E4_Battery", "%", scale=100.0),
)
BY_NAME: Mapping[str, Signal] = {signal.name: signal for signal in SIGNALS}
_BY_WORD: Mapping[str, tuple[Signal, int]] = {
    word: (signal, place) for signal in SIGNALS for word, place in signal.words.items()
}


@dataclass(frozen=True, slots=True)
class Data:
    """A sample: the server's stamp (unix s) and its values in our units, from channel `place` on."""

    signal: str
    time_s: float
    values: tuple[float, ...]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to `command`; `text` is what stands behind its name."""

    command: str
    text: str

    @property
    def error(self) -> str | None:
        """The server's reason for a refusal, None where it agreed."""
        words = self.text.split()
        if "ERR" not in words:
            return None
        return " ".join(words[words.index("ERR") + 1 :]) or "no reason given"


@dataclass(frozen=True, slots=True)
class Notice:
    """The server tells that a wristband was lost, has come back, or was switched off."""

    kind: Literal["lost", "back", "off"]
    serial: str


Message = Data | Reply | Notice


class Lines:
    """Cuts what arrives into lines, wherever the network has cut it; `skipped` counts absurd ones."""

    def __init__(self) -> None:
        self.skipped = 0
        self._rest = b""

    def feed(self, content: bytes) -> list[str]:
        """Return the lines that are complete now."""
        *whole, self._rest = (self._rest + content).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
            self.skipped += 1
        return [text for line in whole if (text := line.decode("utf-8", "replace").strip())]


def parse(line: str) -> Message | None:
    """Read one line; None for a line that says nothing we know or is damaged."""
    words = line.split()
    if not words:
        return None
    if words[0] == "R":
        return _answer(words[1:])
    known = _BY_WORD.get(words[0])
    if known is None:
        return None
    signal, place = known
    numbers = [_number(word) for word in words[1:]]
    if signal.name == "tags":
        numbers = [*numbers[:1], 1.0]
    count = len(signal.channels) if len(signal.words) == 1 else 1
    if len(numbers) != 1 + count:
        return None
    time_s, *values = (number for number in numbers if number is not None)
    if len(values) != count or time_s < 0:
        return None
    return Data(signal.name, time_s, tuple(value * signal.scale for value in values), place)


def serials(reply: Reply) -> tuple[str, ...]:
    """Return the serials in the answer to `device_list`: `2 | 9ff167 Empatica_E4 | 740163 Empatica_E4`."""
    return tuple(part.split()[0] for part in reply.text.split("|")[1:] if part.split())


def _answer(words: list[str]) -> Message | None:
    match words:
        case ["connection", "lost", "to", "device", serial, *_]:
            return Notice("lost", serial)
        case ["connection", "re-established", "to", "device", serial, *_]:
            return Notice("back", serial)
        case ["device", serial, "turned", "off", *_]:
            return Notice("off", serial)
        case [command, *rest]:
            return Reply(command, " ".join(rest))
    return None


def _number(word: str) -> float | None:
    # `float` would also take 1_000 and nan.
    if not word.isascii() or "_" in word:
        return None
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
