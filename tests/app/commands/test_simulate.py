"""`evoke simulate`: its arguments, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.session_file import open_session
from app.cli import main
from app.study import Study


def test_it_makes_a_study_and_tells_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "study"
    given = ("--protocol", "demo", "--modalities", "eda,keys", "--effect", "0", "--effect", "eda=1.5")
    assert main(["simulate", "--study", str(folder), *given, "--workers", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["effects"] == {"eda": 1.5, "keys": 0.0}
    (session,) = told["sessions"]
    assert (session["participant"], session["origin"]) == ("sim01", "simulated")
    assert told["bytes"] == (folder / session["file"]).stat().st_size
    with open_session(folder / session["file"]) as opened:
        assert set(opened.streams) == {"wristband-eda"}


def test_without_json_it_counts_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--protocol", "demo", "--modalities", "eda", "--workers", "1", "--within", "0.2")
    assert main(["simulate", "--study", str(tmp_path / "study"), *given]) == 0
    output = capsys.readouterr()
    assert "1 simulated participants in" in output.out
    assert "1 of 1: sim01" in output.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--effect", "much"), "write a number"),
        (("--effect", "faces=1"), "Did you mean face?"),
        (("--modalities", "tea"), "nothing simulates the modality 'tea'"),
        (("--missing", "2"), "missing: 2 is no share"),
        (("--participants", "0"), "at least one"),
        (("--protocol", "dema"), "dema"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], told: str
) -> None:
    folder = tmp_path / "study"
    protocol = () if "--protocol" in given else ("--protocol", "demo")
    assert main(["simulate", "--study", str(folder), *protocol, *given]) == 1
    assert told in capsys.readouterr().err
    assert not folder.exists()


def test_it_asks_for_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--protocol", "demo"]) == 1
    assert "name a study (--study DIR)" in capsys.readouterr().err


def test_a_study_of_people_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = Study.create(tmp_path / "study", "People", "people")
    assert main(["simulate", "--study", str(study.folder), "--protocol", "demo"]) == 1
    assert "never mixed" in capsys.readouterr().err
    assert not study.participants()
