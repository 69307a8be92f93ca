"""Opening a package: its folder, or its zip, which is unpacked beside itself."""

from __future__ import annotations

from pathlib import Path

from app.annotation.pack_place import FILE, PackPlace
from app.annotation.unpacking import unpack


def open_package(path: Path) -> PackPlace:
    """Open a package by its folder, the pack.json in it, or its zip; raises PackError.

    A zip is unpacked into a folder of its name beside it. Where that is there already it gets what is new
    in the zip, and nothing that was labelled in it is lost.
    """
    if path.suffix.lower() == ".zip":
        return unpack(path, path.with_suffix(""))
    return PackPlace(path.parent if path.name == FILE else path)
