"""A scheme with every kind of tier, and logs about a recording that need not be there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.labels.records import LogHead, Mark
from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier
from analysis.labels.scheme_json import with_checksum
from app.annotation.log import Log

HAPPY, SAD = Label("happy", "Happy", key="1"), Label("sad", "Sad", key="2")
NINE = Dimension("valence", 1, 9, step=1)
SCHEME = with_checksum(
    Scheme(
        name="mixed",
        version=1,
        title="One of each",
        question="What is it?",
        tiers=(
            Tier("mood", "segment", "Mood", labels=(HAPPY, SAD)),
            Tier(
                "artefact",
                "segment",
                "Artefact",
                overlap="allow",
                labels=(HAPPY, SAD),
                dimensions=(Dimension("intensity", 1, 5, step=1),),
                free_text=True,
                channels=True,
            ),
            Tier("event", "point", "Event", labels=(HAPPY, SAD), cannot_tell=False),
            Tier(
                "trial",
                "trial",
                "Whole trial",
                questions=(
                    Question("valence", "How pleasant?", "scale", NINE),
                    Question("kind", "Which?", "choice", labels=(HAPPY, SAD)),
                    Question("why", "Why?", "text"),
                ),
            ),
            Tier("trace", "trace1d", "Trace", dimensions=(Dimension("valence", -1, 1),)),
            Tier("wheel", "trace1d", "Wheel", dimensions=(Dimension("change", -1, 1),), bounded=False),
            Tier("plane", "trace2d", "Plane", dimensions=(Dimension("v", -1, 1), Dimension("a", -1, 1))),
        ),
    )
)
HEAD = LogHead("anna", "human", "sub-01_ses-01_run-01", "uuid-1", "sha-1", SCHEME.id, SCHEME.sha256)


def open_log(path: Path, head: LogHead = HEAD, **options: Any) -> Log:
    """Open a log of the scheme."""
    return Log.open(path, head, SCHEME, **options)


def told(mark: Mark) -> tuple[Any, ...]:
    """Return what a mark says, its id and history aside."""
    value = tuple(sorted(mark.value.items()))
    return mark.tier, mark.item, mark.trial, mark.start_ns, mark.end_ns, mark.label, value
