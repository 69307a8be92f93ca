"""Protocol files for the tests: a small sound one, and ways to change it."""

from pathlib import Path

from protocols.load import parse_protocol
from protocols.problems import ProtocolError
from protocols.protocol import Protocol

# Lines are counted in the expected problems: keep the numbers when changing it.
SOUND = """\
name: small
version: 1
title: A small protocol
stimuli:
  set: open
  categories:
    pleasant: {category: pleasant}
    unpleasant: {category: unpleasant}
    neutral: {category: neutral}
sentences:
  typing: neutral-typing
  speaking: neutral-speaking
counterbalance:
  - {name: tasks, rotate: [typing, speaking]}
  - {name: first, block: main, first: [pleasant, unpleasant]}
opening:
  - kind: instruction
    text: Welcome
    duration_s: {typical_s: 3}
trials:
  look:
    - {kind: fixation, duration_s: 0.5}
    - {kind: picture, duration_s: 2}
    - kind: questionnaire
      duration_s: {min_s: 1, typical_s: 6, max_s: 30}
      shuffle: true
      items:
        - {id: positive, text: Positive, scale: likert, points: 7}
        - {id: negative, text: Negative, scale: likert, points: 7}
        - {id: arousal, text: Arousal, scale: sam, points: 9, dimension: arousal}
    - {kind: typing, sentences: typing, duration_s: {typical_s: 5}}
    - {kind: speaking, sentences: speaking, count: 2, duration_s: {typical_s: 4}}
blocks:
  - name: practice
    practice: true
    trial: look
    draw: {neutral: 1}
  - name: main
    trial: look
    draw: {pleasant: 3, unpleasant: 3}
    order: {shuffle: true, max_run: 1}
    insert: {every: 2, trial: look, draw: {neutral: 3}}
    pause: {every: 4, stage: {kind: break, duration_s: 5}}
"""


def parse(text: str, folder: Path = Path()) -> Protocol:
    return parse_protocol(text, "p.yaml", folder)


def changed(old: str, new: str) -> str:
    assert SOUND.count(old) == 1, f"{old!r} stands there {SOUND.count(old)} times"
    return SOUND.replace(old, new)


def problems_of(text: str, folder: Path = Path()) -> list[str]:
    """Return the problems of a protocol's text as they are shown, none if it is sound."""
    try:
        parse(text, folder)
    except ProtocolError as error:
        return [str(problem) for problem in error.problems]
    return []
