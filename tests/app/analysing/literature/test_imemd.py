"""`evoke reproduce imemd`: the quick form on real speech beside controls; what is said without a source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.corpus.cases import Cases
from analysis.evaluation.compare import compare
from analysis.evaluation.guards import GuardLine, GuardReport
from analysis.evaluation.run_folder import Predictions
from analysis.literature.paper import paper
from app.analysing.literature.imemd import (
    FULL,
    INPUT,
    OF_A_SPEAKER,
    OURS,
    QUICK,
    _about,
    _controls,
    _pairs,
    _scores,
    experiments,
    frames_of,
    made_at,
    tables,
)
from app.analysing.literature.imemd_tables import signal_table
from app.analysing.literature.open_data import enter_speech
from app.analysing.literature.reproducing import LiteratureError, Order
from app.study import Study
from tests.helpers.speaking import speak


def test_the_printed_recalls_have_the_printed_mean() -> None:
    by_title = {each.title: each for each in paper("imemd").printed}
    recalls = [row[1] for row in by_title["Recall by emotion on Emo-DB"].rows]
    printed = by_title["Unweighted accuracy on Emo-DB"].rows[-1]
    assert sum(float(each or 0) for each in recalls) / 7 == pytest.approx(93.54, abs=0.15)
    assert printed == (OURS, "timbre and spectral", 93.54)


def test_networks_differ_in_their_decomposition_only() -> None:
    made = experiments(FULL, 1)
    methods = [made[name].inputs[0].settings["method"] for name in (OURS, "EMD-CRNN", "MFCC-CRNN")]
    assert methods == ["imemd", "emd", "none"]
    assert len({str(made[name].settings) for name in (OURS, "EMD-CRNN", "MFCC-CRNN")}) == 1
    assert all(made[name].inputs[1].settings["variants"] == 1 for name in (OURS, "EMD-CRNN", "MFCC-CRNN"))
    assert {each.split.kind for each in made.values()} == {"loso"}
    assert (frames_of(3.0), frames_of(QUICK.segment_s)) == (298, 198)


def spoken(hits: float, seed: int = 1) -> Predictions:
    """Eight speakers with four utterances of three emotions; the last one has no disgust."""
    random = np.random.default_rng(seed)
    who = np.repeat([f"{place:02d}" for place in range(1, 9)], 12)
    y = np.tile(np.repeat([0, 1, 2], 4), 8)
    kept = ~((who == "08") & (y == 2))
    who, y = who[kept], y[kept]
    n = len(y)
    decided = np.where(random.random(n) < hits, y, (y + 1) % 3)
    plain = np.full(n, "", dtype=str)
    at = np.arange(n, dtype=np.float64)
    cases = Cases(np.arange(n), who, who, plain, np.arange(n), plain, plain, at, at + 2, plain)
    return Predictions(cases, y, np.eye(3)[decided], who, ("anger", "fear", "disgust"))


def test_a_speaker_without_an_emotion_counts_with_those_there_are() -> None:
    predictions = {name: spoken(0.5 + 0.1 * place, place) for place, name in enumerate(INPUT)}
    compared = compare(predictions, OF_A_SPEAKER, 1)
    assert all(value is not None for values in compared.participants.values() for value in values)
    report = GuardReport(
        (
            GuardLine("class-in-test", "told", "no case of disgust in the test side", "08"),
            GuardLine("shared-trial", "passed", "no trial is in both sides"),
        )
    )
    result = {"metrics": {"uar": {"value": 0.5}, "accuracy": {"value": 0.5}}}
    runs: Any = {
        name: SimpleNamespace(
            name=name,
            result=result,
            guards=report,
            classes=each.classes,
            folds=(),
            predictions=lambda each=each: each,
        )
        for name, each in predictions.items()
    }
    about = _about("Emo-DB", predictions[OURS], compared, QUICK)
    scores = _scores(runs, compared, about, QUICK)
    own = {row[0]: dict(zip(scores.columns, row, strict=True)) for row in scores.rows}[OURS]
    first = predictions[OURS]
    hits = first.proba.argmax(axis=1) == first.y
    recalls = [
        np.mean([hits[(first.fold == who) & (first.y == kind)].mean() for kind in kinds])
        for who, kinds in ((who, (0, 1) if who == "08" else (0, 1, 2)) for who in compared.participants)
    ]
    assert own["speakers"] == 8
    assert own["UA %"] == pytest.approx(100 * np.mean(recalls))
    assert own["SD"] == pytest.approx(100 * np.std(recalls, ddof=1))
    assert "Not every speaker has every emotion: 08 has no disgust." in scores.notes
    pairs = _pairs(compared, about, QUICK)
    assert {row[pairs.columns.index("speakers")] for row in pairs.rows} == {8.0}


def test_guards_are_told_as_they_are() -> None:
    lines = (
        GuardLine("shared-trial", "stopped", "trial 3 is in both sides", "03"),
        GuardLine("class-in-test", "told", "no case of disgust in the test side", "08"),
        GuardLine("duplicate", "passed", "none"),
    )

    def said(*chosen: GuardLine) -> str:
        run: Any = SimpleNamespace(result={}, guards=GuardReport(chosen), folds=())
        (line,) = _controls("SVM", run)
        return line

    assert "shared-trial stopped 1 fold" in said(*lines)
    assert "class-in-test of 08: no case of disgust in the test side" in said(*lines)
    assert said(lines[2]) == "SVM: no control; guards passed"
    assert said(*[lines[1]] * 7).endswith("and 3 more")


def test_without_a_folder_it_says_what_is_needed(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "speech", "people", protocol="")
    with pytest.raises(LiteratureError, match="Emo-DB's wav files"):
        tables(Order(study))
    with pytest.raises(LiteratureError, match="no such folder"):
        tables(Order(study, tmp_path / "gone"))


def test_masking_has_the_smaller_error_on_the_gapped_tone() -> None:
    rows = {str(row[0]): row for row in signal_table(True, lambda: False).rows}
    assert rows["IMEMD"][3] < 0.45 < rows["EMD"][3]  # type: ignore[operator]
    assert all(float(row[4] or 0) < 1e-12 for row in rows.values())


@pytest.mark.slow
def test_the_quick_form_makes_every_table(tmp_path: Path, shared_recordings: Path) -> None:
    study = Study.create(tmp_path / "study", "speech", "people", protocol="")
    scale = replace(QUICK, each=1, sifts=2, network={**QUICK.network, "epochs": 2})
    made = made_at(Order(study, shared_recordings / "emodb", workers=1, is_quick=True), scale)
    by_title = {table.title: table for table in made.tables}
    scores = by_title["UAR on Emo-DB, a speaker left out"]
    assert len(scores.rows) == 5
    assert scores.rows[0][0] == OURS
    assert all(0 <= float(row[2] or 0) <= 100 for row in scores.rows)
    assert any("majority" in line for line in scores.controls)
    assert any("permutations" in line for line in scores.controls)
    assert all("guards passed" in line for line in scores.controls[1:])
    assert {row[scores.columns.index("speakers")] for row in scores.rows} == {3.0}
    assert all("QUICK FORM" in table.data or "QUICK" not in table.data for table in made.tables)
    assert "QUICK FORM" in scores.data
    assert all(not table.published for table in made.tables)
    assert len(by_title["UAR by speaker, %"].rows) == 3
    assert len(by_title["Recall by emotion, %"].rows) == 7
    assert len(by_title["Paired over speakers, UAR in points"].rows) == 10
    assert [row[0] for row in by_title["Cost of a second of sound"].rows] == ["EMD", "IMEMD, 4 phases"]
    assert made.figures["uar.svg"].startswith("<svg")


@pytest.mark.slow
def test_any_corpus_with_a_known_naming_is_taken(tmp_path: Path) -> None:
    folder = speak(tmp_path / "wav", ("03", "08"), "WFT", 2)
    words = {"W": "angry", "F": "happy", "T": "sad"}
    for path in sorted(folder.glob("*.wav")):
        who = {"03": "OAF", "08": "YAF"}[path.stem[:2]]
        path.rename(folder / f"{who}_{'abcdef'[int(path.stem[3:5])]}_{words[path.stem[5]]}.wav")
    study = Study.create(tmp_path / "study", "speech", "people", protocol="")
    scale = replace(
        QUICK, segment_s=0.2, network={**QUICK.network, "epochs": 2}, permutations=9, n_phases=2, sifts=1
    )
    made = made_at(Order(study, folder, workers=1, is_quick=True), scale)
    scores = made.tables[0]
    assert scores.title == "UAR on TESS, a speaker left out"
    assert scores.data.startswith("TESS: 12 utterances of 2 speakers")
    assert "a part of the other's validates" in scores.protocol
    again = enter_speech(Study.open(study.folder), None)
    assert again == "TESS"


def test_a_folder_of_unknown_names_is_said(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "speech", "people", protocol="")
    named_in_tones = speak(tmp_path / "wav", ("03",), "W", 1)
    (named_in_tones / "03a01Wa.wav").rename(named_in_tones / "hello.wav")
    with pytest.raises(LiteratureError, match=r"named as none of Emo-DB, TESS, RAVDESS\. Put a table"):
        enter_speech(study, named_in_tones)
    (named_in_tones / "utterances.csv").write_text("file,speaker,emotion\nhello.wav,anna,joy\n")
    assert enter_speech(study, named_in_tones) == "speech of wav"
    assert [session.participant for session in Study.open(study.folder).sessions()] == ["anna"]
