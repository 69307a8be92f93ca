"""Finishing: from the parts and journals of a live folder to one read-only session file.

Whatever moment it is killed in, it can start again and gives the same file: nothing of the live folder
is touched before the finished file is verified and has its name.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.records import Event
from analysis.session_file import SessionFileError, file_sha256, open_session, verify
from analysis.session_finished import READ_BACK, Head, close_all, write_finished
from analysis.session_merge import PLANNED, LastRow, LostPart, Part, open_part
from analysis.session_summary import utc_text
from analysis.session_tables import in_order
from app import away
from app.events import read_journal
from app.link import Link, LinkError
from app.plan import Lock, SessionPaths, SessionPlan
from app.recorder.losses import boot_of, by_boot, lost_tails
from app.recorder.report import part_attributes
from app.settings import write_atomically
from stimuli.problems import EvokeError

Progress = Callable[[float], None]
OVERVIEW_S = 3.0
OVERVIEW_BYTES = 400_000_000
"""A larger file would keep the operator waiting for its overview."""


class FinishingError(EvokeError):
    """A session could not be finished; what was recorded is untouched."""


@dataclass(frozen=True, slots=True)
class FinishResult:
    """A finished file: of how many parts, the seconds lost a stream, its SHA-256.

    `was_finished` says that it had been finished before. `more` are the files of later runs of the
    machine, whose times cannot be compared with these.
    """

    path: Path
    parts: int
    lost_s: Mapping[str, float]
    sha256: str
    was_finished: bool = False
    more: tuple[FinishResult, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what `evoke recover --json` prints."""
        return {"path": str(self.path), "parts": self.parts, "lost_s": dict(self.lost_s)}


@dataclass(frozen=True, slots=True)
class _Run:
    """What belongs to one run of the machine, and so into one file."""

    boot: str
    paths: SessionPaths
    plan: SessionPlan
    parts: tuple[Part | LostPart, ...]
    events: tuple[Event, ...]
    damaged_lines: int = 0
    closed_in_order: bool = False


def finish(paths: SessionPaths, progress: Progress | None = None) -> FinishResult:
    """Make the session's file and remove its live folder; raises FinishingError.

    `progress` gets the share that is done, from 0 to 1.
    """
    progress = progress or _silent
    try:
        return _finish(paths, progress)
    except SessionFileError as error:
        raise FinishingError(f"{error} What was recorded is untouched in {paths.live}.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise FinishingError(
            f"{paths.final}: cannot be written: {reason}. Free some space or mend the permissions, then"
            f" `evoke recover {paths.live}`; what was recorded is safe there."
        ) from error


def _finish(paths: SessionPaths, progress: Progress) -> FinishResult:
    parts = [open_part(path) for path in paths.parts()]
    try:
        plan = _plan(paths, parts)
        runs = _runs(paths, plan, parts)
        results = [_finish_run(run, _share(progress, i, len(runs))) for i, run in enumerate(runs)]
    finally:
        close_all(parts)
    _clear(paths, plan)
    progress(1.0)
    first = results[0]
    return replace(first, more=tuple(results[1:]))


def _plan(paths: SessionPaths, parts: Sequence[Part | LostPart]) -> SessionPlan:
    try:
        return SessionPlan.load(paths.plan)
    except (OSError, ValueError, KeyError, TypeError):
        # Every part carries the plan; the file itself may be lost with a power cut or half removed.
        for part in parts:
            if isinstance(part, Part):
                return _plan_in(part.session.attributes)
    if paths.final.exists():
        with open_session(paths.final) as session:
            return _plan_in(session.attributes)
    raise FinishingError(
        f"{paths.live}: holds neither a readable session.json nor a readable part: nothing can be finished."
        " Remove the folder if nothing in it is needed."
    )


def plan_of(path: Path) -> SessionPlan:
    """Return the plan that a session file was recorded by; raises SessionFileError."""
    with open_session(path) as session:
        return replace(_plan_in(session.attributes), schedule=session.protocol.get("schedule"))


def _plan_in(attributes: Mapping[str, Any]) -> SessionPlan:
    names = set(SessionPlan.__dataclass_fields__)
    values = {name: value for name, value in attributes.items() if name in names}
    lists = {name: tuple(values.get(name) or ()) for name in ("devices", "done", "exposed")}
    rows = {name: tuple(map(tuple, values.get(name) or ())) for name in ("chosen", "answers")}
    return SessionPlan(**values | lists | rows)


def _runs(paths: SessionPaths, plan: SessionPlan, parts: Sequence[Part | LostPart]) -> list[_Run]:
    journals = {path: read_journal(path) for path in sorted(paths.live.glob("*.jsonl"))}
    events = by_boot({path: contents.events for path, contents in journals.items()})
    damaged = sum(contents.damaged_lines for contents in journals.values())
    boots: dict[str, list[Part | LostPart]] = {}
    boot = ""
    for part in parts:
        if isinstance(part, Part):
            boot = boot_of(part.session.attributes) or boot
        # A part of which nothing can be read lies between its neighbours.
        boots.setdefault(boot, []).append(part)
    if len(boots) > 1 and "" in boots:
        unknown = boots.pop("")
        next(iter(boots.values()))[:0] = unknown
    order = sorted(events, key=lambda boot: min(_utc_of(events[boot]), default=0.0))
    for boot in order:
        boots.setdefault(boot, [])
    boots = {boot: boots[boot] for boot in sorted(boots, key=lambda b: order.index(b) if b in order else -1)}
    runs: list[_Run] = []
    for boot, own in boots.items():
        if not own and runs:
            # Nothing was recorded after that restart: its few events would not make a session.
            continue
        run_paths, run_plan = _numbered(paths, plan, boot, len(runs))
        last = own[-1] if own else None
        # After a planned end the next part should have come.
        closed = last is None or (isinstance(last, Part) and last.end_reason not in ("", *PLANNED))
        found = tuple(in_order(events.get(boot, [])))
        runs.append(_Run(boot, run_paths, run_plan, tuple(own), found, 0 if runs else damaged, closed))
    return runs or [_Run("", paths, plan, (), (), damaged, True)]


def _utc_of(events: Sequence[Event]) -> list[float]:
    return [float(event.payload.get("utc_s", 0.0)) for event in events if event.kind == "journal_opened"]


def _numbered(
    paths: SessionPaths, plan: SessionPlan, boot: str, number: int
) -> tuple[SessionPaths, SessionPlan]:
    """Return name and plan of the file for run `number` of the machine, the first keeping the session's."""
    if number == 0:
        return paths, plan
    own = str(uuid.uuid5(uuid.UUID(plan.uuid) if _is_uuid(plan.uuid) else uuid.NAMESPACE_OID, boot))
    run = plan.run
    while True:
        run += 1
        name, count = re.subn(r"run-\d+", f"run-{run:02d}", paths.name)
        candidate = SessionPaths(paths.folder, name if count else f"{paths.name}_run-{run:02d}")
        if not candidate.live.exists() and (not candidate.final.exists() or _uuid_of(candidate.final) == own):
            break
    return candidate, replace(plan, uuid=own, name=candidate.name, run=run, continues=plan.uuid)


def _is_uuid(text: str) -> bool:
    with contextlib.suppress(ValueError):
        uuid.UUID(text)
        return True
    return False


def _uuid_of(path: Path) -> str:
    with open_session(path) as session:
        return str(session.attributes.get("uuid", ""))


def _finish_run(run: _Run, progress: Progress) -> FinishResult:
    paths = run.paths
    if paths.final.exists():
        return _finished_before(run, progress)
    head = _head(run)

    def losses(rows: Mapping[str, LastRow]) -> Mapping[str, float]:
        return lost_tails(run.events, rows, run.closed_in_order)

    lost_s = write_finished(paths.partial, head, run.parts, run.events, losses, progress)
    size = max(1, paths.partial.stat().st_size)
    sha256 = file_sha256(paths.partial, lambda done: progress(READ_BACK + (1 - READ_BACK) * done / size))
    paths.partial.chmod(0o444)
    if paths.final.exists():
        raise FinishingError(f"{paths.final}: exists already. Nothing is ever overwritten: move it away.")
    paths.partial.rename(paths.final)
    _sync_folder(paths.folder)
    _keep_checksum(run, sha256)
    return FinishResult(paths.final, len(run.parts), lost_s, sha256)


def _finished_before(run: _Run, progress: Progress) -> FinishResult:
    """Take the file that an earlier try has finished, once it is found sound."""
    path = run.paths.final
    if _uuid_of(path) != run.plan.uuid:
        raise FinishingError(
            f"{path}: is the file of another session. Nothing is ever overwritten: move it away, then"
            f" `evoke recover {run.paths.live}`."
        )
    result = finished_result(path)
    _keep_checksum(run, result.sha256)
    progress(1.0)
    return result


def finished_result(path: Path) -> FinishResult:
    """Verify a finished file and tell of it; raises SessionFileError."""
    listed = SessionPaths(path.parent, path.stem).checksum
    sha256 = file_sha256(path)
    if listed.exists() and listed.read_text(encoding="utf-8").split()[:1] != [sha256]:
        raise SessionFileError(
            f"{path}: its checksum differs from {listed.name}: it was changed or damaged."
            " Restore it from a backup."
        )
    verify(path)
    with open_session(path) as session:
        tails = {
            name: float(stream.attributes.get("lost_s", stream.attributes.get("lost_tail_s", 0.0)))
            for name, stream in session.streams.items()
        }
        parts = int(session.end.totals.get("parts", 0))
    return FinishResult(path, parts, tails, sha256, was_finished=True)


def _keep_checksum(run: _Run, sha256: str) -> None:
    if not run.plan.study and not run.paths.checksum.exists():
        write_atomically(run.paths.checksum, f"{sha256}  {run.paths.final.name}\n")


def _head(run: _Run) -> Head:
    plan, events = run.plan, run.events
    attributes = part_attributes(plan)
    del attributes["protocol_yaml"], attributes["schedule"]
    screens = [event.payload for event in events if event.kind == "screen"]
    attributes |= {
        "boot_id": run.boot,
        "created": plan.created_utc,
        "started_utc": _started_utc(plan, events),
        "screen": screens[-1] if screens else {},
    }
    stand_ins = sorted({str(event.payload["stimulus"]) for event in events if event.kind == "placeholder"})
    if stand_ins:
        attributes["placeholders"] = stand_ins
    reason, ended = _ending(events)
    return Head(
        attributes,
        plan.protocol_yaml,
        plan.schedule,
        reason,
        ended and run.closed_in_order,
        {"damaged_journal_lines": run.damaged_lines},
    )


def _started_utc(plan: SessionPlan, events: Sequence[Event]) -> str:
    anchors = [e for e in events if e.kind in ("clock_anchor", "journal_opened") and "utc_s" in e.payload]
    starts = [e.time for e in events if e.kind == "session_started"] or [e.time for e in events[:1]]
    if not anchors or not starts:
        return plan.created_utc
    nearest = min(anchors, key=lambda anchor: abs(anchor.time - starts[0]))
    payload = nearest.payload
    return utc_text(float(payload["utc_s"]) + starts[0] - float(payload["monotonic_s"]))


def _ending(events: Sequence[Event]) -> tuple[str, bool]:
    """Return why the session ended and whether anybody ended it."""
    reasons = [
        str(e.payload.get("reason", ""))
        for e in events
        if e.kind == "session_ended" and "reason" in e.payload
    ]
    supervised = any(e.kind == "session_ended" and e.source == "supervisor" for e in events)
    return (reasons[-1] if reasons else "interrupted"), supervised


def _clear(paths: SessionPaths, plan: SessionPlan) -> None:
    """Remove what the finished file has made superfluous, the plan last: it names the rings."""
    shutil.rmtree(plan.runtime, ignore_errors=True)
    if not paths.live.exists():
        return
    for path in sorted(paths.live.rglob("*"), reverse=True):
        if path != paths.plan:
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    shutil.rmtree(paths.live)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _silent(_: float) -> None:
    """Tell nobody."""


def _share(progress: Progress, number: int, count: int) -> Progress:
    return lambda done: progress((number + done) / count)


def main(live: Path) -> int:
    """Finish as a child process of the supervisor: progress and result go over the session's link."""
    paths = SessionPaths.of_live(live)
    link = _link(paths)

    def send(message: Mapping[str, Any]) -> None:
        if link is not None:
            link.send(message)

    told = [-1.0]

    def progress(done: float) -> None:
        if done - told[0] >= 0.01 or done >= 1.0:
            told[0] = done
            send({"type": "progress", "done": round(done, 3)})

    with contextlib.suppress(AttributeError, OSError):
        # The next session may already run beside it.
        os.nice(10)
    try:
        result = finish(paths, progress)
    except FinishingError as error:
        send({"type": "failed", "message": str(error), "safe": f"Everything is in {live}."})
        sys.stderr.write(f"{error}\n")
        return 1
    send({"type": "result", **result.to_json(), "sha256": result.sha256})
    prepare_overview(result.path)
    if link is not None:
        link.close()
    return 0


def prepare_overview(path: Path) -> None:
    """Make what review draws long recordings from, if that is done in a moment; else at the first look.

    The file is finished and told of: whatever happens here harms nothing.
    """
    until_s = time.monotonic() + OVERVIEW_S
    with contextlib.suppress(Exception):
        # What is still to be brought into its study leaves nothing beside it.
        if path.stat().st_size <= OVERVIEW_BYTES and away.Belongs.read(path.parent) is None:
            from analysis.overview import open_overview

            open_overview(path, cancelled=lambda: time.monotonic() > until_s).close()


def _link(paths: SessionPaths) -> Link | None:
    lock = Lock.read(paths.lock)
    if lock is None:
        return None
    with contextlib.suppress(LinkError):
        return Link(lock.port, lock.token, "finisher", "finisher", os.getpid())
    return None
