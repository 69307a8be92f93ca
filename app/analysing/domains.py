"""Domains of a study: who belongs together, by a participant's field or by the corpus of the recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from statistics import median

from analysis.corpus.corpus import Corpus
from app.participants import roster
from app.study import Study
from stimuli.problems import EvokeError

CORPUS = "corpus"
GROUP = "group"
OWN = "recorded here"
MOST_VALUES = 6
"""A field of numbers with more different values than this is cut at its median into two domains."""


class DomainError(EvokeError):
    """There are no such domains; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Domains:
    """What makes domains: its `name` for `--domain`, a title, and the domain of each participant by code."""

    name: str
    title: str
    of: Mapping[str, str]

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many participants each domain has, by name."""
        return dict(sorted(Counter(self.of.values()).items()))


def all_domains(study: Study, corpus: Corpus) -> tuple[Domains, ...]:
    """Return everything that divides the participants of a corpus into two domains or more."""
    people = [each for each in roster(study) if each.code in set(corpus.participants)]
    found = [Domains(CORPUS, "Corpus that they were imported from", _of_corpora(corpus))]
    groups = {each.code: each.group for each in people if each.group}
    found.append(Domains(GROUP, "Group", groups))
    for spec in study.participant_fields:
        values = {each.code: each.fields.get(spec.name, "").strip() for each in people}
        known = {code: value for code, value in values.items() if value}
        if spec.type == "number" and len(set(known.values())) > MOST_VALUES:
            known = _halves({code: float(value) for code, value in known.items()})
        found.append(Domains(spec.name, spec.label_in(""), known))
    return tuple(each for each in found if len(each.sizes) > 1)


def domains_named(study: Study, corpus: Corpus, name: str) -> Domains:
    """Return the domains of a name (a field, "group" or "corpus"); raises DomainError."""
    known = {each.name: each for each in all_domains(study, corpus)}
    if name in known:
        return known[name]
    have = ", ".join(known)
    if not name:
        raise DomainError(
            "--split domains needs what makes the domains: --domain FIELD"
            + (f", with one of {have}." if have else ". Nothing divides these participants; add a field.")
        )
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {have or 'none'}."
    raise DomainError(f"--domain {name}: does not divide the participants of {study.name}. {hint}")


def _of_corpora(corpus: Corpus) -> dict[str, str]:
    found: dict[str, str] = {}
    torn: set[str] = set()
    for each in corpus.recordings:
        name = each.program or OWN
        if found.setdefault(each.participant, name) != name:
            torn.add(each.participant)
    # Whole participants only: who has recordings of both is in neither.
    return {code: name for code, name in found.items() if code not in torn}


def _halves(values: Mapping[str, float]) -> dict[str, str]:
    middle = median(values.values())
    return {
        code: f"up to {middle:g}" if value <= middle else f"over {middle:g}" for code, value in values.items()
    }
