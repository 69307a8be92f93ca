"""The step EEG channels: which ones a statistic keeps, where they sit, what each number of them costs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QSlider,
    QSplitter,
    QTabWidget,
    QWidget,
)

from analysis.features.eeg_band import SEGMENT_BANDS
from analysis.recognizers.channel_artefacts import artefact_warnings
from analysis.recognizers.channel_choice import RANDOM, STATISTICS
from app.analysing.channel_figures import curves_figure, ranking_figure, sweep_table
from app.analysing.channels import Cutting, channel_rows
from app.analysing.emotion_labels import write_label_table
from app.console.analyse.channels_head import ChosenHead
from app.console.analyse.channels_labels import LabelTable
from app.console.analyse.channels_work import Cut, Swept, look, swept
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, named, whole
from app.console.parts import Banner, Card, Line, Primary, Tick, Tinted
from app.console.saving import TABLES, ask_where, save_table

NOTHING = (
    "No segments yet. They are cut about the presses of a session with imagery: participants press a button"
    " each time they feel the emotion. Run the protocol imagery, or simulate it. Or import an EDF+, BDF+ or"
    " XDF recording whose events are named “imagery: joy” where a block of joy begins, “feeling_it” for each"
    " press, and “imagery: end”."
)
READING = "Cutting segments about the presses…"
NOT_SWEPT = (
    "Choose “Try several K”: a network is trained with 2, 4, 8 and so on up to all channels, in three splits."
)
EVERYBODY = "Everybody"
MOST_NAMED = 16
EXPORTED = ("participant", "band", "statistic", "rank", "channel", "score", "chosen")


class ChannelsPage(WaitingStep):
    """Ranks channels, shows the choice on the head, and sweeps over K."""

    unreadable = "The segments cannot be cut."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("EEG channels", "EEG channels", NOTHING, parent)
        self.found: Cut | None = None
        self.done: Swept | None = None
        self.heed = Banner()
        self.save = Tinted("Save channel lists…", "save", self._ask)
        self.save.setToolTip("A row a participant and channel: rank, score, whether it is kept (CSV)")
        self.sweep_button = Primary("Try several K", "start", self.sweep)
        self.sweep_button.setToolTip("2, 4, 8 and so on up to all channels, by the statistic and by chance")
        self._lay_out((self.save, self.sweep_button), self._body(), self.heed)
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left())
        right = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Ranking, head, accuracy")
        self.head = ChosenHead()
        self.bars = FigureView("Channels by rank")
        self.curves = FigureView("Accuracy against K")
        self.rows = TableView("Accuracy against K")
        self.labels = LabelTable()
        self.labels.changed.connect(self._on_labels)
        views: tuple[tuple[QWidget, str], ...] = (
            (self.head, "Head"),
            (self.bars, "Ranking"),
            (self.curves, "Accuracy and K"),
            (self.rows, "Three splits"),
            (self.labels, "Labels"),
        )
        for view, title in views:
            self.tabs.addTab(view, title)
        for saving in (self.head, self.bars, self.curves, self.rows):
            saving.said.connect(self.said)
        right.body.addWidget(self.tabs, 1)
        split.addWidget(right)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 800])
        return split

    def _left(self) -> QWidget:
        card = Card()
        form = QFormLayout()
        self.whose: QComboBox = combo("Participant", 14)
        self.band: QComboBox = combo("Band", 14)
        self.dimension: QComboBox = combo("Valence or arousal", 14)
        self.statistic: QComboBox = combo("Statistic", 14)
        fill_combo(self.band, [(_band_words(name), name) for name in SEGMENT_BANDS], "gamma")
        fill_combo(self.dimension, [("Valence", "valence"), ("Arousal", "arousal")], "valence")
        names = [(name.capitalize() if name != "rms" else "RMS", name) for name in STATISTICS]
        fill_combo(self.statistic, [*names, ("By chance", RANDOM)], "kurtosis")
        for title, box in (
            ("Participant", self.whose),
            ("Band", self.band),
            ("Scale", self.dimension),
            ("Ranked by", self.statistic),
        ):
            form.addRow(title, box)
        self.whose.activated.connect(lambda _: self._on_whose())
        self.statistic.activated.connect(lambda _: self._on_whose())
        self.band.activated.connect(lambda _: self._read())
        self.dimension.activated.connect(lambda _: self._read())
        self.ends = Tick("Window ends at the press")
        self.ends.setToolTip("Two seconds before the press: the hand's movement is not in them")
        self.ends.clicked.connect(lambda _: self._read())
        form.addRow("", self.ends)
        self.epochs = whole("Epochs of each network", 1, 500, 20)
        form.addRow("Epochs", self.epochs)
        card.body.addLayout(form)
        row = QHBoxLayout()
        self.k = QSlider(Qt.Orientation.Horizontal)
        named(self.k, "Number of channels kept")
        self.k.valueChanged.connect(lambda _: self._show_choice())
        self.k_words = Line("")
        row.addWidget(self.k, 1)
        row.addWidget(self.k_words)
        card.body.addLayout(row)
        self.kept_words = Line("", "muted", True)
        card.body.addWidget(self.kept_words)
        self.notes = Line("", "muted", True)
        card.body.addWidget(self.notes)
        card.body.addStretch(1)
        return card

    @property
    def cutting(self) -> Cutting:
        """How segments are to be cut, as the page says."""
        return Cutting(
            str(self.band.currentData()),
            str(self.dimension.currentData()),
            ends_at_press=self.ends.isChecked(),
        )

    @property
    def participant(self) -> str:
        """The code of who is chosen, "" for everybody."""
        return str(self.whose.currentData() or "")

    def _forget(self) -> None:
        self.found, self.done = None, None
        self.heed.say("")

    def _read(self) -> None:
        study = self.study
        if study is None:
            return
        cutting = self.cutting
        self._read_by(lambda told: look(study, cutting, told), self._on_found, READING)
        self._show_buttons()

    def _on_failed(self, text: str) -> None:
        self.heed.say("")
        self.found = None
        if "nobody pressed" in text:
            self._say_empty(NOTHING)
            self._show_buttons()
            return
        super()._on_failed(text)

    def _on_found(self, found: Cut) -> None:
        self.found = found
        kept = self.participant
        people: list[tuple[str, object]] = [
            (EVERYBODY, ""),
            *((code, code) for code in found.made.participants),
        ]
        fill_combo(self.whose, people, kept)
        channels = len(found.made.channels)
        self.k.blockSignals(True)
        if self.k.maximum() != channels:
            self.k.setRange(1, channels)
            self.k.setValue(max(1, channels // 4))
        self.k.setPageStep(max(1, channels // 8))
        self.k.blockSignals(False)
        self.labels.show_table(found.table)
        self.notes.setText(". ".join((*found.made.notes, "")).strip())
        people_words = f"{len(found.made.participants)} participants"
        self.summary.set_whole(f"{len(found.made.batch)} segments, {people_words}, {channels} channels")
        if self.done is not None and self.done.cutting != found.made.cutting:
            self.done = None
        self.stack.setCurrentIndex(1)
        self._on_whose()

    def _on_whose(self) -> None:
        self._show_choice()
        self._show_done()
        self._show_buttons()

    def _show_choice(self) -> None:
        """Show ranking, head and warning for the K of the slider."""
        if self.found is None:
            return
        statistic = str(self.statistic.currentData())
        ranked = self.found.rankings[self.participant, statistic]
        k = self.k.value()
        places = ranked.first(k)
        kept = [ranked.channels[place] for place in places]
        self.k_words.setText(f"K = {k} of {len(ranked.channels)}")
        more = f" and {len(kept) - MOST_NAMED} more" if len(kept) > MOST_NAMED else ""
        none = k - len(kept)
        without = f". {none} more do not move, or have a gap in every segment" if none else ""
        self.kept_words.setText(f"Kept: {', '.join(kept[:MOST_NAMED]) or 'none'}{more}{without}")
        scored = tuple(
            (name, float(value)) for name, value in zip(ranked.channels, ranked.scores, strict=True)
        )
        whose = self.participant or EVERYBODY.lower()
        words = (
            f"{self.statistic.currentText()} of the {self.band.currentData()} band, {whose}. Ringed: kept."
        )
        self.head.show_choice(scored, kept, words)
        self.bars.show_figure(ranking_figure(ranked, statistic, k, whose))
        band = str(self.band.currentData())
        warned = artefact_warnings(ranked.channels, places, statistic, band, ranked.few)
        self.heed.say(" ".join(warned))

    def _show_done(self) -> None:
        done = self.done
        asked = (self.participant, str(self.statistic.currentData()))
        if done is None or (done.participant, done.statistic) != asked:
            self.curves.show_figure(None, NOT_SWEPT)
            self.rows.show_table(None, NOT_SWEPT)
            return
        whose = done.participant or EVERYBODY
        self.curves.show_figure(curves_figure(done.sweeps, done.statistic, whose, done.left_out))
        self.rows.show_table(sweep_table(done.sweeps), " ".join(done.words))

    def _show_buttons(self) -> None:
        idle = not self.waiting.is_busy and self.found is not None
        self.sweep_button.setEnabled(idle)
        self.save.setEnabled(idle)

    def sweep(self) -> None:
        """Train for several numbers of channels."""
        if self.found is None:
            return
        cut, code, statistic = self.found, self.participant, str(self.statistic.currentData())
        epochs = self.epochs.value()
        self.trouble.say("")
        self.tabs.setCurrentWidget(self.curves)
        self.waiting.run(lambda told: swept(cut, code, statistic, epochs, told), self._on_swept)
        self._show_buttons()

    def _on_swept(self, done: Swept) -> None:
        self.done = done
        self._show_done()
        self._show_buttons()

    def _on_stayed(self) -> None:
        self.trouble.say("Cancelled. What is shown is what was there before.")

    def _on_labels(self) -> None:
        """Keep the label table in the study, and cut anew by it."""
        if self.study is None:
            return
        try:
            write_label_table(self.study, self.labels.table)
        except OSError as error:
            self.trouble.say(f"The label table cannot be kept ({error.strerror}).", "alarm")
            return
        self._read()

    def _ask(self) -> None:
        ask_where(self, "Save channel lists", TABLES, "channels.csv", self.write_to)

    def write_to(self, name: str) -> None:
        """Write the channel list of every participant, for the statistic and K that are chosen."""
        assert self.found is not None
        found, statistic, k = self.found, str(self.statistic.currentData()), self.k.value()
        self._write(lambda path: save_table(path, EXPORTED, channel_rows(found.made, statistic, k)), name)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (
            ("Left, Right on the slider", "One channel fewer, or more"),
            ("Space on a label", "Low or high"),
        )


def _band_words(name: str) -> str:
    low, high = SEGMENT_BANDS[name]
    return f"{low:g}-{high:g} Hz" if "-" in name else f"{name.capitalize()}, {low:g}-{high:g} Hz"
