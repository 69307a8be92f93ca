"""Texts as numbers: hashed n-grams and word vectors, and which utterances belong to a span."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Recording
from analysis.corpus.texts import TranscriptError, Utterance, parse_transcript, transcript_text
from analysis.features.as_live import AS_LIVE, extracted
from analysis.features.feature import FeatureError, Signal, feature
from analysis.features.store import describe, key_of
from analysis.features.text import hashed, texts_in, words_of
from tests.helpers.feature_signals import extract, make_signal

NOTHING = np.zeros((0, 0), np.float32)


def said(*rows: tuple[float, float, str]) -> Signal:
    table = {
        "start_s": np.array([row[0] for row in rows]),
        "stop_s": np.array([row[1] for row in rows]),
        "trial": np.arange(len(rows)),
        "text": np.array([row[2] for row in rows]),
    }
    return Signal("text", 0.0, 0.0, NOTHING, (), (), table=table)


def test_an_utterance_belongs_where_half_of_the_shorter_one_lies() -> None:
    signal = said((3.0, 5.0, "second"), (0.0, 2.0, "first"), (9.0, 20.0, "whole"))
    spans = np.array([[0.0, 6.0], [4.1, 6.0], [10.0, 11.0], [30.0, 31.0]])
    assert texts_in(signal, spans) == ["first second", "", "whole", ""]


def test_as_live_a_text_is_known_when_it_has_been_said() -> None:
    """Of the last 8 s before 10 s: what began before them and what is still being said is not known."""
    signal = said((0.0, 3.0, "earlier"), (3.0, 5.0, "before"), (8.0, 10.0, "just"), (9.0, 12.0, "still"))
    what = feature("text.hashed")
    spans = np.array([[0.0, 10.0], [20.0, 30.0]])
    made = extracted(what, signal, spans, 0.0, 0.0, {**what.settings, AS_LIVE: 8.0})
    assert made.first.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(made.values[0], hashed("before just", int(what.settings["size"])))


def test_a_text_with_a_comma_outside_of_quotes_is_refused_and_not_cut() -> None:
    head = "trial,start_s,end_s,text\n"
    with pytest.raises(TranscriptError, match="line 2: has more cells than columns") as told:
        parse_transcript(head + "3,,,It was fine, I think\n", "said.csv")
    assert "fine" not in str(told.value)
    known = (Utterance(3, "It was fine, I think"),)
    assert parse_transcript(head + '3,,,"It was fine, I think"\n', "said.csv") == known
    assert parse_transcript(head + "3,,,fine,,\n", "said.csv") == (Utterance(3, "fine"),)


def test_words_have_no_case_and_one_way_of_writing() -> None:
    assert words_of("STRASSE Straße ﬁne, don't") == ["strasse", "strasse", "fine", "don", "t"]
    assert words_of("Привет, МИР!") == ["привет", "мир"]


def test_a_hashed_text_has_length_one_and_is_the_same_everywhere() -> None:
    one = hashed("It was a warm evening", 64)
    assert one.shape == (64,) and np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(one, hashed("it WAS a warm  evening!", 64))
    assert not hashed("…", 64).any()
    # Frozen: other numbers would make stored features and trained recognizers wrong.
    assert np.flatnonzero(hashed("warm", 64)).tolist() == FROZEN


def test_alike_texts_lie_closer_than_others() -> None:
    one, like, other = (hashed(text, 256) for text in ("a gentle morning", "a gentle morn", "rusty nails"))
    assert one @ like > 0.5 > one @ other


def test_a_span_without_a_word_has_no_row() -> None:
    made = extract("text.hashed", said((0.0, 1.0, "yes"), (2.0, 3.0, "…")), [[0, 1], [2, 3], [5, 6]], size=8)
    assert made.first.tolist() == [0, 1, 1, 1]
    assert made.values.shape == (1, 8)
    with pytest.raises(FeatureError, match="holds no text"):
        extract("text.hashed", make_signal("speech", np.zeros(4), 4.0), [[0, 1]])


def vectors(folder: Path, kind: str) -> Path:
    words, table = ["Good", "bad", "day"], np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    if kind == "npz":
        path = folder / "v.npz"
        np.savez(path, words=np.array(words), vectors=table)
        return path
    path = folder / f"v.{kind}"
    head = "3 2\n" if kind == "vec" else ""
    lines = (f"{word} {row[0]:g} {row[1]:g}" for word, row in zip(words, table, strict=True))
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["vec", "txt", "npz"])
def test_word_vectors_are_averaged_over_known_words(tmp_path: Path, kind: str) -> None:
    signal = said((0, 1, "A GOOD day"), (2, 3, "unheard of"))
    made = extract("text.embedding", signal, [[0, 1], [2, 3]], file=str(vectors(tmp_path, kind)))
    assert made.values.tolist() == [[1.0, 0.5]]
    assert made.first.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("name", "content"),
    [("v.vec", b""), ("v.npz", b"no"), ("v.vec", b"a 1 2\nb 1\n"), ("v.pt", b"x"), ("v.txt", b"a one two\n")],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FeatureError, match=r"Take \.vec or \.txt"):
        extract("text.embedding", said((0, 1, "a")), [[0, 1]], file=str(tmp_path / name))
    with pytest.raises(FeatureError, match="needs a file"):
        extract("text.embedding", said((0, 1, "a")), [[0, 1]])


def test_stored_features_depend_on_transcript_and_file_but_not_on_where_it_lies(tmp_path: Path) -> None:
    def key(transcript: str, file: Path) -> str:
        recording = Recording("r", Path("r.h5"), "abc", "P", "1", "recorded", (), transcript=transcript)
        spec = InputSpec("text", "text", "text.embedding", {"file": str(file)})
        return key_of(describe(recording, spec, np.zeros((1, 2)), feature("text.embedding")))

    (tmp_path / "sub").mkdir()
    one = vectors(tmp_path, "vec")
    same = tmp_path / "sub" / "v.vec"
    same.write_bytes(one.read_bytes())
    assert key("t1", one) == key("t1", same) != key("t2", one)
    same.write_bytes(one.read_bytes() + b"more 1 1\n")
    assert key("t1", one) != key("t1", same)


def test_a_transcript_is_read_and_written() -> None:
    table = 'trial,start_s,end_s,text\n2,,,"Well,  no."\n1,0.5,2.25,Yes\n1,,,\n'
    found = parse_transcript(table, "x.csv")
    assert found == (Utterance(2, "Well, no."), Utterance(1, "Yes", 0.5, 2.25))
    assert parse_transcript(transcript_text(found), "x") == (found[1], found[0])


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("text\nhello\n", "column trial is missing"),
        ("trial,text\nfirst,secret\n", "line 2: the trial is no whole number"),
        ("trial,start_s,text\n1,2,secret\n", "start_s and end_s go together"),
        ("trial,start_s,end_s,text\n1,3,2,secret\n", "ends before it begins"),
        ("trial,start_s,end_s,text\n1,nan,2,secret\n", "start_s is no number"),
        ('trial,text\n1,"secret\n', "no table"),
        ("trial,text\n1," + "a" * 20_001, "more than 20000"),
    ],
)
def test_what_is_no_transcript_is_refused_without_repeating_a_word(table: str, why: str) -> None:
    with pytest.raises(TranscriptError, match=why) as caught:
        parse_transcript(table, "x.csv")
    assert "secret" not in str(caught.value)


@given(st.lists(st.tuples(st.integers(-5, 99), st.text(max_size=40)), max_size=8))
def test_any_text_comes_back_with_its_words(rows: list[tuple[int, str]]) -> None:
    given_rows = [Utterance(trial, " ".join(text.split())) for trial, text in rows]
    kept = sorted((each for each in given_rows if each.text), key=lambda each: each.trial)
    try:
        found = parse_transcript(transcript_text(given_rows), "x")
    except TranscriptError:
        # A null byte is no text; it is refused, not half read.
        assert any("\0" in text for _, text in rows)
        return
    assert list(found) == kept


@given(st.text(max_size=200), st.integers(1, 64))
def test_any_text_gives_finite_numbers(text: str, size: int) -> None:
    made = hashed(text, size)
    assert np.isfinite(made).all()
    assert np.linalg.norm(made) <= 1 + 1e-4


FROZEN = [
    1, 4, 8, 12, 13, 20, 21, 22, 25, 26, 28, 29, 30, 32, 34, 36, 38, 42, 44, 46, 51, 52, 54, 56, 59,
]  # fmt: skip
