"""From source to writer: every row once and in order, and every interruption beside its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.records import StreamInfo
from app.recorder.holes import Hole
from app.recorder.inlets import Rows
from app.recorder.rings import Flushed, FlushedFile, LiveRing, RingSource, left_behind, load_flushed
from app.recorder.tracks import RESTARTED, Track
from app.recorder.writer import error_number, explain
from app.ring import SampleRingWriter
from app.streams import Expected

EEG = StreamInfo("eeg", "eeg", "simulated", ("a",), ("uV",), ("eeg",), 100.0, "float32")
MARKERS = StreamInfo("markers", "markers", "simulated", ("a",), ("",), ("markers",), 0.0, "text")


def rows(first: int, count: int) -> Rows:
    index = np.arange(first, first + count)
    return Rows(index / 100.0, index.astype("f4")[:, None])


class Script:
    """A source that gives what it was told to, one thing a pull."""

    def __init__(self, *given: Rows | None) -> None:
        self.given = list(given)

    def pull(self) -> Rows | None:
        return self.given.pop(0) if self.given else None

    def close(self) -> None:
        pass


def pulled(track: Track, source: Script, times_s: Sequence[float]) -> None:
    track.connect(source, times_s[0])  # type: ignore[arg-type]
    for now in times_s:
        track.pull(now)


def holes(track: Track) -> list[Hole]:
    return [hole for piece in track.fetch()[0] for hole in piece.holes]


def test_rows_are_numbered_by_the_live_ring_and_handed_over_once(tmp_path: Path) -> None:
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(tmp_path / "eeg.ring", EEG))
    pulled(track, Script(rows(0, 10), None, rows(10, 5)), [0.1, 0.2, 0.3])
    pieces, _ = track.fetch()
    assert [(piece.seq, len(piece.rows.times), piece.received_s) for piece in pieces] == [
        (0, 10, 0.1),
        (10, 5, 0.3),
    ]
    assert track.fetch() == ([], [])
    assert (track.samples, track.missing, track.last_s) == (15, 0, 0.14)


def test_a_reconnection_is_one_hole_with_its_cause(tmp_path: Path) -> None:
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(tmp_path / "eeg.ring", EEG))
    back = rows(510, 10)._replace(cause="stream lost")
    pulled(track, Script(rows(0, 10), back), [0.1, 5.2])
    assert holes(track) == [Hole(0, 500, "stream lost")]
    assert track.missing == 500


def test_a_sender_whose_clock_began_anew_is_judged_by_when_its_rows_came(tmp_path: Path) -> None:
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(tmp_path / "eeg.ring", EEG))
    other_boot = rows(990_000, 10)._replace(cause="stream lost")
    pulled(track, Script(rows(0, 10), other_boot), [10.0, 20.0])
    (hole,) = holes(track)
    # The ten rows that came with it are of the ten seconds too.
    assert (hole.row, hole.missing, hole.cause) == (0, 990, "clock reset")
    assert hole.step_s == pytest.approx(9890.0)


def test_segments_are_numbered_from_one_and_a_gap_begins_the_next(tmp_path: Path) -> None:
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(tmp_path / "eeg.ring", EEG))
    assert track.segment == 1
    pulled(track, Script(rows(0, 10), rows(510, 10)), [0.1, 5.2])
    assert (track.segment, track.gaps, track.missing) == (2, 1, 500)
    track.connect(Script(), 6.0)  # type: ignore[arg-type]
    # What comes next is of the third, whenever it comes.
    assert (track.segment, track.gaps) == (3, 1)


@pytest.mark.parametrize(
    ("host", "step_s", "missing"),
    [
        pytest.param("", 0.01, 3000, id="a device of this computer, whose clock stood still"),
        pytest.param("", 30.01, 3000, id="its clock went on"),
        pytest.param("elsewhere", 30.01, 3000, id="another computer, which went on alone"),
        pytest.param("elsewhere", 0.01, 0, id="another computer, which sent it late"),
    ],
)
def test_sleep_is_a_gap_of_what_was_not_received(
    host: str, step_s: float, missing: int, tmp_path: Path
) -> None:
    info = replace(EEG, details={"host": host} if host else {})
    track = Track(Expected("eeg", "lsl"), info, LiveRing(tmp_path / "eeg.ring", info))
    after = rows(10, 10)
    after = after._replace(times=after.times + step_s - 0.01)
    script = Script(rows(0, 10), after)
    track.connect(script, 0.1)  # type: ignore[arg-type]
    track.pull(0.1)
    track.slept(30.0, 0.15)
    track.pull(0.2)
    assert holes(track) == [Hole(0, missing, "machine slept")]


def test_a_hole_is_counted_by_the_devices_own_packages(tmp_path: Path) -> None:
    info = replace(EEG, channels=("a", "package"), units=("uV", ""), channel_kinds=("eeg", "counter"))
    track = Track(Expected("eeg", "lsl"), info, LiveRing(tmp_path / "eeg.ring", info))

    def counting(first: int, count: int, late_s: float = 0.0) -> Rows:
        index = np.arange(first, first + count)
        return Rows(index / 100.0 + late_s, np.stack([index, index % 256], axis=1).astype("f4"))

    # Behind the hole the stamps are 70 ms late; two packages are missing without a hole in the times.
    script = Script(counting(0, 300), counting(300, 30), counting(902, 50, 0.07), counting(954, 9, 0.07))
    pulled(track, script, [3.0, 3.3, 9.6, 9.7])
    assert holes(track) == [Hole(0, 572, "no samples")]
    assert track.missing == 574


def test_rows_that_wait_for_the_writer_are_weighed(tmp_path: Path) -> None:
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(tmp_path / "eeg.ring", EEG))
    pulled(track, Script(rows(0, 1000), rows(1000, 1000)), [10.0, 20.0])
    assert track.waiting_bytes == 2000 * (8 + 4)
    track.fetch()
    assert track.waiting_bytes == 0


def test_the_first_rows_of_a_stream_follow_no_gap(tmp_path: Path) -> None:
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(tmp_path / "eeg.ring", EEG))
    pulled(track, Script(rows(5000, 10)._replace(cause="stream lost")), [0.1])
    assert holes(track) == []


def test_a_restarted_recorder_first_takes_what_the_former_had_not_written(tmp_path: Path) -> None:
    path = tmp_path / "eeg.ring"
    LiveRing(path, EEG).append(rows(0, 40), 12.5)
    left = left_behind(path, 30)
    assert left is not None
    track = Track(Expected("eeg", "lsl"), EEG, LiveRing(path, EEG))
    track.resume(left, 30)
    pulled(track, Script(rows(60, 10)), [12.8])
    (old, new), _ = track.fetch()
    assert (old.seq, len(old.rows.times), old.received_s, old.holes) == (30, 10, 12.5, ())
    assert (new.seq, new.holes) == (40, (Hole(0, 20, RESTARTED),))
    assert track.samples == 50


def test_a_restarted_recorder_marks_its_absence_even_where_nothing_is_left(tmp_path: Path) -> None:
    track = Track(Expected("markers", "lsl"), MARKERS, LiveRing(tmp_path / "markers.ring", MARKERS))
    track.resume(None, 7)
    pulled(track, Script(Rows(np.array([3.0]), (b"x",))), [3.1])
    assert holes(track) == [Hole(0, 0, RESTARTED)]
    assert track.samples == 8


def test_a_live_ring_that_cannot_be_made_costs_the_view_and_not_the_recording(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    live = LiveRing(tmp_path / "file" / "x.ring", EEG, first=1000)
    assert "x.ring" in live.problem
    assert live.append(rows(0, 10), 0.1) == 1000
    assert live.append(rows(10, 10), 0.2) == 1010


def test_a_text_longer_than_the_live_ring_is_recorded_whole(tmp_path: Path) -> None:
    track = Track(Expected("markers", "lsl"), MARKERS, LiveRing(tmp_path / "markers.ring", MARKERS))
    text = b"x" * 3_000_000
    pulled(track, Script(Rows(np.array([1.0]), (text,))), [1.1])
    (piece,), _ = track.fetch()
    assert piece.rows.data == (text,)


def test_rows_that_a_capture_overwrote_before_they_were_read_are_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "microphone.ring"
    writer = SampleRingWriter(path, EEG, 2.0)  # 200 rows
    writer.append(*rows(0, 50)[:2])  # type: ignore[arg-type]
    track = Track(Expected("microphone", "ring"), EEG, None)
    track.connect(RingSource(path, 0), 0.0)
    track.pull(0.5)
    writer.append(*rows(50, 400)[:2])  # type: ignore[arg-type]
    track.pull(4.5)
    pieces, _ = track.fetch()
    assert [piece.seq for piece in pieces] == [0, 250]
    assert pieces[1].holes == (Hole(0, 200, "ring overrun"),)


def test_a_ring_that_vanished_and_was_made_again_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "microphone.ring"
    SampleRingWriter(path, EEG, 2.0).append(*rows(0, 50)[:2])  # type: ignore[arg-type]
    source = RingSource(path, 0)
    assert source.pull() is not None
    path.unlink()
    SampleRingWriter(path, EEG, 2.0).append(*rows(90, 5)[:2])  # type: ignore[arg-type]
    found = [given for given in (source.pull() for _ in range(15)) if given is not None]
    assert [len(given.times) for given in found] == [5]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"eeg": 3}', b'{"eeg": ["a", 1]}'])
def test_a_damaged_note_of_what_is_written_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "recorder.flushed"
    path.write_bytes(content)
    assert load_flushed(path) == {}
    assert load_flushed(tmp_path / "none") == {}


def test_the_note_of_what_is_written_may_grow_and_shrink(tmp_path: Path) -> None:
    notes = FlushedFile(tmp_path / "recorder.flushed")
    for streams in (
        {"eeg": Flushed(10, 10)},
        {"eeg": Flushed(10**9, 5), "a": Flushed(1, 1)},
        {"b": Flushed(0, 0)},
    ):
        notes.save(streams)
        assert load_flushed(tmp_path / "recorder.flushed") == streams


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (OSError(28, "No space left on device"), 28),
        (RuntimeError("Can't write (errno = 30, error message = 'Read-only file system')"), 30),
        (RuntimeError("something else"), None),
    ],
)
def test_a_failed_write_is_explained_with_its_place(error: Exception, number: int | None) -> None:
    assert error_number(error) == number
    message = explain(error, Path("study/session.live"))
    assert "study/session.live cannot be written" in message
    assert "choose another disk" in message


def test_a_track_of_another_shape_is_another_track() -> None:
    assert replace(EEG, rate_hz=200.0).shape != EEG.shape
    assert replace(EEG, serial="learnt later").shape == EEG.shape
