"""`evoke recognizers`: the table of cards, one card whole, JSON."""

from __future__ import annotations

import json

import pytest

from analysis.recognizers.table import RECOGNIZERS
from app import cli


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = cli.main(["recognizers", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_every_recognizer_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run([], capsys)
    assert status == 0
    first = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and line[2] != " "]
    assert first[1:] == list(RECOGNIZERS)


def test_a_card_is_told_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    status, out, _ = run(["attention-lstm"], capsys)
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "attention-lstm: Attention-LSTM over face, speech, typing and physiology"
    assert max(map(len, lines)) <= 100
    assert any(
        line.split() == ["bvp", "dense,", "ReLU", "128", "->", "64", "128", "->", "64"] for line in lines
    )
    assert any(
        "samples (rate_hz 64.0)" in line and "stage picture, 2.5 s every 1.245 s" in line for line in lines
    )
    assert any(line.startswith("  rate ") and "0.0001 to 0.1, log" in line for line in lines)
    assert any(line.split()[-2:] == ["89.24", "P+V+A+T"] for line in lines if line.strip())
    assert sum(line.startswith("  - ") for line in lines) == 9
    assert sum(line.startswith("Published: ") for line in lines) == 1


def test_json_holds_what_the_card_holds(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["svm", "--json"], capsys)
    told = json.loads(out)
    assert status == 0
    assert (told["name"], told["missing_inputs"]) == ("svm", True)
    assert {each["name"] for each in told["settings"]} >= {"c", "gamma"}


def test_all_cards_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["--json"], capsys)
    assert status == 0
    assert [each["name"] for each in json.loads(out)] == list(RECOGNIZERS)


def test_a_name_that_there_is_not_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["forest"], capsys)
    assert (status, out) == (1, "")
    assert err == "evoke: there is no recognizer 'forest'. Did you mean 'random-forest'?\n"
