"""Reading a protocol: every problem of the file, its stimuli and its sentences at once."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from protocols import library
from protocols.document import Category, Document
from protocols.expand import expand
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from protocols.references import reference_problems
from stimuli.problems import Problem, ProblemsError
from stimuli.sentences import Sentence, load_sentences
from stimuli.sets import Stimulus, StimulusSet, is_file, load_set
from stimuli.validation import validate
from stimuli.yamlfile import Loc, YamlFile, did_you_mean, read_file, read_text


def load_protocol(path_or_name: str | Path) -> Protocol:
    """Read a bundled protocol by name, or a file; raises ProtocolError with every problem.

    What is returned can be expanded for any participant, session, slot and seed.
    """
    bundled = library()
    path = bundled.get(str(path_or_name), Path(path_or_name))
    if not is_file(path):
        message = "there is no such protocol, bundled or as a file."
        remedy = did_you_mean(path_or_name, bundled)
        raise ProtocolError([Problem(str(path_or_name), None, message, remedy)])
    try:
        return _load(read_file(path, str(path_or_name)), path.parent)
    except ProtocolError:
        raise
    except ProblemsError as error:
        raise ProtocolError(error.problems) from error


def parse_protocol(text: str, file: str, folder: Path) -> Protocol:
    """Read a protocol from its text; `folder` is where its own sets and lists are looked for.

    Raises ProtocolError with every problem; `file` is the name that they carry.
    """
    try:
        return _load(read_text(text, file), folder)
    except ProtocolError:
        raise
    except ProblemsError as error:
        raise ProtocolError(error.problems) from error


def _load(source: YamlFile, folder: Path) -> Protocol:
    document, problems = validate(Document, source)
    problems += reference_problems(source)
    if document is None or problems:
        raise ProtocolError(_in_order(problems))
    stimuli, problems = _stimuli(document, source, folder)
    pools = _pools(document, source, stimuli, problems) if stimuli else {}
    sentences = _sentence_lists(document, source, folder, problems)
    if stimuli is None or problems:
        raise ProtocolError(_in_order(problems))
    protocol = Protocol(
        file=source.file,
        text=source.text,
        sha256=hashlib.sha256(source.text.encode()).hexdigest(),
        document=document,
        stimuli=stimuli,
        pools=pools,
        sentences=sentences,
        lines=source.lines,
    )
    for slot in _telling_slots(protocol):
        expand(protocol, "check", 1, slot, 0)
    return protocol


def _telling_slots(protocol: Protocol) -> Iterator[int]:
    """Yield slots that have every level of every factor: whether an order exists hangs on no more."""
    yield 0
    step = 1
    for factor in protocol.document.counterbalance:
        yield from (level * step for level in range(1, factor.levels))
        step *= factor.levels


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Sort by line, each problem once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.line or sys.maxsize)


def _here(source: YamlFile, loc: Loc, name: str, error: ProblemsError) -> list[Problem]:
    """Return the problems of a named file; that it does not exist is a problem of the line that names it."""
    line = source.line(loc)
    return [
        Problem(source.file, line, each.message, each.remedy) if each.file == name else each
        for each in error.problems
    ]


def _stimuli(document: Document, source: YamlFile, folder: Path) -> tuple[StimulusSet | None, list[Problem]]:
    name = document.stimuli.set
    try:
        return load_set(name, folder), []
    except ProblemsError as error:
        return None, _here(source, ("stimuli", "set"), name, error)


def _pools(
    document: Document, source: YamlFile, stimuli: StimulusSet, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Return the stimulus ids of each category; adds to `problems`."""
    pools: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for name, category in document.stimuli.categories.items():
        loc = ("stimuli", "categories", name)
        for place, key in enumerate(category.ids or ()):
            problems += _id_problems(stimuli, key, source, (*loc, "ids", place))
        if category.ids is not None:
            pools[name] = tuple(key for key in category.ids if key in stimuli.items)
        else:
            pools[name] = tuple(key for key, item in stimuli.items.items() if _belongs(item, name, category))
            if not pools[name]:
                message = f'no picture of the set "{stimuli.name}" belongs to "{name}".'
                known = {item.category for item in stimuli.items.values()}
                wanted = category.category or name
                remedy = "Widen the ranges." if wanted in known else did_you_mean(wanted, known)
                problems.append(source.problem(loc, message, remedy))
        for key in pools[name]:
            if taken.setdefault(key, name) != name or pools[name].count(key) > 1:
                message = f'the stimulus "{key}" is in "{taken[key]}" already.'
                problems.append(source.problem(loc, message, "Let categories have no stimulus in common."))
    return pools


def _id_problems(stimuli: StimulusSet, key: str, source: YamlFile, loc: Loc) -> list[Problem]:
    item = stimuli.items.get(key)
    if item is None:
        message = f'the set "{stimuli.name}" has no stimulus "{key}".'
        return [source.problem(loc, message, did_you_mean(key, stimuli.items))]
    if item.kind != "picture":
        message = f'the stimulus "{key}" is a {item.kind}, and trials show pictures.'
        return [source.problem(loc, message, "Choose a picture.")]
    return []


def _belongs(item: Stimulus, name: str, category: Category) -> bool:
    """Whether a stimulus meets a category's conditions; one without a needed rating does not."""
    conditions = category.category or category.valence or category.arousal
    wanted = category.category or (None if conditions else name)
    if item.kind != "picture" or (wanted is not None and item.category != wanted):
        return False
    for bounds, rating in ((category.valence, item.valence), (category.arousal, item.arousal)):
        if bounds is not None and (rating is None or not bounds[0] <= rating <= bounds[1]):
            return False
    return True


def _sentence_lists(
    document: Document, source: YamlFile, folder: Path, problems: list[Problem]
) -> dict[str, tuple[Sentence, ...]]:
    """Return the sentences of each list; adds to `problems`."""
    lists: dict[str, tuple[Sentence, ...]] = {}
    owners: dict[str, str] = {}
    for name, file in document.sentences.items():
        loc = ("sentences", name)
        try:
            lists[name] = load_sentences(file, folder)
        except ProblemsError as error:
            problems += _here(source, loc, file, error)
            continue
        for sentence in lists[name]:
            owner = owners.setdefault(sentence.text.casefold(), name)
            if owner != name:
                message = f'"{sentence.text}" is also in the list "{owner}".'
                problems.append(source.problem(loc, message, "Use lists without overlap."))
                break
    return lists
