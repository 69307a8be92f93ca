"""A trained extractor of embeddings: vectors of utterances, saved as arrays and JSON, known by its checksum.

FOLDER/extractor.npz      weights, or mixture and loadings
FOLDER/extractor.json     what they are: kind, frames, settings, language, where the speech came from, how
well
                          it tells speakers apart
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.features.speaker_frames import SIZE
from analysis.recognizers.recognizer import RecognizerError
from analysis.recognizers.weights import Arrays, load_arrays, save_arrays
from analysis.speakers.gmm import Mixture
from analysis.speakers.settings import Making, SpeakersError
from analysis.speakers.total_variability import TotalVariability, sums_of
from analysis.speakers.verification import Verification

NAME = "extractor"
Frames = NDArray[np.float32]
Vectors = NDArray[np.float32]


class Model(Protocol):
    """What turns an utterance's frames into a vector."""

    @property
    def least(self) -> int:
        """Fewest frames of an utterance."""

    def vector(self, frames: Frames) -> NDArray[np.float64]:
        """Return the vector (d,) of frames (n, 60)."""

    def arrays(self) -> Arrays:
        """Return what has to be saved."""


@dataclass(frozen=True, slots=True)
class FactorModel:
    """The i-vector's model."""

    mixture: Mixture
    factors: TotalVariability

    @property
    def least(self) -> int:
        """One frame is enough to have a posterior; ten say anything."""
        return 10

    def vector(self, frames: Frames) -> NDArray[np.float64]:
        """Return the posterior's mean."""
        return self.factors.posterior(sums_of(frames.astype(np.float64), self.mixture))[0]

    def arrays(self) -> Arrays:
        """Return the mixture's parameters and T."""
        return {
            "weights": self.mixture.weights,
            "means": self.mixture.means,
            "covariances": self.mixture.covariances,
            "loadings": self.factors.loadings,
        }

    @classmethod
    def of(cls, arrays: Arrays) -> FactorModel:
        """Rebuild it."""
        mixture = Mixture.of(arrays["weights"], arrays["means"], arrays["covariances"])
        return cls(mixture, TotalVariability.of(arrays["loadings"], mixture))


@dataclass(frozen=True)
class Extractor:
    """An extractor with what a reader must know of it.

    `language` and `domain` are said by whoever trained it (the language spoken; where the speech came from).
    `speakers`, `utterances` and `hours` are what it was trained on. `centre` (d,) is the mean of their
    vectors.
    """

    making: Making
    model: Model
    centre: NDArray[np.float64]
    language: str
    domain: str
    speakers: int
    utterances: int
    hours: float
    verification: Verification
    notes: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return len(self.centre)

    def vectors(self, utterances: Sequence[Frames]) -> Vectors:
        """Return (n, d) of utterances' frames (k, 60) each; NaN where there are too few frames."""
        made = np.full((len(utterances), self.dimension), np.nan, np.float32)
        for place, frames in enumerate(utterances):
            if len(frames) >= self.model.least:
                made[place] = self.model.vector(frames)
        return made

    def save(self, folder: Path) -> str:
        """Write it into a new folder and return its checksum; raises SpeakersError."""
        facts = {
            "what": NAME,
            "making": self.making.to_json(),
            "language": self.language,
            "domain": self.domain,
            "speakers": self.speakers,
            "utterances": self.utterances,
            "hours": self.hours,
            "verification": self.verification.to_json(),
            "notes": list(self.notes),
            "more": dict(self.more),
        }
        try:
            save_arrays(folder, NAME, {**self.model.arrays(), "centre": self.centre}, facts)
        except (RecognizerError, OSError) as error:
            raise SpeakersError(f"the extractor cannot be kept: {error}") from error
        return checksum(folder)


def checksum(folder: Path) -> str:
    """Return the SHA-256 of an extractor's two files; raises SpeakersError where they are missing."""
    digest = hashlib.sha256()
    for suffix in (".npz", ".json"):
        try:
            digest.update((folder / f"{NAME}{suffix}").read_bytes())
        except OSError as error:
            raise SpeakersError(f"{folder}: holds no extractor ({NAME}{suffix} is missing).") from error
    return digest.hexdigest()


def load_extractor(folder: Path) -> Extractor:
    """Read an extractor; nothing in it is run. Raises SpeakersError."""
    try:
        arrays, facts = load_arrays(folder, NAME)
    except RecognizerError as error:
        raise SpeakersError(f"{folder}: holds no extractor. {error}") from error
    try:
        if facts["what"] != NAME:
            raise ValueError(str(facts["what"]))
        making = Making(**facts["making"])
        centre = np.asarray(arrays.pop("centre"), np.float64)
        told = Verification(**facts["verification"])
        model = _model_of(making, arrays, int(facts["speakers"]))
        return Extractor(
            making,
            model,
            centre,
            str(facts["language"]),
            str(facts["domain"]),
            int(facts["speakers"]),
            int(facts["utterances"]),
            float(facts["hours"]),
            told,
            tuple(facts["notes"]),
            facts["more"],
        )
    except (KeyError, TypeError, ValueError, RecognizerError, np.linalg.LinAlgError) as error:
        raise SpeakersError(f"{folder}: does not describe an extractor ({error}). Train it again.") from error


def _model_of(making: Making, arrays: Arrays, speakers: int) -> Model:
    if making.kind == "ivector":
        return FactorModel.of(arrays)
    from analysis.speakers.network_model import NetworkModel

    settings = {**making.to_json(), "features": SIZE}
    return NetworkModel.of(making.kind, settings, speakers, arrays)


@lru_cache(maxsize=12)
def _held(folder: Path, sha256: str) -> Extractor:
    found = load_extractor(folder)
    if checksum(folder) != sha256:
        raise SpeakersError(f"{folder}: was changed while it was read. Choose it again.")
    return found


def extractor_at(folder: Path, sha256: str) -> Extractor:
    """Return the extractor of a folder, read once; raises SpeakersError for another checksum."""
    now = checksum(folder)
    if sha256 and now != sha256:
        raise SpeakersError(
            f"{folder}: is another extractor than the one that was chosen (checksum {now[:8]} instead of "
            f"{sha256[:8]}). Choose it again, or bring the old one back."
        )
    return _held(folder, now)
