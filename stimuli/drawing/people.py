"""A child's face, glad or sad: the same drawing with another expression."""

from __future__ import annotations

from dataclasses import dataclass

from stimuli.drawing.canvas import Canvas


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of a face and of what surrounds it."""

    skin: str
    shade: str
    hair: str
    hair_shade: str
    shirt: str
    shirt_shade: str
    iris: str


def _bust(canvas: Canvas, look: Look) -> None:
    canvas.path(
        "M250 960 C255 800 400 742 520 720 L760 720 C880 742 1025 800 1030 960 Z",
        canvas.linear(look.shirt, look.shirt_shade),
    )
    canvas.path("M545 640 L545 735 C580 790 700 790 735 735 L735 640 Z", look.shade)
    canvas.path("M520 722 C570 810 710 810 760 722", stroke=look.shirt_shade, width=26)


def _head(canvas: Canvas, look: Look) -> None:
    canvas.path(
        "M345 470 C320 180 480 90 640 90 C800 90 960 180 935 470 C930 560 905 600 880 610 L400 610 "
        "C375 600 350 560 345 470 Z",
        look.hair_shade,
    )
    for x in (372, 908):
        canvas.ellipse(x, 455, 46, 62, look.skin)
        canvas.ellipse(x, 458, 24, 36, look.shade, opacity=0.6)
    canvas.path(
        "M380 400 C380 230 500 170 640 170 C780 170 900 230 900 400 C900 560 800 720 640 720 "
        "C480 720 380 560 380 400 Z",
        canvas.linear(look.skin, look.skin, look.shade),
    )
    canvas.path(
        "M352 430 C340 200 470 96 640 96 C810 96 940 200 928 430 C900 330 850 290 800 262 "
        "C780 300 700 320 600 300 C610 285 616 270 616 258 C560 300 420 310 352 430 Z",
        canvas.linear(look.hair, look.hair_shade),
    )
    canvas.path("M640 455 C622 500 606 520 618 532 C630 542 650 540 660 532", stroke=look.shade, width=9)


def _eye(canvas: Canvas, x: float, look: Look, height: float, gaze: float) -> None:
    canvas.ellipse(x, 425, 50, height, "#fffdf8")
    canvas.circle(x, 427 + gaze, min(31, height - 3), look.iris)
    canvas.circle(x, 427 + gaze, 17, "#241d1a")
    canvas.circle(x - 10, 415 + gaze, 8, "#ffffff", opacity=0.95)


def glad_face(canvas: Canvas, look: Look) -> None:
    """Draw a child that laughs."""
    _bust(canvas, look)
    _head(canvas, look)
    for x, side in ((525, -1), (755, 1)):
        # Laughing eyes close: an open eye above a laugh looks startled.
        canvas.path(f"M{x - 52} 446 Q{x} 376 {x + 52} 446", stroke="#3a2a22", width=13)
        canvas.path(f"M{x + side * 52} 446 L{x + side * 72} 430", stroke="#3a2a22", width=9)
        canvas.path(f"M{x - 40} 478 Q{x} 462 {x + 40} 478", stroke=look.shade, width=6)
        canvas.path(f"M{x - 54} 350 Q{x + side * 6} 300 {x + 54} 350", stroke=look.hair_shade, width=14)
        canvas.ellipse(
            x + side * 42, 545, 58, 40, canvas.radial("#ee8f74", "#ee8f74", fade=True), opacity=0.75
        )
    canvas.path(
        "M505 570 C560 590 720 590 775 570 C765 660 705 690 640 690 C575 690 515 660 505 570 Z", "#7c2d2b"
    )
    canvas.path(
        "M522 576 C580 592 700 592 758 576 C755 604 750 612 742 616 C680 628 600 628 538 616 Z", "#fffaf2"
    )
    canvas.path("M575 672 C590 640 690 640 705 672 C690 688 590 688 575 672 Z", "#dd6f6a")
    for x, bend in ((500, -10), (780, 10)):
        canvas.path(f"M{x} 552 Q{x + bend} 568 {x + bend / 2} 586", stroke=look.shade, width=8)


def sad_face(canvas: Canvas, look: Look) -> None:
    """Draw a child that weeps."""
    _bust(canvas, look)
    _head(canvas, look)
    for x, side in ((525, -1), (755, 1)):
        _eye(canvas, x, look, 40, 9)
        lid = f"M{x - 56} {430 if side < 0 else 392} Q{x} 376 {x + 56} {392 if side < 0 else 430}"
        canvas.path(lid + f" L{x + 60} 366 L{x - 60} 366 Z", look.skin)
        canvas.path(lid, stroke="#3a2a22", width=8)
        inner, outer = x - side * 60, x + side * 62
        canvas.path(f"M{inner} 312 Q{x} 326 {outer} 366", stroke=look.hair_shade, width=15)
        canvas.path(f"M{x - 40} 478 Q{x} 494 {x + 40} 478", stroke=look.shade, width=7)
        tear = f"M{x + side * 8} 470 C{x - 16 + side * 8} 520 {x - 20 + side * 8} 550 {x + side * 8} 552 "
        tear += f"C{x + 20 + side * 8} 550 {x + 16 + side * 8} 520 {x + side * 8} 470 Z"
        canvas.path(tear, "#9cc7e6", opacity=0.95)
        canvas.circle(x + side * 8 - 5, 530, 5, "#ffffff")
    canvas.path("M545 652 C585 606 695 606 735 652", stroke="#8a4a44", width=14)
    canvas.path("M600 678 Q640 666 680 678", stroke=look.shade, width=8)
