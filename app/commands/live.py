"""`evoke live`: a trained recognizer on running streams, a line a decision."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from app.live.models import LiveUseError, Mounted, known_to, modalities_of, mount, replay_of

if TYPE_CHECKING:
    from analysis.live.differences import Difference
    from app.live.loop import Told
    from app.live.outlet import Outlet
    from app.live.sources import Source

NICENESS = 5


def live(options: argparse.Namespace) -> int:
    """Run trained recognizers on a running session, on LSL, or on a session that is replayed."""
    from app.devices.lsl import keep_quiet

    keep_quiet()
    mounted = [
        mount(
            path, case_s=options.window, hop_s=options.hop, memory_s=options.memory,
            baseline_s=options.baseline, has_baseline=options.baseline_from is not None,
        )
        for path in options.models
    ]  # fmt: skip
    if options.compare:
        return _compare(mounted, options)
    return _run(mounted, options)


def _run(mounted: Sequence[Mounted], options: argparse.Namespace) -> int:
    from app.devices.child import stop_on_signals
    from app.live.baseline import baseline_of
    from app.live.loop import cpu_now, cpu_share, recognizers_of, run
    from app.live.outlet import Outlet
    from app.live.plane import Plane
    from app.live.sources import as_json

    stopping = threading.Event()
    stop_on_signals(stopping)
    _step_back()
    prepared = recognizers_of(mounted)
    if options.baseline_from is not None:
        for each, engine in zip(mounted, prepared[1], strict=True):
            engine.baseline += baseline_of(each, options.baseline_from)
    with ExitStack() as stack:
        source = _source(mounted, options)
        stack.callback(source.close)
        plane = Plane(mounted)
        has_plane = plane.has_place
        mounted = [
            each.telling(*plane.told[number], *_seen(each, source)) for number, each in enumerate(mounted)
        ]
        outlets: list[Outlet] = []
        for number, each in enumerate(mounted if options.publish else ()):
            name = options.publish if number == 0 else f"{options.publish}-{number + 1}"
            outlets.append(Outlet(each, name, has_plane))
            stack.callback(outlets[-1].close)
        if options.seconds > 0:
            timer = threading.Timer(options.seconds, stopping.set)
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)

        def tell(text: str) -> None:
            try:
                print(text, flush=True)
            except OSError:
                # Whoever read has gone.
                stopping.set()

        def heard(told: Told) -> None:
            tell(as_json(told.to_json()) if options.json else line(told, len(mounted) > 1))

        begin = {
            "type": "begin",
            "source": source.words,
            "published": [outlet.info.details["name"] for outlet in outlets],
            "has_plane": has_plane,
            "on_plane": list(plane.tellers),
            "recognizers": [each.to_json() for each in mounted],
        }
        if options.json:
            tell(as_json(begin))
        else:
            for text in _head(mounted, source):
                tell(text)

        def waiting(words: str) -> None:
            if options.json:
                tell(as_json({"type": "waiting", "words": words}))
            elif words:
                tell(f"waiting: {words}")

        began = cpu_now()
        figures = run(
            mounted, source, heard, outlets=outlets, stopping=stopping, prepared=prepared, waiting=waiting
        )
        end = {"type": "end", **figures.to_json(), "cpu_share": cpu_share(began)}
        tell(as_json(end) if options.json else _tail(end))
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    return 0


def _source(mounted: Sequence[Mounted], options: argparse.Namespace) -> Source:
    from app.live.sources import LslNames, ReplaySource, SessionSource, running_session

    if options.session is not None:
        return ReplaySource(options.session, modalities_of(mounted), options.speed)
    if options.running is not None:
        return SessionSource(running_session(options.running))
    return LslNames(options.lsl)


def _seen(mounted: Mounted, source: Source) -> tuple[str, ...]:
    """Return, where a recording is replayed that a recognizer learnt from, that its answers prove nothing."""
    from app.live.sources import ReplaySource

    is_known = isinstance(source, ReplaySource) and known_to(mounted, source.replay.recording)
    words = "the model was trained on this recording: that it is right here says nothing of others"
    return (words,) if is_known else ()


def _step_back() -> None:
    """Let recording and presenting go first."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)


def line(told: Told, is_one_of_several: bool = False) -> str:
    """Return an answer as a line."""
    answer, judged = told.answer, told.judged
    words = [f"{answer.stop_s:10.2f} s"]
    if is_one_of_several:
        words.append(told.mounted.target or told.mounted.name)
    if answer.proba is None:
        words.append(answer.paused)
    elif answer.is_classes and judged is not None:
        pairs = zip(answer.names, judged.proba, strict=True)
        words.append(", ".join(f"{name} {share:.0%}" for name, share in pairs))
        words.append(f"uncertainty {judged.entropy:.2f}")
        if judged.right is not None:
            words.append(f"as sure as this it was right in {judged.right:.0%}")
    else:
        sd = judged.sd if judged is not None else ()
        words.append(
            ", ".join(
                f"{name} {value:.2f}" + (f" ±{sd[place]:.2f}" if sd else "")
                for place, (name, value) in enumerate(zip(answer.names, answer.proba, strict=True))
            )
        )
    if told.place is not None:
        words.append(f"valence {told.place[0]:+.2f}, arousal {told.place[1]:+.2f}")
    words += [
        f"{each.name}: {each.why}" if each.is_used else f"without {each.name}: {each.why}"
        for each in answer.inputs
        if each.state != "present"
    ]
    words.append(f"{1000 * told.latency['total']:.0f} ms")
    return "; ".join(words)


def _head(mounted: Sequence[Mounted], source: Source) -> Iterator[str]:
    for each in mounted:
        what = f"{each.trained.card.title} of {each.name}, target {each.target or 'unknown'}"
        yield f"{what}, on {source.words}"
        yield f"  the last {each.plan.case_s:g} s, every {each.plan.hop_s:g} s; {each.calibration.words}"
        yield from (f"  note: {text}" for text in each.plan.told)


def _tail(end: dict[str, object]) -> str:
    latency = end["latency"]
    assert isinstance(latency, dict)
    told = [
        f"{stage} {1000 * each['median']:.0f} ms (95 %: {1000 * each['p95']:.0f})"
        for stage, each in latency.items()
    ]
    left = f"; {end['skipped']} windows left out: computing could not keep up" if end["skipped"] else ""
    used = f"{end['cpu_share']:.1%} of a core"
    return f"{end['answers']} decisions; {', '.join(told) or 'no latency'}; {used}{left}"


def _compare(mounted: Sequence[Mounted], options: argparse.Namespace) -> int:
    from app.live.sources import as_json

    if options.session is None:
        raise LiveUseError("--compare looks at a recording: name one (--session SESSION.h5).")
    for each in mounted:
        found = compared(each, options.session)
        if options.json:
            rows = [
                {"name": row.name, "feature": row.feature, "median": row.median, "largest": row.largest,
                 "lost": row.lost}
                for row in found
            ]  # fmt: skip
            print(as_json({"recognizer": each.name, "differences": rows}))
            continue
        print(f"{each.name}: live against the whole recording known, in {options.session.name}")
        for row in found:
            unit = "" if row.name == "answer" else " SD"
            print(
                f"  {row.name} ({row.feature}): median {row.median:.2g}{unit}, most {row.largest:.2g}{unit},"
                f" {row.lost:.0%} known afterwards only"
            )
    return 0


def compared(mounted: Mounted, path: Path) -> tuple[Difference, ...]:
    """Return how far live is from the whole recording being known; raises LiveUseError."""
    from analysis.corpus.corpus import CorpusError
    from analysis.evaluation.steps import StepError
    from analysis.evaluation.trained import TrainedError
    from analysis.features.feature import FeatureError
    from analysis.features.store import Store
    from analysis.live.differences import differences
    from analysis.recognizers.recognizer import RecognizerError

    try:
        with replay_of(path, modalities_of([mounted])) as replay:
            span = (replay.begin_s, replay.end_s)
            recording = replay.recording
        with tempfile.TemporaryDirectory(prefix="evoke-live-") as folder:
            return differences(mounted.trained, mounted.plan, recording, span, Store(Path(folder)))
    except (CorpusError, FeatureError, TrainedError, StepError, RecognizerError) as error:
        raise LiveUseError(str(error)) from error
