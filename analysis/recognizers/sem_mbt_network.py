"""MER-SEM-MBT: encoders steered by the sentence, exchange between voice and face, three decisions fused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import log
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn

from analysis.recognizers.face_network import MEAN, SD
from analysis.recognizers.sem_encoders import (
    After,
    Axis,
    Norm,
    ResNet18,
    SemanticEnhancement,
    VGGish,
    untouched,
)

SPEECH, FACE, TEXT = "speech", "face", "text"
ORDER = (SPEECH, FACE, TEXT)
Exchange = Literal["bottleneck", "joint", "cross", "none"]
BLOCK = 128
"""Pictures or patches that are encoded at once where nothing is learnt: their maps fill the memory."""
_FAR = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that decides the network: widths are 0 for what is not there; `stored` as in ResNet18."""

    speech: int = 0
    face: int = 0
    text: int = 0
    outputs: int = 2
    tokens: int = 64
    heads: int = 8
    bottlenecks: int = 4
    exchange: Exchange = "bottleneck"
    sem_speech: tuple[int, ...] = (2, 4)
    sem_face: tuple[int, ...] = (3, 5)
    axis: Axis = "spatial"
    norm: Norm = "map"
    text_decision: bool = True
    text_hidden: int = 256
    dropout: float = 0.1
    stored: bool = False

    @property
    def decisions(self) -> tuple[str, ...]:
        """Who decides, in the order of `ORDER`."""
        there = {SPEECH: self.speech > 0, FACE: self.face > 0, TEXT: self.text > 0 and self.text_decision}
        return tuple(name for name in ORDER if there[name])

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Shape:
        """Rebuild from `to_json`."""
        lists = {name: tuple(values[name]) for name in ("sem_speech", "sem_face")}
        return cls(**{**values, **lists})


class Decided(NamedTuple):
    """Logits: `fused` (n, M), the weight `alpha` (n, 3) of each decision, and `single` (n, M, 3) of each."""

    fused: Tensor
    alpha: Tensor
    single: Tensor


class Residual(nn.Module):
    """Queries (n, s, d) take from keys (n, t, d) where `there` (n, t) is above 0: pre-norm attention.

    What is to be added; nothing where no key is there.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.of = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)

    def forward(self, queries: Tensor, keys: Tensor, there: Tensor) -> Tensor:
        """Return (n, s, d)."""
        any_there = there.amax(1) > 0
        # A row without a key would be a softmax over nothing.
        hidden = (there <= 0) & any_there[:, None]
        of = self.of(keys)
        found, _ = self.attention(self.before(queries), of, of, key_padding_mask=hidden, need_weights=False)
        added: Tensor = found * any_there[:, None, None]
        return added


class Feed(nn.Module):
    """A token's own two layers, four times as wide in the middle, to be added to it."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(4 * width, width), nn.Dropout(dropout),
        )  # fmt: skip

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens and what was added."""
        out: Tensor = tokens + self.layers(tokens)
        return out


class Bottleneck(nn.Module):
    """Two stages: learned tokens take from both sequences, then both take from these tokens."""

    def __init__(self, width: int, heads: int, tokens: int, dropout: float) -> None:
        super().__init__()
        self.tokens = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.from_speech, self.from_face = (Residual(width, heads, dropout) for _ in range(2))
        self.to_speech, self.to_face = (Residual(width, heads, dropout) for _ in range(2))
        self.feeds = nn.ModuleList(Feed(width, dropout) for _ in range(3))

    def forward(self, a: Tensor, a_in: Tensor, x: Tensor, x_in: Tensor) -> tuple[Tensor, Tensor]:
        """Return both sequences (n, t, d); `a_in`, `x_in` (n, t) say which steps are no padding."""
        b = self.tokens.expand(len(a), -1, -1)
        b = self.feeds[0](b + self.from_speech(b, a, a_in) + self.from_face(b, x, x_in))
        every = torch.ones(b.shape[:2])
        return self.feeds[1](a + self.to_speech(a, b, every)), self.feeds[2](x + self.to_face(x, b, every))


class Joint(nn.Module):
    """All steps of both sequences attend to all of them."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attend = Residual(width, heads, dropout)
        self.feed = Feed(width, dropout)

    def forward(self, a: Tensor, a_in: Tensor, x: Tensor, x_in: Tensor) -> tuple[Tensor, Tensor]:
        """Return both sequences."""
        both, there = torch.cat([a, x], 1), torch.cat([a_in, x_in], 1)
        both = self.feed(both + self.attend(both, both, there))
        return both[:, : a.shape[1]], both[:, a.shape[1] :]


class Cross(nn.Module):
    """Each sequence takes from the other (`crossed`), or from itself."""

    def __init__(self, width: int, heads: int, dropout: float, crossed: bool) -> None:
        super().__init__()
        self.crossed = crossed
        self.to_speech, self.to_face = (Residual(width, heads, dropout) for _ in range(2))
        self.feeds = nn.ModuleList(Feed(width, dropout) for _ in range(2))

    def forward(self, a: Tensor, a_in: Tensor, x: Tensor, x_in: Tensor) -> tuple[Tensor, Tensor]:
        """Return both sequences."""
        one, other = ((x, x_in), (a, a_in)) if self.crossed else ((a, a_in), (x, x_in))
        return self.feeds[0](a + self.to_speech(a, *one)), self.feeds[1](x + self.to_face(x, *other))


def exchange_of(shape: Shape) -> nn.Module:
    """Return how voice and face exchange what they found; each keeps to itself where one is not there."""
    given = (shape.tokens, shape.heads)
    if shape.exchange == "bottleneck" and shape.speech and shape.face:
        return Bottleneck(*given, shape.bottlenecks, shape.dropout)
    if shape.exchange == "joint" and shape.speech and shape.face:
        return Joint(*given, shape.dropout)
    return Cross(*given, shape.dropout, shape.exchange == "cross" and bool(shape.speech and shape.face))


class Fusion(nn.Module):
    """S' = tanh(W1 S), alpha = softmax(w2^T S'), S alpha^T for decisions S (n, M, 3); w2 is M x 1."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(outputs, outputs, bias=False)
        self.second = nn.Linear(outputs, 1, bias=False)

    def forward(self, single: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Return fused (n, M) and alpha (n, 3), which is 0 where a decision is not `there` (n, 3)."""
        asked = self.second(torch.tanh(self.first(single.transpose(1, 2))))[..., 0]
        alpha = torch.softmax(asked.masked_fill(there <= 0, _FAR), 1) * (there > 0)
        return torch.einsum("nmk,nk->nm", single, alpha), alpha


class SemMbt(nn.Module):
    """The whole: rows hold speech (n, t, 96, 64), face (n, t, c, h, w), text (n, d), and `<name>.inside`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoders = nn.ModuleDict()
        self.seen: dict[str, list[Tensor]] = {}
        self.keeps_seen = False
        if shape.speech:
            self.encoders[SPEECH] = VGGish(shape.speech)
        if shape.face:
            self.encoders[FACE] = ResNet18(shape.face, shape.stored)
        self.enhance = nn.ModuleDict(
            {
                f"{name}_{group}": SemanticEnhancement(
                    cast("VGGish", self.encoders[name]).channels(group), shape.text, shape.axis, shape.norm
                )
                for name, groups in ((SPEECH, shape.sem_speech), (FACE, shape.sem_face))
                for group in groups
                if name in self.encoders and shape.text
            }
        )
        self.project = nn.ModuleDict(
            {name: nn.Linear(cast("VGGish", each).out, shape.tokens) for name, each in self.encoders.items()}
        )
        self.exchange = exchange_of(shape) if self.encoders else nn.Identity()
        heads: dict[str, nn.Module] = {
            name: _mlp(shape.tokens, shape.tokens, shape.outputs, shape.dropout) for name in self.encoders
        }
        if TEXT in shape.decisions:
            heads[TEXT] = _mlp(shape.text, shape.text_hidden, shape.outputs, shape.dropout)
        self.heads = nn.ModuleDict(heads)
        self.fusion = Fusion(shape.outputs)
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("sd", torch.tensor(SD).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, rows: Mapping[str, Tensor]) -> Decided:
        """Return the decisions."""
        n = len(next(iter(rows.values())))
        single = torch.zeros(n, self.shape.outputs, len(ORDER))
        there = torch.zeros(n, len(ORDER))
        found: dict[str, Tensor] = {}
        if self.encoders:
            found = self._sequences(rows, n)
        for place, name in enumerate(ORDER):
            if name in found:
                inside = rows[f"{name}.inside"]
                mean = (found[name] * inside[..., None]).sum(1) / inside.sum(1, keepdim=True).clamp(min=1)
                single[:, :, place] = self.heads[name](mean)
                there[:, place] = inside.amax(1)
            elif name in self.heads:
                single[:, :, place] = self.heads[name](rows[TEXT])
                there[:, place] = rows[f"{TEXT}.inside"][:, 0]
        fused, alpha = self.fusion(single, there)
        return Decided(fused, alpha, single)

    def _sequences(self, rows: Mapping[str, Tensor], n: int) -> dict[str, Tensor]:
        """Return speech and face after the exchange, those that are there."""
        tokens, inside = {}, {}
        for name in (SPEECH, FACE):
            if name in self.encoders:
                inside[name] = rows[f"{name}.inside"]
                tokens[name] = self._tokens(name, rows, inside[name])
            else:
                tokens[name] = torch.zeros(n, 1, self.shape.tokens)
                inside[name] = torch.zeros(n, 1)
        both = self.exchange(tokens[SPEECH], inside[SPEECH], tokens[FACE], inside[FACE])
        return {name: each for name, each in zip((SPEECH, FACE), both, strict=True) if name in self.encoders}

    def _tokens(self, name: str, rows: Mapping[str, Tensor], inside: Tensor) -> Tensor:
        """Return the steps of one sequence as tokens (n, t, d), with their places in time."""
        case, step = torch.nonzero(inside > 0, as_tuple=True)
        made = torch.zeros(*inside.shape, self.shape.tokens)
        if len(case):
            size = len(case) if torch.is_grad_enabled() else BLOCK
            parts = [
                self._encoded(name, rows, case[at : at + size], step[at : at + size])
                for at in range(0, len(case), size)
            ]
            places = positions(inside.shape[1], self.shape.tokens)
            made[case, step] = self.project[name](torch.cat(parts)) + places[step]
        return made

    def _encoded(self, name: str, rows: Mapping[str, Tensor], case: Tensor, step: Tensor) -> Tensor:
        held = rows[name][case, step]
        if name == FACE:
            held = held.expand(-1, 3, -1, -1) if held.shape[1] == 1 else held
            held = (held - self.get_buffer("mean")) / self.get_buffer("sd")
        out: Tensor = self.encoders[name](held, self._after(name, rows, case))
        return out

    def _after(self, name: str, rows: Mapping[str, Tensor], case: Tensor) -> After:
        """Return what is done behind each group of an encoder: the sentence's part, where it has one."""
        if not any(key.startswith(name) for key in self.enhance):
            return untouched
        text, present = rows[TEXT][case], rows[f"{TEXT}.inside"][case, 0]

        def after(group: int, maps: Tensor) -> Tensor:
            key = f"{name}_{group}"
            if key not in self.enhance:
                return maps
            module = cast("SemanticEnhancement", self.enhance[key])
            if self.keeps_seen:
                # Without a text there is nothing that could look anywhere.
                seen = module.weights(maps, text) * present[:, None, None]
                self.seen.setdefault(key, []).append(seen)
            out: Tensor = module(maps, text, present)
            return out

        return after

    def groups(
        self, rate: float, slow: float, pretrained: Iterable[str], frozen: bool
    ) -> list[dict[str, Any]]:
        """Return parameters with their learning rates: encoders with weights from files learn at `slow`.

        With `frozen` their first groups do not learn: VGGish's 1 and 2, ResNet-18's conv1 to conv3_x.
        """
        loaded = {name: self.encoders[name] for name in pretrained}
        still = {id(each) for name, module in loaded.items() for each in _first(name, module) if frozen}
        slowly = {id(each) for module in loaded.values() for each in module.parameters()}
        every = [each for each in self.parameters() if id(each) not in still]
        parts = [
            {"params": [each for each in every if (id(each) in slowly) == is_slow], "lr": pace}
            for is_slow, pace in ((False, rate), (True, slow))
        ]
        return [part for part in parts if part["params"]]


def _first(name: str, module: nn.Module) -> list[nn.Parameter]:
    if name == SPEECH:
        speech = cast("VGGish", module)
        return list(speech.features[: speech.ends[1]].parameters())
    face = cast("ResNet18", module)
    parts = (face.conv1, face.bn1, face.layer1, face.layer2)
    return [each for part in parts for each in part.parameters()]


def positions(steps: int, width: int) -> Tensor:
    """Return sines and cosines of each step (steps, width): Vaswani et al. (2017), section 3.5."""
    turn = torch.exp(torch.arange(0, width, 2) * (-log(10_000.0) / width))
    angle = torch.arange(steps)[:, None] * turn[None, :]
    made = torch.zeros(steps, width)
    made[:, 0::2], made[:, 1::2] = torch.sin(angle), torch.cos(angle)[:, : width // 2]
    return made


def _mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, outputs)
    )
