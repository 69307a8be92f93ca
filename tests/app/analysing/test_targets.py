"""Annotators' work as the answers that recognizers are tested by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.corpus.corpus import Corpus
from analysis.labels.records import NS, Mark
from analysis.targets.recipe import Recipe, Target, TargetError
from analysis.targets.recipe_json import parse_recipe
from app import cli
from app.analysing.corpora import study_corpus
from app.analysing.target_labels import label_sha256
from app.analysing.targets import TargetFileError, make_target, middles_of, recipe_named, recipes, store
from app.annotation.agreeing import read_labels
from app.annotation.fusing import fuse_tier
from app.study import Study
from tests.helpers.agreeing import labelled, log_of, mark, rate, scheme_in, stems, trace, trial_start_s
from tests.helpers.recordings import START_S

VALENCE = ("sam@1", "feeling.valence")
FUSED = Recipe("felt", "fused", (*VALENCE, "fused-mean"), "threshold", at=5.0)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with two recordings of four trials; copied for each test."""
    return labelled(tmp_path_factory.mktemp("study") / "faces").folder


@pytest.fixture
def study(recorded: Path, tmp_path: Path) -> Study:
    """The study, fresh."""
    shutil.copytree(recorded, tmp_path / "faces")
    return Study.open(tmp_path / "faces")


def target(study: Study, recipe: Recipe) -> Target:
    """Return what a recipe gives in a study."""
    return make_target(study, study_corpus(study), recipe)


def both_rated(study: Study) -> None:
    """Two annotators answer every trial: pleasant and unpleasant in turn, a point apart."""
    sam = scheme_in(study, "sam")
    for annotator, more in (("ann", 0), ("bo", 1)):
        answers = {
            (place, trial): {"valence": (7 if trial % 2 else 2) + more}
            for place in (0, 1)
            for trial in range(4)
        }
        rate(study, sam, annotator, answers)


def fuse(study: Study) -> None:
    """Fuse what the annotators felt."""
    sam = scheme_in(study, "sam")
    fuse_tier(read_labels(study, sam), "feeling", "mean")


def test_the_fusion_of_two_annotators_is_the_answer(study: Study) -> None:
    both_rated(study)
    fuse(study)
    made = target(study, FUSED)
    assert made.classes == ("low", "high")
    assert {key[1]: value for key, value in made.values.items()} == {0: 0.0, 1: 1.0, 2: 0.0, 3: 1.0}
    assert len(made.values) == 8
    assert made.lost == ()
    assert made.warnings == ()
    assert sorted(made.files) == [
        f"annotations/{stem}/fused-mean/sam@1.sqlite" for stem in sorted(stems(study))
    ]


def test_one_changed_label_changes_exactly_that_trial(study: Study) -> None:
    both_rated(study)
    fuse(study)
    before = target(study, FUSED)
    sam = scheme_in(study, "sam")
    for annotator in ("ann", "bo"):
        with log_of(study, sam, 1, annotator) as log:
            changed = next(each for each in log.marks() if each.trial == 2)
            log.change(changed.id, value={"valence": 9})
    stale = target(study, FUSED)
    assert stale.values == before.values
    assert stale.warnings == (
        f"labels of 1 recording have changed since they were fused ({stems(study)[1]}): fuse them again",
    )
    fuse(study)
    after = target(study, FUSED)
    assert after.warnings == ()
    differing = {key for key in before.values if before.values[key] != after.values[key]}
    assert differing == {(stems(study)[1], 2)}
    assert before.sha256 != after.sha256
    other = f"annotations/{stems(study)[1]}/fused-mean/sam@1.sqlite"
    assert before.files[other] != after.files[other]


@pytest.mark.parametrize("trials", [(1,), (0, 1, 2, 3)])
def test_a_fusion_of_labels_that_were_deleted_says_that_it_is_old(
    trials: tuple[int, ...], study: Study
) -> None:
    both_rated(study)
    fuse(study)
    for annotator in ("ann", "bo"):
        with log_of(study, scheme_in(study, "sam"), 0, annotator) as log:
            for found in log.marks():
                if found.trial in trials:
                    log.delete(found.id)
    (told,) = target(study, FUSED).warnings
    assert f"labels of 1 recording have changed since they were fused ({stems(study)[0]})" in told


def test_reading_labels_does_not_change_their_checksum(study: Study) -> None:
    both_rated(study)
    fuse(study)
    first = target(study, FUSED)
    sam = scheme_in(study, "sam")
    with log_of(study, sam, 0, "ann") as log:
        assert log.marks()
    assert target(study, FUSED) == first
    assert {name: label_sha256(study.folder / name) for name in first.files} == first.files


def test_a_label_file_that_is_gone_is_not_made(study: Study) -> None:
    with pytest.raises(OSError):
        label_sha256(study.folder / "annotations" / "gone.sqlite")
    assert not (study.folder / "annotations" / "gone.sqlite").exists()


def test_a_label_accepted_from_a_model_is_refused(study: Study) -> None:
    sam = scheme_in(study, "sam")
    rate(study, sam, "ann", {(0, trial): {"valence": 7} for trial in range(3)})
    proposal = Mark("m1", "feeling", "model-x", "model", trial=3, value={"valence": 8})
    with log_of(study, sam, 0, "ann") as log:
        log.accept(proposal)
    made = target(study, Recipe("ann", "annotator", (*VALENCE, "ann"), "threshold", at=5.0))
    first, second = stems(study)
    assert sorted(made.values) == [(first, trial) for trial in range(3)]
    why = {lost.trial: lost.why for lost in made.lost}
    assert why[first, 3] == "the label is no answer of a person's own: accepted from a model"
    assert why[second, 0] == "not labelled by ann"


def test_a_segment_accepted_from_a_model_is_told_in_every_trial_that_it_costs(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    tier = actions.tiers[0]
    start_ns, end_ns = (round((START_S + trial_start_s(0) + more_s) * NS) for more_s in (0.5, 2.0))
    with log_of(study, actions, 0, "ann") as log:
        log.accept(
            Mark(
                "m1", tier.name, "model-x", "model",
                start_ns=start_ns, end_ns=end_ns, label=tier.labels[0].id,
            )
        )  # fmt: skip
        log.finish("")
    made = target(study, Recipe("action", "annotator", (actions.id, tier.name, "ann")))
    first, second = stems(study)
    why = {lost.trial: lost.why for lost in made.lost}
    for trial in range(4):
        assert why[first, trial] == "the label is no answer of a person's own: accepted from a model"
        assert why[second, trial] == "not labelled by ann"


def test_a_model_is_nobody_to_test_recognizers_by(study: Study) -> None:
    scheme_in(study, "sam")
    with pytest.raises(TargetError, match="model-x is a model"):
        target(study, Recipe("x", "annotator", (*VALENCE, "model-x"), "number"))


def test_who_labelled_nothing_is_named_beside_those_who_did(study: Study) -> None:
    both_rated(study)
    with pytest.raises(TargetError, match=r"kim has labelled nothing by sam@1\. By it labelled: ann, bo\."):
        target(study, Recipe("x", "annotator", (*VALENCE, "kim"), "number"))


def test_a_variable_that_is_not_asked_is_told_with_those_that_are(study: Study) -> None:
    both_rated(study)
    with pytest.raises(
        TargetError, match=r"asks nothing called 'feeling\.joy'\. There are: feeling\.valence"
    ):
        target(study, Recipe("x", "annotator", ("sam@1", "feeling.joy", "ann"), "number"))


def test_a_segment_counts_where_it_covers_half_of_the_stimulus(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    label = actions.tiers[0].labels[0]
    shown = [trial_start_s(trial) + 0.5 for trial in range(4)]
    spans = [(shown[0], shown[0] + 1.5, label.id), (shown[1], shown[1] + 0.5, label.id)]
    mark(study, actions, "ann", 0, spans)
    made = target(study, Recipe("action", "annotator", (actions.id, actions.tiers[0].name, "ann")))
    assert made.classes == (label.name,)
    assert sorted(made.values) == [(stems(study)[0], 0)]


def test_a_segment_that_overlaps_itself_does_not_count_twice(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    label = actions.tiers[0].labels[0]
    shown = trial_start_s(0) + 0.5
    mark(study, actions, "ann", 0, [(shown, shown + 0.4, label.id), (shown, shown + 0.45, label.id)] * 2)
    made = target(study, Recipe("action", "annotator", (actions.id, actions.tiers[0].name, "ann")))
    assert made.values == {}


def test_two_labels_over_the_same_stimulus_are_a_tie_and_not_the_last_by_alphabet(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    one, two = actions.tiers[0].labels[:2]
    shown = trial_start_s(0) + 0.5
    mark(study, actions, "ann", 0, [(shown, shown + 1.5, one.id), (shown, shown + 1.5, two.id)])
    made = target(study, Recipe("action", "annotator", (actions.id, actions.tiers[0].name, "ann")))
    assert made.values == {}
    why = {lost.trial: lost.why for lost in made.lost}
    assert why[stems(study)[0], 0].startswith("a tie: ")


def test_cannot_tell_is_no_class(study: Study) -> None:
    actions = scheme_in(study, "facial-actions")
    label = actions.tiers[0].labels[0]
    shown = [trial_start_s(trial) + 0.5 for trial in range(2)]
    mark(
        study, actions, "ann", 0,
        [(shown[0], shown[0] + 1.5, label.id), (shown[1], shown[1] + 1.5, "cannot_tell")],
    )  # fmt: skip
    made = target(study, Recipe("action", "annotator", (actions.id, actions.tiers[0].name, "ann")))
    assert made.classes == (label.name,)
    why = {lost.trial: lost.why for lost in made.lost}
    assert why[stems(study)[0], 1] == "the answer is 'cannot tell'"


def test_a_trace_is_its_mean_over_the_stimulus_moved_by_the_stored_lag(study: Study) -> None:
    scheme = scheme_in(study, "continuous-valence")
    for annotator, lag_s in (("ann", 0.0), ("bo", 1.0)):
        trace(study, scheme, annotator, 0, 17.0, lag_s)
    tier = scheme.tiers[0]
    variable = f"{tier.name}.{tier.dimensions[0].name}"
    recipes_by = {
        annotator: Recipe(annotator, "trace", (scheme.id, variable, annotator), "number")
        for annotator in ("ann", "bo")
    }
    unmoved = target(study, recipes_by["bo"])
    assert unmoved.warnings == ("no lag of bo is stored: the trace is taken as it was drawn",)
    fuse_tier(read_labels(study, scheme), tier.name, "mean", lag=True)
    moved = target(study, recipes_by["bo"])
    assert moved.warnings == ()
    ahead = target(study, recipes_by["ann"])
    apart = {
        name: max(abs(made.values[key] - ahead.values[key]) for key in ahead.values)
        for name, made in (("unmoved", unmoved), ("moved", moved))
    }
    assert len(ahead.values) == 4
    assert apart["moved"] < 0.35 * apart["unmoved"]


def test_artefacts_of_every_person_are_masks(study: Study) -> None:
    artefacts = scheme_in(study, "artefacts")
    label = artefacts.tiers[0].labels[0].id
    mark(study, artefacts, "ann", 0, [(1.0, 2.0, label), (5.0, 6.0, label)])
    mark(study, artefacts, "bo", 0, [(1.5, 3.0, label)])
    made = target(study, Recipe("c", "category", mask=(artefacts.id, "artefact", 0.5)))
    ((recording, spans),) = made.masks.items()
    assert recording == stems(study)[0]
    assert [stop - start for start, stop in spans] == pytest.approx([2.0, 1.0])
    assert len(made.files) == 2
    assert made.sha256 != target(study, Recipe("c", "category")).sha256


def test_a_study_offers_what_it_has(study: Study) -> None:
    both_rated(study)
    fuse(study)
    names = {recipe.name for recipe in recipes(study, study_corpus(study))}
    assert {
        "category",
        "valence",
        "sam-1.feeling.valence.ann-high",
        "sam-1.feeling.valence.fused-mean",
    } <= names


LONG = "how-strongly-did-you-feel-what-the-person-in-the-film-seemed-to-feel"


@pytest.mark.parametrize(
    "items",
    [
        ("Müdigkeit", "Mudigkeit"),
        ("高兴", "悲伤"),
        ("valence", "Valence"),
        ("category", "calm"),
        (f"{LONG}-before", f"{LONG}-after"),
    ],
)
def test_items_of_any_name_are_offered_apart_under_names_that_an_experiment_can_hold(
    items: tuple[str, str], study: Study
) -> None:
    corpus = study_corpus(study)
    trials = tuple(replace(trial, ratings=dict.fromkeys(items, 1.0)) for trial in corpus.trials)
    offered = recipes(study, Corpus(corpus.name, corpus.recordings, trials))
    assert {recipe.of for recipe in offered if recipe.source == "rating"} >= {(item,) for item in items}
    assert "category" in {recipe.name for recipe in offered if recipe.source == "category"}
    assert len({recipe.name for recipe in offered}) == len(offered)
    for recipe in offered:
        assert parse_recipe(json.dumps(recipe.to_json()), "experiment.json") == recipe


def asking(monkeypatch: pytest.MonkeyPatch, items: Callable[[Path], list[dict[str, Any]]]) -> None:
    """Let the protocol of each recording ask these items."""

    @contextmanager
    def opened(path: Path) -> Iterator[SimpleNamespace]:
        schedule = {"stages": [{"content": {"items": items(path)}}]}
        yield SimpleNamespace(protocol={"sha256": str(path), "schedule": schedule}, events=())

    monkeypatch.setattr("app.analysing.targets.open_session", opened)


def test_an_item_on_scales_of_two_lengths_is_not_parted_by_the_middle_of_one(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = study_corpus(study)
    points = {recording.path: count for recording, count in zip(corpus.recordings, (5, 9), strict=True)}
    asking(
        monkeypatch, lambda path: [{"id": "valence", "points": points[path]}, {"id": "arousal", "points": 9}]
    )
    assert middles_of(corpus) == {"arousal": 5.0}


@pytest.mark.parametrize(
    ("item", "middle"),
    [({"points": 9}, 5.0), ({"points": 7, "first": 0}, 3.0), ({"points": 7, "first": -3}, 0.0)],
)
def test_the_middle_of_a_scale_counts_from_its_first_number(
    item: dict[str, int], middle: float, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, lambda path: [{"id": "valence", **item}])
    assert middles_of(study_corpus(study)) == {"valence": middle}


@pytest.mark.parametrize("name", ["category", "valence"])
def test_every_offer_can_be_made(study: Study, name: str) -> None:
    corpus = study_corpus(study)
    made = make_target(study, corpus, recipe_named(study, corpus, name))
    assert len(made.values) == 8


def test_an_item_that_nobody_answered_is_told_with_those_that_were(study: Study) -> None:
    with pytest.raises(TargetError, match=r"nobody answered joy\. Answered was: valence\."):
        target(study, Recipe("j", "rating", ("joy",), "number"))


def test_a_trial_without_an_answer_says_so(study: Study) -> None:
    corpus = study_corpus(study)
    silent = replace(corpus.trials[0], ratings={})
    changed = Corpus(corpus.name, corpus.recordings, (silent, *corpus.trials[1:]))
    made = make_target(study, changed, Recipe("v", "rating", ("valence",), "number"))
    assert [(lost.trial, lost.why) for lost in made.lost] == [(silent.key, "valence was not answered")]


def test_a_stored_target_never_changes(study: Study) -> None:
    recipe = Recipe("mine", "rating", ("valence",), "threshold", at=4.0)
    path = store(study, recipe)
    content = path.read_bytes()
    assert store(study, recipe) == path
    with pytest.raises(TargetFileError, match="targets never change"):
        store(study, replace(recipe, at=6.0))
    assert path.read_bytes() == content
    assert recipe_named(study, study_corpus(study), "mine") == recipe


def test_an_unknown_target_gets_a_suggestion(study: Study) -> None:
    with pytest.raises(TargetFileError, match="Did you mean 'category'"):
        recipe_named(study, study_corpus(study), "categry")


def test_the_command_lists_classes_and_losses(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    both_rated(study)
    assert cli.main(["targets", str(study.folder), "--json"]) == 0
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)["targets"]}
    assert told["category"]["counts"] == {"negative": 2, "neutral": 2, "positive": 4}
    assert told["sam-1.feeling.valence.ann-high"]["counts"] == {"low": 4, "high": 4}
    assert told["sam-1.feeling.valence.ann-high"]["participants"]["P01"] == {"low": 2, "high": 2, "lost": 0}
    assert cli.main(["targets", str(study.folder)]) == 0
    assert "category: negative 2, neutral 2, positive 4" in capsys.readouterr().out


def test_the_command_tells_one_target_trial_by_trial(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["targets", str(study.folder), "--name", "category"]) == 0
    assert f"{stems(study)[0]}, trial 2: negative" in capsys.readouterr().out


def test_the_command_stores_a_recipe_and_refuses_a_bad_one(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(
        '{"name": "mine", "source": "rating", "of": ["valence"], "rule": "number"}', encoding="utf-8"
    )
    bad.write_text('{"name": "mine", "source": "ratings"}', encoding="utf-8")
    assert cli.main(["targets", str(study.folder), "--add", str(good)]) == 0
    assert (study.folder / "derivatives/targets/mine.json").is_file()
    assert cli.main(["targets", str(study.folder), "--add", str(bad)]) == 1
    assert "Did you mean 'rating'" in capsys.readouterr().err
