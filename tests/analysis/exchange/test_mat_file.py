"""MATLAB files of both kinds say the same; what is broken or no file of MATLAB is one clear message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from analysis.exchange.import_session import ImportFileError
from analysis.exchange.mat_file import names_in, read_mat

TABLE = np.arange(12.0).reshape(3, 4)
CELLS: tuple[Any, ...] = (np.arange(6.0).reshape(2, 3), np.zeros((0, 0)), "N1")


def cells() -> Any:
    made = np.empty((1, len(CELLS)), object)
    for place, each in enumerate(CELLS):
        made[0, place] = each
    return made


def classic(path: Path) -> Path:
    savemat(path, {"data": TABLE, "cells": cells(), "name": "caf\xe9", "structure": {"a": 1}})
    return path


def version_73(path: Path) -> Path:
    """Write what MATLAB -v7.3 writes: axes turned round, cells as references, texts as numbers."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file["data"] = TABLE.T
        file["data"].attrs["MATLAB_class"] = np.bytes_("double")
        inside = file.create_group("#refs#")
        references = np.empty((len(CELLS), 1), h5py.ref_dtype)
        for place, each in enumerate(CELLS):
            if isinstance(each, str):
                inside[f"c{place}"] = np.array([[ord(sign)] for sign in each], np.uint16)
                inside[f"c{place}"].attrs["MATLAB_class"] = np.bytes_("char")
            elif each.size:
                inside[f"c{place}"] = each.T
            else:
                inside[f"c{place}"] = np.zeros(2, np.uint64)
                inside[f"c{place}"].attrs["MATLAB_empty"] = np.uint8(1)
            references[place, 0] = inside[f"c{place}"].ref
        file.create_dataset("cells", data=references, dtype=h5py.ref_dtype)
        file["name"] = np.array([[ord(sign)] for sign in "caf\xe9"], np.uint16)
        file["name"].attrs["MATLAB_class"] = np.bytes_("char")
        file.create_group("structure")["a"] = np.ones((1, 1))
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as written:
        written.write(head)
    return path


@pytest.fixture(params=[classic, version_73])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made: Path = request.param(tmp_path / "x.mat")
    return made


def test_both_kinds_say_the_same(file: Path) -> None:
    assert sorted(names_in(file)) == ["cells", "data", "name", "structure"]
    found = read_mat(file)
    assert np.array_equal(found["data"], TABLE)
    assert found["name"] == "caf\xe9"
    assert found["structure"] is None
    first, empty, text = found["cells"]
    assert np.array_equal(first, CELLS[0])
    assert empty.size == 0
    assert text == "N1"


def test_only_what_is_wanted_is_read(file: Path) -> None:
    assert set(read_mat(file, "da.*")) == {"data"}
    assert read_mat(file, "nothing") == {}


def test_a_link_out_of_the_file_is_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["data"] = TABLE
    with h5py.File(tmp_path / "x.mat", "w") as file:
        file["data"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/data")
    (tmp_path / "raw.bin").write_bytes(bytes(80))
    with h5py.File(tmp_path / "y.mat", "w") as file:
        raw = [(str(tmp_path / "raw.bin"), 0, 80)]
        file.create_dataset("data", (10,), "f8", external=raw)
    assert read_mat(tmp_path / "x.mat") == {}
    assert read_mat(tmp_path / "y.mat") == {"data": None}


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(40), bytes(600)])
def test_what_is_no_file_of_matlab_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s01.mat"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=r"s01\.mat: is not a sound MATLAB file"):
        read_mat(path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged-mat"
    folder.mkdir(exist_ok=True)
    path = classic(folder / "x.mat")
    content = bytearray(path.read_bytes())
    for _ in range(3):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        read_mat(path)
    except ImportFileError as error:
        assert "x.mat" in str(error)
