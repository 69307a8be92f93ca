"""`evoke timing-test`: how late a screen is, measured by a photodiode that lies on it."""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from app import screens
from app.commands.left_over import finish_left_over
from app.commands.measuring import own_study, prepare_measurement, run_measurement, say
from app.study import Study
from stimuli.problems import EvokeError

PROTOCOL = "timing-test"
PARTICIPANT = "timingtest"
OWN = ("timing-tests", "Tests of the screen's timing")
DRAWN = 10
"""How many trials the protocol draws; the flashes are these, repeated."""


class TimingTestError(EvokeError):
    """The test could not be made."""


def timing_test(options: argparse.Namespace) -> int:
    """Run the test, find its flashes in the diode's channel, report the lag and keep it for this screen."""
    study = Study.open(options.study) if options.study else own_study(*OWN, PROTOCOL)
    finish_left_over(study, say)
    with tempfile.TemporaryDirectory(prefix="evoke-timing-", ignore_cleanup_errors=True) as folder:
        path = _protocol(Path(folder), options.flashes)
        _, outcome = run_measurement(prepare_measurement(study, path, PARTICIPANT, options), options)
    if outcome.path is None:
        raise TimingTestError(f"the test was not recorded: {outcome.message or outcome.reason}")
    report, rows = measure(outcome.path, options.stream, options.channel)
    if options.keep and report["verified"]:
        screens.remember_lag(report)
    if options.out is not None:
        write_report(options.out, report, rows)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False))
    else:
        print(describe(report))
    return outcome.status or (0 if report["verified"] else 1)


def measure(path: Path, stream: str = "", channel: str = "") -> tuple[dict[str, Any], list[list[float]]]:
    """Return the report of a recorded test, and (intended, logged, lag in ms or NaN) of each flash.

    Raises TimingTestError where no flash was shown on a screen or the channel is not there.
    """
    from analysis.screen_lag import screen_lag
    from analysis.session_file import open_session

    with open_session(path) as session:
        found = screen_lag(session, stream, channel)
        named = ", ".join(
            f"{each.info.id}: {' '.join(each.info.channels)}" for each in session if not each.info.is_blob
        )
        facts = next((event.payload for event in session.events if event.kind == "screen"), {})
    if found is None:
        wanted = f"{stream or 'any stream'}, {channel or 'any channel'}"
        raise TimingTestError(
            f"{path.name}: no flash was shown on a screen, or there is no regular {wanted}. Recorded were"
            f" {named or 'no streams'}. Choose with --stream and --channel."
        )
    report: dict[str, Any] = {
        "path": str(path.absolute()),
        "date": datetime.now(UTC).date().isoformat(),
        "screen": str(facts.get("name", "")),
        "rate_hz": facts.get("rate_hz"),
        "frames_verified": bool(facts.get("verified")),
        "verified": found.is_verified,
        **found.to_json(),
    }
    table = zip(found.intended_s, found.flashes_s, found.lags_s * 1e3, strict=True)
    return report, [[float(value) for value in row] for row in table]


def describe(report: dict[str, Any]) -> str:
    """Return the report as text."""
    head = f"screen {report['screen']}, {report['found']} of {report['flashes']} flashes found"
    head += f" in {report['stream']} {report['channel']}"
    if not report["found"]:
        return f"{head}. Is the diode on the screen, and this its channel?"
    lines = [
        head,
        f"light after the logged swap: median {report['lag_ms']:.2f} ms, SD {report['sd_ms']:.2f} ms",
        f"1st to 99th percentile {report['p01_ms']:.2f} to {report['p99_ms']:.2f} ms,"
        f" least {report['least_ms']:.2f}, most {report['most_ms']:.2f} ms",
        f"one sample of the channel lasts {report['sample_ms']:.2f} ms",
    ]
    if not report["verified"]:
        lines.append("Too few flashes were found to call the screen measured. Nothing was kept.")
    return "\n".join(lines)


def write_report(folder: Path, report: dict[str, Any], rows: list[list[float]]) -> None:
    """Write `timing-test.json`, `.csv` (one line a flash) and `.svg` (histogram) into `folder`."""
    from analysis.histogram import histogram_svg

    lags = [row[2] for row in rows if row[2] == row[2]]
    title = f"{report['screen']}: light after the logged swap"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (folder / "timing-test.json").write_text(text, encoding="utf-8")
        (folder / "timing-test.svg").write_text(histogram_svg(lags, title, "ms"), encoding="utf-8")
        with (folder / "timing-test.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["intended_s", "logged_s", "lag_ms"])
            writer.writerows([intended, logged, "" if lag != lag else lag] for intended, logged, lag in rows)
    except OSError as error:
        raise TimingTestError(
            f"{folder}: the report cannot be written ({error.strerror or error}). Choose another place with"
            " --out."
        ) from error


def _protocol(folder: Path, flashes: int) -> Path:
    """Write the bundled protocol with about this many flashes."""
    from protocols import library

    content = yaml.safe_load(library()[PROTOCOL].read_text(encoding="utf-8"))
    content["blocks"][0]["repeat"] = max(1, round(flashes / DRAWN))
    path = folder / f"{PROTOCOL}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
