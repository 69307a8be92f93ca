"""The survey has no result of its own; here rankers meet people left out: whole, or their last clips."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.literature.paper import Cell, Ours
from analysis.recommendation.evaluation import How, Scored, affect_errors, evaluate
from analysis.recommendation.planted import planted_viewers
from analysis.recommendation.rankers import BASELINES, has_material
from analysis.recommendation.viewings import Catalogue, RecommendationError
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.recommending import NO_COURSES, RANKED, material_of
from app.study import Study

TASTE = 0.6
COLUMNS: Mapping[How, tuple[str, ...]] = {
    "newcomer": ("ranker", "P@5", "R@5", "F1@5", "AUC", "MAE of liking", "viewers"),
    "last": ("ranker", "P@1", "R@1", "F1@1", "AUC", "MAE of liking", "viewers"),
}
"""The best five of three clips are no choice: there the best one is taken."""
METRICS = ("precision", "recall", "f1", "auc", "mae")
HOWS: tuple[tuple[How, str, str], ...] = (
    (
        "newcomer",
        "Newcomers, after four probe clips",
        "leave one viewer out: of the tested viewer only the responses to a probe clip a quadrant are known",
    ),
    (
        "last",
        "The last three clips of each viewer",
        "leave the last three viewings of every viewer out, one viewer at a time",
    ),
)


def tables(order: Order) -> Made:
    """Make the tables of rankers and of expected affect; raises LiteratureError, EvokeError."""
    catalogue, data, notes = _catalogue(order)
    if not has_material("grey-relational", catalogue):
        notes = (*notes, NO_COURSES)
    made = []
    try:
        for how, title, protocol in HOWS:
            order.said(title)
            scored = evaluate(catalogue, how, RANKED, order.seed, order.cancelled)
            made.append(
                Ours(
                    title,
                    data,
                    protocol,
                    COLUMNS[how],
                    tuple(map(_row, scored)),
                    _controls(),
                    (*notes, *_NOTES),
                )
            )
        order.said("Expected affect")
        made.append(_affect(catalogue, data, notes))
    except RecommendationError as error:
        raise LiteratureError(f"{data}: {error}") from error
    return Made(tuple(made))


_NOTES = (
    "Relevant is what was liked above the middle of the scale. Intervals are 95 %, viewers drawn again.",
    "Tested are clips that were new to the viewer. Of five or fewer there is no best five: such newcomers"
    " have no P, R and F1 at 5, and count in AUC and MAE.",
    "Where a taste divides people evenly, most liked falls below chance: without the tested viewer most of "
    "those who are left are of the other taste.",
    "Without a target affect: norms and target aim at pleasantness or at the affect of what was liked.",
)


def _controls() -> tuple[str, ...]:
    return (
        f"baselines: {', '.join(BASELINES)}; no viewing that is tested was in what a ranker was fitted on",
    )


def _row(scored: Scored) -> tuple[Cell, ...]:
    told = [scored.told(metric) for metric in METRICS]
    return (scored.ranker, *(_with_interval(each) for each in told), float(len(scored.viewers)))


def _with_interval(told: dict[str, Cell | dict[str, float | None]]) -> str | None:
    value, interval = told["value"], told["interval"]
    if not isinstance(value, float):
        return None
    low, high = (interval["low"], interval["high"]) if isinstance(interval, dict) else (None, None)
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _affect(catalogue: Catalogue, data: str, notes: tuple[str, ...]) -> Ours:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{name}, {'newcomers' if how == 'newcomer' else 'last three'}",
            each["n"],
            each["mae"],
            each["rmse"],
            each["ccc"],
            each["norms_mae"],
        )
        for how, _, _ in HOWS
        for name, each in affect_errors(catalogue, how).items()
    ]
    return Ours(
        "Expected affect of clips",
        data,
        "profiles of the other viewers, moved by the tested viewer's responses to the clips that are known",
        ("dimension", "viewings", "MAE", "RMSE", "CCC", "MAE of norms alone"),
        tuple(rows),
        ("control: the norms alone, nobody's response",),
        (
            *notes,
            "On -1 to 1: a rating r of 1 to 9 is (r - 5) / 4. Only clips with a norm count, in every column.",
        ),
    )


def _catalogue(order: Order) -> tuple[Catalogue, str, tuple[str, ...]]:
    if order.source is not None:
        study = Study.open(order.source)
        material = material_of(study)
        people = len(material.catalogue.participants)
        who = "simulated people" if study.kind == "simulation" else "people"
        return material.catalogue, f"the study {study.name}, {people} {who}", material.notes
    people, clips, watched = (10, 20, 14) if order.is_quick else (40, 40, 24)
    data = (
        f"{people} simulated viewers of {watched} of {clips} clips; two camps like opposite styles, which no "
        f"norm tells of: {TASTE:g} of liking on -1 to 1, noise SD 0.3; for grey-relational made-up courses of"
        " affect over 30 s, in which arousal rises in one style and falls in the other, at any level"
    )
    quick = ("Quick form: few viewers and clips; no result.",) if order.is_quick else ()
    return planted_viewers(people, clips, watched, TASTE, order.seed, with_courses=True), data, quick
