"""Card of PSA-YOLO."""

from __future__ import annotations

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SOURCE = (
    "Ruoling Ma and Ruoyuan Zhang, Facial expression recognition method based on PSA-YOLO network, Frontiers "
    "in Neurorobotics 16 (2023), doi:10.3389/fnbot.2022.1057983"
)
SCENE = "scene"
BOX = "box"
INPUTS = (
    InputSpec(SCENE, "face", "face.scene", {"rate_hz": 1.0, "size_px": 128, "colour": False}),
    InputSpec(BOX, "face", "face.scene_box", {"rate_hz": 1.0}),
)

SETTINGS = (
    Setting("variant", 1, "residual blocks: 0 CSPDarknet53, 1 (1-1-4-4-2), 2 (1-2-2-2-2), 3 (1-3-4-6-3)",
            choices=(0, 1, 2, 3)),
    Setting("focus", True, "whether Focus halves the picture without loss; off: a convolution of stride 2"),
    Setting("psa", True, "whether pyramid attention stands before the first stage"),
    Setting("spc", True, "whether the neck has an SPC before its pooling"),
    Setting("width", 0.25, "share of the printed channels", 0.03125, 1.0),
    Setting("depth", 1.0, "share of the printed residual blocks", 0.1, 1.0),
    Setting("alpha", 3.0, "power of alpha-CIoU; 1 is CIoU", 1.0, 5.0),
    Setting("box_weight", 0.07, "weight of the box's loss (YOLOv4's)", 0.01, 5.0, "log10"),
    Setting("objectness_weight", 1.0, "weight of the loss of being a face", 0.01, 5.0, "log10"),
    Setting("class_weight", 1.0, "weight of the loss of the expression", 0.01, 5.0, "log10"),
    Setting("class_loss", "bce", "bce: each class by itself; softmax: one against the others",
            choices=("bce", "softmax")),
    Setting("rate", 0.01, "learning rate of SGD with Nesterov momentum", 1e-4, 0.1, "log10"),
    Setting("decay", 0.96, "factor of the learning rate an epoch", 0.9, 1.0),
    Setting("momentum", 0.9, "momentum of SGD", 0.0, 0.99),
    Setting("weight_decay", 2e-4, "weight decay"),
    Setting("batch", 64, "pictures a step"),
    Setting("epochs", 250, "epochs at most"),
    Setting("iterations", 2000, "steps at most, whichever comes first"),
    Setting("augment", True, "whether pictures are mirrored, lit, sized and moved by chance while it learns"),
    Setting("least", 0.25, "smallest confidence that counts as a face", 0.01, 0.9),
    Setting("overlap", 0.45, "two boxes of a class that overlap more are one", 0.1, 0.9),
)  # fmt: skip

LAYERS = (
    Layer("input", "", "416 x 416 x 3", "not given; any multiple of 32 here, grey repeated three times"),
    Layer("Focus", "H/2 x W/2 x 4C", "208 x 208 x 12", "at 416"),
    Layer("CBM", "", "208 x 208 x 64, 3x3", "the paper only says that Focus and PSA come first"),
    Layer("PSA", "C", "208 x 208 x 64; branches of 16, kernels 3 5 7 9, groups 2 4 8 16",
          "groups as printed, where common code has 1 for kernel 3; squeeze 16 is not given"),
    Layer("CSP1", "1 residual", "208 x 208 x 64, 1x1 to 32, 3x3 to 64, no split",
          "split dropped, residual kept, as described"),
    Layer("CSP2", "1 residual", "104 x 104 x 128, 1 residual", "sizes from YOLOv4"),
    Layer("CSP3", "4 residuals", "52 x 52 x 256, 4 residuals", "sizes from YOLOv4"),
    Layer("CSP4", "4 residuals", "26 x 26 x 512, 4 residuals", "sizes from YOLOv4"),
    Layer("CSP5", "2 residuals", "13 x 13 x 1024, 2 residuals", "sizes from YOLOv4"),
    Layer("SPCP", "1024 after pooling", "13 x 13: 1024 to 512 to 256 (SPC) to 1024 (pools) to 512",
          "an SPC halves what pooling handles; 1024 before pooling would give 4096"),
    Layer("PANet", "", "52 x 52 x 128, 26 x 26 x 256, 13 x 13 x 512",
          "the fused maps are named CSP4 and CSP2; ours are those of stride 16 and 8, as in YOLOv4"),
    Layer("head", "YOLOv4", "3 x (4 + 1 + classes) at 52, 26, 13", "with 1.0 of the width"),
)  # fmt: skip

RANDOM = "random 70/30 split: the same people on both sides"
PEOPLE = "10 people train, 10 other test, mean of 30"
PUBLISHED = (
    Published("JAFFE", RANDOM, "accuracy, per cent", 83.84, "the classes' mean in the same table is 80.71"),
    Published("CK+", RANDOM, "accuracy, per cent", 85.09, "the classes' mean in the same table is 83.90"),
    Published("Cohn-Kanade", PEOPLE, "accuracy, per cent", 84.87, "the classes' mean is 84.09"),
    Published("JAFFE", "5-fold cross-validation", "error, per cent", 8.91),
    Published("CK+", "5-fold cross-validation", "error, per cent", 5.37, "6.92 in the text"),
    Published("Cohn-Kanade", "5-fold cross-validation", "error, per cent", 6.92),
)

DOUBTS = (
    "Default settings are a quarter of the printed width on squares of 128 pixels, which a CPU trains in "
    "minutes. width 1.0 and size_px 416 give the printed network (44.7 million numbers, 45 billion "
    "operations a picture): a day on a CPU.",
    "Where width is below 1, groups of the attention are made smaller so that they divide its channels.",
    "The loss formula is not printed: alpha-CIoU as in its own paper, alpha 3, weights of YOLOv4. "
    "Each term is a mean over the cells that answer for a face, so that large pictures do not drown it.",
    "Anchors are nine, by k-means with 1 - IoU on the training boxes; nearly equal ones are merged, and "
    "those that are left come again smaller and larger.",
    "Boxes are not described. In a study they are those of OpenCV's cascade, in Faces those that people "
    "drew or accepted; a picture without a box teaches nothing. Of several boxed faces the largest is the "
    "one that is meant: the others are neither learnt as background nor counted as errors.",
    "Average precision counts detections down to a confidence of 0.001, the hundred surest of a picture; the "
    "answer is that of the surest detection above the setting least.",
    "A case of several pictures is what its detections say, weighed by their confidence. Where nothing is "
    "found, every class is equally probable, and explain() says 0 in detected; our tables count it as wrong.",
    "The drop of the learning rate is 'each step': ours is each epoch, else it were 0 after 400 steps.",
    "After the last step means and variances of the batch normalisations are taken anew of all training "
    "pictures, without changing a weight; the paper says nothing of them.",
    "The paper's ablation rows 'no feature-extraction module' and 'no CSPDarknet53' are not defined; ours "
    "are no Focus, no attention, no SPC, and the other backbones.",
    "Published figures are of random splits of posed sets, where the same face is on both sides.",
    "Not made here: the paper's 30 repeats with 10 people to train and 10 to test, and its shares of "
    "training pictures from 50 to 90 %. Ours are folds by people, each person tested once.",
)

PSA_YOLO_CARD = Card(
    name="psa-yolo",
    title="PSA-YOLO",
    source=SOURCE,
    task=("classes",),
    about="Finds the face on a whole picture and names its expression in one network: YOLOv4 with a lossless "
    "first halving (Focus), pyramid squeeze attention and a lighter neck. A case's class is that of its most "
    "confident detection. explain() gives the box, its confidence, and whether anything was detected.",
    cases=CaseSpec("trial"),
    inputs=INPUTS,
    steps=(),
    settings=SETTINGS,
    layers=LAYERS,
    published=PUBLISHED,
    doubts=DOUBTS,
    missing_inputs=True,
)
