"""The rules that keep the house in order, checked on every file that belongs to it."""

from __future__ import annotations

import ast
import os
import re
import statistics
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from app.bootstrap import ROOMS
from app.cli import COMMANDS

TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", *ROOMS, "tests"}
LONGEST_FILE, LONGEST_MEDIAN = 600, 150
TEXT_SUFFIXES = {".py", ".toml", ".md", ".yaml", ".json", ".csv", ".txt", ".svg", ".html", ".qss", ""}

# Written in pieces, so that this file does not break the rule itself.
MACHINE_PLACES = re.compile(r"(?<![\w.~<>*])/(?:ho" r"me|ro" r"ot|wo" r"rk|op" r"t|Us" r"ers)/\w")
REGISTRY = re.compile(r"https?://[\w.]*(?:py" r"pi\.|pyth" r"onhosted|conda\.(?:io|org)|npm" r"js)")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def run_tool(checkout: Path, *arguments: str) -> None:
    """Run a tool of this environment on the checkout; its complaint is the failure."""
    # The tools' own reports colour and wrap by the terminal.
    variables = os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "160"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def sources(tracked_files: tuple[Path, ...]) -> list[Path]:
    """Return the Python files of the house."""
    return [path for path in tracked_files if path.suffix == ".py"]


def test_rooms_import_only_what_they_may(checkout: Path) -> None:
    run_tool(checkout, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache")


def test_ruff_finds_nothing(checkout: Path) -> None:
    run_tool(checkout, "-m", "ruff", "check", "--quiet", ".")


def test_every_file_is_formatted(checkout: Path) -> None:
    run_tool(checkout, "-m", "ruff", "format", "--check", "--quiet", ".")


@pytest.mark.slow
def test_types_are_complete(checkout: Path) -> None:
    run_tool(checkout, "-m", "mypy")


def test_the_top_level_holds_the_rooms_and_nothing_else(
    checkout: Path, tracked_files: tuple[Path, ...]
) -> None:
    names = {path.relative_to(checkout).parts[0] for path in tracked_files}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_is_too_long(checkout: Path, tracked_files: tuple[Path, ...]) -> None:
    lengths = {
        str(path.relative_to(checkout)): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(tracked_files)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    in_rooms = [length for name, length in lengths.items() if not name.startswith("tests")]
    assert statistics.median(in_rooms) < LONGEST_MEDIAN


@pytest.mark.parametrize(
    ("rule", "suffixes"),
    [(MACHINE_PLACES, TEXT_SUFFIXES), (REGISTRY, TEXT_SUFFIXES), (UNFINISHED, {".py", ".toml", ".md", ""})],
    ids=["no place of one machine", "no address of a registry", "nothing unfinished"],
)
def test_no_text_holds(
    checkout: Path, tracked_files: tuple[Path, ...], rule: re.Pattern[str], suffixes: set[str]
) -> None:
    found = []
    for path in tracked_files:
        if path.suffix in suffixes:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found += [
                f"{path.relative_to(checkout)}:{number}: {line.strip()}"
                for number, line in enumerate(lines, 1)
                if rule.search(line)
            ]
    assert found == []


def test_no_room_has_a_corner_for_everything(tracked_files: tuple[Path, ...]) -> None:
    vague = {"utils", "util", "helpers", "misc", "common"}
    assert [path for path in sources(tracked_files) if path.stem in vague] == []


def test_the_workstation_package_imports_nothing(checkout: Path) -> None:
    tree = ast.parse((checkout / "app" / "__init__.py").read_text(encoding="utf-8"))
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


def imported_names(path: Path) -> set[str]:
    """Return the first part of every absolute import in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def normalised(name: str) -> str:
    """Return a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_a_room_imports_is_asked_for(
    checkout: Path, tracked_files: tuple[Path, ...]
) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = {
        normalised(re.split(r"[<>=!~ \[;]", requirement)[0])
        for requirement in [*project["dependencies"], *extras["analysis"], *extras["cluster"]]
    }
    # Inseparable parts of what is asked for.
    asked |= {"shiboken6", "pydantic-core"}
    # `Session.to_mne` is for those who have it.
    asked |= {"mne"}
    owners = metadata.packages_distributions()
    missing = set()
    for path in sources(tracked_files):
        if path.relative_to(checkout).parts[0] not in ROOMS:
            continue
        for name in imported_names(path) - set(sys.stdlib_module_names) - set(ROOMS) - {"tests"}:
            if not {normalised(owner) for owner in owners.get(name, [name])} & asked:
                missing.add(f"{path.relative_to(checkout)}: {name}")
    assert missing == set()


def test_continuous_integration_can_be_started(checkout: Path) -> None:
    script = checkout / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


def test_the_readme_names_commands_that_exist(checkout: Path) -> None:
    text = (checkout / "README.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"`[^`]+`|^    .*$", text, re.MULTILINE))
    named = set(re.findall(r"\b(?:evoke|python3 -m app) ([a-z]+(?:-[a-z]+)*)\b", code))
    assert {"demo", "test", "run", "recover"} <= named
    assert named <= {"test", *(command.name for command in COMMANDS)}


def test_the_readme_shows_pictures_that_exist(checkout: Path) -> None:
    text = (checkout / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert [name for name in shown if not (checkout / name).is_file()] == []
