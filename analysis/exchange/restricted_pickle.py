"""Pickles of numbers, read without running anything: arrays and the containers that a pickle itself makes.

DEAP and WESAD were published as pickles of Python 2. A pickle is a program: it names functions, and the
usual reader calls them. Here a name is looked up in a short table, each entry a small recipe of ours that
checks what it is given, and everything else is refused. Steps are counted and lengths compared with the
file before anything is built.
"""

from __future__ import annotations

import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from analysis.exchange.import_session import ImportFileError

MOST_STEPS = 2000
"""A participant of DEAP takes 60, one of WESAD 300: more are no data set, and might be nested deeply."""
DEEPEST = 16
HEAD_BYTES = 256
"""Lines of a pickle (names, numbers as text) are short."""
_NUMERIC = re.compile(r"[<>=|]?(?:b1|[iu][1248]|f[248]|c(?:8|16)|\?|[SU]\d{1,4})")
_ARRAYS = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMBERS = ("numpy.core.numeric", "numpy._core.numeric")
_BROKEN = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ImportError,
    MemoryError,
    OverflowError,
    RecursionError,
)
"""What the reader raises for a pickle that is damaged or made to do harm."""


class _RefusedError(Exception):
    """The pickle asks for something that is no part of a table of numbers."""


def load(path: Path) -> Any:
    """Return what a pickle holds: dictionaries, lists, tuples, texts, numbers and arrays of numbers.

    Texts of Python 2 are read as Latin-1. Raises ImportFileError for anything else, OSError.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            _count(_Bounded(file, size))
        with path.open("rb") as file:
            return _Finish()(_Reader(_Bounded(file, size)).load())
    except _RefusedError as error:
        raise ImportFileError(
            f"{path}: {error}, which no table of numbers needs. It was not read; do not trust it."
        ) from error
    except _BROKEN as error:
        raise ImportFileError(f"{path}: is not a sound pickle. Download the file again.") from error
    finally:
        _latin1.cache_clear()


class _Bounded:
    """A file that gives no more than it has, whatever length a pickle claims."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def read(self, count: int = -1) -> bytes:
        if count < 0 or count > self._left:
            raise EOFError("a length that the file does not have")
        self._left -= count
        return self._file.read(count)

    def readinto(self, target: Any) -> int:
        content = self.read(memoryview(target).nbytes)
        memoryview(target).cast("B")[:] = content
        return len(content)

    def readline(self) -> bytes:
        line = self._file.readline(min(self._left, HEAD_BYTES))
        if not line.endswith(b"\n"):
            raise ValueError("a line that does not end")
        self._left -= len(line)
        return line


def _count(file: Any) -> None:
    """Go through the steps without taking one; raises _RefusedError for too many, and for names by number."""
    for number, (opcode, given, _) in enumerate(pickletools.genops(file)):
        if number >= MOST_STEPS:
            raise _RefusedError(f"it takes more than {MOST_STEPS} steps to build")
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= int(given or 0) <= MOST_STEPS:
            # The usual reader reserves a place for every number up to it: gigabytes for a file of ten bytes.
            raise _RefusedError("it counts what it has read by numbers that no steps lead to")
        if opcode.name in ("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER"):
            raise _RefusedError("it refers to something outside of itself")


class _Reader(pickle.Unpickler):
    """The usual reader with the table of recipes in the place of every module."""

    def __init__(self, file: Any) -> None:
        super().__init__(file, fix_imports=False, encoding="latin1", errors="strict")

    def find_class(self, module: str, name: str) -> Any:
        recipe = _RECIPES.get((module, name))
        if recipe is None:
            raise _RefusedError(f"it asks for {module}.{name}"[:120])
        return _Recipe(recipe)

    def persistent_load(self, pid: Any) -> Any:
        raise _RefusedError("it refers to something outside of itself")


class _Recipe:
    """What a name stands for: it can be called, and nothing of it can be changed."""

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *given: Any) -> Any:
        return self._make(*given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise _RefusedError("it tries to change what reads it")

    def __setstate__(self, state: Any) -> None:
        raise _RefusedError("it tries to change what reads it")


class _Type:
    """The kind of numbers of an array."""

    __slots__ = ("kind",)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or not _NUMERIC.fullmatch(code):
            raise _RefusedError(f"it holds an array of {str(code)[:40]!r}")
        self.kind = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
        if order == ">":
            self.kind = self.kind.newbyteorder(">")


class _Array:
    """An array in the making: its state brings shape, kind and bytes, which must agree."""

    __slots__ = ("value",)

    def __init__(self, *_: Any) -> None:
        self.value: Any = None

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("not the state of an array")
        _, shape, kind, is_fortran, content = state
        self.value = _array(content, kind, shape, "F" if is_fortran is True or is_fortran == 1 else "C")


def _array(content: Any, kind: Any, shape: Any, order: Any) -> Any:
    if isinstance(content, list):
        raise _RefusedError("it holds an array of objects")
    if isinstance(content, str):
        content = _latin1(content)
    if not isinstance(kind, _Type) or not isinstance(content, bytes | bytearray):
        raise ValueError("not the state of an array")
    if not isinstance(shape, tuple) or not all(type(each) is int and each >= 0 for each in shape):
        raise ValueError("not a shape")
    return np.frombuffer(content, kind.kind).reshape(shape, order="F" if order == "F" else "C")


def _from_buffer(content: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> Any:
    made = _array(content, kind, shape, order)
    return _Ready(made if axes is None else made.transpose(axes))


def _scalar(kind: Any, content: Any = b"") -> Any:
    return _Ready(_array(content, kind, (1,), "C")[0])


class _Ready:
    """A value that no later step may touch."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __setstate__(self, state: Any) -> None:
        raise _RefusedError("it tries to change a number")


def _encode(text: Any, encoding: Any = "latin1", *_: Any) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise _RefusedError("it recodes a text")
    return _latin1(text)


@lru_cache(maxsize=MOST_STEPS)
def _latin1(text: str) -> bytes:
    """Return the bytes of a text, made once: a pickle may name the same long one in hundreds of steps."""
    return text.encode("latin1")


def _no_bytes(*given: Any) -> bytes:
    if given:
        raise _RefusedError("it makes bytes of something")
    return b""


def _nothing(*_: Any) -> Any:
    raise _RefusedError("it makes an array by itself")


_RECIPES: Mapping[tuple[str, str], Callable[..., Any]] = {
    **{(module, "_reconstruct"): _Array for module in _ARRAYS},
    **{(module, "scalar"): _scalar for module in _ARRAYS},
    **{(module, "_frombuffer"): _from_buffer for module in _NUMBERS},
    ("numpy", "ndarray"): _nothing,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): _no_bytes,
    ("__builtin__", "bytes"): _no_bytes,
}


class _Finish:
    """Makes plain containers with true arrays of what was read.

    What holds itself, or the same thing very often, has more parts than it had steps.
    """

    def __init__(self) -> None:
        self._parts = 0

    def __call__(self, value: Any, depth: int = 0) -> Any:
        self._parts += 1
        if depth > DEEPEST or self._parts > MOST_STEPS:
            raise _RefusedError(f"it is nested more than {DEEPEST} deep, or without end")
        if isinstance(value, _Array | _Ready):
            if value.value is None:
                raise ValueError("an array without content")
            return value.value
        if isinstance(value, dict):
            return {_key(key): self(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self(each, depth + 1) for each in value)
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | bytearray):
            return value
        what = type(value).__name__.lstrip("_").lower()
        raise _RefusedError(f"it holds a {what}")


def _key(key: Any) -> Any:
    if not isinstance(key, str | int | bytes):
        raise _RefusedError("it names something by what is no name")
    return key
