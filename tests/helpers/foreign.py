"""Recordings of other programs, made in a moment: E4 exports, XDF and EDF files, also broken ones."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

E4_START = 1_644_226_061.0


def e4_files(seconds: int = 20, start: float = E4_START, line: str = "\n") -> dict[str, str]:
    """Return the files of a small E4 export by name; every value tells its row."""

    def regular(first: float, rate: float, rows: Sequence[str], axes: int = 1) -> str:
        head = [", ".join([f"{value:.6f}"] * axes) for value in (first, rate)]
        return line.join([*head, *rows]) + line

    return {
        "ACC.csv": regular(start, 32, [f"{i % 64},{-(i % 7)},{i % 5}" for i in range(32 * seconds)], 3),
        "BVP.csv": regular(start, 64, [f"{i / 8:.2f}" for i in range(64 * seconds)]),
        "EDA.csv": regular(start, 4, [f"{0.1 + i / 1000:.6f}" for i in range(4 * seconds)]),
        "TEMP.csv": regular(start, 4, [f"{28 + i / 100:.2f}" for i in range(4 * seconds)]),
        "HR.csv": regular(start + 10, 1, [f"{60 + i:.2f}" for i in range(seconds - 10)]),
        "IBI.csv": line.join([f"{start:.6f}, IBI", "1.500000,0.812500", "2.312500,0.796875"]) + line,
        "tags.csv": line.join([f"{start + 5:.2f}", f"{start + 12:.2f}"]) + line,
        "info.txt": "about the files" + line,
    }


def e4_zip(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


MARK = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")


def xdf_chunk(tag: int, content: bytes, stream: int | None = None) -> bytes:
    """Return one chunk of an XDF file."""
    body = struct.pack("<H", tag) + (b"" if stream is None else struct.pack("<I", stream)) + content
    return xdf_length(len(body)) + body


def xdf_length(count: int) -> bytes:
    """Return a length as XDF writes it."""
    return struct.pack("<BB", 1, count) if count < 256 else struct.pack("<BI", 4, count)


def xdf_header(
    stream: int, name: str, kind: str, form: str, rate: float, channels: Sequence[str], unit: str = "uV"
) -> bytes:
    """Return a stream's header."""
    described = "".join(f"<channel><label>{c}</label><unit>{unit}</unit></channel>" for c in channels)
    text = (
        f'<?xml version="1.0"?><info><name>{name}</name><type>{kind}</type><channel_count>{len(channels)}'
        f"</channel_count><nominal_srate>{rate}</nominal_srate><channel_format>{form}</channel_format>"
        f"<source_id>s{stream}</source_id><desc><channels>{described}</channels></desc></info>"
    )
    return xdf_chunk(2, text.encode(), stream)


def xdf_numbers(
    stream: int, stamps: Sequence[float | None], rows: Sequence[Sequence[float]], code: str
) -> bytes:
    """Return samples; `code` is struct's letter, a stamp None is left to the rate."""
    pieces = [xdf_length(len(rows))]
    for stamp, row in zip(stamps, rows, strict=True):
        pieces.append(b"\0" if stamp is None else b"\x08" + struct.pack("<d", stamp))
        pieces.append(struct.pack(f"<{len(row)}{code}", *row))
    return xdf_chunk(3, b"".join(pieces), stream)


def xdf_texts(stream: int, stamps: Sequence[float], rows: Sequence[Sequence[str]]) -> bytes:
    """Return samples of strings."""
    pieces = [xdf_length(len(rows))]
    for stamp, row in zip(stamps, rows, strict=True):
        pieces.append(b"\x08" + struct.pack("<d", stamp))
        for text in row:
            pieces += [xdf_length(len(text.encode())), text.encode()]
    return xdf_chunk(3, b"".join(pieces), stream)


def xdf_offset(stream: int, sender_s: float, offset_s: float) -> bytes:
    """Return a clock offset."""
    return xdf_chunk(4, struct.pack("<dd", sender_s, offset_s), stream)


def xdf_footer(stream: int, count: int) -> bytes:
    """Return a stream's footer."""
    return xdf_chunk(6, f"<info><sample_count>{count}</sample_count></info>".encode(), stream)


def xdf_file(*chunks: bytes, header: str = "<datetime>2024-03-01T10:00:00+0100</datetime>") -> bytes:
    """Return an XDF file of chunks."""
    return b"XDF:" + xdf_chunk(1, f"<info><version>1.0</version>{header}</info>".encode()) + b"".join(chunks)


def edf_header(
    signals: Sequence[Mapping[str, Any]],
    records: int,
    record_s: float,
    reserved: str = "",
    is_bdf: bool = False,
    start: str = "01.03.2410.00.00",
) -> bytes:
    """Return an EDF or BDF header; a signal has label, count and any other field of the format."""

    def column(key: str, width: int, default: Any) -> bytes:
        return b"".join(str(s.get(key, default)).encode().ljust(width) for s in signals)

    top = 8388607 if is_bdf else 32767
    head = (b"\xffBIOSEMI" if is_bdf else b"0".ljust(8)) + b"X M 01-JAN-1990 Muster_Anna".ljust(80)
    head += b"Startdate 01-MAR-2024 X X X".ljust(80) + start.encode()
    head += str(256 * (len(signals) + 1)).encode().ljust(8) + reserved.encode().ljust(44)
    head += str(records).encode().ljust(8) + f"{record_s:g}".encode().ljust(8)
    head += str(len(signals)).encode().ljust(4)
    head += column("label", 16, "") + column("transducer", 80, "") + column("unit", 8, "uV")
    head += column("low", 8, -100) + column("high", 8, 100) + column("digital_low", 8, -top - 1)
    head += column("digital_high", 8, top) + column("prefilter", 80, "") + column("count", 8, 1)
    return head + column("reserved", 32, "")


def edf_annotations(onset_s: float, texts: Sequence[tuple[float, str]], size: int) -> bytes:
    """Return a record's annotations in `size` bytes, its own time first."""
    content = f"{onset_s:+g}\x14\x14\0".encode()
    for time_s, text in texts:
        content += f"{time_s:+g}\x14{text}\x14\0".encode()
    assert len(content) <= size
    return content.ljust(size, b"\0")
