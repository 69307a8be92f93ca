"""Speech of other people: a folder of wav files, whose names or whose table say who speaks in which emotion.

    utterances.csv     file,speaker,emotion[,text,sex,age,take]     one line an utterance

All names are looked at before anything is read: a file that fits no rule, or that the table does not know,
keeps the whole folder out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from analysis.exchange.import_session import Imported, ImportFileError
from analysis.exchange.import_set import Member
from analysis.exchange.speech_names import ALLOWED, NEEDED, PRESETS, SEXES, NameRule, name_rule
from analysis.exchange.utterances import Utterance, any_sound, one_recording

TABLE = "utterances.csv"
COLUMNS = ("file", *ALLOWED, "age")
EXAMPLES = 3
LONGEST_CODE = 32


@dataclass(frozen=True, slots=True)
class _Said:
    """An utterance, who says it, and what is known of the speaker."""

    utterance: Utterance
    speaker: str
    of_speaker: Mapping[str, str] = field(default_factory=dict)


def members(source: Path, rule: str = "") -> tuple[Member, ...]:
    """Return the speakers of a folder, in order: by the names of its files, without `rule` by its table.

    `rule` is the name of a published scheme or a regular expression with the groups speaker and emotion.
    Raises ImportFileError, OSError.
    """
    if not source.is_dir():
        raise ImportFileError(f"{source}: is no folder. Choose the one that the wav files lie in.")
    files = wav_files(source)
    table = source / TABLE
    tables: tuple[Path, ...] = ()
    if rule:
        known = name_rule(rule)
        said, program = _by_name(source, files, known), known.program
    elif table.is_file():
        said, program, tables = _by_table(table, files), "speech", (table,)
    else:
        raise ImportFileError(
            f"{source}: nothing says who speaks in which emotion. Say how the files are named (--name-rule "
            f"{', '.join(PRESETS)}, or a regular expression), or put a table {TABLE} there with the columns "
            "file, speaker, emotion."
        )
    by_code: dict[str, list[_Said]] = {}
    for code, each in zip(_codes(source, said), said, strict=True):
        by_code.setdefault(code, []).append(each)
    return tuple(
        Member(
            code,
            1,
            source,
            partial(_read, program, tuple(each.utterance for each in own), tables),
            _of_speaker(source, own),
        )
        for code, own in sorted(by_code.items())
    )


def _read(program: str, utterances: tuple[Utterance, ...], tables: tuple[Path, ...]) -> Imported:
    return one_recording(program, utterances, any_sound, tables)


def wav_files(source: Path) -> tuple[Path, ...]:
    """Return the wav files below a folder, those in hidden places left out; raises ImportFileError."""
    found = sorted(
        path
        for path in source.rglob("*")
        if path.suffix.lower() == ".wav"
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    )
    if not found:
        raise ImportFileError(f"{source}: holds no wav file. Choose the folder that they lie in.")
    return tuple(found)


def _by_name(source: Path, files: Sequence[Path], rule: NameRule) -> list[_Said]:
    made, misfits = [], []
    first: dict[str, Path] = {}
    for path in files:
        place = path.relative_to(source).with_suffix("").as_posix()
        text = place if rule.is_of_paths else path.stem
        known = rule.pattern.fullmatch(text)
        said = None if known is None else _of_groups(path, known.groupdict(), rule)
        if said is None:
            misfits.append(path)
            continue
        if text in first:
            raise ImportFileError(
                f"{source}: {first[text].relative_to(source)} and {path.relative_to(source)} have one name. "
                "Take one of them out, or choose the folder that holds only one."
            )
        first[text] = path
        made.append(said)
    if misfits:
        raise ImportFileError(
            f"{source}: {_counted(misfits, source)} of {len(files)} wav files do not fit the rule, which is "
            f"of names like {rule.example}. Take them out, or choose another rule."
        )
    return made


def _of_groups(path: Path, groups: Mapping[str, str | None], rule: NameRule) -> _Said | None:
    """Return what a name says; None where it lacks something, or says what means nothing."""
    found = {name: (value or "").strip() for name, value in groups.items()}
    speaker = rule.speakers.get(found["speaker"], found["speaker"])
    emotion = rule.emotions.get(found["emotion"], found["emotion"].lower())
    sex = rule.sexes.get(speaker, found.get("sex", ""))
    if not speaker or not emotion or (sex and sex.lower() not in SEXES):
        return None
    about = {name: value for name, value in found.items() if value and name in ("take", "intensity")}
    known = {"sex": SEXES[sex.lower()] if sex else "", "age": rule.ages.get(speaker, "")}
    return _Said(Utterance(path, found.get("text", ""), emotion, about), speaker, known)


def _by_table(table: Path, files: Sequence[Path]) -> list[_Said]:
    source, known = table.parent, {path.resolve(): path for path in files}
    made: list[_Said] = []
    seen: dict[Path, int] = {}
    for line, row in _rows(table):
        lacking = [name for name in ("file", *NEEDED) if not row[name]]
        if lacking:
            raise ImportFileError(f"{table}: line {line} has no {lacking[0]}. Fill it in.")
        path = known.get((source / row["file"].replace("\\", "/")).resolve())
        if path is None:
            raise ImportFileError(
                f"{table}: line {line} names {row['file']}, which is no wav file of this folder. Mend the "
                "name."
            )
        if path in seen:
            raise ImportFileError(
                f"{table}: lines {seen[path]} and {line} name the same file, {row['file']}. Take one out."
            )
        seen[path] = line
        sex, age = row.get("sex", ""), row.get("age", "").replace(",", ".")
        if sex and sex.lower() not in SEXES:
            raise ImportFileError(f"{table}: line {line}: sex is {sex}. Write female, male, or nothing.")
        if age and not re.fullmatch(r"\d{1,3}(\.\d+)?", age):
            raise ImportFileError(f"{table}: line {line}: age is {age}. Write years, or nothing.")
        about = {"take": row["take"]} if row.get("take") else {}
        utterance = Utterance(path, row.get("text", ""), row["emotion"].lower(), about)
        made.append(_Said(utterance, row["speaker"], {"sex": SEXES[sex.lower()] if sex else "", "age": age}))
    unnamed = [path for path in files if path not in seen]
    if unnamed:
        raise ImportFileError(
            f"{table}: does not name {_counted(unnamed, source)} of {len(files)} wav files. Add lines for "
            "them, or take them out."
        )
    return sorted(made, key=lambda each: each.utterance.path)


def _rows(table: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the lines of a table, by number, as texts by column; comma, semicolon or tab part the columns."""
    try:
        text = table.read_text(encoding="utf-8-sig")
        head = text.split("\n", 1)[0]
        sign = max(",;\t", key=head.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportFileError(f"{table}: is no table in UTF-8 ({error}). Save it as CSV, UTF-8.") from error
    names = [name.strip().lower() for name in lines[0]] if lines else []
    missing = [name for name in ("file", *NEEDED) if name not in names]
    wrong = [name for name in names if name not in COLUMNS]
    if missing or wrong or len(set(names)) < len(names):
        what = f"there is no column {missing[0]}" if missing else f"the columns are {', '.join(names)}"
        raise ImportFileError(
            f"{table}: {what}. Its first line names the columns: file, speaker, emotion, and if you like "
            "text, sex, age, take."
        )
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            raise ImportFileError(
                f"{table}: line {number} has {len(cells)} cells, and {len(names)} columns are named. Mend it."
            )
        yield number, dict(zip(names, map(str.strip, cells), strict=True))


def _counted(files: Sequence[Path], source: Path) -> str:
    """Return how many files there are, with the first of them."""
    named = ", ".join(path.relative_to(source).as_posix() for path in files[:EXAMPLES])
    return f"{len(files)} ({named}{', …' if len(files) > EXAMPLES else ''})"


def _codes(source: Path, said: Sequence[_Said]) -> list[str]:
    """Return participants' codes of speakers: their letters and digits; raises ImportFileError."""
    speakers = dict.fromkeys(each.speaker for each in said)
    codes = {name: re.sub(r"[^A-Za-z0-9]", "", name) for name in speakers}
    owner: dict[str, str] = {}
    for name, code in codes.items():
        if not 0 < len(code) <= LONGEST_CODE:
            raise ImportFileError(
                f"{source}: speaker {name!r} gives no code of 1 to {LONGEST_CODE} letters and digits. Name "
                f"the speakers in a table {TABLE}."
            )
        other = owner.setdefault(code.lower(), name)
        if other != name:
            raise ImportFileError(
                f"{source}: the speakers {other!r} and {name!r} would have one code, {code}. Name them "
                "otherwise."
            )
    return [codes[each.speaker] for each in said]


def _of_speaker(source: Path, said: Sequence[_Said]) -> Mapping[str, str]:
    """Return what is known of a speaker; raises ImportFileError for a speaker of two kinds."""
    found: dict[str, str] = {}
    for name in ("sex", "age"):
        values = sorted({value for each in said if (value := each.of_speaker.get(name, ""))})
        if len(values) > 1:
            raise ImportFileError(
                f"{source}: speaker {said[0].speaker} has the {name} {' and '.join(values)}. Mend it: a "
                "speaker is one person."
            )
        found |= {name: values[0]} if values else {}
    return found
