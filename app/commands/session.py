"""`evoke run`, `evoke demo`, `evoke record`: a session from the request to its summary."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
import psutil

from app import clock, settings, system
from app.commands.left_over import finish_left_over
from app.commands.people import answers_of
from app.copies import start_pending
from app.deliveries import deliver
from app.plan import SessionPaths, SessionPlan
from app.study import Study, StudyError
from app.supervisor.checks import check_session
from app.supervisor.outcome import Choices, Outcome, SessionError
from app.supervisor.preparation import PLAIN_LENGTH_S, Prepared, Request, machine, prepare, software
from app.supervisor.programs import devices_of
from app.supervisor.session import run_session
from stimuli.problems import EvokeError

DEMO_PROTOCOL = "demo"
DEMO_PARTICIPANT = "sim01"
DEMO_SEED = 1
REHEARSAL = "rehearsal"
"""Stands where a code would be: a rehearsal has none."""
DEMO_SIGNAL_CHECK_S = 3.0
"""Simulated signals are known to be good."""


def run(options: argparse.Namespace) -> int:
    """Run a protocol with a participant of a study, rehearse it, or go on with a session that broke off."""
    study = Study.open(options.study)
    participant = options.participant.removeprefix("sub-")
    if options.rehearse:
        participant = participant or REHEARSAL
    if not (options.protocol or study.protocol or options.continues):
        raise StudyError(f"{study.folder}: has no protocol of its own. Name one.")
    request = Request(
        protocol=options.protocol,
        participant=participant,
        session=options.session,
        devices=options.devices,
        window="null" if options.no_window else "screen",
        auto=options.auto,
        seed=options.seed,
        accept=options.accept,
        consent=None if options.rehearse else answers_of(options),
        rehearsal=options.rehearse,
        language=options.language,
        continues=options.continues,
    )
    return _run(study, request, options, options.signal_check)


def demo(options: argparse.Namespace) -> int:
    """Run the one-minute demo with a simulated participant and simulated devices."""
    folder = options.out or _demo_folder()
    if (folder / "study.yaml").exists():
        study = Study.open(folder)
        if study.kind != "simulation":
            raise StudyError(f"{folder}: holds a study of people. Choose another folder for the demo.")
    else:
        study = Study.create(folder, "Demo", "simulation", protocol=DEMO_PROTOCOL)
    window: Literal["screen", "null"] = "null" if options.no_window else "screen"
    if window == "screen" and options.headless:
        problem = system.explain_window() or _display_problem()
        if problem:
            _say(f"going on with a virtual screen, for {problem}")
            window = "null"
    request = Request(
        protocol=DEMO_PROTOCOL,
        participant=DEMO_PARTICIPANT,
        window=window,
        auto=True,
        seed=DEMO_SEED if options.seed is None else options.seed,
    )
    return _run(study, request, options, DEMO_SIGNAL_CHECK_S)


def record(options: argparse.Namespace) -> int:
    """Record streams into one file, without a protocol."""
    from app.recorder.plain import plan_recording

    begun_s = clock.now()
    plan, paths = plan_recording(
        options.out, options.stream, options.camera, options.mic, machine(), software()
    )
    try:
        report = check_session(paths.folder, devices_of(plan), options.seconds or PLAIN_LENGTH_S)
        report.demand("")
    except EvokeError:
        shutil.rmtree(paths.live)
        raise
    choices = Choices(seconds=options.seconds, attended=options.attached, signal_check_s=0.0)
    outcome = run_session(plan, paths, choices, _say)
    times = {"checks_s": round(report.seconds, 3), "total_s": round(clock.now() - begun_s, 3)}
    return _report(outcome, plan, paths, times, options)


def _run(study: Study, request: Request, options: argparse.Namespace, signal_check_s: float) -> int:
    begun_s = clock.now()
    console = not (options.headless or options.attached)
    window_problem = system.explain_window() if console or request.window == "screen" else None
    finish_left_over(study, _say)
    prepared = prepare(study, request, window_problem)
    _tell(prepared)
    plan, paths = prepared.begin()
    choices = Choices(
        console=console,
        # A script waits for its answer and not for somebody to close a window.
        keep_console=console and not options.json,
        attended=options.attached or (console and not request.auto),
        signal_check_s=signal_check_s,
        accept=request.accept,
    )

    def settle() -> Path | None:
        delivery = deliver(paths, study)
        if delivery.message:
            _say(delivery.message)
        return delivery.path

    outcome = run_session(plan, paths, choices, _say, settle)
    if outcome.path == paths.final and paths.final.is_relative_to(study.folder):
        study.enter(outcome.path, outcome.sha256)
    start_pending(study)
    times = {
        "checks_s": round(prepared.report.seconds, 3),
        "protocol_s": round(prepared.schedule.typical_s, 3),
        "total_s": round(clock.now() - begun_s, 3),
    }
    status = _report(outcome, plan, paths, times, options)
    _await_console(outcome.console_pid)
    return status


def _await_console(pid: int) -> None:
    """Stay until the experimenter has closed the window with the summary."""
    with contextlib.suppress(psutil.Error, KeyboardInterrupt):
        if pid:
            _say("the window stays open; close it to end.")
            psutil.Process(pid).wait()


def _tell(prepared: Prepared) -> None:
    report = prepared.report
    _say(f"checks: {len(report.having('passed'))} passed in {report.seconds:.1f} s.")
    for check in report.having("warned", "failed"):
        _say(f"{'accepted' if check.verdict == 'failed' else 'warning'}: {check.text}")


def _report(
    outcome: Outcome,
    plan: SessionPlan,
    paths: SessionPaths,
    times: Mapping[str, float],
    options: argparse.Namespace,
) -> int:
    if outcome.path is None and not options.json:
        raise SessionError(outcome.message)
    described: dict[str, Any] = {}
    if outcome.path is not None:
        from analysis.session_file import summary

        described = summary(outcome.path)
    described |= {
        "path": None if outcome.path is None else str(outcome.path.absolute()),
        "uuid": plan.uuid,
        "sha256": outcome.sha256,
        "status": outcome.status,
        "reason": outcome.reason,
        "message": outcome.message,
        "window": plan.window,
        "parts": outcome.parts,
        "lost_s": dict(outcome.lost_s),
        "restarts": dict(outcome.restarts),
        "alarms": outcome.alarms,
        "logs": str(paths.logs.absolute()),
        **times,
        **outcome.timing(),
    }
    if options.json:
        print(json.dumps(described, allow_nan=False, default=str))
    else:
        _print_summary(described)
    if outcome.message:
        _say(outcome.message)
    return outcome.status


def _print_summary(described: Mapping[str, Any]) -> None:
    print(f"\n{described['path']}")
    print(f"{described['reason']}; {described.get('trials', 0)} trials, {described.get('events', 0)} events")
    print(f"\n{'stream':<24}{'kind':<14}{'rate':>10}{'samples':>10}  gaps")
    for stream in described.get("streams", ()):
        rate = stream.get("measured_rate_hz")
        print(
            f"{stream['id']:<24}{stream['kind']:<14}{'' if rate is None else f'{rate:.2f} Hz':>10}"
            f"{stream['samples']:>10}  {len(stream['gaps'])}"
        )


def _demo_folder() -> Path:
    if os.environ.get("EVOKE_HOME"):
        return settings.home() / "demo"
    return Path(platformdirs.user_data_dir("evoke", "evoke")) / "demo"


def _display_problem() -> str | None:
    from app.presenter.probe import probe_display

    return probe_display()


def _say(line: str) -> None:
    # A reader that has gone (`| head`, a closed terminal) must not end a recording.
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
