"""The participant's forms, one file a kind of stage. `PAGES` tells which page shows which kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.presenter.desk import Inputs
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.imagery import ImageryPage
from app.presenter.pages.questionnaire import QuestionnairePage
from app.presenter.pages.quiet import InstructionPage, QuietPage
from app.presenter.pages.rights import RightsPage
from app.presenter.pages.speaking import SpeakingPage
from app.presenter.pages.typing import TypingPage
from app.presenter.style import Style
from app.presenter.tasks import RightsTask, Task

PAGES: dict[str, type[Page]] = {
    "instruction": InstructionPage,
    "rest": QuietPage,
    "break": QuietPage,
    "imagery": ImageryPage,
    "questionnaire": QuestionnairePage,
    "typing": TypingPage,
    "speaking": SpeakingPage,
}


def make_page(task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES) -> Page:
    """Return the page of a task; `pictures` are the files of the stimuli that forms may show."""
    page = RightsPage if isinstance(task, RightsTask) else PAGES[task.stage.kind]
    return page(task, style, inputs, pictures)
