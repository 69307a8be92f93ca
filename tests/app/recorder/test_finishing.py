"""Finishing: from parts and journals to one read-only file, whole, once, and the same after any kill."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.records import Gap
from analysis.session_file import PartWriter, file_sha256, open_session, summary, verify
from app.plan import SessionPaths
from app.recorder.finishing import FinishingError, finish
from tests.helpers.recordings import (
    PLAN,
    START_S,
    STREAMS,
    Script,
    abandon,
    append,
    blob,
    camera,
    make_live,
    numbers,
    presenter_script,
    record,
    row_times,
    rows_until,
    samples,
    supervisor_script,
)

EEG = STREAMS[0]


@pytest.fixture
def live(tmp_path: Path) -> SessionPaths:
    """A live folder with a plan and nothing recorded yet."""
    paths = SessionPaths(tmp_path, PLAN.name)
    paths.live.mkdir()
    PLAN.save(paths.plan)
    return paths


def assert_complete(path: Path, until_s: float) -> None:
    """The file holds every row from the start until `until_s`, once."""
    with open_session(path) as session:
        assert set(session.streams) == {info.id for info in STREAMS}
        for info in STREAMS:
            stream, rows = session.streams[info.id], rows_until(info, until_s)
            assert stream.rows == rows
            assert np.array_equal(stream.times[:], row_times(info, 0, rows))
            if info.is_blob:
                assert stream.data[:] == [blob(i) for i in range(rows)]
            else:
                assert np.array_equal(stream.data[:], numbers(info, 0, rows))


def test_a_session_becomes_one_read_only_file(tmp_path: Path) -> None:
    paths = make_live(tmp_path)
    told: list[float] = []
    result = finish(paths, told.append)
    assert result.path == paths.final
    assert result.parts == 1
    assert result.lost_s == dict.fromkeys(("eeg", "sound", "camera", "markers"), 0.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [paths.final.name, paths.checksum.name]
    assert stat.S_IMODE(paths.final.stat().st_mode) == 0o444
    assert paths.checksum.read_text() == f"{file_sha256(paths.final)}  {paths.final.name}\n"
    assert result.sha256 == file_sha256(paths.final)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert_complete(paths.final, START_S + 2.5)
    verify(paths.final, result.sha256)


def test_a_study_keeps_the_checksum_itself(tmp_path: Path) -> None:
    paths = make_live(tmp_path, replace(PLAN, study="fear"))
    assert finish(paths).sha256 == file_sha256(paths.final)
    assert [path.name for path in tmp_path.iterdir()] == [paths.final.name]


def test_no_place_on_this_computer_gets_into_the_file(tmp_path: Path) -> None:
    device = {"id": "camera", "source": "camera", "params": {"file": "/lab/videos/face.mp4"}}
    paths = make_live(tmp_path, replace(PLAN, devices=(device,)))
    with open_session(finish(paths).path) as session:
        assert session.attributes["devices"][0]["params"] == {"file": "face.mp4"}
    assert b"/lab/videos" not in paths.final.read_bytes()


def test_a_finished_file_opens_in_any_hdf5_reader(tmp_path: Path) -> None:
    with h5py.File(finish(make_live(tmp_path)).path, "r") as file:
        assert file.attrs["format"] == "evoke-session"
        assert file.attrs["version"] == 1
        assert file.attrs["uuid"] == PLAN.uuid
        assert file.attrs["participant"] == "sim01"
        assert file["protocol"].attrs["seed"] == 7
        assert file["protocol/yaml"][()].decode() == PLAN.protocol_yaml
        assert file["streams/eeg/data"].shape == (250, 3)
        assert file["streams/eeg"].attrs["rate_hz"] == 100.0
        assert file["trials/actual_onset_s"].shape == (2,)
        assert file["trials/rating_valence"][:].tolist() == [5.0, 6.0]
        assert file["end"].attrs["reason"] == "completed"


def test_the_summary_is_the_contract_of_evoke_info(tmp_path: Path) -> None:
    known = summary(finish(make_live(tmp_path)).path)
    streams = {stream["id"]: stream for stream in known.pop("streams")}
    assert known.pop("presentation")["onsets_ms"] == {"count": 2, "median": 0.4, "p99": 0.4, "max": 0.4}
    assert known == {
        "uuid": PLAN.uuid,
        "origin": "simulated",
        "protocol": "small",
        "protocol_version": 1,
        "amendments": [],
        "participant": "sim01",
        "started_utc": "2023-11-14T22:30:00.000Z",
        "ended": True,
        "end_reason": "completed",
        "trials": 2,
        "events": 19,
        "onset_error_ms": {"median": 0.4, "p99": 0.4, "max": 0.4},
        "dropped_frames": 0,
    }
    assert streams["eeg"] == {
        "id": "eeg",
        "kind": "eeg",
        "origin": "simulated",
        "channels": ["c0", "c1", "c2"],
        "nominal_rate_hz": 100.0,
        "measured_rate_hz": 100.0,
        "samples": 250,
        "first_s": START_S,
        "last_s": START_S + 2.49,
        "gaps": [],
        "jitter_sd_ms": 0.0,
        "drift_ppm": None,
        "residual_ms": 0.0,
        "alignment": "not verified",
        "delay_s": None,
        "lost_tail_s": 0.0,
        "quality": None,
    }


def test_every_journalled_line_is_in_the_file_once(live: SessionPaths) -> None:
    script = presenter_script()
    script.append_to(live.journal("presenter"))
    # A restarted author's journal may hold a line twice, and end in a torn one.
    script.events = script.events[-3:]
    script.append_to(live.journal("presenter"))
    with live.journal("presenter").open("ab") as file:
        file.write(b'{"event":{"time":1,"sou')
    supervisor_script(START_S + 2.5).append_to(live.journal("supervisor"))
    record(live.part(1), START_S, START_S + 1)
    expected = {(e.source, e.seq): e for e in presenter_script().events}
    expected |= {(e.source, e.seq): e for e in supervisor_script(START_S + 2.5).events}
    with open_session(finish(live).path) as session:
        keys = list(zip(session.keys["source"], session.keys["seq"], strict=True))
        found = [(e.source, e.seq) for e in session.events]
        assert sorted(found + keys) == sorted(expected)
        assert all(event == expected[event.source, event.seq] for event in session.events)
        times = [event.time for event in session.events]
        assert times == sorted(times)
        assert session.end.totals["damaged_journal_lines"] == 1


def test_a_repeated_trial_is_one_row_with_its_last_answers(live: SessionPaths) -> None:
    script = Script("presenter")
    for attempt, value in ((1, 2), (2, 8)):
        t = START_S + attempt
        script.add(t, "trial_started", 0, stimulus="s0", category="fear", order=0)
        script.add(t + 0.1, "stimulus_shown", 0, "picture", intended_s=t + 0.1, actual_s=None)
        script.add(t + 0.5, "response", 0, "rating", item="valence", value=value)
    script.append_to(live.journal("presenter"))
    with open_session(finish(live).path) as session:
        trials = session.trials
        assert trials["attempts"].tolist() == [2]
        assert trials["started_s"].tolist() == [START_S + 2]
        assert trials["rating_valence"].tolist() == [8.0]
        assert np.isnan(trials["actual_onset_s"]).all()
        assert trials["practice"].tolist() == [True]
    assert summary(live.final)["onset_error_ms"] is None


def test_rows_that_a_restarted_recorder_took_twice_are_there_once(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.1, close=None)
    behind = {info.id: 0.6 for info in STREAMS}
    record(live.part(2), START_S + 1.1, START_S + 2.0, behind_s=behind)
    result = finish(live)
    assert result.parts == 2
    assert_complete(result.path, START_S + 2.0)
    with open_session(result.path) as session:
        assert all(stream.gaps == () for stream in session)


def test_a_hole_between_recorders_is_a_gap_with_its_cause(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.0, close=None, has_numbers=False)
    record(live.part(2), START_S + 2.0, START_S + 3.0, has_numbers=False)
    result = finish(live)
    with open_session(result.path) as session:
        assert session.streams["eeg"].gaps == (Gap(99, 100, 100, "recorder restarted"),)
        assert session.streams["eeg"].rows == 200
        assert session.streams["markers"].gaps == (Gap(2, 3, 0, "recorder restarted"),)
    assert result.lost_s["eeg"] == 1.0
    gap = next(s for s in summary(result.path)["streams"] if s["id"] == "eeg")["gaps"][0]
    expected = {"to_s": START_S + 2.0, "samples": 100, "cause": "recorder restarted"}
    assert gap == {"from_s": pytest.approx(START_S + 0.99)} | expected


def test_rows_that_a_ring_lost_are_counted_by_their_numbers(live: SessionPaths) -> None:
    frames = (camera(),)
    record(live.part(1), START_S, START_S + 1.0, streams=frames, close=None)
    record(live.part(2), START_S + 15.0, START_S + 16.0, streams=frames)
    with open_session(finish(live).path) as session:
        assert session.streams["camera"].gaps == (Gap(29, 30, 420, "recorder restarted"),)


def test_a_gap_that_the_recorder_noted_is_not_told_twice(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.0, close=None)
    writer = PartWriter.create(live.part(2), asdict(PLAN), [EEG])
    writer.add_gap("eeg", Gap(-1, 0, 50, "recorder restarted"))
    append(writer, EEG, 150, 50, START_S + 2.0, 10_000)
    writer.add_gap("eeg", Gap(49, 50, 100, "stream lost"))
    append(writer, EEG, 300, 50, START_S + 3.5, 10_050)
    writer.close("stopped")
    with open_session(finish(live).path) as session:
        assert session.streams["eeg"].gaps == (
            Gap(99, 100, 50, "recorder restarted"),
            Gap(149, 150, 100, "stream lost"),
        )


def test_a_planned_new_part_leaves_no_trace_in_the_streams(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.0, streams=STREAMS[:2], close="streams changed")
    record(live.part(2), START_S + 1.0, START_S + 2.0)
    result = finish(live)
    with open_session(result.path) as session:
        assert session.streams["eeg"].gaps == ()
        assert np.array_equal(session.streams["eeg"].data[:], numbers(EEG, 0, 200))
        assert session.streams["camera"].rows == 30


def test_a_stream_that_came_back_with_another_shape_is_another_stream(live: SessionPaths) -> None:
    wider = samples("eeg", 5, 100.0)
    record(live.part(1), START_S, START_S + 1.0, streams=[EEG], close="streams changed")
    record(live.part(2), START_S + 1.0, START_S + 2.0, streams=[wider])
    with open_session(finish(live).path) as session:
        assert {name: s.rows for name, s in session.streams.items()} == {"eeg": 100, "eeg-2": 100}
        assert session.streams["eeg-2"].info == replace(wider, id="eeg-2")


def test_a_damaged_chunk_in_the_middle_costs_only_itself(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 2.0, streams=[EEG])
    with h5py.File(live.part(1), "r+") as file:
        file["streams/eeg/data"][60, 1] += 1
    with open_session(finish(live).path) as session:
        stream = session.streams["eeg"]
        assert stream.gaps == (Gap(49, 50, 25, "damaged"),)
        assert np.array_equal(stream.data[:50], numbers(EEG, 0, 50))
        assert np.array_equal(stream.data[50:], numbers(EEG, 75, 125))


def test_a_part_that_cannot_be_opened_does_not_cost_the_others(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.0)
    live.part(2).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(4096))
    result = finish(live)
    assert result.parts == 2
    with open_session(result.path) as session:
        assert session.streams["eeg"].rows == 100
        assert "part-002" in session.end.totals["problems"][0]


def test_without_any_row_the_events_are_kept(live: SessionPaths) -> None:
    presenter_script().append_to(live.journal("presenter"))
    result = finish(live)
    assert result.parts == 0
    assert summary(result.path)["trials"] == 2
    assert summary(result.path)["end_reason"] == "interrupted"
    assert summary(result.path)["ended"] is False


def test_the_plan_is_found_in_the_parts_if_its_file_is_lost(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.0, close=None)
    live.plan.unlink()
    assert summary(finish(live).path)["protocol"] == "small"


def test_parts_of_another_boot_become_the_next_run(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.0, close=None)
    record(live.part(2), 50.0 + START_S, 51.0 + START_S, boot="boot-2")
    Script("recorder").append_to(live.journal("recorder"))
    again = Script("recorder", "boot-2", START_S + 50.0, seq=1)
    again.add(START_S + 50.5, "note", text="after the battery was changed")
    again.append_to(live.journal("recorder"))
    result = finish(live)
    (later,) = result.more
    assert later.path.name == "sub-sim01_ses-01_task-small_run-02.h5"
    with open_session(result.path) as first, open_session(later.path) as second:
        assert second.attributes["continues"] == first.attributes["uuid"] == PLAN.uuid
        assert second.attributes["uuid"] != PLAN.uuid
        assert second.attributes["run"] == 2
        assert [event.kind for event in second.events] == ["journal_opened", "note"]
        assert [event.kind for event in first.events] == ["journal_opened"]
        assert second.streams["eeg"].times[0] == START_S + 50.0
        assert first.streams["eeg"].rows == second.streams["eeg"].rows == 100


def test_another_sessions_file_is_never_overwritten(tmp_path: Path) -> None:
    first = finish(make_live(tmp_path)).path
    paths = make_live(tmp_path, replace(PLAN, uuid="00000000-0000-4000-8000-000000000002"))
    before = first.read_bytes()
    with pytest.raises(FinishingError, match="is the file of another session"):
        finish(paths)
    assert first.read_bytes() == before
    assert paths.part(1).exists()


def test_a_folder_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    paths = SessionPaths(tmp_path, "x")
    paths.live.mkdir()
    with pytest.raises(FinishingError, match="neither a readable session"):
        finish(paths)


def test_leftovers_of_a_finished_session_are_removed_once_it_is_verified(tmp_path: Path) -> None:
    paths = make_live(tmp_path)
    kept = {path.name: path.read_bytes() for path in paths.live.iterdir()}
    first = finish(paths)
    paths.live.mkdir()
    for name, content in kept.items():
        (paths.live / name).write_bytes(content)
    again = finish(paths)
    assert again.was_finished
    assert again.sha256 == first.sha256
    assert again.lost_s == first.lost_s
    assert not paths.live.exists()


def killed_while_finishing(paths: SessionPaths, after_s: float) -> bool:
    """Kill a process that finishes; return whether it was still at it."""
    code = (
        "import sys, pathlib, app.plan as p, app.recorder.finishing as f;"
        "print('go', flush=True); f.finish(p.SessionPaths.of_live(pathlib.Path(sys.argv[1])))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(paths.live)], stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        time.sleep(after_s)
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait() != 0


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_it_starts_again_and_gives_the_same_file(tmp_path: Path, seed: int) -> None:
    reference = make_live(tmp_path / "reference")
    started = time.monotonic()
    expected = finish(reference).sha256
    whole_s = time.monotonic() - started
    paths = make_live(tmp_path / "killed")
    source = random.Random(seed)
    for _ in range(4):
        if not killed_while_finishing(paths, source.uniform(0, 1.5 * whole_s)):
            break
        assert paths.live.exists() or paths.final.exists()
        if paths.final.exists():
            verify(paths.final, expected)
    if paths.live.exists():
        assert finish(paths).sha256 == expected
    verify(paths.final, expected)
    assert stat.S_IMODE(paths.final.stat().st_mode) == 0o444
    assert sorted(path.name for path in paths.folder.iterdir()) == [paths.final.name, paths.checksum.name]


def big_part(path: Path, seconds: int) -> int:
    """Write a part of 64 channels at 1 kHz; return its size in bytes."""
    info = samples("eeg", 64, 1000.0)
    writer = PartWriter.create(path, asdict(PLAN) | {"boot_id": "boot-1"}, [info])
    values = np.random.default_rng(0).normal(size=(1000, 64)).astype("f4")
    for second in range(seconds):
        writer.append("eeg", START_S + second + np.arange(1000) / 1000, values, second, second * 1000)
        writer.flush()
    writer.close("stopped")
    return path.stat().st_size


def test_memory_stays_flat_however_long_the_recording(live: SessionPaths) -> None:
    size = big_part(live.part(1), 400)
    assert size > 100e6
    code = (
        "import sys, pathlib, resource, app.plan as p, app.recorder.finishing as f;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "f.finish(p.SessionPaths.of_live(pathlib.Path(sys.argv[1])));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(live.live)], capture_output=True, check=True, text=True
    )
    grown = int(done.stdout) * 1024
    assert grown < size / 2


def test_a_killed_recorders_part_is_finished_up_to_its_last_flush(live: SessionPaths) -> None:
    record(live.part(1), START_S, START_S + 1.5, close=None)
    supervised = supervisor_script(START_S + 2.0, reason=None)
    supervised.add(START_S + 1.9, "process_ended", role="recorder", name="recorder", status=-9)
    supervised.append_to(live.journal("supervisor"))
    result = finish(live)
    assert_complete(result.path, START_S + 1.5)
    assert result.lost_s == {info.id: pytest.approx(0.4) for info in STREAMS}
    tails = {stream["id"]: stream["lost_tail_s"] for stream in summary(result.path)["streams"]}
    assert tails["eeg"] == pytest.approx(0.4)


def test_a_writer_can_be_abandoned_for_these_tests(tmp_path: Path) -> None:
    writer = PartWriter.create(tmp_path / "p.h5", {"uuid": "u"}, [EEG])
    abandon(writer)
    with pytest.raises(OSError, match="already open for write"):
        h5py.File(tmp_path / "p.h5", "r")
