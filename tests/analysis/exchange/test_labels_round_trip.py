"""What goes out comes back: every format, with the loss that it states and no other."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.exchange.labels_bids import Axis, read_bids, write_bids
from analysis.exchange.labels_csv import read_csv, write_csv
from analysis.exchange.labels_eaf import read_eaf, write_eaf
from analysis.exchange.labels_nova import read_nova, write_nova
from analysis.exchange.labels_rows import Found, Labels, nanoseconds, seconds
from analysis.labels.records import NS, Mark, Take
from analysis.labels.scheme import CANNOT_TELL
from tests.helpers.bids import problems
from tests.helpers.labels import SCHEME

RECORDING = "sub-01_ses-01_task-faces_run-01"
ZERO_NS = 1_234_567_890_123
WINDOWS = {n: (ZERO_NS + n * 10 * NS, ZERO_NS + (n * 10 + 5) * NS) for n in range(5)}
AXIS = Axis((1234.6, 2000.0, 2001.0, 5000.0), (0.0, 765.5, 766.5, 3765.7))

words = st.text(string.ascii_letters + string.digits + " ;,:\t\n'\"<&>=/äß€中-", max_size=12)
times = st.integers(ZERO_NS, ZERO_NS + 3000 * NS)
lengths = st.integers(1, 100 * NS)
labels_ = st.sampled_from(("happy", "sad", CANNOT_TELL))
confidences = st.none() | st.floats(0, 1)


@st.composite
def marks(draw: st.DrawFn, count: int) -> Mark:
    kind = draw(st.sampled_from(("mood", "artefact", "event", "trial")))
    mark = Mark(f"m{count}", kind, "anna", confidence=draw(confidences), note=draw(words), asks=draw(words))
    trial, item = draw(st.integers(-1, 4)), draw(st.sampled_from(("", "k7")))
    mark = replace(mark, trial=trial, item=item, input=draw(st.sampled_from(("key", "mouse", "carried"))))
    if kind == "trial":
        answers: dict[str, Any] = {
            "valence": draw(st.none() | st.integers(1, 9)),
            "kind": draw(st.none() | st.sampled_from(("happy", "sad"))),
            "why": draw(words),
        }
        kept = draw(st.sets(st.sampled_from(sorted(answers)), min_size=1))
        return replace(mark, trial=max(0, trial), value={k: v for k, v in answers.items() if k in kept})
    start = draw(times)
    end = start if kind == "event" else start + draw(lengths)
    label = draw(st.sampled_from(("happy", "sad"))) if kind == "event" else draw(labels_)
    mark = replace(mark, start_ns=start, end_ns=end, label=label, model_seen=draw(st.booleans()))
    if kind == "artefact":
        value = draw(st.none() | st.integers(1, 5))
        channels = tuple(draw(st.sets(st.sampled_from(("Fp1", "Cz", "O2")))))
        mark = replace(mark, value={} if value is None else {"intensity": value}, channels=channels)
    return mark


@st.composite
def documents(draw: st.DrawFn) -> Labels:
    count = draw(st.integers(1, 8))
    found = tuple(draw(marks(n)) for n in range(count))
    # One answer a trial.
    trials = {mark.trial: mark for mark in found if mark.tier == "trial"}
    kept = tuple(m for m in found if m.tier != "trial" or trials[m.trial] is m)
    return Labels(RECORDING, "anna", "human", SCHEME, kept, (), ZERO_NS, WINDOWS)


def take(samples: int, dims: int = 1, tier: str = "trace") -> Take:
    step = NS / 60
    t = np.array([ZERO_NS + 3 * NS + round(n * step) for n in range(samples)], np.int64)
    values = np.array([[math.sin(n / 20 + d) for d in range(dims)] for n in range(samples)], np.float32)
    values[5:8] = np.nan
    return Take(f"t-{tier}", tier, "anna", 2, "k7", "done", t, t - ZERO_NS, values, "mouse", True, "first")


def labels_with(*takes: Take) -> Labels:
    return Labels(RECORDING, "anna", "human", SCHEME, (), takes, ZERO_NS, WINDOWS)


def moved(found: Sequence[Found]) -> list[Mark]:
    """Return the marks that were read in the recording's time, in order."""
    result = []
    for each in found:
        for mark in each.marks:
            if mark.start_ns is not None and mark.end_ns is not None:
                mark = replace(mark, start_ns=mark.start_ns + ZERO_NS, end_ns=mark.end_ns + ZERO_NS)
            result.append(mark)
    return result


def key(mark: Mark) -> tuple[Any, ...]:
    return mark.tier, mark.trial, -1 if mark.start_ns is None else mark.start_ns, mark.label, mark.id


def check_times(one: Mark, other: Mark, loss_ns: int) -> None:
    assert (one.start_ns is None) == (other.start_ns is None)
    if one.start_ns is not None and other.start_ns is not None:
        assert abs(one.start_ns - other.start_ns) <= loss_ns
        assert abs((one.end_ns or 0) - (other.end_ns or 0)) <= loss_ns


slow_disk = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@slow_disk
@given(labels=documents())
def test_csv_loses_nothing(tmp_path_factory: pytest.TempPathFactory, labels: Labels) -> None:
    folder = tmp_path_factory.mktemp("csv")
    write_csv([labels], folder)
    (found,) = read_csv(folder / "labels.csv", SCHEME)
    assert (found.recording, found.annotator, found.scheme) == (RECORDING, "anna", SCHEME.id)
    assert moved([found]) == list(labels.marks)


@slow_disk
@given(labels=documents())
def test_eaf_loses_less_than_a_millisecond_and_the_ids(
    tmp_path_factory: pytest.TempPathFactory, labels: Labels
) -> None:
    folder = tmp_path_factory.mktemp("eaf")
    write_eaf([labels], folder)
    found = read_eaf(folder / f"{RECORDING}.eaf", SCHEME)
    assert [each.annotator for each in found] == ["anna"]
    read = sorted((replace(m, id="") for m in moved(found)), key=lambda m: (*key(m), repr(m)))
    # Rounded the same way, the order is the same.
    sent = sorted(
        (replace(_ms(m), id="", annotator="") for m in labels.marks), key=lambda m: (*key(m), repr(m))
    )
    for one, other in zip(read, sent, strict=True):
        check_times(one, other, 1_000_000)
        assert replace(one, start_ns=None, end_ns=None) == replace(other, start_ns=None, end_ns=None)


def _ms(mark: Mark) -> Mark:
    if mark.start_ns is None or mark.end_ns is None:
        return mark

    def rounded(time_ns: int) -> int:
        return round((time_ns - ZERO_NS) / 1_000_000) * 1_000_000 + ZERO_NS

    start = rounded(mark.start_ns)
    return replace(mark, start_ns=start, end_ns=start if mark.tier == "event" else rounded(mark.end_ns))


@slow_disk
@given(labels=documents())
def test_nova_keeps_times_and_labels(tmp_path_factory: pytest.TempPathFactory, labels: Labels) -> None:
    folder = tmp_path_factory.mktemp("nova")
    write_nova([labels], folder)
    found = [each for path in sorted(folder.glob("*.annotation")) for each in read_nova(path, SCHEME)]
    assert {(each.recording, each.annotator) for each in found} <= {(RECORDING, "anna")}

    def told(mark: Mark) -> Any:
        answers = {name: value for name, value in mark.value.items() if name != "why"}
        about = tuple(sorted(answers.items())) if mark.tier == "trial" else mark.label
        trial = mark.trial if mark.tier == "trial" else -1
        confidence = 1.0 if mark.confidence is None else mark.confidence
        return mark.tier, trial, mark.start_ns, mark.end_ns, repr(about), confidence

    assert sorted(map(told, moved(found)), key=repr) == sorted(map(told, labels.marks), key=repr)


@slow_disk
@given(labels=documents())
def test_bids_loses_a_microsecond(tmp_path_factory: pytest.TempPathFactory, labels: Labels) -> None:
    folder = tmp_path_factory.mktemp("bids")
    write_bids([labels], folder, {RECORDING: AXIS}, "Faces", "1")
    (path,) = folder.rglob("*_events.tsv")
    (found,) = read_bids(path, SCHEME, AXIS)
    assert (found.recording, found.annotator) == (RECORDING, "anna")
    read, sent = (sorted(each, key=lambda m: m.id) for each in (found.marks, labels.marks))
    for one, other in zip(read, sent, strict=True):
        check_times(one, other, 1000)
        for name in ("id", "tier", "trial", "label", "channels", "confidence"):
            assert getattr(one, name) == getattr(other, name)
        assert {k: v for k, v in one.value.items() if k != "why"} == {
            k: v for k, v in other.value.items() if k != "why"
        }
        assert one.model_seen == (not other.is_gold)


def test_the_bids_validator_finds_nothing_wrong(tmp_path: Path) -> None:
    marks_ = (
        Mark("a", "mood", "anna", start_ns=ZERO_NS, end_ns=ZERO_NS + NS, label="happy", note='say "hi"\t!'),
        Mark("b", "trial", "anna", trial=1, value={"valence": 7, "why": "so; what"}),
        Mark("c", "event", "anna", start_ns=ZERO_NS + NS, end_ns=ZERO_NS + NS, label="sad", confidence=0.5),
    )
    labels = Labels(
        RECORDING, "anna", "human", SCHEME, marks_, (take(300), take(50, 2, "plane")), ZERO_NS, WINDOWS
    )
    other = replace(labels, annotator="model-x", kind="model", takes=())
    report = write_bids([labels, other], tmp_path / "out", {RECORDING: AXIS}, "Faces", "1")
    assert problems(tmp_path / "out") == []
    assert sum(wrote.rows for wrote in report.wrote if wrote.file.endswith("events.tsv")) == 6


def test_csv_keeps_every_sample_of_a_trace(tmp_path: Path) -> None:
    one, two = take(200), take(30, 2, "plane")
    write_csv([labels_with(one, two)], tmp_path)
    (found,) = read_csv(tmp_path / "labels.csv", SCHEME)
    for sent, read in zip((one, two), found.takes, strict=True):
        assert (read.t_ns + ZERO_NS).tolist() == sent.t_ns.tolist()
        assert read.mono_ns.tolist() == (sent.mono_ns - sent.mono_ns[0]).tolist()
        assert np.array_equal(read.values, sent.values, equal_nan=True)
        for name in ("id", "tier", "trial", "item", "state", "device", "model_seen", "note"):
            assert getattr(read, name) == getattr(sent, name)


@pytest.mark.parametrize(("dims", "tier"), [(1, "trace"), (2, "plane")])
def test_nova_keeps_a_trace_at_its_rate(tmp_path: Path, dims: int, tier: str) -> None:
    sent = take(200, dims, tier)
    write_nova([labels_with(sent)], tmp_path)
    paths = sorted(tmp_path.glob("*.annotation"))
    assert len(paths) == dims
    for path in paths:
        (found,) = read_nova(path, SCHEME)
        (read,) = found.takes
        assert np.abs(read.t_ns + ZERO_NS - sent.t_ns).max() <= NS / 60
        assert np.array_equal(read.values, sent.values, equal_nan=True)


def test_what_a_format_cannot_hold_is_told(tmp_path: Path) -> None:
    lost = Mark("x", "trial", "anna", trial=99, value={"valence": 3})
    labels = replace(labels_with(take(10), replace(take(10), state="interrupted")), marks=(lost,))
    writers: dict[str, Callable[[Path], Any]] = {
        "eaf": lambda folder: write_eaf([labels], folder),
        "nova": lambda folder: write_nova([labels], folder),
        "bids": lambda folder: write_bids([labels], folder, {RECORDING: AXIS}, "Faces", "1"),
    }
    for name, write in writers.items():
        (tmp_path / name).mkdir()
        told = " ".join(f"{left.what}: {left.why}" for left in write(tmp_path / name).left_out)
        assert "their trial has no time" in told or "its trial has no time" in told
        assert "traces" in told


@given(st.integers(-(10**18), 10**18))
def test_seconds_are_exact(time_ns: int) -> None:
    assert nanoseconds(seconds(time_ns), "here") == time_ns
