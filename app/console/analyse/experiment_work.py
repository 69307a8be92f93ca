"""What the step Experiment computes away from the window's thread: choices, and what a split would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.corpus.cases import Cases, InputSpec
from analysis.corpus.corpus import CorpusError
from analysis.corpus.cutting import cases_of, plain_cases
from analysis.corpus.signals import modalities_of
from analysis.evaluation.splits import Division, SplitError, divide
from analysis.recognizers.recognizer import Card, RecognizerError
from analysis.recognizers.table import RECOGNIZERS, recognizer_class
from analysis.targets.recipe import Target
from app.analysing.domains import Domains, all_domains
from app.console.analyse.apart import Apart
from app.console.analyse.coverage_work import counted
from app.console.analyse.experiment_wanted import Wanted
from app.console.analyse.known import Material, material_of, target_of
from app.console.analyse.waiting import Told
from app.study import Study

MOST_PEOPLE = 6
Loaded = tuple[tuple[Card, ...], tuple[tuple[str, str], ...]]
_LOADED: list[Loaded] = []
"""Cards, once they are known: they stay the same while this process runs."""


@dataclass(frozen=True)
class Choices:
    """What can be chosen: recognizers, targets, and which share of the recordings holds each modality."""

    material: Material
    cards: tuple[Card, ...]
    missing: tuple[tuple[str, str], ...]
    held: Mapping[str, tuple[str, ...]]
    """Modalities of each recording."""
    domains: tuple[Domains, ...] = ()
    """What divides the participants into domains."""

    def share(self, spec: InputSpec) -> float:
        """Return which share of the recordings holds an input: its modality, in a trial with its stage."""
        trials = self.material.corpus.trials
        staged = {trial.recording for trial in trials if not spec.stage or spec.stage in trial.stages}
        having = [name for name, modalities in self.held.items() if spec.modality in modalities]
        return sum(name in staged for name in having) / len(self.held) if self.held else 0.0

    def card(self, name: str) -> Card | None:
        """Return a card by name."""
        return next((card for card in self.cards if card.name == name), None)


@dataclass(frozen=True)
class Outlook:
    """What would be tested on what; `problem` says why nothing can be, "" where it can."""

    wanted: Wanted
    target: Target | None = None
    target_words: str = ""
    cases: Cases | None = None
    division: Division | None = None
    problem: str = ""


def choices(study: Study, apart: Apart, told: Told) -> Choices:
    """Return what can be chosen; the first time every recognizer is loaded, which takes seconds."""
    told(0, 0, "recordings")
    material = material_of(study)
    if not _LOADED:
        _LOADED.append(apart.ask(f"{__name__}:load_cards", (), told))
    cards, missing = _LOADED[0]
    told(0, 0, "signals")
    held = {recording.id: modalities_of(recording) for recording in material.corpus.recordings}
    return Choices(material, cards, missing, held, all_domains(study, material.corpus))


def load_cards(told: Told) -> Loaded:
    """Return every card, and the names of those that cannot be loaded with the reason."""
    cards: list[Card] = []
    missing: list[tuple[str, str]] = []
    for place, name in enumerate(RECOGNIZERS):
        told(place, len(RECOGNIZERS), name)
        try:
            cards.append(recognizer_class(name).card)
        except RecognizerError as error:
            missing.append((name, str(error)))
    return tuple(cards), tuple(missing)


def outlook(study: Study, found: Choices, wanted: Wanted, told: Told) -> Outlook:
    """Return what would be tested on what, without computing any feature."""
    told(0, 0, "answers")
    card, recipe = found.card(wanted.recognizer), found.material.recipe(wanted.target)
    if card is None or recipe is None:
        return Outlook(wanted, problem="Choose a recognizer and a target.")
    target = target_of(study, recipe)
    if isinstance(target, str):
        return Outlook(wanted, problem=target)
    words = target_words(target, found)
    task = "classes" if target.classes else "numbers"
    if task not in card.task:
        finds = " and ".join(card.task)
        problem = f"{card.title} finds {finds}, and this target gives {task}. Choose another of the two."
        return Outlook(wanted, target, words, problem=problem)
    told(0, 0, "the split")
    trials = [trial for trial in found.material.corpus.trials if trial.key in target.values]
    overlap = target.recipe.mask[2] if target.recipe.mask else 0.5
    try:
        rows, _ = cases_of(trials, card.cases, target.masks, overlap)
        cases = plain_cases(rows)
        values = np.array([target.values[trial.key] for trial, _ in rows])
        y = values.astype(np.int64) if target.classes else values[:, None]
        groups = next((each.of for each in found.domains if each.name == wanted.domain), None)
        division = divide(cases, y, wanted.split_spec, card.validation, groups)
    except (CorpusError, SplitError) as error:
        return Outlook(wanted, target, words, problem=str(error))
    return Outlook(wanted, target, words, cases, division)


def target_words(target: Target, found: Choices) -> str:
    """Return the classes a participant, and how many trials are lost and why, in words."""
    who = {trial.key: trial.participant for trial in found.material.corpus.trials}
    told = []
    if target.classes:
        totals = Counter(int(value) for value in target.values.values())
        told.append(", ".join(f"{name} {totals[place]}" for place, name in enumerate(target.classes)))
        counts = Counter((who[key], int(value)) for key, value in target.values.items())
        people = sorted({code for code, _ in counts})
        each = [
            f"{code} {'/'.join(str(counts[code, place]) for place in range(len(target.classes)))}"
            for code in people[:MOST_PEOPLE]
        ]
        more = f", and {len(people) - MOST_PEOPLE} more" if len(people) > MOST_PEOPLE else ""
        told.append(f"each participant: {', '.join(each)}{more}")
    else:
        told.append(counted(len(target.values), "answer"))
    if target.lost:
        why = Counter(lost.why for lost in target.lost)
        reasons = "; ".join(f"{text} ({count})" for text, count in why.most_common(3))
        told.append(f"{counted(len(target.lost), 'trial')} lost: {reasons}")
    else:
        told.append("no trial is lost")
    return ". ".join(part[:1].upper() + part[1:] for part in told) + "."
