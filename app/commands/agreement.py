"""`evoke agreement`: how far annotators agree, on the screen, as JSON, or as a table."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.agreement.bootstrap import Interval
from analysis.agreement.outcome import Outcome
from analysis.agreement.report import Report, assess
from analysis.agreement.telling import COLUMNS, interval_words, rows_of, value_words
from app.annotation.agreeing import Gathered, GatheringError, gather, read_labels, resolve_scheme, variables
from app.annotation.schemes import scheme_of
from app.study import Study, StudyError


def agreement(options: argparse.Namespace) -> int:
    """Tell how far annotators agree on everything that a scheme asks."""
    study = Study.open(options.study)
    scheme = scheme_of(study, resolve_scheme(study, options.scheme))
    chosen = [each for each in variables(scheme) if options.tier in ("", each.id, each.tier)]
    if not chosen:
        known = ", ".join(each.id for each in variables(scheme)) or "nothing"
        raise GatheringError(f"--tier {options.tier}: {scheme.id} has no such tier. Comparable is: {known}.")
    labels = read_labels(study, scheme)
    found: list[tuple[Gathered, Report, dict[str, Report]]] = []
    for variable in chosen:
        gathered = gather(labels, variable, options.blind)
        report = assess(gathered.table, over=options.over, seed=options.seed)
        repeats = {
            who: assess(table, over=options.over, seed=options.seed) for who, table in gathered.repeats
        }
        found.append((gathered, report, repeats))
    if options.out is not None:
        _write(options.out, [row for each in found for row in rows_of(each[0].variable.id, *each[1:])])
    if options.json:
        told = {"scheme": scheme.id, "over": options.over, "seed": options.seed}
        print(json.dumps(told | {"variables": [to_json(*each) for each in found]}, ensure_ascii=False))
    else:
        for each in found:
            print("\n".join(_lines(*each)))
    return 0


def to_json(gathered: Gathered, report: Report, repeats: Mapping[str, Report]) -> dict[str, Any]:
    """Return one variable's numbers, JSON-ready."""
    return {
        "variable": gathered.variable.id,
        "title": gathered.variable.title,
        "kind": gathered.variable.kind,
        **_report(report),
        "left_out": [{"count": out.count, "what": out.what, "why": out.why} for out in gathered.left_out],
        "repeats": {who: _report(each) for who, each in repeats.items()},
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "annotators": list(report.raters),
        "units": report.units,
        "missing": report.missing,
        "coefficients": {
            line.formula.key: _outcome(line.outcome)
            | {"counted": line.noun, "interval": _interval(line.interval)}
            for line in report.lines
        },
        "pairs": [
            {
                "annotators": [pair.one, pair.other],
                **{key: _outcome(outcome) for key, outcome in pair.outcomes.items()},
                "boundaries_ms": None
                if pair.boundaries is None
                else {
                    "matched": pair.boundaries.matched,
                    "onset": pair.boundaries.onset_ms,
                    "offset": pair.boundaries.offset_ms,
                    "onset_size": pair.boundaries.onset_size_ms,
                    "offset_size": pair.boundaries.offset_size_ms,
                },
            }
            for pair in report.pairs
        ],
        "classes": [
            {"name": name, "ratings": row.ratings, "prevalence": row.prevalence, "agreement": row.agreement}
            for name, row in zip(report.class_names, report.classes, strict=True)
        ],
        "lags": [
            {
                "annotator": lag.rater,
                "seconds": lag.seconds,
                "correlation": lag.correlation,
                "unmoved": lag.unmoved,
                "trials": lag.trials,
                "at_edge": lag.at_edge,
                "reason": lag.reason,
            }
            for lag in report.lags
        ],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"value": outcome.value, "n": outcome.n, "reason": outcome.reason}


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "low": interval.low,
        "high": interval.high,
        "method": interval.method if interval.low is not None else "",
        "clusters": interval.clusters,
        "resamples": interval.resamples,
        "undefined": interval.undefined,
        "reason": interval.reason,
    }


def _lines(gathered: Gathered, report: Report, repeats: Mapping[str, Report]) -> Iterator[str]:
    yield f"{gathered.variable.id}: {gathered.variable.title}"
    who = ", ".join(report.raters) or "nobody"
    yield f"  {who}; {report.units} {report.noun}; {report.missing:.0%} missing"
    for line in report.lines:
        told = f"{value_words(line.outcome)}  {interval_words(line.interval)}"
        yield f"  {line.formula.title:<36} {told}".rstrip()
    for name, row in zip(report.class_names, report.classes, strict=True):
        is_scale = gathered.variable.kind == "ordinal"
        same = "" if is_scale or row.agreement is None else f", specific agreement {row.agreement:.0%}"
        yield f"  {name}: {row.prevalence:.0%} of the ratings{same}"
    for pair in report.pairs:
        if pair.boundaries is not None:
            near = pair.boundaries
            yield (
                f"  {pair.one}, {pair.other}: {near.matched} matched; median onset {near.onset_ms:+.0f} ms,"
                f" offset {near.offset_ms:+.0f} ms"
            )
    for lag in report.lags:
        told = f"{lag.seconds:g} s behind the others" if lag.seconds is not None else f"no lag: {lag.reason}"
        yield f"  {lag.rater}: {told}{', perhaps more' if lag.at_edge else ''}"
    for who, again in repeats.items():
        yield f"  {who}, the same {again.noun} twice ({again.units}):"
        for line in again.lines:
            yield f"    {line.formula.title:<34} {value_words(line.outcome)}"
    for out in gathered.left_out:
        yield f"  left out: {out.words}"


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be written ({error.strerror}). Choose a folder that you may write to."
        ) from error
