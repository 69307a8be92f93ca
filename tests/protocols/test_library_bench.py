"""`evoke bench protocols`: what it plans, what it calls a failure, and how the table reads."""

from pathlib import Path

import pytest

from app.commands.bench import names
from protocols import library
from tests.benchmarks.protocols import Planned, Ran, main, planned, table

PLAN = Planned("short-films", 16, 56, 804.0)


def answer(path: Path, **more: object) -> dict[str, object]:
    path.write_bytes(b"0" * 2_500_000)
    known: dict[str, object] = {
        "trials": 16,
        "events": 321,
        "presented_s": 804.26,
        "onset_error_ms": None,
        "end_reason": "completed",
        "path": str(path),
        "streams": [
            {"gaps": [{"samples": 99, "cause": "not recorded by the protocol"}]},
            {"gaps": [{"samples": 12, "cause": "lost"}, {"samples": None}]},
        ],
    }
    return known | more


def test_the_benchmark_is_found_by_its_name() -> None:
    assert "protocols" in names()


@pytest.mark.parametrize("name", library())
def test_every_bundled_protocol_is_planned_in_either_language(name: str) -> None:
    english, german = planned(name, ""), planned(name, "de")
    assert (english.trials, english.stages) == (german.trials, german.stages)
    assert english.trials > 0 and english.typical_s > 0


def test_a_row_tells_what_was_planned_and_what_came_of_it(tmp_path: Path) -> None:
    ran = Ran(PLAN, 0, 820.0, answer(tmp_path / "a.h5"))
    assert ran.completed
    assert ran.cells() == (
        "short-films", "16/16", "56", "804.0", "804.3", "no screen", "2", "2", "12", "321", "2.5",
        "completed (0)",
    )  # fmt: skip
    late = {"median": 0.31, "p99": 1.24, "max": 2.06}
    assert Ran(PLAN, 0, 1.0, answer(tmp_path / "b.h5", onset_error_ms=late)).cells()[5] == "0.3 / 1.2 / 2.1"


def test_an_open_sign_for_help_is_no_failure_of_a_session_that_nobody_attends(tmp_path: Path) -> None:
    message = "A sign that the participant may need help (phq9-item9) stands open."
    ran = Ran(PLAN, 1, 820.0, answer(tmp_path / "a.h5", message=message))
    assert ran.completed and ran.cells()[-1] == "completed (1, sign open)"
    assert not Ran(PLAN, 1, 820.0, answer(tmp_path / "b.h5", message="The disk is full.")).completed


@pytest.mark.parametrize(
    "ran",
    [Ran(PLAN, 1, 3.0), Ran(PLAN, 124, 900.0, trouble="it hung"), Ran(PLAN, 0, 820.0, {"trials": 15})],
    ids=["refused", "hung", "a trial is missing"],
)
def test_what_did_not_complete_is_told_as_such(ran: Ran) -> None:
    assert not ran.completed
    assert ran.cells()[-1].endswith(f"({ran.exit})")


def test_the_table_is_in_the_order_of_the_names(tmp_path: Path) -> None:
    rows = [Ran(PLAN, 0, 820.0, answer(tmp_path / "a.h5")), Ran(Planned("demo", 2, 16, 60.0), 1, 3.0)]
    heads, first, second = table(rows).split("\n")
    assert heads.split()[:2] == ["protocol", "trials"]
    assert first.startswith("demo") and second.startswith("short-films")
    assert {len(first) - len(first.lstrip())} == {0}


@pytest.mark.parametrize("argv", [["--window", "--jobs", "2"], ["--only", "nothing"], ["--jobs", "0"]])
def test_what_cannot_be_run_is_a_usage_error(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(argv)
    assert "usage" in capsys.readouterr().err
