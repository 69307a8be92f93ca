"""The lines of the E4 streaming server."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.devices.e4_protocol import LONGEST_LINE, Data, Lines, Notice, Reply, parse, serials

SAMPLES = {
    "E4_Bvp 123345627891.123 31.128": Data("bvp", 123345627891.123, (31.128,)),
    "E4_Gsr 123345627891.123 3.129": Data("eda", 123345627891.123, (3.129,)),
    "E4_Gsr 1644227574,25 0,622764": Data("eda", 1644227574.25, (0.622764,)),
    "E4_Temperature 1.5 35.82": Data("temperature", 1.5, (35.82,)),
    "E4_Temp 1.5 35.82": Data("temperature", 1.5, (35.82,)),
    "E4_Acc 1.5 64 -2 -32": Data("acceleration", 1.5, (1.0, -0.03125, -0.5)),
    "E4_Ibi 1.5 0.822": Data("ibi", 1.5, (0.822,)),
    "E4_Hr 1.5 142.2156": Data("ibi", 1.5, (142.2156,), 1),
    "E4_Battery 1.5 0.25": Data("battery", 1.5, (25.0,)),
    "E4_Tag 1.5": Data("tags", 1.5, (1.0,)),
}
ANSWERS = {
    "R device_connect OK": Reply("device_connect", "OK"),
    "R device_subscribe bvp OK": Reply("device_subscribe", "bvp OK"),
    "R pause ON": Reply("pause", "ON"),
    "R connection lost to device 9ff167": Notice("lost", "9ff167"),
    "R connection re-established to device 9ff167": Notice("back", "9ff167"),
    "R device 9ff167 turned off via button": Notice("off", "9ff167"),
}
DAMAGED = (
    "",
    "hello",
    "E4_Bvp",
    "E4_Bvp 1.5",
    "E4_Bvp 1.5 nan",
    "E4_Bvp inf 3.1",
    "E4_Bvp 1.5 3.1 7.2",
    "E4_Bvp 1.5 3,1,2",
    "E4_Bvp 1_0 3.1",
    "E4_Bvp -1 3.1",
    "E4_Acc 1.5 1 2",
    "E4_Eeg 1.5 3.1",
    "G 1.5 3.1",
    "R",
)


@pytest.mark.parametrize(("line", "meaning"), [*SAMPLES.items(), *ANSWERS.items()])
def test_a_line_means(line: str, meaning: object) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize("line", DAMAGED)
def test_a_damaged_line_means_nothing(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("bvp OK", None),
        ("bvp ERR The stream is not available", "The stream is not available"),
        ("ERR", "no reason given"),
        ("2 | 9ff167 Empatica_E4", None),
    ],
)
def test_a_refusal_is_told_from_an_agreement(text: str, error: str | None) -> None:
    assert Reply("x", text).error == error


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", ()),
        ("2 | 9ff167 Empatica_E4 | 740163 Empatica_E4", ("9ff167", "740163")),
        ("1 | 9ff167 Empatica_E4 available", ("9ff167",)),
        ("1 |", ()),
    ],
)
def test_wristbands_are_listed_by_serial(text: str, found: tuple[str, ...]) -> None:
    assert serials(Reply("device_list", text)) == found


@given(st.text())
def test_no_line_breaks_the_reader(line: str) -> None:
    message = parse(line)
    if isinstance(message, Data):
        assert math.isfinite(message.time_s)
        assert all(math.isfinite(value) for value in message.values)


@given(
    time_s=st.integers(0, 2**41).map(lambda ticks: ticks / 64),
    value=st.floats(-1e6, 1e6).map(lambda number: round(number, 6)),
    comma=st.booleans(),
)
def test_every_sample_is_read_as_it_was_written(time_s: float, value: float, comma: bool) -> None:
    line = f"E4_Bvp {time_s:.6f} {value:.6f}"
    message = parse(line.replace(".", ",") if comma else line)
    assert isinstance(message, Data)
    assert (message.time_s, message.values) == (time_s, (value,))


@given(st.lists(st.sampled_from(list(SAMPLES)), max_size=20), st.data())
def test_lines_come_out_whole_wherever_the_network_cuts_them(lines: list[str], data: st.DataObject) -> None:
    content = "".join(f"{line}\r\n" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=10)))
    cutter, found = Lines(), []
    for first, last in zip([0, *cuts], [*cuts, len(content)], strict=True):
        found += cutter.feed(content[first:last])
    assert found == lines


@given(st.binary(max_size=200))
def test_no_bytes_break_the_cutter(content: bytes) -> None:
    for line in Lines().feed(content + b"\n"):
        parse(line)


def test_a_line_without_an_end_is_dropped() -> None:
    cutter = Lines()
    cutter.feed(b"x" * (LONGEST_LINE + 1))
    assert cutter.skipped == 1
    assert cutter.feed(b"E4_Tag 1\r\n") == ["E4_Tag 1"]
