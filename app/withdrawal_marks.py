"""By what a participant is known in a study, and which files and lines speak of her."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.plan import LIVE_SUFFIX, SessionPaths
from app.study import WITHDRAWALS, Study

PENDING = "withdrawing.json"
KEPT = ("study.yaml", ".study.lock", PENDING, WITHDRAWALS, "versions.jsonl")
"""Files of the study itself, which name nobody."""
BY_HAND = (".yaml", ".yml", ".md")
"""Files that people write: what they say of somebody is named and left to them."""
IN_LINES = (".jsonl", ".tsv", ".csv")
OF_RUNS = (
    "cases.npz", "combinations.json", "division.json", "guards.json", "inputs.json", "progress.jsonl",
    "result.json", "withdrawing.json",
)  # fmt: skip
ZIPPED = (".zip", ".npz", ".xlsx")
BLOCK_BYTES = 4 * 1024 * 1024
OVERLAP_BYTES = 1024


@dataclass(frozen=True)
class Marks:
    """What names a participant: codes, and uuids and names of her sessions.

    `others` are uuids and names of sessions that were recorded under one of the codes and are somebody
    else's, corrected since: what names them stays.
    """

    codes: tuple[str, ...]
    uuids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    _found: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the patterns."""
        codes = "|".join(re.escape(code) for code in self.codes)
        known = [rf"sub-(?:{codes})(?![A-Za-z0-9])", rf'"participant": ?"(?:{codes})"'] if codes else []
        known += [re.escape(text) for text in (*self.uuids, *self.names)]
        pattern = "|".join(known) or r"(?!)"
        object.__setattr__(self, "_found", re.compile(pattern.encode()))

    def merged(self, other: Marks) -> Marks:
        """Return what either knows; whose a session is, this one knows better."""

        def both(name: str) -> tuple[str, ...]:
            known = dict.fromkeys((*getattr(self, name), *getattr(other, name)))
            return tuple(text for text in known if text not in self.others)

        mine = (*self.uuids, *self.names)
        others = dict.fromkeys((*self.others, *(text for text in other.others if text not in mine)))
        return Marks(both("codes"), both("uuids"), both("names"), tuple(others))

    def are_named_in(self, content: bytes) -> bool:
        """Whether some bytes name the participant or one of her sessions anywhere."""
        return self._found.search(content) is not None

    def are_in(self, text: str | bytes) -> bool:
        """Whether a line or a name speaks of the participant (and not of a session that is another's)."""
        content = text.encode() if isinstance(text, str) else text
        return self.are_named_in(content) and not self.is_of_others(content)

    def is_of_others(self, content: bytes) -> bool:
        """Whether a line or a name speaks of a session that was recorded under her code by mistake."""
        return any(other.encode() in content for other in self.others)

    def to_json(self) -> dict[str, list[str]]:
        """Return a JSON-ready dictionary."""
        return {name: list(getattr(self, name)) for name in ("codes", "uuids", "names", "others")}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Marks:
        """Rebuild from `to_json`."""
        return cls(**{name: tuple(values.get(name, ())) for name in ("codes", "uuids", "names", "others")})


def marks_of(study: Study, participant: str) -> Marks:
    """Return by what a study knows a participant, corrections applied; raises StudyError."""
    amendments = study.amendments()
    recorded = {row.code for row in study.participants()} | {s.participant for s in study.sessions()}
    codes = {participant} | {code for code in recorded if amendments.code_of(code) == participant}
    if amendments.code_of(participant) != participant:
        codes.discard(participant)
    uuids, names, others = [], [], []
    for session in study.sessions():
        whose = amendments.code_of(session.participant, session.uuid, session.file)
        name = Path(session.file).name.removesuffix(".h5")
        if whose == participant or (session.rehearsal and session.participant in codes):
            uuids.append(session.uuid)
            names.append(name)
        elif session.participant in codes:
            others += [session.uuid, name]
    for paths in study.live_sessions():
        if paths.name.startswith(tuple(f"sub-{code}_" for code in codes)):
            names.append(paths.name)
            uuids += _uuid_of(paths)
    return Marks(
        tuple(sorted(codes)),
        tuple(dict.fromkeys(filter(None, uuids))),
        tuple(names),
        tuple(filter(None, others)),
    )


def _uuid_of(paths: SessionPaths) -> list[str]:
    try:
        return [str(json.loads(paths.plan.read_text(encoding="utf-8"))["uuid"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def is_kept_by_analyses(name: str) -> bool:
    """Whether a file tells of features, or is of a run or a frozen plan: it is known by what it means."""
    parts = name.split("/")
    if parts[0] != "derivatives" or len(parts) < 3:
        return False
    in_run = parts[-1] in OF_RUNS or parts[-2] == "folds"
    if parts[1] == "features":
        return len(parts) == 4 and name.endswith(".json")
    return parts[1] == "plans" or (parts[1] == "results" and in_run)


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a folder speaks of a participant: whole files, files of which a part does, and files by hand."""

    whole: tuple[str, ...]
    partly: tuple[str, ...]
    by_hand: tuple[str, ...]


def traces(folder: Path, marks: Marks) -> Traces:
    """Look through a study's folder (or its copy), caches and hidden files too; names are relative to it."""
    whole: list[str] = []
    partly: list[str] = []
    by_hand: list[str] = []
    for name in _files(folder):
        path = folder / name
        if (Path(name).name in KEPT and "/" not in name) or is_kept_by_analyses(name):
            continue
        if marks.are_in(name):
            whole.append(name)
        elif _is_anothers(name) or marks.is_of_others(name.encode()) or not contains(path, marks):
            continue
        elif path.suffix in BY_HAND and not name.startswith("exports/"):
            by_hand.append(name)
        else:
            (partly if path.suffix in (*IN_LINES, *BY_HAND, ".json") else whole).append(name)
    # What a database has not yet taken into its own file lies beside it.
    bases = tuple(f"{name}-" for name in whole if name.endswith(".sqlite"))
    whole += [name for name in _files(folder) if name not in whole and bases and name.startswith(bases)]
    return Traces(tuple(whole), tuple(partly), tuple(by_hand))


def _files(folder: Path) -> Iterator[str]:
    for top, names, files in os.walk(folder):
        names.sort()
        for file in sorted(files):
            yield (Path(top) / file).relative_to(folder).as_posix()


def _is_anothers(name: str) -> bool:
    """Whether a file is a recording of another participant (or its cache), which speaks of nobody else."""
    return name.startswith("sub-") and (name.endswith((".h5", ".overview")) or f"{LIVE_SUFFIX}/" in name)


def contains(path: Path, marks: Marks) -> bool:
    """Whether a file names a participant inside, also packed; one that cannot be read does not."""
    with contextlib.suppress(OSError, EOFError, zipfile.BadZipFile, zlib.error):
        with path.open("rb") as file:
            if _streams(file, marks):
                return True
        if path.suffix in ZIPPED:
            with zipfile.ZipFile(path) as packed:
                for name in packed.namelist():
                    with packed.open(name) as inner:
                        if marks.are_in(name) or _streams(inner, marks):
                            return True
        elif path.suffix == ".gz":
            with gzip.open(path) as inner:
                return _streams(inner, marks)
        elif path.suffix in (".h5", ".hdf5"):
            return any(marks.are_named_in(text) for text in _texts_of(path))
    return False


def _streams(file: IO[bytes] | gzip.GzipFile, marks: Marks) -> bool:
    tail = b""
    while block := file.read(BLOCK_BYTES):
        # Arrays of text hold four bytes a character, most of them zero.
        if marks.are_named_in(tail + block) or marks.are_named_in((tail + block).replace(b"\0", b"")):
            return True
        tail = block[-OVERLAP_BYTES:]
    return False


def _texts_of(path: Path) -> list[bytes]:
    """Return the names, attributes and texts in an HDF5 file, which may lie packed in it."""
    import h5py

    texts: list[bytes] = []

    def visit(name: str, node: h5py.HLObject) -> None:
        texts.extend([name.encode(), *(str(value).encode() for value in node.attrs.values())])
        if isinstance(node, h5py.Dataset) and node.dtype.kind in "SO":
            texts.append(str(node[()]).encode() if node.dtype.kind == "O" else node[()].tobytes())

    with h5py.File(path, "r") as file:
        visit("", file)
        file.visititems(visit)
    return texts


def without_lines(content: bytes, marks: Marks) -> tuple[bytes, int]:
    """Return a table without the lines that speak of the participant, and how many they were."""
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not marks.are_in(line)]
    return b"".join(kept), len(lines) - len(kept)


def without_entries(value: Any, marks: Marks) -> Any:
    """Return a JSON value without the entries that speak of the participant; None where all of it does."""

    def speaks(inner: Any) -> bool:
        return isinstance(inner, str) and (marks.are_in(inner) or inner in (*marks.codes, *marks.uuids))

    if isinstance(value, dict):
        if any(speaks(inner) for inner in value.values()):
            return None
        pruned = {key: without_entries(inner, marks) for key, inner in value.items() if not marks.are_in(key)}
        return {key: inner for key, inner in pruned.items() if inner is not None or value[key] is None}
    if isinstance(value, list):
        found = [None if speaks(inner) else without_entries(inner, marks) for inner in value]
        return [new for new, old in zip(found, value, strict=True) if new is not None or old is None]
    return value


Say = Callable[[str], None]


def all_in(files: Iterable[str], folder: Path) -> int:
    """Return how many bytes some files of a folder have."""
    total = 0
    for name in files:
        try:
            total += (folder / name).lstat().st_size
        except OSError:
            continue
    return total
