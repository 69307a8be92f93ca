"""Which stages the protocol lets cameras and microphones record; the recorder keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.plan import SessionPlan

DEVICES = ("camera", "microphone")


class RecordingWindows:
    """When the cameras and microphones of a session are open, told by the stages that begin.

    Nothing is said of a kind of device that every stage records: it is recorded all the time.
    """

    def __init__(self, plan: SessionPlan) -> None:
        stages = (plan.schedule or {}).get("stages", ())
        self._wanted = {
            kind: [bool(stage["content"].get(kind, True)) for stage in stages] for kind in DEVICES
        }
        self._switches: dict[str, list[tuple[float, bool]]] = {
            str(device["id"]): []
            for device in plan.devices
            if not all(self._wanted.get(str(device["source"]), ()))
        }
        self._kinds = {str(device["id"]): str(device["source"]) for device in plan.devices}

    @property
    def message(self) -> dict[str, Any] | None:
        """What the recorder is told, all of it each time; None if everything is recorded."""
        return {"type": "windows", "streams": self._switches} if self._switches else None

    def stage_started(self, payload: Mapping[str, Any], time_s: float) -> bool:
        """Take note of a stage; whether something is opened or closed by it."""
        index = int(payload.get("index", -1))
        opens = {
            kind: wanted[index] if 0 <= index < len(wanted) else True for kind, wanted in self._wanted.items()
        }
        return self._switch(opens, time_s)

    def ended(self, time_s: float) -> bool:
        """The last stage is over: nothing is kept any more."""
        return self._switch(dict.fromkeys(DEVICES, False), time_s)

    def _switch(self, opens: Mapping[str, bool], time_s: float) -> bool:
        changed = False
        for device, switches in self._switches.items():
            is_open = opens[self._kinds[device]]
            if is_open != (switches[-1][1] if switches else False):
                switches.append((time_s, is_open))
                changed = True
        return changed
