"""What the step Within participants reads and computes: trials, what can be measured, and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from analysis.statistics.trimming import Trimming
from app.analysing.evaluating import store_of
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.within_trials import (
    Cut,
    Measure,
    Tried,
    WithinError,
    blocks_of,
    factors_of,
    measures_of,
    pooled,
    rows_of,
    trials_of,
)
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.study import Study

OFFERED: Mapping[str, tuple[str, str]] = {
    "eda": ("skin", "analysis.features.skin"),
    "bvp": ("heart", "analysis.features.heart"),
    "acceleration": ("motion", "analysis.features.motion"),
}
"""Features whose numbers can be tested: by modality the feature and the module that names its columns."""
STANDING = "exploratory: no plan of this study fixed this test beforehand"
LONGEST = 70
"""Of the name of a folder of results, in letters."""
TABLES = ("Analysis", "Pairs", "Simple effects", "Cells", "Over stimuli", "Left out")


@dataclass(frozen=True)
class Ready:
    """What can be chosen: trials, measures, blocks."""

    study: Study
    trials: tuple[Tried, ...]
    measures: tuple[Measure, ...]
    blocks: tuple[str, ...]

    def factors(self, blocks: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Return the factors of these blocks with their levels."""
        return factors_of(self.trials, blocks)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: measure, factors with the levels ticked, trimming, and which trials count."""

    measure: Measure
    factors: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    trimming: Trimming
    cut: Cut

    @property
    def name(self) -> str:
        """A name for files: block, measure and factors, in letters, digits and hyphens."""
        whole = " ".join((*(self.cut.blocks or ("all blocks",)), self.measure.title, *self.factors))
        parts = "".join(each if each.isalnum() else " " for each in whole).split()
        return "-".join(parts)[:LONGEST].strip("-")


@dataclass(frozen=True)
class Tested:
    """What came of it: a name for files, the figure, tables by their tab, the paragraph, and warnings."""

    name: str
    shown: Shown
    tables: Mapping[str, Table]
    text: str
    warnings: tuple[str, ...]
    participants: int
    trials: int


def look(study: Study, told: Told) -> Ready:
    """Read the study's trials; raises WithinError, EvokeError, CorpusError."""
    told(0, 0, "trials")
    corpus = material_of(study).corpus
    trials = trials_of(corpus, lambda done, of: told(done, of, "trials"), study.folder)
    from analysis.corpus.signals import modalities_of

    there = {name for recording in corpus.recordings[:3] for name in modalities_of(recording)}
    measures = measures_of(trials)
    for modality, (_, module) in OFFERED.items():
        if modality in there and trials:
            measures += tuple(Measure("feature", f"{modality}: {name}") for name in _columns(module))
    return Ready(study, trials, measures, blocks_of(trials))


def _columns(module: str) -> tuple[str, ...]:
    from importlib import import_module

    names: tuple[str, ...] = import_module(module).NAMES
    return names


def tested(ready: Ready, choice: Choice, told: Told) -> Tested:
    """Make the tests of a choice; raises WithinError."""
    from analysis.statistics.paragraph import paragraph
    from analysis.statistics.repeated import StatisticsError
    from analysis.statistics.within import Design, analyse
    from app.analysing.within_figures import cell_figure
    from app.analysing.within_tables import (
        cell_table,
        effect_rows,
        item_table,
        lost_table,
        pair_table,
        simple_table,
    )

    told(0, 0, choice.measure.title)
    values = _feature(ready, choice, told) if choice.measure.kind == "feature" else None
    try:
        rows, lost = rows_of(ready.trials, choice.measure, choice.factors, choice.cut, values)
        design = Design(
            choice.factors, choice.levels, choice.trimming, choice.measure.title, choice.measure.unit
        )
        found = analyse(rows, design, lost)
        found = replace(found, warnings=(*found.warnings, *pooled(ready.trials, choice.factors, choice.cut)))
    except StatisticsError as error:
        raise WithinError(str(error)) from error
    made = (effect_rows, pair_table, simple_table, cell_table, item_table, lost_table)
    tables = {
        name: Table(name.lower().replace(" ", "-"), *lines(found))
        for name, lines in zip(TABLES, made, strict=True)
    }
    about = (
        f"Mean {design.measure} of {len(found.participants)} participants, 95 % within-participant intervals."
    )
    shown = Shown(
        "within-participants",
        design.measure,
        about,
        partial(cell_figure, found),
        tables["Cells"],
        (640.0, 400.0),
    )
    return Tested(
        choice.name,
        shown,
        tables,
        paragraph(found, STANDING),
        found.warnings,
        len(found.participants),
        found.trials,
    )


def _feature(ready: Ready, choice: Choice, told: Told) -> dict[tuple[str, int], float]:
    """Return a feature's number of each trial, over the span in which its stimulus was shown."""
    from analysis.corpus.building import make_batch
    from analysis.corpus.cases import CaseSpec, InputSpec

    modality, _, column = choice.measure.of.partition(": ")
    feature, _ = OFFERED[modality]
    corpus = material_of(ready.study).corpus
    built = make_batch(
        corpus,
        [each.trial for each in ready.trials],
        CaseSpec("trial"),
        [InputSpec(modality, modality, feature)],
        store_of(ready.study),
        progress=lambda share: told(round(100 * share), 100, feature),
        cancelled=told.cancelled,
    )
    each = built.batch.inputs[modality]
    place = each.names.index(column)
    cases = built.batch.cases
    return {
        (str(recording), int(trial)): float(each.values[row, 0, place])
        for row, (recording, trial) in enumerate(zip(cases.recording, cases.trial, strict=True))
        if each.present[row]
    }


def new_folder(done: Tested, inside: Path) -> Path:
    """Make a folder named after a test, with a number where the name is taken; raises WithinError."""
    for number in count(1):
        made = inside / (done.name if number == 1 else f"{done.name}-{number}")
        try:
            made.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise WithinError(
                f"{inside}: cannot be written ({error.strerror}). Choose another folder."
            ) from error
        break
    return made


def write_all(done: Tested, folder: Path) -> list[str]:
    """Write every table as CSV and the paragraph as text into a folder; the figure is the window's business.

    Raises WithinError.
    """
    names = []
    try:
        for table in done.tables.values():
            (folder / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
            names.append(f"{table.name}.csv")
        (folder / "report.txt").write_text(done.text + "\n", encoding="utf-8")
    except OSError as error:
        raise WithinError(
            f"{folder}: cannot be written ({error.strerror}). Choose another folder."
        ) from error
    return [*names, "report.txt"]
