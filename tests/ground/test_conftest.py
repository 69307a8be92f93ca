"""The ground of the tests themselves: what they promise to every test holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app import settings

pytest_plugins = ("pytester",)


def test_settings_lie_in_a_folder_of_the_test(own_folders: Path) -> None:
    assert settings.home() == own_folders
    assert "pytest" in str(own_folders)


def test_lsl_stays_on_this_machine() -> None:
    config = Path(os.environ["LSLAPICFG"]).read_text(encoding="ascii")
    assert "ResolveScope=machine" in config
    assert "ListenAddress=127.0.0.1" in config


@pytest.fixture
def inner(pytester: pytest.Pytester, checkout: Path) -> pytest.Pytester:
    """Return an empty suite that stands on this conftest."""
    pytester.makeconftest((checkout / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = slow: slow\n")
    return pytester


def run(inner: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the inner suite in a process of its own."""
    return inner.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:pytest-qt", *arguments)


def test_a_skip_for_an_unknown_reason_fails(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        def test_known():
            pytest.skip("only on Windows")

        def test_unknown():
            pytest.skip("did not feel like it")
        """
    )
    result = run(inner)
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["*not allowed*did not feel like it*"])


def test_a_process_left_running_fails_and_is_ended(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import subprocess, sys

        def test_forgets():
            sleep = "import time; time.sleep(60)"
            orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleep!r}])"
            subprocess.run([sys.executable, "-c", orphan], check=True)

        def test_cleans_up():
            subprocess.run([sys.executable, "-c", ""], check=True)
        """
    )
    result = run(inner)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*left running: *time.sleep(60)*"])


def test_slow_tests_run_only_when_asked_for(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.slow
        def test_slow():
            pass

        def test_quick():
            pass
        """
    )
    run(inner).assert_outcomes(passed=1, deselected=1)
    run(inner, "--slow").assert_outcomes(passed=2)
