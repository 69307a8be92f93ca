"""Who annotates: choose a pseudonym, or add one. Names of people stand nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from app.annotation.plans import ANNOTATOR
from app.console.parts import Line, without_icons

NO_NAMES = (
    "A pseudonym of your own choice, not your name: small letters, digits and hyphens, such as"
    " 'rater-a'. It stands in every file that you write."
)


def code_problem(code: str, taken: Collection[str] = ()) -> str:
    """Return what is wrong with a new pseudonym, "" if nothing."""
    if not code:
        return "Write a pseudonym."
    if len(code) > 16:
        return f"It has {len(code)} characters; 16 is the most."
    if not ANNOTATOR.fullmatch(code):
        return "Use small letters (a to z), digits and hyphens only."
    if code in taken:
        return "There is somebody of this pseudonym already: choose it above, or take another."
    return ""


class WhoDialog(QDialog):
    """Asks for the annotator's pseudonym; `code` is who was chosen or added, `is_new` says which."""

    def __init__(
        self, known: Sequence[str], last: str = "", may_add: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Who annotates?")
        self.setProperty("help", "annotate")
        self.setMinimumWidth(440)
        self.code, self.is_new = "", False
        self._known = tuple(known)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        self.list = QListWidget()
        self.list.setAccessibleName("Annotators")
        self.list.addItems(list(known))
        self.list.setMinimumHeight(120)
        self.list.itemDoubleClicked.connect(lambda _: self.accept())
        self.list.currentRowChanged.connect(lambda _: self._on_chosen())
        column.addWidget(Line("Your pseudonym:" if known else "Nobody has annotated here yet."))
        self.list.setVisible(bool(known))
        column.addWidget(self.list, 1)
        self.line = QLineEdit()
        self.line.setAccessibleName("New pseudonym")
        self.line.setPlaceholderText("or a new one, such as rater-a" if known else "such as rater-a")
        self.line.setVisible(may_add)
        self.line.textEdited.connect(lambda _: self._on_typed())
        column.addWidget(self.line)
        self.note = Line(NO_NAMES, "muted", True)
        self.note.setVisible(may_add)
        column.addWidget(self.note)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        without_icons(self.buttons)
        self.go = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.go.setText("Begin")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        found = self.list.findItems(last, Qt.MatchFlag.MatchExactly) if last else []
        if found:
            self.list.setCurrentItem(found[0])
        elif not known:
            self.line.setFocus()
        self._look()

    def accept(self) -> None:
        """Take who is chosen, or the new pseudonym where it is a good one."""
        typed = self.line.text().strip()
        if typed and code_problem(typed, self._known):
            return
        chosen = self.list.currentItem()
        self.is_new = bool(typed)
        self.code = typed or (chosen.text() if chosen is not None else "")
        if self.code:
            super().accept()

    def _on_chosen(self) -> None:
        if self.list.currentRow() >= 0:
            self.line.clear()
        self._look()

    def _on_typed(self) -> None:
        if self.line.text():
            self.list.blockSignals(True)
            self.list.setCurrentRow(-1)
            self.list.blockSignals(False)
        self._look()

    def _look(self) -> None:
        typed = self.line.text().strip()
        wrong = code_problem(typed, self._known) if typed else ""
        self.problem.setText(wrong)
        self.go.setEnabled(not wrong and bool(typed or self.list.currentItem() is not None))
