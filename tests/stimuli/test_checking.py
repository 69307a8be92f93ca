"""What can be wrong with a set is found: each fault by its code, with line and remedy, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stimuli.checking import inspect, missing_ids, needed_ids
from stimuli.sets import Stimulus, StimulusSet, load_set
from tests.helpers.stimulus_files import film, picture, pictures_set, set_of, stimulus


def codes(stimuli: StimulusSet) -> list[tuple[str, str]]:
    return [(finding.id, finding.code) for finding in inspect(stimuli).findings]


def test_a_sound_set_has_no_findings(tmp_path: Path) -> None:
    made = pictures_set(tmp_path)
    found = inspect(made)
    assert (found.findings, found.problems, found.notes) == ((), [], [])
    assert set(found.looks) == set(made.items)
    measured = found.measured()["calm-00"]
    assert 0 < measured["luminance"] < 1 and 0 < measured["contrast"] < 1


def missing(folder: Path) -> None:
    (folder / "calm-01.png").unlink()


def altered(folder: Path) -> None:
    picture(folder / "calm-01.png", 999)


def torn(folder: Path) -> None:
    whole = (folder / "calm-01.png").read_bytes()
    (folder / "calm-01.png").write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (missing, [("calm-01", "missing")]),
        (altered, [("calm-01", "altered")]),
        (torn, [("calm-01", "altered"), ("calm-01", "unreadable")]),
    ],
)
def test_faults_of_files(
    spoil: Callable[[Path], None], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    made = pictures_set(tmp_path)
    spoil(tmp_path)
    assert codes(made) == expected
    problem = inspect(made).problems[0]
    assert (problem.file, problem.line) == (str(tmp_path / "manifest.csv"), made.lines["calm-01"])
    assert problem.remedy == "Put the original file back, or remove the row."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"licence": ""}, "licence"),
        ({"licence": "unknown"}, "licence"),
        ({"width_px": 350}, "size"),
        ({"height_px": 418}, "size"),
    ],
)
def test_faults_of_the_manifest(changes: dict[str, object], expected: str, tmp_path: Path) -> None:
    items = list(pictures_set(tmp_path).items.values())
    items[1] = replace(items[1], **changes)  # type: ignore[arg-type]
    assert codes(set_of(tmp_path, items)) == [(items[1].id, expected)]


def test_the_real_size_is_told(tmp_path: Path) -> None:
    item = stimulus(picture(tmp_path / "a.png"), width_px=350, height_px=418)
    (problem,) = inspect(set_of(tmp_path, [item])).problems
    assert problem.message == "a: a.png has 32 x 24 pixels, and the manifest says 350 x 418."


def test_films_need_a_duration_and_the_right_one(tmp_path: Path) -> None:
    def described(**more: object) -> Stimulus:
        return stimulus(film(tmp_path / "walk.mp4", 2.0), kind="film", **more)  # type: ignore[arg-type]

    assert codes(set_of(tmp_path, [described()])) == [("walk", "duration")]
    assert codes(set_of(tmp_path, [described(duration_s=2.0)])) == []
    (problem,) = inspect(set_of(tmp_path, [described(duration_s=9.0)])).problems
    assert problem.message == "walk: walk.mp4 lasts 2.0 s, and the manifest says 9 s."


def test_the_same_file_twice_is_a_problem_and_a_look_alike_a_note(tmp_path: Path) -> None:
    first = picture(tmp_path / "a.png", 1, (320, 240))
    (tmp_path / "b.png").write_bytes(first.read_bytes())
    larger = picture(tmp_path / "c.png", 1, (320, 239))
    found = inspect(set_of(tmp_path, [stimulus(path) for path in (first, tmp_path / "b.png", larger)]))
    assert [(f.id, f.code, f.other) for f in found.findings] == [("b", "duplicate", "a"), ("c", "alike", "a")]
    assert (len(found.problems), len(found.notes)) == (1, 1)


def test_two_expressions_of_one_face_may_look_alike(tmp_path: Path) -> None:
    paths = picture(tmp_path / "a.png", 1, (320, 240)), picture(tmp_path / "c.png", 1, (320, 239))
    faces = [
        stimulus(path, model="anna", expression=shown)
        for path, shown in zip(paths, ("happy", "neutral"), strict=True)
    ]
    assert codes(set_of(tmp_path, faces)) == []


def test_a_quick_look_does_not_decode(tmp_path: Path) -> None:
    assert inspect(pictures_set(tmp_path), decode=False).looks == {}


def test_the_bundled_set_has_no_problem() -> None:
    assert inspect(load_set("open"), decode=False).problems == []


PROTOCOL = """\
name: p
stimuli:
  set: mine
  categories:
    calm: {ids: [calm-00, calm-77]}
  originals:
    calm: ["1050"]
trials:
  t:
    - {kind: picture, stimulus: calm-01}
    - {kind: film, stimulus: "{item.film}"}
"""


def test_ids_that_a_protocol_needs_are_found_wherever_they_stand(tmp_path: Path) -> None:
    made = pictures_set(tmp_path / "mine")
    path = tmp_path / "p.yaml"
    path.write_text(PROTOCOL, encoding="utf-8")
    assert needed_ids(path) == ("mine", {"calm-00": 5, "calm-77": 5, "1050": 7, "calm-01": 10})
    assert [(problem.line, problem.message) for problem in missing_ids(made, path)] == [
        (5, 'the set "mine" has no "calm-77".'),
        (7, 'the set "mine" has no "1050".'),
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [", "name: p\nstimuli: 3\n"])
def test_what_is_no_protocol_needs_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    assert needed_ids(tmp_path / "p.yaml")[1] == {}
