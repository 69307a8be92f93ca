"""The command line: what it accepts, whom it hands over to, and what it says when something fails."""

from __future__ import annotations

import argparse
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli, distributions, system
from app.commands.open import open_study
from stimuli.problems import EvokeError

Namespace = argparse.Namespace


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[Namespace]:
    """Collect the options of commands in place of running them."""
    collected: list[Namespace] = []

    def load(target: str) -> object:
        def run(options: Namespace) -> int:
            collected.append(options)
            return 0

        return run

    monkeypatch.setattr(cli, "_load", load)
    return collected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {"command": "open", "study": None}),
        ("open lab", {"command": "open", "study": Path("lab")}),
        ("demo --headless --out d --json", {"headless": True, "out": Path("d"), "json": True}),
        (
            "run demo --study s --participant p7 --session 2 --auto --seed 3 --accept dim",
            {"protocol": "demo", "participant": "p7", "session": 2, "auto": True, "accept": "dim"},
        ),
        ("run demo --study s --participant p7 --attached", {"attached": True, "session": None, "accept": ""}),
        (
            "record --out f.h5 --stream EEG --stream type=EDA --camera 0 --mic usb --seconds 2.5",
            {"stream": ["EEG", "type=EDA"], "camera": ["0"], "mic": "usb", "seconds": 2.5},
        ),
        ("bridge brainflow --board 2 --param serial_port=COM3", {"kind": "brainflow", "board": "2"}),
        ("devices --json", {"json": True}),
        ("check demo", {"command": "check", "target": "demo"}),
        ("info f.h5 --json", {"session": Path("f.h5"), "json": True}),
        ("recover study --json", {"path": Path("study"), "json": True}),
        ("diagnose --session a --session b", {"session": [Path("a"), Path("b")], "out": None}),
        ("bench kills --count 9 --json", {"name": "kills", "rest": ["--count", "9", "--json"]}),
        ("bench --list", {"list": True, "name": None}),
    ],
)
def test_commands_and_their_options(
    handed_over: list[Namespace], line: str, expected: dict[str, object]
) -> None:
    assert cli.main(line.split()) == 0
    (options,) = handed_over
    assert {name: getattr(options, name) for name in expected} == expected


@pytest.mark.parametrize(
    "line",
    [
        "dance",
        "info",
        "run demo --study s",
        "record",
        "bridge teapot",
        "run demo --study s --participant",
        "-x",
    ],
)
def test_a_usage_error_is_status_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert "usage: evoke" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (EvokeError("p.yaml:3: no such stage."), 1, "evoke: p.yaml:3: no such stage.\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ImportError("libEGL.so.1: cannot open shared object file: No such file or directory"),
            1,
            "apt install",
        ),
        (ModuleNotFoundError("No module named 'h5py'", name="h5py"), 1, "package h5py is missing"),
    ],
)
def test_errors_become_one_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    def fail(options: Namespace) -> int:
        raise error

    monkeypatch.setattr(cli, "_load", lambda target: fail)
    assert cli.main(["devices"]) == status
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == bool(said)
    assert captured.out == ""


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: Namespace) -> int:
        raise ModuleNotFoundError("No module named 'app.attic'", name="app.attic")

    monkeypatch.setattr(cli, "_load", lambda target: fail)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["devices"])


@pytest.mark.parametrize("role", cli.CHILDREN)
def test_processes_of_a_session_get_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, role: str
) -> None:
    calls: list[tuple[object, ...]] = []

    def child(*given: object) -> int:
        calls.append(given)
        return 0

    monkeypatch.setattr(cli, "_load", lambda target: child)
    device = ["--device", "eeg"] if role in cli.CHILDREN_WITH_DEVICE else []
    assert cli.main([role, "--live", str(tmp_path), *device]) == 0
    assert calls == [(tmp_path, *device[1:])]


@pytest.mark.parametrize("target", [command.target for command in cli.COMMANDS])
def test_every_command_has_its_function(target: str) -> None:
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    assert len(inspect.signature(function).parameters) == 1


@pytest.mark.parametrize("role", cli.CHILDREN)
def test_every_process_has_its_function(role: str) -> None:
    module, _, name = cli.CHILDREN[role].partition(":")
    function = getattr(importlib.import_module(module), name)
    given = ["live", "device"] if role in cli.CHILDREN_WITH_DEVICE else ["live"]
    inspect.signature(function).bind(*given)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_needs_the_standard_library_alone(checkout: Path, arguments: list[str]) -> None:
    # -S leaves out every installed package.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "app", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "evoke" in done.stdout
    assert (distributions.version() in done.stdout) == (arguments == ["--version"])


def test_a_reader_that_leaves_early_is_no_error(checkout: Path) -> None:
    program = (
        "import sys\nfrom app import cli\n"
        "def flood(options):\n    print('line\\n' * 100_000)\n    return 0\n"
        "cli._load = lambda target: flood\nsys.exit(cli.main(['devices']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as flooding:
        assert flooding.stdout is not None
        assert flooding.stderr is not None
        flooding.stdout.readline()
        flooding.stdout.close()
        assert flooding.stderr.read() == b""


@pytest.mark.parametrize(
    ("version", "clauses", "fits"),
    [
        ("6.11.3", ">=6.8,<6.12,!=6.11.0,!=6.11.1", True),
        ("6.11.1", ">=6.8,<6.12,!=6.11.0,!=6.11.1", False),
        ("6.12", ">=6.8,<6.12", False),
        ("2.13.0+cpu", "==2.13.0", True),
        ("2.13", "==2.13.0", True),
        ("0.5.6", ">=0.5", True),
        ("1.0", "", True),
    ],
)
def test_versions_are_compared_as_pip_does(version: str, clauses: str, fits: bool) -> None:
    assert distributions.fits(version, clauses) is fits


def test_a_missing_and_an_old_package_are_named(tmp_path: Path) -> None:
    old = tmp_path / "calm-1.1.dist-info"
    old.mkdir()
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: calm\nVersion: 1.1\n")
    torn = tmp_path / "torn-1.0.dist-info"
    torn.mkdir()
    asked = ("calm>=1.1", "calm>=1.2", "absent", "torn")
    assert distributions.lacking(asked, [tmp_path]) == ("calm>=1.2", "absent", "torn")


def test_a_torn_package_is_absent_also_to_the_reader_that_another_package_brings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Torn:
        @property
        def metadata(self) -> dict[str, str]:
            raise FileNotFoundError("No package metadata was found.")

    monkeypatch.setattr("importlib.metadata.distributions", lambda name: [Torn()])
    assert distributions.lacking(("torn",)) == ("torn",)


def test_open_refuses_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "explain_window", lambda: None)
    with pytest.raises(EvokeError, match="no such folder"):
        open_study(Namespace(study=tmp_path / "nowhere"))
