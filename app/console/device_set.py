"""A study's devices file as something that can be changed without losing what somebody wrote in it.

Entries that stay as they are keep their very text, comments included; the comments of an entry that
is changed are put above it. No Qt.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from app.devices.entries import DeviceEntry
from app.devices.load import parse_devices
from app.settings import write_atomically
from app.study import Study
from stimuli.problems import EvokeError
from stimuli.yamlfile import read_text

HEAD = "# Devices of a study. Written by the device page; comments of yours are kept.\n"
COMMENT = re.compile(r"(?:^|\s)(#.*)$")
SET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


class SetError(EvokeError):
    """A devices file cannot be changed or written; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """One device: its values as in the file, and the text they stand in ("" if it must be written anew)."""

    values: Mapping[str, Any]
    text: str = ""
    comments: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.values.get("id") or "")


@dataclass(frozen=True, slots=True)
class DeviceSet:
    """The devices of one file.

    `before` is what the file holds on disk, `gone` are comments of removed entries.
    """

    path: Path | None = None
    items: tuple[Item, ...] = ()
    head: str = HEAD
    before: str = ""
    gone: tuple[str, ...] = field(default=())

    def with_item(self, place: int, values: Mapping[str, Any]) -> DeviceSet:
        """Return the set with other values for one device; unchanged values change nothing."""
        old = self.items[place]
        if dict(old.values) == dict(values):
            return self
        comments = old.comments or tuple(comments_of(old.text))
        items = (*self.items[:place], Item(dict(values), "", comments), *self.items[place + 1 :])
        return replace(self, items=items)

    def with_new(self, values: Mapping[str, Any]) -> DeviceSet:
        """Return the set with one more device at its end."""
        return replace(self, items=(*self.items, Item(dict(values))))

    def without(self, place: int) -> DeviceSet:
        """Return the set without a device."""
        old = self.items[place]
        lost = old.comments or tuple(comments_of(old.text))
        return replace(self, items=(*self.items[:place], *self.items[place + 1 :]), gone=(*self.gone, *lost))

    @property
    def text(self) -> str:
        """The file as it would be written."""
        blocks = [item.text or written(item) for item in self.items]
        return self.head + "".join(block if block.endswith("\n") else block + "\n" for block in blocks)

    @property
    def is_changed(self) -> bool:
        """Whether the file on disk says something else."""
        return self.text != self.before and (bool(self.items) or bool(self.before))

    def entries(self, folder: Path) -> tuple[DeviceEntry, ...]:
        """Return the checked devices; raises ProblemsError with every problem."""
        return parse_devices(read_text(self.text, "these devices"), folder)

    def free_id(self, wanted: str) -> str:
        """Return `wanted`, with a number behind it where that name is taken."""
        taken = {item.id for item in self.items}
        number, candidate = 1, wanted
        while candidate in taken:
            number += 1
            candidate = f"{wanted}-{number}"
        return candidate


def read_set(path: Path) -> DeviceSet:
    """Read a devices file; raises SetError, or ProblemsError for what is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetError(f"{path}: cannot be read ({error}). Choose another devices file.") from error
    parse_devices(read_text(text, str(path)), path.parent)
    values = yaml.safe_load(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.SequenceNode) or root.flow_style:
        # One line in brackets has no text of its own for each device.
        comments = tuple(comments_of(text))
        return DeviceSet(path, tuple(Item(entry) for entry in values), _commented(comments), text)
    lines = text.splitlines(keepends=True)
    starts = [_block_start(lines, node.start_mark.line, place) for place, node in enumerate(root.value)]
    blocks = ["".join(lines[first:last]) for first, last in zip(starts, [*starts[1:], None], strict=True)]
    items = tuple(Item(entry, block) for entry, block in zip(values, blocks, strict=True))
    return DeviceSet(path, items, "".join(lines[: starts[0]]), text)


def save_set(study: Study, devices: DeviceSet, name: str) -> tuple[Study, str]:
    """Write the set into the study as NAME.yaml and make it the study's; raises SetError.

    Returns the study as it is now and what has to be said about comments, "" for nothing.
    """
    stem = name.strip().removesuffix(".yaml").removesuffix(".yml")
    if not SET_NAME.fullmatch(stem):
        raise SetError(f"{name!r} is no name for a set: use letters, digits, dots and hyphens.")
    target = study.folder / f"{stem}.yaml"
    if devices.path is not None and devices.path.resolve() == target.with_suffix(".yml").resolve():
        target = devices.path
    is_own = devices.path is not None and target.exists() and target.samefile(devices.path)
    if target.exists() and not is_own:
        raise SetError(f"{target.name} exists already in this study. Choose another name.")
    if is_own and target.read_text(encoding="utf-8") != devices.before:
        raise SetError(f"{target.name} was changed by somebody meanwhile. Open the page again.")
    devices.entries(study.folder)
    told = ""
    try:
        if devices.gone and is_own:
            kept = target.with_name(f"{stem}-until-{time.strftime('%Y%m%d-%H%M%S')}.txt")
            kept.write_text(devices.before, encoding="utf-8")
            told = f"A removed device had comments; the former file is kept as {kept.name}."
        write_atomically(target, devices.text)
        make_usual(study, target.name)
    except OSError as error:
        raise SetError(
            f"{study.folder}: cannot be written ({error.strerror}). Mend its permissions or free some space."
        ) from error
    return Study.open(study.folder), told


def make_usual(study: Study, devices: str) -> None:
    """Write `devices: NAME` into study.yaml and leave all its other lines alone; raises OSError, SetError."""
    path = study.folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    line = "devices: " + yaml.safe_dump(devices, allow_unicode=True).partition("\n")[0]
    found = re.search(r"^devices:[ \t]*(?:'[^'\n]*'|\"[^\"\n]*\"|[^#\n]*?)([ \t]*#[^\n]*)?$", text, re.M)
    if found:
        changed = text[: found.start()] + line + (found.group(1) or "") + text[found.end() :]
    else:
        changed = text + ("" if text.endswith("\n") else "\n") + line + "\n"
    values, before = yaml.safe_load(changed), yaml.safe_load(text)
    if values != before | {"devices": devices}:
        raise SetError(f"{path}: the line devices: cannot be changed here. Write {line} into it yourself.")
    if changed != text:
        write_atomically(path, changed)


def comments_of(text: str) -> Iterator[str]:
    """Return the comments of a YAML text, without what stands in quotes."""
    for line in text.splitlines():
        plain = re.sub(r"'[^']*'|\"[^\"]*\"", lambda quoted: "x" * len(quoted.group()), line)
        found = COMMENT.search(plain)
        if found:
            yield line[found.start(1) :].strip()


def written(item: Item) -> str:
    """Return an entry as YAML, below its comments."""
    values = {key: value for key, value in item.values.items() if value not in (None, {}, [], ())}
    text = yaml.safe_dump([values], sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    return _commented(item.comments) + text


def _commented(comments: Sequence[str]) -> str:
    return "".join(f"{comment}\n" for comment in comments)


def _block_start(lines: Sequence[str], line: int, place: int) -> int:
    """Return the first line of an item: its dash, and for all but the first the comments above it."""
    while line > 0 and not lines[line].lstrip().startswith("-"):
        line -= 1
    while place and line > 0 and lines[line - 1].strip().startswith("#"):
        line -= 1
    return line
