"""What reaches the supervisor while a session lives: messages, ends of processes, interrupts."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Mapping
from typing import Any

from analysis.records import Event, StreamInfo
from app import clock
from app.events import Journal
from app.link import LinkServer, Message, Peer
from app.plan import SessionPaths, SessionPlan
from app.streams import Expected
from app.supervisor import programs
from app.supervisor.crew import Crew
from app.supervisor.outcome import Choices
from app.supervisor.processes import Child, status_text
from app.supervisor.state import Alarm, State

Say = Callable[[str], None]

TICK_S = 0.1
STATE_PERIOD_S = 0.5
ANCHOR_PERIOD_S = 10.0
MOST_FAILURES = 5
MOST_PRESENTER_FAILURES = 3
DISK_FAILED = 74
FORWARDED = ("pause", "resume", "skip", "repeat", "next", "end", "abort")
LOST_CHOICES = "repeat the trial, go on with the next one, or end"


class Desk:
    """Where everything that happens to a session is dealt with; its thread is the one that `_pump`s.

    Link and signal handlers only put things into the inbox.
    """

    _server: LinkServer
    _journal: Journal
    _crew: Crew

    def __init__(self, plan: SessionPlan, paths: SessionPaths, choices: Choices, say: Say) -> None:
        self.plan = plan
        self.paths = paths
        self.state = State(plan)
        self._choices = choices
        self._say = say
        self._inbox: queue.SimpleQueue[tuple[Peer, Message | None] | None] = queue.SimpleQueue()
        self._interrupts = 0
        self._ending = ""
        self._failure = ""
        self._begun = False
        self._start_asked = not choices.attended
        self._declared: dict[str, tuple[StreamInfo, ...]] = {}
        self._sent: list[dict[str, Any]] = []
        self._recorder_ready = False
        self._presenter_ready = False
        self._presenter_done = ""
        self._presenter_lost = False
        self._recorder_closed = False
        self._cutoff_s: float | None = None
        self._disk_failed = False
        self._journal_closed = False
        self._next_state_s = 0.0
        self._next_anchor_s = 0.0
        self._alarms = 0
        self._first_stage_s: float | None = None
        self._presented_s: float | None = None
        self._result: Message | None = None
        self._peers_sent: dict[str, int] = {}

    def interrupt(self) -> None:
        """Ask for an orderly end, from a signal handler or another thread; a second call hurries."""
        self._interrupts += 1
        self._inbox.put(None)

    def _pump(self, done: Callable[[], bool], limit_s: float | None, heed_ending: bool = True) -> bool:
        """Work until `done`; False if time ran out or (if heeded) the session has to end before."""
        deadline_s = None if limit_s is None else clock.now() + limit_s
        while not done():
            if heed_ending and self._interrupts and not self._ending:
                self._end("stopped")
            if heed_ending and self._ending:
                return False
            if deadline_s is not None and clock.now() >= deadline_s:
                return False
            self._step()
        return True

    def _step(self) -> None:
        with contextlib.suppress(queue.Empty):
            entry = self._inbox.get(timeout=TICK_S)
            while True:
                if entry is not None:
                    self._handle(*entry)
                entry = self._inbox.get_nowait()
        if self._journal.failure is not None and not self._disk_failed:
            self._on_disk_failure(f"the journal cannot be written: {self._journal.failure.strerror}")
        if self._crew.watch() or self._peers_sent != self._crew.pids():
            self._peers_sent = self._crew.pids()
            self._server.broadcast({"type": "peers", "pids": self._peers_sent})
        now_s = clock.now()
        if now_s >= self._next_anchor_s and self._cutoff_s is None:
            self._next_anchor_s = now_s + ANCHOR_PERIOD_S
            self._journal.append("clock_anchor", payload=anchor_payload())
        if now_s >= self._next_state_s:
            self._relay()

    def _relay(self) -> None:
        self._next_state_s = clock.now() + STATE_PERIOD_S
        if self._server.peers("console"):
            self._server.broadcast(self.state.to_message(self._crew.all()), "console")

    def _handle(self, peer: Peer, message: Message | None) -> None:
        if message is None:
            return
        child = self._crew.with_pid(peer.pid)
        if child is not None:
            child.last_message_s = clock.now()
        handler = _HANDLERS.get((peer.role, str(message.get("type", ""))))
        if handler is None:
            return
        try:
            handler(self, peer, message)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            text = f"{peer.role}: sent a message that makes no sense ({error!r}); it was left aside."
            self._alarm(peer.name, text, level_is_warning=True)

    def _on_recorder_hello(self, peer: Peer, _: Message) -> None:
        self._welcome(peer)
        if self._sent:
            peer.send({"type": "streams", "expected": self._sent})
        if self._begun and self._cutoff_s is not None:
            peer.send(self._stop_message())

    def _stop_message(self) -> Message:
        return {"type": "stop", "cutoff_s": self._cutoff_s, "reason": self._ending}

    def _welcome(self, peer: Peer, _: Message | None = None) -> None:
        peer.send({"type": "peers", "pids": self._crew.pids()})
        if peer.role == "console":
            peer.send(self.state.to_message(self._crew.all()))

    def _on_declare(self, peer: Peer, message: Message) -> None:
        infos = tuple(StreamInfo.from_json(values) for values in message["streams"])
        known = self._declared.get(peer.name)
        self._declared[peer.name] = infos
        if self._sent and known != infos:
            self._send_streams()

    def _on_device_health(self, peer: Peer, message: Message) -> None:
        self.state.devices[peer.name] = message

    def _on_recorder_health(self, _: Peer, message: Message) -> None:
        self.state.recorder = message

    def _on_presenter_health(self, peer: Peer, message: Message) -> None:
        self.state.presenter = message
        if self.state.phase in ("running", "paused"):
            held = message.get("state") == "paused" or message.get("interrupted")
            self.state.phase = "paused" if held else "running"
        if self._presenter_lost and message.get("state") == "waiting":
            self._take_up(peer, bool(message.get("interrupted")))

    def _take_up(self, peer: Peer, interrupted: bool) -> None:
        """Have a restarted presenter go on: where it was in a trial that is the operator's choice."""
        if self._ending:
            peer.send({"type": "command", "name": "end"})
        elif not interrupted:
            peer.send({"type": "start"})
        elif self._choices.attended:
            self.state.message = f"The participant's window was lost and is back: {LOST_CHOICES}."
            return
        else:
            peer.send({"type": "command", "name": "next"})
        self._presenter_lost = False

    def _on_recorder_ready(self, _: Peer, __: Message) -> None:
        self._recorder_ready = True

    def _on_presenter_ready(self, _: Peer, __: Message) -> None:
        self._presenter_ready = True

    def _on_failed(self, peer: Peer, message: Message) -> None:
        text = str(message.get("message", "")) or f"the {peer.role} cannot go on."
        safe = str(message.get("safe", ""))
        self._alarm(peer.role, " ".join(filter(None, (text, safe))))
        if not self._begun:
            self._fail(text)
        elif not self._failure:
            self._failure = text

    def _on_finished(self, _: Peer, message: Message) -> None:
        self._presenter_done = str(message.get("reason", "completed"))
        self._presented_s = clock.now()

    def _on_closed(self, _: Peer, message: Message) -> None:
        self._recorder_closed = True

    def _on_event(self, peer: Peer, message: Message) -> None:
        event = Event.from_json(message["event"])
        self._server.broadcast(message, "console")
        if event.kind == "stage_started":
            if self._first_stage_s is None:
                self._first_stage_s = event.time
            self._say(_stage_line(event, event.time - self._first_stage_s, self.state.presenter))
        elif event.kind == "stream_lost":
            stream = str(event.payload.get("stream", ""))
            self._alarm(stream, f"{stream}: no data comes any more.", journal=False)
        elif event.kind == "stream_back":
            stream = str(event.payload.get("stream", ""))
            self._alarm(stream, f"{stream}: is back.", level_is_warning=True, journal=False)

    def _on_command(self, _: Peer, message: Message) -> None:
        name, text = str(message.get("name", "")), str(message.get("text") or "")
        if name == "note":
            self._journal.append("note", payload={"text": text})
            return
        self._journal.append("command", payload={"name": name})
        if name == "start":
            self._start_asked = True
        elif name in ("abort", "end") and (not self._begun or self.plan.window == "none"):
            self._end("aborted" if name == "abort" else "completed")
        elif name in FORWARDED:
            if name in ("repeat", "next", "end"):
                self._presenter_lost = False
                self.state.message = ""
            self._server.broadcast({"type": "command", "name": name}, "presenter")

    def _on_progress(self, _: Peer, message: Message) -> None:
        self.state.finishing_done = float(message.get("done", 0.0))

    def _on_result(self, _: Peer, message: Message) -> None:
        self._result = message

    def _on_end(self, child: Child, status: int) -> bool:
        """Decide whether a child that ended by itself is started again."""
        role = child.program.role
        label, how = child.program.label, status_text(status)
        if role == "console":
            return status != 0 and child.failures < MOST_FAILURES
        if role in ("bridge", "capture"):
            self._alarm(child.program.name, f"{label}: ended ({how}); it is started again.")
            return True
        if role == "recorder":
            return self._on_recorder_end(status, how, child.failures)
        if role == "presenter":
            return self._on_presenter_end(status, how, child.failures)
        return False

    def _on_recorder_end(self, status: int, how: str, failures: int) -> bool:
        if self._recorder_closed:
            return False
        if status == DISK_FAILED:
            self._on_disk_failure("the session file cannot be written")
            return False
        if failures >= MOST_FAILURES:
            self._fail(f"the recorder failed {failures + 1} times; {self._see_log('recorder')}")
            return False
        self._alarm("recorder", f"recorder: ended ({how}); it is started again at once.")
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
        self._alarm(
            "presenter", f"presenter: ended ({how}); the participant sees 'one moment' until it is back."
        )
        return True

    def _on_disk_failure(self, what: str) -> None:
        self._disk_failed = True
        if self._failure:
            # The recorder has told it before, in more detail.
            self._end("failed")
        else:
            self._fail(f"{what} to {self.paths.folder}: the disk is full or broken.")

    def _note(self, kind: str, payload: Mapping[str, Any]) -> None:
        if not self._journal_closed:
            self._journal.append(kind, payload=payload)

    def _fail(self, message: str) -> None:
        self._failure = self._failure or message
        self.state.message = self._failure
        self._alarm("", message)
        self._end("failed")

    def _end(self, reason: str) -> None:
        self._ending = self._ending or reason

    def _alarm(self, stream: str, text: str, level_is_warning: bool = False, journal: bool = True) -> None:
        level: Any = "warning" if level_is_warning else "alarm"
        self.state.add_alarm(Alarm(clock.now(), stream, text, level))
        self._alarms += not level_is_warning
        self._say(text)
        if journal:
            self._note("alarm", {"stream": stream, "text": text, "level": level})

    def _undeclared(self) -> dict[str, bool]:
        """Return the devices that have not yet said what they give, and whether each is required."""
        return {
            device.id: device.required
            for device in programs.devices_of(self.plan)
            if (device.has_bridge or device.has_capture) and device.id not in self._declared
        }

    def _send_streams(self) -> None:
        from app.devices.load import expected_streams

        expected: list[Expected] = []
        for device in programs.devices_of(self.plan):
            if not (device.has_bridge or device.has_capture):
                expected += expected_streams(device, self.plan)
            for info in self._declared.get(device.id, ()):
                transport: Any = "ring" if info.source_id.startswith("ring:") else "lsl"
                match = {"source_id": info.source_id}
                expected.append(Expected(info.id, transport, device.required, match, info))
        self._sent = [entry.to_json() for entry in expected]
        self._server.broadcast({"type": "streams", "expected": self._sent}, "recorder")

    def _silent_device(self, name: str) -> str:
        said = str(self.state.devices.get(name, {}).get("message", ""))
        return (
            f"device {name}: {said or 'did not answer'}. Check it, or make it optional in the devices file."
        )

    def _see_log(self, label: str) -> str:
        return f"see {self.paths.logs / (label + '.log')}"


_HANDLERS: Mapping[tuple[str, str], Callable[[Desk, Peer, Message], None]] = {
    ("recorder", "hello"): Desk._on_recorder_hello,
    ("presenter", "hello"): Desk._welcome,
    ("bridge", "hello"): Desk._welcome,
    ("capture", "hello"): Desk._welcome,
    ("console", "hello"): Desk._welcome,
    ("bridge", "declare"): Desk._on_declare,
    ("capture", "declare"): Desk._on_declare,
    ("bridge", "health"): Desk._on_device_health,
    ("capture", "health"): Desk._on_device_health,
    ("recorder", "health"): Desk._on_recorder_health,
    ("presenter", "health"): Desk._on_presenter_health,
    ("recorder", "ready"): Desk._on_recorder_ready,
    ("presenter", "ready"): Desk._on_presenter_ready,
    ("recorder", "failed"): Desk._on_failed,
    ("presenter", "failed"): Desk._on_failed,
    ("finisher", "failed"): Desk._on_result,
    ("presenter", "finished"): Desk._on_finished,
    ("recorder", "closed"): Desk._on_closed,
    ("recorder", "event"): Desk._on_event,
    ("presenter", "event"): Desk._on_event,
    ("console", "command"): Desk._on_command,
    ("finisher", "progress"): Desk._on_progress,
    ("finisher", "result"): Desk._on_result,
}


def anchor_payload() -> dict[str, float]:
    """Return a reading of clock and UTC together, for the journal."""
    anchor = clock.anchor()
    return {"monotonic_s": anchor.monotonic_s, "utc_s": anchor.utc_s, "uncertainty_s": anchor.uncertainty_s}


def _stage_line(event: Event, elapsed_s: float, presenter: Mapping[str, Any]) -> str:
    minutes, seconds = divmod(int(elapsed_s), 60)
    trials = int(presenter.get("trials") or 0)
    place = f" (trial {event.trial + 1} of {trials})" if event.trial >= 0 and trials else ""
    return f"{minutes:2d}:{seconds:02d}  {event.stage or event.payload.get('kind', '')}{place}"
