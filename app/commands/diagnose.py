"""`evoke diagnose`: packs what helps to find a fault, without signals, codes or text.

From a session go: the processes' logs (scrubbed), the journals as kinds and times, the streams' rates
and gaps. What people are called, answered or typed is left where it is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from analysis.records import Event
from app import distributions, system
from app.commands.scrubbing import Scrubber, texts_in
from app.events import read_journal
from app.plan import SessionPaths, SessionPlan
from stimuli.problems import EvokeError

LONGEST_LOG = 1_000_000
ROLES = ("supervisor", "recorder", "presenter", "console", "bridge", "capture", "finisher")
# What software calls things, not what people do: the only fields of an event that are packed.
NUMBERS = ("part", "status", "signal", "missing", "restarts")
VARIABLES = ("QT_QPA_PLATFORM", "XDG_SESSION_TYPE", "LANG", "PYTHONPATH", "LSLAPICFG")
ABOUT = """Made by `evoke diagnose` to find a fault in Evoke.

versions.json   Evoke, Python and packages
machine.json    operating system, processor, memory, disk, missing libraries
devices.json    what is plugged in and published
session-N/      of each session: logs of its processes, journals as kinds and times, rates and gaps

Left out: signals, pictures, sound, answers, typed text, notes, participants' codes, names of studies, of
this computer and of its user. Have a look before you send it on: it is plain text.
"""


class DiagnoseError(EvokeError):
    """The diagnosis cannot be written."""


def diagnose(args: argparse.Namespace) -> int:
    """Pack the diagnosis into a zip file and name it."""
    sessions = [place for path in args.session for place in _sessions_at(path)]
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    out: Path = args.out or Path(f"evoke-diagnosis-{stamp}.zip")
    scrub = Scrubber(
        (secret for paths in sessions for secret in _secrets(paths)),
        {str(paths.folder.absolute()): f"<session {number}>" for number, paths in enumerate(sessions, 1)},
    )
    files: dict[str, str] = {"README.txt": ABOUT}
    # Not scrubbed: a version such as 4.14.0.94 looks like an address.
    files["versions.json"] = json.dumps(_versions(), indent=1) + "\n"
    for name, collect in (("machine", _machine), ("devices", _devices)):
        files[f"{name}.json"] = _as_text(scrub, collect)
    for number, paths in enumerate(sessions, 1):
        for name, text in _session_files(paths, scrub):
            files[f"session-{number}/{name}"] = text
    try:
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    except FileExistsError as error:
        raise DiagnoseError(f"{out}: exists already. Name another file with --out.") from error
    except OSError as error:
        raise DiagnoseError(
            f"{out}: cannot be written ({error.strerror}). Name another with --out."
        ) from error
    if args.json:
        print(json.dumps({"path": str(out), "files": list(files), "sessions": len(sessions)}))
    else:
        print(f"{out}: {len(files)} files, {len(sessions)} sessions. No signals, codes or texts are in it.")
    return 0


def _sessions_at(path: Path) -> list[SessionPaths]:
    """Return the session that `path` is part of, or every session below a folder."""
    if not path.exists():
        raise DiagnoseError(f"{path}: there is no such file or folder.")
    for suffix in (".h5", ".live", ".logs"):
        if path.name.endswith(suffix):
            return [SessionPaths(path.parent, path.name.removesuffix(suffix))]
    found = {
        SessionPaths(inner.parent, inner.name.removesuffix(suffix))
        for suffix in (".h5", ".live", ".logs")
        for inner in path.rglob(f"*{suffix}")
    }
    if not found:
        raise DiagnoseError(f"{path}: there is no session here.")
    return sorted(found, key=lambda paths: (str(paths.folder), paths.name))


def _versions() -> dict[str, Any]:
    packages = {item.metadata["Name"]: item.version for item in metadata.distributions()}
    return {
        "evoke": distributions.version(),
        "python": sys.version,
        "packages": dict(sorted(packages.items())),
    }


def _machine() -> dict[str, Any]:
    disk = shutil.disk_usage(Path.cwd())
    libraries = (*system.WINDOW_LIBRARIES, *system.SOUND_LIBRARIES)
    return {
        "system": platform.system(),
        "release": platform.release(),
        "version": platform.version(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "memory_free_bytes": psutil.virtual_memory().available,
        "disk_bytes": disk.total,
        "disk_free_bytes": disk.free,
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "display": any(os.environ.get(name) for name in system.DISPLAY_VARIABLES),
        "missing_libraries": list(system.missing(libraries)),
        "explanations": [text for text in (system.explain_window(), system.explain_sound()) if text],
    }


def _devices() -> dict[str, Any]:
    from app.devices.discover import discover

    found = []
    for entry in discover():
        values = entry.to_json()
        details = values["details"]
        kept = {key: details[key] for key in details if key not in ("host", "hostname", "match", "serial")}
        found.append(values | {"details": kept})
    return {"devices": found}


def _as_text(scrub: Scrubber, collect: Callable[[], Mapping[str, Any]]) -> str:
    """Return what `collect` finds; a part that fails must not cost the rest of the diagnosis."""
    try:
        values = dict(collect())
    except Exception as error:
        values = {"failed": f"{type(error).__name__}: {error}"}
    return json.dumps(scrub.values(values), indent=1, ensure_ascii=False) + "\n"


def _secrets(paths: SessionPaths) -> Iterable[str]:
    """Yield what people of this session are called, answered and typed, as far as its files tell."""
    yield paths.name
    folder = paths.folder.absolute()
    if folder.parent.name.startswith("sub-"):
        yield from (folder.parent.name.removeprefix("sub-"), folder.parents[1].name)
    try:
        plan = SessionPlan.load(paths.plan)
        yield from (plan.participant, plan.study, plan.name, plan.accept)
        yield from _consenting(plan.consent)
    except (OSError, ValueError, TypeError, KeyError):
        pass
    for journal in paths.live.glob("*.jsonl"):
        for event in read_journal(journal).events:
            yield from _personal(event.payload)
    yield from _secrets_of_file(paths.final)


def _consenting(consent: Mapping[str, Any]) -> Iterable[str]:
    # What every session's log says anyway would leave holes in all of it.
    common = ("protocol", "language", "date")
    return texts_in({name: value for name, value in consent.items() if name not in common})


def _personal(payload: Mapping[str, Any]) -> Iterable[str]:
    for name in ("value", "text"):
        yield from texts_in(payload.get(name, ()))


def _secrets_of_file(path: Path) -> Iterable[str]:
    if not path.exists():
        return
    from analysis.session_file import open_session

    try:
        with open_session(path) as session:
            for name in ("participant", "study", "name"):
                yield str(session.attributes.get(name, ""))
            yield from _consenting(session.attributes.get("consent") or {})
            for event in session.events:
                yield from _personal(event.payload)
    except EvokeError:
        return


def _session_files(paths: SessionPaths, scrub: Scrubber) -> Iterable[tuple[str, str]]:
    for log in sorted(paths.logs.glob("*.log")):
        text = log.read_bytes()[-LONGEST_LOG:].decode("utf-8", "replace")
        yield f"{scrub.text(log.name)}", scrub.text(text)
    for journal in sorted(paths.live.glob("*.jsonl")):
        contents = read_journal(journal)
        yield journal.name, _event_lines(contents.events, damaged_lines=contents.damaged_lines)
    if paths.live.exists():
        sizes = {scrub.text(path.name): path.stat().st_size for path in sorted(paths.live.iterdir())}
        yield "live.json", json.dumps(sizes, indent=1) + "\n"
    if paths.final.exists():
        yield "summary.json", _as_text(scrub, lambda: _summary(paths.final))
        yield "events.jsonl", _events_of_file(paths.final)


def _event_lines(events: Iterable[Event], **more: int) -> str:
    lines = [json.dumps(_kind_and_time(event)) for event in events]
    return "\n".join([*lines, *([json.dumps(more)] if more else [])]) + "\n"


def _kind_and_time(event: Event) -> dict[str, Any]:
    """Return the event without its payload, but for the few fields that no person can fill."""
    payload = event.payload
    kept = {name: payload[name] for name in NUMBERS if isinstance(payload.get(name), int)}
    if payload.get("role") in ROLES:
        kept["role"] = payload["role"]
    return {
        "time_s": round(event.time, 6),
        "source": event.source,
        "seq": event.seq,
        "kind": event.kind,
    } | kept


def _events_of_file(path: Path) -> str:
    from analysis.session_file import open_session

    try:
        with open_session(path) as session:
            return _event_lines(session.events)
    except EvokeError as error:
        return json.dumps({"failed": type(error).__name__}) + "\n"


def _summary(path: Path) -> dict[str, Any]:
    from analysis.session_file import summary

    values = summary(path)
    personal = ("participant", "protocol", "study", "uuid", "path", "file")
    return {key: value for key, value in values.items() if key not in personal}
