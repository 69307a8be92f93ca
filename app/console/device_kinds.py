"""What the device page asks about each kind of device, without Qt: kinds, boards, fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.devices.entries import PARAMS

FieldKind = Literal["text", "number", "port", "choice", "list"]
Offer = Literal["", "serial", "lsl", "camera", "microphone", "file", "boards"]


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter: its key in the devices file, what it is called, a hint, and what is offered."""

    key: str
    label: str
    hint: str = ""
    kind: FieldKind = "text"
    offer: Offer = ""
    choices: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """A kind of device as the page offers it; `usual_id` is the name that is suggested."""

    source: str
    title: str
    usual_id: str
    fields: tuple[Field, ...]
    further: tuple[Field, ...] = ()
    start: Mapping[str, Any] | None = None


SERIAL = Field("serial_port", "Serial port", "COM3 or /dev/ttyUSB0", offer="serial", needed=True)
SERIAL_MAYBE = Field("serial_port", "Serial port", "only if the board has one", offer="serial")
MAC = Field("mac_address", "Bluetooth address", "empty: the first one found")
MAC_NEEDED = Field("mac_address", "Bluetooth address", "such as f4:0e:11:75:75:a5", needed=True)
SERIAL_NUMBER = Field("serial_number", "Serial number", "empty: the first one found")
IP = Field("ip_address", "IP address", "empty: found by itself")
IP_NEEDED = Field("ip_address", "IP address", "such as 192.168.4.1", needed=True)
IP_PORT = Field("ip_port", "Port", "any free port of this computer", kind="port", needed=True)
MASTER = Field("master_board", "Data of which board", offer="boards", needed=True)
RECORDED = Field("file", "Recorded file", "a file that BrainFlow has written", offer="file", needed=True)

# By the beginning of the board's name, the first that fits; after BrainFlow's "Supported Boards".
BOARD_FIELDS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    ("synthetic", ()),
    ("playback-file", (RECORDED, MASTER)),
    ("streaming", (IP_NEEDED, IP_PORT, MASTER)),
    ("cyton-wifi", (IP, IP_PORT)),
    ("cyton-daisy-wifi", (IP, IP_PORT)),
    ("cyton", (SERIAL,)),
    ("ganglion-wifi", (IP, IP_PORT)),
    ("ganglion-native", (MAC, SERIAL_NUMBER)),
    ("ganglion", (SERIAL, MAC)),
    ("galea", (IP,)),
    ("brainbit-bled", (SERIAL, MAC)),
    ("brainbit", (SERIAL_NUMBER,)),
    ("unicorn", (SERIAL_NUMBER,)),
    ("callibri", (Field("other_info", "Device information", "empty: the first one found"),)),
    ("notion", (SERIAL_NUMBER,)),
    ("crown", (SERIAL_NUMBER,)),
    ("gforce", ()),
    ("freeeeg", (SERIAL,)),
    ("ironbci", (SERIAL,)),
    ("neuropawn", (SERIAL, Field("other_info", "Gain", "empty: the board's usual one"))),
    ("shimmer", (SERIAL,)),
    ("pieeg", (SERIAL_MAYBE,)),
    ("enophone", (MAC_NEEDED,)),
    ("emotibit", (IP, SERIAL_NUMBER)),
    ("ntl-wifi", (IP_NEEDED, IP_PORT)),
    ("biolistener", (IP, IP_PORT)),
    ("ant-neuro", ()),
)
DONGLE = (SERIAL, SERIAL_NUMBER)
RADIO = (MAC, SERIAL_NUMBER)

FURTHER_OF_BOARDS = (
    Field("labels", "Electrodes", "in order: Fp1, Fp2, C3", kind="list"),
    Field("config", "Commands", "sent to the board before it streams", kind="list"),
    Field("presets", "Streams", "empty: all of default, auxiliary, ancillary", kind="list"),
    Field("timeout", "Look for it, s", "0: as usual", kind="number"),
    SERIAL_MAYBE,
    MAC,
    SERIAL_NUMBER,
    IP,
    Field("ip_port", "Port", kind="port"),
    Field("ip_protocol", "Protocol", choices=("none", "udp", "tcp"), kind="choice"),
    Field("other_info", "Other information"),
    Field("file_aux", "File, auxiliary", offer="file"),
    Field("file_anc", "File, ancillary", offer="file"),
)

BOARD_TITLES: Mapping[str, str] = {
    "synthetic": "Synthetic (no hardware)",
    "playback-file": "Playback of a recorded file",
    "streaming": "Streaming from another BrainFlow program",
    "cyton": "OpenBCI Cyton (8 channels)",
    "cyton-daisy": "OpenBCI Cyton + Daisy (16 channels)",
    "cyton-wifi": "OpenBCI Cyton, WiFi shield",
    "cyton-daisy-wifi": "OpenBCI Cyton + Daisy, WiFi shield",
    "ganglion": "OpenBCI Ganglion, dongle",
    "ganglion-native": "OpenBCI Ganglion, Bluetooth of this computer",
    "ganglion-wifi": "OpenBCI Ganglion, WiFi shield",
    "galea": "OpenBCI Galea",
    "emotibit": "EmotiBit",
    "unicorn": "g.tec Unicorn",
    "brainbit": "BrainBit",
    "brainbit-bled": "BrainBit, dongle",
    "muse-2": "Muse 2",
    "muse-2-bled": "Muse 2, dongle",
    "muse-s": "Muse S",
    "muse-s-bled": "Muse S, dongle",
    "muse-s-athena": "Muse S Athena",
    "muse-2016": "Muse (2016)",
    "muse-2016-bled": "Muse (2016), dongle",
    "crown": "Neurosity Crown",
    "notion-1": "Neurosity Notion 1",
    "notion-2": "Neurosity Notion 2",
    "shimmer3": "Shimmer3",
    "enophone": "Enophone",
    "pieeg": "PiEEG",
    "aavaa-v3": "AAVAA v3",
    "ntl-wifi": "NTL, WiFi",
    "freeeeg32": "FreeEEG32",
    "freeeeg128": "FreeEEG128",
    "gforce-pro": "gForce Pro",
    "gforce-dual": "gForce Dual",
    "ironbci-32": "ironbci 32",
    "biolistener": "BioListener",
    "brainalive": "BrainAlive",
    "ob5000-8-channels": "OB5000 (8 channels)",
    "ob3000-24-channels": "OB3000 (24 channels)",
    "neuropawn-knight": "NeuroPawn Knight",
    "neuropawn-knight-board-imu": "NeuroPawn Knight with IMU",
    "explore-4-chan": "Mentalab Explore (4 channels)",
    "explore-8-chan": "Mentalab Explore (8 channels)",
    "explore-plus-8-chan": "Mentalab Explore+ (8 channels)",
    "explore-plus-32-chan": "Mentalab Explore+ (32 channels)",
}
YES_NO = ("true", "false")
WORDS = {"eeg": "EEG", "emg": "EMG", "ecg": "ECG", "bled": "dongle", "chan": "channels", "imu": "IMU"}

CAMERA_FIELDS = (
    Field("source", "Camera", "number, file or address", offer="camera", needed=True),
    Field("width", "Width, pixels", "empty: as the camera likes", kind="number"),
    Field("height", "Height, pixels", "empty: as the camera likes", kind="number"),
    Field("fps", "Pictures a second", "empty: as the camera likes", kind="number"),
)
MICROPHONE_FIELDS = (
    Field("source", "Microphone", "default, number or part of its name", offer="microphone", needed=True),
    Field("rate_hz", "Samples a second", "44100", kind="number"),
)
E4_FIELDS = (
    Field("serial", "Wristband", "its serial number; empty: the first one"),
    Field("host", "Server", "127.0.0.1: this computer"),
    Field("port", "Port", "28000", kind="port"),
)
LSL_FIELDS = (
    Field("source_id", "Source id", "sets it apart best", offer="lsl"),
    Field("name", "Stream name"),
    Field("type", "Stream type", "such as EEG"),
    Field("hostname", "Computer"),
)
WRISTBAND_FIELDS = (
    Field("seed", "Wearer", "equal numbers give equal wearers", kind="number"),
    Field("heart_rate_bpm", "Heart rate", "68 beats a minute", kind="number"),
)
TITLES: Mapping[str, tuple[str, str]] = {
    "e4": ("Empatica E4 wristband", "e4"),
    "lsl": ("LSL stream of another program", "lsl"),
    "camera": ("Camera", "camera"),
    "microphone": ("Microphone", "microphone"),
    "wristband": ("Simulated wristband", "wristband"),
}
OWN_FIELDS: Mapping[str, tuple[Field, ...]] = {
    "e4": E4_FIELDS,
    "lsl": LSL_FIELDS,
    "camera": CAMERA_FIELDS,
    "microphone": MICROPHONE_FIELDS,
    "wristband": WRISTBAND_FIELDS,
}
START: Mapping[str, Mapping[str, Any]] = {
    "brainflow": {"board": "synthetic"},
    "camera": {"source": 0},
    "microphone": {"source": "default"},
    "wristband": {"seed": 1},
}


def board_title(name: str) -> str:
    """Return a board's name as people write it."""
    if name in BOARD_TITLES:
        return BOARD_TITLES[name]
    if name.startswith("ant-neuro-"):
        return "ANT Neuro eego " + name.removeprefix("ant-neuro-").replace("-", " ").upper()
    return " ".join(WORDS.get(word, word[:1].upper() + word[1:]) for word in name.split("-"))


def board_fields(name: str) -> tuple[Field, ...]:
    """Return what a board must or may be told to be found."""
    for beginning, fields in BOARD_FIELDS:
        if name.startswith(beginning):
            return fields
    return DONGLE if name.endswith("-bled") else RADIO


def further_fields(name: str) -> tuple[Field, ...]:
    """Return everything else that a board can be told."""
    asked = {field.key for field in board_fields(name)}
    return tuple(field for field in FURTHER_OF_BOARDS if field.key not in asked)


def kinds() -> tuple[DeviceKind, ...]:
    """Return every kind of device, boards first; those that this Evoke cannot read are left out."""
    made = [DeviceKind("brainflow", "Board (EEG and others)", "eeg", (), (), START["brainflow"])]
    for source in ("e4", "lsl", "camera", "microphone", "wristband"):
        if source in PARAMS:
            title, usual = TITLES[source]
            fields = OWN_FIELDS.get(source) or described(source)
            known = {field.key for field in fields}
            further = tuple(field for field in described(source) if field.key not in known)
            made.append(DeviceKind(source, title, usual, fields, further, START.get(source, {})))
    return tuple(made)


def described(source: str) -> tuple[Field, ...]:
    """Return the fields of a source as its own description in the devices room names them."""
    fields = []
    for key, info in PARAMS[source].model_fields.items():
        label = key.removesuffix("_hz").removesuffix("_bpm").removesuffix("_s").replace("_", " ")
        choices = _choices(info.annotation)
        usual = "" if info.is_required() or info.default in ("", None) else f"{info.default}"
        kind: FieldKind = "text"
        if float in _types(info.annotation) or int in _types(info.annotation):
            kind = "number"
        if isinstance(info.default, tuple):
            kind, choices, usual = "list", (), ", ".join(str(part) for part in info.default)
        fields.append(
            Field(
                key,
                label[:1].upper() + label[1:],
                usual,
                "choice" if choices else kind,
                choices=choices,
                needed=info.is_required(),
            )
        )
    return tuple(fields)


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return YES_NO
    flat = [value for part in (annotation, *get_args(annotation)) for value in get_args(part)]
    return tuple(dict.fromkeys(value for value in flat if isinstance(value, str)))


def _types(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *get_args(annotation))


def from_text(field: Field, text: str) -> Any:
    """Return what a typed text means in the devices file, None for nothing."""
    text = text.strip()
    if not text:
        return None
    if field.choices == YES_NO:
        return text == "true"
    if field.kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if field.kind in ("number", "port") or field.offer in ("camera", "microphone"):
        for read in (int, float):
            try:
                return read(text)
            except ValueError:
                continue
    return text


def to_text(value: Any) -> str:
    """Return a value of the devices file as it is typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    return str(value)
