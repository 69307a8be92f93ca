"""Inputs of a batch as plain arrays on the disk: every worker maps them, nothing is copied to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Input, Looked
from analysis.evaluation.files import read_json, sync_folder, write_json

_ARRAYS = ("values", "lengths", "present")
LOOKED = "looked"


def write_inputs(folder: Path, inputs: Mapping[str, Input]) -> None:
    """Write inputs into a new folder; its table is written last."""
    folder.mkdir(parents=True)
    table = []
    for number, (name, each) in enumerate(inputs.items()):
        for part in _ARRAYS:
            _write(folder / f"{number:02d}-{part}.npy", getattr(each, part))
        row: dict[str, Any] = {"name": name, "names": list(each.names), "rate_hz": each.rate_hz}
        if each.looked is not None:
            _write(folder / f"{number:02d}-{LOOKED}.npy", each.looked.spans)
            row[LOOKED] = {"filtered_s": each.looked.filtered_s, "whole": each.looked.whole}
        table.append(row)
    write_json(folder / "inputs.json", table)
    sync_folder(folder)


def _write(path: Path, values: NDArray[Any]) -> None:
    """Write an array; one that lies whole in another run's folder is linked where the disk can."""
    source = getattr(values, "filename", None)
    if isinstance(values, np.memmap) and source is not None and values.flags.c_contiguous:
        whole = np.load(source, mmap_mode="r", allow_pickle=False)
        if whole.shape == values.shape and whole.dtype == values.dtype:
            with suppress(OSError):
                os.link(source, path)
                return
    np.save(path, values, allow_pickle=False)


def read_inputs(folder: Path) -> dict[str, Input] | None:
    """Return the inputs, their values mapped and read-only; None where there are none."""
    try:
        table = read_json(folder / "inputs.json")
    except FileNotFoundError:
        return None
    found = {}
    for number, each in enumerate(table):
        values, lengths, present = (
            np.load(
                folder / f"{number:02d}-{part}.npy",
                mmap_mode="r" if part == "values" else None,
                allow_pickle=False,
            )
            for part in _ARRAYS
        )
        looked = None
        # Runs that were made before inputs knew it have none.
        if LOOKED in each:
            spans = np.load(folder / f"{number:02d}-{LOOKED}.npy", allow_pickle=False)
            looked = Looked(spans, **each[LOOKED])
        found[each["name"]] = Input(values, lengths, present, tuple(each["names"]), each["rate_hz"], looked)
    return found
