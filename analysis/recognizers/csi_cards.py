"""The cards of LW-WADL and of its comparators: what is printed, what is built, and what is not known."""

from __future__ import annotations

from dataclasses import replace

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SOURCE = (
    "Song et al., A lightweight attention deep learning method for human-vehicle recognition based on "
    "wireless sensing technology, Frontiers in Neuroscience 17 (2023), doi:10.3389/fnins.2023.1135986"
)
_DATA = "own study: about 500 segments of pedestrians, bicycles, motorcycles and cars, one site; not public"
_PROTOCOL = "80 per cent train, 20 per cent test, segments mixed"

PRINTED = {
    "lw-wadl": ((96.26, 96.23, 96.16), 0.0123, 93.01, 90.53, (100, 97.96, 96.26)),
    "csi-fcn": ((93.46, 93.34, 93.46), 1.6451, 89.17, 82.09, (100, 95.12, 93.46)),
    "csi-resnet": ((94.39, 95.28, 94.39), 0.7427, 90.77, 83.36, (100, 96.21, 94.39)),
    "csi-two-conv": ((94.59, 94.45, 94.59), 0.2090, 90.86, 87.89, (100, 96.86, 94.59)),
}
"""By name: accuracy, precision, recall of four classes; parameters in millions; weighted fusion, average of
all; accuracy of 2, 3 and 4 classes, all in per cent."""


def _published(name: str) -> tuple[Published, ...]:
    four, parameters, weighted, average, classes = PRINTED[name]
    return (
        *(
            Published(_DATA, _PROTOCOL, metric, value, "four classes, four best subcarriers")
            for metric, value in zip(("accuracy, %", "precision, %", "recall, %"), four, strict=True)
        ),
        Published(_DATA, _PROTOCOL, "accuracy, %", weighted, "four classes, weighted subcarriers"),
        Published(_DATA, _PROTOCOL, "accuracy, %", average, "four classes, mean of all subcarriers"),
        *(
            Published(_DATA, _PROTOCOL, "accuracy, %", float(value), f"{count} classes")
            for count, value in zip((2, 3), classes, strict=False)
        ),
        Published(_DATA, _PROTOCOL, "parameters, millions", parameters, "printed"),
    )


SETTINGS = (
    Setting("rate", 1e-4, "learning rate of Adam", 1e-5, 1e-2, "log10"),
    Setting("batch", 16, "cases a mini-batch", 8, 64, "int"),
    Setting("epochs", 200, "at most"),
    Setting("patience", 0, "epochs without a better validation loss until it stops; 0: never stops"),
    Setting("width", 1.0, "factor on all sizes", 0.1, 1.0),
)

LAYERS = (
    Layer(
        "DSCB 1",
        "depthwise-separable block, sizes not printed",
        "depthwise k8, 1 -> 32, batch norm, ReLU, max-pool 2: 201 -> 100",
        "sizes that give 12,314 numbers for four classes",
    ),
    Layer(
        "CBAM",
        "attention over channels and positions, then 'combined' with block 1",
        "32 -> 4 -> 32 without bias, kernel 7 over positions, added to block 1",
        "reduction, kernel and how it is combined are not printed",
    ),
    Layer(
        "DSCB 2",
        "depthwise-separable block, sizes not printed",
        "depthwise k5, 32 -> 64, batch norm, ReLU, max-pool 2: 100 -> 50",
        "as above",
    ),
    Layer(
        "DSCB 3",
        "depthwise-separable block, sizes not printed",
        "depthwise k3, 64 -> 128, batch norm, ReLU: 50",
        "as above",
    ),
    Layer("global average pooling", "mean over positions", "mean over positions"),
    Layer("output, softmax", "-> C", "128 -> C", "width before it is not printed"),
)

DOUBTS = (
    "The paper prints the order of the blocks and 0.0123 million parameters, and no size of "
    "anything. This is "
    "one layout that has 12,314 numbers (11,866 learnt, 448 of batch norm); others have as many.",
    "Printed FLOPs (0.0282 million) are twice the parameters, which no convolution over 200 "
    "positions can be: "
    "ours takes 0.65 million multiply-accumulates a segment, counted as they run.",
    "The printed detector cannot find a passage: its baseline follows the reading while it waits for 50 of "
    "them, so that only a fall of 30 dB would last. Here the baseline takes no reading that is off by 4 dB "
    "(setting follows_all of the input for the printed one).",
    "After rectification a passage is a maximum; the printed segments lie about minima, in a quarter of the "
    "recording. Here each detected passage gives one segment about its maximum (setting as_published of the "
    "input for the printed ones).",
    "The printed mean over all subcarriers folds those of a larger gain over; here each has its own mean in "
    "quiet (setting baseline of the input: pooled).",
    "Ranking is per recording and uses all of its passages, also those that are tested, without "
    "their labels.",
    "Normalisation is not printed: one mean and SD over all training readings.",
    "Means and variances of batch norm are taken once more over all training rows when training is over; of "
    "so few cases those that ran along are of other weights. Not in the paper.",
    "No validation is printed: the last epoch counts, unless patience is set (then a tenth is set aside).",
    "The number of subcarriers (4) was chosen on the paper's test set; choose it inside the training side.",
)

LW_WADL_CARD = Card(
    name="lw-wadl",
    title="LW-WADL: a small convolutional network with attention over a segment",
    source=SOURCE,
    task=("classes",),
    about="A segment of 201 readings about an event goes through three depthwise-separable convolutions, "
    "with attention behind the first. 12,314 numbers, 49 kilobytes. Takes WiFi channel state by default, and "
    "as well any other short event (feature event.segment: skin conductance responses, bursts of movement).",
    cases=CaseSpec("trial"),
    inputs=(InputSpec("csi", "csi", "csi.event"),),
    steps=(),
    settings=SETTINGS,
    layers=LAYERS,
    published=_published("lw-wadl"),
    doubts=DOUBTS,
    missing_inputs=True,
)

_COMPARED = "Its sizes are not printed and its printed parameters are more than one dimension needs."

FCN_CARD = replace(
    LW_WADL_CARD,
    name="csi-fcn",
    title="Fully convolutional network over a segment",
    about="Three convolutions with batch norm and ReLU, and the mean over positions: what LW-WADL is "
    "compared with. 264 thousand parameters.",
    source=f"Wang, Yan, Oates (IJCNN 2017), as compared in: {SOURCE}",
    layers=(
        Layer(
            "convolutions",
            "three convolutional layers, sizes not printed",
            "128 k8, 256 k5, 128 k3, batch norm, ReLU",
            "the usual sizes for time series",
        ),
        Layer("output", "-> C", "mean over positions, 128 -> C", "not printed"),
    ),
    published=_published("csi-fcn"),
    doubts=(_COMPARED,),
)
RESNET_CARD = replace(
    FCN_CARD,
    name="csi-resnet",
    title="Residual network over a segment",
    about="Three residual blocks of three convolutions, and the mean over positions: what LW-WADL is "
    "compared with. Half a million parameters.",
    layers=(
        Layer(
            "residual blocks",
            "three residual blocks, sizes not printed",
            "64, 128, 128; kernels 8, 5, 3 in each, batch norm, ReLU",
            "the usual sizes for time series",
        ),
        Layer("output", "-> C", "mean over positions, 128 -> C", "not printed"),
    ),
    published=_published("csi-resnet"),
)
TWO_CONV_CARD = replace(
    FCN_CARD,
    name="csi-two-conv",
    title="Two convolutions over a segment",
    about="Two convolutions with pooling, and a layer over all positions, as DeepWiTraffic has: what LW-WADL "
    "is compared with.",
    source=f"DeepWiTraffic (Won et al. 2019), as compared in: {SOURCE}",
    layers=(
        Layer(
            "convolutions",
            "two convolutional and two max-pooling layers, sizes not printed",
            "32 k5, max-pool 2, 64 k5, max-pool 2, ReLU",
            "sizes not printed",
        ),
        Layer("output", "-> C", "all positions -> C", "not printed"),
    ),
    published=_published("csi-two-conv"),
)
