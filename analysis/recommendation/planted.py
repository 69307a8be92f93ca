"""Viewers who are made up, with tastes that are known: what a ranker must find, and where nothing.

liking = taste * (person's camp * clip's style) + 0.2 * valence of the norm + noise, cut to -1..1. A style is
seen from no norm and no kind, so that only others' likings tell of it. What is felt is the norm, moved by the
clip (SD 0.2), the person (SD 0.2) and chance (SD 0.2). Courses, where they are wanted, are half a minute of
what is felt, second by second with noise (SD 0.1); arousal rises by 0.6 in one style and falls in the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.recommendation.viewings import Catalogue, Clip, Viewing

NOISE = 0.3
OF_VALENCE = 0.2
MOVED = 0.2
KINDS = ("drama", "comedy", "nature", "news")
COURSE_S, SLOPE, OF_COURSE = 30, 0.6, 0.1


def planted_viewers(
    people: int = 30,
    clips: int = 40,
    watched: int = 24,
    taste: float = 0.6,
    seed: int = 1,
    with_courses: bool = False,
) -> Catalogue:
    """Return viewers of two camps that like opposite styles, as far as `taste` (0: nothing is planted).

    Everybody watches the same four clips first, one far into each quadrant, then others by chance.
    """
    random = np.random.default_rng(seed)
    norms = random.uniform(-0.8, 0.8, (clips, 2))
    norms[:4] = [(0.9, 0.9), (0.9, -0.9), (-0.9, -0.9), (-0.9, 0.9)]
    style = random.choice([-1.0, 1.0], clips)
    style[:4] = (1.0, -1.0, 1.0, -1.0)
    off = random.normal(0, MOVED, (clips, 2))
    camp = random.permutation(np.resize([-1.0, 1.0], people))
    names = tuple(f"clip-{place:02d}" for place in range(clips))
    every = {
        name: Clip(
            name,
            60.0,
            {"valence": float(norms[place, 0]), "arousal": float(norms[place, 1])},
            KINDS[int(random.integers(len(KINDS)))],
        )
        for place, name in enumerate(names)
    }
    viewings = []
    # Drawn apart: with courses or without, the rest is the same.
    of_courses = np.random.default_rng([seed, COURSE_S])
    for person in range(people):
        own = random.normal(0, MOVED, 2)
        rest = 4 + random.permutation(clips - 4)[: watched - 4]
        for order, place in enumerate((*range(4), *rest.tolist())):
            felt = np.clip(norms[place] + off[place] + own + random.normal(0, MOVED, 2), -1, 1)
            liking = (
                taste * camp[person] * style[place] + OF_VALENCE * norms[place, 0] + random.normal(0, NOISE)
            )
            viewings.append(
                Viewing(
                    f"viewer-{person:02d}",
                    names[place],
                    order,
                    {"valence": float(felt[0]), "arousal": float(felt[1])},
                    float(np.clip(liking, -1, 1)),
                    curves=_courses(felt, style[place], of_courses) if with_courses else {},
                )
            )
    return Catalogue(every, tuple(viewings))


def _courses(
    felt: NDArray[np.float64], style: float, random: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    noise = random.normal(0, OF_COURSE, (2, COURSE_S))
    slope = SLOPE * style * np.linspace(-0.5, 0.5, COURSE_S)
    return {
        "valence": np.clip(felt[0] + noise[0], -1, 1),
        "arousal": np.clip(felt[1] + slope + noise[1], -1, 1),
    }
