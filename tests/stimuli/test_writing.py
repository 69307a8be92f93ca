"""Manifests are written in one step, read back the same, and never lost."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stimuli.import_folder import draft_folder
from stimuli.sets import Score, Stimulus, StimulusError, load_set, parse_set
from stimuli.writing import is_bundled, manifest_text, write_copy, write_draft, write_manifest
from tests.helpers.stimulus_files import picture, pictures_set, set_of, stimulus


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = picture(tmp_path / "sub/a.png")
    item = stimulus(
        path, valence=7.25, valence_sd=1.5, n=12, provisional=True, width_px=32, height_px=24,
        model="anna", expression="happy", description='a "quoted", scene; with\nlines',
        scores=(Score("attractiveness", 4.18, 0.152, 22), Score("approach", -1.5)),
    )  # fmt: skip
    assert set_of(tmp_path, [item]).items["a"] == item


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)
NAME = TEXT.filter(bool)
RATING = st.none() | st.floats(1, 9).map(lambda value: round(value, 4))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Stimulus,
        id=NAME,
        path=st.just(Path("x/a.png")),
        kind=st.sampled_from(["film", "sound"]),
        category=NAME,
        valence=RATING,
        arousal=RATING,
        n=st.none() | st.integers(1, 9999),
        provisional=st.booleans(),
        licence=TEXT,
        attribution=TEXT,
        sha256=st.just("0" * 64),
        description=TEXT,
        duration_s=st.none() | st.floats(0.001, 86_400).map(lambda value: round(value, 3)),
        width_px=st.none() | st.integers(1, 100_000),
        model=TEXT,
        scores=st.lists(st.builds(Score, st.just("liking"), st.integers(-99, 99).map(float)), max_size=1).map(
            tuple
        ),
    )
)
def test_any_stimulus_survives_being_written(item: Stimulus) -> None:
    text = manifest_text([item], Path("x"))
    assert list(parse_set(Path("x"), text).items.values()) == [item]


def test_the_manifest_of_before_is_kept_and_numbered(tmp_path: Path) -> None:
    made = pictures_set(tmp_path, each=2)
    items = list(made.items.values())
    first = (tmp_path / "manifest.csv").read_text(encoding="utf-8")
    old = write_manifest(tmp_path, [replace(item, n=30) for item in items])
    assert old == tmp_path / "manifest-v001.csv"
    assert old is not None and old.read_text(encoding="utf-8") == first
    assert write_manifest(tmp_path, items) == tmp_path / "manifest-v002.csv"
    assert {path.name for path in tmp_path.iterdir() if path.suffix == ".csv"} == {
        "manifest.csv", "manifest-v001.csv", "manifest-v002.csv"
    }  # fmt: skip


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    made = pictures_set(tmp_path, each=2)
    before = (tmp_path / "manifest.csv").read_text(encoding="utf-8")
    wrong = [replace(item, valence=12.0) for item in made.items.values()]
    with pytest.raises(StimulusError, match="outside of 1 to 9"):
        write_manifest(tmp_path, wrong)
    assert (tmp_path / "manifest.csv").read_text(encoding="utf-8") == before
    assert not (tmp_path / "manifest-v001.csv").exists()


def test_a_set_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    pictures_set(tmp_path, each=2)
    draft = draft_folder(tmp_path)
    with pytest.raises(StimulusError, match="there is a set in this folder already"):
        write_draft(draft, tmp_path)
    written = write_draft(draft, tmp_path, again=True)
    assert written.old == tmp_path / "manifest-v001.csv"


def test_files_elsewhere_have_to_be_copied(tmp_path: Path) -> None:
    picture(tmp_path / "from/a.png", 1)
    picture(tmp_path / "from/deep/b.png", 2)
    draft = draft_folder(tmp_path / "from")
    with pytest.raises(StimulusError, match="outside of the set's folder; have it copied"):
        write_draft(draft, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    write_draft(draft, tmp_path / "to", copy=True)
    found = load_set(tmp_path / "to")
    assert [item.path.name for item in found.items.values()] == ["a.png", "b.png"]
    assert found.problems() == []


def test_copies_never_replace_another_file(tmp_path: Path) -> None:
    picture(tmp_path / "from/a.png", 1)
    other = picture(tmp_path / "to/a.png", 2).read_bytes()
    with pytest.raises(StimulusError, match=r"another file called a\.png is in the set's folder"):
        write_draft(draft_folder(tmp_path / "from"), tmp_path / "to", copy=True)
    assert (tmp_path / "to/a.png").read_bytes() == other
    assert not (tmp_path / "to/manifest.csv").exists()


def test_two_files_of_one_name_are_not_copied_onto_each_other(tmp_path: Path) -> None:
    picture(tmp_path / "from/x/a.png", 1)
    picture(tmp_path / "from/y/a.png", 2)
    with pytest.raises(StimulusError, match="another file called"):
        write_draft(draft_folder(tmp_path / "from"), tmp_path / "to", copy=True)
    assert not (tmp_path / "to").exists()


def test_stopping_writes_nothing(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / f"{number}.png", number)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        write_draft(draft_folder(tmp_path), tmp_path, progress=stop)
    assert not (tmp_path / "manifest.csv").exists()


def test_nothing_to_import_says_so(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    with pytest.raises(StimulusError, match="there is nothing to import"):
        write_draft(draft_folder(tmp_path / "from"), tmp_path / "from")


def test_a_copy_of_a_set_is_whole(tmp_path: Path) -> None:
    made = pictures_set(tmp_path / "one", each=2)
    write_copy(made, [replace(item, n=99) for item in made.items.values()], tmp_path / "two")
    copied = load_set(tmp_path / "two")
    assert copied.problems() == []
    assert {item.n for item in copied.items.values()} == {99}
    with pytest.raises(StimulusError, match="a set in this folder already"):
        write_copy(made, list(made.items.values()), tmp_path / "two")
    assert is_bundled(load_set("open")) and not is_bundled(copied)
