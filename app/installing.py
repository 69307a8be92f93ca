"""Runs pip, tells how far it is, and turns its failure into one message. Standard library only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import IO

KEPT_LINES = 400
SHOWN_LINES = 12

_NO_CONNECTION = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Failed to establish a new connection"
    r"|Temporary failure in name resolution|getaddrinfo failed|Network is unreachable|ProxyError"
    r"|NameResolutionError|Connection refused|SSLError|CERTIFICATE_VERIFY_FAILED"
)
_NO_SPACE = re.compile(r"No space left on device|not enough space on the disk")
_NOT_FOUND = re.compile(r"No matching distribution found for (\S+)")
_PROGRESS = re.compile(r"^\s*Downloading (\S+?)-[\d.]+\S* \(([\d.]+ [kMG]B)\)")


def environment(downloads: Path) -> dict[str, str]:
    """Return the variables for pip: everything it needs on the way lies in `downloads`."""
    variables = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")
    }
    folder = str(downloads)
    return variables | {
        "TMPDIR": folder,
        "TEMP": folder,
        "TMP": folder,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_USER": "0",
        "PYTHONUNBUFFERED": "1",
    }


def install(
    python: Path,
    checkout: Path,
    extras: Collection[str],
    downloads: Path,
    lock: IO[str],
    say: Callable[[str], None],
) -> str | None:
    """Install `checkout` and `extras` for the interpreter `python`; return what went wrong, or None.

    pip shares `lock`: should this process be killed, the next start waits for pip to end.
    """
    wanted = f".[{','.join(extras)}]" if extras else "."
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--prefer-binary",
        "--progress-bar=off",
        "--editable",
        wanted,
    ]
    started = time.monotonic()
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    variables = environment(downloads)
    _make_sure_of_pip(python, variables)
    with subprocess.Popen(
        command,
        cwd=checkout,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if sys.platform == "win32" else (lock.fileno(),),
    ) as pip:
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                lines.append(line.rstrip())
                step = progress(line)
                if step is not None:
                    say(f"{time.monotonic() - started:4.0f} s  {step}")
        except BaseException:
            pip.terminate()
            raise
    return explain(lines, variables) if pip.returncode else None


def _make_sure_of_pip(python: Path, variables: Mapping[str, str]) -> None:
    """Put pip into an environment that was made without it."""
    known = subprocess.run(
        [python, "-m", "pip", "--version"], env=variables, capture_output=True, check=False
    )
    if known.returncode:
        subprocess.run([python, "-m", "ensurepip"], env=variables, capture_output=True, check=False)


def progress(line: str) -> str | None:
    """Return what a line of pip's output means to the user, None for most of them."""
    downloading = _PROGRESS.match(line)
    if downloading is not None:
        name, size = downloading.groups()
        return f"fetching {name.rsplit('/', 1)[-1]} ({size})" if size.endswith(("MB", "GB")) else None
    if line.startswith("Installing collected packages:"):
        return f"unpacking {line.count(',') + 1} packages"
    return None


def explain(lines: Sequence[str] | deque[str], variables: Mapping[str, str]) -> str:
    """Turn the last lines of a pip that failed into one message with its remedy."""
    text = "\n".join(lines)
    not_found = _NOT_FOUND.search(text)
    if _NO_SPACE.search(text):
        return "the disk is full. Free some space and start again."
    if _NO_CONNECTION.search(text):
        return (
            "the packages cannot be fetched: there is no connection to the package index. Connect this "
            "computer to the internet (behind a proxy set HTTPS_PROXY) and start again."
        )
    if not_found is not None:
        if variables.get("PIP_NO_INDEX", "0").lower() not in ("", "0", "false", "no"):
            return (
                "the packages cannot be fetched: PIP_NO_INDEX forbids the package index, and no folder of "
                f"PIP_FIND_LINKS holds {not_found.group(1)}. Unset the one or fill the other."
            )
        return (
            f"there is no package {not_found.group(1)} for this Python on this system. "
            "Start with a Python between 3.11 and 3.13, 64 bits."
        )
    tail = "\n".join(f"    {line}" for line in list(lines)[-SHOWN_LINES:])
    return f"pip could not install the packages. Its last lines:\n{tail}"
