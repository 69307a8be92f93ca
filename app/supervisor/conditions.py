"""How each stream is, as the recorder's health tells it: well, stale, lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Word = Literal["unknown", "well", "stale", "lost"]

WELL = ("live", "idle")
AWAY_S = 5.0
"""A stream that neither lives nor is called lost for so long (its recorder was restarted) is lost."""


@dataclass(slots=True)
class Condition:
    """One stream: how it is, since when it is not well, and when its newest row was taken (None: never)."""

    word: Word = "unknown"
    unwell_since_s: float | None = None
    last_s: float | None = None

    def take(self, health: Mapping[str, Any], now: float) -> None:
        """Learn from the stream's entry in a health message; raises TypeError or ValueError on nonsense."""
        last_s = health.get("last_s")
        self.last_s = None if last_s is None else float(last_s)
        state = str(health.get("state", ""))
        if state in WELL:
            self.word, self.unwell_since_s = "well", None
        elif state == "lost" or (state == "stale" and self.word != "lost"):
            self.word = "lost" if state == "lost" else "stale"
            self.unwell_since_s = now if self.unwell_since_s is None else self.unwell_since_s
        elif self.word in ("well", "stale"):
            # Expected, connecting or recovering: was here and is awaited.
            self.unwell_since_s = now if self.unwell_since_s is None else self.unwell_since_s
            if now - self.unwell_since_s > AWAY_S:
                self.word = "lost"

    def silent_s(self, now: float) -> float:
        """Return for how long it has given nothing, by the newest row's own time where that is plausible."""
        since_s = 0.0 if self.unwell_since_s is None else now - self.unwell_since_s
        by_rows_s = since_s if self.last_s is None else now - self.last_s
        return by_rows_s if since_s <= by_rows_s < since_s + 3600 else since_s


class Conditions:
    """The conditions of all streams."""

    def __init__(self) -> None:
        self._streams: dict[str, Condition] = {}

    def take(self, streams: Mapping[str, Mapping[str, Any]], now: float) -> None:
        """Learn from the `streams` of a recorder's health message."""
        for name, health in streams.items():
            self._streams.setdefault(name, Condition()).take(health, now)

    def of(self, stream: str) -> Condition:
        """Return a stream's condition."""
        return self._streams.get(stream, Condition())

    def unwell(self, streams: Iterable[str], *words: Word) -> list[str]:
        """Return those of `streams` that are stale or lost, or only those with one of `words`."""
        return [name for name in streams if self.of(name).word in (words or ("stale", "lost"))]
