"""From the first processes to the start: every stream there, every check passed or accepted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app import clock
from app.supervisor import programs
from app.supervisor.checks import Check
from app.supervisor.endings import Endings
from app.supervisor.preparation import PLAIN_LENGTH_S, planned_length_s
from app.supervisor.start_gate import StartGate, reasons

OPTIONAL_GRACE_S = 4.0
DESERTED_S = 60.0
CHECKING_S = 5.0
"""What an operator waits for without being told what is missing."""


class Opening(Endings):
    """The part of a supervisor's life that comes before the participant sees anything."""

    def _gather_streams(self) -> bool:
        begun_s = clock.now()

        def all_there() -> bool:
            missing = self._undeclared()
            grace_over = clock.now() > begun_s + OPTIONAL_GRACE_S
            awaited = [name for name, required in missing.items() if required]
            if awaited and self._choices.attended and clock.now() > begun_s + CHECKING_S:
                self._tell_waiting(" ".join(self._silent_device(name) for name in awaited))
            return not missing or (grace_over and not awaited)

        if not self._pump_with_operator(all_there, self._choices.streams_limit_s):
            if not self._ending:
                names = [name for name, required in self._undeclared().items() if required]
                self._fail(" ".join(self._silent_device(name) for name in names))
            return False
        self.state.message = ""
        for name in self._undeclared():
            self._watchdog.device_absent(name, clock.now())
        self._send_streams()
        self._crew.add(programs.monitor_program(self.paths.live))
        self._crew.add(programs.sounder_program(self.paths.live))
        return True

    def _await_ready(self) -> bool:
        wants_presenter = self.plan.window != "none"
        begun_s = clock.now()

        def ready() -> bool:
            if not self._recorder_ready and self._choices.attended and clock.now() > begun_s + CHECKING_S:
                self._tell_waiting(self._no_data())
            return self._recorder_ready and (self._presenter_ready or not wants_presenter)

        if self._pump_with_operator(ready, self._choices.ready_limit_s):
            self.state.message = ""
            self._watchdog.begin(clock.now())
            return True
        if not self._ending:
            if not self._recorder_ready:
                self._fail(self._no_data())
            else:
                self._fail(f"the participant's window did not open; {self._see_log('presenter')}")
        return False

    def _pump_with_operator(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Work until `done`: with an operator as long as she is there, else for `limit_s` at most."""
        if not self._choices.attended:
            return self._pump(done, limit_s)
        alone_since_s = clock.now()

        def decided() -> bool:
            nonlocal alone_since_s
            if self._server.peers("console"):
                alone_since_s = clock.now()
            elif clock.now() - alone_since_s > DESERTED_S:
                self._fail("nobody gave the start: the experimenter's window is gone.")
                return False
            return done()

        return self._pump(decided, None)

    def _tell_waiting(self, text: str) -> None:
        if text != self.state.message:
            self.state.message = text
            self._say(text)

    def _no_data(self) -> str:
        streams = dict(self.state.recorder.get("streams") or {})
        waiting = {
            stream: str(health.get("message") or "")
            for stream, health in streams.items()
            if health.get("state") not in ("live", "idle")
        }
        what = ", ".join(waiting) or "the recorder"
        why = " ".join(filter(None, waiting.values()))
        return f"no data came from {what}. {why or 'Check the device, or make it optional.'}"

    def _await_start(self) -> bool:
        length_s = planned_length_s(self.plan) or self._choices.seconds or PLAIN_LENGTH_S
        gate = StartGate(
            self.paths.folder,
            self._required_streams(),
            self._choices.signal_check_s,
            clock.now(),
            length_s,
        )
        if gate.check_s > 0:
            self._say(f"looking at the signals for {gate.check_s:.0f} s.")

        def judged() -> bool:
            self._look_at(gate)
            return gate.is_judged(self.state.quality, self.state.recorder, clock.now())

        if not self._pump(judged, None):
            return False
        self.state.phase = "waiting"
        self._look_at(gate)
        self._relay()
        count = sum(len(infos) for infos in self._declared.values())
        if self._start_asked:
            self._say(f"{count} streams of own devices are live; starting.")
        else:
            self._say("everything is ready; waiting for the start in the experimenter's window.")
        return self._pump_with_operator(lambda: self._may_start(gate), math.inf)

    def _look_at(self, gate: StartGate) -> tuple[Check, ...]:
        """Return the gate's results of now; the operator sees them, below those of the preparation."""
        gate.screen, gate.streams = self._screen, self._required_streams()
        now = clock.now()
        checks = gate.checks(self.state.quality, self.state.recorder, now)
        is_over = gate.is_judged(self.state.quality, self.state.recorder, now)
        shown = [check for check in checks if is_over or check.verdict != "failed"]
        failed = [check for check in shown if check.verdict == "failed"]
        self.state.checks = {
            "results": [*self.plan.checks.get("results", ()), *(check.to_json() for check in shown)],
            "needs_reason": bool(failed) and not self._reason_typed,
            "seconds": gate.check_s,
        }
        return checks

    def _may_start(self, gate: StartGate) -> bool:
        """Whether the start was asked for and is allowed; says why if it is not."""
        checks = self._look_at(gate)
        if not self._start_asked:
            return False
        failed = [check for check in checks if check.verdict == "failed"]
        if failed and not self._reason_typed:
            self._start_asked = False
            if self._choices.attended:
                self.state.message = f"To start all the same, give a reason. {reasons(failed)}"
                self._say(self.state.message)
                return False
            lines = [check.text for check in failed]
            lines.append('To start all the same, give a reason: --accept "REASON".')
            self._fail("\n".join(lines), "checks failed")
            return False
        self._store(checks)
        return True

    def _store(self, checks: Sequence[Check]) -> None:
        """Put the results and what was accepted into the session."""
        self.state.message = ""
        self._note("checks", {"stage": "signals", "results": [check.to_json() for check in checks]})
        earlier = [str(result["name"]) for result in _failed(self.plan.checks)]
        failed = [*earlier, *(check.name for check in checks if check.verdict == "failed")]
        if failed:
            self._note("accepted", {"reason": self._reason_typed or self.plan.accept, "failed": failed})
        for check in checks:
            if check.verdict == "warned":
                self._say(f"warning: {check.text}")


def _failed(checks: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [result for result in checks.get("results", ()) if result.get("verdict") == "failed"]
