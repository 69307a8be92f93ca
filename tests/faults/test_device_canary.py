"""What a participant types leaves no trace where the study does not want it; and the search would find it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.faults.device_canary import WORDS, result, row_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only on Linux"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return result(tmp_path_factory.mktemp("canary"))


def test_a_typed_sentence_is_in_no_byte_that_was_written_or_sent(found: Mapping[str, Any]) -> None:
    assert found["status"] == 0
    assert found["keys"]["count"] == 2 * len(" ".join(WORDS)), "every stroke is there, down and up"
    assert found["keys"]["texts"] == [], "but no character"
    assert found["files"] == found["characters"] == []
    assert not found["link"]
    assert not found["network"]
    assert min(found["bytes"].values()) > 10_000, "what was sent was seen"
    assert found["streams"]["keys"] == found["keys"]["count"], "also on LSL, where somebody listened"
    row = row_of(found)
    assert row.lost == {"leaks": 0}
    assert row.message.endswith("found in: nothing")


def test_a_participants_code_is_not_sent(found: Mapping[str, Any]) -> None:
    assert not found["code_sent"]
    assert found["code"] == [], "nor is it in any ring"


def test_the_search_finds_what_a_study_does_keep(tmp_path: Path) -> None:
    kept = result(tmp_path, characters=True)
    assert "Q" in kept["keys"]["texts"], "characters are stored"
    assert kept["characters"] == ["presenter.jsonl"]
    assert any(name.endswith("events/payload") for name in kept["files"])
    assert not kept["network"], "and even then they are not sent"
