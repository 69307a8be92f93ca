"""The file of a protocol: where it lies, what it held, how it is saved. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import settings, versions
from app.console import editor_text
from app.study import Study
from app.versions import VersionError
from protocols import library
from stimuli.problems import EvokeError


class ProtocolFileError(EvokeError):
    """A protocol's file that cannot be read or written."""


@dataclass(frozen=True, slots=True)
class ProtocolFile:
    """A file as it was read: `text` of `path`, in `study` if it lies in one."""

    path: Path
    text: str
    study: Study | None = None

    @property
    def is_bundled(self) -> bool:
        """Whether the file belongs to the library, which nobody changes."""
        return self.path in library().values()

    @property
    def folder(self) -> Path:
        """Where the protocol's own sets and lists are looked for."""
        return self.path.parent

    def was_changed_elsewhere(self) -> bool:
        """Whether the file holds something else now than when it was read or saved here."""
        try:
            return self.path.read_text(encoding="utf-8-sig") != self.text
        except (OSError, UnicodeDecodeError):
            return False

    def saved(self, text: str) -> ProtocolFile:
        """Write the text in one step and return the file as it is then; raises ProtocolFileError."""
        if self.is_bundled:
            raise ProtocolFileError(
                f"{self.path.name}: belongs to the library. Put a copy into a study and change the copy."
            )
        try:
            settings.write_atomically(self.path, text)
        except OSError as error:
            message = f"{self.path.name}: cannot be written ({error.strerror}). Choose another folder."
            raise ProtocolFileError(message) from error
        return ProtocolFile(self.path, text, self.study)


def open_file(path: Path, study: Study | None = None) -> ProtocolFile:
    """Read a protocol's file; raises ProtocolFileError."""
    try:
        return ProtocolFile(path, path.read_text(encoding="utf-8-sig"), study)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ProtocolFileError(f"{path.name}: cannot be read ({reason}). Choose another file.") from error


def open_of_study(study: Study) -> ProtocolFile | None:
    """Read the study's usual protocol: its own file, or that of the library; None if it has none."""
    if not study.protocol:
        return None
    inside = study.folder / study.protocol
    bundled = library().get(study.protocol)
    if not inside.is_file() and bundled is None:
        return None
    return open_file(inside if inside.is_file() else library()[study.protocol], study)


def copy_from_library(name: str, folder: Path, study: Study | None = None) -> ProtocolFile:
    """Put a copy of a bundled protocol into a folder, beside what is there; raises ProtocolFileError."""
    text = open_file(library()[name]).text
    path = folder / f"{name}.yaml"
    number = 2
    while path.exists():
        path = folder / f"{name}-{number}.yaml"
        number += 1
    return ProtocolFile(path, "", study).saved(text)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What has to be said before a locked protocol is saved: what differs, and the number that comes next."""

    name: str
    before: int
    number: int
    changes: tuple[str, ...]


def needed_version(file: ProtocolFile, text: str, values: Any) -> NewVersion | None:
    """Return the new version that saving would need, None where none does; raises StudyError."""
    study = file.study
    given = values if isinstance(values, dict) else {}
    name, version = given.get("name"), given.get("version")
    if study is None or not isinstance(name, str) or not isinstance(version, int):
        return None
    try:
        versions.check(study, name, version, text)
    except VersionError:
        locked = versions.locked(study, name)
        number = max(version, locked[-1].version + 1)
        return NewVersion(name, locked[-1].version, number, versions.changes(locked[-1].text, text))
    return None


def announced(file: ProtocolFile, text: str, wanted: NewVersion, reason: str) -> str:
    """Note the new version in the study and return the text with its number; raises StudyError."""
    assert file.study is not None
    raised = editor_text.put(text, ("version",), wanted.number)
    versions.announce(file.study, wanted.name, wanted.number, raised, reason)
    return raised
