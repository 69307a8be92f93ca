"""Spoken tasks of a study: which there are, persons as cases, what is doubtful about each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

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
    """One way from an answer to a vector: an extractor or a file of ready vectors, and its short name.

    `kind` of an extractor is "R" (ResNet), "T" (TDNN) or "I" (i-vector), "" of a file.
    """

    name: str
    short: str
    language: str = ""
    is_file: bool = False
    kind: str = ""

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
            found.append(Embedding(name, short, known.language, kind=known.short.partition("_")[0]))
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


_WORDS = r"(?:depress|patient|ill\b|case|clinical|high|positive)"
POSITIVE = re.compile(_WORDS, re.IGNORECASE)
NEGATED = re.compile(
    rf"(?<![a-z])(?:non|not|no|never|without)(?=[-_ ])|(?<![a-z])(?:non|un|sub)(?={_WORDS})"
    r"|[-_ ](?:free|negative)\b",
    re.IGNORECASE,
)
"""A class that is named by what it is not: "non-depressed", "subclinical", "symptom-free"."""


def positive_of(classes: Sequence[str]) -> str:
    """Return which of two classes is likely meant as the positive one: by its name, else the second."""
    named = [each for each in classes if POSITIVE.search(each) and not NEGATED.search(each)]
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


def experiment_inputs(tasks: Sequence[SpokenTask], embeddings: Sequence[Embedding]) -> tuple[InputSpec, ...]:
    """Return all inputs of an experiment of the engine on these tasks; raises SpeechTasksError."""
    return tuple(spec for each in embeddings for spec in each.inputs(tasks))


def language_of(study: Study) -> Mapping[str, str]:
    """Return each participant's language, "" where none was entered."""
    return {person.code: person.language for person in roster(study)}
