"""What each coefficient is: its name, one sentence, its source; told wherever a number is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """A coefficient as it is told; `sentence` says what is computed and what happens to missing ratings."""

    key: str
    title: str
    sentence: str
    source: str


_KRIPPENDORFF = "Krippendorff (2011), Computing Krippendorff's Alpha-Reliability"
_MCGRAW = "McGraw & Wong (1996), Psychol. Methods 1:30, case 2A; Shrout & Fleiss (1979) ICC(2)"
_LIN = "Lin (1989), Biometrics 45:255"

FORMULAS: dict[str, Formula] = {
    entry.key: entry
    for entry in (
        Formula(
            "alpha_nominal",
            "Krippendorff's alpha, nominal",
            "1 - observed / expected disagreement; different classes disagree fully. Every unit with two or"
            " more ratings counts.",
            _KRIPPENDORFF,
        ),
        Formula(
            "alpha_ordinal",
            "Krippendorff's alpha, ordinal",
            "1 - observed / expected disagreement; two values disagree by the squared number of ratings"
            " between them. Every unit with two or more ratings counts.",
            _KRIPPENDORFF,
        ),
        Formula(
            "alpha_interval",
            "Krippendorff's alpha, interval",
            "1 - observed / expected disagreement; two values disagree by their squared difference. Every"
            " unit with two or more ratings counts.",
            _KRIPPENDORFF,
        ),
        Formula(
            "alpha_bins",
            "Krippendorff's alpha on bins of 0.5 s",
            "Nominal alpha of what each bin holds: the labels that cover more than half of it (points: that"
            " lie in it), or nothing, which is a class of its own.",
            _KRIPPENDORFF,
        ),
        Formula(
            "cohen",
            "Cohen's kappa",
            "(observed - expected agreement) / (1 - expected), expected from each rater's own margins; units"
            " that both rated. For more than two raters, the plain mean of the pairs (Light).",
            "Cohen (1960), Educ. Psychol. Meas. 20:37; Light (1971), Psychol. Bull. 76:365",
        ),
        Formula(
            "kappa_linear",
            "Weighted kappa, linear",
            "Cohen's kappa where two values disagree by their distance on the scale; units that both rated;"
            " plain mean of the pairs.",
            "Cohen (1968), Psychol. Bull. 70:213",
        ),
        Formula(
            "kappa_quadratic",
            "Weighted kappa, quadratic",
            "Cohen's kappa where two values disagree by their squared distance on the scale; units that both"
            " rated; plain mean of the pairs.",
            "Cohen (1968), Psychol. Bull. 70:213",
        ),
        Formula(
            "fleiss",
            "Fleiss' kappa",
            "(observed - expected agreement) / (1 - expected), expected from the margins of all raters"
            " together; needs the same number of ratings for every unit.",
            "Fleiss (1971), Psychol. Bull. 76:378",
        ),
        Formula(
            "raw",
            "Raw agreement",
            "Share of pairs of ratings of the same unit that are equal; chance is not taken out.",
            "Fleiss (1971), Psychol. Bull. 76:378",
        ),
        Formula(
            "icc_single",
            "ICC(A,1)",
            "Absolute agreement of single ratings, two-way; only units (of traces: points) that all raters"
            " rated, raters without any rating left out.",
            _MCGRAW,
        ),
        Formula(
            "icc_average",
            "ICC(A,k)",
            "Absolute agreement of the mean of the k raters, two-way; only units (of traces: points) that"
            " all raters rated, raters without any rating left out.",
            _MCGRAW,
        ),
        Formula(
            "ccc",
            "Lin's concordance (CCC)",
            "2 x covariance / (variance + variance + squared difference of means), over n; units that both"
            " rated; plain mean of the pairs.",
            _LIN,
        ),
        Formula(
            "ccc_trials",
            "Lin's concordance (CCC) per trial",
            "CCC of each pair in each trial on the common 4 Hz grid, points that both rated; mean of all"
            " pairs and trials where it is defined.",
            _LIN,
        ),
        Formula(
            "pearson",
            "Pearson's correlation",
            "Covariance / product of standard deviations; says nothing about level and range; units that"
            " both rated; plain mean of the pairs.",
            "Pearson (1895), Proc. R. Soc. 58:240",
        ),
        Formula(
            "pearson_trials",
            "Pearson's correlation per trial",
            "Correlation of each pair in each trial on the common 4 Hz grid; mean of all pairs and trials"
            " where it is defined.",
            "Pearson (1895), Proc. R. Soc. 58:240",
        ),
        Formula(
            "pearson_differences",
            "Pearson of differences per trial",
            "Correlation of the changes from point to point (0.25 s), for traces read as relative; mean of"
            " all pairs and trials where it is defined.",
            "Pearson (1895), Proc. R. Soc. 58:240",
        ),
        Formula(
            "f1_segments",
            "F1 of segments, overlap 0.5",
            "2 x matched / all segments of both; matched one to one: same label, intersection at least half"
            " of the union; as many as possible. Mean of the pairs.",
            "van Rijsbergen (1979); Jaccard (1912), New Phytol. 11:37",
        ),
        Formula(
            "f1_points",
            "F1 of points, ±250 ms",
            "2 x matched / all points of both; matched one to one: same label, at most 250 ms apart; as many"
            " as possible. Mean of the pairs.",
            "van Rijsbergen (1979), Information Retrieval",
        ),
    )
}
