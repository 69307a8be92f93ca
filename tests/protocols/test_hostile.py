"""Whatever a file holds, reading it runs nothing and ends with a protocol or a ProtocolError."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.problems import ProtocolError
from tests.protocols.files import SOUND, parse, problems_of

HOSTILE = (
    "!!python/object/apply:os.system ['touch {mark}']",
    "!!python/object/new:os.system ['touch {mark}']",
    "name: !!python/object/apply:pathlib.Path.touch ['{mark}']",
    "!!python/name:os.system",
    "!!python/module:os",
    "x: !!set {a}",
    "x: !!binary YQ==",
    "x: !!timestamp nonsense",
    "x: !!int nonsense",
    "x: !!float nonsense",
    "x: !!bool nonsense",
    "x: 2026-13-77",
    "x: 0b",
    "x: 1:99:99",
    "x: " + "1" * 9000,
    "x: .nan",
    "? [1]\n: 2",
    "? {a: b}\n: 2",
    "<<: {a: 1}",
    'a: "\\ud800"',
    "\x00",
    "[" * 5000 + "]" * 5000,
    "{" * 5000,
    "- " * 3000 + "a",
    "&a [*a]",
    "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]",
    "--- a\n--- b",
    "%YAML 9.9\n---\na: b",
    "%TAG ! tag:yaml.org,2002:python/object:\n--- !os.system {}",
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:30])
def test_hostile_yaml_is_refused_and_runs_nothing(text: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for whole in (text, SOUND + text.replace("{mark}", str(mark))):
        assert problems_of(whole.replace("{mark}", str(mark)))
    assert not mark.exists()


@given(st.text(max_size=200))
def test_any_text_is_a_protocol_or_a_protocol_error(text: str) -> None:
    with contextlib.suppress(ProtocolError):
        parse(text)


WRONG = "~|no|1|-1|0.5|.nan|-.inf|[]|{}|[a, {b: c}]|{a: {b: [1]}}|!x y|*a|&a b|'|2026-01-01|1e999|0x|text"
VALUES = st.sampled_from(
    [*WRONG.split("|"), "", '"\\x"', "[[[[]]]]", "{kind: typing}", "? a", "- b", "\t", "é\u0000"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(line=st.integers(0, len(SOUND.splitlines()) - 1), value=VALUES, whole=st.booleans())
def test_a_damaged_line_is_a_protocol_or_a_protocol_error(line: int, value: str, whole: bool) -> None:
    lines = SOUND.splitlines()
    key = "" if whole else lines[line].partition(":")[0] + ": "
    lines[line] = key + value
    with contextlib.suppress(ProtocolError):
        parse("\n".join(lines))
