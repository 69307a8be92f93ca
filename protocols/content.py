"""What a stage of the schedule carries for the presenter: the file's keys, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.document import Document
from protocols.filling import Fill, plain
from protocols.instruments import Instrument
from protocols.parts import StageBase
from protocols.stages_asked import Questionnaire, Speaking
from protocols.words import Text

# Keys that the stage itself holds, that expansion has used up, or that are told in another way.
OUTSIDE = frozenset({"kind", "name", "duration_s", "shuffle", "count", "stimulus", "camera", "microphone"})
ANSWER = Text("Please answer aloud.")


def stage_content(
    stage: StageBase,
    document: Document,
    instruments: Mapping[str, Instrument],
    language: str,
    fill: Fill,
) -> dict[str, Any]:
    """Return the content of a stage before chance has its part.

    `camera` and `microphone` are there, and False, where the stage is not to be recorded.
    """
    content = {key: value for key, value in plain(stage, language, fill).items() if key not in OUTSIDE}
    for key in stage.stimulus_keys:
        if content.get(key) == "":
            del content[key]
    for device in ("camera", "microphone"):
        wanted: bool | None = getattr(stage, device)
        if not (getattr(document.record, device) == "all" if wanted is None else wanted):
            content[device] = False
    if isinstance(stage, Speaking) and stage.text is not None and "prompt" not in stage.model_fields_set:
        content["prompt"] = ANSWER.default_in(language)
    if isinstance(stage, Questionnaire) and stage.instrument is not None:
        content |= _asked(stage, instruments[stage.instrument], document, language)
    return content


def _scoring(instrument: Instrument) -> dict[str, Any]:
    """Return how answers become numbers: the total's items, those of subscales, the items turned around."""
    every = [item.id for item in instrument.items]
    members = {score.id: list(score.items or every) for score in instrument.scoring}
    total = members.pop("total", False)
    return {
        "total": total,
        "subscales": members,
        "reverse": sorted({name for score in instrument.scoring for name in score.turned}),
        "method": instrument.scoring[0].rule,
    }


def _asked(stage: Questionnaire, instrument: Instrument, document: Document, language: str) -> dict[str, Any]:
    """Return what an instrument adds: items, instruction, scoring, where it comes from."""

    def shown(value: Any) -> Any:
        return plain(value, language, str)

    content: dict[str, Any] = {"instrument": instrument.id, "items": shown(instrument.items)}
    if not stage.title.root:
        content["title"] = shown(instrument.title)
    if stage.text is None and instrument.text is not None:
        content["text"] = shown(instrument.text)
    content |= {"source": instrument.source, "licence": instrument.licence}
    if language in instrument.translation:
        content["translation"] = instrument.translation[language]
    if instrument.scoring:
        content["scoring"] = _scoring(instrument)
    if instrument.attention is not None:
        content["attention"] = shown(instrument.attention)
        if document.helper_text is not None:
            content["helper_text"] = shown(document.helper_text)
    return content
