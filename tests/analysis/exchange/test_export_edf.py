"""EDF+ and BDF+, read by pyedflib and by MNE: counts, values within the stated error, events in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.exchange.export_edf import Kind, write_edf, write_stream
from analysis.exchange.export_files import Report, Wrote
from analysis.exchange.export_view import Terms, View
from analysis.session_file import Session, open_session
from tests.helpers.recordings import START_S
from tests.helpers.rich_session import EEG, GAP_FROM_S, GAP_TO_S, SECRETS, STREAMS

REGULAR = [
    info for info in STREAMS if info.rate_hz and not info.is_blob and info.id not in ("empty", "steps")
]
KINDS: tuple[Kind, ...] = ("edf", "bdf")


@dataclass(frozen=True)
class Read:
    """What a reader finds: channel names, values (channels, samples) and annotations."""

    rate_hz: float
    names: list[str]
    values: NDArray[np.float64]
    notes: list[tuple[float, float, str]]


def read_pyedflib(path: Path) -> Read:
    import pyedflib

    with pyedflib.EdfReader(str(path)) as file:
        values = np.array([file.readSignal(n) for n in range(file.signals_in_file)])
        onsets, durations, texts = file.readAnnotations()
        notes = list(zip(onsets.tolist(), np.maximum(durations, 0).tolist(), texts.tolist(), strict=True))
        return Read(file.getSampleFrequency(0), file.getSignalLabels(), values, notes)


def read_mne(path: Path) -> Read:
    import mne

    reader = mne.io.read_raw_edf if path.suffix == ".edf" else mne.io.read_raw_bdf
    raw = reader(path, preload=True, verbose="error")
    notes = [
        (float(note["onset"]), float(note["duration"]), str(note["description"])) for note in raw.annotations
    ]
    # It turns every unit it knows into volts, siemens and so on: those come back by its own factors.
    factors = raw._raw_extras[0]["units"][raw._raw_extras[0]["sel"]]
    return Read(raw.info["sfreq"], raw.ch_names, raw.get_data() / np.reshape(factors, (-1, 1)), notes)


READERS = {"pyedflib": read_pyedflib, "mne": read_mne}


@pytest.fixture(scope="module")
def written(rich_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, tuple[Path, Report]]:
    made = {}
    for kind in KINDS:
        folder = tmp_path_factory.mktemp(kind)
        with open_session(rich_file) as session:
            made[kind] = (folder, write_edf(session, folder, kind))
    return made


def of(written: dict[Kind, tuple[Path, Report]], kind: Kind, stream: str) -> tuple[Path, Wrote]:
    folder, report = written[kind]
    wrote = next(wrote for wrote in report.wrote if wrote.stream == stream)
    return folder / wrote.file, wrote


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("info", REGULAR, ids=lambda info: info.id)
def test_every_sample_is_there_within_the_stated_error(
    rich: Session,
    written: dict[Kind, tuple[Path, Report]],
    info: Any,
    kind: Kind,
    reader: Callable[[Path], Read],
) -> None:
    path, wrote = of(written, kind, info.id)
    found = reader(path)
    stream = rich.streams[info.id]
    assert found.rate_hz == pytest.approx(info.rate_hz, rel=1e-9)
    assert found.values.shape[1] == wrote.facts["samples"]
    assert wrote.facts["samples"] - wrote.facts["filled"] - wrote.facts["padded_at_end"] == stream.rows
    rows = np.concatenate([np.arange(first, stop) for first, stop in _places(stream)])
    factors = {"ks": 1e-3, "Ms": 1e-6}
    for name, values in zip(found.names, found.values, strict=True):
        channel = wrote.facts["channels"][name]
        expected = stream.data[:][:, channel].astype(np.float64) * factors.get(wrote.facts["units"][name], 1)
        finite = np.isfinite(expected)
        apart = np.abs(values[rows] - expected)[finite].max()
        tolerance = wrote.facts["largest_error"][name]
        assert apart <= tolerance * 1.0001 + 1e-12 * np.abs(expected[finite]).max()


def _places(stream: Any) -> list[tuple[int, int]]:
    """Return where the rows of a stream must lie: behind the gap later by what is missing."""
    if not stream.gaps:
        return [(0, stream.rows)]
    gap = stream.gaps[0]
    return [(0, gap.first), (gap.first + gap.missing, stream.rows + gap.missing)]


def test_integers_that_fit_are_exact(written: dict[Kind, tuple[Path, Report]]) -> None:
    for kind in KINDS:
        for stream in ("mic", "small"):
            assert not any(of(written, kind, stream)[1].facts["largest_error"].values())


def test_24_bits_are_finer_than_16(written: dict[Kind, tuple[Path, Report]]) -> None:
    coarse = of(written, "edf", "eeg")[1].facts["largest_error"]["Fz"]
    fine = of(written, "bdf", "eeg")[1].facts["largest_error"]["Fz"]
    assert fine < coarse / 200
    assert coarse < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_gap_is_filled_with_the_marker_and_says_so(
    rich: Session, written: dict[Kind, tuple[Path, Report]], kind: Kind
) -> None:
    path, wrote = of(written, kind, "eeg")
    found = read_pyedflib(path)
    assert wrote.facts["filled"] == 250
    hole = found.values[:, 1000:1250]
    marker = found.values.min(axis=1)
    np.testing.assert_array_equal(hole, np.repeat(marker[:, None], 250, axis=1))
    outside = np.delete(found.values, np.s_[1000:1250], axis=1)[:, : len(rich.streams["eeg"].data)]
    assert (outside > marker[:, None]).all()
    assert (GAP_FROM_S - START_S, GAP_TO_S - GAP_FROM_S, "BAD_gap: stream lost") in found.notes


def test_what_is_no_number_is_the_marker_and_counted(written: dict[Kind, tuple[Path, Report]]) -> None:
    path, wrote = of(written, "bdf", "heart")
    assert wrote.facts["not_a_number"] == 2
    values = read_pyedflib(path).values[0]
    assert set(np.flatnonzero(values == values.min())) == {7, 8}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_events_lie_where_the_stream_was_when_they_happened(
    rich: Session, written: dict[Kind, tuple[Path, Report]], reader: Callable[[Path], Read]
) -> None:
    for stream in ("eeg", "heart"):
        notes = [
            note for note in reader(of(written, "edf", stream)[0]).notes if not note[2].startswith("BAD")
        ]
        expected = View(rich).markers
        assert [text for *_, text in notes] == [text for _, text in expected]
        onsets = [time_s - START_S for time_s, _ in expected]
        np.testing.assert_allclose([onset for onset, *_ in notes], onsets, atol=2e-5)


def test_long_texts_and_many_events_are_kept(rich: Session, tmp_path: Path) -> None:
    class Crowded(View):
        @property
        def markers(self) -> list[tuple[float, str]]:
            return [(START_S + n / 50, f"{'long/' * 20}é\x14{n}") for n in range(1000)]

    stream = rich.streams["small"]
    write_stream(Crowded(rich), stream, tmp_path / "a.edf", "edf")
    notes = read_pyedflib(tmp_path / "a.edf").notes
    assert [text for *_, text in notes if "long" in text] == [f"{'long/' * 20}é {n}" for n in range(1000)]


def test_labels_are_plain_and_the_report_knows_whose_they_are(
    written: dict[Kind, tuple[Path, Report]],
) -> None:
    path, wrote = of(written, "edf", "eeg")
    assert read_pyedflib(path).names == ["Fz", "Cz", "Oz u<e>&"]
    assert wrote.facts["channels"] == {"Fz": 0, "Cz": 1, "Oz u<e>&": 2}


def test_what_has_no_place_is_told(written: dict[Kind, tuple[Path, Report]]) -> None:
    told = {left.what: left.why for left in written["edf"][1].left_out}
    assert told == {
        "stream beats-3F2A": "EDF holds no streams without a rate",
        "stream camera": "EDF holds no pictures",
        "stream texts": "EDF holds no texts of another program",
        "stream empty": "EDF holds no stream without samples",
        "channel c0 of steps": "its values need more digits than the header of EDF holds",
        "stream steps": "no channel fits EDF",
    }


def test_the_start_is_the_corrected_time_of_the_first_sample(
    rich: Session, written: dict[Kind, tuple[Path, Report]]
) -> None:
    import pyedflib

    path, wrote = of(written, "edf", "eeg")
    assert wrote.facts["start_utc"] == "2023-11-14T22:30:00.000000Z"
    with pyedflib.EdfReader(str(path)) as file:
        assert file.getStartdatetime().isoformat() == "2023-11-14T22:30:00"


def test_an_anonymous_file_has_no_day_and_no_serial_number(rich: Session, tmp_path: Path) -> None:
    write_edf(View(rich, Terms("full", True, 9.0, -3e9)), tmp_path, "edf")
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert b"01.01.85" in content[:256]
        assert not any(secret.encode() in content[:4096] for secret in SECRETS)


def test_a_rate_that_no_header_can_say_comes_as_near_as_eight_characters(
    tmp_path: Path, rich: Session
) -> None:
    from dataclasses import replace

    stream = rich.streams["eeg"]
    stream.info = replace(EEG, rate_hz=100.123457)
    report = write_stream(rich, stream, tmp_path / "a.bdf", "bdf")
    rate_hz = report.wrote[0].facts["rate_hz"]
    assert rate_hz == pytest.approx(100.123457, rel=1e-6)
    assert read_pyedflib(tmp_path / "a.bdf").rate_hz == pytest.approx(rate_hz, rel=1e-9)
