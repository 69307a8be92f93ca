"""`evoke labels`: out in every format and in again; only what may go out; recordings stay untouched."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.labels.reader import find_logs, read_log
from analysis.labels.rebinding import rebind
from analysis.labels.records import LogHead, Mark
from app import cli, consent
from app.annotation.annotators import annotators
from app.annotation.incoming import IncomingError, bring_in
from app.annotation.log import Log
from app.annotation.model_labels import bring_in_model
from app.annotation.schemes import scheme_of
from app.consent import Answers
from app.study import Study
from app.study_files import StudyError
from app.withdrawal_marks import marks_of, traces
from tests.helpers.bids import problems
from tests.helpers.labelled import EEG, FACE, PROTOCOL, VERSION, make_study

TABLE = "start,end,label,confidence\n1.25,2.5,happiness,0.9\n3,4.25,Sadness,0.4\n"
SAM = "recording,trial,question,value\n{0},0,valence,7\n{0},0,arousal,3\n{0},1,valence,cannot tell\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "study"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVOKE_HOME", str(folder.parent / "home"))
        make_study(folder, participants=2, trials=2, streams=(EEG, FACE))
    return folder


@pytest.fixture
def study(kept: Path, tmp_path: Path) -> Study:
    return Study.open(Path(shutil.copytree(kept, tmp_path / "study")))


def stems(study: Study) -> list[str]:
    return [Path(session.file).stem for session in study.sessions()]


def file(folder: Path, text: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def labels(study: Study, *arguments: object) -> int:
    return cli.main(["labels", str(study.folder), *map(str, arguments)])


def told(study: Study, annotator: str) -> list[tuple[Any, ...]]:
    """Return what an annotator said anywhere, times to the millisecond."""
    found = []
    for path in find_logs(study.folder / "annotations"):
        if path.parent.name == annotator:
            for mark in read_log(path).marks:
                times = [None if t is None else round(t / 1e6) for t in (mark.start_ns, mark.end_ns)]
                value = tuple(sorted((name, str(answer)) for name, answer in mark.value.items()))
                found.append(
                    (path.parent.parent.name, path.stem, mark.tier, mark.trial, *times, mark.label, value)
                )
    return sorted(found, key=repr)


def fill(study: Study, folder: Path) -> None:
    """Give the first recording segments and answers, by anna."""
    first = stems(study)[0]
    path = file(folder, TABLE)
    assert (
        labels(
            study, "--from", path, "--scheme", "basic-emotions", "--annotator", "anna", "--recording", first
        )
        == 0
    )
    path = file(folder, SAM.format(first))
    assert labels(study, "--from", path, "--scheme", "sam", "--annotator", "anna") == 0


@pytest.mark.parametrize("to", ["csv", "eaf", "nova", "bids"])
def test_labels_go_out_and_come_back(
    study: Study, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(study, tmp_path)
    before = told(study, "anna")
    assert len(before) == 4
    assert labels(study, "--to", to, "--out", tmp_path / "out") == 0
    if to == "bids":
        assert problems(tmp_path / "out") == []
    shutil.rmtree(study.folder / "annotations" / stems(study)[0])
    files = {
        "csv": [("labels.csv", "sam"), ("labels.csv", "basic-emotions")],
        "eaf": [(f"{stems(study)[0]}.eaf", "sam"), (f"{stems(study)[0]}.eaf", "basic-emotions")],
        "bids": [("**/*samv1_events.tsv", "sam"), ("**/*basicemotionsv1_events.tsv", "basic-emotions")],
        "nova": [("*.feeling.annotation", "sam"), ("*.moments.annotation", "basic-emotions")],
    }
    for pattern, scheme in files[to]:
        (path,) = (tmp_path / "out").glob(pattern)
        assert labels(study, "--from", path, "--scheme", scheme, "--annotator", "anna") == 0
    assert told(study, "anna") == before
    capsys.readouterr()
    # Once more is no harm.
    assert labels(study, "--from", path, "--scheme", scheme, "--annotator", "anna", "--json") == 0
    (again,) = json.loads(capsys.readouterr().out)["recordings"]
    assert (again["marks"], again["known"]) == (0, 2)
    assert told(study, "anna") == before


def test_labels_brought_in_are_one_step(study: Study, tmp_path: Path) -> None:
    scheme = scheme_of(study, "basic-emotions")
    (came,) = bring_in(study, file(tmp_path, TABLE), scheme, "anna", recording=stems(study)[0])
    assert (came.recording, came.marks, came.known) == (stems(study)[0], 2, 0)
    (path,) = find_logs(study.folder / "annotations")
    with Log.open(path, read_log(path).head, scheme_of(study, "basic-emotions@1")) as log:
        assert {mark.input for mark in log.marks()} == {"import"}
        assert log.undo() == "import Sadness"
        assert log.marks() == ()


def test_of_a_file_about_several_recordings_one_can_be_chosen(study: Study, tmp_path: Path) -> None:
    one, two = stems(study)
    text = f"recording,start,end,label\n{one},1,2,fear\n{two},1,2,anger\n"
    scheme = scheme_of(study, "basic-emotions")
    (came,) = bring_in(study, file(tmp_path, text), scheme, "anna", recording=two)
    assert (came.recording, came.marks) == (two, 1)
    came_all = bring_in(study, file(tmp_path, text), scheme, "anna")
    assert [(each.recording, each.marks, each.known) for each in came_all] == [(one, 1, 0), (two, 0, 1)]
    assert [row[0] for row in told(study, "anna")] == [one, two]
    with pytest.raises(IncomingError, match="is about 2 recordings, and none of them is"):
        bring_in(study, file(tmp_path, text), scheme, "anna", recording=study.sessions()[0].uuid)


def test_labels_of_a_model_are_its_own_and_never_gold(study: Study, tmp_path: Path) -> None:
    scheme, first = scheme_of(study, "basic-emotions"), stems(study)[0]
    bring_in_model(study, file(tmp_path, TABLE), scheme, "net-1", first)
    assert [(each.code, each.kind) for each in annotators(study)] == [("model-net-1", "model")]
    (path,) = find_logs(study.folder / "annotations", first)
    model = read_log(path)
    assert (path.parent.name, model.head.kind) == ("model-net-1", "model")
    assert [(m.kind, m.confidence, m.is_gold) for m in model.marks] == [
        ("model", 0.9, False),
        ("model", 0.4, False),
    ]
    session = study.sessions()[0]
    head = LogHead("anna", "human", first, session.uuid, session.sha256, scheme.id, scheme.sha256)
    with Log.open(study.folder / "annotations" / first / "anna" / f"{scheme.id}.sqlite", head, scheme) as log:
        taken = log.accept(model.marks[0])
        log.reject(model.marks[1])
    assert (taken.derived_from, taken.is_gold, taken.kind) == (model.marks[0].id, False, "human")
    anna = read_log(study.folder / "annotations" / first / "anna" / f"{scheme.id}.sqlite")
    assert anna.rejected == {model.marks[1].id}
    with pytest.raises(StudyError, match="is no name for a model"):
        bring_in_model(study, tmp_path / "labels.csv", scheme, "My Net", first)


@pytest.mark.parametrize(
    ("text", "name", "recording", "words"),
    [
        (TABLE, "labels.csv", "", "does not say which recording"),
        (
            TABLE,
            "labels.csv",
            "sub-P01_ses-01_task-pictures_run-0",
            "Did you mean 'sub-P01_ses-01_task-pictures_run-01'",
        ),
        (TABLE, "labels.docx", "sub-P01_ses-01_task-pictures_run-01", "is of no format that can be read"),
        (
            TABLE.replace("0.4", "x"),
            "labels.csv",
            "sub-P01_ses-01_task-pictures_run-01",
            "labels.csv:3: 'x' is no",
        ),
        (
            "trial,question,value\n9,emotion,fear\n",
            "a.csv",
            "sub-P01_ses-01_task-pictures_run-01",
            "has no trial 9",
        ),
        (
            "annotator,start,end,label\nb,1,2,fear\nc,1,2,fear\n",
            "a.csv",
            "sub-P01_ses-01_task-pictures_run-01",
            "holds labels of b, c",
        ),
    ],
)
def test_what_cannot_be_brought_in_changes_nothing(
    study: Study, tmp_path: Path, text: str, name: str, recording: str, words: str
) -> None:
    with pytest.raises(IncomingError, match=words):
        bring_in(
            study, file(tmp_path, text, name), scheme_of(study, "basic-emotions"), "anna", recording=recording
        )
    assert not (study.folder / "annotations").exists()


@pytest.mark.parametrize("code", ["Anna", "anna maria", "a" * 17, "", "model-x"])
def test_a_code_is_a_pseudonym(study: Study, tmp_path: Path, code: str) -> None:
    with pytest.raises(StudyError, match="Take"):
        bring_in(
            study, file(tmp_path, TABLE), scheme_of(study, "basic-emotions"), code, recording=stems(study)[0]
        )


def test_only_what_was_agreed_to_goes_out(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    consent.give(study, Answers(uses=("study",)).consent("P02", PROTOCOL, VERSION))
    scheme = scheme_of(study, "basic-emotions")
    for stem in stems(study):
        note = "start,end,label,note\n1,2,fear,looks like my neighbour\n"
        bring_in(study, file(tmp_path, note), scheme, "anna", recording=stem)
    assert labels(study, "--to", "csv", "--out", tmp_path / "out", "--for", "open-data") == 0
    printed = capsys.readouterr().out
    text = (tmp_path / "out" / "labels.csv").read_text(encoding="utf-8")
    assert "sub-P01" in text
    assert "sub-P02" not in text
    assert "neighbour" not in text
    assert "left out: session sub-P02_ses-01_task-pictures_run-01: the participant has not agreed" in printed
    assert "left out: notes at 1 labels" in printed
    assert "sub-P02" not in (study.folder / "exports.jsonl").read_text(encoding="utf-8")
    assert labels(study, "--to", "csv", "--out", tmp_path / "all") == 0
    assert (tmp_path / "all" / "labels.csv").read_text(encoding="utf-8").count("neighbour") == 2


def test_excluded_sessions_stay(study: Study, tmp_path: Path) -> None:
    fill(study, tmp_path)
    assert cli.main(["participants", str(study.folder), "--participant", "P01", "--exclude", "ill"]) == 0
    assert labels(study, "--to", "csv", "--out", tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()
    with pytest.raises(IncomingError, match="is excluded: ill"):
        scheme = scheme_of(study, "basic-emotions")
        bring_in(study, file(tmp_path, TABLE), scheme, "anna", recording=stems(study)[0])


def test_a_choice_of_scheme_and_annotator(study: Study, tmp_path: Path) -> None:
    fill(study, tmp_path)
    arguments = ("--to", "csv", "--out", tmp_path / "out", "--scheme", "sam", "--annotator", "anna")
    assert labels(study, *arguments) == 0
    text = (tmp_path / "out" / "labels.csv").read_text(encoding="utf-8")
    assert "sam@1" in text
    assert "basic-emotions" not in text
    assert labels(study, "--to", "csv", "--out", tmp_path / "none", "--annotator", "berta") == 1
    assert labels(study, "--to", "csv", "--out", tmp_path / "out") == 1, "nothing is overwritten"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--to", "csv"),
        ("--to", "docx", "--out", "x"),
        ("--from", "a.csv"),
        ("--from", "a.csv", "--scheme", "sam"),
        ("--from", "a.csv", "--scheme", "sam", "--annotator", "a", "--model", "b"),
        ("--to", "csv", "--out", "x", "--from", "a.csv"),
        ("--to", "csv", "--out", "x", "--model", "b"),
    ],
)
def test_arguments_that_do_not_go_together(study: Study, arguments: tuple[str, ...]) -> None:
    try:
        status = labels(study, *arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == 2


def test_recordings_are_untouched_by_a_session_of_annotation(study: Study, tmp_path: Path) -> None:
    paths = [study.folder / session.file for session in study.sessions()]
    before = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    stamps = [path.stat().st_mtime_ns for path in paths]
    fill(study, tmp_path)
    bring_in_model(study, file(tmp_path, TABLE), scheme_of(study, "basic-emotions"), "net-1", stems(study)[0])
    for path in find_logs(study.folder / "annotations"):
        contents = read_log(path)
        scheme = scheme_of(study, contents.head.scheme)
        with Log.open(path, contents.head, scheme) as log:
            for mark in log.marks():
                log.delete(mark.id)
            log.undo()
    for to in ("csv", "bids", "eaf", "nova"):
        assert labels(study, "--to", to, "--out", tmp_path / to) == 0
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] == before
    assert [path.stat().st_mtime_ns for path in paths] == stamps


def test_a_withdrawal_finds_the_labels(study: Study, tmp_path: Path) -> None:
    fill(study, tmp_path)
    logs = {path.relative_to(study.folder).as_posix() for path in find_logs(study.folder / "annotations")}
    found = traces(study.folder, marks_of(study, "P01"))
    assert logs <= set(found.whole)
    assert not logs & set(traces(study.folder, marks_of(study, "P02")).whole)


def test_labels_stay_writable_when_a_camera_was_withdrawn(study: Study, tmp_path: Path) -> None:
    fill(study, tmp_path)
    first = study.sessions()[0]
    path = next(find_logs(study.folder / "annotations"))
    other = (
        path.with_name("sam@1.sqlite") if path.stem != "sam@1" else path.with_name("basic-emotions@1.sqlite")
    )
    assert rebind(other, first.sha256, "of other contents")
    assert cli.main(["withdraw", str(study.folder), "--participant", "P01", "--only", "camera", "--yes"]) == 0
    again = study.sessions()[0]
    assert again.sha256 != first.sha256
    head = read_log(path).head
    assert head.recording_sha256 == again.sha256
    with Log.open(path, head, scheme_of(study, head.scheme)) as log:
        assert (log.read_only, log.warning) == (False, "")
        assert len(log.marks()) == 2
    assert read_log(other).head.recording_sha256 == "of other contents"


def test_labels_under_a_corrected_code_go_out_under_the_true_one(study: Study, tmp_path: Path) -> None:
    fill(study, tmp_path)
    assert (
        cli.main(["amend", str(study.folder), "--participant", "P01", "--code", "P07", "--reason", "typo"])
        == 0
    )
    assert labels(study, "--to", "csv", "--out", tmp_path / "out") == 0
    text = (tmp_path / "out" / "labels.csv").read_text(encoding="utf-8")
    assert "sub-P07_ses-01" in text
    assert "P01" not in text


def test_marks_of_a_file_keep_their_lineage(study: Study, tmp_path: Path) -> None:
    scheme, first = scheme_of(study, "basic-emotions"), stems(study)[0]
    session = study.sessions()[0]
    head = LogHead("anna", "human", first, session.uuid, session.sha256, scheme.id, scheme.sha256)
    path = study.folder / "annotations" / first / "anna" / f"{scheme.id}.sqlite"
    start = 10**9 * 2000
    with Log.open(path, head, scheme) as log:
        log.accept(Mark("m1", "moments", "model-x", "model", -1, "", start, start + 10**9, "fear"))
    for to in ("csv", "eaf"):
        assert labels(study, "--to", to, "--out", tmp_path / to) == 0
    shutil.rmtree(path.parent)
    for name in ("csv/labels.csv", f"eaf/{first}.eaf"):
        bring_in(study, tmp_path / name, scheme, "anna")
        (mark,) = read_log(path).marks
        assert (mark.derived_from, mark.input, mark.is_gold) == ("m1", "accept_model", False)
        assert replace(mark, id="") == replace(mark, id="", model_seen=True)
        shutil.rmtree(path.parent)
