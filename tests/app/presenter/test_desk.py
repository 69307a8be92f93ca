"""The way from a page to the runner: everything is stamped with the time of its event."""

from __future__ import annotations

from typing import Any

import pytest

from app.presenter.desk import Desk
from app.presenter.keyboard import Keyboard
from app.presenter.runner import Runner
from app.presenter.screen import NullScreen
from tests.helpers.presenting import EventLog, Plot, likert, paced, typing_content


class Stamps(Keyboard):
    """A keyboard whose last input was at 12.5."""

    def __init__(self) -> None:
        super().__init__(lambda stroke: None, lambda name: None)

    def time(self) -> float:
        return 12.5


@pytest.fixture
def runner() -> Runner:
    plot = Plot().add("questionnaire", paced(5.0), likert("a")).add("typing", paced(5.0), typing_content())
    made = Runner(plot.schedule(), NullScreen(lambda: 10.0), EventLog().append)
    made.open(10.0)
    made.command("start", 10.0)
    return made


def test_an_action_has_the_time_of_its_event_and_wakes_the_loop(runner: Runner) -> None:
    woken: list[bool] = []
    desk = Desk(runner, Stamps(), lambda: woken.append(True))
    assert desk.act("choose", item="a", value=3) and woken == [True]
    assert runner.task is not None
    ((_, at, payload),) = runner.task.results(False)
    assert (at, payload["reaction_s"]) == (12.5, 2.5)
    assert not desk.act("choose", item="nothing", value=3)


def test_levels_do_not_wake_the_loop_that_asks_for_them(runner: Runner) -> None:
    woken: list[bool] = []
    desk = Desk(runner, Stamps(), lambda: woken.append(True), lambda: 0.4)
    desk.act("level", level=desk.level())
    assert woken == []


def test_a_page_that_is_gone_cannot_end_the_stage_after_it(runner: Runner) -> None:
    def do(desk: Desk, action: str, **values: Any) -> None:
        assert desk.act(action, **values)

    desk = Desk(runner, Stamps(), lambda: None)
    earlier = runner.task
    assert earlier is not None and not desk.may_proceed(earlier)
    do(desk, "choose", item="a", value=3)
    assert desk.may_proceed(earlier) and desk.proceed()
    assert runner.task is not earlier
    do(desk, "insert", text="x")
    assert not desk.may_proceed(earlier), "it is no longer its turn"


def test_without_a_microphone_there_is_no_level(runner: Runner) -> None:
    assert Desk(runner, Stamps(), lambda: None).level() is None
