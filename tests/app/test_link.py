"""Links: messages arrive whole and in order, strangers stay out, and each end learns that the other left."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.link import HOST, Link, LinkError, LinkServer, Message, Peer


class Room:
    """A server with what it heard."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[tuple[str, Message]] = queue.SimpleQueue()
        self.gone: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.server = LinkServer(
            lambda peer, message: self.heard.put((peer.name, message)), lambda peer: self.gone.put(peer.name)
        )

    def link(self, name: str, role: str = "bridge") -> Link:
        link = Link(self.server.port, self.server.token, role, name, os.getpid())
        assert self.heard.get(timeout=5)[1]["type"] == "hello"
        return link


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.server.close()


def test_messages_arrive_in_order_both_ways(room: Room) -> None:
    link = room.link("eeg")
    for number in range(500):
        assert link.send({"type": "health", "number": number, "text": "µ\n" * (number % 100)})
    heard = [room.heard.get(timeout=5)[1]["number"] for _ in range(500)]
    assert heard == list(range(500))
    for number in range(500):
        room.server.broadcast({"type": "streams", "number": number})
    got: list[int] = []
    while len(got) < 500:
        message = link.wait(5)
        assert message is not None
        got.append(message["number"])
    assert got == list(range(500))
    link.close()


def test_a_server_knows_who_came_but_tells_nobody_the_token(room: Room) -> None:
    link = Link(room.server.port, room.server.token, "capture", "camera", 4711)
    name, hello = room.heard.get(timeout=5)
    assert (name, hello["role"], hello["pid"]) == ("camera", "capture", 4711)
    assert "token" not in hello
    assert [peer.name for peer in room.server.peers("capture")] == ["camera"]
    assert room.server.peers("bridge") == []
    link.close()
    assert room.gone.get(timeout=5) == "camera"


def test_roles_are_addressed_apart(room: Room) -> None:
    eeg, camera = room.link("eeg"), room.link("camera", role="capture")
    room.server.broadcast({"type": "stop"}, role="capture")
    assert camera.wait(5) == {"type": "stop"}
    assert eeg.poll() == []
    eeg.close()
    camera.close()


@pytest.mark.parametrize("token", ["", "wrong", "ü", "\ud800"])
def test_a_wrong_token_is_turned_away(room: Room, token: str) -> None:
    with pytest.raises(LinkError, match="did not accept"):
        Link(room.server.port, token, "console", "console", 1)
    assert room.server.peers() == []
    assert room.heard.empty()


@pytest.mark.parametrize(
    "line",
    [b"hello\n", b"[1]\n", b"[" * 100_000 + b"\n", b"{}\n", b"x" * 5_000_000],
    ids=lambda b: str(len(b)),
)
def test_what_is_no_hello_is_turned_away(room: Room, line: bytes) -> None:
    with socket.create_connection((HOST, room.server.port), 5) as stranger:
        stranger.settimeout(5)
        try:
            stranger.sendall(line)
            assert stranger.recv(100) == b""
        except ConnectionError:
            pass
    assert room.heard.empty()
    room.link("eeg").close()


def test_nobody_there_is_an_error() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(LinkError, match=str(port)):
        Link(port, "token", "recorder", "recorder", 1)


def test_a_child_learns_that_the_supervisor_has_left(room: Room) -> None:
    link = room.link("recorder", role="recorder")
    threading.Timer(0.1, room.server.close).start()
    assert link.wait(10) is None
    assert not link.is_open
    assert link.poll() == []
    eventually(lambda: not link.send({"type": "health"}))
    link.close()


def test_a_handler_that_fails_still_reports_the_leaving() -> None:
    gone: queue.SimpleQueue[str] = queue.SimpleQueue()
    raised = threading.Event()

    def fail(peer: Peer, message: Message) -> None:
        if message["type"] == "bad":
            raise KeyError("streams")

    before = threading.excepthook
    threading.excepthook = lambda _: raised.set()
    try:
        server = LinkServer(fail, lambda peer: gone.put(peer.name))
        link = Link(server.port, server.token, "bridge", "eeg", 1)
        link.send({"type": "bad"})
        assert gone.get(timeout=5) == "eeg"
        assert raised.wait(5)
        assert server.peers() == []
    finally:
        threading.excepthook = before
    link.close()
    server.close()


def test_a_reader_that_has_stalled_does_not_hold_up_the_sender_for_ever(room: Room) -> None:
    with socket.create_connection((HOST, room.server.port), 5) as stalled:
        stalled.sendall(
            b'{"type":"hello","role":"console","name":"x","token":"%s"}\n' % room.server.token.encode()
        )
        assert room.heard.get(timeout=5)[0] == "x"
        (peer,) = room.server.peers("console")
        text = "x" * 1_000_000
        for _ in range(100):
            if not peer.send({"type": "state", "text": text}):
                break
        assert not peer.is_open


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
