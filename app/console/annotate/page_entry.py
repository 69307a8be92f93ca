"""Where annotating begins: who annotates, and what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from analysis.labels.scheme import Scheme
from app.annotation.places import Place
from app.annotation.queue import Item
from app.annotation.schemes import add_scheme, bundled
from app.annotation.study_place import StudyPlace
from app.console import preferences
from app.console.annotate.who_dialog import NO_NAMES
from app.console.parts import Banner, Card, Heading, Line, Primary, Tinted
from stimuli.problems import EvokeError

LAST_WHO = "annotator"
What = Literal["queue", "practice", "free"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to annotate: a plan's queue ("" all of them), practice, or whole recordings."""

    what: What
    name: str = ""
    text: str = ""


def wishes(place: Place, annotator: str) -> list[Wish]:
    """Return what an annotator can do in a place; raises StudyError."""
    found: list[Wish] = []
    if annotator:
        if isinstance(place, StudyPlace):
            for plan in place.plans():
                count = len(place.queue(annotator, plan.name))
                if count:
                    found.append(
                        Wish("queue", plan.name, f"My queue in the plan '{plan.name}': {count} items")
                    )
        elif queue := place.queue(annotator):
            found.append(Wish("queue", "", f"My queue: {len(queue)} items"))
        schemes = dict.fromkeys(item.scheme for item in place.training(annotator))
        found += [Wish("practice", scheme, f"Practice with answers: {scheme}") for scheme in schemes]
    if isinstance(place, StudyPlace) and place.recordings():
        found += [
            Wish("free", scheme.id, f"Whole recordings: {scheme.title} ({scheme.id})")
            for scheme in place.schemes().values()
        ]
        if not found:
            found += [
                Wish("free", scheme.id, f"Whole recordings: {scheme.title} ({scheme.id}, bundled)")
                for scheme in bundled()
            ]
    return found


def items_of(place: Place, annotator: str, wish: Wish) -> tuple[Item, ...]:
    """Return the items of a wish in their order; raises StudyError, SessionFileError."""
    if wish.what == "practice":
        return place.training(annotator, wish.name)
    if wish.what == "queue":
        return place.queue(annotator, wish.name)
    assert isinstance(place, StudyPlace)
    if wish.name not in place.schemes():
        add_scheme(place.study, next(scheme for scheme in bundled() if scheme.id == wish.name))
    return tuple(place.whole(recording, wish.name) for recording in place.recordings())


def names_of(items: Sequence[Item], schemes: dict[str, Scheme]) -> list[str]:
    """Return how items may be called: by code, else by file or, where that is hidden, by number."""
    names = []
    for number, item in enumerate(items, 1):
        scheme = schemes.get(item.scheme)
        hidden = item.hide | (scheme.hide if scheme is not None else frozenset())
        if item.code:
            names.append(item.code)
        elif hidden & {"file_names", "participant", "condition", "order"}:
            names.append(f"Recording {number}")
        else:
            names.append(item.recording)
    return names


class EntryPanel(QWidget):
    """Asks who and what. `began(annotator, wish)`; `who_asked`: somebody new; `asked(name)`: another way."""

    began = Signal(str, object)
    who_asked = Signal()
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.place: Place | None = None
        self._wishes: list[Wish] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        self.banner = Banner()
        outer.addWidget(self.banner)
        outer.addWidget(Heading("Annotate", 1.5))
        self.about = Line("", "muted", wrap=True)
        outer.addWidget(self.about)
        self.card = Card("Who and what")
        self.card.setMaximumWidth(760)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        who = QHBoxLayout()
        self.who = QComboBox()
        self.who.setAccessibleName("Who annotates")
        self.who.setMinimumContentsLength(18)
        self.who.currentIndexChanged.connect(lambda _: self._list())
        self.new = Tinted("Somebody new…", "person", self.who_asked.emit)
        who.addWidget(self.who, 1)
        who.addWidget(self.new)
        form.addRow("Pseudonym", who)
        self.list = QListWidget()
        self.list.setAccessibleName("What to annotate")
        self.list.setMinimumHeight(150)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(lambda _: self._begin())
        self.list.currentRowChanged.connect(lambda _: self._look())
        form.addRow("What", self.list)
        self.card.body.addLayout(form)
        self.hint = Line("", "muted", wrap=True)
        self.card.body.addWidget(self.hint)
        row = QHBoxLayout()
        self.go = Primary("Begin", "start", self._begin)
        row.addWidget(self.go)
        row.addStretch(1)
        self.card.body.addLayout(row)
        outer.addWidget(self.card)
        ways = QHBoxLayout()
        self.ways: dict[str, Tinted] = {}
        for name, text, icon in (
            ("open_package", "Open a package…", "folder"),
            ("plan_annotation", "Plan the annotation…", "study"),
            ("edit_schemes", "Schemes…", "note"),
            ("back", "Back to the study", "home"),
        ):
            self.ways[name] = Tinted(text, icon, partial(self.asked.emit, name))
            ways.addWidget(self.ways[name])
        ways.addStretch(1)
        outer.addLayout(ways)
        outer.addStretch(1)

    def show_place(self, place: Place | None) -> None:
        """Show who annotates in a place; None: no study is open."""
        self.place = place
        self.refresh(str(preferences.get(LAST_WHO, "")))

    def refresh(self, chosen: str = "") -> None:
        """Read the place anew."""
        place = self.place
        chosen = chosen or self.who.currentText()
        self.banner.say("")
        people: tuple[str, ...] = ()
        if place is not None:
            try:
                people = place.annotators()
            except EvokeError as error:
                self.banner.say(str(error), "alarm")
        is_study = isinstance(place, StudyPlace)
        self.who.blockSignals(True)
        self.who.clear()
        self.who.addItems(list(people))
        self.who.setCurrentIndex(max(0, self.who.findText(chosen)) if people else -1)
        self.who.blockSignals(False)
        self.card.setVisible(place is not None)
        self.new.setVisible(is_study)
        for name in ("plan_annotation", "edit_schemes"):
            self.ways[name].setVisible(is_study)
        self.ways["back"].setVisible(place is not None and not is_study)
        if place is None:
            self.about.setText("Open a study to annotate its recordings, or a package that you were given.")
        elif is_study:
            self.about.setText(NO_NAMES)
        else:
            self.about.setText("This package holds your queue. What you label is kept in its folder.")
        self._list()

    def _list(self) -> None:
        self.list.clear()
        self._wishes = []
        who = self.who.currentText()
        if self.place is not None:
            try:
                self._wishes = wishes(self.place, who)
            except EvokeError as error:
                self.banner.say(str(error), "alarm")
        for wish in self._wishes:
            self.list.addItem(wish.text)
        self.list.setCurrentRow(0 if self._wishes else -1)
        self._look()

    def _look(self) -> None:
        who = self.who.currentText()
        self.go.setEnabled(bool(who) and self.list.currentRow() >= 0)
        if self.place is None:
            text = ""
        elif not who:
            text = "Nobody annotates here yet. Take a pseudonym with Somebody new."
        elif not self._wishes:
            text = (
                "There is nothing to annotate for you yet: no plan names you, and no recording is finished."
                " Ask who leads the study."
            )
        else:
            text = ""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _begin(self) -> None:
        row = self.list.currentRow()
        if self.go.isEnabled() and 0 <= row < len(self._wishes):
            preferences.put(LAST_WHO, self.who.currentText())
            self.began.emit(self.who.currentText(), self._wishes[row])
