"""Alarms that are heard: the tones, the choice of the output, and real sound on real sinks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app import settings
from app.link import LinkServer, Message, Peer
from app.plan import Lock, SessionPaths
from app.supervisor.sounder import LOUDNESS, TONES, Outputs, Sounder, find_outputs, tone
from tests.helpers.sound import RATE_HZ, SoundServer, sound_server
from tests.helpers.stage import Stage
from tests.helpers.supervision import wait_for

ALARM_HZ = (880.0, 660.0)


def share_at(sound: NDArray[np.float64], *pitches_hz: float) -> float:
    """Return the share of a sound's energy within 15 Hz of some pitches."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    pitch_hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    near = np.any([np.abs(pitch_hz - wanted) < 15 for wanted in pitches_hz], axis=0)
    return float(power[near].sum() / max(power.sum(), 1e-12))


@pytest.mark.parametrize("level", TONES)
@pytest.mark.parametrize("channels", [1, 2])
def test_tones_are_short_calm_and_without_a_click(level: str, channels: int) -> None:
    samples = tone(level, RATE_HZ, channels)
    assert samples.shape[1] == channels
    assert len(samples) / RATE_HZ < 1.0
    assert np.abs(samples).max() == pytest.approx(LOUDNESS, rel=0.01)
    assert np.abs(np.diff(samples, axis=0)).max() < 0.05, "no step is audible as a click"
    assert samples[0].max() == samples[-1].max() == 0.0


def test_an_alarm_is_told_from_a_warning_by_pitch_and_rhythm() -> None:
    alarm, warning = (tone(level, RATE_HZ)[:, 0].astype(np.float64) for level in ("alarm", "warning"))
    assert share_at(alarm, *ALARM_HZ) > 0.9
    assert share_at(warning, *ALARM_HZ) < 0.05
    assert len(alarm) > 3 * len(warning)


@pytest.mark.parametrize(
    ("outputs", "shared"),
    [
        (Outputs(1, "USB Speaker", 2, "HDMI"), False),
        (Outputs(1, "HDMI", 1, "HDMI"), True),
        (Outputs(1, "Speakers (USB Audio)", 7, "speakers (usb audio)"), True),
        (Outputs(1, "USB Speaker", 0, "default"), True),
        (Outputs(1, "pulse", 2, "HDMI"), True),
        (Outputs(1, "USB Speaker"), True),
    ],
)
def test_outputs_are_apart_only_where_that_is_certain(outputs: Outputs, shared: bool) -> None:
    assert outputs.shared is shared


class NoDevices:
    class PortAudioError(Exception):
        pass

    @staticmethod
    def query_devices(device: str | None, kind: str) -> Any:
        raise ValueError(f"No {kind} device matching {device!r}")


@pytest.mark.parametrize(
    ("wanted", "text"), [("", "no sound output"), ("Kitchen", 'the output "Kitchen" for alarms is not there')]
)
def test_a_missing_output_is_said_in_words(wanted: str, text: str) -> None:
    assert text in find_outputs(NoDevices, wanted, "").problem


def test_without_portaudio_it_says_so_and_plays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    sounder = Sounder("", "")
    assert "Everything else works." in sounder.outputs.problem
    assert sounder.play("alarm") == sounder.outputs.problem


def test_the_outputs_are_a_setting_of_this_computer() -> None:
    assert settings.sound_outputs() == settings.SoundOutputs("", "")
    settings.save({"alarm_output": "USB", "stimulus_output": "HDMI"})
    assert settings.sound_outputs() == settings.SoundOutputs("USB", "HDMI")


class Listener:
    """Records the monitor of a sink."""

    def __init__(self, server: SoundServer, sink: str, folder: Path) -> None:
        self._path = folder / f"{sink}.raw"
        options = [f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--raw", "--latency-msec=50"]
        with self._path.open("wb") as file:
            self._process = subprocess.Popen(
                ["parec", f"--device={sink}.monitor", *options], stdout=file, env=server.environment
            )
        wait_for(lambda: self._path.stat().st_size > 4000, f"{sink} to be recorded")

    def stop(self) -> NDArray[np.float64]:
        """Return what was heard, of full scale."""
        self._process.terminate()
        self._process.wait(10)
        whole = self._path.stat().st_size // 2 * 2
        return np.frombuffer(self._path.read_bytes()[:whole], np.int16) / 32768


@contextmanager
def sounder_process(folder: Path, environment: dict[str, str]) -> Iterator[tuple[LinkServer, list[Message]]]:
    """Run a sounder; its supervisor's link and what it said."""
    paths = SessionPaths(folder, "s")
    paths.live.mkdir(parents=True)
    heard: list[Message] = []

    def take(peer: Peer, message: Message) -> None:
        heard.append(message)

    server = LinkServer(take, lambda peer: None)
    Lock.of_this_process(server.port, server.token, "u").write(paths.lock)
    command = [sys.executable, "-P", "-m", "app", "_sounder", "--live", str(paths.live)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: any(message["type"] == "outputs" for message in heard), "the sounder's outputs")
        yield server, heard
        server.broadcast({"type": "stop"})
        _, said = process.communicate(timeout=10)
        assert process.returncode == 0, said.decode()
    finally:
        process.kill()
        process.communicate()
        server.close()


@pytest.fixture(scope="module")
def loudspeakers() -> Iterator[SoundServer]:
    with sound_server("bell", "stage") as server:
        yield server


def sound(loudspeakers: SoundServer, folder: Path, alarm: str, stimulus: str) -> tuple[Any, ...]:
    """Have an alarm sounded; return what the sounder says and what either loudspeaker played."""
    settings.save({"alarm_output": alarm, "stimulus_output": stimulus})
    environment = dict(loudspeakers.environment) | {"EVOKE_HOME": os.environ["EVOKE_HOME"]}
    with sounder_process(folder, environment) as (server, heard):
        outputs = next(message for message in heard if message["type"] == "outputs")
        bell, stage = (Listener(loudspeakers, sink, folder) for sink in ("bell", "stage"))
        server.broadcast({"type": "sound", "level": "alarm"})
        time.sleep(1.8)
        return outputs, bell.stop(), stage.stop()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
def test_the_alarm_sounds_on_its_own_output_and_the_stimuli_s_stays_silent(
    loudspeakers: SoundServer, tmp_path: Path
) -> None:
    outputs, bell, stage = sound(loudspeakers, tmp_path, "bell", "stage")
    assert (outputs["problem"], outputs["shared"]) == ("", False)
    assert np.abs(bell).max() > 0.1
    assert share_at(bell, *ALARM_HZ) > 0.8
    assert np.abs(stage).max() == 0.0


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
def test_without_a_choice_it_sounds_on_the_usual_output_and_knows_that_it_is_shared(
    loudspeakers: SoundServer, tmp_path: Path
) -> None:
    outputs, bell, _ = sound(loudspeakers, tmp_path, "", "")
    assert (outputs["problem"], outputs["shared"]) == ("", True)
    assert share_at(bell, *ALARM_HZ) > 0.8, "the first sink is the default"


@pytest.mark.slow
def test_a_supervisor_that_hears_of_no_sound_says_so_once(stage: Stage) -> None:
    problem = "Alarms are silent: PortAudio is missing."
    stage.start({"sounder": {"outputs": {"problem": problem}}, "presenter": {"lasts_s": 1.0}})
    outcome = stage.end()
    assert (outcome.status, outcome.alarms) == (0, 0)
    assert stage.said.count(problem) == 1


@pytest.mark.slow
def test_in_a_session_an_alarm_is_sounded_at_once_on_its_own_output(stage: Stage) -> None:
    scene = {
        "sounder": {},
        "recorder": {"script": [[0.8, {"states": {"eeg": "stale"}}], [1.4, {"states": {"eeg": "live"}}]]},
        "presenter": {"lasts_s": 2.5},
    }
    stage.start(scene)
    assert stage.end().alarms == 1
    assert stage.told("sounder", "sound") == ["alarm"]
    (alarm,) = (event for event in stage.events("alarm") if event.payload["level"] == "alarm")
    assert alarm.payload["sounded"] is True
    assert alarm.payload["code"] == "stream_stale"


def test_on_a_shared_output_it_is_sounded_when_the_trial_has_ended(stage: Stage) -> None:
    scene = {
        "sounder": {"outputs": {"shared": True}},
        "recorder": {"script": [[1.2, {"states": {"camera": "stale"}}]]},
        "presenter": {"lasts_s": 3.0, "trials": [[0.0, 2.0]]},
    }
    stage.start(scene)
    stage.end()
    (alarm,) = stage.events("alarm")
    (sounded,) = stage.events("alarm_sounded")
    assert alarm.payload["sounded"] is False
    assert 0.3 < sounded.time - alarm.time < 2.5
    assert stage.told("sounder", "sound") == ["alarm"]
