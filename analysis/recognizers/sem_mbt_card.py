"""The card of MER-SEM-MBT."""

from __future__ import annotations

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SOURCE = (
    "Xia, Zhao and Jiang, Multimodal interaction enhanced representation learning for video emotion "
    "recognition, Frontiers in Neuroscience 16 (2022), doi:10.3389/fnins.2022.1086380"
)
USES = ("speech+face+text", "speech+face", "speech+text", "face+text", "speech", "face", "text")
IEMOCAP_PROTOCOL = "5,162 / 737 / 1,481 utterances of Dai et al. 2021; speakers recur across train and test"
MOSEI_PROTOCOL = "14,524 / 1,765 / 4,188 clips of Dai et al. 2021"

INPUTS = (
    InputSpec("speech", "speech", "speech.patches", stage="speaking"),
    InputSpec("face", "face", "face.frames"),
    InputSpec("text", "text", "text.hashed"),
)
"""Patches of what was said, a face each 0.96 s while the stimulus was there, and the whole transcript.

A protocol may record the camera only then, so the face is not of the stage in which people speak.
"""

SETTINGS = (
    Setting("use", USES[0], "which of the three are used; what no case has is left out anyway", choices=USES),
    Setting("sem", True, "whether the text steers what the encoders look for (semantic enhancement)"),
    Setting("sem_speech", "2 4", "VGGish's groups (1 to 4) behind which the text steers"),
    Setting("sem_face", "3 5", "ResNet-18's groups (2 to 5) behind which the text steers"),
    Setting(
        "sem_axis",
        "spatial",
        "the softmax of the enhancement runs over the places of a map, or over the one text (a bias then)",
        choices=("spatial", "key"),
    ),
    Setting(
        "sem_norm",
        "map",
        "its layer norm is over channels and places together, or over channels, which cancels the places",
        choices=("map", "channels"),
    ),
    Setting(
        "exchange",
        "bottleneck",
        "how voice and face exchange: bottleneck tokens, joint attention, each from the other, or not at all",
        choices=("bottleneck", "joint", "cross", "none"),
    ),
    Setting("text_decision", True, "whether the text decides too, beside steering"),
    Setting("speech_width", 8, "channels of VGGish's first group; 64 as published"),
    Setting("face_width", 8, "channels of ResNet-18's first group; 64 as published"),
    Setting(
        "speech_weights", "", "file with VGGish's weights (.npz, .safetensors, .pth); empty: from nothing"
    ),
    Setting("face_weights", "", "file with ResNet-18's weights, the same; empty: from nothing"),
    Setting("frozen", True, "whether the first groups of an encoder with weights from a file do not learn"),
    Setting("tokens", 64, "numbers of a token"),
    Setting("heads", 8, "heads of each attention"),
    Setting("bottlenecks", 4, "bottleneck tokens"),
    Setting("text_hidden", 256, "units between the text and its decision"),
    Setting("dropout", 0.1, "share of units left out in training", 0.0, 0.5),
    Setting("rate", 1e-3, "learning rate of Adam", 1e-5, 1e-2, "log10"),
    Setting("slow_rate", 1e-5, "learning rate of encoders with weights from a file", 1e-6, 1e-3, "log10"),
    Setting("batch", 8, "cases a step"),
    Setting("epochs", 30, "at most"),
    Setting("patience", 5, "epochs without a better F1 of the validation cases before it stops; 0: never"),
    Setting("clip", 1.0, "largest norm of the gradient; 0: none"),
    Setting("positive_above", 0.5, "of several numbers: an emotion is there where its answer is above this"),
    Setting(
        "thresholds",
        "half",
        "only of several numbers: an emotion is said above 0.5, or above what gave the best F1 of the "
        "validation cases; of classes the most probable one is said",
        choices=("half", "validation"),
    ),
)

LAYERS = (
    Layer("audio patches", "N x 96 x 64", "N x 96 x 64"),
    Layer(
        "VGGish",
        "64; 128; 256, 256; 512, 512; 4,096; 4,096; 128",
        "8; 16; 32, 32; 64, 64; 512; 512; 16",
        "from nothing on one processor; speech_width 64 gives the printed one, with its weights from a file",
    ),
    Layer("face", "N x 3 x 224 x 224", "N x 3 x 48 x 48", "size_px of the input"),
    Layer(
        "ResNet-18",
        "64 to 512 channels, batch normalisation",
        "8 to 64 channels, normalised in groups",
        "face_width 64 with weights from a file gives the printed one; batches of eight spoil statistics",
    ),
    Layer(
        "text",
        "BERT-base, 768",
        "256 hashed numbers",
        "no language model is shipped; the input text may take text.embedding of a file instead",
    ),
    Layer("semantic enhancement", "behind groups 2, 4 and 3, 5", "behind groups 2, 4 and 3, 5"),
    Layer("tokens", "64", "64"),
    Layer("bottleneck transformer", "4 tokens, 8 heads", "4 tokens, 8 heads, one layer, FFN x 4"
          , "depth and FFN are not printed"),
    Layer("decisions", "M x 3", "64-64-M, 64-64-M, 256-256-M", "sizes of the MLPs are not printed"),
    Layer("fusion", "W2 of M x 3, alpha of 1 x 3", "w2 of M x 1, alpha of 1 x 3", "M x 3 would give 3 x 3"),
)  # fmt: skip

DOUBTS = (
    "There is one text vector, so a softmax over keys is 1 everywhere and the enhancement a bias that the "
    "text drives (sem_axis key). Ours runs over the places of the map (spatial).",
    "A layer norm over channels cancels the weights of the places exactly, since each place is the same "
    "vector times its weight. Ours is over channels and places together, after multiplying by their number.",
    "The printed fusion matrix W2 of M x 3 does not give weights of 1 x 3; ours is M x 1.",
    "Voice and face are of one clip in the article, a face for each patch of sound. Here the voice is of the "
    "stage speaking and the face of the stimulus, since a camera may run only then: the face of watching, "
    "the voice of speaking afterwards. Steps with the same number are then not of the same moment. The "
    "paper's tables (evoke reproduce) take the face of the stage speaking where the camera ran then.",
    "Only the fused output is supervised: the article says nothing of a loss of the single decisions.",
    "The article takes a random frame of each 0.96 s in training; ours is always the middle one with a face.",
    "Without files of weights both encoders are small and begin from nothing, and the text is hashed: the "
    "published figures cannot be expected of it. Its printed rate of 1e-4 is for encoders that were trained.",
    "“No text decision” still uses the text inside the enhancement; the setting use decides what is seen.",
    "Of several numbers it learns whether each is above positive_above, and answers 0 to 1 (0.5: the "
    "threshold); of classes it learns each against the rest, and its answers are made to sum to 1.",
    "Always saying no gives .833 average accuracy on IEMOCAP: read F1 or weighted accuracy, beside floors.",
    "A case without voice, face or text is decided by the others: its share of the decision is then 0.",
)

_IEMOCAP = (
    ("average accuracy", 0.874), ("average F1", 0.646), ("happiness, F1", 0.577), ("anger, F1", 0.665),
    ("sadness, F1", 0.721), ("excited, F1", 0.677), ("frustrated, F1", 0.613), ("neutral, F1", 0.623),
)  # fmt: skip
_MOSEI = (
    ("average weighted accuracy", 0.696), ("average F1", 0.509), ("happiness, F1", 0.753),
    ("sadness, F1", 0.538), ("anger, F1", 0.495), ("surprise, F1", 0.330), ("fear, F1", 0.319),
    ("disgust, F1", 0.616),
)  # fmt: skip

SEM_MBT_CARD = Card(
    name="mer-sem-mbt",
    title="MER-SEM-MBT",
    source=SOURCE,
    task=("classes", "numbers"),
    about="Voice, face and words of an utterance. The text steers what a VGGish and a ResNet-18 look for; "
    "voice and face exchange through four bottleneck tokens; three decisions are fused by attention. Several "
    "emotions at once (a target of several numbers, 0 or 1 each) or classes. Switches give the paper's "
    "ablations. explain() gives the weight of each decision, each one's own probabilities, and where on the "
    "patches and faces the text looked.",
    cases=CaseSpec(),
    inputs=INPUTS,
    steps=("impute",),
    settings=SETTINGS,
    layers=LAYERS,
    published=(
        *(Published("IEMOCAP", IEMOCAP_PROTOCOL, name, value) for name, value in _IEMOCAP),
        *(Published("CMU-MOSEI", MOSEI_PROTOCOL, name, value) for name, value in _MOSEI),
    ),
    doubts=DOUBTS,
    missing_inputs=True,
    validation=0.15,
)
