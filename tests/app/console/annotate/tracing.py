"""An annotator who traces until she is killed; writes the time of each reading to standard output.

python -m tests.app.console.annotate.tracing STUDY
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from app.annotation.schemes import scheme_of
from app.annotation.study_place import StudyPlace
from app.console.annotate import trace_run
from app.console.annotate.trace_page import TracePage
from app.console.review.recording import open_recording
from app.study import Study

ANNOTATOR = "rater-a"


def main() -> None:
    application = QApplication([])
    study = Study.open(Path(sys.argv[1]))
    place = StudyPlace(study)
    scheme = replace(scheme_of(study, "continuous-valence@1"))
    item = replace(place.whole(place.recordings()[0], scheme.id), code="cdfghj", trial=0)
    log = place.log(item, ANNOTATOR)
    recording = open_recording(place.session_path(item))
    trace_run.COUNT_MS = 20
    page = TracePage(item, log, "valence", recording, place.visible(item, scheme))
    page.show()
    page.activateWindow()
    down = [0]

    def move() -> None:
        down[0] += 1
        where = page.scale.place_of((0.5 + 0.3 * ((down[0] % 40) / 40),))
        QCursor.setPos(page.scale.mapToGlobal(where).toPoint())

    def say(now_s: float) -> None:
        if page.run._watch.has_moved:
            sys.stdout.write(f"{round(now_s * 1e9)}\n")
            sys.stdout.flush()

    page.run.read.connect(say)
    timer = QTimer(interval=20)
    timer.timeout.connect(move)
    timer.start()
    QTimer.singleShot(100, page.begin)
    application.exec()


if __name__ == "__main__":
    main()
