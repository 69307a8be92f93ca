"""Each device of a session watched: one alarm a fault, one word when it is over, the policy carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.devices.entries import DeviceEntry
from app.supervisor.alarms import Alarms
from app.supervisor.conditions import Conditions
from app.supervisor.policy import Policy, Step

FAULTS = ("device_absent", "process_ended", "device_failed", "stream_stale", "stream_lost")
PROVED_S = 1.5
"""A restarted device that lives for so long without a stream going stale has lost next to nothing."""
ABSENT_S = 4.0
SETTLE_S = 10.0
"""After the computer slept everything may be late for so long without an alarm of its own."""


class Watchdog:
    """Compares how things are with what was told, at every `tick`; `act` carries out a policy's step.

    Nothing here depends on a message arriving once: a missed one is made good by the next health.
    """

    def __init__(
        self,
        devices: Iterable[DeviceEntry],
        alarms: Alarms,
        policy: Policy,
        act: Callable[[Step, str], None],
    ) -> None:
        self.conditions = Conditions()
        self._devices = {device.id: device for device in devices}
        self._alarms = alarms
        self._policy = policy
        self._act = act
        self._streams: dict[str, Sequence[str]] = {}
        self._health: dict[str, Mapping[str, Any]] = {}
        self._live_since_s: dict[str, float] = {}
        self._away_since_s: dict[str, float] = {}
        self._missing_rows: dict[str, int] = {}
        self._said: dict[str, str] = {}
        self._lost: set[str] = set()
        self._watching_since_s: float | None = None
        self._settled_s = 0.0

    def owns(self, device: str, streams: Sequence[str]) -> None:
        """Learn which streams a device gives."""
        self._streams[device] = streams

    def begin(self, now: float) -> None:
        """From now on a silent stream is a fault; before, it is one that has not come yet."""
        self._watching_since_s = now

    def device_health(self, device: str, health: Mapping[str, Any], now: float) -> None:
        """Learn what a device's own process says."""
        self._health[device] = health
        if health.get("state") == "live":
            self._live_since_s.setdefault(device, now)
        else:
            self._live_since_s.pop(device, None)

    def device_ended(self, device: str, text: str, now: float) -> None:
        """A device's process has ended."""
        self._health.pop(device, None)
        self._live_since_s.pop(device, None)
        self._tell(device, "process_ended", text, now)

    def device_absent(self, device: str, now: float) -> None:
        """A device that may be missing is not there at the start."""
        said = str(self._health.get(device, {}).get("message", ""))
        text = f"{device}: not there at the start; it is tried again for the whole session. {said}"
        self._tell(device, "device_absent", text.strip(), now)

    def came_back(self, stream: str, missing: int) -> None:
        """Learn how many rows are missing of a stream that is back."""
        self._missing_rows[stream] = self._missing_rows.get(stream, 0) + missing

    def said(self, stream: str, text: str) -> None:
        """Learn what the recorder knows of why a stream is silent."""
        self._said[stream] = text

    def slept(self, seconds: float, now: float, text: str = "") -> None:
        """The computer slept: one alarm for all that follows from it."""
        self._settled_s = now + SETTLE_S
        words = text or f"The computer slept for {seconds:.0f} s; nothing was recorded meanwhile."
        self._alarms.raise_("machine_slept", "", words)

    def tick(self, now: float, begun: bool) -> None:
        """Raise, clear and act where something has changed; policies act once the session has `begun`."""
        if self._watching_since_s is None or now < self._settled_s:
            return
        self._alarms.clear("machine_slept", "")
        for name, device in self._devices.items():
            fault = None if self._fault(name) else self._trouble(device, now)
            if fault is not None:
                self._tell(name, *fault, now)
            if self.conditions.unwell(self._streams.get(name, ())):
                # Proved to be away: no need to wait for proof that it is back.
                self._live_since_s[name] = min(self._live_since_s.get(name, now), now - PROVED_S)
            self._follow(device, now, begun)

    def _follow(self, device: DeviceEntry, now: float, begun: bool) -> None:
        name = device.id
        if begun and name not in self._lost and self.conditions.unwell(self._streams.get(name, ()), "lost"):
            self._lost.add(name)
            self._act(self._policy.lost(name, device.policy, now), name)
        if not self._is_well(device, now):
            return
        fault = self._fault(name)
        if fault is not None:
            self._alarms.clear(fault, name)
            self._alarms.raise_("stream_back", name, self._welcome(name, fault, now), "warning")
        if name in self._lost:
            self._lost.discard(name)
            self._act(self._policy.back(name), name)

    def _fault(self, device: str) -> str | None:
        return next((code for code in FAULTS if self._alarms.stands(code, device)), None)

    def _tell(self, device: str, code: str, text: str, now: float) -> None:
        if self._fault(device) is None:
            self._away_since_s[device] = now - self._silent_s(device, now)
            self._missing_rows = {
                stream: rows
                for stream, rows in self._missing_rows.items()
                if stream not in self._streams.get(device, ())
            }
            self._alarms.raise_(code, device, text)

    def _silent_s(self, device: str, now: float) -> float:
        unwell = self.conditions.unwell(self._streams.get(device, ()))
        return max((self.conditions.of(stream).silent_s(now) for stream in unwell), default=0.0)

    def _trouble(self, device: DeviceEntry, now: float) -> tuple[str, str] | None:
        """Return code and text of what is wrong with a device, None if nothing is."""
        name = device.id
        streams = self._streams.get(name, ())
        unwell = self.conditions.unwell(streams)
        health = self._health.get(name, {})
        said = str(health.get("message", "")) if health.get("state") == "failed" else ""
        if unwell:
            code = "stream_lost" if self.conditions.unwell(streams, "lost") else "stream_stale"
            if len(unwell) == 1 and not said and self._said.get(unwell[0]):
                return code, self._said[unwell[0]]
            who = name if len(unwell) == len(streams) else ", ".join(unwell)
            return code, f"{who}: no data for {self._silent_s(name, now):.1f} s. {said}".strip()
        if said:
            return "device_failed", f"{name}: {said}"
        waited_s = now - (self._watching_since_s or now)
        is_foreign = not (device.has_bridge or device.has_capture)
        unknown = [stream for stream in streams if self.conditions.of(stream).word == "unknown"]
        if is_foreign and unknown and not device.required and waited_s > ABSENT_S:
            return "device_absent", f"{name}: not there at the start; it joins when it is found."
        return None

    def _is_well(self, device: DeviceEntry, now: float) -> bool:
        streams = self._streams.get(device.id, ())
        if not streams or any(self.conditions.of(stream).word != "well" for stream in streams):
            return False
        if not (device.has_bridge or device.has_capture):
            return True
        is_live = self._health.get(device.id, {}).get("state") == "live"
        return is_live and now - self._live_since_s.get(device.id, now) >= PROVED_S

    def _welcome(self, device: str, fault: str, now: float) -> str:
        if fault == "device_absent":
            return f"{device}: is here now and recorded."
        rows = sum(self._missing_rows.get(stream, 0) for stream in self._streams.get(device, ()))
        away_s = now - self._away_since_s.get(device, now)
        missing = f"; {rows} samples are missing" if rows else ""
        return f"{device}: is back after {away_s:.0f} s{missing}."
