"""`evoke pack`: an annotator's coded queue, to take away."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from app.annotation.packing import pack as pack_queue
from app.study import Study, task_label


def pack(options: argparse.Namespace) -> int:
    """Pack what an annotator has to label, with nothing in it but what the scheme shows."""
    study = Study.open(options.study)
    target: Path = options.out or Path(f"{task_label(study.name)}-{options.annotator}.zip")
    packed = pack_queue(study, options.annotator, target, options.plan)
    if options.json:
        told = {
            "path": str(packed.path),
            "annotator": options.annotator,
            "items": packed.items,
            "new": list(packed.new),
            "removed": list(packed.removed),
            "left_out": [each.to_json() for each in packed.left_out],
        }
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(f"{target}: {packed.items} items for {options.annotator}, {len(packed.new)} of them new.")
    for code in packed.removed:
        print(f"  {code}: is not in her queue any more and was taken out")
    for each in packed.left_out:
        print(f"  left out: {each.what}: {each.why}")
    return 0
