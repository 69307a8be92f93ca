"""What the agreement page computes away from the window's thread; labels are read again when they change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.agreement.bootstrap import CancelledError
from analysis.agreement.report import Over, Report, assess
from analysis.labels.reader import find_logs
from analysis.labels.scheme import Scheme
from app.annotation.agreeing import (
    Gathered,
    Labels,
    Variable,
    gather,
    labelled_schemes,
    read_labels,
    variables,
)
from app.annotation.schemes import scheme_of
from app.study import Study

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown; '' for scheme or variable: the first there is."""

    scheme: str = ""
    variable: str = ""
    over: Over = "trials"
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to show. Without labels `schemes` is empty and the rest None."""

    wanted: Wanted
    schemes: tuple[str, ...]
    scheme: Scheme | None = None
    variables: tuple[Variable, ...] = ()
    labels: Labels | None = None
    gathered: Gathered | None = None
    report: Report | None = None
    repeats: tuple[tuple[str, Report], ...] = ()

    @property
    def state(self) -> Literal["no labels", "nothing comparable", "no rater", "one rater", "ready"]:
        """What the page can show."""
        if self.scheme is None:
            return "no labels"
        if self.report is None:
            return "nothing comparable"
        raters = len(self.report.raters)
        return "no rater" if raters == 0 else "one rater" if raters == 1 else "ready"


class Reader:
    """Reads the labels of a study again only when a log has changed; `cancel` ends what runs."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: tuple[Path, str, Signature] | None = None
        self._labels: Labels | None = None

    def find(self, study: Study, wanted: Wanted, cancelled: Callable[[], bool]) -> Found:
        """Return what there is to show; raises CancelledError and what reading raises."""
        with self._guard:
            return self._find(study, wanted, cancelled)

    def _find(self, study: Study, wanted: Wanted, cancelled: Callable[[], bool]) -> Found:
        if cancelled():
            raise CancelledError("The computation was cancelled.")
        schemes = labelled_schemes(study)
        if not schemes:
            return Found(wanted, ())
        name = wanted.scheme if wanted.scheme in schemes else schemes[0]
        scheme = scheme_of(study, name)
        labels = self._read(study, scheme, cancelled)
        known = variables(scheme)
        if not known:
            return Found(wanted, schemes, scheme, labels=labels)
        variable = next((each for each in known if each.id == wanted.variable), known[0])
        gathered = gather(labels, variable, wanted.blind)
        report = assess(gathered.table, over=wanted.over, cancelled=cancelled)
        repeats = tuple(
            (who, assess(table, over=wanted.over, cancelled=cancelled)) for who, table in gathered.repeats
        )
        return Found(wanted, schemes, scheme, known, labels, gathered, report, repeats)

    def _read(self, study: Study, scheme: Scheme, cancelled: Callable[[], bool]) -> Labels:
        now = (study.folder, scheme.id, signature(study))
        if self._labels is None or self._known != now:
            self._labels = read_labels(study, scheme, cancelled)
            self._known = now
        return self._labels


def signature(study: Study) -> Signature:
    """Return what changes whenever anybody labels, plans or leaves: names, sizes and times of the files."""
    folder = study.folder / "annotations"
    files = [*find_logs(folder), *sorted((folder / "plans").glob("*.jsonl"))]
    # What was not taken into a log yet lies beside it.
    files += [beside for path in files if (beside := path.with_name(path.name + "-wal")).exists()]
    files += [
        path for name in ("sessions.jsonl", "amendments.jsonl") if (path := study.folder / name).exists()
    ]
    found = []
    for path in files:
        state = path.stat()
        found.append((path.relative_to(study.folder).as_posix(), state.st_size, state.st_mtime_ns))
    return tuple(found)
