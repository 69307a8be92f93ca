"""What `evoke sync-check` finds in a session: planted offsets come back, and nothing else is a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.alignment import Alignment, align
from analysis.session_file import open_session
from tests.helpers import sync_session

LATE_S = {"camera": 0.062, "mic": 0.0214, "band": 0.145, "eeg": -0.038, "keys": 0.0093}
TOLERANCE_MS = {"camera": 2.0, "mic": 0.1, "band": 4.0, "eeg": 8.0, "keys": 1.0}
TRIED = {"camera": 8, "mic": 8, "band": 10, "eeg": len(sync_session.blinks_s()), "keys": 8}


def checked(path: Path) -> dict[str, Alignment]:
    with open_session(path) as session:
        return {found.stream: found for found in align(session)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Alignment]:
    return checked(sync_session.session(tmp_path_factory.mktemp("late"), LATE_S))


@pytest.mark.parametrize("stream", LATE_S)
def test_a_planted_offset_is_found_again(found: dict[str, Alignment], stream: str) -> None:
    values = found[stream].to_json()
    assert values["offset_ms"] == pytest.approx(LATE_S[stream] * 1e3, abs=TOLERANCE_MS[stream])
    assert values["tried"] == TRIED[stream]
    assert values["found"] >= 0.8 * values["tried"]
    assert values["why"] == ""


def test_the_spread_says_how_well_one_event_is_found(found: dict[str, Alignment]) -> None:
    spreads = {stream: each.to_json()["spread_ms"] for stream, each in found.items()}
    assert spreads["mic"] < 0.2
    # What the closed shutter of a camera leaves open is part of it.
    assert 1000 / 30 * 0.2 / 12**0.5 < spreads["camera"] < 1000 / 30 / 2
    assert spreads["band"] < 1000 / 64


def test_each_stream_says_by_what_it_was_found(found: dict[str, Alignment]) -> None:
    assert {stream: each.by for stream, each in found.items()} == {
        "camera": "flash",
        "mic": "tone",
        "band": "tap",
        "eeg": "blink",
        "keys": "click of the key",
    }


def test_without_a_tone_all_that_hangs_on_the_microphone_stays_unverified(tmp_path: Path) -> None:
    found = checked(sync_session.session(tmp_path, LATE_S, tones=False))
    assert found["camera"].offset is not None
    assert found["eeg"].offset is not None
    reasons = {stream: found[stream].why for stream in ("mic", "keys", "band")}
    assert reasons == {
        "mic": "no tone was played",
        "keys": "the microphone is not verified",
        "band": "the microphone is not verified",
    }


def test_where_nothing_can_be_found_there_is_no_number(tmp_path: Path) -> None:
    found = checked(sync_session.session(tmp_path, LATE_S, quiet=True))
    assert set(found) == set(LATE_S)
    for each in found.values():
        values = each.to_json()
        assert each.offset is None
        assert (values["offset_ms"], values["spread_ms"], values["found"]) == (None, None, 0)
        assert each.why
