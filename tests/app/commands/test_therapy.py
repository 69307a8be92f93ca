"""The way to a therapy assessment by commands alone: films train it, long sessions are assessed with it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.evaluation.workers import close_workers
from app.analysing.therapy_files import COLUMNS
from app.cli import main
from tests.helpers.engine import start_trackers

SMALL = ("epochs=1", "bae_epochs=1", "joint_epochs=1", "batch=30")


@pytest.fixture(scope="module")
def trackers() -> None:
    """What joblib starts once and keeps."""
    start_trackers()


@pytest.fixture
def workers(trackers: None) -> Iterator[None]:
    """Worker processes that are gone afterwards."""
    yield
    close_workers()


@pytest.mark.slow
def test_films_train_a_recognizer_that_assesses_sessions_of_another_study(
    workers: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films, sessions, out = tmp_path / "films", tmp_path / "sessions", tmp_path / "out"
    made = ("--modalities", "eda", "--workers", "1", "--participants", "2")
    assert main(["simulate", "--study", str(films), "--protocol", "short-films", *made]) == 0
    assert main(["simulate", "--study", str(sessions), "--protocol", "therapy-before-after", *made]) == 0
    capsys.readouterr()
    asked = [
        *("evaluate", "--study", str(films), "--recognizer", "bmmn-bae-2"),
        *("--target", "valence-and-arousal", "--permutations", "0", "--workers", "1"),
        *(word for setting in SMALL for word in ("--set", setting)),
    ]
    assert main([*asked, "--save", "--json"]) == 0
    run = Path(json.loads(capsys.readouterr().out)["runs"][0]["folder"])
    recordings = sorted(sessions.glob("sub-*/ses-*/*.h5"))
    assert len(recordings) == 2
    given = ["therapy", str(run), *map(str, recordings), "--minutes", "2", "--out", str(out), "--json"]
    assert main(given) == 0
    told = json.loads(capsys.readouterr().out)
    assert [person["participant"] for person in told["people"]] == ["sim01", "sim02"]
    with (out / "therapy.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        # Two minutes hold fifteen whole windows of 7.8125 s.
        assert (row["before_windows"], row["after_windows"]) == ("15", "15")
        assert -1 <= float(row["before_valence_low"]) <= float(row["before_valence_high"]) <= 1
        assert float(row["change_arousal"]) == pytest.approx(
            float(row["after_arousal"]) - float(row["before_arousal"]), abs=2e-4
        )
    assert "<svg" in (out / "therapy.svg").read_text(encoding="utf-8")
