"""One session from its first process to its finished file."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from app import clock
from app.events import Journal
from app.link import LinkServer
from app.plan import Lock, SessionPaths, SessionPlan
from app.supervisor import programs
from app.supervisor.attention import OPEN_TEXT
from app.supervisor.awake import Awake
from app.supervisor.crew import Crew
from app.supervisor.desk import Say, anchor_payload
from app.supervisor.opening import DESERTED_S, Opening
from app.supervisor.outcome import Choices, Outcome, SessionError
from app.supervisor.processes import Role

RECORDING: tuple[Role, ...] = ("recorder", "presenter", "bridge", "capture", "monitor", "sounder")
CURTAIN_LIMIT_S = 5.0
CURTAIN_DOWN_S = 1.0
ABORT_S = 5.0
"""How long the participant's window may take to end, or to come to the debriefing."""
CLOSES_AFTER_ACTION = (
    "The participant may need help. The session closes when you have noted what was done about it."
)
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def run_session(
    plan: SessionPlan,
    paths: SessionPaths,
    choices: Choices | None = None,
    say: Say | None = None,
    settle: Callable[[], Path | None] | None = None,
) -> Outcome:
    """Run a session whose live folder exists and return what became of it.

    Returns when the finished file lies there. From the main thread, Ctrl-C and SIGTERM end the
    session in order. `settle` is called when nothing is left to be written; it may bring the file to
    its study, and returns where it is then.
    """
    supervisor = Supervisor(plan, paths, choices or Choices(), say or (lambda _: None))
    supervisor.settle = settle
    with _signals(supervisor.interrupt):
        try:
            return supervisor.run()
        except OSError as error:
            raise SessionError(
                f"{error.filename or paths.folder}: cannot be written ({error.strerror}). What was recorded"
                f" so far is safe in {paths.live}; `evoke recover {paths.live}` finishes it."
            ) from error


class Supervisor(Opening):
    """Parent of a session's processes; `run` is its life."""

    settle: Callable[[], Path | None] | None = None

    def run(self) -> Outcome:
        """Live the session; children never outlive this call, but for a console the user keeps."""
        self._open()
        try:
            if self._gather_streams() and self._await_ready() and self._await_start():
                self._present()
            self._close_recording()
        finally:
            self._crew.end(*RECORDING)
            self._crew.end("curtain")
            self._awake.release()
        try:
            return self._finish() if self._begun else self._give_up()
        finally:
            self._relay()
            self._crew.end("finisher")
            if not self._choices.keep_console:
                self._server.broadcast({"type": "stop"}, "console")
                self._crew.end("console")
            self._server.close()
            shutil.rmtree(self.plan.runtime, ignore_errors=True)

    def _open(self) -> None:
        paths, plan = self.paths, self.plan
        self._server = LinkServer(
            lambda peer, message: self._inbox.put((peer, message)),
            lambda peer: self._inbox.put((peer, None)),
        )
        self._lock = Lock.of_this_process(self._server.port, self._server.token, plan.uuid)
        self._lock.write(paths.lock)
        plan.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal = Journal(
            paths.journal("supervisor"), "supervisor", on_failure=lambda error: self._inbox.put(None)
        )
        self._crew = Crew(self._note, paths.logs, programs.lsl_environment(plan), self._on_end)
        self._journal.append("session_started", payload={"uuid": plan.uuid, "name": plan.name})
        before = dict(plan.checks) | {"stage": "preparation", "accepted": plan.accept}
        self._journal.append("checks", payload=before)
        self.state.checks = {"results": list(plan.checks.get("results", ())), "needs_reason": False}
        for program in programs.device_programs(plan, paths.live):
            self._crew.add(program)
        self._crew.add(programs.recorder_program(paths.live))
        if self._choices.console:
            self._crew.add(programs.console_program(paths.live))
        self._awake = Awake()
        self._note("awake", self._awake.hold())
        if plan.window == "screen":
            # Whatever is opened last lies on top.
            self._crew.add(programs.curtain_program(paths.live))
            self._pump(self._curtain_is_settled, CURTAIN_LIMIT_S)
        if plan.window != "none":
            self._crew.add(programs.presenter_program(paths.live))

    def _curtain_is_settled(self) -> bool:
        curtain = self._crew.one("curtain")
        return self._curtain_ready or curtain is None or not curtain.is_running

    def _present(self) -> None:
        self._begun = True
        self.state.phase = "running"
        self.state.started_s = clock.now()
        if self.plan.window == "none":
            self._first_stage_s = clock.now()
            if not self._pump(lambda: False, self._choices.seconds) and not self._ending:
                self._end("completed")
            self._presented_s = clock.now()
            return
        self._server.broadcast({"type": "start"}, "presenter")
        self._pump(lambda: bool(self._presenter_done), None)
        if not self._presenter_done:
            self._end_presentation()
        self._presented_s = self._presented_s or clock.now()
        self._server.broadcast({"type": "say", "words": "thanks"}, "curtain")
        self._await_actions()
        self._end(self._presenter_done or self._ending)

    def _await_actions(self) -> None:
        """Keep the session open until it is noted what was done about each sign of need."""
        attentions = self.state.attentions
        if not attentions.open:
            return
        if self._choices.attended and not self._disk_failed:
            self.state.message = CLOSES_AFTER_ACTION
            self._say(CLOSES_AFTER_ACTION)
            self._relay()
            alone_since_s, interrupts = clock.now(), self._interrupts

            def settled() -> bool:
                nonlocal alone_since_s
                if self._server.peers("console"):
                    alone_since_s = clock.now()
                deserted = clock.now() - alone_since_s > DESERTED_S
                return not attentions.open or deserted or self._disk_failed or self._interrupts > interrupts

            self._pump(settled, None, heed_ending=False)
            self.state.message = ""
        for attention in attentions.open:
            self._note("attention_open", {"id": attention.id, "code": attention.code})
        if attentions.open:
            codes = ", ".join(attention.code for attention in attentions.open)
            text = f"A sign that the participant may need help ({codes}) stands open. {OPEN_TEXT}."
            self._failure = self._failure or text
            self._alarms.raise_("attention_open", "", text)

    def _end_presentation(self) -> None:
        """End what the participant sees: after the trial if there is time, else at once.

        The debriefing that follows is waited for, but not without limit; another Ctrl-C ends it.
        """
        if self._ending == "stopped" and self._interrupts < 2:
            self._say("ending after this trial; press Ctrl-C again to end now.")
            self._server.broadcast({"type": "stop"}, "presenter")
            self._pump(
                lambda: bool(self._presenter_done) or self._interrupts > 1 or self._is_debriefing(),
                self._choices.trial_limit_s,
                heed_ending=False,
            )
        if not self._presenter_done and not self._is_debriefing():
            self._abort_presentation(self._is_debriefing)
        if self._is_debriefing() and not self._disk_failed:
            self._say("the debriefing is shown; press Ctrl-C again to end now.")
            interrupts = self._interrupts
            self._pump(
                lambda: (
                    not self._is_debriefing() or self._interrupts > interrupts or not self._presenter_lives()
                ),
                self._choices.debriefing_limit_s,
                heed_ending=False,
            )
        if not self._presenter_done:
            self._abort_presentation()

    def _abort_presentation(self, or_else: Callable[[], bool] = lambda: False) -> None:
        self._server.broadcast({"type": "command", "name": "abort"}, "presenter")
        self._pump(lambda: bool(self._presenter_done) or or_else(), ABORT_S, heed_ending=False)

    def _is_debriefing(self) -> bool:
        return bool(self.state.presenter.get("closing")) and not self._presenter_done

    def _presenter_lives(self) -> bool:
        presenter = self._crew.one("presenter")
        return presenter is not None and presenter.is_running

    def _close_recording(self) -> None:
        crew = self._crew
        self.state.phase = "finishing"
        self._cutoff_s = clock.now()
        crew.release("presenter", "curtain", "bridge", "capture", "monitor", "sounder", "console")
        if self._begun:
            self._server.broadcast(self._stop_message(), "recorder")
            self._pump(self._recorder_is_through, self._choices.drain_limit_s, heed_ending=False)
        crew.release("recorder")
        for role in RECORDING:
            self._server.broadcast(self._stop_message(), role)
        self._pump(lambda: crew.all_ended(*RECORDING), 3.0, heed_ending=False)
        crew.end(*RECORDING)
        self._server.broadcast(self._stop_message(), "curtain")
        self._pump(lambda: crew.all_ended("curtain"), CURTAIN_DOWN_S, heed_ending=False)
        crew.end("curtain")
        crew.watch()
        self._journal.append("clock_anchor", payload=anchor_payload())
        self._journal.append("session_ended", payload={"reason": self._ending or "not started"}, wait=True)
        self._journal.close()
        self._journal_closed = True

    def _recorder_is_through(self) -> bool:
        recorder = self._crew.one("recorder")
        assert recorder is not None
        if self._disk_failed:
            return not recorder.is_running
        return self._recorder_closed and not recorder.is_running

    def _finish(self) -> Outcome:
        # Where the disk has failed there is no room for a second copy either.
        if not self._disk_failed:
            self._finish_in_child()
        if self.paths.final.exists() and self._result is not None and "path" in self._result:
            kept = (self.settle() if self.settle else None) or self.paths.final
            self.state.phase, self.state.file, self.state.path = "finished", kept.name, str(kept.absolute())
            return self._outcome(1 if self._failure else 0, self._failure, kept)
        self.state.phase = "failed"
        said = str((self._result or {}).get("message", ""))
        if not said and not self._disk_failed:
            said = f"The session file was not finished; {self._see_log('finisher')}."
        live = self.paths.live
        safe = (
            f"What was recorded is safe in {live}; with room on the disk `evoke recover {live}` finishes it."
        )
        self.state.message = " ".join(filter(None, (self._failure, said, safe)))
        return self._outcome(1, self.state.message)

    def _finish_in_child(self) -> None:
        with contextlib.suppress(OSError):
            dataclasses.replace(self._lock, finishing=True).write(self.paths.lock)
        self._say("writing the session file.")
        self._interrupts = 0
        for _ in range(2):
            self._crew.add(programs.finisher_program(self.paths.live)).is_wanted = False
            self._pump(self._finisher_is_through, None, heed_ending=False)
            if self._result is not None or self._interrupts:
                break

    def _finisher_is_through(self) -> bool:
        finisher = self._crew.one("finisher")
        if finisher is not None and self._interrupts:
            finisher.terminate()
        return finisher is None or not finisher.is_running

    def _give_up(self) -> Outcome:
        """Leave a session that never began: nothing but logs stays."""
        shutil.rmtree(self.paths.live, ignore_errors=True)
        if self.settle:
            self.settle()
        self.state.phase = "failed"
        self.state.message = f"{self._failure or 'Ended before the start.'} Nothing was recorded."
        return self._outcome(1, self.state.message)

    def _outcome(self, status: int, message: str, path: Path | None = None) -> Outcome:
        result = self._result or {}
        return Outcome(
            status=status,
            reason=self._ending or "not started",
            message=message,
            path=path,
            sha256=str(result.get("sha256", "")),
            parts=int(result.get("parts", 0)),
            lost_s=dict(result.get("lost_s") or {}),
            restarts={c.program.label: c.restarts for c in self._crew.all() if c.restarts},
            alarms=self._alarms.count,
            console_pid=self._console_pid(),
            first_stage_s=self._first_stage_s,
            presented_s=self._presented_s,
            finished_s=None if path is None else clock.now(),
        )

    def _console_pid(self) -> int:
        console = self._crew.one("console") if self._choices.keep_console else None
        return console.pid if console is not None and console.is_running else 0


@contextlib.contextmanager
def _signals(interrupt: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C, SIGTERM and a closed terminal call `interrupt` meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    present = [getattr(signal, name) for name in STOP_SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: interrupt()) for number in present}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
