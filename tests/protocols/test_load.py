"""A protocol file with mistakes: each one is told with its line and what to do."""

from pathlib import Path

import pytest

from protocols import library
from protocols.load import load_protocol
from protocols.problems import ProtocolError
from tests.protocols.files import SOUND, changed, parse, problems_of

SELF_PACED = "{min_s: 1, typical_s: 6, max_s: 30}"

# what stands in the sound file, what stands there instead, the problems
CASES = {
    "a key with a typing error": (
        "title: A small protocol",
        "titel: A small protocol",
        ('p.yaml:1: "title" is missing. Add it.', 'p.yaml:3: unknown key "titel". Did you mean "title"?'),
    ),
    "a word for a number": (
        "version: 1",
        "version: one",
        ('p.yaml:2: "version" must be a whole number, not "one".',),
    ),
    "a number that is too small": (
        "version: 1",
        "version: 0",
        ('p.yaml:2: "version" must be 1 or more, not 0.',),
    ),
    "a name with blanks": (
        "name: small",
        "name: Small Protocol",
        (
            'p.yaml:1: "name" must be lower-case letters, digits and single hyphens, starting with a letter, '
            'not "Small Protocol".',
        ),
    ),
    "a duration without its unit": (
        "duration_s: 0.5}",
        "duration: 0.5}",
        (
            'p.yaml:22: "duration_s" is missing in entry 1 of "look". Add it.',
            'p.yaml:22: unknown key "duration" in entry 1 of "look". Did you mean "duration_s"?',
        ),
    ),
    "no time at all": (
        "duration_s: 0.5}",
        "duration_s: 0}",
        ('p.yaml:22: "duration_s" must be more than 0, not 0.',),
    ),
    "a stage that takes no hours": (
        "duration_s: 0.5}",
        "duration_s: .inf}",
        ('p.yaml:22: "duration_s" must be a finite number, not Infinity.',),
    ),
    "a self-paced fixation": (
        "duration_s: 0.5}",
        "duration_s: {typical_s: 1}}",
        ("p.yaml:22: the clock ends this stage, so its duration is one number. Write the seconds.",),
    ),
    "a timed typing task": (
        "{kind: typing, sentences: typing, duration_s: {typical_s: 5}}",
        "{kind: typing, sentences: typing, duration_s: 5}",
        (
            "p.yaml:31: the participant ends this stage, so its duration is not one number. "
            "Write {typical_s: 5}.",
        ),
    ),
    "a minimum above the typical": (
        SELF_PACED,
        "{min_s: 9, typical_s: 6, max_s: 30}",
        ("p.yaml:25: min_s, typical_s and max_s must rise in this order. Correct the three numbers.",),
    ),
    "no typical duration": (
        SELF_PACED,
        "{min_s: 1, max_s: 30}",
        ('p.yaml:25: "typical_s" is missing in "duration_s". Add it.',),
    ),
    "an unknown stage": (
        "kind: fixation",
        "kind: fixaton",
        ('p.yaml:22: "kind" cannot be "fixaton". Did you mean "fixation"?',),
    ),
    "a stage without a kind": (
        "{kind: fixation, ",
        "{",
        ('p.yaml:22: "kind" is missing in "look". Add it.',),
    ),
    "a picture larger than the screen": (
        "kind: picture, duration_s: 2",
        "kind: picture, duration_s: 2, size: 1.5",
        ('p.yaml:23: "size" must be 1 or less, not 1.5.',),
    ),
    "a colour by name": (
        "kind: picture, duration_s: 2",
        "kind: picture, duration_s: 2, background: grey",
        ('p.yaml:23: "background" must be a colour such as "#808080", not "grey".',),
    ),
    "an unknown scale": (
        "text: Positive, scale: likert",
        "text: Positive, scale: lickert",
        ('p.yaml:28: "scale" cannot be "lickert". Did you mean "likert"?',),
    ),
    "seven figures": (
        "scale: sam, points: 9",
        "scale: sam, points: 7",
        ('p.yaml:30: "points" cannot be 7. Known here: 5, 9.',),
    ),
    "two items of one id": (
        "id: negative",
        "id: positive",
        ('p.yaml:29: the item "positive" exists twice (first in line 28). Give one of them another name.',),
    ),
    "a text that YAML takes for something else": (
        "text: Welcome",
        "text: no",
        ('p.yaml:18: "text" must be text, not false. Put the text in quotes.',),
    ),
    "a text forgotten": (
        "text: Welcome",
        "text:",
        ('p.yaml:18: "text" must be text, not null. Write it after the colon.',),
    ),
    "a category with a typing error": (
        "draw: {pleasant: 3, unpleasant: 3}",
        "draw: {plesant: 3, unpleasant: 3}",
        (
            'p.yaml:15: the block "main" does not draw "pleasant". Did you mean "plesant"?',
            'p.yaml:40: there is no category "plesant". Did you mean "pleasant"?',
        ),
    ),
    "an order that does not exist": (
        "draw: {pleasant: 3, unpleasant: 3}",
        "draw: {pleasant: 5, unpleasant: 1}",
        (
            'p.yaml:41: block "main": 5 pleasant and 1 unpleasant cannot be put in order with at most 1 of '
            "one in a row, beginning with pleasant. Raise max_run or draw more evenly.",
        ),
    ),
    "places and inserted trials that differ": (
        "insert: {every: 2, trial: look, draw: {neutral: 3}}",
        "insert: {every: 2, trial: look, draw: {neutral: 2}}",
        ("p.yaml:38: after every 2 of 6 trials makes 3 inserted trials, but 2 are drawn. Draw 3 in insert.",),
    ),
    "more pictures than there are": (
        "draw: {neutral: 1}",
        "draw: {neutral: 4}",
        (
            'p.yaml:42: the category "neutral" has only 6 stimuli, and more are drawn in all. '
            "Draw fewer, or add stimuli to the set.",
        ),
    ),
    "an unknown trial": (
        "  - name: main\n    trial: look",
        "  - name: main\n    trial: lok",
        ('p.yaml:39: there is no trial "lok". Did you mean "look"?',),
    ),
    "an unknown stage to rotate": (
        "rotate: [typing, speaking]",
        "rotate: [typing, talking]",
        ('p.yaml:14: there is no stage of a trial "talking". Did you mean "speaking"?',),
    ),
    "a first category that is no change": (
        "first: [pleasant, unpleasant]",
        "first: [pleasant, pleasant]",
        ('p.yaml:15: the category "pleasant" exists twice (first in line 15). Remove one of them.',),
    ),
    "two first categories of one block": (
        "  - {name: first, block: main, first: [pleasant, unpleasant]}\n",
        "  - {name: first, block: main, first: [pleasant, unpleasant]}\n"
        "  - {name: second, block: main, first: [pleasant, unpleasant]}\n",
        (
            'p.yaml:16: the first category of block "main" exists twice (first in line 15). '
            "Remove one of them.",
        ),
    ),
    "a set whose name no system could have": (
        "set: open",
        'set: "\\0' + "x" * 300 + '"',
        (
            'p.yaml:5: there is no stimulus set "\x00' + "x" * 300 + '" and no folder with a manifest.csv of '
            "that name. Known here: open.",
        ),
    ),
    "a first category in a fixed order": (
        "shuffle: true, max_run",
        "shuffle: false, max_run",
        (
            'p.yaml:15: the order of block "main" is fixed, so its first category cannot change. '
            "Set shuffle: true in its order.",
        ),
    ),
    "an unknown set": (
        "set: open",
        "set: opne",
        (
            'p.yaml:5: there is no stimulus set "opne" and no folder with a manifest.csv of that name. '
            'Did you mean "open"?',
        ),
    ),
    "an unknown picture": (
        "{category: pleasant}",
        "{ids: [puppy, pupy]}",
        ('p.yaml:7: the set "open" has no stimulus "pupy". Did you mean "puppy"?',),
    ),
    "a picture in two categories": (
        "{category: pleasant}",
        "{ids: [puppy, storm]}",
        (
            'p.yaml:8: the stimulus "storm" is in "pleasant" already. '
            "Let categories have no stimulus in common.",
        ),
    ),
    "ratings that no picture has": (
        "{category: pleasant}",
        "{valence: [8.9, 9]}",
        ('p.yaml:7: no picture of the set "open" belongs to "pleasant". Widen the ranges.',),
    ),
    "an unknown list of sentences": (
        "typing: neutral-typing",
        "typing: neutral-typin",
        (
            'p.yaml:11: there is no sentence list "neutral-typin", bundled or as a file. '
            'Did you mean "neutral-typing"?',
        ),
    ),
    "lists that overlap": (
        "speaking: neutral-speaking",
        "speaking: neutral-typing",
        (
            'p.yaml:12: "The letter was sent on a Tuesday." is also in the list "typing". '
            "Use lists without overlap.",
        ),
    ),
    "sentences that run out": (
        "count: 2",
        "count: 9",
        (
            'p.yaml:12: the list "speaking" has only 40 sentences, and the session needs more. '
            "Add sentences; none is used twice.",
        ),
    ),
    "a key given twice": (
        "version: 1",
        "version: 1\nversion: 2",
        ('p.yaml:3: "version" is given twice (first in line 2). Remove one of them.',),
    ),
    "a tab": (
        "  set: open",
        "\tset: open",
        (
            "p.yaml:5: this is not YAML: while scanning for the next token: found character '\\t' that "
            "cannot start any token. Check indentation, colons, brackets and quotes there.",
        ),
    ),
    "an alias": (
        "version: 1",
        "version: &a 1\nsummary: *a",
        ("p.yaml:3: aliases (*) are not read here. Write the value out.",),
    ),
    "a picture outside of trials": (
        "opening:\n",
        "opening:\n  - {kind: picture, duration_s: 1}\n",
        ('p.yaml:17: only a trial has a picture. Name a stimulus, or move it into a trial of "trials".',),
    ),
    "two stages of one name": (
        "    - {kind: picture, duration_s: 2}\n",
        "    - {kind: picture, duration_s: 2}\n    - {kind: fixation, duration_s: 1}\n",
        ('p.yaml:24: the stage "fixation" exists twice (first in line 22). Give one of them another name.',),
    ),
    "nothing drawn": (
        "draw: {neutral: 1}",
        "draw: {}",
        ('p.yaml:37: "draw" must have at least 1 entry.',),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_told_with_line_and_remedy(case: str) -> None:
    old, new, expected = CASES[case]
    assert tuple(problems_of(changed(old, new))) == expected


def test_the_file_that_the_cases_change_is_sound() -> None:
    assert problems_of(SOUND) == []


def test_every_problem_is_told_at_once() -> None:
    text = changed("version: 1", "version: one")
    text = text.replace("kind: fixation", "kind: fixaton").replace(
        "trial: look\n    draw: {p", "trial: l\n    draw: {p"
    )
    text = text.replace("text: Welcome", "txt: Welcome")
    lines = [int(problem.split(":")[1]) for problem in problems_of(text)]
    assert lines == [2, 17, 18, 22, 39]


@pytest.mark.parametrize("text", ["", "[]", "a", "- 1", "null"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert len(problems_of(text)) == 1


def test_a_missing_file_names_the_protocol_that_was_meant() -> None:
    with pytest.raises(ProtocolError) as caught:
        load_protocol("dmeo")
    assert str(caught.value) == 'dmeo: there is no such protocol, bundled or as a file. Did you mean "demo"?'


def test_a_set_may_lie_beside_the_protocol(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    bundled = parse(SOUND).stimuli.folder
    for path in bundled.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "p.yaml").write_text(changed("set: open", "set: mine"), encoding="utf-8")
    protocol = load_protocol(tmp_path / "p.yaml")
    assert protocol.stimuli.name == "mine"
    assert protocol.stimuli.folder == folder


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("\ufeff" + SOUND, encoding="utf-8")
    assert load_protocol(path).name == "small"


def test_latin_1_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(changed("A small", "Café").encode("latin-1"))
    with pytest.raises(ProtocolError, match=r"is not UTF-8 text\. Save the file as UTF-8\."):
        load_protocol(path)


def test_the_bundled_protocols_are_named_as_their_files() -> None:
    assert {name: load_protocol(name).name for name in library()} == {name: name for name in library()}
