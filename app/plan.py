"""A session's plan and its places on disk: what every process of a session reads at its start.

While a session runs everything of it lies in `NAME.live/`: the plan, the lock, the journals, the
parts. Finishing writes `NAME.h5` beside it and removes the folder; `NAME.logs/` stays.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from analysis.records import Origin
from app import clock
from app.settings import runtime_folder, write_atomically

LIVE_SUFFIX = ".live"


@dataclass(frozen=True, slots=True)
class SessionPaths:
    """Where the files of session `name` lie in `folder`."""

    folder: Path
    name: str

    @classmethod
    def of_live(cls, live: Path) -> SessionPaths:
        """Return the places of the session whose live folder is `live`."""
        return cls(live.parent, live.name.removesuffix(LIVE_SUFFIX))

    @property
    def live(self) -> Path:
        """The folder of the running session."""
        return self.folder / f"{self.name}{LIVE_SUFFIX}"

    @property
    def plan(self) -> Path:
        """The session's plan (JSON)."""
        return self.live / "session.json"

    @property
    def lock(self) -> Path:
        """The supervisor's lock."""
        return self.live / "session.lock"

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs, which outlives the session."""
        return self.folder / f"{self.name}.logs"

    @property
    def final(self) -> Path:
        """The finished session file."""
        return self.folder / f"{self.name}.h5"

    @property
    def partial(self) -> Path:
        """The finished session file while it is being written."""
        return self.folder / f"{self.name}.h5.partial"

    @property
    def checksum(self) -> Path:
        """The finished file's SHA-256, where no study keeps it."""
        return self.folder / f"{self.name}.h5.sha256"

    def part(self, number: int) -> Path:
        """Return part `number` (from 1) of the live recording."""
        return self.live / f"{self.name}_part-{number:03d}.h5"

    def parts(self) -> list[Path]:
        """Return the parts that exist, in order."""
        return sorted(self.live.glob("*_part-*.h5"))

    def journal(self, source: str) -> Path:
        """Return the journal of `presenter`, `supervisor` or `recorder`."""
        return self.live / f"{source}.jsonl"


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """All that is decided before a session starts; never changed afterwards.

    `devices` are entries of the devices file. `schedule` is `protocols.schedule.Schedule.to_json()`,
    None for a plain recording. `window` is `screen` (participant's window), `null` (virtual screen) or
    `none` (no presenter). `checks` are the results of the checks before the start. No absolute path:
    stimuli are named by set and id.
    """

    uuid: str
    name: str
    origin: Origin
    study: str = ""
    participant: str = ""
    session: int = 1
    run: int = 1
    created_utc: str = ""
    protocol_yaml: str = ""
    schedule: Mapping[str, Any] | None = None
    devices: tuple[Mapping[str, Any], ...] = ()
    window: Literal["screen", "null", "none"] = "screen"
    auto: bool = False
    characters: bool = False
    network: bool = False
    consent: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    accept: str = ""
    continues: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        write_atomically(path, json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> SessionPlan:
        """Read what `save` wrote; raises OSError or ValueError."""
        values = json.loads(path.read_text(encoding="utf-8"))
        values["devices"] = tuple(values["devices"])
        return cls(**values)

    @property
    def runtime(self) -> Path:
        """The session's folder of rings."""
        return runtime_folder(self.uuid)

    def ring(self, stream_id: str) -> Path:
        """Return the ring of stream `stream_id`."""
        return self.runtime / f"{stream_id}.ring"

    def source_id(self, stream_id: str) -> str:
        """Return the LSL source id of a stream that this session's own bridges publish."""
        return f"evoke:{self.uuid}:{stream_id}"


@dataclass(frozen=True, slots=True)
class Lock:
    """Who runs a session, and where to reach it."""

    pid: int
    started: float
    boot_id: str
    port: int
    token: str
    uuid: str

    @classmethod
    def of_this_process(cls, port: int, token: str, uuid: str) -> Lock:
        """Describe this process as the session's supervisor."""
        started = psutil.Process().create_time()
        return cls(os.getpid(), started, clock.boot_id(), port, token, uuid)

    def write(self, path: Path) -> None:
        """Write for this user's eyes only."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)

    @classmethod
    def read(cls, path: Path) -> Lock | None:
        """Return the lock in `path`; None where there is none or it is damaged."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def is_alive(self) -> bool:
        """Whether its owner still runs: same boot, same pid, same start time."""
        if self.boot_id != clock.boot_id():
            return False
        with contextlib.suppress(psutil.Error):
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1.0
        return False
