"""Texts that a participant reads: one text, or one for each language of the protocol."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, RootModel, Tag

from protocols.wording import translated
from stimuli.validation import LANGUAGE_FORM

ENGLISH = "en"
# What stands for a text of the trial's item or for its id.
FILLED = re.compile(r"\{item\.([a-z][a-z0-9-]*)\}")
Language = Annotated[str, Field(pattern=LANGUAGE_FORM)]


def _how(value: Any) -> str:
    return "by language" if isinstance(value, dict) else "one text"


class Words(RootModel[Any]):
    """A text as the file gives it: plain, or a table {en: ..., de: ...}."""

    model_config = ConfigDict(frozen=True, strict=True)

    def __str__(self) -> str:
        """The text; of several languages, the first one's."""
        return str(next(iter(self.root.values()), "") if isinstance(self.root, dict) else self.root)

    @property
    def languages(self) -> frozenset[str] | None:
        """The languages that the text is given in, None for a plain one."""
        return frozenset(self.root) if isinstance(self.root, dict) else None

    @property
    def table(self) -> dict[str, str]:
        """The texts by language, empty for a plain one."""
        return dict(self.root) if isinstance(self.root, dict) else {}

    @property
    def is_wordless(self) -> bool:
        """Whether it is plain and without a word of its own, so that it serves every language."""
        return isinstance(self.root, str) and not any(map(str.isalpha, FILLED.sub("", self.root)))

    def in_language(self, language: str) -> str:
        """Return the text in `language`; where it is not given, whatever comes first."""
        if isinstance(self.root, dict):
            return str(self.root.get(language) or next(iter(self.root.values()), ""))
        return str(self.root)

    def default_in(self, language: str) -> str:
        """Return what stands for a text that the file leaves out, in `language` where we have it."""
        return translated(str(self.root), language) or str(self.root)


_Long = Annotated[str, Field(min_length=1, max_length=2000)]
_Short = Annotated[str, Field(max_length=200)]


class Text(Words):
    """A text of 1 to 2000 characters, or one a language."""

    root: Annotated[
        Annotated[_Long, Tag("one text")]
        | Annotated[Annotated[dict[Language, _Long], Field(min_length=1)], Tag("by language")],
        Discriminator(_how),
    ]


class Label(Words):
    """A short text of up to 200 characters, or one a language."""

    root: Annotated[
        Annotated[_Short, Tag("one text")]
        | Annotated[Annotated[dict[Language, _Short], Field(min_length=1)], Tag("by language")],
        Discriminator(_how),
    ]
