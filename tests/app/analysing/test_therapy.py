"""The therapy assessment: both ends of long recordings, means, intervals, the figure, the command."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.steps import Steps
from analysis.evaluation.trained import Trained
from analysis.recognizers.recognizer import CancelledError, Context
from analysis.recognizers.table import make
from app.analysing.therapy import (
    Assessment,
    Mean,
    Person,
    Point,
    TherapyError,
    _axes,
    _said_of,
    assess,
    block_means,
)
from app.analysing.therapy_files import COLUMNS, circumplex, table, write
from app.cli import main
from tests.helpers.batches import make_cases
from tests.helpers.bodies_and_faces import QUICK, SAMPLES, beats, one_step
from tests.helpers.corpus_files import info, numbers
from tests.helpers.corpus_files import write as write_session

RATE_HZ = 128.0
WINDOW_S = SAMPLES / RATE_HZ
SEGMENT = {"rate_hz": RATE_HZ, "scale": "minmax", "count": SAMPLES, "pad": "edge"}
MINUTES = 0.2
INPUTS = tuple(InputSpec(name, name, "samples", SEGMENT) for name in ("ecg", "eda"))
SVG = "{http://www.w3.org/2000/svg}"


def turns(label: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the beats of a segment in which a label from 1 to 9 shows itself."""
    return 1 + label / 2


def train(
    folder: Path, outputs: tuple[str, ...], target: dict[str, Any] | None = None, **changes: Any
) -> Path:
    """Save a model: ECG shows the first output, EDA the second one."""
    random = np.random.default_rng(0)
    cases = make_cases(8, 10)
    labels = random.uniform(1, 9, (len(cases), 2))
    inputs = {
        name: one_step(beats(turns(labels[:, place]), random)) for place, name in enumerate(("ecg", "eda"))
    }
    shown = {"valence": 0, "arousal": 1}
    if changes.get("classes"):
        batch = Batch(cases, inputs, (labels[:, 0] > 5).astype(np.int64), changes["classes"])
    else:
        columns = [shown.get(each.rsplit("-", 1)[-1], 0) for each in outputs]
        batch = Batch(cases, inputs, labels[:, columns], (), outputs)
    recognizer = make("bmmn", {**QUICK, "epochs": changes.get("epochs", 60)})
    recognizer.fit(batch, None, Context(seed=1))
    experiment = Experiment(
        "bmmn", target or {}, "", cases=CaseSpec("window", WINDOW_S, WINDOW_S), inputs=INPUTS
    )
    shapes = {name: tuple(f"{name} {place}" for place in range(SAMPLES)) for name in inputs}
    about = changes.get("about", {})
    Trained(experiment, recognizer, Steps((), []), batch.classes, outputs, shapes, about).save(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("model") / "model", ("valence", "arousal"))


@pytest.fixture(scope="module")
def valence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("valence") / "model", ("sam-valence",), epochs=1)


@pytest.fixture(scope="module")
def arousal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("arousal") / "model", ("sam-arousal",), epochs=1)


def recording(
    path: Path, before: Sequence[float], after: Sequence[float], rate_hz: float = 800.0, seconds: float = 36.0
) -> Path:
    """Write a session whose valence and arousal go from `before` to `after` at its middle."""
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    streams = []
    for place, name in enumerate(("ecg", "eda")):
        label = np.where(times < seconds / 2, before[place], after[place])
        turn = np.cumsum(turns(label)) / (WINDOW_S * rate_hz)
        wave = 300 + 40 * np.sin(2 * np.pi * turn)
        about = info(name, name, rate_hz, (f"amplifier {name}",))
        streams.append(numbers(about, times, wave))
    return write_session(path, streams, participant=path.stem.split("_")[0])


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("sessions")
    return (
        recording(folder / "P01_long.h5", (2.5, 7.5), (7.5, 2.5)),
        recording(folder / "P02_long.h5", (7.5, 7.5), (2.5, 7.5), rate_hz=128.0),
    )


@pytest.fixture(scope="module")
def found(model: Path, sessions: tuple[Path, ...]) -> Assessment:
    return assess(model, sessions, MINUTES)


def test_a_calmed_participant_moves_from_the_second_quadrant_to_the_fourth(found: Assessment) -> None:
    person = found.people[0]
    assert (person.participant, person.recording) == ("P01", "P01_long")
    assert (person.before.quadrant, person.after.quadrant) == ("II", "IV")
    assert person.is_as_expected
    assert person.before.valence.value == pytest.approx((2.5 - 5) / 4, abs=0.3)
    assert person.after.arousal.value == pytest.approx((2.5 - 5) / 4, abs=0.3)


def test_another_movement_is_told_as_it_is(found: Assessment) -> None:
    person = found.people[1]
    assert (person.before.quadrant, person.after.quadrant) == ("I", "II")
    assert not person.is_as_expected
    assert found.expected == 1


def test_every_whole_window_of_both_ends_counts(found: Assessment) -> None:
    windows = int(MINUTES * 60 / WINDOW_S)
    assert all(each.windows == windows for person in found.people for each in (person.before, person.after))


def test_intervals_lie_about_their_means_and_notes_say_the_scale(found: Assessment) -> None:
    for person in found.people:
        for mean in (
            person.before.valence, person.after.arousal, person.valence_change, person.arousal_change
        ):  # fmt: skip
            assert mean.low <= mean.value <= mean.high
    assert any("valence: (label - 5) / 4" in note for note in found.notes)


def test_windows_beyond_the_scale_are_told(model: Path) -> None:
    axis = _axes(model)["arousal"]
    labels = np.array([[5.0, 0.9], [5.0, 1.0], [5.0, 9.0], [5.0, 30.0]])
    np.testing.assert_array_equal(axis.of(labels), [-1, -1, 1, 1])
    assert list(axis.cut("P01", "arousal", labels)) == [
        "P01, arousal: 2 of 4 windows were estimated outside 1 to 9 and count as the scale's end."
    ]
    assert list(axis.cut("P01", "arousal", labels[1:3])) == []


def test_a_scale_of_seven_points_has_its_own_middle(tmp_path: Path) -> None:
    middles = {"valence": 4.0, "arousal": 4.0}
    folder = train(tmp_path / "model", ("valence", "arousal"), epochs=1, about={"middles": middles})
    axis = _axes(folder)["valence"]
    told = np.array([[1.0, 4.0], [5.5, 4.0], [7.0, 4.0], [7.5, 4.0]])
    assert axis.of(told).tolist() == [-1, 0.5, 1, 1]
    assert list(axis.cut("P01", "valence", told)) == [
        "P01, valence: 1 of 4 windows were estimated outside 1 to 7 and count as the scale's end."
    ]
    assert next(iter(_said_of(_axes(folder)))) == (
        "valence: (label - 4) / 3; the model's labels are taken to go from 1 to 7."
    )


def test_an_800_hz_recording_gives_what_a_128_hz_one_gives(model: Path, tmp_path: Path) -> None:
    paths = [
        recording(tmp_path / f"P{n}_at.h5", (3, 7), (7, 3), rate_hz)
        for n, rate_hz in enumerate((800.0, 128.0))
    ]
    fast, plain = assess(model, paths, MINUTES).people
    assert fast.before.valence.value == pytest.approx(plain.before.valence.value, abs=0.05)
    assert fast.after.arousal.value == pytest.approx(plain.after.arousal.value, abs=0.05)


def test_two_models_one_for_each_axis_do_as_well(
    tmp_path: Path, valence: Path, arousal: Path, sessions: tuple[Path, ...]
) -> None:
    # A run holds its model in a folder of that name.
    (tmp_path / "one").symlink_to(valence.parent, target_is_directory=True)
    (tmp_path / "other").symlink_to(arousal, target_is_directory=True)
    alone = assess(tmp_path, sessions[:1], MINUTES)
    assert [axis.trained.outputs for axis in _axes(tmp_path).values()] == [("sam-valence",), ("sam-arousal",)]
    assert np.isfinite([float(each) for row in table(alone) for each in row[2:20]]).all()


@pytest.mark.slow
def test_two_classes_give_a_coordinate_from_their_probability(
    tmp_path: Path, arousal: Path, sessions: tuple[Path, ...]
) -> None:
    target = {"name": "valence-high", "of": ["valence"]}
    train(tmp_path / "valence", (), target, classes=("low", "high"))
    (tmp_path / "arousal").symlink_to(arousal, target_is_directory=True)
    told = assess(tmp_path, sessions[:1], MINUTES)
    assert told.people[0].before.valence.value < 0 < told.people[0].after.valence.value
    assert any("2 p - 1, where p is the probability of 'high'" in note for note in told.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classes", "target", "high"),
    [
        (("high", "low"), {}, 0),
        (("negative", "positive"), {}, 1),
        (("pleasant", "unpleasant"), {}, 0),
        (("a", "b"), {"rule": "threshold"}, 1),
    ],
)
def test_the_high_side_is_told_by_its_name_and_not_by_the_order_of_letters(
    tmp_path: Path, arousal: Path, classes: tuple[str, str], target: dict[str, Any], high: int
) -> None:
    train(tmp_path / "valence", (), {"name": "valence", **target}, classes=classes, epochs=1)
    (tmp_path / "arousal").symlink_to(arousal, target_is_directory=True)
    assert _axes(tmp_path)["valence"].column == high


@pytest.mark.slow
def test_classes_whose_high_side_nobody_knows_are_refused(tmp_path: Path) -> None:
    train(tmp_path / "valence", (), {"name": "valence"}, classes=("one", "other"), epochs=1)
    with pytest.raises(TherapyError, match="which of one and other is the high side of valence is not known"):
        _axes(tmp_path)


def both_twice(folder: Path, model: Path) -> Path:
    for name in ("a", "b"):
        (folder / "both").mkdir(exist_ok=True)
        (folder / "both" / name).symlink_to(model, target_is_directory=True)
    return folder / "both"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda folder, model: folder / "gone", "holds no trained recognizer"),
        (both_twice, "two models tell"),
    ],
)
def test_a_folder_without_both_axes_is_refused(
    tmp_path: Path, model: Path, sessions: tuple[Path, ...], made: Callable[[Path, Path], Path], message: str
) -> None:
    with pytest.raises(TherapyError, match=message):
        assess(made(tmp_path, model), sessions, MINUTES)


def test_a_model_of_one_axis_is_refused(valence: Path, sessions: tuple[Path, ...]) -> None:
    with pytest.raises(TherapyError, match="no model in it tells arousal"):
        assess(valence, sessions, MINUTES)


def test_a_recording_that_is_too_short_is_told_with_what_would_do(
    model: Path, sessions: tuple[Path, ...]
) -> None:
    with pytest.raises(
        TherapyError, match=r"lasts 0\.6 minutes, less than twice 15\. Take at most 0\.\d minutes"
    ):
        assess(model, sessions)
    with pytest.raises(TherapyError, match="are no length of time"):
        assess(model, sessions, 0)


def test_a_recording_without_the_signals_is_told(model: Path, tmp_path: Path) -> None:
    times = np.arange(400) / 10
    path = write_session(tmp_path / "P09.h5", [numbers(info("t", "temperature", 10.0), times, times)])
    with pytest.raises(TherapyError, match="holds none of ecg, eda"):
        assess(model, [path], MINUTES)


def test_it_tells_how_far_it_is_and_can_be_stopped(model: Path, sessions: tuple[Path, ...]) -> None:
    shares: list[float] = []
    assess(model, sessions, MINUTES, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    with pytest.raises(CancelledError):
        assess(model, sessions, MINUTES, cancelled=lambda: True)


def test_blocks_of_neighbours_widen_the_interval_of_slow_changes() -> None:
    slow = np.repeat([0.0, 1.0, 0.0, 1.0], 25)
    single, blocks = block_means(slow, 1), block_means(slow, 25)
    assert blocks.std() > 2 * single.std()
    assert single.std() == pytest.approx(0.5 / 10, rel=0.1)
    assert block_means(slow, 10_000).std() == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal(block_means(slow, 7), block_means(slow, 7))


def point(valence: float, arousal: float) -> Point:
    return Point(Mean(valence, valence - 0.1, valence + 0.1), Mean(arousal, arousal - 0.1, arousal + 0.1), 9)


@pytest.mark.parametrize(
    ("valence", "arousal", "quadrant"),
    [(0.1, 0.1, "I"), (-0.1, 0.1, "II"), (-0.1, -0.1, "III"), (0.1, -0.1, "IV")],
)
def test_quadrants_count_against_the_clock(valence: float, arousal: float, quadrant: str) -> None:
    assert point(valence, arousal).quadrant == quadrant


def test_the_figure_shows_each_session_where_it_was(found: Assessment) -> None:
    root = ElementTree.fromstring(circumplex(found).svg())
    tips = [each.text or "" for each in root.iter(f"{SVG}title")]
    assert any(tip.startswith("1 P01, before: valence -") and tip.endswith("quadrant II") for tip in tips)
    words = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    for said in (
        "I: high valence, high arousal", "II: low valence, high arousal", "III: low valence, low arousal",
        "IV: high valence, low arousal", "expected: from quadrant II to IV", "valence up, arousal down: 1 of "
        "2",
        "1 P01 II → IV as expected", "2 P02 I → II otherwise",
    ):  # fmt: skip
        assert said in words


def test_a_long_name_is_shortened_and_marks_up_nothing() -> None:
    who = "<b>a participant with a long code</b>"
    change = Mean(0, -0.1, 0.1)
    told = Assessment("M", 15, (Person(who, "r", point(-2, 2), point(0, 0), change, change),))
    root = ElementTree.fromstring(circumplex(told).svg())
    words = [each.text or "" for each in root.iter(f"{SVG}text")]
    assert any(each.startswith("<b>a participant") and each.endswith("…") for each in words)


def test_files_hold_the_same_numbers(found: Assessment, tmp_path: Path) -> None:
    paths = write(found, tmp_path / "out")
    assert [path.name for path in paths] == ["therapy.csv", "therapy.svg", "therapy.json"]
    with paths[0].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(table(found)) == len(rows) == 2
    values = json.loads(paths[2].read_text(encoding="utf-8"))
    for row, person in zip(rows, values["people"], strict=True):
        assert float(row["before_valence"]) == pytest.approx(person["before"]["valence"]["value"], abs=1e-4)
        assert float(row["change_arousal_high"]) == pytest.approx(person["arousal_change"]["high"], abs=1e-4)
        assert row["after_quadrant"] == person["after"]["quadrant"]


def test_the_command_writes_and_tells(
    model: Path, sessions: tuple[Path, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "therapy",
        str(model),
        *map(str, sessions),
        "--minutes",
        str(MINUTES),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "P01: II to IV; valence +" in told
    assert "as expected: 1 of 2" in told
    assert main([*arguments, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["expected"] == 1
    assert all(Path(path).is_file() for path in values["files"])


def test_the_command_fails_with_one_message(
    sessions: tuple[Path, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["therapy", str(tmp_path / "gone"), str(sessions[0]), "--out", str(tmp_path / "out")]) == 1
    assert "holds no trained recognizer" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
