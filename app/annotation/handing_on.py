"""Handing on: what somebody has not finished goes to somebody else, with its codes, behind her own queue."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.exchange.export_files import LeftOut
from app.annotation.annotators import add_annotator, check_code
from app.annotation.codes import Draw, chance, shuffled
from app.annotation.dealing import Dealt
from app.annotation.plans import Plan, PlanError, append, plan_of
from app.annotation.study_place import StudyPlace
from app.study import Study
from app.study_files import exclusively, utc_now, writing


@dataclass(frozen=True, slots=True)
class HandedOn:
    """What came of it: the plan as it is now, the codes that went over, and what stayed and why."""

    plan: Plan
    codes: tuple[str, ...]
    stayed: tuple[LeftOut, ...]


def hand_on(
    study: Study, plan: Plan, codes: Collection[str] | None, giver: str, taker: str, leaves: bool = False
) -> HandedOn:
    """Give items (None: all that are not finished) of one annotator to another; raises PlanError.

    What was finished or skipped stays, and what the taker has to label anyway; repeats go only with the
    first of their trial. `leaves`: the giver gets nothing new when the plan grows.
    """
    check_code(taker)
    if giver == taker:
        raise PlanError(f"plan {plan.name}: {giver} has these items already. Name another annotator.")
    with writing(study.folder), exclusively(study.folder):
        plan = plan_of(study, plan.name)
        if giver not in plan.annotators:
            known = ", ".join(plan.annotators) or "nobody"
            raise PlanError(f"plan {plan.name}: {giver} has no queue in it ({known} has).")
        mine = plan.of(giver)
        unknown = sorted(set(codes or ()) - {dealt.code for dealt in mine})
        if unknown:
            raise PlanError(f"plan {plan.name}: {giver} has no item {unknown[0]}. Nothing was handed on.")
        states = StudyPlace(study).states(giver, plan.name)
        going, stayed = _sorted_out(plan, mine, codes, taker, states)
        order = _in_order(going, chance(plan.seed, plan.name, "handed", taker, len(plan.handed)))
        lines: list[Mapping[str, Any]] = [
            {
                "type": "handed",
                "code": dealt.code,
                "recording": dealt.trial.recording,
                "giver": giver,
                "taker": taker,
                "time": utc_now(),
            }
            for dealt in order
        ]
        if lines:
            lines.insert(0, {"type": "handing", "giver": giver, "taker": taker, "time": utc_now()})
        if leaves and giver not in plan.left:
            lines.append({"type": "left", "annotator": giver, "time": utc_now()})
        if lines:
            plan = append(study, plan, lines)
    add_annotator(study, taker)
    return HandedOn(plan, tuple(dealt.code for dealt in order), tuple(stayed))


def _in_order(going: list[Dealt], draw: Draw) -> list[Dealt]:
    """Return items in an order by chance, repeats behind all the others and in the same order."""
    firsts = shuffled([dealt for dealt in going if dealt.purpose == "label"], draw)
    place = {dealt.trial.key: number for number, dealt in enumerate(firsts)}
    again = [dealt for dealt in going if dealt.purpose == "repeat"]
    return [*firsts, *sorted(again, key=lambda dealt: place[dealt.trial.key])]


def _sorted_out(
    plan: Plan,
    mine: tuple[Dealt, ...],
    codes: Collection[str] | None,
    taker: str,
    states: Mapping[str, str],
) -> tuple[list[Dealt], list[LeftOut]]:
    has = {dealt.trial.key for dealt in plan.of(taker)}
    going: list[Dealt] = []
    stayed: list[LeftOut] = []
    wanted = [dealt for dealt in mine if codes is None or dealt.code in codes]
    for dealt in wanted:
        state = states.get(dealt.code)
        if state in ("finished", "skipped"):
            stayed.append(LeftOut(f"item {dealt.code}", f"is {state}"))
        elif state is None:
            stayed.append(LeftOut(f"item {dealt.code}", "must not be labelled any more"))
        elif dealt.trial.key in has:
            stayed.append(LeftOut(f"item {dealt.code}", f"{taker} has this trial already"))
        else:
            going.append(dealt)
    firsts = {dealt.trial.key for dealt in going if dealt.purpose == "label"}
    for dealt in [each for each in going if each.purpose == "repeat" and each.trial.key not in firsts]:
        going.remove(dealt)
        stayed.append(LeftOut(f"item {dealt.code}", "is a repeat of what somebody else labelled first"))
    return going, stayed
