"""The targets of a study: recipes that are stored or on offer, and the answers that each gives.

derivatives/targets/NAME.json      a stored recipe; never changed, another one gets another name
"""

from __future__ import annotations

import hashlib
import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analysis.corpus.corpus import Corpus, Trial
from analysis.session_file import SessionFileError, open_session
from analysis.targets.emotions import DIMENSIONS, answers_of, recipe_of
from analysis.targets.recipe import Lost, Recipe, Target, TargetError, Tie, TrialKey
from analysis.targets.recipe_json import parse_recipe, to_text
from analysis.targets.rules import Answer, apply_rule
from app.analysing.emotion_labels import label_table
from app.analysing.target_labels import Said, labelled_variables, masks_of, several_of
from app.analysing.target_people import recipes_of_people, said_of_people
from app.settings import write_atomically
from app.study import Study
from app.study_files import StudyError, exclusively, writing

FOLDER = "derivatives/targets"
LONGEST_NAME = 60
"""Of a recipe, as its file and an experiment can name it."""
OPPOSITES = (("negative", "positive"), ("unpleasant", "pleasant"), ("sad", "happy"))
"""Pairs of items that are asked apart and compared: Yang et al.'s rule, the higher one wins."""
NORMS = ("valence", "arousal")
AT_ONCE = (
    "valence", "arousal", "liking", "neutral", "disgust", "joy", "happiness", "surprise", "anger", "fear",
    "sadness",
)  # fmt: skip
"""Ratings that one recognizer estimates at once (Comas et al.)."""
SEVERAL = ("rating", "annotator", "fused")
"""Sources that give several numbers at once."""
CIRCUMPLEX = ("valence", "arousal")
"""What the therapy assessment needs, whatever else was asked."""
ON_NINE: Mapping[str, tuple[str, ...]] = {
    "DEAP": ("valence", "arousal", "dominance", "liking"),
    "AMIGOS": ("valence", "arousal", "dominance", "liking", "familiarity"),
}
"""Items of published data sets that were asked on a scale from 1 to 9."""


class TargetFileError(StudyError):
    """A target cannot be found, read or stored; the text is the one clear message."""


def stored(study: Study) -> tuple[Recipe, ...]:
    """Return the recipes that were stored in a study, by name; raises TargetFileError."""
    return tuple(_read(path) for path in sorted((study.folder / FOLDER).glob("*.json")))


def _read(path: Path) -> Recipe:
    try:
        recipe = parse_recipe(path.read_text(encoding="utf-8"), f"{FOLDER}/{path.name}")
    except (OSError, UnicodeDecodeError) as error:
        raise TargetFileError(f"{FOLDER}/{path.name}: cannot be read as a target.") from error
    except TargetError as error:
        raise TargetFileError(str(error)) from error
    if recipe.name != path.stem:
        raise TargetFileError(
            f"{FOLDER}/{path.name}: holds the target '{recipe.name}'. Name the file after it."
        )
    return recipe


def store(study: Study, recipe: Recipe) -> Path:
    """Store a recipe; one that is there already must be the same. Raises TargetFileError."""
    path = study.folder / FOLDER / f"{recipe.name}.json"
    with writing(study.folder), exclusively(study.folder):
        if path.exists():
            if _read(path) == recipe:
                return path
            raise TargetFileError(
                f"target '{recipe.name}' is in the study with another recipe, and targets never change. "
                "Take another name."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, to_text(recipe))
    return path


def recipes(study: Study, corpus: Corpus) -> tuple[Recipe, ...]:
    """Return every recipe: those stored, then those that the study's own material offers.

    Of two that would have one name the second gets a number; what is stored under a name goes before both.
    Raises TargetFileError for a stored recipe or a label table that cannot be read.
    """
    found = {recipe.name: recipe for recipe in stored(study)}
    offered = itertools.chain(
        _of_answers(study, corpus), _of_labels(study), _of_norms(corpus), recipes_of_people(study, corpus)
    )
    kept = set(found)
    for recipe in offered:
        name = first = _slug(recipe.name)
        if first in kept:
            continue
        number = 1
        while name in found and found[name].sha256 != recipe.sha256:
            number += 1
            name = f"{first[: LONGEST_NAME - 4]}-{number}"
        found.setdefault(name, replace(recipe, name=name))
    return tuple(found.values())


def recipe_named(study: Study, corpus: Corpus, name: str) -> Recipe:
    """Return a recipe by its name; raises TargetFileError with a suggestion."""
    known = {recipe.name: recipe for recipe in recipes(study, corpus)}
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known) or 'none'}."
    raise TargetFileError(f"{study.name}: there is no target '{name}'. {hint}")


def _of_answers(study: Study, corpus: Corpus) -> Iterator[Recipe]:
    if len({trial.category for trial in corpus.trials if trial.category}) > 1:
        yield Recipe("category", "category")
    yield from _of_emotions(study, corpus)
    items = Counter(item for trial in corpus.trials for item in trial.ratings)
    for pair in OPPOSITES:
        if all(item in items for item in pair):
            yield Recipe("-or-".join(pair), "rating", pair, "higher")
    middles, published = middles_of(corpus), _published_middles(corpus)
    for item in items:
        if item in middles:
            # Spec 03: a rating on the middle of a published scale is low.
            tie: Tie = "low" if item in published else "drop"
            yield Recipe(f"{_slug(item)}-high", "rating", (item,), "threshold", at=middles[item], tie=tie)
        yield Recipe(_slug(item), "rating", (item,), "number")
    both = tuple(item for item in AT_ONCE if item in items)
    if both[:2] == CIRCUMPLEX:
        yield Recipe("-and-".join(CIRCUMPLEX), "rating", CIRCUMPLEX, "number")
    if len(both) > 1 and both != CIRCUMPLEX:
        yield Recipe("-and-".join(both) if len(both) < 4 else "all-labels", "rating", both, "number")


def _of_emotions(study: Study, corpus: Corpus) -> Iterator[Recipe]:
    """Yield valence and arousal by the study's own label table, which may have been edited."""
    imagined = {trial.item.lower() for trial in corpus.trials if trial.item}
    if not imagined:
        return
    try:
        table = label_table(study)
    except TargetError as error:
        raise TargetFileError(str(error)) from error
    if len(imagined & table.keys()) > 1:
        yield from (recipe_of(table, dimension) for dimension in DIMENSIONS)


def _of_labels(study: Study) -> Iterator[Recipe]:
    yield from _together(study)
    for scheme, variable, code in labelled_variables(study):
        source = "fused" if code.startswith("fused-") else "annotator"
        of = (scheme.id, variable.id, code)
        name = _slug(f"{scheme.name}-{scheme.version}.{variable.id}.{code}")
        if variable.kind in ("nominal", "segment"):
            yield Recipe(name, "fused" if source == "fused" else "annotator", of)
            continue
        kind = "trace" if variable.kind == "trace" else source
        tier = scheme.tier(variable.tier)
        if variable.kind == "trace":
            scale = next(each for each in tier.dimensions if each.name == variable.part)
            low, high = scale.low, scale.high
        else:
            question = next(each for each in tier.questions if each.id == variable.part)
            if question.scale is None:
                continue
            low, high = question.scale.low, question.scale.high
        known: Mapping[str, Any] = {"source": kind, "of": of}
        yield Recipe(f"{name}-high", rule="threshold", at=(low + high) / 2, **known)
        yield Recipe(name, rule="number", **known)


def _together(study: Study) -> Iterator[Recipe]:
    """Yield what observers' impressions give at once: all questions of a tier, on one scale of 0 to 1."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for scheme, variable, code in labelled_variables(study):
        if variable.kind != "ordinal":
            continue
        asked = next(each for each in scheme.tier(variable.tier).questions if each.id == variable.part)
        if asked.scale is not None and (asked.scale.low, asked.scale.high) == (0.0, 1.0):
            found.setdefault((scheme.id, variable.tier, code), []).append(variable.id)
    for (scheme_id, tier, code), names in found.items():
        if len(names) > 1:
            yield Recipe(
                _slug(f"{scheme_id.replace('@', '-')}.{tier}.{code}"),
                "fused" if code.startswith("fused-") else "annotator",
                (scheme_id, ",".join(names), code),
                "number",
            )


def _of_norms(corpus: Corpus) -> Iterator[Recipe]:
    norms = norms_of(corpus) if corpus.trials else {}
    for column in NORMS:
        values = {found[column] for found in norms.values() if column in found}
        if len(values) > 1:
            yield Recipe(f"norm-{column}", "norm", (column,), "number")


def middles_of(corpus: Corpus) -> dict[str, float]:
    """Return the middle of each item's scale, as the protocols of the recordings say.

    Of published data sets it is that of the scale which they asked. An item that was asked on scales of
    different lengths has none: no one number parts its answers.
    """
    found = {item: {middle} for item, middle in _published_middles(corpus).items()}
    seen: set[str] = set()
    for recording in corpus.recordings:
        with open_session(recording.path) as session:
            protocol = session.protocol
            if protocol.get("sha256", "") in seen:
                continue
            seen.add(str(protocol.get("sha256", "")))
            for stage in (protocol.get("schedule") or {}).get("stages", ()):
                for item in (stage.get("content") or {}).get("items") or ():
                    points = item.get("points") if isinstance(item, dict) else None
                    if isinstance(points, int) and points > 1:
                        middle = int(item.get("first", 1)) + (points - 1) / 2
                        found.setdefault(str(item.get("id")), set()).add(middle)
    return {item: middle for item, (middle, *others) in found.items() if not others}


def _published_middles(corpus: Corpus) -> dict[str, float]:
    asked = {item for each in corpus.recordings for item in ON_NINE.get(each.program, ())}
    return dict.fromkeys(sorted(asked), 5.0)


def norms_of(corpus: Corpus) -> dict[str, dict[str, float]]:
    """Return the norms of each stimulus, as they were when it was shown: by stimulus and column."""
    found: dict[str, dict[str, float]] = {}
    wanted = {trial.stimulus for trial in corpus.trials if trial.stimulus}
    for recording in corpus.recordings:
        if wanted <= found.keys():
            break
        try:
            with open_session(recording.path) as session:
                events = session.events
        except SessionFileError:
            continue
        for event in events:
            stimulus = str(event.payload.get("stimulus", "")) if event.kind == "stimulus_shown" else ""
            if stimulus and stimulus not in found:
                found[stimulus] = {
                    name: float(event.payload[name])
                    for name in NORMS
                    if isinstance(event.payload.get(name), (int, float))
                }
    return found


def _slug(text: str) -> str:
    """Return a name for recipes; where letters or an end are lost, a checksum of all keeps names apart."""
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each)
    )
    kept = "".join(each if (each.isascii() and each.isalnum()) or each in "._-" else "-" for each in plain)
    kept = kept.strip("-._")
    if kept and plain.isascii() and len(kept) <= LONGEST_NAME:
        return kept
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
    return f"{kept[: LONGEST_NAME - 7].strip('-._') or 'target'}-{digest}"


def make_target(study: Study, corpus: Corpus, recipe: Recipe) -> Target:
    """Return what a recipe gives for every trial of a corpus; raises TargetError."""
    said = _said(study, corpus, recipe)
    classes, values, lost = apply_rule(recipe, said.answers)
    masks, mask_files = masks_of(study, corpus, recipe)
    unanswered = [
        Lost(trial.key, said.why.get(trial.key, said.otherwise))
        for trial in corpus.trials
        if trial.key not in said.answers
    ]
    order: dict[TrialKey, int] = {trial.key: place for place, trial in enumerate(corpus.trials)}
    return Target(
        recipe=recipe,
        classes=classes,
        values={key: values[key] for key in sorted(values, key=lambda key: order[key])},
        lost=tuple(sorted((*unanswered, *lost), key=lambda each: order[each.trial])),
        masks=masks,
        files={**said.files, **mask_files},
        warnings=tuple(said.warnings),
        further=_further(recipe, said.answers, values),
    )


def _further(
    recipe: Recipe, answers: Mapping[TrialKey, Answer], values: Mapping[TrialKey, float]
) -> dict[TrialKey, tuple[float, ...]]:
    """Return the numbers behind the first one of each trial, where a recipe asks for several."""
    if recipe.rule != "number" or recipe.source not in SEVERAL or len(recipe.numbers) < 2:
        return {}
    return {key: tuple(float(each) for each in answers[key][1:]) for key in values}


def _said(study: Study, corpus: Corpus, recipe: Recipe) -> Said:
    if recipe.source in ("annotator", "fused", "trace"):
        return several_of(study, corpus, recipe)
    if recipe.source in ("participant", "questionnaire"):
        return said_of_people(study, corpus, recipe)
    said = Said()
    if recipe.source == "category":
        said.otherwise = "the trial has no category"
        said.answers = {trial.key: (trial.category,) for trial in corpus.trials if trial.category}
    elif recipe.source == "emotion":
        said.otherwise = "the label table does not have what was imagined or shown"
        table = answers_of(recipe)
        for trial in corpus.trials:
            level = table.get(trial.item.lower()) or table.get(trial.stimulus.lower())
            if level:
                said.answers[trial.key] = (level,)
    elif recipe.source == "norm":
        (column,) = recipe.of
        said.otherwise = f"its stimulus has no norm of {column}"
        norms = norms_of(corpus)
        for trial in corpus.trials:
            if column in norms.get(trial.stimulus, {}):
                said.answers[trial.key] = (norms[trial.stimulus][column],)
    else:
        said.otherwise = f"{' or '.join(recipe.of)} was not answered"
        for trial in corpus.trials:
            answer = _ratings(trial, recipe.of)
            if answer is not None:
                said.answers[trial.key] = answer
        if not said.answers:
            known = sorted({item for trial in corpus.trials for item in trial.ratings})
            raise TargetError(
                f"target {recipe.name}: nobody answered {' and '.join(recipe.of)}. "
                f"Answered was: {', '.join(known) or 'nothing'}."
            )
    return said


def _ratings(trial: Trial, items: tuple[str, ...]) -> Answer | None:
    if any(item not in trial.ratings for item in items):
        return None
    return tuple(trial.ratings[item] for item in items)
