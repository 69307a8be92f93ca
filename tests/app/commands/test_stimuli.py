"""`evoke stimuli`: import, select, ends and norm, from the command line."""

import json
from pathlib import Path

import pytest

from app.cli import main
from app.commands.stimuli import parse_group
from app.study import Study
from stimuli.problems import EvokeError
from stimuli.sets import load_set
from tests.helpers.rating_sessions import rated_session
from tests.helpers.stimulus_files import picture, pictures_set


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main(["stimuli", *map(str, words)])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_import_of_a_folder_with_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        picture(tmp_path / f"p/{number}.png", number)
    table = tmp_path / "t.csv"
    table.write_text("file,class,M_v\n0.png,calm,7\n1.png,calm,4\n2.png,calm,1\n", encoding="utf-8")
    words = ("import", "folder", tmp_path / "p", "--table", table, "--column", "valence=M_v", "--scale", 1, 7)
    status, out, err = run(capsys, *words, "--licence", "our own")
    assert (status, out) == (1, "")
    assert 't.csv:4: there is no file "2.png" in p.' in err
    status, out, _ = run(capsys, *words, "--licence", "our own", "--skip-bad", "--json")
    found = json.loads(out)
    assert (status, found["stimuli"], len(found["skipped"])) == (0, 2, 1)
    assert found["columns"] == {"valence": "M_v", "file": "file", "category": "class"}
    made = load_set(tmp_path / "p")
    assert [(item.valence, item.category, item.licence) for item in made.items.values()] == [
        (9.0, "calm", "our own"), (5.0, "calm", "our own")
    ]  # fmt: skip
    assert main(["check", str(tmp_path / "p")]) == 0


def test_a_set_without_a_licence_does_not_pass_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(tmp_path / "a.png")
    assert run(capsys, "import", "folder", tmp_path)[0] == 0
    assert main(["check", str(tmp_path)]) == 1
    assert "a: no licence is stated." in capsys.readouterr().out


def test_select_prints_categories_and_the_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures_set(tmp_path, each=12)
    words = ("select", tmp_path, "--group", "calm", "--group", "wild:wild,valence=2..9", "--n", 4)
    status, out, _ = run(capsys, *words, "--match", "arousal=0.4", "--match", "luminance=0.1", "--seed", 5)
    assert status == 0
    assert out.startswith('categories:\n  calm: {ids: ["calm-')
    assert "arousal: calm - wild" in out and "asked for 0.4; t(6) = " in out
    status, again, _ = run(
        capsys, *words, "--match", "arousal=0.4", "--match", "luminance=0.1", "--seed", 5, "--json"
    )
    found = json.loads(again)
    assert f"calm: {{ids: {json.dumps(found['ids']['calm'])}}}" in out
    pair = next(pair for pair in found["pairs"] if pair["dimension"] == "arousal")
    assert abs(pair["comparison"]["difference"]) <= 0.4


def test_select_that_cannot_be_done_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures_set(tmp_path, each=3)
    status, out, err = run(capsys, "select", tmp_path, "--group", "calm", "--group", "wild", "--n", 9)
    assert (status, out) == (1, "")
    assert '9 of each are asked for, and "calm" has 3 candidates.' in err


def test_ends_of_a_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures_set(tmp_path, each=5)
    status, out, _ = run(capsys, "ends", tmp_path, "--scale", "valence", "--k", 2, "--among", "calm")
    assert status == 0
    assert 'high: {ids: ["calm-04", "calm-03"]}' in out
    assert "high 6.375 (SD 0.884), low 2.625 (SD 0.884), paired t(1)" in out


def test_norming_from_the_run_to_the_ratings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = Study.create(tmp_path / "study", "Norms", "people")
    made = pictures_set(tmp_path / "study/mine", each=2)
    status, out, _ = run(
        capsys, "norm", made.folder, "--study", study.folder, "--among", "calm", "--scale", "valence"
    )
    assert status == 0 and "norming-mine.yaml: written" in out
    assert main(["check", str(study.folder / "norming-mine.yaml")]) == 0
    capsys.readouterr()
    rated_session(study, "01", {"calm-00": {"valence": 9}}, points={"valence": 9})
    status, out, _ = run(capsys, "norm", made.folder, "--study", study.folder, "--write-back")
    assert status == 0
    assert "1 stimuli rated by 1 raters. The old manifest is manifest-v001.csv." in out
    assert load_set(made.folder).items["calm-00"].valence == 9.0


@pytest.mark.parametrize(
    ("text", "count"),
    [("calm", 3), ("all:kind=picture", 6), ("low:valence=..3", 2), ("mid:calm,arousal=4..8", 2)],
)
def test_groups_are_categories_or_conditions(text: str, count: int, tmp_path: Path) -> None:
    assert len(parse_group(text, pictures_set(tmp_path, each=3))[1]) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [("clam", "no stimulus is in the group"), ("x:valence=high", "write a range such as valence=6..9"),
     ("x:valence=7", "write a range")],
)  # fmt: skip
def test_groups_that_are_none_are_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(EvokeError, match=message):
        parse_group(text, pictures_set(tmp_path, each=3))
