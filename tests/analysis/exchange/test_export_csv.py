"""CSV: every number reads back to the same number."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.exchange.export_csv import exact, write_csv
from analysis.exchange.export_view import Terms, View
from analysis.session_file import Session, open_session
from tests.helpers.rich_session import EEG, SECRETS, STREAMS


@pytest.fixture(scope="module")
def written(rich_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    with open_session(rich_file) as session:
        write_csv(session, folder)
    return folder


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


@pytest.mark.parametrize("info", STREAMS, ids=lambda info: info.id)
def test_times_and_values_are_equal(rich: Session, written: Path, info: Any) -> None:
    stream = rich.streams[info.id]
    header, rows = read(written / f"{info.id}.csv")
    assert header[:2] == ["time [s]", "corrected [s]"]
    times = np.array([[float(row[0]), float(row[1])] for row in rows]).reshape(-1, 2)
    np.testing.assert_array_equal(times[:, 0], stream.times[:])
    np.testing.assert_array_equal(times[:, 1], stream.corrected_times())
    values = [row[2:] for row in rows]
    if info.dtype == "text":
        assert values == [[text.decode("utf-8", "backslashreplace")] for text in stream.data[:]]
    elif info.dtype == "jpeg":
        assert values == [[str(n), str(len(picture))] for n, picture in enumerate(stream.data[:])]
    else:
        parsed = np.array([[int(v) if "int" in info.dtype else float(v) for v in row] for row in values])
        np.testing.assert_array_equal(parsed.reshape(stream.data[:].shape).astype(info.dtype), stream.data[:])


def test_units_stand_in_the_header(written: Path) -> None:
    header, _ = read(written / "eeg.csv")
    assert header[2:] == [f"{name} [uV]" for name in EEG.channels]


def test_events_keys_and_trials_are_all_there(rich: Session, written: Path) -> None:
    header, events = read(written / "events.csv")
    assert header == ["time [s]", "source", "seq", "kind", "trial", "stage", "payload"]
    assert [(float(row[0]), row[3], json.loads(row[6])) for row in events] == [
        (event.time, event.kind, dict(event.payload)) for event in rich.events
    ]
    header, keys = read(written / "keys.csv")
    assert [row[header.index("edge")] for row in keys] == list(rich.keys["edge"])
    header, trials = read(written / "trials.csv")
    assert [row[header.index("rating_valence")] for row in trials] == ["5", "6"]
    assert [row[header.index("rating_why")] for row in trials] == ["just so", "because of mum"]


def test_the_readme_says_what_the_columns_are(written: Path) -> None:
    text = (written / "README.txt").read_text(encoding="utf-8")
    assert "corrected [s]" in text
    assert "of UTC" in text


def test_an_anonymous_export_says_nothing_that_was_typed(rich: Session, tmp_path: Path) -> None:
    write_csv(View(rich, Terms("full", True, 100.0, -3e9)), tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert not [secret for secret in SECRETS if secret in text]
    header, keys = read(tmp_path / "keys.csv")
    assert not {"key", "char"} & set(header)
    assert float(keys[0][0]) == rich.keys["time"][0] + 100.0
    assert float(keys[0][header.index("received_s")]) == rich.keys["received_s"][0] + 100.0


@given(arrays.arrays(np.float32, (4, 3), elements=st.floats(width=32)))
def test_the_shortest_text_of_a_float32_reads_back_to_it(values: Any) -> None:
    back = np.array([[float(text) for text in row] for row in exact(values)]).astype(np.float32)
    np.testing.assert_array_equal(back, values)
