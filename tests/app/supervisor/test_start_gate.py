"""The last checks before a start: what each stream's signal, the disk and the screen must be like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.supervisor.start_gate import GRACE_S, NOT_JUDGED, RequiredStream, StartGate
from tests.helpers.stage import Stage

FLAT = {"verdict": "failed", "problems": [{"code": "flat", "text": "channels 3 and 4 are flat."}]}


def gate(folder: Path, check_s: float = 10.0, *streams: RequiredStream, **more: Any) -> StartGate:
    return StartGate(folder, streams or (RequiredStream("eeg", "board"),), check_s, 100.0, 600.0, **more)


def quality(**judged: Any) -> dict[str, Any]:
    return {"eeg": {"seconds": 10.0, "verdict": "passed", "problems": []} | judged}


def recorder(state: str = "live", **more: Any) -> dict[str, Any]:
    return {"streams": {"eeg": {"state": state}}, **more}


@pytest.mark.parametrize(
    ("judged", "at_s", "is_judged"),
    [
        ({}, 110.0, True),
        ({"seconds": 5.0}, 110.0, False),
        ({"verdict": "waiting"}, 110.0, False),
        ({}, 105.0, False),
        ({"verdict": "waiting"}, 110.1 + GRACE_S, True),
    ],
)
def test_it_waits_until_each_stream_was_looked_at_long_enough(
    tmp_path: Path, judged: dict[str, Any], at_s: float, is_judged: bool
) -> None:
    assert gate(tmp_path).is_judged(quality(**judged), recorder(), at_s) is is_judged


def test_without_a_signal_check_it_waits_for_nothing(tmp_path: Path) -> None:
    assert gate(tmp_path, 0.0).is_judged({}, {}, 100.0)
    assert gate(tmp_path, 0.0).checks({}, {}, 100.0) == ()


@pytest.mark.parametrize(
    ("judged", "state", "verdict", "text"),
    [
        ({}, "live", "passed", ""),
        (FLAT, "live", "failed", "eeg: channels 3 and 4 are flat."),
        (FLAT | {"verdict": "warned"}, "live", "warned", "eeg: channels 3 and 4 are flat."),
        ({}, "stale", "failed", "eeg: no data comes now."),
        ({"verdict": "waiting"}, "live", "failed", f"eeg: {NOT_JUDGED}."),
        ({"verdict": "splendid"}, "live", "failed", f"eeg: {NOT_JUDGED}."),
        ({"verdict": "waiting"}, "idle", "warned", "eeg: sends only now and then; not judged."),
    ],
)
def test_a_signal_in_words(
    tmp_path: Path, judged: dict[str, Any], state: str, verdict: str, text: str
) -> None:
    (check,) = gate(tmp_path).checks(quality(**judged), recorder(state), 120.0)
    assert (check.name, check.device) == ("signal eeg", "board")
    assert (check.verdict, check.text) == (verdict, text)


def test_a_monitor_that_never_speaks_is_a_failed_check(tmp_path: Path) -> None:
    (check,) = gate(tmp_path).checks({}, recorder(), 120.0)
    assert (check.verdict, check.text) == ("failed", f"eeg: {NOT_JUDGED}.")


def test_an_irregular_stream_may_be_silent(tmp_path: Path) -> None:
    markers = gate(tmp_path, 10.0, RequiredStream("eeg", "board", is_regular=False))
    (check,) = markers.checks({}, recorder(), 120.0)
    assert check.verdict == "warned"
    assert markers.is_judged({}, recorder(), 110.0)


@pytest.mark.parametrize(("bytes_per_s", "verdict"), [(1e3, "passed"), (1e12, "failed")])
def test_the_disk_is_judged_by_what_is_really_written(
    tmp_path: Path, bytes_per_s: float, verdict: str
) -> None:
    checks = gate(tmp_path).checks(quality(), recorder(bytes_per_s=bytes_per_s), 120.0)
    assert [check.verdict for check in checks if check.name == "disk"] == [verdict]


@pytest.mark.parametrize(
    ("screen", "verdicts", "text"),
    [
        ({"name": "DP-1", "rate_hz": 60.0, "verified": True}, ["passed"], "60 Hz, measured"),
        ({"name": "DP-1", "rate_hz": 60.0, "verified": False, "measured_hz": 171.2}, ["warned"], "171.2 Hz"),
        ({"name": "DP-1", "rate_hz": 60.0, "verified": False}, ["warned"], "could not be measured"),
        ({"name": "null", "rate_hz": 60.0, "verified": False}, [], ""),
    ],
)
def test_a_screen_that_does_not_keep_its_rate_is_a_warning(
    tmp_path: Path, screen: dict[str, Any], verdicts: list[str], text: str
) -> None:
    checks = [
        c for c in gate(tmp_path, screen=screen).checks(quality(), recorder(), 120.0) if c.name == "screen"
    ]
    assert [check.verdict for check in checks] == verdicts
    assert all(text in check.text for check in checks)


class TestStart:
    """The supervisor with a stand-in for the monitor."""

    @pytest.mark.slow
    def test_good_signals_start_the_session_and_are_stored(self, stage: Stage) -> None:
        stage.start({"monitor": {}}, signal_check_s=0.5)
        assert stage.end().status == 0
        before, signals = stage.events("checks")
        assert before.payload["stage"] == "preparation"
        assert signals.payload["stage"] == "signals"
        assert [(r["name"], r["verdict"]) for r in signals.payload["results"]] == [("signal eeg", "passed")]
        assert stage.events("accepted") == []

    def test_a_bad_signal_records_nothing_and_names_the_way_out(self, stage: Stage) -> None:
        stage.start({"monitor": {"streams": {"eeg": FLAT}}}, signal_check_s=0.5)
        outcome = stage.end()
        assert (outcome.status, outcome.reason, outcome.path) == (1, "checks failed", None)
        assert outcome.message == (
            "eeg: channels 3 and 4 are flat.\n"
            'To start all the same, give a reason: --accept "REASON". Nothing was recorded.'
        )
        assert not stage.paths.live.exists()

    @pytest.mark.slow
    def test_a_reason_lets_it_start_and_is_stored(self, stage: Stage) -> None:
        stage.start({"monitor": {"streams": {"eeg": FLAT}}}, signal_check_s=0.5, accept="only a rehearsal")
        assert stage.end().status == 0
        (accepted,) = stage.events("accepted")
        assert accepted.payload == {"reason": "only a rehearsal", "failed": ["signal eeg"]}

    def test_the_operator_types_the_reason(self, stage: Stage) -> None:
        stage.start({"monitor": {"streams": {"eeg": FLAT}}}, signal_check_s=0.5, attended=True)
        console = stage.console()
        stage.wait_for(lambda: stage.supervisor.state.phase == "waiting")
        assert stage.supervisor.state.checks["needs_reason"]
        console.send({"type": "command", "name": "start"})
        stage.wait_for(lambda: "give a reason" in stage.supervisor.state.message)
        assert stage.supervisor.state.phase == "waiting"
        console.send({"type": "command", "name": "start", "text": " electrode broke "})
        assert stage.end().status == 0
        (accepted,) = stage.events("accepted")
        assert accepted.payload["reason"] == "electrode broke"

    @pytest.mark.slow
    def test_an_early_start_waits_for_the_verdict(self, stage: Stage) -> None:
        stage.start({"monitor": {}}, signal_check_s=1.0, attended=True)
        console = stage.console()
        console.send({"type": "command", "name": "start"})
        console.send({"type": "command", "name": "start"})
        assert stage.end().status == 0
        assert len(stage.events("checks")) == 2

    @pytest.mark.slow
    def test_a_silent_monitor_is_a_failed_check(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.supervisor.start_gate.GRACE_S", 0.2)
        stage.start({"monitor": {"silent": True}}, signal_check_s=0.3)
        outcome = stage.end()
        assert outcome.status == 1
        assert f"eeg: {NOT_JUDGED}." in outcome.message

    @pytest.mark.slow
    def test_a_monitor_that_crashes_is_started_again_and_judges(self, stage: Stage) -> None:
        stage.start(
            {"monitor": {"die_after_s": 0.2, "head_start_s": 1.0}, "presenter": {"lasts_s": 0.2}},
            signal_check_s=1.0,
        )
        outcome = stage.end()
        assert (outcome.status, outcome.restarts, outcome.alarms) == (0, {"monitor": 1}, 0)
        assert any("signals are not judged" in line for line in stage.said)
