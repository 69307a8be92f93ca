"""`evoke check PROTOCOL`: length, languages, what a screen can show, and what is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from tests.protocols.files import SOUND, changed
from tests.protocols.rich import RICH, write_files

MILD = changed("{category: unpleasant}", "{ids: [storm, spider, dead-tree]}")


def checked(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[list[str], dict[str, Any], str]:
    """Return the problems, the JSON object and what people read of a protocol."""
    path = folder / "p.yaml"
    path.write_text(text, encoding="utf-8")
    status = main(["check", str(path), "--json", *options])
    output = capsys.readouterr()
    found: dict[str, Any] = json.loads(output.out)
    assert (status == 0) == found["ok"]
    return [f"{each['line']}: {each['message']}" for each in found["problems"]], found, output.err


def rapid(rounding: str) -> str:
    steps = "[{mask: noise, duration_s: 0.06}, {mask: lines, duration_s: 0.08}]"
    return MILD.replace(
        "{kind: fixation, duration_s: 0.5}", f"{{kind: sequence, rounding: {rounding}, steps: {steps}}}"
    )


def test_what_a_screen_cannot_show_is_refused_where_the_protocol_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems, found, text = checked(rapid("refuse"), tmp_path, capsys, "--rate", "60")
    assert problems == ['22: "sequence" asks for 60/80 ms; a screen at 60 Hz shows 66.7/66.7 ms.']
    assert [(step["step"], step["frames"]) for step in found["timing"] if step["stage"] == "sequence"] == [
        (1, 4),
        (2, 4),
    ]
    assert "sequence, step 2: 0.08 s requested, 66.7 ms = 4 frames at 60 Hz (asked for 80.0 ms)" in text
    assert checked(rapid("refuse"), tmp_path, capsys, "--rate", "100")[0] == []
    assert checked(rapid("nearest"), tmp_path, capsys, "--rate", "60")[0] == []


def test_without_a_screen_s_rate_it_is_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems, found, text = checked(rapid("refuse"), tmp_path, capsys)
    assert problems == []
    assert any("a screen at 60 Hz shows 66.7/66.7 ms" in note for note in found["notes"])
    assert "note: " in text


def test_the_paper_s_own_stimuli_are_listed_and_do_not_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MILD.replace("sentences:\n", "  originals:\n    pleasant: [IAPS 1920, puppy]\nsentences:\n")
    problems, found, told = checked(text, tmp_path, capsys)
    assert problems == []
    assert found["missing_originals"] == {"pleasant": ["IAPS 1920"]}
    assert 'note: "pleasant": IAPS 1920 of the paper are not in the set open' in told


def test_lengths_and_languages_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path)
    problems, found, told = checked(RICH, tmp_path, capsys, "--rate", "50")
    # Nothing but the files that this set only names: those that categories hold and stages show.
    assert problems and all("is missing." in problem for problem in problems)
    missing = {problem.split(": ")[1] for problem in problems}
    assert {"ann-neutral", "clip-7", "asked", "voice", "rain"} <= missing
    assert "horror" not in missing
    assert found["languages"] == ["en", "de"] and "languages: en, de" in told
    assert found["min_s"] < found["typical_s"] and found["max_s"] is None


def test_an_unknown_rule_to_choose_by_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path)
    text = RICH.replace("by: nearest_affect", "by: nearest_effect") + "placeholders: allowed\n"
    problems, _, told = checked(text, tmp_path, capsys)
    assert problems == ['89: there is no rule "nearest_effect" to choose by.']
    assert 'Did you mean "nearest_affect"?' in told


CHOOSING = """\
name: own
version: 1
title: Own pictures
stimuli:
  set: open
  categories: {{pleasant: {{category: pleasant}}}}
trials:
  see:
    choose: {{candidates: pleasant, by: "{rule}"}}
    stages:
      - {{kind: picture, duration_s: 1}}
      - kind: questionnaire
        duration_s: 5
        items: [{{id: one, scale: likert, points: 5, dimension: {asks}, text: One}}]
blocks:
  - {{name: main, trial: see, draw: {{pleasant: 2}}}}
"""


@pytest.mark.parametrize(
    ("rule", "asks", "is_told"),
    [
        ("recommended", "tiredness", True),
        ("recommended:lab", "tiredness", True),
        ("hybrid", "tiredness", True),
        ("hybrid", "liking", False),
        ("recommended", "valence", False),
        ("as_listed", "tiredness", False),
    ],
)
def test_a_rule_that_learns_where_nothing_is_asked_is_told(
    rule: str, asks: str, is_told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CHOOSING.format(rule=rule, asks=asks)
    problems, found, told = checked(text, tmp_path, capsys)
    assert problems == []
    notes = [note for note in found["notes"] if note.startswith(f'"{rule}" chooses by')]
    assert bool(notes) == is_told
    assert not is_told or "no item asks for valence, arousal or liking" in told


def test_placeholders_turn_missing_files_into_notes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path)
    problems, found, _ = checked(RICH + "placeholders: allowed\n", tmp_path, capsys)
    assert problems == []
    assert any(note.startswith("a placeholder stands in: ") for note in found["notes"])


def test_characters_that_no_font_has_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A character of a plane that is set aside for private use: no font has it.
    text = MILD.replace("text: Welcome", 'text: "Welcome \\U0010FFF0"')
    problems, _, _ = checked(text, tmp_path, capsys)
    assert problems == ["18: no font of this computer has \U0010fff0 (U+10FFF0)."]


def test_sad_pictures_without_a_warning_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems, _, _ = checked(SOUND, tmp_path, capsys)
    assert [problem.split(" (")[0] for problem in problems] == ["23: unpleasant content"]
