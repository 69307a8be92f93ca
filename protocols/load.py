"""Reading a protocol: every problem of the file, its stimuli and its sentences at once."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from protocols import library
from protocols.document import Document
from protocols.expand import expand
from protocols.instruments import Instrument, load_instrument
from protocols.languages import language_problems
from protocols.pools import find_pools, item_problems
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from protocols.references import reference_problems
from protocols.schedule import Schedule
from stimuli.problems import Problem, ProblemsError
from stimuli.sentences import Sentence, load_sentences
from stimuli.sets import StimulusSet, is_file, load_set
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
    problems = [*language_problems(document, source), *item_problems(document, source)]
    stimuli = _stimuli(document, source, folder, problems)
    pools = find_pools(document, source, stimuli, problems) if stimuli else {}
    sentences = _sentence_lists(document, source, folder, problems)
    instruments = _instruments(document, source, folder, problems)
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
        instruments=instruments,
        lines=source.lines,
    )
    for slot in _telling_slots(protocol):
        for language in protocol.languages if slot == 0 else protocol.languages[:1]:
            schedule = expand(protocol, "check", 1, slot, 0, language)
            problems += _correct_answers(document, source, schedule)
    if problems:
        raise ProtocolError(_in_order(problems))
    return protocol


def _correct_answers(document: Document, source: YamlFile, schedule: Schedule) -> Iterator[Problem]:
    """Yield choices whose correct answer, filled in from a trial, is none of their options."""
    for stage in schedule.stages:
        if stage.kind != "choice" or "correct" not in stage.content:
            continue
        options = [option["id"] for option in stage.content["options"]]
        if stage.content["correct"] in options:
            continue
        places = [loc for loc, each, _ in document.stages() if each.label == stage.name]
        message = f'"{stage.content["correct"]}" is to be correct and is none of the options.'
        yield source.problem((*places[0], "correct"), message, f"Options: {', '.join(options)}.")


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


def _stimuli(
    document: Document, source: YamlFile, folder: Path, problems: list[Problem]
) -> StimulusSet | None:
    """Return the set; adds to `problems`."""
    name = document.stimuli.set
    try:
        return load_set(name, folder)
    except ProblemsError as error:
        problems += _here(source, ("stimuli", "set"), name, error)
        return None


def _sentence_lists(
    document: Document, source: YamlFile, folder: Path, problems: list[Problem]
) -> dict[str, dict[str, tuple[Sentence, ...]]]:
    """Return the sentences of each list by language; adds to `problems`."""
    lists: dict[str, dict[str, tuple[Sentence, ...]]] = {}
    owners: dict[tuple[str, str], str] = {}
    for name, files in document.sentences.items():
        loc = ("sentences", name)
        lists[name] = {}
        for language in document.languages:
            file = files.in_language(language)
            try:
                lists[name][language] = load_sentences(file, folder)
            except ProblemsError as error:
                problems += _here(source, (*loc, language), file, error)
                continue
            for sentence in lists[name][language]:
                owner = owners.setdefault((language, sentence.text.casefold()), name)
                if owner != name:
                    message = f'"{sentence.text}" is also in the list "{owner}".'
                    problems.append(source.problem(loc, message, "Use lists without overlap."))
                    break
    return lists


def _instruments(
    document: Document, source: YamlFile, folder: Path, problems: list[Problem]
) -> dict[str, Instrument]:
    """Return the instruments that questionnaires name; adds to `problems`."""
    found: dict[str, Instrument] = {}
    for loc, stage, _ in document.stages():
        name = getattr(stage, "instrument", None)
        if name is None:
            continue
        place = (*loc, "instrument")
        try:
            found[name] = load_instrument(name, folder)
        except ProblemsError as error:
            problems += _here(source, place, name, error)
            continue
        for language in document.languages:
            if language not in found[name].languages:
                message = f'the instrument "{name}" has no text in "{language}".'
                known = ", ".join(found[name].languages)
                remedy = f"It has {known}; leave the language or the instrument out."
                problems.append(source.problem(place, message, remedy))
    return found
