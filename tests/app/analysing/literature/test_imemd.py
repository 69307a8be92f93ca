"""`evoke reproduce imemd`: the quick form on real speech beside controls; what is said without a source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.literature.paper import paper
from app.analysing.literature.imemd import FULL, OURS, QUICK, experiments, frames_of, made_at, tables
from app.analysing.literature.imemd_tables import signal_table
from app.analysing.literature.reproducing import LiteratureError, Order
from app.study import Study


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
    assert all("QUICK FORM" in table.data or "QUICK" not in table.data for table in made.tables)
    assert "QUICK FORM" in scores.data
    assert all(not table.published for table in made.tables)
    assert len(by_title["UAR by speaker, %"].rows) == 3
    assert len(by_title["Recall by emotion, %"].rows) == 7
    assert len(by_title["Paired over speakers, UAR in points"].rows) == 10
    assert [row[0] for row in by_title["Cost of a second of sound"].rows] == ["EMD", "IMEMD, 4 phases"]
    assert made.figures["uar.svg"].startswith("<svg")
