"""What the commands that measure a device or a screen share: a study of their own, and one recorded run."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

import platformdirs

from app import settings, system
from app.deliveries import deliver
from app.plan import SessionPlan
from app.study import Study
from app.supervisor.outcome import Choices, Outcome
from app.supervisor.preparation import Prepared, Request, prepare
from app.supervisor.session import run_session


def own_study(name: str, title: str, protocol: str) -> Study:
    """Return this user's study `name` for measurements that belong to none; made at the first call."""
    base = (
        settings.home()
        if os.environ.get("EVOKE_HOME")
        else Path(platformdirs.user_data_dir("evoke", "evoke"))
    )
    folder = base / name
    if (folder / "study.yaml").exists():
        return Study.open(folder)
    return Study.create(folder, title, "people", protocol=protocol)


def prepare_measurement(
    study: Study, protocol: Path, participant: str, options: argparse.Namespace
) -> Prepared:
    """Check everything for a run of `protocol` that is kept apart from the study's own sessions.

    `options` have `devices`, `auto` and `accept`. Raises EvokeError with the reasons.
    """
    request = Request(
        protocol=str(protocol),
        participant=participant,
        devices=options.devices,
        auto=options.auto,
        accept=options.accept,
        rehearsal=True,
    )
    return prepare(study, request, system.explain_window())


def run_measurement(prepared: Prepared, options: argparse.Namespace) -> tuple[SessionPlan, Outcome]:
    """Run a prepared session, without a signal check, and enter its file in its study.

    `options` have `headless`, `auto` and `accept`.
    """
    study = prepared.study
    plan, paths = prepared.begin()
    console = not options.headless
    choices = Choices(
        console=console, attended=console and not options.auto, signal_check_s=0.0, accept=options.accept
    )
    outcome = run_session(plan, paths, choices, say, lambda: deliver(paths, study).path)
    if outcome.path == paths.final and paths.final.is_relative_to(study.folder):
        study.enter(outcome.path, outcome.sha256)
    return plan, outcome


def say(line: str) -> None:
    """Tell somebody at the terminal, if there is one."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
