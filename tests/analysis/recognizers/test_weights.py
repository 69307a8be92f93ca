"""Fitted numbers on disk: what comes back, and what is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from analysis.recognizers.recognizer import RecognizerError
from analysis.recognizers.weights import load_arrays, load_module, save_arrays, save_module


def network(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width))


def test_arrays_and_facts_come_back(tmp_path: Path) -> None:
    arrays = {"coef": np.arange(6.0).reshape(2, 3), "seen": np.array([1, 2]), "none": np.zeros((0, 4))}
    save_arrays(tmp_path / "new", "model", arrays, {"classes": ["böse", "gut"]})
    found, facts = load_arrays(tmp_path / "new", "model")
    assert facts == {"classes": ["böse", "gut"]}
    assert list(found) == list(arrays)
    for name, each in arrays.items():
        assert found[name].dtype == each.dtype
        assert np.array_equal(found[name], each)


def test_a_network_comes_back_bit_for_bit(tmp_path: Path) -> None:
    one, other = network(), network()
    one(torch.randn(5, 2))
    save_module(tmp_path, one, {"width": 3})
    assert load_module(tmp_path, other) == {"width": 3}
    for name, each in one.state_dict().items():
        assert torch.equal(each, other.state_dict()[name])
    assert not other.training


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    save_module(tmp_path, network())
    with pytest.raises(RecognizerError, match=r"0\.weight has shape \(3, 2\), not \(4, 2\)"):
        load_module(tmp_path, network(4))
    with pytest.raises(RecognizerError, match=r"it has besides 1\.bias, 1\.num_batches_tracked, .* 2 more"):
        load_module(tmp_path, nn.Sequential(nn.Linear(2, 3)))
    with pytest.raises(RecognizerError, match=r"it lacks 2\.bias, 2\.weight"):
        load_module(tmp_path, nn.Sequential(*network().children(), nn.Linear(3, 1)))


def test_what_would_need_a_pickle_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(RecognizerError, match="'words' holds no plain numbers"):
        save_arrays(tmp_path, "model", {"words": np.array(["a", None], dtype=object)})
    assert not list(tmp_path.iterdir())


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.touch, (self.mark,))


def test_a_pickle_in_the_file_is_refused_and_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    save_arrays(tmp_path, "model", {"coef": np.zeros(2)})
    trap = np.empty(1, object)
    trap[0] = Trap(mark)
    np.savez(tmp_path / "model.npz", coef=trap)
    with pytest.raises(RecognizerError, match=r"model\.npz cannot be read"):
        load_arrays(tmp_path, "model")
    (tmp_path / "model.npz").write_bytes(pickle.dumps(Trap(mark)))
    with pytest.raises(RecognizerError, match=r"model\.npz cannot be read"):
        load_arrays(tmp_path, "model")
    assert not mark.exists()


def changed(path: Path) -> None:
    np.savez(path / "model.npz", coef=np.zeros(3))


def cut(path: Path) -> None:
    file = path / "model.npz"
    file.write_bytes(file.read_bytes()[:-30])


def of_another_version(path: Path) -> None:
    said = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps(said | {"version": 99}))


def no_json(path: Path) -> None:
    (path / "model.json").write_text("{")


def a_list(path: Path) -> None:
    (path / "model.json").write_text("[]")


def gone(path: Path) -> None:
    (path / "model.npz").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (changed, "does not hold what model.json says"),
        (cut, r"model\.npz cannot be read"),
        (of_another_version, "no evoke-weights file of version 1"),
        (no_json, r"model\.json cannot be read"),
        (a_list, "no evoke-weights file of version 1"),
        (gone, r"model\.npz is missing: this is no saved model"),
    ],
)
def test_a_damaged_model_is_explained(damage: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    save_arrays(tmp_path, "model", {"coef": np.zeros(2)})
    damage(tmp_path)
    with pytest.raises(RecognizerError, match=message):
        load_arrays(tmp_path, "model")


def test_a_model_is_never_written_over(tmp_path: Path) -> None:
    save_arrays(tmp_path, "model", {"coef": np.zeros(2)})
    with pytest.raises(RecognizerError, match="is there already"):
        save_arrays(tmp_path, "model", {"coef": np.ones(2)})
    assert load_arrays(tmp_path, "model")[0]["coef"].sum() == 0
