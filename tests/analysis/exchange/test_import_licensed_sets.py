"""DEAP, SEED, AMIGOS and WESAD come in from their exact format, every number in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.corpus.corpus import Trial
from analysis.corpus.loading import load_recording
from analysis.corpus.signals import read_signal
from analysis.exchange import import_amigos, import_deap, import_seed, import_wesad
from analysis.exchange.import_session import Imported, ImportFileError, Source, write_session
from analysis.session_file import open_session
from tests.helpers import dataset_files as files

ATTRIBUTES = {"uuid": "u", "name": "x", "study": "S", "participant": "01", "session": 1, "run": 1}


def rows_of(imported: Imported, name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    stream = next(each for each in imported.streams if each.info.id == name)
    times, values = zip(*stream.blocks(), strict=True)
    assert sum(map(len, times)) == stream.rows
    return np.concatenate(times), np.concatenate(values)


class Written:
    """An import as a session file, asked for its trials and their signals."""

    def __init__(self, imported: Imported, path: Path) -> None:
        write_session(path, imported, ATTRIBUTES)
        self.path = path
        _, self.trials, self.left = load_recording(path)

    def values(self, modality: str, span: tuple[float, float]) -> NDArray[np.float32]:
        """Return the rows of a signal inside a span."""
        with open_session(self.path) as session:
            signal = read_signal(session, modality)
        assert signal is not None
        first, stop = (round((each - signal.start_s) * signal.rate_hz) for each in span)
        return signal.values[first:stop]

    def stage(self, trial: Trial, name: str) -> tuple[float, float]:
        """Return the one span of a stage."""
        (span,) = trial.stages[name]
        return span


# DEAP


@pytest.fixture(scope="module")
def deap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deap")
    files.deap_dat(folder / "data" / "s07.dat")
    files.deap_ratings(folder / "participant_ratings.csv", 7, unknown=(3,))
    return folder / "data"


@pytest.fixture(scope="module")
def deap_read(deap: Path) -> Imported:
    (member,) = import_deap.members(deap)
    assert (member.participant, member.session) == ("s07", 1)
    return member.read()


def test_deap_has_every_sample_of_every_channel(deap_read: Imported) -> None:
    for name, first in (("eeg", 0), ("peripheral", 32)):
        times, values = rows_of(deap_read, name)
        width = values.shape[1]
        video, sample = np.divmod(np.arange(len(values)), 8064)
        expected = files.deap_value(video[:, None], first + np.arange(width), sample[:, None])
        assert np.array_equal(values, expected)
        assert np.allclose(times, video * 64 + sample / 128)


def test_deap_names_its_channels_in_the_published_order(deap_read: Imported) -> None:
    eeg, body = (stream.info for stream in deap_read.streams)
    assert eeg.channels[:4] == ("Fp1", "AF3", "F3", "F7")
    assert (eeg.channels[15], eeg.channels[16], eeg.channels[31]) == ("Pz", "Fp2", "O2")
    assert len(set(eeg.channels)) == 32
    assert body.channels == (
        "hEOG", "vEOG", "zEMG", "tEMG", "GSR", "respiration", "plethysmograph", "temperature"
    )  # fmt: skip
    assert body.channel_kinds == ("eog", "eog", "emg", "emg", "eda", "respiration", "bvp", "temperature")


def test_deap_has_a_baseline_of_three_seconds_and_its_ratings(deap_read: Imported) -> None:
    assert len(deap_read.trials) == 40
    trial = deap_read.trials[2]
    baseline, video = trial.stages
    assert (trial.stimulus, trial.start_s, trial.stop_s) == ("video-03", 128.0, 191.0)
    assert (baseline.start_s, baseline.stop_s, video.start_s, video.stop_s) == (128, 131, 131, 191)
    expected = dict(
        zip(("valence", "arousal", "dominance", "liking"), 1 + np.arange(8, 12) / 20, strict=True)
    )
    assert {name: trial.ratings[name] for name in expected} == expected
    assert np.isnan(trial.ratings["familiarity"])
    assert deap_read.trials[3].ratings["familiarity"] == 5.0
    assert [each.order for each in deap_read.trials[:3]] == [40, 39, 38]


@pytest.mark.slow
def test_deap_in_both_formats_is_the_same_session(deap_read: Imported, tmp_path: Path) -> None:
    files.deap_mat(tmp_path / "mat" / "s07.mat")
    (member,) = import_deap.members(tmp_path / "mat")
    other = member.read()
    assert "familiarity" not in other.trials[0].ratings
    assert "participant_ratings.csv" in other.statements[0]
    for name in ("eeg", "peripheral"):
        assert np.array_equal(rows_of(other, name)[1], rows_of(deap_read, name)[1])
    written = Written(deap_read, tmp_path / "s07.h5")
    trial = written.trials[5]
    found = written.values("eeg", written.stage(trial, "film"))
    expected = files.deap_value(5, np.arange(32), np.arange(384, 8064)[:, None])
    assert np.array_equal(found, expected)
    assert np.array_equal(
        written.values("bvp", written.stage(trial, "baseline"))[:, 0],
        files.deap_value(5, 38, np.arange(384)),
    )
    assert trial.shown == pytest.approx(written.stage(trial, "video"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": np.zeros((40, 40, 9)), "labels": np.zeros((40, 4))}, "data is 40 x 40 x 9 and not"),
        ({"data": np.zeros((2, 2)), "x": np.zeros(3)}, "holds no data and labels"),
        ({"data": "none", "labels": np.zeros((40, 4))}, "data is no table of numbers"),
    ],
)
def test_a_foreign_pickle_is_no_deap(content: Any, message: str, tmp_path: Path) -> None:
    (tmp_path / "s01.dat").write_bytes(files.python2_pickle(content))
    (member,) = import_deap.members(tmp_path)
    with pytest.raises(ImportFileError, match=message):
        member.read()


def test_a_broken_table_of_ratings_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "s01.dat").touch()
    (tmp_path / "participant_ratings.csv").write_text("Participant_id,Trial\n1,2\n")
    with pytest.raises(ImportFileError, match=r"participant_ratings\.csv:2: has no Participant_id"):
        import_deap.members(tmp_path)


# SEED


def test_seed_raw_is_in_its_place(tmp_path: Path) -> None:
    files.seed_labels(tmp_path)
    files.seed_raw(tmp_path / "3_20140611.mat", [400, 250, 333])
    (member,) = import_seed.members(tmp_path)
    written = Written(member.read(), tmp_path / "x.h5")
    assert [trial.category for trial in written.trials] == ["positive", "neutral", "negative"]
    assert [trial.stimulus for trial in written.trials] == ["clip-01", "clip-02", "clip-03"]
    for clip, (trial, count) in enumerate(zip(written.trials, (400, 250, 333), strict=True), start=1):
        found = written.values("eeg", trial.shown)
        assert np.array_equal(found, files.seed_value(clip, np.arange(62), np.arange(count)[:, None]))
    with open_session(written.path) as session:
        stream = session.streams["eeg"]
        assert stream.info.rate_hz == 200
        assert (stream.info.channels[0], stream.info.channels[9], stream.info.channels[61]) == (
            "FP1",
            "FZ",
            "CB2",
        )
        assert [gap.missing for gap in stream.gaps] == [200, 200]


@pytest.mark.parametrize(
    ("windows", "folder", "rate_hz"),
    [
        ([60, 48], "ExtractedFeatures", 0.25),
        ([235, 190], "ExtractedFeatures", 1.0),
        ([9, 9], "Features_1s", 1.0),
    ],
)
def test_seed_features_are_a_stream_of_310(
    windows: list[int], folder: str, rate_hz: float, tmp_path: Path
) -> None:
    place = tmp_path / folder
    files.seed_labels(place)
    files.seed_features(place / "1_20131027.mat", windows)
    files.seed_eye(tmp_path / "eye_feature_smooth" / "1_20131027.mat", windows)
    (member,) = import_seed.members(place)
    written = Written(member.read(), tmp_path / "x.h5")
    with open_session(written.path) as session:
        eeg = read_signal(session, "eeg")
        eye = read_signal(session, "eye")
    assert eeg is not None and eye is not None
    assert (eeg.rate_hz, eye.rate_hz, len(eeg.channels), len(eye.channels)) == (rate_hz, rate_hz, 310, 31)
    assert eeg.channels[:6] == (
        "FP1 delta", "FP1 theta", "FP1 alpha", "FP1 beta", "FP1 gamma", "FPZ delta"
    )  # fmt: skip
    channel, band = np.divmod(np.arange(310), 5)
    for clip, (trial, count) in enumerate(zip(written.trials, windows, strict=True), start=1):
        window = np.arange(count)[:, None]
        assert trial.stop_s - trial.start_s == pytest.approx(count / rate_hz)
        assert np.array_equal(
            written.values("eeg", trial.shown), files.seed_value(clip, channel, window * 10 + band)
        )
        assert np.array_equal(
            written.values("eye", trial.shown), files.seed_value(clip, np.arange(31), window)
        )


def test_seed_counts_visits_by_date_and_people_by_number(tmp_path: Path) -> None:
    files.seed_labels(tmp_path)
    for name in ("10_20131130", "2_20140413", "2_20140404", "2_20140419"):
        files.seed_raw(tmp_path / f"{name}.mat", [5])
    assert [(each.participant, each.session, each.place.stem) for each in import_seed.members(tmp_path)] == [
        ("02", 1, "2_20140404"),
        ("02", 2, "2_20140413"),
        ("02", 3, "2_20140419"),
        ("10", 1, "10_20131130"),
    ]
    (one,) = import_seed.members(tmp_path / "2_20140413.mat")
    assert one.session == 2


def test_seed_in_a_folder_named_after_eyes_reads_each_file_as_what_it_is(tmp_path: Path) -> None:
    place = tmp_path / "EEG_and_eye"
    files.seed_labels(place)
    files.seed_features(place / "1_20131027.mat", [9, 9])
    (member,) = import_seed.members(place)
    assert [stream.info.id for stream in member.read().streams] == ["eeg-features"]
    eye = files.seed_eye(tmp_path / "eye" / "1_20131027.mat", [9, 9])
    imported = member.read()
    assert [stream.info.id for stream in imported.streams] == ["eeg-features", "eye-features"]
    assert Source.of(eye) in imported.tables


def test_seed_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="holds no file like 1_20131027"):
        import_seed.members(tmp_path)
    files.seed_raw(tmp_path / "1_20131027.mat", [5] * 16)
    with pytest.raises(ImportFileError, match=r"label\.mat is missing"):
        import_seed.members(tmp_path)
    files.seed_labels(tmp_path)
    (member,) = import_seed.members(tmp_path)
    with pytest.raises(ImportFileError, match=r"holds 16 clips, label\.mat only 15"):
        member.read()


# AMIGOS

SAMPLES = (1280, 900, 0, 1500)


def test_amigos_is_in_its_place(tmp_path: Path) -> None:
    names = [str(each) for each in range(10, 30)]
    files.amigos_mat(tmp_path / "Data_Preprocessed_P05.mat", SAMPLES, unrated=[2], film_names=names)
    (member,) = import_amigos.members(tmp_path)
    assert (member.participant, member.session) == ("P05", 1)
    imported = member.read()
    written = Written(imported, tmp_path / "x.h5")
    assert [trial.stimulus for trial in written.trials] == ["film-10", "film-11", "film-13"]
    for film, trial in zip((1, 2, 4), written.trials, strict=True):
        count = SAMPLES[film - 1]
        assert np.array_equal(
            written.values("eeg", (trial.start_s, trial.stop_s)),
            files.amigos_value(film, np.arange(14), np.arange(count)[:, None]),
        )
        film_only = np.arange(640, count)[:, None]
        assert np.array_equal(
            written.values("ecg", written.stage(trial, "film")),
            files.amigos_value(film, np.array([14, 15]), film_only),
        )
        assert np.array_equal(
            written.values("eda", trial.shown), files.amigos_value(film, np.array([16]), film_only)
        )
    assert written.trials[0].ratings == pytest.approx(
        dict(zip(import_amigos.RATINGS, 1 + np.arange(12) / 100, strict=True))
    )
    assert written.trials[1].ratings == {}
    told = " ".join(imported.statements)
    assert "Film film-12 (3): the file holds no signals." in told
    assert "Film film-11 (2): the file holds no self-assessment." in told


def test_amigos_without_names_of_films_counts_them(tmp_path: Path) -> None:
    files.amigos_mat(tmp_path / "P01" / "Data_Preprocessed_P01.mat", [700] * 20)
    (member,) = import_amigos.members(tmp_path)
    trials = member.read().trials
    assert [trials[0].stimulus, trials[19].stimulus] == ["film-01", "film-20"]
    assert [trials[15].about["block"], trials[16].about["block"]] == ["short", "long"]


def test_amigos_without_any_signal_is_said(tmp_path: Path) -> None:
    files.amigos_mat(tmp_path / "Data_Preprocessed_P33.mat", [])
    (member,) = import_amigos.members(tmp_path)
    with pytest.raises(ImportFileError, match="holds no signals of any film"):
        member.read()


# WESAD


def test_wesad_is_in_its_place(tmp_path: Path) -> None:
    files.wesad_pkl(tmp_path / "S2" / "S2.pkl")
    (member,) = import_wesad.members(tmp_path)
    assert (member.participant, member.session) == ("S2", 1)
    written = Written(member.read(), tmp_path / "x.h5")
    signal = files.wesad_arrays()["signal"]
    whole = (0.0, float(len(files.WESAD_LABELS)))
    for modality, chest in (("ecg", "ECG"), ("respiration", "Resp")):
        assert np.array_equal(written.values(modality, whole), signal["chest"][chest])
    for modality, wrist, scale in (
        ("acceleration", "ACC", 64),
        ("bvp", "BVP", 1),
        ("eda", "EDA", 1),
        ("temperature", "TEMP", 1),
    ):
        assert np.array_equal(written.values(modality, whole) * scale, signal["wrist"][wrist])
    body = written.values("peripheral", whole)
    assert np.array_equal(body, np.column_stack([signal["chest"][name] for name, *_ in import_wesad.CHEST]))


def test_wesad_trials_are_runs_of_the_four_conditions(tmp_path: Path) -> None:
    files.wesad_pkl(tmp_path / "S2.pkl")
    (member,) = import_wesad.members(tmp_path)
    assert [(trial.category, trial.start_s, trial.stop_s) for trial in member.read().trials] == [
        ("baseline", 1.0, 2.0),
        ("stress", 3.0, 4.0),
        ("amusement", 5.0, 6.0),
        ("meditation", 7.0, 8.0),
        ("meditation", 9.0, 10.0),
    ]


def test_wesad_people_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("S10", "S2", "S17"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.pkl").touch()
    (tmp_path / "S2" / "S2_other.pkl").touch()
    assert [member.participant for member in import_wesad.members(tmp_path)] == ["S2", "S10", "S17"]


def test_wesad_is_found_beside_files_that_begin_alike(tmp_path: Path) -> None:
    (tmp_path / "Summary.pkl").touch()
    with pytest.raises(ImportFileError, match=r"holds no SX\.pkl of WESAD"):
        import_wesad.members(tmp_path)
    files.wesad_pkl(tmp_path / "S2" / "S2.pkl")
    assert [member.participant for member in import_wesad.members(tmp_path)] == ["S2"]
    with pytest.raises(ImportFileError, match=r"holds no SX\.pkl of WESAD"):
        import_wesad.members(tmp_path / "Summary.pkl")


def test_wesad_labels_that_are_no_numbers_are_said(tmp_path: Path) -> None:
    content = files.wesad_arrays()
    content["label"] = content["label"].astype(np.float64)
    content["label"][5] = np.nan
    files.wesad_pkl(tmp_path / "S2.pkl", content)
    (member,) = import_wesad.members(tmp_path)
    with pytest.raises(ImportFileError, match="a label is no number"):
        member.read()


def test_a_wesad_file_that_is_not_whole_is_said(tmp_path: Path) -> None:
    content = files.wesad_arrays()
    del content["signal"]["chest"]["Resp"]
    files.wesad_pkl(tmp_path / "S2.pkl", content)
    (member,) = import_wesad.members(tmp_path)
    with pytest.raises(ImportFileError, match="has no Resp"):
        member.read()


@pytest.mark.parametrize("module", [import_deap, import_seed, import_amigos, import_wesad])
def test_an_empty_folder_is_said(module: Any, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="holds no "):
        module.members(tmp_path)
