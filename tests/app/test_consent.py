"""What participants agreed to: kept as lines, the newest holds, and nothing goes on without."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app import consent
from app.amendments import Amendment, add
from app.consent import STREAMS, USES, Answers, Consent, ConsentError
from app.devices.entries import DeviceEntry
from app.plan import SessionPlan
from app.study import Study
from app.supervisor.permissions import modality_of, permitted
from tests.helpers.people import lines

DEVICES = {
    "camera": DeviceEntry("face", "camera", True, {}),
    "voice": DeviceEntry("mic", "microphone", True, {}),
    "body": DeviceEntry("eeg", "brainflow", True, {"board": "synthetic"}),
}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "s", "Fear", "people")


def test_the_newest_line_for_the_version_holds(study: Study) -> None:
    assert consent.consent_for(study, "01", "demo", 1) is None
    consent.give(study, Answers().consent("01", "demo", 1))
    later = consent.give(study, Answers(("camera",), ("study",), "AB").consent("01", "demo", 1, "de"))
    assert consent.consent_for(study, "01", "demo", 1) == later
    assert (later.refused, later.language, later.by) == (("camera",), "de", "AB")
    assert later.date
    assert consent.consent_for(study, "01", "demo", 2) is None
    assert consent.consent_for(study, "02", "demo", 1) is None
    assert len(lines(study.folder / consent.FILE)) == 2, "nothing is overwritten"


def test_a_line_says_yes_or_no_to_everything_and_holds_no_more(study: Study) -> None:
    consent.give(study, Answers(("voice", "typed_text"), ("study", "teaching")).consent("01", "demo", 1))
    (line,) = lines(study.folder / consent.FILE)
    assert line["streams"] == {"camera": True, "voice": False, "typed_text": False, "body": True}
    assert line["uses"] == {"study": True, "lab": False, "open_data": False, "teaching": True}
    assert set(line) == {"participant", "protocol", "version", "language", "streams", "uses", "date", "by"}


def test_what_a_line_does_not_name_is_no() -> None:
    values = {"participant": "01", "protocol": "p", "version": 1, "streams": {"body": True, "camera": "yes"}}
    known = Consent.from_json(values | {"uses": {}})
    assert known.refused == ("camera", "voice", "typed_text")
    assert not any(known.allows(use) for use in USES)


def test_torn_lines_cost_themselves_alone(study: Study) -> None:
    consent.give(study, Answers().consent("01", "demo", 1))
    with (study.folder / consent.FILE).open("a") as file:
        file.write('{"participant": "02", "pro')
    consent.give(study, Answers().consent("03", "demo", 1))
    assert [known.participant for known in consent.consents(study)] == ["01", "03"]


def test_without_consent_for_this_version_it_is_said_what_there_is(study: Study) -> None:
    with pytest.raises(ConsentError, match=r"has not agreed to demo, version 2\. Ask"):
        consent.demand(study, "01", "demo", 2)
    consent.give(study, Answers().consent("01", "demo", 1))
    with pytest.raises(ConsentError, match="there is consent for version 1"):
        consent.demand(study, "01", "demo", 2)
    consent.give(study, Answers((), ("lab",)).consent("01", "demo", 2))
    with pytest.raises(ConsentError, match="did not agree that recordings are used for this study"):
        consent.demand(study, "01", "demo", 2)


def test_a_corrected_code_takes_its_consent_along(study: Study) -> None:
    study.slot_for("7")
    given = consent.give(study, Answers().consent("7", "demo", 1))
    add(study, Amendment("code", "07", participant="7"))
    assert consent.consent_for(study, "07", "demo", 1) == given


@pytest.mark.parametrize(
    ("words", "streams"),
    [
        (["camera", "voice"], ("camera", "voice")),
        (["microphone", "Typed-Text"], ("voice", "typed_text")),
        (["body", "body"], ("body",)),
        ([], ()),
    ],
)
def test_streams_are_named_as_people_write_them(words: list[str], streams: tuple[str, ...]) -> None:
    assert consent.parse_streams(words) == streams


def test_what_nobody_is_asked_for_is_refused() -> None:
    with pytest.raises(ConsentError, match="Write some of camera, voice, typed-text, body"):
        consent.parse_streams(["smell"])
    with pytest.raises(ConsentError, match="Write some of study, lab, open-data, teaching"):
        consent.parse_uses(["art"])


@pytest.mark.parametrize("refused", [("camera",), ("voice",), ("body",), ("camera", "voice", "body")])
def test_a_refused_stream_s_device_is_not_opened(refused: tuple[consent.Modality, ...]) -> None:
    given = Answers(refused).consent("01", "demo", 1)
    assert [modality_of(device) for device in permitted(DEVICES.values(), given)] == [
        name for name in DEVICES if name not in refused
    ]
    assert permitted(DEVICES.values(), None) == tuple(DEVICES.values())


@pytest.mark.parametrize(
    ("params", "modality"),
    [
        ({"name": "BioSemi"}, "body"),
        ({"type": "EEG"}, "body"),
        ({"type": "Audio"}, "voice"),
        ({"name": "Webcam 2"}, "camera"),
        ({"name": "x", "type": "VideoRaw"}, "camera"),
    ],
)
def test_an_lsl_stream_is_what_it_says_it_is(params: dict[str, str], modality: str) -> None:
    assert modality_of(DeviceEntry("x", "lsl", True, params)) == modality


def test_the_plan_knows_what_was_refused() -> None:
    given = Answers(("typed_text",)).consent("01", "demo", 1).to_json()
    plan = replace(SessionPlan("u", "n", "recorded"), consent=json.loads(json.dumps(given)))
    assert [name for name in STREAMS if plan.refuses(name)] == ["typed_text"]
    assert not any(
        SessionPlan("u", "n", "recorded", consent={"given": True}).refuses(name) for name in STREAMS
    )
