"""Which devices may be opened: those whose kind of stream the participant has not refused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.consent import Consent, Modality
from app.devices.entries import DeviceEntry

_PICTURES = re.compile(r"video|camera|face|webcam", re.IGNORECASE)
_VOICES = re.compile(r"audio|voice|speech|microphone", re.IGNORECASE)


def modality_of(device: DeviceEntry) -> Modality:
    """Return what a device records: an LSL stream is taken for what its name and type say."""
    if device.source == "camera":
        return "camera"
    if device.source == "microphone":
        return "voice"
    if device.source == "lsl":
        told = " ".join((device.id, *(str(value) for value in device.params.values())))
        if _PICTURES.search(told):
            return "camera"
        if _VOICES.search(told):
            return "voice"
    return "body"


def permitted(devices: Iterable[DeviceEntry], consent: Consent | None) -> tuple[DeviceEntry, ...]:
    """Return the devices that may be opened, previewed and required; all without a consent to go by."""
    refused = () if consent is None else consent.refused
    return tuple(device for device in devices if modality_of(device) not in refused)
