"""What may be said of a kept recognizer that runs live: how sure it may be, and what a reader must know."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.files import file_sha256, write_arrays, write_json
from analysis.evaluation.guards import check_division
from analysis.evaluation.run_folder import create_run
from analysis.evaluation.splits import divide
from analysis.evaluation.trained import load_trained
from analysis.features.as_live import live_inputs
from app.commands.live import live
from app.live.models import mount
from tests.helpers.batches import make_batch
from tests.helpers.live_models import BVP, EDA, live_options, trained_on


def kept_with(model: Path, folder: Path, leaks: bool = False, **result: Any) -> Path:
    """Keep a recognizer in a run of forty held-out cases, all right and sure."""
    batch = make_batch(4, 10, classes=("calm", "angry"))
    experiment = load_trained(model).experiment
    division = divide(batch.cases, batch.y, SplitSpec("segments" if leaks else "loso"))
    facts: dict[str, Any] = {"recordings": {}, "participants": {}, "warnings": [], "plan": None}
    run = create_run(folder, experiment, batch, division, check_division(batch, division), facts)
    assert batch.y is not None
    for fold in division.folds:
        sure = np.where(np.arange(2)[None, :] == batch.y[fold.test][:, None], 0.98, 0.02)
        write_arrays(folder / "folds" / f"{fold.name}.npz", {"rows": fold.test, "proba": sure})
        write_json(folder / "folds" / f"{fold.name}.json", {"state": "finished", "seconds": 1.0})
    write_json(folder / "result.json", {"missing": [], **result})
    shutil.copytree(model, folder / "model")
    return run.folder


def test_how_sure_it_may_be_is_told_by_a_run_that_measured_such_a_recognizer(
    model: Path, tmp_path: Path
) -> None:
    plain = mount(kept_with(model, tmp_path / "plain"))
    assert plain.calibration.cases == 40
    leaky = mount(kept_with(model, tmp_path / "leaky", leaks=True))
    assert leaky.calibration.cases == 0
    assert leaky.calibration.words == "not calibrated: its run was split by segments, which leaks"
    tuned = mount(kept_with(model, tmp_path / "tuned", watermark="TUNED ON THE TEST: to be shown only"))
    assert "tuned on the tested cases" in tuned.calibration.words


def test_figures_with_adaptation_are_none_of_a_recognizer_that_runs_without(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kept_with(model, tmp_path / "run")
    known = load_trained(folder / "model").recognizer
    monkeypatch.setattr(type(known), "card", replace(known.card, transductive=True))
    found = mount(folder)
    assert found.calibration.judge(np.array([0.98, 0.02]), True).right is None
    assert "with adaptation" in found.calibration.words
    assert any("used without adaptation" in text for text in found.to_json()["told"])


def test_a_replay_of_what_it_was_trained_on_is_said(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = trained_on(session, live_inputs((EDA, BVP), 10.0), window_s=2.0)
    for name, recordings in (
        ("other", {"t": "0"}),
        ("same", {"s": "0"}),
        ("copy", {"t": file_sha256(session)}),
    ):
        replace(trained, about={**trained.about, "recordings": recordings}).save(tmp_path / name)
        live(
            live_options(tmp_path / name, "--session", str(session), "--speed", "0", "--hop", "20", "--json")
        )
        begin = json.loads(capsys.readouterr().out.splitlines()[0])
        said = any("trained on this recording" in text for text in begin["recognizers"][0]["told"])
        assert said == (name != "other")
