"""Missing system libraries: named, with the one line that installs them."""

from __future__ import annotations

import sys

import pytest

from app import system

ONLY_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the set of libraries that this machine seems to lack."""
    names: set[str] = set()
    monkeypatch.setattr(system, "missing", lambda asked: tuple(name for name in asked if name in names))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    return names


@pytest.mark.parametrize(
    ("error", "package"),
    [
        (ImportError("libEGL.so.1: cannot open shared object file: No such file"), "libegl1"),
        (ImportError("libGL.so.1: cannot open shared object file: No such file"), "libgl1"),
        (OSError("libportaudio.so.2: cannot open shared object file: No such file"), "libportaudio2"),
        (OSError("PortAudio library not found"), "libportaudio2"),
        (ImportError("libxcb-cursor.so.0: cannot open shared object file: No such file"), "libxcb-cursor0"),
    ],
)
def test_an_import_that_lacks_a_library_names_its_package(
    absent: set[str], error: Exception, package: str
) -> None:
    assert str(system.explain_import_error(error)).endswith(
        f"On Debian and Ubuntu: sudo apt install {package}"
    )


def test_the_loader_names_one_library_and_the_line_installs_all_that_are_missing(absent: set[str]) -> None:
    absent |= {"libEGL.so.1", "libxcb-cursor.so.0", "libfontconfig.so.1"}
    said = system.explain_import_error(ImportError("libEGL.so.1: cannot open shared object file: none"))
    assert str(said).endswith("sudo apt install libegl1 libfontconfig1 libxcb-cursor0")


@pytest.mark.parametrize(
    "error",
    [ImportError("No module named 'h5py'"), OSError(28, "No space left"), ValueError("libEGL.so.1: no")],
)
def test_other_errors_are_not_explained(error: Exception) -> None:
    assert system.explain_import_error(error) is None


def test_a_library_of_no_known_package_is_named() -> None:
    error = ImportError("libattic.so.3: cannot open shared object file: No such file")
    assert system.explain_import_error(error) == (
        "this system lacks libattic.so.3: install the package that holds it."
    )


@ONLY_LINUX
def test_what_is_missing_is_asked_of_the_loader() -> None:
    assert system.missing(("libc.so.6", "libattic.so.3")) == ("libattic.so.3",)


@ONLY_LINUX
def test_a_window_needs_its_libraries_and_a_display(
    absent: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in system.DISPLAY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert "no display" in str(system.explain_window())
    monkeypatch.setenv("DISPLAY", ":0")
    assert system.explain_window() is None
    absent |= {"libxcb-cursor.so.0", "libportaudio.so.2"}
    said = str(system.explain_window())
    assert "lacks libxcb-cursor.so.0." in said
    assert said.endswith("sudo apt install libportaudio2 libxcb-cursor0")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert system.explain_window() is None


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert system.apt_line("ensurepip") == "apt install python3-venv"


@ONLY_LINUX
def test_the_tests_name_programs_too(absent: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert system.explain_tests() is None
    monkeypatch.setattr("shutil.which", lambda program: None)
    assert str(system.explain_tests()).endswith("sudo apt install xvfb")
