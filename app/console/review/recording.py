"""A recording that is looked at: its file opened to read only, its overview, trials, cameras, sounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Event
from analysis.session_reader import Session, Stream, open_session
from app.console.review.exposures import Exposures
from app.console.review.foreign import CancelledError, is_foreign, session_of
from app.study import Study, StudyError
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.overview import Overview

SOUND_KINDS = ("audio", "microphone", "sound")
LEAST_SOUND_HZ = 1000.0

Progress = Callable[[str, float], None]
"""Takes what is being done, and how much of it is done (0..1)."""


class RecordingError(EvokeError):
    """A file cannot be looked at; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: `start_s` to `stop_s` on the recording's clock, `onset_s` and `offset_s` of its stimulus.

    `index` is the trial's index in the schedule, `number` counts from 1 in the order of time. Times are NaN
    where something did not happen.
    """

    index: int
    number: int
    start_s: float
    stop_s: float
    onset_s: float
    offset_s: float
    stimulus: str = ""
    category: str = ""
    practice: bool = False


@dataclass
class Recording:
    """An open recording. `path` is what somebody chose, `session.path` the session file made of it.

    Everything is on the recording's clock (`start_s` to `stop_s`). `close` it in the end.
    """

    path: Path
    overview: Overview
    start_s: float
    stop_s: float
    trials: tuple[Trial, ...] = ()
    cameras: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    study: Study | None = None
    _closed: bool = field(default=False, repr=False)

    @property
    def session(self) -> Session:
        """The session file, open to read only."""
        return self.overview.session

    @property
    def title(self) -> str:
        """What it is called: the name of its file."""
        return self.path.stem

    @property
    def is_foreign(self) -> bool:
        """Whether another program recorded it."""
        return self.path != self.session.path

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened, keys and film frames left out."""
        return self.session.events

    @property
    def keys(self) -> dict[str, NDArray[Any]]:
        """Keystrokes, a column a name."""
        return self.session.keys

    @cached_property
    def films(self) -> Exposures:
        """What was on the participant's screen when."""
        return Exposures.of(self.session, self.study)

    def stream(self, stream_id: str) -> Stream:
        """Return a stream; raises KeyError."""
        return self.session.streams[stream_id]

    def trial_at(self, time_s: float) -> Trial | None:
        """Return the trial that runs at a time, None between trials."""
        return next((trial for trial in self.trials if trial.start_s <= time_s < trial.stop_s), None)

    def close(self) -> None:
        """Close the files."""
        if not self._closed:
            self._closed = True
            self.overview.close()


def open_recording(
    path: Path, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> Recording:
    """Open a session file, or a recording of another program (converted once, the source left as it is).

    May take long (conversion, overview): call it in a worker. Raises RecordingError, CancelledError.
    """
    from analysis.exchange.import_session import ImportFileError
    from analysis.overview import OverviewCancelledError, OverviewError, open_overview
    from analysis.session_file import SessionFileError

    told = progress if progress is not None else _silent
    stopped = cancelled if cancelled is not None else _never
    if not path.exists():
        raise RecordingError(f"{path.name}: is not there any more. Check the place and open it again.")
    try:
        file = session_of(path, told, stopped) if is_foreign(path) else path
        _go_on(stopped)
        told("Reading the recording", 0.0)
        with open_session(file) as looked_at:
            if not looked_at.is_finished:
                raise RecordingError(
                    f"{path.name}: is a part of a session that was not finished. Finish it first"
                    " (Session, Finish what a crash left)."
                )
        overview = open_overview(file, lambda share: told("Preparing the overview", share), stopped)
    except (SessionFileError, ImportFileError, OverviewError) as error:
        raise RecordingError(str(error)) from error
    except OverviewCancelledError as error:
        raise CancelledError("Opening was cancelled.") from error
    except OSError as error:
        raise RecordingError(f"{path.name}: cannot be read ({error.strerror or error}).") from error
    try:
        _go_on(stopped)
        session = overview.session
        start_s, stop_s = _extent(overview)
        return Recording(
            path,
            overview,
            start_s,
            stop_s,
            _trials(session, stop_s),
            tuple(s.info.id for s in session if s.info.dtype == "jpeg" and s.rows),
            tuple(s.info.id for s in session if is_sound(s)),
            _study_of(path),
        )
    except EvokeError:
        overview.close()
        raise
    except (SessionFileError, KeyError, ValueError, OSError, RuntimeError) as error:
        overview.close()
        raise RecordingError(f"{path.name}: is damaged ({error}). Restore it from a backup.") from error


def is_sound(stream: Stream) -> bool:
    """Whether a stream can be heard."""
    info = stream.info
    known = info.kind.lower() in SOUND_KINDS and info.rate_hz >= LEAST_SOUND_HZ
    return known and not info.is_blob and bool(stream.rows)


def _study_of(path: Path) -> Study | None:
    """Return the study around a file; one that cannot be read is no reason not to look at the file."""
    try:
        return Study.containing(path)
    except StudyError:
        return None


def _go_on(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise CancelledError("Opening was cancelled.")


def _silent(text: str, share: float) -> None:
    pass


def _never() -> bool:
    return False


def _extent(overview: Overview) -> tuple[float, float]:
    """Return when the first and the last thing happened; a stream's last sample still has its length."""
    times: list[float] = [event.time for event in overview.session.events]
    for stream in overview.session:
        if not stream.rows:
            continue
        period_s = 1 / stream.info.rate_hz if stream.info.rate_hz else 0.0
        if stream.info.id in overview.infos:
            first_s, last_s = overview.span_s(stream.info.id)
        else:
            first_s = float(stream.corrected_times(0, 1)[0])
            last_s = float(stream.corrected_times(stream.rows - 1, stream.rows)[0])
        times += [first_s, last_s + period_s]
    known = [time for time in times if np.isfinite(time)]
    if not known:
        return 0.0, 1.0
    return min(known), max(known)


def _trials(session: Session, end_s: float) -> tuple[Trial, ...]:
    table = session.trials
    count = len(table.get("index", ()))
    order = sorted(range(count), key=lambda row: float(table["started_s"][row]))
    found = []
    for number, row in enumerate(order, 1):
        stop_s = float(table["ended_s"][row])
        if not np.isfinite(stop_s):
            following = order[number] if number < count else None
            stop_s = end_s if following is None else float(table["started_s"][following])
        found.append(
            Trial(
                int(table["index"][row]),
                number,
                float(table["started_s"][row]),
                stop_s,
                float(table["actual_onset_s"][row]),
                float(table["offset_s"][row]),
                str(table["stimulus"][row]),
                str(table["category"][row]),
                bool(table["practice"][row]),
            )
        )
    return tuple(found)
