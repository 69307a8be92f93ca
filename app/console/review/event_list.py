"""What the docks of events and trials list of a view."""

from __future__ import annotations

from app.console.review.event_words import is_technical, title_of
from app.console.review.jump_table import Moment
from app.console.review.seen import View


def event_moments(view: View) -> list[Moment]:
    """Return everything that happened as rows of a list."""
    return [
        Moment(event.time_s, event.time_s, title_of(event.kind), event.text, is_technical(event.kind))
        for event in view.events
    ]


def trial_moments(view: View) -> list[Moment]:
    """Return the trials as rows of a list."""
    return [
        Moment(
            trial.start_s,
            trial.stop_s,
            "trial",
            ": ".join(filter(None, (trial.name, trial.text))),
        )
        for trial in view.trials
    ]
