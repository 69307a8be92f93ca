"""Features of whole recordings against the usual libraries, one item after the other: time and numbers.

    evoke bench features [--clips 60] [--windows 12] [--sounds 50] [--turns 3]
                         [--only torcheeg,neurokit,librosa] [--python NAME=PATH ...] [--json]

Differential entropy of one DEAP-sized participant (40 trials of 60 s, 32 channels at 128 Hz, clips of 1 s)
against TorchEEG's transform; pulse and skin conductance of one hour (60 s every 15 s) against NeuroKit2 a
window; log-mel of 50 sounds of 4 s against librosa. Ours is timed on all of it. An opponent is timed on
`--clips`, `--windows`, `--sounds` of it and its time is scaled up; the numbers are compared on those. Times
are of one processor, the least of some turns after a first one that does not count. Opponents get
environments of their own; `--python` names one that exists already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from analysis.features.feature import Signal, Steps, feature
from analysis.features.heart import heart_of
from analysis.features.skin import skin_of

Floats = NDArray[np.float64]

OPPONENTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    # TorchEEG pins an old SciPy: it is installed without what it asks for, which comes first.
    "torcheeg": (
        ("torch==2.13.0", "numpy==2.4.6", "scipy==1.17.1", "pandas==2.3.3", "scikit-learn==1.9.1",
         "lmdb==3.0.0", "torchmetrics==1.9.0", "pytorch-lightning==2.6.6", "xlrd==2.0.2", "xmltodict==1.0.4",
         "spectrum==0.10.0", "mne==1.13.2", "mne-connectivity==0.9.0", "setuptools<80"),
        ("--no-deps", "torcheeg==1.1.3"),
    ),
    "neurokit": (("neurokit2==0.2.13", "numpy==2.4.6", "scipy==1.17.1", "pandas==2.3.3"),),
    "librosa": (("librosa==0.11.0", "numpy==2.4.6", "scipy==1.17.1"),),
}  # fmt: skip
TITLES = {"torcheeg": "TorchEEG 1.1.3", "neurokit": "NeuroKit2 0.2.13", "librosa": "librosa 0.11.0"}
TRIALS, CHANNELS, TRIAL_S, EEG_HZ = 40, 32, 60, 128
BANDS = {"theta": (4, 8), "alpha": (8, 14), "beta": (14, 31), "gamma": (31, 49)}
HOUR_S, WINDOW_S, HOP_S, BVP_HZ, EDA_HZ = 3600, 60, 15, 64, 4
SOUND_S, SOUND_HZ = 4, 16_000
TIMES_FASTER, PEAKS_SHARE, DE_APART, DB_APART = 100.0, 0.98, 1e-4, 0.01
ONE_PROCESSOR = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
CHECKOUT = Path(__file__).resolve().parents[2]
SAME_PEAK_S, SAME_RESPONSE_S, CLEAR_US = 0.15, 1.5, 0.1


@dataclass
class Result:
    """One comparison: seconds for everything, the opponent's scaled up from `measured` of `items`."""

    title: str
    opponent: str
    items: int
    measured: int
    seconds: float
    theirs_s: float | None = None
    same: dict[str, float] = field(default_factory=dict)
    is_same: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times faster."""
        return None if self.theirs_s is None else self.theirs_s / self.seconds


def python_of(name: str, given: Mapping[str, str], say: Callable[[str], None]) -> Path | None:
    """Return the Python of an opponent's own environment, made at the first call; None where it fails."""
    if name in given:
        return Path(given[name])
    home = Path(platformdirs.user_cache_dir("evoke", "evoke")) / "benchmarks" / OPPONENTS[name][-1][-1]
    if name != "torcheeg":
        home = home.with_name(OPPONENTS[name][0][0])
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"
    if not ready.exists():
        say(f"installing {TITLES[name]} into {home} ...")
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
            for packages in OPPONENTS[name]:
                pip = [str(python), "-m", "pip", "install", "--quiet", *packages]
                subprocess.run(pip, check=True, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            say(f"{TITLES[name]} could not be installed; its column says so.")
            return None
        ready.touch()
    return python


def opponent(
    name: str,
    python: Path | None,
    given: Mapping[str, Any],
    turns: int,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, Any] | None:
    """Let an opponent compute; None where it is absent or ends badly."""
    if python is None:
        return None
    source, target = folder / f"{name}-in.npz", folder / f"{name}-out.npz"
    np.savez(source, **given)
    script = Path(__file__).with_name("features_opponents.py")
    done = subprocess.run(
        [str(python), str(script), name, str(source), str(target), str(turns)],
        capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        say(f"{TITLES[name]}: {told}; its column says absent.")
        return None
    with np.load(target) as file:
        return dict(file)


def timed(work: Callable[[], Any], turns: int) -> tuple[float, Any]:
    """Return the least processor time of some turns after a first one, and what came of it."""
    made = work()
    least = float("inf")
    for _ in range(turns):
        begun = time.process_time()
        made = work()
        least = min(least, time.process_time() - begun)
    return least, made


def computed(name: str, signal: Signal, spans: Any, window_s: float, hop_s: float, **settings: Any) -> Steps:
    """Return a feature with its own settings and those given."""
    what = feature(name)
    return what.extract(signal, np.asarray(spans, float), window_s, hop_s, {**what.settings, **settings})


def entropy(options: argparse.Namespace, ask: Callable[..., Any]) -> Result:
    """Differential entropy of one DEAP-sized participant."""
    random = np.random.default_rng(1)
    rows = TRIALS * TRIAL_S * EEG_HZ
    values = np.cumsum(random.normal(0, 1, (rows, CHANNELS)), axis=0)
    values = values - np.linspace(0, 1, rows)[:, None] * values[-1] + random.normal(0, 20, values.shape)
    names = tuple(f"c{place}" for place in range(CHANNELS))
    signal = Signal("eeg", EEG_HZ, 0.0, values.astype(np.float32), names, ("uV",) * CHANNELS)
    spans = [[trial * TRIAL_S, (trial + 1) * TRIAL_S] for trial in range(TRIALS)]
    seconds, made = timed(
        lambda: computed("eeg.de_filtered", signal, spans, 1.0, 0.0, bands=BANDS, base="2", per_window=True),
        options.turns,
    )
    count = min(options.clips, TRIALS * TRIAL_S)
    chosen = np.linspace(0, TRIALS * TRIAL_S - 1, count).astype(int)
    clips = np.stack([signal.values[at * EEG_HZ : (at + 1) * EEG_HZ].T for at in chosen]).astype(np.float64)
    found = ask("torcheeg", clips=clips)
    result = Result("differential entropy, 2400 clips", "torcheeg", len(made.values), count, seconds)
    if found is not None:
        result.theirs_s = float(found["seconds"]) * result.items / count
        ours = made.values[chosen].reshape(count, CHANNELS, len(BANDS))
        result.same["largest difference"] = float(np.abs(ours - found["values"]).max())
        result.is_same = result.same["largest difference"] <= DE_APART
    return result


def hour() -> tuple[Signal, Signal]:
    """Return a pulse wave and skin conductance of one hour, noisy, with a heart that speeds up and slows."""
    random = np.random.default_rng(2)
    times = np.arange(HOUR_S * BVP_HZ) / BVP_HZ
    pace = 1.15 + 0.15 * np.sin(2 * np.pi * times / 300) + 0.03 * np.sin(2 * np.pi * 0.25 * times)
    phase = np.cumsum(pace) / BVP_HZ % 1
    wave = np.exp(-(((phase - 0.25) / 0.11) ** 2)) + 0.35 * np.exp(-(((phase - 0.55) / 0.13) ** 2))
    wave = 50 * (1 + 0.2 * np.sin(2 * np.pi * times / 60)) * (wave - 0.3) + random.normal(0, 1, len(times))
    grid = np.arange(HOUR_S * EDA_HZ) / EDA_HZ
    skin = 4 + 0.5 * np.sin(2 * np.pi * grid / 900)
    for onset in np.cumsum(random.uniform(12, 40, 200)):
        after = np.clip(grid - onset, 0, None)
        skin += random.uniform(0.15, 0.6) * (np.exp(-after / 4) - np.exp(-after / 0.8)) * (after > 0)
    skin += random.normal(0, 0.001, len(skin))
    return (
        Signal("bvp", BVP_HZ, 0.0, wave[:, None].astype(np.float32), ("bvp",), ("",)),
        Signal("eda", EDA_HZ, 0.0, skin[:, None].astype(np.float32), ("eda",), ("uS",)),
    )


def windows(options: argparse.Namespace, ask: Callable[..., Any]) -> Result:
    """Pulse and skin conductance of one hour, 60 s every 15 s."""
    bvp, eda = hour()
    spans = [[0.0, float(HOUR_S)]]

    def both() -> tuple[Steps, Steps]:
        return computed("heart", bvp, spans, WINDOW_S, HOP_S), computed("skin", eda, spans, WINDOW_S, HOP_S)

    seconds, (heart, _) = timed(both, options.turns)
    items = len(heart.values)
    count = min(options.windows, items)
    chosen = np.linspace(0, items - 1, count).astype(int)

    def parts(signal: Signal) -> Floats:
        size = round(WINDOW_S * signal.rate_hz)
        return np.stack(
            [signal.values[round(at * HOP_S * signal.rate_hz) :][:size, 0] for at in chosen]
        ).astype(np.float64)

    found = ask("neurokit", bvp=parts(bvp), eda=parts(eda), bvp_hz=BVP_HZ, eda_hz=EDA_HZ)
    result = Result("pulse and skin, one hour", "neurokit", items, count, seconds)
    if found is not None:
        result.theirs_s = float(found["seconds"]) * items / count
        beats = heart_of(bvp).beats.times_s
        responses = skin_of(eda).responses
        tops = np.array([(each.peak_s, each.amplitude_us) for each in responses]).reshape(-1, 2)
        result.same = {
            "same beats": shared(
                np.stack([beats, np.ones(len(beats))], axis=1), found["peaks"], chosen, SAME_PEAK_S
            ),
            "same responses": shared(tops, found["responses"], chosen, SAME_RESPONSE_S),
            "rate apart, bpm": float(
                np.abs(heart.values[chosen, heart.names.index("rate_bpm")] - found["values"][:, 0]).max()
            ),
        }
        # One by one: the least of some numbers with NaN (nothing to compare) may be any of them.
        result.is_same = all(result.same[name] >= PEAKS_SHARE for name in ("same beats", "same responses"))
    return result


def shared(ours: Floats, theirs: Floats, chosen: NDArray[np.intp], near_s: float) -> float:
    """Return the share of one's clear events that the other has too; a constant delay between is none.

    `ours` (n, 2) are seconds and size, `theirs` (n, 3) window, seconds in it, and size. Sizes under
    `CLEAR_US` need not be in both. Two seconds at the ends of a window, where only one of both sees what lies
    beside, do not count.
    """
    pairs: list[tuple[Floats, Floats]] = []
    for place, at in enumerate(chosen):
        inside = (ours[:, 0] >= at * HOP_S) & (ours[:, 0] < at * HOP_S + WINDOW_S)
        pairs.append((ours[inside] - np.array([at * HOP_S, 0]), theirs[theirs[:, 0] == place, 1:]))
    nearest = [
        two[np.abs(two[None, :, 0] - one[:, None, 0]).argmin(axis=1), 0] - one[:, 0]
        for one, two in pairs
        if len(one) and len(two)
    ]
    delay_s = float(np.median(np.concatenate(nearest))) if nearest else 0.0
    same = total = 0
    for one, two in pairs:
        moved = one + np.array([delay_s, 0.0])
        for asked, other in ((moved, two), (two, moved)):
            inner = (asked[:, 0] > 2) & (asked[:, 0] < WINDOW_S - 2) & (asked[:, 1] >= CLEAR_US)
            for at_s in asked[inner, 0]:
                same += bool(len(other) and np.abs(other[:, 0] - at_s).min() <= near_s)
            total += int(inner.sum())
    return same / total if total else float("nan")


def mels(options: argparse.Namespace, ask: Callable[..., Any]) -> Result:
    """Log-mel power of sounds of four seconds."""
    random = np.random.default_rng(3)
    sounds = random.normal(0, 0.1, (options.sounds, SOUND_S * SOUND_HZ)).astype(np.float32)
    signals = [Signal("speech", SOUND_HZ, 0.0, sound[:, None], ("voice",), ("",)) for sound in sounds]

    def work() -> list[Steps]:
        return [computed("speech.log_mel", each, [[0.0, SOUND_S]], 0.032, 0.01) for each in signals]

    seconds, made = timed(work, options.turns)
    found = ask("librosa", sounds=sounds, rate_hz=SOUND_HZ)
    result = Result(f"log-mel, {len(sounds)} sounds of 4 s", "librosa", len(sounds), len(sounds), seconds)
    if found is not None:
        result.theirs_s = float(found["seconds"])
        ours = np.stack([each.values for each in made])
        result.same["largest difference, dB"] = float(np.abs(ours - found["values"]).max())
        result.is_same = result.same["largest difference, dB"] <= DB_APART
    return result


TASKS: Mapping[str, Callable[[argparse.Namespace, Callable[..., Any]], Result]] = {
    "torcheeg": entropy,
    "neurokit": windows,
    "librosa": mels,
}
TARGETS = {"torcheeg": TIMES_FASTER, "neurokit": TIMES_FASTER, "librosa": 1.0}


def table(results: list[Result]) -> tuple[str, bool]:
    """Lay the figures out; return the text and whether every target is reached."""
    lines = [f"{'':<34}{'Evoke, s':>10}{'opponent, s':>13}{'ratio':>9}  target"]
    good = True
    for each in results:
        ratio = each.ratio
        theirs = "absent" if each.theirs_s is None else f"{each.theirs_s:.2f}"
        times = "" if ratio is None else f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.1f}x"
        lines.append(
            f"{each.title:<34}{each.seconds:>10.3f}{theirs:>13}{times:>9}  {TARGETS[each.opponent]:.0f}x"
        )
        told = "; ".join(f"{name} {value:.3g}" for name, value in each.same.items())
        if ratio is not None:
            part = "all" if each.measured == each.items else f"{each.measured} of {each.items}, scaled up"
            lines.append(f"  {TITLES[each.opponent]} measured on {part}; {told}")
            good &= ratio >= TARGETS[each.opponent] and each.is_same
    return "\n".join(lines), good


def main(arguments: list[str]) -> int:
    """Run the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(prog="evoke bench features", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=60, help="clips that TorchEEG is timed on, of 2400")
    parser.add_argument("--windows", type=int, default=12, help="windows that NeuroKit2 is timed on, of 237")
    parser.add_argument("--sounds", type=int, default=50)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", default=",".join(TASKS))
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH", help="its Python")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.only.split(",")) - set(TASKS))
    if unknown:
        parser.error(f"--only {', '.join(unknown)}: choose of {', '.join(TASKS)}")
    if any(os.environ.get(name) != "1" for name in ONE_PROCESSOR):
        # NumPy has been imported by now and would compute with every processor: begin again with one.
        code = f"import sys; from tests.benchmarks.features import main; sys.exit(main({arguments!r}))"
        alone = os.environ | dict.fromkeys(ONE_PROCESSOR, "1")
        return subprocess.call([sys.executable, "-c", code], cwd=CHECKOUT, env=alone)
    given = dict(each.split("=", 1) for each in options.python)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    results = []
    with tempfile.TemporaryDirectory(prefix="evoke-bench-", dir=os.environ.get("EVOKE_BENCH_FOLDER")) as made:
        for name in TASKS:
            if name in options.only.split(","):
                python = python_of(name, given, say)

                def ask(name: str, python: Path | None = python, **data: Any) -> dict[str, Any] | None:
                    say(f"{TITLES[name]} ...")
                    return opponent(name, python, data, options.turns, Path(made), say)

                results.append(TASKS[name](options, ask))
    text, good = table(results)
    print(text)
    if options.json:
        print(json.dumps([vars(each) | {"ratio": each.ratio} for each in results]))
    return 0 if good else 1
