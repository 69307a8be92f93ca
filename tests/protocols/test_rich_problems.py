"""What goes wrong in a file that uses everything, told with line and remedy."""

from pathlib import Path

import pytest

from protocols.problems import ProtocolError
from tests.protocols.rich import rich, write_files

CALM = "- {kind: film, name: calm, stimulus: clip-2, volume: 0.5, microphone: false}"
BASE = '{stimulus: "{item.base}", duration_s: 0.06}'

# what stands in the rich file, what stands there instead, the problems
CASES = {
    "one key for two answers": (
        "key: KeyL}",
        "key: KeyJ}",
        ('rich.yaml:54: two options have the key "KeyJ". Give each its own.',),
    ),
    "a key that is no place": (
        "key: KeyL}",
        "key: Left}",
        (
            'rich.yaml:59: "key" must be the place of a key such as KeyJ, Digit1, Space or ArrowLeft, '
            'not "Left".',
        ),
    ),
    "a correct answer that is none of the options": (
        'correct: "{item.expression}"',
        "correct: sad",
        ('rich.yaml:54: "correct" names no option: "sad". Options: happy, disgust.',),
    ),
    "a correct answer that an item fills in wrongly": (
        "expression: happy}\n  bea-happy",
        "expression: sad}\n  bea-happy",
        ('rich.yaml:60: "sad" is to be correct and is none of the options. Options: happy, disgust.',),
    ),
    "a reaction from a stage that comes later": (
        "reaction_from: face",
        "reaction_from: choice",
        ('rich.yaml:61: there is no stage so far "choice". Known here: face, fixation, gap.',),
    ),
    "a film of unknown length": (
        CALM,
        "- {kind: film, name: calm, stimulus: endless}",
        (
            'rich.yaml:39: the set does not say how long "endless" is, and the stage lasts as long as it. '
            "Fill in duration_s in the set's manifest, or write duration_s here.",
        ),
    ),
    "a sound as a film": (
        CALM,
        "- {kind: film, name: calm, stimulus: rain}",
        ('rich.yaml:39: the stimulus "rain" is a sound, and this asks for films. Choose a film.',),
    ),
    "a film of no trial": (
        CALM,
        "- {kind: film, name: calm}",
        ('rich.yaml:39: only a trial has a film. Name a stimulus, or move it into a trial of "trials".',),
    ),
    "an unknown instrument": (
        "instrument: phq-9",
        "instrument: phq",
        ('rich.yaml:38: there is no instrument "phq", bundled or as a file. Did you mean "phq-9"?',),
    ),
    "a text in one language of two": (
        "{en: Thank you., de: Danke.}",
        "Thank you.",
        ('rich.yaml:107: "text" is one text, and the protocol has en, de. Write {en: ..., de: ...}.',),
    ),
    "a language forgotten": (
        "{en: Thank you., de: Danke.}",
        "{en: Thank you.}",
        ('rich.yaml:107: "text" has no text in "de". Add it.',),
    ),
    "a language with a typing error": (
        "{en: Thank you., de: Danke.}",
        "{en: Thank you., dee: Danke.}",
        (
            'rich.yaml:107: "text" has no text in "de". Add it.',
            'rich.yaml:107: "text" has a text in "dee", which is none of the languages (en, de). '
            'Did you mean "de"?',
        ),
    ),
    "no language at all": (
        "languages: [en, de]",
        "languages: [en, deutsch]",
        ('rich.yaml:4: entry 2 of "languages" must be a language such as en, de or pt-BR, not "deutsch".',),
    ),
    "a screening answer that YAML takes for something else": (
        'must_answer: "no"',
        "must_answer: no",
        ('rich.yaml:28: "must_answer" must be text, not false. Put the text in quotes.',),
    ),
    "a screening answer that is no option": (
        'must_answer: "no"',
        "must_answer: maybe",
        ('rich.yaml:28: "maybe" is none of the options. Options: yes, no.',),
    ),
    "an unknown block in an order": (
        "blocks: [still, [practice, moving]]",
        "blocks: [still, [practice, move]]",
        ('rich.yaml:30: there is no block "move". Did you mean "moving"?',),
    ),
    "orders of different things": (
        "[health, holiday]]",
        "[health, health]]",
        (
            "rich.yaml:31: order 2 does not name each one once, the same as order 1. "
            "Write every order with the same names.",
        ),
    ),
    "the order of a shuffled block": (
        "draw: {questions: 2}, order: {shuffle: false}",
        "draw: {questions: 2}",
        (
            'rich.yaml:31: the block "talk" is shuffled, so no order of it can be named. '
            "Set shuffle: false in its order.",
        ),
    ),
    "a category that the trial does not choose among": (
        "draw: {clips: 2}",
        "draw: {probes: 2}",
        ('rich.yaml:98: the trial chooses among "clips", and "probes" is drawn for it. Draw clips.',),
    ),
    "an item's picture that is not there": (
        "face: ann-happy,",
        "face: ann-hapy,",
        ('rich.yaml:14: the set "faces" has no stimulus "ann-hapy". Did you mean "ann-happy"?',),
    ),
    "a name that items lack": (
        BASE,
        '{stimulus: "{item.bas}", duration_s: 0.06}',
        ('rich.yaml:50: the item "ann-happy" has no "bas" for {item.bas}. Did you mean "base"?',),
    ),
    "a step of two things": (
        BASE,
        "{stimulus: x, mask: noise, duration_s: 0.06}",
        ("rich.yaml:50: a step shows one thing. Write one of stimulus: ID, mask: noise, blank: COLOUR.",),
    ),
    "two sizes": (
        "{height_px: 418}",
        "{height_px: 418, width_px: 3}",
        ("rich.yaml:47: a size is one number. Write one of height_deg, width_deg, height_px, width_px.",),
    ),
    "an unknown measure": (
        "{height_px: 418}",
        "{height_cm: 418}",
        ('rich.yaml:47: unknown key "height_cm" in "size". Did you mean "height_px"?',),
    ),
    "a spread from long to short": (
        "{from_s: 0.5, to_s: 1}",
        "{from_s: 1.5, to_s: 1}",
        ("rich.yaml:43: from_s must be less than to_s. Write the shorter one first.",),
    ),
    "more sessions than films": (
        "sessions: 2",
        "sessions: 9",
        ('rich.yaml:8: "clips" has 6, too few for 9 sessions. Lower sessions.',),
    ),
    "sentences in one language": (
        "typing: {en: neutral-typing, de: saetze.csv}",
        "typing: neutral-typing",
        ('rich.yaml:21: "typing" is one text, and the protocol has en, de. Write {en: ..., de: ...}.',),
    ),
    "an unknown item": (
        "items: [holiday, health]",
        "items: [holiday, helth]",
        ('rich.yaml:12: there is no item "helth". Did you mean "health"?',),
    ),
    "a re-prompt without a measure": (
        "      prepare_s: 3",
        "      reprompt: {en: More, de: Mehr}",
        ("rich.yaml:78: reprompt needs min_voiced_s. Say how many seconds of voice are enough.",),
    ),
    "an unknown key beside a tag of the same name as a key": (
        "max_chars: 80",
        "max_char: 80",
        ('rich.yaml:70: unknown key "max_char" in "text". Did you mean "max_chars"?',),
    ),
    "an unknown key of a factor": (
        "[practice, moving]]}",
        "[practice, moving]], nmae: x}",
        ('rich.yaml:30: unknown key "nmae" in "blocks". Did you mean "name"?',),
    ),
    "an unknown key of a trial": (
        "  next:\n    choose:",
        "  next:\n    chose:",
        ('rich.yaml:89: unknown key "chose" in "next". Did you mean "choose"?',),
    ),
    "categories together that the block does not draw": (
        "repeat: 3}",
        "repeat: 3, order: {together: [[moving, still]]}}",
        ('rich.yaml:95: the block "moving" does not draw "still". Known here: moving.',),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("rich"))


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_told_with_line_and_remedy(case: str, folder: Path) -> None:
    old, new, expected = CASES[case]
    with pytest.raises(ProtocolError) as caught:
        rich(folder, old, new)
    assert tuple(str(problem) for problem in caught.value.problems) == expected


def test_a_language_without_our_wording_needs_all_texts(folder: Path) -> None:
    with pytest.raises(ProtocolError) as caught:
        rich(folder, "languages: [en, de]", "languages: [en, de, it]")
    told = [str(problem) for problem in caught.value.problems]
    assert 'rich.yaml:33: there is no usual text for "text" in "it". Write text: {it: ...}.' in told
    assert (
        'rich.yaml:38: the instrument "phq-9" has no text in "it". It has en, de; leave the language or the '
        "instrument out."
    ) in told
