"""`evoke transfer`: from one domain to another, within a study or between two; or labels for the second."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analysis.evaluation.usable import check_choices
from analysis.recognizers.table import recognizer_class
from app.analysing.cross_corpus import Matrix, Method, Selection
from app.analysing.evaluating import in_words
from app.analysing.transfer import (
    STUDY,
    TransferError,
    lines,
    methods_named,
    sides_between,
    sides_within,
    transfer,
)
from app.analysing.transfer_predictions import check_place, facts_of, predict_other, write
from app.analysing.transfer_predictions import lines as predicted_lines
from app.commands.evaluate import settings_of
from app.study import Study

PREDICTS = "pdan"
"""What labels are made by unless methods are named."""


def transfer_command(options: argparse.Namespace) -> int:
    """Compare methods on every ordered pair of domains and print the table, blind and upper bound apart.

    With --predict: write labels of the second study's trials, learnt from the first.
    """
    study = Study.open(options.study)
    if options.predict:
        return _predict(study, options)
    if options.out is not None:
        raise TransferError("--out is for the labels of --predict; tables are kept in the study.")
    labels = dict(options.map)
    if options.other is None:
        sides = sides_within(study, options.target, options.domain, labels)
    else:
        if options.domain:
            raise TransferError("Two studies are two domains already: leave out --domain.")
        sides = sides_between(study, Study.open(options.other), options.target, labels)
    methods = methods_named(options.methods)
    selections: tuple[Selection, ...] = ("held-out" if options.held_out else "fixed",)
    if options.oracle:
        selections = (*selections, "oracle")
    matrix = _matrix(sides.domain, methods, options)
    kept = transfer(sides, matrix, selections, workers=options.workers, said=_say)
    if options.json:
        print(json.dumps(asdict(kept), ensure_ascii=False))
    else:
        print("\n".join(lines(kept)))
    return 0


def _predict(study: Study, options: argparse.Namespace) -> int:
    if options.other is None or options.out is None:
        raise TransferError(
            "--predict: name two studies and a file: evoke transfer A B --predict --out FILE.csv."
        )
    if options.domain or options.held_out or options.oracle:
        raise TransferError("--predict takes fixed weights (--set) and no --domain, --held-out or --oracle.")
    check_place(options.out)
    matrix = _matrix(STUDY, methods_named(options.methods or (PREDICTS,)), options)
    found = predict_other(
        study, Study.open(options.other), options.target, matrix, dict(options.map), said=_say
    )
    write(found, options.out)
    if options.json:
        print(json.dumps(facts_of(found) | {"out": str(options.out)}, ensure_ascii=False))
    else:
        print("\n".join(predicted_lines(found, options.out)))
    return 0


def _matrix(domain: str, methods: tuple[Method, ...], options: argparse.Namespace) -> Matrix:
    return Matrix(
        domain,
        methods,
        tuple(options.seed + place for place in range(options.seeds)),
        sets=options.sets,
        common=_settings(options, {each.recognizer for each in methods}),
        picture={"side": options.side},
        permutations=options.permutations,
    )


def _settings(options: argparse.Namespace, recognizers: set[str]) -> Mapping[str, Any]:
    """Return the settings given, each checked by a recognizer that has it; `side` is the picture's own."""
    found: dict[str, Any] = {"side": 0}
    if options.high:
        found["high"] = options.high
    for name, text in options.settings:
        with in_words():
            having = [each for each in sorted(recognizers) if name in recognizer_class(each).card.defaults()]
        if not having:
            raise TransferError(f"--set {name}: none of these methods has such a setting.")
        found |= settings_of(having[0], [(name, text)])
        with in_words():
            for each in having:
                check_choices(recognizer_class(each).card, {name: found[name]})
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
