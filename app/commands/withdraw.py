"""`evoke withdraw`: everything of a participant, shown first and then erased."""

from __future__ import annotations

import argparse
import json
import sys

from app import withdrawal
from app.consent import parse_streams
from app.copying import CopyError
from app.study import Study, StudyError
from app.withdrawal import Found
from app.withdrawal_marks import PENDING
from stimuli.problems import EvokeError

MOST_LISTED = 30


def withdraw(options: argparse.Namespace) -> int:
    """Show what there is of a participant; with `--yes` erase it."""
    study = Study.open(options.study)
    only = parse_streams(word for part in options.only for word in part.split(",") if word.strip())
    if not options.participant and not (study.folder / PENDING).exists():
        raise StudyError(f"{study.folder}: whose data are to be erased? Give the code with --participant ID.")
    found = withdrawal.plan(study, options.participant.removeprefix("sub-"), only)
    # One that was begun is finished, also where nothing but the note of it is left.
    is_begun = (study.folder / PENDING).exists()
    if not options.json:
        print(describe(found))
    if options.yes and not (found.is_empty and not is_begun):
        _erase(study, found)
    if options.json:
        print(json.dumps(found.to_json() | {"erased": bool(options.yes)}, ensure_ascii=False))
    elif found.is_empty and not is_begun:
        print("\nNothing to erase.")
    elif options.yes:
        print("\nErased. A tombstone without personal data stays in withdrawals.jsonl.")
    else:
        print("\nNothing was changed. To erase it for ever, add --yes.")
    return 0


def _erase(study: Study, found: Found) -> None:
    from analysis.session_file import SessionFileError

    try:
        withdrawal.carry_out(study, found, lambda line: print(line, file=sys.stderr, flush=True))
    except (CopyError, SessionFileError, OSError) as error:
        raise EvokeError(
            f"{error} Not everything is erased yet; mend this and run the same command again: it goes on."
        ) from error


def describe(found: Found) -> str:
    """Return what a person reads before she says yes."""
    what = ", ".join(kind.replace("_", " ") for kind in found.only) or "everything"
    lines = [f"participant {found.participant}: {what}"]
    lines += _listed("recordings", found.sessions)
    rest = [name for name in found.files if name not in found.sessions]
    lines += _listed("other files", rest)
    lines += _listed("tables and lists that lose lines", found.partly)
    lines += _listed("in the second copy", found.mirror)
    if found.elsewhere:
        lines += ["", f"sessions on this computer on their way to the study: {len(found.elsewhere)}"]
    lines += ["", f"{found.bytes / 1e6:.1f} MB in the study"]
    lines += [f"stays: {text}" for text in found.kept]
    lines += [f"out of reach: {text}" for text in found.unreachable]
    return "\n".join(lines)


def _listed(title: str, names: tuple[str, ...] | list[str]) -> list[str]:
    if not names:
        return []
    shown = [f"  {name}" for name in names[:MOST_LISTED]]
    more = [f"  and {len(names) - MOST_LISTED} more"] if len(names) > MOST_LISTED else []
    return ["", f"{title}: {len(names)}", *shown, *more]
