"""`evoke transcripts`: what was said in a study's trials, from a table, or how many trials have it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words
from app.analysing.transcripts import bring_in, counts
from app.study import Study


def transcripts(options: argparse.Namespace) -> int:
    """Bring a table in, or tell how far the transcripts go; no word of them is printed."""
    study = Study.open(options.study.parent if options.study.name == "study.yaml" else options.study)
    with in_words():
        corpus = study_corpus(study)
    if options.source is None:
        found = counts(study, corpus)
        if options.json:
            told = [{"recording": name, "with_text": a, "trials": b} for name, (a, b) in found.items()]
            print(json.dumps(told))
            return 0
        for name, (with_text, trials) in found.items():
            print(f"{name}: {with_text} of {trials} trials have a text")
        return 0
    done = bring_in(study, corpus, options.source, options.recording)
    if options.json:
        print(json.dumps([asdict(each) for each in done]))
        return 0
    for each in done:
        print(f"{each.recording}: {each.utterances} text{'' if each.utterances == 1 else 's'} brought in")
        for left in each.left_out:
            print(f"  left out: {left}")
    return 0
