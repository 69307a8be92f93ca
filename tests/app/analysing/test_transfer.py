"""From one domain to another: within a study, between two, blind figures and the upper bound apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis.evaluation.run_folder import open_run, runs_of
from analysis.targets.recipe import Recipe, Target
from app.analysing.applying import apply_to, kept_of
from app.analysing.corpora import study_corpus
from app.analysing.cross_corpus import METHODS, Matrix, P, Row, cells, largest
from app.analysing.domains import DomainError, all_domains, domains_named
from app.analysing.literature.pdan import SEX, with_speakers
from app.analysing.training import train_run
from app.analysing.transfer import (
    TransferError,
    common_names,
    kept_in,
    lines,
    sides_between,
    sides_within,
    titles,
    transfer,
)
from app.analysing.transfer_figures import Curves, curves_of, loss_figure, plane_figure, pseudo_figure
from app.cli import main
from app.participants import change
from app.study import Study
from app.withdrawal_derivatives import _thin_folds
from tests.helpers.speaking import PICTURE, SMALL, in_this_process, speaking_study, without_answers

SPEAKERS = ("03", "08", "09", "10")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return with_speakers(speaking_study(tmp_path_factory.mktemp("transfer") / "voices", SPEAKERS))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two other speakers, who say angry, happy and sad things."""
    folder = tmp_path_factory.mktemp("transfer-other") / "others"
    return speaking_study(folder, ("13", "14"), "WFT", "others")


def small(domain: str, *methods: str, **changes: object) -> Matrix:
    chosen = tuple(each for each in METHODS if each.name in methods)
    known = {"common": SMALL, "picture": PICTURE, "permutations": 0, **changes}
    return Matrix(domain, chosen, **known)  # type: ignore[arg-type]


def test_a_field_of_the_participants_divides_them(spoken: Study) -> None:
    corpus = study_corpus(spoken)
    assert [each.name for each in all_domains(spoken, corpus)] == ["sex", "half"]
    sex = domains_named(spoken, corpus, "sex")
    assert dict(sex.of) == {code: SEX[code] for code in SPEAKERS}
    assert dict(sex.sizes) == {"female": 2, "male": 2}
    with pytest.raises(DomainError, match=r"--domain sax.*Did you mean 'sex'\?"):
        domains_named(spoken, corpus, "sax")
    with pytest.raises(DomainError, match="with one of sex, half"):
        domains_named(spoken, corpus, "")


@pytest.mark.slow
def test_the_command_line_divides_by_domain(spoken: Study, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "evaluate",
        "--study",
        str(spoken.folder),
        "--recognizer",
        "pdan",
        "--target",
        "category",
        "--workers",
        "1",
    ]
    assert main([*asked, "--split", "domains", "--domain", "sex", "--dry", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["dry"][0]
    assert [each["name"] for each in told["folds"]] == ["female-to-male", "male-to-female"]
    # Who is in which domain is not kept in the experiment: a withdrawal could not reach it.
    assert told["experiment"]["split"] == {"kind": "domains", "k": 10, "seed": 1, "domain": "sex"}
    assert main([*asked, "--split", "domains", "--dry"]) != 0
    assert "--domain FIELD" in capsys.readouterr().err


def test_two_studies_are_two_sides_with_the_classes_that_both_have(spoken: Study, other: Study) -> None:
    sides = sides_between(spoken, other, "category")
    assert sides.names == ("others", "voices")
    assert sides.classes == ("anger", "happiness")
    assert sides.counts["sadness"] == {"others": 8}
    assert {sides.of[code] for code in SPEAKERS} == {"voices"}
    assert sides.of["others: 13"] == "others"
    lost = [each for each in sides.target.lost if each.why == "sadness is not in every domain"]
    assert len(lost) == 8
    assert len(sides.target.values) == 4 * 8 + 2 * 8
    assert "withdrawal from others does not reach" in sides.notes[0]
    by_recording = {key[0] for key in sides.target.values}
    assert by_recording <= {each.id for each in sides.corpus.recordings}


def test_names_are_mapped_and_what_is_not_common_is_said(spoken: Study, other: Study) -> None:
    sides = sides_between(spoken, other, "category", {"sadness": "anger"})
    assert sides.counts["anger"] == {"voices": 16, "others": 16}
    with pytest.raises(TransferError, match="named twice"):
        sides_between(spoken, spoken, "category")


def test_too_few_common_classes_are_told_with_their_counts_and_not_compared(
    spoken: Study, other: Study
) -> None:
    sides = sides_between(spoken, other, "category", {"happiness": "", "sadness": "grief"})
    assert sides.classes == ("anger",)
    assert sides.counts == {
        "anger": {"voices": 16, "others": 8}, "": {"voices": 16, "others": 8}, "grief": {"others": 8},
    }  # fmt: skip
    assert sides.problem.startswith("The domains have 1 class in common, and two are needed.")
    with pytest.raises(TransferError, match=r"anger: others 8, voices 16; left out: .* --map OLD=NEW"):
        transfer(sides, small("study", "pdan"))
    assert not sides_between(spoken, other, "category").problem


def test_a_study_without_answers_is_a_side_that_cannot_be_compared(
    spoken: Study, other: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_answers(other, monkeypatch)
    sides = sides_between(spoken, other, "category")
    assert sides.names == ("others", "voices")
    assert sides.counts == {"anger": {"voices": 16}, "happiness": {"voices": 16}}
    assert sides.problem.startswith("others: there is no target 'category'.")


@pytest.mark.parametrize(
    ("classes", "labels", "names"),
    [
        (("Anger", "Fear", "Neutral"), {}, ("anger", "fear", "neutral")),
        (("happy", " Joy", "Sad"), {}, ("happiness", "happiness", "sadness")),
        (("Überraschung", "Verdruß"), {"VERDRUSS": "x"}, ("überraschung", "x")),
        # What the table calls happiness is renamed, whatever a study calls it.
        (("happy",), {"happiness": "positive"}, ("positive",)),
        (("happiness", "joy"), {"happiness": "positive"}, ("positive", "positive")),
        (("happy", "joy"), {"happiness": "positive", "joy": "fun"}, ("positive", "fun")),
        (("happy", "sad"), {"happiness": ""}, ("", "sadness")),
    ],
)
def test_classes_go_by_one_name_whatever_they_are_called(
    classes: tuple[str, ...], labels: dict[str, str], names: tuple[str, ...]
) -> None:
    target = Target(Recipe("feeling", "category"), classes, {})
    assert tuple(common_names(target, labels)[name] for name in classes) == names


def test_two_studies_of_one_name_are_told_apart(tmp_path: Path) -> None:
    made = [
        Study.create(tmp_path / place / folder, "voices", "people", protocol="")
        for place, folder in (("one", "study"), ("two", "study"), ("two", "other"))
    ]
    assert titles(made[0], made[2]) == ("voices (study)", "voices (other)")
    assert titles(made[0], made[1]) == ("voices (study), 1", "voices (study), 2")


@pytest.mark.slow
def test_blind_figures_and_the_upper_bound_stand_apart(
    spoken: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_process(monkeypatch)
    sides = sides_within(spoken, "category", "sex")
    matrix = small("sex", "pdan-source", "pdan", seeds=(1, 2), sets=2)
    kept = transfer(sides, matrix, ("fixed", "oracle"))
    blind, bound = kept.tables
    assert blind.columns == ("method", "female to male", "male to female", "mean", "SD over seeds", P)
    assert bound.columns == (*blind.columns[:-1], "sets tried", P)
    assert bound.rows[0][-2] == "2 of 216"
    assert [row[0] for row in blind.rows] == ["CNN, no adaptation", "PDAN"]
    assert [row[0] for row in bound.rows] == ["PDAN"]
    # A bound indeed: the fixed set is among those tried, and trained alike.
    for place in (1, 2, 3):
        assert float(str(bound.rows[0][place])) >= float(str(blind.rows[1][place]))
    for row in (*blind.rows, *bound.rows):
        tasks = [float(value) for value in row[1:3] if value is not None]
        assert row[3] == pytest.approx(np.mean(tasks), abs=0.011)
    assert kept_in(spoken)[0] == kept
    assert any("UPPER BOUND" in line for line in lines(kept))
    by_name = {run.name: run for run in runs_of(spoken.folder)}
    marks = {(run.result or {})["watermark"] for name, run in by_name.items() if name in bound.runs}
    assert marks == {"TUNED ON THE TEST: to be shown only"}
    for name in bound.runs:
        searched = [by_name[name].fold_facts(fold.name)["search"] for fold in by_name[name].folds]
        best = [
            max(score for _, score in ((e["settings"], e["score"]) for e in each["tried"]))
            for each in searched
        ]
        assert [each["score"] for each in searched] == best
    adapted = [by_name[name] for name in blind.runs if by_name[name].experiment.recognizer == "pdan"]
    for run in adapted:
        assert any("without their answers" in note for note in (run.result or {})["notes"])
        assert not run.guards.stopped
    # Finished runs are not repeated.
    before = len(by_name)
    transfer(sides, matrix, ("fixed",))
    assert len(runs_of(spoken.folder)) == before


def test_weights_can_be_chosen_inside_the_source(spoken: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)
    sides = sides_within(spoken, "category", "sex")
    kept = transfer(sides, small("sex", "pdan-m", sets=2, inner_k=2), ("held-out",))
    run = next(each for each in runs_of(spoken.folder) if each.name in kept.runs)
    assert (run.result or {})["watermark"] == ""
    assert run.experiment.search.only == ("marginal",)
    assert {entry["what"] for entry in run.fold_facts("female-to-male")["ledger"]} >= {
        "tuning of settings (nested)"
    }
    assert not run.guards.stopped


@pytest.mark.slow
def test_two_studies_are_compared_and_say_what_a_withdrawal_does_not_reach(
    spoken: Study, other: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_process(monkeypatch)
    sides = sides_between(spoken, other, "category")
    kept = transfer(sides, small("study", "pdan"))
    assert kept.tables[0].columns[1:3] == ("others to voices", "voices to others")
    run = next(each for each in runs_of(spoken.folder) if each.name in kept.runs)
    assert any("does not reach this run" in note for note in (run.result or {})["notes"])
    # No signal of the other study is kept in the first one's store.
    features = (spoken.folder / "derivatives" / "features").glob("??/*.json")
    assert not [path for path in features if "others" in path.read_text(encoding="utf-8")]


def test_a_run_is_used_again_only_where_everything_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_process(monkeypatch)
    study = with_speakers(speaking_study(tmp_path / "voices", SPEAKERS, times=1))
    matrix = small("sex", "pdan-source", common={**SMALL, "epochs": 1})

    def run_of_now() -> str:
        return transfer(sides_within(study, "category", "sex"), matrix).runs[0]

    first = run_of_now()
    assert run_of_now() == first
    # One speaker was entered with the wrong sex.
    change(study, "03", fields={"sex": "female"})
    second = run_of_now()
    assert second != first
    folds = open_run(study.folder / "derivatives" / "results" / second).division.folds
    assert [len(fold.train) for fold in folds] == [6, 2]
    monkeypatch.setattr("analysis.evaluation.provenance.code_sha256", lambda: "another version")
    third = run_of_now()
    assert third not in (first, second)
    assert run_of_now() == third


@pytest.mark.parametrize(
    ("ps", "largest_p"),
    [([0.01, 0.2], 0.2), ([0.01, None], None), ([None], None), ([], None)],
)
def test_p_is_the_largest_and_unknown_where_one_is(ps: list[float | None], largest_p: float | None) -> None:
    assert largest(ps) == largest_p


def test_a_table_calls_domains_as_they_are_called() -> None:
    titles_of = {"to": "女 to 男", "to-2": "男 to 女"}
    row = Row(METHODS[0], "fixed", {"to": (50.0,), "to-2": (60.0,)}, ("run",), None, titles_of)
    assert cells([row])[0][1:3] == ("女 to 男", "男 to 女")


def test_curves_and_planes_of_a_run(spoken: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)
    transfer(sides_within(spoken, "category", "half"), small("half", "pdan"))
    run = runs_of(spoken.folder)[-1]
    curves = curves_of(run, "first-to-second")
    assert curves.epoch == SMALL["epochs"]
    assert sum(curves.histogram.values()) == pytest.approx(1)
    losses, pseudo = loss_figure(curves, "x"), pseudo_figure(curves, "x")
    assert losses is not None
    assert pseudo is not None
    assert {row[0] for row in losses.table.rows} == {"emotion L_s", "marginal L_m", "rough L_rc", "fine L_fc"}
    plane = plane_figure(run, "first-to-second", "h2")
    assert plane is not None
    assert {(row[0], row[1]) for row in plane.table.rows} == {
        (side, name) for side in ("first", "second") for name in ("anger", "happiness")
    }
    assert len(plane.table.rows) == len(run.cases)
    assert plane.figure().svg().count("<title>anger, second</title>") == 8


def test_planes_forget_a_withdrawn_participant_on_both_sides(
    spoken: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_process(monkeypatch)
    kept = transfer(sides_within(spoken, "category", "half"), small("half", "pdan"))
    folder = tmp_path / "run"
    shutil.copytree(next(run.folder for run in runs_of(spoken.folder) if run.name == kept.runs[0]), folder)
    run = open_run(folder)
    hers = np.flatnonzero(run.cases.participant == "03")
    before = {fold.name: run.fold_arrays(fold.name) for fold in run.folds}
    _thin_folds(folder, hers)
    for name, old in before.items():
        new = run.fold_arrays(name)
        for rows, planes in (("rows", "plane.h1"), ("train_rows", "plane.trained.h1")):
            stays = ~np.isin(old[rows], hers)
            np.testing.assert_array_equal(new[rows], old[rows][stays])
            np.testing.assert_array_equal(new[planes], old[planes][stays])
    assert sum(len(old["train_rows"]) for old in before.values()) == len(run.cases)


def test_a_kept_recognizer_says_wherever_it_is_applied_that_it_does_not_adapt(
    spoken: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_process(monkeypatch)
    kept = transfer(sides_within(spoken, "category", "half"), small("half", "pdan"))
    run = next(each for each in runs_of(spoken.folder) if each.name == kept.runs[0])
    train_run(spoken, run)
    model = kept_of(run)
    assert model is not None
    notes = apply_to(spoken, model, [str(run.cases.recording[0])])
    assert any("used without adaptation" in note and "do not hold for it" in note for note in notes)


def test_a_collapse_is_told() -> None:
    points = {
        "target taken for anger": ((1, 0.5), (2, 0.9)),
        "target taken for joy": ((1, 0.5), (2, 0.1)),
    }
    assert Curves(points, 2).warning.startswith("Collapsed: 90% of the target is taken for anger")
    even = dict.fromkeys(points, ((1, 0.5),))
    assert Curves(even, 1).warning == ""
    assert Curves({}, 0).warning == ""
