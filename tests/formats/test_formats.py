"""Files of every format version that ever was: each is opened by this one.

`version-N.h5` was written by `python -m tests.helpers.recordings FOLDER` when N was the present version,
and is never written again.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from analysis.records import Gap
from analysis.session_file import VERSION, file_sha256, open_session, summary, verify
from tests.helpers.recordings import PLAN, START_S, STREAMS, blob, numbers, rows_until, small_session

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("version-*.h5"))


def test_every_version_has_left_a_file() -> None:
    versions = [int(re.sub(r"\D", "", path.stem)) for path in FILES]
    assert versions == list(range(1, VERSION + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_as_it_was_written(path: Path) -> None:
    verify(path, path.with_suffix(".h5.sha256").read_text(encoding="utf-8").split()[0])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_opens_with_everything_in_it(path: Path) -> None:
    with open_session(path) as session:
        assert session.is_finished
        assert session.attributes["uuid"] == PLAN.uuid
        assert session.protocol["name"] == "small"
        assert session.trials["rating_valence"].tolist() == [5.0, 6.0]
        assert session.keys["class"].tolist() == ["digit"] * 4
        assert len(session.events) == 19
        assert session.end.reason == "completed"
        for info in STREAMS:
            stream = session.streams[info.id]
            assert stream.info == info
            assert stream.offsets["offset"].tolist() == [0.001]
            if info.id == "eeg":
                assert stream.gaps == (Gap(99, 100, 50, "stream lost"),)
                expected = np.concatenate([numbers(info, 0, 100), numbers(info, 150, 100)])
                assert np.array_equal(stream.data[:], expected)
            elif info.is_blob:
                assert stream.data[:] == [blob(i) for i in range(rows_until(info, START_S + 2.5))]
            else:
                assert np.array_equal(stream.data[:], numbers(info, 0, 2000))
    assert summary(path)["ended"] is True


def test_the_present_version_is_still_written_as_it_was(tmp_path: Path) -> None:
    """A file that differs here needs a new version, or must be read and written as before."""
    new = small_session(tmp_path)
    old = FOLDER / f"version-{VERSION}.h5"
    assert layout(new) == layout(old)
    assert new.stat().st_size < 200_000
    assert len(file_sha256(new)) == 64


def layout(path: Path) -> dict[str, tuple[str, ...]]:
    """Return every group's attributes and every data set's type."""
    found: dict[str, tuple[str, ...]] = {}
    with open_session(path) as session:
        found["/"] = tuple(sorted(session.file.attrs))
        session.file.visititems(
            lambda name, item: found.__setitem__(
                name, (*sorted(item.attrs), str(item.dtype) if hasattr(item, "dtype") else "")
            )
        )
    return found
