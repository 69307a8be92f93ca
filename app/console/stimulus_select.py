"""Balanced sets: how many of which groups, alike in what, and how alike they came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import settings
from app.console import theme
from app.console.exchange_dialog import choice
from app.console.parts import Card, Line, Primary, Tick, Tinted
from app.console.plain_table import plain_table
from app.console.work import Work
from app.study import Study
from protocols.load import parse_protocol
from stimuli.checking import Inspection, inspect
from stimuli.comparing import p_words
from stimuli.into_protocol import with_categories
from stimuli.problems import EvokeError
from stimuli.selection import (
    MEASURED,
    PLAIN,
    Ends,
    Request,
    Selection,
    Values,
    as_categories,
    describe,
    ends,
    known_values,
    select,
)
from stimuli.sets import SCALES, StimulusSet

USUAL = {"valence": 0.3, "arousal": 0.3, "dominance": 0.3, "luminance": 0.05, "contrast": 0.05}
HEADS = ("", "Group", "Mean", "SD", "Lowest", "Highest")
TESTS = ("", "Groups", "Difference", "Asked for", "t", "df", "p", "d")


class SelectDialog(QDialog):
    """Asks, searches, shows. `chosen(ids)` to show them in the grid, `said(text, level)`."""

    chosen = Signal(object)
    said = Signal(str, str)

    def __init__(
        self,
        stimuli: StimulusSet,
        inspection: Inspection | None,
        study: Study | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Balanced sets of {stimuli.name}")
        self.setProperty("help", "stimuli")
        self.resize(940, 640)
        self._stimuli = stimuli
        self._study = study
        self._looked = inspection
        self._work: Work | None = None
        self.selection: Selection | None = None
        self._items = list(stimuli.items.values())
        row = QHBoxLayout(self)
        row.addWidget(self._questions(), 2)
        row.addWidget(self._answers(), 3)
        self._on_mode()

    # Making

    def _questions(self) -> QWidget:
        card = Card("What is needed")
        self.mode = choice("What is chosen")
        self.mode.addItem("Groups that are alike", "alike")
        self.mode.addItem("Both ends of a scale", "ends")
        self.mode.currentIndexChanged.connect(self._on_mode)
        card.body.addWidget(self.mode)
        counts: dict[str, int] = {}
        for item in self._items:
            counts[item.category] = counts.get(item.category, 0) + 1
        listed = QWidget()
        lines = QVBoxLayout(listed)
        lines.setContentsMargins(6, 4, 6, 4)
        lines.setSpacing(3)
        self.groups: dict[str, Tick] = {}
        largest = sorted(counts, key=lambda name: (-counts[name], name))[:2]
        for name, count in sorted(counts.items()):
            tick = Tick(f"{name} ({count})".replace("&", "&&"))
            tick.setChecked(name in largest)
            lines.addWidget(tick)
            self.groups[name] = tick
        lines.addStretch(1)
        area = QScrollArea()
        area.setAccessibleName("Groups")
        area.setWidget(listed)
        area.setWidgetResizable(True)
        area.setMinimumHeight(130)
        self.groups_title = QLabel("Groups")
        card.body.addWidget(self.groups_title)
        card.body.addWidget(area, 1)
        grid = QGridLayout()
        self.n = _whole("Of each group", 1, 1000, max(1, min(10, min(counts[name] for name in largest) // 2)))
        self.seed = _whole("Seed", 0, 999_999, 0)
        self.n_title, self.seed_title = QLabel("Of each group"), QLabel("Seed")
        for line, (title, box) in enumerate(((self.n_title, self.n), (self.seed_title, self.seed))):
            grid.addWidget(title, line, 0)
            grid.addWidget(box, line, 1)
        self.scale_title = QLabel("Scale")
        self.scale = choice("Scale")
        for name in self._scales():
            self.scale.addItem(name.capitalize(), name)
        grid.addWidget(self.scale_title, 2, 0)
        grid.addWidget(self.scale, 2, 1)
        card.body.addLayout(grid)
        self.alike = QWidget()
        alike = QVBoxLayout(self.alike)
        alike.setContentsMargins(0, 0, 0, 0)
        alike.addWidget(QLabel("Alike in, with means that differ by at most"))
        match = QGridLayout()
        self.matches: dict[str, tuple[Tick, QDoubleSpinBox]] = {}
        for line, name in enumerate(self._dimensions()):
            tick = Tick(dimension_words(name))
            most = QDoubleSpinBox()
            most.setDecimals(3)
            most.setRange(0.001, 10_000)
            most.setSingleStep(0.05)
            most.setValue(USUAL.get(name, 0.5 if name not in ("width_px", "height_px") else 10))
            most.setAccessibleName(f"Tolerance of {name}")
            most.setEnabled(False)
            tick.toggled.connect(most.setEnabled)
            tick.setChecked(name == "arousal")
            match.addWidget(tick, line, 0)
            match.addWidget(most, line, 1)
            self.matches[name] = (tick, most)
        alike.addLayout(match)
        self.spread = Tick("Alike in their SDs too")
        alike.addWidget(self.spread)
        card.body.addWidget(self.alike)
        self.find_button = Primary("Find", "", self.start)
        card.body.addWidget(self.find_button, 0, Qt.AlignmentFlag.AlignRight)
        return card

    @property
    def is_for_ends(self) -> bool:
        """Whether both ends of a scale are wanted, not groups that are alike."""
        return str(self.mode.currentData()) == "ends"

    def _on_mode(self, *_: object) -> None:
        ends_wanted = self.is_for_ends
        self.alike.setVisible(not ends_wanted)
        self.seed_title.setVisible(not ends_wanted)
        self.seed.setVisible(not ends_wanted)
        self.scale_title.setVisible(ends_wanted)
        self.scale.setVisible(ends_wanted)
        self.groups_title.setText("Among" if ends_wanted else "Groups")
        self.n_title.setText("From each end" if ends_wanted else "Of each group")
        self._show(None)

    def _scales(self) -> list[str]:
        found = [name for item in self._items for name in (*SCALES, *(score.scale for score in item.scores))]
        return [name for name in dict.fromkeys(found) if any(item.score(name) for item in self._items)]

    def _dimensions(self) -> list[str]:
        known = known_values(self._items)
        found = [name for values in known.values() for name in values]
        usual = [name for name in USUAL if name in found]
        others = sorted(set(found) - set(USUAL))
        pictures = any(item.kind == "picture" for item in self._items)
        return [*usual, *others, *(MEASURED if pictures else ())]

    def _answers(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        self.words = Line("", "text", True)
        column.addWidget(self.words)
        self.means = plain_table("Means of the groups", HEADS, 1)
        self.tests = plain_table("Comparisons of the groups", TESTS, 1)
        column.addWidget(self.means, 3)
        column.addWidget(self.tests, 2)
        row = QHBoxLayout()
        self.show_button = Tinted("Show in grid", "", self._show_in_grid)
        self.ids_button = Tinted("Copy ids", "copies", self._copy_ids)
        self.yaml_button = Tinted("Copy for protocol", "copies", self._copy_yaml)
        self.put_button = Tinted("Into a protocol…", "save", self._choose_protocol)
        self.close_button = Tinted("Close", "", self.reject)
        self._uses = (self.show_button, self.ids_button, self.yaml_button, self.put_button)
        for button in (*self._uses, self.close_button):
            button.setAutoDefault(False)
            row.addWidget(button)
            if button is self.put_button:
                row.addStretch(1)
        column.addLayout(row)
        return side

    # Searching

    def request(self) -> Request:
        """Return what is asked for."""
        names = [name for name, tick in self.groups.items() if tick.isChecked()]
        groups = {name: tuple(item.id for item in self._items if item.category == name) for name in names}
        tolerances = {name: box.value() for name, (tick, box) in self.matches.items() if tick.isChecked()}
        return Request(groups, self.n.value(), tolerances, self.seed.value(), self.spread.isChecked())

    def start(self) -> None:
        """Search, in the background."""
        if self._work is not None:
            return
        wanted, looked, stimuli = self.request(), self._looked, self._stimuli
        scale = str(self.scale.currentData() or "") if self.is_for_ends else ""

        def work() -> tuple[Selection | Ends, Inspection | None]:
            if scale:
                among = [stimuli.items[key] for ids in wanted.groups.values() for key in ids]
                return ends(among, scale, wanted.n), looked
            found = looked
            if found is None and set(wanted.tolerances) & set(MEASURED):
                found = inspect(stimuli)
            return select(wanted, self._values(found)), found

        self._work = Work(work, self)
        self._work.done.connect(self._on_found)
        self._work.failed.connect(self._on_refused)
        self._work.start()
        self.find_button.setEnabled(False)
        self.words.setText("Searching…")
        self.words.set_colour("muted")

    def _values(self, looked: Inspection | None) -> Values:
        measured: Mapping[str, Mapping[str, float]] = looked.measured() if looked is not None else {}
        return known_values(self._items, measured)

    def _on_found(self, found: tuple[Selection | Ends, Inspection | None]) -> None:
        self._work = None
        chosen, self._looked = found
        self.find_button.setEnabled(True)
        if isinstance(chosen, Selection):
            self._show(chosen)
            return
        self._show(describe({"high": chosen.top, "low": chosen.bottom}, self._values(self._looked)))
        test = chosen.comparison
        self.words.setText(
            f"{len(chosen.top)} from each end of {chosen.scale}. Over items, paired: t({test.df}) ="
            f" {_number(test.t)}, p {p_words(test.p)}, d = {_number(test.d)}."
        )

    def _on_refused(self, error: Exception) -> None:
        self._work = None
        self.find_button.setEnabled(True)
        self._show(None)
        self.words.setText(str(error))
        self.words.set_colour("alarm")

    def _show(self, selection: Selection | None) -> None:
        self.selection = selection
        for button in self._uses:
            button.setEnabled(selection is not None)
        self.means.setRowCount(0)
        self.tests.setRowCount(0)
        if selection is None:
            groups = "Choose groups and what they shall be alike in."
            self.words.setText("Choose a scale." if self.is_for_ends else groups)
            self.words.set_colour("muted")
            return
        count = len(next(iter(selection.ids.values())))
        self.words.setText(f"{count} of each group were found.")
        self.words.set_colour("good")
        asked_for = {pair.dimension for pair in selection.pairs if pair.tolerance is not None}
        # Sizes are told only where somebody cares: in most sets all are the same.
        told = [name for name in selection.summary if name in asked_for or name not in PLAIN]
        for dimension in told:
            for name, figures in selection.summary[dimension].items():
                _add(self.means, [dimension_words(dimension), name, *(_number(each) for each in figures)])
        for pair in selection.pairs:
            if pair.dimension not in told:
                continue
            test = pair.comparison
            asked = "" if pair.tolerance is None else f"≤ {pair.tolerance:g}"
            cells = [
                dimension_words(pair.dimension),
                f"{pair.one} – {pair.other}",
                f"{test.difference:+.3f}",
                asked,
            ]
            cells += [_number(test.t), str(test.df), p_words(test.p).removeprefix("= "), _number(test.d)]
            _add(self.tests, cells, bool(asked))

    # Using

    def _show_in_grid(self) -> None:
        assert self.selection is not None
        self.chosen.emit([key for group in self.selection.ids.values() for key in group])
        self.accept()

    def _copy_ids(self) -> None:
        assert self.selection is not None
        keys = [key for group in self.selection.ids.values() for key in group]
        QGuiApplication.clipboard().setText("\n".join(keys) + "\n")
        self.words.setText(f"{len(keys)} ids are in the clipboard.")

    def _copy_yaml(self) -> None:
        assert self.selection is not None
        QGuiApplication.clipboard().setText(as_categories(self.selection.ids))
        self.words.setText("The categories are in the clipboard.")

    def _choose_protocol(self) -> None:
        start = str(self._study.folder) if self._study is not None else ""
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Into which protocol?", start, filter="Protocol (*.yaml)"
        )
        if chosen:
            self.put_into(Path(chosen))

    def put_into(self, path: Path) -> None:
        """Put the choice into a protocol file in place of its categories, if the file stays sound."""
        assert self.selection is not None
        try:
            text = with_categories(path, self.selection.ids)
            parse_protocol(text, str(path), path.parent)
            settings.write_atomically(path, text)
        except (EvokeError, OSError) as error:
            self.words.setText(f"The protocol was left as it is: {error}")
            self.words.set_colour("alarm")
            return
        self.said.emit(f"{path.name} has the new categories.", "good")
        self.accept()

    def reject(self) -> None:
        """Close; a search that runs ends unheard."""
        self._work = None
        super().reject()


def _whole(name: str, low: int, high: int, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setAccessibleName(name)
    return box


def dimension_words(name: str) -> str:
    """Return what a dimension is called on the screen."""
    words = {"width_px": "width (pixels)", "height_px": "height (pixels)", "duration_s": "duration (s)"}
    return words.get(name, name)


def _add(table: QTableWidget, cells: Sequence[str], is_asked: bool = False) -> None:
    row = table.rowCount()
    table.insertRow(row)
    for place, text in enumerate(cells):
        item = QTableWidgetItem(text)
        if place > 1:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if is_asked:
            font = item.font()
            font.setBold(True)
            item.setFont(font)
            item.setForeground(QColor(theme.current().good))
        table.setItem(row, place, item)


def _number(value: float, digits: int = 2) -> str:
    return "–" if value != value else f"{value:.{digits}f}"
