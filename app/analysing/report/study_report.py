"""`evoke report STUDY`: one page about a study, and a CSV file for every number on it.

derivatives/report/TIME/report.html, csv/*.csv
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.features.store import Store
from analysis.targets.recipe import Target, TargetError
from app import distributions
from app.analysing.corpora import study_corpus
from app.analysing.html_page import Page
from app.analysing.plans import plans_of
from app.analysing.report.agreed import add_agreement
from app.analysing.report.body import add_body
from app.analysing.report.flow import add_flow
from app.analysing.report.methods import add_methods
from app.analysing.report.quality import add_quality
from app.analysing.report.ratings import add_ratings
from app.analysing.targets import make_target, middles_of, norms_of, recipes, stored
from app.study import Study
from app.study_files import StudyError, utc_now, writing

FOLDER = "derivatives/report"
FEATURES = "derivatives/features"
MOST_TARGETS = 4


class ReportError(StudyError):
    """A report cannot be written; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report: its page, and its CSV files by name."""

    page: Path
    tables: tuple[Path, ...]


def report_study(
    study: Study,
    out: Path | None = None,
    progress: Callable[[str, float], None] = lambda what, share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Written:
    """Write the report of a study into a new folder; raises ReportError, StudyError, CorpusError."""
    folder = out or study.folder / FOLDER / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    if folder.exists() and any(folder.iterdir()):
        raise ReportError(f"{folder}: is not empty. Name a new folder.")
    progress("reading the sessions", 0.0)
    corpus = study_corpus(study, lambda share: progress("reading the sessions", 0.3 * share))
    kind = "simulated participants" if study.kind == "simulation" else "participants"
    page = Page(
        f"{study.name}: report",
        f"{len(corpus.participants)} {kind}, {len(corpus.recordings)} recordings, "
        f"{len(corpus.trials)} trials. Written {utc_now()} by Evoke {distributions.version()}.",
    )
    if study.kind == "simulation":
        page.warning("This is a study of simulated participants: nothing here was measured on people.")
    add_flow(page, study, corpus, _targets(study, page))
    progress("ratings", 0.35)
    add_ratings(page, corpus, middles_of(corpus), norms_of(corpus))
    progress("physiology", 0.4)
    add_body(page, corpus, Store(study.folder / FEATURES), cancelled)
    progress("rates and timing", 0.7)
    recorded = add_quality(page, corpus, cancelled)
    progress("agreement", 0.85)
    annotators = add_agreement(page, study)
    add_methods(page, study, corpus, recorded, annotators, plans_of(study))
    if cancelled():
        raise ReportError("The report was stopped; nothing was written.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with writing(study.folder):
            path = page.write(folder)
    except OSError as error:
        raise ReportError(
            f"{folder}: cannot be written ({error.strerror}). Choose a folder that you may write to."
        ) from error
    progress("done", 1.0)
    return Written(path, tuple(folder / "csv" / f"{name}.csv" for name in page.tables))


def _targets(study: Study, page: Page) -> tuple[Target, ...]:
    """Return the stored targets, or the first ones that the study offers, with classes."""
    corpus = study_corpus(study)
    chosen = (
        stored(study)
        or [
            recipe
            for recipe in recipes(study, corpus)
            if recipe.rule != "number" and recipe.source in ("category", "rating", "fused")
        ][:MOST_TARGETS]
    )
    found = []
    for recipe in chosen:
        try:
            found.append(make_target(study, corpus, recipe))
        except TargetError as error:
            page.warning(str(error))
    return tuple(found)
