"""A labelled study that every test gets a copy of, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.study import Study
from tests.helpers.labelled import make_study


@pytest.fixture(scope="session")
def recorded_faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two people with two trials each."""
    folder = tmp_path_factory.mktemp("recorded") / "faces"
    make_study(folder, participants=2, trials=2)
    return folder


@pytest.fixture
def faces(recorded_faces: Path, tmp_path: Path) -> Study:
    """A copy of the study to label in."""
    folder = tmp_path / "faces"
    shutil.copytree(recorded_faces, folder)
    return Study.open(folder)
