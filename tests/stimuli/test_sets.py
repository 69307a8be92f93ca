"""Manifests: read whole, and every mistake told before a session and not in it."""

import contextlib
import csv
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stimuli.sets import Score, StimulusError, load_set

HEAD = "id,file,kind,category,valence,licence,sha256\n"
DIGEST = hashlib.sha256(b"a").hexdigest()
ROW = f"a,a.png,picture,calm,5.5,MIT,{DIGEST}\n"


def problems_of(folder: Path, text: str) -> list[str]:
    (folder / "manifest.csv").write_text(text, encoding="utf-8")
    try:
        load_set(folder)
    except StimulusError as error:
        return [str(problem).removeprefix(str(folder / "manifest.csv")) for problem in error.problems]
    return []


CASES = {
    "a column with a typing error": (
        HEAD.replace("category", "catgory") + ROW,
        [
            ':1: the column "category" is missing. Add it.',
            ':1: unknown column "catgory". Did you mean "category"?',
        ],
    ),
    "an id given twice": (
        HEAD + ROW + ROW,
        [':3: the id "a" is given twice (first in line 2). Rename one.'],
    ),
    "an unknown kind": (
        HEAD + ROW.replace("picture", "pictur"),
        [':2: unknown kind "pictur". Did you mean "picture"?'],
    ),
    "an empty cell": (HEAD + ROW.replace("calm", ""), [':2: "category" is empty. Fill it in.']),
    "a rating off the scale": (
        HEAD + ROW.replace("5.5", "0.5"),
        [':2: "valence" is 0.5, outside of 1 to 9. Ratings run from 1 to 9.'],
    ),
    "a rating that is none": (
        HEAD + ROW.replace("5.5", "high"),
        [':2: "valence" is not a number: high. Correct it or leave it empty.'],
    ),
    "a file outside": (
        HEAD + ROW.replace("a.png", "../a.png"),
        [':2: "../a.png" lies outside of the set. Name a file inside the set\'s folder.'],
    ),
    "an absolute path of Windows": (
        HEAD + ROW.replace("a.png", "C:/a.png"),
        [':2: "C:/a.png" lies outside of the set. Name a file inside the set\'s folder.'],
    ),
    "a broken checksum": (
        HEAD + ROW.replace(DIGEST, "12"),
        [':2: "sha256" is not 64 lower-case hexadecimal digits. Compute it with sha256sum.'],
    ),
    "a comma too many": (
        HEAD + ROW.replace("MIT", "MIT, mostly"),
        [
            ":2: the row has more cells than the heading. Put text with commas in quotes.",
            ':2: "sha256" is not 64 lower-case hexadecimal digits. Compute it with sha256sum.',
        ],
    ),
    "a duration of a picture": (
        HEAD.replace("licence", "duration_s,licence") + ROW.replace("MIT", "2,MIT"),
        [':2: "duration_s" is given for a picture. Leave it empty.'],
    ),
    "a duration of nothing": (
        HEAD.replace("licence", "duration_s,licence")
        + ROW.replace("MIT", "0,MIT").replace("picture", "film"),
        [':2: "duration_s" is 0, outside of 0 to 86400. Give it in seconds.'],
    ),
    "half a pixel": (
        HEAD.replace("licence", "width_px,licence") + ROW.replace("MIT", "2.5,MIT"),
        [':2: "width_px" must be a whole number of pixels. Correct it or leave it empty.'],
    ),
    "a column twice": (
        HEAD.replace("licence", "valence,licence") + ROW.replace("MIT", "5,MIT"),
        [':1: the column "valence" is given twice. Remove one of them.'],
    ),
    "a spread without its mean": (
        HEAD.replace("licence", "beauty_sd,licence") + ROW.replace("MIT", "1,MIT"),
        [':1: unknown column "beauty_sd". Known here: '],
    ),
    "no row": (HEAD, [":1: the set is empty. Add a row for each stimulus."]),
    "two mistakes in two rows": (
        HEAD + ROW.replace("picture", "x") + ROW.replace("a,", "b,", 1).replace("calm", ""),
        [
            ':2: unknown kind "x". Known here: film, picture, sound.',
            ':3: "category" is empty. Fill it in.',
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_told_with_line_and_remedy(case: str, tmp_path: Path) -> None:
    text, expected = CASES[case]
    found = problems_of(tmp_path, text)
    assert len(found) == len(expected)
    for problem, start in zip(found, expected, strict=True):
        assert problem == start or (start.endswith(": ") and problem.startswith(start))


@pytest.mark.parametrize(
    "text", [HEAD + ROW, "\ufeff" + HEAD + ROW, (HEAD + ROW).replace(",", ";").replace("5.5", "5,5")]
)
def test_what_spreadsheets_write_is_read(text: str, tmp_path: Path) -> None:
    assert problems_of(tmp_path, text) == []
    item = load_set(tmp_path).items["a"]
    assert (item.kind, item.category, item.valence, item.arousal) == ("picture", "calm", 5.5, None)


def test_sizes_durations_faces_and_other_scales_are_read(tmp_path: Path) -> None:
    head = HEAD.strip() + ",width_px,height_px,duration_s,model,expression,beauty_mean,beauty_sd,beauty_n\n"
    (tmp_path / "manifest.csv").write_text(
        head
        + ROW.strip()
        + ",350,418,,anna,happy,4.2,0.9,22\n"
        + ROW.strip().replace("a,a.png,picture", "b,b.mp4,film")
        + ",640,360,9.5,,,,,\n",
        encoding="utf-8",
    )
    first, second = load_set(tmp_path).items.values()
    assert (first.width_px, first.height_px, first.duration_s) == (350, 418, None)
    assert (first.model, first.expression) == ("anna", "happy")
    assert first.score("beauty") == Score("beauty", 4.2, 0.9, 22)
    assert first.score("valence") == Score("valence", 5.5)
    assert (second.duration_s, second.score("beauty"), second.score("arousal")) == (9.5, None, None)


def test_a_set_without_a_licence_can_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(HEAD + ROW.replace("MIT", ""), encoding="utf-8")
    assert load_set(tmp_path).items["a"].licence == ""


def test_files_are_compared_with_their_checksums(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(HEAD + ROW, encoding="utf-8")
    stimuli = load_set(tmp_path)
    remedy = "Put the original file back, or remove the row."
    place = f"{tmp_path / 'manifest.csv'}:2"
    assert [str(each) for each in stimuli.problems()] == [f"{place}: a: the file a.png is missing. {remedy}"]
    (tmp_path / "a.png").write_bytes(b"b")
    assert [str(each) for each in stimuli.problems()] == [f"{place}: a: the file a.png was altered. {remedy}"]
    (tmp_path / "a.png").write_bytes(b"a")
    assert stimuli.problems() == []


def test_an_unknown_set_names_the_one_that_was_meant() -> None:
    with pytest.raises(StimulusError, match='Did you mean "open"'):
        load_set("opem")


RUBBISH = (b"\xff\xfe\x00", b"\x00" * 10, b'"' * 7, b"id,id,id\n1,2,3\n", b"", b"x" * 200_000, b"\r" * 9)


@pytest.mark.parametrize("rubbish", RUBBISH, ids=lambda rubbish: repr(rubbish[:9]))
def test_rubbish_is_a_stimulus_error(rubbish: bytes, tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes(rubbish)
    with pytest.raises(StimulusError):
        load_set(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=12), min_size=7, max_size=8))
def test_any_row_is_a_stimulus_or_a_stimulus_error(tmp_path: Path, cells: list[str]) -> None:
    with (tmp_path / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(HEAD)
        csv.writer(file).writerow(cells)
    with contextlib.suppress(StimulusError):
        assert len(load_set(tmp_path).items) == 1
