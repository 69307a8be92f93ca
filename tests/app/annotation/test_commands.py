"""`evoke plan`, `evoke pack`, `evoke collect`: what they say, as text and as JSON, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.annotation.pack_place import PackPlace
from app.annotation.schemes import add_scheme, bundled
from app.annotation.study_place import StudyPlace
from app.cli import main
from app.study import Study
from tests.helpers.labelled import add_session
from tests.helpers.labelling import label

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evoke(
    small: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run a command in the folder that the study lies in; return its status and what it wrote."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        status = 2
        try:
            status = main([str(word) for word in words])
        except SystemExit as error:
            status = int(error.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def told(answer: tuple[int, str, str]) -> dict[str, Any]:
    status, out, err = answer
    assert (status, err) == (0, "")
    values: dict[str, Any] = json.loads(out)
    return values


MAKE = ("plan", "study", "--scheme", "sam", "--annotators", "anna,ben", "--overlap", "50", "--repeats", "50")


def test_from_plan_to_labels(evoke: Run, small: Study) -> None:
    made = told(evoke(*MAKE, "--seed", "4", "--json"))
    assert (made["plan"], made["scheme"], made["trials"], made["shared"]) == ("sam", "sam@1", 4, 2)
    assert {name: each["items"] for name, each in made["annotators"].items()} == {"anna": 4, "ben": 4}
    packed = told(evoke("pack", "study", "--for", "anna", "--out", "hers", "--json"))
    assert (packed["items"], len(packed["new"]), packed["left_out"]) == (4, 4, [])
    away = PackPlace(Path("hers"))
    for item in away.queue("anna"):
        label(away, item, "anna", 5)
    collected = told(evoke("collect", "hers", "--study", "study", "--json"))
    assert (collected["items"], set(collected["new"].values()), collected["refused"]) == (4, {2}, [])
    (plan,) = told(evoke("plan", "study", "--json"))["plans"]
    assert {each["annotator"]: each["finished"] for each in plan["progress"]} == {"anna": 4, "ben": 0}
    assert set(StudyPlace(small).states("anna").values()) == {"finished"}


@pytest.mark.slow
def test_what_people_read(evoke: Run, small: Study) -> None:
    assert evoke("plan", "study")[1].startswith("No plan yet. Make one with")
    text = evoke(*MAKE)[1]
    assert text.splitlines() == [
        "plan sam, scheme sam@1, seed 1",
        "shown: from 1 s before the stimulus to 3 s behind it",
        "  anna: 4 items, 1 of them repeats, 4 new",
        "  ben: 4 items, 1 of them repeats, 4 new",
    ]
    assert evoke("pack", "study", "--for", "ben")[1] == "Faces-ben.zip: 4 items for ben, 4 of them new.\n"
    assert evoke("collect", "Faces-ben.zip", "--study", "study")[1] == "ben: 0 items, 0 new edits.\n"
    assert "  anna: 0 of 4 done, 0 min" in evoke("plan", "study")[1]
    handed = evoke("plan", "study", "--hand-on", "anna", "cem")[1]
    assert handed.startswith("plan sam: 4 items went from anna to cem.")
    assert "anna: 0 of 0 done, 0 min, has left" in evoke("plan", "study")[1]
    add_session(small, 2, 2)
    grown = evoke("plan", "study", "--grow", "--annotators", "dora")[1]
    assert "  anna: 0 items, 0 new" in grown
    assert "dora: " in grown


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("plan", "study", "--scheme", "sam"), 2, "a plan needs both --scheme and --annotators"),
        (("plan", "study", "--seed", "3"), 2, "--seed needs --scheme and --annotators"),
        (("plan", "study", "--grow", "--seed", "3"), 2, "--seed belongs to a plan when it is made"),
        (("plan", "study", "--grow", "--hand-on", "a", "b"), 2, "--grow and --hand-on are two steps"),
        (("plan", "study", "--hand-on", "a", "b", "--annotators", "c"), 2, "has no place with --hand-on"),
        (("plan", "study", "--hand-on", "a", "b", "--scheme", "sam"), 2, "has no place with --hand-on"),
        (("plan", "study", "--grow", "--move-on", "sam@2"), 2, "--grow and --move-on are two steps"),
        (("plan", "study", "--move-on", "sam@2", "--scheme", "sam"), 2, "has no place with --move-on"),
        (("plan", "study", "--move-on", "sam@2", "--annotators", "c"), 2, "has no place with --move-on"),
        (("plan", "study", "--move-on", "sam@2", "--seed", "3"), 2, "--seed belongs to a plan when"),
        (("plan", "study", "--move-on", "sam@2"), 1, "which plan? Give it with --name NAME"),
        ((*MAKE[:-1], "110"), 2, "110 is no share in per cent"),
        ((*MAKE, "--before", "-3"), 2, "no margin in seconds"),
        (("plan", "study", "--grow"), 1, "which plan? Give it with --name NAME (there is: none yet)"),
        (("plan", "study", "--name", "x"), 1, "has no plan 'x' (there is: none yet)"),
        (("plan", "study", "--scheme", "smm", "--annotators", "a"), 1, "Did you mean 'sam@1'?"),
        (("plan", "study", "--scheme", "sam", "--annotators", "A. B."), 1, "pseudonym"),
        ((*MAKE, "--hide", "weather"), 1, "'weather' cannot be hidden"),
        (("plan", "nowhere"), 1, "there is no such folder"),
        (("pack", "study"), 2, "--for"),
        (("pack", "study", "--for", "anna"), 1, "anna has nothing to label in any plan"),
        (("collect", "nowhere", "--study", "study"), 1, "there is no such package"),
        (("collect", "study", "--study", "study"), 1, "is no package"),
    ],
)
def test_what_is_refused_is_told_in_one_message(
    evoke: Run, small: Study, words: tuple[str, ...], status: int, message: str
) -> None:
    before = sorted(path.name for path in small.folder.rglob("*"))
    found, out, err = evoke(*words)
    assert (found, out) == (status, "")
    assert message in err
    assert err.count("evoke: ") == 1 if status == 1 else True
    after = sorted(path.name for path in small.folder.rglob("*") if path.name != ".study.lock")
    assert after == [name for name in before if name != ".study.lock"], "nothing is left behind"


def test_a_plan_goes_on_by_a_newer_version_of_its_scheme(evoke: Run, small: Study) -> None:
    evoke(*MAKE)
    newer = next(scheme for scheme in bundled() if scheme.name == "sam")
    add_scheme(small, replace(newer, title="Again"))
    assert told(evoke("plan", "study", "--grow", "--scheme", "sam", "--json"))["scheme"] == "sam@2"
    assert "no newer version" in evoke("plan", "study", "--grow", "--scheme", "sam@1")[2]
    before = StudyPlace(small).queue("anna")
    add_scheme(small, replace(newer, title="And again"))
    moved = told(evoke("plan", "study", "--name", "sam", "--move-on", "sam@3", "--json"))
    assert (moved["scheme"], moved["annotators"]["anna"]) == ("sam@3", {"items": 4, "new": 0, "repeats": 1})
    assert StudyPlace(small).queue("anna") == tuple(replace(item, scheme="sam@3") for item in before)


def test_margins_and_what_is_hidden_go_into_the_plan(evoke: Run, small: Study) -> None:
    made = told(
        evoke(
            *MAKE, "--before", "0.25", "--after", "0", "--hide", "file-names,order", "--name", "x", "--json"
        )
    )
    assert (made["before_s"], made["after_s"], made["hide"]) == (0.25, 0.0, ["file_names", "order"])
    item = StudyPlace(small).queue("anna")[0]
    assert item.window_s[1] - item.window_s[0] == pytest.approx(2.25, abs=0.01)
