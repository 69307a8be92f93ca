"""The bundled questionnaires are scored as their sources say, and a wrong file is refused."""

from pathlib import Path

import pytest

from protocols.instruments import instrument_files, load_instrument
from stimuli.problems import ProblemsError

SMALL = """\
id: small
title: Small
source: Nobody
licence: MIT
languages: [en]
common: {scale: likert, points: 5}
items:
  - {id: a, text: A}
  - {id: b, text: B}
  - {id: c, text: C, scale: text, points: 3}
scoring:
  - id: total
    rule: mean
    items: [a, b]
    turned: [b]
    cut_offs: [{at_least: 2, label: some}, {at_least: 4, label: much}]
"""


def write(folder: Path, text: str) -> str:
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return "small.yaml"


@pytest.mark.parametrize("name", instrument_files())
def test_every_instrument_has_every_text_in_all_its_languages(name: str) -> None:
    from protocols.filling import words_of

    instrument = load_instrument(name)
    assert instrument.id == name
    for _, words, _ in words_of(instrument):
        if words.root and not words.is_wordless:
            assert words.table.keys() == set(instrument.languages)


def test_phq_9_is_the_sum_of_nine_answers_from_0_to_3() -> None:
    phq = load_instrument("phq-9")
    answers: dict[str, object] = {item.id: 3 for item in phq.items}
    assert phq.score(answers) == {"total": 27}
    assert phq.score(answers | {"phq9-9": None}) == {"total": None}
    bands = [phq.band("total", value, "en") for value in (0, 4, 5, 9, 10, 14, 15, 19, 20, 27)]
    assert len(set(bands)) == 5
    assert [left == right for left, right in zip(bands[::2], bands[1::2], strict=True)] == [True] * 5


def test_scores_turn_around_and_average(tmp_path: Path) -> None:
    small = load_instrument(
        write(tmp_path, SMALL.replace("  - {id: c, text: C, scale: text, points: 3}\n", "")), tmp_path
    )
    assert small.score({"a": 5, "b": 1}) == {"total": 5}
    assert small.score({"a": 1, "b": 1}) == {"total": 3}
    assert small.score({"a": 1}) == {"total": None}
    assert [small.band("total", value, "en") for value in (1, 2, 3.9, 4)] == ["", "some", "some", "much"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("points: 3}", "points: 3}", 'unknown key "points"'),
        ("turned: [b]", "turned: [d]", 'there is no item "d".'),
        ("id: b", "id: a", "two items have the same id."),
        ("licence: MIT\n", "", '"licence" is missing'),
    ],
)
def test_a_wrong_file_is_refused_with_reasons(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = SMALL if old == new else SMALL.replace(", scale: text, points: 3", "").replace(old, new)
    with pytest.raises(ProblemsError) as caught:
        load_instrument(write(tmp_path, text), tmp_path)
    assert problem in str(caught.value)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(ProblemsError, match=r'there is no instrument "phq9".*Did you mean "phq-9"\?'):
        load_instrument("phq9")
