"""What the names of wav files say: the schemes of published sets of speech, or a rule of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis.exchange.import_emodb import EMOTIONS as EMODB_EMOTIONS
from analysis.exchange.import_emodb import NAME as EMODB_NAME
from analysis.exchange.import_session import ImportFileError

NEEDED = ("speaker", "emotion")
ALLOWED = (*NEEDED, "text", "sex", "take")
SEXES: Mapping[str, str] = MappingProxyType(
    {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}
)
PATH_SIGN = "/"


@dataclass(frozen=True, slots=True)
class NameRule:
    """A pattern with named groups, and what it means by them: emotions, speakers, their sex and age.

    A pattern that holds "/" is of the path below the folder, any other of the file's name, without .wav.
    """

    program: str
    pattern: re.Pattern[str]
    example: str
    emotions: Mapping[str, str] = field(default_factory=dict)
    speakers: Mapping[str, str] = field(default_factory=dict)
    sexes: Mapping[str, str] = field(default_factory=dict)
    ages: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_of_paths(self) -> bool:
        """Whether it looks at folders too."""
        return PATH_SIGN in self.pattern.pattern


PRESETS: Mapping[str, NameRule] = MappingProxyType(
    {
        # Burkhardt et al., Interspeech 2005.
        "emodb": NameRule(
            "EmoDB",
            re.compile(EMODB_NAME.pattern.replace("<version>", "<take>")),
            "03a01Fa.wav",
            EMODB_EMOTIONS,
            sexes=dict.fromkeys(("08", "09", "13", "14", "16"), "female")
            | dict.fromkeys(("03", "10", "11", "12", "15"), "male"),
        ),
        # Pichora-Fuller & Dupuis, "Toronto emotional speech set", 2010; one published file begins OA_.
        "tess": NameRule(
            "TESS",
            re.compile(
                r"(?P<speaker>OAF?|YAF)_(?P<text>[A-Za-z]+)_(?P<emotion>angry|disgust|fear|happy|ps|sad|neutral)"
            ),
            "OAF_back_angry.wav",
            {"angry": "anger", "happy": "happiness", "ps": "pleasant surprise", "sad": "sadness"},
            {"OA": "OAF"},
            {"OAF": "female", "YAF": "female"},
            {"OAF": "64", "YAF": "26"},
        ),
        # Livingstone & Russo, PLoS ONE 13:e0196391 (2018): audio only or with video (03, 01), speech (01).
        "ravdess": NameRule(
            "RAVDESS",
            re.compile(
                r"0[13]-01-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<text>0[12])-(?P<take>0[12])-"
                r"(?P<speaker>0[1-9]|1\d|2[0-4])"
            ),
            "03-01-06-01-02-01-12.wav (of speech, not song)",
            {
                "01": "neutral", "02": "calm", "03": "happiness", "04": "sadness",
                "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
            },
            sexes={f"{number:02d}": "male" if number % 2 else "female" for number in range(1, 25)},
        ),
    }
)  # fmt: skip
"""Naming schemes as the sets' authors publish them, by the name of the set."""


def scheme_of(stems: Iterable[str]) -> str:
    """Return which published scheme most of these names (without .wav) follow, "" where none does."""
    known = list(stems)
    counts = {
        name: sum(rule.pattern.fullmatch(stem) is not None for stem in known)
        for name, rule in PRESETS.items()
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""


def name_rule(text: str) -> NameRule:
    """Return the scheme of this name, or the rule of a regular expression; raises ImportFileError."""
    if text.casefold() in PRESETS:
        return PRESETS[text.casefold()]
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ImportFileError(
            f"name rule {text}: is none of {', '.join(PRESETS)}, and no regular expression ({error}). Mend "
            "it."
        ) from error
    groups = set(pattern.groupindex)
    wrong = sorted(groups - set(ALLOWED))
    missing = [name for name in NEEDED if name not in groups]
    if missing or wrong:
        what = f"the group {wrong[0]} means nothing here" if wrong else f"it has no group {missing[0]}"
        raise ImportFileError(
            f"name rule {text}: {what}. Write one of {', '.join(PRESETS)}, or a regular expression with the "
            "groups speaker and emotion, and if you like text, sex and take: "
            "(?P<speaker>[^_]+)_(?P<emotion>[^_]+)_(?P<text>.+)"
        )
    return NameRule("speech", pattern, text)
