"""Personality by audio, scene and face (2022): its printed tables, what they leave open, what was chosen."""

from __future__ import annotations

from analysis.literature.paper import Cell, Paper, Printed

_DATA = "ChaLearn First Impressions V2: 10,000 clips of about 15 s, scores of observers from 0 to 1"
_PROTOCOL = "6,000 clips train, the 2,000 of the validation part are reported; S = 1 - mean absolute error"
_HEADS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism", "average",
          "interview")  # fmt: skip
_MODELS = ("SVR, polynomial", "SVR, RBF", "SVR, linear", "decision tree", "transformer", "Bi-LSTM",
           "transformer + Bi-LSTM")  # fmt: skip


def _table(title: str, first: str, names: tuple[str, ...], numbers: str, *notes: str) -> Printed:
    """Return a table of seven numbers a row, given as four digits behind the point."""
    values = [int(each) / 10_000 for each in numbers.split()]
    rows: list[tuple[Cell, ...]] = [
        (name, *values[7 * place : 7 * place + 7]) for place, name in enumerate(names)
    ]
    return Printed(title, _DATA, _PROTOCOL, (first, *_HEADS), tuple(rows), notes)


AUDIO = _table(
    "Audio (VGGish)", "model", _MODELS,
    """8540 8329 8624 8402 8744 8528 8319
    8967 8844 8932 9012 8906 8932 8920
    8980 8846 8935 9025 8920 8941 8945
    8541 8411 8542 8610 8453 8511 8511
    8972 8814 8920 9035 8907 8930 8915
    8986 8834 8932 9045 8928 8945 8947
    8989 8847 8938 9048 8935 8952 8953""",
)  # fmt: skip
SCENE = _table(
    "Scene (VGG-Face)", "model", _MODELS,
    """8921 8896 8896 8962 8850 8905 8890
    8841 8736 8804 8963 8780 8825 8818
    8896 8872 8867 8922 8809 8873 8865
    8636 8607 8627 8711 8586 8633 8639
    8941 8844 8909 9021 8884 8920 8920
    9042 9013 9012 9091 8993 9030 9050
    9043 9025 9035 9093 9000 9039 9057""",
    "SVR with RBF has the same seven numbers as in the table of faces: a copy error in one of them.",
)  # fmt: skip
FACE = _table(
    "Face (VGG-Face)", "model", _MODELS,
    """8871 8922 8923 8980 8855 8910 8963
    8841 8736 8804 8963 8780 8825 8818
    8953 8922 8986 8974 8913 8950 8960
    8714 8683 8702 8760 8674 8706 8721
    9023 9000 9029 9068 8968 9017 9017
    9103 9155 9129 9135 9085 9121 9161
    9110 9148 9130 9143 9087 9124 9163""",
    "SVR with RBF has the same seven numbers as in the table of scenes: a copy error in one of them.",
    "The stated order of models puts the polynomial SVR above the linear one; here it is .8910 below .8950.",
    "Interview of the last row is .9163 here and .9153 in the table of the fusion.",
)  # fmt: skip
FUSION = _table(
    "Fusion", "streams", ("audio", "scene", "face", "all, early", "all, model-level", "all, late"),
    """8989 8847 8938 9048 8935 8952 8953
    9043 9025 9035 9093 9000 9039 9057
    9110 9148 9130 9143 9087 9124 9153
    9145 9176 9171 9158 9121 9154 9178
    9151 9172 9156 9150 9123 9150 9180
    9167 9163 9176 9177 9150 9167 9200""",
    "Averages match the mean of the five traits within .0001.",
    "Where the late weights were estimated is not said; on the reported clips .9167 would be optimistic.",
    "A predictor of the mean reaches about 0.88 on such data; the article does not print it.",
)  # fmt: skip
OTHERS = Printed(
    "Published comparisons, average of five traits",
    _DATA,
    _PROTOCOL,
    ("year", "system", "fusion", "average"),
    (
        ("2016", "audio-visual ResNet-17", "early", .9109),
        ("2017", "with skip-thought text", "early", .9118),
        ("2017", "MFCC / logfbank and DAN pictures", "late", .9130),
        ("2021", "14-layer 1D CNN and ResNet-50", "model-level", .9160),
        ("2022", "ResNet-18 audio and video, skip-thought text", "late", .9161),
        ("2022", "this article", "late", .9167),
    ),
    notes=("The margin of .0006 has neither spread nor test.",),
)  # fmt: skip

PAPER = Paper(
    name="personality",
    title="Apparent impressions from audio, scene and face",
    source="Zhao et al., Integrating audio and visual modalities for multimodal personality trait "
    "recognition via hybrid deep learning, Frontiers in Neuroscience 16 (2023), "
    "doi:10.3389/fnins.2022.1107284",
    about="Three streams of a talking clip, each through a Bi-LSTM and a transformer, tell what observers "
    "think of a person: apparent impressions, nobody's traits. Late fusion has weights in closed form.",
    printed=(AUDIO, SCENE, FACE, FUSION, OTHERS),
    doubts=(
        ("VGG-Face is said to be trained on ImageNet; its weights are of faces",
         "files of weights for scene and face apart; without, small networks from nothing"),
        ("The printed loss of frames, half a cross-entropy, is smallest at answering 1 always",
         "the whole cross-entropy; squared error is a setting"),
        ("The rate is halved after every epoch: after ten nothing is learnt",
         "halved after an epoch without gain; as printed is a setting"),
        ("Where late fusion's weights were estimated is not said",
         "on training people held out of the predictors' training, for each target"),
        ("Weights may be negative", "as the closed form gives them; not negative, and equal, are settings"),
        ("SVR with RBF has C 2 and gamma 0.5 on each stream's pooled features",
         "C 2, gamma by the data, on raw patches and pixels of all streams at once; no pooled features are "
         "kept"),
        ("Which scaling the files of weights want is not said",
         "a setting for faces: VGG-Face's (0 to 255, blue-green-red, less the mean face) or ImageNet's"),
        ("Clips show people who talk",
         "so where the camera ran while people spoke; else scene and face of watching, as each table says"),
        ("Interview of faces is .9163 in one table and .9153 in another", "both are shown"),
        ("Rows of SVR with RBF are the same in two tables", "both are shown, with a note"),
        ("Heads, FFN, dropout, betas, seeds, patience, detection thresholds: not given",
         "4 heads, FFN x 4, 0.1, Adam's own, patience 5; on the card"),
        ("Clips of one video may be in training and test", "whole participants out"),
        ("The article names recruiting as a use", "no such use is offered: impressions are no ground for it"),
    ),
    recognizers=("personality", "svr", "tree-regression", "majority"),
    step="impressions",
    takes="a study with voices, faces and observers' ratings; without one, simulated participants",
)  # fmt: skip
