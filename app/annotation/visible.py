"""What may be seen and heard of a recording: one record that every view obeys."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.labels.scheme import SHOWABLE


@dataclass(frozen=True, slots=True)
class Visible:
    """The limits of a view; the default hides nothing.

    `kinds` are names of `SHOWABLE`. `window_s` is the part of the recording that exists for the viewer,
    seconds on its clock (None: all); times are told relative to its start. `muted_s` are stretches without
    sound. `title` stands wherever a name would ("" : the recording's own name). The flags say whether
    the condition (stimulus, category), names (participant, files), the participant's answers, the place in
    the order, other annotators and models may be known.
    """

    kinds: frozenset[str] = frozenset(SHOWABLE)
    window_s: tuple[float, float] | None = None
    muted_s: tuple[tuple[float, float], ...] = ()
    title: str = ""
    condition: bool = True
    names: bool = True
    answers: bool = True
    order: bool = True
    others: bool = True
    model: bool = True


EVERYTHING = Visible()
