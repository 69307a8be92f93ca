"""What became of a session, and what a caller may choose about its supervision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stimuli.problems import EvokeError


class SessionError(EvokeError):
    """A session could not be started or kept whole; the text says what happened and what is safe."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How one session is supervised.

    `console` opens the experimenter's window as a child, which stays open afterwards for its summary if
    `keep_console`; with `attended` somebody gives the start from
    a console (else it starts by itself) and decides what follows a crash of the participant's window.
    `seconds` ends a plain recording. The limits are for what must happen before the start.
    `signal_check_s` is how long each required stream is looked at before it (0: not at all); `accept` is
    the reason for which a session starts in spite of failed checks. With nobody there, a session that
    waits for a lost stream ends after `lost_limit_s`. The debriefing that follows an abort is shown for at
    most `debriefing_limit_s`.
    """

    console: bool = False
    keep_console: bool = False
    attended: bool = False
    seconds: float | None = None
    streams_limit_s: float = 40.0
    ready_limit_s: float = 30.0
    drain_limit_s: float = 20.0
    trial_limit_s: float = 20.0
    signal_check_s: float = 10.0
    accept: str = ""
    lost_limit_s: float = 120.0
    debriefing_limit_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a session.

    `status` is the exit status (0 only if everything is safe and as planned), `reason` why it ended,
    `message` one sentence for a status that is not 0. The times are `clock.now()` seconds, None for
    what never happened: the first stage's start, the end of what was presented, the finished file.
    `console_pid` is the experimenter's window that was kept open, 0 for none.
    """

    status: int
    reason: str
    message: str = ""
    path: Path | None = None
    sha256: str = ""
    parts: int = 0
    lost_s: Mapping[str, float] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)
    alarms: int = 0
    console_pid: int = 0
    first_stage_s: float | None = None
    presented_s: float | None = None
    finished_s: float | None = None

    def timing(self) -> dict[str, Any]:
        """Return how long the session, what was presented, and the finishing took, in seconds."""

        def span(start: float | None, end: float | None) -> float | None:
            return None if start is None or end is None else round(end - start, 3)

        return {
            "session_s": span(self.first_stage_s, self.finished_s),
            "presented_s": span(self.first_stage_s, self.presented_s),
            "finishing_s": span(self.presented_s, self.finished_s),
        }
