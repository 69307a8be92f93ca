"""Reports of spoken tasks as pages: of the study, and of one person; each says that it is no diagnosis."""

from __future__ import annotations

from pathlib import Path

from app.analysing.html_page import Page
from app.analysing.speech_figures import (
    calibration_figure,
    confusion_figure,
    metrics_table,
    people_table,
    person_figure,
    tasks_figure,
)
from app.analysing.speech_outcome import Outcome, PersonSaid
from app.analysing.speech_tasks import AID, SpeechTasksError

RANGE = (
    "The range is that of the repeats, each with other people in training. It is no confidence interval of "
    "the person's state."
)


def study_page(outcome: Outcome) -> Page:
    """Return the report of a whole study."""
    page = Page("Spoken tasks", f"{outcome.study}: {outcome.wanted.target}. {outcome.words}")
    page.warning(AID)
    page.section("All tasks together")
    page.table(metrics_table(outcome))
    page.text(outcome.chance.words)
    page.text(outcome.whole.guard_words)
    for shown in (tasks_figure(outcome), confusion_figure(outcome), calibration_figure(outcome)):
        page.section(shown.title)
        page.figure(shown.figure(), shown.about, shown.table)
    page.section("What else the groups differ in")
    for note in outcome.shifts:
        page.text(note)
    page.section("Embeddings")
    for each in outcome.embeddings:
        page.text(f"{each.short}: {each.name}, trained on {each.language or 'a language that is not said'}.")
    for note in outcome.notes:
        page.warning(note)
    page.section("Persons")
    page.text(RANGE, True)
    page.table(people_table(outcome))
    return page


def person_page(outcome: Outcome, person: PersonSaid) -> Page:
    """Return the report of one person."""
    page = Page(f"Participant {person.participant}", f"{outcome.study}, visit {person.session}")
    page.warning(AID)
    page.section("What was said")
    shown = person_figure(outcome, person)
    page.figure(shown.figure(), shown.about, shown.table)
    page.text(RANGE, True)
    known = outcome.figures
    page.text(
        f"Of people like those tested here the recognizer decides rightly with sensitivity "
        f"{known['sensitivity'].words} and specificity {known['specificity'].words}."
    )
    page.section("Reasons for doubt")
    for flag in person.flags or ("None of those that are looked for.",):
        page.text(flag)
    page.section("What else the groups differ in")
    for note in outcome.shifts:
        page.text(note)
    return page


def write(page: Page, folder: Path) -> Path:
    """Write a report into a folder; raises SpeechTasksError."""
    try:
        return page.write(folder)
    except OSError as error:
        raise SpeechTasksError(f"{folder}: cannot be written ({error.strerror}). Choose another.") from error
