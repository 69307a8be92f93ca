"""What the published data sets share: their members, and trials that were cut out of longer recordings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import Imported, ImportedStream, ImportFileError, Rows
from analysis.records import Gap, StreamInfo

PAUSE_S = 1.0
BETWEEN = "between two trials: the published file does not hold it"


@dataclass(frozen=True, slots=True)
class Member:
    """One session of a data set: whose, which visit, where it lies, and how it is read.

    `read` raises ImportFileError and OSError; nothing of the recording is read before. `about` is what the
    set says of the participant: "sex" (female, male), "age" in years.
    """

    participant: str
    session: int
    place: Path
    read: Callable[[], Imported]
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where trials that were cut out of a recording lie on one clock: with a pause between two of them.

    How long it was in truth no file says, so it is a gap of one second (one row, if that is longer).
    `first_rows` and `counts` are of a stream of `rate_hz`.
    """

    rate_hz: float
    first_rows: tuple[int, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, counts: Sequence[int], rate_hz: float) -> Cuts:
        """Lay trials of so many rows one behind the other."""
        pause = max(1, math.ceil(PAUSE_S * rate_hz))
        firsts = np.cumsum([0, *(count + pause for count in counts[:-1])])
        return cls(rate_hz, tuple(firsts[: len(counts)].tolist()), tuple(counts))

    def start_s(self, place: int) -> float:
        """Return when a trial begins."""
        return self.first_rows[place] / self.rate_hz

    def stop_s(self, place: int) -> float:
        """Return when a trial is over: one row behind its last."""
        return (self.first_rows[place] + self.counts[place]) / self.rate_hz

    def stream(
        self, info: StreamInfo, piece: Callable[[int], NDArray[Any]], cause: str = BETWEEN
    ) -> ImportedStream:
        """Return a stream of the trials; `piece` gives the rows (n, channels) of one."""

        def blocks() -> Iterator[Rows]:
            for place, (first, count) in enumerate(zip(self.first_rows, self.counts, strict=True)):
                yield (first + np.arange(count)) / self.rate_hz, np.asarray(piece(place)).astype(info.dtype)

        gaps = []
        row = 0
        for place, count in enumerate(self.counts[:-1]):
            row += count
            missing = self.first_rows[place + 1] - self.first_rows[place] - count
            gaps.append(Gap(row - 1, row, missing, cause))
        return ImportedStream(info, sum(self.counts), blocks, tuple(gaps))


def stream_info(
    name: str,
    kind: str,
    channels: Sequence[tuple[str, str, str]],
    rate_hz: float,
    device: str,
    time_source: str,
    dtype: str = "float32",
) -> StreamInfo:
    """Describe a stream of a data set by its channels (name, kind, unit)."""
    return StreamInfo(
        id=name,
        kind=kind,
        origin="imported",
        channels=tuple(channel for channel, _, _ in channels),
        units=tuple(unit for _, _, unit in channels),
        channel_kinds=tuple(of for _, of, _ in channels),
        rate_hz=rate_hz,
        dtype=dtype,
        device=device,
        time_source=time_source,
    )


def files_in(source: Path, pattern: str, what: str) -> tuple[Path, ...]:
    """Return the files of a data set: those in a folder that match, or the one file that was named.

    Raises ImportFileError where there is none.
    """
    if source.is_file():
        found = [source] if source.match(pattern) else []
    else:
        found = sorted(path for path in source.glob(pattern) if path.is_file())
    if not found:
        raise ImportFileError(f"{source}: holds no {what}. Choose the folder that they lie in.")
    return tuple(found)


def numbers(value: Any, shape: tuple[int, ...], path: Path, what: str) -> NDArray[np.float64]:
    """Return an array of numbers of this shape (-1: any length); raises ImportFileError."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise ImportFileError(f"{path}: {what} is no table of numbers. Download the file again.")
    fits = value.ndim == len(shape) and all(
        wanted in (-1, found) for wanted, found in zip(shape, value.shape, strict=False)
    )
    if not fits:
        wanted = " x ".join("n" if each < 0 else str(each) for each in shape)
        found = " x ".join(map(str, value.shape))
        raise ImportFileError(f"{path}: {what} is {found} and not {wanted}. It is not this data set's file.")
    return value
