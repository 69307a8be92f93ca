"""PSA-YOLO: facial expressions found and named by a lighter YOLOv4 with pyramid attention."""

from __future__ import annotations

from analysis.literature.paper import Cell, Paper, Printed

RANDOM = "random 70/30: the same people, often the same moment, in both sides"
PEOPLE = "10 people train, 10 others test, mean of 30"
METHODS = ("expression", "Du & Hu 2019", "Keyu 2018", "Liang 2020", "PSA-YOLO")
MEANS = "The last row was computed here: the printed average is not the mean of the classes above it."


def _table(
    data: str, protocol: str, rows: tuple[tuple[Cell, ...], ...], notes: tuple[str, ...] = ()
) -> Printed:
    return Printed(f"Accuracy on {data}", data, protocol, METHODS, rows, (MEANS, *notes))


JAFFE = _table(
    "JAFFE, 202 of 213 stills",
    RANDOM,
    (
        ("angry", 75.02, 77.38, 79.94, 81.02),
        ("disgust", 76.39, 78.26, 80.07, 81.95),
        ("fear", 71.88, 73.59, 74.63, 75.78),
        ("happy", 84.39, 86.47, 88.16, 89.01),
        ("neutral", 57.84, 58.91, 60.03, 61.56),
        ("sad", 82.63, 84.19, 86.25, 87.34),
        ("surprised", 83.68, 85.97, 87.35, 88.29),
        ("average, printed", 74.19, 78.56, 80.73, 83.84),
        ("mean of the classes", 75.98, 77.82, 79.49, 80.71),
    ),
    (
        "JAFFE is balanced, so weighting cannot explain 83.84 against 80.71.",
        "With 90 % of the pictures to train on 96.0 is said.",
        "The text gives Liang 78.56, which the table has under Keyu.",
    ),
)
CK_PLUS = _table(
    "CK+, 693 frames without near-duplicates",
    RANDOM,
    (
        ("angry", 71.24, 72.38, 73.41, 74.17),
        ("disgust", 77.45, 78.37, 79.94, 81.23),
        ("fear", 81.86, 82.59, 83.63, 84.58),
        ("happy", 86.91, 88.73, 90.67, 94.49),
        ("neutral", 65.29, 67.67, 68.35, 69.81),
        ("sad", 85.78, 87.56, 89.49, 93.04),
        ("surprised", 85.68, 86.97, 87.35, 89.96),
        ("average, printed", 79.26, 81.14, 82.51, 85.09),
        ("mean of the classes", 79.17, 80.61, 81.83, 83.90),
    ),
    (
        "The text's gains are 7.32, 4.87 and 3.12; the table's are 5.83, 3.95 and 2.58.",
        "CK+ has contempt and no neutral: neutral is presumably each first frame.",
    ),
)
COHN_KANADE = _table(
    "Cohn-Kanade, 20 people, 6 expressions, 64 x 64",
    PEOPLE,
    (
        ("angry", 78.35, 79.81, 80.41, 82.02),
        ("disgust", 72.91, 74.62, 75.49, 76.13),
        ("fear", 81.66, 82.57, 83.36, 84.47),
        ("happy", 87.16, 89.98, 91.74, 92.61),
        ("sad", 86.78, 87.65, 89.49, 91.08),
        ("surprised", 75.02, 76.72, 77.35, 78.25),
        ("average, printed", 78.85, 80.04, 81.68, 84.87),
        ("mean of the classes", 80.31, 81.89, 82.97, 84.09),
    ),
    (
        "The headline's gain of 3.91 is 84.87 - 81.68 = 3.19 with its digits swapped.",
        "The set is said to be of women only; it is not.",
    ),
)
ERRORS = Printed(
    "Error in 5-fold cross-validation, per cent",
    "JAFFE, CK+ and Cohn-Kanade",
    "5-fold; people are not said to be kept apart; on CK+ first and peak frame are classified together",
    ("data", "Du & Hu 2019", "Keyu 2018", "Liang 2020", "PSA-YOLO"),
    (
        ("JAFFE", 26.72, 18.86, 11.08, 8.91),
        ("CK+", 21.19, 16.83, 10.95, 5.37),
        ("Cohn-Kanade", 23.08, 18.15, 10.37, 6.92),
    ),
    (
        "The text has 6.92 for CK+, which is the table's figure of Cohn-Kanade.",
        "These errors mean accuracies of 91 to 95 %, against 84 to 85 % in the tables above.",
    ),
)
ABLATION = Printed(
    "Without parts of the network",
    "CK+ with 6 expressions, as the text says",
    "not said",
    ("variant", "accuracy %"),
    (
        ("no feature-extraction module", 51.72),
        ("no PSA", 59.07),
        ("no CSPDarknet53 module", 75.12),
        ("whole", 83.84),
    ),
    (
        "83.84 is the average of JAFFE; CK+ has 85.09.",
        "Neither the feature-extraction module nor what stands for a missing CSPDarknet53 is defined.",
    ),
)
TIME = Printed(
    "Running time",
    "CK+ for the slowest",
    "machine of the rivals not said; per picture or per test set not said",
    ("method", "ms"),
    (("CNN and BiLSTM (slowest)", 1800.0), ("PSA-YOLO", 200.0)),
    ("Read off the text: the plot is lost.", "No figure of detection (mAP) is given."),
)

DOUBTS = (
    ("Input size, boxes, anchors and augmentation are missing.",
     "Squares between grey bars (416 as in YOLOv4 if asked, 128 by default), one box a face from OpenCV's "
     "cascade or drawn by hand, nine anchors by k-means with 1 - IoU, mirror, light, size and place."),
    ("The loss is not printed and its power not given.", "alpha-CIoU, alpha 3; alpha 1 is CIoU."),
    ("Groups 2, 4, 8, 16 of the attention: common code has 1 for the smallest kernel.", "As printed."),
    ("What SPCP halves is unclear.", "512 to 256 before pooling, so that 1024 come out, as the text says."),
    ("Which maps PANet fuses is named by residual counts, which occur twice.",
     "Those of stride 16 and 8, as in YOLOv4."),
    ("'Mean' accuracy is no mean of the classes in any table.",
     "Accuracy over all pictures and the classes' mean are told apart; a picture where nothing is found is "
     "wrong."),
    ("Random splits of posed pictures put the same face on both sides.",
     "People are kept apart by default; the random split stands beside it with what it leaks."),
    ("Thirty repeats with 10 people to train and 10 others to test, and training shares from 50 to 90 %.",
     "Not made here: folds by people, each person tested once, and the random split beside them."),
    ("Whether several faces may be on a picture is not said.",
     "The largest box is the one that is meant; other boxed faces are neither background nor errors. The "
     "answer is that of the surest detection."),
    ("A corrigendum exists; its content was not available.", "Nothing is corrected by it here."),
)  # fmt: skip

PAPER = Paper(
    "psa-yolo",
    "PSA-YOLO facial expression recognition",
    "Ruoling Ma and Ruoyuan Zhang, Facial expression recognition method based on PSA-YOLO network, Frontiers "
    "in Neurorobotics 16 (2023), doi:10.3389/fnbot.2022.1057983",
    "One network finds the face on a whole picture and names its expression. It is compared with four "
    "methods on three sets of posed faces; no figure of how well faces are found is printed.",
    (JAFFE, CK_PLUS, COHN_KANADE, ERRORS, ABLATION, TIME),
    DOUBTS,
    ("psa-yolo",),
    "faces",
    "a folder with one folder of pictures for each expression, or a study with boxes drawn in Faces; without "
    "one, drawn people",
)
