"""What follows when a process of a session ends by itself: start it again, go on without it, or end."""

from __future__ import annotations

from app import clock
from app.supervisor.desk import Desk
from app.supervisor.processes import Child, status_text

MOST_FAILURES = 5
MOST_PRESENTER_FAILURES = 3
DISK_FAILED = 74
"""The exit status of a process that could not write its file."""


class Endings(Desk):
    """A desk that knows what to do about each role's end."""

    def _on_end(self, child: Child, status: int) -> bool:
        """Decide whether a child that ended by itself is started again."""
        role = child.program.role
        label, how = child.program.label, status_text(status)
        if role == "console":
            return status != 0 and child.failures < MOST_FAILURES
        if role in ("bridge", "capture"):
            self.state.devices.pop(child.program.name, None)
            text = f"{label}: ended ({how}); it is started again."
            self._watchdog.device_ended(child.program.name, text, clock.now())
            return True
        if role in ("monitor", "sounder"):
            return self._on_helper_end(child, status, how)
        if role == "recorder":
            return self._on_recorder_end(status, how, child.failures)
        if role == "presenter":
            return self._on_presenter_end(status, how, child.failures)
        if role == "curtain":
            # A new one would come up in front of the participant's window.
            if status:
                text = f"curtain: ended ({how}); if the participant's window fails, the desktop may show."
                self._alarms.raise_("process_ended", role, text, "warning")
            return False
        return False

    def _on_helper_end(self, child: Child, status: int, how: str) -> bool:
        role = child.program.role
        if role == "monitor":
            self.state.quality = {}
        else:
            self._voice.lose()
        if status and not child.failures:
            without = "signals are not judged" if role == "monitor" else "alarms are silent"
            text = f"{role}: ended ({how}); until it is back {without}."
            self._alarms.raise_("process_ended", role, text, "warning")
        return status != 0

    def _on_recorder_end(self, status: int, how: str, failures: int) -> bool:
        if self._recorder_closed:
            return False
        if status == DISK_FAILED:
            self._on_disk_failure("the session file cannot be written")
            return False
        if failures >= MOST_FAILURES:
            self._fail(f"the recorder failed {failures + 1} times; {self._see_log('recorder')}")
            return False
        text = f"recorder: ended ({how}); it is started again at once."
        self._alarms.raise_("recorder_ended", "recorder", text)
        return True

    def _on_presenter_end(self, status: int, how: str, failures: int) -> bool:
        if self._presenter_done:
            return False
        if status == 0 and self._begun:
            self._presenter_done = "ended"
            return False
        if status == DISK_FAILED:
            self._on_disk_failure("the journal cannot be written")
            return False
        if failures >= MOST_PRESENTER_FAILURES or (not self._begun and self._failure):
            self._fail(f"the participant's window failed again and again; {self._see_log('presenter')}")
            self._presenter_done = "presenter failed"
            return False
        self._presenter_ready = False
        self._presenter_lost = self._begun
        self._alarms.trial_runs = False
        # Nobody takes keys now, and the operator has to decide soon.
        self.state.presenter = {**self.state.presenter, "takes_input": False, "rights": False}
        self._relay()
        text = f"presenter: ended ({how}); the participant sees 'one moment' until it is back."
        self._alarms.raise_("presenter_ended", "presenter", text)
        return True
