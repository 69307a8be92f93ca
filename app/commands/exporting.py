"""`evoke export`: sessions and studies in the formats of other tools."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app.commands.export_terms import Leaving, leaving, leaving_alone, note_export, people_of
from app.commands.files import session_path
from app.consent import Use, parse_uses
from app.plan import LIVE_SUFFIX
from app.study import Study, StudyError
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.exchange.export_dataset import People, Recording
    from analysis.exchange.export_files import LeftOut, Report
    from analysis.exchange.export_view import Level, View

SAFEST: Literal["signals"] = "signals"
REPORT = "export_report.json"

# BIDS asks that shifted dates lie before 1925, so that nobody takes them for real ones.
SHIFTED_FROM, SHIFTED_TO = datetime(1890, 1, 1, tzinfo=UTC), datetime(1910, 1, 1, tzinfo=UTC)
MOST_SHIFT_S = 1_000_000


def export(args: argparse.Namespace) -> int:
    """Write a session or a whole study into the new folder `args.out`; say what went and what did not."""
    from analysis.exchange.export_dataset import People
    from analysis.exchange.export_files import ExportError, new_folder
    from analysis.session_file import SessionFileError

    source = args.source.parent if args.source.name == "study.yaml" else args.source
    if not source.exists():
        raise EvokeError(f"{source}: there is no such file or folder. Check the path.")
    is_study = (source / "study.yaml").is_file()
    level: Level | None = args.level or (SAFEST if args.to == "bids" else None)
    use = parse_uses([args.use])[0]
    try:
        if is_study:
            study: Study | None = Study.open(source)
            assert study is not None
            going, left_out = _study_sessions(study, use)
            name = study.name
        else:
            path = _sound(session_path(_unfinished(source)))
            study, left_out, name = Study.containing(path), [], source.stem
            going = [leaving_alone(study, path, use)]
        recordings = _recordings(going, level)
        people = People() if study is None else people_of(study, (each.participant for each in going))
        with new_folder(args.out) as folder:
            known, text = _write(folder, name, recordings, left_out, args.to, is_study, people)
    except (ExportError, SessionFileError) as error:
        raise EvokeError(str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise EvokeError(
            f"{error.filename or args.out}: cannot be read or written: {reason}. Nothing was left in"
            f" {args.out}; free some space or mend the permissions, then export again."
        ) from error
    if study is not None:
        _note(study, args.out.absolute().name, args.to, use, going)
    if args.json:
        found = {"out": str(args.out), "format": args.to, "level": _level(recordings), "use": use}
        print(json.dumps(found | known, ensure_ascii=False))
    else:
        print(text.rstrip())
        print(f"\nWritten to {args.out}")
    return 0


def _note(study: Study, name: str, to: str, use: Use, going: Sequence[Leaving]) -> None:
    try:
        note_export(study, name, to, use, going)
    except StudyError as error:
        sys.stderr.write(
            f"This export could not be noted in the study, so a withdrawal will not name it: {error}\n"
        )


def _unfinished(source: Path) -> Path:
    """Return `source` unless it is what a running or broken session left; raises EvokeError."""
    live = source if source.name.endswith(LIVE_SUFFIX) else source.parent
    if live.name.endswith(LIVE_SUFFIX):
        raise EvokeError(f"{source}: is not finished. While it runs, wait; after a crash, use evoke recover.")
    return source


def _sound(path: Path) -> Path:
    """Return `path` if the file is as it was finished; raises SessionFileError, EvokeError."""
    from analysis.session_file import verify
    from app.study import Study

    beside = path.with_name(f"{path.name}.sha256")
    known = beside.read_text(encoding="utf-8").split()[0] if beside.is_file() else ""
    study = Study.containing(path)
    if study is not None:
        name = study.relative(path)
        known = next((entry.sha256 for entry in study.sessions() if entry.file == name), known)
    verify(path, known)
    return path


def _study_sessions(study: Study, use: Use) -> tuple[list[Leaving], list[LeftOut]]:
    """Return the sessions of a study that may go out, and what may not; raises EvokeError."""
    going, left_out = leaving(study, use)
    paths = [each.path for each in going]
    sums = {session.file: session.sha256 for session in study.sessions()}
    broken = _broken(sums, study.folder, paths)
    if broken:
        listed = "\n".join(broken)
        raise EvokeError(
            f"{study.folder}: {len(broken)} of its sessions cannot be exported, so nothing was"
            f" written:\n{listed}"
        )
    if not paths:
        why = "".join(f"\n{left.what}: {left.why}" for left in left_out)
        raise EvokeError(f"{study.folder}: the study has no finished session that may go out.{why}")
    return going, left_out


def _broken(sums: Mapping[str, str], folder: Path, paths: Sequence[Path]) -> list[str]:
    from analysis.session_file import SessionFileError, verify

    found = []
    for path in paths:
        try:
            verify(path, sums[path.relative_to(folder).as_posix()])
        except (SessionFileError, OSError) as error:
            found.append(str(error))
    return found


def _recordings(going: Sequence[Leaving], level: Level | None) -> list[Recording]:
    """Return the files with the terms on which they go out: one random shift a participant."""
    from analysis.exchange.export_dataset import Recording
    from analysis.exchange.export_view import Terms
    from analysis.session_file import open_session

    started: list[tuple[Leaving, str, float]] = []
    for each in going:
        with open_session(each.path) as session:
            if not session.is_finished:
                raise EvokeError(
                    f"{each.path}: is not finished. While it runs, wait; after a crash, use evoke recover."
                )
            text = str(session.attributes.get("started_utc") or session.attributes.get("created_utc", ""))
            participant = str(session.attributes.get("participant", ""))
            at_s = datetime.fromisoformat(text).timestamp() if text else 0.0
            started.append((each, participant, at_s))
    terms: dict[str, Terms] = {}
    chance = random.SystemRandom()
    for participant in dict.fromkeys(who for _, who, _ in started):
        if level is None:
            terms[participant] = Terms()
            continue
        first = min(at for _, who, at in started if who == participant)
        span = (SHIFTED_TO - SHIFTED_FROM).total_seconds()
        target = SHIFTED_FROM.timestamp() + chance.uniform(0, span)
        terms[participant] = Terms(level, True, chance.uniform(0, MOST_SHIFT_S), target - first)
    return [
        Recording(each.path, replace(terms[who], refused=each.refused, run=each.run))
        for each, who, _ in started
    ]


def _level(recordings: Sequence[Recording]) -> str | None:
    terms = recordings[0].terms
    return terms.level if terms.is_anonymous else None


def _write(
    folder: Path,
    name: str,
    recordings: Sequence[Recording],
    left_out: Sequence[LeftOut],
    to: str,
    is_study: bool,
    people: People,
) -> tuple[dict[str, Any], str]:
    """Write all recordings; return what is known of it, for programs and for people."""
    from analysis.exchange.export_dataset import write_dataset
    from analysis.exchange.export_view import View
    from analysis.session_file import open_session

    def progress(session: str) -> None:
        sys.stderr.write(f"{session}: writing {to}\n")

    if to == "bids":
        made = write_dataset(folder, name, recordings, _without_reasons(left_out), progress, people)
        made.left_out = list(left_out)
        return made.to_json(), made.to_text()
    write = _writer(to)
    reports: dict[str, Report] = {}
    for recording in recordings:
        with open_session(recording.path) as session:
            stem = _stem(recording.path, View(session, recording.terms))
            progress(stem)
            target = folder / stem if is_study and to != "xdf" else folder
            reports[stem] = write(View(session, recording.terms), target, stem)
    known = {
        "left_out": [left.to_json() for left in left_out],
        "sessions": {stem: report.to_json() for stem, report in reports.items()},
    }
    written = _without_reasons(left_out) if recordings[0].terms.is_anonymous else left_out
    in_file = known | {"left_out": [left.to_json() for left in written]}
    text = json.dumps(in_file, indent=2, ensure_ascii=False) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8")
    return known, _describe(reports, left_out)


def _stem(path: Path, view: View) -> str:
    """Return a file's name as it goes out: under the true participant's code."""
    recorded, true = str(view.session.recorded.get("participant", "")), str(view.head.get("participant", ""))
    stem = path.stem
    if recorded != true:
        stem = re.sub(rf"^sub-{re.escape(recorded)}(?=_|$)", f"sub-{true}", stem)
    if view.terms.run is not None:
        stem = re.sub(r"_run-\d+", f"_run-{view.terms.run:02d}", stem)
    return stem


def _without_reasons(left_out: Sequence[LeftOut]) -> list[LeftOut]:
    """Return what may be told of sessions that stay: reasons are personal, so they are printed only."""
    from analysis.exchange.export_files import LeftOut

    if not left_out:
        return []
    count = "1 session" if len(left_out) == 1 else f"{len(left_out)} sessions"
    return [LeftOut(f"{count} of the study", "excluded, withdrawn, rehearsed or unfinished")]


def _writer(to: str) -> Callable[[View, Path, str], Report]:
    from analysis.exchange.export_csv import write_csv
    from analysis.exchange.export_edf import write_edf
    from analysis.exchange.export_mp4 import write_mp4
    from analysis.exchange.export_xdf import write_xdf

    writers: dict[str, Callable[[View, Path, str], Report]] = {
        "xdf": lambda view, folder, stem: write_xdf(view, folder / f"{stem}.xdf"),
        "csv": lambda view, folder, _: write_csv(view, folder),
        "edf": lambda view, folder, _: write_edf(view, folder, "edf"),
        "bdf": lambda view, folder, _: write_edf(view, folder, "bdf"),
        "mp4": lambda view, folder, _: write_mp4(view, folder),
    }
    return writers[to]


def _describe(reports: Mapping[str, Report], left_out: Sequence[LeftOut]) -> str:
    lines = []
    for name, report in reports.items():
        lines.append(name)
        for wrote in report.wrote:
            stream = f" ({wrote.stream})" if wrote.stream else ""
            lines.append(f"  {wrote.file}{stream}: {wrote.rows} rows{_told(wrote.facts)}")
        lines += [f"  left out: {left.what}: {left.why}" for left in report.left_out]
    lines += [f"left out: {left.what}: {left.why}" for left in left_out]
    return "\n".join(lines)


def _told(facts: Mapping[str, Any]) -> str:
    """Return the facts that a person has to know of a file."""
    told = []
    errors = facts.get("largest_error")
    if isinstance(errors, Mapping) and errors:
        worst = max(errors, key=lambda channel: errors[channel])
        unit = facts["units"].get(worst, "")
        told.append(f"largest error of quantisation {errors[worst]:.3g} {unit} ({worst})".replace("  ", " "))
    for key, words in (
        ("filled", "samples filled in for gaps"),
        ("silence_filled", "samples of silence filled in for gaps"),
        ("padded_at_end", "samples filled in at the end"),
        ("not_a_number", "values were no numbers"),
        ("clipped", "samples were too loud for the format"),
    ):
        if facts.get(key):
            told.append(f"{facts[key]} {words}")
    if facts.get("drift_ppm") is not None:
        told.append(f"clock {facts['drift_ppm']:+.1f} ppm of the nominal rate")
    if facts.get("pictures"):
        told.append(f"pictures {facts['pictures']}")
    if isinstance(facts.get("left_out"), Mapping):
        told += [f"{count} pictures left out ({why})" for why, count in facts["left_out"].items()]
    return "; " + ", ".join(told) if told else ""
