"""The verdict rules: one table of names, limits, and what the operator is told to do.

A rule's `limit` is what its measure must not pass, in the measure's own unit (s, uV, uS, g, kOhm, dBFS,
brightness of 255, or a share). Where the limits come from:

- `rate`: the promise of the signal check, 2 %; a camera may fall behind for want of light, which
  slows it without spoiling its times.
- `loss`: the OpenBCI GUI warns above 1 % of lost packages.
- `near_rail`, `railed`: the OpenBCI GUI warns at 75 % and complains at 90 % of full scale.
- `impedance`: the OpenBCI GUI's 750 and 2500 kOhm.
- `off_wrist`, `eda_open`: skin that touches conducts at least 0.05 uS (see `quality_wrist`).
- `motion`: 4 of 5 windows of 10 s in the 28 recordings of the Stress-Predict data, people who write
  and talk, stay below 0.25 g.
- the others: our own choice, tried on recorded and simulated data by the tests of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["passed", "warned", "failed", "waiting"]
Severity = Literal["warned", "failed"]

MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong: how bad it is, from where on, and the operator's sentences."""

    code: str
    severity: Severity
    limit: float
    text: str


RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        Rule("no_data", "failed", 3.0, "no data for {value:.0f} s. Check that it is on, charged and near."),
        Rule(
            "rate",
            "failed",
            0.02,
            "sends {value:.4g} samples a second instead of {nominal:g}. Restart the device, or correct "
            "its rate in its own settings.",
        ),
        Rule(
            "frames_few",
            "failed",
            0.2,
            "gives {value:.1f} pictures a second instead of {nominal:g}. Add light, lower the resolution, "
            "or use another USB port.",
        ),
        Rule(
            "frames_slow",
            "warned",
            0.02,
            "gives {value:.1f} pictures a second instead of {nominal:g}. Add light, or lower the resolution.",
        ),
        Rule(
            "loss_high",
            "failed",
            0.05,
            "{percent:.0f} % of the samples are lost. Bring the device nearer, change its battery or cable.",
        ),
        Rule(
            "loss",
            "warned",
            0.01,
            "{percent:.1f} % of the samples are lost. Bring the device nearer, change its battery or cable.",
        ),
        Rule("flat", "failed", 1.0, "{channels} flat. Check {electrode} and {cable}."),
        Rule(
            "sensor_flat", "failed", 0.0, "{channels} flat. Check that the sensor is on and touches the skin."
        ),
        Rule("sensor_still", "warned", 0.0, "{channels} constant. Check that the sensor is worn and works."),
        Rule(
            "railed",
            "failed",
            0.9,
            "{channels} at the end of the amplifier's range. Check {electrode}, ground and reference.",
        ),
        Rule(
            "near_rail",
            "warned",
            0.75,
            "{channels} near the end of the amplifier's range. Check {electrode}, ground and reference.",
        ),
        Rule(
            "clipped",
            "failed",
            0.05,
            "{channels} cut off at the top or bottom. Check {electrode}, ground and reference.",
        ),
        Rule(
            "line_noise_high",
            "failed",
            0.9,
            "{percent:.0f} % of the signal is mains hum ({value:g} Hz). Check ground and reference, move "
            "chargers and lamps away.",
        ),
        Rule(
            "line_noise",
            "warned",
            0.5,
            "{percent:.0f} % of the signal is mains hum ({value:g} Hz). Check ground and reference, move "
            "chargers and lamps away.",
        ),
        Rule(
            "impedance_open",
            "failed",
            2500.0,
            "{channels} above {limit:g} kOhm: no contact. Press the electrode on, add paste or water.",
        ),
        Rule(
            "impedance",
            "warned",
            750.0,
            "{channels} above {limit:g} kOhm. Press the electrode on, add paste or water.",
        ),
        Rule(
            "contact",
            "warned",
            100.0,
            "contact looks poor at {names} (estimated from size and mains hum). Check {electrode}.",
        ),
        Rule("motion", "warned", 0.25, "moves a lot ({value:.2f} g). Ask for a calm hand."),
        Rule(
            "off_wrist", "failed", 0.05, "the wristband seems to be off the wrist. Put it on, not too loose."
        ),
        Rule(
            "eda_open",
            "warned",
            0.05,
            "skin conductance below {limit:g} uS though there is a pulse. Tighten the strap, wait for the "
            "skin to warm up.",
        ),
        Rule(
            "no_pulse", "warned", 30.0, "no heart beat found for {value:.0f} s. Tighten the strap or sensor."
        ),
        Rule(
            "no_face", "failed", 0.3, "no face in the picture. Turn the camera to the participant, add light."
        ),
        Rule("no_drawn_face", "warned", 0.3, "no face found in the picture of what stands in for a camera."),
        Rule("dark", "warned", 25.0, "the picture is dark. Add light, uncover the camera."),
        Rule("glaring", "warned", 235.0, "the picture is too bright. Turn the camera away from the light."),
        Rule("frozen", "failed", 0.5, "the picture stands still. Plug the camera in again."),
        Rule(
            "repeated",
            "warned",
            0.05,
            "{percent:.0f} % of the pictures repeat the one before. Restart the camera.",
        ),
        Rule(
            "frames_lost_high", "failed", 0.1, "{value:.0f} pictures of 10 s were lost. Close other programs."
        ),
        Rule("frames_lost", "warned", 0.02, "{value:.0f} pictures of 10 s were lost. Close other programs."),
        Rule("muted", "failed", -100.0, "no sound at all. Unmute the microphone, check its cable."),
        Rule("quiet", "warned", -66.0, "hardly any sound ({value:.0f} dBFS). Raise the microphone's level."),
        Rule(
            "clipping_high",
            "failed",
            0.01,
            "{percent:.1f} % of the sound is cut off. Lower the microphone's level.",
        ),
        Rule(
            "clipping", "warned", 0.0005, "the sound is cut off at its peaks. Lower the microphone's level."
        ),
    )
}


@dataclass
class Quality:
    """What was found out about one stream: the measures, and the problems they amount to.

    `seconds` is the length judged. `is_waiting` says that it is still too little.
    """

    stream: str
    seconds: float = 0.0
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[Rule, str]] = field(default_factory=list)
    is_waiting: bool = False

    def report(self, code: str, channels: Sequence[str] = (), **words: Any) -> None:
        """Note that rule `code` is broken, by some channels if they are given."""
        rule = RULES[code]
        one = len(channels) < 2
        electrode = "the electrode" if one else "their electrodes"
        cable = "its cable" if one else "their cables"
        known = {
            "channels": are(channels),
            "names": listed(channels),
            "electrode": electrode,
            "cable": cable,
            "limit": rule.limit,
        } | words
        if "share" in words:
            known["percent"] = 100.0 * words["share"]
        self.problems.append((rule, f"{self.stream}: {rule.text.format(**known)}"))

    def report_above(self, measure: float | None, *codes: str, **words: Any) -> None:
        """Report the first of `codes`, the worst given first, whose limit the measure is above."""
        for code in codes:
            if measure is not None and measure > RULES[code].limit:
                self.report(code, **{"value": measure, "share": measure} | words)
                return

    @property
    def verdict(self) -> Verdict:
        """The worst of the problems; `waiting` while there is too little to judge."""
        found = {rule.severity for rule, _ in self.problems}
        if "failed" in found:
            return "failed"
        if self.is_waiting:
            return "waiting"
        return "warned" if found else "passed"

    def to_json(self) -> dict[str, Any]:
        """Return the stream's part of the `quality` message."""
        return self.values | {
            "seconds": self.seconds,
            "verdict": self.verdict,
            "problems": [{"code": rule.code, "text": text} for rule, text in self.problems],
        }


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence can bear them: `Fp1, Fp2 and 3 more`."""
    if len(names) <= MOST_NAMED:
        return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"


def are(channels: Sequence[str]) -> str:
    """Return `channel Fp1 is`, or `channels Fp1 and Fp2 are`."""
    return f"channel {channels[0]} is" if len(channels) == 1 else f"channels {listed(channels)} are"
