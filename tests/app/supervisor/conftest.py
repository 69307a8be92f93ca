"""A stage for a supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.stage import Stage


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A session with stand-ins for its children."""
    return Stage(tmp_path, monkeypatch)
