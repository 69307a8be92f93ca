"""What may be asked of a simulation, and how mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.simulate.settings import EFFECT_D, MODALITIES, Settings, SimulationError, parse_effects


def test_an_effect_alone_is_for_every_modality_and_a_named_one_for_its_own() -> None:
    assert parse_effects([]) == {}
    assert parse_effects(["0.5"]) == dict.fromkeys(MODALITIES, 0.5)
    assert parse_effects(["0", "face=1.2"])["face"] == 1.2
    assert parse_effects(["0", "face=1.2"])["bvp"] == 0.0
    assert parse_effects(["face=1.2"]) == {"face": 1.2}


def test_a_modality_without_an_effect_of_its_own_has_the_usual_one() -> None:
    settings = Settings(effects={"face": 0.0})
    assert settings.effect("face") == 0.0
    assert settings.effect("eda") == EFFECT_D
    assert settings.to_json()["effects"]["eda"] == EFFECT_D


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["much"], "write a number"),
        (["face=much"], "write a number"),
        (["faces=1"], "Did you mean face?"),
        (["zzz=1"], "There are: eeg"),
    ],
)
def test_an_effect_that_cannot_be_read_is_an_error(texts: list[str], told: str) -> None:
    with pytest.raises(SimulationError, match=told):
        parse_effects(texts)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"modalities": ("tea",)}, "nothing simulates"),
        ({"modalities": ()}, "at least one"),
        ({"effects": {"face": float("nan")}}, "no effect size"),
        ({"effects": {"face": 99.0}}, "no effect size"),
        ({"missing": 1.2}, "missing: 1.2 is no share"),
        ({"artefacts": -0.1}, "artefacts: -0.1 is no share"),
        ({"within": 0.0}, "no share of a stage"),
        ({"fingerprint": -1.0}, "fingerprint: -1 is out of range"),
        ({"eeg_channels": 4}, "8 to 32"),
        ({"seed": -1}, "seed: -1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(SimulationError, match=told):
        Settings(**values)
