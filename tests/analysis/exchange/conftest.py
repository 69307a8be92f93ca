from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.session_file import Session, open_session
from tests.helpers.rich_session import rich_session


@pytest.fixture(scope="session")
def rich_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished session with everything that an export has to get right."""
    folder = tmp_path_factory.mktemp("rich")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVOKE_HOME", str(folder / "home"))
        return rich_session(folder / "sub-sim01" / "ses-01")


@pytest.fixture
def rich(rich_file: Path) -> Iterator[Session]:
    """Return that session, opened."""
    with open_session(rich_file) as session:
        yield session
