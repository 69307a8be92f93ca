"""Reading: what is not a session file is refused in one clear sentence; slices are as NumPy's."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.session_file import SessionFileError, open_session, summary, verify
from tests.helpers.recordings import START_S, STREAMS, blob, numbers, row_times, small_session


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_session(tmp_path_factory.mktemp("finished"))


def make_hdf5(path: Path, **attributes: object) -> None:
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match=r"none\.h5: cannot be read: No such file"):
        open_session(tmp_path / "none.h5")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.h5").touch()
    with pytest.raises(SessionFileError, match=r"x\.h5: is empty"):
        open_session(tmp_path / "x.h5")


def test_a_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.h5").write_text("time,eeg\n")
    with pytest.raises(SessionFileError, match=r"x\.h5: is not a session file"):
        summary(tmp_path / "x.h5")


def test_another_hdf5_file_is_refused(tmp_path: Path) -> None:
    make_hdf5(tmp_path / "x.h5", title="not ours")
    with pytest.raises(SessionFileError, match=r"x\.h5: is an HDF5 file, but not an Evoke session"):
        open_session(tmp_path / "x.h5")


def test_a_later_version_is_refused_with_the_version_needed(tmp_path: Path) -> None:
    make_hdf5(tmp_path / "x.h5", format="evoke-session", version=99, readable_from="7.2.0")
    with pytest.raises(
        SessionFileError, match=r"session format 99.*Update Evoke to version 7\.2\.0 or later"
    ):
        open_session(tmp_path / "x.h5")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_a_truncated_file_is_refused(finished: Path, tmp_path: Path, share: float) -> None:
    content = finished.read_bytes()
    (tmp_path / "x.h5").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SessionFileError, match=r"x\.h5: is damaged and cannot be opened\. Restore it"):
        open_session(tmp_path / "x.h5")


@given(st.data())
def test_slices_are_as_in_numpy(finished: Path, data: st.DataObject) -> None:
    info = data.draw(st.sampled_from([info for info in STREAMS if info.id in ("camera", "sound")]))
    key = data.draw(st.slices(80))
    with open_session(finished) as session:
        stream = session.streams[info.id]
        rows = stream.rows
        assert np.array_equal(stream.times[key], row_times(info, 0, rows)[key])
        if info.is_blob:
            assert stream.data[key] == [blob(i) for i in range(rows)][key]
        else:
            assert np.array_equal(stream.data[key], numbers(info, 0, rows)[key])


def test_single_rows_are_as_in_numpy(finished: Path) -> None:
    with open_session(finished) as session:
        sound, camera = session.streams["sound"], session.streams["camera"]
        assert sound.data[-1].tolist() == numbers(sound.info, sound.rows - 1, 1)[0].tolist()
        assert camera.data[3] == blob(3)
        assert sound.times[0] == START_S
        assert len(sound.data) == len(sound.times) == sound.rows == 2000
        with pytest.raises(IndexError):
            camera.data[camera.rows]


def test_a_changed_byte_is_found(finished: Path, tmp_path: Path) -> None:
    """Every byte of the signals and of their tables is covered."""
    content = finished.read_bytes()
    with h5py.File(finished, "r") as file:
        chunks = file["streams/sound/data"].id
        place, size = chunks.get_chunk_info(0).byte_offset, chunks.get_chunk_info(0).size
    verify(finished)
    for offset in range(0, size, max(1, size // 12)):
        damaged = bytearray(content)
        damaged[place + offset] ^= 0x40
        copy = tmp_path / f"x{offset}.h5"
        copy.write_bytes(damaged)
        with pytest.raises(SessionFileError, match=r"stream sound (is damaged at row|cannot be read)"):
            verify(copy)


def test_every_byte_counts_with_the_files_checksum(finished: Path, tmp_path: Path) -> None:
    sha256 = finished.with_name(finished.name + ".sha256").read_text(encoding="utf-8").split()[0]
    verify(finished, sha256)
    damaged = bytearray(finished.read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "x.h5").write_bytes(damaged)
    with pytest.raises(SessionFileError, match="its checksum differs"):
        verify(tmp_path / "x.h5", sha256)
