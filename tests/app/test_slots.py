"""Counter-balancing places: given once, released by sessions that were over before a trial ended."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from app import withdrawal
from app.amendments import Amendment, add
from app.plan import SessionPaths
from app.study import FinishedSession, Study

CODES = ("a", "b", "c", "d")


@contextmanager
def study() -> Iterator[Study]:
    with tempfile.TemporaryDirectory() as folder:
        yield Study.create(Path(folder) / "s", "S", "people")


def finish(study: Study, paths: SessionPaths, code: str, ended: int) -> None:
    """Turn a live folder into a finished session of `ended` trials."""
    shutil.rmtree(paths.live)
    paths.final.write_bytes(b"")
    name = study.relative(paths.final)
    study.add_finished(
        FinishedSession(name, "", name, "recorded", code, 1, 1, "p", 1, False, "", "aborted", 8, ended, ended)
    )


def test_a_session_over_before_its_first_trial_ended_gives_its_place_back() -> None:
    with study() as s:
        assert [s.slot_for(code) for code in ("a", "b")] == [0, 1]
        finish(s, s.next_session("a", 1, "p").paths, "a", 0)
        assert s.slot_for("c") == 0, "the next one gets it"
        assert [row.slot for row in s.participants()] == [None, 1, 0]
        assert s.slot_for("a") == 2, "who comes back gets a new one"


def test_who_comes_back_first_keeps_the_place() -> None:
    with study() as s:
        s.slot_for("a")
        finish(s, s.next_session("a", 1, "p").paths, "a", 0)
        assert s.slot_for("a") == 0
        s.next_session("a", 1, "p")
        assert s.slot_for("b") == 1, "it is being used again"


@pytest.mark.parametrize("ended", [1, 8, -1])
def test_a_place_in_which_a_trial_ended_or_may_have_stays_used(ended: int) -> None:
    with study() as s:
        s.slot_for("a")
        finish(s, s.next_session("a", 1, "p").paths, "a", ended)
        assert s.slot_for("b") == 1


def test_what_a_crash_left_keeps_its_place_until_it_is_finished() -> None:
    with study() as s:
        s.slot_for("a")
        claim = s.next_session("a", 1, "p")
        assert s.slot_for("b") == 1
        finish(s, claim.paths, "a", 0)
        assert s.slot_for("c") == 0
        (s.folder / "sub-b" / "ses-01").mkdir(parents=True)
        (s.folder / "sub-b" / "ses-01" / "x.h5").write_bytes(b"")
        assert s.slot_for("d") == 2, "finished and not listed yet: nobody knows"


def test_a_rehearsal_uses_no_place() -> None:
    with study() as s:
        s.next_session("rehearsal", 1, "p", rehearsal=True)
        assert s.slot_for("a") == 0


def test_after_a_withdrawal_the_place_is_not_given_again() -> None:
    with study() as s:
        s.slot_for("a")
        finish(s, s.next_session("a", 1, "p").paths, "a", 4)
        s.slot_for("b")
        finish(s, s.next_session("b", 1, "p").paths, "b", 0)
        for code in ("a", "b"):
            withdrawal.carry_out(s, withdrawal.plan(s, code))
        assert s.participants() == ()
        assert [s.slot_for(code) for code in ("c", "d")] == [1, 2], "only that of the first was used"


def test_a_corrected_code_keeps_its_place() -> None:
    with study() as s:
        s.slot_for("7")
        add(s, Amendment("code", "07", participant="7"))
        assert s.slot_for("07") == 0
        assert s.slot_for("08") == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "end", "crash", "withdraw"]), st.sampled_from(CODES), st.integers(0, 2)
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(STEPS)
def test_no_place_is_used_twice_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    with study() as s:
        live: dict[str, tuple[SessionPaths, int]] = {}
        used: dict[int, str] = {}
        given_out: set[int] = set()
        for number, (what, code, ended) in enumerate(steps):
            if what == "begin" and code not in live:
                slot = s.slot_for(code)
                assert used.get(slot, code) == code, "somebody had it already"
                assert slot not in {taken for other, (_, taken) in live.items() if other != code}
                assert slot == 0 or slot - 1 in given_out, "none is left out"
                given_out.add(slot)
                live[code] = (s.next_session(code, number + 1, "p").paths, slot)
            elif what == "end" and code in live:
                paths, slot = live.pop(code)
                finish(s, paths, code, ended)
                if ended:
                    used[slot] = code
            elif what == "crash" and code in live:
                paths, slot = live.pop(code)
                # Recovered later: nobody can say what was done.
                finish(s, paths, code, -1)
                used[slot] = code
            elif what == "withdraw" and code not in live:
                withdrawal.carry_out(s, withdrawal.plan(s, code))
                used = {slot: f"{who} before" if who == code else who for slot, who in used.items()}
            rows = [row.slot for row in s.participants() if row.slot is not None]
            assert len(set(rows)) == len(rows)
        for one, other in itertools.combinations(s.participants(), 2):
            assert one.slot is None or one.slot != other.slot
