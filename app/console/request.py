"""What the study page knows of the next session, without Qt: visit, verdict on a code, checks, command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.console.protocol_facts import ProtocolFacts, facts_of
from app.devices.entries import DeviceEntry
from app.devices.load import demo_devices, load_devices
from app.participants import person
from app.study import Study, StudyError, task_label
from app.supervisor.checks import Check, check_session
from stimuli.problems import EvokeError

UNLIMITED_FACTOR = 1.5


@dataclass(frozen=True, slots=True)
class NextSession:
    """What somebody chose on the study page; `devices` None for the study's own.

    `rehearse` uses no code, `continues` is the file of a session that broke off, seen from the study.
    Consent is noted in the study before the command runs.
    """

    protocol: str
    participant: str
    session: int
    devices: Path | None = None
    accept: str = ""
    language: str = ""
    rehearse: bool = False
    continues: str = ""

    def arguments(self, study: Study) -> list[str]:
        """Return the command line of its supervisor, without interpreter."""
        line = ["run", self.protocol, "--study", str(study.folder), "--attached"]
        if self.continues:
            line += ["--continue", self.continues]
        elif not self.rehearse:
            line += ["--participant", self.participant, "--session", str(self.session)]
        if self.rehearse:
            line.append("--rehearse")
        if self.devices is not None:
            line += ["--devices", str(self.devices)]
        if self.language and not self.continues:
            line += ["--language", self.language]
        if study.kind == "simulation":
            line.append("--auto")
        if self.accept.strip():
            line += ["--accept", self.accept.strip()]
        return line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a participant code while it is typed."""

    is_good: bool
    text: str
    visit: int = 1


@dataclass(frozen=True, slots=True)
class Preflight:
    """Everything found before devices are connected."""

    devices: tuple[DeviceEntry, ...]
    checks: tuple[Check, ...]
    typical_s: float | None = None
    trials: int = 0
    facts: ProtocolFacts | None = None

    @property
    def refused(self) -> bool:
        """Whether it cannot be started as it is."""
        return any(check.verdict == "refused" for check in self.checks)

    @property
    def refused_in_rehearsal(self) -> bool:
        """Whether it cannot even be tried out: the lock of a version keeps nobody from that."""
        return any(check.verdict == "refused" and check.name != "version" for check in self.checks)

    @property
    def failed(self) -> bool:
        """Whether it can be started only with a reason."""
        return any(check.verdict == "failed" for check in self.checks)


def judge_code(study: Study, code: str, task: str) -> Verdict:
    """Say whether `code` may take part, and which visit and run would come next."""
    if not code:
        hint = "sim01" if study.kind == "simulation" else "01"
        return Verdict(False, f"Letters and digits, for example {hint}.")
    try:
        study.check_participant(code)
        known = study.participants()
    except StudyError as error:
        text = str(error).partition(": ")[2] or str(error)
        return Verdict(False, text[:1].upper() + text[1:])
    for other in known:
        if other.code != code and other.code.lower() == code.lower():
            return Verdict(False, f"There is {other.code} already, which differs only in capital letters.")
    visit = study.next_visit(code)
    who = person(study, code)
    if who is None:
        return Verdict(True, f"New participant. Session {visit}.", visit)
    words = f"Known participant. Next is session {visit}."
    if who.excluded:
        words = f"Known participant, excluded ({who.excluded}). Next is session {visit}."
    missing = who.missing(study.participant_fields)
    if missing:
        words += f" Not known yet: {', '.join(missing)}."
    return Verdict(True, words, visit)


def next_run(study: Study, code: str, visit: int, protocol: str) -> int:
    """Return the run that a session of this visit would be."""
    folder = study.folder / f"sub-{code}" / f"ses-{visit:02d}"
    stem = f"sub-{code}_ses-{visit:02d}_task-{task_label(protocol)}_run-"
    runs = {
        int(digits.group())
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if entry.name.startswith(stem) and (digits := re.match(r"\d+", entry.name.removeprefix(stem)))
    }
    return max(runs, default=0) + 1


def devices_of(study: Study, chosen: Path | None) -> tuple[DeviceEntry, ...]:
    """Return the devices that a session would record; raises EvokeError."""
    if chosen is not None:
        return load_devices(chosen)
    if study.devices:
        return load_devices(study.folder / study.devices)
    if study.kind == "simulation":
        return demo_devices()
    raise StudyError(f"{study.folder}: no devices are chosen. Choose a devices file.")


def look_into(study: Study, protocol: str, devices: Path | None, window_problem: str | None) -> Preflight:
    """Load protocol and devices and check them; whatever cannot be loaded is a refused check."""
    from protocols.expand import expand
    from protocols.load import load_protocol
    from protocols.safety import safety_problems

    checks: list[Check] = []
    entries: tuple[DeviceEntry, ...] = ()
    typical_s: float | None = None
    trials = 0
    pictures = None
    facts: ProtocolFacts | None = None
    try:
        entries = devices_of(study, devices)
    except EvokeError as error:
        checks.append(Check("devices", "refused", str(error)))
    try:
        inside = study.folder / protocol
        loaded = load_protocol(inside if inside.is_file() else protocol)
        schedule = expand(loaded, "sim01", 1, 0, 1)
        typical_s, trials = schedule.typical_s, len(schedule.trials)
        pictures = (loaded.stimuli, sorted(schedule.stimuli()))
        checks += [Check("protocol", "refused", str(problem)) for problem in safety_problems(loaded)]
        facts = facts_of(study, loaded, schedule, entries)
        if facts.version_problem:
            checks.append(Check("version", "refused", facts.version_problem.partition("\n")[0]))
    except EvokeError as error:
        checks.append(Check("protocol", "refused", str(error)))
    length_s = UNLIMITED_FACTOR * (typical_s or 0.0)
    report = check_session(
        study.folder, entries, length_s, study=study, pictures=pictures, window_problem=window_problem
    )
    return Preflight(entries, (*checks, *report.checks), typical_s, trials, facts)


def open_points(findings: Preflight | None, verdict: Verdict, consent: bool, reason: str) -> Sequence[str]:
    """Return what is still missing before devices can be connected, in words; nothing if all is there."""
    missing = []
    if not verdict.is_good:
        missing.append("a participant code")
    if not consent:
        missing.append("consent")
    if findings is None:
        missing.append("the checks (running)")
    elif findings.refused:
        missing.append("a remedy for what the checks found")
    elif findings.failed and not reason.strip():
        missing.append("a reason to start in spite of a failed check")
    return missing
