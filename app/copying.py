"""One file from here to there: verified by SHA-256, under its name only when whole, nothing overwritten."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from stimuli.problems import EvokeError

BLOCK_BYTES = 1024 * 1024
PARTIAL = ".copying"
"""Behind the name of a file whose copy is not whole yet."""


class CopyError(EvokeError):
    """A file could not be copied; under its name nothing was changed."""


class DiffersError(CopyError):
    """Another file of this name is there already."""


class NoSpaceError(CopyError):
    """The disk there is full."""


class UnreachableError(CopyError):
    """The place cannot be reached or written."""


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal, read from the disk where the system can do that."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        _forget_cached(file.fileno())
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def copy_verified(
    source: Path,
    target: Path,
    *,
    replaces: str = "",
    expected: str = "",
    keep_going: Callable[[], bool] = lambda: True,
) -> str:
    """Copy `source` to `target` and return its SHA-256; one that is there with the same content is enough.

    Written beside the target, put on the disk, read back and renamed. A target of other content is left
    as it is, unless its SHA-256 is `replaces`; with `expected` the source must have that SHA-256. Raises
    DiffersError, NoSpaceError, UnreachableError, and CopyError where the source changes meanwhile, what was
    read back differs, or `keep_going` says no.
    """
    partial = target.with_name(target.name + PARTIAL)
    before = source.stat()
    try:
        if target.exists():
            found, wanted = sha256_of(target), sha256_of(source)
            if found == wanted:
                return wanted
            if found != replaces:
                raise DiffersError(
                    f"{target}: differs from {source}, and nothing is ever overwritten. Look which of the two"
                    " is right and move the other away."
                )
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
        if free < before.st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sha256 = _write(source, partial, keep_going)
        if expected and sha256 != expected:
            raise CopyError(f"{source}: was changed or damaged since it was made. It is not copied.")
        after = source.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise CopyError(f"{source}: changed while it was copied. It is copied again at the next try.")
        if sha256_of(partial) != sha256:
            raise CopyError(f"{partial}: what was read back differs from {source}. Check the disk there.")
        if before.st_mode & 0o222 == 0:
            with contextlib.suppress(OSError):
                partial.chmod(0o444)
        if target.exists() and not replaces:
            raise DiffersError(f"{target}: has just appeared there. Nothing is ever overwritten.")
        partial.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        _remove(partial)
        raise _explained(error, source, target) from error
    except CopyError:
        _remove(partial)
        raise
    return sha256


def _write(source: Path, partial: Path, keep_going: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    _remove(partial)
    with source.open("rb") as reading, partial.open("xb") as writing:
        while block := reading.read(BLOCK_BYTES):
            if not keep_going():
                raise CopyError(f"{source}: is copied later, because a session is running.")
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _explained(error: OSError, source: Path, target: Path) -> CopyError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(f"{target.parent}: has no room for {source.name}. Free some space there.")
    reason = error.strerror or str(error)
    if error.filename is not None and str(error.filename) == str(source):
        return CopyError(f"{source}: cannot be read ({reason}). Mend its permissions.")
    return UnreachableError(f"{target.parent}: cannot be written ({reason}). Connect it, or choose another.")


def _remove(partial: Path) -> None:
    # Where even that fails the name says that it is not whole, and the next try begins it anew.
    with contextlib.suppress(OSError):
        partial.unlink(missing_ok=True)


def _forget_cached(descriptor: int) -> None:
    # Read back what the disk holds, not what memory remembers of it.
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
