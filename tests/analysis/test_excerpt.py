"""Excerpts: the same signals at the same times, and nothing of a person, a device or a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from analysis.excerpt import Cut, write_excerpt
from analysis.jpeg_plain import without_comments
from analysis.labels.scheme import SHOWABLE
from analysis.session_file import open_session
from analysis.session_summary import verify_stream
from tests.helpers.recordings import START_S, samples
from tests.helpers.rich_session import EEG, GAP_FROM_S, SECRETS, STREAMS, rich_session

ALL = Cut("k7f2xw", "u-1", START_S + 2.0, START_S + 14.0, 0, frozenset(SHOWABLE), (), (), True, True, True)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rich_session(tmp_path_factory.mktemp("rich"))


def cut(source: Path, target: Path, how: Cut) -> Path:
    with open_session(source) as session:
        write_excerpt(session, target, how)
    return target


def texts(path: Path) -> str:
    found: list[str] = []

    def visit(name: str, node: h5py.HLObject) -> None:
        found.append(f"{name} {dict(node.attrs)}")
        if isinstance(node, h5py.Dataset) and node.dtype.kind in "SOu":
            value = node[()]
            found.append(value.tobytes().decode("latin-1") if isinstance(value, np.ndarray) else str(value))

    with h5py.File(path, "r") as file:
        visit("", file)
        file.visititems(visit)
    return "\n".join(found)


def test_rows_lie_where_they_lay_on_our_clock(rich: Path, tmp_path: Path) -> None:
    path = cut(rich, tmp_path / "x.h5", ALL)
    with open_session(rich) as whole, open_session(path) as piece:
        assert {"eeg", "heart", "mic", "camera", "steps", "small"} <= set(piece.streams)
        for name, stream in piece.streams.items():
            verify_stream(path, stream, lambda _: None)
            known = next(
                s for s in whole if s.info.kind == stream.info.kind and s.info.dtype == stream.info.dtype
            )
            times = known.corrected_times()
            inside = np.flatnonzero((times >= ALL.start_s) & (times < ALL.end_s))
            assert stream.rows == len(inside), name
            assert stream.corrected_times() == pytest.approx(times[inside] - ALL.start_s, abs=2e-4)
            assert stream.times[:] == pytest.approx(times[inside] - ALL.start_s, abs=1e-9)
            rows = known.data[int(inside[0]) : int(inside[-1]) + 1] if len(inside) else []
            if name == "camera":
                assert stream.data[:] == [without_comments(picture) for picture in rows]
            elif name == "eeg":
                assert np.array_equal(stream.data[:], rows)
        gaps = {name: [gap.missing for gap in stream.gaps] for name, stream in piece.streams.items()}
        assert gaps["eeg"] == [250]
        gap = piece.streams["eeg"].gaps[0]
        assert piece.streams["eeg"].times[gap.last] == pytest.approx(
            GAP_FROM_S - ALL.start_s - 0.01, abs=1e-3
        )


def test_no_person_no_device_and_no_moment_is_in_it(rich: Path, tmp_path: Path) -> None:
    path = cut(rich, tmp_path / "x.h5", ALL)
    everything = texts(path)
    assert [secret for secret in (*SECRETS, "sim01", "2023-11", "board_time") if secret in everything] == []
    assert '"Q"' not in everything, "what was typed stays behind"
    with open_session(path) as piece:
        assert {
            name for name in piece.attributes if name not in ("format", "version", "readable_from", "state")
        } == {
            "uuid",
            "name",
            "origin",
        }
        assert piece.protocol["yaml"] == ""
        assert "texts" not in piece.streams
        assert all(stream.info.serial == stream.info.source_id == "" for stream in piece)
        assert max(event.time for event in piece.events) <= 12.0
    assert path.stat().st_mode & 0o222 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["x.h5"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "kinds", "told"),
    [
        ({}, {"response", "stimulus_shown", "stimulus_hidden"}, {"stimulus", "category"}),
        ({"answers": False}, {"stimulus_shown", "stimulus_hidden"}, {"stimulus", "category"}),
        ({"condition": False}, {"response", "stimulus_shown", "stimulus_hidden"}, set()),
        ({"kinds": frozenset({"eeg"})}, set(), set()),
    ],
)
def test_events_tell_what_may_be_known(
    rich: Path, tmp_path: Path, changes: dict[str, object], kinds: set[str], told: set[str]
) -> None:
    path = cut(rich, tmp_path / "x.h5", replace(ALL, **changes))  # type: ignore[arg-type]
    with open_session(path) as piece:
        events = [event for event in piece.events if event.kind not in ("trial_started", "trial_ended")]
        assert {event.kind for event in events} == kinds
        payload = {name for event in events for name in event.payload}
        assert payload & {"stimulus", "category"} == told
        shown = [event for event in events if event.kind == "stimulus_shown"]
        for event in shown:
            assert event.payload["actual_s"] == pytest.approx(event.time, abs=1e-3)
            assert event.stage == ("picture" if told else "")
        assert {event.trial for event in piece.events} == {0}


@pytest.mark.slow
def test_keys_are_told_without_letters_and_never_beside_hidden_answers(rich: Path, tmp_path: Path) -> None:
    both = replace(ALL, trial=1, end_s=START_S + 24)
    with open_session(cut(rich, tmp_path / "all.h5", both)) as piece:
        assert set(piece.keys["class"]) == {"digit", "letter"}
        assert set(piece.keys["key"]) == {""}
        assert "char" not in piece.keys
    hidden = replace(both, answers=False)
    with open_session(cut(rich, tmp_path / "some.h5", hidden)) as piece:
        assert list(piece.keys["key"]) == [], "which key rated tells the answer"
    refused = replace(both, refused=("typed_text",))
    with open_session(cut(rich, tmp_path / "none.h5", refused)) as piece:
        assert list(piece.keys["key"]) == []


@pytest.mark.slow
def test_trigger_channels_tell_the_condition_and_stay_behind(tmp_path: Path) -> None:
    triggers = replace(
        samples("amp", 3, 50.0),
        channels=("Fz", "TRIG", "Cz"),
        channel_kinds=("eeg", "trigger", "eeg"),
    )
    source = rich_session(tmp_path / "s", streams=(triggers, *(s for s in STREAMS if s is not EEG)))
    for condition, channels in ((True, ("Fz", "TRIG", "Cz")), (False, ("Fz", "Cz"))):
        path = cut(source, tmp_path / f"{condition}.h5", replace(ALL, condition=condition))
        with open_session(path) as piece:
            assert piece.streams["amp"].info.channels == channels
            assert piece.streams["amp"].data[:].shape[1] == len(channels)


def test_sound_is_zero_where_it_is_muted(rich: Path, tmp_path: Path) -> None:
    muted = replace(ALL, muted_s=((START_S + 3, START_S + 4), (START_S + 9.5, START_S + 13)))
    with open_session(cut(rich, tmp_path / "x.h5", muted)) as piece:
        times, sound = piece.streams["mic"].times[:] + ALL.start_s, piece.streams["mic"].data[:][:, 0]
        silent = np.zeros(len(times), bool)
        for from_s, to_s in muted.muted_s:
            silent |= (times > from_s + 1e-3) & (times < to_s - 1e-3)
        assert silent.sum() > 8000
        assert not sound[silent].any()
        assert (sound[times < START_S + 2.9] != 0).mean() > 0.99


def test_an_empty_stretch_is_a_session_too(rich: Path, tmp_path: Path) -> None:
    path = cut(rich, tmp_path / "x.h5", replace(ALL, start_s=START_S + 900, end_s=START_S + 901))
    with open_session(path) as piece:
        assert {stream.rows for stream in piece} == {0}


def test_what_cameras_write_into_pictures_is_taken_out_and_the_picture_stays() -> None:
    picture = np.full((24, 32, 3), 90, np.uint8)
    plain = cv2.imencode(".jpg", picture)[1].tobytes()
    comment = b"\xff\xfe" + (2 + 20).to_bytes(2, "big") + b"2026-03-04 lab-pc-7 "
    exif = b"\xff\xe1" + (2 + 10).to_bytes(2, "big") + b"Exif\0\0serl"
    marked = plain[:2] + exif + comment + plain[2:]
    cleaned = without_comments(marked)
    assert b"lab-pc-7" not in cleaned
    assert b"Exif" not in cleaned
    shown, known = (cv2.imdecode(np.frombuffer(each, "u1"), cv2.IMREAD_COLOR) for each in (cleaned, plain))
    assert shown is not None
    assert known is not None
    assert np.array_equal(shown, known)
    assert without_comments(plain) == plain


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"\xff\xd8", b"no picture", b"\xff\xd8\xff\xfe\xff\xffcut"]
)
def test_what_is_no_whole_picture_does_no_harm(content: bytes) -> None:
    assert without_comments(content) in (content, content[:2])
