"""Streams on their way: ids, and a description that survives LSL."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylsl import StreamInfo as LslInfo

from analysis.records import StreamInfo
from app.streams import FORMAT_OF_DTYPE, Expected, from_lsl, slug, to_lsl

EDA = StreamInfo(
    "wristband-eda",
    "eda",
    "simulated",
    ("conductance", "temperature"),
    ("µS", "°C"),
    ("eda", "temperature"),
    4.0,
    "float64",
    device="E4",
    serial="A01",
    time_source="board clock",
    source_id="evoke:1:wristband-eda",
)


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("EEG", [], "eeg"),
        ("Open BCI (EEG)", [], "open-bci-eeg"),
        ("EEG", ["eeg"], "eeg-2"),
        ("EEG", ["eeg", "eeg-2"], "eeg-3"),
        ("__", [], "stream"),
        ("心", ["stream"], "stream-2"),
    ],
)
def test_ids_are_made_of_names(name: str, taken: list[str], expected: str) -> None:
    assert slug(name, taken) == expected


@given(st.lists(st.text(), max_size=20))
def test_ids_are_never_given_twice(names: list[str]) -> None:
    ids: list[str] = []
    for name in names:
        ids.append(slug(name, ids))
    assert len(set(ids)) == len(names)


@pytest.mark.parametrize("dtype", sorted(FORMAT_OF_DTYPE))
def test_our_description_survives_lsl(dtype: str) -> None:
    ours = StreamInfo.from_json(EDA.to_json() | {"dtype": dtype})
    again = from_lsl(to_lsl(ours), ours.id)
    assert again.shape == ours.shape
    assert StreamInfo.from_json(again.to_json() | {"details": {}}) == ours


def test_a_foreign_stream_without_labels_gets_numbers() -> None:
    info = from_lsl(LslInfo("Mystery", "EEG", 3, 100, "int16", "src"), "mystery")
    assert info.channels == ("1", "2", "3")
    assert info.channel_kinds == ("eeg",) * 3
    assert (info.origin, info.device, info.dtype) == ("recorded", "Mystery", "int16")


def test_a_foreign_stream_that_names_fewer_channels_than_it_has_is_taken() -> None:
    lsl = LslInfo("Mystery", "EEG", 3, 100, "float32", "src")
    lsl.desc().append_child("channels").append_child("channel").append_child_value("label", "Fz")
    assert from_lsl(lsl, "mystery").channels == ("Fz", "2", "3")


@pytest.mark.parametrize("info", [None, EDA])
def test_an_expectation_survives_its_message(info: StreamInfo | None) -> None:
    expected = Expected("eda", "lsl", False, {"source_id": "x"}, info)
    assert Expected.from_json(json.loads(json.dumps(expected.to_json()))) == expected
