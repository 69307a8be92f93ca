"""A session's plan and its places on disk: what every process of a session reads at its start.

While a session runs everything of it lies in `NAME.live/`: the plan, the lock, the journals, the
parts. Finishing writes `NAME.h5` beside it and removes the folder; `NAME.logs/` stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from analysis.records import Origin
from app import away, clock
from app.events import read_journal
from app.settings import runtime_folder, write_atomically

LIVE_SUFFIX = ".live"


@dataclass(frozen=True, slots=True)
class SessionPaths:
    """Where the files of session `name` lie in `folder`."""

    folder: Path
    name: str

    @classmethod
    def of_live(cls, live: Path) -> SessionPaths:
        """Return the places of the session whose live folder is `live`.

        Where that only holds the place for a session that this user records elsewhere, those.
        """
        return cls(away.recorded_in(live) or live.parent, live.name.removesuffix(LIVE_SUFFIX))

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
    stimuli are named by set and id; `stimulus_folder` says where a set that is not bundled lies, seen
    from the live folder. `continues` is the uuid of the session that broke off, `done` the trials that
    need not be done again, and `exposed` those others whose stimulus was seen; `chosen` are the stimuli that
    were chosen for any of these, (trial, stimulus), and `answers` those that choosing goes by, (trial,
    stimulus, item, value). `consent` is the participant's (`app.consent`), empty where none is needed.
    `language` is the participant's, "" for the protocol's first. `look` is how the participant's screen is
    set up (`palette`, `text_scale`, `screen`, `corner_patch`, `calibration`).
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
    stimulus_folder: str = ""
    devices: tuple[Mapping[str, Any], ...] = ()
    window: Literal["screen", "null", "none"] = "screen"
    auto: bool = False
    characters: bool = False
    network: bool = False
    consent: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    accept: str = ""
    continues: str = ""
    done: tuple[int, ...] = ()
    exposed: tuple[int, ...] = ()
    chosen: tuple[tuple[int, str], ...] = ()
    answers: tuple[tuple[int, str, str, Any], ...] = ()
    rehearsal: bool = False
    language: str = ""
    group: str = ""
    look: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        write_atomically(path, json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> SessionPlan:
        """Read what `save` wrote; raises OSError or ValueError."""
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError(f"{path.name} holds no plan")
        for name in ("devices", "done", "exposed"):
            values[name] = tuple(values.get(name, ()))
        for name in ("chosen", "answers"):
            values[name] = tuple(map(tuple, values.get(name, ())))
        return cls(**values)

    def refuses(self, modality: str) -> bool:
        """Whether the participant refused `camera`, `voice`, `typed_text` or `body`."""
        streams = self.consent.get("streams") if isinstance(self.consent, Mapping) else None
        return isinstance(streams, Mapping) and streams.get(modality) is False

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


def at_work(paths: SessionPaths) -> dict[str, int]:
    """Return which of a session's recorder and presenter still run, by role with their pids.

    They outlive a killed supervisor until the trial has ended: before that nothing must be finished.
    """
    try:
        events = read_journal(paths.journal("supervisor")).events
    except OSError:
        return {}
    pids: dict[str, int] = {}
    for event in events:
        if event.kind == "process_started" and event.payload.get("role") in ("recorder", "presenter"):
            pids[event.payload["role"]] = int(event.payload["pid"])
    return {role: pid for role, pid in pids.items() if _serves(pid, paths.live.name)}


def _serves(pid: int, live_name: str) -> bool:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        # The number may have gone to a stranger since.
        named = any(live_name in argument for argument in process.cmdline())
        return named and process.status() != psutil.STATUS_ZOMBIE
    return False


@dataclass(frozen=True, slots=True)
class Lock:
    """Who runs a session, and where to reach it.

    `finishing` says that nothing is recorded any more and the session file is being written, so that
    the next session may start.
    """

    pid: int
    started: float
    boot_id: str
    port: int
    token: str
    uuid: str
    host: str = ""
    finishing: bool = False

    @classmethod
    def of_this_process(cls, port: int, token: str, uuid: str) -> Lock:
        """Describe this process as the session's supervisor."""
        started = psutil.Process().create_time()
        return cls(os.getpid(), started, clock.boot_id(), port, token, uuid, socket.gethostname())

    def write(self, path: Path) -> None:
        """Write for this user's eyes only, in one step."""
        temporary = path.with_name(path.name + ".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(self), file)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    @classmethod
    def read(cls, path: Path) -> Lock | None:
        """Return the lock in `path`; None where there is none or it is damaged."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def is_of_this_machine(self) -> bool:
        """Whether the owner ran here: another machine's processes cannot be looked at from here."""
        return self.host in ("", socket.gethostname())

    @property
    def is_alive(self) -> bool:
        """Whether its owner still runs: same boot, same pid, same start time."""
        if self.boot_id != clock.boot_id():
            return False
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            # A dead one whose parent has not looked yet (a console, for one) still has its number.
            is_dead = process.status() == psutil.STATUS_ZOMBIE
            return not is_dead and abs(process.create_time() - self.started) < 1.0
        return False
