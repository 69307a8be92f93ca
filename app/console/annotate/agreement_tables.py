"""The tables of the agreement page: coefficients, pairs, classes, lags, trials that came twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem, QTabWidget, QVBoxLayout, QWidget

from analysis.agreement.formulas import FORMULAS
from analysis.agreement.outcome import Outcome
from analysis.agreement.report import Line as ReportLine
from analysis.agreement.report import Report
from app.console.annotate.agreement_work import Found
from app.console.parts import Line, quiet
from app.console.plain_table import plain_table

COEFFICIENTS = ("Coefficient", "Value", "95 % interval", "n", "Missing", "Interval by, or why none")
CLASSES = ("Label", "Ratings", "Prevalence", "Specific agreement", "")
LAGS = ("Annotator", "Lag behind the others", "Correlation at that lag", "Without a lag", "n", "")
UNDEFINED = "undefined"
SHORT = {
    "alpha_bins": "Alpha, bins",
    "f1_segments": "F1, overlap 0.5",
    "f1_points": "F1, ±250 ms",
    "kappa_quadratic": "Kappa, quadratic",
    "kappa_linear": "Kappa, linear",
    "ccc": "CCC",
    "ccc_trials": "CCC per trial",
    "pearson": "Pearson",
    "pearson_trials": "Pearson per trial",
    "pearson_differences": "Pearson of differences",
    "raw": "Raw",
}
"""Heads of the table of pairs; the whole name is in the tool tip."""
TWICE = ("Annotator", "Coefficient", "Value", "95 % interval", "n", "")


class Tables(QTabWidget):
    """Every number of a report; below the coefficients the formula of the chosen one with its source."""

    formula_shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.coefficients = plain_table("Coefficients", COEFFICIENTS)
        self.coefficients.currentCellChanged.connect(lambda row, *_: self._show_formula(row))
        self.formula = Line("", "muted", True)
        self.pairs = QTableWidget()
        self.classes = plain_table("Labels", CLASSES)
        self.lags = plain_table("Lags", LAGS)
        self.twice = plain_table("Trials that came twice", TWICE)
        self._lines: tuple[ReportLine, ...] = ()
        first = QWidget()
        column = QVBoxLayout(first)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.coefficients, 1)
        column.addWidget(self.formula)
        self.addTab(first, "All annotators")
        self._pairs_page = QWidget()
        self._pairs_room = QVBoxLayout(self._pairs_page)
        self._pairs_room.setContentsMargins(0, 4, 0, 0)
        self.addTab(self._pairs_page, "Pairs")
        for table, title in (
            (self.classes, "Labels"),
            (self.lags, "Lags"),
            (self.twice, "Rated twice"),
        ):
            self.addTab(table, title)
            quiet(table)
        quiet(self.coefficients)

    def show_nothing(self) -> None:
        """Forget every number and name."""
        for table in (self.coefficients, self.pairs, self.classes, self.lags, self.twice):
            table.setRowCount(0)
        self._lines = ()
        self.formula.setText("")

    def show_found(self, found: Found) -> None:
        """Show what was found; tabs without content are hidden."""
        report = found.report
        assert report is not None
        self._lines = report.lines
        fill(self.coefficients, (coefficient_cells(line, report) for line in report.lines))
        self.coefficients.setCurrentCell(0, 0)
        self._show_formula(0)
        self._show_pairs(report)
        is_scale = found.gathered is not None and found.gathered.variable.kind == "ordinal"
        fill(
            self.classes,
            (
                [
                    name,
                    str(row.ratings),
                    f"{row.prevalence:.1%}",
                    "" if row.agreement is None or is_scale else f"{row.agreement:.3f}",
                ]
                for name, row in zip(report.class_names, report.classes, strict=True)
            ),
        )
        self.classes.setColumnHidden(3, is_scale)
        fill(
            self.lags,
            (
                [lag.rater, f"{lag.seconds:g} s{' or more' if lag.at_edge else ''}", f"{lag.correlation:.3f}",
                 f"{lag.unmoved:.3f}", str(lag.trials)]
                if lag.seconds is not None
                else [lag.rater, f"unknown: {lag.reason}", "", "", "0"]
                for lag in report.lags
            ),
        )  # fmt: skip
        fill(
            self.twice,
            (
                [who, line.formula.title, value_text(line.outcome), interval_text(line), str(line.outcome.n)]
                for who, again in found.repeats
                for line in again.lines
            ),
        )
        for place, table in enumerate((self.classes, self.lags, self.twice), start=2):
            self.setTabVisible(place, table.rowCount() > 0)
        self.setTabVisible(1, bool(report.pairs))

    def _show_pairs(self, report: Report) -> None:
        keys = list(dict.fromkeys(key for pair in report.pairs for key in pair.outcomes))
        has_ends = any(pair.boundaries is not None for pair in report.pairs)
        heads = ["Pair", *(SHORT.get(key, FORMULAS[key].title) for key in keys)]
        heads += ["Matched", "Onsets apart", "Ends apart"] if has_ends else []
        heads.append("")
        table = plain_table("Pairs of annotators", heads)
        for place, key in enumerate(keys, start=1):
            formula = FORMULAS[key]
            head = table.horizontalHeaderItem(place)
            assert head is not None
            head.setToolTip(f"{formula.title}: {formula.sentence}")
        quiet(table)
        rows = []
        for pair in report.pairs:
            cells = [f"{pair.one}, {pair.other}"]
            for key in keys:
                outcome = pair.outcomes[key]
                known = outcome.value is not None
                cells.append(
                    f"{value_text(outcome)} (n {outcome.n})" if known else f"{UNDEFINED}: {outcome.reason}"
                )
            near = pair.boundaries
            if has_ends:
                cells += ["0", "", ""] if near is None else [
                    str(near.matched),
                    f"{near.onset_ms:+.0f} ms (size {near.onset_size_ms:.0f})",
                    f"{near.offset_ms:+.0f} ms (size {near.offset_size_ms:.0f})",
                ]  # fmt: skip
            rows.append(cells)
        fill(table, rows)
        old, self.pairs = self.pairs, table
        self._pairs_room.removeWidget(old)
        # What it says must be gone at once, not only when the event loop comes to it.
        old.setParent(None)
        old.deleteLater()
        self._pairs_room.addWidget(table)

    def _show_formula(self, row: int) -> None:
        if 0 <= row < len(self._lines):
            outcome, formula = self._lines[row].outcome, self._lines[row].formula
            why = f"Undefined: {outcome.reason}. " if outcome.value is None else ""
            self.formula.setText(f"{why}{formula.title}: {formula.sentence} Source: {formula.source}.")


def coefficient_cells(line: ReportLine, report: Report) -> list[str]:
    """Return a coefficient as the cells of its row."""
    interval = line.interval
    how = interval.reason if interval.low is None else f"{interval.method}, {interval.resamples} draws"
    if interval.low is not None:
        how += f" of {interval.clusters} {report.noun if report.over == 'trials' else report.over}"
        how += f", {interval.undefined} undefined" if interval.undefined else ""
    if line.outcome.value is None:
        how = line.outcome.reason
    return [
        line.formula.title,
        value_text(line.outcome),
        interval_text(line),
        f"{line.outcome.n} {line.noun}",
        f"{report.missing:.0%}",
        how,
    ]


def value_text(outcome: Outcome) -> str:
    """Return three digits, or that there is no value."""
    return UNDEFINED if outcome.value is None else f"{outcome.value:.3f}"


def interval_text(line: ReportLine) -> str:
    """Return the ends of the interval, '' where there is none."""
    low, high = line.interval.low, line.interval.high
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def fill(table: QTableWidget, rows: Iterable[Sequence[str]]) -> None:
    """Show rows of text; numbers stand at the right."""
    told = list(rows)
    table.setRowCount(len(told))
    for row, cells in enumerate(told):
        for column, text in enumerate(cells):
            # A reason is too long for a cell: it is told by the tool tip.
            item = QTableWidgetItem(UNDEFINED if text.startswith(f"{UNDEFINED}: ") else text)
            item.setToolTip(text)
            if text.removeprefix("-")[:1].isdigit():
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, column, item)
