"""Coefficients in words and as rows of a table, the same on the command line and on the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.agreement.bootstrap import Interval
from analysis.agreement.outcome import Outcome
from analysis.agreement.report import Report

COLUMNS = (
    "variable",
    "annotators",
    "coefficient",
    "value",
    "low",
    "high",
    "interval",
    "over",
    "resamples",
    "undefined_resamples",
    "n",
    "counted",
    "missing",
    "reason",
    "formula",
    "source",
)


def rows_of(variable: str, report: Report, repeats: Mapping[str, Report]) -> Iterator[dict[str, Any]]:
    """Yield every number about a variable as a row of the table; `repeats` are trials rated twice."""
    for who, each in (("all", report), *((f"{who}, twice", again) for who, again in repeats.items())):
        for line in each.lines:
            interval = line.interval
            yield {
                "variable": variable,
                "annotators": who,
                "coefficient": line.formula.key,
                "value": line.outcome.value,
                "low": interval.low,
                "high": interval.high,
                "interval": interval.method if interval.low is not None else "",
                "over": each.over,
                "resamples": interval.resamples,
                "undefined_resamples": interval.undefined,
                "n": line.outcome.n,
                "counted": line.noun,
                "missing": each.missing,
                "reason": line.outcome.reason or interval.reason,
                "formula": line.formula.sentence,
                "source": line.formula.source,
            }
    for pair in report.pairs:
        for key, outcome in pair.outcomes.items():
            yield {
                "variable": variable,
                "annotators": f"{pair.one}, {pair.other}",
                "coefficient": key,
                "value": outcome.value,
                "n": outcome.n,
                "reason": outcome.reason,
            }


def value_words(outcome: Outcome) -> str:
    """Return a coefficient to three digits, or why it is undefined."""
    return f"undefined: {outcome.reason}" if outcome.value is None else f"{outcome.value:.3f} (n {outcome.n})"


def interval_words(interval: Interval) -> str:
    """Return an interval and how it came about, or why there is none."""
    if interval.low is None or interval.high is None:
        return f"no interval: {interval.reason}" if interval.clusters else ""
    undefined = f", {interval.undefined} undefined" if interval.undefined else ""
    how = f"{interval.method}, {interval.resamples} draws{undefined}"
    return f"95 % {interval.low:.3f} to {interval.high:.3f} ({how})"
