"""Domains, and recognizers that learn from the tested side without its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import Experiment, SearchSpec, SplitSpec
from analysis.evaluation.fold import Training, evaluate_fold
from analysis.evaluation.guards import LeakError, check_division
from analysis.evaluation.run_folder import Run, create_run, open_run
from analysis.evaluation.runner import work
from analysis.evaluation.search import grid
from analysis.evaluation.splits import SplitError, divide
from analysis.evaluation.trained import load_trained, train
from analysis.recognizers.recognizer import Card, Context, Recognizer, RecognizerError, Setting
from tests.helpers import engine
from tests.helpers.batches import make_batch, two_domains

DOMAINS = SplitSpec("domains", domain="sex")
SEEN: list[Batch | None] = []


class Adapting(engine.NearestMean):
    """Nearest mean that is shown the tested side; it may misuse what it is shown."""

    card: ClassVar[Card] = replace(engine.CARD, name="adapting", title="Adapting mean", transductive=True)

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        SEEN.append(context.unlabelled)
        super().fit(train, validation, context)
        if self.settings["fault"] == "tunes on the target" and context.unlabelled is not None:
            context.fitted("tuning", context.unlabelled.cases.id)


def adapting(name: str, settings: Mapping[str, Any] | None = None) -> Recognizer:
    return Adapting(**(settings or {}))


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


def trained_with(maker: Any, **settings: Any) -> Training:
    return Training("any", settings, ("impute", "zscore"), ("participant",), 1, maker)


def test_each_domain_trains_for_each_other_one() -> None:
    batch = make_batch(6, 8)
    groups = dict(zip(["P01", "P02", "P03", "P04", "P05"], "aabbc", strict=True))
    division = divide(batch.cases, batch.y, DOMAINS, 0.0, groups)
    assert [fold.name for fold in division.folds] == [
        "a-to-b", "a-to-c", "b-to-a", "b-to-c", "c-to-a", "c-to-b",
    ]  # fmt: skip
    for fold in division.folds:
        source, tested = fold.name.split("-to-")
        assert {groups[code] for code in batch.cases.participant[fold.train].tolist()} == {source}
        assert {groups[code] for code in batch.cases.participant[fold.test].tolist()} == {tested}
    told = " ".join(division.notes)
    assert "in no fold: P06" in told
    assert "Each case is tested once for every other domain" in told
    report = check_division(batch, division)
    assert not report.stopped


@pytest.mark.parametrize(
    ("first", "other"), [("女", "男"), ("männlich", "weiblich"), ("up to 30", "over 30"), ("a", "b-to-c")]
)
def test_domains_keep_their_names_whatever_a_file_can_be_called(
    tmp_path: Path, first: str, other: str
) -> None:
    batch = make_batch(4, 8)
    people = np.unique(batch.cases.participant).tolist()
    groups = {code: (first, other)[place % 2] for place, code in enumerate(people)}
    asked = engine.experiment(split=DOMAINS)
    division = divide(batch.cases, batch.y, asked.split, 0.0, groups)
    assert {fold.domains for fold in division.folds} == {(first, other), (other, first)}
    assert len({fold.name for fold in division.folds}) == 2
    assert all(fold.name.isascii() for fold in division.folds)
    report = check_division(batch, division)
    run = create_run(tmp_path / "run", asked, batch, division, report, {"warnings": []})
    assert [fold.title for fold in open_run(run.folder).division.folds] == [
        f"{source} to {tested}" for source, tested in sorted([(first, other), (other, first)])
    ]


def test_a_division_of_before_has_its_domains_from_the_names_of_its_folds(tmp_path: Path) -> None:
    run = domain_run(tmp_path)
    path = run.folder / "division.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    for fold in values["folds"]:
        del fold["domains"]
    path.write_text(json.dumps(values), encoding="utf-8")
    again = open_run(run.folder).division.folds[0]
    assert (again.domains, again.title) == (("a", "b"), "a to b")


def test_a_fold_of_another_split_is_called_by_its_name() -> None:
    batch = make_batch(3, 8)
    folds = divide(batch.cases, batch.y, SplitSpec("loso")).folds
    assert [(fold.title, fold.domains) for fold in folds] == [(fold.name, ()) for fold in folds]


def test_without_two_domains_it_is_said_what_is_needed() -> None:
    batch = make_batch(3, 8)
    with pytest.raises(SplitError, match=r"--domain"):
        divide(batch.cases, batch.y, DOMAINS, 0.0, dict.fromkeys(("P01", "P02", "P03"), "all"))


def test_a_participant_in_both_domains_is_caught() -> None:
    batch = make_batch(4, 8)
    division = divide(batch.cases, batch.y, DOMAINS, 0.0, two_domains(batch.cases))
    first = division.folds[0]
    torn = replace(first, train=np.append(first.train, first.test[0]), test=first.test[1:])
    found = check_division(batch, replace(division, folds=(torn, division.folds[1])))
    assert {line.guard for line in found.stopped} >= {"shared-participant"}


def test_the_tested_side_is_given_without_answers_and_that_is_told() -> None:
    batch = make_batch(4, 8)
    fold = divide(batch.cases, batch.y, DOMAINS, 0.0, two_domains(batch.cases)).folds[0]
    outcome = evaluate_fold(batch, fold, trained_with(adapting), Context())
    (shown,) = SEEN
    assert shown is not None
    assert shown.y is None
    assert shown.cases.id.tolist() == batch.cases.id[fold.test].tolist()
    assert not any("".join(getattr(shown.cases, name)) for name in ("category", "stimulus", "content"))
    assert any("learns from the tested side's cases without their answers" in each for each in outcome.told)
    assert [(line.guard, line.state) for line in outcome.guards] == [("transductive", "told")]


def test_a_recognizer_that_does_not_say_so_is_shown_nothing() -> None:
    batch = make_batch(4, 8)
    fold = divide(batch.cases, batch.y, DOMAINS, 0.0, two_domains(batch.cases)).folds[0]

    class Plain(Adapting):
        card: ClassVar[Card] = engine.CARD

    outcome = evaluate_fold(batch, fold, trained_with(lambda name, settings: Plain()), Context())
    assert SEEN == [None]
    assert outcome.guards == ()


def test_tuning_on_the_tested_side_is_caught_all_the_same() -> None:
    batch = make_batch(4, 8)
    fold = divide(batch.cases, batch.y, DOMAINS, 0.0, two_domains(batch.cases)).folds[0]
    with pytest.raises(LeakError, match="tuning"):
        evaluate_fold(batch, fold, trained_with(adapting, fault="tunes on the target"), Context())


def domain_run(folder: Path, people: int = 6) -> Run:
    batch = make_batch(people, 8)
    asked = engine.experiment(split=DOMAINS)
    groups = {
        code: "abc"[place % 3] for place, code in enumerate(np.unique(batch.cases.participant).tolist())
    }
    division = divide(batch.cases, batch.y, asked.split, 0.0, groups)
    report = check_division(batch, division)
    return create_run(folder / "run", asked, batch, division, report, {"warnings": []})


def test_a_run_tells_each_pair_by_itself_and_that_it_adapted(tmp_path: Path) -> None:
    run = work(domain_run(tmp_path), maker=adapting, pool=engine.Here())
    result = run.result
    assert result is not None
    assert [each["fold"] for each in result["tasks"]] == [fold.name for fold in run.division.folds]
    assert all(each["metrics"]["balanced_accuracy"]["value"] is not None for each in result["tasks"])
    assert "trials" not in result
    assert any("without their answers" in note for note in result["notes"])
    assert open_run(run.folder).experiment.split.domain == "sex"


def test_trained_on_all_it_has_nothing_to_adapt_to_and_says_so(tmp_path: Path) -> None:
    batch = make_batch(4, 8)
    asked = engine.experiment(split=DOMAINS)
    made = train(batch, asked, maker=adapting)
    assert SEEN == [None]
    assert "without adaptation" in made.about["adaptation"]
    made.save(tmp_path / "model")
    assert "without adaptation" in load_trained(tmp_path / "model", lambda name: Adapting).about["adaptation"]


def test_an_experiment_of_before_keeps_its_hash_and_a_new_one_its_domain() -> None:
    old = {
        "recognizer": "svm", "target": {}, "target_sha256": "", "settings": {}, "cases": None, "inputs": (),
        "modalities": (), "steps": None, "split": {"kind": "loso", "k": 10, "seed": 1},
        "search": {"sets": 0, "inner_k": 3, "nested": True},
        "controls": {
            "permutations": 0, "permutation_kind": "stored", "probe": True, "masking": False,
        },
        "seed": 1, "metric": "balanced_accuracy",
    }  # fmt: skip
    assert Experiment("svm", {}, "").to_json() == old
    again = Experiment.from_json(old)
    assert again.sha256 == Experiment("svm", {}, "").sha256
    new = Experiment("svm", {}, "", split=DOMAINS, search=SearchSpec(8, how="grid", only=("c",)))
    assert Experiment.from_json(new.to_json()) == new


def test_a_grid_has_every_combination_once() -> None:
    card = replace(
        engine.CARD,
        settings=(
            Setting("one", 1, "", choices=(1, 2, 3)),
            Setting("other", "x", "", choices=("x", "y")),
            Setting("rate", 0.1, "", 0.01, 1.0),
        ),
    )
    every = grid(card, 6, 1, {"rate": 0.5})
    assert {(each["one"], each["other"]) for each in every} == {(a, b) for a in (1, 2, 3) for b in "xy"}
    assert {each["rate"] for each in every} == {0.5}
    some = grid(card, 4, 1, {})
    assert len({tuple(each.items()) for each in some}) == 4
    assert [each["one"] for each in grid(card, 9, 1, {}, ("one",))] == [1, 2, 3]
    with pytest.raises(RecognizerError, match="rate"):
        grid(card, 4, 1, {}, ("rate",))


@given(sets=st.integers(1, 9), seed=st.integers(0, 99), one=st.sampled_from([1, 2, 3, 0]))
def test_what_is_used_without_a_search_is_always_tried(sets: int, seed: int, one: int) -> None:
    settings = (Setting("one", 2, "", choices=(1, 2, 3)), Setting("other", 5, "", choices=(4, 5, 6)))
    card = replace(engine.CARD, settings=settings)
    found = grid(card, sets, seed, {"one": one})
    assert {"one": one, "other": 5} in found
    assert len(found) <= sets
    assert len({tuple(each.items()) for each in found}) == len(found)


@pytest.mark.parametrize("sets", [3, 9])
def test_the_best_on_the_answers_is_a_bound_of_every_other_choice(tmp_path: Path, sets: int) -> None:
    settings = (Setting("fault", "", ""), Setting("shift", 2, "", choices=(0, 1, 2, 3)))
    spec = SearchSpec(sets, 2, True, "grid", ("shift",))

    class Random(engine.NearestMean):
        card: ClassVar[Card] = replace(engine.CARD, settings=settings)

        def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
            super().fit(train, validation, context)
            self.random = (int(self.settings["shift"]), context.seed)

        def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
            drawn = np.random.default_rng(self.random).random((len(batch), 2))
            return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))

    def maker(name: str, chosen: Mapping[str, Any] | None = None) -> Recognizer:
        return Random(**{"fault": "", "shift": 2, **(chosen or {})})

    batch = make_batch(6, 8)
    groups = two_domains(batch.cases)
    scores = {}
    for name, search in (("fixed", SearchSpec()), ("chosen", spec), ("bound", replace(spec, nested=False))):
        asked = engine.experiment(split=DOMAINS, search=search)
        division = divide(batch.cases, batch.y, asked.split, 0.0, groups)
        report = check_division(batch, division)
        run = create_run(tmp_path / name, asked, batch, division, report, {"warnings": []})
        run = work(run, maker=maker, pool=engine.Here())
        tasks = (run.result or {})["tasks"]
        scores[name] = [each["metrics"]["balanced_accuracy"]["value"] for each in tasks]
        if name == "bound":
            told = [run.fold_facts(each["fold"])["search"]["score"] for each in tasks]
            assert told == scores[name]
        if name != "fixed":
            # A grid of four has no more, whatever is asked for.
            words = f"{min(sets, 4)} sets of settings were tried"
            assert any(words in note for note in (run.result or {})["notes"])
    for other in ("fixed", "chosen"):
        assert all(one >= two for one, two in zip(scores["bound"], scores[other], strict=True))
