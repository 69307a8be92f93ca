"""Versions of a study's protocols: the first recorded participant locks the content of a version.

`versions.jsonl` (append-only) holds a line for each version that was locked, with its text, and one for each
that was announced, with reason and differences. Rehearsals lock nothing, nor do simulations.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from app.plan import LIVE_SUFFIX
from app.settings import write_atomically
from app.study import WITHDRAWALS, Study, task_label
from app.study_files import StudyError, append_line, exclusively, lines_of, utc_now, writing

FILE = "versions.jsonl"
MOST_CHANGES = 12
"""Differences that are listed one by one."""


class VersionError(StudyError):
    """A protocol was changed under a version that somebody was recorded with."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a protocol in a study; `text` is its YAML, "" while nobody was recorded with it.

    `locked` and `announced` are UTC times, "" for not yet; `changes` are the differences to the version
    before, in words, and `reason` why.
    """

    protocol: str
    version: int
    sha256: str = ""
    text: str = ""
    locked: str = ""
    announced: str = ""
    reason: str = ""
    changes: tuple[str, ...] = ()
    by: str = ""


def content_sha256(text: str) -> str:
    """Return the hash of what a protocol says: comments and spaces do not count, the order of keys does."""
    plain = json.dumps(yaml.safe_load(text), ensure_ascii=False, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


def versions(study: Study, protocol: str) -> tuple[Version, ...]:
    """Return the known versions of a protocol, lowest first; raises StudyError."""
    found: dict[int, Version] = {}
    for line in lines_of(study.folder / FILE):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            if line["protocol"] == protocol:
                number = int(line["version"])
                known = found.get(number, Version(protocol, number))
                values = {k: v for k, v in line.items() if k in Version.__dataclass_fields__ and v}
                found[number] = replace(
                    known, **values | {"changes": tuple(line.get("changes") or known.changes)}
                )
    return tuple(found[number] for number in sorted(found))


def locked(study: Study, protocol: str) -> tuple[Version, ...]:
    """Return the versions that somebody was recorded with, lowest first; raises StudyError."""
    return tuple(each for each in versions(study, protocol) if each.locked and _is_in_use(study, each))


def check(study: Study, protocol: str, version: int, text: str) -> None:
    """Raise VersionError unless this content may be recorded under this version."""
    known = versions(study, protocol)
    locked = [each for each in known if each.locked and _is_in_use(study, each)]
    if study.kind != "people" or not locked:
        return
    same = next((each for each in locked if each.version == version), None)
    highest = locked[-1]
    if same is not None and same.sha256 != content_sha256(text):
        raise VersionError(
            f"{protocol}, version {version}: somebody was recorded with another content of this version:\n"
            + _listed(changes(same.text, text))
            + "\n"
            + _remedy(study, protocol, highest.version + 1)
        )
    if same is None and not any(each.version == version and each.reason for each in known):
        if version < highest.version:
            raise VersionError(
                f"{protocol}, version {version}: participants were recorded with version {highest.version}"
                f" already. Give it the number {highest.version + 1} or higher."
            )
        raise VersionError(
            f"{protocol}, version {version}: differs from version {highest.version}, and nobody said why:\n"
            + _listed(changes(highest.text, text))
            + "\nGive the reason: evoke protocol STUDY --new-version --reason TEXT."
        )


def _remedy(study: Study, protocol: str, number: int) -> str:
    try:
        protocol_file(study, protocol)
    except VersionError:
        return (
            "It is bundled with Evoke and came changed with an update. To go on with what was recorded:"
            f" evoke protocol STUDY --protocol {protocol} --restore, then choose that file."
        )
    return (
        f"Take the change back, or make it version {number}:"
        " evoke protocol STUDY --new-version --reason TEXT."
    )


def restore(study: Study, protocol: str) -> str:
    """Write the newest recorded text of a protocol into the study; return the new file's name.

    Raises VersionError where nobody was recorded with it, or such a file is there.
    """
    locked = [each for each in versions(study, protocol) if each.locked]
    if not locked:
        raise VersionError(f"{protocol}: nobody was recorded with it yet. There is nothing to restore.")
    name = f"{protocol}-v{locked[-1].version}.yaml"
    with writing(study.folder):
        if (study.folder / name).exists():
            raise VersionError(f"{study.folder / name}: is there already and is not overwritten. Use it.")
        write_atomically(study.folder / name, locked[-1].text)
    return name


def lock(study: Study, protocol: str, version: int, text: str) -> None:
    """Keep the content of a version that a person is recorded with now; raises StudyError."""
    if study.kind != "people":
        return
    with writing(study.folder), exclusively(study.folder):
        known = [each for each in versions(study, protocol) if each.version == version and each.locked]
        if not any(each.text == text or _is_in_use(study, each) for each in known):
            line = Version(protocol, version, content_sha256(text), text, locked=utc_now())
            append_line(study.folder / FILE, _plain(line))


def _is_in_use(study: Study, version: Version) -> bool:
    """Whether somebody was or is being recorded with a version: a start that failed locks nothing."""
    if (study.folder / WITHDRAWALS).exists():
        # Nobody can say what was there.
        return True
    name, number = version.protocol, version.version
    listed = any(
        (session.protocol, session.protocol_version, session.rehearsal) == (name, number, False)
        for session in study.sessions()
    )
    task = f"_task-{task_label(name)}_"
    return listed or any(task in live.name for live in study.folder.glob(f"sub-*/ses-*/*{LIVE_SUFFIX}"))


def announce(study: Study, protocol: str, version: int, text: str, reason: str, by: str = "") -> Version:
    """Note why a protocol has a new version and what differs; return it as it is kept.

    `text` is the changed protocol, which says `version: version` itself. Raises VersionError where the
    reason is missing, nothing differs, or the number is not above the last.
    """
    locked = [each for each in versions(study, protocol) if each.locked and _is_in_use(study, each)]
    if not reason.strip():
        raise VersionError(f"{protocol}: a new version needs its reason. Write it.")
    if not locked:
        raise VersionError(
            f"{protocol}: nobody was recorded with it yet. It may be changed as it is, without a new version."
        )
    before = locked[-1]
    differences = changes(before.text, text)
    if version <= before.version:
        raise VersionError(f"{protocol}: version {version} is not above {before.version}. Raise the number.")
    if not differences:
        raise VersionError(f"{protocol}: nothing differs from version {before.version}. Change it first.")
    line = Version(
        protocol, version, announced=utc_now(), reason=reason.strip(), changes=differences, by=by or _user()
    )
    with writing(study.folder), exclusively(study.folder):
        append_line(study.folder / FILE, _plain(line))
    return line


def raise_version(study: Study, file: str, reason: str, by: str = "") -> Version:
    """Make the changed protocol in the study's `file` a new version: its number is raised in the file.

    Only the number's line is written, comments stay. Raises VersionError, and ProtocolError for a protocol
    that is not sound.
    """
    from protocols.load import load_protocol

    path = study.folder / file
    if not path.is_file():
        raise VersionError(
            f"{file}: is not in the study's folder. A bundled protocol is changed in a copy of it there."
        )
    protocol = load_protocol(path)
    locked = [each.version for each in versions(study, protocol.name) if each.locked]
    number = max(protocol.version, max(locked, default=0) + 1)
    text = path.read_text(encoding="utf-8")
    raised = re.sub(r"^version:.*$", f"version: {number}", text, count=1, flags=re.M)
    known = announce(study, protocol.name, number, raised, reason, by)
    with writing(study.folder):
        write_atomically(path, raised)
    return known


def changes(before: str, after: str) -> tuple[str, ...]:
    """Return what differs between two protocols in words, the version's number left out."""
    return tuple(_differences(_without_number(before), _without_number(after), ""))


def _without_number(text: str) -> Any:
    values = yaml.safe_load(text)
    return {k: v for k, v in values.items() if k != "version"} if isinstance(values, Mapping) else values


def _differences(before: Any, after: Any, place: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            name = f"{place}.{key}" if place else str(key)
            if key not in after:
                yield f"{name}: taken out"
            elif key not in before:
                yield f"{name}: new, {_short(after[key])}"
            else:
                yield from _differences(before[key], after[key], name)
        if before == after and list(before) != list(after):
            yield f"{place or 'the file'}: another order"
    elif isinstance(before, list) and isinstance(after, list):
        for number, (old, new) in enumerate(zip(before, after, strict=False), start=1):
            yield from _differences(old, new, f"{place}[{number}]")
        for number in range(len(after) + 1, len(before) + 1):
            yield f"{place}[{number}]: taken out, {_short(before[number - 1])}"
        for number in range(len(before) + 1, len(after) + 1):
            yield f"{place}[{number}]: new, {_short(after[number - 1])}"
    elif before != after or type(before) is not type(after):
        yield f"{place}: {_short(before)} became {_short(after)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(differences: tuple[str, ...]) -> str:
    shown = [f"  {text}" for text in differences[:MOST_CHANGES]]
    if len(differences) > MOST_CHANGES:
        shown.append(f"  and {len(differences) - MOST_CHANGES} more")
    return "\n".join(shown or ["  the order of its entries"])


def _plain(version: Version) -> dict[str, Any]:
    values = {name: getattr(version, name) for name in Version.__dataclass_fields__}
    return {name: list(v) if name == "changes" else v for name, v in values.items() if v}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def protocol_file(study: Study, named: str = "") -> str:
    """Return the file in the study that a protocol's name or file means, "" for the study's own.

    Raises VersionError where the study has no such file.
    """
    wanted = named or study.protocol
    if wanted and (study.folder / wanted).is_file():
        return Path(wanted).as_posix()
    for path in sorted([*study.folder.glob("*.yaml"), *study.folder.glob("protocols/*.yaml")]):
        with contextlib.suppress(OSError, yaml.YAMLError, UnicodeDecodeError):
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
            if wanted and isinstance(values, Mapping) and values.get("name") == wanted:
                return study.relative(path)
    raise VersionError(
        f"{wanted or study.folder}: no file in the study holds this protocol. A bundled one is changed in a"
        " copy of it in the study's folder."
    )
