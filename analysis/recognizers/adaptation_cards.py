"""Cards of PDAN and of what it is compared with: one network, one training, different penalties."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

WEIGHTS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5)
"""What each weight of an MMD is searched in (216 combinations of three)."""
DANN_WEIGHTS = (0.001, 0.003, 0.005, 0.01, 0.05, 0.1, 0.5)
CORAL_WEIGHTS = (1.0, 10.0, 20.0, 30.0, 50.0, 100.0)
HIGH = "happy, happiness, joy, surprise, neutral"
"""Classes of high valence by default, by any of their names; all others are low."""

PAPER = (
    "Zong et al., Progressive distribution adapted neural networks for cross-corpus speech emotion "
    "recognition, Frontiers in Neurorobotics 16 (2022), doi:10.3389/fnbot.2022.987146"
)

COMMON = (
    Setting(
        "rate", 1e-3, "learning rate of Adam; the paper's, for its full network: 2e-4", 1e-5, 1e-2, "log10"
    ),
    Setting("weight_decay", 5e-4, "of Adam; the paper's: 0.005", 1e-5, 1e-1, "log10"),
    Setting("batch", 32, "cases of each side a mini-batch", 8, 64, "int"),
    Setting("epochs", 40, "epochs; the paper gives no number, we advise 100 at most for the full network"),
    Setting(
        "width", 0.125, "factor on all widths; 1.0 is the paper's network of 57.0 million numbers", 0.01, 1
    ),
    Setting("stride", 2, "of the first convolution; the paper's network has 4, for pictures of 224 pixels"),
    Setting("side", 64, "pixels that spectrograms are averaged down to; 0: as they come (224)"),
    Setting(
        "dropout", 0.3, "share set to 0 before each of the first two dense layers; AlexNet: 0.5", 0.0, 0.7
    ),
    Setting("balanced", True, "whether each class is drawn as often from the source"),
)
ADAPTED = (Setting("ramp", True, "whether penalties rise from 0 in training: 2 / (1 + e^(-10 p)) - 1"),)
KERNEL = (
    Setting(
        "kernel", "literal",
        "widths of the five Gaussians: 2, 4, 8, 16, 32 as printed, or from the mean distance (auto)",
        choices=("literal", "auto"),
    ),
)  # fmt: skip


def weight(name: str, about: str, choices: tuple[float, ...] = WEIGHTS, default: float = 0.1) -> Setting:
    """Return the setting of a penalty's weight; 0 takes the penalty away."""
    return Setting(name, default, f"weight of {about}; 0: without it", choices=choices)


def _layers() -> Iterable[Layer]:
    full = "size of the layer not printed; the common single-GPU AlexNet, times `width`"
    rows = (
        ("f 1", "conv 11x11, stride 4, 64, ReLU, pool 3/2", "stride 2 at 64 pixels"),
        ("f 2", "conv 5x5, 192, ReLU, pool 3/2", ""),
        ("f 3", "conv 3x3, 384, ReLU", ""),
        ("f 4", "conv 3x3, 256, ReLU", ""),
        ("f 5", "conv 3x3, 256, ReLU, pool 3/2", ""),
        ("g1", "9216 -> 4096, ReLU", ""),
        ("g2", "4096 -> 4096, ReLU", ""),
        ("g3", "4096 -> C", ""),
    )
    for name, printed, other in rows:
        yield Layer(name, "AlexNet", f"{printed}{', ' if other else ''}{other}", full)


_TASKS = ("B to E", "E to B", "B to C", "C to B", "E to C", "C to E")
_PROTOCOL = "unsupervised, transductive; best of the grid chosen with the target's true labels"
_SCORES: dict[str, tuple[float, ...]] = {
    "pdan-source": (29.49, 31.03, 32.90, 42.23, 27.59, 26.30),
    "dan": (36.13, 40.41, 39.00, 49.85, 29.00, 31.47),
    "dann": (33.38, 43.68, 39.20, 53.71, 29.80, 29.25),
    "deep-coral": (35.03, 43.38, 38.30, 48.28, 31.00, 30.89),
    "dsan": (36.19, 46.90, 40.30, 50.69, 29.70, 32.61),
    "pdan": (36.19, 53.78, 42.90, 56.88, 33.70, 33.54),
}


def _published(name: str) -> tuple[Published, ...]:
    return tuple(
        Published(
            f"EmoDB (B), eNTERFACE (E), CASIA (C), five common classes: {task}", _PROTOCOL, "UAR, per cent",
            value, "full size, on AlexNet",
        )
        for task, value in zip(_TASKS, _SCORES[name], strict=True)
    )  # fmt: skip


DOUBTS = (
    "The reported figures were chosen with the target's true labels, which the article says openly: an upper "
    "bound. Here weights are fixed, or chosen on people set aside of the source; a choice on the target is a "
    "search on the reported folds, and carries its watermark.",
    "All cases of the tested side are learnt from, without their answers, as the article does: it is of "
    "no use "
    "for a single new recording, and every result says so.",
    "A figure needs answers on both sides: the tested side's are what it is scored by. Recordings without "
    "answers are labelled by evoke transfer A B --predict (in Cross-corpus: Label the other study), with no "
    "accuracy known. What is trained on all cases and kept has nothing to adapt to.",
    "Scale, size and normalisation of the spectrogram are not printed: dB, 224 x 224, each utterance's "
    "own mean "
    "and deviation. Recordings are brought to 16 kHz first, since frames of 350 samples are 8 ms at 44 kHz; "
    "the feature's setting rate_hz 0 gives the literal mode.",
    "The default is an eighth of the widths on 64 x 64 pixels, which trains on a processor: no figure of "
    "it is "
    "one of the article's network. With the article's learning rate and weight decay so small a network does "
    "not leave chance in 40 epochs, so both are others. width 1, stride 4, side 0, rate 0.0002, weight_decay "
    "0.005 and dropout 0.5 give the full one.",
    "Weights begin at random, as the text says; a start from ImageNet is not offered.",
    "The stop 'L is not 0 or iter < max' cannot be meant, and the unbiased estimate may fall below 0: it is "
    "trained for all its epochs. The algorithm relabels in each iteration, the text after each epoch: after "
    "each epoch it is.",
)
_MMD = (
    "Printed widths of the kernel suit narrow vectors: of 4,096 numbers of unit variance only the widest "
    "sees "
    "anything. They are the default all the same; kernel auto takes widths from the data.",
)
_PDAN = (
    "Equations 3 and 4 print 1/N_t for a class mean and drop the class, equation 6 N_s/(N_s (N_s - 1)): "
    "read as "
    "the mean of the class, and 1/(N_s (N_s - 1)).",
    "A class with fewer than two vectors of a side in a mini-batch has no estimate: it is left out of the "
    "mean.",
    "The first pseudo-labels come of an untrained network: the weights rise from 0 (setting ramp).",
    "Valence: happy, surprise and neutral are high, all others low; where all classes are of one group the "
    "rough penalty is a second marginal one.",
)


def card(
    name: str,
    title: str,
    source: str,
    about: str,
    settings: tuple[Setting, ...],
    doubts: tuple[str, ...],
    *,
    transductive: bool = True,
) -> Card:
    """Return the card of a recognizer on this network."""
    return Card(
        name=name,
        title=title,
        source=source,
        task=("classes",),
        about=about,
        cases=CaseSpec("trial"),
        inputs=(InputSpec("speech", "speech", "speech.spectrogram"),),
        steps=(),
        settings=(*COMMON, *settings),
        layers=tuple(_layers()),
        published=_published(name),
        doubts=(*doubts, *DOUBTS),
        transductive=transductive,
    )


PDAN_CARD = card(
    "pdan",
    "PDAN, progressive distribution adaptation",
    PAPER,
    "AlexNet on spectrograms of a labelled corpus and an unlabelled one. Three penalties bring the corpora "
    "together, finer from layer to layer: as wholes, by valence, by emotion; what the target's emotions "
    "are is "
    "guessed anew each epoch.",
    (
        weight("marginal", "L_m, MMD of the whole corpora at the first dense layer"),
        weight("rough", "L_rc, MMD by valence at the second dense layer"),
        weight("fine", "L_fc, MMD by emotion at the last layer"),
        Setting("high", HIGH, "classes of high valence, separated by commas; all others are low"),
        *KERNEL,
        *ADAPTED,
    ),
    (*_PDAN, *_MMD),
)
SOURCE_CARD = card(
    "pdan-source",
    "AlexNet on spectrograms, without adaptation",
    PAPER,
    "The same network and training as PDAN's, on the labelled corpus alone: what adaptation has to beat.",
    (),
    (),
    transductive=False,
)
DAN_CARD = card(
    "dan",
    "DAN, deep adaptation by MMD",
    "Long et al., Learning transferable features with deep adaptation networks, ICML (2015)",
    "PDAN's network with one penalty: MMD of the whole corpora at each of the three dense layers.",
    (weight("weight", "the sum of MMD at the three dense layers"), *KERNEL, *ADAPTED),
    _MMD,
)
DSAN_CARD = card(
    "dsan",
    "DSAN, deep subdomain adaptation",
    "Zhu et al., Deep subdomain adaptation network for image classification, IEEE TNNLS (2021)",
    "PDAN's network with one penalty: MMD of classes at the second dense layer, each target case counted in "
    "every class by its probability.",
    (weight("weight", "local MMD at the second dense layer"), *KERNEL, *ADAPTED),
    _MMD,
)
DANN_CARD = card(
    "dann",
    "DANN, domain-adversarial training",
    "Ganin et al., Domain-adversarial training of neural networks, JMLR (2016)",
    "PDAN's network with a critic on its second dense layer that tells the corpora apart; what leads to that "
    "layer learns to deceive it.",
    (weight("weight", "the gradient that deceives the critic", DANN_WEIGHTS), *ADAPTED),
    ("Units of the critic are not printed: a quarter of the layer it looks at.",),
)
CORAL_CARD = card(
    "deep-coral",
    "Deep CORAL, aligned covariances",
    "Sun and Saenko, Deep CORAL: correlation alignment for deep domain adaptation, ECCV workshops (2016)",
    "PDAN's network with one penalty: the distance of both corpora's covariances of the logits.",
    (weight("weight", "the distance of covariances", CORAL_WEIGHTS, 10.0), *ADAPTED),
    (),
)
