"""A session without devices: plays the supervisor and fills the rings, so that windows have something real.

`python -m tests.helpers.live_session FOLDER [SECONDS]` runs one by itself and prints its live folder.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from app import clock
from app.link import LinkServer, Message, Peer
from app.plan import Lock, SessionPaths, SessionPlan
from app.ring import BlobRingWriter, SampleRingWriter

STAGES = (
    ("fixation", "fixation", 0.5),
    ("picture", "picture", 3.5),
    ("likert", "questionnaire", 4.0),
    ("typing", "typing", 7.5),
)
NAME = "sub-sim01_ses-01_task-demo_run-01"


def stream(
    stream_id: str, kind: str, rate_hz: float, count: int, unit: str, dtype: str = "float32"
) -> StreamInfo:
    """Describe a simulated stream with `count` channels of one kind."""
    labels = tuple(f"{kind}-{place + 1}" for place in range(count)) if count > 1 else (kind,)
    return StreamInfo(stream_id, kind, "simulated", labels, (unit,) * count, (kind,) * count, rate_hz, dtype)


STREAMS = (
    stream("eeg", "eeg", 250, 16, "uV"),
    stream("wristband-bvp", "bvp", 64, 1, ""),
    stream("wristband-eda", "eda", 4, 1, "uS"),
    stream("wristband-temperature", "temperature", 4, 1, "degC"),
    stream("wristband-acceleration", "acceleration", 32, 3, "g"),
    stream("microphone", "audio", 44100, 1, "", "int16"),
    stream("camera", "video", 15, 1, "", "jpeg"),
)


def signal_of(info: StreamInfo, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return plausible values (n, channels) of a stream at `times`."""
    return np.asarray(_signal(info, times), dtype=np.float64)


def _signal(info: StreamInfo, times: NDArray[np.float64]) -> Any:
    count = len(info.channels)
    random = np.random.default_rng(int(times[0] * 1000) % 2**32)
    noise = random.standard_normal((len(times), count))
    t = times[:, None]
    places = np.arange(count)[None, :]
    if info.kind == "eeg":
        alpha = 22 * np.sin(2 * np.pi * 10 * t + places) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.2 * t + places))
        return 9 * noise + alpha + 40 * np.sin(2 * np.pi * 0.15 * t + places)
    if info.kind == "bvp":
        phase = (t * 1.13) % 1.0
        return (
            np.exp(-((phase - 0.2) ** 2) / 0.006) + 0.35 * np.exp(-((phase - 0.5) ** 2) / 0.01) + 0.01 * noise
        )
    if info.kind == "eda":
        return 4.2 + 0.5 * np.exp(-((t % 9) / 3.0)) + 0.004 * noise
    if info.kind == "temperature":
        return 33.1 + 0.05 * np.sin(t / 7) + 0.005 * noise
    if info.kind == "acceleration":
        return np.array([0.05, -0.3, 0.94])[None, :count] + 0.01 * noise
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 0.4 * t)
    return 6000 * envelope * np.sin(2 * np.pi * 180 * t) + 200 * noise


@dataclass
class LiveSession:
    """Plays supervisor, recorder, presenter and devices of one session in this process."""

    folder: Path
    streams: tuple[StreamInfo, ...] = STREAMS
    phase: str = "waiting"
    lost: dict[str, str] = field(default_factory=dict)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    message: str = ""
    participant: str = "sim01"
    restarts: int = 0
    finishing: float = 0.0
    file: str = ""
    commands: list[Message] = field(default_factory=list)
    quality: dict[str, Any] = field(default_factory=dict)
    checks: dict[str, Any] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    attentions: list[dict[str, Any]] = field(default_factory=list)
    notes_of_attention: list[Message] = field(default_factory=list)
    participant_input: bool = False

    def __post_init__(self) -> None:
        self.paths = SessionPaths(self.folder, NAME)
        self.paths.live.mkdir(parents=True, exist_ok=True)
        self.plan = SessionPlan(
            uuid=str(uuid.uuid4()),
            name=NAME,
            origin="automatic",
            study="Demo",
            participant=self.participant,
            schedule={"protocol": "demo"},
            auto=True,
        )
        self.plan.save(self.paths.plan)
        self._stopping = threading.Event()
        self._started_s: float | None = None

    def __enter__(self) -> LiveSession:
        self.server = LinkServer(self._on_message, lambda peer: None)
        Lock.of_this_process(self.server.port, self.server.token, self.plan.uuid).write(self.paths.lock)
        self._threads = [
            threading.Thread(target=self._feed, name="feed", daemon=True),
            threading.Thread(target=self._tell, name="tell", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End like a killed supervisor: the link breaks, the folder stays."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(5.0)
        self.server.close()
        if self.plan.runtime.exists():
            for path in self.plan.runtime.iterdir():
                path.unlink()
            self.plan.runtime.rmdir()

    def names(self) -> list[str]:
        """Return the names of the commands that arrived."""
        return [str(command["name"]) for command in list(self.commands)]

    def tell(self) -> None:
        """Send the state to every console now."""
        self.server.broadcast(self.state(), "console")

    def state(self) -> Message:
        """Return the `state` message."""
        elapsed_s = 0.0 if self._started_s is None else clock.now() - self._started_s
        return {
            "type": "state",
            "phase": self.phase,
            "session": {
                "name": self.plan.name,
                "participant": self.plan.participant,
                "protocol": "demo",
                "uuid": self.plan.uuid,
                "study": "Demo",
                "origin": self.plan.origin,
            },
            "processes": {
                "recorder": {"role": "recorder", "pid": 1, "alive": True, "restarts": self.restarts},
                "presenter": {"role": "presenter", "pid": 2, "alive": True, "restarts": 0},
            },
            "devices": {},
            "recorder": {
                "part": 1,
                "flushed_s": clock.now(),
                "streams": {info.id: self._health(info) for info in self.streams},
            },
            "presenter": self._presenter(elapsed_s),
            "disk_minutes_left": 312.0,
            "elapsed_s": elapsed_s,
            "participant_input": self.participant_input,
            "alarms": list(self.alarms),
            "message": self.message,
            "quality": dict(self.quality),
            "checks": dict(self.checks),
            "attentions": [dict(attention) for attention in self.attentions],
            "finishing": {"done": self.finishing},
            "file": self.file,
        }

    def _health(self, info: StreamInfo) -> dict[str, Any]:
        condition = self.lost.get(info.id, "live")
        rate_hz = info.rate_hz if condition == "live" else 0.0
        gaps = self.gaps.get(info.id, 0)
        return {
            "state": condition,
            "rate_hz": rate_hz,
            "samples": 1,
            "last_s": clock.now(),
            "lost": 125 * gaps,
            "gaps": gaps,
        }

    def _presenter(self, elapsed_s: float) -> dict[str, Any]:
        if self.phase not in ("running", "paused"):
            return {"state": "waiting"}
        total = sum(seconds for _, _, seconds in STAGES)
        trial, within = divmod(elapsed_s, total)
        place = 0
        while within > STAGES[place][2]:
            within -= STAGES[place][2]
            place += 1
        name, kind, seconds = STAGES[place]
        return {
            "state": self.phase,
            "stage": place,
            "stage_name": name,
            "kind": kind,
            "trial": int(trial) % 16,
            "trials": 16,
            "stage_started_s": clock.now() - within,
            "stage_s": seconds,
            "next": STAGES[(place + 1) % len(STAGES)][0],
            "dropped_frames": 0,
            "remaining_s": max(0.0, 16 * total - elapsed_s),
        }

    def _on_message(self, peer: Peer, message: Message) -> None:
        if message["type"] == "hello":
            peer.send(self.state())
        if message["type"] == "attention_noted":
            self.notes_of_attention.append(message)
            for attention in self.attentions:
                attention["noted"] = attention["noted"] or attention["id"] == message["id"]
            self.tell()
        if message["type"] != "command":
            return
        self.commands.append(message)
        name = str(message["name"])
        if name == "start":
            self._started_s = clock.now()
        phases = {"start": "running", "pause": "paused", "resume": "running", "abort": "finishing"}
        self.phase = phases.get(name, self.phase)
        self.tell()

    def _tell(self) -> None:
        while not self._stopping.wait(0.25):
            self.tell()

    def _feed(self) -> None:
        from app.devices.generated import face_frames

        runtime = self.plan.runtime
        writers = {
            info.id: SampleRingWriter(self.plan.ring(info.id), info, 10.0)
            for info in self.streams
            if not info.is_blob
        }
        cameras = {
            info.id: BlobRingWriter(self.plan.ring(info.id), info, 160, 12_000_000)
            for info in self.streams
            if info.is_blob
        }
        written = {info.id: 0 for info in self.streams}
        begun_s = clock.now() - 10.0
        while not self._stopping.wait(0.03):
            now = clock.now()
            for info in self.streams:
                due = int((now - begun_s) * info.rate_hz)
                first = written[info.id]
                if self.lost.get(info.id, "live") != "live" or due <= first:
                    continue
                written[info.id] = due
                if info.is_blob:
                    frames = face_frames()
                    cameras[info.id].append(now, frames[due % len(frames)], now)
                else:
                    times = begun_s + np.arange(first, due) / info.rate_hz
                    values = signal_of(info, times).astype(info.dtype)
                    writers[info.id].append(times, values, now)
        del writers, cameras, runtime


def main(arguments: list[str]) -> None:
    """Run a session until killed, or for some seconds."""
    seconds = float(arguments[1]) if len(arguments) > 1 else 3600.0
    with LiveSession(Path(arguments[0])) as session:
        sys.stdout.write(f"{session.paths.live}\n")
        sys.stdout.flush()
        time.sleep(seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
