"""The step Decompose: a stretch of any channel in modes, their spectra, and their energy over time."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QScrollArea, QSplitter, QTabWidget, QVBoxLayout, QWidget

from analysis.decomposition.settings import FIELDS, RULES, Method, Settings
from analysis.recognizers.recognizer import Setting
from app.analysing.decomposition_figures import (
    Analysed,
    hilbert_figure,
    modes_figure,
    modes_table,
    spectra_figure,
)
from app.analysing.evaluating import store_of
from app.console.analyse.decompose_work import Asked, Channel, Offer, Results, compute, methods, offer
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.experiment_settings import SettingsForm
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, number
from app.console.parts import Card, Heading, Line, Primary

LENGTH_S, LONGEST_S = 3.0, 3600.0
NO_DATA = "This study has no recording with a signal yet. Record a session, or import one."
READY = "Choose a stretch and a method, then “Decompose”."
WHOLE = "Whole recording"
TITLES = {
    "n_phases": "Phases",
    "xi0": "Mask, times the amplitude",
    "eps1_db": "Ends at, dB",
    "sifts": "Siftings a mode",
    "k_max": "Modes at most",
    "trials": "Noisy copies",
}
ABOUT = {
    "n_phases": "masks of even phases; more of them cancel better and cost as much more; the article has 64",
    "xi0": "amplitude of the mask, times the mean instantaneous amplitude",
    "eps1_db": "it ends where the signal is so many decibels over what is left",
    "sifts": "siftings a mode",
    "mask_rule": "; ".join(f"{name}: {words}" for name, words in RULES.items()),
    "k_max": "modes at most",
    "noise": "SD of the noise (UPEMD: amplitude of the mask), as a share of the signal's SD",
    "trials": "noisy copies",
    "seed": "of the noise: the same seed, the same modes",
}


class DecomposePage(WaitingStep):
    """Takes one stretch of one channel apart; what took long is kept in the study's store of features."""

    unreadable = "The recordings cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Decompose", "Decomposing", "", parent)
        self.offer: Offer | None = None
        self.found: Analysed | None = None
        self.results = Results()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._choices())
        split.addWidget(self.stack)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 780])
        self._lay_out(self._controls(), self._body(), below=split)
        self._say_empty("")
        self._on_method()
        self._show_buttons()

    # Making

    def _controls(self) -> tuple[QWidget, ...]:
        self.start = Primary("Decompose", "start", self.decompose)
        self.start.setToolTip("Compute the modes of the chosen stretch")
        return (self.start,)

    def _choices(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.recording = combo("Recording")
        self.channel = combo("Channel")
        self.trial = combo("Trial")
        self.from_s = number("From", 0.0, 86_400.0, 0.0, 3, " s")
        self.from_s.setToolTip("Seconds from the start of the trial, or of the channel's whole recording")
        self.length_s = number("Length", 0.01, LONGEST_S, LENGTH_S, 3, " s")
        self.rate_hz = number("Rate", 0.0, 200_000.0, 0.0, 0, " Hz")
        self.rate_hz.setSpecialValueText("as recorded")
        self.method = combo("Method")
        fill_combo(self.method, methods(), "imemd")
        for name, box in (
            ("Recording", self.recording),
            ("Channel", self.channel),
            ("Trial", self.trial),
            ("From", self.from_s),
            ("Length", self.length_s),
            ("Rate", self.rate_hz),
            ("Method", self.method),
        ):
            form.addRow(name, box)
        column.addLayout(form)
        column.addWidget(Heading("Its settings"))
        self.settings = SettingsForm()
        column.addWidget(self.settings)
        self.cost = Line("", "muted", True)
        column.addWidget(self.cost)
        column.addStretch(1)
        self.recording.activated.connect(lambda _: self._on_recording())
        self.trial.activated.connect(lambda _: self._on_trial())
        self.method.activated.connect(lambda _: self._on_method())
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumWidth(260)
        area.setAccessibleName("Choices")
        return area

    def _body(self) -> QWidget:
        card = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Views of the modes")
        self.modes = FigureView("Modes")
        self.spectra = FigureView("Spectra of the modes")
        self.hilbert = FigureView("Hilbert spectrum")
        for view, title in (
            (self.modes, "Modes"),
            (self.spectra, "Spectra"),
            (self.hilbert, "Hilbert spectrum"),
        ):
            view.said.connect(self.said)
            self.tabs.addTab(view, title)
        self.table = TableView("Modes in numbers")
        self.table.said.connect(self.said)
        self.tabs.addTab(self.table, "In numbers")
        card.body.addWidget(self.tabs)
        return card

    # Choosing

    def _forget(self) -> None:
        self.offer, self.found = None, None
        self.summary.set_whole("")

    @property
    def is_read(self) -> bool:
        """Whether recordings can be chosen."""
        return self.offer is not None

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: offer(study, told), self._on_offer, "Reading the recordings…")

    def _on_offer(self, found: Offer) -> None:
        is_same = self.offer is not None and found.material is self.offer.material
        self.offer = found
        names = [(each.id, each.id) for each in found.recordings]
        fill_combo(self.recording, names, self.recording.currentData())
        if not names:
            self.found = None
            self._say_empty(NO_DATA)
        elif not (is_same and self.found is not None):
            self._on_recording()
            if self.found is None:
                self._say_empty(READY)
        self._show_buttons()

    def _on_recording(self) -> None:
        found, recording = self.offer, self.recording.currentData()
        if found is None or recording is None:
            return
        channels = [(each.words, each) for each in found.channels(recording)]
        before = self.channel.currentData()
        kept = next(
            (each for _, each in channels if isinstance(before, Channel) and each.words == before.words), None
        )
        fill_combo(self.channel, channels, kept)
        trials: list[tuple[str, object]] = [
            (f"{trial.index + 1}: {trial.stimulus or trial.category or 'trial'}", trial.index)
            for trial in found.trials(recording)
        ]
        fill_combo(self.trial, [*trials, (WHOLE, -1)], self.trial.currentData())
        self._on_trial()

    def _span(self) -> tuple[float, float] | None:
        """Return when the chosen trial begins and ends on the recording's clock; None for all of it."""
        assert self.offer is not None
        recording, chosen = self.recording.currentData(), self.trial.currentData()
        return next((trial.shown for trial in self.offer.trials(recording) if trial.index == chosen), None)

    def _on_trial(self) -> None:
        if self.offer is None or self.recording.currentData() is None:
            return
        span = self._span()
        self.from_s.setValue(0.0)
        if span is None:
            self.length_s.setValue(LENGTH_S)
        elif span[1] > span[0]:
            self.length_s.setValue(min(LENGTH_S, span[1] - span[0]))
        self._show_buttons()

    def _on_method(self) -> None:
        method: Method = self.method.currentData()
        defaults = Settings(method)
        made = []
        for name in FIELDS[method]:
            choices = tuple(RULES) if name == "mask_rule" else ()
            made.append(Setting(name, getattr(defaults, name), ABOUT[name], choices=choices))
        self.settings.show_settings(made, TITLES)
        costly = {
            "imemd": "Costs as many siftings as there are phases.",
            "upemd": "Costs as many siftings as there are phases.",
            "eemd": "Costs as many siftings as there are trials.",
            "iceemdan": "Costs twice as many siftings as there are trials.",
        }
        self.cost.setText(costly.get(method, ""))
        self.cost.setVisible(method in costly)

    def _asked(self) -> Asked | None:
        recording, channel = self.recording.currentData(), self.channel.currentData()
        if self.offer is None or recording is None or not isinstance(channel, Channel):
            return None
        span = self._span()
        words = f"{recording}, {self.trial.currentText()}, {channel.words}"
        known = self.offer.material.corpus.by_id[recording]
        settings = Settings(self.method.currentData(), **self.settings.values())
        return Asked(
            known,
            channel,
            None if span is None else span[0],
            self.from_s.value(),
            self.length_s.value(),
            self.rate_hz.value(),
            settings,
            words,
        )

    # Computing and showing

    def decompose(self) -> None:
        """Compute the modes of what is chosen."""
        problem = self.settings.problem
        if problem:
            self.trouble.say(problem, "alarm")
            return
        asked = self._asked()
        if asked is None:
            return
        assert self.offer is not None
        self.trouble.say("")
        self.start.setEnabled(False)
        store = store_of(self.offer.material.study)
        self.waiting.run(
            lambda told: compute(asked, self.results, store, told),
            lambda made: self._on_found(made[0], made[1], store.problem),
        )

    def _on_found(self, found: Analysed, was_held: bool, problem: str) -> None:
        self.found = found
        if problem:
            self.trouble.say(problem, "warning")
        kept = " (kept from before)" if was_held else ""
        self.summary.set_whole(f"{found.words}{kept}.")
        nothing = "This stretch has no waves: all of it is residue."
        has = len(found.found.modes) > 0
        self.modes.show_figure(modes_figure(found))
        self.spectra.show_figure(spectra_figure(found) if has else None, nothing)
        self.hilbert.show_figure(hilbert_figure(found) if has else None, nothing)
        self.table.show_table(
            modes_table(found),
            f"{found.title}. Energy about the mean, in percent of all modes and the residue; overlap 0: the "
            "mode and the next share nothing.",
        )
        self.stack.setCurrentIndex(1)
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.start.setEnabled(
            self.offer is not None and self.channel.count() > 0 and not self.waiting.is_busy
        )

    def _on_failed(self, text: str) -> None:
        self.trouble.say(text, "alarm")
        if not self.is_read:
            self._say_empty(self.unreadable)
        elif self.found is None:
            self._say_empty(READY)
        self._show_buttons()

    def _on_stopped(self) -> None:
        self.trouble.say("Cancelled. Choose “Decompose” to begin again." if self.is_read else "Cancelled.")
        self._show_buttons()

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Tab, Enter on “Decompose”", "Compute the modes"),)
