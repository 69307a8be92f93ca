"""Depression from nine speech tasks with speaker embeddings and a stacked ensemble: the printed tables."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.literature.paper import Paper, Printed

DATA = "private: 310 depressed and 226 healthy native speakers of Chinese, three hospitals"
PROTOCOL = "10 stratified folds of persons, 100 repeats (as printed)"
EMBEDDINGS = ("I_m", "I_p", "I_f", "T_m", "T_p", "T_f", "R_m", "R_p", "R_f")


@dataclass(frozen=True, slots=True)
class SpokenTask:
    """A task: its name in the bundled protocol, its kind and valence, and what is asked."""

    name: str
    kind: str
    valence: str
    about: str

    @property
    def category(self) -> str:
        """The category of the bundled protocol."""
        return f"{self.kind}-{self.valence}"


TASKS = (
    SpokenTask("task-1", "interview", "positive", "travel plan if given a holiday"),
    SpokenTask("task-2", "interview", "positive", "a good memory, with the scene"),
    SpokenTask("task-3", "interview", "neutral", "mood these days and its effect on life"),
    SpokenTask("task-4", "interview", "neutral", "health these days and its effect on life"),
    SpokenTask("task-5", "interview", "neutral", "how they judge themselves"),
    SpokenTask("task-6", "interview", "negative", "an event that caused great pain"),
    SpokenTask("task-7", "picture", "positive", "happy face: describe, guess the reason"),
    SpokenTask("task-8", "picture", "neutral", "calm face: describe, guess the reason"),
    SpokenTask("task-9", "picture", "negative", "sad face: describe, guess the reason"),
)

_NOT_MEANS = (
    "160 of the 162 figures of both single-task tables are exact fractions of 506 and one of 536: they "
    "cannot be means of 100 repeats over 536 people, and seem to come of another sample and one run."
)

PAPER = Paper(
    name="depression",
    title="Depression from nine speech tasks",
    source=(
        "Liu, Yu, Li, Chen, Ding, Feng, Yao and Hu, Ensemble learning with speaker embeddings in multiple "
        "speech task stimuli for depression detection, Frontiers in Neuroscience 17 (2023), "
        "doi:10.3389/fnins.2023.1141621"
    ),
    about=(
        "Six interview questions and three faces to describe; speaker embeddings of each answer, trained on "
        "other speech; a support vector machine a task; a network over the nine shares. An aid of research, "
        "no diagnosis."
    ),
    printed=(
        Printed(
            "Speech for pre-training (CN-Celeb subset)",
            "CN-Celeb, Chinese, 16 kHz",
            "counts",
            ("genre", "speakers", "utterances", "hours"),
            (
                ("interview", 780.0, 59317.0, 135.77),
                ("speech", 122.0, 8401.0, 36.22),
                ("both", 902.0, 67718.0, 171.99),
            ),
            ("'Longer than 10 s' is untrue of this subset: its mean is 9.1 s.",),
        ),
        Printed(
            "Participants",
            DATA,
            "counts; mean (SD)",
            ("group", "sex", "people", "utterances", "age", "age SD", "PHQ-9", "PHQ-9 SD", "utterance s"),
            (
                ("depressed", "M", 142.0, 1278.0, 37.03, 10.88, 14.49, 7.15, 20.74),
                ("depressed", "F", 168.0, 1512.0, 38.23, 12.14, 14.85, 8.24, 20.74),
                ("healthy", "M", 119.0, 1071.0, 36.00, 10.82, 1.47, 2.31, 15.50),
                ("healthy", "F", 107.0, 963.0, 33.36, 10.53, 1.42, 0.69, 15.50),
            ),
            (
                "Utterance lengths are those of the whole group. Healthy women are about five years younger, "
                "and answers of the depressed a third longer: neither is controlled.",
                "The majority class has 57.84 %.",
            ),
        ),
        Printed(
            "The nine tasks",
            DATA,
            "interview valence by 33 raters",
            ("task", "kind", "valence", "about"),
            tuple((task.name.removeprefix("task-"), task.kind, task.valence, task.about) for task in TASKS),
            ("Order, way of asking, length of answers and pauses are not given.",),
        ),
        Printed(
            "ResNet34 x-vector",
            "architecture",
            "input F = 60, T = 200",
            ("layer", "kernel, stride", "channels", "blocks", "output"),
            (
                ("Conv1", "7x7, 1", 32.0, None, "F x T"),
                ("Res1", "3x3, 1", 32.0, 3.0, "F x T"),
                ("Res2", "3x3, 2", 64.0, 4.0, "F/2 x T/2"),
                ("Res3", "3x3, 2", 128.0, 6.0, "F/4 x T/4"),
                ("Res4", "3x3, 2", 256.0, 3.0, "F/8 x T/8"),
                ("Stats pool", "mean and SD over time", 256.0, None, "F/4 x 1"),
                ("Affine", "F/4 x 1", 256.0, None, "256"),
            ),
            ("The text says average pooling, the table statistics, which are built: 4096 numbers.",),
        ),
        Printed(
            "Single tasks, SVM: accuracy, %",
            DATA,
            PROTOCOL,
            ("task", *EMBEDDINGS),
            (
                ("1", 58.89, 57.71, 57.31, 62.06, 61.26, 62.45, 68.58, 60.67, 67.59),
                ("2", 61.46, 60.47, 60.67, 62.65, 59.29, 64.62, 63.83, 60.87, 62.45),
                ("3", 64.62, 65.81, 63.44, 66.01, 67.39, 68.38, 67.79, 62.06, 65.02),
                ("4", 70.36, 72.33, 67.79, 71.74, 71.34, 74.51, 70.75, 71.74, 71.34),
                ("5", 57.71, 58.30, 62.25, 67.39, 62.45, 62.85, 65.81, 62.65, 62.06),
                ("6", 57.71, 60.08, 59.68, 62.06, 61.66, 60.47, 64.82, 60.67, 60.47),
                ("7", 60.67, 62.25, 60.08, 61.46, 62.06, 61.07, 63.04, 59.88, 65.42),
                ("8", 62.85, 58.89, 58.70, 59.29, 62.25, 59.29, 64.23, 60.47, 62.06),
                ("9", 64.43, 61.66, 61.86, 59.68, 59.88, 59.09, 64.23, 61.26, 64.23),
            ),
            (_NOT_MEANS, "The text calls the SVM an SVR."),
        ),
        Printed(
            "Single tasks, random forest: accuracy, %",
            DATA,
            PROTOCOL,
            ("task", *EMBEDDINGS),
            (
                ("1", 61.07, 60.28, 58.50, 61.66, 63.04, 61.26, 66.80, 59.29, 65.81),
                ("2", 60.28, 61.26, 59.68, 60.67, 59.88, 59.68, 64.23, 60.47, 60.67),
                ("3", 63.64, 62.85, 62.45, 66.40, 67.59, 66.60, 64.43, 62.25, 64.23),
                ("4", 66.21, 67.98, 64.52, 70.95, 73.72, 72.33, 68.18, 67.79, 68.58),
                ("5", 58.89, 60.28, 60.28, 62.85, 61.07, 63.83, 63.04, 60.47, 61.07),
                ("6", 60.28, 59.09, 61.07, 63.44, 58.70, 58.89, 64.82, 59.68, 59.29),
                ("7", 61.86, 59.49, 60.08, 61.46, 63.64, 61.66, 66.40, 62.85, 66.01),
                ("8", 59.49, 57.31, 61.07, 59.09, 60.47, 59.49, 64.03, 59.49, 62.25),
                ("9", 60.67, 60.89, 62.25, 58.30, 60.47, 58.50, 64.43, 61.66, 63.24),
            ),
            (_NOT_MEANS,),
        ),
        Printed(
            "Tasks by kind and valence, SVM: accuracy, %",
            DATA,
            PROTOCOL,
            ("tasks", *EMBEDDINGS),
            (
                ("interview positive", 60.18, 59.09, 58.99, 62.36, 60.28, 63.54, 66.21, 60.77, 65.02),
                ("interview neutral", 64.23, 65.48, 64.49, 68.38, 67.06, 68.58, 68.12, 65.48, 66.14),
                ("interview negative", 57.71, 60.08, 59.68, 62.06, 61.66, 60.47, 64.82, 60.67, 60.47),
                ("picture positive", 60.67, 62.25, 60.08, 61.46, 62.06, 61.07, 63.04, 59.88, 65.42),
                ("picture neutral", 62.85, 58.89, 58.70, 59.29, 62.25, 59.29, 64.23, 60.47, 62.06),
                ("picture negative", 64.43, 61.66, 61.86, 59.68, 59.88, 59.09, 64.23, 61.26, 64.23),
            ),
            ("Means of the single tasks; one task each but for the first two groups.",),
        ),
        Printed(
            "Ensembles over nine tasks, %",
            DATA,
            PROTOCOL,
            (
                "embedding",
                "stack accuracy",
                "stack F1-D",
                "stack F1-H",
                "vote accuracy",
                "vote F1-D",
                "vote F1-H",
                "selected accuracy",
                "selected F1-D",
                "selected F1-H",
            ),
            (
                ("I_m", 65.04, 67.88, 61.61, 67.39, 75.91, 49.54, 65.22, 74.79, 43.95),
                ("I_p", 67.83, 71.25, 63.37, 65.42, 74.07, 48.07, 66.01, 76.24, 40.28),
                ("I_f", 67.23, 69.82, 64.07, 65.61, 74.56, 46.95, 63.45, 74.76, 33.69),
                ("T_m", 67.19, 73.31, 57.44, 67.00, 73.62, 55.94, 66.20, 74.21, 51.00),
                ("T_p", 70.36, 73.40, 66.52, 66.21, 73.73, 52.63, 67.39, 75.63, 50.75),
                ("T_f", 69.96, 76.03, 59.79, 69.17, 75.55, 58.29, 66.63, 74.89, 50.15),
                ("R_m", 73.94, 76.09, 71.30, 70.95, 75.94, 63.34, 68.99, 74.64, 60.05),
                ("R_p", 71.15, 74.74, 66.36, 65.42, 72.78, 52.57, 63.24, 73.12, 41.88),
                ("R_f", 67.25, 70.25, 63.44, 65.81, 72.05, 55.98, 65.05, 73.30, 49.28),
            ),
            ("F1-D is once named for the healthy class in the text.",),
        ),
        Printed(
            "Fusion and outside methods, %",
            DATA,
            PROTOCOL,
            ("system", "accuracy", "F1-D", "F1-H", "sensitivity", "specificity"),
            (
                ("R_m+R_p", 74.72, 76.90, 72.05, 72.8, 77.3),
                ("R_m+R_f", 73.76, 75.42, 71.76, 69.6, 79.1),
                ("R_p+R_f", 69.60, 72.60, 65.78, 69.6, 69.3),
                ("R_m+R_p+R_f", 71.37, 73.79, 68.95, None, None),
                (
                    "Giannakopoulos 2015 (short and mid-term features, RBF SVM)",
                    67.98,
                    74.77,
                    56.22,
                    82.0,
                    48.8,
                ),
                ("Di 2021 (MFCC i-vector)", 66.40, 72.93, 55.73, 78.3, 50.2),
                ("Egas-Lopez 2022 (FBANK DNN embedding, SVM)", 68.18, 75.42, 54.90, 84.4, 45.9),
                ("Xing 2022 (hierarchical i-vectors)", 71.89, 77.27, 63.08, 82.6, 57.0),
            ),
            (
                "Sensitivity and specificity are not printed: computed from the three figures and 310 to 226 "
                "people. Of R_m+R_p+R_f the three do not agree with each other.",
                "Task 4 alone with T_f (74.51) nearly equals the best ensemble (74.72) and beats the T_f "
                "ensemble (69.96). Against outside methods the gain lies in specificity; sensitivity falls, "
                "and F1-D is not above Xing's 77.27.",
            ),
        ),
    ),
    doubts=(
        (
            "The paper does not say whether the shares that the ensemble is trained on come from machines "
            "that were fitted on the same people: such shares are too good.",
            "Shares of inner folds of persons, by Platt's curve.",
        ),
        (
            "Plain k-fold is named, and cannot give folds of 54 and 53 people with 31 depressed each.",
            "Stratified folds of persons: six of 31 + 23 and four of 31 + 22.",
        ),
        (
            "Composition of the 60 numbers of MFCC, PLP and FBANK, and resampling from 44.1 kHz, are not "
            "said.",
            "60 log mel bands of 20 to 7600 Hz at 16 kHz; all 60 cepstra of them; 20 PLP cepstra with both "
            "slopes.",
        ),
        (
            "Loss, weight decay, augmentation and periods of the learning rate are not said.",
            "Softmax (or AM-softmax, s 30, m 0.2); decay 0.1 and 0.4; none; cosine with restarts as in the "
            "toolkit.",
        ),
        (
            "Hospital, channel, age and length of answers differ between the groups and are not controlled; "
            "three questions ask for symptoms.",
            "Balanced accuracy, area under the curve and a point of fixed sensitivity beside accuracy; a "
            "note on age, sex, site and length of answers beside every result.",
        ),
        (
            "What the second comparator pairs in its t-test is not said.",
            "Shares of the depressed against those of the healthy, by Welch's t-test, a row a person: a "
            "person's share of the right class against that of the wrong one would pass every task where the "
            "classes are unequal.",
        ),
    ),
    recognizers=("speech-tasks-stack", "speech-tasks-vote", "speech-tasks-selected"),
    step="speech-tasks",
    takes="a study folder with spoken tasks and a target of two classes (a stored target 'depression' comes "
    "first; the last of its named classes is the positive one), or nothing (simulated speakers)",
)
