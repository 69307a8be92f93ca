"""Spoken tasks of a study: which there are, persons as cases, what is doubtful about each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import Built, build, make_batch
from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.features.embedding import named, named_file
from analysis.literature.depression import SpokenTask
from analysis.recognizers.speech_tasks_cards import SPEAKING
from analysis.speakers.settings import SpeakersError
from analysis.speakers.shelf import found_at, told
from analysis.targets.recipe import Target
from app.analysing.evaluating import in_words, store_of
from app.analysing.target_people import fields_of
from app.participants import roster
from app.study import Study
from stimuli.problems import EvokeError

CASES = CaseSpec("session")
LEAST_VOICED_S = 5.0
LEAST_ABOVE_ROOM_DB = 15.0
MOST_CLIPPED = 0.001
AID = (
    "A research aid, no diagnosis. What it says of one person is uncertain, was learnt from this study's "
    "people, and must not decide about anybody's treatment. Whoever worries about a participant asks a "
    "clinician."
)
_CATEGORY = re.compile(r"(interview|picture|reading)[-_ ](positive|neutral|negative)")


class SpeechTasksError(EvokeError):
    """Spoken tasks cannot be tested as asked for; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """One way from an answer to a vector: an extractor or a file of ready vectors, and its short name."""

    name: str
    short: str
    language: str = ""
    is_file: bool = False

    def inputs(self, tasks: Sequence[SpokenTask]) -> tuple[InputSpec, ...]:
        """Return an input a task; raises SpeechTasksError."""
        try:
            settings = named_file(self.name) if self.is_file else named(self.name)
        except SpeakersError as error:
            raise SpeechTasksError(str(error)) from error
        feature = "speech.vectors" if self.is_file else "speech.embedding"
        return tuple(
            InputSpec(
                input_name(task.name, self.short), "speech", feature, settings, 0, 0, SPEAKING, task.name
            )
            for task in tasks
        )


def input_name(task: str, short: str) -> str:
    """Return the name of the input of a task in an embedding."""
    return f"{task}@{short}"


def embeddings_of(extractors: Sequence[str], files: Sequence[str] = ()) -> tuple[Embedding, ...]:
    """Return extractors and files of ready vectors with short names that differ; raises SpeechTasksError."""
    found: list[Embedding] = []
    try:
        for name in extractors:
            known = told(found_at(name))
            taken = {each.short for each in found}
            short = known.short if known.short not in taken else known.name
            found.append(Embedding(name, short, known.language))
    except SpeakersError as error:
        raise SpeechTasksError(str(error)) from error
    found += [Embedding(name, name.rpartition("/")[2].rpartition(".")[0], "", True) for name in files]
    if len({each.short for each in found}) < len(found):
        raise SpeechTasksError("two of these embeddings have one name. Choose each once.")
    return tuple(found)


def spoken_tasks(corpus: Corpus) -> tuple[SpokenTask, ...]:
    """Return what was answered by voice in a study, by the stimulus, in the order of numbers in the names."""
    found: dict[str, SpokenTask] = {}
    for trial in corpus.trials:
        if trial.stimulus and trial.stimulus not in found and SPEAKING in trial.stages:
            known = _CATEGORY.fullmatch(trial.category)
            kind, valence = (known[1], known[2]) if known else (trial.category or "task", "")
            found[trial.stimulus] = SpokenTask(trial.stimulus, kind, valence, "")
    return tuple(sorted(found.values(), key=lambda task: _natural(task.name)))


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name))


def persons(
    study: Study,
    corpus: Corpus,
    target: Target,
    tasks: Sequence[SpokenTask],
    embeddings: Sequence[Embedding],
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Built:
    """Return persons as cases with an input a task and embedding; raises EvokeError."""
    if len(target.classes) != 2:
        raise SpeechTasksError(
            f"target '{target.recipe.name}' has {len(target.classes)} classes, and two are needed. Choose a "
            "group, or a questionnaire with a cut-off."
        )
    inputs = [spec for each in embeddings for spec in each.inputs(tasks)]
    with in_words():
        return build(corpus, target, CASES, inputs, store_of(study), progress=progress, cancelled=cancelled)


POSITIVE = re.compile(r"depress|patient|ill\b|case|clinical|high|positive", re.IGNORECASE)


def positive_of(classes: Sequence[str]) -> str:
    """Return which of two classes is likely meant as the positive one: by its name, else the second."""
    named = [each for each in classes if POSITIVE.search(each)]
    return named[0] if len(named) == 1 else classes[-1]


def with_positive(batch: Batch, positive: str) -> Batch:
    """Return a batch whose second class is the positive one; raises SpeechTasksError for no class of it."""
    if positive not in batch.classes:
        raise SpeechTasksError(f"there is no class '{positive}'. There are: {', '.join(batch.classes)}.")
    if positive == batch.classes[1]:
        return batch
    assert batch.y is not None
    return replace(batch, y=1 - batch.y, classes=(batch.classes[1], batch.classes[0]))


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer to one task as sound; NaN where it is not known."""

    task: str
    length_s: float
    voiced_s: float
    above_room_db: float
    clipped: float

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        """What makes it doubtful: the reason, and the task with how much."""
        told = []
        if not self.voiced_s >= LEAST_VOICED_S:
            told.append(("short answer", f"{self.task} ({self.voiced_s:.1f} s of voice)"))
        if self.above_room_db < LEAST_ABOVE_ROOM_DB:
            told.append(("noise", f"{self.task} (voice {self.above_room_db:.0f} dB above the room)"))
        if self.clipped > MOST_CLIPPED:
            told.append(("overdriven", f"{self.task} ({self.clipped:.1%} of the samples)"))
        return tuple(told)


def answers(
    study: Study, corpus: Corpus, target: Target, tasks: Sequence[SpokenTask]
) -> dict[tuple[str, str], tuple[Answer, ...]]:
    """Return the answers of each visit (participant, session); raises EvaluatingError."""
    inputs = [
        InputSpec(task.name, "speech", "speech.answer", {}, 0, 0, SPEAKING, task.name) for task in tasks
    ]
    trials = [trial for trial in corpus.trials if trial.key in target.values]
    with in_words():
        batch = make_batch(corpus, trials, CASES, inputs, store_of(study)).batch
    found: dict[tuple[str, str], list[Answer]] = {}
    for row in range(len(batch)):
        key = str(batch.cases.participant[row]), str(batch.cases.session[row])
        for name, each in batch.inputs.items():
            if each.present[row]:
                values = each.values[row, : each.lengths[row]].astype(np.float64)
                length, voiced = np.nansum(values[:, :2], axis=0)
                speech, room, clipped = values[0, 2:]
                found.setdefault(key, []).append(
                    Answer(name, float(length), float(voiced), float(speech - room), float(clipped))
                )
    return {key: tuple(own) for key, own in found.items()}


def shift_notes(study: Study, batch: Batch) -> tuple[str, ...]:
    """Return where age, sex, site or other fields of the participants differ between the two classes.

    A recognizer may find these instead of what the target means.
    """
    assert batch.y is not None
    people = {person.code: fields_of(person) for person in roster(study)}
    first = np.unique(batch.cases.participant, return_index=True)[1]
    rows = [(people.get(str(batch.cases.participant[row]), {}), int(batch.y[row])) for row in first]
    names = dict.fromkeys(name for fields, _ in rows for name in fields)
    notes = list(_differences(rows, [name for name in names if name != "group"], batch.classes))
    missing = [name for name in ("age", "sex", "site") if name not in names]
    if missing:
        notes.append(
            f"{', '.join(missing)} of the participants {'is' if len(missing) == 1 else 'are'} not entered: "
            "whether the groups differ in that is not known."
        )
    return tuple(notes)


def _differences(
    rows: Sequence[tuple[Mapping[str, str], int]], names: Sequence[str], classes: Sequence[str]
) -> Iterator[str]:
    for name in names:
        values: list[list[str]] = [[], []]
        for fields, kind in rows:
            if name in fields:
                values[kind].append(fields[name])
        if min(map(len, values)) < 2:
            continue
        numbers = [_numbers(own) for own in values]
        if all(len(own) == len(given) for own, given in zip(numbers, values, strict=True)):
            means = [float(own.mean()) for own in numbers]
            spread = float(np.sqrt(np.mean([own.var(ddof=1) for own in numbers])))
            if spread > 0 and abs(means[1] - means[0]) > 0.3 * spread:
                yield (
                    f"{name} differs: {classes[0]} {means[0]:.1f}, {classes[1]} {means[1]:.1f} "
                    f"(d {(means[1] - means[0]) / spread:.2f})."
                )
            continue
        kinds = sorted({*values[0], *values[1]})
        shares = np.array([[own.count(kind) / len(own) for kind in kinds] for own in values])
        if len(kinds) <= 12 and np.abs(shares[1] - shares[0]).max() > 0.15:
            worst = int(np.abs(shares[1] - shares[0]).argmax())
            yield (
                f"{name} differs: {kinds[worst]} are {shares[0, worst]:.0%} of {classes[0]} and "
                f"{shares[1, worst]:.0%} of {classes[1]}."
            )


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    found = []
    for text in texts:
        try:
            found.append(float(text))
        except ValueError:
            return np.zeros(0)
    return np.array(found)


def experiment_inputs(tasks: Sequence[SpokenTask], embeddings: Sequence[Embedding]) -> tuple[InputSpec, ...]:
    """Return all inputs of an experiment of the engine on these tasks; raises SpeechTasksError."""
    return tuple(spec for each in embeddings for spec in each.inputs(tasks))


def language_of(study: Study) -> Mapping[str, str]:
    """Return each participant's language, "" where none was entered."""
    return {person.code: person.language for person in roster(study)}
