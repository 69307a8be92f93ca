"""`evoke plan`: who labels which trials, in which order; without options, how far everybody is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.annotation.dealing import SHARES, Shares
from app.annotation.handing_on import HandedOn, hand_on
from app.annotation.plans import Made, Plan, PlanError, grow, make_plan, move_on, plan_of, plans
from app.annotation.progress import Progress, progress
from app.annotation.schemes import scheme_of
from app.annotation.trials import AFTER_S, BEFORE_S, Margins
from app.study import Study

MOST_LISTED = 20


def plan(options: argparse.Namespace) -> int:
    """Make a plan, let it grow, move it on, hand a queue on, or tell how far annotators are."""
    study = Study.open(options.study)
    names = [name for name in options.annotators.split(",") if name.strip()]
    if options.hand_on:
        return _hand_on(study, options)
    if options.move_on:
        known = _known(study, options.name)
        return _tell_made(Made(move_on(study, known, scheme_of(study, options.move_on))), options.json)
    if options.grow:
        known = _known(study, options.name)
        if options.scheme:
            known = move_on(study, known, scheme_of(study, options.scheme))
        return _tell_made(grow(study, known, scheme_of(study, known.scheme), names), options.json)
    if not options.scheme:
        return _tell_progress(study, options)
    scheme = scheme_of(study, options.scheme)
    shares = Shares(
        SHARES.overlap if options.overlap is None else options.overlap,
        SHARES.repeats if options.repeats is None else options.repeats,
    )
    margins = Margins(
        BEFORE_S if options.before is None else options.before,
        AFTER_S if options.after is None else options.after,
    )
    hide = [fact.strip().replace("-", "_") for fact in options.hide.split(",") if fact.strip()]
    seed = 1 if options.seed is None else options.seed
    made = make_plan(study, options.name or scheme.name, scheme, names, seed, shares, margins, hide)
    return _tell_made(made, options.json)


def _known(study: Study, name: str) -> Plan:
    if name:
        return plan_of(study, name)
    known = plans(study)
    if len(known) != 1:
        there = ", ".join(each.name for each in known) or "none yet"
        raise PlanError(f"{study.folder}: which plan? Give it with --name NAME (there is: {there}).")
    return known[0]


def _tell_made(made: Made, is_json: bool) -> int:
    counts = {
        person: {
            "items": len(made.plan.of(person)),
            "new": sum(dealt.annotator == person for dealt in made.new),
            "repeats": sum(dealt.purpose == "repeat" for dealt in made.plan.of(person)),
        }
        for person in made.plan.annotators
    }
    if is_json:
        left_out = [each.to_json() for each in made.left_out]
        shared = len({dealt.trial.key for dealt in made.plan.dealt if dealt.shared})
        trials = len({dealt.trial.key for dealt in made.plan.dealt})
        head = _head(made.plan) | {"trials": trials, "shared": shared}
        print(json.dumps(head | {"annotators": counts, "left_out": left_out}, ensure_ascii=False))
        return 0
    print(f"plan {made.plan.name}, scheme {made.plan.scheme}, seed {made.plan.seed}")
    margins = made.plan.margins
    print(f"shown: from {margins.before_s:g} s before the stimulus to {margins.after_s:g} s behind it")
    for person, count in counts.items():
        again = f", {count['repeats']} of them repeats" if count["repeats"] else ""
        print(f"  {person}: {count['items']} items{again}, {count['new']} new")
    _tell([f"{each.what}: {each.why}" for each in made.left_out], "left out")
    return 0


def _head(known: Plan) -> dict[str, Any]:
    return {
        "plan": known.name,
        "scheme": known.scheme,
        "seed": known.seed,
        "overlap": known.shares.overlap,
        "repeats": known.shares.repeats,
        "before_s": known.margins.before_s,
        "after_s": known.margins.after_s,
        "hide": sorted(known.hide),
    }


def _tell(lines: Sequence[str], title: str) -> None:
    if lines:
        print(f"{title}: {len(lines)}")
        for line in lines[:MOST_LISTED]:
            print(f"  {line}")
        if len(lines) > MOST_LISTED:
            print(f"  and {len(lines) - MOST_LISTED} more")


def _hand_on(study: Study, options: argparse.Namespace) -> int:
    giver, taker = options.hand_on
    done: HandedOn = hand_on(study, _known(study, options.name), None, giver, taker, leaves=True)
    if options.json:
        stayed = [each.to_json() for each in done.stayed]
        told = {
            "plan": done.plan.name,
            "from": giver,
            "to": taker,
            "items": list(done.codes),
            "stayed": stayed,
        }
        print(json.dumps(told, ensure_ascii=False))
        return 0
    count = len(done.codes)
    print(f"plan {done.plan.name}: {count} item{'' if count == 1 else 's'} went from {giver} to {taker}.")
    _tell([f"{each.what}: {each.why}" for each in done.stayed], f"stayed with {giver}")
    return 0


def _tell_progress(study: Study, options: argparse.Namespace) -> int:
    known = [plan_of(study, options.name)] if options.name else list(plans(study))
    told: list[tuple[Plan, tuple[Progress, ...]]] = [(each, progress(study, each.name)) for each in known]
    if options.json:
        values = [_head(each) | {"progress": [asdict(one) for one in people]} for each, people in told]
        print(json.dumps({"plans": values}, ensure_ascii=False))
        return 0
    if not told:
        print("No plan yet. Make one with --scheme NAME --annotators A,B.")
    for each, people in told:
        print(f"plan {each.name}, scheme {each.scheme}")
        for one in people:
            skipped = f", {one.skipped} skipped" if one.skipped else ""
            last = f", last {one.last_utc[:16].replace('T', ' ')} UTC" if one.last_utc else ""
            left = ", has left" if one.left else ""
            done = f"{one.finished} of {one.items} done{skipped}, {one.worked_s / 60:.0f} min"
            print(f"  {one.annotator}: {done}{last}{left}")
    return 0
