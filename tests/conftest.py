"""What every test stands on: LSL on this machine only, folders of its own, no process left behind."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

pytest_plugins = ("tests.helpers.display",)

TESTS = Path(__file__).resolve().parent
CHECKOUT = TESTS.parent
RUN_MARK = "EVOKE_TEST_RUN"
LEAK_PATIENCE_S = 3.0

# Any other reason to skip is a failure: a test that never runs anywhere proves nothing.
ALLOWED_SKIPS = (
    r"only on (Linux|Windows|macOS)",
    r"needs the shared recordings",
    r"needs Python \d+\.\d+ on this machine",
    r"needs a full-disk mount, which needs root",
)

# Rooms whose tests are about sessions under time and faults, most of the time waiting: never two of them at
# once, so that what they time is theirs. All others, one after the other, run beside them.
LIVE = (
    "app/devices/",
    "app/monitor/",
    "app/presenter/",
    "app/recorder/",
    "app/supervisor/",
    "faults/",
)

LSL_CONFIG = """
[ports]
IPv6=disable
PortRange=128
[multicast]
ResolveScope=machine
ListenAddress=127.0.0.1
[lab]
KnownPeers={127.0.0.1}
SessionID=%s
[log]
level=-2
"""


def _pin_lsl_to_this_machine(folder: Path) -> None:
    # liblsl reads its configuration once, when it is loaded: before any test imports pylsl.
    config = folder / "lsl_api.cfg"
    config.write_text(LSL_CONFIG % f"test-{uuid.uuid4().hex[:12]}", encoding="ascii")
    os.environ["LSLAPICFG"] = str(config)


_folder = Path(tempfile.mkdtemp(prefix="evoke-test-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
_pin_lsl_to_this_machine(_folder)
# Without one PulseAudio's library leaves a folder in /tmp for each process that lists sound devices.
os.environ.setdefault("XDG_RUNTIME_DIR", str(_folder))
os.environ[RUN_MARK] = uuid.uuid4().hex
# Children are started as `python -m app` from anywhere; they must find this checkout's rooms.
os.environ["PYTHONPATH"] = os.pathsep.join(
    dict.fromkeys([str(CHECKOUT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
)

hypothesis.settings.register_profile("evoke", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("evoke")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow`."""
    parser.addoption("--slow", action="store_true", help="run the slow tests too")


def lane(nodeid: str) -> str:
    """Name the group of tests that run one after the other in one process: the live ones, else a file's."""
    place = nodeid.partition("::")[0].removeprefix("tests/")
    return "live" if place.startswith(LIVE) else place


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests by lane. Not by pytest-xdist's marks: it loses them with pytest from 9.2 on."""
    from xdist.scheduler import LoadScopeScheduling

    class Lanes(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return lane(nodeid)

    return Lanes(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests out unless they were asked for, by option or by their own name."""
    named = any("::" in argument for argument in config.args)
    if config.getoption("--slow") or "slow" in config.option.markexpr or named:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for a reason that is not in `ALLOWED_SKIPS` into a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(re.search(allowed, reason) for allowed in ALLOWED_SKIPS):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: skipped for a reason that is not allowed: {reason}"
    return report


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test settings, caches and a home of its own; return the settings' folder."""
    folder = tmp_path_factory.mktemp("home")
    home = folder / "evoke"
    monkeypatch.setenv("EVOKE_HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(folder / name.lower()))
    return home


def _is_ours(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get(RUN_MARK) == os.environ[RUN_MARK]
    return False


def _started_since(before: set[int]) -> list[psutil.Process]:
    processes = []
    for pid in set(psutil.pids()) - before:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if _is_ours(process):
                processes.append(process)
    return processes


@pytest.fixture(autouse=True)
def no_process_left(own_folders: Path) -> Iterator[None]:
    """Fail the test that leaves a process running, orphans included, and end what it left."""
    before = set(psutil.pids())
    yield
    deadline = time.monotonic() + LEAK_PATIENCE_S
    while (left := _started_since(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if left:
        names = []
        for process in left:
            with contextlib.suppress(psutil.Error):
                names.append(f"{process.pid}: {' '.join(process.cmdline())}")
                process.kill()
        pytest.fail("left running: " + "; ".join(names))


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder of this checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_recordings() -> Path:
    """Return the folder of public recordings beside the checkout (`EVOKE_SHARED_DATA`), or skip."""
    named = os.environ.get("EVOKE_SHARED_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the shared recordings (EVOKE_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def tracked_files() -> tuple[Path, ...]:
    """Return every file that belongs to the checkout, as git sees it (or all, without git)."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=CHECKOUT,
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return tuple(
            path
            for path in CHECKOUT.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(CHECKOUT).parts)
        )
    paths = (CHECKOUT / name for name in listed.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())
