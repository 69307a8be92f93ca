"""What is wrong with a file, in words that say where and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EvokeError(Exception):
    """Something a user can mend; its text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: file, line (None if it has none), what, and the remedy."""

    file: str
    line: int | None
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


class ProblemsError(EvokeError):
    """A file with problems; the text lists every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))
