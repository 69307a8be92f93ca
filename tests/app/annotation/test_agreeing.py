"""Which labels count for agreement, which are left out and why; fused labels and where they come from."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from analysis.agreement.report import assess
from analysis.agreement.tables import Marks, Ratings, Traces
from analysis.labels.reader import read_log
from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app import cli
from app.annotation.agreeing import (
    Gathered,
    GatheringError,
    gather,
    labelled_schemes,
    read_labels,
    resolve_scheme,
    variables,
)
from app.annotation.annotators import annotators
from app.annotation.dealing import Shares
from app.annotation.fusing import FusingError, fuse_tier, recipes_of
from app.annotation.plans import make_plan
from app.annotation.study_place import StudyPlace
from app.annotation.visible import EVERYTHING
from app.study import Study
from tests.helpers.agreeing import labelled, log_of, mark, rate, scheme_in, stems, trace

Answers = dict[tuple[int, int], Mapping[str, object]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with two recordings of four trials; copied for each test."""
    return labelled(tmp_path_factory.mktemp("study") / "faces").folder


@pytest.fixture
def study(recorded: Path, tmp_path: Path) -> Study:
    """The study, fresh."""
    import shutil

    shutil.copytree(recorded, tmp_path / "faces")
    return Study.open(tmp_path / "faces")


def sam_answers(*values: float) -> Answers:
    """Answer the valence of the first trials of the first recording."""
    return {(0, trial): {"valence": value} for trial, value in enumerate(values)}


def gathered(study: Study, scheme: Scheme, variable: str, blind: bool = False) -> Gathered:
    """Gather one variable."""
    chosen = next(each for each in variables(scheme) if each.id == variable)
    return gather(read_labels(study, scheme), chosen, blind)


def ratings(study: Study, scheme: Scheme, variable: str = "feeling.valence") -> list[list[float | None]]:
    """Return the table of a question, None where nobody answered."""
    table = gathered(study, scheme, variable).table
    assert isinstance(table, Ratings)
    return [[None if np.isnan(value) else float(value) for value in row] for row in table.values]


def left_out(found: Gathered) -> dict[str, int]:
    """Return how many labels are left out, by reason."""
    return {out.why: out.count for out in found.left_out}


def test_answers_become_units_and_raters(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1, 2, 3))
    rate(study, sam, "bo", sam_answers(1, 9) | {(1, 2): {"valence": 5}})
    found = gathered(study, sam, "feeling.valence")
    assert found.table.raters == ("ann", "bo")
    assert ratings(study, sam) == [[1, 1], [2, 9], [3, None], [None, 5]]
    assert [unit.participant for unit in found.table.units] == ["P01", "P01", "P01", "P02"]
    assert [unit.trial for unit in found.table.units] == [0, 1, 2, 2]
    report = assess(found.table)
    assert report.missing == 0.25


def test_every_kind_of_tier_is_a_variable() -> None:
    from app.annotation.schemes import bundled

    kinds = {f"{scheme.name}: {each.id}": each.kind for scheme in bundled() for each in variables(scheme)}
    assert kinds["sam: feeling.arousal"] == "ordinal"
    assert kinds["basic-emotions: trial.emotion"] == "nominal"
    assert kinds["facial-actions: action"] == "segment"
    assert kinds["affect-plane: affect.arousal"] == "trace"


def test_labels_that_are_no_ones_own_judgement_are_left_out(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1, 2, 3, 4))
    model = Mark("m1", "feeling", "model-x", "model", trial=1, value={"valence": 2})
    with log_of(study, sam, 0, "bo") as log:
        log.see(EVERYTHING, ("camera",), others=False, model=True)
        log.add("feeling", trial=0, value={"valence": 7})
        log.see(EVERYTHING, ("camera",), others=False, model=False)
        log.accept(model)
        log.add("feeling", trial=2, value={"valence": 3}, input="carried", to_confirm=True)
        log.add("feeling", trial=3, value={"valence": None})
    with log_of(study, sam, 0, "model-x", "model") as log:
        log.add("feeling", trial=0, value={"valence": 2.5})
    found = gathered(study, sam, "feeling.valence")
    assert found.table.raters == ("ann",)
    assert left_out(found) == {
        "made with labels of a model in sight": 1,
        "accepted from a model": 1,
        "carried over and not confirmed": 1,
        "the answer is 'cannot tell'": 1,
        "of models": 1,
    }
    assert assess(found.table).lines[0].outcome.reason == "fewer than two raters"


def test_what_was_carried_over_counts_once_it_is_confirmed(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1))
    with log_of(study, sam, 0, "bo") as log:
        log.confirm(log.add("feeling", trial=0, value={"valence": 3}, input="carried", to_confirm=True).id)
    assert ratings(study, sam) == [[1, 3]]


def test_trials_that_come_again_have_a_table_of_their_own(study: Study) -> None:
    sam = scheme_in(study, "sam")
    make_plan(study, "faces", sam, ("ann", "bo"), seed=3, shares=Shares(overlap=1.0, repeats=0.25))
    place = StudyPlace(study)
    asked = {}
    for annotator, shift in (("ann", 0), ("bo", 1)):
        seen: set[tuple[str, int]] = set()
        for item in place.queue(annotator):
            with place.log(item, annotator) as log:
                value = 2 + item.trial + shift + (item.purpose == "repeat")
                log.add("feeling", item=item.code, trial=item.trial, value={"valence": value})
                log.finish(item.code)
            seen.add((item.recording, item.trial))
        asked[annotator] = seen
    found = gathered(study, sam, "feeling.valence")
    table = found.table
    assert isinstance(table, Ratings)
    assert table.values.shape == (8, 2)
    assert np.all(table.values[:, 1] - table.values[:, 0] == 1), "repeats never stand for the first answer"
    assert [who for who, _ in found.repeats] == ["ann", "bo"]
    again = found.repeats[0][1]
    assert isinstance(again, Ratings)
    assert again.raters == ("first time", "again")
    assert np.all(again.values[:, 1] - again.values[:, 0] == 1)
    assert left_out(found)["of trials that came again (a table of their own)"] == 2 * len(again.values)


def test_units_of_a_plan_have_the_window_that_was_shown(study: Study) -> None:
    sam = scheme_in(study, "sam")
    plan = make_plan(study, "faces", sam, ("ann", "bo"), shares=Shares(overlap=1.0, repeats=0.0)).plan
    place = StudyPlace(study)
    (item, *_) = place.queue("ann")
    with place.log(item, "ann") as log:
        log.add("feeling", item=item.code, trial=item.trial, value={"valence": 2})
    (unit,) = gathered(study, sam, "feeling.valence").table.units
    assert (unit.start_ns, unit.stop_ns) == (item.start_ns, item.end_ns)
    assert plan.by_code[item.code].trial.start_ns == unit.start_ns


def test_practice_is_never_read(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1, 2))
    source = study.folder / "annotations" / stems(study)[0] / "ann"
    practice = study.folder / "annotations" / "training" / "abcdef" / "cem"
    practice.mkdir(parents=True)
    (practice / f"{sam.id}.sqlite").write_bytes((source / f"{sam.id}.sqlite").read_bytes())
    assert gathered(study, sam, "feeling.valence").table.raters == ("ann",)


def test_a_curator_sees_letters(study: Study) -> None:
    sam = scheme_in(study, "sam")
    for annotator in ("ann", "bo", "cem"):
        rate(study, sam, annotator, sam_answers(1, 2))
    found = gathered(study, sam, "feeling.valence", blind=True)
    assert found.table.raters == ("A", "B", "C")
    assert "ann" not in repr(found.table)


def test_segments_of_whole_recordings(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    mark(study, actions, "ann", 0, [(1, 3, "au1"), (5, 6, "au4")])
    mark(study, actions, "bo", 0, [(1.2, 3, "au1")])
    mark(study, actions, "ann", 1, [])
    found = gathered(study, actions, "action")
    assert isinstance(found.table, Marks)
    assert found.table.marked[1] == ([], None), "finished without a mark is an answer, not opened is none"
    report = assess(found.table)
    f1 = next(line for line in report.lines if line.formula.key == "f1_segments")
    assert f1.outcome.value == pytest.approx(2 / 3)
    assert (f1.outcome.n, f1.noun) == (1, "recordings")
    assert report.pairs[0].boundaries is not None
    assert report.pairs[0].boundaries.onset_ms == pytest.approx(200)


def test_nothing_marked_with_a_model_in_sight_is_no_answer(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    mark(study, actions, "ann", 0, [(1, 3, "au1")])
    with log_of(study, actions, 0, "bo") as log:
        log.see(EVERYTHING, (), others=False, model=True)
        log.finish("")
    found = gathered(study, actions, "action")
    assert found.table.raters == ("ann",)
    assert left_out(found) == {"made with labels of a model in sight": 1}


def test_a_trial_labelled_in_two_queues_counts_once(study: Study) -> None:
    sam = scheme_in(study, "sam")
    make_plan(study, "faces", sam, ("ann",), shares=Shares(overlap=1.0, repeats=0.0))
    place = StudyPlace(study)
    (item, *_) = place.queue("ann")
    with place.log(item, "ann") as log:
        log.add("feeling", trial=item.trial, value={"valence": 9})
        log.add("feeling", item=item.code, trial=item.trial, value={"valence": 2})
    found = gathered(study, sam, "feeling.valence")
    assert ratings(study, sam) == [[2]]
    assert left_out(found) == {"the same trial was labelled in another queue too": 1}
    assert [len(names) for names in found.sources.values()] == [1]


def test_a_trial_with_one_segment_from_a_model_is_left_out_whole(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    mark(study, actions, "ann", 0, [(1, 3, "au1")])
    with log_of(study, actions, 0, "bo") as log:
        log.add("action", start_ns=10**12, end_ns=10**12 + 10**9, label="au1")
        log.see(EVERYTHING, (), others=False, model=True)
        log.add("action", start_ns=10**12 + 2 * 10**9, end_ns=10**12 + 3 * 10**9, label="au1")
    found = gathered(study, actions, "action")
    assert found.table.raters == ("ann",)
    why = "made with labels of a model in sight (with all others of the same trial)"
    assert left_out(found) == {why: 2}


def test_unfinished_items_say_nothing_about_what_was_not_marked(study: Study) -> None:
    artefacts = scheme_in(study, "artefacts")
    make_plan(study, "faces", artefacts, ("ann",), shares=Shares(overlap=1.0, repeats=0.0))
    place = StudyPlace(study)
    done, begun, skipped, *_ = place.queue("ann")
    for item in (done, begun, skipped):
        with place.log(item, "ann") as log:
            log.add("artefact", item=item.code, trial=item.trial, start_ns=item.start_ns,
                    end_ns=item.start_ns + 10**9, label="movement")  # fmt: skip
            if item is done:
                log.finish(item.code)
            elif item is skipped:
                log.skip(item.code, "face not seen")
    found = gathered(study, artefacts, "artefact")
    assert [unit.trial for unit in found.table.units] == [done.trial]
    assert left_out(found) == {"the item is not finished": 1, "skipped: face not seen": 1}


def test_traces_lie_on_one_grid_and_the_pass_that_was_finished_counts(study: Study) -> None:
    valence = scheme_in(study, "continuous-valence")
    trace(study, valence, "ann", 0, 17.0)
    trace(study, valence, "bo", 0, 17.0, lag_s=1.0)
    with log_of(study, valence, 0, "bo") as log:
        first = log.takes()[0]
        writer = log.begin_take("valence")
        for t_ns in first.t_ns[:100]:
            writer.append(int(t_ns), int(t_ns), [1.0])
        writer.end("interrupted")
    found = gathered(study, valence, "valence.valence")
    assert isinstance(found.table, Traces)
    (grid,) = found.table.values
    assert grid.shape[1] == 2
    assert np.nanmax(grid[:20, 1]) < 0.9, "what broke off does not replace what was finished"
    (ann, bo) = assess(found.table).lags
    assert (ann.seconds, bo.seconds) == (0.0, 1.0)


def test_an_excluded_session_is_left_out(study: Study) -> None:
    from app import participants

    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1, 2) | {(1, 0): {"valence": 3}})
    participants.exclude(study, "P01", "asleep", "xy")
    found = gathered(study, sam, "feeling.valence")
    assert [unit.participant for unit in found.table.units] == ["P02"]
    assert any("asleep" in out.why and out.count == 2 for out in found.left_out)


def test_the_newest_labelled_version_is_meant(study: Study) -> None:
    with pytest.raises(GatheringError, match="nothing has been labelled yet"):
        resolve_scheme(study, "sam")
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1))
    assert labelled_schemes(study) == ("sam@1",)
    assert resolve_scheme(study, "sam") == resolve_scheme(study, "sam@1") == "sam@1"
    with pytest.raises(GatheringError, match="Labelled was by: sam@1"):
        resolve_scheme(study, "panas")


# Fused labels


def test_fused_answers_with_their_recipe(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1, 2, 6))
    rate(study, sam, "bo", sam_answers(2, 3))
    rate(study, sam, "cem", sam_answers(2, 8))
    made = fuse_tier(read_labels(study, sam), "feeling", "mean")
    assert made.annotator == "fused-mean"
    assert [(each.code, each.kind) for each in annotators(study)] == [("fused-mean", "fused")]
    (path,) = made.files
    log = read_log(path)
    assert (log.head.kind, log.head.annotator) == ("fused", "fused-mean")
    assert {each.trial: each.value["valence"] for each in log.marks} == {
        0: pytest.approx(5 / 3),
        1: pytest.approx(13 / 3),
    }
    assert len(log.marks[0].derived_from.split(",")) == 3
    assert not log.marks[0].is_gold
    (line,) = recipes_of(path)
    assert line["sha256"] == made.sha256
    assert line["recipes"]["feeling.valence"]["raters"] == ["ann", "bo", "cem"]
    assert line["recipes"]["feeling.valence"]["units_without_label"] == 1
    assert line["recording"] == stems(study)[0]
    assert {f"{name}@1" for name in log.marks[0].derived_from.split(",")} <= set(line["sources"])


def test_fusing_again_changes_what_has_changed_and_keeps_the_history(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1, 2))
    rate(study, sam, "bo", sam_answers(3, 3))
    first = fuse_tier(read_labels(study, sam), "feeling", "mean")
    again = fuse_tier(read_labels(study, sam), "feeling", "mean")
    assert (again.files, again.unchanged, again.sha256) == ((), 1, first.sha256)
    rate(study, sam, "bo", sam_answers(5))
    changed = fuse_tier(read_labels(study, sam), "feeling", "mean")
    (path,) = changed.files
    assert {each.trial: each.value["valence"] for each in read_log(path).marks} == {0: 3.0, 1: 2.5}
    assert [line["sha256"] for line in recipes_of(path)] == [first.sha256, changed.sha256]


def test_fused_labels_are_no_rater(study: Study) -> None:
    sam = scheme_in(study, "sam")
    for annotator in ("ann", "bo"):
        rate(study, sam, annotator, sam_answers(1, 2))
    before = ratings(study, sam)
    fuse_tier(read_labels(study, sam), "feeling", "median")
    assert ratings(study, sam) == before
    assert left_out(gathered(study, sam, "feeling.valence"))["fused from others"] == 2


def test_segments_by_majority_and_traces_by_weight(study: Study) -> None:
    actions, valence = scheme_in(study, "facial-actions"), scheme_in(study, "continuous-valence")
    for annotator, late in (("ann", 0.0), ("bo", 0.2), ("cem", 0.4)):
        mark(study, actions, annotator, 0, [(1 + late, 3 + late, "au1")])
        trace(study, valence, annotator, 0, 17.0, lag_s=2 * late)
    made = fuse_tier(read_labels(study, actions), "action", "majority")
    (segment,) = read_log(made.files[0]).marks
    assert (segment.start_ns, segment.end_ns) == (1_001_200_000_000, 1_003_200_000_000)
    made = fuse_tier(read_labels(study, valence), "valence", "weighted", lag=True)
    assert made.annotator == "fused-ewe-lag"
    ((_, recipe),) = made.recipes
    assert recipe.lags_s[0] == 0.0 and recipe.lags_s[2] > 0.25
    assert recipe.measured_lags_s == recipe.lags_s
    ((_, unmoved),) = fuse_tier(read_labels(study, valence), "valence", "weighted").recipes
    assert (unmoved.lags_s, unmoved.measured_lags_s) == ((0.0, 0.0, 0.0), recipe.lags_s)
    assert all(0.5 < weight <= 1 for weight in recipe.weights)
    (take,) = read_log(made.files[0]).takes
    assert take.state == "done"
    assert np.isfinite(take.values).sum() > 40


@pytest.mark.parametrize(
    ("tier", "method", "without", "words"),
    [
        ("action", "mean", (), "cannot be fused by mean. It can be: majority, weighted"),
        ("action", "majority", ("ann",), "labelled by 1 of the chosen annotators"),
    ],
)
def test_what_cannot_be_fused_says_why(
    study: Study, tier: str, method: str, without: tuple[str, ...], words: str
) -> None:
    actions = scheme_in(study, "facial-actions")
    for annotator in ("ann", "bo"):
        mark(study, actions, annotator, 0, [(1, 3, "au1")])
    with pytest.raises(FusingError, match=words):
        fuse_tier(read_labels(study, actions), tier, method, without=without)  # type: ignore[arg-type]


# The command


def test_the_command_tells_numbers_reasons_and_what_was_left_out(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", {(p, t): {"valence": 1 + t, "arousal": 5} for p in range(2) for t in range(4)})
    rate(study, sam, "bo", {(p, t): {"valence": 2 + t, "arousal": 5} for p in range(2) for t in range(4)})
    out = tmp_path / "numbers.csv"
    line = ["agreement", str(study.folder), "--scheme", "sam", "--json", "--out", str(out), "--seed", "4"]
    assert cli.main(line) == 0
    told = json.loads(capsys.readouterr().out)
    valence, arousal, dominance = told["variables"]
    alpha = valence["coefficients"]["alpha_interval"]
    assert alpha["value"] == pytest.approx(
        assess(gathered(study, sam, "feeling.valence").table).lines[1].outcome.value
    )
    assert alpha["interval"]["low"] < alpha["value"] < alpha["interval"]["high"]
    assert alpha["interval"]["clusters"] == 8
    assert arousal["coefficients"]["alpha_ordinal"]["reason"] == "all raters used 5"
    assert dominance["annotators"] == []
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(r for r in rows if (r["variable"], r["coefficient"]) == ("feeling.valence", "alpha_interval"))
    assert float(row["value"]) == alpha["value"]
    assert "Krippendorff (2011)" in row["source"]
    assert cli.main([*line[:4], "--tier", "feeling.valence", "--participants"]) == 0
    words = capsys.readouterr().out
    assert "no interval: needs at least 5 participants, there are 2" in words
    assert "arousal" not in words


def test_the_command_refuses_what_it_does_not_know(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", sam_answers(1))
    assert cli.main(["agreement", str(study.folder), "--scheme", "sam", "--tier", "mood"]) == 1
    assert "has no such tier. Comparable is: feeling.valence" in capsys.readouterr().err
