"""What `evoke check STUDY` looks at among labels: files of schemes, logs, and what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.labels.reader import LabelFileError, find_logs, read_log
from app.annotation.schemes import FOLDER, SchemeError, bundled, problems, schemes
from app.study import Study
from stimuli.problems import Problem


def label_problems(study: Study) -> Iterator[Problem]:
    """Yield every problem of a study's schemes and labels."""
    for message in problems(study):
        yield Problem(str(study.folder / FOLDER), None, message, "")
    try:
        known = {scheme.id: scheme.sha256 for scheme in (*bundled(), *schemes(study))}
    except SchemeError:
        # Its own problems are told above.
        known = {}
    sums = {session.uuid: (Path(session.file).stem, session.sha256) for session in study.sessions()}
    for path in find_logs(study.folder / "annotations"):
        place = str(path)
        try:
            head = read_log(path).head
        except LabelFileError as error:
            yield Problem(place, None, str(error).removeprefix(f"{path}: "), "")
            continue
        if known and head.scheme_sha256 != known.get(head.scheme):
            message = f"was labelled by a scheme {head.scheme} that the study does not have."
            yield Problem(place, None, message, "Put the scheme's file back.")
        stem, sha256 = sums.get(head.recording_uuid, ("", ""))
        if not stem:
            message = "is about a recording that the study does not have."
            yield Problem(place, None, message, "Enter the recording again, or move the labels away.")
        elif stem != path.parent.parent.name or head.annotator != path.parent.name:
            message = f"holds labels of {stem} by {head.annotator}."
            yield Problem(place, None, message, f"Move it to {stem}/{head.annotator}.")
        elif head.recording_sha256 and sha256 and head.recording_sha256 != sha256:
            message = "was labelled when the recording had other contents."
            yield Problem(place, None, message, "Look what was changed; the labels can only be read.")
