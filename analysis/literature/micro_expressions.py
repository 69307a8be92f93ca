"""Brief expressions on attractive and unattractive faces: every printed figure, and what contradicts it."""

from __future__ import annotations

from analysis.literature.paper import Paper, Printed

DATA = "38 students, two experiments; faces of CK+, 5 attractive and 5 unattractive models"
STATIC = "experiment 1: pictures for 200 ms, 3 expressions x 2 levels, 60 trials"
DYNAMIC = "experiment 2: clips of 60, 80 and 60 ms, 2 expressions x 2 levels, 40 trials"
BOTH = "repeated-measures analysis of variance; times over the own mean + 1.5 SD left out"
N = 38

ANOVAS: tuple[tuple[str, str, float, float, float, float | None, float | None], ...] = (
    ("E1 accuracy", "expression", 2, 74, 19.823, None, 0.349),
    ("E1 accuracy", "attractiveness", 1, 37, 42.519, None, 0.535),
    ("E1 accuracy", "expression x attractiveness", 2, 74, 41.447, None, 0.528),
    ("E1 time", "expression", 2, 56, 1.661, 0.199, None),
    ("E1 time", "attractiveness", 1, 28, 0.453, 0.507, None),
    ("E1 time", "expression x attractiveness", 2, 56, 1.363, 0.264, None),
    ("E1 rating", "expression", 2, 74, 62.595, None, 0.628),
    ("E1 rating", "attractiveness", 1, 37, 64.526, None, 0.636),
    ("E1 rating", "expression x attractiveness", 2, 74, 7.786, 0.001, 0.174),
    ("E2 accuracy", "expression", 1, 37, 0.062, 0.805, None),
    ("E2 accuracy", "attractiveness", 1, 37, 28.560, None, 0.436),
    ("E2 accuracy", "expression x attractiveness", 1, 37, 14.637, None, 0.283),
    ("E2 time", "expression", 1, 35, 0.218, 0.644, None),
    ("E2 time", "attractiveness", 1, 35, 2.492, 0.123, None),
    ("E2 time", "expression x attractiveness", 1, 35, 21.245, None, 0.378),
    ("E2 rating", "expression", 1, 37, 62.947, None, 0.630),
    ("E2 rating", "attractiveness", 1, 37, 101.369, None, 0.733),
    ("E2 rating", "expression x attractiveness", 1, 37, 20.428, None, 0.356),
)
"""Measure, effect, df1, df2, F, printed p (None: < .001), printed partial eta squared (None: not printed)."""

SIMPLES: tuple[tuple[str, str, float, float, float, float], ...] = (
    ("E1 accuracy", "attractive", 2, 36, 27.777, 0.607),
    ("E1 accuracy", "unattractive", 2, 36, 38.731, 0.683),
    ("E1 rating", "attractive", 2, 36, 30.378, 0.628),
    ("E1 rating", "unattractive", 2, 36, 23.264, 0.564),
    ("E2 accuracy", "attractive", 1, 37, 5.512, 0.130),
    ("E2 accuracy", "unattractive", 1, 37, 9.294, 0.201),
    ("E2 time", "attractive", 1, 37, 9.267, 0.200),
    ("E2 time", "unattractive", 1, 37, 21.773, 0.370),
    ("E2 rating", "attractive", 1, 37, 143.607, 0.795),
    ("E2 rating", "unattractive", 1, 37, 29.711, 0.445),
)
"""Of expression inside a level: measure, level, df1, df2, F, printed partial eta squared."""

TESTS: tuple[tuple[str, str, str, float, float], ...] = (
    ("E1 accuracy", "attractive", "happy - neutral", 2.34, 0.780),
    ("E1 accuracy", "attractive", "happy - disgust", 7.45, 2.48),
    ("E1 accuracy", "attractive", "neutral - disgust", 4.571, 1.524),
    ("E1 accuracy", "unattractive", "neutral - disgust", 5.167, 1.722),
    ("E1 accuracy", "unattractive", "neutral - happy", 8.692, 2.897),
    ("E1 rating", "attractive", "happy - disgust", 7.508, 2.503),
    ("E1 rating", "attractive", "happy - neutral", 7.704, 2.568),
    ("E1 rating", "attractive", "neutral - disgust", 2.439, 0.813),
    ("E1 rating", "unattractive", "happy - disgust", 6.39, 2.13),
    ("E1 rating", "unattractive", "happy - neutral", 5.826, 1.942),
    ("E2 accuracy", "attractive", "happy - disgust", 2.362, 0.777),
    ("E2 accuracy", "unattractive", "happy - disgust", 3.073, 1.010),
    ("E2 time", "attractive", "happy - disgust", 3.044, 1.001),
    ("E2 time", "unattractive", "happy - disgust", 4.666, 1.534),
    ("E2 rating", "attractive", "happy - disgust", 11.925, 3.921),
    ("E2 rating", "unattractive", "happy - disgust", 5.449, 1.792),
)
"""Inside a level: measure, level, pair (of accuracy after the reconstruction), t, printed d."""

INTERVAL_P = ("p = .011", "p = .002", "p < .001")
INTERVALS: tuple[tuple[str, str, float, float], ...] = (
    ("happy", "disgust", 0.024, 0.228),
    ("neutral", "happy", 0.041, 0.209),
    ("neutral", "disgust", 0.139, 0.364),
)
"""Experiment 1, accuracy, main effect of expression: one minus the other, interval after Bonferroni; and the
printed p of each."""

DYNAMIC_MIDPOINTS = (0.1105, -0.126)
"""Experiment 2, accuracy: middles of the intervals of happy - disgust in attractive, unattractive faces."""

PRINTED_ACCURACY = {
    "attractive": {"happy": 0.775, "disgust": 0.421, "neutral": 0.665},
    "unattractive": {"happy": 0.361, "disgust": 0.442, "neutral": 0.700},
}
"""Experiment 1 as its table prints it."""
TEXT_ACCURACY = {"attractive": (0.755, 0.442, 0.666), "unattractive": (0.361, 0.421, 0.700)}
"""The six means of the running text, whose labels are wrong: every order of three in both levels is tried."""
RATINGS = {
    "attractive": {"happy": 4.337, "disgust": 3.421, "neutral": 3.582},
    "unattractive": {"happy": 3.361, "disgust": 2.837, "neutral": 2.953},
}
RATING_INTERVALS = (
    ("happy", "disgust", 0.500, 0.939),
    ("happy", "neutral", 0.427, 0.737),
    ("neutral", "disgust", 0.013, 0.264),
)
DYNAMIC_ACCURACY = {
    "attractive": {"happy": 0.942, "disgust": 0.832},
    "unattractive": {"happy": 0.732, "disgust": 0.858},
}
"""Experiment 2 after the reconstruction; the print has .731 for two cells and .857 for another."""

_CELLS = Printed(
    "Cell means",
    DATA,
    BOTH,
    ("measure", "attr. happy", "attr. disgust", "attr. neutral", "unattr. happy", "unattr. disgust",
     "unattr. neutral"),
    (
        ("E1 accuracy, table", 0.775, 0.421, 0.665, 0.361, 0.442, 0.700),
        ("E1 accuracy, SD", 0.184, 0.259, 0.159, 0.199, 0.223, 0.156),
        ("E1 rating", 4.337, 3.421, 3.582, 3.361, 2.837, 2.953),
        ("E1 rating, SE", 0.164, 0.135, 0.123, 0.163, 0.143, 0.163),
        ("E2 accuracy, table", 0.942, 0.731, None, 0.731, 0.857, None),
        ("E2 accuracy, SD", 0.136, 0.221, None, 0.221, 0.127, None),
        ("E2 time, ms", 758.28, 919.01, None, 982.40, 821.61, None),
        ("E2 time, SE", 55.9, 79.4, None, 76.2, 66.6, None),
        ("E2 rating", 4.471, 3.195, None, 3.374, 2.682, None),
        ("E2 rating, SE", 0.173, 0.167, None, 0.132, 0.146, None),
    ),
    (
        "The text gives other means than the table for E1 accuracy, and to other labels (.755 for "
        ".775; .421 and "
        ".442 change places).",
        "What the text calls SD is the standard error: times the root of 38 it is the SD of the table.",
        "E2 accuracy: text and table both misplace .832 and .732.",
        "Cell means of the times of E1 are not printed.",
    ),
)  # fmt: skip


def _p(value: float | None) -> str | float:
    return "< .001" if value is None else value


PAPER = Paper(
    name="micro-expressions",
    title="Micro-expressions and attractiveness: two experiments with the same 38 people",
    source="Lin, Dong, Zheng and Wang, The effect of facial attractiveness on micro-expression recognition, "
    "Frontiers in Psychology 13 (2022), doi:10.3389/fpsyg.2022.959124",
    about="Faces are shown for 200 ms and named by key. Accuracy, time and rating by expression and "
    "attractiveness, all within participants: analyses of variance with repeated measures, pairs, "
    "simple effects.",
    printed=(
        Printed(
            "Analyses of variance",
            DATA,
            BOTH,
            ("measure", "effect", "df1", "df2", "F", "p", "partial eta squared"),
            tuple((m, e, d1, d2, f, _p(p), eta) for m, e, d1, d2, f, p, eta in ANOVAS),
            (
                "E1 accuracy, interaction: printed as F(1.580, 2.019); after Greenhouse-Geisser it is "
                "F(1.58, 58.5).",
                "The times rest on 29 and 36 people, and the print does not say why; follow-ups of "
                "E2 have df 37.",
            ),
        ),
        Printed(
            "Simple effects of expression",
            DATA,
            BOTH,
            ("measure", "in", "df1", "df2", "F", "partial eta squared"),
            SIMPLES,
            ("With three levels these are multivariate tests (df 2, 36), not univariate ones (df 2, 74).",),
        ),
        Printed(
            "Paired tests inside a level",
            DATA,
            BOTH,
            ("measure", "in", "pair", "t", "d"),
            TESTS,
            (
                "Labelled df 36; a paired t of 38 people has 37.",
                "d is 2t / sqrt(df), a form for two groups; d_z = t / sqrt(n) is about half of it.",
                "Pairs of E1 accuracy are labelled after the reconstruction.",
            ),
        ),
        Printed(
            "Main effect of expression, E1 accuracy, pairs",
            DATA,
            STATIC,
            ("one", "other", "from", "to"),
            INTERVALS,
        ),
        _CELLS,
    ),
    doubts=(
        (
            "Means of E1 accuracy are given to the wrong labels.",
            "Of the 36 orders the one whose differences are the middles of the printed intervals.",
        ),
        (
            "E1 accuracy has two sets of means, in text and table.",
            "Both are tried; those of the text fit the intervals to .001.",
        ),
        (
            "Why the times rest on 29 and 36 people is not said.",
            "Who has no right answer in a cell has no mean time there: at the printed accuracies "
            "that happens "
            "(4 of 38 simulated people in experiment 1). Such people are left out by name.",
        ),
        ("d is a conversion for two groups.", "Both forms are shown; d_z is the default."),
        ("The simple effects are multivariate.", "Both forms are shown."),
        (
            "The 1.5 SD cut is over all right answers of a participant, as far as it is said.",
            "A choice: by participant or by cell, upper side or both; the default is the paper's.",
        ),
        ("Misses are not mentioned.", "They count as errors and have no time; how many there were is said."),
        (
            "Answers that came too early to be one are not mentioned.",
            "Those before 150 ms count in the accuracy as they are, and have no time; how many there were is "
            "said.",
        ),
        (
            "Printed power (.978, .999, .999) is that of groups of different people, cut and not rounded: "
            "G*Power for 3 and 2 groups of 38 in all gives .9786, .99999 and .9995.",
            "SPSS' form (noncentrality F df1) and Cohen's f with the repeated design's own df (noncentrality "
            "f^2 n df1) are shown.",
        ),
        (
            "The abstract says that attractive faces are recognised faster; no main effect of attractiveness "
            "on times is in either experiment.",
            "Only the interaction of experiment 2 holds.",
        ),
        (
            "Five models a level, chosen by ratings of neutral faces.",
            "The same tests over models are shown beside those over people: attractiveness between the ten "
            "models, expression within each.",
        ),
    ),
    step="within",
    takes="a study of our own (its folder) for the same analysis; nothing for the paper's own statistics and "
    "simulated participants",
)
