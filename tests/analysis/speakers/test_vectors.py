"""Ready vectors from files: read as they are, or refused with the place of the fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.corpus import Trial
from analysis.features.embedding import named_file, ready_steps
from analysis.features.feature import FeatureError
from analysis.speakers.settings import SpeakersError
from analysis.speakers.shelf import place_vectors, shelved_vectors
from analysis.speakers.vectors import vectors_at


def trial(recording: str, index: int) -> Trial:
    return Trial(recording, "P01", "1", index, f"task-{index}", "", 0.0, 1.0, (0.0, 1.0))


@pytest.mark.parametrize(
    "text", ["recording,trial,v1,v2\nr1,0,1,2\nr1,1,3,4\n", "recording,trial,vector\nr1,0,1 2\nr1,1,3 4\n"]
)
def test_a_csv_gives_each_trial_its_vector(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    found = vectors_at(path, "")
    assert found.dimension == 2
    assert found.by_trial["r1", 1].tolist() == [3, 4]
    rows = [(trial("r1", 1), (0.0, 1.0)), (trial("r2", 0), (2.0, 4.0)), (trial("r1", 0), (5.0, 6.0))]
    steps = ready_steps(rows, named_file(str(path)))
    assert np.diff(steps.first).tolist() == [1, 0, 1]
    assert steps.values.tolist() == [[3, 4], [1, 2]]
    path.write_text(text.replace("4", "5"))
    with pytest.raises(FeatureError, match="was changed since it was chosen"):
        ready_steps(rows, {**named_file(str(path)), "sha256": "0" * 64})


@settings(max_examples=25)
@given(st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=2), min_size=1, max_size=5))
def test_npz_and_csv_hold_the_same(rows: list[list[float]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "v.npz", Path(folder) / "v.csv"
        np.savez(
            one, recording=["r"] * len(rows), trial=np.arange(len(rows)), vector=np.array(rows, np.float32)
        )
        lines = [f"r,{place},{row[0]!r},{row[1]!r}" for place, row in enumerate(rows)]
        other.write_text("\n".join(["recording,trial,a,b", *lines]))
        first, second = vectors_at(one, ""), vectors_at(other, "")
        assert first.by_trial.keys() == second.by_trial.keys()
        for key, vector in first.by_trial.items():
            np.testing.assert_array_equal(vector, second.by_trial[key])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,trial,v\n", "line 1: the head must be"),
        ("recording,trial,v\nr,x,1\n", "row 2: is no recording, trial and numbers"),
        ("recording,trial,v,w\nr,0,1,2\nr,1,3\n", "every row needs a vector, and all of one length"),
        ("recording,trial,v\nr,0,1\nr,0,2\n", "two vectors"),
        ("recording,trial,v\nr,0,nan\n", "not finite"),
        ("recording,trial,v\n", "every row needs a vector"),
    ],
)
def test_a_broken_file_is_explained(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text(text)
    with pytest.raises(SpeakersError, match=words):
        vectors_at(path, "")


def test_nothing_in_an_npz_is_run(tmp_path: Path) -> None:
    path = tmp_path / "v.npz"
    np.savez(path, recording=np.array([{}], dtype=object), trial=[0], vector=[[1.0]])
    with pytest.raises(SpeakersError, match="holds no vectors"):
        vectors_at(path, "")


def test_the_shelf_holds_files_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    path = tmp_path / "mine.csv"
    path.write_text("recording,trial,v\nr,0,1\n")
    place_vectors(path)
    assert shelved_vectors() == ("mine.csv",)
    assert named_file("mine.csv")["file"] == "mine.csv"
    path.write_text("recording,trial,v\nr,0,2\n")
    with pytest.raises(SpeakersError, match="already with other vectors"):
        place_vectors(path)
