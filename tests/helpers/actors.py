"""Small stand-ins for a session's children: they speak the protocol of the link and do nothing else.

Run as `python actors.py _ROLE --live LIVE [--device ID]`. `SCENE` (environment, JSON) says what each
does out of line: {"bridge-eeg": {"die_after_s": 0.2, "times": 1, "status": 3}, ...}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from analysis.records import Event, StreamInfo
from app import clock
from app.events import Journal
from app.link import Link
from app.plan import Lock, SessionPaths


class Actor:
    def __init__(self, role: str, live: Path, name: str) -> None:
        self.role, self.name = role, name
        self.paths = SessionPaths.of_live(live)
        lock = Lock.read(self.paths.lock)
        assert lock is not None
        self.link = Link(lock.port, lock.token, role, name, os.getpid())
        label = role if role == name else f"{role}-{name}"
        self.scene: dict[str, Any] = json.loads(os.environ.get("SCENE", "{}")).get(label, {})
        # Beside the logs: the live folder of a session that never began is removed.
        mark = self.paths.folder / f"{label}.starts"
        self.start_number = len(mark.read_text()) + 1 if mark.exists() else 1
        mark.write_text("x" * self.start_number)
        self.begun_s = clock.now()

    def should_die(self) -> bool:
        after_s = self.scene.get("die_after_s")
        return (
            after_s is not None
            and self.start_number <= self.scene.get("times", 1)
            and clock.now() - self.begun_s > after_s
        )

    def messages(self) -> Any:
        """Yield messages, None while there is none, until the supervisor has gone."""
        while self.link.is_open:
            yield self.link.wait(0.02)
            if self.should_die():
                os._exit(self.scene.get("status", 9))

    def device(self) -> None:
        if not self.scene.get("silent") or self.start_number > self.scene.get("silent_times", 99):
            source = f"ring:{self.name}" if self.role == "capture" else f"evoke:{self.name}"
            info = StreamInfo(
                self.name, "eeg", "simulated", ("a",), ("uV",), ("eeg",), 10.0, "float32", source_id=source
            )
            self.link.send({"type": "declare", "streams": [info.to_json()]})
        self.link.send({"type": "health", "state": "failed", "message": self.scene.get("message", "")})
        mute = self.scene.get("mute") and self.start_number <= self.scene.get("times", 1)
        for message in self.messages():
            if not mute:
                self.link.send({"type": "health", "state": "live", "message": self.scene.get("message", "")})
            if message is not None and message["type"] == "stop":
                return

    def recorder(self) -> None:
        """Tell health and events; the scene's `script` is [[seconds after the list came, what], ...].

        What: {"states": {stream: state}} from then on, {"events": [[kind, payload], ...]} once.
        """
        stop: dict[str, Any] | None = None
        states: dict[str, str] = {}
        script = sorted(self.scene.get("script", []), key=lambda line: float(line[0]))
        listed_s: float | None = None
        told_s = 0.0
        for message in self.messages():
            now = clock.now()
            while script and listed_s is not None and now - listed_s >= script[0][0]:
                told = script.pop(0)[1]
                states |= told.get("states", {})
                for kind, payload in told.get("events", []):
                    event = Event(now, "recorder", 0, kind, payload=payload)
                    self.link.send({"type": "event", "event": event.to_json()})
                told_s = 0.0
            first_s, last_s = self.scene.get("stalls", (0.0, 0.0))
            stalls = listed_s is not None and first_s <= now - listed_s < last_s
            if states and not stalls and now - told_s >= 0.2:
                told_s = now
                streams = {name: {"state": state, "last_s": None} for name, state in states.items()}
                self.link.send({"type": "health", "streams": streams} | self.scene.get("health", {}))
            if message is None:
                continue
            if message["type"] == "streams":
                listed_s = now if listed_s is None else listed_s
                states = {entry["id"]: "live" for entry in message["expected"]} | states
                self._note("streams", [entry["id"] for entry in message["expected"]])
                if not self.scene.get("unready"):
                    self.link.send({"type": "ready"})
            elif message["type"] == "stop":
                stop = message
                break
        if stop is not None:
            self._note("stop", stop["cutoff_s"])
            self.link.send({"type": "closed", "parts": 1, "samples": {}})

    def presenter(self) -> None:
        journal = Journal(self.paths.journal("presenter"), "presenter", self._copy)
        self.link.send({"type": "ready"})
        self.link.send({"type": "health", "state": "waiting", "interrupted": self.start_number > 1})
        ends_s: float | None = None
        left_s = 0.0
        stops_after_s = float(self.scene.get("trial_s", 0.1))
        trials = [list(pair) for pair in self.scene.get("trials", [])]
        begun_s: float | None = None
        told = [list(line) for line in self.scene.get("tells", [])]
        closing = False
        for message in self.messages():
            while begun_s is not None and told and clock.now() - begun_s >= told[0][0]:
                _, kind, payload = told.pop(0)
                if kind == "health":
                    self.link.send({"type": "health", "state": "running"} | payload)
                else:
                    journal.append(kind, 0, "form", payload)
            while begun_s is not None and trials and clock.now() - begun_s >= trials[0][0]:
                kind = "trial_started" if len(trials[0]) == 2 else "trial_ended"
                journal.append(kind, 0)
                trials[0].pop(0)
                trials = [pair for pair in trials if pair]
            if self.scene.get("talks"):
                self.link.send({"type": "health", "state": "running"})
            if message is not None:
                self._note("told", message.get("name", message["type"]))
                if message["type"] == "start" or message.get("name") == "next":
                    journal.append("stage_started", stage="fixation", payload={"kind": "fixation"})
                    begun_s = clock.now()
                    ends_s = begun_s + float(self.scene.get("lasts_s", 0.4))
                elif message["type"] == "stop":
                    ends_s = clock.now() + stops_after_s
                elif message.get("name") == "pause_after_trial" and ends_s is not None:
                    left_s, ends_s = ends_s - clock.now(), None
                    journal.append("paused", payload={"by": message["by"]})
                    self.link.send({"type": "health", "state": "paused"})
                elif message.get("name") == "resume":
                    ends_s = clock.now() + left_s
                    journal.append("resumed", payload={"by": message.get("by", "operator")})
                    self.link.send({"type": "health", "state": "running"})
                elif message.get("name") in ("abort", "end"):
                    debriefs_s = self.scene.get("debriefs_s")
                    if debriefs_s is not None and not closing:
                        closing, ends_s = True, clock.now() + debriefs_s
                        self.link.send({"type": "health", "state": "running", "closing": "aborted"})
                        continue
                    self.link.send({"type": "finished", "reason": "aborted"})
                    break
            if ends_s is not None and clock.now() > ends_s:
                self.link.send({"type": "finished", "reason": "aborted" if closing else "completed"})
                break
        journal.close()

    def monitor(self) -> None:
        """Judge every stream the scene names, or all as good; 'crash' and 'silent' say nothing."""
        streams = self.scene.get("streams", {"eeg": {"verdict": "passed"}, "camera": {"verdict": "passed"}})
        told_s = 0.0
        for message in self.messages():
            if message is not None and message["type"] == "stop":
                return
            if not self.scene.get("silent") and clock.now() - told_s > 0.1:
                told_s = clock.now()
                seconds = told_s - self.begun_s + float(self.scene.get("head_start_s", 0.0))
                judged = {name: {"seconds": seconds, "problems": []} | told for name, told in streams.items()}
                self.link.send({"type": "quality", "streams": judged})

    def curtain(self) -> None:
        """Hang, and note when it went up and came down."""
        self._note("up", True)
        self.link.send({"type": "ready"})
        self.link.send({"type": "awake", "holder": "curtain", "held": ["saver"], "not_held": {}})
        for message in self.messages():
            if message is not None and message["type"] == "stop":
                break
        self._note("down", True)

    def sounder(self) -> None:
        """Note what would have sounded."""
        outputs = {"alarm": "a", "stimulus": "b", "shared": False, "problem": ""}
        self.link.send({"type": "outputs"} | outputs | self.scene.get("outputs", {}))
        for message in self.messages():
            if message is not None and message["type"] == "stop":
                return
            if message is not None and message["type"] == "sound":
                self._note("sound", message["level"])

    def finisher(self) -> None:
        self.link.send({"type": "progress", "done": 0.5})
        if self.scene.get("message"):
            self.link.send({"type": "failed", "message": self.scene["message"]})
            sys.exit(1)
        if self.should_die() or self.start_number <= self.scene.get("dies", 0):
            os._exit(9)
        self.paths.final.write_bytes(b"session")
        self.link.send({"type": "result", "path": self.paths.final.name, "sha256": "abc", "parts": 1})
        time.sleep(0.05)

    def _copy(self, event: Any) -> None:
        if event.kind != "journal_opened":
            self.link.send({"type": "event", "event": event.to_json()})

    def _note(self, kind: str, value: Any) -> None:
        with (self.paths.folder / f"{self.role}.notes").open("a") as file:
            file.write(json.dumps([kind, value, clock.now()]) + "\n")


ROLES = {
    "_bridge": "bridge",
    "_capture": "capture",
    "_recorder": "recorder",
    "_presenter": "presenter",
    "_finish": "finisher",
    "_monitor": "monitor",
    "_sounder": "sounder",
    "_curtain": "curtain",
}


def main(arguments: list[str]) -> None:
    role = ROLES[arguments[0]]
    live = Path(arguments[arguments.index("--live") + 1])
    name = arguments[arguments.index("--device") + 1] if "--device" in arguments else role
    actor = Actor(role, live, name)
    getattr(actor, "device" if role in ("bridge", "capture") else role)()


if __name__ == "__main__":
    main(sys.argv[1:])
