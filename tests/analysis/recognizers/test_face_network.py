"""The face network and its weights: torchvision's names, files of three kinds, and files that will not do."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.recognizers.face_network import MEAN, SD, FaceNetwork, ResNet50, SmallResNet
from analysis.recognizers.face_weights import load_resnet, read_state
from analysis.recognizers.recognizer import RecognizerError

State = dict[str, torch.Tensor]

SOME_NAMES = (
    "conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer1.0.downsample.1.running_mean",
    "layer2.3.conv2.weight", "layer3.5.bn3.bias", "layer4.2.conv3.weight",
)  # fmt: skip


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(0)
    found = {name: each.clone() for name, each in ResNet50().state_dict().items()}
    return {**found, "fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)}


def to_npz(path: Path, state: State) -> None:
    arrays: dict[str, Any] = {name: each.numpy() for name, each in state.items()}
    np.savez(path, **arrays)


def to_pth(path: Path, state: State) -> None:
    torch.save(state, path)


def to_safetensors(path: Path, state: State) -> None:
    types = {torch.float32: "F32", torch.int64: "I64", torch.bfloat16: "BF16", torch.float16: "F16"}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    parts: list[bytes] = []
    begin = 0
    for name, each in state.items():
        raw = (
            each.view(torch.int16).numpy().tobytes()
            if each.dtype == torch.bfloat16
            else each.numpy().tobytes()
        )
        header[name] = {
            "dtype": types[each.dtype], "shape": list(each.shape), "data_offsets": [begin, begin + len(raw)]
        }  # fmt: skip
        parts.append(raw)
        begin += len(raw)
    said = json.dumps(header).encode()
    path.write_bytes(len(said).to_bytes(8, "little") + said + b"".join(parts))


SMALL: State = {
    "a.weight": torch.arange(6.0).reshape(2, 3),
    "a.count": torch.tensor(7),
    "empty": torch.zeros(0),
}


@pytest.mark.parametrize(
    ("suffix", "save"), [("npz", to_npz), ("pth", to_pth), ("safetensors", to_safetensors)]
)
def test_arrays_are_read_from_a_file(
    tmp_path: Path, suffix: str, save: Callable[[Path, State], None]
) -> None:
    save(tmp_path / f"small.{suffix}", SMALL)
    found = read_state(tmp_path / f"small.{suffix}")
    assert set(found) == set(SMALL)
    assert all(torch.equal(found[name], SMALL[name]) for name in SMALL)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_read_as_it_is(tmp_path: Path, kind: torch.dtype) -> None:
    halved = {"a.weight": torch.tensor([[0.1, -2.5], [1e-3, 300.0]]).to(kind)}
    to_safetensors(tmp_path / "half.safetensors", halved)
    found = read_state(tmp_path / "half.safetensors")
    assert torch.equal(found["a.weight"].float(), halved["a.weight"].float())


def test_resnet_takes_its_weights_and_counts_of_batches_may_be_missing(tmp_path: Path, state: State) -> None:
    old = {f"module.{name}": each for name, each in state.items() if not name.endswith("num_batches_tracked")}
    to_npz(tmp_path / "old.npz", old)
    network = load_resnet(tmp_path / "old.npz")
    found = network.state_dict()
    assert network.features == 2048
    assert all(torch.equal(found[name], state[name]) for name in found)


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "save"), [("pth", to_pth), ("safetensors", to_safetensors)])
def test_a_whole_resnet_is_read(
    tmp_path: Path, state: State, suffix: str, save: Callable[[Path, State], None]
) -> None:
    save(tmp_path / f"resnet50.{suffix}", state)
    found = load_resnet(tmp_path / f"resnet50.{suffix}").state_dict()
    assert all(torch.equal(found[name], state[name]) for name in found)


def without(state: State) -> State:
    return {name: each for name, each in state.items() if name != "layer3.5.bn3.bias"}


def resnet18(state: State) -> State:
    return {**state, "layer1.0.conv1.weight": torch.zeros(64, 64, 3, 3)}


def spoilt(state: State) -> State:
    return {**state, "bn1.weight": torch.full((64,), float("nan"))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without, "it lacks 1 of 318 arrays, such as layer3.5.bn3.bias"),
        (resnet18, r"layer1.0.conv1.weight has shape \(64, 64, 3, 3\), not \(64, 64, 1, 1\)"),
        (spoilt, "holds weights that are no numbers"),
        (lambda _: {"a": torch.zeros(2)}, "it lacks"),
    ],
)
def test_other_networks_are_refused_with_one_message(
    tmp_path: Path, state: State, change: Callable[[State], State], message: str
) -> None:
    path = tmp_path / "other.npz"
    to_npz(path, change(state))
    with pytest.raises(RecognizerError, match=message) as told:
        load_resnet(path)
    assert str(path) in str(told.value)


class Hostile:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('it ran')",))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hostile.pth", pickle.dumps({"conv1.weight": Hostile()})),
        ("hostile.npz", pickle.dumps(Hostile())),
        ("text.safetensors", b"these are words, no weights"),
        ("short.safetensors", b"\x02"),
        ("list.safetensors", (2).to_bytes(8, "little") + b"[]"),
        ("empty.npz", b""),
        ("empty.pth", b""),
    ],
)
def test_a_file_of_another_kind_runs_nothing_and_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecognizerError, match="cannot be read as weights"):
        load_resnet(path)


def test_a_file_that_was_cut_off_is_told(tmp_path: Path, state: State) -> None:
    path = tmp_path / "cut.safetensors"
    to_safetensors(path, {"conv1.weight": state["conv1.weight"]})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RecognizerError, match="was cut off"):
        load_resnet(path)


@pytest.mark.parametrize(("name", "message"), [("gone.npz", "is not there"), ("net.onnx", "are no .onnx")])
def test_a_file_that_is_not_there_or_not_known(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(RecognizerError, match=re.escape(message)):
        load_resnet(tmp_path / name)


def test_resnet_50_is_as_large_as_the_published_one() -> None:
    network = ResNet50()
    # 25,557,032 with torchvision's classifier of 1000 classes.
    assert sum(each.numel() for each in network.parameters()) == 25_557_032 - 2048 * 1000 - 1000
    assert set(SOME_NAMES) <= set(network.state_dict())


def test_a_full_size_picture_becomes_2048_numbers_whatever_its_colours(state: State) -> None:
    torch.manual_seed(0)
    face = FaceNetwork(ResNet50().train(), 224)
    grey = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        features = face(torch.cat([grey, torch.rand(1, 1, 64, 64)]))
        assert features.shape == (2, 2048)
        # Stored means and variances are used in training too, so that no case sees another.
        torch.testing.assert_close(face(grey.expand(1, 3, 64, 64)), features[:1], rtol=1e-4, atol=1e-4)


def test_pictures_are_normalised_as_published_weights_expect() -> None:
    class Eye(SmallResNet):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images

    mean = torch.tensor(MEAN).reshape(1, 3, 1, 1)
    assert not FaceNetwork(Eye(), 0)(mean.expand(1, 3, 4, 4)).any()
    one = FaceNetwork(Eye(), 0)(mean + torch.tensor(SD).reshape(1, 3, 1, 1))
    torch.testing.assert_close(one, torch.ones(1, 3, 1, 1))


@pytest.mark.parametrize("side", [16, 48, 64, 96])
def test_the_small_network_takes_pictures_of_any_size(side: int) -> None:
    torch.manual_seed(0)
    face = FaceNetwork(SmallResNet(), 0)
    pictures = torch.rand(3, 3, side, side)
    both = face(pictures)
    assert both.shape == (3, 128)
    torch.testing.assert_close(face(pictures[:1]), both[:1])
