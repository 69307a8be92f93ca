"""One line to write in, where a text is wanted: a question to the curator, a reason to skip."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.console.parts import Line, Tinted


class AskBar(QWidget):
    """Appears on the page itself; Enter takes the text, Escape closes it."""

    def __init__(self) -> None:
        super().__init__()
        self._then: Callable[[str], None] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.prompt = Line("", "text", wrap=True)
        row = QHBoxLayout()
        self.line = QLineEdit()
        self.line.returnPressed.connect(self.take)
        self.ok = Tinted("Keep", "good", self.take)
        row.addWidget(self.line, 1)
        row.addWidget(self.ok)
        column.addWidget(self.prompt)
        column.addLayout(row)
        self.hide()

    def ask(self, prompt: str, text: str, then: Callable[[str], None]) -> None:
        """Ask for a text; `then` gets what was written."""
        self._then = then
        self.prompt.setText(prompt)
        self.line.setAccessibleName(prompt)
        self.line.setText(text)
        self.line.selectAll()
        self.show()
        self.line.setFocus()

    def take(self) -> None:
        """Take the text."""
        then, self._then = self._then, None
        self.hide()
        if then is not None:
            then(self.line.text().strip())

    def drop(self) -> bool:
        """Close it without a word; False where it was closed."""
        was_open, self._then = self.isVisible(), None
        self.hide()
        return was_open
