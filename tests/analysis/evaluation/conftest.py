"""Worker processes of these tests end with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analysis.evaluation.workers import close_workers
from tests.helpers.engine import start_trackers


@pytest.fixture(autouse=True, scope="session")
def trackers() -> None:
    """Whoever uses worker processes has trackers beside them, which live as long as this process."""
    start_trackers()


@pytest.fixture
def own_workers() -> Iterator[None]:
    """Let a test have processes of its own."""
    close_workers()
    yield
    close_workers()
