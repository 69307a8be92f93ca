"""What analyses keep of a withdrawn participant: her features, her cases and predictions, what names her.

Features of her recordings go. Of a run her cases are emptied, so that the numbers of all other cases stay as
they are, and her predictions and folds of her own go; what was computed of everybody (metrics, weights of
trained recognizers) holds no signal of hers and stays, and the run says so. Reports go, and recommenders that
hold her ratings: they are made again from what is left. A plan forgets who had taken part, and keeps the
checksum by which its runs know it.
All of it may be done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.plan import LIVE_SUFFIX
from app.recommenders import FOLDER as RECOMMENDERS
from app.recommenders import IN_SESSION
from app.settings import write_atomically
from app.withdrawal_marks import Marks, without_entries

FEATURES = Path("derivatives") / "features"
RESULTS = Path("derivatives") / "results"
PLANS = Path("derivatives") / "plans"
REPORT = Path("derivatives") / "report"
KEPT = (
    "Trained recognizers and the figures of runs stay: they were computed of everybody together and hold no"
    " signal. Each run says that a participant was withdrawn; evoke rerun computes it without her."
)
NOTE = "A participant was withdrawn after this run: its figures were computed with {cases} cases of theirs."


@dataclass(frozen=True, slots=True)
class Derived:
    """Names of files relative to the study: those that go whole, and those that lose a part."""

    whole: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()


def derived_of(folder: Path, marks: Marks) -> Derived:
    """Find what analyses keep of a participant in a study's folder, or in its copy."""
    whole: list[Path] = []
    partly: list[Path] = []
    for sidecar in (folder / FEATURES).glob("??/*.json"):
        if _is_hers(_read(sidecar), marks):
            # What tells whose the numbers are goes last.
            whole += [sidecar.with_suffix(".npz"), sidecar]
    for run in _runs(folder):
        if not _rows_of(run, marks).size:
            continue
        partly.append(run / "cases.npz")
        whole += _reports(run)
        whole += [path for path in (run / "batch").glob("**/*") if path.is_file()]
    if whole or partly:
        whole += [path for path in (folder / REPORT).glob("**/*") if path.is_file()]
    for plan in (folder / PLANS).glob("*.json"):
        if _names_her(_read(plan), marks):
            partly.append(plan)
    whole += _recommenders(folder, marks)
    there = (path for path in dict.fromkeys(whole) if path.exists())
    return Derived(_names(folder, there), _names(folder, iter(partly)))


def erase_derived(folder: Path, marks: Marks) -> tuple[list[str], list[str]]:
    """Erase it; return the files that went and those that changed."""
    found = derived_of(folder, marks)
    changed: list[Path] = []
    gone: list[Path] = []
    for run in _runs(folder):
        if _rows_of(run, marks).size or (run / "withdrawing.json").exists():
            one, other = _thin(run, marks)
            gone += one
            changed += other
    for name in found.partly:
        path = folder / name
        if path.parent == folder / PLANS:
            _seal_again(path, marks)
            changed.append(path)
    for name in found.whole:
        if (folder / name).exists():
            (folder / name).unlink()
            gone.append(folder / name)
    return list(_names(folder, iter(gone))), list(_names(folder, iter(changed)))


def _runs(folder: Path) -> Iterator[Path]:
    """Yield the folders of runs, those of combinations, controls and reruns in them too."""
    for path in sorted((folder / RESULTS).glob("**/cases.npz")):
        yield path.parent


def _rows_of(run: Path, marks: Marks) -> NDArray[np.intp]:
    """Return her cases in a run; none where they are emptied already."""
    with contextlib.suppress(OSError, ValueError, KeyError), np.load(run / "cases.npz") as file:
        participant, recording = file["participant"], file["recording"]
        mine = np.isin(participant, list(marks.codes)) | np.isin(recording, list(marks.names))
        return np.flatnonzero(mine & ~np.isin(recording, list(marks.others)))
    return np.zeros(0, np.intp)


def _reports(run: Path) -> list[Path]:
    return [run / "report.html", *(run / "csv").glob("**/*")]


def _thin(run: Path, marks: Marks) -> tuple[list[Path], list[Path]]:
    """Take her cases out of a run; what was begun is noted first, so that it can be gone on with."""
    from analysis.evaluation.files import write_arrays, write_json

    noted = run / "withdrawing.json"
    known = _read(noted)
    rows = np.array(known["rows"], np.intp) if known else _rows_of(run, marks)
    write_json(noted, {"rows": rows.tolist()})
    dropped, gone, changed = _thin_folds(run, rows)
    for place in ("inputs.json", "result.json", "guards.json", "combinations.json"):
        path = run / place
        if path.exists():
            before = _read(path) or {}
            after = _without(before, marks, dropped)
            if place == "inputs.json":
                after["withdrawn"] = _counted(before, after)
            if place == "result.json" and after:
                _say(after, len(rows))
            write_json(path, after)
            changed.append(path)
    log = run / "progress.jsonl"
    if log.exists() and dropped:
        kept = [line for line in log.read_text(encoding="utf-8").splitlines() if not _is_about(line, dropped)]
        write_atomically(log, "".join(f"{line}\n" for line in kept))
        changed.append(log)
    shutil.rmtree(run / "batch", ignore_errors=True)
    with np.load(run / "cases.npz", allow_pickle=False) as file:
        columns = {name: file[name].copy() for name in file.files}
    count = len(columns["participant"])
    for name, values in columns.items():
        if values.ndim and len(values) == count and name not in ("classes", "outputs", "id"):
            values[rows] = np.zeros((), values.dtype)
    write_arrays(run / "cases.npz", columns)
    noted.unlink()
    return gone, [*changed, run / "cases.npz"]


def _thin_folds(run: Path, rows: NDArray[np.intp]) -> tuple[set[str], list[Path], list[Path]]:
    """Take rows out of the folds; return the names of folds that tested nobody else, which go."""
    from analysis.evaluation.files import write_arrays, write_json

    division = _read(run / "division.json") or {"folds": []}
    dropped: set[str] = set()
    gone: list[Path] = []
    changed: list[Path] = []
    folds = []
    for fold in division["folds"]:
        tested = np.setdiff1d(np.array(fold["test"], np.intp), rows)
        path = run / "folds" / f"{fold['name']}.npz"
        if len(fold["test"]) and not len(tested):
            dropped.add(fold["name"])
            gone += [
                each
                for each in (path, path.with_suffix(".json"), path.with_suffix(".failed.json"))
                if each.exists()
            ]
            continue
        folds.append({**fold, "test": tested.tolist()})
        if path.exists():
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            kept = ~np.isin(arrays["rows"], rows)
            side = ~np.isin(arrays.get("train_rows", np.zeros(0, np.intp)), rows)
            if kept.all() and side.all():
                continue
            many = len(kept)
            cut = {n: v[kept] if v.ndim and len(v) == many else v for n, v in arrays.items()}
            of_side = [name for name in arrays if name == "train_rows" or name.startswith("plane.trained.")]
            cut |= {name: arrays[name][side] for name in of_side}
            write_arrays(path, cut)
            facts = _read(path.with_suffix(".json")) or {}
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            write_json(path.with_suffix(".json"), {**facts, "sha256": sha256})
            changed.append(path)
    for path in gone:
        path.unlink(missing_ok=True)
    write_json(run / "division.json", {**division, "folds": folds})
    return dropped, gone, [*changed, run / "division.json"]


def _without(values: Mapping[str, Any], marks: Marks, dropped: set[str]) -> dict[str, Any]:
    """Return JSON values without her entries, and without those of folds that went."""

    def pruned(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: pruned(inner)
                for key, inner in value.items()
                if key not in dropped and key not in marks.codes
            }
        if isinstance(value, list):
            return [
                pruned(inner)
                for inner in value
                if not (isinstance(inner, str) and inner in dropped)
                and not (isinstance(inner, dict) and inner.get("fold") in dropped)
            ]
        return value

    kept = without_entries(pruned(dict(values)), marks)
    return kept if isinstance(kept, dict) else {}


def _counted(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """Return how many recordings and label files of withdrawn participants a run was made with."""
    earlier = before.get("withdrawn") or {}
    return {
        name: int(earlier.get(name, 0)) + len(before.get(name) or ()) - len(after.get(name) or ())
        for name in ("recordings", "labels")
    }


def _say(result: dict[str, Any], cases: int) -> None:
    notes = list(result.get("notes") or ())
    note = NOTE.format(cases=cases)
    result["notes"] = notes if note in notes else [*notes, note]


def _is_about(line: str, dropped: set[str]) -> bool:
    with contextlib.suppress(ValueError, AttributeError):
        return json.loads(line).get("fold") in dropped
    return False


def _seal_again(path: Path, marks: Marks) -> None:
    """Take a participant out of a frozen plan; `before` keeps the checksums it had."""
    values = _read(path)
    if values is None:
        return
    old = str(values.pop("sha256"))
    before = [*values.pop("before", ()), old]
    kept = without_entries(values, marks)
    excluded = {code: why for code, why in kept.get("excluded", {}).items() if code not in marks.codes}
    kept |= {"excluded": excluded, "participants": kept.get("participants", []), "note": values["note"]}
    sha256 = hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()
    content = kept | {"sha256": sha256, "before": before}
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _recommenders(folder: Path, marks: Marks) -> Iterator[Path]:
    """Yield recommenders that hold her ratings, copies of them that a session uses too."""
    # Rehearsals lie one folder deeper.
    copies = folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}/{IN_SESSION}")
    for path in (*(folder / RECOMMENDERS).glob("*.json"), *copies):
        if is_recommender_of(path, marks):
            yield path


def is_recommender_of(path: Path, marks: Marks) -> bool:
    """Whether a file is a recommender that holds her ratings."""
    from analysis.recommendation.stored import holds

    said = _read(path)
    return said is not None and holds(said, marks.names)


def _is_hers(said: Mapping[str, Any] | None, marks: Marks) -> bool:
    if said is None or said.get("recording") in marks.others:
        return False
    return said.get("participant") in marks.codes or said.get("recording") in marks.names


def _names_her(plan: Mapping[str, Any] | None, marks: Marks) -> bool:
    if plan is None:
        return False
    codes = {*plan.get("participants", ()), *plan.get("excluded", {})}
    return bool(codes & set(marks.codes) or set(plan.get("recordings", ())) & set(marks.names))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _names(folder: Path, paths: Iterator[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(folder).as_posix() for path in paths)
