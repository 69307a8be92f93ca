"""The choices of an experiment besides its recognizer: target, inputs, split, search, controls, metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from analysis.corpus.cases import InputSpec
from analysis.evaluation.experiment import SplitKind
from analysis.evaluation.metrics import METRICS
from analysis.recognizers.recognizer import Card
from analysis.targets.recipe import Recipe
from app.analysing.domains import Domains
from app.console.analyse.experiment_wanted import COUNTED, LEAST_PERMUTATIONS, SPLITS
from app.console.choices import combo, fill_combo, whole
from app.console.parts import Line, Tick

SOURCES = {
    "rating": "rated by participants",
    "category": "category of the stimulus",
    "norm": "norms of the stimulus",
    "participant": "a field of the participants",
    "questionnaire": "a questionnaire's score",
    "emotion": "what was imagined, by the label table",
    "annotator": "labels of one annotator",
    "fused": "fused labels",
    "trace": "a trace",
}


class TargetChoice(QWidget):
    """What is to be found."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.box = combo("Target")
        self.box.activated.connect(lambda _: self.changed.emit())
        column.addWidget(self.box)
        self.words = Line("", "muted", True)
        column.addWidget(self.words)

    @property
    def name(self) -> str:
        """The chosen target."""
        return str(self.box.currentData() or "")

    def show_recipes(self, recipes: Sequence[Recipe]) -> None:
        """Show the targets of a study; the chosen one stays."""
        entries = [(f"{recipe.name} ({SOURCES[recipe.source]})", recipe.name) for recipe in recipes]
        fill_combo(self.box, entries, self.box.currentData())


class InputTicks(QWidget):
    """What the recognizer is given: a tick an input, with the share of the recordings that hold it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.ticks: dict[str, Tick] = {}
        self.combinations = Tick("Every combination of them, and the fusions")
        self.combinations.setToolTip("A run for each combination: many times as long")
        self.combinations.toggled.connect(lambda _: self.changed.emit())
        self.note = Line("", "warning", True)

    def show_inputs(self, card: Card, share_of: Callable[[InputSpec], float]) -> None:
        """Show the inputs of a card; those that no recording holds cannot be ticked."""
        before = {name: tick.isChecked() for name, tick in self.ticks.items()}
        for tick in self.ticks.values():
            self._grid.removeWidget(tick)
            tick.setParent(None)
            tick.deleteLater()
        self.ticks = {}
        for place, spec in enumerate(card.inputs):
            share = share_of(spec)
            tick = Tick(f"{spec.name}  {share:.0%}")
            stage = f", stage {spec.stage}" if spec.stage else ""
            tick.setToolTip(f"{spec.feature} of {spec.modality}{stage}: in {share:.0%} of the recordings")
            tick.setEnabled(share > 0)
            tick.setChecked(share > 0 and before.get(spec.name, True))
            tick.toggled.connect(lambda _: self._on_changed())
            self.ticks[spec.name] = tick
            self._grid.addWidget(tick, place // 2, place % 2)
        rows = (len(card.inputs) + 1) // 2
        self._grid.addWidget(self.combinations, rows, 0, 1, 2)
        self._grid.addWidget(self.note, rows + 1, 0, 1, 2)
        self._least = card.least
        self._tell()

    @property
    def names(self) -> tuple[str, ...]:
        """The ticked ones; () where all that can be are."""
        ticked = tuple(name for name, tick in self.ticks.items() if tick.isChecked())
        possible = tuple(name for name, tick in self.ticks.items() if tick.isEnabled())
        return () if ticked == possible else ticked

    @property
    def problem(self) -> str:
        """What keeps it from being run, "" for nothing."""
        ticked = sum(tick.isChecked() for tick in self.ticks.values())
        least = max(1, self._least) if self.ticks else 0
        if ticked >= least:
            return ""
        if not any(tick.isEnabled() for tick in self.ticks.values()):
            return "No recording of this study holds anything that this recognizer takes."
        return f"Tick at least {least} of its inputs." if least > 1 else "Tick at least one input."

    def _on_changed(self) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        self.note.setText(self.problem)
        self.note.setVisible(bool(self.problem))
        self.combinations.setEnabled(sum(tick.isChecked() for tick in self.ticks.values()) > 1)


class SplitChoice(QWidget):
    """How it is tested: the split, the metric, the seed, the controls, and whether settings are searched."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        form = QFormLayout()
        column.addLayout(form)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.split = combo("Split")
        fill_combo(self.split, [(title, kind) for kind, title in SPLITS], "loso")
        self.domain = combo("Domain")
        self.domain_label = QLabel("Domain")
        self.k = whole("Folds", 1, 1000, 10)
        self.k_label = QLabel("Folds")
        self.measure = combo("Primary metric")
        self.seed = whole("Seed", 0, 1_000_000, 1)
        self.permutations = whole("Label permutations", 0, 99_999, 999)
        self.kind = combo("How labels are permuted")
        fill_combo(self.kind, [("on stored predictions", "stored"), ("trained again", "retrained")], "stored")
        self.search = whole("Settings tried", 0, 1000, 0)
        self.search.setSpecialValueText("no search")
        self.nested = Tick("Inside each training side (nested)")
        self.nested.setChecked(True)
        form.addRow("Split", self.split)
        form.addRow(self.domain_label, self.domain)
        form.addRow(self.k_label, self.k)
        form.addRow("Primary metric", self.measure)
        form.addRow("Seed", self.seed)
        permuted = QHBoxLayout()
        permuted.addWidget(self.permutations)
        permuted.addWidget(self.kind, 1)
        form.addRow("Label permutations", permuted)
        self.few = Line(f"Under {LEAST_PERMUTATIONS} permutations no p is shown.", "warning", True)
        searched = QHBoxLayout()
        searched.addWidget(self.search)
        searched.addWidget(self.nested, 1)
        form.addRow("Settings searched", searched)
        self.unfair = Line(
            "Tried on the very folds that are reported, as some papers do: too good, and labelled so.",
            "warning",
            True,
        )
        always = Line(
            "Always beside it: a majority baseline, intervals over participants, an identity probe.",
            "muted",
            True,
        )
        # Below the form, which gives wrapped lines too little height.
        for line in (self.few, self.unfair, always):
            column.addWidget(line)
        for box in (self.split, self.domain, self.measure, self.kind):
            box.activated.connect(lambda _: self._on_changed())
        for spin in (self.k, self.seed, self.permutations, self.search):
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(lambda _: self._on_changed())
        self.nested.toggled.connect(lambda _: self._on_changed())
        self.show_metrics("classes")
        self._tell()

    def show_metrics(self, task: Literal["classes", "numbers"]) -> None:
        """Offer the metrics of a task; the chosen one stays where it fits."""
        entries = [
            (metric.title[:1].upper() + metric.title[1:], name)
            for name, metric in METRICS.items()
            if metric.task == task
        ]
        names = [name for _, name in entries]
        usual = "balanced_accuracy" if task == "classes" else "ccc"
        chosen = self.measure.currentData() if self.measure.currentData() in names else usual
        if names != [self.measure.itemData(place) for place in range(self.measure.count())]:
            fill_combo(self.measure, entries, chosen)

    def show_domains(self, domains: Sequence[Domains]) -> None:
        """Offer what divides the participants of a study into domains; the chosen one stays."""
        entries = [(f"{each.title} ({', '.join(each.sizes)})", each.name) for each in domains]
        fill_combo(self.domain, entries or [("nothing divides them", "")], self.domain.currentData())
        self.domain.setEnabled(bool(entries))

    @property
    def split_kind(self) -> SplitKind:
        """The chosen split."""
        kind: SplitKind = self.split.currentData()
        return kind

    @property
    def permutation_kind(self) -> Literal["stored", "retrained"]:
        """How labels are permuted."""
        return "retrained" if self.kind.currentData() == "retrained" else "stored"

    def _on_changed(self) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        name = COUNTED.get(self.split_kind, "")
        self.k_label.setText(name or "Folds")
        self.k.setAccessibleName(name or "Folds")
        self.k.setToolTip(name)
        self.k.setVisible(bool(name))
        self.k_label.setVisible(bool(name))
        self.domain.setVisible(self.split_kind == "domains")
        self.domain_label.setVisible(self.split_kind == "domains")
        self.few.setVisible(0 < self.permutations.value() < LEAST_PERMUTATIONS)
        self.kind.setEnabled(self.permutations.value() > 0)
        self.nested.setEnabled(self.search.value() > 0)
        self.unfair.setVisible(self.search.value() > 0 and not self.nested.isChecked())


def section(title: str, widget: QWidget) -> QWidget:
    """Return a widget below its heading."""
    from app.console.parts import Heading

    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 8)
    column.setSpacing(6)
    column.addWidget(Heading(title))
    column.addWidget(widget)
    column.setAlignment(Qt.AlignmentFlag.AlignTop)
    return made
