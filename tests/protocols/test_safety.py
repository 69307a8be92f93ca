"""Participants are warned before what hurts, and helped after what was asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from protocols.expand import expand
from protocols.safety import flashing_stage, luminance, safety_problems
from tests.protocols.files import SOUND, changed, parse
from tests.protocols.rich import rich, write_files

WARNING = """\
warning:
  unpleasant: Some pictures are sad.
  flashes: The screen flickers.
  screening: [{id: well, text: "Are you well?"}]
"""

MILD = changed("unpleasant: {category: unpleasant}", "unpleasant: {ids: [storm, spider, dead-tree]}")


def told(text: str) -> list[str]:
    return [str(problem) for problem in safety_problems(parse(text))]


def test_a_sad_picture_needs_a_warning_and_a_question() -> None:
    (problem,) = told(SOUND)
    assert problem.startswith("p.yaml:23: unpleasant content (graveyard has valence 2.8) needs a warning")
    assert told(SOUND + WARNING) == []


def test_a_warning_of_something_else_does_not_count() -> None:
    text = SOUND + WARNING.replace("  unpleasant: Some pictures are sad.\n", "")
    assert len(told(text)) == 1


def test_what_is_not_very_unpleasant_needs_none_unless_it_is_marked() -> None:
    assert told(MILD) == []
    marked = MILD.replace("dead-tree]}", "dead-tree], unpleasant: true}")
    (problem,) = told(marked)
    assert problem.startswith('p.yaml:8: unpleasant content (the category "unpleasant") needs a warning')


def test_pictures_that_are_never_shown_hurt_nobody() -> None:
    assert told(SOUND.replace("    - {kind: picture, duration_s: 2}\n", "")) == []


def test_a_fixed_film_counts_as_a_drawn_one(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    assert list(safety_problems(rich(folder))) == []
    protocol = rich(folder, "stimulus: clip-2, volume", "stimulus: horror, volume")
    silent = replace(protocol, document=protocol.document.model_copy(update={"warning": None}))
    (problem,) = safety_problems(silent)
    assert str(problem).startswith("rich.yaml:39: unpleasant content (horror has valence 1.5)")


def test_questions_on_harm_need_a_helper_text(tmp_path: Path) -> None:
    helper = "helper_text: {en: Call somebody., de: Rufen Sie jemanden an.}\n"
    (problem,) = safety_problems(rich(write_files(tmp_path), helper))
    assert str(problem) == (
        'rich.yaml:37: "phq-9" asks about harm, and there is no text with where to find help. '
        "Add helper_text to the protocol."
    )


def flicker(*stages: str) -> str:
    """Return a protocol whose trials show these stages, one after the other, six times."""
    listed = "\n".join(f"    - {stage}" for stage in stages)
    head, _, rest = MILD.partition("  look:\n")
    _, _, blocks = rest.partition("blocks:\n")
    blocks = blocks.replace("    pause: {every: 4, stage: {kind: break, duration_s: 5}}\n", "")
    head = head.replace("  - {name: tasks, rotate: [typing, speaking]}\n", "")
    return f"{head}  look:\n{listed}\nblocks:\n{blocks}"


@pytest.mark.parametrize(
    ("stages", "flashes"),
    [
        # 5 Hz and 2.5 Hz of black and white
        (("{kind: blank, duration_s: 0.1, background: '#000000'}", "{kind: flash, duration_s: 0.1}"), True),
        (("{kind: blank, duration_s: 0.2, background: '#000000'}", "{kind: flash, duration_s: 0.2}"), False),
        # as fast, but nearly of one light
        (
            (
                '{kind: blank, name: a, duration_s: 0.1, background: "#707070"}',
                '{kind: blank, name: b, duration_s: 0.1, background: "#808080"}',
            ),
            False,
        ),
        # ten pictures a second, and one
        (("{kind: picture, duration_s: 0.1}", "{kind: mask, duration_s: 0.1}"), True),
        (("{kind: picture, duration_s: 1}",), False),
        # four steps a second, and twelve
        (
            ("{kind: sequence, steps: [{mask: noise, duration_s: 0.5}, {mask: lines, duration_s: 0.5}]}",),
            False,
        ),
        (
            ("{kind: sequence, steps: [{mask: noise, duration_s: 0.08}, {mask: noise, duration_s: 0.08}]}",),
            True,
        ),
    ],
)
def test_more_than_three_flashes_a_second_need_a_warning(stages: tuple[str, ...], flashes: bool) -> None:
    protocol = parse(flicker(*stages))
    assert (flashing_stage(expand(protocol, "x", 1, 0, 1)) is not None) == flashes
    told_of = ["flashes a second" in problem for problem in told(flicker(*stages))]
    assert told_of == ([True] if flashes else [])
    assert told(flicker(*stages) + WARNING) == []


def test_luminance_is_that_of_the_standard() -> None:
    assert luminance("#FFFFFF") == pytest.approx(1)
    assert luminance("#000000") == 0
    assert luminance("#808080") == pytest.approx(0.2159, abs=1e-4)
