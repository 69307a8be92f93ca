"""The participant's rights: a calm page to go on, to skip what was on, or to stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout

from app.presenter.desk import Inputs
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.parts import Button, FittedText
from app.presenter.style import Style
from app.presenter.tasks import RIGHTS, Right, Task


class RightsPage(Page):
    """What the participant may do now; each button sends `act("rights", choice=...)`."""

    has_own_ground = True

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        self.hint.setText("")
        self.body.addStretch(2)
        self.body.addWidget(FittedText(style.say("paused"), style.font(44, bold=True), style.colour("ink")))
        self.body.addSpacing(style.px(10))
        text = FittedText(style.say("rights"), style.font(28), style.colour("ink"), centred=True)
        self.body.addWidget(text)
        self.body.addSpacing(style.px(30))
        line = QHBoxLayout()
        line.setSpacing(style.px(20))
        line.addStretch(1)
        self.choices: dict[Right, Button] = {}
        for choice in RIGHTS:
            button = Button(style.say(choice), style, quiet=choice != "go_on")
            button.clicked.connect(lambda *_, choice=choice: self.choose(choice))
            self.choices[choice] = button
            line.addWidget(button)
        line.addStretch(1)
        self.body.addLayout(line)
        self.body.addStretch(3)

    def begin(self) -> None:
        """Be ready to go on."""
        self.choices["go_on"].setFocus()

    def choose(self, choice: Right) -> None:
        """Tell what was chosen."""
        self.inputs.act("rights", choice=choice)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows, choose with Enter or Space."""
        buttons = list(self.choices.values())
        place = next((place for place, button in enumerate(buttons) if button.hasFocus()), 0)
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()), 0)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            step = -step
        if step:
            buttons[max(0, min(len(buttons) - 1, place + step))].setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.choose(RIGHTS[place])
