"""What a test of spoken tasks came to: figures a task, of all together, and of each person, with doubts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.corpus.cases import Batch
from analysis.literature.depression import SpokenTask
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words
from app.analysing.speech_confounds import shift_notes, sites_of
from app.analysing.speech_tasks import (
    Answer,
    Embedding,
    answers,
    embeddings_of,
    input_name,
    language_of,
    persons,
    spoken_tasks,
    with_positive,
)
from app.analysing.speech_testing import Chance, Figure, Plan, Tested, chance, figures, tested
from app.analysing.targets import make_target, recipe_named
from app.study import Study

STACK = "speech-tasks-stack"
MOST_FUSED = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be tested: a target and its positive class, extractors and files of vectors, and how."""

    target: str
    positive: str
    extractors: tuple[str, ...]
    files: tuple[str, ...] = ()
    plan: Plan = field(default_factory=Plan)
    recognizer: str = STACK
    grid: str = "coarse"
    first: str = "svm"


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """What was said of one person, by recognizers trained on others only.

    `share` is the positive class's, mean over repeats, `low` and `high` the smallest and largest of these
    (None with one repeat). `tasks` gives each task's own share, None where it is missing. `flags` are reasons
    for doubt.
    """

    participant: str
    session: str
    answer: str
    decided: str
    share: float
    low: float | None
    high: float | None
    tasks: Mapping[str, float | None]
    flags: tuple[str, ...]

    @property
    def interval(self) -> str:
        """The share with its range."""
        if self.low is None or self.high is None:
            return f"{self.share:.2f}"
        return f"{self.share:.2f} [{self.low:.2f} to {self.high:.2f}]"


@dataclass(frozen=True)
class Outcome:
    """All of it. `by_task` gives balanced accuracy and accuracy of each task in each embedding."""

    study: str
    wanted: Wanted
    classes: tuple[str, str]
    tasks: tuple[SpokenTask, ...]
    embeddings: tuple[Embedding, ...]
    whole: Tested
    figures: Mapping[str, Figure]
    by_task: Mapping[tuple[str, str], Figure]
    chance: Chance
    people: tuple[PersonSaid, ...]
    notes: tuple[str, ...]
    shifts: tuple[str, ...]

    @property
    def words(self) -> str:
        """In a sentence: on whom, and how."""
        counts = [int((self.whole.y == kind).sum()) for kind in (0, 1)]
        counted = "" if len(np.unique(self.whole.persons)) == sum(counts) else f" ({self.whole.counted})"
        return (
            f"{counts[0]} {self.classes[0]} and {counts[1]} {self.classes[1]} (positive){counted}; "
            f"{' + '.join(each.short for each in self.embeddings)}; {self.wanted.plan.words}."
        )


def outcome_of(
    study: Study,
    wanted: Wanted,
    progress: Callable[[int, int, str], None] = lambda done, of, words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Compute embeddings, test persons by others, and gather what is told of each; raises EvokeError.

    Raises CancelledError where it is to stop.
    """
    progress(0, 0, "recordings")
    with in_words():
        corpus = study_corpus(study)
        target = make_target(study, corpus, recipe_named(study, corpus, wanted.target))
    tasks = spoken_tasks(corpus)
    embeddings = embeddings_of(wanted.extractors, wanted.files)

    def share(part: float) -> None:
        progress(round(100 * part), 100, "embeddings")

    built = persons(study, corpus, target, tasks, embeddings, share, cancelled)
    batch = with_positive(built.batch, wanted.positive)
    settings = {}
    if wanted.recognizer == STACK:
        settings = {"grid": wanted.grid, "stack_grid": wanted.grid, "first": wanted.first}
    elif wanted.recognizer != "speech-tasks-vote":
        settings = {"grid": wanted.grid, "first": wanted.first}
    sites = sites_of(study, sorted({*batch.cases.participant.tolist()})).get(wanted.plan.hold_out, {})
    with in_words():
        whole = tested(
            batch, tuple(batch.inputs), wanted.recognizer, settings, wanted.plan, progress, cancelled, sites
        )
    heard = answers(study, corpus, target, tasks)
    by_task = {}
    for task in tasks:
        for each in embeddings:
            name = input_name(task.name, each.short)
            if name in whole.names:
                y, own, whose = whole.task(name)
                if len(set(y.tolist())) == 2:
                    known = figures(y, own, whose, wanted.plan.seed)
                    by_task[task.name, each.short] = known["balanced accuracy"]
    languages = language_of(study)
    return Outcome(
        study.name,
        wanted,
        (batch.classes[0], batch.classes[1]),
        tasks,
        embeddings,
        whole,
        figures(whole.y, whole.shares, whole.persons, wanted.plan.seed),
        by_task,
        chance(whole.y, whole.shares, whole.persons, wanted.plan.seed),
        tuple(_people(batch, whole, tasks, embeddings, heard, languages)),
        built.warnings,
        shift_notes(study, batch, heard),
    )


def _people(
    batch: Batch,
    whole: Tested,
    tasks: Sequence[SpokenTask],
    embeddings: Sequence[Embedding],
    heard: Mapping[tuple[str, str], tuple[Answer, ...]],
    languages: Mapping[str, str],
) -> list[PersonSaid]:
    found = []
    for row in range(len(batch)):
        code, session = str(batch.cases.participant[row]), str(batch.cases.session[row])
        shares = whole.shares[:, row]
        mean = float(shares.mean())
        own: dict[str, float | None] = {}
        for task in tasks:
            values = [
                whole.alone[:, row, whole.names.index(name)]
                for each in embeddings
                if (name := input_name(task.name, each.short)) in whole.names
            ]
            known = np.array(values)[np.isfinite(values)] if values else np.zeros(0)
            own[task.name] = float(known.mean()) if len(known) else None
        flags = [("missing task", task) for task, value in own.items() if value is None]
        flags += [flag for each in heard.get((code, session), ()) for flag in each.flags]
        flags += _foreign(languages.get(code, ""), embeddings)
        found.append(
            PersonSaid(
                code,
                session,
                batch.classes[int(whole.y[row])],
                batch.classes[int(mean > 0.5)],
                mean,
                float(shares.min()) if len(shares) > 1 else None,
                float(shares.max()) if len(shares) > 1 else None,
                own,
                _gathered(flags),
            )
        )
    return found


def _gathered(flags: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return one line a reason, with all that it is about."""
    by_reason: dict[str, list[str]] = {}
    for reason, about in flags:
        by_reason.setdefault(reason, []).append(about)
    return tuple(f"{reason}: {', '.join(own)}" for reason, own in by_reason.items())


def _foreign(language: str, embeddings: Sequence[Embedding]) -> list[tuple[str, str]]:
    return [
        ("other language", f"answers in {language}, {each.short} was trained on {each.language}")
        for each in embeddings
        if language and each.language and language.lower() != each.language.lower()
    ]
