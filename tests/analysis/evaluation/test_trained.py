"""A trained recognizer: saved, loaded and applied, with the same bits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.evaluation.trained import Trained, TrainedError, load_trained, train
from analysis.recognizers.recognizer import Context
from tests.helpers import engine
from tests.helpers.batches import make_batch


def trained(**changes: Any) -> Trained:
    experiment = replace(engine.experiment(), inputs=engine.CARD.inputs, **changes)
    return train(make_batch(), experiment, maker=engine.make, about={"run": "r"})


def loaded(folder: Path) -> Trained:
    return load_trained(folder, lambda name: engine.NearestMean)


def test_saved_and_loaded_it_predicts_the_same_bits(tmp_path: Path) -> None:
    made = trained()
    made.save(tmp_path / "model")
    again = loaded(tmp_path / "model")
    batch = make_batch(seed=5).without_answers()
    assert made.predict(batch)[0].tobytes() == again.predict(batch)[0].tobytes()
    assert again.classes == ("negative", "positive")
    assert again.experiment == made.experiment
    assert again.about["cases"] == 48
    assert again.about["run"] == "r"


def test_it_learnt_what_was_planted() -> None:
    batch = make_batch()
    proba, explanation = trained().predict(batch)
    assert batch.y is not None
    assert (proba.argmax(axis=1) == batch.y).mean() > 0.7
    assert explanation.weights["mean"].shape[0] == 48


def test_answers_are_hidden_from_it() -> None:
    """The recognizer of this test refuses to predict where it can see answers."""
    proba, _ = trained().predict(make_batch())
    assert len(proba) == 48


def test_saving_again_replaces_it_whole(tmp_path: Path) -> None:
    trained().save(tmp_path / "model")
    (tmp_path / "model" / "old").touch()
    trained(seed=2).save(tmp_path / "model")
    assert not (tmp_path / "model" / "old").exists()
    assert loaded(tmp_path / "model").experiment.seed == 2
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_missing_input_is_absent_and_columns_come_in_any_order() -> None:
    made = trained()
    batch = make_batch(seed=5)
    order = np.arange(8)[::-1]
    turned = replace(
        batch.inputs["bvp"],
        values=batch.inputs["bvp"].values[..., order],
        names=tuple(batch.inputs["bvp"].names[place] for place in order),
    )
    other = replace(batch, inputs={"eda": batch.inputs["eda"], "bvp": turned})
    assert np.array_equal(made.predict(batch)[0], made.predict(other)[0])
    alone, _ = made.predict(batch.only(["eda"]))
    assert np.array_equal(alone, made.predict(batch.missing(["bvp"]))[0])


def test_other_columns_are_named() -> None:
    batch = make_batch()
    names = ("y0", *batch.inputs["bvp"].names[1:])
    other = {**batch.inputs, "bvp": replace(batch.inputs["bvp"], names=names)}
    with pytest.raises(TrainedError, match="bvp: x0 is missing"):
        trained().predict(replace(batch, inputs=other))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "model.json").unlink(), "holds no trained recognizer"),
        (lambda folder: (folder / "model.json").write_text("{}"), "does not describe"),
        (lambda folder: (folder / "recognizer" / "means.npz").write_bytes(b"x"), "was changed since"),
        (lambda folder: (folder / "steps.npz").unlink(), "holds no trained recognizer"),
        (lambda folder: set_version(folder), "version 99"),
    ],
)
def test_a_damaged_model_says_what_is_wrong(harm: Any, words: str, tmp_path: Path) -> None:
    trained().save(tmp_path / "model")
    harm(tmp_path / "model")
    with pytest.raises(TrainedError, match=words):
        loaded(tmp_path / "model")


def set_version(folder: Path) -> None:
    values = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(values | {"version": 99}))


def test_training_tells_its_progress() -> None:
    told: list[int] = []
    context = Context(progress=lambda epoch, epochs, losses: told.append(epoch))
    experiment = replace(engine.experiment(), inputs=engine.CARD.inputs)
    train(make_batch(), experiment, context=context, maker=engine.make)
    assert told == [1, 2, 3]
