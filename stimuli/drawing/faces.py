"""Schematic faces on white, 350 x 418: the same model with another expression.

A face is drawn from a dozen proportions. Five models keep them even and five are lopsided or unusual
(long, narrow, wide apart): a contrast for trying the attractiveness experiments, rated by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from stimuli.drawing.canvas import Canvas, curve

FACE_WIDTH, FACE_HEIGHT = 350, 418

Expression = Literal["neutral", "happy", "disgust", "sad"]
EXPRESSIONS: tuple[Expression, ...] = get_args(Expression)
INK = "#3a2d29"


@dataclass(frozen=True, slots=True)
class Model:
    """A person's features. Lengths are in units of the 350 x 418 sheet; `lopsided` bends them."""

    id: str
    skin: str
    shade: str
    hair: str
    shirt: str
    cut: Literal["short", "bob", "long", "curls", "bald", "bun", "side"]
    width: float = 92
    length: float = 122
    jaw: float = 0.62
    eyes: float = 15
    apart: float = 41
    brow: float = 6
    nose: float = 44
    nose_width: float = 14
    mouth: float = 31
    ears: float = 14
    lopsided: float = 0
    iris: str = "#5b4636"


@dataclass(frozen=True, slots=True)
class _Mimic:
    """What an expression does to a face: brows, lids, cheeks, nose and mouth."""

    brow_inner: float = 0
    brow_outer: float = 0
    lids: float = 1
    cheeks: float = 0
    wrinkle: float = 0
    corner: float = 0
    curve: float = 0
    open_: float = 0
    lip_raise: float = 0


MIMICS: dict[Expression, _Mimic] = {
    "neutral": _Mimic(curve=1),
    "happy": _Mimic(brow_outer=-2, lids=0.68, cheeks=1, corner=-9, curve=17, open_=1),
    "disgust": _Mimic(brow_inner=9, brow_outer=3, lids=0.55, wrinkle=1, corner=7, curve=-9, lip_raise=1),
    "sad": _Mimic(brow_inner=-8, brow_outer=6, lids=0.72, corner=7, curve=-11),
}

MODELS = (
    Model("face-01", "#f2cfae", "#d6a783", "#4a3226", "#5f7f9e", "long",
          88, 118, 0.6, 16, 40, 6, 40, 12, 31, 12),
    Model("face-02", "#e8bd98", "#c99a74", "#2c2420", "#70866b", "short",
          92, 120, 0.68, 15, 41, 7, 44, 14, 33, 13),
    Model("face-03", "#8d5f45", "#6e4732", "#1f1a19", "#b08b4f", "bun",
          88, 119, 0.62, 16, 41, 6, 42, 16, 34, 12),
    Model("face-04", "#f4d9bf", "#d9b193", "#a7713c", "#8a5f7d", "bob",
          89, 117, 0.6, 16, 40, 5, 40, 12, 30, 12),
    Model("face-05", "#c98f66", "#a87350", "#2a211d", "#4f6f6a", "side",
          91, 121, 0.66, 15, 41, 7, 44, 15, 33, 13),
    Model("face-06", "#f0cdb0", "#d2a584", "#6b5a45", "#7d7f86", "short",
          78, 142, 0.5, 11, 32, 9, 66, 17, 24, 22, 3),
    Model("face-07", "#e6b894", "#c79672", "#55463a", "#86795f", "bald",
          112, 112, 0.86, 10, 60, 10, 40, 27, 44, 20, -4),
    Model("face-08", "#7c5440", "#5f3d2d", "#2a2422", "#6a7180", "curls",
          106, 126, 0.46, 12, 35, 9, 60, 25, 23, 18, 4),
    Model("face-09", "#f5dcc6", "#d8b497", "#8c8378", "#79625c", "bob",
          80, 136, 0.82, 19, 53, 4, 34, 20, 46, 21, -5),
    Model("face-10", "#d3a27c", "#b2815e", "#3b3029", "#5d6b57", "side",
          104, 132, 0.78, 11, 33, 10, 68, 22, 40, 20, 5),
    Model("face-11", "#efc8a4", "#d0a17d", "#6e4528", "#4f7a8c", "curls",
          92, 118, 0.64, 14, 41, 6, 44, 15, 32, 14),
    Model("face-12", "#a87250", "#88583c", "#241d1b", "#8c6a86", "short",
          93, 121, 0.66, 14, 42, 7, 46, 17, 34, 14),
    Model("face-13", "#f3d3b8", "#d6ab8c", "#c49a55", "#6b7a52", "long",
          89, 121, 0.6, 14, 40, 5, 43, 13, 30, 13),
    Model("face-14", "#eec6a2", "#cf9f7a", "#33261f", "#a0645a", "bun",
          89, 118, 0.61, 16, 40, 6, 41, 13, 31, 12),
)  # fmt: skip


def face(model: Model, expression: Expression) -> Canvas:
    """Draw a model's face with an expression."""
    canvas = Canvas(0, FACE_WIDTH, FACE_HEIGHT)
    canvas.background("#ffffff")
    mimic, x, y = MIMICS[expression], 175.0, 205.0
    _hair_behind(canvas, model, x, y)
    _bust(canvas, model, x, y)
    for side in (-1, 1):
        canvas.ellipse(x + side * (model.width - 2), y + 4, model.ears, model.ears * 1.5, model.skin)
        canvas.ellipse(
            x + side * (model.width - 1), y + 5, model.ears * 0.5, model.ears * 0.9, model.shade, opacity=0.5
        )
    _head(canvas, model, mimic, x, y)
    _hair(canvas, model, x, y)
    for side in (-1, 1):
        _eye(canvas, model, mimic, x, y, side)
    _nose(canvas, model, mimic, x, y)
    _mouth(canvas, model, mimic, x, y)
    return canvas


def _bust(canvas: Canvas, model: Model, x: float, y: float) -> None:
    neck = model.width * 0.46
    canvas.path(
        f"M{x - 140} 420 C{x - 136} 376 {x - 90} 356 {x - neck} 348 L{x + neck} 348 "
        f"C{x + 90} 356 {x + 136} 376 {x + 140} 420 Z",
        model.shirt,
    )
    canvas.path(
        f"M{x - neck} {y + 70} L{x - neck} 350 Q{x} 384 {x + neck} 350 L{x + neck} {y + 70} Z", model.shade
    )


def _head(canvas: Canvas, model: Model, mimic: _Mimic, x: float, y: float) -> None:
    w, h, jaw = model.width, model.length, model.width * model.jaw
    top, chin = y - h, y + h
    shift = model.lopsided
    outline = (
        f"M{x - w} {y - 12} C{x - w} {top + 34} {x - w * 0.62} {top} {x} {top} "
        f"C{x + w * 0.62} {top} {x + w} {top + 34} {x + w} {y - 12} "
        f"C{x + w} {y + h * 0.5} {x + jaw} {chin - 4} {x + shift} {chin} "
        f"C{x - jaw} {chin - 4} {x - w} {y + h * 0.5} {x - w} {y - 12} Z"
    )
    canvas.path(outline, canvas.linear(model.skin, model.skin, model.shade))
    if mimic.cheeks:
        for side in (-1, 1):
            blush = canvas.radial("#e07a63", "#e07a63", fade=True)
            canvas.ellipse(x + side * w * 0.56, y + h * 0.3, 26, 18, blush, opacity=0.55)
            fold = curve(
                "M",
                x + side * (model.nose_width + 8),
                y + h * 0.3,
                "Q",
                x + side * w * 0.5,
                y + h * 0.42,
                x + side * w * 0.46,
                y + h * 0.58,
            )
            canvas.path(fold, stroke=model.shade, width=3)


def _hair_behind(canvas: Canvas, model: Model, x: float, y: float) -> None:
    w, top = model.width, y - model.length
    if model.cut == "long":
        canvas.path(
            f"M{x - w - 16} 396 C{x - w - 34} {y} {x - w} {top - 22} {x} {top - 22} "
            f"C{x + w} {top - 22} {x + w + 34} {y} {x + w + 16} 396 Z",
            model.hair,
        )
    elif model.cut == "bob":
        canvas.path(
            f"M{x - w - 14} {y + 90} C{x - w - 30} {y - 30} {x - w} {top - 20} {x} {top - 20} "
            f"C{x + w} {top - 20} {x + w + 30} {y - 30} {x + w + 14} {y + 90} Z",
            model.hair,
        )
    elif model.cut == "bun":
        canvas.circle(x, top - 14, 32, model.hair)
        canvas.ellipse(x, y - 34, w + 8, model.length - 22, model.hair)
    elif model.cut == "curls":
        for step in range(15):
            share = step / 14
            side = x - w - 4 + (2 * w + 8) * share
            lift = (1 - (2 * share - 1) ** 2) ** 0.5 if 0 < share < 1 else 0
            canvas.circle(side, y - 30 - lift * (model.length - 22), 25, model.hair)


def _hair(canvas: Canvas, model: Model, x: float, y: float) -> None:
    w, top = model.width, y - model.length
    brow = y - model.length * 0.46
    if model.cut == "bald":
        for side in (-1, 1):
            canvas.path(
                curve(
                    "M",
                    x + side * (w - 1),
                    y - 8,
                    "C",
                    x + side * (w + 8),
                    y - 44,
                    x + side * (w - 4),
                    y - 66,
                    x + side * (w - 16),
                    y - 74,
                    "C",
                    x + side * (w - 14),
                    y - 50,
                    x + side * (w - 8),
                    y - 26,
                    x + side * (w - 1),
                    y - 8,
                    "Z",
                ),
                model.hair,
            )
        return
    if model.cut in ("short", "side"):
        lean = 46 if model.cut == "side" else 0
        canvas.path(
            f"M{x - w - 4} {y - 14} C{x - w - 14} {top + 6} {x - w * 0.6} {top - 26} {x} {top - 26} "
            f"C{x + w * 0.6} {top - 26} {x + w + 14} {top + 6} {x + w + 4} {y - 14} "
            f"C{x + w - 4} {brow + 6} {x + w * 0.7} {brow - 12} {x + lean} {brow - 16} "
            f"C{x - w * 0.6} {brow - 10} {x - w + 4} {brow + 8} {x - w - 4} {y - 14} Z",
            model.hair,
        )
        return
    if model.cut == "curls":
        for step in range(9):
            share = step / 8
            canvas.circle(
                x - w * 0.86 + 1.72 * w * share, brow - 26 - 26 * (1 - (2 * share - 1) ** 2), 22, model.hair
            )
        return
    part = -22 if model.cut == "long" else 20
    canvas.path(
        f"M{x - w - 5} {y + 10} C{x - w - 12} {top + 20} {x - w * 0.66} {top - 18} {x} {top - 18} "
        f"C{x + w * 0.66} {top - 18} {x + w + 12} {top + 20} {x + w + 5} {y + 10} "
        f"C{x + w - 2} {brow + 16} {x + w * 0.6} {brow - 18} {x + part} {brow - 34} "
        f"C{x - w * 0.5} {brow - 14} {x - w + 4} {brow + 18} {x - w - 5} {y + 10} Z",
        model.hair,
    )


def _eye(canvas: Canvas, model: Model, mimic: _Mimic, x: float, y: float, side: int) -> None:
    ex, ey = x + side * model.apart, y - 8 + side * model.lopsided
    wide, high = model.eyes * 1.32, model.eyes * 0.86 * mimic.lids
    shape = curve(
        "M",
        ex - wide,
        ey,
        "Q",
        ex,
        ey - high * 1.9,
        ex + wide,
        ey,
        "Q",
        ex,
        ey + high * 1.7,
        ex - wide,
        ey,
        "Z",
    )
    canvas.path(shape, "#fdfbf7")
    iris = min(model.eyes * 0.62, high * 1.02)
    canvas.circle(ex, ey - high * 0.06, iris, model.iris)
    canvas.circle(ex, ey - high * 0.06, iris * 0.52, "#1d1715")
    canvas.circle(ex - iris * 0.35, ey - iris * 0.45, iris * 0.24, "#ffffff")
    canvas.path(f"M{ex - wide} {ey} Q{ex} {ey - high * 1.9:.2f} {ex + wide} {ey}", stroke=INK, width=3.2)
    canvas.path(
        curve(
            "M", ex - wide * 0.8, ey + high * 0.9, "Q", ex, ey + high * 1.5, ex + wide * 0.8, ey + high * 0.9
        ),
        stroke=model.shade,
        width=2,
    )
    if mimic.cheeks or mimic.wrinkle:
        canvas.path(
            curve(
                "M", ex - wide * 0.9, ey + high + 9, "Q", ex, ey + high + 3, ex + wide * 0.9, ey + high + 9
            ),
            stroke=model.shade,
            width=3,
        )
    lift = model.eyes * 1.75 + 2
    inner, outer = ex - side * wide * 1.05, ex + side * wide * 1.15
    by = ey - lift
    bend = by - 6 + (mimic.brow_inner + mimic.brow_outer) / 2
    canvas.path(
        f"M{inner} {by + mimic.brow_inner} Q{ex} {bend:.2f} {outer} {by + 4 + mimic.brow_outer}",
        stroke=model.hair if model.hair != "#8c8378" else "#6f675d",
        width=model.brow,
    )


def _nose(canvas: Canvas, model: Model, mimic: _Mimic, x: float, y: float) -> None:
    foot, wide = y - 4 + model.nose, model.nose_width
    bend = x + model.lopsided
    up = 4 * mimic.wrinkle
    canvas.path(
        curve(
            "M",
            bend - wide,
            foot - 4 - up,
            "Q",
            bend - wide - 3,
            foot + 5 - up,
            bend - wide * 0.35,
            foot + 3 - up,
            "Q",
            bend,
            foot + 9 - up,
            bend + wide * 0.35,
            foot + 3 - up,
            "Q",
            bend + wide + 3,
            foot + 5 - up,
            bend + wide,
            foot - 4 - up,
        ),
        stroke=model.shade,
        width=4,
    )
    canvas.path(
        f"M{x + 7} {y - 4} Q{bend + 10} {foot - 18} {bend + wide * 0.7} {foot - 8}",
        stroke=model.shade,
        width=3,
        opacity=0.7,
    )
    if mimic.wrinkle:
        for line in (0, 1):
            canvas.path(
                f"M{x - 9} {y - 14 + 9 * line} Q{x} {y - 20 + 9 * line} {x + 9} {y - 14 + 9 * line}",
                stroke=model.shade,
                width=3,
            )
        for side in (-1, 1):
            canvas.path(
                curve(
                    "M",
                    bend + side * (wide + 4),
                    foot - 14,
                    "Q",
                    bend + side * (wide + 22),
                    foot + 4,
                    bend + side * (wide + 20),
                    foot + 26,
                ),
                stroke=model.shade,
                width=3.5,
            )


def _mouth(canvas: Canvas, model: Model, mimic: _Mimic, x: float, y: float) -> None:
    my = y - 4 + model.nose + (model.length - model.nose) * 0.4
    half, bend = model.mouth * (1.18 if mimic.open_ else 1.0), model.lopsided * 0.8
    left, right = my + mimic.corner - bend, my + mimic.corner + bend
    lip = "#a4564c"
    if mimic.open_:
        canvas.path(
            curve(
                "M",
                x - half,
                left,
                "Q",
                x,
                my + 4,
                x + half,
                right,
                "Q",
                x,
                my + 2.6 * mimic.curve,
                x - half,
                left,
                "Z",
            ),
            "#6f2a29",
        )
        canvas.path(
            curve(
                "M",
                x - half * 0.86,
                left + 3,
                "Q",
                x,
                my + 6,
                x + half * 0.86,
                right + 3,
                "Q",
                x,
                my + 1.35 * mimic.curve,
                x - half * 0.86,
                left + 3,
                "Z",
            ),
            "#fffaf4",
        )
        canvas.path(f"M{x - half} {left} Q{x} {my + 4} {x + half} {right}", stroke=lip, width=4)
        canvas.path(
            f"M{x - half} {left} Q{x} {my + 2.6 * mimic.curve:.2f} {x + half} {right}", stroke=lip, width=4
        )
        return
    if mimic.lip_raise:
        canvas.path(
            curve(
                "M",
                x - half,
                left,
                "C",
                x - half * 0.5,
                my - 14,
                x - 6,
                my - 13,
                x,
                my - 8,
                "C",
                x + 6,
                my - 13,
                x + half * 0.5,
                my - 14,
                x + half,
                right,
                "Q",
                x,
                my + mimic.curve,
                x - half,
                left,
                "Z",
            ),
            lip,
        )
        canvas.path(f"M{x - half} {left} Q{x} {my + mimic.curve} {x + half} {right}", stroke=INK, width=3)
        canvas.path(
            f"M{x - half * 0.7} {my + 15} Q{x} {my + 5} {x + half * 0.7} {my + 15}", stroke=lip, width=5
        )
        return
    canvas.path(
        f"M{x - half} {left} Q{x} {my + mimic.curve * 1.6:.2f} {x + half} {right}", stroke="#7d3f38", width=4
    )
    canvas.path(
        curve(
            "M",
            x - half * 0.62,
            (left + my) / 2 + 7,
            "Q",
            x,
            my + 11 + mimic.curve * 0.8,
            x + half * 0.62,
            (right + my) / 2 + 7,
        ),
        stroke=lip,
        width=5,
        opacity=0.75,
    )
    canvas.path(
        curve(
            "M",
            x - half * 0.6,
            (left + my) / 2 - 4,
            "Q",
            x,
            my - 6 + mimic.curve,
            x + half * 0.6,
            (right + my) / 2 - 4,
        ),
        stroke=lip,
        width=3,
        opacity=0.6,
    )
