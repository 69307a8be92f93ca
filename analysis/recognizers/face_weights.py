"""ResNet-50's weights from a file that the user names: .npz, .safetensors or .pth; nothing in it is run."""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from analysis.recognizers.face_network import ResNet50
from analysis.recognizers.recognizer import RecognizerError

HEADER_LIMIT = 100_000_000
TYPES: Mapping[str, str] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}
REMEDY = "Take ResNet-50's state as .npz, .safetensors or .pth, with torchvision's names."


def load_resnet(path: Path) -> ResNet50:
    """Return ResNet-50 with the weights of a file; raises RecognizerError with one clear message.

    The classifier's layer ("fc.") in the file is left out: its place is taken by BMMN's own.
    """
    found = read_state(path)
    network = ResNet50()
    wanted = network.state_dict()
    given = {name.removeprefix("module."): each for name, each in found.items()}
    missing = [name for name in wanted if name not in given and not name.endswith("num_batches_tracked")]
    if missing:
        raise RecognizerError(
            f"{path} is no ResNet-50: it lacks {len(missing)} of {len(wanted)} arrays, such as "
            f"{missing[0]}. {REMEDY}"
        )
    for name, each in wanted.items():
        if name in given and given[name].shape != each.shape:
            raise RecognizerError(
                f"{path} is no ResNet-50: {name} has shape {tuple(given[name].shape)}, not "
                f"{tuple(each.shape)}. {REMEDY}"
            )
    kept = {name: given.get(name, each).to(each.dtype) for name, each in wanted.items()}
    if not all(bool(torch.isfinite(each).all()) for each in kept.values()):
        raise RecognizerError(f"{path} holds weights that are no numbers. {REMEDY}")
    network.load_state_dict(kept)
    network.eval()
    return network


def read_state(path: Path) -> dict[str, Tensor]:
    """Return the arrays of a file by name; raises RecognizerError where it cannot be read."""
    readers = {".npz": _npz, ".safetensors": _safetensors, ".pth": _pth, ".pt": _pth}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RecognizerError(f"{path}: weights are no {path.suffix or 'file without suffix'}. {REMEDY}")
    try:
        return reader(path)
    except FileNotFoundError:
        raise RecognizerError(f"{path} is not there. {REMEDY}") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise RecognizerError(f"{path} cannot be read as weights: {_first_line(error)}. {REMEDY}") from error
    except (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError) as error:
        raise RecognizerError(f"{path} cannot be read as weights: {_first_line(error)}. {REMEDY}") from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0].rstrip(".") if text else type(error).__name__


def _npz(path: Path) -> dict[str, Tensor]:
    with np.load(path, allow_pickle=False) as file:
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it is one array, not several")
        return {name: torch.from_numpy(np.array(file[name])) for name in file.files}


def _safetensors(path: Path) -> dict[str, Tensor]:
    """Read 8 bytes length, a JSON header {name: {dtype, shape, data_offsets}}, then the numbers."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= HEADER_LIMIT:
            raise ValueError("it does not begin as such a file does")
        header = json.loads(file.read(length))
        data = file.read()
    if not isinstance(header, dict):
        raise ValueError("it does not begin as such a file does")
    return {name: _array(name, each, data) for name, each in header.items() if name != "__metadata__"}


def _array(name: str, said: Mapping[str, Any], data: bytes) -> Tensor:
    first, last = said["data_offsets"]
    shape = [int(each) for each in said["shape"]]
    if not 0 <= first <= last <= len(data):
        raise ValueError(f"{name} lies outside of the file; it was cut off")
    if said["dtype"] == "BF16":
        # The upper half of a float32: NumPy has no such type.
        halves = np.frombuffer(data[first:last], "<u2").astype(np.uint32) << 16
        return torch.from_numpy(halves.view(np.float32).reshape(shape))
    kind = TYPES.get(said["dtype"])
    if kind is None:
        raise ValueError(f"{name} is of type {said['dtype']}, which ResNet-50 does not have")
    return torch.from_numpy(np.frombuffer(data[first:last], kind).reshape(shape).copy())


def _pth(path: Path) -> dict[str, Tensor]:
    with warnings.catch_warnings():
        # What torch remarks on an odd file is followed by its error, which is told.
        warnings.simplefilter("ignore", UserWarning)
        found = torch.load(path, map_location="cpu", weights_only=True)
    state = found.get("state_dict", found) if isinstance(found, dict) else None
    if not isinstance(state, dict) or not all(isinstance(each, Tensor) for each in state.values()):
        raise ValueError("it holds no arrays by name")
    return dict(state)
