"""The step Cross-corpus: learn on one domain, recognise in another; methods side by side while they train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.analysing.cross_corpus import METHODS
from app.analysing.transfer import Kept, Sides
from app.analysing.transfer_figures import LAYER_WORDS, LAYERS
from app.console.analyse.cross_results import ResultTables
from app.console.analyse.cross_work import HIGH, Asked, Found, Seen, Trained, look, see
from app.console.analyse.down_only import DownOnly
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.in_passing import InPassing
from app.console.analyse.run_process import Starter
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, make_tick, whole
from app.console.folders import ask_folder
from app.console.parts import Banner, Card, Heading, Line, Primary, Tick, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.saving import TABLES, ask_where

READING = "Reading recordings and answers…"
NOTHING = "Nothing to compare yet."
LOOK_MS = 700
ANOTHER = "another study"
FIRST = ("svm", "pdan-source", "pdan")
"""Methods that are ticked at first."""
LABELS = "pdan"
"""The method that labels another study."""
ABOUT = (
    "A recognizer learns from one domain with answers and from the other without, and is then tested "
    "there: figures need answers on both sides. Another study without answers can be labelled. Of five"
    " classes published systems find 34 to 57 % from corpus to corpus: label a few dozen recordings of your"
    " own before you trust one."
)


def _hint(found: Found) -> str:
    """Say what can be done here about sides that cannot be compared."""
    if found.sides is None or not found.problem:
        return ""
    domains = {domain for counts in found.sides.counts.values() for domain, many in counts.items() if many}
    if len(domains) > 1:
        return "Edit the names below."
    return "Its recordings can be labelled all the same." if found.asked.other is not None else ""


class CrossPage(WaitingStep):
    """Chooses sides and methods, starts them as a process of their own, and shows how they learn."""

    unreadable = "The recordings cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Cross-corpus", "Cross-corpus", NOTHING, parent)
        self.found: Found | None = None
        self.seen: Seen | None = None
        self.other: Path | None = None
        self._labels: dict[str, str] = {}
        self._valence: dict[str, bool] = {}
        self._filling = False
        self._ended_words = ""
        self.starter = Starter(self)
        self.starter.ended.connect(self._on_ended)
        self.starter.failed.connect(self._on_start_failed)
        self.starter.stopped.connect(self._on_start_stopped)
        self.collapse = Banner()
        self.looking = InPassing(self)
        self.looking.failed.connect(lambda text: self.trouble.say(text, "alarm"))
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._follow)
        self._lay_out(self._controls(), self._body(), self.collapse)
        self._show_buttons()

    def _controls(self) -> tuple[QWidget, ...]:
        self.stop_button = Tinted("Stop", "end", self.stop)
        self.stop_button.setToolTip("Stop what is being trained; finished methods stay")
        self.start_button = Primary("Start", "start", self.start)
        self.start_button.setToolTip("Train and test the ticked methods, a run each")
        return self.stop_button, self.start_button

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._form())
        right = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Results, curves and plane")
        self.results = ResultTables()
        self.results.said.connect(self.said)
        self.tabs.addTab(self.results, "Results")
        self.tabs.addTab(self._curves(), "Curves")
        self.tabs.addTab(self._plane(), "Plane")
        right.body.addWidget(self.tabs)
        split.addWidget(right)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([390, 690])
        return split

    def _form(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(Line(ABOUT, "muted", True))
        form = QFormLayout()
        self.domain: QComboBox = combo("Domains", 18)
        self.target: QComboBox = combo("Target", 18)
        form.addRow("Domains", self.domain)
        form.addRow("Target", self.target)
        column.addLayout(form)
        self.problem = Line("", "warning", True)
        column.addWidget(self.problem)
        column.addWidget(Heading("Classes"))
        self.classes = plain_table("Classes of each domain", ("Counts as", "High valence"), 0)
        self.classes.setSelectionMode(self.classes.SelectionMode.SingleSelection)
        self.classes.setEditTriggers(
            self.classes.EditTrigger.DoubleClicked | self.classes.EditTrigger.EditKeyPressed
        )
        self.classes.itemChanged.connect(self._on_class)
        quiet(self.classes)
        column.addWidget(self.classes)
        self.class_words = Line("", "muted", True)
        column.addWidget(self.class_words)
        self.reset_button = Tinted("Reset names", "undo", self.reset_names)
        self.reset_button.setToolTip("Call every class as it was called at first")
        self.label_button = Tinted("Label the other study…", "save", self.ask_labels)
        self.label_button.setToolTip(
            "Learn from this study with its answers and from the other without, and write a label for every"
            " trial of the other (PDAN). It needs no answers; how often the labels are right is not known."
        )
        buttons = QHBoxLayout()
        buttons.addWidget(self.reset_button)
        buttons.addWidget(self.label_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(Heading("Methods"))
        grid = QGridLayout()
        self.methods: dict[str, Tick] = {}
        for place, method in enumerate(METHODS):
            tick = Tick(method.title)
            tick.setChecked(method.name in FIRST)
            tick.toggled.connect(lambda _: self._show_buttons())
            self.methods[method.name] = tick
            grid.addWidget(tick, place // 2, place % 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        self.epochs = whole("Epochs", 1, 1000, 40)
        self.seeds = whole("Seeds", 1, 50, 1)
        for box in (self.epochs, self.seeds):
            row.addWidget(Line(box.accessibleName()))
            row.addWidget(box, 1)
        column.addLayout(row)
        self.held_out = Tick("Choose weights on people set aside of the source")
        self.oracle = Tick("Upper bound as well: weights chosen on the answers")
        self.oracle.setToolTip("As the paper reports its figures; never a figure to expect of new recordings")
        self.sets = whole("Combinations of weights tried", 1, 343, 12)
        self.sets.setSuffix(" combinations of weights")
        for tick in (self.held_out, self.oracle):
            tick.toggled.connect(lambda _: self._show_buttons())
            column.addWidget(tick)
        column.addWidget(self.sets)
        column.addStretch(1)
        self.domain.activated.connect(lambda _: self._on_domain())
        self.target.activated.connect(lambda _: self._changed())
        area = DownOnly()
        area.setWidget(inner)
        area.setAccessibleName("What is compared")
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        card = Card()
        card.body.addWidget(area)
        return card

    def _curves(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 4, 0, 0)
        self.trained: QComboBox = combo("Training that is shown", 30)
        self.trained.activated.connect(lambda _: self._see())
        column.addWidget(self.trained)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setAccessibleName("Curves")
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, 8, 0)
        self.losses = FigureView("Losses")
        self.shares = FigureView("Accuracy and changed pseudo-labels")
        self.pseudo = FigureView("Pseudo-labels by class")
        for view in (self.losses, self.shares, self.pseudo):
            view.said.connect(self.said)
            rows.addWidget(view)
        area.setWidget(inner)
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        column.addWidget(area, 1)
        return made

    def _plane(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 4, 0, 0)
        self.layer: QComboBox = combo("Layer", 24)
        fill_combo(self.layer, [(LAYER_WORDS[name], name) for name in LAYERS], LAYERS[1])
        self.layer.activated.connect(lambda _: self._show_plane())
        self.plane = FigureView("Both domains on a plane")
        self.plane.said.connect(self.said)
        column.addWidget(self.layer)
        column.addWidget(self.plane, 1)
        return made

    # Reading

    def _forget(self) -> None:
        self.found, self.seen, self.other = None, None, None
        self._labels, self._valence = {}, {}

    def _read(self) -> None:
        study = self.study
        if study is not None:
            asked = self._asked()
            self._read_by(lambda told: look(study, asked, told), self._on_found, READING)

    def _asked(self) -> Asked:
        return Asked(
            str(self.target.currentData() or ""),
            str(self.domain.currentData() or "") if self.other is None else "",
            self.other,
            tuple(sorted(self._labels.items())),
        )

    def _on_found(self, found: Found) -> None:
        self.found = found
        entries: list[tuple[str, object]] = [
            (f"{each.title} ({', '.join(each.sizes)})", each.name) for each in found.domains
        ]
        if self.other is not None:
            entries.append((f"The study {self.other.name}", str(self.other)))
        entries.append(("Another study…", ANOTHER))
        fill_combo(self.domain, entries, found.asked.domain if self.other is None else str(self.other))
        fill_combo(self.target, [(name, name) for name in found.targets], found.asked.target)
        hint = _hint(found)
        self.problem.setText(f"{found.problem} {hint}".strip())
        self.problem.setVisible(bool(found.problem))
        self._show_classes(found.sides)
        self._show_made(found)
        self.stack.setCurrentIndex(1)
        self._show_buttons()

    def _show_made(self, found: Found) -> None:
        chosen = self.trained.currentData()
        titles = [each.title for each in found.trained]
        kept = chosen if isinstance(chosen, Trained) and chosen.title in titles else None
        place = titles.index(kept.title) if kept is not None else 0
        fill_combo(self.trained, [(each.title, each) for each in found.trained], None)
        if found.trained:
            self.trained.setCurrentIndex(place)
        self.trained.setEnabled(bool(found.trained))
        self.results.show_kept(found.kept)
        newest: Kept | None = found.kept[0] if found.kept else None
        self.summary.set_whole(
            "" if newest is None else f"{len(found.kept)} kept, the newest of {newest.made_utc[:10]}"
        )
        self._see()

    def _show_classes(self, sides: Sides | None) -> None:
        self._filling = True
        names = () if sides is None else sides.names
        heads = ["Counts as", *names, "High valence"]
        self.classes.setColumnCount(len(heads))
        self.classes.setHorizontalHeaderLabels(heads)
        rows = [] if sides is None else list(sides.counts.items())
        self.classes.setRowCount(len(rows))
        for place, (name, counts) in enumerate(rows):
            first = QTableWidgetItem(name)
            first.setData(Qt.ItemDataRole.UserRole, name)
            first.setToolTip("Edit the name to count it as another class; leave it empty to leave it out")
            self.classes.setItem(place, 0, first)
            for column, domain in enumerate(names, 1):
                cell = QTableWidgetItem(str(counts.get(domain, 0)))
                cell.setFlags(cell.flags() & ~Qt.ItemFlag.ItemIsEditable)
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.classes.setItem(place, column, cell)
            valence = QTableWidgetItem("")
            valence.setFlags(valence.flags() & ~Qt.ItemFlag.ItemIsEditable)
            is_high = self._valence.get(name, name.casefold() in HIGH)
            make_tick(valence, f"{name} is of high valence", is_high)
            valence.setText("high" if is_high else "low")
            self.classes.setItem(place, len(heads) - 1, valence)
        header = self.classes.horizontalHeader()
        for column in range(len(heads)):
            header.setSectionResizeMode(
                column, header.ResizeMode.Stretch if column == 0 else header.ResizeMode.ResizeToContents
            )
        line = self.classes.verticalHeader().defaultSectionSize()
        self.classes.setFixedHeight(line * (max(2, len(rows)) + 1) + 8)
        self._filling = False
        self._tell_classes(sides)

    def _tell_classes(self, sides: Sides | None) -> None:
        if sides is None:
            self.class_words.setText("")
            return
        left = [name for name in sides.counts if name not in sides.classes]
        if sides.problem:
            self.class_words.setText("")
            return
        told = f"{len(sides.classes)} classes in common, chance {1 / len(sides.classes):.0%}."
        if left:
            told += f" Not in every domain, and left out: {', '.join(filter(None, left))}."
        if len({self._is_high(name) for name in sides.classes}) < 2:
            told += " All of one valence: the rough penalty tells nothing apart."
        self.class_words.setText(told)

    def _is_high(self, name: str) -> bool:
        return self._valence.get(name, name.casefold() in HIGH)

    def _on_class(self, item: QTableWidgetItem) -> None:
        if self._filling or self.found is None:
            return
        name_item = self.classes.item(item.row(), 0)
        assert name_item is not None
        if item.column() == 0:
            before, after = str(item.data(Qt.ItemDataRole.UserRole)), item.text().strip()
            # What was mapped onto this class before goes on to the new name.
            for old in [old for old, new in self._labels.items() if new == before]:
                self._labels[old] = after
            if before:
                self._labels[before] = after
            self._changed()
        elif item.column() == self.classes.columnCount() - 1:
            is_high = item.checkState() == Qt.CheckState.Checked
            self._valence[str(name_item.data(Qt.ItemDataRole.UserRole))] = is_high
            self._filling = True
            item.setText("high" if is_high else "low")
            self._filling = False
            self._tell_classes(self.found.sides)

    def _on_domain(self) -> None:
        chosen = self.domain.currentData()
        if chosen == ANOTHER:
            self._ask_study()
            return
        self.other = Path(chosen) if self.other is not None and chosen == str(self.other) else None
        self._changed()

    def _ask_study(self) -> None:
        ask_folder(self, "Choose the other study", lambda name: self.choose_study(Path(name)), self._read)

    def choose_study(self, folder: Path) -> None:
        """Take another study as the other domain."""
        self.other = folder
        self._changed()

    def _changed(self) -> None:
        self._read()

    def reset_names(self) -> None:
        """Forget every name that was edited."""
        self._labels = {}
        self._changed()

    # Starting

    def arguments(self) -> list[str]:
        """Return the command that compares what is chosen."""
        assert self.found is not None
        ticked = self._ticked()
        told = self._sides_told(ticked)
        if self.found.sides is not None:
            told += self._high_told(self.found.sides.classes)
        told += ["--sets", str(self.sets.value())]
        told += ["--held-out"] * self.held_out.isChecked() + ["--oracle"] * self.oracle.isChecked()
        return [*told, "--workers", "1"]

    def label_arguments(self, path: Path) -> list[str]:
        """Return the command that writes labels of the other study's trials."""
        assert self.found is not None
        told = self._sides_told([LABELS])
        if self.found.sides is not None:
            told += self._high_told([name for name in self.found.sides.counts if name])
        return [*told, "--predict", "--out", str(path)]

    def _sides_told(self, methods: list[str]) -> list[str]:
        assert self.study is not None and self.found is not None
        asked = self.found.asked
        told = ["transfer", str(self.study.folder)]
        told += [str(asked.other)] if asked.other is not None else ["--domain", asked.domain]
        told += ["--target", asked.target, "--methods", ",".join(methods)]
        for old, new in asked.labels:
            told += ["--map", f"{old}={new}"]
        if any(each.is_trained for each in METHODS if each.name in methods):
            told += ["--set", f"epochs={self.epochs.value()}"]
        return [*told, "--seeds", str(self.seeds.value())]

    def _high_told(self, names: Sequence[str]) -> list[str]:
        high = [name for name in names if self._is_high(name)]
        return ["--high", ",".join(high) or "none"]

    def _ticked(self) -> list[str]:
        return [name for name, tick in self.methods.items() if tick.isChecked()]

    def start(self) -> None:
        """Start the ticked methods."""
        self._ended_words = "The comparison is finished."
        self._start(self.arguments(), "Started. Runs come one after the other.")

    def ask_labels(self) -> None:
        """Ask where labels of the other study are to be written, and start."""
        ask_where(
            self, "Labels of the other study", TABLES, "labels.csv", lambda name: self.label(Path(name))
        )

    def label(self, path: Path) -> None:
        """Write labels of the other study's trials into a table."""
        beside = path.with_suffix(".json").name
        self._ended_words = f"Labels are in {path.name}; {beside} says by what they were made."
        self._start(self.label_arguments(path), "Started. Labels are written when it has learnt.")

    def _start(self, arguments: list[str], words: str) -> None:
        try:
            self.starter.start(arguments)
        except OSError as error:
            self.trouble.say(f"It could not be started: {error.strerror or error}.", "alarm")
            return
        self.trouble.say("")
        self.said.emit(words, "good")
        self._look.start()
        self._show_buttons()

    def stop(self) -> None:
        """Ask what is being trained to stop; before there is a run, end what was started."""
        running = [] if self.found is None else [each.run for each in self.found.trained]
        running = [run for run in running if run.state == "running"]
        for run in running:
            run.cancel()
        if not running:
            self.starter.stop()

    def _follow(self) -> None:
        """Read again what a started process has written."""
        if not self.waiting.is_busy and not self.looking.is_busy:
            self._refresh()
        if not self.starter.running:
            self._look.stop()

    def _refresh(self) -> None:
        study, found = self.study, self.found
        if study is None or found is None:
            return
        asked = found.asked
        self.looking.run(lambda told: look(study, asked, told), self._on_refreshed)

    def _on_refreshed(self, found: Found) -> None:
        if self.found is not None and found.asked == self.found.asked:
            newest = found.trained[0].title if found.trained else ""
            known = self.found.trained[0].title if self.found.trained else ""
            self.found = found
            if newest != known:
                # Follow what is being trained now.
                fill_combo(self.trained, [(each.title, each) for each in found.trained], None)
            self._show_made(found)
            self._show_buttons()

    def _on_ended(self) -> None:
        self.said.emit(self._ended_words, "good")
        self._refresh()
        self._show_buttons()

    def _on_start_stopped(self) -> None:
        self.said.emit("Stopped. What was finished before stays.", "good")
        self._refresh()
        self._show_buttons()

    def _on_start_failed(self, text: str) -> None:
        self.trouble.say(text, "alarm")
        self._refresh()
        self._show_buttons()

    # Figures

    def _see(self) -> None:
        chosen = self.trained.currentData()
        if not isinstance(chosen, Trained):
            self._on_seen(None)
            return
        self.looking.run(lambda told: see(chosen, told), self._on_seen)

    def _on_seen(self, seen: Seen | None) -> None:
        self.seen = seen
        why = "No training yet: start some methods." if seen is None else "This method has no such curve."
        for view, shown in (
            (self.losses, None if seen is None else seen.losses),
            (self.shares, None if seen is None else seen.shares),
            (self.pseudo, None if seen is None else seen.pseudo),
        ):
            view.show_figure(shown, why)
            view.area.setMinimumHeight(0 if shown is None else view.drawing.sizeHint().height() + 4)
        chosen = self.trained.currentData()
        warning = "" if seen is None else seen.curves.warning
        said = f"{chosen.title}. {warning}" if warning and isinstance(chosen, Trained) else ""
        self.collapse.say(said, "warning")
        self._show_plane()

    def _show_plane(self) -> None:
        seen = self.seen
        planes: Mapping[str, object] = {} if seen is None else seen.planes
        layer = str(self.layer.currentData())
        shown = None if seen is None else seen.planes.get(layer)
        why = (
            "No training yet: start some methods."
            if not planes
            else "It is shown when this training is finished."
            if seen is not None and not seen.is_finished
            else "This method has no such plane."
        )
        self.plane.show_figure(shown, why)

    def _show_buttons(self) -> None:
        found = self.found
        ready = found is not None and found.sides is not None and not found.problem
        self.reset_button.setVisible(bool(self._labels))
        self.label_button.setVisible(found is not None and found.asked.other is not None)
        self.label_button.setEnabled(
            found is not None and found.sides is not None and not self.starter.running
        )
        is_searched = self.held_out.isChecked() or self.oracle.isChecked()
        self.sets.setVisible(is_searched)
        self.start_button.setEnabled(ready and bool(self._ticked()) and not self.starter.running)
        self.stop_button.setEnabled(bool(self.starter.running))

    @property
    def is_busy(self) -> bool:
        """Whether something is being read."""
        return self.waiting.is_busy or self.looking.is_busy

    def closing(self) -> None:
        """Give up what is read; what was started goes on."""
        self._look.stop()
        self.looking.give_up()
        self.starter.leave()
        super().closing()
