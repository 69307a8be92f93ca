"""The checkout's own environment, `.venv`: whether it is whole, and how it is made.

Standard library only. What is half made carries a mark and is thrown away by the next start; what is
whole carries a stamp. Nothing is written outside of the checkout.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, NoReturn

from app import installing, system

# Measured on Linux: size on the disk, and of the files that are fetched for it.
SIZES_MB = {"": 950, "analysis": 1100, "test": 150}
DOWNLOADS_MB = {"": 330, "analysis": 260, "test": 40}


class BootstrapError(Exception):
    """The environment cannot be made; the text is the one clear message with its remedy."""


def say(text: str) -> None:
    """Tell the user; standard output belongs to the command."""
    print(f"evoke: {text}", file=sys.stderr, flush=True)


class Environment:
    """The folder `.venv` of a checkout."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.project = checkout / "pyproject.toml"
        self.folder = checkout / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        self._stamp = self.folder / "evoke-stamp.json"
        self._unfinished = self.folder / "evoke-unfinished"

    @property
    def is_running(self) -> bool:
        """Whether this process runs inside of it."""
        return Path(sys.prefix).resolve() == self.folder

    def is_stamped(self, extras: Collection[str] = ()) -> bool:
        """Whether it is whole, holds `extras`, and fits this checkout and its own interpreter."""
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
            return bool(stamp["identity"] == self._identity()) and set(extras) <= set(stamp["extras"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def is_met_here(self, extras: Collection[str] = ()) -> bool:
        """Whether the running interpreter has every package, so that nothing need be made."""
        from app import distributions

        return not distributions.lacking(distributions.required(self.project, extras))

    def is_whole(self, extras: Collection[str] = ()) -> bool:
        """Whether it has every package, also where it was made by hand or for an older checkout."""
        if self.is_stamped(extras):
            return True
        folders = (*self.folder.glob("lib/python*/site-packages"), *self.folder.glob("Lib/site-packages"))
        if self._unfinished.exists() or not folders or not self._works():
            return False
        from app import distributions

        if distributions.lacking(distributions.required(self.project, extras), folders):
            return False
        with contextlib.suppress(OSError):
            self._put_stamp(extras)
        return True

    def make(self, extras: Collection[str]) -> None:
        """Make it, or install what it lacks; raises BootstrapError and then leaves nothing half made."""
        self._refuse_what_cannot_work()
        with self._locked() as lock:
            if not self.is_whole(extras):
                self._make(extras, lock)

    def _works(self) -> bool:
        """Whether its interpreter runs and is still of the version that the packages were made for."""
        question = "import sys; print('python%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run(
                [self.python, "-I", "-c", question], capture_output=True, text=True, timeout=30, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return sys.platform == "win32" or (self.folder / "lib" / answer.stdout.strip()).is_dir()

    def _identity(self) -> str:
        """Return a fingerprint of all that the stamp vouches for; raises OSError without interpreter."""
        interpreter = self.python.resolve(strict=True)
        status = interpreter.stat()
        parts = (str(self.folder), str(interpreter), status.st_size, status.st_mtime_ns)
        return hashlib.sha256(json.dumps(parts).encode() + self.project.read_bytes()).hexdigest()

    def _put_stamp(self, extras: Collection[str]) -> None:
        stamp = {"identity": self._identity(), "extras": sorted(extras)}
        self._stamp.write_text(json.dumps(stamp), encoding="utf-8")

    def _refuse_what_cannot_work(self) -> None:
        try:
            with tempfile.TemporaryFile(dir=self.checkout):
                pass
        except OSError as error:
            raise BootstrapError(
                f"cannot write into {self.checkout} ({error.strerror}), where the environment .venv is made. "
                "Copy the folder to a place where you may write, and start again there."
            ) from error
        if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
            raise BootstrapError(
                "this Python cannot make environments, its part 'venv' is not installed. "
                f"On Debian and Ubuntu: {system.apt_line('ensurepip')}"
            )

    def _make(self, extras: Collection[str], lock: IO[str]) -> None:
        mends = not self._unfinished.exists() and self._works()
        if mends:
            say(f"{self.folder} lacks packages that this version needs; installing them.")
        else:
            self._announce(extras)
        started = time.monotonic()
        try:
            with _ended_by_sigterm():
                if not mends:
                    self._make_empty()
                self._install(extras, lock)
                self._put_stamp(extras)
        except BaseException:
            # One that worked before still does: pip replaces package by package.
            if not mends:
                shutil.rmtree(self.folder, ignore_errors=True)
                say("removed what was half made.")
            raise
        self._unfinished.unlink(missing_ok=True)
        say(f"the environment is ready after {time.monotonic() - started:.0f} s.")

    def _announce(self, extras: Collection[str]) -> None:
        disk_mb = SIZES_MB[""] + sum(SIZES_MB[extra] for extra in extras)
        download_mb = DOWNLOADS_MB[""] + sum(DOWNLOADS_MB[extra] for extra in extras)
        free_mb = shutil.disk_usage(self.checkout).free // 1_000_000
        if free_mb < disk_mb + download_mb:
            raise BootstrapError(
                f"the disk of {self.checkout} has {free_mb} MB left, and making the environment takes "
                f"{disk_mb + download_mb} MB. Free some space and start again (without the recognizers' "
                f"packages, by --acquisition-only, {SIZES_MB[''] + DOWNLOADS_MB['']} MB are enough)."
            )
        say(
            f"first start: making the environment {self.folder}, about {disk_mb / 1000:.1f} GB on the disk "
            f"and {download_mb} MB to fetch, in one to five minutes. Later starts take none of it."
        )

    def _make_empty(self) -> None:
        if self.folder.is_symlink() or self.folder.is_file():
            raise BootstrapError(f"{self.folder} is not a folder of its own. Move it away and start again.")
        if self.folder.exists():
            say(f"{self.folder} is broken or half made; making it anew.")
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        self._unfinished.touch()
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(self.folder)], capture_output=True, text=True, check=False
        )
        if made.returncode:
            said = (made.stdout + made.stderr).strip()
            if "ensurepip" in said:
                said = f"its part 'venv' is damaged. On Debian and Ubuntu: {system.apt_line('ensurepip')}"
            raise BootstrapError(f"this Python cannot make environments: {said}")

    def _install(self, extras: Collection[str], lock: IO[str]) -> None:
        downloads = self.folder / "evoke-downloads"
        downloads.mkdir(exist_ok=True)
        try:
            problem = installing.install(self.python, self.checkout, extras, downloads, lock, say)
        finally:
            shutil.rmtree(downloads, ignore_errors=True)
        if problem is not None:
            raise BootstrapError(problem)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[IO[str]]:
        """Let one start at a time make it; the others wait and then find it whole."""
        path = self.checkout / ".venv.lock"
        lock = _lock(path)
        try:
            yield lock
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
            lock.close()


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block by an exception, so that it cleans up behind itself."""

    def end(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock(path: Path) -> IO[str]:
    waiting = False
    while True:
        file = path.open("a", encoding="utf-8")
        if _try_lock(file):
            # The owner before us removed the file: what we hold is then nobody else's lock.
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
        file.close()
        if not waiting:
            say("another start is making the environment; waiting for it.")
            waiting = True
        time.sleep(0.2)
