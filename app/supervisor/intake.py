"""Messages of other processes, looked at before anything relies on them; all raise on nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.supervisor.state import disk_minutes_left


def checked_recorder(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the recorder's health; raises TypeError, ValueError or AttributeError where it is none."""
    disk_minutes_left(message)
    float(message.get("bytes_per_s") or 0.0)
    for health in (message.get("streams") or {}).values():
        str(health.get("state", ""))
    return message


def checked_quality(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the monitor's verdicts by stream; raises TypeError, ValueError or AttributeError."""
    streams: Mapping[str, Any] = message["streams"]
    for judged in streams.values():
        float(judged.get("seconds") or 0.0)
        for problem in judged.get("problems") or ():
            str(problem.get("text", ""))
    return streams


def checked_screen(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the presenter found out about its screen; raises TypeError or ValueError."""
    float(payload.get("rate_hz") or 0.0)
    float(payload.get("measured_hz") or 0.0)
    return payload
