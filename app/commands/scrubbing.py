"""Takes out of a text what tells who took part, what was typed, and whose computer it is."""

from __future__ import annotations

import contextlib
import getpass
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

SHORTEST_SECRET = 2
_TRACEBACK_PLACE = re.compile(r'^\s*File ".*", line \d+')
_QUOTED = re.compile(r"'[^'\n]{2,}'|\"[^\"\n]{2,}\"")
_PATTERNS = (
    (re.compile(r"sub-[A-Za-z0-9]+"), "sub-*"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "<mail>"),
    (re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"), "<hardware address>"),
    (re.compile(r"\b(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}\b"), "<address>"),
    (re.compile(r"\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){4,7}(?:%\w+)?\b", re.IGNORECASE), "<address>"),
    (re.compile(r"(?:/home|/Users|[A-Za-z]:\\Users)[/\\][^/\\\s\"']+"), "~"),
)


def texts_in(value: object) -> Iterator[str]:
    """Yield every string inside of `value`, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from texts_in(inner)


class Scrubber:
    """Replaces secrets: those it is told, and what computers write about their owner.

    `folders` maps paths to what is written in their place.
    """

    def __init__(self, secrets: Iterable[str] = (), folders: Mapping[str, str] | None = None) -> None:
        known = {**_folders(), **(folders or {})}
        self._folders = sorted(((path, name) for path, name in known.items()), key=lambda pair: -len(pair[0]))
        self._secrets = re.compile(_any_of([*secrets, *_owners()]) or r"(?!)", re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return `text` without secrets, quotations and addresses; home folders become '~'."""
        return "\n".join(self._line(line) for line in text.split("\n"))

    def values(self, value: Any) -> Any:
        """Return a JSON value whose strings are scrubbed, keys of mappings included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.values(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.values(inner) for inner in value]
        return value

    def _line(self, line: str) -> str:
        for folder, name in self._folders:
            line = line.replace(folder, name)
        if not _TRACEBACK_PLACE.match(line):
            # An error quotes what it could not read: possibly an answer or a code.
            line = _QUOTED.sub("'...'", line)
        line = self._secrets.sub("<left out>", line)
        for pattern, replacement in _PATTERNS:
            line = pattern.sub(replacement, line)
        return line


def _any_of(secrets: Iterable[str]) -> str:
    known = {secret.strip() for secret in secrets}
    long_enough = sorted(
        (secret for secret in known if len(secret) >= SHORTEST_SECRET), key=len, reverse=True
    )
    # Whole words only: the code 'ab' must not tear holes into 'cable'.
    return "|".join(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])" for secret in long_enough)


def _owners() -> list[str]:
    names = [socket.gethostname(), socket.gethostname().partition(".")[0], Path.home().name]
    with contextlib.suppress(OSError, KeyError):
        names.append(getpass.getuser())
    return [name for name in names if name not in ("root", "localhost", "")]


def _folders() -> dict[str, str]:
    checkout = Path(__file__).resolve().parents[2]
    folders = {str(Path.cwd()): "<here>", str(Path.home()): "~", str(checkout): "<evoke>"}
    return {path: name for path, name in folders.items() if len(path) > 1}
