"""From one domain to another: the sides of a study, or two studies, with the classes that all have."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.features.store import Store
from analysis.targets.recipe import Lost, Target, TargetError
from app.analysing.corpora import study_corpus
from app.analysing.cross_corpus import (
    METHODS,
    SELECTIONS,
    Matrix,
    Method,
    Row,
    Selection,
    cells,
    cross_corpus,
)
from app.analysing.domains import domains_named
from app.analysing.evaluating import in_words, store_of
from app.analysing.targets import TargetFileError, make_target, recipe_named
from app.settings import write_atomically
from app.study import Study
from stimuli.problems import EvokeError

FOLDER = Path("derivatives") / "transfer"
STUDY = "study"
SAME: Mapping[str, str] = MappingProxyType(
    {
        "angry": "anger", "happy": "happiness", "joy": "happiness", "sad": "sadness", "fearful": "fear",
        "disgusted": "disgust", "surprised": "surprise", "bored": "boredom",
    }
)  # fmt: skip
"""Names of classes that mean another one."""
LEAST_CLASSES = 2


class TransferError(EvokeError):
    """There is nothing to carry over; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Two domains or more with their answers: `domain` names what makes them, `of` each participant's.

    `classes` are those that every domain has, `counts` trials of each class by domain, classes that not all
    have among them. `notes` must be told with every result; `problem` says why nothing can be compared, ""
    where it can.
    """

    study: Study
    corpus: Corpus
    target: Target
    domain: str
    of: Mapping[str, str]
    counts: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that every domain has."""
        return self.target.classes

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the domains."""
        return tuple(sorted(set(self.of.values())))


def sides_within(study: Study, target: str, domain: str, labels: Mapping[str, str] | None = None) -> Sides:
    """Return the sides of one study, by a field of its participants; raises EvokeError."""
    with in_words():
        corpus = study_corpus(study)
        answers = make_target(study, corpus, recipe_named(study, corpus, target))
    found = domains_named(study, corpus, domain).of
    return _of(study, corpus, answers, common_names(answers, labels or {}), domain, found, ())


def sides_between(first: Study, other: Study, target: str, labels: Mapping[str, str] | None = None) -> Sides:
    """Return two studies as two sides; codes and recordings of the other one carry its name.

    Nothing is copied from one study to the other but predictions and answers by code, which a withdrawal from
    the other study does not reach: that is told with every result. Raises EvokeError.
    """
    check_two(first, other)
    with in_words():
        mine, yours = study_corpus(first), study_corpus(other)
        answers = make_target(first, mine, recipe_named(first, mine, target))
        others, why = _answers_of(other, yours, target, answers)
    here, there = titles(first, other)
    yours, moved = renamed(yours, there)
    own, theirs = common_names(answers, labels or {}), common_names(others, labels or {})
    names = tuple(dict.fromkeys([*own.values(), *theirs.values()]))
    values = {
        key: float(names.index(own[answers.classes[int(value)]])) for key, value in answers.values.items()
    }
    values |= {
        (moved[key[0]], key[1]): float(names.index(theirs[others.classes[int(value)]]))
        for key, value in others.values.items()
    }
    joined = replace(
        answers,
        classes=names,
        values=values,
        masks={**answers.masks, **{moved[name]: spans for name, spans in others.masks.items()}},
        lost=(
            *answers.lost,
            *(Lost((moved[each.trial[0]], each.trial[1]), each.why) for each in others.lost),
        ),
        warnings=tuple(dict.fromkeys((*answers.warnings, *others.warnings))),
    )
    whole = together(mine, yours)
    of = dict.fromkeys(mine.participants, here) | dict.fromkeys(yours.participants, there)
    note = (
        f"Made of two studies, {first.name} and {other.name}: a withdrawal from {other.name} does not "
        "reach this"
        " run. Remove it by hand then."
    )
    return _of(first, whole, joined, {name: name for name in names}, STUDY, of, (note,), why)


def _answers_of(other: Study, corpus: Corpus, target: str, like: Target) -> tuple[Target, str]:
    """Return the other study's answers; where it has none an empty target, and in words that it has none."""
    try:
        found = make_target(other, corpus, recipe_named(other, corpus, target))
    except (TargetError, TargetFileError) as error:
        none = replace(like, values={}, lost=(), masks={}, files={}, warnings=(), further={})
        return none, str(error)
    return found, "" if found.values else f"{other.name} has no answers of {target}."


def check_two(first: Study, other: Study) -> None:
    """Raise TransferError where both are the same study."""
    if first.folder.resolve() == other.folder.resolve():
        raise TransferError(f"{first.folder}: is named twice. Name two studies, or one with --domain FIELD.")


def together(mine: Corpus, yours: Corpus) -> Corpus:
    """Return two corpora whose names differ as one."""
    return Corpus(
        f"{mine.name} and {yours.name}",
        (*mine.recordings, *yours.recordings),
        (*mine.trials, *yours.trials),
        (*mine.left_out, *yours.left_out),
    )


def titles(first: Study, other: Study) -> tuple[str, str]:
    """Return what two studies are called where they stand side by side: never the same."""
    if first.name != other.name:
        return first.name, other.name
    here, there = (f"{each.name} ({each.folder.name})" for each in (first, other))
    return (here, there) if here != there else (f"{here}, 1", f"{there}, 2")


def renamed(corpus: Corpus, title: str) -> tuple[Corpus, dict[str, str]]:
    """Return a corpus whose recordings and participants carry a study's name, and the new names by old."""
    ids = {each.id: f"{title}: {each.id}" for each in corpus.recordings}
    recordings = tuple(
        replace(each, id=ids[each.id], participant=f"{title}: {each.participant}")
        for each in corpus.recordings
    )
    trials = tuple(
        replace(each, recording=ids[each.recording], participant=f"{title}: {each.participant}")
        for each in corpus.trials
    )
    return replace(corpus, recordings=recordings, trials=trials), ids


def common_names(target: Target, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what each class is called in common: the usual name of the same thing, in small letters.

    `labels` gives other names to classes, by their own name or by the common one, in any case.
    """
    if not target.classes:
        raise TransferError(f"{target.recipe.name}: gives numbers. Choose a target with classes.")
    given = {old.strip().casefold(): new.strip() for old, new in labels.items()}
    found = {}
    for name in target.classes:
        folded = name.strip().casefold()
        common = SAME.get(folded, name.strip().lower())
        found[name] = given.get(folded, given.get(common.casefold(), common))
    return found


def _of(
    study: Study,
    corpus: Corpus,
    target: Target,
    named: Mapping[str, str],
    domain: str,
    of: Mapping[str, str],
    notes: tuple[str, ...],
    why: str = "",
) -> Sides:
    """Return the sides with the classes that every domain has; the others' trials are lost, and say why.

    `why` says what is known already to be in the way, "" for nothing.
    """
    who = {trial.key: trial.participant for trial in corpus.trials}
    counts: dict[str, Counter[str]] = {name: Counter() for name in dict.fromkeys(named.values())}
    for key, value in target.values.items():
        if who[key] in of:
            counts[named[target.classes[int(value)]]][of[who[key]]] += 1
    domains = sorted(set(of.values()))
    common = tuple(name for name, each in counts.items() if name and all(each[one] for one in domains))
    problem = why
    if not problem and len(common) < LEAST_CLASSES:
        problem = (
            f"The domains have {len(common)} class{'' if len(common) == 1 else 'es'} in common, and two are"
            " needed. Classes that mean the same need one name."
        )
    values, lost = {}, [*target.lost]
    for key, value in target.values.items():
        name = named[target.classes[int(value)]]
        if name in common:
            values[key] = float(common.index(name))
        else:
            lost.append(Lost(key, f"{name} is not in every domain" if name else "the class is left out"))
    recipe = target.recipe
    if recipe.rule == "classes":
        recipe = replace(recipe, classes=common)
    made = replace(target, recipe=recipe, classes=common, values=values, lost=tuple(lost))
    told = {name: dict(each) for name, each in counts.items()}
    return Sides(study, corpus, made, domain, of, told, notes, problem)


def counted(sides: Sides) -> str:
    """Tell how often each domain has each class."""
    return "; ".join(
        f"{name or 'left out'}: {', '.join(f'{one} {each.get(one, 0)}' for one in sides.names)}"
        for name, each in sides.counts.items()
    ).join(("Trials: ", "."))


@dataclass(frozen=True, slots=True)
class TransferTable:
    """A table that was made: blind, or the upper bound; `runs` are those behind it."""

    selection: Selection
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a study keeps of a transfer: what was compared, and the tables."""

    name: str
    made_utc: str
    domain: str
    domains: tuple[str, ...]
    target: str
    classes: tuple[str, ...]
    tables: tuple[TransferTable, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run behind the tables."""
        return tuple(dict.fromkeys(name for table in self.tables for name in table.runs))


def transfer(
    sides: Sides,
    matrix: Matrix,
    selections: Sequence[Selection] = ("fixed",),
    *,
    workers: int = 0,
    said: Callable[[str], None] = lambda words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Kept:
    """Compare methods on all ordered pairs of domains; tables are kept in the study as methods finish.

    Raises TransferError where the sides have fewer than two classes in common, EvaluatingError,
    CancelledError.
    """
    if sides.problem:
        raise TransferError(f"{sides.problem} {counted(sides)} Rename with --map OLD=NEW.")
    stamp = datetime.now(UTC)
    name = re.sub(
        r"[^A-Za-z0-9_.-]+", "-", f"{stamp:%Y%m%d-%H%M%S}_{sides.target.recipe.name}_{sides.domain}"
    )
    kept = Kept(
        name,
        stamp.isoformat(timespec="seconds"),
        sides.domain,
        sides.names,
        sides.target.recipe.name,
        sides.classes,
        notes=sides.notes,
    )
    with _store(sides) as store:
        for selection in selections:
            rows: list[Row] = []
            asked = replace(matrix, domain=sides.domain, selection=selection)
            for method in matrix.methods:
                one = replace(asked, methods=(method,))
                rows += cross_corpus(
                    sides.study, sides.corpus, sides.target, one, domains=sides.of, store=store,
                    notes=sides.notes, workers=workers, said=said, cancelled=cancelled,
                )  # fmt: skip
                others = tuple(each for each in kept.tables if each.selection != selection)
                if rows:
                    kept = replace(kept, tables=(*others, _table(selection, rows)))
                    _write(sides.study, kept)
    return kept


@contextmanager
def _store(sides: Sides) -> Iterator[Store]:
    """Give the study's store of features; of two studies one that is gone afterwards."""
    if sides.domain != STUDY:
        yield store_of(sides.study)
        return
    with tempfile.TemporaryDirectory(prefix="evoke-transfer-") as folder:
        yield Store(Path(folder))


def _table(selection: Selection, rows: Sequence[Row]) -> TransferTable:
    columns, made = cells(rows)
    return TransferTable(selection, columns, made, tuple(name for row in rows for name in row.runs))


def _write(study: Study, kept: Kept) -> None:
    path = study.folder / FOLDER / f"{kept.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "name": kept.name, "made_utc": kept.made_utc, "domain": kept.domain, "domains": kept.domains,
        "target": kept.target, "classes": kept.classes, "notes": kept.notes,
        "tables": [
            {"selection": each.selection, "columns": each.columns, "rows": each.rows, "runs": each.runs}
            for each in kept.tables
        ],
    }  # fmt: skip
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1))


def kept_in(study: Study) -> tuple[Kept, ...]:
    """Return every transfer that a study keeps, the newest first; what cannot be read is left out."""
    found = []
    for path in sorted((study.folder / FOLDER).glob("*.json"), reverse=True):
        try:
            found.append(_read(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def _read(values: Mapping[str, Any]) -> Kept:
    tables = tuple(
        TransferTable(
            each["selection"],
            tuple(each["columns"]),
            tuple(tuple(row) for row in each["rows"]),
            tuple(each["runs"]),
        )
        for each in values["tables"]
    )
    return Kept(
        str(values["name"]),
        str(values["made_utc"]),
        str(values["domain"]),
        tuple(values["domains"]),
        str(values["target"]),
        tuple(values["classes"]),
        tables,
        tuple(values["notes"]),
    )


def lines(kept: Kept) -> Iterator[str]:
    """Tell a transfer's tables as text."""
    many = len(kept.classes)
    yield f"{kept.target}: {', '.join(kept.classes)} ({many} classes, chance {100 / many:.1f} %)"
    for table in kept.tables:
        yield ""
        yield f"UAR, per cent; {SELECTIONS[table.selection]}"
        shown = [table.columns, *(tuple(_text(each) for each in row) for row in table.rows)]
        widths = [max(len(row[place]) for row in shown) for place in range(len(table.columns))]
        yield from ("  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in shown)
    yield from (f"note: {note}" for note in kept.notes)


def _text(value: str | float | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"


def methods_named(names: Sequence[str]) -> tuple[Method, ...]:
    """Return methods by name, () for all; raises TransferError."""
    known = {each.name: each for each in METHODS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise TransferError(f"--methods {unknown[0]}: there are {', '.join(known)}.")
    return tuple(known[name] for name in names) if names else METHODS
