"""The warning and the questions that come before anything else."""

from __future__ import annotations

from typing import Any

from protocols.document import Caution, Record, Screening
from protocols.filling import plain
from protocols.schedule import Duration, Stage
from protocols.words import Label, Words

TITLE, BUTTON = Label("Before you begin"), Label("CONTINUE")
READING, ANSWERING = Duration(1.0, 15.0, None), Duration(1.0, 10.0, None)


def screening_stages(warning: Caution, record: Record, language: str) -> list[Stage]:
    """Return the stages that tell the warning and ask its questions, numbered from 0.

    `must_answer` of the second one holds the answer to each question without which the session ends.
    """
    texts = [text.in_language(language) for text in (warning.unpleasant, warning.flashes) if text is not None]
    stages: list[Stage] = []
    unrecorded = {device: False for device in ("camera", "microphone") if getattr(record, device) != "all"}
    button = BUTTON.default_in(language)
    if texts:
        told = {"text": "\n\n".join(texts), "button": button, **unrecorded}
        stages.append(Stage(0, -1, "", "instruction", "warning", READING, content=told))
    asked = {
        "title": TITLE.default_in(language),
        "items": [_item(question, language) for question in warning.screening],
        "button": button,
        "must_answer": {question.id: question.must_answer for question in warning.screening},
        **unrecorded,
    }
    stages.append(Stage(len(stages), -1, "", "questionnaire", "screening", ANSWERING, content=asked))
    return stages


def _item(question: Screening, language: str) -> dict[str, Any]:
    given = "options" in question.model_fields_set

    def text(words: Words) -> str:
        return words.in_language(language) if given else words.default_in(language)

    return {
        "id": question.id,
        "text": plain(question.text, language, str),
        "scale": "choice",
        "options": [{"id": option.id, "text": text(option.text)} for option in question.options],
        "several": False,
        "min": 1,
        "dimension": "",
    }
