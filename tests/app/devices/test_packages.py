"""Rows lost between a board and its bridge, by the board's own counter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.devices import board_facts, boards
from app.devices.packages import Break, Counting, PackageCounter


def fed(counter: PackageCounter, packages: NDArray[np.float64], chunk: int) -> list[Break]:
    """Give packages to a counter in chunks; return the breaks by their place in all of them."""
    found = []
    for first in range(0, len(packages), chunk):
        breaks = counter.update(packages[first : first + chunk])
        found += [Break(first + row, missing) for row, missing in breaks]
    return found


@given(
    step=st.sampled_from([1, 2]),
    repeat=st.sampled_from([1, 12]),
    period=st.sampled_from([101, 201, 256, 65536]),
    chunk=st.integers(1, 60),
    start=st.integers(0, 300),
)
def test_a_whole_count_never_counts_as_lost(
    step: int, repeat: int, period: int, chunk: int, start: int
) -> None:
    packages = np.repeat((step * (start + np.arange(900))) % (period // step * step), repeat).astype(float)
    counter = PackageCounter()
    assert fed(counter, packages, chunk) == []
    assert counter.lost == 0


@given(
    holes=st.lists(st.tuples(st.integers(300, 1900), st.integers(1, 20)), max_size=5),
    chunk=st.integers(1, 50),
)
def test_missing_packages_are_counted_exactly(holes: list[tuple[int, int]], chunk: int) -> None:
    missing = {first + offset for first, count in holes for offset in range(count)}
    packages = np.array([n % 256 for n in range(2000) if n not in missing], dtype=float)
    counter = PackageCounter()
    fed(counter, packages, chunk)
    assert counter.lost == len(missing)


# A board's counter as its driver makes it: the numbers of whole packages, and the rows of each.
BOARDS = {
    ("cyton", 0): (np.arange(600) % 256, 1),
    ("cyton-daisy", 0): (2 * np.arange(600) % 256 + 1, 1),
    ("ganglion-native", 0): (np.arange(600) % 100 + 100, 2),
    ("muse-2", 0): ((65200 + np.arange(600)) % 65536, 12),
    ("muse-2", 1): ((65200 + np.arange(600)) % 65536, 3),
    ("muse-s", 2): ((65200 + np.arange(600)) % 65536, 6),
    ("unicorn", 0): (np.arange(600) + 12345, 1),
    ("synthetic", 0): (np.arange(600) % 256, 1),
}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: f"{board[0]}-{board[1]}")
def test_each_board_is_counted_in_its_own_way(board: tuple[str, int]) -> None:
    """Packages 330 to 334, and one at a wrap, are lost: their rows are counted, where they are missing."""
    packages, rows = BOARDS[board]
    numbers = packages.astype(float)
    wraps = np.flatnonzero(np.diff(numbers) < 0)
    gone = {330, 331, 332, 333, 334} | ({int(wraps[-1]) + 1} if len(wraps) else set())
    kept = [place for place in range(len(numbers)) if place not in gone]
    counting = board_facts.counting(*board)
    assert counting is not None
    counter = PackageCounter(counting)
    breaks = fed(counter, np.repeat(numbers[kept], rows), 7)
    assert counter.lost == len(gone) * rows
    assert 5 * rows in [found.missing for found in breaks]


def test_a_known_counter_is_exact_from_its_first_row() -> None:
    assert PackageCounter(Counting(256, 1, 1)).update(np.array([254.0, 1.0])) == [Break(1, 2)]


def test_numbers_that_count_other_things_too_are_no_counter() -> None:
    assert board_facts.counting("emotibit", 0) is None


def test_every_board_has_a_rule() -> None:
    for name in set(boards.names()) - {"playback-file", "streaming"}:
        number = boards.find(name)
        assert number is not None
        for preset in boards.presets(number):
            board_facts.counting(name, preset)
        assert 1.0 <= board_facts.quiet_s(name) <= 2.0


def test_rows_without_a_number_are_passed_over() -> None:
    counter = PackageCounter(Counting(256, 1, 1))
    assert counter.update(np.array([1.0, np.nan, 2.0, np.nan, 4.0])) == [Break(4, 1)]
    assert counter.update(np.full(3, np.nan)) == []


def test_a_restarted_board_has_lost_nothing_by_counting_anew() -> None:
    counter = PackageCounter()
    counter.update(np.arange(100.0))
    counter.restart()
    counter.update(np.arange(7.0, 20.0))
    assert counter.lost == 0
