"""Renders the drawings of `stimuli.drawing` into the files and the manifest of `stimuli/open`.

    python -m tests.stimuli.render_open_set

It stands here because the stimuli room does without Qt.
"""

import csv
import hashlib
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from stimuli.drawing import SCENES, Scene
from stimuli.drawing.canvas import HEIGHT, WIDTH
from stimuli.sets import COLUMNS, MANIFEST, bundled_sets


def render(scene: Scene) -> QImage:
    """Return the scene as a picture of 1280 x 960."""
    renderer = QSvgRenderer(QByteArray(scene.svg().encode()))
    if not renderer.isValid():
        raise ValueError(f"{scene.id} is not valid SVG")
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(0)
    # Otherwise the file would carry the resolution of the screen it was made on.
    image.setDotsPerMeterX(2835)
    image.setDotsPerMeterY(2835)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return image


def main() -> None:
    folder = bundled_sets()["open"]
    rows = []
    for scene in SCENES:
        path = folder / f"{scene.id}.png"
        # Quality 0 is the slowest and smallest compression: PNG loses nothing in any case.
        if not render(scene).save(str(path), None, 0):
            raise OSError(f"{path} cannot be written")
        rows.append(row(scene, path))
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        manifest = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        manifest.writeheader()
        manifest.writerows(rows)


def row(scene: Scene, path: Path) -> dict[str, object]:
    """Return the scene's row of the manifest."""
    return {
        "id": scene.id,
        "file": path.name,
        "kind": "picture",
        "category": scene.category,
        "valence": scene.valence,
        "arousal": scene.arousal,
        "dominance": scene.dominance,
        "provisional": "true",
        "licence": "MIT",
        "attribution": "Evoke contributors",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "description": scene.description,
    }


if __name__ == "__main__":
    main()
