"""Training an extractor on speakers: chunks of their frames, or mixture and total variability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.features.speaker_frames import SIZE
from analysis.recognizers.recognizer import CancelledError
from analysis.speakers.extractor import Extractor, FactorModel, Model
from analysis.speakers.folder import Utterance, divided
from analysis.speakers.gmm import train_mixture
from analysis.speakers.settings import Making, SpeakersError
from analysis.speakers.total_variability import sums_of, train_total_variability
from analysis.speakers.verification import Verification, verified

Heard = Callable[[int, int, str], None]
"""Told how many rounds or epochs are done, of how many, and what in words."""


@dataclass(frozen=True, slots=True)
class About:
    """What a trainer says of the speech, and how the extractor is verified.

    `held_out` is a share of each speaker's utterances, or of the speakers where `speakers_apart`.
    """

    language: str = ""
    domain: str = ""
    held_out: float = 0.2
    speakers_apart: bool = False


def _silent(done: int, of: int, words: str) -> None:
    del done, of, words


def _never() -> bool:
    return False


def train_extractor(
    utterances: Sequence[Utterance],
    making: Making,
    about: About | None = None,
    heard: Heard = _silent,
    cancelled: Callable[[], bool] = _never,
) -> Extractor:
    """Train on utterances of several speakers and verify on those held out.

    Utterances shorter than a chunk are not trained on by networks. Raises SpeakersError, CancelledError.
    """
    said = about or About()
    train, held = divided(utterances, said.held_out, speakers_apart=said.speakers_apart, seed=making.seed)

    def told(done: int, of: int, words: str) -> None:
        if cancelled():
            raise CancelledError("stopped")
        heard(done, of, words)

    notes: list[str] = []
    if making.kind == "ivector":
        used = [each for each in train if len(each.frames) >= 10]
        model: Model = _factor_model(used, making, told)
    else:
        used = [each for each in train if len(each.frames) >= making.chunk]
        model = _network_model(used, making, told)
    if len(used) < len(train):
        notes.append(f"{len(train) - len(used)} utterances with too few voiced frames were left out.")
    names = sorted({each.speaker for each in used})
    vectors = np.stack([model.vector(each.frames) for each in used])
    centre = vectors.mean(axis=0)
    return Extractor(
        making,
        model,
        np.asarray(centre, np.float64),
        said.language,
        said.domain,
        len(names),
        len(used),
        sum(each.seconds for each in used) / 3600,
        _verification(model, used, held, np.asarray(centre, np.float64), said),
        tuple(notes),
    )


def _verification(
    model: Model,
    used: Sequence[Utterance],
    held: Sequence[Utterance],
    centre: NDArray[np.float64],
    said: About,
) -> Verification:
    given = [each for each in held if len(each.frames) >= model.least]
    size = len(centre)
    vectors = np.array([model.vector(each.frames) for each in given]).reshape(-1, size)
    plain = np.array([_plain(each) for each in given]).reshape(-1, 2 * SIZE)
    usual = np.mean([_plain(each) for each in used], axis=0)
    names = [each.speaker for each in given]
    return verified(vectors, plain, names, centre, usual, speakers_apart=said.speakers_apart)


def _plain(each: Utterance) -> NDArray[np.float64]:
    frames = each.frames.astype(np.float64)
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])


def _factor_model(used: Sequence[Utterance], making: Making, told: Heard) -> FactorModel:
    frames = np.concatenate([each.frames for each in used]) if used else np.zeros((0, SIZE), np.float32)
    if len(frames) < 2 * making.components:
        raise SpeakersError(
            f"{len(frames)} voiced frames are too few for {making.components} Gaussians. Bring more speech, "
            "or lower the number of components."
        )
    rounds = making.diagonal_rounds + making.full_rounds + making.factor_rounds
    done = 0

    def next_round(what: str, value: float) -> None:
        nonlocal done
        done += 1
        told(done, rounds, f"{what} {value:.3f}")

    random = np.random.default_rng(making.seed)
    chosen = frames
    if len(frames) > making.mixture_frames:
        chosen = frames[np.sort(random.choice(len(frames), making.mixture_frames, replace=False))]
    mixture = train_mixture(
        chosen.astype(np.float64),
        making.components,
        making.diagonal_rounds,
        making.full_rounds,
        making.seed,
        next_round,
    )
    sums = [sums_of(each.frames.astype(np.float64), mixture) for each in used]
    factors = train_total_variability(
        sums,
        mixture,
        making.dimension,
        making.factor_rounds,
        making.seed,
        lambda value: next_round("total variability", value),
    )
    return FactorModel(mixture, factors)


def _network_model(used: Sequence[Utterance], making: Making, told: Heard) -> Model:
    from analysis.speakers.network_training import train_speaker_network

    names = sorted({each.speaker for each in used})
    if len(names) < 2:
        raise SpeakersError(
            f"{len(used)} utterances of {len(names)} speakers have {making.chunk} voiced frames or more, and "
            "two speakers at least are needed. Bring longer utterances, or lower the chunk."
        )
    numbers = np.array([names.index(each.speaker) for each in used], np.int64)
    return train_speaker_network([each.frames for each in used], numbers, len(names), making, told)
