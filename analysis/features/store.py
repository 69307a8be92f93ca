"""The store of features: what was computed of a recording once is read back, as long as nothing changed.

An entry's name is the sha256 of everything that decides its numbers: the recording's own sha256, the
streams that may be used, the modality, the feature with its version and settings, window, hop, and the
spans. It is one .npz, and a .json beside it that says in words what it is:

    <2 hex>/<key>.npz    values (rows, ...) float32, first (spans + 1,), times_s (rows,), names
    <2 hex>/<key>.json   recording, participant, feature, version, settings, ..., because, made_utc

A feature that takes minutes has an entry for each single span beside. What is no feature may lie here too
(`hold`): any arrays, with a .json that names recording and participant.

Any number of processes may use it at once and be killed at any time: a file gets its name when it is whole.
The folder may be deleted whenever nobody computes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Recording
from analysis.features.as_live import AS_LIVE, by_span, extracted, joined
from analysis.features.feature import Feature, FeatureError, OfSpan, Signal, Steps, Stop, feature
from analysis.features.word_vectors import file_sha256

FORMAT = 1
"""Raise it when signals are read or entries are written in another way: every entry is then another one."""
LIMIT_BYTES = 8 * 1024**3
TRIM_SHARE = 0.8
"""What is left of the limit once old entries were thrown away, so that this is rarely done."""
KEEP_PART_S = 0.5
"""What took longer for one span is kept by itself as well, so that a stopped computation goes on there."""
TRIM_EVERY = 16
"""The folder is measured at the first entry written, and then after a sixteenth of the limit was."""
NEW = ".new"
ABANDONED_S = 3600.0
_ORDER = (
    "recording_sha256", "streams", "feature", "version", "modality", "settings", "window_s", "hop_s", "spans",
)  # fmt: skip
_BESIDE = ("transcript_sha256", "files")
"""What decides only where it is there."""
Spans = NDArray[np.float64]


@dataclass
class Store:
    """A folder of computed features with a limit in bytes; what was not used for longest goes first.

    `hits` and `misses` count what was read back and what was computed. `problem` tells why the last entry
    could not be kept ("" where all is well): work goes on without the store then.
    """

    folder: Path
    limit_bytes: int = LIMIT_BYTES
    hits: int = 0
    misses: int = 0
    problem: str = ""
    _unmeasured: float = field(default=float("inf"), repr=False)

    def steps(
        self,
        recording: Recording,
        spec: InputSpec,
        spans: Spans,
        read: Callable[[], Signal | None],
        *,
        progress: Callable[[float], None] = lambda share: None,
        cancelled: Stop = lambda: False,
    ) -> Steps | None:
        """Return the feature of `spec` in every span (n, 2), seconds of the recording's corrected clock.

        `read` is called only where the entry is not there, or damaged: it returns the recording's signal,
        or None where it has none, and then so does this. Raises FeatureError for a name or setting that
        there is not and for a signal of which the feature cannot be computed. What takes minutes tells its
        progress and raises CancelledError; the spans made until then are kept.
        """
        if spec.modality in recording.refused:
            return None
        what = feature(spec.feature)
        said = describe(recording, spec, spans, what)
        place = self.place(key_of(said))
        found, why = _read(place, len(spans))
        if found is not None:
            self.hits += 1
            with contextlib.suppress(OSError):
                os.utime(place)
            return found
        signal = read()
        if signal is None:
            return None
        self.misses += 1
        settings = settings_of(spec, what)
        prepare = by_span(what, signal, settings) if len(_spans(spans)) else None
        if prepare is None:
            made = extracted(what, signal, _spans(spans), spec.window_s, spec.hop_s, settings)
        else:
            parts = []
            for number, span in enumerate(_spans(spans)):
                progress(number / len(spans))
                parts.append(self._part(recording, spec, span[None], what, prepare, cancelled))
            made = joined(parts)
        self._keep(place, made, {**said, "because": why or "it had not been computed"})
        return made

    def _part(
        self,
        recording: Recording,
        spec: InputSpec,
        span: Spans,
        what: Feature,
        make: OfSpan,
        cancelled: Stop,
    ) -> Steps:
        """Return one span (1, 2) of a feature that takes minutes, read back where it was made before."""
        said = describe(recording, spec, span, what)
        place = self.place(key_of(said))
        found, why = _read(place, 1)
        if found is not None:
            with contextlib.suppress(OSError):
                os.utime(place)
            return found
        began_s = time.monotonic()
        made = make(float(span[0, 0]), float(span[0, 1]), cancelled)
        if time.monotonic() - began_s > KEEP_PART_S:
            self._keep(place, made, {**said, "because": why or "it had not been computed"})
        return made

    def place(self, key: str) -> Path:
        """Return where an entry lies, or would lie."""
        return self.folder / key[:2] / f"{key}.npz"

    def held(self, said: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
        """Return the arrays kept under a description, None where there are none, or damaged ones.

        For what is no feature. Recording and participant of `said` do not decide.
        """
        place = self.place(_key_of_all(said))
        try:
            with place.open("rb") as content, np.load(content, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        with contextlib.suppress(OSError):
            os.utime(place)
        return found

    def hold(self, said: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays under a description; by its `recording` and `participant` a withdrawal finds them."""
        words = {**said, "made_utc": datetime.now(UTC).isoformat(timespec="seconds")}
        self._put(self.place(_key_of_all(said)), words, lambda file: np.savez(file, **dict(arrays)))  # type: ignore[arg-type]

    def why(self, recording: Recording, spec: InputSpec, spans: Spans) -> str:
        """Return in words why `steps` would compute these anew; "" where they would be read back.

        The closest entry of the same recording and feature tells what changed.
        """
        said = describe(recording, spec, spans, feature(spec.feature))
        found, damage = _read(self.place(key_of(said)), len(spans))
        if found is not None or damage:
            return damage
        closest: list[str] | None = None
        for old in self.entries():
            if old.get("recording") == said["recording"] and old.get("feature") == said["feature"]:
                changed = [_change(name, old.get(name), said.get(name)) for name in (*_ORDER, *_BESIDE)]
                told = [each for each in changed if each]
                if told and (closest is None or len(told) < len(closest)):
                    closest = told
        return "it had not been computed" if closest is None else "; ".join(closest)

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Yield what the sidecars say; one that cannot be read is left out."""
        for path in self.folder.glob("??/*.json"):
            with contextlib.suppress(OSError, ValueError):
                said = json.loads(path.read_text(encoding="utf-8"))
                if isinstance(said, dict):
                    yield said

    def trim(self) -> int:
        """Throw away what was used longest ago until the limit is kept; return how many entries went.

        Files that killed processes left half written go too.
        """
        sizes: dict[Path, int] = {}
        used_s: dict[Path, float] = {}
        for path, size, changed_s in self._files():
            if path.name.endswith(NEW) and time.time() - changed_s > ABANDONED_S:
                _remove(path)
            elif path.suffix in (".npz", ".json"):
                entry = path.with_suffix(".npz")
                sizes[entry] = sizes.get(entry, 0) + size
                used_s[entry] = max(used_s.get(entry, 0.0), changed_s if path == entry else 0.0)
        total, gone = sum(sizes.values()), 0
        if total > self.limit_bytes:
            for path in sorted(used_s, key=used_s.__getitem__):
                if total <= TRIM_SHARE * self.limit_bytes:
                    break
                _remove(path)
                _remove(path.with_suffix(".json"))
                total, gone = total - sizes[path], gone + 1
        self._unmeasured = 0.0
        return gone

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        for path in self.folder.glob("??/*"):
            # Another process may throw it away between listing and looking.
            with contextlib.suppress(OSError):
                state = path.stat()
                yield path, state.st_size, state.st_mtime

    def _keep(self, place: Path, made: Steps, said: Mapping[str, Any]) -> None:
        words = {
            **said,
            "rows": len(made.values),
            "names": list(made.names),
            "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._put(place, words, lambda file: _save(file, made))

    def _put(self, place: Path, words: Mapping[str, Any], save: Callable[[Any], object]) -> None:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(words, indent=1, sort_keys=True, default=str)
            _write(place.with_suffix(".json"), lambda file: file.write(text.encode()))
            _write(place, save)
            self._unmeasured += place.stat().st_size + place.with_suffix(".json").stat().st_size
            self.problem = ""
        except OSError as error:
            self.problem = (
                f"{self.folder}: features could not be kept there ({error.strerror or error})."
                " They are computed anew each time: free some space or mend the permissions."
            )
            return
        if self._unmeasured > self.limit_bytes / TRIM_EVERY:
            self.trim()


def describe(recording: Recording, spec: InputSpec, spans: Spans, what: Feature) -> dict[str, Any]:
    """Return everything that decides the numbers of an entry, JSON-ready, and whose they are."""
    settings = settings_of(spec, what)
    beside: dict[str, Any] = {}
    if spec.modality == "text":
        beside["transcript_sha256"] = recording.transcript
    if what.files:
        # The place of a file is this computer's own; its content is what counts.
        places = {name: Path(str(settings[name])).expanduser() for name in what.files if settings[name]}
        beside["files"] = {name: file_sha256(place) for name, place in places.items()}
        settings |= {name: place.name for name, place in places.items()}
    return {
        **beside,
        "format": FORMAT,
        "recording": recording.id,
        "participant": recording.participant,
        "recording_sha256": recording.sha256,
        # Names too: a correction that swaps two electrodes leaves the file as it is.
        "streams": {info.id: list(info.channels) for info in recording.streams},
        "modality": spec.modality,
        "feature": what.name,
        "version": what.version,
        "settings": settings,
        "window_s": float(spec.window_s),
        "hop_s": float(spec.hop_s),
        "spans": hashlib.sha256(_spans(spans).tobytes()).hexdigest(),
        "span_count": len(spans),
    }


def key_of(said: Mapping[str, Any]) -> str:
    """Return an entry's name: the sha256 of what decides its numbers; whose they are does not."""
    deciding = {name: said[name] for name in ("format", *_ORDER)}
    deciding |= {name: said[name] for name in _BESIDE if name in said}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True, default=str).encode()).hexdigest()


def _key_of_all(said: Mapping[str, Any]) -> str:
    """Return the name of what is no feature: all of its description decides, whose it is does not."""
    deciding = {name: value for name, value in said.items() if name not in ("recording", "participant")}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True, default=str).encode()).hexdigest()


def settings_of(spec: InputSpec, what: Feature) -> dict[str, Any]:
    """Return a feature's settings with those that the input sets; raises FeatureError for unknown ones."""
    unknown = set(spec.settings) - set(what.settings) - {AS_LIVE}
    if unknown:
        raise FeatureError(
            f"feature '{what.name}' has no setting {', '.join(sorted(unknown))}."
            f" It has: {', '.join(what.settings) or 'none'}."
        )
    return {**what.settings, **spec.settings}


def _spans(spans: Spans) -> Spans:
    return np.ascontiguousarray(spans, "<f8").reshape(-1, 2)


def _save(file: Any, made: Steps) -> None:
    np.savez(
        file,
        values=np.ascontiguousarray(made.values, np.float32),
        first=np.asarray(made.first, np.int64),
        times_s=np.asarray(made.times_s, np.float64),
        names=np.array(made.names, dtype=str),
    )


def _read(place: Path, spans: int) -> tuple[Steps | None, str]:
    """Return an entry, or why it cannot be used: "" where there is none."""
    try:
        # Opened here: of a damaged archive NumPy leaves its own file open.
        with place.open("rb") as content, np.load(content, allow_pickle=False) as file:
            values, first, times = file["values"], file["first"], file["times_s"]
            names = tuple(str(name) for name in file["names"])
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        return None, f"the stored one is damaged ({type(error).__name__})"
    whole = len(first) == spans + 1 and first[0] == 0 and first[-1] == len(values) == len(times)
    if not whole or (np.diff(first) < 0).any() or values.dtype != np.float32:
        return None, "the stored one is damaged (its parts do not fit each other)"
    return Steps(values, first.astype(np.intp), times, names), ""


def _write(place: Path, write: Callable[[Any], object]) -> None:
    """Write a file that has its name only when all of it is on the disk."""
    new = place.with_name(f"{place.name}.{os.getpid()}-{secrets.token_hex(4)}{NEW}")
    try:
        with new.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        try:
            new.replace(place)
        except PermissionError:
            # Where an open file cannot be replaced, another process has just read the same entry.
            if not place.exists():
                raise
    finally:
        _remove(new)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _change(name: str, old: Any, new: Any) -> str:
    if old == new:
        return ""
    match name:
        case "recording_sha256":
            return "the recording has changed"
        case "version":
            return f"the feature is now version {new}, stored is version {old}"
        case "transcript_sha256":
            return "the transcript has changed"
        case "files":
            return "a file that it is computed with has changed"
        case "streams":
            return "other streams of the recording may be used"
        case "spans":
            return "other trials or windows are asked for"
        case "settings":
            before = old if isinstance(old, dict) else {}
            differ = [key for key in new if before.get(key) != _plain(new[key])]
            told = ", ".join(f"{key} {_plain(new[key])}, stored {before.get(key)}" for key in differ)
            return f"other settings: {told}" if told else ""
    words = {"modality": "modality", "window_s": "window", "hop_s": "hop", "feature": "feature"}[name]
    return f"{words} is {new}, stored {old}"


def _plain(value: Any) -> Any:
    """Return a value as JSON gives it back: tuples are lists there."""
    return json.loads(json.dumps(value, default=str))
