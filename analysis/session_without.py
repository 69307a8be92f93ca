"""A finished session file written anew without what a participant took back: a recording's one change."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import h5py

from analysis.modalities import modality_of, text_items, without_text
from analysis.session_finished import sync
from analysis.session_format import set_attributes
from analysis.session_reader import Session, open_session
from analysis.session_summary import file_sha256, verify
from analysis.session_tables import read_table, write_table

WITHDRAWN = "withdrawn"
"""Attribute of a file: the kinds of streams that were taken out of it."""
_TABLES = ("events", "keys", "frames", "trials")


def holds(path: Path, modalities: Collection[str]) -> bool:
    """Whether a finished file holds something of these kinds; raises SessionFileError."""
    with open_session(path, amended=False) as session:
        has_streams = any(modality_of(stream.info) in modalities for stream in session)
        typed = "typed_text" in modalities and "typed_text" not in (session.attributes.get(WITHDRAWN) or ())
        return has_streams or typed


def write_without(source: Path, target: Path, modalities: Collection[str]) -> str:
    """Write `source` to `target` without the streams and texts of these kinds; return its SHA-256.

    The rest is taken over unread and compared with its checksums afterwards. `target` is new, on the disk,
    and read-only. Raises SessionFileError where the copy is not sound, OSError.
    """
    target.unlink(missing_ok=True)
    with (
        open_session(source, amended=False) as session,
        h5py.File(target, "x", libver=("v108", "v110")) as file,
    ):
        gone = {name for name, stream in session.streams.items() if modality_of(stream.info) in modalities}
        known = [*(session.attributes.get(WITHDRAWN) or ()), *modalities]
        file.attrs.update(dict(session.file.attrs))
        set_attributes(file, {WITHDRAWN: list(dict.fromkeys(known))})
        without = "typed_text" in modalities
        for name in session.file:
            if name == "streams":
                streams = file.create_group("streams")
                for stream in session.file["streams"]:
                    if stream not in gone:
                        session.file.copy(session.file["streams"][stream], streams, stream)
            elif not (without and name in _TABLES):
                session.file.copy(session.file[name], file, name)
        if without:
            _write_tables(session, file)
        if "end" in file:
            totals = session.end.totals.get("streams", {})
            kept = {name: value for name, value in totals.items() if name not in gone}
            set_attributes(file["end"], {"streams": kept})
    verify(target)
    sync(target)
    target.chmod(0o444)
    return file_sha256(target)


def _write_tables(session: Session, file: h5py.File) -> None:
    """Write events, keys, film frames and trials without what was typed, all else as it was."""
    schedule = session.protocol.get("schedule")
    items = text_items(schedule if isinstance(schedule, Mapping) else None)
    for name in _TABLES:
        if name not in session.file:
            continue
        group = session.file[name]
        columns: dict[str, Any] = read_table(group)
        if name == "trials":
            named = {item for _, item in items}
            columns["ratings"] = [_unanswered(text, named) for text in columns["ratings"]]
        else:
            kinds = columns.get("kind", ["key" if name == "keys" else "frame"] * len(columns["payload"]))
            told = zip(kinds, columns["stage"], map(json.loads, columns["payload"]), strict=True)
            payloads = [without_text(kind, stage, payload, items) for kind, stage, payload in told]
            columns["payload"] = [json.dumps(payload, ensure_ascii=False) for payload in payloads]
            if name == "keys":
                columns["key"] = [str(payload.get("key", "")) for payload in payloads]
                columns.pop("char", None)
        write_table(file, name, columns, [column for column in columns if f"{column}_index" in group])


def _unanswered(text: str, items: Collection[str]) -> str:
    ratings = {item: None if item in items else value for item, value in json.loads(text or "{}").items()}
    return json.dumps(ratings, ensure_ascii=False)
