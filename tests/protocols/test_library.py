"""The bundled protocols keep to their papers."""

from collections import Counter

import pytest

from protocols import library
from protocols.expand import expand
from protocols.load import load_protocol


@pytest.mark.parametrize("name", library())
def test_a_bundled_protocol_runs_in_every_slot_with_the_files_it_has(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.stimuli.problems() == []
    lengths = {expand(protocol, "P01", 1, slot, slot).typical_s for slot in range(protocol.slots)}
    assert len(lengths) == 1


def test_the_demo_lasts_a_minute_and_shows_every_kind_of_stage() -> None:
    schedule = expand(load_protocol("demo"), "sim01", 1, 0, 1)
    assert schedule.typical_s == pytest.approx(60)
    assert schedule.max_s is not None
    kinds = {stage.kind for stage in schedule.stages}
    assert kinds == {
        "instruction", "rest", "fixation", "picture", "questionnaire", "typing", "speaking", "break"
    }  # fmt: skip
    items = [item for stage in schedule.stages for item in stage.content.get("items", ())]
    assert {item["dimension"] for item in items if item["scale"] == "sam"} == {
        "valence",
        "arousal",
        "dominance",
    }
    assert {item["points"] for item in items if item["scale"] == "sam"} == {9}
    assert Counter(trial.category for trial in schedule.trials) == {"pleasant": 1, "unpleasant": 1}


@pytest.mark.parametrize("slot", range(4))
def test_sixteen_pictures_as_in_the_paper(slot: int) -> None:
    schedule = expand(load_protocol("picture-typing-speaking"), "P01", 1, slot, 5)
    practice, *rest = schedule.trials
    assert practice.practice and practice.category == "neutral"
    assert len(rest) == 15
    first = ("pleasant", "unpleasant")[slot // 2]
    second = ("unpleasant", "pleasant")[slot // 2]
    assert [trial.category for trial in rest] == [first, second, "neutral"] * 5
    tasks = ("typing", "speaking") if slot % 2 == 0 else ("speaking", "typing")
    for trial in schedule.trials:
        stages = [stage for stage in schedule.stages if stage.trial == trial.index]
        assert [stage.kind for stage in stages] == ["picture", "questionnaire", *tasks, "break"]
        picture, report, *_, pause = stages
        assert picture.duration.is_timed and picture.duration.typical_s == 10
        assert pause.duration.is_timed and pause.duration.typical_s == 10
        assert report.duration.typical_s == 16
        assert [(item["id"], item["points"]) for item in report.content["items"]] == [
            ("positive", 7),
            ("negative", 7),
        ]
        assert sum(stage.duration.typical_s for stage in stages[:-1]) == pytest.approx(40)


def test_the_paper_s_own_pictures_are_named() -> None:
    originals = load_protocol("picture-typing-speaking").document.stimuli.originals
    assert {name: " ".join(ids) for name, ids in originals.items()} == {
        "pleasant": "IAPS 1920 NAPS Animals_183_h NAPS Faces_001_h NAPS Faces_079_h NAPS Faces_127_h",
        "unpleasant": "IAPS 2205 IAPS 8010 IAPS 9421 NAPS Faces_155_h NAPS People_143_h",
    }
