"""Self-assessment figures: a full row for each scale, each drawable, steps in the right direction."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

import resources
from resources.figures import DIMENSIONS, POINTS, Dimension, figure, file_name

ALL = [(d, points, point) for d in DIMENSIONS for points in POINTS for point in range(1, points + 1)]


def drawn(svg: str, paper: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    assert renderer.isValid()
    image = QImage(200, 200, QImage.Format.Format_RGBX8888)
    image.fill(QColor(paper))
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    flat = np.frombuffer(image.constBits(), np.uint8)
    return flat.reshape(200, 200, 4)[..., :3].astype(np.int16)


@pytest.mark.parametrize(("dimension", "points", "point"), ALL)
def test_the_bundled_file_is_the_generated_one(dimension: Dimension, points: int, point: int) -> None:
    path = resources.path(f"assessment/{file_name(dimension, points, point)}")
    text = path.read_text(encoding="utf-8")
    assert text == figure(dimension, points, point)
    assert ElementTree.fromstring(text).attrib["viewBox"] == "0 0 200 200"


def test_nothing_else_is_bundled() -> None:
    assert len(list(resources.path("assessment").glob("*.svg"))) == len(ALL) == 42


@pytest.mark.parametrize("paper", ["#ffffff", "#1b1e23"])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_neighbours_differ_and_stand_out_on_any_page(dimension: Dimension, paper: str) -> None:
    row = [drawn(figure(dimension, 9, point), paper) for point in range(1, 10)]
    for left, right in pairwise(row):
        assert np.count_nonzero(np.abs(left - right).max(axis=2) > 40) > 150
    empty = np.array([QColor(paper).red(), QColor(paper).green(), QColor(paper).blue()])
    for picture in row:
        assert np.count_nonzero(np.abs(picture - empty).max(axis=2) > 60) > 1500


def test_five_points_are_every_second_of_nine() -> None:
    for dimension in DIMENSIONS:
        for point in range(1, 6):
            five = re.sub("<title>.*</title>", "", figure(dimension, 5, point))
            nine = re.sub("<title>.*</title>", "", figure(dimension, 9, 2 * point - 1))
            assert five == nine


@pytest.mark.parametrize(("points", "point"), [(7, 1), (9, 0), (9, 10), (5, 6)])
def test_a_point_that_does_not_exist_is_refused(points: int, point: int) -> None:
    with pytest.raises(ValueError, match="there is no figure"):
        figure("valence", points, point)
