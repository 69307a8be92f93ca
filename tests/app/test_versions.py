"""Versions of protocols: the first recorded participant locks the content, a change says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import versions
from app.study import FinishedSession, Study
from app.versions import VersionError
from tests.helpers.people import lines

TEXT = """\
# Pictures, then a question
name: own
version: 1
title: Own pictures
stimuli:
  set: open
  categories: {pleasant: {category: pleasant}}
trials:
  see: [{kind: picture, duration_s: 1}]
blocks:
  - {name: main, trial: see, draw: {pleasant: 2}}
"""
LONGER = TEXT.replace("duration_s: 1", "duration_s: 2")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "s", "Fear", "people", protocol="own.yaml")
    (study.folder / "own.yaml").write_text(TEXT)
    return study


def lock(study: Study, version: int, text: str) -> None:
    """Record somebody with a version."""
    versions.lock(study, "own", version, text)
    file = f"sub-01/ses-{version:02d}/x.h5"
    study.add_finished(
        FinishedSession(file, "", file, "recorded", "01", version, 1, "own", version, False, "")
    )


def test_before_anybody_was_recorded_everything_may_change(study: Study) -> None:
    versions.check(study, "own", 1, TEXT)
    versions.check(study, "own", 1, LONGER)
    versions.check(study, "own", 7, LONGER)


def test_the_same_version_with_other_content_is_refused_with_what_differs(study: Study) -> None:
    lock(study, 1, TEXT)
    versions.check(study, "own", 1, TEXT)
    with pytest.raises(
        VersionError, match=r"trials\.see\[1\]\.duration_s: 1 became 2[\s\S]*make it version 2"
    ):
        versions.check(study, "own", 1, LONGER)
    versions.lock(study, "own", 1, LONGER)
    assert [line["text"] for line in lines(study.folder / versions.FILE)] == [TEXT], "the first one locks"


def test_comments_and_spaces_are_no_content(study: Study) -> None:
    lock(study, 1, TEXT)
    versions.check(study, "own", 1, TEXT.replace("# Pictures", "# Some pictures").replace("{kind", "{ kind"))


def test_a_new_version_needs_its_reason(study: Study) -> None:
    lock(study, 1, TEXT)
    second = LONGER.replace("version: 1", "version: 2")
    with pytest.raises(VersionError, match=r"nobody said why:\n  trials\.see"):
        versions.check(study, "own", 2, second)
    versions.announce(study, "own", 2, second, "too short to look at", "AB")
    versions.check(study, "own", 2, second)
    lock(study, 2, second)
    first, last = versions.versions(study, "own")
    assert (first.version, last.version, last.reason, last.by) == (1, 2, "too short to look at", "AB")
    assert last.changes == ("trials.see[1].duration_s: 1 became 2",)
    assert last.locked
    assert last.announced
    versions.check(study, "own", 1, TEXT)


def test_a_number_below_the_last_is_refused(study: Study) -> None:
    lock(study, 3, TEXT)
    with pytest.raises(VersionError, match="number 4 or higher"):
        versions.check(study, "own", 2, LONGER)


@pytest.mark.parametrize(
    ("version", "text", "reason", "message"),
    [
        (2, LONGER, " ", "needs its reason"),
        (1, LONGER, "x", "is not above 1"),
        (2, TEXT, "x", "nothing differs"),
    ],
)
def test_an_announcement_that_says_nothing_is_refused(
    study: Study, version: int, text: str, reason: str, message: str
) -> None:
    lock(study, 1, TEXT)
    with pytest.raises(VersionError, match=message):
        versions.announce(study, "own", version, text, reason)


def test_the_number_is_raised_in_the_file_and_comments_stay(study: Study) -> None:
    with pytest.raises(VersionError, match="nobody was recorded"):
        versions.raise_version(study, "own.yaml", "x")
    lock(study, 1, TEXT)
    (study.folder / "own.yaml").write_text(LONGER)
    assert versions.raise_version(study, "own.yaml", "too short").version == 2
    assert (study.folder / "own.yaml").read_text() == LONGER.replace("version: 1", "version: 2")
    versions.check(study, "own", 2, (study.folder / "own.yaml").read_text())
    with pytest.raises(VersionError, match="is changed in a copy"):
        versions.raise_version(study, "demo", "x")


def test_a_start_that_failed_locks_nothing(study: Study) -> None:
    versions.lock(study, "own", 1, TEXT)
    versions.check(study, "own", 1, LONGER)
    lock(study, 1, LONGER)
    versions.check(study, "own", 1, LONGER)
    with pytest.raises(VersionError):
        versions.check(study, "own", 1, TEXT)


def test_a_bundled_protocol_that_an_update_changed_can_be_restored(study: Study) -> None:
    (study.folder / "own.yaml").unlink()
    with pytest.raises(VersionError, match="nothing to restore"):
        versions.restore(study, "own")
    lock(study, 1, TEXT)
    with pytest.raises(VersionError, match="came changed with an update"):
        versions.check(study, "own", 1, LONGER)
    assert versions.restore(study, "own") == "own-v1.yaml"
    assert (study.folder / "own-v1.yaml").read_text() == TEXT
    with pytest.raises(VersionError, match="is not overwritten"):
        versions.restore(study, "own")


def test_a_simulation_locks_nothing(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "sim", "Sim", "simulation")
    versions.lock(study, "own", 1, TEXT)
    versions.check(study, "own", 1, LONGER)
    assert not (study.folder / versions.FILE).exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("a: 1\nb: 2", "a: 1", ["b: taken out"]),
        ("a: 1", "a: 1\nb: [1, 2]", ["b: new, [1, 2]"]),
        ("a: [1]", "a: [1, {x: y}]", ['a[2]: new, {"x": "y"}']),
        ("a: [1, 2]", "a: [1]", ["a[2]: taken out, 2"]),
        ("a: {b: x}", "a: {b: [x]}", ['a.b: "x" became ["x"]']),
        ("a: 1", "a: true", ["a: 1 became true"]),
        ("a: 1\nb: 2", "b: 2\na: 1", ["the file: another order"]),
        ("version: 1\na: 1", "version: 2\na: 1", []),
    ],
)
def test_differences_are_told_in_words(before: str, after: str, told: list[str]) -> None:
    assert list(versions.changes(before, after)) == told


def test_a_protocol_is_found_by_file_or_name(study: Study) -> None:
    assert versions.protocol_file(study) == "own.yaml"
    assert versions.protocol_file(study, "own") == "own.yaml"
    with pytest.raises(VersionError, match="no file in the study"):
        versions.protocol_file(study, "demo")
