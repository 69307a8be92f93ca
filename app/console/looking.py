"""What is there now: `evoke devices` in a process of its own, and what it means for a devices file. No Qt.

A driver that crashes while it looks takes no window with it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app import settings
from app.console.launcher import child_environment, command_line, what_it_said
from app.devices.entries import GENERATED, DeviceEntry
from app.devices.lsl import QUIET, THIS_MACHINE
from stimuli.problems import EvokeError

Presence = Literal["seen", "not seen", "unknown", "own"]
LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is there: what it is called and what a devices file would say to mean it."""

    title: str
    value: Any
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything found in one look; `missing` says what keeps a kind from being found, with its remedy."""

    serial: tuple[Thing, ...] = ()
    lsl: tuple[Thing, ...] = ()
    cameras: tuple[Thing, ...] = ()
    microphones: tuple[Thing, ...] = ()
    boards: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def look_around(network: bool) -> Surroundings:
    """Look for devices; LSL streams of other computers only with `network`. Raises EvokeError."""
    environment = child_environment()
    if not network and not environment.get("LSLAPICFG"):
        config = settings.home() / "lsl-machine.cfg"
        settings.write_atomically(config, THIS_MACHINE + QUIET)
        environment["LSLAPICFG"] = str(config)
    try:
        done = subprocess.run(
            command_line(["devices", "--json"]),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
            stdin=subprocess.DEVNULL,
        )
        told = json.loads(done.stdout.splitlines()[-1])["devices"]
    except subprocess.TimeoutExpired as error:
        raise EvokeError("looking for devices takes too long. Unplug a device that hangs.") from error
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise EvokeError(
            what_it_said(done.stderr) or f"looking for devices failed (status {done.returncode})."
        ) from error
    return from_found(told)


def from_found(found: Sequence[Mapping[str, Any]]) -> Surroundings:
    """Sort what `evoke devices --json` lists."""
    by_kind: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for entry in found:
        details = dict(entry.get("details") or {})
        by_kind.setdefault(str(entry.get("kind")), []).append((str(entry.get("name")), details))
    return Surroundings(
        serial=tuple(
            Thing(f"{name}  {details.get('hardware') or ''}".strip(), name, details)
            for name, details in by_kind.get("serial", ())
        ),
        lsl=tuple(
            Thing(_stream_title(name, details), dict(details.get("match") or {}), details | {"name": name})
            for name, details in by_kind.get("lsl", ())
        ),
        cameras=tuple(
            Thing(f"{details.get('source')}  {name}", details.get("source"), details)
            for name, details in by_kind.get("camera", ())
        ),
        microphones=tuple(
            Thing(f"{name}{' (the usual one)' if details.get('default') else ''}", name, details)
            for name, details in by_kind.get("microphone", ())
        ),
        boards=tuple(
            name for _, details in by_kind.get("brainflow", ()) for name in details.get("names", ())
        ),
        missing=tuple(
            f"{name}. {details.get('remedy') or ''}".strip() for name, details in by_kind.get("missing", ())
        ),
    )


def presence(entry: DeviceEntry, around: Surroundings) -> tuple[Presence, str]:
    """Say whether a device is there now, as far as that can be known without connecting it."""
    params = dict(entry.params)
    if entry.source == "wristband" or params.get("board") in ("synthetic", -1):
        return "own", "made by this program"
    if entry.source == "lsl":
        wanted = {key: value for key, value in params.items() if value}
        hits = [thing for thing in around.lsl if _agrees(wanted, thing.details)]
        if len(hits) > 1:
            return "seen", f"{len(hits)} streams fit: say more of it"
        return ("seen", "its stream is there") if hits else ("not seen", "no such LSL stream now")
    if entry.source == "camera":
        return _camera(params, around)
    if entry.source == "microphone":
        return _microphone(params, around)
    port = str(params.get("serial_port") or "")
    if entry.source == "brainflow" and port:
        if any(thing.value == port for thing in around.serial):
            return "seen", f"{port} is plugged in"
        return "not seen", f"nothing is plugged in at {port}"
    if params.get("file"):
        is_there = Path(str(params["file"])).is_file()
        return ("seen", "its file is there") if is_there else ("not seen", "its file is missing")
    return "unknown", "tried when it is connected"


def _camera(params: Mapping[str, Any], around: Surroundings) -> tuple[Presence, str]:
    source = params.get("source", 0)
    if source == GENERATED:
        return "own", "drawn by this program"
    if isinstance(source, int) or str(source).isdigit():
        if any(str(thing.value) == str(source) for thing in around.cameras):
            return "seen", "is plugged in"
        if params.get("fallback"):
            return "own", "no camera; a drawn face stands in"
        return "not seen", "no such camera"
    return "unknown", "tried when it is connected"


def _microphone(params: Mapping[str, Any], around: Surroundings) -> tuple[Presence, str]:
    source = params.get("source", "default")
    if source == GENERATED:
        return "own", "made by this program"
    named = str(source).lower()
    hits = [
        thing
        for thing in around.microphones
        if named == "default" or source == thing.details.get("source") or named in str(thing.value).lower()
    ]
    if hits:
        return "seen", str(hits[0].value)
    if params.get("fallback"):
        return "own", "no microphone; a generated sound stands in"
    return "not seen", "no such microphone"


def _agrees(wanted: Mapping[str, Any], details: Mapping[str, Any]) -> bool:
    return bool(wanted) and all(str(details.get(key) or "") == str(value) for key, value in wanted.items())


def _stream_title(name: str, details: Mapping[str, Any]) -> str:
    rate = float(details.get("rate_hz") or 0)
    words = [
        f"{details.get('channels')} channels",
        f"{rate:g} Hz" if rate else "irregular",
        str(details.get("hostname") or ""),
    ]
    return f"{name}  ({', '.join(word for word in words if word)})"
