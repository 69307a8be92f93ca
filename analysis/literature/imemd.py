"""IMEMD-CRNN: emotions in speech by masked decomposition and a convolutional recurrent network."""

from __future__ import annotations

from analysis.literature.paper import Paper, Printed

LOSO = "leave one speaker out, 10 folds: 8 speakers train, 1 validates, 1 is tested"
SYNTHETIC = "two tones within one octave, the faster one with a gap; exact values lost"

UA = Printed(
    "Unweighted accuracy on Emo-DB",
    "Emo-DB, 535 files of 10 speakers, 7 emotions, each file varied 60 times",
    LOSO,
    ("method", "input", "UA %"),
    (
        ("Deb & Dandapat 2019", "MFCC and slopes", 85.10),
        ("Suganya & Charles 2019", "raw audio", 85.62),
        ("Kerkeni 2019", "modulation features of EMD, TKEO, cepstral; SVM", 86.22),
        ("Chen 2018", "log-mel", 87.81),
        ("Muppidi & Radfar 2021", "RGB mel-spectrogram", 88.78),
        ("Kim 2018", "20 eGeMAPS features, 2 CNN and 2 LSTM", 88.90),
        ("Mustaqeem & Kwon 2021", "raw audio", 89.37),
        ("Zhong 2020", "log-mel", 90.67),
        ("Hou 2022", "prosody, MFCC, MFSC", 92.51),
        ("IMEMD-CRNN", "timbre and spectral", 93.54),
    ),
    (
        "p = .01 against 92.51 (paired t-test over folds).",
        "It is not said whether variants of a tested speaker's files are trained on or tested.",
        "Emo-DB is called 16-bit stereo and single-channel; it is mono.",
    ),
)
RECALLS = Printed(
    "Recall by emotion on Emo-DB",
    UA.data,
    LOSO,
    ("emotion", "recall %"),
    (
        ("anger", 90.9),
        ("fear", 96.0),
        ("boredom", 92.4),
        ("disgust", 97.6),
        ("happiness", 90.0),
        ("neutral", 92.8),
        ("sadness", 95.1),
    ),
    ("Their mean is 93.54, as printed. Errors: anger with happiness and fear.",),
)
TESS = Printed(
    "Unweighted accuracy on TESS",
    "TESS, 2800 files of 2 speakers, 7 emotions",
    "random 10-fold: speakers and words are in both sides",
    ("method", "UA %"),
    (("Chatterjee 2021", 95.79), ("IMEMD-CRNN", 100.0)),
    (
        "+4.21 over the best competitor is printed, whence 95.79; p = 6.24e-7. The table itself is lost.",
        "Speakers are not held out. Our table of TESS's own files leaves one out: two folds.",
    ),
)
COUNTS = Printed(
    "Number of modes of the synthetic signal",
    SYNTHETIC,
    "10 siftings; noise SD 0.4, 100 trials, 16 phases",
    ("method", "modes"),
    (
        ("IMEMD", 2.0), ("REMD", 3.0), ("UPEMD", 8.0), ("ICEEMDAN", 12.0), ("EEMD", 14.0), ("EMD", 14.0),
    ),
    (
        "Separation is ranked IMEMD, UPEMD, ICEEMDAN, EEMD, REMD, EMD, without a figure.",
        "No variant of the printed rule gives two modes here, on the proposed signal: see our table.",
    ),
)  # fmt: skip
ERRORS = Printed(
    "Relative error of the whole synthetic signal",
    SYNTHETIC,
    "more than 32 phases; rivals' amplitude 0.2, 600 to 800 trials",
    ("method", "error"),
    (("IMEMD", 7.25e-17), ("ICEEMDAN", 7.38e-17), ("EEMD", 0.07)),
    (
        "Errors of 1e-17 are rounding and say nothing of separation; EEMD's is a lower bound. UPEMD's is ten "
        "times as large. REMD is worst on the components.",
    ),
)
SPOKEN = Printed(
    "Number of modes of an utterance",
    "one utterance of Emo-DB",
    "64 phases (IMEMD, UPEMD), 100 trials (ICEEMDAN), amplitude 0.2",
    ("method", "modes"),
    (("IMEMD", 14.0), ("UPEMD", 15.0), ("ICEEMDAN", 23.0)),
    ("Mixing of modes is least with IMEMD, without a figure.",),
)

IMEMD = Paper(
    name="imemd",
    title="Emotions in speech by improved masking EMD and a convolutional recurrent network",
    source="Sun, Li and Ma, Speech emotion recognition based on improved masking EMD and convolutional "
    "recurrent neural network, Frontiers in Psychology 13 (2023), doi:10.3389/fpsyg.2022.1075624",
    about=(
        "An utterance is decomposed into modes, whose frequencies, energy and cepstrum give 43 numbers a "
        "frame; "
        "four blocks of convolution, three bidirectional GRUs and three dense layers decide."
    ),
    printed=(UA, RECALLS, TESS, COUNTS, ERRORS, SPOKEN),
    doubts=(
        ("Amplitude and frequency of the masks are lost formulas.",
         "xi0 times the mean instantaneous amplitude; 1.5 times the energy-weighted mean frequency. The "
         "rule as "
         "printed (twice the first, then this and the one before) is offered: a lone tone falls into many "
         "modes."),
        ("When no further mode is taken is not wholly said.",
         "30 dB of signal over rest, no waves left, 20 modes, or two modes running under 1e-5 of the "
         "energy."),
        ("The four moments, the contour, the trend and the slopes are lost formulas.",
         "Moments over modes weighted by mean amplitude; log of the summed squares; modes that cross zero "
         "under "
         "1 % as often as the first; regression over two frames on both sides."),
        ("Widths of the network are in a lost figure.",
         "64 to 512 filters, 128 GRU units as the widest setting; 8 to 64 and 32 by default."),
        ("Which files are varied, and how often at once.",
         "Training files only, one random combination a variant; 2 variants (1 in our table) instead of 60."),
        ("No ablation is printed.", "Plain EMD and no decomposition at all, in the same network."),
        ("Short files are filled to 3 s.", "Filled behind the decomposition, whose splines would swing "
                                           "there."),
        ("'Less computational time' has no table.", "Seconds of one core for a second of sound are "
                                                    "measured."),
        ("Decision for files longer than 3 s.", "The mean of the segments; a last one under 0.5 s is left "
                                                "out."),
    ),
    recognizers=("imemd-crnn",),
    step="decompose",
    takes="a folder of speech: wav files of Emo-DB, TESS or RAVDESS, or any with a table utterances.csv",
)  # fmt: skip
"""What the paper prints, and what was chosen where it does not say."""
