"""Speech of anybody: names by a published scheme or a rule, or a table; what fits none keeps it all out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.io import wavfile

from analysis.corpus.loading import load_recording
from analysis.corpus.signals import signal_of
from analysis.exchange.import_session import ImportFileError, write_session
from analysis.exchange.import_speech import TABLE, members
from analysis.exchange.utterances import any_sound
from tests.analysis.exchange.test_import_open_sets import ATTRIBUTES, sound, wav

OWN = r"(?P<speaker>[^_]+)_(?P<emotion>[^_]+)_(?P<text>.+)"
FOLDERS = r"(?P<speaker>[^/]+)/(?P<emotion>[^/]+)/(?P<take>\d+)"


def speak(folder: Path, *names: str) -> Path:
    for place, name in enumerate(names):
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        wav(path, sound(place, 800 + 10 * place))
    return folder


def table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLE).write_text("\n".join(lines) + "\n", encoding=encoding)
    return folder


@pytest.mark.parametrize(
    ("rule", "name", "who", "said"),
    [
        ("emodb", "03a01Fa", ("03", {"sex": "male"}), ("a01", "happiness")),
        ("emodb", "16b10Wb", ("16", {"sex": "female"}), ("b10", "anger")),
        ("tess", "OAF_back_angry", ("OAF", {"sex": "female", "age": "64"}), ("back", "anger")),
        ("tess", "YAF_youth_ps", ("YAF", {"sex": "female", "age": "26"}), ("youth", "pleasant surprise")),
        ("TESS", "OA_bite_neutral", ("OAF", {"sex": "female", "age": "64"}), ("bite", "neutral")),
        ("ravdess", "03-01-06-01-02-01-12", ("12", {"sex": "female"}), ("02", "fear")),
        ("ravdess", "01-01-08-02-01-02-01", ("01", {"sex": "male"}), ("01", "surprise")),
        (OWN, "lab3_Joy_good morning", ("lab3", {}), ("good morning", "joy")),
        (FOLDERS, "liu chan/angry/201", ("liuchan", {}), ("", "angry")),
        (r"(?P<speaker>.)-(?P<sex>[fm])-(?P<emotion>.+)", "x-f-sad", ("x", {"sex": "female"}), ("", "sad")),
    ],
)
def test_a_name_says_who_and_in_which_emotion(
    rule: str, name: str, who: tuple[str, dict[str, str]], said: tuple[str, str], tmp_path: Path
) -> None:
    (member,) = members(speak(tmp_path, name), rule)
    assert (member.participant, member.about) == who
    (trial,) = member.read().trials
    assert (trial.stimulus, trial.category) == said


def test_a_speaker_is_a_recording_and_every_sample_comes_in(tmp_path: Path) -> None:
    folder = speak(
        tmp_path / "set", "a/OAF_back_angry", "b/OAF_back_sad", "c/YAF_bar_fear", ".hidden/YAF_x_sad"
    )
    (tmp_path / "set" / "readme.txt").write_text("not a sound")
    first, second = members(folder, "tess")
    assert (first.participant, second.participant) == ("OAF", "YAF")
    write_session(tmp_path / "x.h5", first.read(), ATTRIBUTES)
    recording, trials, _ = load_recording(tmp_path / "x.h5")
    heard = signal_of(recording, "speech")
    assert heard is not None
    assert [trial.category for trial in trials] == ["anger", "sadness"]
    for trial, seed in zip(trials, (0, 1), strict=True):
        rows = slice(*(round((each - heard.start_s) * 16_000) for each in trial.shown))
        assert np.array_equal(heard.values[rows, 0] * 32768, sound(seed, 800 + 10 * seed))


@pytest.mark.parametrize(
    ("names", "rule", "message"),
    [
        (
            ("OAF_back_angry", "holiday"),
            "tess",
            r"1 \(holiday\.wav\) of 2 wav files do not fit .* OAF_back_ang",
        ),
        (
            ("OAF_a_sad", "1", "2", "3", "sub/4"),
            "tess",
            r"4 \(1\.wav, 2\.wav, 3\.wav, …\) of 5 wav files do not fit",
        ),
        (("03-02-06-01-02-01-12",), "ravdess", "do not fit the rule.*of speech, not song"),
        (("x_sad",), "(?P<speaker>.)_(sad)", "has no group emotion"),
        (("x_sad",), "(?P<speaker>.)_(?P<emotion>.+)(?P<mood>)", "the group mood means nothing here"),
        (("x_sad",), "(?P<speaker", r"none of emodb, tess, ravdess, and no regular expression"),
        (("x_",), "(?P<speaker>.)_(?P<emotion>.*)", "1 .* of 1 wav files do not fit"),
        (("a/OAF_back_sad", "b/OAF_back_sad"), "tess", "have one name"),
        (("é_sad",), OWN.removesuffix("_(?P<text>.+)"), "gives no code of 1 to 32 letters and digits"),
        (("a-1_sad_x", "a1_sad_y"), OWN, "'a-1' and 'a1' would have one code"),
        (("a_sad_x", "A_sad_y"), OWN, "would have one code"),
        ((), "tess", "holds no wav file"),
        (("a_f_sad", "a_m_sad"), "(?P<speaker>.)_(?P<sex>.)_(?P<emotion>.+)", "the sex female and male"),
        (("OAF_back_sad",), "", "nothing says who speaks in which emotion"),
    ],
)
def test_what_fits_no_rule_is_one_clear_message(
    names: tuple[str, ...], rule: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ImportFileError, match=message):
        members(speak(tmp_path, *names), rule)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_says_it_for_any_names(sign: str, encoding: str, tmp_path: Path) -> None:
    speak(tmp_path, "one", "two", "deep/three")
    rows = [
        ("File", "speaker", "emotion", "sex", "age", "text"),
        ("one.wav", "anna", "Joy", "F", "31", "hello"),
        ("deep/three.wav", "anna", "Fear", "", "31", ""),
        ("two.wav", "ben", "Joy", "m", "", "hello"),
    ]
    table(tmp_path, *(sign.join(row) for row in rows), encoding=encoding)
    anna, ben = members(tmp_path)
    assert (anna.participant, dict(anna.about)) == ("anna", {"sex": "female", "age": "31"})
    assert (ben.participant, dict(ben.about)) == ("ben", {"sex": "male"})
    read = anna.read()
    assert [(each.stimulus, each.category) for each in read.trials] == [("", "fear"), ("hello", "joy")]
    assert [each.name for each in read.tables] == [TABLE]


HEAD = "file,speaker,emotion"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEAD, "one.wav,a,sad"), r"does not name 1 \(two\.wav\) of 2 wav files"),
        ((HEAD, "one.wav,a,sad", "two.wav,a"), "line 3 has 2 cells, and 3 columns"),
        ((HEAD, "one.wav,a,sad", "two.wav,,sad"), "line 3 has no speaker"),
        ((HEAD, "one.wav,a,sad", "two.wav,a,"), "line 3 has no emotion"),
        ((HEAD, "one.wav,a,sad", "three.wav,a,sad"), r"line 3 names three\.wav, which is no wav file"),
        ((HEAD, "one.wav,a,sad", "../out.wav,a,sad"), "which is no wav file of this folder"),
        ((HEAD, "one.wav,a,sad", "one.wav,a,sad"), "lines 2 and 3 name the same file"),
        (("file,speaker", "one.wav,a"), "there is no column emotion"),
        ((f"{HEAD},mood", "one.wav,a,sad,x"), "the columns are file, speaker, emotion, mood"),
        ((f"{HEAD},sex", "one.wav,a,sad,x", "two.wav,a,sad,"), "sex is x"),
        ((f"{HEAD},age", "one.wav,a,sad,old", "two.wav,a,sad,"), "age is old"),
        (("",), "there is no column file"),
    ],
)
def test_a_table_with_a_fault_is_one_clear_message(
    lines: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    speak(tmp_path, "out")
    with pytest.raises(ImportFileError, match=message):
        members(table(speak(tmp_path / "set", "one", "two"), *lines))


@pytest.mark.parametrize(
    ("held", "tolerance"),
    [
        (np.array([[0], [16384], [-32768]], np.int16), 0),
        (np.array([[0, 0], [32766, 2], [-32768, -32768]], np.int16), 0),
        (np.array([[0], [1 << 30], [-(1 << 31)]], np.int32), 0),
        (np.array([[0.0], [0.5], [-1.0]], np.float32), 0),
        (np.array([[128], [192], [0]], np.uint8), 0),
    ],
)
def test_any_bits_and_channels_are_heard_as_one_of_16(
    held: NDArray[Any], tolerance: int, tmp_path: Path
) -> None:
    wavfile.write(tmp_path / "x.wav", 16_000, held)
    found = any_sound(tmp_path / "x.wav")
    assert found.rate_hz == 16_000 and found.samples.dtype == np.int16
    assert np.abs(found.samples.astype(int) - [0, 16384, -32768]).max() <= tolerance
    assert bool(found.changed) == (held.shape[1] > 1 or held.dtype != np.int16)


def test_what_was_changed_and_what_is_too_long_is_said(tmp_path: Path) -> None:
    speak(tmp_path, "a_sad_x")
    wav(tmp_path / "a_sad_y.wav", np.zeros(800, np.int16), channels=2)
    (member,) = members(tmp_path, OWN)
    assert member.read().statements == ("1 of 2 files have several channels: their mean is kept.",)
    wav(tmp_path / "a_sad_z.wav", np.zeros(8000 * 61, np.int16), rate_hz=8000)
    with pytest.raises(ImportFileError, match=r"a_sad_z\.wav: has 61\.0 s at 8000 Hz"):
        members(tmp_path, OWN)[0].read()
    wav(tmp_path / "a_sad_z.wav", np.zeros(800, np.int16), rate_hz=8000)
    with pytest.raises(ImportFileError, match=r"a_sad_z\.wav has 8000 Hz, .* has 16000 Hz"):
        members(tmp_path, OWN)[0].read()


@settings(max_examples=60, deadline=None)
@given(
    cut=st.integers(0, 843), places=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 255)), max_size=4)
)
def test_a_damaged_file_is_heard_or_named(
    cut: int, places: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "x.wav"
    wav(path, sound(1, 400))
    content = bytearray(path.read_bytes())
    for place, value in places:
        content[place] = value
    path.write_bytes(bytes(content[: len(content) - cut]))
    try:
        assert len(any_sound(path).samples)
    except ImportFileError as error:
        assert str(path) in str(error)
