"""What opening an item brings: its recording, its limits, and what others said of it; read in a thread."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.labels.reader import LabelFileError, LogContents, read_log
from analysis.labels.records import NS, ItemState
from analysis.labels.scheme import Scheme
from analysis.session_format import SessionFileError
from app.annotation.answers import answers
from app.annotation.pack_place import PackPlace
from app.annotation.places import Place
from app.annotation.queue import Item, Lane
from app.annotation.study_place import StudyPlace
from app.annotation.visible import Visible
from app.console.annotate.lane_words import name_of
from app.console.annotate.queue_list import key_of
from app.console.review.recording import Recording, open_recording
from app.console.review.times import clock_words
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.annotation.log import Log


TROUBLE = (EvokeError, SessionFileError, LabelFileError, OSError)
"""What files that are damaged, gone or not to be read raise; all but the last in words."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that an item needs to be shown but its log."""

    item: Item
    scheme: Scheme
    recording: Recording
    visible: Visible
    others: tuple[Lane, ...] = ()
    models: tuple[Lane, ...] = ()
    replies: Mapping[str, str] = field(default_factory=dict)


def find(place: Place, item: Item, annotator: str, kept: Recording | None) -> Found:
    """Read what an item needs; `kept` is used again where it is the item's recording. Raises EvokeError."""
    scheme = place.schemes()[item.scheme]
    path = place.session_path(item)
    visible = place.visible(item, scheme)
    others, models = place.others(item, annotator), place.models(item)
    same = kept is not None and kept.path == path
    recording = kept if same and kept is not None else open_recording(path)
    return Found(item, scheme, recording, visible, others, models, replies_to(place, item, annotator))


def replies_to(place: Place, item: Item, annotator: str) -> Mapping[str, str]:
    """Return the curator's answers to an annotator, by the item's code or a mark's id; raises EvokeError."""
    if isinstance(place, StudyPlace):
        return answers(place.study, item, annotator)
    return place.replies(item) if isinstance(place, PackPlace) else {}


def reply_words(replies: Mapping[str, str], item: Item, log: Log, zero_s: float) -> str:
    """Return what the curator says, a line each: about the item, then about marks in their order."""
    told = [f"The curator says: {replies[item.code]}"] if replies.get(item.code) else []
    for mark in log.marks(item.code):
        text = replies.get(mark.id, "")
        if text:
            when = "" if mark.start_ns is None else f" at {clock_words(mark.start_ns / NS - zero_s)}"
            name = name_of(log.scheme.tier(mark.tier), mark)
            told.append(f"The curator says about '{name}'{when}: {text}")
    return "\n".join(told)


def states_of(
    place: Place, items: Sequence[Item], annotator: str
) -> tuple[dict[str, ItemState], frozenset[str], frozenset[str]]:
    """Return how far each item is, by its key; about which the curator was asked, and which are answered."""
    assert isinstance(place, StudyPlace | PackPlace)
    logs: dict[Path, LogContents | None] = {}
    states: dict[str, ItemState] = {}
    asked, answered = set(), set()
    for item in items:
        path = place.log_path(item, annotator)
        if path not in logs:
            logs[path] = None
            with contextlib.suppress(*TROUBLE):
                logs[path] = read_log(path, samples=False) if path.exists() else None
        log, key = logs[path], key_of(item)
        if log is not None:
            states[key] = log.states.get(item.code, "untouched")
            if log.questions.get(item.code) or any(m.asks and m.item == item.code for m in log.marks):
                asked.add(key)
                with contextlib.suppress(*TROUBLE):
                    if replies_to(place, item, annotator):
                        answered.add(key)
    return states, frozenset(asked), frozenset(answered)


def hides_names(item: Item, scheme: Scheme | None) -> bool:
    """Whether nothing may tell the file or the participant."""
    hidden = item.hide | (scheme.hide if scheme is not None else frozenset())
    return bool(hidden & {"file_names", "participant", "condition"})


def told(error: Exception, name: str, item: Item, scheme: Scheme | None, log: Log | None = None) -> str:
    """Return what may be said of an error: where names are hidden, no file of the study is named."""
    text = str(error) if isinstance(error, TROUBLE[:3]) else f"{name}: cannot be opened ({error})."
    if not hides_names(item, scheme):
        return text
    folder = str(log.path.parent) if log is not None else ""
    parts = []
    for word in text.split(" "):
        is_secret = (item.recording and item.recording in word) or (folder and folder in word)
        looks_like_path = "/" in word and Path(word.rstrip(".,:;)")).is_absolute()
        tail = word[len(word.rstrip(".,:;)")) :]
        parts.append(f"{name}{tail}" if is_secret or looks_like_path or "\\" in word else word)
    return " ".join(parts)
