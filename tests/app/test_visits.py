"""The sessions of a study at a glance: done, broken, running, to do; and what can go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import participants, visits
from app.amendments import Amendment, add
from app.plan import Lock
from app.study import Study, StudyError
from tests.helpers.people import recorded


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "s", "Fear", "people", visits=2)


def states(study: Study) -> dict[str, list[tuple[int, str]]]:
    return {
        row.person.code: [(visit.session, visit.state) for visit in row.visits]
        for row in visits.overview(study)
    }


def test_every_visit_has_its_state(study: Study) -> None:
    recorded(study, "01")
    recorded(study, "01", 2, done=1, begun=1, reason="aborted")
    participants.add(study, "02")
    claim = study.next_session("03", 1, "small")
    Lock.of_this_process(1, "token", "uuid").write(claim.paths.lock)
    study.next_session("04", 1, "small")
    assert states(study) == {
        "01": [(1, "done"), (2, "broken")],
        "02": [(1, "to do"), (2, "to do")],
        "03": [(1, "running"), (2, "to do")],
        "04": [(1, "broken"), (2, "to do")],
    }
    broken = visits.overview(study)[0].visits[1]
    assert (broken.remaining, broken.reason, broken.can_continue) == (1, "aborted", True)
    assert (broken.protocol, broken.version) == ("small", 1)


def test_a_visit_whose_second_run_did_the_rest_is_done(study: Study) -> None:
    first = recorded(study, "01", done=1, begun=1, reason="aborted")
    recorded(study, "01", done=1, continues=first.uuid)
    assert states(study)["01"] == [(1, "done"), (2, "to do")]


def test_rehearsals_are_no_visits(study: Study) -> None:
    study.next_session("rehearsal", 1, "small", rehearsal=True)
    assert visits.overview(study) == ()


def test_a_corrected_session_is_where_it_belongs(study: Study) -> None:
    wrong = recorded(study, "01")
    recorded(study, "02")
    add(study, Amendment("code", "02", session=wrong.file))
    assert states(study) == {"01": [(1, "to do"), (2, "to do")], "02": [(1, "done"), (2, "to do")]}


def test_a_list_from_before_counts_as_done(study: Study) -> None:
    recorded(study, "01", done=1, begun=1, reason="aborted")
    listed = study.folder / "sessions.jsonl"
    old = listed.read_text().partition(', "reason"')[0] + "}\n"
    listed.write_text(old)
    assert states(study)["01"][0] == (1, "done")


def test_progress_is_kept_with_the_session(study: Study) -> None:
    entry = recorded(study, "01", done=1, begun=1, reason="aborted")
    assert (entry.trials, entry.ended, entry.done, entry.reason) == (2, 1, 1, "aborted")
    assert study.sessions() == (entry,)


def test_the_last_one_that_broke_off_is_found(study: Study) -> None:
    recorded(study, "01")
    first = recorded(study, "01", 2, done=1, begun=1, reason="aborted")
    recorded(study, "02", done=0, reason="aborted")
    assert visits.broken_session(study, "last").participant == "02"
    found = visits.broken_session(study, "last", "01")
    assert found.path == study.folder / first.file
    assert (found.progress.done, found.progress.exposed, found.session) == ((0,), (1,), 2)
    by_name = (first.file, first.uuid, Path(first.file).name, str(study.folder / first.file))
    assert all(visits.broken_session(study, name) == found for name in by_name)


def test_what_went_on_already_goes_on_from_there(study: Study) -> None:
    first = recorded(study, "01", done=0, begun=1, reason="aborted")
    second = recorded(study, "01", done=0, begun=1, reason="aborted", continues=first.uuid)
    assert visits.broken_session(study, "last").path == study.folder / second.file
    with pytest.raises(StudyError, match=r"was continued already, by sub-01.*run-02"):
        visits.broken_session(study, first.file)


def test_what_cannot_go_on_is_said(study: Study) -> None:
    whole = recorded(study, "01")
    with pytest.raises(StudyError, match="is complete"):
        visits.broken_session(study, whole.file)
    with pytest.raises(StudyError, match="no session of participant 01 broke off"):
        visits.broken_session(study, "last", "01")
    with pytest.raises(StudyError, match="is no session of this study"):
        visits.broken_session(study, "elsewhere.h5")
