"""The last checks before a start, with everything running: signals, disk at its real rate, screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.supervisor.checks import Check, disk_check
from app.supervisor.space import SPACE_FACTOR

GRACE_S = 15.0
"""How much longer than the check itself the monitor may take: it starts while a computer is busiest."""
NEARLY = 0.9
NOT_JUDGED = "could not be judged"
DISK_RATE_AFTER_S = 2.5
"""The recorder's own rate means something after so long."""


@dataclass(frozen=True, slots=True)
class RequiredStream:
    """A stream that must be well before a start; an irregular one (no rate) may be silent."""

    id: str
    device: str
    is_regular: bool = True


@dataclass
class StartGate:
    """Judges a session that is ready but for the start.

    `check_s` is how long each required stream is looked at (0: not at all), `begun_s` when that began,
    `length_s` how long the session may last, `screen` the presenter's `screen` event ({} until it came).
    """

    folder: Path
    streams: Sequence[RequiredStream]
    check_s: float
    begun_s: float
    length_s: float
    screen: Mapping[str, Any] = field(default_factory=dict)

    def is_judged(self, quality: Mapping[str, Any], recorder: Mapping[str, Any], now: float) -> bool:
        """Whether all that can be known is known, or it has taken too long."""
        if self.check_s <= 0 or now - self.begun_s > self.check_s + GRACE_S:
            return True
        return now - self.begun_s >= NEARLY * self.check_s and all(
            self._verdict(stream, quality, recorder) not in ("waiting", "gone") for stream in self.streams
        )

    def checks(
        self, quality: Mapping[str, Any], recorder: Mapping[str, Any], now: float
    ) -> tuple[Check, ...]:
        """Return all results as things are now."""
        looked_at = self.streams if self.check_s > 0 else ()
        signals = [self._signal(stream, quality, recorder) for stream in looked_at]
        return (*signals, *self._disk(recorder, now), *self._screen())

    def _verdict(
        self, stream: RequiredStream, quality: Mapping[str, Any], recorder: Mapping[str, Any]
    ) -> str:
        """Return passed, warned, failed, idle, gone (no data now) or waiting."""
        health = dict(recorder.get("streams") or {}).get(stream.id) or {}
        if health.get("state") not in ("live", "idle"):
            return "gone"
        judged = quality.get(stream.id) or {}
        verdict = str(judged.get("verdict", "waiting"))
        is_idle = not stream.is_regular or health.get("state") == "idle"
        if is_idle and verdict == "waiting":
            return "idle"
        long_enough = float(judged.get("seconds") or 0.0) >= NEARLY * self.check_s
        return verdict if verdict in ("passed", "warned", "failed") and long_enough else "waiting"

    def _signal(
        self, stream: RequiredStream, quality: Mapping[str, Any], recorder: Mapping[str, Any]
    ) -> Check:
        name, verdict = f"signal {stream.id}", self._verdict(stream, quality, recorder)
        if verdict == "gone":
            return Check(name, "failed", f"{stream.id}: no data comes now.", stream.device)
        if verdict == "waiting":
            return Check(name, "failed", f"{stream.id}: {NOT_JUDGED}.", stream.device)
        if verdict == "idle":
            text = f"{stream.id}: sends only now and then; not judged."
            return Check(name, "warned", text, stream.device)
        problems = (quality.get(stream.id) or {}).get("problems") or ()
        texts = [str(problem.get("text", "")) for problem in problems]
        text = " ".join(texts)
        if texts and not text.startswith(stream.id):
            text = f"{stream.id}: {text}"
        return Check(name, _known(verdict), text, stream.device)

    def _disk(self, recorder: Mapping[str, Any], now: float) -> tuple[Check, ...]:
        rate = float(recorder.get("bytes_per_s") or 0.0)
        if rate <= 0 or now - self.begun_s < DISK_RATE_AFTER_S:
            return ()
        return (disk_check(self.folder, rate * self.length_s * SPACE_FACTOR),)

    def _screen(self) -> tuple[Check, ...]:
        if not self.screen or self.screen.get("name") == "null":
            return ()
        rate_hz = float(self.screen.get("rate_hz") or 0.0)
        if self.screen.get("verified"):
            return (Check("screen", "passed", f"{rate_hz:.0f} Hz, measured"),)
        measured = self.screen.get("measured_hz")
        found = "its rate could not be measured" if measured is None else f"{float(measured):.1f} Hz measured"
        text = (
            f"The participant's screen states {rate_hz:.0f} Hz, but {found}: onsets are not verified. Switch"
            " compositing and frame limits off."
        )
        return (Check("screen", "warned", text),)


def _known(verdict: str) -> Any:
    return verdict if verdict in ("passed", "warned", "failed") else "failed"


def reasons(failed: Sequence[Check]) -> str:
    """Say in one line what keeps a session from starting."""
    return " ".join(check.text for check in failed)
