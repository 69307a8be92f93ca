"""One's own pictures, films and sounds, with a table and without; and what probing a file may touch."""

from pathlib import Path

import pytest

from stimuli.import_draft import Draft
from stimuli.import_folder import Defaults, draft_folder
from stimuli.import_sources import make_draft
from stimuli.media import MediaError, frames_along, look, probe
from stimuli.sets import Score, StimulusError, load_set
from stimuli.writing import write_draft
from tests.helpers.stimulus_files import film, picture, sound


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Three kinds of files, in folders that could be categories."""
    folder = tmp_path / "mine"
    picture(folder / "happy/anna.png", 1)
    picture(folder / "sad/anna_s.png", 2)
    film(folder / "clips/walk.mp4", 1.5)
    sound(folder / "beep.wav")
    (folder / "notes.txt").write_text("not a stimulus", encoding="utf-8")
    picture(folder / ".hidden/secret.png", 3)
    return folder


def table(folder: Path, text: str) -> Path:
    path = folder.parent / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def told(draft: Draft) -> list[str]:
    return [str(problem).removeprefix(draft.table) for problem in draft.problems]


def test_without_a_table_names_become_ids_and_folders_categories(files: Path) -> None:
    draft = draft_folder(files)
    assert {item.id: (item.kind, item.category) for item in draft.items} == {
        "anna": ("picture", "happy"),
        "anna_s": ("picture", "sad"),
        "walk": ("film", "clips"),
        "beep": ("sound", "uncategorised"),
    }


def test_size_and_duration_are_measured_when_it_is_written(files: Path) -> None:
    write_draft(draft_folder(files, defaults=Defaults(licence="our own")), files)
    found = load_set(files)
    walk, beep, anna = (found.items[key] for key in ("walk", "beep", "anna"))
    assert (walk.duration_s, walk.width_px, walk.height_px) == (1.5, 64, 48)
    assert (beep.duration_s, beep.width_px, beep.height_px) == (0.5, None, None)
    assert (anna.duration_s, anna.width_px, anna.licence) == (None, 32, "our own")
    assert found.problems() == []


def test_two_files_of_one_name_keep_apart(files: Path) -> None:
    picture(files / "sad/anna.png", 4)
    assert {"happy/anna.png", "sad/anna.png"} <= {item.id for item in draft_folder(files).items}


def test_a_table_tells_the_rest(files: Path) -> None:
    text = (
        "file,id,category,model,expression,valence,valence sd,attractiveness,attractiveness sd,n,licence\n"
        "anna.png,a-happy,faces,anna,happy,7.5,1.1,4.2,0.9,22,with Anna's consent\n"
    )
    draft = draft_folder(files, table(files, text))
    (item,) = draft.items
    assert (item.id, item.category, item.model, item.expression) == ("a-happy", "faces", "anna", "happy")
    assert (item.valence, item.valence_sd, item.n, item.licence) == (7.5, 1.1, 22, "with Anna's consent")
    assert item.scores == (Score("attractiveness", 4.2, 0.9, 22),)


def test_ratings_on_another_scale_are_stretched(files: Path) -> None:
    text = "file,valence,valence sd,attractiveness\nanna.png,7,1.5,7\nanna_s.png,1,0.5,1\n"
    draft = draft_folder(files, table(files, text), Defaults(scale=(1, 7)))
    assert [(item.valence, item.valence_sd) for item in draft.items] == [(9, 2), (1, 0.6667)]
    assert [item.score("attractiveness") for item in draft.items] == [
        Score("attractiveness", 7.0), Score("attractiveness", 1.0)
    ]  # fmt: skip
    assert draft.notes == ("Ratings from 1 to 7 were stretched to 1 to 9.",)


CASES = {
    "no such file": (
        "file\nbert.png\n",
        ':2: there is no file "bert.png" in mine. Add it or remove the row.',
    ),
    "outside": ("file\n../table.csv\n", ':2: there is no file "../table.csv" in mine. Add it or'),
    "hidden": ("file\n.hidden/secret.png\n", ':2: there is no file ".hidden/secret.png" in mine.'),
    "no stimulus": ("file\nnotes.txt\n", ':2: there is no file "notes.txt" in mine.'),
    "an id twice": (
        "file,id\nanna.png,a\nanna_s.png,a\n",
        ':3: the id "a" is given twice (first in line 2).',
    ),
    "no file named": ("file,id\n,\n,x\n", ':3: there is no file "x" in mine.'),
    "off the scale": ("file,valence\nanna.png,9.5\n", ':2: "valence" is 9.5, outside of 1 to 9. Correct it'),
}


@pytest.mark.parametrize("case", CASES)
def test_each_bad_row_is_told_with_its_line(case: str, files: Path) -> None:
    text, expected = CASES[case]
    (problem,) = told(draft_folder(files, table(files, text)))
    assert problem.startswith(expected)


def test_a_table_of_clips_takes_films_only(files: Path) -> None:
    draft = make_draft("films", files, table(files, "file,category\nwalk.mp4,calm\nanna.png,calm\n"))
    assert [item.id for item in draft.items] == ["walk"]
    assert told(draft) == [':3: "anna.png" is a picture. Name a film.']
    assert [item.id for item in make_draft("films", files).items] == ["walk"]


def test_a_file_that_is_no_film_is_told_when_it_is_written(files: Path) -> None:
    (files / "clips/torn.mp4").write_bytes(b"\0" * 500)
    with pytest.raises(StimulusError, match=r"torn: torn\.mp4: it is damaged, or of a kind"):
        write_draft(make_draft("films", files), files)
    assert not (files / "manifest.csv").exists()


def test_norms_need_their_table(files: Path) -> None:
    with pytest.raises(StimulusError, match=r"the table of the norms is needed\. Name it"):
        make_draft("iaps", files)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StimulusError, match="there is no such folder"):
        draft_folder(tmp_path / "none")


REFERENCES = {
    "a play list": ("list.mp4", "#EXTM3U\n#EXTINF:2,\nwalk.mp4\n#EXT-X-ENDLIST\n"),
    "a list of files": ("list.mov", "ffconcat version 1.0\nfile walk.mp4\n"),
    "a text": ("text.png", "hello"),
    "nothing": ("empty.jpg", ""),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_files_that_refer_to_others_are_not_followed(case: str, files: Path) -> None:
    name, text = REFERENCES[case]
    path = files / "clips" / name
    path.write_text(text, encoding="utf-8")
    for read in (probe, look):
        with pytest.raises(MediaError):
            read(path)


def test_half_a_picture_is_no_picture(files: Path) -> None:
    whole = picture(files / "large.png", 5, (320, 240)).read_bytes()
    (files / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match="damaged"):
        look(files / "half.png")


def test_frames_along_a_film_get_lighter(files: Path) -> None:
    frames = frames_along(files / "clips/walk.mp4", 3, 24)
    assert [rgb.shape for _, rgb in frames] == [(24, 32, 3)] * 3
    times = [time_s for time_s, _ in frames]
    assert times == sorted(times) and times[-1] < 1.5
    assert all(time_s >= 0 for time_s in times)


def test_the_light_of_a_picture_is_that_of_its_grey_values(tmp_path: Path) -> None:
    found = look(picture(tmp_path / "a.png", 7, (64, 64)))
    assert (found.width_px, found.height_px, found.thumb.shape) == (64, 64, (32, 32))
    assert found.luminance == pytest.approx(float(found.thumb.mean()) / 255, abs=0.02)
