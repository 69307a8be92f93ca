"""What follows when a stream is lost, case by case."""

from __future__ import annotations

import pytest

from app.devices.entries import OnLoss
from app.supervisor.policy import Action, Policy

LIMIT_S = 120.0


def policy(attended: bool = False, presents: bool = True) -> Policy:
    return Policy(attended, presents, LIMIT_S)


@pytest.mark.parametrize(
    ("on_loss", "presents", "action"),
    [
        ("pause", True, "pause"),
        ("pause", False, "none"),
        ("continue", True, "none"),
        ("abort", True, "abort"),
        ("abort", False, "abort"),
    ],
)
def test_a_loss_leads_to_what_the_devices_file_says(on_loss: OnLoss, presents: bool, action: Action) -> None:
    step = policy(presents=presents).lost("eeg", on_loss, 0.0)
    assert step.action == action
    assert ("eeg" in step.text) == (action != "none")


def test_with_an_operator_the_session_waits_for_her_however_long() -> None:
    rule = policy(attended=True)
    assert "then resume when it is back" in rule.lost("eeg", "pause", 0.0).text
    assert rule.tick(10 * LIMIT_S).action == "none"
    back = rule.back("eeg")
    assert (back.action, back.text) == ("none", "eeg is back. Resume when you are ready.")


def test_without_one_it_goes_on_by_itself() -> None:
    rule = policy()
    assert "goes on when it is back" in rule.lost("eeg", "pause", 0.0).text
    assert rule.tick(LIMIT_S).action == "none"
    assert rule.back("eeg").action == "resume"
    assert rule.tick(10 * LIMIT_S).action == "none"


def test_what_never_comes_back_ends_it_after_the_limit() -> None:
    rule = policy()
    rule.lost("eeg", "pause", 5.0)
    step = rule.tick(5.0 + LIMIT_S + 0.1)
    assert (step.action, step.text) == ("give up", "eeg was lost and did not come back within 120 s.")


def test_it_goes_on_only_when_all_are_back() -> None:
    rule = policy()
    assert rule.lost("eeg", "pause", 0.0).action == "pause"
    assert rule.lost("wristband", "pause", 1.0).action == "none", "it pauses once"
    back = rule.back("eeg")
    assert (back.action, back.text) == ("none", "eeg is back. Still missing: wristband.")
    assert rule.back("wristband").action == "resume"


def test_an_operator_who_resumes_is_not_stopped_again_by_the_same_loss() -> None:
    rule = policy(attended=True)
    rule.lost("eeg", "pause", 0.0)
    rule.overruled()
    assert not rule.is_holding
    assert rule.back("eeg").action == "none"
    assert rule.lost("eeg", "pause", 9.0).action == "pause", "the next loss counts anew"


def test_the_return_of_what_nobody_missed_is_nothing() -> None:
    assert policy().back("eeg").text == ""
