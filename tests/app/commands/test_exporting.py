"""`evoke export`: whole or not at all, never over anything, and one clear message when it cannot be."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.study import FinishedSession, Study
from tests.helpers.bids import every_byte, problems, table
from tests.helpers.recordings import PLAN
from tests.helpers.rich_session import EEG, SECRETS, TEXTS, rich_session

STREAMS = (EEG, TEXTS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study: two participants, the first of them twice, and a rehearsal."""
    folder = tmp_path_factory.mktemp("study") / "Mood"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVOKE_HOME", str(folder.parent / "home"))
        study = Study.create(folder, "Mood", "simulation")
        for code, session, day in (("sim01", 1, 14), ("sim01", 2, 16), ("sim02", 1, 15)):
            add(study, code, session, day)
        add(study, "sim01", 3, 17, rehearsal=True)
    return folder


def add(study: Study, code: str, session: int, day: int, rehearsal: bool = False) -> Path:
    study.slot_for(code)
    claim = study.next_session(code, session, "small", rehearsal)
    created = f"2023-11-{day}T22:30:00Z"
    plan = replace(
        PLAN,
        uuid=f"00000000-0000-4000-8000-{day:012d}",
        name=claim.paths.name,
        participant=code,
        session=session,
        run=claim.run,
        created_utc=created,
    )
    path = rich_session(claim.paths.folder, plan, STREAMS)
    from analysis.session_file import file_sha256

    study.add_finished(
        FinishedSession(
            study.relative(path),
            file_sha256(path),
            plan.uuid,
            plan.origin,
            code,
            session,
            claim.run,
            "small",
            1,
            rehearsal,
            created,
        )
    )
    return path


@pytest.fixture
def study(kept: Path, tmp_path: Path) -> Path:
    """Return a copy of the study, to be broken."""
    return Path(shutil.copytree(kept, tmp_path / "study"))


def export(*arguments: Any) -> int:
    return cli.main(["export", *map(str, arguments)])


@pytest.mark.parametrize("to", ["bids", "edf", "bdf", "xdf", "csv"])
def test_a_session_goes_out_with_a_report(
    kept: Path, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    session = next(kept.glob("sub-sim02/**/*.h5"))
    assert export(session, "--to", to, "--out", tmp_path / "out", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == to
    assert told["level"] == ("signals" if to == "bids" else None)
    (report,) = told["sessions"].values()
    assert all((tmp_path / "out" / wrote["file"]).is_file() for wrote in report["wrote"])
    assert {wrote["rows"] for wrote in report["wrote"] if wrote["stream"] == "eeg"} == {2250}
    assert (tmp_path / "out" / "export_report.json").is_file()
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != "study"] == ["out"]


def test_what_was_lost_is_printed(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = next(kept.glob("sub-sim02/**/*.h5"))
    assert export(session, "--to", "edf", "--out", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "largest error of quantisation" in told
    assert "250 samples filled in for gaps" in told
    assert "left out: stream texts: EDF holds no texts of another program" in told


def test_a_session_without_pictures_makes_no_film(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = next(kept.glob("sub-sim02/**/*.h5"))
    assert export(session, "--to", "mp4", "--out", tmp_path / "out") == 1
    assert "has neither pictures nor sound" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_study_is_one_valid_data_set_that_names_no_one(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export(kept, "--to", "bids", "--level", "full", "--out", out) == 0
    assert "What can still identify a person" in capsys.readouterr().out
    assert problems(out) == []
    assert sorted(path.name for path in out.glob("sub-*/ses-*")) == ["ses-01", "ses-01", "ses-02"]
    content = every_byte(out)
    assert [secret for secret in (*SECRETS, "2023-11", "rehears") if secret.encode() in content] == [
        "rehears"
    ]


def starts(out: Path) -> dict[str, datetime]:
    found = {}
    for path in out.rglob("*_scans.tsv"):
        found[path.name.removesuffix("_scans.tsv")] = datetime.fromisoformat(table(path)[0]["acq_time"])
    return found


def test_times_are_shifted_for_each_participant_anew(kept: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert export(kept, "--to", "bids", "--out", tmp_path / name) == 0
    one, other = starts(tmp_path / "a"), starts(tmp_path / "b")
    assert all(start.year < 1925 for start in one.values())
    assert set(one.values()).isdisjoint(other.values())
    between = (one["sub-sim01_ses-01"] - one["sub-sim02_ses-01"]).total_seconds()
    again = (other["sub-sim01_ses-01"] - other["sub-sim02_ses-01"]).total_seconds()
    assert between != again


@pytest.mark.parametrize("to", ["xdf", "csv", "bdf"])
def test_a_level_takes_names_out_of_every_format(kept: Path, tmp_path: Path, to: str) -> None:
    assert export(kept, "--to", to, "--level", "signals", "--out", tmp_path / "out") == 0
    content = every_byte(tmp_path / "out")
    assert [secret for secret in (*SECRETS, "2023-11") if secret.encode() in content] == []


def test_nothing_is_overwritten(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    assert export(kept, "--to", "csv", "--out", out) == 1
    assert capsys.readouterr().err.endswith(
        "is there already and is not overwritten. Choose another place.\n"
    )
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_an_empty_folder_may_be_chosen(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert export(kept, "--to", "xdf", "--out", tmp_path / "out") == 0
    assert len(list((tmp_path / "out").glob("*.xdf"))) == 3


@pytest.mark.parametrize("of_study", [True, False])
def test_a_broken_session_is_said_and_nothing_is_written(
    study: Path, tmp_path: Path, of_study: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = next(study.glob("sub-sim02/**/*.h5"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(content)
    assert export(study if of_study else path, "--to", "bids", "--out", tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert str(path) in told
    assert "Restore it from a backup" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["{}", "{}/x_part-001.h5"])
def test_an_unfinished_session_is_said(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    live = tmp_path / "sub-sim01_ses-01_task-small_run-01.live"
    live.mkdir()
    (live / "x_part-001.h5").write_bytes(b"")
    assert export(name.format(live), "--to", "xdf", "--out", tmp_path / "out") == 1
    assert "is not finished. While it runs, wait; after a crash, use evoke recover" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "exported"),
    [
        ({"participant": "sim01", "excluded": True, "reason": "fell asleep"}, ["sim02_ses-01"]),
        (
            {"session": "00000000-0000-4000-8000-000000000016", "excluded": True},
            ["sim01_ses-01", "sim02_ses-01"],
        ),
    ],
)
def test_what_was_excluded_stays_and_is_told(
    study: Path, tmp_path: Path, line: dict[str, Any], exported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (study / "amendments.jsonl").write_text(json.dumps(line) + "\n")
    assert export(study, "--to", "xdf", "--out", tmp_path / "out") == 0
    names = [
        path.name.removeprefix("sub-")[: len("sim01_ses-01")] for path in (tmp_path / "out").glob("*.xdf")
    ]
    assert sorted(names) == exported
    told = capsys.readouterr().out
    assert "is excluded" in told
    assert "is a rehearsal" in told


def test_why_somebody_was_excluded_is_printed_and_not_given_away(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"participant": "sim02", "excluded": True, "reason": "fell asleep"}
    (study / "amendments.jsonl").write_text(json.dumps(line) + "\n")
    assert export(study, "--to", "bids", "--out", tmp_path / "out") == 0
    assert "is excluded: fell asleep" in capsys.readouterr().out
    content = every_byte(tmp_path / "out")
    assert b"asleep" not in content
    assert b"sim02" not in content


def test_a_correction_that_is_not_understood_stops_the_export(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / "amendments.jsonl").write_text('{"session": "x", "swap": ["C3", "C4"]}\n')
    assert export(study, "--to", "xdf", "--out", tmp_path / "out") == 1
    assert "amendments.jsonl:1: a correction that this export cannot apply" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_session_that_was_withdrawn_is_told(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next(study.glob("sub-sim02/**/*.h5")).unlink()
    assert export(study, "--to", "bids", "--out", tmp_path / "out") == 0
    assert "its file is gone" in capsys.readouterr().out
    assert [row["participant_id"] for row in table(tmp_path / "out" / "participants.tsv")] == ["sub-sim01"]


def test_a_session_that_runs_stays_and_is_told(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Study.open(study).next_session("sim02", 2, "small")
    assert export(study / "study.yaml", "--to", "xdf", "--out", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "session sub-sim02_ses-02_task-small_run-01: is not finished" in told
    assert len(list((tmp_path / "out").glob("*.xdf"))) == 3


def test_a_full_disk_leaves_nothing(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis.exchange.export_dataset._write_head", full)
    assert export(kept, "--to", "bids", "--out", tmp_path / "deep" / "out") == 1
    assert "cannot be read or written: No space left on device" in capsys.readouterr().err
    assert not list((tmp_path / "deep").iterdir())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["nowhere", "--to", "bids", "--out", "out"], 1),
        (["nowhere", "--to", "word", "--out", "out"], 2),
        (["nowhere", "--to", "bids"], 2),
    ],
)
def test_usage(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        found = export(*arguments)
    except SystemExit as error:
        found = int(error.code or 0)
    assert found == status
    assert capsys.readouterr().err
