"""What a participant does within a stage, free of Qt: answers, typed text, talk, presses, choices.

A task is changed by the page (or by the automatic participant) through `act`, asked by the runner
whether it is complete or over, and asked once, at the stage's end, for the results to journal.
"""

from __future__ import annotations

from app.presenter.tasks.base import Result, Task
from app.presenter.tasks.choice import ChoiceTask, Option
from app.presenter.tasks.imagery import ImageryTask
from app.presenter.tasks.items import Item, Value
from app.presenter.tasks.questionnaire import Answer, QuestionnaireTask
from app.presenter.tasks.rights import RIGHTS, Right, RightsTask
from app.presenter.tasks.scoring import attention
from app.presenter.tasks.speaking import SpeakingTask
from app.presenter.tasks.typing import TypingTask, edit_distance
from protocols.schedule import Stage

__all__ = [
    "RIGHTS",
    "Answer",
    "ChoiceTask",
    "ImageryTask",
    "Item",
    "Option",
    "QuestionnaireTask",
    "Result",
    "Right",
    "RightsTask",
    "SpeakingTask",
    "Task",
    "TypingTask",
    "Value",
    "attention",
    "edit_distance",
    "make_task",
]


def make_task(stage: Stage, keeps_text: bool = True) -> Task:
    """Return the task of a stage; without `keeps_text` free answers are not kept."""
    match stage.kind:
        case "questionnaire":
            return QuestionnaireTask(stage, keeps_text)
        case "typing":
            return TypingTask(stage)
        case "speaking":
            return SpeakingTask(stage)
        case "imagery":
            return ImageryTask(stage)
        case "choice":
            return ChoiceTask(stage)
    return Task(stage)
