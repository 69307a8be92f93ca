"""The row above the grid that says which stimuli are shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.console.parts import Line, Tinted
from app.console.stimulus_model import ANY_PROBLEM, Filter, licences
from stimuli.checking import WORDS, Finding
from stimuli.sets import Stimulus

WAIT_MS = 120


class FilterBar(QWidget):
    """Two rows of what to filter by; `changed()` when something else is wanted."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        first, second = QHBoxLayout(), QHBoxLayout()
        column.addLayout(first)
        column.addLayout(second)
        self.text = QLineEdit()
        self.text.setPlaceholderText("Filter by words…")
        self.text.setAccessibleName("Filter by words")
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(self._soon)
        first.addWidget(self.text, 2)
        self.category = self._choice("Category", first)
        self.kind = self._choice("Kind", first)
        self.licence = self._choice("Licence", second)
        self.problem = self._choice("Problem", second)
        self.valence = self._range("Valence", second)
        self.arousal = self._range("Arousal", second)
        self.count = Line("", "muted")
        self.clear = Tinted("Show all", "", self.show_all)
        first.addWidget(self.count)
        first.addWidget(self.clear)
        self._wait = QTimer(self, interval=WAIT_MS, singleShot=True)
        self._wait.timeout.connect(self.changed)

    def _choice(self, name: str, row: QHBoxLayout) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        box.currentIndexChanged.connect(self._soon)
        row.addWidget(box, 1)
        return box

    def _range(self, name: str, row: QHBoxLayout) -> tuple[QDoubleSpinBox, QDoubleSpinBox]:
        row.addWidget(QLabel(name))
        ends = []
        for word, value in (("lowest", 1.0), ("highest", 9.0)):
            box = QDoubleSpinBox()
            box.setRange(1, 9)
            box.setSingleStep(0.5)
            box.setDecimals(1)
            box.setValue(value)
            box.setAccessibleName(f"{name}, {word}")
            box.valueChanged.connect(self._soon)
            row.addWidget(box)
            ends.append(box)
            if word == "lowest":
                row.addWidget(QLabel("–"))
        return ends[0], ends[1]

    def _soon(self, *_: object) -> None:
        self._wait.start()

    def offer(self, items: Sequence[Stimulus]) -> None:
        """Offer what the set has."""
        categories = sorted({item.category for item in items})
        kinds = sorted({item.kind for item in items})
        _fill(self.category, "All categories", [(name, name) for name in categories])
        _fill(self.kind, "All kinds", [(f"{name}s", name) for name in kinds])
        _fill(
            self.licence,
            "All licences",
            [(name or "no licence", name or " ") for name in sorted(licences(items))],
        )
        self.offer_problems(())

    def offer_problems(self, findings: Sequence[Finding]) -> None:
        """Offer what was found."""
        codes = list(dict.fromkeys(finding.code for finding in findings))
        entries = [("Any problem", ANY_PROBLEM), *((WORDS[code].capitalize(), code) for code in codes)]
        _fill(self.problem, "With or without problems", entries if codes else [])

    def wanted(self) -> Filter:
        """Return the filter as it stands."""
        return Filter(
            self.text.text(),
            str(self.category.currentData() or ""),
            str(self.kind.currentData() or ""),
            str(self.licence.currentData() or ""),
            str(self.problem.currentData() or ""),
            _ends(self.valence),
            _ends(self.arousal),
        )

    def say_count(self, shown: int, total: int) -> None:
        """Say how many are shown."""
        self.count.setText(f"{shown} of {total}" if shown != total else f"{total} stimuli")
        self.clear.setEnabled(self.wanted() != Filter())

    def show_all(self) -> None:
        """Take all conditions back."""
        self.text.clear()
        for box in (self.category, self.kind, self.licence, self.problem):
            box.setCurrentIndex(0)
        for low, high in (self.valence, self.arousal):
            low.setValue(1)
            high.setValue(9)
        self._wait.stop()
        self.changed.emit()


def _ends(boxes: tuple[QDoubleSpinBox, QDoubleSpinBox]) -> tuple[float, float] | None:
    low, high = (round(box.value(), 1) for box in boxes)
    return None if (low, high) == (1.0, 9.0) else (low, high)


def _fill(box: QComboBox, first: str, entries: Sequence[tuple[str, str]]) -> None:
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    box.addItem(first, "")
    for title, value in entries:
        box.addItem(title, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
