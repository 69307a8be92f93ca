"""What the operator is told about a stream or a disk: what happened, and what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pylsl import StreamInfo as LslInfo


def words(match: Mapping[str, str]) -> str:
    """Name what a stream is looked for by."""
    names = {"source_id": "source id", "hostname": "computer"}
    return " and ".join(f"{names.get(key, key)} '{value}'" for key, value in match.items()) or "any name"


def not_visible_text(match: Mapping[str, str], verb: str = "is visible") -> str:
    """Say that nothing fits."""
    return f"No LSL stream with {words(match)} {verb}."


def elsewhere_text(match: Mapping[str, str], found: Sequence[LslInfo]) -> str:
    """Say that the stream is only there on another computer than before."""
    hosts = " and ".join(sorted({lsl.hostname() for lsl in found}))
    return (
        f"{not_visible_text(match)} One like it is on computer '{hosts}' and is not taken:"
        " it may be of another study. Start the device where it was."
    )


def ambiguous_text(match: Mapping[str, str], found: Sequence[LslInfo]) -> str:
    """Say which streams fit alike, and that none of them is taken."""
    each = [
        f"source id '{lsl.source_id()}' on '{lsl.hostname()}'"
        if lsl.source_id()
        else f"one without a source id on '{lsl.hostname()}'"
        for lsl in found
    ]
    return (
        f"{len(found)} LSL streams have {words(match)}: {', '.join(sorted(each))}. None of them is recorded."
        " Stop the others, or name the source_id and hostname of yours in the devices file."
    )


def stale_text(stream: str, silent_s: float, is_cut: bool, host: str, answers: bool | None) -> str:
    """Say that a stream has fallen silent, as far as its sender tells why."""
    if is_cut:
        place = f" on '{host}'" if host else ""
        return f"{stream}: its sender{place} has gone. It is recorded again as soon as it is back."
    if answers is None:
        return f"{stream}: no data for {silent_s:.0f} s. Check the device: on, connected, in reach?"
    if answers:
        return (
            f"{stream}: no data for {silent_s:.0f} s, though its sender answers."
            " Check the device: on, worn, in reach?"
        )
    return (
        f"{stream}: no data for {silent_s:.0f} s, and its sender does not answer."
        " Check its program and the network."
    )


def back_text(stream: str, segment: int, missing: int, is_regular: bool) -> str:
    """Say that a stream is back and what is missing, as far as its rate tells."""
    lost = "nothing is missing" if not missing else f"{missing:,} samples are missing"
    if not is_regular:
        lost = "what was sent meanwhile is not known"
    return f"{stream}: back, {lost} (segment {segment})."


def no_samples_text(stream: str, waited_s: float) -> str:
    """Say that a stream is there and sends nothing."""
    return (
        f"{stream}: connected, but no sample in {waited_s:.0f} s."
        " Start the measurement in the device's program."
    )


def clock_text(stream: str, step_s: float) -> str:
    """Say that a sender's clock jumped."""
    return f"{stream}: its clock jumped by {step_s:+.3f} s. All its samples are kept, as a new segment."


def slept_text(seconds: float) -> str:
    """Say that the computer slept."""
    return (
        f"The computer slept for {seconds:.0f} s and recorded nothing meanwhile; every stream has a gap."
        " Switch off its sleep mode before a session."
    )


def behind_text(behind_s: float, waiting_bytes: int, is_full: bool) -> str:
    """Say that the disk does not keep up."""
    kept = f"{waiting_bytes / 1e6:.0f} MB wait in memory"
    end = (
        f"the memory for it is full ({kept}): samples will be lost soon. Stop other programs that write."
        if is_full
        else f"nothing is lost ({kept}). Stop other programs that write to this disk."
    )
    return f"Writing is behind by {behind_s:.0f} s: the disk is slow, {end}"
