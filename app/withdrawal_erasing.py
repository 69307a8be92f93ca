"""Erasing: files that go, tables that lose lines, recordings that lose streams; all may be done again."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from app.settings import write_atomically
from app.study import SESSIONS, Study
from app.study_files import exclusively, lines_of
from app.withdrawal_derivatives import erase_derived
from app.withdrawal_marks import Marks, traces, without_entries, without_lines

Say = Callable[[str], None]
NEW = ".h5.partial"


def erase(folder: Path, marks: Marks, say: Say) -> tuple[list[str], list[str]]:
    """Erase a participant from a study's folder or its copy; return the files that went and that changed."""
    found = traces(folder, marks)
    # Recordings first: what lists them goes only when they are gone. What lies beside a database is known
    # by it alone.
    for name in sorted(found.whole, key=lambda name: (not name.endswith(".h5"), ".sqlite-" not in name)):
        _unlink(folder / name)
        if name.endswith(".h5"):
            _forget_overview(folder / name)
        say(f"{name}: erased.")
    _remove_empty(folder, found.whole, marks)
    more, changed = erase_derived(folder, marks)
    gone = [*found.whole, *more]
    for name in changed:
        say(f"{name}: what was of this participant erased.")
    with exclusively(folder):
        for name in (each for each in found.partly if each not in more):
            path = folder / name
            content = path.read_bytes()
            if path.suffix == ".json":
                kept = _json_without(content, marks)
            elif name == "exports.jsonl":
                kept = _exports_without(content, marks)
            else:
                kept, _ = without_lines(content, marks)
            if kept is None or (name == "participants.tsv" and kept.count(b"\n") < 2) or not kept.strip():
                _unlink(path)
                gone.append(name)
            elif kept != content:
                write_atomically(path, kept.decode("utf-8", "surrogateescape"))
                changed.append(name)
            say(f"{name}: {'erased' if kept is None or not path.exists() else 'lines erased'}.")
    return gone, changed


def _json_without(content: bytes, marks: Marks) -> bytes | None:
    try:
        value = json.loads(content)
    except ValueError:
        return None
    kept = without_entries(value, marks)
    text = json.dumps(kept, ensure_ascii=False, indent=1).encode()
    return None if kept is None or (marks.are_in(text)) else text + b"\n"


def _exports_without(content: bytes, marks: Marks) -> bytes:
    lines = []
    for line in content.splitlines():
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            values = json.loads(line)
            values["participants"] = [c for c in values.get("participants", ()) if not marks.are_in(c)]
            if not marks.are_in(json.dumps(values)):
                lines.append(json.dumps(values, ensure_ascii=False).encode())
    return b"".join(line + b"\n" for line in lines)


def _unlink(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not path.is_symlink():
            # Some systems refuse to remove what may only be read.
            path.chmod(0o600)
        path.unlink()


def _forget_overview(path: Path) -> None:
    from analysis.overview import erase_overview

    erase_overview(path)


def _remove_empty(folder: Path, names: Iterable[str], marks: Marks) -> None:
    """Remove folders that the erased files have left empty, and the participant's own."""
    parents = {parent for name in names for parent in (folder / name).parents if folder in parent.parents}
    parents |= {path for path in folder.rglob("*") if path.is_dir() and marks.are_in(path.name)}
    for path in sorted(parents, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            path.rmdir()


def erase_folder(folder: Path) -> None:
    """Remove a folder with everything in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def remove_streams(
    study: Study, names: Iterable[str], modalities: Collection[str], say: Say
) -> dict[str, str]:
    """Write recordings anew without streams of some kinds; return their new checksums.

    The study's list gets the checksums. Raises StudyError by way of OSError, and SessionFileError.
    """
    from analysis.session_file import file_sha256
    from analysis.session_without import holds, write_without

    sums: dict[str, str] = {}
    for name in names:
        path = study.folder / name
        partial = path.with_name(path.name.removesuffix(".h5") + NEW)
        # What was made of the old file goes first; from the new one it is made again when somebody looks.
        _forget_overview(path)
        if holds(path, modalities):
            sums[name] = write_without(path, partial, modalities)
            with contextlib.suppress(OSError):
                path.chmod(0o600)
            partial.replace(path)
        else:
            # Killed between the file and the list.
            sums[name] = file_sha256(path)
        say(f"{name}: written anew without {', '.join(modalities)}.")
        _take_labels_along(study, name, sums[name], say)
        _list_again(study, {name: sums[name]})
    return sums


def _take_labels_along(study: Study, name: str, sha256: str, say: Say) -> None:
    """Tell the labels of a recording its new checksum, before the list forgets the old one."""
    from analysis.labels.rebinding import rebind_all

    for session in study.sessions():
        if session.file == name and session.sha256 != sha256:
            folder = study.folder / "annotations"
            for problem in rebind_all(folder, Path(name).stem, session.sha256, sha256):
                say(problem)


def _list_again(study: Study, sums: dict[str, str]) -> None:
    path = study.folder / SESSIONS
    with exclusively(study.folder):
        lines = [
            line | ({"sha256": sums[line["file"]]} if line.get("file") in sums else {})
            for line in lines_of(path)
        ]
        write_atomically(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
