"""Labels of models: annotators of their own kind, whose marks people accept, change or reject."""

from __future__ import annotations

import re
from pathlib import Path

from analysis.labels.scheme import Scheme
from app.annotation.annotators import PREFIXES
from app.annotation.incoming import Incoming, bring_in
from app.study import Study
from app.study_files import StudyError

PREFIX = PREFIXES["model"]


def model_code(name: str) -> str:
    """Return the annotator that a model is: `model-NAME`; raises StudyError for a name that cannot be one."""
    code = name if name.startswith(PREFIX) else PREFIX + name
    if not re.fullmatch(r"model-[a-z0-9-]{1,16}", code):
        raise StudyError(
            f"'{name}' is no name for a model: small letters, digits and -, at most 16, such as 'eegnet-2'."
        )
    return code


def bring_in_model(
    study: Study, path: Path, scheme: Scheme, name: str, recording: str = ""
) -> tuple[Incoming, ...]:
    """Read a model's labels from a file into its logs; raises IncomingError, LogError, StudyError.

    A table has a line a label: start and end (seconds from the recording's first sample) or trial, label,
    confidence, and recording and tier where there are several. A model that was trained anew gets a new name:
    its labels would lie between the old ones.
    """
    return bring_in(study, path, scheme, model_code(name), "model", recording)
