"""Whatever arrives, in whatever order: the supervisor goes on, and its state stays one that can be shown."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events import Journal, read_journal
from app.link import Message
from app.plan import SessionPaths, SessionPlan
from app.supervisor.desk import _HANDLERS, Desk
from app.supervisor.endings import Endings
from app.supervisor.outcome import Choices
from app.supervisor.processes import Child
from app.supervisor.start_gate import RequiredStream, StartGate
from tests.helpers.stage import DEVICES

FIELDS = {
    "health": ("streams", "state", "message", "trials", "interrupted", "bytes_per_s", "free_bytes", "bytes"),
    "declare": ("streams",),
    "failed": ("message", "safe", "code"),
    "finished": ("reason",),
    "command": ("name", "text"),
    "progress": ("done",),
    "result": ("parts", "lost_s", "path"),
    "quality": ("streams",),
    "outputs": ("problem", "shared", "alarm"),
    "event": (),
}
INNER = (
    "eeg",
    "camera",
    "state",
    "last_s",
    "seconds",
    "verdict",
    "problems",
    "text",
    "stream",
    "missing",
    "id",
)
WORDS = (
    *("start", "pause", "resume", "skip", "repeat", "next", "end", "abort", "note", "live", "stale", "lost"),
    *("waiting", "running", "paused", "failed", "eeg", "camera", "../../x", "\ud800", "x" * 300, ""),
)
FOUND = ("stream_back", "machine_slept", "clock_step", "ambiguous", "no_samples")
PRESENTED = ("stage_started", "trial_started", "trial_ended", "paused", "resumed", "screen")
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.sampled_from(WORDS)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(INNER), inner, max_size=3)
    ),
    max_leaves=5,
)
times = st.one_of(st.floats(), leaves)
events = st.fixed_dictionaries(
    {
        "time": times,
        "source": leaves,
        "seq": st.integers(),
        "kind": st.sampled_from((*FOUND, *PRESENTED)),
        "trial": st.one_of(st.integers(-1, 3), leaves),
        "stage": leaves,
        "payload": st.dictionaries(
            st.sampled_from((*INNER, "rate_hz", "measured_hz", "step_s", "count")), values, max_size=3
        ),
    }
)
ROUTES = sorted((*_HANDLERS, ("stranger", "health"), ("console", "health")))
NUMBERS = ("done", "parts", "trials", "bytes_per_s", "free_bytes", "bytes")


@st.composite
def bodies(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A message of one type with any content, often of the kind that belongs there."""
    body: dict[str, Any] = {}
    for key in FIELDS.get(kind, ()):
        numbers = st.one_of(st.floats(), st.integers(-5, 5)) if key in NUMBERS else values
        body[key] = draw(st.one_of(numbers, values))
    if kind == "event":
        body["event"] = draw(events)
    return body | {"type": kind}


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A message on one of the ways that lead somewhere."""
    role, kind = draw(st.sampled_from(ROUTES))
    return role, draw(st.sampled_from(["eeg", "camera", "x"])), draw(bodies(kind))


ENDING = ("recorder", "presenter", "bridge", "capture", "console", "monitor", "sounder")
ends = st.tuples(st.sampled_from(ENDING), st.sampled_from([0, 9, 74, -11]))


class Sent(list[Message]):
    """What was sent to whom; as a server and as a peer."""

    def broadcast(self, message: Message, role: str | None = None) -> None:
        self.append(json.loads(json.dumps(message)))

    send = broadcast

    def peers(self, role: str | None = None) -> list[Any]:
        return []


class NoCrew(SimpleNamespace):
    def with_pid(self, pid: int) -> None:
        return None

    def pids(self) -> dict[str, int]:
        return {}

    def all(self, *roles: str) -> list[Child]:
        return []

    def watch(self) -> bool:
        return False


@contextmanager
def desk(**choices: Any) -> Iterator[Endings]:
    with tempfile.TemporaryDirectory() as folder:
        paths = SessionPaths(Path(folder), "s")
        paths.live.mkdir()
        plan = SessionPlan(uuid="desk", name="s", origin="recorded", devices=DEVICES, window="null")
        made = Endings(plan, paths, Choices(**choices), lambda _: None)
        made._server = Sent()  # type: ignore[assignment]
        made._crew = NoCrew()  # type: ignore[assignment]
        made._journal = Journal(paths.journal("supervisor"), "supervisor")
        try:
            yield made
        finally:
            made._journal.close()
            assert read_journal(paths.journal("supervisor")).damaged_lines == 0


def showable(desk: Desk) -> None:
    message = desk.state.to_message([])
    assert json.dumps(message)
    assert message["phase"] in ("checking", "waiting", "running", "paused", "finishing", "finished", "failed")
    assert 0.0 <= message["finishing"]["done"] <= 1.0
    assert desk._first_stage_s is None or math.isfinite(desk._first_stage_s)


def live(made: Endings, happenings: list[Any]) -> None:
    """Let the desk go through messages (role, name, message) and ends (role, status)."""
    for happening in happenings:
        if len(happening) == 2:
            role, status = happening
            program = SimpleNamespace(role=role, name=role, label=role)
            made._on_end(SimpleNamespace(program=program, failures=0, pid=1), status)  # type: ignore[arg-type]
        else:
            role, name, message = happening
            peer: Any = SimpleNamespace(role=role, name=name, pid=1, send=Sent().send)
            made._handle(peer, message)
        made._look_after_streams(10.0)
        made._relay()
        showable(made)
    gate = StartGate(made.paths.folder, [RequiredStream("eeg", "eeg")], 1.0, 0.0, 60.0, made._screen)
    for check in gate.checks(made.state.quality, made.state.recorder, 100.0):
        assert check.verdict in ("passed", "warned", "failed")


@pytest.mark.parametrize("route", ROUTES, ids="-".join)
@settings(max_examples=30)
@given(data=st.data())
def test_no_content_of_a_message_breaks_it(route: tuple[str, str], data: st.DataObject) -> None:
    contents = data.draw(st.lists(bodies(route[1]), min_size=1, max_size=3))
    with desk() as made:
        made._watchdog.begin(0.0)
        live(made, [(route[0], "eeg", content) for content in contents])


@settings(max_examples=100)
@given(
    happenings=st.lists(st.one_of(arrivals(), ends), min_size=6, max_size=12),
    begun=st.booleans(),
    attended=st.booleans(),
)
def test_no_order_of_messages_breaks_it(happenings: list[Any], begun: bool, attended: bool) -> None:
    with desk(attended=attended) as made:
        made._begun = begun
        made._watchdog.begin(0.0)
        live(made, happenings)


def command(made: Desk, name: str, text: str = "") -> None:
    peer: Any = SimpleNamespace(role="console", name="console", pid=1, send=Sent().send)
    made._handle(peer, {"type": "command", "name": name, "text": text})


def sent(made: Desk) -> list[str]:
    return [message["name"] for message in made._server if message["type"] == "command"]  # type: ignore[attr-defined]


def test_a_command_given_twice_in_a_hurry_is_one_decision() -> None:
    for name, ending in (("abort", "aborted"), ("end", "completed")):
        with desk(attended=True) as made:
            command(made, "start")
            command(made, "start")
            command(made, name)
            command(made, name)
            command(made, "abort")
            assert made._ending == ending
            assert sent(made) == [], "nothing has begun that could be told"


def test_an_abort_while_the_session_starts_ends_it_before_it_began() -> None:
    with desk(attended=False) as made:
        command(made, "abort")
        assert made._ending == "aborted"
        assert not made._pump(lambda: False, 5.0)


def test_a_note_after_the_end_is_told_to_be_lost() -> None:
    with desk() as made:
        command(made, "note", "sneezed")
        made._journal.close()
        made._journal_closed = True
        command(made, "note", "again")
        command(made, "abort")
        assert [alarm.code for alarm in made.state.alarms] == ["too_late"]


def test_nonsense_is_told_once_a_sender() -> None:
    with desk() as made:
        peer: Any = SimpleNamespace(role="bridge", name="eeg", pid=1, send=Sent().send)
        for _ in range(5):
            made._handle(peer, {"type": "declare", "streams": 3})
        assert [alarm.code for alarm in made.state.alarms] == ["nonsense"]


def test_no_place_of_this_computer_enters_the_session() -> None:
    with desk() as made:
        place = str(made.paths.live)
        made._fail(f"{place} cannot be written.")
        made._journal.close()
        assert place in made.state.message, "the operator is told where"
        journal = made.paths.journal("supervisor").read_text()
        assert str(made.paths.folder) not in journal
        made._journal_closed = True
