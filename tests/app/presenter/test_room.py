"""Every form fits its screen: nothing is cut off, whatever its language, text size and screen."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.presenter.pages.questionnaire import QuestionnairePage
from app.presenter.style import Style
from app.presenter.tasks import RightsTask
from protocols.schedule import Duration, StageKind
from tests.helpers.forms import Form
from tests.helpers.presenting import likert, paced, sam, speaking_content, timed, typing_content

GERMAN = (
    "Wie stark haben Sie während des soeben gezeigten Films das Gefühl empfunden, dass die "
    "Geschehnisse etwas mit Ihnen selbst und Ihrer gegenwärtigen Lebenssituation zu tun haben?"
)
ENDS = {"low": "überhaupt nicht, in keinem Augenblick", "high": "außerordentlich stark, die ganze Zeit"}
LABELS = ["überhaupt nicht", "an einzelnen Tagen", "an mehr als der Hälfte der Tage", "beinahe jeden Tag"]
FEELINGS = [
    "Niedergeschlagenheit und Hoffnungslosigkeit",
    "Ekel und Abscheu gegenüber anderen Menschen",
    "Zufriedenheit mit dem eigenen Leben",
    "Angst",
]


def scale(points: int, **more: Any) -> dict[str, Any]:
    return {"id": f"p{points}", "text": GERMAN, "scale": "likert", "points": points, **ENDS, **more}


def list_of(count: int, several: bool) -> dict[str, Any]:
    options = [{"id": f"o{number}", "text": FEELINGS[number % 4]} for number in range(count)]
    return {"id": "c", "text": GERMAN, "scale": "choice", "options": options, "several": several}


GRID = {
    "id": "g",
    "text": GERMAN,
    "scale": "grid",
    "x": {"dimension": "valence", **ENDS},
    "y": {"dimension": "arousal", **ENDS},
}
TEXT = {"id": "t", "text": GERMAN, "scale": "text", "lines": 20}
NUMBER = {"id": "n", "text": GERMAN, "scale": "number", "min": 0, "max": 99, "unit": "Jahre"}
TITLE = {"title": "Selbsteinschätzung nach dem Film", "text": GERMAN, "button": "WEITER"}
TABLE = [
    scale(4, labels=LABELS, first=0) | {"id": f"q{number}", "low": "", "high": ""} for number in range(9)
]

FORMS: dict[str, tuple[StageKind, Duration, dict[str, Any]]] = {
    "long instruction": ("instruction", paced(5.0), {"text": GERMAN + "\n\n" + (GERMAN + " ") * 30}),
    "break": ("break", timed(5.0), {"text": GERMAN, "countdown": True}),
    "2 to 21 points": ("questionnaire", paced(5.0), {"items": [scale(n) for n in (2, 7, 11, 21)], **TITLE}),
    "figures": ("questionnaire", paced(5.0), {**sam("valence", "arousal", "dominance"), **TITLE}),
    "a table": ("questionnaire", paced(5.0), {"items": TABLE, **TITLE}),
    "labelled points": ("questionnaire", paced(5.0), {"items": TABLE[:2], **TITLE}),
    "a grid": ("questionnaire", paced(5.0), {"items": [GRID], **TITLE}),
    "a long list": ("questionnaire", paced(5.0), {"items": [list_of(20, True)], **TITLE}),
    "a short list": ("questionnaire", timed(45.0), {"items": [list_of(6, False)], **TITLE}),
    "entries": ("questionnaire", paced(5.0), {"items": [TEXT, NUMBER], **TITLE}),
    "typing": ("typing", paced(5.0), typing_content(GERMAN)),
    "speaking": ("speaking", paced(5.0), speaking_content() | {"sentences": [GERMAN, GERMAN]}),
    "a question": ("speaking", paced(5.0), {"text": GERMAN, "picture": "x", "prepare_s": 5.0}),
    "imagery": ("imagery", paced(60.0), {"text": GERMAN, "button": GERMAN[:50], "min_presses": 2}),
}
SCREENS = [(1280, 800, 1.0), (1280, 800, 1.6), (1920, 1080, 1.0), (1024, 768, 1.3)]


def sheets_turned(form: Form) -> None:
    """Look at every sheet of a questionnaire."""
    page = form.page
    if isinstance(page, QuestionnairePage):
        for place in range(page.sheets.count()):
            page.sheets.setCurrentIndex(place)
            QApplication.processEvents()
            assert form.flaws() == [], f"sheet {place + 1}"


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: "x".join(map(str, screen)))
@pytest.mark.parametrize("name", FORMS)
def test_nothing_is_cut_off(qapp: QApplication, name: str, screen: tuple[int, int, float]) -> None:
    width, height, text_scale = screen
    form = Form(*FORMS[name], style=Style("light", width, height, text_scale, "de"))
    try:
        assert form.flaws() == []
        sheets_turned(form)
    finally:
        form.close()


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh", "ar", "sw"])
def test_our_own_words_fit_in_every_language(qapp: QApplication, language: str) -> None:
    style = Style("dark", 1280, 800, 1.4, language)
    for kind, duration, content, task in (
        ("rest", timed(5.0), {"text": "."}, RightsTask),
        ("questionnaire", paced(5.0), {"items": [list_of(5, True)]}, None),
        ("questionnaire", paced(5.0), likert(*"abcde"), None),
        ("speaking", paced(5.0), {**speaking_content(), "button": ""}, None),
        ("imagery", paced(5.0), {"text": "."}, None),
    ):
        form = Form(kind, duration, content, task=task, style=style)  # type: ignore[arg-type]
        try:
            assert form.flaws() == []
        finally:
            form.close()
