"""`evoke run`: from its words to what is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.commands import session
from app.consent import USES, Answers
from app.study import Study
from app.supervisor.preparation import Request


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    study = Study.create(tmp_path / "s", "Fear", "people", protocol="demo")
    requests: list[Request] = []

    def take(_: Study, request: Request, options: argparse.Namespace, seconds: float) -> int:
        requests.append(request)
        return 0

    monkeypatch.setattr(session, "_run", take)

    def run(*words: str) -> Request | None:
        status = cli.main(["run", *words, "--study", str(study.folder)])
        return requests[-1] if status == 0 else None

    return run


def test_consent_on_the_command_line_is_full_unless_told(asked: Any) -> None:
    assert asked("--participant", "01").consent is None
    assert asked("--participant", "01", "--consent").consent == Answers((), USES, "experimenter")
    words = [
        "--consent",
        "--refuse",
        "camera,typed-text",
        "--refuse",
        "body",
        "--uses",
        "study,lab",
        "--by",
        "AB",
    ]
    told = asked("--participant", "01", *words).consent
    assert told == Answers(("camera", "typed_text", "body"), ("study", "lab"), "AB")


@pytest.mark.parametrize(
    "words", [["--refuse", "camera"], ["--uses", "study"], ["--consent", "--refuse", "smell"]]
)
def test_half_a_consent_is_none(asked: Any, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("--participant", "01", *words) is None
    assert "Add --consent" in capsys.readouterr().err or "--consent" in words


def test_a_rehearsal_needs_no_code_and_takes_no_consent(asked: Any) -> None:
    request = asked("--rehearse", "--consent")
    assert (request.rehearsal, request.participant, request.consent) == (True, "rehearsal", None)


def test_going_on_names_the_session_alone(asked: Any) -> None:
    request = asked("--continue", "last")
    assert (request.continues, request.participant, request.protocol) == ("last", "", "")


def test_the_protocol_may_be_the_study_s_and_the_language_is_passed_on(asked: Any) -> None:
    assert asked("--participant", "sub-01", "--language", "de").language == "de"
    assert asked("own", "--participant", "01").protocol == "own"


def test_without_a_protocol_of_its_own_one_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = Study.create(tmp_path / "s", "Fear", "people")
    assert cli.main(["run", "--study", str(study.folder), "--participant", "01"]) == 1
    assert "has no protocol of its own" in capsys.readouterr().err
