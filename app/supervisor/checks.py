"""Checks before a session: what would spoil it is found now and not in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from app import clock
from app.devices.entries import DeviceEntry
from app.devices.load import check_device
from app.study import Study
from stimuli.problems import EvokeError, Problem
from stimuli.sets import StimulusSet

Verdict = Literal["passed", "warned", "failed", "refused"]

SPACE_FACTOR = 2.2
"""Live file plus finished copy, for every byte of raw data."""
SPARE_BYTES = 100_000_000
RAW_BYTES_PER_S = {
    "brainflow": 150_000,
    "wristband": 5_000,
    "camera": 1_500_000,
    "microphone": 450_000,
    "lsl": 300_000,
}
"""Raw data of a device by source, times included: generous, for the disk check alone."""


class CheckError(EvokeError):
    """A session must not start as it is; the text lists every reason."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check's result. `failed` may be accepted with a reason, `refused` may not."""

    name: str
    verdict: Verdict
    text: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one round of checks, and how long they took."""

    checks: tuple[Check, ...]
    seconds: float

    def having(self, *verdicts: Verdict) -> tuple[Check, ...]:
        """Return the checks with one of these verdicts."""
        return tuple(check for check in self.checks if check.verdict in verdicts)

    def to_json(self, folder: Path | None = None) -> dict[str, Any]:
        """Return what the plan keeps: no place outside of it, so `folder` is written as a dot."""
        places = [] if folder is None else sorted({str(folder.resolve()), str(folder.absolute())})
        results = []
        for check in self.checks:
            text = check.text
            for place in places:
                text = text.replace(place, ".")
            results.append({"name": check.name, "verdict": check.verdict, "text": text})
        return {"seconds": round(self.seconds, 3), "results": results}

    def demand(self, accept: str) -> None:
        """Raise CheckError if something was refused, or failed without `accept` being given."""
        refused = self.having("refused")
        failed = () if accept.strip() else self.having("failed")
        if refused or failed:
            lines = [check.text for check in (*refused, *failed)]
            if failed and not refused:
                lines.append('To start all the same, give a reason: --accept "REASON".')
            raise CheckError("\n".join(lines))


def check_session(
    folder: Path,
    devices: Sequence[DeviceEntry],
    length_s: float,
    *,
    study: Study | None = None,
    pictures: tuple[StimulusSet, Sequence[str]] | None = None,
    window_problem: str | None = None,
) -> Report:
    """Check a session that is to be recorded in `folder` with `devices` for about `length_s` seconds."""
    begun_s = clock.now()
    results = [
        _folder(folder),
        _disk(folder, devices, length_s),
        *([] if study is None else [_nothing_else_runs(study)]),
        *([] if pictures is None else _pictures(*pictures)),
        *(check for device in devices for check in _device(device)),
        Check("window", "refused" if window_problem else "passed", window_problem or ""),
    ]
    return Report(tuple(results), clock.now() - begun_s)


def planned_bytes(devices: Iterable[DeviceEntry], length_s: float) -> float:
    """Return how much room a session needs until it is finished."""
    raw = sum(RAW_BYTES_PER_S[device.source] for device in devices)
    return raw * length_s * SPACE_FACTOR


def optional_where_failed(devices: Iterable[DeviceEntry], report: Report) -> tuple[DeviceEntry, ...]:
    """Return the devices, those that failed a check (and were accepted) no longer required."""
    weak = {check.device for check in report.having("failed")}
    return tuple(replace(device, required=device.required and device.id not in weak) for device in devices)


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def _folder(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            file.write(b"evoke")
            file.flush()
    except OSError as error:
        text = f"{folder}: cannot be written ({error.strerror}). Free some space, or mend its permissions."
        return Check("folder", "refused", text)
    return Check("folder", "passed")


def _disk(folder: Path, devices: Sequence[DeviceEntry], length_s: float) -> Check:
    free = shutil.disk_usage(_existing(folder)).free
    needed = planned_bytes(devices, length_s) + SPARE_BYTES
    if free >= needed:
        return Check("disk", "passed", f"{free / 1e9:.1f} GB free, about {needed / 1e9:.1f} GB needed")
    text = (
        f"{folder}: {free / 1e9:.1f} GB are free, and this session may need {needed / 1e9:.1f} GB (recording"
        " and finished file). Free some space."
    )
    return Check("disk", "failed", text)


def _nothing_else_runs(study: Study) -> Check:
    running = [paths.name for paths in study.running()]
    if not running:
        return Check("other sessions", "passed")
    text = f"{study.folder}: {', '.join(running)} is being recorded now. Wait for its end, or end it."
    return Check("other sessions", "refused", text)


def _pictures(pictures: StimulusSet, ids: Sequence[str]) -> Iterator[Check]:
    found = pictures.problems(ids)
    for problem in found:
        yield Check("stimuli", "refused", str(problem))
    if not found:
        yield Check("stimuli", "passed", f"{len(ids)} files of the set {pictures.name} are unaltered")


def _device(device: DeviceEntry) -> Iterator[Check]:
    problems: list[Problem] = check_device(device)
    for problem in problems:
        yield Check("device", "failed" if device.required else "warned", str(problem), device.id)
    if not problems:
        yield Check("device", "passed", f"device {device.id}", device.id)
