"""The step Features: one feature of one recording below its signal, its values, its definition, its cost."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from analysis.features.feature import Feature
from analysis.recognizers.recognizer import Setting
from app.console.analyse.experiment_settings import SettingsForm
from app.console.analyse.preview_rows import SignalRow, StepsRow, TrialRow
from app.console.analyse.preview_work import Asked, Offer, Preview, offer, preview
from app.console.analyse.step_page import WaitingStep
from app.console.annotate.agreement_tables import fill
from app.console.annotate.plan_ticks import TickList
from app.console.choices import combo, fill_combo, number
from app.console.parts import Card, Elided, Heading, Line, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.review.axis import TimeAxis
from app.console.review.time_row import TimeRow
from app.console.review.times import clock_words
from app.console.saving import TABLES, ask_where, save_table

MOST_COLUMNS, MOST_ROWS = 60, 500
MOST_DRAWN, DRAWN_FIRST = 12, 3
MOST_NAMES = 120
WINDOW_S, HOP_S = 2.0, 0.5
ALL_TRIALS = "All trials"
NO_DATA = "This study has no recording with a signal yet."


class PreviewPage(WaitingStep):
    """Shows features on their signals; nothing is stored."""

    unreadable = "The recordings cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Features", "Computing", "", parent)
        self.offer: Offer | None = None
        self.preview: Preview | None = None
        self._settings_of = ""
        self.rows: list[StepsRow] = []
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._choices())
        split.addWidget(self.stack)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 780])
        self._lay_out(self._controls(), self._body(), below=split)
        self._say_empty("")

    # Making

    def _controls(self) -> tuple[QWidget, ...]:
        self.review = Tinted("Review", "review", self._ask_review)
        self.review.setToolTip("Open the recording at the cursor")
        self.save_rows = Tinted("Save table…", "save", self._ask_table)
        return self.review, self.save_rows

    def _choices(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.recording = combo("Recording")
        self.trial = combo("Trial")
        self.feature = combo("Feature")
        self.window_s = number("Window", 0.0, 600.0, WINDOW_S, 2, " s")
        self.window_s.setSpecialValueText("whole trial")
        self.hop_s = number("Every", 0.0, 600.0, HOP_S, 2, " s")
        self.hop_s.setSpecialValueText("no overlap")
        for name, box in (
            ("Recording", self.recording),
            ("Trial", self.trial),
            ("Feature", self.feature),
            ("Window", self.window_s),
            ("Every", self.hop_s),
        ):
            form.addRow(name, box)
        column.addLayout(form)
        self.recording.activated.connect(lambda _: self._on_recording())
        self.trial.activated.connect(lambda _: self._compute())
        self.feature.activated.connect(lambda _: self._on_feature())
        for spin in (self.window_s, self.hop_s):
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(lambda _: self._compute())
        column.addWidget(Heading("What it is"))
        self.about = Line("", "text", True)
        self.source = Line("", "muted", True)
        column.addWidget(self.about)
        column.addWidget(self.source)
        column.addWidget(Heading("Its settings"))
        self.settings = SettingsForm()
        self.settings.changed.connect(self._compute)
        column.addWidget(self.settings)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumWidth(260)
        area.setAccessibleName("Choices")
        return area

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        upper = Card()
        self.axis = TimeAxis(self)
        self.axis.left_px = 132
        self.time_row = TimeRow(self.axis)
        self.trial_row = TrialRow(self.axis)
        self.signal_row = SignalRow(self.axis)
        inner = QWidget()
        self._lanes = QVBoxLayout(inner)
        self._lanes.setContentsMargins(0, 0, 0, 0)
        self._lanes.setSpacing(0)
        for row in (self.time_row, self.trial_row, self.signal_row):
            self._lanes.addWidget(row)
        self._lanes.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Signal and feature on one time axis")
        _on_card(area)
        upper.body.addWidget(area)
        split.addWidget(upper)
        lower = Card()
        beside = QSplitter(Qt.Orientation.Horizontal)
        beside.setChildrenCollapsible(False)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Line("Drawn", "muted"))
        self._names_column = column
        self.names = self._new_names()
        column.addWidget(self.names, 1)
        beside.addWidget(side)
        values = QWidget()
        column = QVBoxLayout(values)
        column.setContentsMargins(0, 0, 0, 0)
        self.table_words = Elided()
        column.addWidget(self.table_words)
        self.table = plain_table("Values", ("Time",))
        self.table.currentCellChanged.connect(lambda row, *_: self._on_row(row))
        quiet(self.table)
        column.addWidget(self.table, 1)
        beside.addWidget(values)
        beside.setStretchFactor(0, 1)
        beside.setStretchFactor(1, 3)
        lower.body.addWidget(beside)
        split.addWidget(lower)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 1)
        split.setSizes([460, 220])
        return split

    def _new_names(self) -> TickList:
        names = TickList("Numbers that are drawn")
        names.setMinimumHeight(40)
        names.setMaximumHeight(100_000)
        names.setFrameShape(QScrollArea.Shape.NoFrame)
        _on_card(names)
        return names

    # Choosing

    def _forget(self) -> None:
        self.offer = self.preview = None

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: offer(study, told), self._on_offer, "Reading the recordings…")

    @property
    def is_read(self) -> bool:
        """Whether recordings can be chosen."""
        return self.offer is not None

    def _on_failed(self, text: str) -> None:
        self.trouble.say(text, "alarm")
        self._say_empty("" if self.is_read else self.unreadable)

    def _on_stopped(self) -> None:
        self._say_empty("Cancelled. Choose a feature again.")

    def _on_offer(self, found: Offer) -> None:
        is_same = self.offer is not None and found.material is self.offer.material
        self.offer = found
        if is_same and self.preview is not None:
            self.stack.setCurrentIndex(1)
            return
        recordings = [r for r in found.material.corpus.recordings if found.features_of(r.id)]
        fill_combo(self.recording, [(r.id, r.id) for r in recordings], self.recording.currentData())
        if not recordings:
            self._say_empty(NO_DATA)
            return
        self._on_recording()

    def _on_recording(self) -> None:
        found, recording = self.offer, self.recording.currentData()
        if found is None or recording is None:
            return
        trials = [
            (f"{trial.index + 1}: {trial.stimulus or trial.category or 'trial'}", trial.index)
            for trial in found.trials(recording)
        ]
        before = self.trial.currentData()
        fill_combo(self.trial, [*trials, (ALL_TRIALS, -1)], before)
        offers = [
            (f"{name} of {modality}" if _is_shared(found.features[name]) else name, f"{name}/{modality}")
            for name, modality in found.features_of(recording)
        ]
        fill_combo(self.feature, offers, self.feature.currentData())
        self._on_feature()

    @property
    def _chosen(self) -> tuple[Feature, str] | None:
        name, _, modality = str(self.feature.currentData() or "").partition("/")
        if self.offer is None or name not in self.offer.features:
            return None
        return self.offer.features[name], modality

    def _on_feature(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        known, modality = chosen
        self.about.setText(f"{known.about} Of {modality}.")
        self.source.setText(f"Source: {known.source}. Version {known.version}.")
        if known.name != self._settings_of:
            # Of the same feature in another recording what was typed stays.
            self._settings_of = known.name
            self.settings.blockSignals(True)
            self.settings.show_settings(
                [Setting(name, value, name) for name, value in known.settings.items()]
            )
            self.settings.blockSignals(False)
        self._compute()

    def _compute(self) -> None:
        found, chosen, name = self.offer, self._chosen, self.recording.currentData()
        if found is None or chosen is None or name is None or self.settings.problem:
            return
        trials = found.trials(name)
        trial = self.trial.currentData()
        asked = Asked(
            found.material.corpus.by_id[name],
            -1 if trial is None else int(trial),
            chosen[0].name,
            chosen[1],
            self.window_s.value(),
            self.hop_s.value(),
            self.settings.values(),
        )
        self.trouble.say("")
        self.waiting.run(lambda told: preview(asked, trials, told), self._on_preview)

    # Showing

    def _on_preview(self, found: Preview) -> None:
        before = self.preview
        self.preview = found
        if before is None or before.extent_s != found.extent_s:
            self.axis.set_extent(*found.extent_s, self._zero_s(found))
        self.trial_row.trials = found.trials
        self.trial_row.redraw()
        self.signal_row.show_preview(found)
        self._fill_names()
        self._fill_rows()
        self._fill_table()
        recordings = len(self.offer.material.corpus.recordings) if self.offer is not None else 1
        trials = "1 trial" if len(found.trials) == 1 else f"{len(found.trials)} trials"
        self.summary.set_whole(
            f"{found.cost_ms:.1f} ms for the {trials} of this recording; "
            f"about {_duration(found.cost_ms * recordings / 1000)} for the study"
        )
        for button in (self.review, self.save_rows):
            button.setEnabled(True)
        self.stack.setCurrentIndex(1)

    def _zero_s(self, found: Preview) -> float:
        if found.asked.trial < 0:
            return found.extent_s[0]
        return next(trial.shown[0] for trial in found.trials if trial.index == found.asked.trial)

    def _fill_names(self) -> None:
        assert self.preview is not None
        names = self._column_names()[:MOST_NAMES]
        if names == list(self.names.ticks):
            return
        old, self.names = self.names, self._new_names()
        for place, name in enumerate(names):
            self.names.add(name, place < DRAWN_FIRST)
        self.names.changed.connect(self._fill_rows)
        self._names_column.replaceWidget(old, self.names)
        old.setParent(None)
        old.deleteLater()

    def _column_names(self) -> list[str]:
        assert self.preview is not None
        steps = self.preview.steps
        wide = self.preview.flat.shape[1]
        names = list(steps.names)
        return names if len(names) == wide else [f"number {place + 1}" for place in range(wide)]

    def _fill_rows(self) -> None:
        if self.preview is None:
            return
        ticked = [place for place, tick in enumerate(self.names.ticks.values()) if tick.isChecked()]
        if len(ticked) > MOST_DRAWN:
            self.said.emit(f"At most {MOST_DRAWN} numbers are drawn; the table has all of them.", "info")
        wanted = ticked[:MOST_DRAWN]
        while len(self.rows) > len(wanted):
            row = self.rows.pop()
            self._lanes.removeWidget(row)
            row.setParent(None)
            row.deleteLater()
        while len(self.rows) < len(wanted):
            row = StepsRow(self.axis)
            self.rows.append(row)
            self._lanes.insertWidget(self._lanes.count() - 1, row)
        for row, column in zip(self.rows, wanted, strict=True):
            row.show_column(self.preview, column)

    def _fill_table(self) -> None:
        found = self.preview
        assert found is not None
        names = self._column_names()[:MOST_COLUMNS]
        rows = found.rows[:MOST_ROWS]
        flat = found.flat
        self.table.setColumnCount(len(names) + 1)
        self.table.setHorizontalHeaderLabels(["Time", *names])
        zero_s = self.axis.zero_s
        fill(
            self.table,
            (
                [
                    clock_words(float(found.steps.times_s[row]) - zero_s, 2),
                    *(_cell(each) for each in flat[row, : len(names)]),
                ]
                for row in rows
            ),
        )
        told = f"{len(found.rows)} steps" if len(found.rows) != 1 else "1 step"
        told += f", {flat.shape[1]} numbers each" if flat.shape[1] != 1 else ", 1 number each"
        if not len(found.rows):
            told = "No step fits: the trial is shorter than the window. Take a shorter one, or 0."
        if len(found.rows) > MOST_ROWS or flat.shape[1] > MOST_COLUMNS:
            told += f". Shown are the first {len(rows)} and {len(names)}; the saved table has all."
        self.table_words.set_whole(told)

    def _on_row(self, row: int) -> None:
        found = self.preview
        if found is not None and 0 <= row < len(found.rows):
            self.axis.move_cursor(float(found.steps.times_s[found.rows[row]]))

    def _say_empty(self, text: str) -> None:
        self.preview = None
        super()._say_empty(text)
        self.summary.set_whole("")
        for button in (self.review, self.save_rows):
            button.setEnabled(False)

    # Going there, saving

    def _ask_review(self) -> None:
        if self.preview is not None:
            self.jump_asked.emit(self.preview.asked.recording.path, self.axis.cursor_s)

    def write_table(self, path: Path) -> None:
        """Write every step of every trial; raises EvokeError."""
        found = self.preview
        assert found is not None
        names = self._column_names()
        flat = found.flat
        rows = (
            {"trial": found.trials[span].index + 1, "time_s": float(time_s)}
            | {
                name: (float(value) if np.isfinite(value) else None)
                for name, value in zip(names, values, strict=True)
            }
            for span, time_s, values in zip(found.row_span, found.steps.times_s, flat, strict=True)
        )
        save_table(path, ("trial", "time_s", *names), rows)

    def _ask_table(self) -> None:
        assert self.preview is not None
        asked = self.preview.asked
        name = f"{asked.recording.id}_{asked.feature}.csv"
        ask_where(self, "Save the table", TABLES, name, partial(self._write, self.write_table))

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (
            ("Up, Down in the values", "Put the cursor at a step"),
            ("Wheel, Ctrl+wheel", "Move, zoom in time"),
        )


def _on_card(area: QScrollArea) -> None:
    """Let the card be seen behind what scrolls."""
    for part in (area.viewport(), area.widget()):
        if part is not None:
            part.setAutoFillBackground(False)


def _is_shared(known: Feature) -> bool:
    return len(known.modalities) > 1


def _cell(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "none"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
