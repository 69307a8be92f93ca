"""Which of how many a run is: the same number wherever it stands."""

from __future__ import annotations

from pathlib import Path

from analysis.evaluation.files import read_json, write_json
from analysis.evaluation.run_folder import Run, open_run, runs_of
from analysis.evaluation.standing import standing
from app.console.analyse.inspect_work import inspect
from app.console.analyse.runs_work import RunsReader
from app.study import Study
from tests.helpers.analysed import finish, make_run


def answers_of(run: Run, recipe: str, answers: str) -> Run:
    """Give a run another recipe and other answers: more participants came, say."""
    write_json(
        run.folder / "inputs.json",
        read_json(run.folder / "inputs.json") | {"recipe_sha256": recipe, "target_sha256": answers},
    )
    return open_run(run.folder)


def test_runs_of_a_recipe_are_counted_together_whatever_their_answers(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "Faces", "people")
    first, second, other = (make_run(study.folder, name) for name in ("a", "b", "c"))
    answers_of(first, "r" * 64, "x" * 64)
    answers_of(second, "r" * 64, "y" * 64)
    answers_of(other, "s" * 64, "x" * 64)
    finish(second)
    told = {"a": "run 1 of 2", "b": "run 2 of 2", "c": "run 1 of 1"}
    words = {name: f"exploratory, {each} on this target" for name, each in told.items()}
    runs = runs_of(study.folder)
    assert {run.name: standing(run, runs).words for run in runs} == words
    reader = RunsReader()
    lines, _ = reader.read(study, second.folder)
    assert {line.folder.name: line.standing for line in lines} == words
    shown = inspect(study, second.folder, lambda *_: None)  # type: ignore[arg-type]
    assert shown.words.startswith(words["b"])


def test_the_list_counts_again_where_one_run_took_anothers_place(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "Faces", "people")
    first, second = (make_run(study.folder, name) for name in ("a", "b"))
    reader = RunsReader()
    reader.read(study, None)
    first.folder.rename(tmp_path / "gone")
    make_run(study.folder, "c")
    lines, _ = reader.read(study, None)
    assert [(line.folder.name, line.standing.split(", ")[1]) for line in lines] == [
        ("c", "run 2 of 2 on this target"),
        ("b", "run 1 of 2 on this target"),
    ]
    assert second.folder.exists()
