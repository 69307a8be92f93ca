"""Whole streams through real rings: planted faults are named, sound streams are left in peace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.records import StreamInfo
from app.devices.generated import FACE_FPS, face_frames
from app.devices.physiology import RATES_HZ, Wearer
from app.monitor.pictures import PictureWatch
from app.monitor.process import judge_wear, watch
from app.monitor.rules import RULES, Quality
from app.ring import BlobRingReader, BlobRingWriter, SampleRingWriter
from tests.helpers.planted import Floats, brain, grid, pulse, stream

NOW_S = 112.0
EEG = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
POTENTIAL = {"unit": "uV"}


class Fed:
    """A ring with a watcher, fed by hand on a clock of its own."""

    def __init__(self, folder: Path, info: StreamInfo) -> None:
        self.writer = SampleRingWriter(folder / f"{info.id}.ring", info, 30.0)
        self.watcher: Any = watch(folder / f"{info.id}.ring")

    def feed(self, times: Floats, data: np.ndarray, step_s: float = 1.0) -> Quality:
        """Let rows come step by step, a look after each; return the last judgement."""
        rows = data if data.ndim == 2 else data[:, None]
        start_s, quality = float(times[0]), Quality("")
        while start_s <= times[-1]:
            now = start_s + step_s
            here = (times >= start_s) & (times < now)
            if here.any():
                self.writer.append(times[here], rows[here].astype(self.watcher.info.dtype), now)
            self.watcher.poll(now)
            quality = self.watcher.judge(now)
            start_s = now
        return quality


def judged(folder: Path, info: StreamInfo, times: Floats, data: np.ndarray, step_s: float = 1.0) -> Quality:
    return Fed(folder, info).feed(times, data, step_s)


def codes(quality: Quality) -> list[str]:
    return [rule.code for rule, _ in quality.problems]


def test_a_clean_eeg_passes(tmp_path: Path) -> None:
    found = judged(tmp_path, stream("eeg", 250, EEG, **POTENTIAL), grid(12, 250), brain(12, 250, 8))
    assert found.to_json() == {
        "rate_hz": 250.0,
        "rate_error": 0.0,
        "loss": 0.0,
        "flat": [],
        "railed": [],
        "line_noise": pytest.approx(0.0, abs=0.01),
        "contact": dict.fromkeys(EEG, "good"),
        "seconds": 10.0,
        "verdict": "passed",
        "problems": [],
    }


def planted(fault: str) -> np.ndarray:
    data = brain(12, 250, 8)
    times = np.arange(len(data))[:, None] / 250
    match fault:
        case "flat":
            data[:, 0] = 20.0
        case "railed":
            data[:, 6] = -187_500.0 + np.abs(data[:, 6])
        case "near_rail":
            data[:, 1:3] += 150_000.0
        case "line_noise":
            data += 30.0 * np.sin(2 * np.pi * 60.0 * times)
        case "line_noise_high":
            data += 200.0 * np.sin(2 * np.pi * 50.0 * times)
        case "contact":
            data[:, 3] *= 12.0
        case _:
            pass
    return data


@pytest.mark.parametrize(
    ("fault", "verdict", "sentence"),
    [
        ("flat", "failed", "eeg: channel Fp1 is flat. Check the electrode and its cable."),
        ("railed", "failed", "eeg: channel O1 is at the end of the amplifier's range."),
        ("near_rail", "warned", "eeg: channels Fp2 and C3 are near the end of the amplifier's range."),
        ("line_noise", "warned", "eeg: 70 % of the signal is mains hum (60 Hz)."),
        ("line_noise_high", "failed", "% of the signal is mains hum (50 Hz)."),
        ("contact", "warned", "eeg: contact looks poor at C4 (estimated from size and mains hum)."),
    ],
)
def test_a_fault_of_an_eeg_is_named_with_its_remedy(
    tmp_path: Path, fault: str, verdict: str, sentence: str
) -> None:
    info = stream("eeg", 250, EEG, **POTENTIAL, details={"rail_uV": 187_500.0})
    found = judged(tmp_path, info, grid(12, 250), planted(fault))
    assert found.verdict == verdict
    assert fault in codes(found)
    assert sentence in " ".join(text for _, text in found.problems)


def test_an_electrode_that_comes_off_counts_as_flat_after_five_seconds(tmp_path: Path) -> None:
    fed = Fed(tmp_path, stream("eeg", 250, EEG, **POTENTIAL))
    data = brain(16, 250, 8)
    data[2000:, 4] = 0.0
    assert codes(fed.feed(grid(12, 250), data[:3000])) == []
    assert fed.feed(grid(2, 250, 112.0), data[3000:3500]).values["flat"] == ["P7"]


def test_an_integer_stream_has_the_rails_of_its_type(tmp_path: Path) -> None:
    data = brain(12, 250, 8) * 20
    data[:, 2] = 32767
    found = judged(tmp_path, stream("eeg", 250, EEG, **POTENTIAL, dtype="int16"), grid(12, 250), data)
    assert "C3" in found.values["railed"] + found.values["flat"]
    assert found.verdict == "failed"


def test_impedance_takes_the_place_of_the_estimate(tmp_path: Path) -> None:
    data = np.hstack([brain(12, 250, 2) * 12, np.tile([800e3, 4e6, 9e3], (3000, 1))])
    info = StreamInfo(
        "board",
        "eeg",
        "recorded",
        ("T3", "T4", "r1", "r2", "r3"),
        ("uV", "uV", "ohm", "ohm", "ohm"),
        ("eeg", "eeg", "resistance", "resistance", "resistance"),
        250.0,
        "float64",
    )
    found = judged(tmp_path, info, grid(12, 250), data)
    assert found.values["contact"] == {"T3": 800.0, "T4": 4000.0, "r3": 9.0}
    assert codes(found) == ["impedance_open", "impedance"]


def test_lost_packages_are_counted_by_the_board_itself(tmp_path: Path) -> None:
    kept = np.ones(3000, bool)
    kept[1500:1600] = False
    counter = np.arange(3000) % 256
    info = StreamInfo(
        "board", "eeg", "recorded", ("Fp1", "n"), ("uV", ""), ("eeg", "counter"), 250.0, "float64"
    )
    data = np.column_stack([brain(12, 250, 1)[:, 0], counter])[kept]
    # The board's stamps hide the hole: only the counter knows.
    found = judged(tmp_path, info, grid(11.6, 250), data)
    assert found.values["loss"] == pytest.approx(100 / 2600, rel=0.06)
    assert codes(found) == ["loss"]


@pytest.mark.parametrize(
    ("rate_hz", "expected"), [(250.0, []), (246.0, []), (240.0, ["rate"]), (500.0, ["rate"])]
)
def test_the_rate_must_be_within_two_percent(tmp_path: Path, rate_hz: float, expected: list[str]) -> None:
    data = brain(12, rate_hz, 8)
    found = judged(tmp_path, stream("eeg", 250, EEG, **POTENTIAL), grid(12, rate_hz), data)
    assert codes(found) == expected


def test_a_stream_that_falls_silent_fails_until_it_is_back(tmp_path: Path) -> None:
    fed = Fed(tmp_path, stream("eeg", 250, EEG, **POTENTIAL))
    fed.feed(grid(12, 250), brain(12, 250, 8))
    fed.watcher.poll(116.5)
    silent = fed.watcher.judge(116.5)
    assert codes(silent) == ["no_data"]
    assert silent.verdict == "failed"
    assert "no data for 4 s" in silent.problems[0][1]
    back = fed.feed(grid(6, 250, 118.0), brain(6, 250, 8, seed=1))
    assert "no_data" not in codes(back)


def test_a_wristband_that_sends_each_second_is_not_silent(tmp_path: Path) -> None:
    fed = Fed(tmp_path, stream("eda", 4, ("eda",), unit="uS"))
    for second in range(30):
        times = grid(1, 4, 100.0 + second)
        fed.writer.append(times, np.full((4, 1), 2.0 + 0.01 * second, "f8"), 101.0 + second)
        for look_s in (101.0, 101.5, 101.99):
            fed.watcher.poll(look_s + second)
            assert codes(fed.watcher.judge(look_s + second)) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_simulated_wristband_is_worn_and_its_heart_is_found(tmp_path: Path, seed: int) -> None:
    wearer = Wearer(seed)
    blocks = [wearer.advance() for _ in range(80)]
    bands = []
    rates = []
    for signal, unit in (("bvp", ""), ("eda", "uS"), ("temperature", "degC"), ("acceleration", "g")):
        data = np.concatenate([block[signal] for block in blocks])
        labels = tuple(f"{signal}{place}" for place in range(data.shape[1]))
        fed = Fed(tmp_path, stream(signal, RATES_HZ[signal], labels, unit))
        quality = fed.feed(grid(40, RATES_HZ[signal]), data)
        rates.append(quality.values.get("heart_rate_bpm"))
        bands.append((quality, fed.watcher.wear))
    judge_wear(bands)
    assert [quality.verdict for quality, _ in bands] == ["passed"] * 4
    assert bands[1][0].values["worn"] is True
    assert rates[0] == pytest.approx(wearer.heart_rate_bpm, abs=6.0)


def taken_off() -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {
        "bvp": 0.5 * random.standard_normal(12 * 64),
        "eda": np.abs(0.004 * random.standard_normal(48)),
        "temperature": 22.5 + 0.02 * random.integers(0, 2, 48),
    }


@pytest.mark.parametrize("streams", [("bvp", "eda", "temperature"), ("eda",), ("bvp", "temperature")])
def test_a_wristband_on_the_table_is_off_the_wrist(tmp_path: Path, streams: tuple[str, ...]) -> None:
    bands = []
    for signal in streams:
        unit = {"eda": "uS", "temperature": "degC"}.get(signal, "")
        fed = Fed(tmp_path, stream(signal, RATES_HZ[signal], (signal,), unit))
        bands.append((fed.feed(grid(12, RATES_HZ[signal]), taken_off()[signal]), fed.watcher.wear))
    judge_wear(bands)
    assert [quality.values["worn"] for quality, _ in bands] == [False] * len(streams)
    # Told once, not by each of its streams.
    assert sum(codes(quality).count("off_wrist") for quality, _ in bands) == 1


def test_dry_skin_under_a_pulse_is_no_wristband_on_the_table(tmp_path: Path) -> None:
    heart = Fed(tmp_path, stream("bvp", 64, ("bvp",)))
    skin = Fed(tmp_path, stream("eda", 4, ("eda",), "uS"))
    bands = [
        (heart.feed(grid(12, 64), pulse(70, 12)), heart.watcher.wear),
        (skin.feed(grid(12, 4), taken_off()["eda"]), skin.watcher.wear),
    ]
    judge_wear(bands)
    assert codes(bands[1][0]) == ["eda_open"]
    assert bands[1][0].verdict == "warned"


def test_a_missing_pulse_is_told_after_half_a_minute(tmp_path: Path) -> None:
    fed = Fed(tmp_path, stream("bvp", 64, ("bvp",)))
    noise = np.random.default_rng(5).standard_normal(60 * 64)
    assert codes(fed.feed(grid(20, 64), noise[: 20 * 64])) == []
    late = fed.feed(grid(40, 64, 120.0), noise[20 * 64 :])
    assert late.values["heart_rate_bpm"] is None
    assert codes(late) == ["no_pulse"]


def test_coarse_temperature_is_never_flat(tmp_path: Path) -> None:
    found = judged(tmp_path, stream("temperature", 4, ("t",), "degC"), grid(12, 4), np.full(48, 33.01))
    assert codes(found) == []


def test_a_hand_that_swings_is_told(tmp_path: Path) -> None:
    data = np.tile([0.0, 0.0, 1.0], (384, 1)) + 0.5 * np.sin(np.arange(384))[:, None]
    found = judged(tmp_path, stream("acceleration", 32, ("x", "y", "z"), "g"), grid(12, 32), data)
    assert codes(found) == ["motion"]
    assert found.values["motion_g"] == pytest.approx(0.612, abs=0.01)


def test_markers_may_be_silent_but_are_then_not_called_good(tmp_path: Path) -> None:
    fed = Fed(tmp_path, stream("markers", 0.0, ("code",), dtype="int32"))
    fed.watcher.poll(100.0)
    assert fed.watcher.judge(100.0).verdict == "waiting"
    fed.writer.append(np.array([100.2]), np.array([[7]]), 100.3)
    fed.watcher.poll(104.0)
    assert fed.watcher.judge(104.0).to_json() == {
        "rate_hz": 0.1,
        "seconds": 4.0,
        "verdict": "passed",
        "problems": [],
    }


def test_a_fast_stream_is_judged_though_its_ring_holds_but_a_second(tmp_path: Path) -> None:
    rate_hz, count = 20_000.0, 4
    info = stream("eeg", rate_hz, EEG[:count], **POTENTIAL)
    path = tmp_path / "eeg.ring"
    writer, slow = SampleRingWriter(path, info, 1.6), brain(12, 1000, count)
    watcher: Any = watch(path)
    slow[:, 1] = 4.0
    for second in range(12):
        data = np.repeat(slow[second * 1000 : (second + 1) * 1000], 20, axis=0)
        writer.append(grid(1, rate_hz, 100.0 + second), data, 101.0 + second)
        watcher.poll(101.0 + second)
    found = watcher.judge(112.0)
    assert found.values["rate_hz"] == pytest.approx(rate_hz)
    assert (found.seconds, found.values["loss"], found.values["flat"]) == (10.0, 0.0, ["Fp2"])


def test_a_ring_that_is_made_anew_asks_for_another_watcher(tmp_path: Path) -> None:
    info = stream("eeg", 250, EEG, **POTENTIAL)
    fed = Fed(tmp_path, info)
    assert not fed.watcher.is_replaced
    SampleRingWriter(tmp_path / "eeg.ring", stream("eeg", 250, EEG[:4], **POTENTIAL), 30.0)
    assert fed.watcher.is_replaced


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, 0.0])
@pytest.mark.parametrize(
    "kind", ["eeg", "ecg", "bvp", "eda", "temperature", "acceleration", "resistance", "gaze"]
)
def test_no_value_brings_the_judge_down(tmp_path: Path, kind: str, value: float) -> None:
    data = brain(12, 128, 3)
    data[:, 1] = value
    data[::7, 2] = value
    found = judged(tmp_path, stream(kind, 128, ("a", "b", "c"), "uV"), grid(12, 128), data)
    assert found.verdict in ("passed", "warned", "failed")
    # What the journal could not hold would end the monitor.
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()


def sound(level: float, seconds: float = 11.0) -> np.ndarray:
    return level * np.random.default_rng(0).standard_normal(round(seconds * 8000))


@pytest.mark.parametrize(
    ("level", "limit", "expected"),
    [(1000, 32767, []), (0.0, 32767, ["muted"]), (8, 32767, ["quiet"]), (13000, 32767, ["clipping_high"])],
)
def test_sound_that_is_muted_quiet_or_cut_off(
    tmp_path: Path, level: float, limit: int, expected: list[str]
) -> None:
    data = np.clip(sound(level), -limit - 1, limit)
    found = judged(tmp_path, stream("audio", 8000, ("sound",), dtype="int16"), grid(11, 8000), data)
    assert codes(found) == expected
    if level:
        assert found.values["level_dbfs"] == pytest.approx(20 * np.log10(level / 32767), abs=0.6)
        truth = np.mean(np.abs(np.trunc(data)) >= limit)
        assert found.values["clipping"] == pytest.approx(truth, rel=0.05, abs=1e-6)


def camera(origin: str, path: Path) -> tuple[BlobRingWriter, PictureWatch]:
    info = stream("video", FACE_FPS, ("frame",), "jpeg", "jpeg", id="camera", details={"width": 640})
    info = StreamInfo.from_json(info.to_json() | {"origin": origin})
    writer = BlobRingWriter(path / "camera.ring", info, 320, 12_000_000)
    return writer, PictureWatch(path / "camera.ring", BlobRingReader(path / "camera.ring"))


def film(
    writer: BlobRingWriter, watcher: PictureWatch, frames: list[bytes], times: Floats | None = None
) -> Quality:
    """Let frames come at their times, and look twice a second."""
    stamps = grid(len(frames) / FACE_FPS, FACE_FPS) if times is None else times
    due_s = float(stamps[0]) + 0.5
    for time_s, frame in zip(stamps, frames, strict=True):
        writer.append(float(time_s), frame, float(time_s))
        if time_s >= due_s:
            due_s += 0.5
            watcher.poll(float(time_s))
    watcher.poll(float(stamps[-1]))
    return watcher.judge(float(stamps[-1]))


def faces(count: int) -> list[bytes]:
    loop = face_frames()
    return [loop[place % len(loop)] for place in range(count)]


def plain(brightness: int, count: int) -> list[bytes]:
    import cv2

    random = np.random.default_rng(0)
    shots = np.clip(random.normal(brightness, 4.0, (8, 480, 640)), 0, 255).astype(np.uint8)
    encoded = [cv2.imencode(".jpg", shot)[1].tobytes() for shot in shots]
    return [encoded[place % len(encoded)] for place in range(count)]


def test_the_drawn_face_is_found_and_its_camera_passes(tmp_path: Path) -> None:
    found = film(*camera("simulated", tmp_path), faces(360))
    assert codes(found) == []
    assert found.values["face"] is True
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()
    assert (found.values["repeated"], found.values["dropped"], found.seconds) == (0, 0, 10.0)
    assert found.values["rate_hz"] == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("origin", "brightness", "expected"),
    [
        ("recorded", 128, ["no_face"]),
        ("simulated", 128, ["no_drawn_face"]),
        ("recorded", 4, ["dark", "no_face"]),
    ],
)
def test_a_picture_without_a_face_or_light(
    tmp_path: Path, origin: str, brightness: int, expected: list[str]
) -> None:
    found = film(*camera(origin, tmp_path), plain(brightness, 120))
    assert codes(found) == expected
    assert found.values["brightness"] == pytest.approx(brightness, abs=2.0)


@pytest.mark.parametrize(("still", "expected"), [(6, []), (60, ["repeated"]), (200, ["frozen"])])
def test_repeated_pictures_are_counted(tmp_path: Path, still: int, expected: list[str]) -> None:
    frames = faces(300)
    frames[-still - 1 :] = [frames[-still - 1]] * (still + 1)
    found = film(*camera("recorded", tmp_path), frames)
    assert found.values["repeated"] == still
    assert codes(found) == expected


def test_lost_pictures_are_counted(tmp_path: Path) -> None:
    times = np.delete(grid(10.0, FACE_FPS), np.arange(100, 120))
    found = film(*camera("recorded", tmp_path), faces(280), times)
    assert found.values["dropped"] == 20
    assert codes(found) == ["frames_lost"]


def test_a_slow_camera_is_told_from_a_lossy_one(tmp_path: Path) -> None:
    found = film(*camera("recorded", tmp_path), faces(150), grid(10.0, 15.0))
    assert codes(found) == ["frames_few"]
    assert (found.values["dropped"], round(found.values["rate_hz"], 2)) == (0, 15.0)


def test_damaged_pictures_do_not_bring_the_judge_down(tmp_path: Path) -> None:
    frames = [frame[: len(frame) // 3] if place % 2 else b"\xff\xd8" for place, frame in enumerate(faces(90))]
    assert film(*camera("recorded", tmp_path), frames).verdict in ("passed", "warned", "failed")


def test_streams_of_text_are_left_alone(tmp_path: Path) -> None:
    info = stream("markers", 0.0, ("text",), dtype="text")
    BlobRingWriter(tmp_path / "markers.ring", info, 64, 4096)
    assert watch(tmp_path / "markers.ring") is None


def test_every_rule_speaks_in_whole_sentences() -> None:
    for rule in RULES.values():
        quality = Quality("eeg")
        quality.report(rule.code, ["Fp1"], value=1.0, nominal=2.0, share=0.5)
        text = quality.problems[0][1]
        assert text.startswith("eeg: ")
        assert text.endswith(".")
        assert "{" not in text


def test_many_channels_are_not_all_named() -> None:
    quality = Quality("eeg")
    quality.report("flat", [f"E{place}" for place in range(64)])
    said = "eeg: channels E0, E1, E2 and 61 more are flat. Check their electrodes and their cables."
    assert quality.problems[0][1] == said
