"""Small parts of forms: boxes to choose from, ticks, boxes for numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QSpinBox,
    QTableWidgetItem,
    QToolTip,
    QWidget,
)

LEAST_CHARS = 14


class Choice(QComboBox):
    """A box to choose from whose tip tells what is chosen, since a narrow one cuts it."""

    def event(self, event: QEvent) -> bool:
        """Show the whole choice as a tip."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self.currentText():
            QToolTip.showText(event.globalPos(), f"{self.toolTip()}: {self.currentText()}", self)
            return True
        return super().event(event)


def combo(name: str, chars: int = LEAST_CHARS) -> QComboBox:
    """Return an empty box to choose from that gets no wider than its room."""
    box = Choice()
    named(box, name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(chars)
    return box


def named(widget: QWidget, name: str) -> None:
    """Give a control its accessible name and a tip."""
    widget.setAccessibleName(name)
    widget.setToolTip(name)


def fill_combo(box: QComboBox, entries: Sequence[tuple[str, object]], chosen: object) -> None:
    """Fill a box anew; what was chosen stays chosen where it is still there, else the first is."""
    box.blockSignals(True)
    box.clear()
    for text, data in entries:
        box.addItem(text, data)
        box.setItemData(box.count() - 1, text, Qt.ItemDataRole.ToolTipRole)
    datas = [data for _, data in entries]
    box.setCurrentIndex(datas.index(chosen) if chosen in datas else 0 if entries else -1)
    box.blockSignals(False)


def make_tick(item: QTableWidgetItem, name: str, is_on: bool) -> None:
    """Make a cell a box to tick, with its accessible name."""
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, name)


def whole(name: str, low: int, high: int, value: int, unit: str = "") -> QSpinBox:
    """Return a box for a whole number."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
    named(box, name)
    return box


def number(
    name: str, low: float, high: float, value: float, digits: int = 3, unit: str = ""
) -> QDoubleSpinBox:
    """Return a box for a number."""
    box = QDoubleSpinBox()
    box.setDecimals(digits)
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
    named(box, name)
    return box
