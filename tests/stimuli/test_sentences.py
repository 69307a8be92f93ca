"""Neutral sentences: graded, matched, never shared; and the grade against counts by hand."""

import statistics
from pathlib import Path

import pytest

from stimuli.readability import flesch_kincaid_grade, syllables, words
from stimuli.sentences import bundled_sentences, load_sentences
from stimuli.sets import StimulusError

TYPING, SPEAKING = load_sentences("neutral-typing"), load_sentences("neutral-speaking")


def test_both_lists_are_long_enough_for_sixteen_trials() -> None:
    assert len(TYPING) >= 20 and len(SPEAKING) >= 32


def test_no_sentence_is_in_both_lists() -> None:
    assert not {sentence.text for sentence in TYPING} & {sentence.text for sentence in SPEAKING}
    assert not {sentence.id for sentence in TYPING} & {sentence.id for sentence in SPEAKING}


def test_the_lists_are_matched_in_grade_and_length() -> None:
    typing, speaking = ([sentence.grade for sentence in each] for each in (TYPING, SPEAKING))
    assert statistics.mean(typing) == pytest.approx(statistics.mean(speaking), abs=0.05)
    assert statistics.stdev(typing) == pytest.approx(statistics.stdev(speaking), abs=0.05)
    lengths = [statistics.mean(len(sentence.text) for sentence in each) for each in (TYPING, SPEAKING)]
    assert lengths[0] == pytest.approx(lengths[1], abs=1)


@pytest.mark.parametrize("name", bundled_sentences())
def test_the_grades_in_the_file_are_the_computed_ones(name: str) -> None:
    for sentence in load_sentences(name):
        assert sentence.grade == pytest.approx(flesch_kincaid_grade(sentence.text), abs=0.006), sentence.text


@pytest.mark.parametrize("sentence", [*TYPING, *SPEAKING], ids=lambda sentence: sentence.id)
def test_a_sentence_is_one_plain_sentence_that_any_keyboard_has(sentence: object) -> None:
    text = getattr(sentence, "text", "")
    assert text.isascii() and text[0].isupper() and text.endswith(".") and text.count(".") == 1
    assert 25 <= len(text) <= 45
    assert all(word.isalpha() for word in words(text))


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1), ("table", 2), ("open", 2), ("library", 3), ("moved", 1), ("painted", 2), ("boxes", 2),
        ("battery", 3), ("quiet", 2), ("machine", 2), ("apple", 2), ("museum", 3), ("used", 1), ("city", 2),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_grade_by_hand() -> None:
    # 7 words, 9 syllables: 0.39 * 7 + 11.8 * 9 / 7 - 15.59.
    assert flesch_kincaid_grade("Her office is on the second floor.") == pytest.approx(2.3114, abs=1e-4)
    # 8 words in 2 sentences, 10 syllables.
    assert flesch_kincaid_grade("The bus stops. It waits at the market today.") == pytest.approx(
        0.39 * 4.5 + 11.8 * 11 / 9 - 15.59, abs=1e-4
    )


def test_a_text_without_words_has_no_grade() -> None:
    with pytest.raises(ValueError, match="no grade"):
        flesch_kincaid_grade("... 12 !")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text,id\n", "this is not a list of sentences. The first line must be id,text,grade."),
        ("id,text,grade\n", "the list is empty. Add sentences."),
        ("id,text,grade\na,One, two,3\n", "a row needs an id, a text and a grade. Put text with"),
        ("id,text,grade\na,One.,1\na,Two.,1\n", 'the id "a" is given twice. Rename one.'),
        ("id,text,grade\na,One.,easy\n", 'the grade "easy" is not a number. Compute it'),
    ],
)  # fmt: skip
def test_a_list_with_a_mistake_is_refused(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StimulusError) as caught:
        load_sentences(path)
    assert expected in str(caught.value)
