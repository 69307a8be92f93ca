"""MATLAB files, both kinds (version 5 and the HDF5 of version 7.3), as arrays and cells of arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from analysis.exchange.import_session import ImportFileError

HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_AT = 512
"""A file of version 7.3 has MATLAB's own head before that of HDF5."""
DEEPEST = 4
Found = TypeVar("Found")


def names_in(path: Path) -> tuple[str, ...]:
    """Return the names of a file's variables; raises ImportFileError, OSError."""
    return _guarded(path, lambda: _hdf5_names(path) if _is_hdf5(path) else _names(path))


def read_mat(path: Path, wanted: str = ".*") -> Mapping[str, Any]:
    """Return the variables whose names match the expression `wanted`.

    Numbers are arrays as MATLAB shows them, texts str, cells tuples in MATLAB's order; what is neither (a
    structure, a function, an object) is None. Raises ImportFileError, OSError.
    """
    names = [name for name in names_in(path) if re.fullmatch(wanted, name)]
    return _guarded(path, lambda: _hdf5(path, names) if _is_hdf5(path) else _classic(path, names))


def _guarded(path: Path, read: Callable[[], Found]) -> Found:
    try:
        return read()
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # Of a damaged file the readers raise whatever they stumble over, also what is their own mistake.
        raise ImportFileError(f"{path}: is not a sound MATLAB file. Download it again.") from error


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HDF5_AT + len(HDF5))
    return HDF5 in (head[: len(HDF5)], head[HDF5_AT:])


def _names(path: Path) -> tuple[str, ...]:
    from scipy.io import whosmat

    return tuple(name for name, _, _ in whosmat(str(path), appendmat=False))


def _classic(path: Path, names: list[str]) -> Mapping[str, Any]:
    from scipy.io import loadmat

    if not names:
        return {}
    found = loadmat(str(path), variable_names=names, appendmat=False, chars_as_strings=True)
    return {name: _plain(found[name], 0) for name in names if name in found}


def _plain(value: Any, depth: int) -> Any:
    if not isinstance(value, np.ndarray) or depth > DEEPEST:
        return None
    if value.dtype.kind in "biuf":
        return value
    if value.dtype.kind == "U":
        return "".join(value.ravel().tolist())
    if value.dtype == object and type(value) is np.ndarray:
        return tuple(_plain(each, depth + 1) for each in value.ravel(order="F").tolist())
    return None


def _hdf5_names(path: Path) -> tuple[str, ...]:
    import h5py

    with h5py.File(path, "r", locking="best-effort") as file:
        return tuple(name for name in file if not name.startswith("#"))


def _hdf5(path: Path, names: list[str]) -> Mapping[str, Any]:
    import h5py

    with h5py.File(path, "r", locking="best-effort") as file:
        # A link may lead out of the file: only what lies in it is read.
        own = [name for name in names if isinstance(file.get(name, getlink=True), h5py.HardLink)]
        return {name: _of_hdf5(file, file[name], 0) for name in own}


def _of_hdf5(file: Any, item: Any, depth: int) -> Any:
    import h5py

    if not isinstance(item, h5py.Dataset) or depth > DEEPEST or item.external:
        return None
    if h5py.check_ref_dtype(item.dtype) is h5py.Reference:
        # MATLAB counts along columns: the file's axes are the other way round.
        return tuple(
            _of_hdf5(file, file[each], depth + 1) if each else np.zeros((0, 0))
            for each in item[()].ravel().tolist()
        )
    if item.attrs.get("MATLAB_empty"):
        return np.zeros((0, 0))
    if item.dtype.kind not in "biuf":
        return None
    value = np.asarray(item[()]).T
    kind = item.attrs.get("MATLAB_class", b"")
    if kind in (b"char", "char"):
        return "".join(map(chr, value.ravel(order="F").tolist()))
    return value
