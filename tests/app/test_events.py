"""Journals: what was handed over is on the disk, and what was torn is told from what is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records import Event
from app.events import Journal, decode, encode, parse_journal, read_journal

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
events = st.builds(
    Event,
    time=st.floats(0, 1e9),
    source=st.text(min_size=1),
    seq=st.integers(0, 2**40),
    kind=st.text(min_size=1),
    trial=st.integers(-1, 500),
    stage=st.text(),
    payload=st.dictionaries(st.text(), json_values, max_size=4),
)


@given(events)
def test_a_line_gives_back_its_event(event: Event) -> None:
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == event


@given(st.lists(events, min_size=1, max_size=5), st.data())
def test_a_journal_torn_anywhere_keeps_every_whole_line(written: list[Event], data: st.DataObject) -> None:
    lines = [encode(event) for event in written]
    content = b"".join(lines)
    cut = data.draw(st.integers(0, len(content)))
    # A line is whole without its line feed.
    whole = sum(len(b"".join(lines[: i + 1])) - 1 <= cut for i in range(len(lines)))
    contents = parse_journal(content[:cut])
    assert contents.events == tuple(written[:whole])
    assert contents.damaged_lines <= 1


@given(events, st.data())
def test_no_changed_byte_goes_unnoticed(event: Event, data: st.DataObject) -> None:
    line = bytearray(encode(event)[:-1])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    try:
        read = decode(bytes(line))
    except ValueError:
        return
    assert read == event


@given(st.binary(max_size=200))
def test_foreign_bytes_are_damage_and_no_error(content: bytes) -> None:
    assert parse_journal(content).events == ()


def test_a_restarted_author_goes_on_counting_behind_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "recorder.jsonl"
    first = Journal(path, "recorder")
    first.append("note")
    first.close()
    with path.open("ab") as file:
        file.write(encode(Event(1.0, "recorder", 2, "torn"))[:20])
    second = Journal(path, "recorder")
    second.append("note")
    second.close()
    contents = read_journal(path)
    assert [(event.seq, event.kind) for event in contents.events] == [
        (0, "journal_opened"),
        (1, "note"),
        (2, "journal_opened"),
        (3, "note"),
    ]
    assert contents.damaged_lines == 1


def test_a_line_waited_for_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "presenter.jsonl"
    journal = Journal(path, "presenter")
    event = journal.append("note", payload={"text": 'ä\n,"crc":1}'}, wait=True)
    assert read_journal(path).events[-1] == event
    journal.close()


def test_threads_share_a_journal_without_losing_or_doubling_a_line(tmp_path: Path) -> None:
    path = tmp_path / "presenter.jsonl"
    seen: list[int] = []
    journal = Journal(path, "presenter", on_event=lambda event: seen.append(event.seq))

    def write() -> None:
        for number in range(200):
            journal.append("key", payload={"key": number}, urgent=number % 50 == 0)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert [event.seq for event in read_journal(path).events] == list(range(801))
    assert sorted(seen) == list(range(801))


def test_lines_that_are_not_urgent_reach_the_disk_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "presenter.jsonl"
    journal = Journal(path, "presenter")
    journal.append("key", urgent=False)
    deadline = time.monotonic() + 10
    while len(read_journal(path).events) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(read_journal(path).events) == 2
    journal.close()


def test_a_closed_journal_takes_nothing_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl", "a")
    journal.close()
    journal.close()
    with pytest.raises(ValueError, match="closed"):
        journal.append("note", wait=True)


@pytest.mark.parametrize("payload", [{"x": float("nan")}, {"x": object()}])
def test_a_payload_that_cannot_be_written_uses_no_number(tmp_path: Path, payload: Mapping[str, Any]) -> None:
    journal = Journal(tmp_path / "a.jsonl", "a")
    with pytest.raises((ValueError, TypeError)):
        journal.append("response", payload=payload)
    assert journal.append("note").seq == 1
    journal.close()


def test_a_full_disk_is_told_once_and_nobody_waits_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[OSError] = []
    journal = Journal(tmp_path / "recorder.jsonl", "recorder", on_failure=failures.append)
    journal.append("note", wait=True)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    journal.append("note", wait=True)
    journal.append("note", wait=True)
    assert journal.failure is not None
    assert [failure.errno for failure in failures] == [28]
    journal.close()


AUTHOR = """
import sys
from pathlib import Path
from app.events import Journal
journal = Journal(Path(sys.argv[1]), "presenter")
while True:
    event = journal.append("note", payload={"text": "x" * 200}, wait=True)
    print(event.seq, flush=True)
"""


def test_a_killed_author_loses_no_line_it_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "presenter.jsonl"
    author = subprocess.Popen([sys.executable, "-c", AUTHOR, str(path)], stdout=subprocess.PIPE)
    assert author.stdout is not None
    for _ in range(20):
        author.stdout.readline()
    os.kill(author.pid, signal.SIGKILL)
    told = [int(line) for line in author.stdout.read().split()]
    author.wait()
    author.stdout.close()
    contents = read_journal(path)
    assert [event.seq for event in contents.events] == list(range(len(contents.events)))
    assert contents.events[-1].seq >= (told[-1] if told else 20)
