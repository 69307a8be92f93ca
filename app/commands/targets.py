"""`evoke targets`: what can be recognised in a study, with its classes and what each costs in trials."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.targets.recipe import Recipe, Target, TargetError
from analysis.targets.recipe_json import parse_recipe
from app.analysing.corpora import study_corpus
from app.analysing.targets import TargetFileError, make_target, recipe_named, recipes, store
from app.study import Study


def targets(options: argparse.Namespace) -> int:
    """List the targets of a study, or one trial by trial, or store a recipe."""
    study = Study.open(options.study)
    if options.add is not None:
        recipe = _recipe_in(options.add)
        path = store(study, recipe)
        told = {"stored": path.relative_to(study.folder).as_posix(), "sha256": recipe.sha256}
        print(json.dumps(told) if options.json else f"stored as {told['stored']}")
        return 0
    corpus = study_corpus(study)
    if options.name:
        target = _made(study, corpus, recipe_named(study, corpus, options.name))
        if isinstance(target, str):
            raise TargetFileError(target)
        whole = to_json(target, corpus) | {"trials": _trials(target, corpus)}
        print(json.dumps(whole, ensure_ascii=False) if options.json else "\n".join(_whole(target, corpus)))
        return 0
    made = [(recipe, _made(study, corpus, recipe)) for recipe in recipes(study, corpus)]
    if options.json:
        told_all = [
            {"name": recipe.name, "problem": target} if isinstance(target, str) else to_json(target, corpus)
            for recipe, target in made
        ]
        print(json.dumps({"study": study.name, "targets": told_all}, ensure_ascii=False))
        return 0
    if not made:
        print(f"{study.name}: nothing to recognise yet: no categories, no ratings, no labels.")
    for recipe, target in made:
        print(f"{recipe.name}: {target}" if isinstance(target, str) else "\n".join(_lines(target, corpus)))
    return 0


def _recipe_in(path: Path) -> Recipe:
    try:
        return parse_recipe(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise TargetFileError(f"{path}: cannot be read as text. Name a JSON file with a target.") from error
    except TargetError as error:
        raise TargetFileError(str(error)) from error


def _made(study: Study, corpus: Corpus, recipe: Recipe) -> Target | str:
    try:
        return make_target(study, corpus, recipe)
    except TargetError as error:
        return str(error)


def to_json(target: Target, corpus: Corpus) -> dict[str, Any]:
    """Return a target without its trials, JSON-ready."""
    return {
        "name": target.recipe.name,
        "recipe": target.recipe.to_json(),
        "recipe_sha256": target.recipe.sha256,
        "sha256": target.sha256,
        "classes": list(target.classes),
        "trials_with_answer": len(target.values),
        "counts": counts(target),
        "participants": by_participant(target, corpus),
        "lost": dict(Counter(lost.why for lost in target.lost)),
        "files": dict(target.files),
        "warnings": list(target.warnings),
    }


def counts(target: Target) -> dict[str, int]:
    """Return how many trials each class has; empty for numbers."""
    found = Counter(int(value) for value in target.values.values()) if target.classes else Counter()
    return {name: found[place] for place, name in enumerate(target.classes)}


def by_participant(target: Target, corpus: Corpus) -> dict[str, dict[str, int]]:
    """Return for each participant the trials of each class (or "answered" for numbers), and those lost."""
    whose = {trial.key: trial.participant for trial in corpus.trials}
    names = target.classes or ("answered",)
    found = {code: dict.fromkeys((*names, "lost"), 0) for code in corpus.participants}
    for key, value in target.values.items():
        found[whose[key]][names[int(value)] if target.classes else "answered"] += 1
    for lost in target.lost:
        found[whose[lost.trial]]["lost"] += 1
    return found


def _trials(target: Target, corpus: Corpus) -> list[dict[str, Any]]:
    why = {lost.trial: lost.why for lost in target.lost}
    return [
        {
            "recording": trial.recording,
            "participant": trial.participant,
            "trial": trial.index,
            "stimulus": trial.stimulus,
            "answer": _answer(target, target.values[trial.key]) if trial.key in target.values else None,
            "lost": why.get(trial.key, ""),
        }
        for trial in corpus.trials
    ]


def _answer(target: Target, value: float) -> str | float:
    return target.classes[int(value)] if target.classes else value


def _lines(target: Target, corpus: Corpus) -> Iterator[str]:
    if target.classes:
        said = ", ".join(f"{name} {count}" for name, count in counts(target).items())
    else:
        said = f"{len(target.values)} numbers"
    yield f"{target.recipe.name}: {said}"
    for why, count in sorted(Counter(lost.why for lost in target.lost).items()):
        yield f"  {count} trials lost: {why}"
    few = [
        code
        for code, each in by_participant(target, corpus).items()
        if target.classes and min(each[name] for name in target.classes) == 0
    ]
    if few:
        yield f"  without one of the classes: {', '.join(few)}"
    for warning in target.warnings:
        yield f"  careful: {warning}"


def _whole(target: Target, corpus: Corpus) -> Iterator[str]:
    yield from _lines(target, corpus)
    yield f"  recipe {target.recipe.sha256[:12]}, answers {target.sha256[:12]}"
    for row in _trials(target, corpus):
        told = row["answer"] if row["lost"] == "" else f"lost: {row['lost']}"
        yield f"  {row['recording']}, trial {row['trial'] + 1}: {told}"
