"""Boards through BrainFlow: one stream a preset, stamped on our clock."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Origin, StreamInfo
from app import clock
from app.devices import board_facts, boards
from app.devices.entries import BrainflowParams
from app.devices.losses import Loss
from app.devices.packages import PackageCounter
from app.devices.source import Chunk, DeviceError, NameSource
from app.devices.unix_clock import UnixClock

POLL_S = 0.04
BUFFER_S = 30.0
"""BrainFlow overwrites its ring without a word; this is hundreds of polls long."""
TIME_SOURCE = "board's stamp (unix time at arrival) mapped by clock pairs that the bridge took at each poll"
PACKAGES_LOST = "packages lost by the board"
OWN_CHANNELS = (("board_time_unix_s", "s", "time"), ("package", "", "counter"), ("marker", "", "marker"))

_HINTS = {
    1: "The port is in use: close the program that holds it.",
    2: "Check the port's name, that the dongle is plugged in, and that you may use it (group dialout).",
    3: "Unplug the dongle, plug it in again and try another USB port.",
    6: "The board does not answer: switch it on, charge it, bring it nearer.",
    7: "The board does not answer: switch it on, charge it, bring it nearer.",
    13: "Check the board's parameters in the devices file.",
    14: "BrainFlow does not support this board on this system.",
    16: "Another program or bridge is using this board.",
    18: "No data came in time: switch the board on, charge it, bring it nearer.",
}


def board_streams(params: BrainflowParams, device_id: str, name_source: NameSource) -> tuple[StreamInfo, ...]:
    """Describe the streams of a board as its bridge will publish them; nothing is opened."""
    board, master = _numbers(params)
    return tuple(
        _stream(params, board, master, preset, device_id, name_source)
        for preset in _presets(params, board, master)
    )


def _numbers(params: BrainflowParams) -> tuple[int, int]:
    """Return the board's number and that of the board whose table it delivers."""
    board = boards.find(params.board)
    master = board if params.master_board is None else boards.find(params.master_board)
    if board is None or master is None:
        raise DeviceError(f"BrainFlow knows no board {params.board!r}.")
    return board, master if board in (boards.PLAYBACK, boards.STREAMING) else board


def _presets(params: BrainflowParams, board: int, master: int) -> tuple[int, ...]:
    given = {
        boards.PLAYBACK: (params.file, params.file_aux, params.file_anc),
        boards.STREAMING: (params.ip_port, params.ip_port_aux, params.ip_port_anc),
    }.get(board, (1, 1, 1))
    wanted = {boards.PRESETS[name] for name in params.presets} or set(boards.SUFFIXES)
    found = tuple(preset for preset in boards.presets(master) if preset in wanted and given[preset])
    if not found:
        raise DeviceError(
            f"a {boards.name(master)} board has none of the presets {', '.join(params.presets)}."
        )
    return found


def _stream(
    params: BrainflowParams, board: int, master: int, preset: int, device_id: str, name_source: NameSource
) -> StreamInfo:
    described = boards.description(master, preset)
    known = board_facts.rows(boards.name(master), preset)
    rows = boards.data_rows(described, params.labels, params.kinds, known)
    kinds = [row.kind for row in rows]
    main = "eeg" if "eeg" in kinds else max(kinds, key=kinds.count, default="other")
    origin: Origin = "recorded"
    if master == boards.SYNTHETIC:
        origin = "simulated"
    elif board == boards.PLAYBACK:
        origin = "imported"
    stream_id = device_id + boards.SUFFIXES[preset]
    return StreamInfo(
        id=stream_id,
        kind=main,
        origin=origin,
        channels=(*(row.label for row in rows), *(name for name, _, _ in OWN_CHANNELS)),
        units=(
            *(board_facts.unit(boards.name(master), row) for row in rows),
            *(unit for _, unit, _ in OWN_CHANNELS),
        ),
        channel_kinds=(*kinds, *(kind for _, _, kind in OWN_CHANNELS)),
        rate_hz=float(described["sampling_rate"]),
        dtype="float64",
        device=f"BrainFlow {described.get('name', boards.name(master))}",
        serial=params.serial_number,
        time_source=TIME_SOURCE,
        source_id=name_source(stream_id),
        details=_details(params, board, master, preset, kinds),
    )


def _details(
    params: BrainflowParams, board: int, master: int, preset: int, kinds: list[str]
) -> dict[str, Any]:
    details: dict[str, Any] = {
        "board": boards.name(board),
        "master_board": boards.name(master),
        "preset": preset,
    }
    rail_uv = board_facts.rail_uv(boards.name(master), params.config)
    if rail_uv is not None and set(kinds) & set(boards.POTENTIALS):
        details["rail_uV"] = round(rail_uv, 1)
    return details


class Board:
    """A board that BrainFlow reads; `log` takes what BrainFlow has to say, nothing is said without."""

    poll_s = POLL_S

    def __init__(
        self, params: BrainflowParams, device_id: str, name_source: NameSource, log: Path | None = None
    ) -> None:
        self._params = params
        self._number, self._master = _numbers(params)
        self._presets = _presets(params, self._number, self._master)
        infos = board_streams(params, device_id, name_source)
        self._streams = dict(zip(self._presets, infos, strict=True))
        self._descriptions = {preset: boards.description(self._master, preset) for preset in self._presets}
        self._columns = {preset: self._choose(preset) for preset in self._presets}
        self._clocks = {preset: UnixClock() for preset in self._presets}
        name = boards.name(self._master)
        self._packages: dict[str, PackageCounter] = {}
        for preset, info in self._streams.items():
            counting = board_facts.counting(name, preset)
            if counting is not None:
                self._packages[info.id] = PackageCounter(counting)
        self._last_s: dict[str, float] = {}
        self._losses: list[Loss] = []
        self._log = log
        self._shim: Any = None
        self._buffer_rows = 0
        self.quiet_s = max(board_facts.quiet_s(name), min(20.0 / info.rate_hz for info in infos))

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """One stream a preset, in order."""
        return tuple(self._streams.values())

    def open(self) -> None:
        """Prepare the session, send the configuration, start the stream; raises DeviceError."""
        from brainflow.board_shim import BoardShim
        from brainflow.exit_codes import BrainFlowError

        fastest = max(info.rate_hz for info in self.streams)
        self._buffer_rows = max(20_000, round(BUFFER_S * fastest))
        try:
            if self._log is None:
                BoardShim.disable_board_logger()
            else:
                self._log.parent.mkdir(parents=True, exist_ok=True)
                BoardShim.set_log_file(str(self._log))
            self._shim = BoardShim(self._number, _input(self._params))
            self._shim.prepare_session()
            for command in self._params.config:
                self._shim.config_board(command)
            self._shim.start_stream(self._buffer_rows)
        except BrainFlowError as error:
            raise self._failed("cannot be started", error) from error
        for counter in self._packages.values():
            counter.restart()

    def poll(self) -> list[Chunk]:
        """Return the rows that came since the last poll, preset by preset; raises DeviceError."""
        from brainflow.exit_codes import BrainFlowError

        chunks = []
        for preset, info in self._streams.items():
            try:
                table = self._shim.get_board_data(preset=preset)
            except BrainFlowError as error:
                raise self._failed("has stopped", error) from error
            pair = clock.anchor(3)
            if not table.shape[1]:
                continue
            if table.shape[1] >= self._buffer_rows:
                raise DeviceError(
                    f"device {info.id}: rows were lost because nothing was fetched for {BUFFER_S:.0f} s. "
                    "The computer was suspended or overloaded; the board is started again."
                )
            data = self._rows(table, preset)
            times = self._clocks[preset].map(data[:, -3], pair)
            self._count(info.id, times, data[:, -2])
            chunks.append(Chunk(info.id, times, data))
        return chunks

    @property
    def identity(self) -> Mapping[str, str]:
        """The board; what it says of itself goes into BrainFlow's own log."""
        return {"board": boards.name(self._number), "serial": self._params.serial_number}

    @property
    def notice(self) -> str:
        """Nothing: what is wrong with a board ends its session."""
        return ""

    def lost(self, stream_id: str) -> int:
        """Return how many rows the board's counter says are missing."""
        counter = self._packages.get(stream_id)
        return 0 if counter is None else counter.lost

    def losses(self) -> list[Loss]:
        """Return the losses that the counter has told since the last call."""
        found, self._losses = self._losses, []
        return found

    def close(self) -> None:
        """Stop the stream and release the board."""
        from brainflow.exit_codes import BrainFlowError

        shim, self._shim = self._shim, None
        if shim is None:
            return
        for end in (shim.stop_stream, shim.release_session):
            with contextlib.suppress(BrainFlowError):
                end()

    def send(self, command: str) -> None:
        """Send a command to the running board; raises DeviceError."""
        from brainflow.exit_codes import BrainFlowError

        try:
            self._shim.config_board(command)
        except BrainFlowError as error:
            raise self._failed(f"refuses the command {command!r}", error) from error

    def _count(self, stream_id: str, times: NDArray[np.float64], counters: NDArray[np.float64]) -> None:
        counter = self._packages.get(stream_id)
        for row, missing in counter.update(counters) if counter else ():
            last_s = self._last_s.get(stream_id, float(times[row])) if row == 0 else float(times[row - 1])
            self._losses.append(Loss(stream_id, last_s, float(times[row]), missing, PACKAGES_LOST))
        self._last_s[stream_id] = float(times[-1])

    def _choose(self, preset: int) -> list[int]:
        """Return the table's rows in the order of the stream's channels, -1 where the board has none."""
        described = self._descriptions[preset]
        data = [row.index for row in boards.data_rows(described)]
        own = ("timestamp_channel", "package_num_channel", "marker_channel")
        return data + [int(described.get(key, -1)) for key in own]

    def _rows(self, table: NDArray[np.float64], preset: int) -> NDArray[np.float64]:
        columns = self._columns[preset]
        data = np.ascontiguousarray(table[columns].T)
        for place, column in enumerate(columns):
            if column < 0:
                data[:, place] = np.nan
        return data

    def _failed(self, what: str, error: Any) -> DeviceError:
        code = int(error.exit_code)
        hint = _HINTS.get(code, "Its log beside the session says more." if self._log else "")
        reason = str(error).split(" ", 1)[0].split(":", 1)[0].lower().replace("_", " ")
        name = boards.name(self._number)
        return DeviceError(f"the {name} board {what} ({reason}). {hint}".rstrip())


def _input(params: BrainflowParams) -> Any:
    from brainflow.board_shim import BrainFlowInputParams, IpProtocolTypes

    values = BrainFlowInputParams()
    protocols = {
        "none": IpProtocolTypes.NO_IP_PROTOCOL.value,
        "udp": IpProtocolTypes.UDP.value,
        "tcp": IpProtocolTypes.TCP.value,
    }
    for key in vars(values):
        if key == "ip_protocol":
            values.ip_protocol = protocols[params.ip_protocol]
        elif key == "master_board":
            master = None if params.master_board is None else boards.find(params.master_board)
            values.master_board = boards.NO_BOARD if master is None else master
        else:
            setattr(values, key, getattr(params, key))
    return values
