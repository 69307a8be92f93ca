"""`evoke check`: what a file or folder is, and every problem in it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.commands.check_protocol import Report, check_protocol
from app.plan import LIVE_SUFFIX
from protocols import library
from stimuli.checking import inspect
from stimuli.problems import EvokeError, Problem, ProblemsError
from stimuli.sets import MANIFEST, bundled_sets, load_set
from stimuli.yamlfile import did_you_mean, read_file


def check(args: argparse.Namespace) -> int:
    """List every problem of `args.target`; return 0 if there is none, else 1."""
    report = _examine(str(args.target), getattr(args, "rate", None))
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


def _examine(target: str, rate_hz: float | None) -> Report:
    path = Path(target)
    if target in library():
        return check_protocol(target, rate_hz)
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
        return _yaml(path, rate_hz)
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


def _yaml(path: Path, rate_hz: float | None) -> Report:
    """Tell devices (a list) from a protocol (everything else)."""
    try:
        source = read_file(path)
    except ProblemsError as error:
        return Report("YAML file", error.problems)
    if isinstance(source.values, list):
        return _devices(path)
    return check_protocol(str(path), rate_hz)


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
    found = inspect(stimuli)
    lines += [f"note: {note}" for note in found.notes]
    facts = {"name": stimuli.name, "stimuli": len(stimuli.items), "categories": dict(counts)}
    return Report("stimulus set", found.problems, lines, facts | {"provisional": provisional})


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
    from app.commands.check_study import people_lines, people_problems
    from app.study import Study

    try:
        study = Study.open(folder)
        sessions = study.sessions()
        participants = study.participants()
        unfinished = study.unfinished()
        of_people, told = people_problems(study), people_lines(study)
    except EvokeError as error:
        return Report("study", _as_problems(folder / "study.yaml", error))
    problems: list[Problem] = []
    if study.protocol:
        inside = folder / study.protocol
        problems += check_protocol(str(inside) if inside.is_file() else study.protocol).problems
    if study.devices:
        problems += _devices(folder / study.devices).problems
    for session in sessions:
        problems += _session(folder / session.file, session.sha256).problems
    problems += [_unfinished(paths.live) for paths in unfinished]
    problems += of_people
    facts = {
        "name": study.name,
        "study_kind": study.kind,
        "participants": len(participants),
        "sessions": len(sessions),
    }
    line = f"{study.name} ({study.kind}), {len(participants)} participants, {len(sessions)} sessions"
    return Report("study", problems, [line, *told], facts)


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
