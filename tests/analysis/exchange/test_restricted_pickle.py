"""A pickle of numbers is read; one that asks for anything else is refused and runs nothing."""

from __future__ import annotations

import builtins
import os
import pickle
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.exchange.import_session import ImportFileError
from analysis.exchange.restricted_pickle import MOST_STEPS, load
from tests.helpers.dataset_files import python2_pickle


class Calls:
    """Pickles as a call of something."""

    def __init__(self, call: Callable[..., Any], *given: Any, state: Any = None) -> None:
        self._made = (call, given) if state is None else (call, given, state)

    def __reduce__(self) -> Any:
        return self._made


def read(folder: Path, content: bytes) -> Any:
    path = folder / "s01.dat"
    path.write_bytes(content)
    return load(path)


NUMBERS = {
    "labels": np.arange(8.0).reshape(2, 4),
    "turned": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
    "big-endian": np.arange(3, dtype=">f4"),
    "whole": np.array([[1, -2]], np.int16),
    "truth": np.array([True, False]),
    "nothing": np.zeros((0, 3)),
}


@pytest.mark.parametrize("protocol", [1, 2, 3, 4, 5])
def test_arrays_and_containers_come_back(protocol: int, tmp_path: Path) -> None:
    if protocol == 1:
        # Bytes have no short form in protocol 1: texts are what it is tried with.
        assert read(tmp_path, pickle.dumps({"a": [1, 2.5, None, "b", (True,)]}, 1))["a"][3] == "b"
        return
    content = {**NUMBERS, "subject": "S2", "more": [1, 2.5, None, (True, b"x\xff")], "one": np.float64(3.5)}
    found = read(tmp_path, pickle.dumps(content, protocol))
    for name, expected in NUMBERS.items():
        assert np.array_equal(found[name], expected)
        assert found[name].dtype == expected.dtype
    assert found["subject"] == "S2"
    assert found["more"] == [1, 2.5, None, (True, b"x\xff")]
    assert found["one"] == 3.5


def test_what_python_2_wrote_is_read_as_latin_1(tmp_path: Path) -> None:
    values = np.linspace(-1e9, 1e9, 999).reshape(37, 27)
    content = python2_pickle({"data": values, "sub": {"name": "caf\xe9", "n": 3}})
    assert content[:2] == b"\x80\x02"
    assert np.array_equal(pickle.loads(content, encoding="latin1")["data"], values)
    found = read(tmp_path, content)
    assert np.array_equal(found["data"], values)
    assert found["sub"] == {"name": "caf\xe9", "n": 3}


def test_old_and_new_names_of_numpy_are_one(tmp_path: Path) -> None:
    for module in (b"numpy.core.multiarray", b"numpy._core.multiarray"):
        content = python2_pickle({"x": np.arange(3.0)}).replace(b"numpy.core.multiarray", module)
        assert read(tmp_path, content)["x"].tolist() == [0, 1, 2]


@settings(max_examples=40, deadline=None)
@given(
    values=arrays.arrays(
        st.sampled_from(["<f8", ">f8", "<f4", "<i2", ">i4", "|u1", "|b1"]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    ),
    protocol=st.sampled_from([2, 4, 5]),
)
def test_any_array_comes_back(
    values: np.ndarray[Any, Any], protocol: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = read(tmp_path_factory.mktemp("any"), pickle.dumps({"x": values}, protocol))["x"]
    assert found.dtype == values.dtype
    assert np.array_equal(found, values, equal_nan=values.dtype.kind == "f")


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(
    "call",
    [
        lambda mark: Calls(os.system, f"touch {mark}"),
        lambda mark: Calls(os.mkdir, str(mark)),
        lambda mark: Calls(builtins.eval, f"open({str(mark)!r}, 'w')"),
        lambda mark: Calls(builtins.exec, f"open({str(mark)!r}, 'w')"),
        lambda mark: Calls(builtins.open, str(mark), "w"),
        lambda mark: Calls(builtins.getattr, "text", "upper"),
        lambda mark: Calls(subprocess.call, ["touch", str(mark)]),
        lambda mark: Calls(np.load, str(mark)),
        lambda mark: Calls(np.memmap, str(mark), "f8", "w+", 0, (4,)),
        lambda mark: Calls(pickle.loads, b"N."),
        lambda mark: np.array([Calls(os.mkdir, str(mark))], dtype=object),
        lambda mark: {1, 2},
        lambda mark: Path(mark),
    ],
)
def test_anything_else_is_refused_and_runs_nothing(
    call: Callable[[Path], Any], protocol: int, tmp_path: Path
) -> None:
    mark = tmp_path / "it-ran"
    with pytest.raises(ImportFileError) as refused:
        read(tmp_path, pickle.dumps({"data": call(mark)}, protocol))
    assert not mark.exists()
    told = str(refused.value)
    assert "do not trust it" in told or "not a sound pickle" in told


def test_the_refusal_names_what_was_asked_for(tmp_path: Path) -> None:
    content = pickle.dumps(Calls(os.system, "true"), 2)
    with pytest.raises(ImportFileError, match=rf"it asks for {os.name}\.system"):
        read(tmp_path, content)


TRICKS = {
    # A name that is allowed, called with what it is not made for.
    "an array made by itself": b"\x80\x02cnumpy\nndarray\n(J\x00\x00\x00\x7ft\x85R.",
    "a recoding": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00rot\x86R.",
    "a text as a module": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "a nested attribute": b"\x80\x04\x8c\x05numpy\x8c\x0bdtype.__new__\x93.",
    "a change of the reader": b"\x80\x02cnumpy\ndtype\n}U\x05_makeK\x01sb.",
    "a change of a slot": b"\x80\x02cnumpy\ndtype\nN}U\x05_makeK\x01s\x86b.",
    "an old instance": b"\x80\x02(cos\nsystem\nU\x04trueo.",
    "an object of a class": b"\x80\x02cnumpy\ndtype\n)\x81.",
    "an extension": b"\x80\x02\x82\x01.",
    "a reference outside": b"\x80\x02U\x01aQ.",
    "objects as kind": b"\x80\x02cnumpy\ndtype\n(U\x02O8K\x00K\x01tR.",
    "records as kind": b"\x80\x02cnumpy\ndtype\n(U\x05f8,f8K\x00K\x01tR.",
    "the name itself": b"\x80\x02cnumpy\ndtype\n.",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_are_refused(trick: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError):
        read(tmp_path, TRICKS[trick])


def test_a_length_that_the_file_does_not_have_is_not_reserved(tmp_path: Path) -> None:
    for head in (
        b"\x8e" + struct.pack("<Q", 2**60),
        b"B" + struct.pack("<I", 2**31),
        b"\x8b\xff\xff\xff\x7f",
    ):
        with pytest.raises(ImportFileError, match="not a sound pickle"):
            read(tmp_path, b"\x80\x04" + head + b"abc.")


@pytest.mark.parametrize("place", [b"r\xff\xff\xff\x0f", b"r\x00\x10\x00\x00", b"p268435456\n", b"p-1\n"])
def test_a_number_far_beyond_its_steps_is_refused_before_room_is_made_for_it(
    place: bytes, tmp_path: Path
) -> None:
    with pytest.raises(ImportFileError, match="by numbers that no steps lead to"):
        read(tmp_path, b"\x80\x02N" + place + b".")


def test_a_long_text_that_is_named_often_is_held_once(tmp_path: Path) -> None:
    text = b"X" + struct.pack("<I", 1000) + b"a" * 1000
    once = b"c_codecs\nencode\n" + b"h\x00X\x06\x00\x00\x00latin1\x86R"
    made = read(tmp_path, b"\x80\x02(" + text + b"q\x00" + once * 3 + b"l.")
    assert made[1:] == [b"a" * 1000] * 3
    assert len({id(each) for each in made[1:]}) == 1


def test_a_shape_must_agree_with_its_bytes(tmp_path: Path) -> None:
    sound = python2_pickle({"x": np.arange(4.0)})
    broken = sound.replace(b"J\x04\x00\x00\x00", b"J\x00\x00\x00\x40")
    assert broken != sound
    with pytest.raises(ImportFileError, match="not a sound pickle"):
        read(tmp_path, broken)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02" + b"(" * (MOST_STEPS + 5) + b".",
        b"\x80\x02" + b"]" * 40 + b"a" * 39 + b".",
        b"\x80\x02" + b"N" + b"\x85" * 100 + b".",
        b"\x80\x02" + b"]q\x00h\x00a.",
        b"\x80\x02" + b"N" + b"2222222\x87\x87\x87\x87" * 3 + b".",
    ],
)
def test_deep_and_endless_nesting_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError):
        read(tmp_path, content)


def test_a_list_of_itself_many_times_over_does_not_grow(tmp_path: Path) -> None:
    laughs: list[Any] = ["ha"]
    for _ in range(12):
        laughs = [laughs] * 30
    with pytest.raises(ImportFileError, match="without end"):
        read(tmp_path, pickle.dumps(laughs, 2))


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=60))
def test_nothing_but_the_one_error_comes_out(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "noise"
    folder.mkdir(exist_ok=True)
    for each in (content, b"\x80\x02" + content + b"."):
        try:
            found = read(folder, each)
        except ImportFileError:
            continue
        assert found is None or isinstance(
            found, bool | int | float | complex | str | bytes | list | tuple | dict
        )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    content = bytearray(python2_pickle({"x": np.arange(4.0), "y": "abc"}))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    try:
        read(folder, bytes(content[: data.draw(st.integers(1, len(content)))]))
    except ImportFileError as error:
        assert "s01.dat" in str(error)
