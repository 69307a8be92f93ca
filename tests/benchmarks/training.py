"""Training: epochs beside a DataLoader, ShallowConvNet beside braindecode's, folds, each recognizer's cost.

    evoke bench training [--cases 128] [--epochs 3] [--repeats 5] [--participants 8] [--fold-epochs 1]
                         [--folds 4] [--workers 1,2] [--only epochs|shallow|folds|recognizers] [--json]

One thread, CPU seconds of the process, the quickest of several epochs or steps. Both loops see the same
mini-batches and draw the same dropout, so their weights must be equal in the end: the largest difference is
printed. The folds are small by default; `--participants 40 --fold-epochs 100 --folds 40` measures what is
extrapolated otherwise, and takes days on one core.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

import torch

from tests.benchmarks.training_costs import costs, show
from tests.benchmarks.training_folds import a_fold_of_each, extrapolated, scaling
from tests.benchmarks.training_networks import Case, attention_lstm, bimodal_lstm, ours, plain
from tests.benchmarks.training_shallow import FORMULATIONS, measured

PARTS = ("epochs", "shallow", "folds", "recognizers")


def cases(count: int) -> list[Case]:
    """Return what is trained: both networks on long and on short sequences."""
    return [
        attention_lstm(
            "attention-LSTM, all inputs", ("face", "speech", "keys", "bvp", "eda", "temperature"), count
        ),
        attention_lstm("attention-LSTM, physiology", ("bvp", "eda", "temperature"), 4 * count),
        bimodal_lstm("Bimodal-LSTM, SEED: 60 x 310 + 41", count, 60, (310, 41), 32),
        bimodal_lstm("Bimodal-LSTM, DEAP: 5 x 128 + 48", 16 * count, 5, (128, 48), 32),
    ]


def compare(case: Case, epochs: int) -> dict[str, Any]:
    """Return the quickest epoch of both loops, and how far apart their weights are."""
    weights, seconds = ours(case, epochs)
    other, plain_seconds = plain(case, epochs)
    return {
        "network": case.name,
        "cases": len(case.data),
        "ours_s": min(seconds),
        "plain_s": min(plain_seconds),
        "ratio": min(plain_seconds) / min(seconds),
        "difference": float((weights - other).abs().max()),
    }


def _workers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def main(argv: Sequence[str]) -> int:
    """Print the tables; the exit status is 0 only if nothing faster gave another result."""
    parser = argparse.ArgumentParser(prog="evoke bench training")
    parser.add_argument("--cases", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--participants", type=int, default=8)
    parser.add_argument("--fold-epochs", type=int, default=1)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--workers", type=_workers, default=(1, 2))
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    wanted = options.only or PARTS
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    if "epochs" in wanted:
        found["epochs"] = [compare(case, options.epochs) for case in cases(options.cases)]
    if "shallow" in wanted:
        found["shallow"] = measured(options.repeats)
    if "folds" in wanted:
        each = a_fold_of_each(options.participants, options.fold_epochs)
        found["folds"] = {
            "participants": options.participants,
            "epochs": options.fold_epochs,
            "each": each,
            "scaling": scaling(options.participants, options.fold_epochs, options.folds, options.workers),
            "extrapolated_h": extrapolated(each, options.participants, options.fold_epochs),
        }
    if "recognizers" in wanted:
        found["recognizers"] = costs()
    print(json.dumps(found)) if options.json else _print(found)
    is_same = all(each["difference"] == 0 for each in found.get("epochs", ()))
    is_close = all(
        each["difference"] < 1e-3 and each["of_gradients"] < 1e-3
        for each in found.get("shallow", {}).values()
    )
    has_failed = any("failed" in each for each in found.get("recognizers", ()))
    return 0 if is_same and is_close and not has_failed else 1


def _print(found: dict[str, Any]) -> None:
    if "epochs" in found:
        print("an epoch, CPU ms                         cases     ours    plain  ratio  weights differ by")
        for each in found["epochs"]:
            print(
                f"  {each['network']:<38}{each['cases']:>6}{1e3 * each['ours_s']:>9.0f}"
                f"{1e3 * each['plain_s']:>9.0f}{each['ratio']:>7.2f}  {each['difference']:.1g}"
            )
    if "shallow" in found:
        print(
            "\nShallowConvNet, 64 x 32 channels x 512, CPU ms   train    infer  logits, gradients differ by"
        )
        for name in FORMULATIONS:
            each = found["shallow"][name]
            print(
                f"  {name:<46}{1e3 * each['train_s']:>7.0f}{1e3 * each['infer_s']:>9.0f}"
                f"  {each['difference']:.1g}, {each['of_gradients']:.1g}"
            )
    if "folds" in found:
        _print_folds(found["folds"])
    if "recognizers" in found:
        show(found["recognizers"])


def _print_folds(folds: dict[str, Any]) -> None:
    epochs, people = folds["epochs"], folds["participants"]
    print(f"\na fold of the attention-LSTM, {people} participants, {epochs} + {epochs} epochs, CPU ms")
    for name, each in folds["each"].items():
        print(f"  {name:<10}{1e3 * each['cpu_s']:>8.0f}")
    print("\nfolds of P+V+A+T          wall s    CPU s  times as fast  MB a worker")
    first = folds["scaling"][0]["wall_s"]
    for row in folds["scaling"]:
        named = f"{row['folds']} folds, {row['workers']} worker{'s' if row['workers'] > 1 else ''}"
        times = first / row["wall_s"]
        print(
            f"  {named:<22}{row['wall_s']:>8.1f}{row['cpu_s']:>9.1f}{times:>15.2f}{row['memory_mb']:>13.0f}"
        )
    print(
        f"\nextrapolated, not measured: 40 participants, 15 combinations, 100 + 100 epochs: "
        f"{folds['extrapolated_h']:.0f} h of one core"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
