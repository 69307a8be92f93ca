"""participants.tsv: code, slot, when added, and further columns by name; others' columns are kept.

A slot is a place in the counter-balancing, from 0; `n/a` stands for none and for what is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.settings import write_atomically
from app.study_files import StudyError

FILE = "participants.tsv"
HEAD = ("participant_id", "slot", "added")
NONE = "n/a"


@dataclass(frozen=True, slots=True)
class Participant:
    """A row of participants.tsv; `slot` is the place in the counter-balancing, None where it has none.

    `more` holds the further columns, "" for what is not known.
    """

    code: str
    slot: int | None
    added: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, and the names of the columns behind the first three."""

    columns: tuple[str, ...] = ()
    rows: tuple[Participant, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Table:
        """Read the study's table; an empty one where there is none. Raises StudyError if it is damaged."""
        path = folder / FILE
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: cannot be read: {error}.") from error
        columns = tuple(lines[0].split("\t")[len(HEAD) :]) if lines else ()
        # Cells that somebody added without a name in the head are kept too.
        widest = max((line.count("\t") + 1 - len(HEAD) for line in lines[1:]), default=0)
        columns += tuple(f"column_{place + len(HEAD) + 1}" for place in range(len(columns), widest))
        rows = []
        for number, line in enumerate(lines[1:], start=2):
            cells = line.split("\t")
            if len(cells) < len(HEAD) or not (cells[1].isdecimal() or cells[1] == NONE):
                raise StudyError(f"{path}:{number}: not a code, slot and date. Mend the line.")
            known = [("" if cell == NONE else cell) for cell in cells[len(HEAD) :]]
            more = dict(zip(columns, [*known, *[""] * len(columns)], strict=False))
            slot = None if cells[1] == NONE else int(cells[1])
            rows.append(Participant(cells[0].removeprefix("sub-"), slot, cells[2], more))
        return cls(columns, tuple(rows))

    def write(self, folder: Path) -> None:
        """Write the table in one step; without a row there is none. Raises OSError."""
        path = folder / FILE
        if not self.rows:
            path.unlink(missing_ok=True)
            return
        lines = ["\t".join((*HEAD, *self.columns))]
        for row in self.rows:
            slot = NONE if row.slot is None else str(row.slot)
            more = [row.more.get(name) or NONE for name in self.columns]
            lines.append("\t".join((f"sub-{row.code}", slot, row.added, *more)))
        write_atomically(path, "\n".join(lines) + "\n")

    def find(self, code: str) -> Participant | None:
        """Return a participant's row."""
        return next((row for row in self.rows if row.code == code), None)

    def with_row(self, row: Participant) -> Table:
        """Return the table with a row added or put in the place of the one with its code."""
        more = {name: value for name, value in row.more.items() if value or name in self.columns}
        columns = (*self.columns, *(name for name in more if name not in self.columns))
        row = replace(row, more=more)
        if self.find(row.code) is None:
            return Table(columns, (*self.rows, row))
        return Table(columns, tuple(row if old.code == row.code else old for old in self.rows))

    def without(self, codes: Iterable[str]) -> Table:
        """Return the table without some participants."""
        gone = set(codes)
        return replace(self, rows=tuple(row for row in self.rows if row.code not in gone))


def first_free(taken: Iterable[int | None]) -> int:
    """Return the lowest slot that is not taken."""
    known = set(taken)
    return next(slot for slot in range(len(known) + 1) if slot not in known)
