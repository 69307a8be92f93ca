"""What decides numbers besides data and settings: our own sources, packages, machine."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "joblib", "h5py", "opencv-python", "statsmodels")


@cache
def code_sha256() -> str:
    """Return the SHA-256 of the sources of the package `analysis`, names and contents."""
    room = Path(__file__).resolve().parent.parent
    digest = sha256()
    for path in sorted(room.rglob("*.py")):
        digest.update(path.relative_to(room).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python and the packages that compute; those not installed are left out."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str]:
    """Return what the computer is, without its name."""
    return {"system": platform.system(), "release": platform.release(), "machine": platform.machine()}
