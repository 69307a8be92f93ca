"""`evoke transfer`: methods compared from one domain to another, within a study or between two."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analysis.recognizers.table import recognizer_class
from app.analysing.cross_corpus import Matrix, Selection
from app.analysing.evaluating import in_words
from app.analysing.transfer import TransferError, lines, methods_named, sides_between, sides_within, transfer
from app.commands.evaluate import settings_of
from app.study import Study

SIDE = 64


def transfer_command(options: argparse.Namespace) -> int:
    """Compare methods on every ordered pair of domains and print the table, blind and upper bound apart."""
    study = Study.open(options.study)
    labels = dict(options.map)
    if options.other is None:
        sides = sides_within(study, options.target, options.domain, labels)
    else:
        if options.domain:
            raise TransferError("Two studies are two domains already: leave out --domain.")
        sides = sides_between(study, Study.open(options.other), options.target, labels)
    methods = methods_named(options.methods)
    common = _settings(options, {each.recognizer for each in methods})
    selections: tuple[Selection, ...] = ("held-out" if options.held_out else "fixed",)
    if options.oracle:
        selections = (*selections, "oracle")
    matrix = Matrix(
        sides.domain,
        methods,
        tuple(options.seed + place for place in range(options.seeds)),
        sets=options.sets,
        common=common,
        picture={"side": options.side},
        permutations=options.permutations,
    )
    kept = transfer(sides, matrix, selections, workers=options.workers, said=_say)
    if options.json:
        print(json.dumps(asdict(kept), ensure_ascii=False))
    else:
        print("\n".join(lines(kept)))
    return 0


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
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
