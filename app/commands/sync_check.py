"""`evoke sync-check`: how late each stream is, measured by events that several of them show."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from app.alignments import Verified, add_verified
from app.commands.left_over import finish_left_over
from app.commands.measuring import own_study, prepare_measurement, run_measurement, say
from app.devices.entries import DeviceEntry
from app.plan import SessionPlan
from app.study import Study
from app.supervisor.outcome import Outcome
from app.supervisor.programs import devices_of
from stimuli.problems import EvokeError

PROTOCOL = "sync-check"
PARTICIPANT = "synccheck"
OWN = ("sync-checks", "Checks of the clocks")
PARTS = ("flash", "taps", "blinks")
SIGN = "positive: the stream is late; taken from its times it brings them to the event"


class SyncCheckError(EvokeError):
    """The check could not be made."""


def sync_check(options: argparse.Namespace) -> int:
    """Run the check, find its events again in every stream, tell the offsets and keep them."""
    study = Study.open(options.study) if options.study else own_study(*OWN, PROTOCOL)
    finish_left_over(study, say)
    with tempfile.TemporaryDirectory(prefix="evoke-sync-", ignore_cleanup_errors=True) as folder:
        path = _protocol(Path(folder), options.parts, PARTS)
        prepared = prepare_measurement(study, path, PARTICIPANT, options)
        if options.parts is None:
            parts = parts_for(devices_of(prepared.plan))
            _protocol(Path(folder), parts, parts)
            prepared = prepare_measurement(study, path, PARTICIPANT, options)
        plan, outcome = run_measurement(prepared, options)
    if outcome.path is None:
        raise SyncCheckError(f"the check was not recorded: {outcome.message or outcome.reason}")
    return _report(study, plan, outcome, options)


def parts_for(devices: Sequence[DeviceEntry]) -> tuple[str, ...]:
    """Return the parts that these devices can show: taps need a sound and something worn, blinks eyes.

    What an LSL stream or a board holds is known when it runs; it is asked for both.
    """
    kinds = {device.source for device in devices}
    worn = bool(kinds & {"e4", "wristband", "brainflow", "lsl"})
    parts = ["flash"]
    if worn and "microphone" in kinds:
        parts.append("taps")
    if kinds & {"brainflow", "lsl"} and "camera" in kinds:
        parts.append("blinks")
    return tuple(parts)


def _protocol(folder: Path, chosen: Sequence[str] | None, usual: Sequence[str]) -> Path:
    """Write the bundled protocol without the parts that are not wanted."""
    from protocols import library

    parts = set(chosen or usual)
    content = yaml.safe_load(library()[PROTOCOL].read_text(encoding="utf-8"))
    content["closing"] = [
        stage
        for stage in content["closing"]
        if stage["name"].partition("-")[0] not in {"taps", "blinks"} - parts
    ]
    if "flash" not in parts:
        raise SyncCheckError("the flashes cannot be left out: microphone and camera are found by them.")
    path = folder / f"{PROTOCOL}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def _report(study: Study, plan: SessionPlan, outcome: Outcome, options: argparse.Namespace) -> int:
    from analysis.alignment import KEYS, align
    from analysis.session_file import open_session

    assert outcome.path is not None
    with open_session(outcome.path) as session:
        found = align(session)
        sounds = [str(e.payload.get("text", "")) for e in session.events if e.kind == "tone_missing"]
    date = datetime.now(UTC).date().isoformat()
    owners = [device.id for device in devices_of(plan)]
    lines = []
    for each in found:
        values = each.to_json()
        if values["offset_ms"] is None:
            continue
        owner = KEYS if each.stream == KEYS else owner_of(each.stream, owners)
        measured = (values["offset_ms"], values["spread_ms"], values["found"], each.tried)
        lines.append(
            Verified(owner, each.serial, each.stream, each.kind, each.by, *measured, date, plan.uuid)
        )
    report: dict[str, Any] = {
        "session": plan.uuid,
        "path": str(outcome.path.absolute()),
        "date": date,
        "sign": SIGN,
        "sound": sounds[0] if sounds else "",
        "streams": [
            each.to_json() | {"verdict": "not verified" if each.offset is None else "verified"}
            for each in found
        ],
    }
    if lines:
        add_verified(study.folder, lines)
    if options.out is not None:
        _write(options.out, report)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False))
    else:
        print(describe(report))
    if not lines:
        say("nothing was found in any stream: all stay 'not verified'.")
    return outcome.status or (0 if lines else 1)


def owner_of(stream: str, devices: Sequence[str]) -> str:
    """Return the device that a stream belongs to: the longest id that its own begins with."""
    fitting = [device for device in devices if stream == device or stream.startswith(f"{device}-")]
    return max(fitting, key=len, default=stream)


def describe(report: dict[str, Any]) -> str:
    """Return the report as text of fixed width."""
    streams = report["streams"]
    width = 2 + max([len("stream"), *(len(each["stream"]) for each in streams)])
    lines = [f"{'stream':<{width}}{'found by':<20}{'found':>8}{'offset ms':>12}{'spread ms':>12}"]
    for each in streams:
        count = f"{each['found']}/{each['tried']}"
        head = f"{each['stream']:<{width}}{each['by'] or '-':<20}{count:>8}"
        if each["offset_ms"] is None:
            lines.append(f"{head}  not verified: {each['why']}")
        else:
            lines.append(f"{head}{each['offset_ms']:>+12.1f}{each['spread_ms']:>12.1f}")
    lines += ["", f"({report['sign']})"]
    if report["sound"]:
        lines.append(f"Flashes without tones. {report['sound']}")
    return "\n".join(lines)


def _write(path: Path, report: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SyncCheckError(
            f"{path}: the report cannot be written ({error.strerror or error}). The offsets are kept in the"
            " study; choose another place with --out."
        ) from error
