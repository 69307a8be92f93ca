"""Run by PsychoPy's own Python in the environment that `evoke bench onset` makes: shows pictures, logs flips.

    python onset_psychopy.py PICTURES.json OUT.json

It is no part of Evoke: nothing of it is imported here, and PsychoPy is imported nowhere else.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

SPIN_S = 0.05


def main(order: Path, out: Path) -> None:
    """Show every picture at its time and store when PsychoPy says it was shown."""
    from psychopy import core, visual  # type: ignore[import-not-found]

    plan = json.loads(order.read_text())
    window = visual.Window(
        size=plan["size"],
        units="pix",
        color=[0, 0, 0],
        waitBlanking=True,
        checkTiming=False,
        allowGUI=False,
        pos=(0, 0),
    )
    window.mouseVisible = False
    pictures = [visual.ImageStim(window, image=name, size=plan["picture"]) for name in plan["pictures"]]
    for picture in pictures:
        # The first drawing uploads the texture.
        picture.draw()
    window.flip()
    window.flip()
    core.rush(True)
    # Both clocks are CLOCK_MONOTONIC with another zero: the closest pair of many tells it.
    pairs = [(time.monotonic() - core.getTime(), time.monotonic()) for _ in range(2000)]
    zero_s = min(value for value, _ in pairs)
    start_s = core.getTime() + 1.0
    shown = []
    for number, picture in enumerate(pictures):
        due_s = start_s + number * (plan["blank_s"] + plan["picture_s"])
        for thing, at_s in ((None, due_s), (picture, due_s + plan["blank_s"])):
            if thing is not None:
                thing.draw()
            core.wait(at_s - core.getTime(), hogCPUperiod=SPIN_S)
            flipped_s = window.flip()
            if thing is not None:
                shown.append({"intended_s": at_s + zero_s, "logged_s": flipped_s + zero_s})
    core.wait(plan["picture_s"])
    window.close()
    out.write_text(json.dumps(shown))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
