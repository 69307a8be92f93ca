"""`evoke info` and `evoke recover`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from stimuli.problems import EvokeError


def info(args: argparse.Namespace) -> int:
    """Print streams, rates, gaps, drift and onsets of a session file."""
    from analysis.session_file import SessionFileError, summary

    try:
        known = summary(session_path(args.session))
    except SessionFileError as error:
        raise EvokeError(str(error)) from error
    if args.json:
        print(json.dumps(known, ensure_ascii=False, allow_nan=False))
    else:
        print(describe(known))
    return 0


def session_path(path: Path) -> Path:
    """Return the session file that `path` means: itself, or the only one in a folder."""
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.h5"))
    if len(found) != 1:
        raise EvokeError(f"{path}: is a folder with {len(found)} session files. Name one of them.")
    return found[0]


def describe(known: dict[str, Any]) -> str:
    """Return a session's summary as text of fixed width."""
    onset = known["onset_error_ms"]
    ended = known["end_reason"] or "not finished"
    width = 2 + max([len("stream"), *(len(stream["id"]) for stream in known["streams"])])
    lines = [
        f"session      {known['uuid']}  ({known['origin']})",
        f"protocol     {known['protocol'] or '-'}"
        + (f", version {known['protocol_version']}" if known["protocol_version"] else ""),
        f"participant  {known['participant'] or '-'}",
        f"started      {known['started_utc'] or '-'}",
        f"ended        {ended}" + ("" if known["ended"] else "  (not in order)"),
        f"trials       {known['trials']}, events {known['events']}, dropped frames {known['dropped_frames']}",
        "onset error  "
        + (
            f"median {onset['median']} ms, 99th percentile {onset['p99']} ms, largest {onset['max']} ms"
            if onset
            else "unknown (no screen)"
        ),
        f"timing       {_timing(known['presentation'])}",
        "",
        f"{'stream':<{width}}{'kind':<14}{'channels':>8}{'rate Hz':>12}{'samples':>11}{'gaps':>6}"
        f"{'jitter ms':>11}{'drift ppm':>11}{'lost s':>8}",
    ]
    lines[-2:-2] = [f"corrected    {text}" for text in known["amendments"]]
    for stream in known["streams"]:
        lines.append(
            f"{stream['id']:<{width}}{stream['kind']:<14}{len(stream['channels']):>8}"
            f"{_number(stream['measured_rate_hz'], 3):>12}{stream['samples']:>11}{len(stream['gaps']):>6}"
            f"{_number(stream['jitter_sd_ms'], 2):>11}{_number(stream['drift_ppm'], 1):>11}"
            f"{_number(stream['lost_tail_s'], 2):>8}"
        )
        delay_s = stream["delay_s"]
        known_delay = "" if delay_s is None else f"; device delay {delay_s * 1e3:g} ms"
        lines.append(f"    alignment {stream['alignment']}{known_delay}")
        judged = stream["quality"] or {"problems": {}}
        lines += [
            f"    {code}: in {count} of {judged['judged']} stretches judged"
            for code, count in judged["problems"].items()
        ]
        lines += [
            f"    gap from {_number(gap['from_s'], 3)} to {_number(gap['to_s'], 3)} s,"
            f" {gap['samples']} samples: {gap['cause']}"
            for gap in stream["gaps"]
        ]
    return "\n".join(lines)


def _timing(told: dict[str, Any]) -> str:
    screen, films = told["screen"], told["films"]
    if screen is None:
        return str(told["timing"])
    parts = [
        str(told["timing"]),
        f"{screen['rate_hz']:g} Hz {'verified' if screen['verified'] else 'NOT verified'}",
    ]
    if films:
        repeated, skipped = (sum(film[name] for film in films) for name in ("repeated", "skipped"))
        parts.append(f"{len(films)} films: {repeated} frames repeated, {skipped} skipped")
    if told["sounds_ms"]:
        parts.append(f"sounds 99th percentile {told['sounds_ms']['p99']} ms")
    return ", ".join(parts)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def recover(args: argparse.Namespace) -> int:
    """Finish what a crash left; say what was lost, in seconds a stream."""
    from app.commands.left_over import recover_at

    results = recover_at(args.path, _tell)
    for result in results:
        _say(result.path, result.parts, result.lost_s, result.was_finished)
    if args.json:
        found = [result.to_json() for result in results]
        print(json.dumps(found[0] if len(found) == 1 else {"sessions": found}, ensure_ascii=False))
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _say(path: Path, parts: int, lost_s: Any, was_finished: bool) -> None:
    if was_finished:
        sys.stderr.write(f"{path}: is finished and sound.\n")
        return
    lost = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in lost_s.items() if seconds)
    plural = "part" if parts == 1 else "parts"
    sys.stderr.write(f"{path}: finished from {parts} {plural}; lost: {lost or 'nothing'}.\n")
