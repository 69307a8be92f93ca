"""A change in one place leaves every other line, with its comments, as it is."""

from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.console import editor_text
from app.console.editor_text import EditError
from protocols import library
from stimuli.yamlfile import Loc, read_text

TEXT = """\
# A protocol.
name: small            # the name
title: "A title"
summary: >-
  Folded over
  two lines.

opening:
  # first, a welcome
  - kind: instruction  # read
    text: |-
      One

      two
    duration_s: {typical_s: 3}   # seconds
  - {kind: rest, duration_s: 2}

# trials below
trials:
  look:
    - {kind: fixation, duration_s: 0.5}
    # the picture
    - {kind: picture, duration_s: 2, size: {height_px: 3}}
blocks:
- name: main           # not indented
  draw: {a: 3, b: 3}
"""

# what is done, the lines that go, the lines that come
CASES: dict[str, tuple[Any, tuple[str, ...], tuple[str, ...]]] = {
    "a word": (
        lambda t: editor_text.put(t, ("name",), "large"),
        ("name: small            # the name",),
        ("name: large            # the name",),
    ),
    "a text that needs quotes": (
        lambda t: editor_text.put(t, ("title",), "Is it: yes?"),
        ('title: "A title"',),
        ('title: "Is it: yes?"',),
    ),
    "a folded text": (
        lambda t: editor_text.put(t, ("summary",), "Short"),
        ("summary: >-", "  Folded over", "  two lines."),
        ("summary: Short",),
    ),
    "a text of several lines": (
        lambda t: editor_text.put(t, ("opening", 0, "text"), "Three\n\nfour"),
        ("      One", "      two"),
        ("      Three", "      four"),
    ),
    "a number in braces": (
        lambda t: editor_text.put(t, ("trials", "look", 1, "duration_s"), 2.5),
        ("    - {kind: picture, duration_s: 2, size: {height_px: 3}}",),
        ("    - {kind: picture, duration_s: 2.5, size: {height_px: 3}}",),
    ),
    "a new key in braces": (
        lambda t: editor_text.put(t, ("trials", "look", 0, "symbol"), "+"),
        ("    - {kind: fixation, duration_s: 0.5}",),
        ('    - {kind: fixation, duration_s: 0.5, symbol: "+"}',),
    ),
    "a new key of an entry": (
        lambda t: editor_text.put(t, ("blocks", 0, "repeat"), 2),
        (),
        ("  repeat: 2",),
    ),
    "a new key of the file": (lambda t: editor_text.put(t, ("version",), 1), (), ("version: 1",)),
    "a key less in braces": (
        lambda t: editor_text.remove(t, ("trials", "look", 1, "size")),
        ("    - {kind: picture, duration_s: 2, size: {height_px: 3}}",),
        ("    - {kind: picture, duration_s: 2}",),
    ),
    "a key less of the file": (lambda t: editor_text.remove(t, ("title",)), ('title: "A title"',), ()),
    "an entry less, its comment with it": (
        lambda t: editor_text.remove(t, ("trials", "look", 1)),
        ("    # the picture", "    - {kind: picture, duration_s: 2, size: {height_px: 3}}"),
        (),
    ),
    "the last entry less": (
        lambda t: editor_text.remove(t, ("blocks", 0)),
        ("blocks:", "- name: main           # not indented", "  draw: {a: 3, b: 3}"),
        (),
    ),
    "an entry more at the end": (
        lambda t: editor_text.insert(t, ("opening",), 2, {"kind": "rest", "duration_s": 9}),
        (),
        ("  - {kind: rest, duration_s: 9}",),
    ),
    "an entry more in front": (
        lambda t: editor_text.insert(t, ("trials", "look"), 0, {"kind": "blank", "duration_s": 1}),
        (),
        ("    - {kind: blank, duration_s: 1}",),
    ),
    "a list that was not there": (
        lambda t: editor_text.insert(t, ("debriefing",), 0, {"kind": "rest", "duration_s": 9}),
        (),
        ("debriefing:", "  - {kind: rest, duration_s: 9}"),
    ),
    "an entry again": (
        lambda t: editor_text.duplicate(t, ("trials", "look"), 1),
        (),
        ("    # the picture", "    - {kind: picture, duration_s: 2, size: {height_px: 3}}"),
    ),
}


def differing(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that went and those that came, empty ones left out."""
    old, new = before.splitlines(), after.splitlines()
    for line in [line for line in old if line in new]:
        if line in new and line in old:
            old.remove(line)
            new.remove(line)
    return [line for line in old if line], [line for line in new if line]


@pytest.mark.parametrize("case", CASES)
def test_only_the_lines_concerned_change(case: str) -> None:
    change, went, came = CASES[case]
    assert differing(TEXT, change(TEXT)) == (list(went), list(came))


def test_a_move_takes_its_comment_along() -> None:
    moved = editor_text.move(TEXT, ("trials", "look"), 1, 0)
    lines = moved.splitlines()
    place = lines.index("    # the picture")
    assert lines[place + 1].startswith("    - {kind: picture")
    assert lines[place + 2].startswith("    - {kind: fixation")
    assert editor_text.move(moved, ("trials", "look"), 0, 1) == TEXT


def test_what_cannot_be_done_is_refused() -> None:
    words = "Change it in the text"
    with pytest.raises(EditError, match=words):
        editor_text.put(TEXT, ("nothing", "here"), 1)
    with pytest.raises(EditError, match=words):
        editor_text.put("a: [", ("a",), 1)
    with pytest.raises(EditError, match=words):
        editor_text.move(TEXT, ("blocks",), 0, 1)


def places(values: Any, loc: Loc = ()) -> list[tuple[Loc, Any]]:
    """Return every place of plain values with what stands there."""
    found: list[tuple[Loc, Any]] = [(loc, values)] if loc else []
    if isinstance(values, dict):
        found += [each for key, value in values.items() for each in places(value, (*loc, key))]
    if isinstance(values, list):
        found += [each for place, value in enumerate(values) for each in places(value, (*loc, place))]
    return found


FILES = {name: path.read_text(encoding="utf-8") for name, path in library().items()}
PLACES = {name: places(read_text(text, "").values) for name, text in FILES.items()}
VALUES = st.one_of(
    st.integers(0, 99),
    st.floats(0.1, 99).map(lambda number: round(number, 2)),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30),
    st.sampled_from(["yes", "no", "a: b", "- x", "# x", "two\n\nlines", "ends\n", "1", "", " x", "{a}", "?"]),
    st.just({"typical_s": 3.0, "max_s": 9.0}),
    st.just(["one", "two"]),
)


def comments(text: str) -> list[str]:
    """Return the lines that are comments."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_any_value_may_stand_anywhere_in_the_library_s_files(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    loc, before = data.draw(st.sampled_from(PLACES[name]))
    value = data.draw(VALUES)
    text = FILES[name]
    try:
        changed = editor_text.put(text, loc, value)
    except EditError:
        assume(False)
    values = yaml.safe_load(changed)
    for part in loc:
        values = values[part]
    assert values == value
    if not isinstance(before, dict | list):
        assert comments(changed) == comments(text)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_entries_come_and_go_in_the_library_s_files(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    lists = [(loc, value) for loc, value in PLACES[name] if isinstance(value, list) and value]
    loc, entries = data.draw(st.sampled_from(lists))
    place = data.draw(st.integers(0, len(entries) - 1))
    text = FILES[name]
    again = editor_text.duplicate(text, loc, place)
    assert editor_text.remove(again, (*loc, place + 1)).split() == text.split()
    longer = editor_text.insert(text, loc, place, {"kind": "blank", "duration_s": 1})
    assert comments(longer) == comments(text)
    if len(entries) > 1:
        to = place + 1 if place + 1 < len(entries) else place - 1
        moved = editor_text.move(text, loc, place, to)
        assert sorted(moved) == sorted(text)
        assert editor_text.move(moved, loc, to, place) == text
