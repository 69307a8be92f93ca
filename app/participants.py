"""Who takes part in a study: codes, groups, languages, the study's own fields, exclusions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analysis.amendments import FILE as AMENDMENTS
from analysis.amendments import Amendment
from app.participant_fields import FieldSpec
from app.participant_rows import Participant, Table
from app.study import Study
from app.study_files import StudyError, append_line, exclusively, utc_now, writing

__all__ = ["FieldSpec", "Person", "add", "change", "exclude", "include", "person", "roster"]


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as known now, corrections applied.

    `slot` is the counter-balancing place (None: has none yet), `language` "" the protocol's first. `fields`
    are the study's own by name, "" where unknown; `excluded` is the reason, "" for nobody excluded.
    `amended` says what was corrected.
    """

    code: str
    slot: int | None
    group: str = ""
    language: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    excluded: str = ""
    added: str = ""
    amended: tuple[str, ...] = ()

    def missing(self, specs: tuple[FieldSpec, ...]) -> tuple[str, ...]:
        """Return the fields that the study requires and that are not known."""
        return tuple(spec.name for spec in specs if spec.required and not self.fields.get(spec.name))


def roster(study: Study) -> tuple[Person, ...]:
    """Return everybody in the order of adding, one entry a true code; raises StudyError."""
    table, amendments = Table.read(study.folder), study.amendments()
    found: dict[str, Person] = {}
    own = {row.code for row in table.rows}
    for row in table.rows:
        code = amendments.code_of(row.code)
        if code != row.code and code in own:
            # Entered under a wrong code, and there under the true one too.
            continue
        lines = [
            line
            for line in amendments.lines
            if line.participant in (row.code, code) and line.kind in ("code", "field", "group", "excluded")
        ]
        fields = {spec.name: row.more.get(spec.name, "") for spec in study.participant_fields}
        group = row.more.get("group", "")
        for line in lines:
            if line.kind == "field":
                fields[line.field] = str(line.value)
            elif line.kind == "group":
                group = str(line.value)
        reason = amendments.exclusion(row.code)
        told = tuple(line.text for line in lines if line.kind != "excluded")
        excluded = "" if reason is None else reason or "no reason given"
        language = row.more.get("language", "")
        found[code] = Person(code, row.slot, group, language, fields, excluded, row.added, told)
    return tuple(found.values())


def person(study: Study, code: str) -> Person | None:
    """Return one participant, None if the study has nobody of this code."""
    return next((each for each in roster(study) if each.code == code), None)


def add(
    study: Study,
    code: str,
    *,
    group: str = "",
    language: str = "",
    fields: Mapping[str, str] | None = None,
) -> Person:
    """Enter a newcomer with the first free counter-balancing slot; raises StudyError.

    Required fields may follow later; values are checked by their field.
    """
    if any(each.code == code for each in roster(study)):
        raise StudyError(
            f"participant {code}: is in the study already. Open the entry, or choose another code."
        )
    _checked(study, group, language, fields or {})
    study.slot_for(code)
    return change(study, code, group=group, language=language, fields=fields)


def change(
    study: Study,
    code: str,
    *,
    group: str | None = None,
    language: str | None = None,
    fields: Mapping[str, str] | None = None,
) -> Person:
    """Write what is given of a participant, None for what stays; raises StudyError.

    Meant for what is entered for the first time: what a session was recorded under is corrected by
    `app.amendments.add`, which keeps the history.
    """
    values = _checked(study, group or "", language or "", fields or {})
    values |= {name: text for name, text in (("group", group), ("language", language)) if text is not None}
    with writing(study.folder), exclusively(study.folder):
        table = Table.read(study.folder)
        row = _row(study, table, code)
        table.with_row(replace(row, more={**row.more, **values})).write(study.folder)
    found = person(study, code)
    assert found is not None, "whoever was written is there"
    return found


def exclude(study: Study, code: str, reason: str, by: str = "") -> Person:
    """Exclude a participant from exports and analyses, with the reason; raises StudyError."""
    if not reason.strip():
        raise StudyError(f"participant {code}: an exclusion needs its reason. Write it.")
    return _exclude(study, code, True, reason.strip(), by)


def include(study: Study, code: str, reason: str = "", by: str = "") -> Person:
    """Take an exclusion back; the history keeps both. Raises StudyError."""
    return _exclude(study, code, False, reason.strip(), by)


def _exclude(study: Study, code: str, is_excluded: bool, reason: str, by: str) -> Person:
    with writing(study.folder), exclusively(study.folder):
        table = Table.read(study.folder)
        row = _row(study, table, code)
        line = Amendment(
            "excluded", is_excluded, participant=row.code, reason=reason, author=by, time=utc_now()
        )
        append_line(study.folder / AMENDMENTS, line.to_json())
        # The table is what others read; the correction is what holds.
        told = reason if is_excluded else ""
        table.with_row(replace(row, more={**row.more, "excluded": told})).write(study.folder)
    found = person(study, code)
    assert found is not None, "whoever was written is there"
    return found


def _row(study: Study, table: Table, code: str) -> Participant:
    amendments = study.amendments()
    row = table.find(code) or next((r for r in table.rows if amendments.code_of(r.code) == code), None)
    if row is None:
        raise StudyError(f"participant {code}: is not in the study. Check the code, or add the participant.")
    return row


def _checked(study: Study, group: str, language: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields' values as the table keeps them; raises StudyError."""
    for name, text in (("group", group), ("language", language)):
        if any(sign in text for sign in "\t\r\n"):
            raise StudyError(f"{name}: holds a tab or a line end. Write it in one line.")
    specs = {spec.name: spec for spec in study.participant_fields}
    unknown = sorted(set(fields) - set(specs))
    if unknown:
        raise StudyError(f"{unknown[0]}: is no field of this study. Check participant_fields in study.yaml.")
    return {name: specs[name].check(text) if text.strip() else "" for name, text in fields.items()}
