"""Two sections of a run's report: several labels at once, and decisions step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.evaluation.label_scores import SCORES, THRESHOLDED
from app.analysing.html_page import Page, Table
from app.analysing.svg import Estimate, forest

Told = Mapping[str, Any]
WITH_FLOORS = ("accuracy", "weighted_accuracy", "f1")
"""Scores that a constant answer already makes look well."""


def add_labels(page: Page, result: Told, combinations: Told) -> None:
    """Add the scores of each label, and their table by modality where there is one; nothing without them."""
    labels = result.get("labels")
    if not labels:
        return
    page.section("Labels")
    page.text(f"{labels['words']}.")
    table = label_table(labels)
    rows = [
        _estimate(row["label"], row["metrics"]["accuracy"])
        for row in (*labels["rows"], {"label": "average", "metrics": labels["average"]})
    ]
    about = "Share of cases whose estimate lies on the same side of the threshold as the answer."
    page.figure(forest(rows, "Accuracy of each label", "accuracy with its 95 % interval"), about, table)
    page.table(table)
    ablation = combinations.get("labels")
    if ablation:
        page.heading("By modality")
        page.text(f"Accuracy in per cent, each trained anew; the {ablation['cases']} cases that all have.")
        cells = tuple(
            (row["label"], *(_per_cent(row["accuracy"][name]) for name in ablation["variants"]))
            for row in ablation["rows"]
        )
        page.table(Table("labels-by-modality", ("label", *ablation["variants"]), cells))


def label_table(labels: Told) -> Table:
    """Return every score of every label with its interval; the last row is the mean over labels."""
    rows = []
    average = {"label": "average", "threshold": None, "high": None, "metrics": labels["average"]}
    for row in (*labels["rows"], average):
        for name in SCORES if row is not average else THRESHOLDED:
            each = row["metrics"].get(name)
            if each is None:
                continue
            ends = each["interval"]
            rows.append(
                (
                    row["label"], row["threshold"], row["high"], name, each["value"], ends["low"],
                    ends["high"], each["n"], each["reason"] or ends["reason"],
                )
            )  # fmt: skip
        rows += _floor_rows(row)
    heads = ("label", "threshold", "share_high", "score", "value", "low", "high", "n", "why_none")
    return Table("labels", heads, tuple(rows))


def _floor_rows(row: Told) -> list[tuple[Any, ...]]:
    """Return what always saying "no" or "yes" reaches on a label, as rows of its scores."""
    floors = row.get("floors") or {}
    return [
        (row["label"], row["threshold"], row["high"], f"{name}, always {said}", value, None, None, None, "")
        for said, scores in floors.items()
        for name, value in scores.items()
        if name in WITH_FLOORS and value is not None
    ]


def add_steps(page: Page, result: Told) -> None:
    """Add the accuracy of single steps beside the vote of their cases; nothing without steps."""
    steps = result.get("steps")
    if not steps:
        return
    page.section("Step by step")
    spread = "" if steps["sd"] is None else f", SD {steps['sd']:.3f}"
    over = "" if steps["mean"] is None else f" Over folds the steps' accuracy is {steps['mean']:.3f}{spread}."
    page.text(f"Each step is decided by itself; a case's own decision is the vote of its steps.{over}")
    table = Table(
        "steps",
        ("fold", "steps", "step_accuracy", "cases", "vote_accuracy"),
        tuple(
            tuple(each[key] for key in ("fold", "steps", "accuracy", "cases", "vote"))
            for each in steps["folds"]
        ),
    )
    rows = [_estimate("single steps", steps["accuracy"]), _estimate("vote of a case", steps["vote"])]
    page.figure(
        forest(rows, "Steps and votes", "accuracy with its 95 % interval"), "All folds pooled.", table
    )
    page.table(table, 60)


def _estimate(name: str, told: Told) -> Estimate:
    return Estimate(name, told["value"], told["interval"]["low"], told["interval"]["high"], told["reason"])


def _per_cent(share: float | None) -> float | None:
    return None if share is None else 100 * share
