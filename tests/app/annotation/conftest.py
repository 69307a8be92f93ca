"""Studies of two people, fresh for every test that asks for one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.study import Study
from tests.helpers.labelled import make_study


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the study once."""
    return make_study(tmp_path_factory.mktemp("pristine") / "study").folder


@pytest.fixture
def study(pristine: Path, tmp_path: Path) -> Study:
    """Return a study of two people with four trials each."""
    return Study.open(Path(shutil.copytree(pristine, tmp_path / "study")))


@pytest.fixture(scope="session")
def pristine_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the small study once."""
    return make_study(tmp_path_factory.mktemp("pristine") / "study", trials=2).folder


@pytest.fixture
def small(pristine_small: Path, tmp_path: Path) -> Study:
    """Return a study of two people with two trials each."""
    return Study.open(Path(shutil.copytree(pristine_small, tmp_path / "study")))
