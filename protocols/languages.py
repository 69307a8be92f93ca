"""Whether every text that a participant reads is there in every language of the protocol."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.document import Document
from protocols.filling import placeholders_of, words_of
from protocols.wording import translated
from stimuli.problems import Problem
from stimuli.yamlfile import YamlFile, did_you_mean


def language_problems(document: Document, source: YamlFile) -> Iterator[Problem]:
    """Yield every text that is missing in a language, and every one that is in none of the file's."""
    languages = document.languages
    several = ", ".join(languages)
    told = _told_items(document)
    if len(set(languages)) < len(languages):
        yield source.problem(("languages",), "a language is named twice.", "Remove one of them.")
    for loc, words, is_given in words_of(document):
        given = words.languages
        if loc[0] == "items" and given is None and (len(loc) < 3 or loc[2] not in told):
            continue
        if given is None:
            if not is_given or words.is_wordless or languages == ("en",):
                wanted: tuple[str, ...] = ()
            else:
                wanted = languages[1:]
            if wanted:
                remedy = f"Write {{{languages[0]}: ..., {', '.join(f'{name}: ...' for name in wanted)}}}."
                yield source.problem(
                    loc, f'"{_key(loc)}" is one text, and the protocol has {several}.', remedy
                )
            continue
        missing = [name for name in languages if not words.table.get(name)]
        if missing and any(words.table.values()):
            named = ", ".join(f'"{name}"' for name in missing)
            yield source.problem(loc, f'"{_key(loc)}" has no text in {named}.', "Add it.")
        for name in sorted(given - set(languages)):
            message = f'"{_key(loc)}" has a text in "{name}", which is none of the languages ({several}).'
            remedy = did_you_mean(name, languages) if len(name) < 4 else ""
            yield source.problem((*loc, name), message, remedy or "Add it to languages.")
    yield from _defaults(document, source)


def _defaults(document: Document, source: YamlFile) -> Iterator[Problem]:
    """Yield texts that the file leaves to us in a language that we do not have."""
    for loc, stage, _ in document.stages():
        for place, words, is_given in words_of(stage):
            if is_given or len(place) > 1:
                continue
            for language in document.languages:
                if translated(str(words.root), language) is None:
                    message = f'there is no usual text for "{place[0]}" in "{language}".'
                    yield source.problem(loc, message, f"Write {place[0]}: {{{language}: ...}}.")


def _told_items(document: Document) -> set[str]:
    """Return the names of items' values that texts quote, so that they need every language."""
    return {
        name
        for _, stage, _ in document.stages()
        for place, name, _ in placeholders_of(stage)
        if place[-1] not in ("stimulus", "picture", "sound", "read_aloud", "correct")
    }


def _key(loc: tuple[str | int, ...]) -> str:
    return str(next((part for part in reversed(loc) if isinstance(part, str)), "text"))
