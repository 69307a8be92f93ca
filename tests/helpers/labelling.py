"""Labels as annotators give them in tests: answers about trials, and whole queues worked through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analysis.labels.records import Mark
from app.annotation.places import Place
from app.annotation.queue import Item


def answered(trial: int, value: Any, question: str = "valence", tier: str = "feeling", **more: Any) -> Mark:
    """Return an answer about a trial."""
    values = value if isinstance(value, dict) else {question: value}
    return Mark(id=f"m{trial}", tier=tier, annotator="x", trial=trial, value=values, **more)


def label(place: Place, item: Item, annotator: str, valence: int, finish: bool = True) -> None:
    """Answer the three questions of the scheme `sam` about an item."""
    with place.log(item, annotator) as log:
        value = {"valence": valence, "arousal": 5, "dominance": 5}
        log.add("feeling", trial=item.trial, item=item.code, value=value)
        if finish:
            log.finish(item.code)


def label_all(place: Place, annotator: str, valences: Iterable[int]) -> None:
    """Work through the queue."""
    for item, valence in zip(place.queue(annotator), valences, strict=False):
        label(place, item, annotator, valence)
