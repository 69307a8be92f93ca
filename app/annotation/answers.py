"""What the curator answered an annotator, in words that do not tell which recording it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.annotation.curating import replies
from app.annotation.queue import Item
from app.study import Study

PREFIX = "sub-"


def answers(study: Study, item: Item, annotator: str) -> Mapping[str, str]:
    """Return the curator's answers, by the item's code or the id of the mark that was asked about.

    Raises StudyError.
    """
    found = replies(study, item, annotator)
    return {about: unnamed(text, item.recording, item.code) for about, text in found.items()}


def unnamed(text: str, recording: str, code: str = "") -> str:
    """Return a text with the names of a recording and its participant put out of sight.

    A curator sees no names, but may know them from elsewhere, and an annotator must not.
    """
    first = recording.partition("_")[0]
    if not first.startswith(PREFIX) or first == PREFIX:
        return text.replace(recording, code or "this recording") if recording else text
    person = re.escape(first.removeprefix(PREFIX))
    pattern = rf"[\w\-./\\]*{PREFIX}{person}(?:[\w\-./\\]*\w)?|\b{person}\b"
    return re.sub(pattern, lambda _: code or "this recording", text, flags=re.IGNORECASE)
