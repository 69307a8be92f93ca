"""Finished session files of any streams and events, written in a moment and without a recorder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Corpus, CorpusError, Left
from analysis.corpus.loading import Loaded, gathered, load_recording
from analysis.exchange.import_session import ImportedStream, stream_of, write_part
from analysis.records import Event, Gap, StreamInfo
from analysis.session_finished import Head, close_all, write_finished
from analysis.session_merge import open_part
from analysis.session_tables import in_order

ATTRIBUTES: Mapping[str, Any] = {
    "uuid": "00000000-0000-4000-8000-00000000000d",
    "origin": "simulated",
    "study": "S",
    "participant": "P01",
    "session": 2,
    "run": 1,
}


def info(
    name: str,
    kind: str,
    rate_hz: float,
    channels: Sequence[str] = ("c0",),
    kinds: Sequence[str] = (),
    unit: str = "",
    dtype: str = "float32",
) -> StreamInfo:
    """Describe a stream."""
    return StreamInfo(
        id=name,
        kind=kind,
        origin="simulated",
        channels=tuple(channels),
        units=(unit,) * len(channels),
        channel_kinds=tuple(kinds) or (kind,) * len(channels),
        rate_hz=rate_hz,
        dtype=dtype,
        time_source="test",
    )


def numbers(about: StreamInfo, times: NDArray[Any], values: NDArray[Any]) -> ImportedStream:
    """Return a stream of these rows; a step of more than 1.5 intervals is a gap by its table too."""
    gaps = []
    if about.rate_hz > 0:
        for row in np.flatnonzero(np.diff(times) > 1.5 / about.rate_hz).tolist():
            missing = round((times[row + 1] - times[row]) * about.rate_hz) - 1
            gaps.append(Gap(row, row + 1, missing, "stream lost"))
    rows = values.reshape(len(times), -1).astype(about.dtype)
    return stream_of(about, np.asarray(times, np.float64), rows, gaps=tuple(gaps))


def pictures(about: StreamInfo, times: NDArray[Any], frames: Sequence[bytes]) -> ImportedStream:
    """Return a camera's stream."""
    return ImportedStream(
        replace(about, dtype="jpeg"), len(frames), lambda: [(times, np.array(frames, object))]
    )


def write(
    path: Path,
    streams: Sequence[ImportedStream],
    events: Sequence[Event] = (),
    schedule: Mapping[str, Any] | None = None,
    **attributes: Any,
) -> Path:
    """Write a finished session file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}_part-001.h5")
    said = {**ATTRIBUTES, "name": path.stem, **attributes}
    write_part(part, said, streams)
    opened = [open_part(part)]
    try:
        head = Head(said, schedule=schedule, end_reason="completed", in_order=True)
        write_finished(path, head, opened, in_order(events), lambda _: {}, lambda _: None)
    finally:
        close_all(opened)
        part.unlink()
    return path


@dataclass
class Happenings:
    """Events of one author in the order of adding."""

    events: list[Event] = field(default_factory=list)

    def add(self, time_s: float, what: str, trial: int = -1, stage: str = "", /, **payload: Any) -> None:
        """Add one."""
        self.events.append(Event(time_s, "presenter", len(self.events), what, trial, stage, payload))

    def trial(
        self,
        trial: int,
        start_s: float,
        *,
        reason: str = "completed",
        actual: bool = True,
        ratings: Mapping[str, Any] | None = None,
        **about: Any,
    ) -> None:
        """Add a trial: fixation for 1 s, a picture for 2 s (measured 10 ms late), a rating for 1 s."""
        known = {"stimulus": f"s{trial}", "category": "pleasant", "order": trial, **about}
        self.add(start_s, "trial_started", trial, "fixation", **known)
        self.add(start_s, "stage_started", trial, "fixation", kind="fixation", index=0)
        self.add(start_s + 1, "stage_ended", trial, "fixation", reason="completed", index=0)
        self.picture(trial, start_s + 1, actual=actual)
        self.add(start_s + 3, "stage_started", trial, "rating", kind="questionnaire", index=2)
        for item, value in (ratings or {}).items():
            self.add(start_s + 3.5, "response", trial, "rating", item=item, value=value)
        self.add(start_s + 4, "stage_ended", trial, "rating", reason="completed", index=2)
        self.add(start_s + 4, "trial_ended", trial, "", reason=reason)

    def picture(
        self, trial: int, start_s: float, seconds: float = 2.0, reason: str = "completed", actual: bool = True
    ) -> None:
        """Add the stage in which a picture is there."""

        def onset(at_s: float) -> dict[str, Any]:
            return {"intended_s": at_s, "actual_s": at_s + 0.01 if actual else None}

        self.add(start_s, "stage_started", trial, "induction", kind="picture", index=1)
        self.add(start_s, "stimulus_shown", trial, "induction", stimulus=f"s{trial}", **onset(start_s))
        end_s = start_s + seconds
        self.add(end_s, "stimulus_hidden", trial, "induction", stimulus=f"s{trial}", **onset(end_s))
        self.add(end_s, "stage_ended", trial, "induction", reason=reason, index=1)


def corpus_of(paths: Iterable[Path], name: str) -> Corpus:
    """Read session files into a corpus, as a study does with its own."""
    loaded: list[Loaded] = []
    left: list[Left] = []
    for path in paths:
        try:
            loaded.append(load_recording(path))
        except CorpusError as error:
            left.append(Left(path.stem, -1, str(error)))
    return gathered(name, loaded, left)
