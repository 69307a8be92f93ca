"""The store of features: what is read back, what is computed anew and why, processes at once, kills."""

from __future__ import annotations

import json
import os
import signal as signals
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Recording
from analysis.features.feature import FeatureError, Signal, Steps
from analysis.features.store import Store, describe, key_of
from analysis.records import StreamInfo

CHECKOUT = Path(__file__).resolve().parents[3]
STREAM = StreamInfo("e4", "eda", "recorded", ("eda",), ("uS",), ("eda",), 4.0, "float32")
RECORDING = Recording("sub-P01_ses-1", Path("nowhere.h5"), "a" * 64, "P01", "1", "recorded", (STREAM,))
SPEC = InputSpec("eda", "eda", "statistics", {"which": ["mean", "max"]}, 2.0, 1.0)
SPANS = np.array([[0.0, 10.0], [20.0, 30.0]])


def signal(seed: int = 1) -> Signal:
    values = np.random.default_rng(seed).normal(5, 1, (200, 1)).astype(np.float32)
    return Signal("eda", 4.0, 0.0, values, ("eda",), ("uS",))


class Reader:
    """A recording's signal that counts how often it was read."""

    def __init__(self, found: Signal | None) -> None:
        self.found, self.times = found, 0

    def __call__(self) -> Signal | None:
        self.times += 1
        return self.found


def same(one: Steps | None, other: Steps | None) -> bool:
    assert one is not None and other is not None
    return one.names == other.names and all(
        np.array_equal(getattr(one, part), getattr(other, part), equal_nan=True)
        for part in ("values", "first", "times_s")
    )


def entry(store: Store) -> Path:
    (found,) = store.folder.glob("??/*.npz")
    return found


def test_a_second_question_is_answered_without_reading_the_recording(tmp_path: Path) -> None:
    store, read = Store(tmp_path), Reader(signal())
    first = store.steps(RECORDING, SPEC, SPANS, read)
    again = Store(tmp_path).steps(RECORDING, SPEC, SPANS, read)
    assert read.times == 1
    assert same(first, again)
    assert first is not None and again is not None
    assert again.values.dtype == np.float32 and again.first.tolist() == [0, 9, 18]
    assert store.hits == 0 and store.misses == 1


def test_what_a_recording_does_not_hold_is_asked_again_and_leaves_nothing(tmp_path: Path) -> None:
    store, read = Store(tmp_path), Reader(None)
    assert store.steps(RECORDING, SPEC, SPANS, read) is None
    assert store.steps(RECORDING, SPEC, SPANS, read) is None
    assert read.times == 2
    assert list(tmp_path.iterdir()) == []


def test_a_modality_that_was_refused_is_not_even_read_back(tmp_path: Path) -> None:
    store, read = Store(tmp_path), Reader(signal())
    assert store.steps(RECORDING, SPEC, SPANS, read) is not None
    assert store.steps(replace(RECORDING, refused=("eda",)), SPEC, SPANS, read) is None


CHANGES: dict[str, tuple[Callable[[], tuple[Recording, InputSpec, Any]], str]] = {
    "recording": (
        lambda: (replace(RECORDING, sha256="b" * 64), SPEC, SPANS),
        "the recording has changed",
    ),
    "streams": (
        lambda: (replace(RECORDING, streams=()), SPEC, SPANS),
        "other streams of the recording may be used",
    ),
    "settings": (
        lambda: (RECORDING, replace(SPEC, settings={"which": ["mean", "min"]}), SPANS),
        "other settings: which ['mean', 'min'], stored ['mean', 'max']",
    ),
    "window": (lambda: (RECORDING, replace(SPEC, window_s=3.0), SPANS), "window is 3.0, stored 2.0"),
    "hop": (lambda: (RECORDING, replace(SPEC, hop_s=2.0), SPANS), "hop is 2.0, stored 1.0"),
    "modality": (lambda: (RECORDING, replace(SPEC, modality="bvp"), SPANS), "modality is bvp, stored eda"),
    "spans": (lambda: (RECORDING, SPEC, SPANS[:1]), "other trials or windows are asked for"),
    "spans moved": (lambda: (RECORDING, SPEC, SPANS + 1e-9), "other trials or windows are asked for"),
    "two": (
        lambda: (replace(RECORDING, sha256="b" * 64), SPEC, SPANS[:1]),
        "the recording has changed; other trials or windows are asked for",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_number_makes_another_entry_and_says_so(tmp_path: Path, change: str) -> None:
    store, read = Store(tmp_path), Reader(signal())
    store.steps(RECORDING, SPEC, SPANS, read)
    assert store.why(RECORDING, SPEC, SPANS) == ""
    make, words = CHANGES[change]
    recording, spec, spans = make()
    assert store.why(recording, spec, spans) == words
    store.steps(recording, spec, spans, read)
    assert read.times == 2
    assert store.why(recording, spec, spans) == ""


def test_a_new_version_of_a_feature_is_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.features import plain

    store, read = Store(tmp_path), Reader(signal())
    store.steps(RECORDING, SPEC, SPANS, read)
    newer = replace(plain.STATISTICS, version=plain.STATISTICS.version + 1)
    monkeypatch.setattr(plain, "STATISTICS", newer)
    told = store.why(RECORDING, SPEC, SPANS)
    assert told == f"the feature is now version {newer.version}, stored is version {newer.version - 1}"
    store.steps(RECORDING, SPEC, SPANS, read)
    assert read.times == 2


def test_the_name_of_an_input_and_a_default_that_is_spelt_out_change_nothing(tmp_path: Path) -> None:
    store, read = Store(tmp_path), Reader(signal())
    plain = InputSpec("eda", "eda", "samples", {}, 2.0)
    store.steps(RECORDING, plain, SPANS, read)
    store.steps(RECORDING, replace(plain, name="skin", settings={"scale": "none"}), SPANS, read)
    assert read.times == 1


def test_settings_that_there_are_not_are_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"'statistics' has no setting wich\. It has: which"):
        Store(tmp_path).steps(RECORDING, replace(SPEC, settings={"wich": []}), SPANS, Reader(signal()))


def damaged(path: Path, how: str) -> None:
    content = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "empty":
            path.write_bytes(b"")
        case "bit":
            place = content.index(b"NUMPY") + 140
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        case "text":
            path.write_text("not an archive")
        case "parts":
            with np.load(path) as file:
                parts = dict(file)
            np.savez(path, **{**parts, "first": parts["first"][:-1]})
        case "pickle":
            with np.load(path) as file:
                parts = dict(file)
            np.savez(path, **{**parts, "names": np.array([{}], dtype=object)})


@pytest.mark.parametrize("how", ["cut", "empty", "bit", "text", "parts", "pickle"])
def test_a_damaged_entry_is_computed_anew_and_says_why(tmp_path: Path, how: str) -> None:
    store, read = Store(tmp_path), Reader(signal())
    first = store.steps(RECORDING, SPEC, SPANS, read)
    damaged(entry(store), how)
    assert store.why(RECORDING, SPEC, SPANS).startswith("the stored one is damaged")
    assert same(first, store.steps(RECORDING, SPEC, SPANS, read))
    assert read.times == 2
    said = json.loads(entry(store).with_suffix(".json").read_text(encoding="utf-8"))
    assert said["because"].startswith("the stored one is damaged")
    assert store.why(RECORDING, SPEC, SPANS) == ""


def test_the_sidecar_says_what_an_entry_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.steps(RECORDING, SPEC, SPANS, Reader(signal()))
    (said,) = store.entries()
    asked = {"recording": "sub-P01_ses-1", "participant": "P01", "feature": "statistics", "modality": "eda"}
    assert asked.items() <= said.items()
    assert said["rows"] == 18 and said["names"] == ["eda mean", "eda max"]
    assert said["because"] == "it had not been computed"
    assert entry(store).stem == key_of(said)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    store, read = Store(tmp_path), Reader(signal())
    specs = [replace(SPEC, window_s=2.0 + place / 8) for place in range(10)]
    for place, spec in enumerate(specs):
        store.steps(RECORDING, spec, SPANS, read)
        path = store.place(key_of(_said(spec)))
        os.utime(path, (1e9 + place, 1e9 + place))
    store.steps(RECORDING, specs[0], SPANS, read)
    store.limit_bytes = size_bytes(store) // 2
    assert store.trim() == 6
    kept = [spec for spec in specs if store.place(key_of(_said(spec))).exists()]
    assert kept == [specs[0], *specs[7:]]
    assert len(list(tmp_path.glob("??/*.json"))) == 4
    assert store.trim() == 0


def size_bytes(store: Store) -> int:
    return sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file())


def test_a_store_stays_within_its_limit_by_itself(tmp_path: Path) -> None:
    read = Reader(signal())
    Store(tmp_path).steps(RECORDING, SPEC, SPANS, read)
    limit = 6 * size_bytes(Store(tmp_path))
    store = Store(tmp_path, limit)
    for place in range(30):
        store.steps(RECORDING, replace(SPEC, window_s=2.0 + place / 8), SPANS, read)
        assert size_bytes(store) <= limit
    assert store.why(RECORDING, replace(SPEC, window_s=2.0 + 29 / 8), SPANS) == ""


def _said(spec: InputSpec) -> dict[str, Any]:
    from analysis.features.feature import feature

    return describe(RECORDING, spec, SPANS, feature(spec.feature))


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "features").write_text("a file is in the way")
    store, read = Store(tmp_path / "features"), Reader(signal())
    first = store.steps(RECORDING, SPEC, SPANS, read)
    assert first is not None
    assert "features could not be kept there" in store.problem
    assert same(first, store.steps(RECORDING, SPEC, SPANS, read))


WORKER = """
import sys
import numpy as np
from pathlib import Path
sys.path.insert(0, {checkout!r})
from tests.analysis.features.test_store import RECORDING, SPANS, SPEC, signal
from analysis.features.store import Store
from dataclasses import replace
store = Store(Path({folder!r}))
print("ready", flush=True)
for turn in range({turns}):
    spec = replace(SPEC, window_s=2.0 + turn % 7 / 8)
    made = store.steps(RECORDING, spec, SPANS, signal)
    assert made is not None
    if turn % 3 == {place}:
        store.place(sorted(store.folder.glob("??/*.npz"))[0].stem).unlink(missing_ok=True)
"""


def worker(folder: Path, place: int, turns: int) -> subprocess.Popen[str]:
    code = WORKER.format(checkout=str(CHECKOUT), folder=str(folder), place=place, turns=turns)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
    )


@pytest.mark.slow
def test_several_processes_may_use_it_at_once(tmp_path: Path) -> None:
    """Three write and throw away the same seven entries; nobody fails, and every entry left is whole."""
    running = [worker(tmp_path, place, 150) for place in range(3)]
    for process in running:
        _, problem = process.communicate(timeout=120)
        assert process.returncode == 0, problem
    check_whole(tmp_path)


@pytest.mark.slow
def test_whoever_is_killed_leaves_no_half_entry(tmp_path: Path) -> None:
    for turn in range(6):
        process = worker(tmp_path, 0, 10_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.03 * turn)
        process.send_signal(signals.SIGKILL if hasattr(signals, "SIGKILL") else signals.SIGTERM)
        process.communicate(timeout=30)
        check_whole(tmp_path)


def check_whole(folder: Path) -> None:
    """What has a name can be read and holds what computing gives."""
    store = Store(folder)
    for turn in range(7):
        spec = replace(SPEC, window_s=2.0 + turn / 8)
        if store.place(key_of(_said(spec))).exists():
            assert store.why(RECORDING, spec, SPANS) == ""
        assert same(store.steps(RECORDING, spec, SPANS, signal), _plain(spec))


def _plain(spec: InputSpec) -> Steps:
    from analysis.features.feature import feature

    what = feature(spec.feature)
    return what.extract(signal(), SPANS, spec.window_s, spec.hop_s, {**what.settings, **spec.settings})


def test_what_killed_processes_left_half_written_goes_after_an_hour(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.steps(RECORDING, SPEC, SPANS, Reader(signal()))
    old, young = (entry(store).with_name(f"x.npz.{place}.new") for place in range(2))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    store.trim()
    assert not old.exists() and young.exists()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=4))
def test_a_key_depends_on_every_bit_of_the_spans(pairs: list[tuple[float, float]]) -> None:
    spans = np.array(pairs, np.float64).reshape(-1, 2)
    keys = {_key(spans), _key(np.vstack([spans, [[0.0, 1.0]]]))}
    assert len(keys) == 2
    assert _key(spans.copy()) == _key(np.asfortranarray(spans))


def _key(spans: Any) -> str:
    from analysis.features.feature import feature

    return key_of(describe(RECORDING, SPEC, spans, feature(SPEC.feature)))
