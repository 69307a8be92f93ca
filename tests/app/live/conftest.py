"""A short session, and a recognizer that was trained on it in a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.features.as_live import live_inputs
from tests.helpers.live_models import BVP, EDA, session_file, trained_on


@pytest.fixture(scope="package")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return session_file(tmp_path_factory.mktemp("session") / "s.h5")


@pytest.fixture(scope="package")
def model(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "model"
    trained_on(session, live_inputs((EDA, BVP), 10.0), window_s=2.0).save(folder)
    return folder
