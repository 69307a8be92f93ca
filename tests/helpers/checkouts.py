"""Small checkouts with the real bootstrap, whose few packages are made here: no network, no minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
OWN_FILES = ("__init__", "__main__", "bootstrap", "environment", "installing", "distributions", "system")

# Says where it runs, in place of the real commands.
CLI = """
import json, os, sys

def main(arguments):
    if "--fail" in arguments:
        return 7
    where = {"prefix": sys.prefix, "arguments": list(arguments), "pid": os.getpid()}
    print(json.dumps(where))
    return 0
"""

WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

# A build backend inside the checkout: an editable install without fetching one.
BACKEND = """
import zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "evoke-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel_directory + "/" + name, "w") as wheel:
        info = "evoke-0.1.0.dist-info/"
        wheel.writestr(info + "METADATA", METADATA)
        wheel.writestr(info + "WHEEL", WHEEL)
        wheel.writestr(info + "RECORD", "")
    return name

build_wheel = build_editable
"""


def make_wheel(folder: Path, name: str, version: str) -> None:
    """Put an empty package into `folder`, as pip finds it."""
    info = f"{name}-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", WHEEL)
        wheel.writestr(f"{info}/RECORD", "")


@dataclass(frozen=True)
class SmallCheckout:
    """A copy of the bootstrap with a command line of one line and the packages `requires`."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Path:
        """The environment it makes."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter of the environment it makes."""
        return self.environment / "bin" / "python"

    @classmethod
    def make(cls, root: Path, requires: tuple[str, ...] = ("calm>=1.2",)) -> SmallCheckout:
        """Write the checkout into `root`, and the package calm 1.2 into a folder beside it."""
        (root / "app").mkdir(parents=True)
        for name in OWN_FILES:
            shutil.copy(CHECKOUT / "app" / f"{name}.py", root / "app")
        (root / "app" / "cli.py").write_text(CLI, encoding="utf-8")
        for room in ("stimuli", "protocols", "analysis", "resources"):
            (root / room).mkdir()
            (root / room / "__init__.py").touch()
        checkout = cls(root, {})
        checkout.require(*requires)
        make_wheel(root.parent / "wheels", "calm", "1.2")
        home = root.parent / "user"
        home.mkdir()
        temporary = root.parent / "temporary"
        temporary.mkdir()
        checkout.variables.update(
            {
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PIP_", "PYTHON", "EVOKE"))
            }
            | {
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(root.parent / "wheels"),
                "PIP_RETRIES": "0",
                # Found further along the path, some tools would put files into the home folder.
                "PATH": os.defpath,
                "HOME": str(home),
                "TMPDIR": str(temporary),
            }
        )
        return checkout

    def require(self, *requirements: str) -> None:
        """Let the checkout ask for `requirements` from now on."""
        listed = ", ".join(f'"{requirement}"' for requirement in requirements)
        (self.root / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            f'[project]\nname = "evoke"\nversion = "0.1.0"\ndependencies = [{listed}]\n'
            "[project.optional-dependencies]\nanalysis = []\ntest = []\n",
            encoding="utf-8",
        )
        metadata = "Metadata-Version: 2.1\nName: evoke\nVersion: 0.1.0\n"
        metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requirements)
        metadata += "Provides-Extra: analysis\nProvides-Extra: test\n"
        backend = f"METADATA = {metadata!r}\nWHEEL = {WHEEL!r}\n{BACKEND}"
        (self.root / "backend.py").write_text(backend, encoding="utf-8")

    def command(self, *arguments: str, python: Path | str = sys.executable) -> list[str]:
        """Return the command line of a start."""
        return [str(python), "-m", "app", *arguments]

    def start(
        self,
        *arguments: str,
        python: Path | str = sys.executable,
        prefix: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Start it as a user does, and wait for the end."""
        return subprocess.run(
            [*prefix, *self.command(*arguments, python=python)],
            cwd=self.root,
            env={**self.variables, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def leftovers(self) -> list[str]:
        """Return what lies in the checkout beside what belongs there, and outside of it."""
        known = {
            "app",
            "stimuli",
            "protocols",
            "analysis",
            "resources",
            "pyproject.toml",
            "backend.py",
            ".venv",
        }
        inside = [path.name for path in self.root.iterdir() if path.name not in known | {"__pycache__"}]
        outside = [
            str(path.relative_to(self.root.parent))
            for folder in ("user", "temporary")
            for path in (self.root.parent / folder).iterdir()
        ]
        return inside + outside
