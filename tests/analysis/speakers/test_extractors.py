"""Extractors from a folder of speakers: trained, verified, kept, known by their checksum, plugged in."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.features.embedding import named
from analysis.features.feature import FeatureError, Signal, feature
from analysis.recognizers.recognizer import CancelledError
from analysis.speakers.extractor import checksum, extractor_at, load_extractor
from analysis.speakers.folder import Utterance, divided, files_of, read_sound, read_utterances
from analysis.speakers.settings import SpeakersError, making_of
from analysis.speakers.shelf import beside, found_at, place_on_shelf, shelved
from analysis.speakers.training import About, train_extractor
from analysis.speakers.verification import equal_error_rate, pair_scores

TINY: dict[str, dict[str, Any]] = {
    "ivector": {"components": 1, "dimension": 3, "diagonal_rounds": 3, "full_rounds": 1, "factor_rounds": 3},
    "tdnn": {"width": 8, "pooled": 12, "dimension": 5, "chunk": 40, "batch": 8, "epochs": 25, "rate": 0.02},
    "resnet": {"width": 1, "dimension": 4, "chunk": 40, "batch": 8, "epochs": 2},
}


def utterances(speakers: int = 3, each: int = 6, frames: int = 60) -> list[Utterance]:
    """Return frames about means of the speaker's own."""
    random = np.random.default_rng(1)
    found = []
    for speaker in range(speakers):
        own = np.random.default_rng(50 + speaker).standard_normal(60)
        for number in range(each):
            values = (own + random.standard_normal((frames, 60))).astype(np.float32)
            found.append(Utterance(f"s{speaker}", f"{number}.wav", values, 0.6))
    return found


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        ("ivector", 0.2),
        pytest.param("tdnn", 0.2, marks=pytest.mark.slow),
        pytest.param("resnet", 1.0, marks=pytest.mark.slow),
    ],
)
def test_it_is_trained_verified_kept_and_loaded(kind: Any, rate: float, tmp_path: Path) -> None:
    given = utterances()
    making = making_of(kind, "mfcc", **TINY[kind])
    made = train_extractor(given, making, About("de", "test", 0.34))
    assert (made.speakers, made.utterances, made.language, made.domain) == (3, 12, "de", "test")
    assert made.verification.same == 3 and made.verification.other == 12
    assert made.verification.rate is not None and made.verification.rate <= rate
    vectors = made.vectors([each.frames for each in given[:2]] + [np.zeros((3, 60), np.float32)])
    assert vectors.shape == (3, TINY[kind]["dimension"])
    assert np.isfinite(vectors[:2]).all() and np.isnan(vectors[2]).all()
    sha256 = made.save(tmp_path / "kept")
    again = load_extractor(tmp_path / "kept")
    np.testing.assert_array_equal(again.vectors([each.frames for each in given[:2]]), vectors[:2])
    assert again.verification == made.verification and again.making == making
    assert sha256 == checksum(tmp_path / "kept")
    assert not [path for path in (tmp_path / "kept").iterdir() if path.suffix not in (".npz", ".json")]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_extractor_and_am_softmax_another(tmp_path: Path) -> None:
    given = utterances(3, 3)
    sums = []
    for place, loss in enumerate(("softmax", "softmax", "am")):
        making = making_of("tdnn", "mfcc", **{**TINY["tdnn"], "epochs": 2, "loss": loss})
        made = train_extractor(given, making, About(held_out=0))
        made.save(tmp_path / str(place))
        sums.append(made.vectors([given[0].frames]).tolist())
    assert sums[0] == sums[1] != sums[2]


def test_a_changed_file_is_another_feature_and_is_refused(tmp_path: Path) -> None:
    making = making_of("ivector", "mfcc", **TINY["ivector"])
    for name, seed in (("one", 1), ("two", 2)):
        train_extractor(utterances()[seed:], making, About(held_out=0)).save(tmp_path / name)
    with beside(tmp_path):
        settings = named("one")
        assert settings["sha256"] != named("two")["sha256"]
        random = np.random.default_rng(3)
        sound = 0.1 * random.standard_normal((16000, 1)).astype(np.float32)
        signal = Signal("speech", 16000.0, 0.0, sound, ("a",), ("",))
        made = feature("speech.embedding").extract(signal, np.array([[0.0, 0.9]]), 0, 0, settings)
        assert made.values.shape == (1, 3) and np.isfinite(made.values).all()
        assert made.names == ("v1", "v2", "v3")
        path = tmp_path / "one" / "extractor.json"
        values = json.loads(path.read_text())
        values["facts"]["language"] = "zh"
        path.write_text(json.dumps(values))
        with pytest.raises(FeatureError, match="another extractor"):
            feature("speech.embedding").extract(signal, np.array([[0.0, 0.9]]), 0, 0, settings)
        with pytest.raises(FeatureError, match=f"setting sha256, now {named('two')['sha256']}"):
            feature("speech.embedding").extract(
                signal, np.array([[0.0, 0.9]]), 0, 0, {"extractor": "two", "sha256": ""}
            )
    with pytest.raises(FeatureError, match="no extractor is chosen"):
        feature("speech.embedding").extract(
            signal, np.array([[0.0, 0.9]]), 0, 0, {"extractor": "", "sha256": ""}
        )


def test_the_shelf_keeps_one_extractor_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    making = making_of("ivector", "plp", **TINY["ivector"])
    for name in ("one", "two"):
        train_extractor(utterances()[len(name) - 3 :], making, About("en", name, 0)).save(tmp_path / name)
    assert place_on_shelf(tmp_path / "one") == place_on_shelf(tmp_path / "one")
    (held,), problems = shelved()
    assert (held.name, held.short, held.language, problems) == ("one", "I_p", "en", ())
    assert found_at("one") == tmp_path / "home" / "embeddings" / "one"
    with pytest.raises(SpeakersError, match="on the shelf already"):
        place_on_shelf(tmp_path / "two", "one")
    with pytest.raises(SpeakersError, match="no name for an extractor"):
        place_on_shelf(tmp_path / "two", "../two")
    with pytest.raises(SpeakersError, match="neither on this computer's shelf"):
        found_at("three")
    (tmp_path / "home" / "embeddings" / "one" / "extractor.npz").write_bytes(b"no archive")
    assert "cannot be read" in shelved()[1][0]
    assert extractor_at(tmp_path / "two", "").language == "en"


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("ivector", {"components": 4000}, "voiced frames are too few for 4000 Gaussians"),
        ("tdnn", {"chunk": 400}, "0 utterances of 0 speakers have 400 voiced frames"),
        ("tdnn", {"chunk": 5}, "5 frames are too few"),
        ("tdnn", {"loss": "hinge"}, "no loss 'hinge'"),
        ("tdnn", {"layers": 3}, "no setting layers"),
        ("gru", {}, "no extractor 'gru'"),
    ],
)
def test_what_cannot_be_trained_is_explained(kind: Any, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpeakersError, match=words):
        train_extractor(utterances(2, 2), making_of(kind, "mfcc", **changes), About(held_out=0))


def test_it_can_be_stopped() -> None:
    making = making_of("ivector", "mfcc", **TINY["ivector"])
    with pytest.raises(CancelledError):
        train_extractor(utterances(), making, cancelled=lambda: True)


def test_held_out_are_utterances_of_everybody_or_whole_speakers() -> None:
    given = utterances(5, 4, 1)
    train, held = divided(given, 0.4, speakers_apart=True, seed=1)
    assert len({each.speaker for each in held}) == 2
    assert not {each.speaker for each in held} & {each.speaker for each in train}
    train, held = divided(given, 0.25, speakers_apart=False, seed=1)
    assert {each.speaker for each in held} == {each.speaker for each in train}
    assert len(held) == 10
    with pytest.raises(SpeakersError, match="too few to hold out"):
        divided(given[:8], 0.4, speakers_apart=True, seed=1)


@pytest.mark.parametrize(
    ("same", "other", "expected"),
    [
        ([0.9, 0.8], [0.1, 0.2], 0.0),
        ([0.1, 0.2], [0.8, 0.9], 1.0),
        ([0.1, 0.6, 0.7, 0.8], [0.2, 0.3, 0.4, 0.65], 0.25),
        ([0.5, 0.5], [0.5, 0.5], 0.5),
    ],
)
def test_the_equal_error_rate_is_where_both_errors_meet(
    same: list[float], other: list[float], expected: float
) -> None:
    assert equal_error_rate(np.array(same), np.array(other)) == pytest.approx(expected)


def test_pairs_are_scored_by_cosine_about_the_centre() -> None:
    vectors = np.array([[2.0, 1.0], [3.0, 1.0], [1.0, 2.0]])
    same, other = pair_scores(vectors, ["a", "a", "b"], np.array([1.0, 1.0]))
    assert same.tolist() == [1.0] and other.tolist() == pytest.approx([0.0, 0.0])


def write_wav(path: Path, values: np.ndarray, rate: int, bytes_each: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = np.round(values * (2 ** (8 * bytes_each - 1) - 1)).astype("<i4")
    packed = whole.reshape(-1, 1).view(np.uint8).reshape(-1, 4)[:, :bytes_each]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(bytes_each)
        file.setframerate(rate)
        file.writeframes(packed.tobytes())


@pytest.mark.parametrize(("rate", "width"), [(16000, 2), (44100, 3)])
def test_wav_files_of_any_rate_and_width_are_read(rate: int, width: int, tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    for name in ("a", "b"):
        write_wav(tmp_path / name / "1.wav", tone, rate, width)
    sound = read_sound(tmp_path / "a" / "1.wav")
    assert len(sound) == pytest.approx(16000, abs=2)
    middle = sound[4000:12000]
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.01)
    found = read_utterances(tmp_path, "fbank")
    assert [(each.speaker, len(each.frames)) for each in found] == [("a", 98), ("b", 98)]


def test_folders_that_are_none_of_speakers_are_explained(tmp_path: Path) -> None:
    with pytest.raises(SpeakersError, match="no such folder"):
        files_of(tmp_path / "none")
    (tmp_path / "a").mkdir()
    with pytest.raises(SpeakersError, match="wav files of 0 speakers"):
        files_of(tmp_path)
    (tmp_path / "a" / "1.wav").write_bytes(b"RIFF")
    with pytest.raises(SpeakersError, match="is no sound that can be read"):
        read_sound(tmp_path / "a" / "1.wav")
