"""The sessions behind the tables on CSI: made-up passages, logs, and a few people of Stress-Predict."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np

from analysis.csi.chain import RATE_HZ
from analysis.csi.detector import detect, level_db
from analysis.evaluation.files import file_sha256
from analysis.exchange.csi_log import SUBCARRIERS
from analysis.exchange.import_csi import EVENTS, labelled, members
from analysis.exchange.import_csi import Said as Label
from analysis.exchange.import_session import Imported, ImportFileError, Source, stream_of
from analysis.exchange.import_set import Member, stream_info
from analysis.exchange.import_stress_predict import LABELS, TASKS
from analysis.exchange.import_stress_predict import members as wristband_members
from analysis.session_file import SessionFileError, WriteFailedError
from analysis.simulate.channel import KINDS, passages
from app.analysing.literature.open_data import enter
from app.analysing.literature.reproducing import LiteratureError, Order
from app.study import Study

ROADS = ("north", "east", "south", "west", "bridge", "school")


def is_wristband(source: Path | None) -> bool:
    """Tell whether a source is the folder of Stress-Predict."""
    return source is not None and source.is_dir() and any(source.glob("S[0-9][0-9].zip"))


def csi_study(order: Order, roads: int, each: int) -> tuple[Study, str]:
    """Return a study of passages and what it is in words: SRC's logs, else `each` of four kinds a road."""
    if order.source is not None and not is_wristband(order.source):
        found = members_of(order.source)
        study = _study(order, f"logs-{_content(found, EVENTS)}")
        _enter(study, order, found, "csi")
        return study, f"logs of {order.source.name}"
    study = _study(order, f"passages-{roads}-{each}-{order.seed}")
    _enter(study, order, made_up(roads, each, order.seed), "csi")
    words = ", ".join(
        f"{name} {kind.depth_db:g} dB for {kind.length_s:g} s" + (" in two dips" if kind.dips > 1 else "")
        for name, kind in KINDS.items()
    )
    return study, f"made-up passages, {roads} roads, {4 * each} each; planted: {words}"


def members_of(source: Path) -> tuple[Member, ...]:
    """Return the logs of a folder; raises LiteratureError."""
    if not source.exists():
        raise LiteratureError(f"{source}: there is nothing of this name. Check the path.")
    try:
        return members(source)
    except (ImportFileError, OSError) as error:
        raise LiteratureError(str(error)) from error


def made_up(roads: int, each: int, seed: int) -> tuple[Member, ...]:
    """Return a session of made-up passages for each road, kinds in an order of its own."""
    return tuple(
        Member(
            ROADS[place % len(ROADS)] + str(place // len(ROADS) or ""),
            1,
            Path(),
            partial(_made_up, place, each, seed),
        )
        for place in range(roads)
    )


def _made_up(place: int, each: int, seed: int) -> Imported:
    random = np.random.default_rng((seed, place))
    labels = tuple(random.permutation(list(KINDS) * each).tolist())
    made = passages(labels, int(random.integers(2**31)), gain_sd=0.1)
    found = detect(level_db(made.amplitudes))
    said = [Label("", one.start_s, one.stop_s, one.label) for one in made.passages]
    trials, lost = labelled(found, said)
    info = stream_info(
        "csi", "csi", [(f"sc{number:+d}", "csi", "") for number in SUBCARRIERS], RATE_HZ, "made up", "even"
    )
    times = np.arange(len(made.amplitudes)) / RATE_HZ
    stream = stream_of(info, times, made.amplitudes.astype(np.float32))
    told = f"Made up: {len(trials)} of {len(said)} passages were detected."
    source = Source(f"passages-{place}-{each}-{seed}", f"{place:032x}{each:016x}{seed:016x}", 0)
    return Imported(
        "made-up CSI",
        (stream,),
        (),
        (source,),
        statements=(told, *(f"{one.label} not found" for one in lost)),
        trials=trials,
    )


def wristband_study(order: Order, people: int) -> Study:
    """Return a study of the first people of Stress-Predict with labels; raises LiteratureError."""
    assert order.source is not None
    try:
        every = [each for each in wristband_members(order.source) if each.participant != "S01"]
    except (ImportFileError, OSError) as error:
        raise LiteratureError(str(error)) from error
    found = tuple(every[:people])
    study = _study(order, f"wristband-{people}-{_content(found, LABELS, TASKS)}")
    _enter(study, order, found, "stress-predict")
    return study


def _content(found: tuple[Member, ...], *tables: str) -> str:
    """Return the beginning of a SHA-256 of what is read: other files, or other labels, are another study."""
    digest = sha256()
    try:
        for member in found:
            digest.update(f"{member.participant}/{member.session}/".encode())
            inner = sorted(member.place.rglob("*")) if member.place.is_dir() else [member.place]
            for path in (each for each in inner if each.is_file()):
                digest.update(file_sha256(path).encode())
        for name in tables:
            path = found[0].place.parent / name
            digest.update(file_sha256(path).encode() if path.is_file() else b"none")
    except OSError as error:
        raise LiteratureError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    return digest.hexdigest()[:12]


def _study(order: Order, name: str) -> Study:
    folder = order.study.folder / "derivatives" / "csi" / name
    if (folder / "study.yaml").is_file():
        return Study.open(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Study.create(folder, name, "people", protocol="")


def _enter(study: Study, order: Order, found: tuple[Member, ...], task: str) -> None:
    known = {(session.participant, session.session) for session in study.sessions()}
    try:
        for member in found:
            if (member.participant, member.session) not in known:
                order.said(f"reading {member.participant}, {member.session}")
                enter(study, member, task)
    except ImportFileError as error:
        raise LiteratureError(str(error)) from error
    except (OSError, WriteFailedError, SessionFileError) as error:
        raise LiteratureError(
            f"{study.folder}: could not be written ({error}). Look at the disk's room."
        ) from error
