"""How an extractor of embeddings is made: every width and number of rounds, with the paper's as defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from analysis.features.speaker_frames import KINDS as FRAME_KINDS
from analysis.features.speaker_frames import Kind as FrameKind

Kind = Literal["ivector", "tdnn", "resnet"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LETTERS: Mapping[str, str] = MappingProxyType(
    {"ivector": "I", "tdnn": "T", "resnet": "R", "mfcc": "m", "plp": "p", "fbank": "f"}
)
"""The paper's names: R_m is a ResNet of MFCC."""


class SpeakersError(Exception):
    """An extractor cannot be trained, read or used; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Making:
    """Settings of an extractor.

    `dimension` of the vector. i-vector: `components` Gaussians, trained on at most `mixture_frames` frames
    with `diagonal_rounds` and `full_rounds` of EM, `factor_rounds` for the total variability. Networks:
    `width` channels (`pooled` before the TDNN's pooling), chunks of `chunk` frames, `batch`, `rate`,
    `epochs`, `period` epochs of a cosine whose peak is then `factor` of the last one, `weight_decay`, `loss`
    "softmax" or "am".
    """

    kind: Kind
    feature: FrameKind
    dimension: int = 256
    components: int = 256
    mixture_frames: int = 300_000
    diagonal_rounds: int = 10
    full_rounds: int = 4
    factor_rounds: int = 5
    width: int = 512
    pooled: int = 1500
    chunk: int = 200
    batch: int = 64
    rate: float = 1e-3
    epochs: int = 18
    period: int = 6
    factor: float = 0.7
    weight_decay: float = 0.1
    loss: Literal["softmax", "am"] = "softmax"
    seed: int = 1

    def __post_init__(self) -> None:
        """Raise SpeakersError for what is impossible."""
        if self.kind not in KINDS:
            raise SpeakersError(f"there is no extractor '{self.kind}'. There are: {', '.join(KINDS)}.")
        if self.feature not in FRAME_KINDS:
            raise SpeakersError(f"there are no frames '{self.feature}'. There are: {', '.join(FRAME_KINDS)}.")
        if self.loss not in ("softmax", "am"):
            raise SpeakersError(f"there is no loss '{self.loss}'. There are: softmax, am.")
        counts = ("dimension", "components", "width", "pooled", "chunk", "batch", "epochs", "period")
        for name in (*counts, "mixture_frames"):
            if getattr(self, name) < 1:
                raise SpeakersError(f"{name}: {getattr(self, name)} is too few. Use 1 or more.")
        if self.chunk < 20:
            raise SpeakersError(f"chunk: {self.chunk} frames are too few. Use 20 or more.")

    @property
    def short(self) -> str:
        """The paper's name of it: "R_m"."""
        return f"{LETTERS[self.kind]}_{LETTERS[self.feature]}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def making_of(kind: Kind, feature: FrameKind, **changes: Any) -> Making:
    """Return the paper's settings of a kind, with changes; raises SpeakersError."""
    own: dict[str, Any] = {}
    if kind == "resnet":
        own = {"width": 32, "epochs": 21, "period": 7, "factor": 1.0, "weight_decay": 0.4}
    unknown = sorted(set(changes) - set(Making.__dataclass_fields__))
    if unknown:
        raise SpeakersError(f"no setting {unknown[0]}. There are: {', '.join(Making.__dataclass_fields__)}.")
    return replace(Making(kind, feature, **own), **changes)
