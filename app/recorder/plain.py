"""Plain recordings: from patterns, cameras and a file name to a session's plan."""

from __future__ import annotations

import fnmatch
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.devices.entries import DeviceEntry
from app.devices.load import check_device
from app.devices.lsl import Visible, visible_streams
from app.plan import LIVE_SUFFIX, SessionPaths, SessionPlan
from app.streams import slug
from stimuli.problems import EvokeError, ProblemsError

KEYS = ("source_id", "name", "type", "hostname")


class PlainError(EvokeError):
    """A plain recording cannot be begun; the text is the one clear message."""


def plan_recording(
    out: Path,
    patterns: Sequence[str] = (),
    cameras: Sequence[str] = (),
    microphone: str | None = None,
    machine: Mapping[str, Any] | None = None,
    software: Mapping[str, str] | None = None,
) -> tuple[SessionPlan, SessionPaths]:
    """Plan the recording of `out` and claim its place; raises PlainError or ProblemsError.

    Each pattern (`*` and `?` as in file names) is of a stream's name or source id, or KEY=PATTERN with
    a key of `KEYS`. Without a pattern, a camera and a microphone every visible stream is recorded.
    """
    paths = place_of(out)
    named = bool(cameras) or microphone is not None
    visible = visible_streams() if patterns or not named else ()
    chosen = choose(visible, patterns)
    if not chosen and not named:
        raise PlainError("no LSL stream is visible. Start the device's LSL program, or name a camera.")
    devices = entries(chosen, visible, cameras, microphone)
    problems = [problem for device in devices for problem in check_device(device)]
    if problems:
        raise ProblemsError(problems)
    plan = SessionPlan(
        uuid=str(uuid.uuid4()),
        name=paths.name,
        origin="recorded",
        created_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        devices=tuple(device.to_json() for device in devices),
        window="none",
        # Other computers' streams were asked for; nothing of ours is published.
        network=True,
        machine=dict(machine or {}),
        software=dict(software or {}),
    )
    _claim(paths, plan)
    return plan, paths


def place_of(out: Path) -> SessionPaths:
    """Return the places of a recording that is to become `out`; raises PlainError if that is taken."""
    if out.suffix != ".h5":
        raise PlainError(f"{out}: a session file's name ends with .h5. Try --out {out.with_suffix('.h5')}.")
    paths = SessionPaths(out.parent, out.stem)
    if not out.parent.is_dir():
        raise PlainError(f"{out.parent}: there is no such folder. Make it first.")
    if paths.final.exists():
        raise PlainError(f"{out} exists already, and nothing is ever overwritten. Choose another name.")
    if paths.live.exists() or paths.partial.exists():
        raise PlainError(
            f"{out.with_suffix(LIVE_SUFFIX)}: a recording of this name is running or was interrupted."
            f" Finish it with `evoke recover {out.parent}`, or choose another name."
        )
    return paths


def choose(visible: Sequence[Visible], patterns: Sequence[str]) -> list[Visible]:
    """Return the visible streams that any pattern means; raises PlainError for one that means none."""
    if not patterns:
        return list(visible)
    for pattern in patterns:
        if not any(_means(pattern, stream) for stream in visible):
            there = ", ".join(sorted({stream.name for stream in visible})) or "none"
            raise PlainError(f"no LSL stream matches {pattern!r}. Visible: {there}.")
    return [stream for stream in visible if any(_means(pattern, stream) for pattern in patterns)]


def entries(
    chosen: Sequence[Visible],
    visible: Sequence[Visible],
    cameras: Sequence[str] = (),
    microphone: str | None = None,
) -> list[DeviceEntry]:
    """Return devices for the chosen streams, each by what sets it apart from all visible ones."""
    taken: list[str] = []
    devices: list[DeviceEntry] = []

    def add(name: str, source: Any, params: Mapping[str, Any]) -> None:
        taken.append(slug(name, taken))
        devices.append(DeviceEntry(taken[-1], source, True, params))

    for stream in chosen:
        add(stream.name, "lsl", distinguish(stream, visible))
    for camera in cameras:
        add("camera", "camera", {"source": int(camera) if camera.isdigit() else camera})
    if microphone is not None:
        add("microphone", "microphone", {"source": int(microphone) if microphone.isdigit() else microphone})
    return devices


def distinguish(stream: Visible, visible: Sequence[Visible]) -> dict[str, str]:
    """Return the fewest fields that no other visible stream shares; raises PlainError if all do."""
    match: dict[str, str] = {}
    for key in KEYS:
        if value := str(getattr(stream, key)):
            match[key] = value
        alike = [other for other in visible if all(getattr(other, k) == v for k, v in match.items())]
        if match and len(alike) == 1:
            return match
    raise PlainError(
        f"{Counter(visible)[stream] or 2} LSL streams named {stream.name!r} cannot be told apart."
        " Stop one of them, or give it a source id of its own."
    )


def _means(pattern: str, stream: Visible) -> bool:
    key, equals, wanted = pattern.partition("=")
    if equals and key in KEYS:
        return fnmatch.fnmatchcase(str(getattr(stream, key)), wanted)
    return any(fnmatch.fnmatchcase(text, pattern) for text in (stream.name, stream.source_id))


def _claim(paths: SessionPaths, plan: SessionPlan) -> None:
    try:
        paths.live.mkdir()
        plan.save(paths.plan)
    except FileExistsError as error:
        raise PlainError(f"{paths.live}: another recording of this name has just begun.") from error
    except OSError as error:
        raise PlainError(
            f"{paths.folder}: cannot be written ({error.strerror}). Choose a folder of your own."
        ) from error
