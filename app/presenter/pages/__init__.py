"""The participant's forms, one file a kind of stage. `PAGES` tells which page shows which kind."""

from __future__ import annotations

from app.presenter.pages.base import Inputs, Page
from app.presenter.pages.questionnaire import QuestionnairePage
from app.presenter.pages.quiet import InstructionPage, QuietPage
from app.presenter.pages.speaking import SpeakingPage
from app.presenter.pages.typing import TypingPage
from app.presenter.style import Style
from app.presenter.tasks import Task

PAGES: dict[str, type[Page]] = {
    "instruction": InstructionPage,
    "rest": QuietPage,
    "break": QuietPage,
    "questionnaire": QuestionnairePage,
    "typing": TypingPage,
    "speaking": SpeakingPage,
}


def make_page(task: Task, style: Style, inputs: Inputs) -> Page:
    """Return the page of a task."""
    return PAGES[task.stage.kind](task, style, inputs)
