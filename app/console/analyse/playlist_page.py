"""The step Playlist: which clips come next for somebody, by what that one and others responded."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTabWidget,
    QWidget,
)

from analysis.recommendation.playlists import Wanted
from analysis.recommendation.rankers import RANKERS, Target
from app.analysing.html_page import Table
from app.analysing.recommending import AIMING, EMOTIONS, RANKED
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.playlist_work import (
    NEWCOMER,
    Choice,
    Listed,
    Plane,
    Ready,
    compared,
    keep,
    listed,
    look,
    write,
)
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, named, number, whole
from app.console.parts import Card, Line, Primary, Tick, Tinted, quiet
from app.console.saving import ask_where

NOTHING = (
    "A playlist needs ratings of stimuli: valence, arousal or liking, asked after each one. "
    "The protocol film-ranking asks for them."
)
NOT_YET = "Choose for whom and what it is to do, then “Make the list”."
NOT_COMPARED = "“Compare rankers” tests every ranker on people who are left out, beside three baselines."
KINDS_OF_FILE = "CSV (*.csv);;JSON (*.json)"
NARROW = ((1, 190), (2, 110))
"""Clip and kind: scores are to be seen beside long names."""
NO_AIM, POINT = "none: what is liked", "a point on the plane"


class PlaylistPage(WaitingStep):
    """Chooses for whom, aim and limits; shows the plane, the list, and rankers beside each other."""

    unreadable = "The ratings cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Playlist", "Playlist", NOTHING, parent)
        self.found: Ready | None = None
        self.done: Listed | None = None
        self.plane: Plane | None = None
        self.export = Tinted("Save list…", "save", self._ask)
        self.export.setToolTip("The list as CSV or JSON")
        self.compare_button = Tinted("Compare rankers", "balance", self.compare)
        self.make_button = Primary("Make the list", "start", self.make)
        self._lay_out((self.export, self.compare_button, self.make_button), self._body())
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left())
        split.addWidget(self._right())
        split.setStretchFactor(1, 4)
        split.setSizes([290, 800])
        return split

    def _left(self) -> QWidget:
        left = Card()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.who: QComboBox = combo("For whom", 12)
        self.ranker: QComboBox = combo("Ranker", 12)
        fill_combo(self.ranker, [(name, name) for name in RANKED], "hybrid")
        for place, name in enumerate(RANKED):
            self.ranker.setItemData(place, RANKERS[name].about, Qt.ItemDataRole.ToolTipRole)
        self.aim: QComboBox = combo("Aim", 12)
        aims: list[tuple[str, object]] = [(NO_AIM, NO_AIM), *((name, name) for name in EMOTIONS)]
        fill_combo(self.aim, [*aims, (POINT, POINT)], NO_AIM)
        self.valence = number("Valence of the aim", -1.0, 1.0, 0.6, 2)
        self.arousal = number("Arousal of the aim", -1.0, 1.0, 0.0, 2)
        for box in (self.valence, self.arousal):
            box.setSingleStep(0.1)
        self.count = whole("Clips", 1, 50, 5)
        self.minutes = number("Minutes in all", 0.0, 600.0, 0.0, 1, " min")
        self.minutes.setSpecialValueText("any length")
        for words, field in (
            ("For", self.who),
            ("Ranker", self.ranker),
            ("Aim", self.aim),
            ("Valence", self.valence),
            ("Arousal", self.arousal),
            ("Clips", self.count),
            ("Minutes", self.minutes),
        ):
            form.addRow(words, field)
        left.body.addLayout(form)
        self.kinds = QListWidget()
        self.kinds.setAccessibleName("Kinds of clips")
        self.kinds.setToolTip("Only clips of the ticked kinds")
        self.kinds.setMinimumHeight(60)
        self.kinds.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        quiet(self.kinds)
        left.body.addWidget(self.kinds, 1)
        self.apart = Tick("Never two of a kind in a row")
        self.again = Tick("Also clips that were seen")
        left.body.addWidget(self.apart)
        left.body.addWidget(self.again)
        row = QHBoxLayout()
        self.name = QLineEdit("lab")
        self.name.setMaxLength(40)
        named(self.name, "Name of the recommender")
        self.keep_button = Tinted("Keep for the protocol", "mark", self.keep)
        self.keep_button.setToolTip("Keep this ranker and aim: a protocol chooses by it (by: recommended)")
        row.addWidget(self.name, 1)
        row.addWidget(self.keep_button)
        left.body.addLayout(row)
        self.kept = Line("", "muted", True)
        left.body.addWidget(self.kept)
        self.aim.activated.connect(lambda _: self._on_aim())
        self.ranker.activated.connect(lambda _: self._show_buttons())
        for box in (self.valence, self.arousal):
            box.valueChanged.connect(lambda _: self._on_point())
        return left

    def _right(self) -> QWidget:
        right = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Playlist and rankers")
        both = QSplitter(Qt.Orientation.Vertical)
        both.setChildrenCollapsible(False)
        self.figure = FigureView("Clips on the plane")
        self.figure.said.connect(self.said)
        self.figure.drawing.clicked.connect(self._on_clicked)
        self.list = TableView("Playlist")
        self.list.said.connect(self.said)
        both.addWidget(self.figure)
        both.addWidget(self.list)
        both.setSizes([320, 240])
        self.rankers = TableView("Rankers")
        self.rankers.said.connect(self.said)
        self.tabs.addTab(both, "Playlist")
        self.tabs.addTab(self.rankers, "Rankers")
        right.body.addWidget(self.tabs, 1)
        self.notes = Line("", "muted", True)
        right.body.addWidget(self.notes)
        return right

    def _forget(self) -> None:
        self.found, self.done, self.plane = None, None, None
        self.rankers.show_table(None, NOT_COMPARED)

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: look(study, told), self._on_found, "Reading the ratings…")
            self._show_buttons()

    def _on_found(self, found: Ready | None) -> None:
        self.found = found
        if found is None:
            self.summary.set_whole("")
            self._say_empty(NOTHING)
            self._show_buttons()
            return
        catalogue = found.material.catalogue
        people: list[tuple[str, object]] = [("a newcomer", NEWCOMER)]
        fill_combo(
            self.who, people + [(code, code) for code in catalogue.participants], self.who.currentData()
        )
        self._fill_kinds(found.kinds)
        count = len(catalogue.participants)
        people_words = f"{count} {'person' if count == 1 else 'people'}"
        self.summary.set_whole(f"{len(catalogue.viewings)} viewings, {people_words}")
        self.notes.setText(" ".join(found.material.notes))
        self._say_kept()
        self.stack.setCurrentIndex(1)
        self._show_plane()
        self._show_list()
        self._show_buttons()

    def _fill_kinds(self, kinds: tuple[str, ...]) -> None:
        known = {
            self.kinds.item(row).text(): self.kinds.item(row).checkState()
            for row in range(self.kinds.count())
        }
        self.kinds.clear()
        for kind in kinds:
            item = QListWidgetItem(kind)
            item.setToolTip(kind)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(known.get(kind, Qt.CheckState.Checked))
            self.kinds.addItem(item)
        self.kinds.setVisible(bool(kinds))

    def _say_kept(self) -> None:
        names = () if self.found is None else self.found.kept
        self.kept.setText(f"Kept: {', '.join(names)}" if names else "None is kept yet.")

    @property
    def target(self) -> Target | None:
        """The affect that is aimed at, None for what is liked."""
        if self.aim.currentData() == NO_AIM:
            return None
        return {"valence": self.valence.value(), "arousal": self.arousal.value()}

    @property
    def choice(self) -> Choice:
        """What is chosen."""
        items = [self.kinds.item(row) for row in range(self.kinds.count())]
        ticked = tuple(item.text() for item in items if item.checkState() == Qt.CheckState.Checked)
        every = len(ticked) == len(items)
        wanted = Wanted(
            self.count.value(), self.minutes.value(), () if every else ticked or ("",),
            self.apart.isChecked(), self.again.isChecked(),
        )  # fmt: skip
        return Choice(str(self.who.currentData()), str(self.ranker.currentData()), self.target, wanted)

    def _on_aim(self) -> None:
        emotion = EMOTIONS.get(str(self.aim.currentData()))
        if emotion is not None:
            self._set_point(emotion)
        self._show_plane()
        self._show_buttons()

    def _on_point(self) -> None:
        """Aim at a point: what is typed is no emotion's any more."""
        self.aim.setCurrentIndex(self.aim.findData(POINT))
        self._show_plane()
        self._show_buttons()

    def _on_clicked(self, x: float, y: float) -> None:
        point = None if self.plane is None else self.plane.at(x, y)
        if point is not None:
            self._set_point(point)
            self._on_point()
            if self.ranker.currentData() not in AIMING:
                self.ranker.setCurrentIndex(self.ranker.findData("target"))
            self.make()

    def _set_point(self, point: Target) -> None:
        for box, value in ((self.valence, point["valence"]), (self.arousal, point["arousal"])):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)

    def _show_buttons(self) -> None:
        idle = not self.waiting.is_busy
        can = idle and self.stack.currentIndex() == 1 and self.found is not None
        for button in (self.make_button, self.compare_button, self.keep_button):
            button.setEnabled(can)
        self.export.setEnabled(idle and self.done is not None)
        aims = self.ranker.currentData() in AIMING
        self.aim.setEnabled(aims)
        for box in (self.valence, self.arousal):
            box.setEnabled(aims)

    def _show_plane(self) -> None:
        if self.found is None:
            self.figure.show_figure(None, NOT_YET)
            return
        names = () if self.done is None else tuple(each.clip for each in self.done.entries)
        self.plane = Plane(self.found.material.catalogue, names, self.target)
        self.figure.show_figure(self.plane.shown())

    def _show_list(self) -> None:
        done = self.done
        if done is None:
            self.list.show_table(None, NOT_YET)
            return
        whose = done.choice.participant or "a newcomer"
        length = f", {done.seconds / 60:.1f} min" if done.seconds else ""
        self.list.show_table(
            done.table,
            f"{len(done.entries)} clips{length} for {whose} (viewings known: {done.known})."
            " Valence and arousal are what to expect, SD how far people differ."
            + "".join(f" {note}" for note in done.notes),
        )
        for column, widest in NARROW:
            self.list.table.setColumnWidth(column, min(widest, self.list.table.columnWidth(column)))

    def make(self) -> None:
        """Make the list of what is chosen."""
        found, choice = self.found, self.choice
        if found is None:
            return
        self.trouble.say("")
        self.waiting.run(lambda told: listed(found, choice, told), self._on_listed)
        self._show_buttons()

    def _on_listed(self, done: Listed) -> None:
        self.done = done
        self.tabs.setCurrentIndex(0)
        self._show_plane()
        self._show_list()
        self._show_buttons()

    def compare(self) -> None:
        """Test every ranker on people who are left out."""
        found = self.found
        if found is None:
            return
        self.trouble.say("")
        self.tabs.setCurrentIndex(1)
        self.waiting.run(lambda told: compared(found, told), self._on_compared)
        self._show_buttons()

    def _on_compared(self, table: Table) -> None:
        self.rankers.show_table(
            table,
            "Means with 95 % intervals over viewers. Relevant is what was liked above the middle of the"
            " scale. Of newcomers the best five count, where more than five are tested; of the last three the"
            " best one. Only clips that were new to the viewer are tested, and none was learned from.",
        )
        self._show_buttons()

    def keep(self) -> None:
        """Keep the ranker and its aim for protocols."""
        found, choice = self.found, self.choice
        if found is None:
            return
        self.trouble.say("")
        name = self.name.text().strip()
        self.waiting.run(lambda told: keep(found, choice, name), partial(self._on_kept, name))
        self._show_buttons()

    def _on_kept(self, name: str, _: object) -> None:
        if self.found is not None:
            names = tuple(sorted({*self.found.kept, name}))
            self.found = Ready(self.found.study, self.found.material, names)
        self._say_kept()
        self._show_buttons()
        self.said.emit(
            f"Kept as {name}. In a protocol: choose: {{candidates: …, by: recommended:{name}}}", "good"
        )

    def _ask(self) -> None:
        ask_where(self, "Save the list", KINDS_OF_FILE, "playlist.csv", self.write_to)

    def write_to(self, name: str) -> None:
        """Write the list into a file."""
        done = self.done
        assert done is not None
        self._write(lambda path: write(done, path), name)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Space on a kind", "Take its clips, or not"),)
