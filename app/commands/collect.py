"""`evoke collect`: what an annotator labelled in her package goes into the study."""

from __future__ import annotations

import argparse
import json

from app.annotation.collecting import collect as collect_pack
from app.study import Study


def collect(options: argparse.Namespace) -> int:
    """Unite an annotator's labels with the study's; twice or late without harm."""
    collected = collect_pack(options.pack, Study.open(options.study))
    if options.json:
        print(json.dumps(collected.to_json(), ensure_ascii=False))
        return 0
    edits = sum(collected.new.values())
    print(f"{collected.annotator}: {len(collected.new)} items, {edits} new edits.")
    for note in collected.notes:
        print(f"  {note}")
    for each in collected.refused:
        print(f"  not taken over: {each.what} {each.why}")
    return 0
