"""`evoke simulate`: participants with a known effect, the demo study, how many an answer needs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from analysis.simulate.settings import MODALITIES, Settings, SimulationError, parse_effects
from app.analysing.simulating import Progress, Request, SimulatingError, Simulation, simulation_study
from app.analysing.simulating import simulate as simulate_participants
from app.presenter.simulated import live_through
from app.study import Study, StudyError

GIGABYTE = 1e9


def simulate(options: argparse.Namespace) -> int:
    """Simulate participants, make the demo study, or tell what a plan needs."""
    if options.study is None:
        raise StudyError("simulate: name a study (--study DIR).")
    if options.demo:
        return _demo(options)
    if options.power:
        return _power(options)
    # What is asked for is looked at first: a mistake must leave no study behind.
    settings = settings_of(options)
    request = Request(options.protocol, options.participants, settings, options.workers)
    study = simulation_study(options.study, options.protocol)
    made = simulate_participants(study, request, live_through, _teller(options.json))
    if options.json:
        print(json.dumps(_facts(study, made) | {"settings": settings.to_json()}, ensure_ascii=False))
        return 0
    print(
        f"{study.folder}: {len(made.sessions)} simulated participants in {made.seconds / 60:.1f} minutes,"
        f" {made.bytes / GIGABYTE:.2f} GB"
    )
    return 0


def _facts(study: Study, made: Simulation) -> dict[str, Any]:
    return {
        "study": str(study.folder),
        "sessions": [asdict(session) for session in made.sessions],
        "seconds": round(made.seconds, 1),
        "bytes": made.bytes,
    }


def _demo(options: argparse.Namespace) -> int:
    from app.analysing.demo_study import make_demo_study

    made = make_demo_study(options.study, live_through, options.seed, options.workers, _teller(options.json))
    if options.json:
        print(json.dumps(made.to_json(), ensure_ascii=False))
    else:
        print(f"{made.study.folder}: the demo study is ready in {made.seconds / 60:.1f} minutes")
    return 0


def _power(options: argparse.Namespace) -> int:
    from app.analysing.power import lines_of, power

    study = Study.open(options.study)
    most = options.participants if options.participants > 1 else 0
    out = options.out or study.folder / "derivatives" / "power" / options.power
    found = power(study, options.power, out, most=most, progress=_teller(options.json))
    if options.json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        print("\n".join(lines_of(found)))
    return 0


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings that the arguments name; raises SimulatingError."""
    try:
        return Settings(
            effects=parse_effects(options.effect),
            fingerprint=options.fingerprint,
            missing=options.missing,
            artefacts=options.artefacts,
            modalities=options.modalities or MODALITIES,
            seed=options.seed,
            within=options.within,
        )
    except SimulationError as error:
        raise SimulatingError(str(error)) from error


def _teller(quiet: bool) -> Progress:
    def progress(done: int, of: int, words: str) -> None:
        if not quiet:
            sys.stderr.write(f"{done} of {of}: {words}\n")

    return progress
