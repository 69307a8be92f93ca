"""`python3 -m app` on a bare Python: real environments, made offline from packages of our own."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import bootstrap
from app.environment import BootstrapError, Environment
from tests.helpers.checkouts import SmallCheckout, make_wheel

ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="only on Linux or macOS")


@pytest.fixture
def checkout(tmp_path: Path) -> SmallCheckout:
    """Return a small checkout that was never started."""
    return SmallCheckout.make(tmp_path / "evoke")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> SmallCheckout:
    """Return a small checkout after its first start; tests leave it whole."""
    made = SmallCheckout.make(tmp_path_factory.mktemp("started") / "evoke")
    assert made.start("--acquisition-only", "info").returncode == 0
    return made


def test_the_first_start_makes_the_environment_and_runs_inside_it(checkout: SmallCheckout) -> None:
    first = checkout.start("info", "a file", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["prefix"] == str(checkout.environment)
    assert json.loads(first.stdout)["arguments"] == ["info", "a file", "--json"]
    assert "first start: making the environment" in first.stderr
    assert "GB on the disk" in first.stderr
    assert "minutes" in first.stderr
    assert checkout.leftovers() == []

    second = checkout.start("info")
    assert (second.returncode, second.stderr) == (0, "")
    assert json.loads(second.stdout)["prefix"] == str(checkout.environment)


def test_the_status_of_the_command_is_the_status_of_the_start(started: SmallCheckout) -> None:
    assert started.start("info", "--fail").returncode == 7


def test_an_interpreter_that_has_everything_makes_nothing(
    checkout: SmallCheckout, started: SmallCheckout
) -> None:
    result = checkout.start("info", python=started.python)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["prefix"] == str(started.environment)
    assert not checkout.environment.exists()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["demo", "--help"]])
def test_help_and_version_need_nothing(checkout: SmallCheckout, arguments: list[str]) -> None:
    result = checkout.start(*arguments)
    assert json.loads(result.stdout)["arguments"] == arguments
    assert not checkout.environment.exists()


def test_no_network_is_one_message_and_leaves_nothing(checkout: SmallCheckout) -> None:
    # Nobody listens on the discard port: the connection is refused at once.
    closed = {
        "PIP_NO_INDEX": "0",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "1",
    }
    result = checkout.start("info", variables=closed)
    assert result.returncode == 1
    assert "no connection to the package index" in result.stderr
    assert "Traceback" not in result.stderr
    assert not checkout.environment.exists()
    assert checkout.leftovers() == []


@ONLY_POSIX
def test_a_read_only_folder_is_one_message(checkout: SmallCheckout) -> None:
    for cache in checkout.root.rglob("__pycache__"):
        shutil.rmtree(cache)
    checkout.root.chmod(0o555)
    # Root may write anywhere unless it gives that power away.
    powerless = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    try:
        result = checkout.start("info", prefix=powerless)
    finally:
        checkout.root.chmod(0o755)
    assert result.returncode == 1
    assert f"cannot write into {checkout.root}" in result.stderr
    assert "Copy the folder" in result.stderr


def _lose_interpreter(environment: Path) -> None:
    for name in ("python", "python3"):
        (environment / "bin" / name).unlink()
        (environment / "bin" / name).symlink_to("/nowhere/python3")


def _leave_half_installed(environment: Path) -> None:
    (environment / "evoke-stamp.json").unlink()
    (environment / "evoke-unfinished").touch()


def _empty(environment: Path) -> None:
    shutil.rmtree(environment)
    environment.mkdir()


@ONLY_POSIX
@pytest.mark.slow
def test_a_broken_environment_is_made_anew(checkout: SmallCheckout) -> None:
    assert checkout.start("info").returncode == 0
    for damage in (_lose_interpreter, _leave_half_installed, _empty):
        damage(checkout.environment)
        result = checkout.start("info")
        assert result.returncode == 0, result.stderr
        assert "broken or half made; making it anew" in result.stderr
        assert checkout.start("info").stderr == ""


@pytest.mark.slow
def test_what_a_newer_version_asks_for_is_added_and_a_failed_addition_does_no_harm(
    checkout: SmallCheckout,
) -> None:
    assert checkout.start("info").returncode == 0
    checkout.require("calm>=1.3")
    failed = checkout.start("info")
    assert failed.returncode == 1
    assert "PIP_NO_INDEX" in failed.stderr
    assert "calm>=1.3" in failed.stderr
    assert checkout.environment.exists()

    make_wheel(checkout.root.parent / "wheels", "calm", "1.3")
    added = checkout.start("info")
    assert added.returncode == 0, added.stderr
    assert "lacks packages that this version needs" in added.stderr
    assert checkout.start("info").stderr == ""


@ONLY_POSIX
def test_two_first_starts_at_once_make_one_environment(checkout: SmallCheckout) -> None:
    starts = [
        subprocess.Popen(
            checkout.command("info"),
            cwd=checkout.root,
            env=checkout.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [start.communicate(timeout=120)[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    assert sum("first start" in text for text in said) == 1
    assert sum("waiting for it" in text for text in said) == 1
    assert checkout.leftovers() == []


@ONLY_POSIX
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_start_that_is_ended_while_it_installs_does_no_harm(
    checkout: SmallCheckout, how: signal.Signals
) -> None:
    start = subprocess.Popen(
        checkout.command("info"), cwd=checkout.root, env=checkout.variables, stderr=subprocess.DEVNULL
    )
    while not (checkout.environment / "evoke-downloads").exists():
        assert start.poll() is None
        time.sleep(0.01)
    start.send_signal(how)
    status = start.wait(60)
    assert status != 0
    assert checkout.environment.exists() == (how == signal.SIGKILL)
    again = checkout.start("info")
    assert again.returncode == 0, again.stderr
    assert checkout.leftovers() == []


def test_a_stranger_among_the_rooms_is_named(checkout: SmallCheckout, tmp_path: Path) -> None:
    (checkout.root / "analysis" / "__init__.py").unlink()
    (checkout.root / "analysis").rmdir()
    strangers = tmp_path / "strangers"
    (strangers / "analysis").mkdir(parents=True)
    (strangers / "analysis" / "__init__.py").touch()
    info = strangers / "lab_analysis-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-analysis\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("analysis\n")
    result = checkout.start("info", variables={"PYTHONPATH": str(strangers)})
    assert result.returncode == 1
    assert f"'analysis' is taken from {strangers / 'analysis'}" in result.stderr
    assert "package lab-analysis" in result.stderr


def test_a_missing_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bootstrap.intruder() is None
    assert "'attic' is missing" in str(bootstrap.intruder((*bootstrap.ROOMS, "attic")))


def test_without_pythons_venv_the_message_gives_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BootstrapError, match="apt install python3-venv"):
        Environment(tmp_path).make(())


def test_a_full_disk_is_found_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 10**12, 10**8))
    with pytest.raises(BootstrapError, match="has 100 MB left"):
        Environment(tmp_path).make(())
    assert list(tmp_path.iterdir()) == []


def test_old_pythons_can_read_the_first_file_and_are_told() -> None:
    source = (bootstrap.CHECKOUT / "app" / "__main__.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 4))
    for version in range(6, 11):
        old = shutil.which(f"python3.{version}")
        if old is None or subprocess.run([old, "--version"], capture_output=True, check=False).returncode:
            continue
        result = subprocess.run(
            [old, "-m", "app", "demo"], cwd=bootstrap.CHECKOUT, capture_output=True, text=True, check=False
        )
        assert result.returncode == 1
        assert "needs Python 3.11 or later, this is Python 3." in result.stderr
        assert "Traceback" not in result.stderr
