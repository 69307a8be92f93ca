"""Unpacking a package, also over the folder that an annotator works in: her labels are never touched."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from app.annotation.pack_place import FILE, ITEMS, SCHEMES, PackError, PackHead, PackPlace


def unpack(source: Path, target: Path) -> PackPlace:
    """Unpack a zip into a folder: a new one, or her package, which gets what is new; raises PackError.

    An older zip, opened again, changes nothing in a package that has grown since.
    """
    if not target.exists():
        with _unzipped(source, target.parent) as folder:
            PackPlace(folder)
            folder.replace(target)
        return PackPlace(target)
    known = PackHead.read(target / FILE)
    with _unzipped(source, target.parent) as folder:
        head = PackHead.read(folder / FILE)
        if (head.study, head.annotator) != (known.study, known.annotator):
            raise PackError(f"{target}: is another package. Move it away, or unpack into another folder.")
        if head.edition >= known.edition and head != known:
            take_over(folder, target)
    return PackPlace(target)


def take_over(new: Path, target: Path) -> tuple[str, ...]:
    """Bring a newer package into an older one, labels untouched; return the items that are hers no more."""
    for name in (ITEMS, SCHEMES):
        (target / name).mkdir(exist_ok=True)
        for path in (new / name).iterdir():
            _replace(path, target / name / path.name)
    # What says what is there comes behind what is there, and before what goes.
    _replace(new / FILE, target / FILE)
    codes = {each.item.code for each in PackHead.read(target / FILE).items}
    gone = [path for path in (target / ITEMS).glob("*.h5") if path.stem not in codes]
    for path in gone:
        path.chmod(0o600)
        path.unlink()
    return tuple(sorted(path.stem for path in gone))


@contextmanager
def _unzipped(source: Path, beside: Path) -> Iterator[Path]:
    """Give the package in a zip, unpacked on the disk where it is to go."""
    try:
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=beside) as spare:
            with zipfile.ZipFile(source) as packed:
                top = _top(packed, source)
                for info in packed.infolist():
                    name = PurePosixPath(info.filename)
                    if not info.is_dir() and name.is_relative_to(top) and ".." not in name.parts:
                        path = Path(spare) / "pack" / Path(*name.relative_to(top).parts)
                        path.parent.mkdir(parents=True, exist_ok=True)
                        with packed.open(info) as content, path.open("wb") as file:
                            shutil.copyfileobj(content, file, 1 << 20)
            yield Path(spare) / "pack"
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackError(
            f"{source}: cannot be unpacked ({reason}). Put it into a folder of your own."
        ) from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise PackError(f"{source}: is damaged or no zip ({error}). Ask for it again.") from error


def _top(packed: zipfile.ZipFile, source: Path) -> PurePosixPath:
    tops = [PurePosixPath(name).parent for name in packed.namelist() if PurePosixPath(name).name == FILE]
    if not tops:
        raise PackError(f"{source}: holds no package (no {FILE} in it). Ask for it again.")
    return min(tops, key=lambda path: len(path.parts))


def _replace(path: Path, target: Path) -> None:
    if target.exists():
        target.chmod(0o600)
    path.replace(target)
