"""Fitted numbers on disk: NAME.npz with the arrays, NAME.json with what they are. Nothing in them is run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.recognizers.recognizer import RecognizerError

if TYPE_CHECKING:
    from torch import nn

FORMAT = "evoke-weights"
VERSION = 1

Arrays = Mapping[str, NDArray[Any]]


def save_arrays(folder: Path, name: str, arrays: Arrays, facts: Mapping[str, Any] | None = None) -> None:
    """Write arrays and JSON-ready facts as NAME.npz and NAME.json into `folder`, made if it is not there.

    Raises RecognizerError for an array of Python objects, which could be read back as code only, and for a
    file that is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for key, each in arrays.items():
        if each.dtype.hasobject:
            raise RecognizerError(f"{name}: '{key}' holds no plain numbers and cannot be saved.")
    named: Any = dict(arrays)
    with _new(folder / f"{name}.npz", "xb") as file:
        np.savez(file, **named)
    shapes = {key: [str(each.dtype), *each.shape] for key, each in arrays.items()}
    said = {"format": FORMAT, "version": VERSION, "arrays": shapes, "facts": dict(facts or {})}
    with _new(folder / f"{name}.json", "xb") as file:
        file.write(json.dumps(said, indent=1).encode())


def _new(path: Path, mode: str) -> Any:
    try:
        return path.open(mode)
    except FileExistsError:
        raise RecognizerError(f"{path} is there already; a model is saved into a new folder.") from None


def load_arrays(folder: Path, name: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return what `save_arrays` wrote, arrays and facts; raises RecognizerError where it is not that."""
    path = words = folder / f"{name}.json"
    try:
        said = json.loads(words.read_text(encoding="utf-8"))
        path = folder / f"{name}.npz"
        # Opened here: numpy leaves a file open that it cannot read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {key: held[key] for key in held.files}
    except FileNotFoundError as error:
        raise RecognizerError(f"{error.filename} is missing: this is no saved model.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RecognizerError(f"{path} cannot be read: {error}. Save the model again.") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT or said.get("version") != VERSION:
        raise RecognizerError(f"{words} is no {FORMAT} file of version {VERSION}.")
    found = {key: [str(each.dtype), *each.shape] for key, each in arrays.items()}
    if found != said.get("arrays"):
        raise RecognizerError(f"{path} does not hold what {name}.json says: one of them was changed.")
    facts: dict[str, Any] = said.get("facts", {})
    return arrays, facts


def save_module(
    folder: Path, module: nn.Module, facts: Mapping[str, Any] | None = None, name: str = "weights"
) -> None:
    """Write a network's parameters and buffers; `facts` are what is needed to build it again."""
    arrays = {key: each.detach().cpu().numpy() for key, each in module.state_dict().items()}
    save_arrays(folder, name, arrays, facts)


def load_module(folder: Path, module: nn.Module, name: str = "weights") -> dict[str, Any]:
    """Fill a network with what `save_module` wrote and return the facts.

    The network is built before, from the facts (`load_arrays(folder, name)[1]`). Raises RecognizerError
    where names or shapes differ.
    """
    import torch

    arrays, facts = load_arrays(folder, name)
    wanted = module.state_dict()
    missing, extra = sorted(set(wanted) - set(arrays)), sorted(set(arrays) - set(wanted))
    if missing or extra:
        raise RecognizerError(
            f"{folder / name}.npz is of another network: "
            + "; ".join(filter(None, (_listed("it lacks", missing), _listed("it has besides", extra))))
            + "."
        )
    for key, each in wanted.items():
        if tuple(each.shape) != arrays[key].shape:
            raise RecognizerError(
                f"{folder / name}.npz is of another network: {key} has shape {arrays[key].shape}, "
                f"not {tuple(each.shape)}."
            )
    module.load_state_dict({key: torch.from_numpy(np.array(each)) for key, each in arrays.items()})
    module.eval()
    return facts


def _listed(words: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{words} {', '.join(names[:3])}{more}"
