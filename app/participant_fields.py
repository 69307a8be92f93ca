"""What a study asks of its participants: the fields that study.yaml names, and their values checked.

participant_fields:
  - {name: age, label: {en: Age, de: Alter}, type: number, unit: years, required: true, leaves: true}
  - {name: handedness, label: Handedness, type: choice, options: [left, right, both]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.study_files import StudyError

FieldType = Literal["text", "number", "choice"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = ("participant_id", "slot", "added", "group", "language", "excluded", "origin")
"""Columns of participants.tsv that have a meaning of their own."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. `label` is by language ("" where one text serves all), `options` only for a choice.

    `leaves` says that it may be part of an export; a field leaves only if the study says so.
    """

    name: str
    label: Mapping[str, str]
    type: FieldType = "text"
    unit: str = ""
    options: tuple[str, ...] = ()
    required: bool = False
    leaves: bool = False

    @classmethod
    def from_yaml(cls, values: Any, place: str) -> FieldSpec:
        """Read an entry of `participant_fields`; raises StudyError beginning with `place`."""
        if not isinstance(values, Mapping) or not isinstance(values.get("name"), str):
            raise StudyError(f"{place}: every field of participant_fields needs a name. Write one.")
        name = str(values["name"])
        place = f"{place}: participant_fields, {name}"
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise StudyError(f"{place}: {unknown[0]} means nothing here. Take it out.")
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise StudyError(
                f"{place}: a field's name is of small letters, digits and _, and none of"
                f" {', '.join(RESERVED)}. Choose another."
            )
        label = values.get("label", name)
        if not isinstance(label, str | Mapping):
            raise StudyError(f"{place}: the label is a text, or one a language. Mend it.")
        kind = values.get("type", "text")
        if kind not in get_args(FieldType):
            raise StudyError(f"{place}: type is {kind!r}. Write text, number or choice.")
        options = values.get("options", ())
        if (
            not isinstance(options, Sequence)
            or isinstance(options, str)
            or (kind == "choice") != bool(options)
        ):
            raise StudyError(f"{place}: a choice has a list of options, and nothing else has one. Mend it.")
        for flag in ("required", "leaves"):
            if not isinstance(values.get(flag, False), bool):
                raise StudyError(f"{place}: {flag} is {values[flag]!r}. Write true or false.")
        labels = (
            {"": label} if isinstance(label, str) else {str(key): str(text) for key, text in label.items()}
        )
        return cls(
            name,
            labels,
            kind,
            str(values.get("unit", "")),
            tuple(str(option) for option in options),
            bool(values.get("required", False)),
            bool(values.get("leaves", False)),
        )

    def to_yaml(self) -> dict[str, Any]:
        """Return what study.yaml says of it."""
        plain: dict[str, Any] = {"name": self.name, "type": self.type}
        plain["label"] = self.label[""] if set(self.label) == {""} else dict(self.label)
        if self.unit:
            plain["unit"] = self.unit
        if self.options:
            plain["options"] = list(self.options)
        return plain | {"required": self.required, "leaves": self.leaves}

    def label_in(self, language: str) -> str:
        """Return the label in a language, or in the first one that there is."""
        return self.label.get(language) or next(iter(self.label.values()), self.name)

    def check(self, value: str) -> str:
        """Return a value as the table keeps it ("" for none); raises StudyError."""
        text = value.strip()
        if not text:
            if self.required:
                raise StudyError(f"{self.name}: is needed. Fill it in.")
            return ""
        if re.search(r"[\t\r\n]", text):
            raise StudyError(f"{self.name}: holds a tab or a line end. Write it in one line.")
        if self.type == "number":
            try:
                number = float(text.replace(",", "."))
            except ValueError as error:
                raise StudyError(f"{self.name}: {text} is not a number. Write one.") from error
            return f"{number:.10g}"
        if self.type == "choice" and text not in self.options:
            raise StudyError(f"{self.name}: {text} is none of {', '.join(self.options)}. Choose one.")
        return text


def fields_from_yaml(values: Any, place: str) -> tuple[FieldSpec, ...]:
    """Read `participant_fields`; raises StudyError beginning with `place`."""
    if not isinstance(values, list):
        raise StudyError(f"{place}: participant_fields is a list of fields. Mend it.")
    fields = tuple(FieldSpec.from_yaml(entry, place) for entry in values)
    names = [field.name for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(f"{place}: participant_fields names {twice[0]} twice. Give it another name.")
    return fields
