"""A protocol with every kind of stage and everything that a file may say, on a set of its own."""

from pathlib import Path

from protocols.load import parse_protocol
from protocols.protocol import Protocol

FACES = [
    f"{model}-{look}" for model in ("ann", "bea", "cleo", "dora") for look in ("neutral", "happy", "disgust")
]

COLUMNS = "id,file,kind,category,valence,licence,sha256,duration_s,model,expression"


def write_set(folder: Path) -> Path:
    """Write a set of pictures, films and sounds (without their files) and return its folder."""
    rows = [COLUMNS]
    for face in FACES:
        model, look = face.split("-")
        rows.append(f"{face},{face}.png,picture,face,5,own,{'0' * 64},,{model},{look}")
    for number in range(8):
        rows.append(
            f"clip-{number},clip-{number}.mp4,film,clip,{3 + number * 0.5},own,{'0' * 64},{60 + number},,"
        )
    rows.append(f"horror,horror.mp4,film,horror,1.5,own,{'0' * 64},90,,")
    rows.append(f"endless,endless.mp4,film,endless,9,own,{'0' * 64},,,")
    for name in ("rain", "voice", "asked"):
        rows.append(f"{name},{name}.wav,sound,sound,5,own,{'0' * 64},12.5,,")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


# Lines are counted in the expected problems: keep the numbers when changing it.
RICH = """\
name: rich
version: 3
title: Everything
languages: [en, de]
stimuli:
  set: faces
  categories:
    clips: {category: clip, kind: film, sessions: 2}
    probes: {ids: [clip-0, clip-1], pick: listed}
    moving: {items: [ann-happy, bea-happy, ann-disgust, bea-disgust]}
    still: {ids: [cleo-happy, cleo-disgust, dora-happy, dora-disgust]}
    questions: {items: [holiday, health], pick: listed}
items:
  ann-happy: {base: ann-neutral, face: ann-happy, expression: happy}
  bea-happy: {base: bea-neutral, face: bea-happy, expression: happy}
  ann-disgust: {base: ann-neutral, face: ann-disgust, expression: disgust}
  bea-disgust: {base: bea-neutral, face: bea-disgust, expression: disgust}
  holiday: {ask: {en: "Where would you travel?", de: "Wohin würden Sie reisen?"}, voice: asked}
  health: {ask: {en: "How is your health?", de: "Wie geht es Ihnen?"}}
sentences:
  typing: {en: neutral-typing, de: saetze.csv}
record: {camera: stages, microphone: all}
helper_text: {en: Call somebody., de: Rufen Sie jemanden an.}
warning:
  unpleasant: {en: Some faces show disgust., de: Manche Gesichter zeigen Ekel.}
  screening:
    - {id: fit, text: {en: "Do you feel well?", de: "Geht es Ihnen gut?"}}
    - {id: ill, text: {en: "Are you ill?", de: "Sind Sie krank?"}, must_answer: "no"}
counterbalance:
  - {name: experiment, blocks: [still, [practice, moving]]}
  - {name: asked, block: talk, orders: [[holiday, health], [health, holiday]]}
opening:
  - kind: rest
    duration_s: 30
    symbol: "+"
    end_tone: true
    camera: true
  - {kind: questionnaire, name: mood, instrument: phq-9, duration_s: {typical_s: 60}}
  - {kind: film, name: calm, stimulus: clip-2, volume: 0.5, microphone: false}
  - {kind: sound, stimulus: rain, duration_s: 5}
trials:
  flick:
    - {kind: blank, name: gap, duration_s: {from_s: 0.5, to_s: 1}}
    - {kind: fixation, duration_s: 0.5, background: "#000000"}
    - kind: sequence
      name: face
      size: {height_px: 418}
      rounding: nearest
      steps:
        - {stimulus: "{item.base}", duration_s: 0.06}
        - {stimulus: "{item.face}", duration_s: 0.08}
        - {mask: noise, duration_s: 0.06}
        - {blank: "#808080", duration_s: 0.1}
    - kind: choice
      duration_s: 2
      prompt: {en: "Which feeling?", de: "Welches Gefühl?"}
      options:
        - {id: happy, text: {en: happy, de: froh}, key: KeyJ}
        - {id: disgust, text: {en: disgust, de: Ekel}, key: KeyL}
      correct: "{item.expression}"
      reaction_from: face
  look:
    - {kind: picture, duration_s: 0.2, size: {width_deg: 9.2}}
    - {kind: mask, duration_s: 0.1, pattern: lines}
    - kind: questionnaire
      duration_s: {typical_s: 5}
      items:
        - {id: grid, text: {en: "Where?", de: "Wo?"}, scale: grid, x: {dimension: valence},
           y: {dimension: arousal}}
        - {id: words, text: {en: "Why?", de: "Warum?"}, scale: text, max_chars: 80}
        - {id: age, text: {en: "How old?", de: "Wie alt?"}, scale: number, min: 1, max: 120}
        - id: felt
          text: {en: "What?", de: "Was?"}
          scale: choice
          several: true
          options: [{id: joy, text: {en: joy, de: Freude}}, {id: fear, text: {en: fear, de: Angst}}]
  talk:
    - kind: speaking
      text: "{item.ask}"
      read_aloud: "{item.voice}"
      prepare_s: 3
      duration_s: {typical_s: 30, max_s: 60}
  watch:
    - {kind: film}
    - kind: typing
      sentences: typing
      duration_s: {typical_s: 5}
  next:
    choose: {candidates: clips, by: nearest_affect}
    stages:
      - {kind: film, name: chosen}
blocks:
  - {name: still, trial: look, draw: {still: 4}, repeat: 2}
  - {name: practice, practice: true, trial: flick, draw: {moving: 1}}
  - {name: moving, trial: flick, draw: {moving: 3}, repeat: 3}
  - {name: talk, trial: talk, draw: {questions: 2}, order: {shuffle: false}}
  - {name: probes, trial: watch, draw: {probes: 2}}
  - {name: chosen, trial: next, draw: {clips: 2}}
closing:
  - kind: imagery
    text: {en: Think of a friend., de: Denken Sie an einen Freund.}
    sound: voice
    min_presses: 1
    duration_s: {typical_s: 60, max_s: 120}
debriefing:
  - kind: instruction
    text: {en: Thank you., de: Danke.}
    picture: ann-happy
    duration_s: {typical_s: 5}
"""

# Clips 0 and 1 are probes: a category of its own conditions must not have them too.
RICH = RICH.replace(
    "{category: clip, kind: film, sessions: 2}", "{valence: [4, 6.5], kind: film, sessions: 2}"
)


def write_files(folder: Path) -> Path:
    """Write what the rich protocol lies beside: its set and its German sentences."""
    write_set(folder / "faces")
    german = "id,text,grade\n" + "".join(f"s{n},Der Satz Nummer {n} ist kurz.,1\n" for n in range(9))
    (folder / "saetze.csv").write_text(german, encoding="utf-8")
    return folder


def rich(folder: Path, old: str = "", new: str = "") -> Protocol:
    """Read the rich protocol beside files of `write_files`, with `old` changed into `new`."""
    assert not old or RICH.count(old) == 1, f"{old!r} stands there {RICH.count(old)} times"
    return parse_protocol(RICH.replace(old, new) if old else RICH, "rich.yaml", folder)
