"""What the operator sees of a session: phase, processes, health, alarms, time and disk left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app import clock
from app.plan import SessionPlan
from app.supervisor.attention import Attentions
from app.supervisor.processes import Child

Phase = Literal["checking", "waiting", "running", "paused", "finishing", "finished", "failed"]
Level = Literal["warning", "alarm"]

HELD_PHASES = ("running", "paused")
ALARMS_KEPT = 50
FINISHED_COPY = 1.2
"""The finished file is at most this much of the live one; both lie on the disk for a while."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something the operator must hear: when, of which stream or process, and what.

    `code` names the kind of fault; `cleared_s` is when all was well again, None while the alarm stands (a
    warning never stands).
    """

    time: float
    stream: str
    text: str
    level: Level = "alarm"
    code: str = ""
    cleared_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a console is told."""
        return {
            "time": self.time,
            "stream": self.stream,
            "text": self.text,
            "level": self.level,
            "code": self.code,
            "stands": self.level == "alarm" and self.cleared_s is None,
            "cleared_s": self.cleared_s,
        }


@dataclass
class State:
    """Collected by the supervisor, sent to every console as one message."""

    plan: SessionPlan
    phase: Phase = "checking"
    message: str = ""
    file: str = ""
    path: str = ""
    started_s: float | None = None
    finishing_done: float = 0.0
    devices: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    recorder: Mapping[str, Any] = field(default_factory=dict)
    presenter: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=lambda: {"results": [], "needs_reason": False})
    attentions: Attentions = field(default_factory=Attentions)
    alarms: list[Alarm] = field(default_factory=list)

    def add_alarm(self, alarm: Alarm) -> None:
        """Keep an alarm for the operator; the oldest are dropped from the list (never from the journal)."""
        self.alarms.append(alarm)
        del self.alarms[:-ALARMS_KEPT]

    def clear_alarm(self, alarm: Alarm, now: float) -> None:
        """Mark an alarm as over; it stays in the list."""
        if alarm in self.alarms:
            self.alarms[self.alarms.index(alarm)] = replace(alarm, cleared_s=now)

    @property
    def participant_input(self) -> bool:
        """Whether keys and pointer are the participant's now; an automatic one needs neither."""
        return bool(self.presenter.get("takes_input")) and not self.plan.auto and self.phase in HELD_PHASES

    def to_message(self, children: Iterable[Child]) -> dict[str, Any]:
        """Return the `state` message."""
        plan = self.plan
        elapsed_s = 0.0 if self.started_s is None else clock.now() - self.started_s
        return {
            "type": "state",
            "phase": self.phase,
            "session": {
                "name": plan.name,
                "participant": plan.participant,
                "protocol": (plan.schedule or {}).get("protocol", ""),
                "uuid": plan.uuid,
                "study": plan.study,
                "origin": plan.origin,
            },
            "processes": {
                child.program.label: {
                    "role": child.program.role,
                    "pid": child.pid,
                    "alive": child.is_running,
                    "restarts": child.restarts,
                }
                for child in children
            },
            "devices": dict(self.devices),
            "recorder": dict(self.recorder),
            "presenter": dict(self.presenter),
            "disk_minutes_left": disk_minutes_left(self.recorder),
            "elapsed_s": elapsed_s,
            "quality": dict(self.quality),
            "checks": dict(self.checks),
            "participant_input": self.participant_input,
            "attentions": [attention.to_json() for attention in self.attentions.all],
            "alarms": [alarm.to_json() for alarm in self.alarms],
            "message": self.message,
            "finishing": {"done": self.finishing_done},
            "file": self.file,
            "path": self.path,
        }


def disk_minutes_left(recorder: Mapping[str, Any]) -> float | None:
    """Return how long recording can go on so that the finished copy still fits; None while unknown."""
    rate = float(recorder.get("bytes_per_s") or 0)
    if rate <= 0 or "free_bytes" not in recorder:
        return None
    free = float(recorder["free_bytes"]) - FINISHED_COPY * float(recorder.get("bytes") or 0)
    return max(0.0, free / (rate * (1 + FINISHED_COPY)) / 60)
