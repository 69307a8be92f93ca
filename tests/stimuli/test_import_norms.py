"""IAPS and NAPS tables: what is read out of them, what is decided, and every bad row with its line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stimuli.import_draft import Draft
from stimuli.import_norms import (
    IAPS_LICENCE,
    NAPS_LICENCE,
    category_of,
    draft_iaps,
    draft_naps,
    iaps_id,
    pooled,
)
from stimuli.sets import Score, StimulusError, load_set
from stimuli.writing import write_draft
from tests.helpers.stimulus_files import picture

HEAD = "desc\tIAPS\tvalmn\tvalsd\taromn\tarosd\tdom1mn\tdom1sd\tdom2mn\tdom2sd\tset\n"
SNAKE = "Snake\t1050\t3.46\t2.15\t6.87\t1.68\t3.08\t1.99\t.\t.\t1\n"
LAMP = "Lamp\t7175\t4.87\t1.00\t1.72\t1.26\t6.00\t2.00\t.\t.\t4\n"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder as labs have it: the pictures of several parts, upper-case endings."""
    folder = tmp_path / "pictures"
    for number, name in enumerate(("1-10/1050.JPG", "1-10/7175.jpg", "11-20/2375.1.jpg")):
        picture(folder / name, number)
    return folder


def iaps(folder: Path, text: str, pictures: Path) -> Draft:
    table = folder / "AllSubjects.txt"
    table.write_text(text, encoding="utf-8")
    return draft_iaps(table, pictures)


def told(draft: Draft) -> list[str]:
    return [str(problem).removeprefix(draft.table) for problem in draft.problems]


def test_the_norms_of_a_picture(tmp_path: Path, pictures: Path) -> None:
    draft = iaps(tmp_path, f"IAPS norms\nAll subjects\n\n{HEAD}{SNAKE}", pictures)
    (item,) = draft.items
    assert told(draft) == []
    assert (item.id, item.path.name, item.description, item.category) == (
        "1050", "1050.JPG", "Snake", "unpleasant"
    )  # fmt: skip
    assert (item.valence, item.valence_sd, item.arousal, item.arousal_sd) == (3.46, 2.15, 6.87, 1.68)
    assert (item.dominance, item.dominance_sd, item.n, item.provisional) == (3.08, 1.99, None, False)
    assert item.licence == IAPS_LICENCE
    assert item.licence.startswith("not free, obtained from") and "do not pass on" in item.licence


def test_dominance_comes_from_the_second_pair_where_the_first_is_empty(
    tmp_path: Path, pictures: Path
) -> None:
    row = SNAKE.replace("3.08\t1.99\t.\t.", ".\t.\t3.97\t2.40")
    (item,) = iaps(tmp_path, HEAD + row, pictures).items
    assert (item.dominance, item.dominance_sd) == (3.97, 2.40)


def test_a_picture_rated_in_two_sets_gets_the_mean_and_a_pooled_sd(tmp_path: Path, pictures: Path) -> None:
    again = LAMP.replace("4.87\t1.00", "5.07\t1.20").replace("\t4\n", "\t6\n")
    draft = iaps(tmp_path, HEAD + LAMP + again, pictures)
    (item,) = draft.items
    assert item.valence == pytest.approx(4.97)
    assert item.valence_sd == pytest.approx(((1.0**2 + 1.2**2) / 2 + 0.1**2) ** 0.5, abs=1e-4)
    assert "7175 was rated in sets 4, 6: the mean of their means was taken." in draft.notes


def test_words_between_blanks_are_read_as_a_description(tmp_path: Path, pictures: Path) -> None:
    text = (
        "desc (short name) IAPS valmn valsd aromn arosd dom1mn dom1sd dom2mn dom2sd set\n"
        "Snake in grass 1050.0 3.46 2.15 6.87 1.68 3.08 1.99 . . 1\n"
        "Attack 2375.1 2.20 1.31 4.88 2.21 4.01 2.00 . . 3\n"
    )
    draft = iaps(tmp_path, text, pictures)
    assert [(item.id, item.description) for item in draft.items] == [
        ("1050", "Snake in grass"), ("2375.1", "Attack")
    ]  # fmt: skip


CASES = {
    "a number that is none": (SNAKE.replace("1050", "105O"), ':2: "105O" is no IAPS number. Write it like'),
    "a mean that is none": (SNAKE.replace("3.46", "3.4.6"), ':2: "valmn" is not a number: 3.4.6. Correct it'),
    "a mean off the scale": (SNAKE.replace("3.46", "346"), ':2: "valmn" is 346, outside of 1 to 9. Correct'),
    "no arousal": (
        SNAKE.replace("6.87", "."),
        ":2: 1050 has no mean arousal. Complete the row or remove it.",
    ),
    "no picture": (
        SNAKE.replace("1050", "1051"),
        ':2: there is no file "1051" in pictures. Add it or remove',
    ),
    "twice in one set": (
        SNAKE + SNAKE.replace("3.46", "3.47"),
        ':3: "1050" is given twice in one set, with other values. Remove one of them.',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_bad_row_is_told_with_its_line(case: str, tmp_path: Path, pictures: Path) -> None:
    rows, expected = CASES[case]
    draft = iaps(tmp_path, HEAD + rows + LAMP, pictures)
    (problem,) = told(draft)
    assert problem.startswith(expected)
    assert [item.id for item in draft.items] == ["7175"]


def test_the_same_row_twice_is_one_picture(tmp_path: Path, pictures: Path) -> None:
    draft = iaps(tmp_path, HEAD + SNAKE + SNAKE, pictures)
    assert (len(draft.items), told(draft)) == (1, [])


def test_two_files_of_one_number_are_a_problem(tmp_path: Path, pictures: Path) -> None:
    picture(pictures / "other/1050.png", 9)
    (problem,) = told(iaps(tmp_path, HEAD + SNAKE, pictures))
    assert problem.startswith(':2: "1050" may be any of 1-10/1050.JPG, other/1050.png. Leave one')


@pytest.mark.parametrize(
    ("text", "key"),
    [("1050", "1050"), ("1234.0", "1234"), ("1234.1", "1234.1"), ("2375.10", "2375.1"), ("1050.jpg", "1050"),
     ("12", None), ("1050a", None), ("-1050", None), ("", None)],
)  # fmt: skip
def test_numbers_become_ids(text: str, key: str | None) -> None:
    assert iaps_id(text) == key


@pytest.mark.parametrize(
    ("valence", "category"), [(3.99, "unpleasant"), (4, "neutral"), (6, "neutral"), (6.01, "pleasant")]
)
def test_categories_are_made_from_valence(valence: float, category: str) -> None:
    assert category_of(valence) == category


def test_an_unknown_sd_leaves_the_pooled_one_unknown() -> None:
    assert pooled([(4, 1.0), (6, None)]) == (5, None)


def test_naps_with_two_lines_of_heading(tmp_path: Path, pictures: Path) -> None:
    picture(pictures / "Animals_001_h.jpg", 50)
    table = tmp_path / "naps.csv"
    table.write_text(
        ";;;Valence;;Arousal;;Approach;\nID;Category;V/H;M;SD;M;SD;M;SD\n"
        "Animals_001_h;Animals;H;2,57;1,44;6,44;1,65;2,61;1,51\n",
        encoding="utf-8",
    )
    draft = draft_naps(table, pictures)
    (item,) = draft.items
    assert (item.id, item.category, item.valence, item.arousal_sd) == ("Animals_001_h", "animals", 2.57, 1.65)
    assert item.score("approach") == Score("approach", 2.61, 1.51, None)
    assert item.licence == NAPS_LICENCE
    assert draft.columns["approach_sd"] == "Approach SD"


@pytest.mark.parametrize(
    "head",
    [
        "ID,Category,Nr of ratings,M_val,SD_val,M_aro,SD_aro",
        "Filename,category,n,valence mean,valence SD,arousal mean,arousal SD",
        "picture name,Category,N,ValenceMean,ValenceSD,ArousalMean,ArousalSD",
    ],
)
def test_naps_columns_are_found_under_many_names(head: str, tmp_path: Path, pictures: Path) -> None:
    picture(pictures / "Faces_002_v.jpg", 51)
    table = tmp_path / "naps.csv"
    table.write_text(f"{head}\nFaces_002_v.jpg,Faces,57,6.1,1.2,4.4,1.9\n", encoding="utf-8")
    (item,) = draft_naps(table, pictures).items
    assert (item.id, item.n, item.valence, item.valence_sd, item.arousal, item.arousal_sd) == (
        "Faces_002_v", 57, 6.1, 1.2, 4.4, 1.9
    )  # fmt: skip


def test_a_column_can_be_chosen(tmp_path: Path, pictures: Path) -> None:
    table = tmp_path / "naps.csv"
    table.write_text("code,val men,val women,aro\n1050,2,3,5\n", encoding="utf-8")
    chosen = {"id": "code", "valence": "val women", "arousal": "aro"}
    (item,) = draft_naps(table, pictures, chosen).items
    assert (item.id, item.valence, item.arousal) == ("1050", 3, 5)


def test_a_table_without_ids_says_so(tmp_path: Path, pictures: Path) -> None:
    table = tmp_path / "naps.csv"
    table.write_text("code,valence,arousal\n1050,2,5\n", encoding="utf-8")
    assert told(draft_naps(table, pictures)) == [
        ":1: no column holds the pictures' ids. Choose it, or name it ID."
    ]


def test_nothing_is_written_unless_all_rows_are_good(tmp_path: Path, pictures: Path) -> None:
    draft = iaps(tmp_path, HEAD + SNAKE + LAMP.replace("7175", "7176"), pictures)
    with pytest.raises(StimulusError, match='no file "7176"'):
        write_draft(draft, pictures)
    assert not (pictures / "manifest.csv").exists()
    written = write_draft(draft, pictures, skip_bad=True)
    assert (written.stimuli, len(written.skipped)) == (1, 1)
    item = load_set(pictures).items["1050"]
    assert (item.valence, item.width_px, item.height_px) == (3.46, 32, 24)
    assert load_set(pictures).problems() == []


NUMBER = st.floats(allow_nan=True, allow_infinity=True).map(str)
CELL = st.one_of(NUMBER, st.sampled_from([".", "", "1050", "7175", "4.5"]), st.text(max_size=6))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=0, max_size=13), max_size=4), st.sampled_from(["\t", " ", ","]))
def test_any_row_is_a_stimulus_or_a_problem_with_a_line(
    tmp_path: Path, pictures: Path, rows: list[list[str]], delimiter: str
) -> None:
    lines = [HEAD.replace("\t", delimiter).strip(), *(delimiter.join(row) for row in rows)]
    try:
        draft = iaps(tmp_path, "\n".join(lines), pictures)
    except StimulusError:
        return
    for item in draft.items:
        assert item.id in ("1050", "7175", "2375.1")
        assert item.valence is not None and 1 <= item.valence <= 9
        assert item.arousal is not None and 1 <= item.arousal <= 9
    assert all(problem.line and problem.remedy for problem in draft.problems)
