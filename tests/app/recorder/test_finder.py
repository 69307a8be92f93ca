"""What a stream is looked for by, and what is said where it is not found."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.records import StreamInfo
from app.recorder.finder import bound, buffer_seconds
from app.recorder.telling import ambiguous_text, elsewhere_text, stale_text
from app.streams import Expected

INFO = StreamInfo("eeg", "eeg", "recorded", ("a",), ("uV",), ("eeg",), 100.0, "float32")


def visible(source_id: str, host: str) -> Any:
    return SimpleNamespace(source_id=lambda: source_id, hostname=lambda: host)


@pytest.mark.parametrize(
    ("source_id", "host", "match"),
    [
        ("cap-7", "lab-2", {"name": "EEG", "source_id": "cap-7", "hostname": "lab-2"}),
        ("", "lab-2", {"name": "EEG", "hostname": "lab-2"}),
        ("evoke:s:eeg", "", {"name": "EEG", "source_id": "evoke:s:eeg"}),
    ],
)
def test_what_was_recorded_once_is_looked_for_by_source_id_and_computer(
    source_id: str, host: str, match: dict[str, str]
) -> None:
    info = replace(INFO, source_id=source_id, details={"host": host} if host else {})
    assert bound(Expected("eeg", "lsl", True, {"name": "EEG"}), info).match == match


@pytest.mark.parametrize(
    ("rate_hz", "row_bytes", "seconds"),
    [(0.0, 64, 360), (4.0, 8, 360), (2000.0, 1024, 31), (20_000.0, 256, 30), (44_100.0, 2, 30)],
)
def test_the_library_keeps_half_a_minute_at_least_and_64_mb_at_most(
    rate_hz: float, row_bytes: int, seconds: int
) -> None:
    assert buffer_seconds(rate_hz, row_bytes) == seconds


def test_streams_that_fit_alike_are_listed_with_the_remedy() -> None:
    assert ambiguous_text({"name": "EEG"}, [visible("b", "lab-1"), visible("", "lab-2")]) == (
        "2 LSL streams have name 'EEG': one without a source id on 'lab-2', source id 'b' on 'lab-1'."
        " None of them is recorded. Stop the others, or name the source_id and hostname of yours in the"
        " devices file."
    )
    assert "on computer 'lab-2' and is not taken" in elsewhere_text(
        {"source_id": "b", "hostname": "lab-1"}, [visible("b", "lab-2")]
    )


@pytest.mark.parametrize(
    ("is_cut", "answers", "said"),
    [
        (True, None, "eeg: its sender on 'lab-1' has gone."),
        (False, None, "eeg: no data for 3 s. Check the device"),
        (False, True, "eeg: no data for 3 s, though its sender answers. Check the device"),
        (False, False, "eeg: no data for 3 s, and its sender does not answer. Check its program"),
    ],
)
def test_what_is_said_of_a_silent_stream_follows_its_sender(
    is_cut: bool, answers: bool | None, said: str
) -> None:
    assert stale_text("eeg", 3.2, is_cut, "lab-1", answers).startswith(said)
