"""Checks before a session: what would spoil it is found now and not in it."""

from __future__ import annotations

import errno
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil

from app import clock
from app.devices.entries import DeviceEntry
from app.devices.load import check_device
from app.study import Study
from app.supervisor.space import SPARE_BYTES, existing, free_bytes, planned_bytes, size_text
from stimuli.problems import EvokeError, Problem
from stimuli.sets import StimulusSet

Verdict = Literal["passed", "warned", "failed", "refused"]

EARLIEST_UTC_S = 1_767_225_600.0
"""2026-01-01: a computer that believes to be earlier has lost its clock."""
CLOCKS_AGREE_S = 0.001


class CheckError(EvokeError):
    """A session must not start as it is; the text lists every reason."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check's result. `failed` may be accepted with a reason, `refused` may not."""

    name: str
    verdict: Verdict
    text: str = ""
    device: str = ""

    def to_json(self) -> dict[str, str]:
        """Return what events and consoles are told."""
        return {"name": self.name, "verdict": self.verdict, "text": self.text, "device": self.device}


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
            results.append(replace(check, text=text).to_json())
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
    placeholders: bool = False,
    window_problem: str | None = None,
    recorded_in: Path | None = None,
) -> Report:
    """Check a session that is to be kept in `folder` with `devices` for about `length_s` seconds.

    With `placeholders` missing stimuli are told and keep nobody from starting: stand-ins are shown.
    `recorded_in` is another folder, on this computer, in which it is recorded before it goes there.
    """
    begun_s = clock.now()
    planned = planned_bytes(devices, length_s)
    results = [
        _folder(folder),
        disk_check(folder, planned, str(folder)),
        *([] if recorded_in is None else [_folder(recorded_in), disk_check(recorded_in, planned)]),
        clock_check(),
        *([] if study is None else [_nothing_else_runs(study)]),
        *([] if pictures is None else _pictures(*pictures, placeholders)),
        *(check for device in devices for check in _device(device)),
        Check("window", "refused" if window_problem else "passed", window_problem or ""),
    ]
    return Report(tuple(results), clock.now() - begun_s)


def optional_where_failed(devices: Iterable[DeviceEntry], report: Report) -> tuple[DeviceEntry, ...]:
    """Return the devices, those that failed a check (and were accepted) no longer required."""
    weak = {check.device for check in report.having("failed")}
    return tuple(replace(device, required=device.required and device.id not in weak) for device in devices)


def _folder(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=existing(folder)) as file:
            file.write(b"evoke")
            file.flush()
    except OSError as error:
        text = f"{folder}: cannot be written ({error.strerror}). Free some space, or mend its permissions."
        if error.errno == errno.EROFS:
            text = f"{folder}: is on a disk that can only be read. Mount it writable, or record elsewhere."
        return Check("folder", "refused", text)
    return Check("folder", "passed")


def disk_check(folder: Path, planned: float, name: str = "This computer's disk") -> Check:
    """Check whether `planned` bytes and some to spare are free where `folder` lies, called `name`."""
    free, needed = free_bytes(folder), planned + SPARE_BYTES
    if free >= needed:
        return Check("disk", "passed", f"{size_text(free)} free, about {size_text(needed)} needed")
    text = (
        f"{name}: {size_text(free)} are free, and this session may need {size_text(needed)} (recording"
        " and finished file). Free some space."
    )
    return Check("disk", "failed", text)


def clock_check() -> Check:
    """Check the clock of all samples against the system's, and the date against what is possible."""
    offset_s = min((clock.now() - time.monotonic() for _ in range(5)), key=abs)
    utc_s = time.time()
    if utc_s < EARLIEST_UTC_S:
        date = datetime.fromtimestamp(utc_s, UTC).date().isoformat()
        text = f"The computer's date is {date}, which cannot be. Set date and time."
        return Check("clock", "failed", text)
    if psutil.boot_time() > utc_s + 1.0:
        text = "The computer's date lies before its own start: it was set back. Set date and time."
        return Check("clock", "failed", text)
    if abs(offset_s) > CLOCKS_AGREE_S:
        text = f"LSL's clock and the system's differ by {offset_s:.6f} s; the difference is stored."
        return Check("clock", "warned", text)
    agree_us = max(1, round(abs(offset_s) * 1e6))
    return Check("clock", "passed", f"LSL's clock and the system's agree within {agree_us} us")


def _nothing_else_runs(study: Study) -> Check:
    running = [paths.name for paths in study.running()]
    if not running:
        return Check("other sessions", "passed")
    text = f"{study.folder}: {', '.join(running)} is being recorded now. Wait for its end, or end it."
    return Check("other sessions", "refused", text)


def _pictures(pictures: StimulusSet, ids: Sequence[str], placeholders: bool) -> Iterator[Check]:
    known = [name for name in ids if name in pictures.items]
    found = [str(problem) for problem in pictures.problems(known)]
    found += [f"{pictures.name}: the set has no {name}." for name in ids if name not in pictures.items]
    for problem in found:
        told = (
            f"{problem} It is shown as it is, or by a placeholder, and the session says so."
            if placeholders
            else problem
        )
        yield Check("stimuli", "warned" if placeholders else "refused", told)
    if not found:
        yield Check("stimuli", "passed", f"{len(ids)} files of the set {pictures.name} are unaltered")


def _device(device: DeviceEntry) -> Iterator[Check]:
    problems: list[Problem] = check_device(device)
    for problem in problems:
        yield Check("device", "failed" if device.required else "warned", str(problem), device.id)
    if not problems:
        yield Check("device", "passed", f"device {device.id}", device.id)
