"""Self-induced emotion from high-density EEG: channels chosen by a statistic, ShallowConvNet."""

from __future__ import annotations

from analysis.literature.paper import Paper, Printed

DATA = "Imagined Emotion Study (OpenNeuro ds003004), 29 people, 246 channels, 1,134 segments of 2 s"
WITHIN = "5-fold by segment within each person; mean over folds, then over people"
LOSO = "leave one of 29 people out, 10 epochs"

PAPER = Paper(
    name="eeg-channels",
    title="EEG channel selection and ShallowConvNet",
    source="Ji and Dong, Deep learning-based self-induced emotion recognition using EEG, Frontiers in"
    " Neuroscience 16 (2022), doi:10.3389/fnins.2022.985709",
    about="Two seconds of EEG about each press in an imagery block, one band, the K channels with the highest"
    " statistic, a small convolutional network; valence and arousal, low against high.",
    printed=(
        Printed(
            "Segments and majority",
            DATA,
            "labels by the block's emotion",
            ("Scale", "Low", "High", "Majority %"),
            (("Valence", 498.0, 636.0, 56.1), ("Arousal", 489.0, 645.0, 56.9)),
        ),
        Printed(
            "All 246 channels, by band",
            DATA,
            WITHIN,
            ("Band", "Val. acc", "Val. F1", "Aro. acc", "Aro. F1"),
            (
                ("delta", 62.07, 56.33, 60.81, 56.45),
                ("theta", 62.80, 57.70, 60.32, 56.43),
                ("alpha", 64.67, 59.62, 65.30, 61.61),
                ("beta", 73.39, 70.60, 71.76, 69.16),
                ("gamma", 75.97, 73.28, 77.68, 75.54),
                ("1-50", 72.37, 68.93, 71.24, 68.87),
            ),
            ("Kind of F1 is not given.",),
        ),
        Printed(
            "Gamma band, accuracy by statistic",
            DATA,
            WITHIN,
            ("Statistic", "Valence best", "at K", "K = 64", "Arousal best", "at K", "K = 64"),
            (
                ("Mean", 77.13, 79.0, 74.23, 79.01, 122.0, 75.86),
                ("Variance", 77.28, 108.0, 75.06, 78.52, 70.0, 76.38),
                ("RMS", 78.15, 87.0, 75.22, 77.78, 114.0, 75.33),
                ("Skewness", 76.97, 78.0, 75.33, 79.50, 119.0, 76.88),
                ("Kurtosis", 79.03, 68.0, 76.50, 79.36, 90.0, 76.80),
            ),
            (
                "Kurtosis is called best on both scales, but skewness wins arousal.",
                "The mean of a band-passed signal is about 0: a ranking by it is close to arbitrary.",
            ),
        ),
        Printed(
            "Models and settings",
            DATA,
            WITHIN,
            ("Model, setting", "Valence", "SD", "K", "Time, 150 epochs", "Arousal", "SD", "K",
             "Time, 50 epochs"),
            (
                ("Shallow, 1-50 Hz", 72.37, 15.40, 246.0, "6 min 60 s", 71.24, 16.11, 246.0, "2 min 20 s"),
                ("Shallow, 30-50 Hz", 75.97, 16.24, 246.0, "6 min 50 s", 77.68, 13.38, 246.0, "2 min 18 s"),
                ("Shallow, gamma + selection", 79.03, 15.22, 68.0, "28 s", 79.36, 12.33, 90.0, "22 s"),
                ("Deep, 1-50 Hz", 69.67, 16.66, 246.0, "30 min 31 s", 65.93, 15.15, 246.0, "10 min 17 s"),
                ("Deep, 30-50 Hz", 73.27, 17.63, 246.0, "30 min 02 s", 72.89, 14.59, 246.0, "10 min 11 s"),
                ("Deep, gamma + selection", 75.29, 15.76, 68.0, "5 min 45 s", 76.10, 13.98, 90.0,
                 "2 min 42 s"),
            ),
            (
                "'6 min 60 s' is printed so.",
                "89 % of time saved is the mean of two savings; by totals it is 91.1 % (DeepConvNet's 79 % is"
                " by totals).",
            ),
        ),
        Printed(
            "New people (ShallowConvNet)",
            DATA,
            LOSO,
            ("Setting", "Valence", "SD", "Time", "Arousal", "SD", "Time"),
            (
                ("1-50 Hz", 59.95, 8.96, "4 min 10 s", 57.71, 8.40, "4 min 11 s"),
                ("gamma", 62.67, 8.57, "4 min 08 s", 60.29, 8.33, "4 min 10 s"),
                ("gamma + selection", 63.46, 8.34, "53 s", 63.75, 7.11, "1 min 28 s"),
            ),
        ),
        Printed(
            "Cited, not run",
            "same paradigm, 12 emotions (without compassion, disgust, excitement), 124 channels",
            "by block",
            ("Method", "Valence"),
            (("FBCSP + LDA", 71.3),),
            ("By block, so not to be compared with the article's figures by segment.",),
        ),
    ),
    doubts=(
        (
            "Segments of one block lie in training and test, and each emotion has one block.",
            "Splits by segment (marked leaky), by block and by person stand side by side; by block is the"
            " honest figure within a person who has one block of each emotion. Who has more is named: the"
            " emotion may then be in both sides.",
        ),
        (
            "K and the statistic were picked on the accuracy that is reported.",
            "Runs with guards and p values choose K on inner folds of the training side; a K that was best on"
            " the tested side is marked as an upper bound wherever it stands. Some Ks are tried, not each"
            " from 1 to 123.",
        ),
        (
            "Ranking by the mean is close to arbitrary and scores within two points of kurtosis.",
            "Channels drawn by chance are a control in every table.",
        ),
        (
            "High kurtosis marks spikes and bad contacts; 30-50 Hz is easily muscle; a press moves the hand.",
            "A warning where the choice sits at the rim of the head or rests on few samples; windows may end"
            " at the press.",
        ),
        (
            "Which emotion is high or low is given by examples only.",
            "A label table that can be edited; its totals are checked against the article's where the data"
            " fit.",
        ),
        ("Whether presses less than 2 s apart were kept apart.", "Overlapping segments stay in one fold."),
        ("Filter order and scaling are not given.", "Butterworth of order 4, zero phase, before cutting;"
         " training mean 0 and SD 1 a channel."),
        ("DeepConvNet's dimensions are not given.", "The original's: 167, 52, 14 and 1 fit 512 samples."),
        ("Kind of F1.", "Macro F1."),
        ("Whose time is given (a person, a fold, all).", "Ours is computing time a person."),
        ("Interpolated channels may be chosen.", "They can be excluded by name."),
        (
            "The cap's labels, A1 to H32, are BioSemi's own; some look like 10-10 names.",
            "No place on the head is claimed for them: no head map, no warning of the rim, no grid.",
        ),
        (
            "The article's recordings mark blocks and presses by events of other names.",
            "An EDF+, BDF+ or XDF recording is taken where they are named 'imagery: joy', 'feeling_it' and"
            " 'imagery: end': the article's own files must be converted first.",
        ),
        (
            "150 epochs for valence, 50 for arousal, 10 for new people.",
            "Fewer epochs, larger steps and a narrower DeepConvNet; each table says how they differ.",
        ),
    ),
    recognizers=("shallow-convnet", "deep-convnet"),
    step="channels",
    takes="a study of the imagery protocol",
)  # fmt: skip
