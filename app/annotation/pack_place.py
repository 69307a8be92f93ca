"""A package as a place to annotate in: one annotator's coded queue, away from the study."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.labels.records import ItemState, LogHead
from analysis.labels.scheme import Scheme
from app.annotation import schemes
from app.annotation.queue import Item, Lane, mark_from_json, mark_to_json
from app.annotation.visible import Visible
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.annotation.log import Log

FILE = "pack.json"
FORMAT, VERSION = "evoke-pack", 1
ITEMS, SCHEMES, LOGS, TRAINING = "items", "schemes", "annotations", "training"


class PackError(EvokeError):
    """A package cannot be made, read or collected."""


@dataclass(frozen=True, slots=True)
class PackedItem:
    """An item as it goes out, with what may be seen of it; its file is `items/CODE.h5`, times from 0.

    `replies` are the curator's answers to what she asked, by the item's code or a mark's id.
    """

    item: Item
    visible: Visible
    replies: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        visible = asdict(self.visible) | {"kinds": sorted(self.visible.kinds)}
        values = {
            "code": self.item.code,
            "uuid": self.item.uuid,
            "scheme": self.item.scheme,
            "end_ns": self.item.end_ns,
            "visible": visible,
        }
        if self.item.purpose == "training":
            values["reference"] = [mark_to_json(mark) for mark in self.item.reference]
        if self.replies:
            values["replies"] = dict(sorted(self.replies.items()))
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PackedItem:
        """Rebuild from `to_json`; raises KeyError, TypeError or ValueError."""
        code, reference = str(values["code"]), values.get("reference")
        item = Item(
            code,
            code,
            str(values["uuid"]),
            0,
            0,
            int(values["end_ns"]),
            str(values["scheme"]),
            "label" if reference is None else "training",
            tuple(mark_from_json(mark) for mark in reference or ()),
        )
        seen = dict(values["visible"])
        seen["kinds"] = frozenset(seen["kinds"])
        seen["window_s"] = None if seen["window_s"] is None else tuple(seen["window_s"])
        seen["muted_s"] = tuple((float(a), float(b)) for a, b in seen["muted_s"])
        told = values.get("replies", {})
        return cls(item, Visible(**seen), {str(about): str(text) for about, text in told.items()})


@dataclass(frozen=True, slots=True)
class PackHead:
    """What pack.json says: a token of the study that tells nothing of it, whose queue, and the items.

    `edition` grows with the study's plans: of two packages of one annotator the larger one is the later.
    """

    study: str
    annotator: str
    schemes: Mapping[str, str]
    items: tuple[PackedItem, ...]
    edition: int = 0

    def to_text(self) -> str:
        """Return the text of pack.json, the same for the same package."""
        values = {
            "format": FORMAT,
            "version": VERSION,
            "study": self.study,
            "annotator": self.annotator,
            "edition": self.edition,
            "schemes": dict(sorted(self.schemes.items())),
            "items": [each.to_json() for each in self.items],
        }
        return json.dumps({**values, "sum": _sum(values)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> PackHead:
        """Read a package's pack.json; raises PackError."""
        try:
            return cls.parse(path.read_bytes(), path)
        except FileNotFoundError:
            raise PackError(
                f"{path.parent}: is no package (it has no {FILE}). Choose the folder that was unzipped."
            ) from None
        except OSError as error:
            raise PackError(f"{path}: cannot be read: {error.strerror}.") from error

    @classmethod
    def parse(cls, content: bytes, path: Path) -> PackHead:
        """Read what pack.json says, `path` is named in errors; raises PackError."""
        try:
            values = json.loads(content)
            is_pack = isinstance(values, dict) and values.get("format") == FORMAT
            is_later = is_pack and int(values.get("version", 0)) > VERSION
        except (ValueError, TypeError) as error:
            raise PackError(f"{path}: is damaged. Ask for the package again; your labels stay.") from error
        if not is_pack:
            raise PackError(f"{path}: does not describe a package.")
        if is_later:
            raise PackError(f"{path}: was made by a later Evoke. Update Evoke.")
        try:
            if values.pop("sum", "") != _sum(values):
                raise ValueError("its checksum is wrong")
            return cls(
                str(values["study"]),
                str(values["annotator"]),
                {str(name): str(sha) for name, sha in values["schemes"].items()},
                tuple(PackedItem.from_json(each) for each in values["items"]),
                int(values["edition"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PackError(f"{path}: is damaged. Ask for the package again; your labels stay.") from error


class PackPlace:
    """Annotating in a package; raises PackError where the folder is none."""

    def __init__(self, folder: Path) -> None:
        if folder.is_file():
            raise PackError(f"{folder}: is still zipped. Unzip it, then open the folder.")
        self._folder = folder
        self.head = PackHead.read(folder / FILE)

    @property
    def folder(self) -> Path:
        """The package's folder."""
        return self._folder

    def annotators(self) -> tuple[str, ...]:
        """Return the one annotator whose package it is."""
        return (self.head.annotator,)

    @cached_property
    def _schemes(self) -> Mapping[str, Scheme]:
        found = {}
        for name, sha256 in self.head.schemes.items():
            path = self._folder / SCHEMES / f"{name}.json"
            try:
                scheme = schemes.parse_scheme(path.read_text(encoding="utf-8"), str(path))
            except OSError as error:
                raise PackError(
                    f"{path}: cannot be read: {error.strerror}. Ask for the package again."
                ) from error
            if scheme.sha256 != sha256:
                raise PackError(f"{path}: was changed since it was packed. Ask for the package again.")
            found[name] = scheme
        return found

    def schemes(self) -> Mapping[str, Scheme]:
        """Return the schemes of the package by `name@version`; raises PackError, SchemeError."""
        return self._schemes

    def queue(self, annotator: str, plan: str = "") -> tuple[Item, ...]:
        """Return what she has to do, in her order (a package does not tell of plans)."""
        self._demand(annotator)
        return tuple(each.item for each in self.head.items if each.item.purpose != "training")

    def training(self, annotator: str, scheme: str = "") -> tuple[Item, ...]:
        """Return the training examples with their answers."""
        self._demand(annotator)
        found = (each.item for each in self.head.items if each.item.purpose == "training")
        return tuple(item for item in found if scheme in ("", item.scheme))

    def session_path(self, item: Item) -> Path:
        """Return the item's excerpt."""
        return self._folder / ITEMS / f"{item.code}.h5"

    def log_path(self, item: Item, annotator: str) -> Path:
        """Return where the log about an item lies, or would."""
        top = self._folder / LOGS / TRAINING if item.purpose == "training" else self._folder / LOGS
        return top / item.code / annotator / f"{item.scheme}.sqlite"

    def log(self, item: Item, annotator: str, write: bool = True) -> Log:
        """Open the log for an item; raises LogError, PackError."""
        from app.annotation.log import Log

        self._demand(annotator)
        scheme = self.schemes()[item.scheme]
        path = self.log_path(item, annotator)
        # Without a checksum: packed again, an excerpt may hold less and is still what she labelled.
        head = LogHead(
            annotator,
            "human",
            item.code,
            item.uuid,
            "",
            item.scheme,
            scheme.sha256,
            "training" if item.purpose == "training" else "pack",
        )
        return Log.open(path, head, scheme, write=write)

    def states(self, annotator: str, plan: str = "") -> Mapping[str, ItemState]:
        """Return how far the work on each item of the queue is, by its code."""
        from analysis.labels.reader import read_log

        found: dict[str, ItemState] = {}
        for item in self.queue(annotator, plan):
            path = self.log_path(item, annotator)
            states = read_log(path, samples=False).states if path.exists() else {}
            found[item.code] = states.get(item.code, "untouched")
        return found

    def visible(self, item: Item, scheme: Scheme) -> Visible:
        """Return what may be seen and heard of an item: what was packed."""
        for each in self.head.items:
            if each.item.code == item.code:
                return replace(each.visible, title=item.code)
        raise PackError(f"item {item.code}: is not in this package.")

    def replies(self, item: Item) -> Mapping[str, str]:
        """Return what the curator had answered about an item when it was packed, by what it was about."""
        return next((each.replies for each in self.head.items if each.item.code == item.code), {})

    def others(self, item: Item, annotator: str) -> tuple[Lane, ...]:
        """Return nothing: other people's labels stay in the study."""
        return ()

    def models(self, item: Item) -> tuple[Lane, ...]:
        """Return nothing: labels of models stay in the study."""
        return ()

    def _demand(self, annotator: str) -> None:
        if annotator != self.head.annotator:
            raise PackError(f"{self._folder}: is the package of {self.head.annotator}, not of {annotator}.")


def _sum(values: Mapping[str, Any]) -> str:
    text = json.dumps(dict(values), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
