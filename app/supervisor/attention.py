"""Signs that a participant may need help: each stands until somebody notes what was done about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

OPEN_TEXT = "What was done about it was not noted"
LONGEST_ACTION = 2000


@dataclass(frozen=True, slots=True)
class Attention:
    """One sign: what it is (`phq9-item9`), when it was given, and the action noted, '' for none yet."""

    id: str
    code: str
    time: float
    trial: int = -1
    action: str = ""

    @property
    def noted(self) -> bool:
        """Whether an action was noted."""
        return bool(self.action)

    def to_json(self) -> dict[str, Any]:
        """Return what a console is told; never the answer itself."""
        return {
            "id": self.id,
            "code": self.code,
            "time": self.time,
            "trial": self.trial,
            "noted": self.noted,
            "action": self.action,
        }


class Attentions:
    """The signs of one session, oldest first."""

    def __init__(self) -> None:
        self.all: list[Attention] = []

    def add(self, code: str, time: float, trial: int) -> Attention:
        """Take a sign."""
        attention = Attention(f"a{len(self.all) + 1}", code, time, trial)
        self.all.append(attention)
        return attention

    def note(self, wanted: str, action: str) -> Attention | None:
        """Note what was done about sign `wanted`; None where there is no such sign or nothing is said."""
        action = action.strip()[:LONGEST_ACTION]
        for place, attention in enumerate(self.all):
            if attention.id == wanted and action:
                self.all[place] = replace(attention, action=action)
                return self.all[place]
        return None

    @property
    def open(self) -> tuple[Attention, ...]:
        """Those of which no action was noted."""
        return tuple(attention for attention in self.all if not attention.noted)
