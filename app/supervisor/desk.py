"""What reaches the supervisor while a session lives: messages, ends of processes, interrupts."""

from __future__ import annotations

import contextlib
import math
import queue
from collections.abc import Callable, Mapping
from typing import Any

from analysis.records import Event, StreamInfo
from app import clock
from app.events import Journal
from app.link import LinkServer, Message, Peer
from app.plan import SessionPaths, SessionPlan
from app.streams import Expected
from app.supervisor import participant, programs
from app.supervisor.alarms import Alarms
from app.supervisor.crew import Crew
from app.supervisor.intake import checked_quality, checked_recorder, checked_screen
from app.supervisor.outcome import Choices
from app.supervisor.policy import Policy, Step
from app.supervisor.start_gate import RequiredStream
from app.supervisor.state import State
from app.supervisor.voice import SounderVoice
from app.supervisor.watchdog import Watchdog
from app.supervisor.windows import RecordingWindows

Say = Callable[[str], None]

TICK_S = 0.1
STATE_PERIOD_S = 0.5
ANCHOR_PERIOD_S = 10.0
SILENT_S = 3.0
"""A recorder or presenter that says nothing for so long is told of; both send twice a second."""
FORWARDED = ("pause", "resume", "skip", "repeat", "next", "end", "abort")
LOST_CHOICES = "repeat the trial, go on with the next one, or end"
NOTICES: Mapping[str, str] = {
    "clock_step": "its sender's clock jumped.",
    "ambiguous": "several senders answer to it, and none was taken.",
    "no_samples": "is connected and has sent nothing yet.",
    "write_behind": "The disk is slow: writing has fallen behind.",
}
"""What the recorder found out, in the operator's words where it brings none of its own."""


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
        self._sent: list[dict[str, Any]] | None = None
        self._windows = RecordingWindows(plan)
        self._recorder_ready = False
        self._presenter_ready = False
        self._presenter_done = ""
        self._presenter_lost = False
        self._curtain_ready = False
        self._recorder_closed = False
        self._cutoff_s: float | None = None
        self._disk_failed = False
        self._journal_closed = False
        self._next_state_s = 0.0
        self._next_anchor_s = 0.0
        self._odd_peers: set[str] = set()
        self._owners: dict[str, str] = {}
        self._screen: Mapping[str, Any] = {}
        self._reason_typed = choices.accept.strip()
        self._voice = SounderVoice(lambda message: self._server.broadcast(message, "sounder"))
        self._alarms = Alarms(self.state, self._note, say, self._voice)
        self._policy = Policy(choices.attended, plan.window != "none", choices.lost_limit_s)
        self._watchdog = Watchdog(programs.devices_of(plan), self._alarms, self._policy, self._act)
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
        if self._cutoff_s is None:
            self._look_after_streams(now_s)
        if now_s >= self._next_anchor_s and self._cutoff_s is None:
            self._next_anchor_s = now_s + ANCHOR_PERIOD_S
            self._journal.append("clock_anchor", payload=anchor_payload())
        if now_s >= self._next_state_s:
            self._relay()

    def _look_after_streams(self, now_s: float) -> None:
        begun = self._begun and not self._ending
        self._watchdog.tick(now_s, begun)
        if begun:
            self._act(self._policy.tick(now_s), ", ".join(self._policy.missing))
        for child in self._crew.all("recorder", "presenter") if begun else ():
            role, silent_s = child.program.role, now_s - child.last_message_s
            if not child.is_running or silent_s < SILENT_S:
                self._alarms.clear("process_silent", role)
            else:
                # It is left alone: what it has taken goes on when it does, and a new one would lose it.
                text = (
                    f"{role}: has said nothing for {silent_s:.0f} s. The computer is overloaded, or it hangs."
                )
                self._alarms.raise_("process_silent", role, text)
        self._alarms.catch_up()

    def _act(self, step: Step, device: str) -> None:
        """Carry out what the policy decided for a lost or returned device."""
        if step.text:
            self._note("policy", {"device": device, "action": step.action, "text": step.text})
        if step.action in ("abort", "give up"):
            self._fail(step.text, f"stream lost: {device}")
            return
        if step.text:
            self.state.message = "" if step.action == "resume" else step.text
            self._alarms.raise_("policy", device, step.text, "warning")
        if step.action == "pause":
            self._hold()
        elif step.action == "resume":
            self._server.broadcast({"type": "command", "name": "resume", "by": "policy"}, "presenter")

    def _hold(self) -> None:
        message = {"type": "command", "name": "pause_after_trial", "by": "policy"}
        self._server.broadcast(message, "presenter")

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
        except Exception as error:
            # Whatever another process says, this one goes on; once is enough to tell of each.
            if peer.name not in self._odd_peers:
                self._odd_peers.add(peer.name)
                text = f"{peer.role}: sent a message that makes no sense ({error!r}); it was left aside."
                self._alarms.raise_("nonsense", peer.name, text, "warning")

    def _on_recorder_hello(self, peer: Peer, _: Message) -> None:
        self._welcome(peer)
        self._tell_windows(True)
        if self._sent is not None:
            peer.send({"type": "streams", "expected": self._sent})
        if self._begun and self._cutoff_s is not None:
            peer.send(self._stop_message())

    def _tell_windows(self, has_changed: bool) -> None:
        """Tell the recorder which stages cameras and microphones record, where not all do."""
        if has_changed and self._windows.message is not None:
            self._server.broadcast(self._windows.message, "recorder")

    def _stop_message(self) -> Message:
        return {"type": "stop", "cutoff_s": self._cutoff_s, "reason": self._ending}

    def _welcome(self, peer: Peer, _: Message | None = None) -> None:
        peer.send({"type": "peers", "pids": self._crew.pids()})
        if peer.role == "console":
            peer.send(self.state.to_message(self._crew.all()))

    def _on_declare(self, peer: Peer, message: Message) -> None:
        self._check_device(peer)
        infos = tuple(StreamInfo.from_json(values) for values in message["streams"])
        known = self._declared.get(peer.name)
        self._declared[peer.name] = infos
        if self._sent and known != infos:
            self._send_streams()

    def _check_device(self, peer: Peer) -> None:
        if all(device.id != peer.name for device in programs.devices_of(self.plan)):
            raise ValueError(f"there is no device {peer.name}")

    def _on_device_health(self, peer: Peer, message: Message) -> None:
        self._check_device(peer)
        self.state.devices[peer.name] = message
        self._watchdog.device_health(peer.name, message, clock.now())

    def _on_recorder_health(self, _: Peer, message: Message) -> None:
        self.state.recorder = checked_recorder(message)
        self._watchdog.conditions.take(message.get("streams") or {}, clock.now())
        self._alarms.clear("recorder_ended", "recorder")

    def _on_quality(self, _: Peer, message: Message) -> None:
        self.state.quality = checked_quality(message)

    def _on_outputs(self, _: Peer, message: Message) -> None:
        problem = self._voice.take(message)
        if problem and "sounder" not in self._odd_peers:
            self._odd_peers.add("sounder")
            self._alarms.raise_("no_sound", "sounder", problem, "warning")

    def _on_presenter_health(self, peer: Peer, message: Message) -> None:
        int(message.get("trials") or 0)
        took_input, self.state.presenter = self.state.participant_input, message
        if self.state.phase in ("running", "paused"):
            held = message.get("state") == "paused" or message.get("interrupted")
            self.state.phase = "paused" if held else "running"
        if self._presenter_lost and message.get("state") == "waiting":
            self._take_up(peer, bool(message.get("interrupted")))
        if self.state.participant_input != took_input:
            # Whose keyboard it is has to be known at once.
            self._relay()

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
        self._alarms.clear("presenter_ended", "presenter")
        if self._policy.is_holding:
            self._hold()

    def _on_recorder_ready(self, _: Peer, __: Message) -> None:
        self._recorder_ready = True

    def _on_presenter_ready(self, _: Peer, __: Message) -> None:
        self._presenter_ready = True

    def _on_failed(self, peer: Peer, message: Message) -> None:
        text = str(message.get("message", "")) or f"the {peer.role} cannot go on."
        safe = str(message.get("safe", ""))
        code = "disk" if peer.role == "recorder" else str(message.get("code", "failed"))
        # A full disk is told once, by whoever notices it first.
        self._alarms.raise_(code, "" if code == "disk" else peer.role, " ".join(filter(None, (text, safe))))
        if not self._begun:
            self._failure = self._failure or text
            self.state.message = self._failure
            self._end("failed")
        elif not self._failure:
            self._failure = text

    def _on_curtain_ready(self, _: Peer, __: Message) -> None:
        self._curtain_ready = True

    def _on_awake(self, _: Peer, message: Message) -> None:
        told = {key: message.get(key) for key in ("holder", "held", "not_held")}
        self._note("awake", told)

    def _on_attention_noted(self, _: Peer, message: Message) -> None:
        noted = self.state.attentions.note(str(message.get("id", "")), str(message.get("text") or ""))
        if noted is not None:
            self._note("attention_noted", {"id": noted.id, "code": noted.code, "action": noted.action})
            self._relay()

    def _on_finished(self, _: Peer, message: Message) -> None:
        self._presenter_done = str(message.get("reason", "completed"))
        self._presented_s = clock.now()

    def _on_closed(self, _: Peer, message: Message) -> None:
        self._recorder_closed = True

    def _on_event(self, peer: Peer, message: Message) -> None:
        event = Event.from_json(message["event"])
        if not math.isfinite(event.time):
            raise ValueError("an event without a time")
        self._server.broadcast(message, "console")
        if peer.role == "presenter":
            self._on_presenter_event(event)
        else:
            self._on_recorder_event(event)

    def _on_presenter_event(self, event: Event) -> None:
        alarms = self._alarms
        if event.kind == "stage_started":
            self._tell_windows(self._windows.stage_started(event.payload, event.time))
            if self._first_stage_s is None:
                self._first_stage_s = event.time
            self._say(_stage_line(event, event.time - self._first_stage_s, self.state.presenter))
        elif event.kind == "screen":
            self._screen = checked_screen(event.payload)
        elif event.kind == "trial_started" or (event.kind == "resumed" and event.trial >= 0):
            alarms.trial_runs = True
        elif event.kind in ("trial_ended", "schedule_ended", "paused"):
            if event.kind == "schedule_ended":
                self._tell_windows(self._windows.ended(event.time))
            # At once: the next trial may begin with the very next event.
            alarms.trial_runs = False
            alarms.catch_up()
        elif event.kind == "attention":
            # No sound and no message across the room: the console shows a sign of its own.
            self.state.attentions.add(str(event.payload.get("code", "")), event.time, int(event.trial))
            self._relay()
        else:
            participant.tell(alarms, event)

    def _on_recorder_event(self, event: Event) -> None:
        stream = str(event.payload.get("stream", ""))
        text = str(event.payload.get("text", ""))
        if event.kind == "stream_back":
            self._watchdog.came_back(stream, int(event.payload.get("missing") or 0))
        elif event.kind in ("stream_stale", "stream_lost"):
            self._watchdog.said(stream, text)
        elif event.kind == "machine_slept":
            self._watchdog.slept(float(event.payload["seconds"]), clock.now(), text)
        elif event.kind in NOTICES:
            words = text or " ".join(filter(None, (stream and f"{stream}:", NOTICES[event.kind])))
            self._alarms.raise_(event.kind, stream, words, "warning")

    def _on_command(self, _: Peer, message: Message) -> None:
        name, text = str(message.get("name", "")), str(message.get("text") or "")
        if name == "note":
            self._take_note(text)
            return
        self._note("command", {"name": name})
        if name == "start":
            self._start_asked = True
            self._reason_typed = text.strip() or self._reason_typed
        elif name in ("abort", "end") and (not self._begun or self.plan.window == "none"):
            self._end("aborted" if name == "abort" else "completed")
        elif name in FORWARDED:
            if name in ("repeat", "next", "end"):
                self._presenter_lost = False
                self._alarms.clear("presenter_ended", "presenter")
                self.state.message = ""
            elif name == "resume":
                self._policy.overruled()
                self.state.message = ""
            self._server.broadcast({"type": "command", "name": name}, "presenter")
            if name in ("repeat", "next") and self._policy.is_holding:
                self._hold()

    def _take_note(self, text: str) -> None:
        if self._journal_closed:
            told = "The note came after the end of the recording and is not in its file."
            self._alarms.raise_("too_late", "console", told, "warning")
        else:
            self._journal.append("note", payload={"text": text})

    def _on_progress(self, _: Peer, message: Message) -> None:
        self.state.finishing_done = min(1.0, max(0.0, float(message.get("done", 0.0))))

    def _on_result(self, _: Peer, message: Message) -> None:
        int(message.get("parts", 0)), dict(message.get("lost_s") or {})
        self._result = message

    def _on_disk_failure(self, what: str) -> None:
        self._disk_failed = True
        if self._failure:
            # The recorder has told it before, in more detail.
            self._end("failed")
        else:
            self._fail(f"{what} to {self.paths.folder}: the disk is full or broken.", code="disk")

    def _note(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Journal an event, unless that is over; a session holds no place of this computer."""
        if not self._journal_closed:
            here = str(self.paths.folder)
            told = {key: v.replace(here, ".") if isinstance(v, str) else v for key, v in payload.items()}
            self._journal.append(kind, payload=told)

    def _fail(self, message: str, reason: str = "failed", code: str = "session_failed") -> None:
        self._failure = self._failure or message
        self.state.message = self._failure
        self._alarms.raise_(code, "", message)
        self._end(reason)

    def _end(self, reason: str) -> None:
        self._ending = self._ending or reason

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
            own: list[Expected] = []
            if not (device.has_bridge or device.has_capture):
                own = expected_streams(device, self.plan)
            for info in self._declared.get(device.id, ()):
                transport: Any = "ring" if info.source_id.startswith("ring:") else "lsl"
                match = {"source_id": info.source_id}
                own.append(Expected(info.id, transport, device.required, match, info))
            expected += own
            self._watchdog.owns(device.id, [entry.id for entry in own])
            self._owners |= {entry.id: device.id for entry in own}
        self._sent = [entry.to_json() for entry in expected]
        self._server.broadcast({"type": "streams", "expected": self._sent}, "recorder")

    def _required_streams(self) -> list[RequiredStream]:
        """Return the streams that must be well before the start."""
        return [
            RequiredStream(
                entry["id"],
                self._owners.get(entry["id"], ""),
                entry["info"] is None or entry["info"]["rate_hz"] > 0,
            )
            for entry in self._sent or ()
            if entry["required"]
        ]

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
    ("console", "attention_noted"): Desk._on_attention_noted,
    ("curtain", "hello"): Desk._welcome,
    ("curtain", "ready"): Desk._on_curtain_ready,
    ("curtain", "awake"): Desk._on_awake,
    ("monitor", "hello"): Desk._welcome,
    ("monitor", "quality"): Desk._on_quality,
    ("sounder", "outputs"): Desk._on_outputs,
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
