"""The sheet of keys: what digits mean in the scheme in hand, then everything else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QWidget,
)

from analysis.labels.scheme import Scheme, Tier
from app.console.annotate.page_keys import GROUPS, KEYS
from app.console.annotate.question_parts import key_of
from app.console.parts import Heading, Line, fill_sheet

MOUSE = (
    ("Drag in a lane", "Make a segment"),
    ("Drag a mark or its edge", "Move it; edges catch at the cursor"),
    ("Double click", "A point; on a mark: show it"),
    ("Wheel, Ctrl+wheel", "Move along, zoom at the pointer"),
    ("Right click", "Everything that can be done with a mark"),
)


def scheme_keys(scheme: Scheme) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what digits and letters mean, by tier or question: (title, [(key, meaning)])."""
    return [part for tier in scheme.tiers for part in _tier_keys(tier)]


def _tier_keys(tier: Tier) -> list[tuple[str, list[tuple[str, str]]]]:
    told: list[tuple[str, list[tuple[str, str]]]] = []
    last = [("0", "cannot tell")] if tier.cannot_tell and not tier.kind.startswith("trace") else []
    if tier.kind == "trial":
        for question in tier.questions:
            rows: list[tuple[str, str]] = []
            if question.kind == "choice":
                rows = [(key_of(question.labels, n), label.name) for n, label in enumerate(question.labels)]
            elif question.scale is not None:
                ends = (question.scale.low_text, question.scale.high_text)
                rows = [("1 to 9", " to ".join(end for end in ends if end) or "lowest to highest")]
            told.append((question.text, rows + (last if question.kind != "text" else [])))
    elif tier.labels:
        rows = [(key_of(tier.labels, place), label.name) for place, label in enumerate(tier.labels)]
        told.append((tier.title, rows + last))
    elif tier.kind.startswith("trace"):
        told.append((tier.title, [("Enter", "begin a trace")]))
    return told


class KeySheet(QDialog):
    """All keys of the page on one sheet; Escape or ? closes it."""

    def __init__(self, scheme: Scheme | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setProperty("help", "annotate")
        inner = QWidget()
        sides = QHBoxLayout(inner)
        sides.setSpacing(28)
        own = [] if scheme is None else scheme_keys(scheme)
        fixed = [(g, [(_told(i.keys), i.text) for i in KEYS if i.group == g]) for g in GROUPS]
        for parts in ([*own, fixed[0]], fixed[1:3], [fixed[3], ("Mouse", list(MOUSE))]):
            sides.addLayout(_grid(parts), 1)
        fill_sheet(self, inner)
        self.resize(1080, 640)


def _grid(parts: list[tuple[str, list[tuple[str, str]]]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(1, 1)
    row = 0
    for title, lines in parts:
        head = Heading(title)
        head.setWordWrap(True)
        grid.setRowMinimumHeight(row, 8 if row else 0)
        grid.addWidget(head, row + 1, 0, 1, 2)
        row += 2
        for keys, text in lines:
            shown = QLabel(keys)
            font = shown.font()
            font.setBold(True)
            shown.setFont(font)
            grid.addWidget(shown, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Line(text, wrap=len(text) > 30), row, 1)
            row += 1
    grid.setRowStretch(row + 1, 1)
    return grid


def _told(keys: tuple[str, ...]) -> str:
    shown = [k for k in keys if k not in ("Enter", "Ctrl+Enter", "Backtab")]
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(native) or key for key in shown)
