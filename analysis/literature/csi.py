"""Song et al. (2023): road users by WiFi channel state, LW-WADL; the printed tables and their faults."""

from __future__ import annotations

from analysis.literature.paper import Paper, Printed

DATA = "own recordings beside a road of 10 m, two ESP32 nodes, about 500 segments; not public"
PROTOCOL = "80 % train, 20 % test, segments mixed; no validation, no repeats"
MODELS = ("FCN", "DeepWiTraffic", "ResNet", "LW-WADL")

FOUR = Printed(
    "Four classes",
    DATA,
    PROTOCOL,
    ("method", "accuracy %", "precision %", "recall %", "parameters M", "FLOPs M", "test s"),
    (
        ("FCN", 93.46, 93.34, 93.46, 1.6451, 3.2888, 0.2019),
        ("DeepWiTraffic", 94.59, 94.45, 94.59, 0.2090, 0.4176, 0.1398),
        ("ResNet", 94.39, 95.28, 94.39, 0.7427, 1.5047, 0.2982),
        ("LW-WADL", 96.26, 96.23, 96.16, 0.0123, 0.0282, 0.0575),
    ),
    (
        "96.26, 94.39 and 93.46 are 103, 101 and 100 of 107 segments; 94.59 is no fraction of 107, "
        "nor are the "
        "accuracies of the other tables. One error is 0.9 points: LW-WADL is two segments ahead of ResNet.",
        "FLOPs of about twice the parameters are impossible for convolutions over 200 positions: they count "
        "the weights, not what is computed.",
        "'93.25 % fewer parameters' is the saving of FLOPs; parameters fall by 94.11 %.",
        "Recall equals accuracy for the three comparators (weighted averages), not for LW-WADL.",
        "Whether the test time is of a segment or of the set is not said.",
        "The printed accuracy divides by a sum that has the true negatives twice and no false positives.",
    ),
)
SELECTION = Printed(
    "Choice of subcarriers, accuracy %",
    DATA,
    PROTOCOL,
    ("choice", *MODELS),
    (
        ("weighted fusion of k subcarriers", 89.17, 90.86, 90.77, 93.01),
        ("average of all", 82.09, 87.89, 83.36, 90.53),
        ("four best by SNR", 93.46, 94.59, 94.39, 96.26),
    ),
    ("The number 4 was chosen on the test set.",),
)
CLASSES = Printed(
    "Number of classes, accuracy %",
    DATA,
    PROTOCOL,
    ("classes", *MODELS),
    (
        (2.0, 100.0, 100.0, 100.0, 100.0),
        (3.0, 95.12, 96.86, 96.21, 97.96),
        (4.0, 93.46, 94.59, 94.39, 96.26),
    ),
    (
        "Which classes the sets of two and three hold is not said.",
        "From 3 to 4 classes LW-WADL loses 1.70, the text says 1.73.",
    ),
)

PAPER = Paper(
    name="csi",
    title="WiFi channel state: who passes between two nodes, by a network of 12,314 numbers",
    source="Song et al., A lightweight attention deep learning method for human-vehicle recognition based "
    "on wireless sensing technology, Frontiers in Neuroscience 17 (2023), doi:10.3389/fnins.2023.1135986",
    about="Two ESP32 nodes beside a road. A detector finds passages in the mean amplitude; the four "
    "subcarriers with the best signal are averaged after rectification; 201 readings about the passage go "
    "into three depthwise-separable convolutions with attention. The same chain reads any other short event.",
    printed=(FOUR, SELECTION, CLASSES),
    doubts=(
        (
            "The baseline follows each reading while nothing is detected, so a fall of 6 dB is down "
            "to 0.8 dB "
            "after the 50 readings that the detector waits for; only a fall of 30 dB would be found, "
            "and then never end, for the baseline is frozen where the passage was.",
            "The baseline takes no reading that is off by the threshold; the printed form is a switch of the "
            "input, and a row of our table on the choice of subcarriers.",
        ),
        (
            "The unit of the threshold (4 'dBm') and what x is over the subcarriers.",
            "x is 20 log10 of the mean amplitude over 52 subcarriers, the threshold 4 dB.",
        ),
        (
            "Segments lie about minima, but after rectification a passage is a maximum; and 50 of every 200 "
            "readings are looked at.",
            "One segment for each detected passage, about its maximum; the printed form is a switch.",
        ),
        (
            "The moving average has four terms and divides by five.",
            "Five terms; the printed form is a switch.",
        ),
        (
            "Rectification takes one mean over subcarriers of unequal gain.",
            "Each subcarrier has its own mean in quiet; the pooled mean is a switch.",
        ),
        (
            "No layer has a printed size.",
            "Sizes that have 12,314 numbers for four classes, as printed; others would do as well.",
        ),
        (
            "Which classes the smaller sets hold.",
            "Two: pedestrian and car; three: pedestrian, bicycle, car (a target joins no labels).",
        ),
        ("Normalisation and stopping are not printed.", "One mean and SD of the training side; 200 epochs."),
        (
            "'k-subcarrier weight fusion' is not defined.",
            "All subcarriers weighted by their peak-to-noise ratio.",
        ),
        (
            "One site, segments of one day in training and test. A segment goes on for seconds beyond its "
            "passage: of two that are near, one in training and one in test hold the same readings.",
            "Beside mixed passages a whole road (or day) is left out in turn; of passages less than 6 s "
            "apart the mixed rows take the first, and say how many are left out.",
        ),
    ),
    recognizers=("lw-wadl", "csi-fcn", "csi-resnet", "csi-two-conv"),
    step="passages",
    takes="a folder of ESP32 CSI logs with events.csv (without one: made-up passages), or of Stress-Predict "
    "for the table on wristband events",
)
