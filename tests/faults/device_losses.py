"""What devices lose or do to a session: the wristband's server, a board's counter, camera, microphone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.device_scene import Scene, played
from tests.faults.scenarios import Row
from tests.helpers.e4_server import E4Server, Wristband, e4_server
from tests.helpers.http_camera import http_camera
from tests.helpers.sound import sound_server

SERIAL = "9ff167"
RATES_HZ = {"w-bvp": 64, "w-eda": 4, "w-temperature": 4, "w-acceleration": 32}


def _wristband(server: E4Server) -> dict[str, Any]:
    return {"id": "w", "source": "e4", "params": {"port": server.port}}


def _with_wristband(folder: Path, disturb: Any, seconds: float = 7.0) -> Scene:
    with e4_server(Wristband(SERIAL)) as server:
        return played(folder, [_wristband(server)], lambda: disturb(server), seconds)


def unaccounted(scene: Scene, stream: str) -> int:
    """Return how many rows between a stream's first and last are neither there nor told to be missing."""
    stamps = scene.stamps[stream]
    due = round((stamps[-1] - stamps[0]) * RATES_HZ[stream]) + 1
    return int(due - len(stamps) - sum(gap.missing for gap in scene.gaps[stream]))


def e4_leaves_samples_out(folder: Path) -> Row:
    """The streaming server skips a second of blood volume pulse and seven of acceleration."""

    def skip(server: E4Server) -> None:
        server.skip(SERIAL, "bvp", 64)
        server.skip(SERIAL, "acc", 7)

    return _with_wristband(folder, skip, 5.0).row("E4 leaves samples out", "w-bvp", "w-acceleration", "w-eda")


def out_of_range(folder: Path) -> Scene:
    """The wristband is out of range for four seconds; the server tells."""

    def walk(server: E4Server) -> None:
        server.lose(SERIAL)
        time.sleep(4.0)
        server.find(SERIAL)

    return _with_wristband(folder, walk, 10.0)


def e4_out_of_range(folder: Path) -> Row:
    """The wristband is out of range for four seconds; the server tells."""
    return out_of_range(folder).row("E4 out of range", *RATES_HZ)


def e4_packets_late(folder: Path) -> Row:
    """Two seconds of packets come late, all at once."""
    scene = _with_wristband(folder, lambda server: server.hold(SERIAL, 2.0))
    return scene.row("E4 packets late", *RATES_HZ)


def server_quit(folder: Path) -> Scene:
    """The streaming server hangs up and can be called again."""
    return _with_wristband(folder, lambda server: server.hang_up(), 9.0)


def e4_server_quit(folder: Path) -> Row:
    """The streaming server hangs up and can be called again."""
    return server_quit(folder).row("E4 server hangs up", *RATES_HZ)


def e4_switched_off(folder: Path) -> Row:
    """The wristband's button is pressed until it is off, for good."""
    return _with_wristband(folder, lambda server: server.switch_off(SERIAL)).row("E4 switched off", "w-bvp")


def board_packages_lost(folder: Path) -> Row:
    """A board's radio loses packages: a recorded file from which rows are cut is played."""
    rows = np.zeros((32, 250 * 30))
    index = np.arange(rows.shape[1])
    rows[0], rows[1] = index % 256, 20 * np.sin(2 * np.pi * 10 * index / 250)
    rows[30] = 1_700_000_000 + index / 250
    gone = np.concatenate([np.arange(first, first + count) for first, count in CUTS])
    path = folder / "board.csv"
    np.savetxt(path, np.delete(rows, gone, axis=1).T, delimiter="\t", fmt="%.6f")
    params = {"board": "playback", "master_board": "synthetic", "file": str(path)}
    scene = played(folder, [{"id": "eeg", "source": "brainflow", "params": params}], lambda: None, 12.0)
    return scene.row("board loses packages", "eeg")


CUTS = tuple((1000 + 400 * place, count) for place, count in enumerate((1, 3, 40, 200)))
"""First row and number of rows that the board's radio loses."""


def camera_drops_frames(folder: Path) -> Row:
    """A network camera leaves twelve frames out."""
    with http_camera() as camera:
        device = {"id": "face", "source": "camera", "params": {"source": camera.address}}
        scene = played(folder, [device], lambda: camera.leave_out(12), 5.0)
    return scene.row("camera drops frames", "face")


def suspended(folder: Path) -> Scene:
    """The sound card takes nothing for 1.2 seconds."""
    with sound_server() as server:
        device = {"id": "voice", "source": "microphone"}
        return played(folder, [device], lambda: server.pause(1.2), 7.0, server.environment)


def microphone_suspended(folder: Path) -> Row:
    """The sound card takes nothing for 1.2 seconds."""
    return suspended(folder).row("microphone suspended", "voice")
