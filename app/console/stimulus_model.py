"""The stimuli of a set as a list that can be filtered; what belongs to a filter is decided without Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from stimuli.checking import WORDS, Finding
from stimuli.sets import Stimulus

ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
ANY_PROBLEM = "any"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown; "" and None mean all. Ranges are on 1..9, and what has no rating is outside of them."""

    text: str = ""
    category: str = ""
    kind: str = ""
    licence: str = ""
    problem: str = ""
    valence: tuple[float, float] | None = None
    arousal: tuple[float, float] | None = None

    def keeps(self, item: Stimulus, codes: Sequence[str]) -> bool:
        """Whether a stimulus with findings of these codes is shown."""
        if self.category and item.category != self.category:
            return False
        if self.kind and item.kind != self.kind:
            return False
        if self.licence and item.licence != self.licence.strip():
            return False
        if self.problem and not (codes if self.problem == ANY_PROBLEM else self.problem in codes):
            return False
        for wanted, value in ((self.valence, item.valence), (self.arousal, item.arousal)):
            if wanted is not None and (value is None or not wanted[0] <= value <= wanted[1]):
                return False
        told = f"{item.id} {item.description} {item.category} {item.path.name} {item.model} {item.expression}"
        return all(word in told.lower() for word in self.text.lower().split())


class StimulusModel(QAbstractListModel):
    """The stimuli that the filter keeps, in the set's order."""

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Stimulus, ...] = ()
        self._shown: list[Stimulus] = []
        self._rows: dict[str, int] = {}
        self._codes: dict[str, tuple[str, ...]] = {}
        self.filter = Filter()

    def show_items(self, items: Sequence[Stimulus]) -> None:
        """Show another set; nothing is known of its files."""
        self._all, self._codes = tuple(items), {}
        self._sort_out()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Mark what was found."""
        codes: dict[str, list[str]] = {}
        for finding in findings:
            codes.setdefault(finding.id, []).append(finding.code)
        self._codes = {key: tuple(found) for key, found in codes.items()}
        self._sort_out()

    def set_filter(self, wanted: Filter) -> None:
        """Show what the filter keeps."""
        if wanted != self.filter:
            self.filter = wanted
            self._sort_out()

    def _sort_out(self) -> None:
        self.beginResetModel()
        self._shown = [item for item in self._all if self.filter.keeps(item, self.codes(item.id))]
        self._rows = {item.id: row for row, item in enumerate(self._shown)}
        self.endResetModel()

    @property
    def shown(self) -> Sequence[Stimulus]:
        """The stimuli that the filter keeps."""
        return self._shown

    @property
    def total(self) -> int:
        """How many the set has."""
        return len(self._all)

    def codes(self, key: str) -> tuple[str, ...]:
        """Return the codes of what was found at a stimulus."""
        return self._codes.get(key, ())

    def row_of(self, key: str) -> int | None:
        """Return the row of a stimulus, None where the filter hides it."""
        return self._rows.get(key)

    def item(self, index: Index) -> Stimulus | None:
        """Return the stimulus of a row."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def touch(self, keys: Sequence[str]) -> None:
        """Have stimuli drawn anew."""
        for key in keys:
            row = self._rows.get(key)
            if row is not None:
                index = self.index(row)
                self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return id, words for assistive techniques, tool tip or the stimulus itself."""
        item = self.item(index)
        if item is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return item.id
        if role == ROLE:
            return item
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return words_of(item, self.codes(item.id))
        return None


def words_of(item: Stimulus, codes: Sequence[str] = ()) -> str:
    """Say in a line what a stimulus is."""
    words = [item.id, item.description, f"{item.kind}, {item.category}"]
    for scale in ("valence", "arousal", "dominance"):
        score = item.score(scale)
        if score is not None:
            words.append(f"{scale} {score.mean:.2f}")
    words += [WORDS[code] for code in codes if code in WORDS]  # type: ignore[index]
    return "; ".join(word for word in words if word)


def licences(items: Sequence[Stimulus]) -> Mapping[str, int]:
    """Return the licences with how many stimuli have each."""
    found: dict[str, int] = {}
    for item in items:
        found[item.licence] = found.get(item.licence, 0) + 1
    return found
