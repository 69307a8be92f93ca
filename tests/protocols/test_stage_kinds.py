"""Every kind of stage carries what the presenter draws, in the participant's language."""

from itertools import groupby
from pathlib import Path

import pytest

from protocols.expand import expand
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from protocols.schedule import Duration, Schedule, Stage
from tests.protocols.rich import rich, write_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("rich"))


@pytest.fixture(scope="module")
def protocol(folder: Path) -> Protocol:
    return rich(folder)


@pytest.fixture(scope="module")
def german(protocol: Protocol) -> Schedule:
    return expand(protocol, "P1", 1, 0, 7, "de")


def named(schedule: Schedule, name: str) -> list[Stage]:
    return [stage for stage in schedule.stages if stage.name == name]


def test_the_warning_and_its_questions_come_before_anything_else(german: Schedule) -> None:
    warning, screening = german.stages[:2]
    assert warning.content["text"] == "Manche Gesichter zeigen Ekel."
    assert screening.content["must_answer"] == {"fit": "yes", "ill": "no"}
    assert [option["text"] for option in screening.content["items"][0]["options"]] == ["Ja", "Nein"]
    # The file records the camera only in stages that say so.
    assert warning.content["camera"] is False and "microphone" not in warning.content


def test_a_rest_has_its_symbol_and_tone_and_the_usual_text_in_german(german: Schedule) -> None:
    (rest,) = named(german, "rest")
    assert rest.content == {
        "text": "Bitte entspannen Sie sich und schauen Sie auf die Mitte des Bildschirms.",
        "symbol": "+",
        "end_tone": True,
    }


def test_an_instrument_brings_items_scoring_attention_and_where_it_comes_from(german: Schedule) -> None:
    (mood,) = named(german, "mood")
    content = mood.content
    assert content["instrument"] == "phq-9" and len(content["items"]) == 9
    assert content["items"][0]["labels"][0] == "Überhaupt nicht"
    assert content["items"][0]["first"] == 0
    assert content["attention"] == {"item": "phq9-9", "above": 0.0, "code": "phq9-item9"}
    assert content["helper_text"] == "Rufen Sie jemanden an."
    assert content["scoring"]["total"] == [item["id"] for item in content["items"]]
    assert content["source"] and content["licence"] and content["translation"]
    assert content["camera"] is False


def test_a_film_without_a_duration_lasts_as_long_as_its_manifest_says(german: Schedule) -> None:
    (calm,) = named(german, "calm")
    assert calm.until_stimulus_ends and calm.stimulus == "clip-2"
    assert calm.duration == Duration(0.0, 62.0, 73.2)
    assert calm.content["microphone"] is False and calm.content["volume"] == 0.5
    (sound,) = named(german, "sound")
    assert (sound.stimulus, sound.until_stimulus_ends, sound.duration) == ("rain", False, Duration(5, 5, 5))


def test_a_sequence_has_its_item_s_pictures_and_a_new_mask_each_time(german: Schedule) -> None:
    faces = named(german, "face")
    assert len(faces) == 1 + 3 * 3
    for face in faces:
        item = german.trials[face.trial].item
        base, target, mask, blank = face.content["steps"]
        assert (base["stimulus"], target["stimulus"]) == (item["base"], item["face"])
        assert blank == {"blank": "#808080", "duration_s": 0.1}
        assert mask.keys() == {"mask", "duration_s", "grain_px", "pattern_seed"}
        assert face.duration == Duration(0.3, 0.3, 0.3)
        assert face.content["size"] == {"height_px": 418}
    assert len({face.content["steps"][2]["pattern_seed"] for face in faces}) == len(faces)


def test_a_choice_knows_its_trial_s_correct_answer(german: Schedule) -> None:
    for choice in named(german, "choice"):
        assert choice.content["correct"] == german.trials[choice.trial].item["expression"]
        assert [option["key"] for option in choice.content["options"]] == ["KeyJ", "KeyL"]
        assert choice.content["options"][0]["text"] == "froh"
        assert choice.duration.is_timed and choice.content["reaction_from"] == "face"


def test_spread_durations_differ_and_stay_between_their_ends(german: Schedule) -> None:
    lengths = [stage.duration for stage in named(german, "gap")]
    assert all(0.5 <= length.typical_s <= 1 and length.is_timed for length in lengths)
    assert len(set(lengths)) > 5


def test_every_scale_reaches_the_page(german: Schedule) -> None:
    items = {item["scale"]: item for item in named(german, "questionnaire")[0].content["items"]}
    assert items["grid"]["x"]["dimension"] == "valence" and items["grid"]["points"] == 9
    assert items["text"]["max_chars"] == 80
    assert (items["number"]["min"], items["number"]["max"], items["number"]["decimals"]) == (1, 120, 0)
    assert items["choice"]["several"] is True and items["choice"]["options"][1]["text"] == "Angst"


def test_a_question_is_asked_aloud_where_its_item_has_a_voice(german: Schedule) -> None:
    asked, silent = named(german, "speaking")
    assert asked.content["text"] == "Wohin würden Sie reisen?" and asked.content["read_aloud"] == "asked"
    assert "read_aloud" not in silent.content
    assert asked.content["prompt"] == "Bitte antworten Sie laut."
    assert asked.content["sentences"] == []


def test_a_chosen_film_is_left_open_among_this_session_s_candidates(protocol: Protocol) -> None:
    for session, candidates in ((1, (2, 3, 4)), (2, (5, 6, 7)), (3, (2, 3, 4))):
        schedule = expand(protocol, "P1", session, 0, 7)
        for stage in named(schedule, "chosen"):
            trial = schedule.trials[stage.trial]
            assert trial.candidates == tuple(f"clip-{n}" for n in candidates)
            assert trial.chosen_by == "nearest_affect"
            assert (trial.stimulus, stage.stimulus, stage.until_stimulus_ends) == ("", "", True)
            assert stage.duration.typical_s == 60 + candidates[1]
            assert stage.duration.max_s == pytest.approx(1.1 * (60 + candidates[2]) + 5)


def test_debriefing_comes_last_and_runs_after_an_abort_too(german: Schedule) -> None:
    assert [stage.always for stage in german.stages] == [False] * (len(german.stages) - 1) + [True]
    assert german.stages[-1].content["picture"] == "ann-happy"


def test_all_stimuli_of_the_session_are_known_beforehand(german: Schedule) -> None:
    used = set(german.stimuli())
    assert {"asked", "voice", "rain", "clip-3", "ann-neutral", "cleo-happy", "ann-happy"} <= used


def test_repeats_come_as_often_as_asked_and_never_twice_running(german: Schedule) -> None:
    for block, each in (("still", 2), ("moving", 3)):
        shown = [trial.stimulus or trial.item["id"] for trial in german.trials if trial.block == block]
        assert all(len(list(run)) == 1 for _, run in groupby(shown))
        assert {shown.count(key) for key in shown} == {each}


def test_slots_move_blocks_together_and_turn_the_listed_order(protocol: Protocol) -> None:
    orders = []
    for slot in range(protocol.slots):
        trials = expand(protocol, "P1", 1, slot, 7).trials
        blocks = [name for name, _ in groupby(trial.block for trial in trials)]
        asked = [trial.item["id"] for trial in trials if trial.block == "talk"]
        orders.append((blocks[:3], asked))
    first, second = ["still", "practice", "moving"], ["practice", "moving", "still"]
    assert [blocks for blocks, _ in orders] == [first, second, first, second]
    assert [asked[0] for _, asked in orders] == ["holiday", "holiday", "health", "health"]


def test_a_language_that_the_protocol_lacks_is_refused(protocol: Protocol) -> None:
    with pytest.raises(
        ProtocolError, match=r'rich.yaml:4: the language "fr" is none of this protocol \(en, de\)'
    ):
        expand(protocol, "P1", 1, 0, 7, "fr")


def test_the_first_language_is_the_usual_one(protocol: Protocol) -> None:
    assert expand(protocol, "P1", 1, 0, 7) == expand(protocol, "P1", 1, 0, 7, "en")
    assert expand(protocol, "P1", 1, 0, 7).language == "en"
