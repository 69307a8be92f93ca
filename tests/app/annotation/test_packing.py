"""Packages: what is in them, what is in none of them, packing again, and that they tell nothing hidden."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.labels.scheme import SHOWABLE, Scheme
from analysis.labels.scheme_json import with_checksum
from analysis.session_file import file_sha256, open_session, verify
from app import consent, withdrawal
from app.annotation.answers import unnamed
from app.annotation.collecting import collect
from app.annotation.curating import matters, reply
from app.annotation.dealing import Shares
from app.annotation.handing_on import hand_on
from app.annotation.pack_place import PackPlace
from app.annotation.packing import pack
from app.annotation.places import PackError, StudyPlace, open_place
from app.annotation.plans import grow, make_plan, plan_of
from app.annotation.schemes import add_scheme, bundled
from app.annotation.training import add_example
from app.annotation.trials import trials_of
from app.annotation.unpacking import unpack
from app.consent import Answers
from app.study import Study
from tests.helpers.blind import OTHER, contents, everything_told, twins
from tests.helpers.labelled import PROTOCOL, VERSION, add_session
from tests.helpers.labelling import answered, label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")
NOBODYS = Shares(0.0, 0.0)


@pytest.fixture(scope="module")
def ready(pristine_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study of which two annotators have two trials each, and the package of one, once."""
    folder = tmp_path_factory.mktemp("ready")
    study = Study.open(Path(shutil.copytree(pristine_small, folder / "study")))
    planned(study)
    pack(study, "anna", folder / "pack")
    return folder


@pytest.fixture
def study(small: Study) -> Study:
    """Return the study before anything was planned."""
    return small


@pytest.fixture
def away(ready: Path, tmp_path: Path) -> PackPlace:
    """Return a copy of the package; its study lies beside it."""
    shutil.copytree(ready, tmp_path / "ready")
    return PackPlace(tmp_path / "ready" / "pack")


def home(away: PackPlace) -> Study:
    """Return the study that a package was made of."""
    return Study.open(away.folder.parent / "study")


def planned(study: Study, scheme: Scheme = SAM, shares: Shares = NOBODYS) -> StudyPlace:
    make_plan(study, "faces", scheme, ["anna", "ben"], 3, shares)
    return StudyPlace(study)


def packed(study: Study, tmp_path: Path) -> PackPlace:
    pack(study, "anna", tmp_path / "pack")
    return PackPlace(tmp_path / "pack")


def showing(study: Study, **changes: object) -> Scheme:
    """Return a scheme that hides or shows something else than `sam`."""
    return add_scheme(study, with_checksum(replace(SAM, name="other", **changes)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    """Return the twins, planned alike, each with a training example."""
    made = twins(tmp_path_factory.mktemp("twins"), trials=2)
    for study in made:
        planned(study, shares=Shares(0.5, 0.25))
        trials, _ = trials_of(study, SAM)
        add_example(study, SAM, trials[3], [answered(trials[3].trial, 4)])
    return made


def test_studies_that_differ_in_hidden_facts_alone_give_equal_packages(
    blind: tuple[Study, Study], tmp_path: Path
) -> None:
    queues = []
    for number, study in enumerate(blind):
        made = pack(study, "anna", tmp_path / f"{number}.zip")
        assert made.items == len(StudyPlace(study).queue("anna")) + 1
        away = unpack(tmp_path / f"{number}.zip", tmp_path / str(number))
        queues.append((away.queue("anna"), away.training("anna")))
    one, other = (contents(tmp_path / str(number)) for number in (0, 1))
    assert one == other
    assert len([name for name in one if name.endswith(".h5")]) > 2, "something was compared"
    assert contents(tmp_path / "0.zip") == contents(tmp_path / "1.zip")
    assert queues[0] == queues[1]


@pytest.mark.slow
def test_where_nothing_is_hidden_the_same_studies_give_different_packages(
    blind: tuple[Study, Study], tmp_path: Path
) -> None:
    told = []
    for number, study in enumerate(blind):
        scheme = showing(study, hide=frozenset(), show=frozenset(SHOWABLE))
        make_plan(study, "open", scheme, ["dora"], 3, NOBODYS)
        pack(study, "dora", tmp_path / str(number))
        told.append(contents(tmp_path / str(number)))
    assert set(told[0]) == set(told[1])
    assert {name for name in told[0] if told[0][name] != told[1][name]} == {
        name for name in told[0] if name.endswith(".h5")
    }


def test_what_may_be_seen_in_the_study_tells_nothing_hidden_either(blind: tuple[Study, Study]) -> None:
    queues = []
    for study in blind:
        place = StudyPlace(study)
        items = place.queue("anna")
        seen = [place.visible(item, SAM) for item in items]
        assert all(not view.condition and not view.names for view in seen)
        queues.append([(item.code, item.window_s, view) for item, view in zip(items, seen, strict=True)])
        assert any(view.muted_s for view in seen)
    assert queues[0] == queues[1]


@pytest.mark.slow
def test_no_byte_of_a_package_names_what_is_hidden(blind: tuple[Study, Study], tmp_path: Path) -> None:
    study = blind[1]
    pack(study, "ben", tmp_path / "pack")
    uuids = [session.uuid for session in study.sessions()]
    secrets = [*OTHER.stimuli, *OTHER.categories, "sub-", "pictures", "P0", study.uuid, *uuids]
    everything = everything_told(tmp_path / "pack")
    assert [secret for secret in secrets if secret in everything] == []


def test_an_excerpt_is_an_ordinary_session_with_the_same_signals(away: PackPlace) -> None:
    place = StudyPlace(home(away))
    for item, coded in zip(place.queue("anna"), away.queue("anna"), strict=True):
        assert coded.code == item.code
        start_s, end_s = item.window_s
        assert coded.window_s == pytest.approx((0, end_s - start_s), abs=1e-9)
        verify(away.session_path(coded), file_sha256(away.session_path(coded)))
        with open_session(place.session_path(item)) as whole, open_session(away.session_path(coded)) as piece:
            assert set(piece.streams) == set(whole.streams)
            for name, stream in piece.streams.items():
                times = whole.streams[name].corrected_times()
                rows = np.flatnonzero((times >= start_s) & (times < end_s))
                assert stream.corrected_times() == pytest.approx(times[rows] - start_s, abs=1e-6)
                if name != "mic":
                    first, stop = int(rows[0]), int(rows[-1]) + 1
                    assert np.array_equal(stream.data[:], whole.streams[name].data[first:stop])
            assert list(piece.trials["index"]) == [0]
            assert piece.attributes["name"] == item.code


def test_sound_is_zero_while_a_stimulus_is_on_and_heard_elsewhere(away: PackPlace) -> None:
    place = StudyPlace(home(away))
    for item, coded in zip(place.queue("anna"), away.queue("anna"), strict=True):
        ((from_s, to_s),) = away.visible(coded, SAM).muted_s
        with open_session(away.session_path(coded)) as piece, open_session(place.session_path(item)) as whole:
            times = piece.streams["mic"].corrected_times()
            sound = piece.streams["mic"].data[:][:, 0]
            silent, heard = (
                (times > from_s) & (times < to_s),
                (times < from_s - 0.001) | (times > to_s + 0.001),
            )
            assert silent.any()
            assert not sound[silent].any()
            first = int(np.searchsorted(whole.streams["mic"].corrected_times(), item.window_s[0]))
            original = whole.streams["mic"].data[first : first + len(sound)][:, 0]
            assert original[silent].any()
            assert heard.any()
            assert np.array_equal(sound[heard], original[heard])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "streams", "keys", "events"),
    [
        ({"show": frozenset({"camera"})}, {"camera"}, 0, set()),
        ({"show": frozenset({"sound", "eeg"})}, {"mic", "eeg"}, 0, set()),
        ({"show": frozenset({"wristband", "keys"})}, {"bvp", "eda"}, 0, set()),
        (
            {"show": frozenset({"wristband", "events"})},
            {"bvp", "eda"},
            0,
            {"stimulus_shown", "stimulus_hidden"},
        ),
        (
            {"show": frozenset({"camera", "keys", "events"}), "hide": frozenset({"participant"})},
            {"camera"},
            2,
            {"stimulus_shown", "stimulus_hidden", "stage_started", "response"},
        ),
    ],
)
def test_only_what_the_scheme_shows_is_packed(
    study: Study,
    tmp_path: Path,
    changes: dict[str, object],
    streams: set[str],
    keys: int,
    events: set[str],
) -> None:
    planned(study, showing(study, **changes))
    away = packed(study, tmp_path)
    with open_session(away.session_path(away.queue("anna")[0])) as piece:
        assert set(piece.streams) == streams
        assert len(piece.keys["time"]) == keys
        told = {event.kind for event in piece.events} - {"trial_started", "trial_ended"}
        assert told == events


@pytest.mark.slow
def test_where_nothing_is_hidden_the_condition_and_answers_are_told(study: Study, tmp_path: Path) -> None:
    planned(study, showing(study, hide=frozenset(), show=frozenset(SHOWABLE)))
    away = packed(study, tmp_path)
    item = away.queue("anna")[0]
    view = away.visible(item, SAM)
    assert view.condition
    assert view.muted_s == ()
    assert not view.others, "other people's labels stay in the study"
    with open_session(away.session_path(item)) as piece:
        assert piece.trials["category"][0] in ("positive", "negative", "neutral")
        assert 0.4 < piece.trials["actual_onset_s"][0] < 1.1
        assert {response.payload["item"] for response in piece.events if response.kind == "response"} == {
            "valence"
        }
        assert "".join(piece.keys["key"]) == ""


@pytest.mark.slow
def test_streams_that_a_participant_has_not_agreed_to_stay_and_are_listed(
    study: Study, tmp_path: Path
) -> None:
    consent.give(study, Answers(refused=("camera", "voice")).consent("P01", PROTOCOL, VERSION))
    place = planned(study)
    made = pack(study, "anna", tmp_path / "pack")
    assert {each.what.partition(" of ")[0] for each in made.left_out} == {"stream camera", "stream mic"}
    assert all("sub-P01" in each.what for each in made.left_out)
    away = PackPlace(tmp_path / "pack")
    for item, coded in zip(place.queue("anna"), away.queue("anna"), strict=True):
        assert away.visible(coded, SAM).kinds == place.visible(item, SAM).kinds
        with open_session(away.session_path(coded)) as piece:
            assert ("camera" in piece.streams) == ("P02" in item.recording)


def test_packing_again_adds_what_is_new_and_keeps_her_work(away: PackPlace) -> None:
    study = home(away)
    first = away.queue("anna")[0]
    label(away, first, "anna", 7)
    before = {name: value for name, value in contents(away.folder).items() if name != "pack.json"}
    add_session(study, 2, trials=4)
    grow(study, plan_of(study, "faces"), SAM)
    again = pack(study, "anna", away.folder)
    assert (again.items, len(again.new), again.removed) == (4, 2, ())
    after = contents(away.folder)
    assert before.items() <= after.items(), "nothing that was there has changed"
    assert PackPlace(away.folder).states("anna")[first.code] == "finished"


@pytest.mark.slow
def test_opening_a_newer_zip_brings_what_is_new_into_her_folder(away: PackPlace, tmp_path: Path) -> None:
    study, hers = home(away), tmp_path / "hers"
    old = Path(shutil.make_archive(str(tmp_path / "old"), "zip", away.folder))
    place = unpack(old, hers)
    first, second = place.queue("anna")
    label(place, first, "anna", 7)
    add_session(study, 2, trials=2)
    grow(study, plan_of(study, "faces"), SAM)
    hand_on(study, plan_of(study, "faces"), [second.code], "anna", "ben")
    pack(study, "anna", tmp_path / "new.zip")
    for source in (tmp_path / "new.zip", old, tmp_path / "new.zip"):
        place = unpack(source, hers)
        codes = [item.code for item in place.queue("anna")]
        assert (codes[0], len(codes), second.code in codes) == (first.code, 2, False), (
            "the older one changes nothing"
        )
        assert place.states("anna")[first.code] == "finished"
        assert {path.stem for path in (hers / "items").iterdir()} == set(codes)
    pack(study, "ben", tmp_path / "bens.zip")
    with pytest.raises(PackError, match="is another package"):
        unpack(tmp_path / "bens.zip", hers)
    (tmp_path / "broken.zip").write_bytes(old.read_bytes()[:1000])
    with pytest.raises(PackError, match="is damaged or no zip"):
        unpack(tmp_path / "broken.zip", tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_a_new_zip_can_be_unzipped_over_her_folder(study: Study, tmp_path: Path) -> None:
    planned(study)
    pack(study, "anna", tmp_path / "anna.zip")
    with zipfile.ZipFile(tmp_path / "anna.zip") as content:
        content.extractall(tmp_path)
    away = PackPlace(tmp_path / "evoke-pack-anna")
    first = away.queue("anna")[0]
    label(away, first, "anna", 7)
    add_session(study, 2, trials=4)
    grow(study, plan_of(study, "faces"), SAM)
    pack(study, "anna", tmp_path / "anna.zip")
    with zipfile.ZipFile(tmp_path / "anna.zip") as content:
        assert not [name for name in content.namelist() if "annotations" in name]
        content.extractall(tmp_path)
    away = PackPlace(tmp_path / "evoke-pack-anna")
    assert len(away.queue("anna")) == 4
    with away.log(first, "anna") as log:
        assert not log.read_only
        assert not log.warning
        assert log.item_state(first.code) == "finished"


@pytest.mark.slow
def test_what_is_not_hers_any_more_is_taken_out_but_never_her_labels(away: PackPlace) -> None:
    study = home(away)
    item = away.queue("anna")[0]
    label(away, item, "anna", 7)
    hand_on(study, plan_of(study, "faces"), [item.code], "anna", "ben")
    again = pack(study, "anna", away.folder)
    assert again.removed == (item.code,)
    assert not away.session_path(item).exists()
    assert away.log_path(item, "anna").exists()


@pytest.mark.slow
def test_a_zip_that_holds_her_work_is_not_overwritten(away: PackPlace, tmp_path: Path) -> None:
    label(away, away.queue("anna")[0], "anna", 7)
    shutil.make_archive(str(tmp_path / "back"), "zip", away.folder.parent, "pack")
    content = (tmp_path / "back.zip").read_bytes()
    with pytest.raises(PackError, match="is there already and is not overwritten"):
        pack(home(away), "anna", tmp_path / "back.zip")
    assert (tmp_path / "back.zip").read_bytes() == content


def bad_targets(study: Study, tmp_path: Path) -> Iterator[tuple[Path, str, str]]:
    yield study.folder / "exports" / "x", "anna", "lies in the study"
    (tmp_path / "file").write_text("")
    yield tmp_path / "file", "anna", "is a file"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("")
    yield tmp_path / "full", "anna", "holds something else already"
    (tmp_path / "x.zip").write_text("no zip")
    yield tmp_path / "x.zip", "anna", "is there already and is not overwritten|is damaged"
    yield tmp_path / "new", "zoe", r"zoe has nothing to label .*planned are: anna, ben"
    yield tmp_path / "ready" / "pack", "ben", "is the package of anna, not of ben"


def test_where_a_package_cannot_go_nothing_is_left(away: PackPlace, tmp_path: Path) -> None:
    study = home(away)
    for target, annotator, words in bad_targets(study, tmp_path):
        before = sorted(str(path) for path in tmp_path.rglob("*"))
        with pytest.raises(PackError, match=words):
            pack(study, annotator, target)
        assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_a_disk_that_is_full_leaves_no_half_package(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(study)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.annotation.packing.write_excerpt", full)
    with pytest.raises(PackError, match=r"cannot be packed \(No space left on device\)"):
        pack(study, "anna", tmp_path / "out" / "pack")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_the_training_queue_goes_along_with_its_answers(study: Study, tmp_path: Path) -> None:
    trials, _ = trials_of(study, SAM)
    mark = answered(trials[2].trial, 4)
    add_example(study, SAM, trials[2], [mark])
    planned(study)
    away = packed(study, tmp_path)
    (item,) = away.training("anna", "sam@1")
    assert item.purpose == "training"
    assert dict(item.reference[0].value) == {"valence": 4}
    assert (item.reference[0].trial, item.reference[0].annotator) == (0, "reference")
    assert item.code not in {each.code for each in away.queue("anna")}
    label(away, item, "anna", 5)
    assert away.log_path(item, "anna").is_relative_to(away.folder / "annotations" / "training")


@pytest.mark.slow
def test_repeats_look_like_all_others_in_a_package(study: Study, tmp_path: Path) -> None:
    place = planned(study, shares=Shares(1.0, 0.5))
    assert {item.purpose for item in place.queue("anna")} == {"label", "repeat"}
    away = packed(study, tmp_path)
    assert {item.purpose for item in away.queue("anna")} == {"label"}
    assert "repeat" not in (away.folder / "pack.json").read_text()
    told = json.loads((away.folder / "pack.json").read_text())["items"]
    assert len({tuple(each) for each in told}) == 1, "every entry has the same fields"
    assert len({len(str(each["code"])) for each in told}) == 1


def test_the_curators_answers_travel_with_the_next_package(away: PackPlace) -> None:
    study = home(away)
    item, other = away.queue("anna")
    label(away, item, "anna", 5)
    with away.log(item, "anna") as log:
        (mark,) = log.marks(item.code)
        log.ask(mark.id, "Sad or tired?")
        log.ask(item.code, "Who is it?")
    collect(away.folder, study)
    stem = next(each.recording for each in StudyPlace(study).queue("anna") if each.code == item.code)
    person = stem.partition("_")[0].removeprefix("sub-")
    for matter in matters(study, SAM):
        reply(study, matter, "Tired." if matter.about == mark.id else f"See {stem}.h5, it is {person}.")
    before = {path: path.stat().st_mtime_ns for path in away.folder.rglob("*.h5")}
    assert pack(study, "anna", away.folder).new == ()
    again = PackPlace(away.folder)
    assert again.replies(item) == {mark.id: "Tired.", item.code: f"See {item.code}, it is {item.code}."}
    assert again.replies(other) == {}
    assert {path: path.stat().st_mtime_ns for path in before} == before, "no excerpt was written again"
    assert person not in (away.folder / "pack.json").read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Yes.", "Yes."),
        ("sub-P01 smiles.", "abcdef smiles."),
        ("Look at /data/sub-P01/sub-P01_ses-01_x.h5, again.", "Look at abcdef, again."),
        ("P01 and P010", "abcdef and P010"),
    ],
)
def test_an_answer_tells_no_name(text: str, told: str) -> None:
    assert unnamed(text, "sub-P01_ses-01_task-x", "abcdef") == told


def test_a_withdrawal_tells_of_packages_that_went_out(away: PackPlace) -> None:
    study = home(away)
    told = withdrawal.plan(study, "P01").unreachable
    assert any(line.startswith("export pack (pack, for study") for line in told)
    lines = (study.folder / "exports.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["annotator"] == "anna"
    pack(study, "anna", away.folder)
    assert (study.folder / "exports.jsonl").read_text().splitlines() == lines, "once is enough"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[:100], "is damaged"),
        (lambda text: text.replace('"anna"', '"eve"'), "is damaged"),
        (lambda text: text.replace('"version": 1', '"version": 9'), "later Evoke"),
        (lambda text: text.replace("evoke-pack", "other"), "does not describe a package"),
    ],
)
def test_a_package_that_was_altered_is_not_opened(
    away: PackPlace, damage: Callable[[str], str], words: str
) -> None:
    path = away.folder / "pack.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(PackError, match=words):
        open_place(away.folder)


def test_a_scheme_that_was_altered_is_not_labelled_by(away: PackPlace) -> None:
    path = away.folder / "schemes" / "sam@1.json"
    path.write_text(path.read_text().replace("pleasant", "sad"))
    with pytest.raises(PackError, match="was changed since it was packed"):
        away.schemes()


def test_a_zip_is_to_be_unzipped_first(away: PackPlace, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "anna"), "zip", away.folder)
    with pytest.raises(PackError, match="still zipped"):
        open_place(Path(archive))
    assert isinstance(open_place(away.folder), PackPlace)
    assert isinstance(open_place(home(away).folder), StudyPlace)
