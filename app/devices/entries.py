"""What a line of the devices file may say: the entries and the parameters of each source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from analysis.records import StreamInfo
from app.devices import boards, e4_protocol
from stimuli.validation import Part, mistake
from stimuli.yamlfile import did_you_mean, shown

Source = Literal["brainflow", "e4", "lsl", "camera", "microphone", "wristband"]
SOURCES: tuple[Source, ...] = get_args(Source)

OnLoss = Literal["pause", "continue", "abort"]
"""What follows when a stream is lost: the trial ends and the session pauses, it goes on, or it ends."""

NOT_VERIFIED = "not verified"
"""The alignment of a stream that no `evoke sync-check` has looked at."""

GENERATED = "generated"
"""As a camera's or microphone's source: the bundled stand-in and nothing else."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Port = Annotated[int, Field(ge=0, le=65535)]


class BrainflowParams(Part):
    """A board: its name or number, BrainFlow's own parameters, and what to do with the board.

    `presets` limits the streams (all that the board has, if empty), `config` are commands sent to the
    board before it streams, `labels` name its EEG/EMG/ECG channels in order, `kinds` say what these were
    put on where that is not what the board is made for.
    """

    board: str | int
    serial_port: str = ""
    mac_address: str = ""
    ip_address: str = ""
    ip_address_aux: str = ""
    ip_address_anc: str = ""
    ip_port: Port = 0
    ip_port_aux: Port = 0
    ip_port_anc: Port = 0
    ip_protocol: Literal["none", "udp", "tcp"] = "none"
    other_info: str = ""
    timeout: Annotated[int, Field(ge=0, le=600)] = 0
    serial_number: str = ""
    file: str = ""
    file_aux: str = ""
    file_anc: str = ""
    master_board: str | int | None = None
    presets: tuple[Literal["default", "auxiliary", "ancillary"], ...] = ()
    config: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    kinds: tuple[Literal["eeg", "emg", "ecg", "eog"], ...] = ()

    @field_validator("board", "master_board")
    @classmethod
    def _known(cls, value: str | int | None) -> str | int | None:
        if value is not None and boards.find(value) is None:
            raise mistake(f"BrainFlow knows no board {shown(value)}.", did_you_mean(value, boards.names()))
        return value

    @model_validator(mode="after")
    def _complete(self) -> BrainflowParams:
        board = boards.find(self.board)
        if board in (boards.PLAYBACK, boards.STREAMING) and self.master_board is None:
            raise mistake(
                f"a {boards.name(board)} board needs to know which board the data came from.",
                "Add master_board: NAME.",
            )
        if board == boards.PLAYBACK and not (self.file or self.file_aux or self.file_anc):
            raise mistake("a playback board needs a recorded file.", "Add file: PATH.")
        if board == boards.STREAMING and not (self.ip_address and self.ip_port):
            raise mistake("a streaming board needs an address.", "Add ip_address and ip_port.")
        return self


class E4Params(Part):
    """An Empatica E4 behind its streaming server; without `serial` the first one that the server sees."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 28000
    serial: str = ""
    signals: tuple[Literal["bvp", "eda", "temperature", "acceleration", "ibi", "tags", "battery"], ...] = (
        "bvp",
        "eda",
        "temperature",
        "acceleration",
        "ibi",
        "tags",
        "battery",
    )

    @model_validator(mode="after")
    def _has_signals(self) -> E4Params:
        if not self.signals:
            names = ", ".join(e4_protocol.BY_NAME)
            raise mistake("an E4 without signals records nothing.", f"Name some of {names}.")
        return self


class LslParams(Part):
    """An LSL stream that someone else publishes; everything given must agree."""

    source_id: str = ""
    name: str = ""
    type: str = ""
    hostname: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> LslParams:
        if not self.match:
            raise mistake(
                "says nothing by which the LSL stream could be found.",
                "Add source_id, name, type or hostname; `evoke devices` lists the streams that are there.",
            )
        return self

    @property
    def match(self) -> dict[str, str]:
        """What the stream must say of itself."""
        return {key: value for key, value in self.model_dump().items() if value}


class CameraParams(Part):
    """A camera by number, video file or address. With `fallback: generated` a drawn face stands in.

    With `as_sent` JPEG frames are kept as the camera sent them; others are encoded with `quality`. With
    `fix` exposure, gain and white balance stay as they are asked for, or as the camera has found them
    when it starts; `exposure` is in the driver's own units.
    """

    source: int | str = 0
    width: Annotated[int, Field(ge=16, le=8192)] | None = None
    height: Annotated[int, Field(ge=16, le=8192)] | None = None
    fps: Annotated[float, Field(gt=0, le=1000)] | None = None
    quality: Annotated[int, Field(ge=10, le=100)] = 85
    as_sent: bool = True
    fix: bool = True
    exposure: float | None = None
    gain: float | None = None
    white_balance_k: Annotated[int, Field(ge=1000, le=20000)] | None = None
    loop: bool = True
    fallback: Literal["generated"] | None = None


class MicrophoneParams(Part):
    """A microphone by number or part of its name; `default` is the system's. Mono, 16 bits."""

    source: int | str = "default"
    rate_hz: Annotated[int, Field(ge=8000, le=192000)] = 44100
    fallback: Literal["generated"] | None = None


class WristbandParams(Part):
    """A simulated wristband: equal seeds give equal wearers."""

    seed: Annotated[int, Field(ge=0)] = 1
    heart_rate_bpm: Annotated[float, Field(ge=40, le=150)] = 68.0
    reactivity: Annotated[float, Field(ge=0, le=3)] = 1.0
    events: str = ""


Params = BrainflowParams | E4Params | LslParams | CameraParams | MicrophoneParams | WristbandParams
PARAMS: Mapping[str, type[Params]] = {
    "brainflow": BrainflowParams,
    "e4": E4Params,
    "lsl": LslParams,
    "camera": CameraParams,
    "microphone": MicrophoneParams,
    "wristband": WristbandParams,
}


class EntryPart(Part):
    """One entry as it stands in the file; the parameters are checked by their source's own model.

    `name` is what people call the device. `delay_s` is how old its samples are when they get their time,
    as far as that was measured or is stated: `delay_source` says by whom.
    """

    id: Slug
    source: Source
    name: Annotated[str, Field(max_length=60)] = ""
    required: bool = True
    on_loss: OnLoss | None = None
    delay_s: Annotated[float, Field(ge=-10, le=10)] | None = None
    delay_source: str = ""
    params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _delay_has_a_source(self) -> EntryPart:
        if self.delay_s is not None and not self.delay_source.strip():
            raise mistake(
                "a delay needs its source.",
                'Add delay_source, such as "sync-check 2026-11-21" or "maker\'s data sheet".',
            )
        return self


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A checked entry of the devices file.

    `alignment` is not in the file: what `evoke sync-check` found, by the ids of the device's streams, as
    {text, serial}.
    """

    id: str
    source: Source
    required: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)
    on_loss: OnLoss | None = None
    name: str = ""
    delay_s: float | None = None
    delay_source: str = ""
    alignment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "id": self.id,
            "source": self.source,
            "required": self.required,
            "params": dict(self.params),
            "on_loss": self.on_loss,
            "name": self.name,
            "delay_s": self.delay_s,
            "delay_source": self.delay_source,
            "alignment": {stream: dict(known) for stream, known in self.alignment.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DeviceEntry:
        """Rebuild from `to_json`; raises KeyError or TypeError on a foreign dictionary."""
        return cls(**values)

    @property
    def policy(self) -> OnLoss:
        """What follows when a stream of this device is lost: as the file says, else by `required`."""
        return self.on_loss or ("pause" if self.required else "continue")

    @property
    def has_bridge(self) -> bool:
        """Whether a bridge process publishes this device on LSL."""
        return self.source in ("brainflow", "e4", "wristband")

    @property
    def has_capture(self) -> bool:
        """Whether a capture process writes this device into a ring."""
        return self.source in ("camera", "microphone")

    @property
    def details(self) -> dict[str, Any]:
        """What the entry says of each of its streams, for `StreamInfo.details`."""
        known = {
            "name": self.name,
            "delay_s": self.delay_s,
            "delay_source": self.delay_source,
        }
        stated = {key: value for key, value in known.items() if value not in ("", None)}
        return {"alignment": self.aligned(self.id), **stated}

    def aligned(self, stream_id: str, serial: str = "") -> str:
        """Return what is known of a stream's alignment; another device than the one checked is not."""
        known = self.alignment.get(stream_id, {})
        others = {known.get("serial", ""), serial} - {""}
        return known.get("text", NOT_VERIFIED) if len(others) < 2 else NOT_VERIFIED

    def describe(self, info: StreamInfo) -> StreamInfo:
        """Return the description of one of its streams with what the entry says of the device.

        A device of several streams names each by its own ending: `Cap auxiliary`.
        """
        details = {**info.details, **self.details, "alignment": self.aligned(info.id, info.serial)}
        ending = info.id.removeprefix(self.id).strip("-").replace("-", " ")
        if self.name and ending:
            details["name"] = f"{self.name} {ending}"
        return replace(info, details=details)

    def _params(self) -> Params:
        return PARAMS[self.source].model_validate_json(json.dumps(dict(self.params)))

    def brainflow(self) -> BrainflowParams:
        """Return the parameters of a board."""
        params = self._params()
        assert isinstance(params, BrainflowParams)
        return params

    def e4(self) -> E4Params:
        """Return the parameters of an Empatica E4."""
        params = self._params()
        assert isinstance(params, E4Params)
        return params

    def lsl(self) -> LslParams:
        """Return what describes an LSL stream."""
        params = self._params()
        assert isinstance(params, LslParams)
        return params

    def camera(self) -> CameraParams:
        """Return the parameters of a camera."""
        params = self._params()
        assert isinstance(params, CameraParams)
        return params

    def microphone(self) -> MicrophoneParams:
        """Return the parameters of a microphone."""
        params = self._params()
        assert isinstance(params, MicrophoneParams)
        return params

    def wristband(self) -> WristbandParams:
        """Return the parameters of the simulated wristband."""
        params = self._params()
        assert isinstance(params, WristbandParams)
        return params
