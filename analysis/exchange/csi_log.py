"""Logs of the CSI tools for ESP32 nodes: one reading of the channel a line, as text.

Accepted lines begin with `CSI_DATA` and hold, separated by commas, one of these columns, the array last:

- ESP32-CSI-Tool (26): type, role, mac, rssi, rate, sig_mode, mcs, bandwidth, smoothing, not_sounding,
  aggregation, stbc, fec_coding, sgi, noise_floor, ampdu_cnt, channel, secondary_channel, local_timestamp,
  ant, sig_len, rx_state, real_time_set, real_timestamp, len, CSI_DATA;
- esp-csi (25): type, seq, mac, rssi, (rate to rx_state as above), len, first_word, data;
- any other order whose head line (`type,...`) names `rssi` and `local_timestamp`; names in other spellings of
  first_word and of the array are known too.

The array stands in brackets, quoted or not, numbers parted by blanks or commas: first the imaginary, then the
real part of each subcarrier. 128 numbers or more: 64 subcarriers 0 to 31, -32 to -1 (the legacy training
field; what follows is not read), of which -26 to -1 and 1 to 26 carry data. 104 numbers: those 52 alone, in
order. Where the first word is said to be invalid, subcarrier 1 takes the amplitude of subcarrier 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import ImportFileError

SUBCARRIERS = (*range(-26, 0), *range(1, 27))
"""The subcarriers that carry data, in the order of our columns."""
_PLACES = np.array([number % 64 for number in SUBCARRIERS])
_INVALID, _NEIGHBOUR = SUBCARRIERS.index(1), SUBCARRIERS.index(2)

_RECEIVED = (
    "rate", "sig_mode", "mcs", "bandwidth", "smoothing", "not_sounding", "aggregation", "stbc", "fec_coding",
    "sgi", "noise_floor", "ampdu_cnt", "channel", "secondary_channel", "local_timestamp", "ant", "sig_len",
    "rx_state",
)  # fmt: skip
TOOL = ("type", "role", "mac", "rssi", *_RECEIVED, "real_time_set", "real_timestamp", "len")
ESP_CSI = ("type", "seq", "mac", "rssi", *_RECEIVED, "len", "first_word")
_ARRAY = re.compile(r'"?\[([-+0-9eE., \t]*)\]?"?\s*$')
_FIRST_WORD = ("first_word", "first_word_invalid", "firstword")
_TIMESTAMP = ("local_timestamp", "localtimestamp")
LONGEST_LINE = 16_384
MOST_LINES = 20_000_000
WRAP_US = 2**32
LARGEST = 4096.0
UNIX_FROM_S = 1e9


@dataclass(frozen=True, slots=True)
class Log:
    """n readings: seconds since the first (n,), RSSI in dBm (n,), amplitudes (n, 52) of `SUBCARRIERS`.

    `bad` are lines that are no reading, with their number and why; `restarts` how often the node's clock
    began anew; `start_utc_s` the wall time of the first reading where the node knew it.
    """

    times_s: NDArray[np.float64]
    rssi_dbm: NDArray[np.float64]
    amplitudes: NDArray[np.float32]
    bad: tuple[tuple[int, str], ...]
    restarts: int = 0
    start_utc_s: float | None = None


def read_log(path: Path) -> Log:
    """Read a log; raises ImportFileError where it holds fewer than two readings, OSError."""
    columns: tuple[str, ...] | None = None
    stamps: list[float] = []
    rssi: list[float] = []
    rows: list[NDArray[np.float32]] = []
    bad: list[tuple[int, str]] = []
    utc_s: float | None = None
    for number, line in _lines(path):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("type,"):
            columns = tuple(name.strip().lower() for name in text.split(","))[:-1]
            continue
        try:
            fields, amplitude = _parsed(text, columns)
        except ValueError as error:
            bad.append((number, str(error)))
            continue
        if not rows:
            utc_s = fields[2]
        stamps.append(fields[0])
        rssi.append(fields[1])
        rows.append(amplitude)
    if len(rows) < 2:
        raise ImportFileError(
            f"{path}: {len(rows)} lines are readings of the channel, {len(bad)} are not. It must be the "
            "log of an ESP32 CSI tool, with lines that begin with CSI_DATA."
        )
    times, restarts = unwrapped(np.array(stamps))
    keep = np.concatenate(([True], np.diff(times) > 0))
    if not keep.all():
        bad.append((0, f"{int((~keep).sum())} readings have the time of the one before"))
    return Log(
        times[keep], np.array(rssi)[keep], np.array(rows, np.float32)[keep], tuple(bad), restarts, utc_s
    )


def unwrapped(stamps_us: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return seconds since the first stamp, and how often the clock began anew.

    The node counts microseconds in 32 bits: every 72 minutes it begins at 0 again. A jump back from elsewhere
    is a restart: how long that took nobody knows, so that a second is put in.
    """
    steps = np.diff(stamps_us)
    wraps = (steps < 0) & (stamps_us[:-1] > 0.75 * WRAP_US) & (stamps_us[1:] < 0.25 * WRAP_US)
    steps = np.where(wraps, steps + WRAP_US, steps)
    back = steps < 0
    steps = np.where(back, 1e6, steps)
    return np.concatenate(([0.0], np.cumsum(steps))) / 1e6, int(back.sum())


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        for number in range(1, MOST_LINES + 1):
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            yield number, line.decode("utf-8", "replace")


def _parsed(
    text: str, columns: Sequence[str] | None
) -> tuple[tuple[float, float, float | None], NDArray[np.float32]]:
    """Return (stamp, RSSI, unix time or None) and amplitudes (52,); raises ValueError with the fault."""
    if not text.startswith("CSI_DATA"):
        raise ValueError("does not begin with CSI_DATA")
    found = _ARRAY.search(text)
    if found is None:
        raise ValueError("has no array in brackets at its end")
    head = [part.strip() for part in text[: found.start()].rstrip(", ").split(",")]
    names = columns if columns is not None and len(columns) == len(head) else _named(len(head))
    about = dict(zip(names, head, strict=True))
    stamp = _number(next((about[name] for name in _TIMESTAMP if name in about), ""), "local_timestamp")
    rssi = _number(about.get("rssi", ""), "rssi")
    utc = None
    if about.get("real_time_set") == "1":
        utc = _number(about.get("real_timestamp", ""), "real_timestamp")
    is_invalid = any(about.get(name) == "1" for name in _FIRST_WORD)
    if not 0 <= stamp < WRAP_US:
        raise ValueError(f"local_timestamp {stamp:g} is no count of 32 bits")
    known_utc = utc if utc is not None and utc > UNIX_FROM_S else None
    return (stamp, rssi, known_utc), amplitudes_of(found[1], is_invalid)


def _named(count: int) -> tuple[str, ...]:
    for names in (TOOL, ESP_CSI):
        if len(names) == count:
            return names
    raise ValueError(f"has {count} columns before its array, not {len(TOOL)} or {len(ESP_CSI)}")


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} is {text[:20]!r}, no number") from None
    if not np.isfinite(value):
        raise ValueError(f"{name} is {text[:20]!r}, no number")
    return value


def amplitudes_of(text: str, first_word_invalid: bool = False) -> NDArray[np.float32]:
    """Return the amplitudes (52,) of an array "im re im re ..."; raises ValueError saying what is wrong."""
    parts = text.replace(",", " ").split()
    try:
        numbers = np.array(parts, np.float64)
    except ValueError:
        raise ValueError("its array holds something that is no number") from None
    if len(numbers) == 2 * len(SUBCARRIERS):
        pairs = numbers.reshape(-1, 2)
    elif len(numbers) >= 128 and len(numbers) % 2 == 0:
        pairs = numbers[:128].reshape(-1, 2)[_PLACES]
    else:
        raise ValueError(f"its array has {len(numbers)} numbers, not 104, nor 128 or more in pairs")
    if not (np.abs(pairs) <= LARGEST).all():
        raise ValueError("its array holds numbers that no node gives")
    made = np.hypot(pairs[:, 0], pairs[:, 1]).astype(np.float32)
    if first_word_invalid:
        made[_INVALID] = made[_NEIGHBOUR]
    return made
