"""The network of the attention-LSTM (Yang et al.): LSTM and attention for each input, fused by modality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

LENGTH = ":steps"
"""Behind an input's name: the tensor (n,) of how many steps each case has, 0 where it is missing."""


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """One input: numbers a step, size of its LSTM, size of its output, and the modality it is part of."""

    name: str
    modality: str
    width: int
    hidden: int
    outputs: int


class Attention(nn.Module):
    """Attention over steps: e_i = tanh(W_h h_i + b_h), alpha = softmax(e_i . u_h)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, hidden)
        self.context = nn.Parameter(torch.randn(hidden) / hidden**0.5)

    def forward(self, states: Tensor, inside: Tensor) -> Tensor:
        """Return alpha (n, steps) of states (n, steps, hidden); 0 where `inside` (n, steps) is not."""
        scores = torch.tanh(self.dense(states)) @ self.context
        weights: Tensor = torch.softmax(scores.masked_fill(~inside, -torch.inf), dim=1)
        return weights


class RowNorm(nn.BatchNorm1d):
    """Batch normalisation; a mini-batch with a single row is normalised by what was seen before."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Return normalised rows (n, d)."""
        if self.training and len(input) < 2:
            return nn.functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(input)


class Encoder(nn.Module):
    """One input's extractor: V = ReLU(dense(sum alpha_i h_i))."""

    def __init__(self, spec: EncoderSpec, dropout: float, is_normed: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(spec.width, spec.hidden, batch_first=True)
        self.attention = Attention(spec.hidden)
        self.dense = nn.Linear(spec.hidden, spec.outputs)
        self.norm: nn.Module = RowNorm(spec.outputs) if is_normed else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return V (n, outputs) and alpha (n, steps) of values (n, steps, width), `lengths` all above 0.

        Padding lies behind the steps and the LSTM reads forwards, so no state of a step has seen any.
        """
        steps = int(lengths.max())
        states, _ = self.lstm(values[:, :steps])
        inside = torch.arange(steps)[None, :] < lengths[:, None]
        alpha = self.attention(states, inside)
        pooled = torch.einsum("nt,nth->nh", alpha, states)
        return self.dropout(torch.relu(self.norm(self.dense(pooled)))), alpha


class AttentionNetwork(nn.Module):
    """All extractors, then r = tanh(W_r [V_V, V_A, V_T, V_P] + b_r) and a sigmoid (softmax) on it.

    Rows are given as tensors by name: an input's values (n, steps, width), and its lengths (n,) under its
    name with `LENGTH` behind. Where a length is 0 the input is missing: its V is the zero vector.
    """

    def __init__(
        self,
        specs: tuple[EncoderSpec, ...],
        classes: int,
        *,
        fused: int = 128,
        dropout: float = 0.5,
        is_normed: bool = True,
        modality_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.specs = specs
        self.modality_dropout = modality_dropout
        self.outputs = 1 if classes == 2 else classes
        # Lists, since torch does not allow every name in its dictionaries ("keys" for one).
        self.encoders = nn.ModuleList(Encoder(each, dropout, is_normed) for each in specs)
        self.heads = nn.ModuleList(nn.Linear(width, self.outputs) for width in self.modalities.values())
        self.fusion = nn.Linear(sum(each.outputs for each in specs), fused)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(fused, self.outputs)

    @property
    def modalities(self) -> dict[str, int]:
        """Modalities in order, with the width of their vectors: those of their inputs, concatenated."""
        found: dict[str, int] = {}
        for each in self.specs:
            found[each.modality] = found.get(each.modality, 0) + each.outputs
        return found

    def head(self, modality: str) -> nn.Module:
        """Return the layer that decides from one modality alone, in pre-training."""
        return self.heads[list(self.modalities).index(modality)]

    def encoder(self, name: str) -> nn.Module:
        """Return one input's extractor."""
        return self.encoders[[each.name for each in self.specs].index(name)]

    def extract(self, name: str, rows: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return one input's V (n, outputs) and alpha (n, steps), both 0 where it is missing."""
        values, lengths = rows[name], rows[name + LENGTH]
        encoder = self.encoder(name)
        here = lengths.nonzero()[:, 0]
        outputs = next(each.outputs for each in self.specs if each.name == name)
        vectors = values.new_zeros(len(values), outputs)
        alpha = values.new_zeros(len(values), values.shape[1])
        if len(here):
            found, weights = encoder(values[here], lengths[here])
            vectors = vectors.index_put((here,), found)
            padded = nn.functional.pad(weights, (0, values.shape[1] - weights.shape[1]))
            alpha = alpha.index_put((here,), padded)
        return vectors, alpha

    def alone(self, modality: str, rows: Mapping[str, Tensor]) -> Tensor:
        """Return the logits of one modality's own head, for its pre-training."""
        parts = [self.extract(each.name, rows)[0] for each in self.specs if each.modality == modality]
        logits: Tensor = self.head(modality)(torch.cat(parts, dim=1))
        return logits

    def forward(self, rows: Mapping[str, Tensor]) -> Tensor:
        """Return logits (n, 1) of two classes, (n, classes) of more."""
        vectors = [self.extract(each.name, rows)[0] for each in self.specs]
        if self.training and self.modality_dropout:
            vectors = self._without_some(vectors)
        fused = torch.tanh(self.fusion(torch.cat(vectors, dim=1)))
        logits: Tensor = self.output(self.dropout(fused))
        return logits

    def _without_some(self, vectors: list[Tensor]) -> list[Tensor]:
        # A case that would lose every modality keeps them all.
        names = list(self.modalities)
        kept = torch.rand(len(vectors[0]), len(names)) >= self.modality_dropout
        kept |= ~kept.any(dim=1, keepdim=True)
        return [
            vector * kept[:, names.index(spec.modality), None]
            for spec, vector in zip(self.specs, vectors, strict=True)
        ]
