"""Cards of BMMN, BMMN-BAE-1 and BMMN-BAE-2."""

from __future__ import annotations

from dataclasses import replace

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting
from analysis.recognizers.ten_labels import TEN_LABELS

SOURCE = (
    "Comas, Aspandi, Binefa: End-to-end facial and physiological model for Affective Computing and "
    "applications (2020)"
)
RATE_HZ = 128.0
SAMPLES = 1000
WINDOW_S = SAMPLES / RATE_HZ
PROTOCOL = "AMIGOS's own person-independent protocol"

_SEGMENT = {"rate_hz": RATE_HZ, "scale": "minmax", "count": SAMPLES, "pad": "edge"}
_FACE = {"rate_hz": 2 / WINDOW_S, "size_px": 64, "colour": True, "pad": False}

INPUTS = (
    InputSpec("ecg", "ecg", "samples", _SEGMENT),
    InputSpec("bvp", "bvp", "samples", _SEGMENT),
    InputSpec("eda", "eda", "samples", _SEGMENT),
    InputSpec("face", "face", "face.pixels", _FACE),
)
"""1000 samples at 128 Hz about the middle of the case, and the face there."""

BIO_LAYERS = (
    Layer("bio input", "1000 x 1", "1000 x 1"),
    Layer("bio conv1", "805 x 4", "805 x 4", "padding 2 at each end, which the table does not print"),
    Layer("bio pool1", "402 x 4", "402 x 4"),
    Layer(
        "bio conv2", "307 x 2", "307 x 2", "on pool1: three parallel branches are the one fit to the sizes"
    ),
    Layer("bio pool2", "153 x 2", "153 x 2"),
    Layer("bio conv3", "357 x 2", "357 x 2"),
    Layer("bio pool3", "178 x 2", "178 x 2"),
    Layer("bio conv4", "382 x 2", "382 x 2"),
    Layer("bio pool4", "191 x 2", "191 x 2"),
    Layer(
        "bio merge", "2652 x 1", "2652 x 1", "the four pools side by side, pool1 being the skip connection"
    ),
)
BAE_LAYERS = (
    Layer("BAE input", "1000 x 1", "1000 x 1"),
    Layer("BAE conv1", "801 x 16", "801 x 16"),
    Layer("BAE pool1", "402 x 16", "400 x 16", "conv2's printed 301 needs 400; stride 2, not the printed 1"),
    Layer("BAE conv2", "301 x 8", "301 x 8"),
    Layer("BAE pool2", "150 x 8", "150 x 8"),
    Layer("BAE conv3", "101 x 4", "101 x 4"),
    Layer("BAE pool3", "50 x 4", "50 x 4"),
    Layer("BAE z", "128 x 1", "128 x 1"),
    Layer("BAE from z", "", "50 x 4", "the table has no way back from z; a fully connected layer is added"),
    Layer("BAE unpool1", "101 x 4", "101 x 4", "where the encoder found its maxima"),
    Layer("BAE conv4", "150 x 8", "150 x 8", "transposed: a convolution cannot lengthen"),
    Layer("BAE unpool2", "301 x 8", "301 x 8"),
    Layer("BAE conv5", "400 x 16", "400 x 16", "transposed"),
    Layer("BAE unpool3", "801 x 16", "801 x 16"),
    Layer("BAE conv6", "1000 x 1", "1000 x 1", "transposed; ReLU as printed"),
)
_FACE_LAYER = Layer(
    "face network", "ResNet-50", "2048 with a file of weights, else 128", "no weights can be fetched in a lab"
)


def _merge(printed: str, built: int) -> Layer:
    return Layer(
        "merge",
        printed,
        f"{built} x 1",
        "two signals beside ResNet-50's 2048; with the small network 1920 fewer",
    )


_OUT = Layer("output", "10 x 1", "10 x 1", "or a study's own classes or numbers")

BIO_ONLY = (58.25, 55.65, 69.01, 40.81, 55.08, 45.88, 46.11, 35.69, 30.84, 29.88)
FACE_ONLY = (56.67, 78.28, 75.16, 36.25, 26.01, 40.48, 32.70, 36.53, 36.31, 26.24)
BOTH = (67.91, 78.36, 77.82, 48.91, 75.92, 70.27, 77.27, 51.18, 62.09, 65.55)
BAE_1 = (66.19, 84.86, 78.76, 44.29, 76.86, 68.86, 73.90, 55.62, 68.86, 58.00)
BAE_2 = (65.05, 87.53, 78.10, 53.68, 92.62, 68.30, 72.94, 62.25, 65.15, 70.10)
"""Tables III and IV, per cent, in the order of `TEN_LABELS`."""


def _published(values: tuple[float, ...], average: float, note: str = "") -> tuple[Published, ...]:
    named = zip(("average", *TEN_LABELS), (average, *values), strict=True)
    return tuple(
        Published("AMIGOS", PROTOCOL, f"{label}, accuracy (or precision), per cent", value, note)
        for label, value in named
    )


SETTINGS = (
    Setting("parts", "both", "what is used: bio (body signals), face, or both"),
    Setting(
        "face_weights", "", "file with ResNet-50's weights (.npz, .safetensors, .pth); empty: small network"
    ),
    Setting("face_tuned", True, "whether the face network learns too, or keeps its weights"),
    Setting("rate", 1e-4, "learning rate of Adam", 1e-5, 1e-2, "log10"),
    Setting("batch", 115, "cases a step"),
    Setting("epochs", 100, "at most, of BMMN alone"),
    Setting(
        "patience", 10, "epochs without a smaller loss of the validation cases before it stops; 0: never"
    ),
    Setting("between", 0, "units of a ReLU layer between merge and outputs; 0: none, as printed"),
    Setting("samples", SAMPLES, "samples of a segment; kernels are a fifth to a fortieth of it"),
)
BAE_SETTINGS = (
    *SETTINGS,
    Setting("bae_epochs", 100, "at most, of the auto-encoders alone"),
    Setting("joint_epochs", 100, "at most, of both together"),
    Setting("lambda_bmmn", 1.0, "weight of the labels' loss in the joint training", 0.1, 10, "log10"),
    Setting("lambda_bae", 1.0, "weight of the reconstruction's loss in the joint training", 0.1, 10, "log10"),
    Setting("latent", 128, "numbers of z"),
    Setting("relu_at_end", True, "whether a segment is given back through a ReLU, as printed: never below 0"),
)

DOUBTS = (
    "The paper calls its score precision in the method and accuracy in tables and text, and does not say how "
    "estimates of ratings become classes. Ours: above the middle of the scale (5 of 1 to 9), and an emotion "
    "above 0.5, or the largest where every case has exactly one. A result gives precision, accuracy and F1.",
    "One case is a window of 7.8 s with the picture in its middle. The paper takes a segment for every video "
    "frame; its segments of neighbouring frames hold nearly the same samples.",
    "As printed, one linear layer follows the merge: outputs are sums of what each input says by itself, and "
    "what only two inputs together tell cannot be found. The setting between adds a layer that can find it.",
    "Where no case has an ECG, BVP takes its place: eight beats as well, of another shape.",
    "Ratings from 1 to 9 become 0 to 1 before the squared error, so that they do not drown the emotions; "
    "other numbers by the range of their training answers. Classes are learnt as 0 and 1 with the same loss.",
    "Signals are scaled to 0..1 over a recording, test recordings included: it needs no answer, but the "
    "whole recording. With relu_at_end off they may be z-scores.",
    "Weights start from Glorot's uniform distribution (the paper: uniform), those of a file as they are.",
    "Epochs are not given (about two days a model on one Titan X). Ours: 100 a stage at most, stopped early.",
    "Without a file of weights the face network is small and starts from nothing: the published figures of "
    "faces cannot be expected of it. ResNet-50's means and variances are not trained further.",
    "Cases without a face or a signal are predicted from the rest: features of what is absent are 0.",
)

BMMN_CARD = Card(
    name="bmmn",
    title="BMMN",
    source=SOURCE,
    task=("numbers", "classes"),
    about="Raw ECG (or BVP) and EDA through convolutions, the face through a residual network, all features "
    "into one layer. Ten outputs in the paper (valence, arousal, liking, seven emotions); here those of the "
    "target: one that takes several ratings as numbers gives them all at once. The setting parts gives the "
    "variants with body signals only or the face only. explain() gives "
    "the slope of the outputs by every sample.",
    cases=CaseSpec("window", WINDOW_S, WINDOW_S),
    inputs=INPUTS,
    steps=("impute",),
    settings=SETTINGS,
    layers=(*BIO_LAYERS, _FACE_LAYER, _merge("", 7352), _OUT),
    published=(
        *_published(BOTH, 67.53),
        *_published(BIO_ONLY, 46.92, "body signals only; its rows average to 46.72"),
        *_published(FACE_ONLY, 44.46, "face only"),
    ),
    doubts=DOUBTS,
    missing_inputs=True,
    validation=0.15,
)

BMMN_BAE_1_CARD = replace(
    BMMN_CARD,
    name="bmmn-bae-1",
    title="BMMN-BAE-1",
    about="As BMMN, but a segment is first learnt to be given back from 128 numbers (an auto-encoder), and "
    "those numbers stand for the signal. Trained in three stages: BMMN, auto-encoder, both together. "
    "explain() gives each segment with its reconstruction, and the slope of the outputs by every sample.",
    settings=BAE_SETTINGS,
    layers=(*BAE_LAYERS, _FACE_LAYER, _merge("", 2304), _OUT),
    published=_published(BAE_1, 67.62),
)

BMMN_BAE_2_CARD = replace(
    BMMN_BAE_1_CARD,
    name="bmmn-bae-2",
    title="BMMN-BAE-2",
    about="As BMMN, with the 128 numbers of an auto-encoder beside the convolutions' features of a signal; "
    "the paper's best, used on its therapy sessions. Trained in three stages: BMMN, auto-encoder, both "
    "together. explain() gives each segment with its reconstruction, and the slope of the outputs by every "
    "sample.",
    layers=(*BIO_LAYERS, *BAE_LAYERS, _FACE_LAYER, _merge("", 7608), _OUT),
    published=_published(BAE_2, 71.57),
)
