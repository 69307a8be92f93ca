"""What each recognizer of the literature costs: an epoch, a prediction, memory, the size of what is kept."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from analysis.recognizers.recognizer import Context
from analysis.recognizers.table import make, recognizer_class
from tests.helpers.recognizer_samples import SAMPLES, sample

CASES = (4, 8)
SHAPES = ("tests", "card")


def costs(names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return a row for each recognizer and shape, measured in a process of its own."""
    return [_in_a_process(name, shape) for name in names or tuple(SAMPLES) for shape in SHAPES]


def measure(name: str, shape: str) -> dict[str, Any]:
    """Train for an epoch and predict: with the widths of the tests, or with those of the card."""
    wanted = sample(name)
    batch = wanted.make(*CASES, True)
    card = recognizer_class(name).card
    once = {each.name: 1 for each in card.settings if each.name.endswith("epochs")}
    settings = {**(wanted.quick if shape == "tests" else wanted.fits), **once}
    context = Context(seed=1, unlabelled=batch.without_answers())
    before = _memory_mb()
    # What is imported and warmed up in the first fit is no cost of an epoch.
    make(name, settings).fit(batch, None, context)
    recognizer = make(name, settings)
    fitted = _seconds(lambda: recognizer.fit(batch, None, context))
    recognizer.predict_proba(batch.without_answers())
    predicted = _seconds(lambda: recognizer.predict_proba(batch.without_answers()))
    with tempfile.TemporaryDirectory() as folder:
        recognizer.save(Path(folder) / "kept")
        kept = sum(path.stat().st_size for path in (Path(folder) / "kept").rglob("*") if path.is_file())
    return {
        "recognizer": name,
        "shape": shape,
        "cases": len(batch),
        "inputs": {key: list(each.values.shape[1:]) for key, each in batch.inputs.items()},
        "fit_s": fitted,
        "predict_ms": 1e3 * predicted / len(batch),
        "memory_mb": _memory_mb() - before,
        "kept_kb": kept / 1024,
    }


def _in_a_process(name: str, shape: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.training_costs", name, shape],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"recognizer": name, "shape": shape, "failed": last}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _seconds(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    print("\na recognizer, CPU, one thread       widths  cases  an epoch s  a case ms  memory MB  kept kB")
    for row in rows:
        head = f"  {row['recognizer']:<32}{row['shape']:>8}"
        if "failed" in row:
            print(f"{head}  {row['failed']}")
            continue
        print(
            f"{head}{row['cases']:>7}{row['fit_s']:>12.2f}{row['predict_ms']:>11.2f}"
            f"{row['memory_mb']:>11.0f}{row['kept_kb']:>9.0f}"
        )


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    print(json.dumps(measure(sys.argv[1], sys.argv[2])))
