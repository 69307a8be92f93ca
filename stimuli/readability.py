"""Flesch-Kincaid grade of short English texts."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyphen import Pyphen

WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"[^aeiouyl]e$|[aeiouy]le$|[^aeiouyscgzx]es$|[^aeioutdy]ed$")
SOUNDED = re.compile(r"(ch|sh)es$")


@cache
def _hyphenation() -> Pyphen:
    import pyphen

    return pyphen.Pyphen(lang="en_US", left=2, right=2)


def words(text: str) -> list[str]:
    """Return the words of `text`."""
    return WORD.findall(text)


def syllables(word: str) -> int:
    """Return the syllables of an English word, at least 1: the larger of two counts.

    Hyphenation misses breaks that typesetters avoid (`o-pen`), groups of vowels miss those between
    vowels (`qui-et`); a wrong word is left where both miss (`i-de-a`). Grades are therefore compared
    between lists scored in the same way and never with other programs' figures.
    """
    letters = word.lower()
    groups = len(VOWELS.findall(letters))
    if groups > 1 and SILENT.search(letters) and not SOUNDED.search(letters):
        groups -= 1
    return max(1, groups, len(_hyphenation().positions(letters)) + 1)


def flesch_kincaid_grade(text: str) -> float:
    """Return 0.39 words per sentence + 11.8 syllables per word - 15.59; ValueError without a word."""
    found = words(text)
    if not found:
        raise ValueError("a text without words has no grade")
    sentences = max(1, len(re.findall(r"[.!?]+(?=\s|$)", text)))
    total = sum(syllables(word) for word in found)
    return 0.39 * len(found) / sentences + 11.8 * total / len(found) - 15.59
