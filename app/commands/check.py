"""`evoke check`: what a file or folder is, and every problem in it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.plan import LIVE_SUFFIX
from protocols import library
from stimuli.problems import EvokeError, Problem, ProblemsError
from stimuli.sets import MANIFEST, bundled_sets, load_set
from stimuli.yamlfile import did_you_mean, read_file

SCREEN_RATE_HZ = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: `lines` for people, `facts` for programs."""

    kind: str
    problems: Sequence[Problem] = ()
    lines: Sequence[str] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def check(args: argparse.Namespace) -> int:
    """List every problem of `args.target`; return 0 if there is none, else 1."""
    report = _examine(str(args.target))
    out = sys.stderr if args.json else sys.stdout
    for line in report.lines:
        print(line, file=out)
    for problem in report.problems:
        print(problem, file=out)
    count = len(report.problems)
    verdict = "no problem" if not count else f"{count} problem{'s' if count > 1 else ''}"
    print(f"{args.target}: {report.kind}, {verdict}", file=out)
    if args.json:
        found = [asdict(problem) for problem in report.problems]
        head = {"target": str(args.target), "kind": report.kind, "ok": not count, "problems": found}
        print(json.dumps(head | report.facts, ensure_ascii=False))
    return 1 if count else 0


def _examine(target: str) -> Report:
    path = Path(target)
    if target in library():
        return _protocol(target)
    if target in bundled_sets() and not path.exists():
        return _set(target)
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        remedy = did_you_mean(target, [*library(), *bundled_sets()])
        return Report("unknown", [Problem(target, None, "there is no such file, folder or name.", remedy)])
    if path.name == "study.yaml":
        return _study(path.parent)
    if path.suffix in (".yaml", ".yml"):
        return _yaml(path)
    if path.name == MANIFEST:
        return _set(str(path.parent))
    return _session(path)


def _folder(path: Path) -> Report:
    if (path / MANIFEST).is_file():
        return _set(str(path))
    if (path / "study.yaml").exists():
        return _study(path)
    if path.name.endswith(LIVE_SUFFIX):
        return Report("session", [_unfinished(path)])
    message = f"neither a study (study.yaml) nor a stimulus set ({MANIFEST}) is in this folder."
    return Report("unknown", [Problem(str(path), None, message, "Name another folder.")])


def _yaml(path: Path) -> Report:
    """Tell devices (a list) from a protocol (everything else)."""
    try:
        source = read_file(path)
    except ProblemsError as error:
        return Report("YAML file", error.problems)
    if isinstance(source.values, list):
        return _devices(path)
    return _protocol(str(path))


def _protocol(target: str) -> Report:
    from protocols.expand import expand
    from protocols.frames import achievable
    from protocols.load import load_protocol

    try:
        protocol = load_protocol(target)
    except ProblemsError as error:
        return Report("protocol", error.problems)
    schedule = expand(protocol, "check", 1, 0, 0)
    kinds = Counter(stage.kind for stage in schedule.stages)
    lines = [
        f"{protocol.title} ({protocol.name}, version {protocol.version})",
        f"typical duration {_minutes(schedule.typical_s)}, "
        + ("no upper limit" if schedule.max_s is None else f"at most {_minutes(schedule.max_s)}"),
        f"{len(schedule.trials)} trials ({sum(trial.practice for trial in schedule.trials)} practice), "
        f"{len(schedule.stages)} stages: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        f"{protocol.slots} counter-balancing slots, stimulus set {protocol.stimulus_set}",
    ]
    timing = []
    durations = {(stage.name, stage.duration.min_s) for stage in schedule.stages if stage.duration.is_timed}
    for name, duration_s in sorted(durations):
        shown = achievable(duration_s, SCREEN_RATE_HZ)
        timing.append({"stage": name, **asdict(shown), "exact": shown.is_exact})
        lines.append(f"  {name}: {duration_s:g} s requested, {shown}")
    facts = {
        "name": protocol.name,
        "version": protocol.version,
        "title": protocol.title,
        "sha256": protocol.sha256,
        "typical_s": schedule.typical_s,
        "max_s": schedule.max_s,
        "trials": len(schedule.trials),
        "stages": dict(kinds),
        "slots": protocol.slots,
        "timing": timing,
    }
    used = sorted({key for pool in protocol.pools.values() for key in pool})
    return Report("protocol", protocol.stimuli.problems(used), lines, facts)


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{seconds:g} s" if seconds < 100 else f"{whole // 60} min {whole % 60:02d} s"


def _set(target: str) -> Report:
    try:
        stimuli = load_set(target)
    except ProblemsError as error:
        return Report("stimulus set", error.problems)
    counts = Counter(item.category for item in stimuli.items.values())
    provisional = sum(item.provisional for item in stimuli.items.values())
    lines = [
        f"{len(stimuli.items)} stimuli: " + ", ".join(f"{count} {name}" for name, count in counts.items())
    ]
    if provisional:
        lines.append(f"{provisional} of them have provisional ratings, measured on nobody")
    facts = {"name": stimuli.name, "stimuli": len(stimuli.items), "categories": dict(counts)}
    return Report("stimulus set", stimuli.problems(), lines, facts | {"provisional": provisional})


def _devices(path: Path) -> Report:
    from app.devices.load import check_device, load_devices

    try:
        entries = load_devices(path)
    except ProblemsError as error:
        return Report("devices file", error.problems)
    problems = [problem for entry in entries for problem in check_device(entry)]
    lines = [f"{entry.id}: {entry.source}{'' if entry.required else ', optional'}" for entry in entries]
    return Report("devices file", problems, lines, {"devices": [entry.id for entry in entries]})


def _study(folder: Path) -> Report:
    """Check a study: what it names, every finished session, and what a crash left."""
    from app.study import Study

    try:
        study = Study.open(folder)
        sessions = study.sessions()
        participants = study.participants()
        unfinished = study.unfinished()
    except EvokeError as error:
        return Report("study", _as_problems(folder / "study.yaml", error))
    problems: list[Problem] = []
    if study.protocol:
        inside = folder / study.protocol
        problems += _protocol(str(inside) if inside.is_file() else study.protocol).problems
    if study.devices:
        problems += _devices(folder / study.devices).problems
    for session in sessions:
        problems += _session(folder / session.file, session.sha256).problems
    problems += [_unfinished(paths.live) for paths in unfinished]
    facts = {
        "name": study.name,
        "study_kind": study.kind,
        "participants": len(participants),
        "sessions": len(sessions),
    }
    line = f"{study.name} ({study.kind}), {len(participants)} participants, {len(sessions)} sessions"
    return Report("study", problems, [line], facts)


def _unfinished(live: Path) -> Problem:
    message = "this session was not finished."
    return Problem(str(live), None, message, "While it runs, wait; after a crash, use evoke recover.")


def _session(path: Path, sha256: str = "") -> Report:
    from analysis.session_file import SessionFileError, verify

    try:
        verify(path, sha256)
    except (SessionFileError, OSError) as error:
        return Report("session", _as_problems(path, error))
    return Report("session", facts={"file": str(path)})


def _as_problems(path: Path, error: Exception) -> Sequence[Problem]:
    if isinstance(error, ProblemsError):
        return error.problems
    # These errors begin with the place, as problems do.
    place, _, rest = str(error).partition(": ")
    known = rest and place.startswith(str(path.parent))
    return [Problem(place, None, rest) if known else Problem(str(path), None, str(error))]
