"""MP4 with sound, read by PyAV and ffprobe: every picture at its time, every sample of the sound."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.exchange.export_files import ExportError, Report
from analysis.exchange.export_mp4 import jpeg_size, write_mp4
from analysis.exchange.export_view import Terms, View
from analysis.session_file import Session, open_session
from tests.helpers.rich_session import CAMERA, SOUND, jpegs, rich_session, times_of


@pytest.fixture(scope="module")
def written(rich_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("mp4")
    with open_session(rich_file) as session:
        return folder / "camera.mp4", write_mp4(session, folder)


def pictures_in(path: Path) -> list[tuple[float, bytes]]:
    import av

    with av.open(str(path)) as file:
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in file.demux(video=0)
            if packet.pts is not None and packet.time_base is not None
        ]


def sound_in(path: Path) -> tuple[float, Any]:
    import av

    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    return float(frames[0].time or 0.0), np.concatenate([frame.to_ndarray()[0] for frame in frames])


def test_every_picture_is_the_recorded_one_at_its_true_time(
    rich: Session, written: tuple[Path, Report]
) -> None:
    found = pictures_in(written[0])
    stream = rich.streams["camera"]
    assert [picture for _, picture in found] == stream.data[:]
    zero_s = written[1].wrote[0].facts["zero_s"]
    times = [zero_s + time_s for time_s, _ in found]
    np.testing.assert_allclose(times, times_of(CAMERA), atol=1e-6)


def test_the_sound_is_equal_with_silence_in_its_hole(rich: Session, written: tuple[Path, Report]) -> None:
    start_s, sound = sound_in(written[0])
    rows = rich.streams["mic"].data[:][:, 0]
    assert len(sound) == len(rows) + 20_000
    np.testing.assert_array_equal(sound[:80_000], rows[:80_000])
    assert not sound[80_000:100_000].any()
    np.testing.assert_array_equal(sound[100_000:], rows[80_000:])
    facts = written[1].wrote[1].facts
    assert (facts["silence_filled"], facts["largest_error"]) == (20_000, 0.0)
    assert start_s + written[1].wrote[0].facts["zero_s"] == pytest.approx(times_of(SOUND)[0], abs=1e-3)


def test_ffprobe_counts_the_same(written: tuple[Path, Report]) -> None:
    program = shutil.which("ffprobe")
    if program is None:
        import av

        with av.open(str(written[0])) as file:
            counted = {file.streams.video[0].frames}
        assert counted == {250}
        return
    entries = "stream=codec_type,nb_read_packets,duration"
    command = [program, "-v", "error", "-count_packets", "-show_entries", entries, "-of", "csv=p=0"]
    done = subprocess.run([*command, str(written[0])], capture_output=True, text=True, check=True)
    lines = dict(line.split(",", 1) for line in done.stdout.splitlines())
    assert lines["video"].split(",")[1] == "250"
    assert float(lines["audio"].split(",")[0]) == pytest.approx(25.0, abs=0.001)
    assert done.stderr == ""


def test_every_picture_can_be_decoded(written: tuple[Path, Report]) -> None:
    import av

    with av.open(str(written[0])) as file:
        assert sum((frame.width, frame.height) == (32, 24) for frame in file.decode(video=0)) == 250


def test_a_drifting_microphone_stays_with_the_pictures(tmp_path: Path, rich: Session) -> None:
    # A minute of a microphone that runs 1 % fast: the file must be a minute long, not 60.6 s.
    import av

    from analysis.exchange.export_grid import Grid, Run
    from analysis.exchange.export_mp4 import _Sound

    class Fast(Grid):
        pass

    grid = Fast(8000.0, (Run(0, 80_000, 0, 1000.0, 1000.0 + 79_999 / 8080),))
    with av.open(str(tmp_path / "a.mp4"), "w", format="mp4") as container:
        sound = _Sound(container, rich.streams["mic"], grid, 1000.0)
        for _, _, packet in sound.packets(1):
            container.mux(packet)
    with av.open(str(tmp_path / "a.mp4")) as file:
        last = [float(p.pts * p.time_base) for p in file.demux(audio=0) if p.pts and p.time_base][-1]
    assert last == pytest.approx(77_824 / 8080, abs=2e-4)


def test_pictures_that_do_not_belong_are_left_out_and_counted(tmp_path: Path) -> None:
    import cv2

    odd = cv2.imencode(".jpg", np.zeros((10, 20, 3), np.uint8))[1].tobytes()
    pictures = [*jpegs(248), b"no picture", odd]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.helpers.rich_session.jpegs", lambda _: pictures)
        path = rich_session(tmp_path / "s", streams=(CAMERA, SOUND, *_rest()))
    with open_session(path) as session:
        facts = write_mp4(session, tmp_path / "out").wrote[0].facts
    assert facts["left_out"] == {"no JPEG": 1, "20x10": 1}
    assert len(pictures_in(tmp_path / "out" / "camera.mp4")) == 248


def _rest() -> tuple[Any, ...]:
    from tests.helpers.rich_session import EEG

    return (EEG,)


def test_without_a_camera_the_sound_goes_alone(rich: Session, tmp_path: Path) -> None:
    view = View(rich)
    view.streams = [stream for stream in view.streams if stream.info.id != "camera"]
    write_mp4(view, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mic.mp4"]
    assert len(sound_in(tmp_path / "mic.mp4")[1]) == 200_000


def test_without_face_and_voice_there_is_nothing_to_write(rich: Session, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="neither pictures nor sound"):
        write_mp4(View(rich, Terms("no-face-voice", True)), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"GIF89a", b"\xff\xd8\xff\xe0\x00\x04ab"])
def test_what_is_no_jpeg_has_no_size(content: bytes) -> None:
    assert jpeg_size(content) is None
