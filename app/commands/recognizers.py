"""`evoke recognizers`: what each recognizer is and where it comes from, as a table, a card, or JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from analysis.corpus.cases import InputSpec
from analysis.recognizers.recognizer import Card, RecognizerError
from analysis.recognizers.table import cards, recognizer_class
from app.analysing.card_tables import case_words, feature_words, range_words, where_words
from stimuli.problems import EvokeError

WIDEST = 110


class CardsError(EvokeError):
    """There is no such recognizer, or it needs a package that is missing."""


def recognizers(options: argparse.Namespace) -> int:
    """Print all cards as a table, or one of them whole."""
    try:
        chosen = (recognizer_class(options.name).card,) if options.name else cards()
    except RecognizerError as error:
        raise CardsError(str(error)) from error
    if options.json:
        told = [card_to_json(card) for card in chosen]
        print(json.dumps(told[0] if options.name else told, ensure_ascii=False))
        return 0
    width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
    print("\n".join(card_lines(chosen[0], width) if options.name else _overview(chosen, width)))
    return 0


def card_to_json(card: Card) -> dict[str, Any]:
    """Return everything a card says, JSON-ready."""
    told = asdict(card)
    told["inputs"] = [{**each, "settings": dict(each["settings"])} for each in told["inputs"]]
    return told


def card_lines(card: Card, width: int = WIDEST) -> Iterator[str]:
    """Return a card as text, line by line, each at most `width` characters where words allow."""
    yield f"{card.name}: {card.title}"
    yield from _wrapped(card.source, width, "  ")
    yield ""
    yield from _wrapped(card.about, width)
    yield ""
    yield f"finds    {' or '.join(card.task)}"
    yield f"case     {case_words(card.cases)}"
    yield f"steps    {', '.join(card.steps) or 'none'} (fitted on training cases)"
    yield f"missing  {'an input may be missing' if card.missing_inputs else 'every input must be there'}"
    sections: tuple[tuple[str, Sequence[str], list[tuple[str, ...]]], ...] = (
        ("Inputs", ("name", "of", "feature", "where"), [_input_row(each) for each in card.inputs]),
        ("Layers", ("layer", "printed", "built", "why"), [_cells(each) for each in card.layers]),
        (
            "Settings",
            ("setting", "default", "searched", "what it is"),
            [(each.name, str(each.default), range_words(each, "-"), each.about) for each in card.settings],
        ),
    )
    for title, heads, rows in sections:
        if rows:
            yield ""
            yield title
            yield from _table(heads, rows, width)
    for where in dict.fromkeys((each.data, each.protocol) for each in card.published):
        yield ""
        yield from _wrapped("; ".join(where), width, "  ", "Published: ")
        rows = [
            (each.metric, f"{each.value:g}", each.note)
            for each in card.published
            if (each.data, each.protocol) == where
        ]
        yield from _table(("metric", "value", "of"), rows, width)
    if card.doubts:
        yield ""
        yield "Doubts, and our choice"
        for doubt in card.doubts:
            yield from _wrapped(doubt, width, "    ", "  - ")


def _cells(layer: Any) -> tuple[str, ...]:
    return (layer.name, layer.printed, layer.built, layer.why)


def _overview(chosen: Iterable[Card], width: int) -> Iterator[str]:
    rows = [
        (
            card.name,
            " or ".join(card.task),
            "yes" if card.missing_inputs else "no",
            f"{card.title}. {card.source}",
        )
        for card in chosen
    ]
    yield from _table(("name", "finds", "gaps", "what it is, and whose"), rows, width)
    yield ""
    yield "gaps: whether it can predict where an input is missing. evoke recognizers NAME shows a card whole."


def _input_row(each: InputSpec) -> tuple[str, ...]:
    return (each.name, each.modality, feature_words(each), where_words(each))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Return rows in columns; the last column takes the room that is left, and is wrapped into it."""
    sizes = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads) - 1)]
    before = sum(sizes) + 2 * len(sizes) + 2
    room = max(24, width - before)
    for row in (heads, *rows):
        first = "  " + "".join(f"{cell:<{size}}  " for cell, size in zip(row, sizes, strict=False))
        lines = textwrap.wrap(row[-1], room) or [""]
        yield (first + lines[0]).rstrip()
        for line in lines[1:]:
            yield " " * before + line


def _wrapped(text: str, width: int, indent: str = "", first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent if first is None else first, subsequent_indent=indent
    )
