"""The card of the recognizer of apparent impressions."""

from __future__ import annotations

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.late_weights import KINDS
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SOURCE = (
    "Zhao et al., Integrating audio and visual modalities for multimodal personality trait recognition via "
    "hybrid deep learning, Frontiers in Neuroscience 16 (2023), doi:10.3389/fnins.2022.1107284"
)
DATA = "ChaLearn First Impressions V2"
PROTOCOL = "6,000 clips train, 2,000 clips of the validation part test; clips of one video may be in both"
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
INTERVIEW = "interview"
STREAMS = ("speech", "scene", "face")
USES = ("speech+scene+face", "speech+scene", "speech+face", "scene+face", *STREAMS)
SCALINGS = ("vgg-face", "imagenet")
WORDING = (
    "These are apparent impressions: what observers think of somebody after seconds. They are nobody's "
    "traits, and no ground for choosing or refusing a person."
)

INPUTS = (
    InputSpec("speech", "speech", "speech.patches", stage="speaking"),
    InputSpec("scene", "face", "scene.frames"),
    InputSpec("face", "face", "face.crops"),
)

SETTINGS = (
    Setting("fusion", "late", "how predictors become one answer", choices=("late", "model", "early")),
    Setting("streams", USES[0], "which streams are used; what no case has is left out anyway", choices=USES),
    Setting(
        "temporal",
        "both",
        "what makes one vector of a sequence",
        choices=("both", "bi-lstm", "transformer"),
    ),
    Setting("late_weights", KINDS[0], "weights of late fusion", choices=KINDS),
    Setting(
        "held",
        0.2,
        "share of the training people whom late fusion's predictors do not see: its weights are estimated on "
        "them; equal weights leave them out too, to be compared",
        0.1,
        0.5,
    ),
    Setting("ridge", 1e-6, "share of the mean squared error that steadies late fusion's weights"),
    Setting("speech_width", 8, "channels of VGGish's first group; 64 as published"),
    Setting("picture_width", 8, "channels of the pictures' first block; with weights 64, VGG-16"),
    Setting(
        "speech_weights", "", "file with VGGish's weights (.npz, .safetensors, .pth); empty: from nothing"
    ),
    Setting(
        "scene_weights",
        "",
        "file with VGG-16's weights for the scene, for pictures of 224 px (size_px of the input) and scaled "
        "as ImageNet; empty: a small network",
    ),
    Setting(
        "face_weights",
        "",
        "file with VGG-16's weights for faces (VGG-Face), for pictures of 224 px; empty: a small network",
    ),
    Setting(
        "face_scaling",
        SCALINGS[0],
        "what the file of face weights was trained on: vgg-face (0 to 255, blue-green-red, less 93.6, 104.8, "
        "129.2) or imagenet (0 to 1, red-green-blue, less the mean, by the SD)",
        choices=SCALINGS,
    ),
    Setting(
        "local_loss",
        "cross-entropy",
        "loss of single frames; the printed half of the cross-entropy cannot train",
        choices=("cross-entropy", "squared error"),
    ),
    Setting("local_epochs", 4, "epochs of single frames; 0 keeps weights from files as they are"),
    Setting("lstm", 64, "units of the Bi-LSTM, half in each direction; 2048 in the article"),
    Setting("lstm_layers", 2, "its layers"),
    Setting("transformer", 64, "width of the transformer; 1024 in the article"),
    Setting("transformer_layers", 2, "its layers; 6 in the article"),
    Setting("heads", 4, "its heads"),
    Setting(
        "model_layers", "64 32 16 8", "full layers of model-level fusion; 1024 512 256 128 in the article"
    ),
    Setting("dropout", 0.1, "share of units left out in training", 0.0, 0.5),
    Setting("model_dropout", 0.3, "the same of model-level fusion", 0.0, 0.6),
    Setting("rate", 1e-3, "learning rate of Adam", 1e-5, 1e-2, "log10"),
    Setting("slow_rate", 1e-5, "learning rate of networks with weights from a file", 1e-6, 1e-3, "log10"),
    Setting(
        "halving",
        "plateau",
        "when the rate is halved: after an epoch without gain, after every epoch (as printed), never",
        choices=("plateau", "epoch", "never"),
    ),
    Setting("batch", 32, "cases a step"),
    Setting("epochs", 30, "at most, of each of the temporal networks"),
    Setting(
        "patience", 5, "epochs without a smaller error of the validation cases before it stops; 0: never"
    ),
)

_SMALL = "from nothing on one processor; the setting gives the printed one"
LAYERS = (
    Layer("VGGish", "128 numbers a segment", "16 numbers a segment", _SMALL),
    Layer("VGG-Face, scene", "4,096 numbers a frame, 100 frames", "64 numbers a frame, 100 frames",
          "a small network where no file of weights is named"),
    Layer("VGG-Face, face", "4,096 numbers a face, 30 faces", "64 numbers a face, 30 faces",
          "a small network where no file of weights is named"),
    Layer("Bi-LSTM", "2 layers, 2,048", "2 layers, 64", _SMALL),
    Layer("transformer", "6 layers, 1,024", "2 layers, 64", _SMALL),
    Layer("head", "linear, 6 outputs", "linear, an output a target", "of whichever targets a study has"),
    Layer("early fusion", "9,216, linear", "384, linear", "three times 64 + 64"),
    Layer("model-level fusion", "1024-512-256-128", "64-32-16-8", _SMALL),
    Layer("late fusion", "six weights", "six weights a target", "whether per target is not said"),
)  # fmt: skip

DOUBTS = (
    WORDING,
    "The published margin of late fusion over earlier work is .0006 without spread or test, and where its "
    "weights were estimated is not said. Ours come from training people held out of the six predictors' "
    "training, never from those that are tested.",
    "The printed loss of the frames is minimised by answering 1 always; ours is the whole cross-entropy.",
    "The rate is printed as halved after every epoch: after ten epochs nothing is learnt. Ours halves it "
    "where an epoch brought no gain.",
    "Predictors of late fusion, with equal weights too, learn from training people without those held out "
    "for the weights (setting held); early and model-level fusion, and a single predictor, learn from all "
    "of them. A difference between late and the others is in part one of how much was learnt from.",
    "The voice is of the stage speaking, scene and face are of the stimulus, since a camera may run only "
    "then: somebody who watches, and speaks afterwards. The article's clips show a person who talks. The "
    "paper's tables (evoke reproduce) take all of the stage speaking where the camera ran then.",
    "VGG-16's weights mean something only for pictures scaled as theirs were: without batch normalisation "
    "nothing shows that they were not. For files of faces the setting face_scaling says how, for files of "
    "the scene it is ImageNet's way; pictures below 224 px are refused.",
    "Early and model-level fusion learn a head over the six trained networks' vectors, which stay.",
    "1 - MAE lies near 0.88 for a predictor that looks at nothing: read it beside the row of the mean, and "
    "beside R², concordance and r.",
    "Faces are found by a cascade, not by MTCNN; a clip without a face goes without that stream.",
    "Without files of weights the networks are small and begin from nothing: the published figures cannot be "
    "expected of them.",
    "Answers are learnt on a scale of 0 to 1 (from the smallest to the largest of training) and given back "
    "in their own units.",
)

PERSONALITY_CARD = Card(
    name="personality",
    title="Apparent impressions",
    source=SOURCE,
    task=("numbers",),
    about="Voice, scene and face of a talking clip, each through a Bi-LSTM and a transformer: six predictors "
    "of what observers think of a person, fused by weights in closed form (late), by full layers (model) or "
    "by one linear layer (early). explain() gives every predictor's answer, what each stream adds, and the "
    "share of training answers below the one given. " + WORDING,
    cases=CaseSpec(),
    inputs=INPUTS,
    steps=("impute",),
    settings=SETTINGS,
    layers=LAYERS,
    published=(
        Published(DATA, PROTOCOL, "1 - MAE, mean of five traits", 0.9167, "late fusion of three streams"),
        Published(DATA, PROTOCOL, "1 - MAE, interview", 0.9200, "late fusion of three streams"),
        Published(DATA, PROTOCOL, "1 - MAE, mean of five traits", 0.9154, "early fusion"),
        Published(DATA, PROTOCOL, "1 - MAE, mean of five traits", 0.9150, "model-level fusion"),
        Published(DATA, PROTOCOL, "1 - MAE, mean of five traits", 0.8952, "audio alone"),
        Published(DATA, PROTOCOL, "1 - MAE, mean of five traits", 0.9039, "scene alone"),
        Published(DATA, PROTOCOL, "1 - MAE, mean of five traits", 0.9124, "face alone"),
    ),
    doubts=DOUBTS,
    missing_inputs=True,
    validation=0.15,
)
