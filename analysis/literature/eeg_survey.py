"""Survey of deep learning for EEG emotion recognition: its data sets and its result table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.literature.paper import Paper, Printed

Protocol = Literal["within", "across", "unknown"]
DATA = "the data sets named in each row"
PROTOCOL = "as each study had it; rarely printed"


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the result table: `protocol` says whether tested people were trained on, where printed."""

    year: int
    author: str
    data: str
    model: str
    result: str
    protocol: Protocol = "unknown"
    caveat: str = ""


NEAR = "near-perfect for a binary task: windows of one trial in both sides would explain it"
RESULTS: tuple[Result, ...] = (
    Result(2017, "Alhagry", "DEAP", "LSTM", "A 85.65, V 85.45, L 87.99"),
    Result(2017, "Li", "DEAP", "CNN+RNN", "A 72.06, V 74.12"),
    Result(2017, "Liu", "MAHNOB", "LSTM-RNN, attention", "A 73.1, V 74.5 (F1 72.3, 73.0)"),
    Result(2018, "Zhang T.", "SEED; CK+", "STRNN", "89.5; 95.4", caveat="the second figure is of faces"),
    Result(2018, "Jiao", "Sternberg", "deep CNN", "91.32 / 92.37", caveat="mental workload, no emotion"),
    Result(2018, "Song", "SEED; DREAMER", "DGCNN", "90.40; A 84.54, V 86.23, D 85.02"),
    Result(2018, "Salama", "DEAP", "3D-CNN", "A 88.49, V 87.44"),
    Result(2019, "Chao", "DEAP", "CapsNet", "V 66.73, A 68.28, D 67.25"),
    Result(2019, "Gonzalez", "DEAP, IAPS, DREAMER", "CNN", "V 70.26, A 72.42", "within",
           "single subject"),
    Result(2019, "Garg", "DEAP", "merged LSTM", "A 83.85, V 84.89, L 80.72, D 84.37"),
    Result(2019, "Wang", "SEED", "DNN", "93.28"),
    Result(2019, "Chen", "DEAP", "BT, SVM, LDA, BLDA, deep CNN", "V 99.97, A 99.58",
           caveat=f"two variants; {NEAR}"),
    Result(2019, "Ma", "DEAP", "multimodal residual LSTM", "V 92.30, A 92.87",
           caveat="more than EEG goes in"),
    Result(2019, "Pandey", "DEAP", "DNN", "A 61.25, V 62.50"),
    Result(2020, "Nakisa", "clips, 4 quadrants", "ConvNet-LSTM", "early fusion 71.61, late 70.17",
           caveat="more than EEG goes in"),
    Result(2020, "Nath", "DEAP", "LSTM", "V 94.69, A 93.13"),
    Result(2020, "Gao", "film clips, 3 emotions", "GPSO-CNN", "92.44 +/- 3.60"),
    Result(2020, "Joshi", "own, 3 class", "BiLSTM", "72.83"),
    Result(2020, "Wei", "SEED", "SRU", "80.02"),
    Result(2020, "Sharma", "DEAP; SEED", "LSTM", "4-class 82.01, A 85.21, V 84.16; 90.81"),
    Result(2020, "Alhalaseh", "DEAP", "CNN, kNN, NB, DT", "95.20 (CNN)"),
    Result(2020, "Cui", "DEAP, DREAMER", "RACNN", "V 96.65, A 97.11"),
    Result(2020, "Hassouneh", "own, 6 emotions", "LSTM", "7.25",
           caveat="misprint: a digit is lost, the original reports 87.25"),
    Result(2020, "Liu", "SEED, 2 class", "DECNN", "97.56"),
    Result(2020, "Li", "AMIGOS", "BiLSTM", "A 73.5 (F1 61.3), V 67.8 (F1 58.3)"),
    Result(2021, "Topic", "DEAP; DREAMER; AMIGOS; SEED", "CNN+SVM",
           "A 77.7 V 76.6; 90.4, 88.2; 90.5, 78.4; 88.5"),
    Result(2021, "Liu & Fu", "DEAP", "feature fusion", "rank corr. 78.9, linear corr. 84.3",
           caveat="correlations, no accuracies"),
    Result(2021, "Sakalle", "own; DEAP; SEED", "LSTM", "4-class 94.12, 3-class 92.66; 91.38; 89.34"),
    Result(2021, "Huang", "DEAP", "BiDCNN", "A 94.72 V 94.38", "within",
           "the same model across people: A 63.94 V 68.14"),
    Result(2021, "Huang", "DEAP", "BiDCNN", "A 63.94 V 68.14", "across",
           "the same model within people: A 94.72 V 94.38; the only pair in the survey"),
    Result(2022, "Chowdary", "own, 3 class", "RNN, LSTM, GRU", "95, 97, 96"),
    Result(2022, "Algarni", "DEAP", "BiLSTM", "V 99.45, A 96.87, L 99.68", caveat=NEAR),
    Result(2022, "Tuncer", "DREAMER", "LEDPatNet19", "V 94.58, A 92.86, D 94.44",
           caveat="the third figure is printed as arousal"),
    Result(2022, "Li", "DEAP; SEED", "ensemble", "A 65.70, V 64.22; 84.44"),
    Result(2022, "He", "DEAP; DREAMER", "AD-TCN", "A 64.33, V 63.25; 66.56, 63.69"),
    Result(2022, "Wang", "DEAP", "2-D CNN", "A 99.99, V 99.98", caveat=NEAR),
)  # fmt: skip
"""In the order of the survey; accuracies in per cent, V valence, A arousal, D dominance, L liking."""

PAPER = Paper(
    name="eeg-survey",
    title="Deep learning for EEG emotion recognition: a survey",
    source="Wang et al., Deep learning-based EEG emotion recognition: Current trends and future "
    "perspectives, Frontiers in Psychology 14 (2023), doi:10.3389/fpsyg.2023.1126994",
    about="Families of networks and what 35 studies report of them. It prints no layers and rarely a"
    " protocol; here each family is built in a standard form and tried under three protocols that are never"
    " pooled.",
    printed=(
        Printed(
            "Results of the literature",
            DATA,
            PROTOCOL,
            ("Year", "First author", "Data", "Model", "Result", "Protocol", "Caveat"),
            tuple(
                (str(each.year), each.author, each.data, each.model, each.result, each.protocol, each.caveat)
                for each in RESULTS
            ),
            (
                "DEAP spans 61 to 100 % for one binary task, which protocol explains rather than model.",
                "The only pair within and across people drops by 26 to 31 points.",
                "Context, never a threshold: protocols, sessions and preprocessing are mostly missing.",
            ),
        ),
        Printed(
            "Data sets",
            "as the survey describes them",
            "none",
            ("Set", "Subjects", "Stimuli, timing", "Recorded", "Labels"),
            (
                ("DEAP", "32 (16 M, 16 F)", "40 music videos, 1 min",
                 "32 EEG + 8 peripheral, 512 Hz; face video of the first 22",
                 "arousal, valence, dominance, liking"),
                ("MAHNOB-HCI", "30 in the text, 27 in the table", "20 clips, 35-117 s",
                 "EEG, ECG, GSR, respiration, skin temperature, gaze, audio; 6 cameras",
                 "arousal, valence (table: dominance too)"),
                ("SEED", "15 (7 M, 8 F)", "15 film clips, about 4 min; 3 sessions", "62 EEG, 1,000 Hz",
                 "positive, neutral, negative"),
                ("DREAMER", "23", "18 clips, 65-393 s", "EEG, ECG", "valence, arousal, dominance, 1-5"),
                ("SEED-IV", "15 recorded; 44 rated clips", "72 clips, 3 sessions of 24",
                 "62 EEG, eye movements", "happy, sad, fear, neutral"),
                ("MPED", "23 (10 M, 13 F)", "28 clips, 2 sessions", "EEG, ECG, respiration, GSR",
                 "joy, funny, anger, fear, disgust, sadness, neutral"),
            ),
            (
                "MAHNOB-HCI's participants are 30 in the text and 27 in the table.",
                "The table is introduced as a list of speech databases.",
                "AMIGOS is cited without a description; sampling rates are given for DEAP only.",
            ),
        ),
    ),
    doubts=(
        ("How an SVM beside the networks was tuned.", "C and gamma from several sets drawn on a log scale, by"
         " inner folds of the training side; the networks' settings are not searched, and they run fewer"
         " epochs than their cards say: each table names the difference."),
        ("No layer, size or training is printed.", "Standard forms, each on differential entropy of C"
         " channels in five bands; the cards say every size."),
        ("Protocols are mixed in one table.", "Trials within a person, new people, another visit: three"
         " tables that are never pooled; windows at random only with a watermark."),
        ("DBN is announced and has no row.", "Built nevertheless (eeg-dbn)."),
        ("Workload, faces and correlations stand among accuracies.", "Each such row has its caveat."),
        ("'Stimulus' heads the column of data sets; ERG and EM are not defined.", "Read as data sets; left"
         " out."),
    ),
    recognizers=("eeg-mlp", "eeg-dbn", "eeg-cnn", "eeg-bilstm", "eeg-cnn-lstm", "dgcnn"),
    takes="a study with EEG",
)  # fmt: skip
