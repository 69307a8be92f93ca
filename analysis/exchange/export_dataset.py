"""A whole study as one BIDS data set, with a report of what went and what still identifies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.exchange.export_bids import write_session
from analysis.exchange.export_bids_place import subject_label, write_json, write_tsv
from analysis.exchange.export_files import LeftOut, Report
from analysis.exchange.export_view import Level, Terms, View
from analysis.session_file import open_session

BIDS_VERSION = "1.10.0"
REPORT = "export_report"

CHANGED = (
    "Times of recording: shifted, for each participant by a random time that is stored nowhere",
    "Serial numbers of devices, the computer's name, accounts, addresses and process numbers: left out",
    "Notes, typed text, characters of keys and answers in words: left out",
    "Stimuli: ids and categories only, no file and no rating norms",
)
_IDENTIFYING = (
    (("jpeg",), "the face (pictures of a camera)"),
    (("audio", "microphone", "sound"), "the voice, and what was said"),
    (("keys",), "the rhythm of typing, which tells people apart"),
    (("eeg",), "EEG: people can be told apart by it where another recording of them is known"),
    (("ecg", "ppg", "bvp"), "the heart's signal: people can be told apart by its shape"),
    (("acceleration", "gyroscope"), "movement: gait and gestures tell people apart"),
)
_ALWAYS = (
    "participant codes, if somebody has the list of them",
    "the order of sessions and the time between the sessions of one participant",
    "answers and reaction times, if somebody knows some of them",
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished session file and on what terms it goes out."""

    path: Path
    terms: Terms


@dataclass(frozen=True, slots=True)
class People:
    """What goes out of the participants: BIDS' description of each column, and the values by code."""

    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class DatasetReport:
    """What a data set holds: the files of each session, what was changed, and what still identifies."""

    level: Level
    sessions: dict[str, Report] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    still_identifies: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=lambda: list(CHANGED))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "level": self.level,
            "changed": self.changed,
            "still_identifies": self.still_identifies,
            "left_out": [left.to_json() for left in self.left_out],
            "sessions": {name: report.to_json() for name, report in self.sessions.items()},
        }

    def to_text(self) -> str:
        """Return the report for people, as Markdown."""
        lines = ["# What this data set holds", "", f"Level: {self.level}", "", "## Changed or left out", ""]
        lines += [f"- {text}" for text in self.changed]
        lines += [f"- {left.what}: {left.why}" for left in self.left_out]
        lines += ["", "## What can still identify a person", ""]
        lines += [f"- {text}" for text in self.still_identifies]
        for name, report in self.sessions.items():
            lines += ["", f"## {name}", "", "| file | stream | rows |", "|---|---|---|"]
            lines += [f"| {wrote.file} | {wrote.stream} | {wrote.rows} |" for wrote in report.wrote]
            lines += ["", *(f"- left out: {left.what}: {left.why}" for left in report.left_out)]
        return "\n".join(lines).rstrip() + "\n"


def write_dataset(
    root: Path,
    name: str,
    recordings: Sequence[Recording],
    left_out: Iterable[LeftOut] = (),
    progress: Callable[[str], None] = lambda _: None,
    people: People | None = None,
) -> DatasetReport:
    """Write the sessions as one BIDS data set into the empty folder `root`.

    `progress` is told each session's name; of `people` all goes out. All terms have one level. Raises
    ExportError, SessionFileError, OSError; then `root` holds a part of it.
    """
    level = recordings[0].terms.level if recordings else "full"
    report = DatasetReport(level, left_out=list(left_out))
    origins: dict[str, set[str]] = {}
    kinds: set[str] = set()
    version = ""
    corrected = 0
    for recording in recordings:
        with open_session(recording.path) as session:
            view = View(session, recording.terms)
            subject = subject_label(str(view.head.get("participant", "")))
            origins.setdefault(subject, set()).add(str(view.head.get("origin", "")))
            version = str(view.head.get("evoke", "")) or version
            progress(recording.path.stem)
            report.sessions[recording.path.stem] = write_session(view, root)
            corrected += bool(session.amendments)
            kinds |= _kinds(view)
    if corrected:
        report.changed.append(f"Corrections of the study are applied: {corrected} sessions had some")
    report.still_identifies = [
        *(text for names, text in _IDENTIFYING if kinds.intersection(names)),
        *_ALWAYS,
    ]
    if people is not None and people.columns:
        report.still_identifies.append(f"what the study asked its participants: {', '.join(people.columns)}")
    _write_head(root, name, version, origins, report, people or People())
    return report


def _kinds(view: View) -> set[str]:
    kinds = {"keys"} if view.keys else set()
    for stream in view.streams:
        channels = view.channels(stream)
        kinds |= {stream.info.dtype, stream.info.kind.lower()}
        kinds |= {stream.info.channel_kinds[place].lower() for place in channels}
    return kinds


def _write_head(
    root: Path,
    name: str,
    version: str,
    origins: Mapping[str, set[str]],
    report: DatasetReport,
    people: People,
) -> None:
    made_by: dict[str, Any] = {"Name": "Evoke", "Description": "evoke export --to bids"}
    write_json(
        root / "dataset_description.json",
        {
            "Name": name,
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [made_by | ({"Version": version} if version else {})],
        },
    )
    known = {subject_label(code): values for code, values in people.values.items()}
    rows: list[dict[str, str | None]] = []
    for subject in sorted(origins):
        values = {column: known.get(subject, {}).get(column) or None for column in people.columns}
        rows.append({"participant_id": subject, "origin": "+".join(sorted(origins[subject])), **values})
    write_tsv(root / "participants.tsv", rows)
    write_json(
        root / "participants.json",
        {
            "participant_id": {"Description": "Code of the participant in the study"},
            "origin": {
                "Description": "Whether a person took part, a program answered, or all was simulated",
                "Levels": {
                    "recorded": "a person, real devices",
                    "automatic": "a program answered",
                    "simulated": "everything was simulated",
                    "imported": "taken over from another program's file",
                },
            },
        }
        | {column: dict(described) for column, described in people.columns.items()},
    )
    (root / "README.md").write_text(_readme(name, report), encoding="utf-8")
    (root / ".bidsignore").write_text(f"{REPORT}.*\n", encoding="utf-8")
    (root / f"{REPORT}.md").write_text(report.to_text(), encoding="utf-8")
    text = json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"
    (root / f"{REPORT}.json").write_text(text, encoding="utf-8")


def _readme(name: str, report: DatasetReport) -> str:
    changed = "\n".join(f"- {text}" for text in report.changed)
    identifying = "\n".join(f"- {text}" for text in report.still_identifies)
    return f"""# {name}

Emotion-induction sessions recorded with Evoke and written as BIDS {BIDS_VERSION}; level: {report.level}.

Times of a run count from the first sample of its EEG file, on that file's own axis, so that an event lies
beside the samples it belongs to; without EEG from the first sample of all. Samples keep their number and
order: holes are filled, in EEG files with the physical minimum of each channel (which no sample takes,
and which is annotated `BAD_gap` in the file and in the events), in other signals with n/a. The sidecars
say how far each clock ran from its nominal rate (`ClockDriftPpm`, `SamplingFrequency`), and whether the
stream's alignment to the others was ever checked (`Alignment`).

Pictures and sound, where the level includes them, are in `sourcedata/` as MP4 with their start in the
sidecar.

## Changed on the way out

{changed}

## What can still identify a person

{identifying}

`{REPORT}.md` lists every file and everything that was left out.
"""
