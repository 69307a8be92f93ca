"""The tables of PSA-YOLO's kind: on a folder of pictures, a study's boxed frames, or drawn people."""

from __future__ import annotations

from dataclasses import replace

from analysis.detection.gathering import Boxed, gather
from analysis.literature.paper import Ours
from app.analysing.face_comparison import Wish, compare_detectors
from app.analysing.face_pictures import (
    DRAWN,
    drawn_pictures,
    faces_in_words,
    folder_pictures,
    study_pictures,
)
from app.analysing.literature.reproducing import Made, Order
from app.study import Study

FULL = Wish({"width": 0.125, "depth": 0.5, "epochs": 50, "batch": 16, "rate": 0.05, "decay": 0.98,
             "box_weight": 1.0, "objectness_weight": 0.5}, 96)  # fmt: skip
QUICK = Wish({"width": 0.03125, "depth": 0.1, "epochs": 2, "batch": 8, "rate": 0.05, "decay": 1.0,
              "box_weight": 1.0, "objectness_weight": 0.5, "augment": False, "least": 0.02},
             64, 2, 2, ("no PSA", "no SPC in the neck"), times=5)  # fmt: skip
DRAWN_PEOPLE, DRAWN_EACH = 10, 4
QUICK_PEOPLE, QUICK_EACH = 4, 2
SHORT = (
    "QUICK FORM: a tiny network, a few passes over {count} pictures. It shows that everything runs; its "
    "figures say nothing of the method."
)


def tables(order: Order) -> Made:
    """Make the tables; raises EvokeError with one clear message, CancelledError."""
    wish = QUICK if order.is_quick else FULL
    pictures, data = _pictures(order)
    with faces_in_words():
        order.said(f"{len(pictures)} pictures")
        gathered = gather(pictures, wish.size_px)
    chosen = Wish(
        wish.settings, wish.size_px, wish.k, wish.ablation_k, wish.ablations, order.seed,
        1 if order.is_quick else max(1, order.workers), wish.times,
    )  # fmt: skip
    found = compare_detectors(
        order.study, gathered, data, chosen, said=order.said, cancelled=order.cancelled
    ).tables
    if order.is_quick:
        found = tuple(_said_short(table, len(gathered.pictures)) for table in found)
    return Made(found)


def _said_short(table: Ours, count: int) -> Ours:
    return replace(table, notes=(SHORT.format(count=count), *table.notes))


def _pictures(order: Order) -> tuple[tuple[Boxed, ...], str]:
    source = order.source
    if source is None:
        people, each = (QUICK_PEOPLE, QUICK_EACH) if order.is_quick else (DRAWN_PEOPLE, DRAWN_EACH)
        made = drawn_pictures(people, each, order.seed)
        return made, f"{len(made)} pictures of {people} {DRAWN}"
    if (source / "study.yaml").is_file():
        study = Study.open(source)
        made = study_pictures(study)
        return made, f"study {study.name}: {len(made)} boxed camera pictures"
    made = folder_pictures(source)
    people = len({each.person for each in made})
    return made, f"folder {source.name}: {len(made)} pictures of {people} people, one folder an expression"
