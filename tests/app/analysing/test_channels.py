"""EEG segments about presses of a real session file: cut, labelled by an edited table, ranked, listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.evaluation.experiment import SplitSpec
from analysis.targets.emotions import EMOTIONS
from app.analysing.channels import Cutting, channel_rows, label_table, ranking, segments, write_label_table
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, prepare
from app.analysing.targets import make_target, recipe_named
from app.study import Study
from tests.helpers.imagery_study import imagery_study
from tests.helpers.labelled import make_study


@pytest.fixture(scope="module")
def imagined(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return imagery_study(tmp_path_factory.mktemp("imagery"))


def test_every_press_that_has_room_is_a_segment_of_its_emotion(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    assert {trial.item for trial in corpus.trials} <= EMOTIONS.keys()
    assert all(len(trial.presses) >= 2 for trial in corpus.trials)
    made = segments(imagined, Cutting())
    (each,) = made.batch.inputs.values()
    assert each.values.shape[1:] == (256, 8)
    assert made.channels[:2] == ("AF3", "AF4")
    assert any(note.startswith("Valence: ") for note in made.notes)
    assert made.batch.y is not None
    by_trial = {trial.key: EMOTIONS[trial.item][0] for trial in corpus.trials}
    cases = made.batch.cases
    for row in range(len(made.batch)):
        key = (str(cases.recording[row]), int(cases.trial[row]))
        assert by_trial[key] == made.batch.classes[made.batch.y[row]]
        press_s = (cases.start_s[row] + cases.stop_s[row]) / 2
        presses = next(trial.presses for trial in corpus.trials if trial.key == key)
        assert min(abs(press_s - each) for each in presses) < 1e-6


def test_a_window_may_end_at_the_press(imagined: Study) -> None:
    centred, before = segments(imagined, Cutting()), segments(imagined, Cutting(ends_at_press=True))
    both = set(np.round(before.batch.cases.stop_s, 6)) & set(np.round(centred.batch.cases.stop_s - 1, 6))
    assert len(both) >= 0.8 * len(centred.batch)


def test_the_study_offers_both_recipes_and_an_edited_table_changes_the_labels(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    target = make_target(imagined, corpus, recipe_named(imagined, corpus, "emotion-arousal"))
    assert target.classes == ("low", "high")
    assert len(target.values) == len(corpus.trials)
    before = segments(imagined, Cutting()).batch
    turned = {name: (levels[1], levels[0]) for name, levels in EMOTIONS.items()}
    path = write_label_table(imagined, turned)
    try:
        assert label_table(imagined) == turned
        after = segments(imagined, Cutting(dimension="arousal")).batch
        assert before.y is not None and after.y is not None
        np.testing.assert_array_equal(after.y, before.y)
    finally:
        path.unlink()


def test_guards_stop_nothing_by_block_and_show_the_leak_by_segment(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    target = make_target(imagined, corpus, recipe_named(imagined, corpus, "emotion-valence"))
    states = {}
    for kind in ("trials", "segments-own"):
        experiment = Cutting().experiment(split=SplitSpec(kind, 3))
        states[kind] = {
            line.guard: line.state for line in prepare(imagined, corpus, target, experiment).guards.lines
        }
    assert states["trials"]["shared-trial"] == "passed"
    assert states["segments-own"]["shared-trial"] == "shown"
    assert states["segments-own"]["shared-windows"] in ("passed", "told")
    assert "stopped" not in {*states["trials"].values(), *states["segments-own"].values()}


def test_channels_are_ranked_by_person_and_listed_with_their_rank(imagined: Study) -> None:
    made = segments(imagined, Cutting())
    rows = channel_rows(made, "variance", 3)
    assert len(rows) == 2 * 8
    assert sum(int(row["chosen"]) for row in rows) == 2 * 3
    first = [row for row in rows if row["participant"] == "sim01"]
    assert [row["rank"] for row in first] == list(range(1, 9))
    assert [row["score"] for row in first] == sorted((row["score"] for row in first), reverse=True)
    everybody = ranking(made, "", "variance")
    own = [ranking(made, code, "variance").scores for code in made.participants]
    np.testing.assert_allclose(everybody.scores, np.mean(own, axis=0))


def test_a_study_without_presses_is_told_what_is_missing(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 1, 2)
    with pytest.raises(EvaluatingError, match="nobody pressed a button while imagining"):
        segments(study, Cutting())
