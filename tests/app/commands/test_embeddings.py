"""`evoke embeddings`: an extractor from a folder of speakers, shown and put on the shelf."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import cli
from app.analysing.speech_simulated import speaker_folder

TINY = ("components=4", "dimension=3", "diagonal_rounds=2", "full_rounds=1", "factor_rounds=2")


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speaker_folder(tmp_path_factory.mktemp("speakers"), 3, 4, 0.5, 1)


def train(speakers: Path, out: Path, *more: str) -> list[str]:
    changes = [part for each in TINY for part in ("--set", each)]
    return ["embeddings", "train", str(speakers), "--kind", "ivector", "--out", str(out), *changes, *more]


def test_train_show_add_and_list(
    speakers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    out = tmp_path / "made"
    asked = train(speakers, out, "--language", "en", "--domain", "vowels", "--held-out", "0.5", "--json")
    assert cli.main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["speakers"], told["language"], told["domain"]) == (3, "en", "vowels")
    assert told["making"]["components"] == 4 and told["verification"]["same"] == 3
    assert cli.main(["embeddings", "show", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "I_m" in shown and told["sha256"] in shown and "Equal error rate" in shown
    assert cli.main(["embeddings", "add", str(out), "--name", "mine"]) == 0
    assert cli.main(["embeddings", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [each["name"] for each in listed["extractors"]] == ["mine"]
    assert listed["extractors"][0]["sha256"] == told["sha256"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--set", "layers=3"), "no setting layers"),
        (("--set", "dimension=many"), "a number is meant"),
        (("--set", "feature=plp"), "give --feature plp instead"),
        (("--set", "kind=tdnn"), "give --kind tdnn instead"),
        (("--set", "seed=2"), "give --seed 2 instead"),
        (("--held-out", "1"), "give a share"),
        (("--held-out", "0.9", "--speakers-apart"), "too few to hold out"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    speakers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    assert cli.main(train(speakers, tmp_path / "made", *more)) != 0
    assert words in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_an_extractor_is_never_written_over(
    speakers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(train(speakers, tmp_path)) != 0
    assert "is there already" in capsys.readouterr().err
