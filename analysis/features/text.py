"""What was said, as numbers: hashed words and letters, or the mean of word vectors from a file.

One row a span: the utterances that lie in it are joined. An utterance belongs to a span where they share at
least half of the shorter one; a span without a word has no row.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.word_vectors import word_vectors

Times = NDArray[np.float64]
Floats = NDArray[np.float32]

LEAST_SHARE = 0.5
PLACES = 4
"""How many of its numbers an n-gram moves: with several, two that meet in one still differ."""
_WORD = re.compile(r"\w+", re.UNICODE)


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case and in one way of writing (Unicode NFKC)."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def texts_in(signal: Signal, spans: Times) -> list[str]:
    """Return the text of every span (n, 2), "" where nothing was said; raises FeatureError."""
    if "text" not in signal.table:
        raise FeatureError(f"'{signal.modality}' holds no text: a transcript is needed.")
    start, stop = signal.table["start_s"], signal.table["stop_s"]
    order = np.argsort(start, kind="stable")
    found = []
    for low, high in np.asarray(spans, np.float64).reshape(-1, 2).tolist():
        shared = np.minimum(stop, high) - np.maximum(start, low)
        inside = shared >= LEAST_SHARE * np.minimum(stop - start, high - low)
        found.append(" ".join(str(signal.table["text"][row]) for row in order if inside[row]))
    return found


def grams_of(words: list[str], most_words: int, letters: tuple[int, int]) -> Iterator[str]:
    """Yield runs of 1 to `most_words` words, and runs of letters in each word with its edges marked."""
    for count in range(1, most_words + 1):
        for first in range(len(words) - count + 1):
            yield f"{count}w " + " ".join(words[first : first + count])
    for word in words:
        marked = f"<{word}>"
        for count in range(letters[0], letters[1] + 1):
            for first in range(len(marked) - count + 1):
                yield f"{count}c {marked[first : first + count]}"


def hashed(text: str, size: int, most_words: int = 2, letters: tuple[int, int] = (3, 4)) -> Floats:
    """Return a text as (size,) numbers of length 1: each n-gram moves `PLACES` of them up or down.

    A sparse random projection that is the same everywhere, drawn by CRC-32 of the n-gram; an n-gram that
    occurs c times counts 1 + log c. 0 for a text without a word.
    """
    made = np.zeros(size, np.float64)
    for gram, count in Counter(grams_of(words_of(text), most_words, letters)).items():
        code = gram.encode()
        for turn in range(PLACES):
            drawn = zlib.crc32(code, 0x9E37 * (turn + 1))
            made[(drawn >> 1) % size] += (1.0 if drawn & 1 else -1.0) * (1.0 + np.log(count))
    length = float(np.linalg.norm(made))
    return (made / length if length else made).astype(np.float32)


def _rows(
    signal: Signal, spans: Times, vector: Callable[[str], Floats | None], names: tuple[str, ...]
) -> Steps:
    values: list[Floats] = []
    times: list[float] = []
    first = [0]
    for text, (low, high) in zip(texts_in(signal, spans), spans.tolist(), strict=True):
        made = vector(text) if text else None
        if made is not None:
            values.append(made)
            times.append((low + high) / 2)
        first.append(len(values))
    table = np.stack(values) if values else np.zeros((0, len(names)), np.float32)
    return Steps(table, np.array(first, np.intp), np.array(times, np.float64), names)


def _hashed(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    size, most = int(settings["size"]), int(settings["words"])
    letters = int(settings["letters_from"]), int(settings["letters_to"])
    if size < 1 or most < 0 or letters[0] < 1:
        raise FeatureError("text.hashed: size and letters_from must be 1 or more, words 0 or more.")
    names = tuple(f"text_{place + 1}" for place in range(size))

    def vector(text: str) -> Floats | None:
        made = hashed(text, size, most, letters)
        return made if made.any() else None

    return _rows(signal, spans, vector, names)


def _embedding(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    if not settings["file"]:
        raise FeatureError(
            "text.embedding needs a file of word vectors (setting file): .vec or .txt as word2vec writes "
            "them, or .npz with words and vectors. Without one take text.hashed."
        )
    table = word_vectors(Path(str(settings["file"])).expanduser(), int(settings["most_words"]))
    names = tuple(f"text_{place + 1}" for place in range(table.width))
    return _rows(signal, spans, lambda text: table.mean(words_of(text)), names)


HASHED = Feature(
    name="text.hashed",
    version=1,
    modalities=("text",),
    about=(
        "Single words, pairs of words and runs of letters inside words, each counted into a few of `size` "
        "numbers by a fixed random sign (length 1 in all). No dictionary, no language and no download. "
        "Doubts: it knows words, not what they mean; words that training did not show say something only by "
        "their letters. With patience single words can be guessed back from the numbers."
    ),
    source=(
        "Weinberger et al., Feature Hashing for Large Scale Multitask Learning (2009); letters inside words "
        "as in Bojanowski et al., Enriching Word Vectors with Subword Information (2017)"
    ),
    extract=_hashed,
    settings={"size": 256, "words": 2, "letters_from": 3, "letters_to": 4},
)

EMBEDDING = Feature(
    name="text.embedding",
    version=1,
    modalities=("text",),
    about=(
        "The mean of the vectors of a text's words, from a `file` that you name: .vec or .txt as word2vec "
        "and fastText write them, or .npz with `words` and `vectors`. The first `most_words` of the file are "
        "used. Words that are not in it are left out; a text of such words only has no row. Doubts: a mean "
        "knows no order and no negation; vectors carry what their texts thought of people."
    ),
    source="Mikolov et al., Efficient Estimation of Word Representations in Vector Space (2013), its format",
    extract=_embedding,
    settings={"file": "", "most_words": 200_000},
    files=("file",),
)
