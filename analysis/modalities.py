"""Which kind of stream a stream is, as participants are asked for them; and which answers are free text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from analysis.records import StreamInfo

Modality = Literal["camera", "voice", "typed_text", "body"]

_PICTURES = re.compile(r"video|camera|face", re.IGNORECASE)
_WRISTBAND = frozenset({"bvp", "ppg", "eda", "gsr", "temperature", "acceleration", "ibi", "hr"})
_VOICES = re.compile(r"audio|voice|speech|microphone|sound", re.IGNORECASE)


def modality_of(info: StreamInfo) -> Modality | None:
    """Return what a stream holds; None for texts of other programs (markers)."""
    about = " ".join((info.id, info.kind))
    if info.dtype == "jpeg" or _PICTURES.search(about):
        return "camera"
    if _VOICES.search(about):
        return "voice"
    return None if info.dtype == "text" else "body"


def shown_as(info: StreamInfo) -> str:
    """Return by which name of `analysis.labels.scheme.SHOWABLE` a scheme shows or hides a stream."""
    modality = modality_of(info)
    if modality != "body":
        return {"camera": "camera", "voice": "sound"}.get(str(modality), "events")
    kinds = {info.kind.lower(), *(kind.lower() for kind in info.channel_kinds)}
    if "eeg" in kinds:
        return "eeg"
    return "wristband" if kinds & _WRISTBAND else "signals"


def text_items(schedule: Mapping[str, Any] | None) -> frozenset[tuple[str, str]]:
    """Return the items that participants answer in their own words: (stage name, item id)."""
    stages: Iterable[Mapping[str, Any]] = (schedule or {}).get("stages", ())
    return frozenset(
        (str(stage.get("name", "")), str(item.get("id", "")))
        for stage in stages
        for item in (stage.get("content") or {}).get("items") or ()
        if isinstance(item, Mapping) and item.get("scale") == "text"
    )


def without_text(kind: str, stage: str, payload: Mapping[str, Any], items: frozenset[tuple[str, str]]) -> Any:
    """Return an event's payload without what the participant typed: of a free answer its length stays."""
    if kind == "response":
        value = payload.get("value")
        if (stage, str(payload.get("item"))) in items and isinstance(value, str):
            return {**payload, "value": None, "length": len(value), "withheld": True}
    elif kind == "typing_result":
        return {name: value for name, value in payload.items() if name != "text"}
    elif kind == "key":
        hidden = {"key": ""} if _shows(payload) else {}
        return {name: value for name, value in payload.items() if name != "char"} | hidden
    return payload


def _shows(key: Mapping[str, Any]) -> bool:
    """Whether a keystroke's name tells what was typed; Backspace and its like do not."""
    return str(key.get("class", "")) in ("letter", "digit", "punctuation", "space", "")
