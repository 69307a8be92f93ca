"""Where annotators work: a study, or a package of one; both are asked in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from analysis.labels.records import ItemState
from analysis.labels.scheme import Scheme
from app.annotation.pack_place import FILE, PackError, PackPlace
from app.annotation.queue import Item, Lane
from app.annotation.study_place import StudyPlace
from app.annotation.visible import Visible
from app.study import Study

if TYPE_CHECKING:
    from app.annotation.log import Log

__all__ = ["Item", "Lane", "PackError", "PackPlace", "Place", "StudyPlace", "open_place"]


class Place(Protocol):
    """A study or a package: whose queue it holds, and where an item's recording and log lie."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    def annotators(self) -> tuple[str, ...]:
        """Return the codes of the people who annotate here."""

    def schemes(self) -> Mapping[str, Scheme]:
        """Return the schemes by `name@version`."""

    def queue(self, annotator: str, plan: str = "") -> tuple[Item, ...]:
        """Return what an annotator has to do, in her order; of one plan, or of all."""

    def training(self, annotator: str, scheme: str = "") -> tuple[Item, ...]:
        """Return the training examples with their reference answers; of one scheme, or of all."""

    def session_path(self, item: Item) -> Path:
        """Return the session file that an item lies in."""

    def log(self, item: Item, annotator: str, write: bool = True) -> Log:
        """Open the annotator's log for an item; made when it is not there and `write` is true."""

    def visible(self, item: Item, scheme: Scheme) -> Visible:
        """Return what may be seen and heard of an item."""

    def others(self, item: Item, annotator: str) -> tuple[Lane, ...]:
        """Return what other annotators said of it; nothing where the scheme hides it."""

    def models(self, item: Item) -> tuple[Lane, ...]:
        """Return what models said of it; nothing where the scheme hides it."""

    def states(self, annotator: str, plan: str = "") -> Mapping[str, ItemState]:
        """Return how far the work on each item of a queue is, by its code."""


def open_place(folder: Path) -> StudyPlace | PackPlace:
    """Open a study or an unzipped package; raises StudyError or PackError."""
    if (folder / FILE).is_file() or folder.is_file():
        return PackPlace(folder)
    return StudyPlace(Study.open(folder))
