"""What the scheme editor reads and writes: the study's schemes, the bundled ones, what is wrong, versions."""

from __future__ import annotations

import re
from dataclasses import replace

from analysis.labels.scheme import Scheme
from analysis.labels.scheme_json import changed, to_file_text
from analysis.labels.scheme_parsing import SchemeFileError, parse_scheme
from app.annotation import schemes
from app.console.annotate import scheme_draft as draft
from app.console.annotate.scheme_draft import Path
from app.console.annotate.scheme_editor_fields import differences
from app.study import Study

SOURCE = "scheme"
_STEP = re.compile(r"([a-z_]+)|\[(\d+)\]")
_PLACE = re.compile(r"((?:[a-z_]+)(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*): (.*)", re.DOTALL)
_MISSING = re.compile(r"'([a-z_]+)' (?=is missing)")
MOST_DIFFERENCES = 4


class SchemeFile:
    """The schemes of one study; raises SchemeError where one of them cannot be read."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._known: tuple[Scheme, ...] = ()
        self.refresh()

    def schemes(self) -> tuple[Scheme, ...]:
        """Return the study's schemes, the newest version of each."""
        return self._known

    def bundled(self) -> tuple[Scheme, ...]:
        """Return the schemes that come with Evoke."""
        return schemes.bundled()

    def names(self) -> tuple[str, ...]:
        """Return the names that are taken in the study."""
        return tuple(scheme.name for scheme in self.schemes())

    def latest(self, name: str) -> Scheme | None:
        """Return the newest version of a scheme, None where the study has none of this name."""
        return next((scheme for scheme in self.schemes() if scheme.name == name), None)

    def save(self, scheme: Scheme) -> Scheme:
        """Write a scheme; return what the study has then. Raises EvokeError."""
        saved = schemes.add_scheme(self._study, scheme)
        self.refresh()
        return saved

    def refresh(self) -> None:
        """Read the study's schemes anew; raises SchemeError."""
        newest = {scheme.name: scheme for scheme in schemes.schemes(self._study)}
        self._known = tuple(newest.values())

    def writes(self, scheme: Scheme) -> bool:
        """Whether saving writes something: a new version, or other colours of the newest one."""
        last = self.latest(scheme.name)
        return last is None or changed(last, scheme) or _recoloured(last, scheme)

    def outlook(self, scheme: Scheme) -> str:
        """Return in a sentence what saving would do."""
        last = self.latest(scheme.name)
        if last is None:
            return f"New in this study: saving makes '{scheme.name}'."
        if changed(last, scheme):
            found = differences(last, scheme)
            more = f" and {len(found) - MOST_DIFFERENCES} more" if len(found) > MOST_DIFFERENCES else ""
            what = ", ".join(found[:MOST_DIFFERENCES]) + more
            words = f" Different: {what}." if what else ""
            return (
                f"Saving makes version {last.version + 1}; version {last.version} and its labels stay"
                f" as they are.{words}"
            )
        if _recoloured(last, scheme):
            return f"Colours only: version {last.version} stays, and so do its labels."
        return f"Version {last.version}, as it is saved."


def _recoloured(last: Scheme, scheme: Scheme) -> bool:
    """Whether a scheme that means the same would be another file."""
    return to_file_text(replace(scheme, version=last.version)) != to_file_text(last)


def problems(scheme: Scheme) -> tuple[tuple[Path, str], ...]:
    """Return what is wrong with a scheme: where, and a sentence with the place in words."""
    for at, tier in enumerate(scheme.tiers):
        rate_hz: object = tier.rate_hz
        if not isinstance(rate_hz, int | float):
            where: Path = ("tiers", at, "rate_hz")
            return ((where, f"{_words(scheme, where)}: has to be a number."),)
    try:
        parse_scheme(to_file_text(replace(scheme, version=max(1, scheme.version))), SOURCE)
    except SchemeFileError as error:
        return tuple(_problem(scheme, text) for text in error.problems)
    return ()


def _problem(scheme: Scheme, text: str) -> tuple[Path, str]:
    text = text.removeprefix(f"{SOURCE}: ")
    match = _PLACE.fullmatch(text)
    if match is None:
        return (), text
    where: Path = tuple(name or int(number) for name, number in _STEP.findall(match[1]))
    said = match[2]
    lacking = _MISSING.match(said)
    if lacking is not None:
        where, said = (*where, lacking[1]), said[lacking.end() :]
    return where, f"{_words(scheme, where)}: {said}"


def _words(scheme: Scheme, where: Path) -> str:
    """Return a place as people would tell it: tier 'Rating', label 'Happy', key."""
    told: list[str] = []
    for end in range(1, len(where) + 1):
        step, here = where[end - 1], where[:end]
        if isinstance(step, int):
            held = draft.part(scheme, here)
            called = getattr(held, "title", "") or getattr(held, "text", "") or getattr(held, "name", "")
            told.append(f"{str(where[end - 2]).removesuffix('s')} {f'“{called}”' if called else step + 1}")
        elif end == len(where) or not isinstance(where[end], int):
            told.append(str(step).replace("_", " "))
    words = ", ".join(told)
    return words[:1].upper() + words[1:]
