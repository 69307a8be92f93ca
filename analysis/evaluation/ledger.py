"""The ledger of a fold: which cases anything was fitted, selected or tuned on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.corpus.cases import Rows

SELECTION = ("select",)
TUNING = ("tune", "tuning", "search", "early stopping")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something was fitted: `what`, on `cases` cases, of which `outside` lie outside the training side.

    `transductive`: a named step that may look at unlabelled rows of the test side.
    """

    what: str
    cases: int
    outside: int
    transductive: bool = False

    @property
    def guard(self) -> str:
        """Name of the guard whose business it is."""
        if self.what.startswith(SELECTION):
            return "selection"
        return "tuning" if self.what.startswith(TUNING) else "fitted"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "what": self.what,
            "cases": self.cases,
            "outside": self.outside,
            "transductive": self.transductive,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Entry:
        """Rebuild from `to_json`; raises TypeError."""
        return cls(**values)


@dataclass
class Ledger:
    """Told by steps, searches and recognizers; `inside` are the ids of the training side, validation too."""

    inside: frozenset[int]
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, *ids: Rows) -> Ledger:
        """Start a ledger for a training side."""
        return cls(frozenset(int(each) for part in ids for each in part))

    def fitted(self, what: str, ids: Rows) -> None:
        """Note that `what` was fitted, selected or tuned on these cases."""
        self._note(what, ids, transductive=False)

    def looked(self, what: str, ids: Rows) -> None:
        """Note that a transductive step looked at these cases, without their answers."""
        self._note(what, ids, transductive=True)

    def _note(self, what: str, ids: Iterable[int], *, transductive: bool) -> None:
        seen = {int(each) for each in np.asarray(list(ids))}
        entry = Entry(what, len(seen), len(seen - self.inside), transductive)
        if entry not in self.entries:
            self.entries.append(entry)
