"""`evoke reproduce micro-expressions`: the print computed again; the same tests on people or simulations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from analysis.literature.micro_expressions import DATA, N
from analysis.literature.micro_expressions_checks import (
    d_rows,
    eta_rows,
    labellings,
    mean_rows,
    p_agreeing,
    pair_rows,
    power_rows,
    square_rows,
)
from analysis.literature.paper import Cell, Ours
from analysis.simulate.settings import Settings
from analysis.statistics.repeated import StatisticsError
from analysis.statistics.trimming import Trimming
from analysis.statistics.within import Design, Within, analyse
from app.analysing.corpora import study_corpus
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.simulated_answers import live_with_answers
from app.analysing.simulating import Request, simulate, simulation_study
from app.analysing.within_figures import cell_figure
from app.analysing.within_tables import cell_table, effect_rows, item_table, pair_table, simple_table
from app.analysing.within_trials import (
    Cut,
    Measure,
    Tried,
    WithinError,
    measures_of,
    pooled,
    rows_of,
    trials_of,
)
from app.study import Study

PROTOCOL = "micro-expressions"
QUICK, WHOLE = 8, N
COLUMNS = ("category, part 2", "category, part 1")
FACTORS = ("expression", "attractiveness")
TRIMMED = Trimming("upper", 1.5, "participant")
NOBODY = (
    "no permutations: these are tests, not recognizers; the planted effects are in 'data'",
    "times of pictures have no planted effect: they show what chance gives",
)


def tables(order: Order) -> Made:
    """Make the tables: the paper's own figures again, then the tests on SRC or on simulated participants."""
    made = list(_printed())
    if order.source is not None:
        study, data = _given(order.source), f"study {order.source.name}"
        controls: tuple[str, ...] = ("participants without a cell are left out, and named in the notes",)
    else:
        count = QUICK if order.is_quick else WHOLE
        study = _simulated(order, count)
        data = (
            f"{count} simulated participants of the bundled protocol; planted: accuracies and ratings of the "
            "paper after the reconstruction, times of its clips, no effect on times of pictures"
        )
        controls = NOBODY
    if order.is_quick:
        data += " (quick form)"
    corpus = study_corpus(study)
    trials = trials_of(corpus, beside=study.folder)
    figures = {}
    for block in ("static", "dynamic"):
        for measure in _measures(trials):
            found = _tested(trials, measure, block)
            if isinstance(found, str):
                order.said(found)
                continue
            name = f"{block}, {measure.title}"
            order.said(name)
            made += _tables_of(found, name, data, controls)
            figures[f"{block}-{measure.kind}.svg"] = cell_figure(found, 560, 340).svg()
    if not figures and order.source is not None:
        raise LiteratureError(
            f"{order.source}: no block static or dynamic with two expressions and two levels. Use the page "
            "Within participants for other designs."
        )
    return Made(tuple(made), figures)


def _given(source: Path) -> Study:
    if not (source / "study.yaml").is_file():
        raise LiteratureError(f"{source}: is no study. Name the folder of one, or leave SRC out.")
    return Study.open(source)


def _simulated(order: Order, count: int) -> Study:
    folder = order.study.folder / "derivatives" / "simulated" / f"{PROTOCOL}-{count}-{order.seed}"
    study = simulation_study(folder, PROTOCOL, "Micro-expressions, simulated")
    missing = count - len(study.sessions())
    if missing > 0:
        order.said(f"simulating {missing} participants")
        settings = Settings(modalities=("keys",), artefacts=0.0, seed=order.seed)
        simulate(
            study, Request("", missing, settings, order.workers), live_with_answers, None, order.cancelled
        )
    return study


def _measures(trials: tuple[Tried, ...]) -> tuple[Measure, ...]:
    found = measures_of(trials)
    kinds = ("accuracy", "time", "rating")
    chosen = [next((each for each in found if each.kind == kind), None) for kind in kinds]
    return tuple(each for each in chosen if each is not None)


def _tested(trials: tuple[Tried, ...], measure: Measure, block: str) -> Within | str:
    is_time = measure.kind == "time"
    trimming = TRIMMED if is_time else Trimming()
    # Accuracy is right answers by trials, as in the paper; an anticipation only has no time.
    cut = Cut((block,), no_anticipations=is_time)
    try:
        told, lost = rows_of(trials, measure, COLUMNS, cut)
        rows = replace(told, levels=dict(zip(FACTORS, (told.levels[name] for name in COLUMNS), strict=True)))
        design = Design(FACTORS, {}, trimming, measure.title, measure.unit)
        found = analyse(rows, design, lost)
        return replace(found, warnings=(*found.warnings, *pooled(trials, COLUMNS, cut)))
    except (StatisticsError, WithinError, KeyError) as error:
        return f"{block}, {measure.title}: {error}"


def _tables_of(found: Within, name: str, data: str, controls: tuple[str, ...]) -> list[Ours]:
    protocol = (
        f"repeated-measures analysis of variance, {len(found.participants)} participants, "
        f"{found.trials} trials; {found.design.trimming.words}"
    )
    lost = tuple(f"{count} trials {why}" for why, count in found.lost)
    left = tuple(f"left out: {code} ({why})" for code, why in found.left_out)
    notes = (*lost, *left, *found.warnings)
    over = "models" if found.items is None else found.items.units
    made = [Ours(f"{name}: analysis of variance", data, protocol, *effect_rows(found), controls, notes)]
    for title, (columns, rows) in (
        ("cell means", cell_table(found)),
        ("simple effects", simple_table(found)),
        ("pairs", pair_table(found)),
        (f"over {over}", item_table(found)),
    ):
        if rows:
            made.append(Ours(f"{name}: {title}", data, protocol, columns, rows, controls))
    return made


def _printed() -> tuple[Ours, ...]:
    paper = f"the paper's printed figures ({DATA})"
    again = "computed again from the print, nothing new measured"
    etas, ds, means = eta_rows(), d_rows(), mean_rows()
    following, printed = p_agreeing()
    best = labellings()
    return (
        Ours(
            "Partial eta squared from F",
            paper,
            again,
            ("measure", "effect", "test", "printed p", "p of F", "printed", "ours", "verdict"),
            etas,
            (
                _count(etas),
                f"p of the analyses: {following} of {printed} follow from their F, within its rounding",
            ),
        ),
        Ours(
            "d from t",
            paper,
            again,
            ("measure", "in", "pair", "t", "printed d", "2t/sqrt(36)", "2t/sqrt(37)", "d_z", "verdict"),
            ds,
            (_count(ds),),
            (
                "Experiment 1 took df 36, experiment 2 df 37; d_z, the size for one group of people, "
                "is half of it.",
            ),
        ),
        Ours(
            "Means against the middles of the intervals",
            paper,
            again,
            ("measure", "means", "pair", "difference", "middle", "verdict"),
            means,
            (_count(means),),
            (
                f"Of {len(best)} labellings of the text's means one fits to {best[0].worst:.4f}, the next is "
                f"{best[1].worst:.3f} off.",
            ),
        ),
        Ours(
            "Pairs of expressions, accuracy of experiment 1",
            paper,
            again,
            ("pair", "difference", "t(37)", "p", "printed p"),
            pair_rows(),
            ("t and p are those that the printed intervals imply, after Bonferroni over three pairs",),
        ),
        Ours(
            "F against the square of t",
            paper,
            again,
            ("measure", "in", "F(1, 37)", "t", "t squared", "verdict"),
            square_rows(),
            ("with two expressions F is the square of t",),
            ("Three of six F and t of the same effect do not go together, and the print does not say why.",),
        ),
        Ours(
            "Power",
            paper,
            again,
            ("partial eta squared", "printed", "G*Power, groups", "Cohen's f, repeated", "SPSS"),
            power_rows(),
            ("alpha .05, 38 people",),
            (
                "The print's figures are those of groups of different people, cut to three digits.",
                "Noncentralities: groups f^2 n; Cohen's f, repeated f^2 n df1; SPSS F df1 = f^2 df2; with "
                "f^2 = eta / (1 - eta).",
                "Power at the effect that was found follows from its F: it justifies no sample.",
            ),
        ),
    )


def _count(rows: tuple[tuple[Cell, ...], ...]) -> str:
    agreeing = sum(str(row[-1]).startswith("agrees") for row in rows)
    printed = sum(row[-1] != "not printed" for row in rows)
    return f"{agreeing} of {printed} agree"
