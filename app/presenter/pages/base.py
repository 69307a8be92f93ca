"""What all pages share: their layout, the button to go on, declining, the hint and the last seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.presenter.desk import Inputs
from app.presenter.pages.parts import Button, Link, PictureView, label
from app.presenter.style import Style
from app.presenter.tasks import Task

LAST_SECONDS = 10
NO_PICTURES: Mapping[str, Path] = {}


class Page(QWidget):
    """A form: body above, a line of help, the button to go on at a fixed place, and a hint at the foot.

    `pictures` are the files of the stimuli that forms may show. On a ground of another lightness the page
    takes the palette that is readable there.
    """

    usual_ground = ""
    has_own_ground = False

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__()
        background = "" if self.has_own_ground else str(task.stage.content.get("background") or "")
        background = background or self.usual_ground
        if background:
            style = style.on(background)
        self.ground = background or style.colours.ground
        self.task = task
        self.look = style
        self.inputs = inputs
        self.pictures = pictures
        self.setLayoutDirection(style.direction)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, style.px(40), 0, 0)
        self.body.setSpacing(style.px(20))
        self.help = label("", style, 20)
        self.help.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.help.setFixedHeight(style.tx(32))
        self.hint = label(style.say("escape"), style, 16)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setFixedHeight(style.tx(26))
        self.button: Button | None = None
        self.decline: Link | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, style.px(12))
        outer.setSpacing(style.px(10))
        outer.addLayout(self._centred(self.body), 1)
        outer.addWidget(self.help)
        self._foot = QHBoxLayout()
        outer.addLayout(self._foot)
        outer.addWidget(self.hint)

    @property
    def room(self) -> int:
        """Height that the body has for itself on a page with a button, in pixels."""
        look = self.look
        return look.height - look.px(40 + 12 + 4 * 10) - look.tx(32 + 72 + 26)

    def add_button(self, text: str, quiet: bool = False) -> None:
        """Give a self-paced page its button; a timed one keeps the room empty."""
        if self.task.stage.duration.is_timed:
            self._foot.addSpacing(1)
            return
        self.put_button(text, quiet)

    def put_button(self, text: str, quiet: bool = False) -> None:
        """Add the button, whoever ends the page."""
        self.button = Button(text, self.look, quiet)
        self.button.clicked.connect(self.go_on)
        self._foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)

    def add_decline(self) -> None:
        """Offer not to do what the page asks for."""
        self.decline = Link(self.look.say("decline"), self.look)
        self.decline.clicked.connect(self._on_decline)
        self.body.addWidget(self.decline, 0, Qt.AlignmentFlag.AlignHCenter)

    def add_picture(self) -> PictureView | None:
        """Put the stage's picture into the body, if it names one."""
        name = str(self.task.stage.content.get("picture") or "")
        if not name:
            return None
        view = PictureView(name, self.pictures.get(name), self.look)
        self.body.addWidget(view, 4)
        return view

    def go_on(self) -> None:
        """The button was pressed."""
        self.inputs.proceed()

    def may_go_on(self) -> bool:
        """Whether the button may be pressed now."""
        return self.inputs.may_proceed(self.task)

    def begin(self) -> None:
        """The page has been shown: put the keyboard where it is needed."""
        self.refresh(self.task.started_s)
        if self.button is not None and self.button.isEnabled():
            self.button.setFocus()
        else:
            self.setFocus()

    def refresh(self, now: float) -> None:
        """Bring button and help up to date."""
        if self.button is not None:
            allowed = self.may_go_on()
            if allowed != self.button.isEnabled():
                self.button.setEnabled(allowed)
                if allowed and self.hasFocus():
                    self.button.setFocus()
        said = " · ".join(filter(None, (self.help_text(), self.last_seconds(now))))
        if said != self.help.text():
            self.help.setText(said)

    def help_text(self) -> str:
        """Return what the participant has still to do."""
        if self.button is None:
            return ""
        key, count = self.task.missing
        return self.look.say(key, count)

    def last_seconds(self, now: float) -> str:
        """Return the last seconds of a timed page that takes answers, "" before them."""
        duration = self.task.stage.duration
        if not self.counts_last_seconds() or duration.max_s is None:
            return ""
        left_s = self.task.started_s + duration.max_s - now
        return self.look.say("seconds_left", max(0, math.ceil(left_s))) if left_s <= LAST_SECONDS else ""

    def counts_last_seconds(self) -> bool:
        """Whether the page tells that its time is nearly over."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            if self.button is not None and self.may_go_on():
                self.go_on()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.ground)
        painter.end()

    def column_width(self) -> int:
        """Return the width of the page's column."""
        return self.look.column

    def _centred(self, column: QVBoxLayout) -> QHBoxLayout:
        row = QHBoxLayout()
        holder = QWidget()
        holder.setLayout(column)
        holder.setFixedWidth(self.column_width())
        row.addStretch(1)
        row.addWidget(holder)
        row.addStretch(1)
        return row

    def _on_decline(self) -> None:
        self.inputs.act("decline")
        self.refresh(self.task.started_s)
        if self.decline is not None:
            self.decline.setChecked(bool(getattr(self.task, "is_declined", False)))
        if self.button is not None and self.button.isEnabled():
            self.button.setFocus()
