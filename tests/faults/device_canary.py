"""Does what a participant types leave any trace? A sentence is typed and then looked for everywhere.

`python -m tests.faults.device_canary FOLDER` runs a session in a network of its own, where every byte on
the loopback is kept; a hand types at a real window. Meanwhile and afterwards every file that any process
of the session has written is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.devices.lsl import QUIET, THIS_MACHINE
from app.events import read_journal
from app.link import Link
from app.plan import Lock
from app.settings import runtime_folder
from app.study import Study
from tests.faults.scenarios import Row
from tests.helpers.display import start_xvfb

WORDS = ("quizmavel", "thrombuko", "vexilpard")
"""What is typed; no sentence of any set holds these words, and nothing else in a session does."""
CODE = "kestrel93"
ALONE = 'ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && exec "$@"'
IP_HEADER, ETHERNET_HEADER = 20, 14
PROTOCOL = """
name: canary
version: 1
title: Typing
stimuli:
  set: open
  categories: {pleasant: {category: pleasant}}
sentences: {typing: neutral-typing}
trials:
  type:
    - {kind: fixation, duration_s: 1}
    - {kind: typing, sentences: typing, prompt: Type., duration_s: {min_s: 0.5, typical_s: 12, max_s: 60}}
blocks:
  - {name: main, trial: type, draw: {pleasant: 1}}
"""
DEVICES = "- {id: band, source: wristband, params: {seed: 1}}\n"
PATIENCE_S = 120.0
HEARING_S = 40.0


class Loopback:
    """Keeps every packet on the loopback, the link's apart from all others (LSL's)."""

    def __init__(self) -> None:
        self.packets: list[tuple[frozenset[int], bytes]] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 26)
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ending.set()
        self._thread.join(5)
        self._socket.close()

    def sent(self, link_port: int, is_link: bool) -> bytes:
        """Return what went through the link, or through everything else."""
        found = [content for ports, content in self.packets if (link_port in ports) is is_link]
        return b"".join(found)

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                frame = self._socket.recv(1 << 17)
            except TimeoutError:
                continue
            packet = frame[ETHERNET_HEADER:]
            if len(packet) < IP_HEADER + 4 or packet[0] >> 4 != 4:
                continue
            body = packet[4 * (packet[0] & 15) :]
            # TCP's header has options of its own length; UDP's is eight bytes long.
            head = 4 * (body[12] >> 4) if packet[9] == 6 else 8
            ports = frozenset((int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")))
            self.packets.append((ports, body[head:]))


class Listener:
    """Takes every stream that is on LSL, as any program on the network might, so that all of it is sent."""

    def __init__(self) -> None:
        self.streams: dict[str, int] = {}
        self.content: list[bytes] = []
        self.opened: list[str] = []
        self._known: set[str] = set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def hears(self, stream: str, patience_s: float) -> bool:
        """Wait until a stream is listened to: a busy computer may need seconds to find it."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if any(name.endswith(f":{stream}") for name in self.opened):
                return True
            time.sleep(0.05)
        return False

    def close(self) -> None:
        """Stop listening."""
        self._ending.set()
        self._thread.join(10)

    def _listen(self) -> None:
        from pylsl import ContinuousResolver

        # One that goes on asking: of single questions a busy computer answers too many too late.
        resolver = ContinuousResolver(forget_after=60.0)
        threads = []
        while not self._ending.wait(0.2):
            for info in resolver.results():
                if info.uid() not in self._known:
                    self._known.add(info.uid())
                    threads.append(threading.Thread(target=self._take, args=(info,), daemon=True))
                    threads[-1].start()
        for thread in threads:
            thread.join(5)

    def _take(self, info: Any) -> None:
        from pylsl import StreamInlet
        from pylsl.util import LostError

        name = info.source_id()
        try:
            inlet = StreamInlet(info, recover=False)
            inlet.open_stream(5.0)
            self.content.append(inlet.info(5.0).as_xml().encode())
            # The first question may find nothing; that it was answered says that samples will come.
            inlet.pull_chunk(timeout=0.2, max_samples=1)
        except (LostError, TimeoutError):
            # A busy computer answered too late: it is asked again.
            self._known.discard(info.uid())
            return
        self.streams.setdefault(name, 0)
        self.opened.append(name)
        with contextlib.suppress(LostError):
            while not self._ending.is_set():
                samples, _ = inlet.pull_chunk(timeout=0.2, max_samples=4096)
                self.streams[name] += len(samples)
                self.content.append(json.dumps(samples).encode())


def _files(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else ():
            try:
                if path.is_file():
                    yield path, path.read_bytes()
            except OSError:
                # It was finished and removed between the two.
                continue


def _inside(path: Path) -> Iterator[tuple[str, bytes]]:
    """Read every value of a session file as it is behind the compression."""
    import h5py

    found: list[tuple[str, bytes]] = []

    def visit(name: str, item: Any) -> None:
        values = [*item.attrs.values(), item[()] if isinstance(item, h5py.Dataset) else b""]
        found.append((name, b"".join(_bytes(value) for value in values)))

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    yield from found


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes | str):
        return value.encode() if isinstance(value, str) else value
    return bytes(value.tobytes()) if hasattr(value, "tobytes") else repr(value).encode()


def _holds(content: bytes, words: Iterable[str]) -> bool:
    small = content.lower()
    spelled = [spell for word in words for spell in (word, word[::-1])]
    return any(text.encode(code) in small for text in spelled for code in ("utf-8", "utf-16-le"))


def play(folder: Path, characters: bool = False) -> dict[str, Any]:
    """Run the session; return where the words, single characters and the code were found."""
    study = Study.create(folder / "study", "Canary", "people", characters=characters)
    (folder / "canary.yaml").write_text(PROTOCOL)
    (folder / "devices.yaml").write_text(DEVICES)
    server, display = start_xvfb()
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    environment |= {"DISPLAY": display, "EVOKE_HOME": str(folder / "home"), "HOME": str(folder / "user")}
    environment |= {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "CACHE", "DATA", "STATE")}
    command = [sys.executable, "-m", "app", "run", str(folder / "canary.yaml"), "--study", str(study.folder)]
    command += ["--participant", CODE, "--consent", "--devices", str(folder / "devices.yaml"), "--headless"]
    command += ["--signal-check", "0", "--accept", "a display of software", "--json"]
    loopback, listener = Loopback(), Listener()
    found: dict[str, Any] = {"typed": 0, "files": [], "characters": [], "code": []}
    places = [folder]
    port = 0
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        end = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end:
            for paths in study.live_sessions():
                lock = Lock.read(paths.lock)
                if lock is not None and not port:
                    port = lock.port
                    places.append(runtime_folder(lock.uuid))
                if lock and not found["typed"] and _is_typing(paths.live / "presenter.jsonl"):
                    time.sleep(0.5)
                    listener.hears("keys", HEARING_S)
                    text = " ".join(WORDS)
                    subprocess.run(
                        ["xdotool", "type", "--delay", "60", text], env=environment, check=True, timeout=30
                    )
                    found["typed"] = len(text)
                    _await_keys(paths.live / "presenter.jsonl", 2 * len(text))
                    leave_stage(lock)
            _search(places, found)
            time.sleep(0.3)
        process.kill()
        found["status"] = process.wait(10)
    listener.close()
    loopback.close()
    server.kill()
    server.wait(10)
    _search(places, found)
    for path in study.folder.rglob("*.h5"):
        for name, content in _inside(path):
            if _holds(content, WORDS):
                found["files"].append(f"{path.name}:{name}")
        found["keys"] = _letters(path)
    link, others = (loopback.sent(port, is_link) for is_link in (True, False))
    others += b"".join(listener.content)
    found["streams"] = {name.rpartition(":")[2]: count for name, count in listener.streams.items()}
    found["link"], found["network"] = _holds(link, WORDS), _holds(others, WORDS)
    found["characters"] += [
        name for name, content in (("link", link), ("network", others)) if b'"char"' in content
    ]
    found["code_sent"] = CODE.encode() in others
    found["bytes"] = {"link": len(link), "network": len(others)}
    return found


def leave_stage(lock: Lock) -> None:
    """Tell the session to go on, as its operator would."""
    link = Link(lock.port, lock.token, "console", "console", os.getpid())
    link.send({"type": "command", "name": "skip"})
    time.sleep(0.5)
    link.close()


def _await_keys(journal: Path, count: int) -> None:
    """Wait until the strokes of a hand that has finished are in the journal."""
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        if sum(event.kind == "key" for event in read_journal(journal).events) >= count:
            return
        time.sleep(0.1)


def _is_typing(journal: Path) -> bool:
    if not journal.exists():
        return False
    return any(
        event.kind == "stage_started" and event.payload.get("kind") == "typing"
        for event in read_journal(journal).events
    )


def _search(places: Iterable[Path], found: dict[str, Any]) -> None:
    for path, content in _files(*places):
        if _holds(content, WORDS) and path.name not in found["files"]:
            found["files"].append(path.name)
        if path.suffix == ".jsonl" and b'"char"' in content and path.name not in found["characters"]:
            found["characters"].append(path.name)
        is_sent = path.suffix == ".ring" or "evoke-" in str(path.parent)
        if is_sent and CODE.encode() in content and path.name not in found["code"]:
            found["code"].append(path.name)


def _letters(path: Path) -> dict[str, Any]:
    """Return how many keystrokes a file holds, and the texts of those that are characters."""
    from analysis.session_file import open_session

    with open_session(path) as session:
        keys = session.keys
        texts = [str(value) for name in keys for value in keys[name] if name in ("key", "char")]
        return {"count": len(keys["time"]), "texts": sorted({text for text in texts if len(text) == 1})}


def result(folder: Path, characters: bool = False) -> Mapping[str, Any]:
    """Play the canary in a network of its own and return what was found."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "lsl.cfg"
    config.write_text(THIS_MACHINE + QUIET, encoding="ascii")
    inner = [sys.executable, "-m", "tests.faults.device_canary", str(folder), *(["on"] if characters else [])]
    ended = subprocess.run(
        ["unshare", "--map-root-user", "--net", "sh", "-c", ALONE, "sh", *inner],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
        env={**os.environ, "LSLAPICFG": str(config)},
    )
    if ended.returncode:
        raise AssertionError(ended.stdout + ended.stderr)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def row_of(found: Mapping[str, Any]) -> Row:
    """Return what was found as a row of the fault table; `lost` counts the places of a leak."""
    leaks = [*found["files"], *found["characters"]]
    leaks += [place for place in ("link", "network", "code_sent") if found[place]]
    text = f"{found['typed']} characters typed, found in: {', '.join(leaks) or 'nothing'}"
    return Row("typed text", {"leaks": len(leaks)}, {}, None, text, int(found["status"]), True)


def typed_text(folder: Path) -> Row:
    """A sentence is typed while characters are not to be kept."""
    return row_of(result(folder))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(play(Path(sys.argv[1]), len(sys.argv) > 2)) + "\n")
