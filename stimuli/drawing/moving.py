"""What moving scenes are made of: a wide sheet, waves, drifting things, colours between two."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas

FILM_WIDTH, FILM_HEIGHT = 1280, 720


def sheet(seed: int = 0) -> Canvas:
    """Return an empty frame of 1280 x 720; the same seed spreads things the same way in every frame."""
    return Canvas(seed, FILM_WIDTH, FILM_HEIGHT)


def wave(t: float, period_s: float, phase: float = 0.0) -> float:
    """Return a sine of `period_s` at `t` seconds, -1 to 1; `phase` counts in periods."""
    return math.sin(2 * math.pi * (t / period_s + phase))


def rise(t: float, from_s: float, to_s: float) -> float:
    """Return how far something has gone between two times, 0 to 1, gently at both ends."""
    share = min(1.0, max(0.0, (t - from_s) / (to_s - from_s)))
    return share * share * (3 - 2 * share)


def wrap(value: float, span: float, margin: float = 0.0) -> float:
    """Return `value` brought back into -margin .. span + margin: what leaves on one side comes in again."""
    whole = span + 2 * margin
    return (value + margin) % whole - margin


def mix(first: str, second: str, share: float) -> str:
    """Return the colour `share` of the way from `first` to `second`, both `#rrggbb`."""
    share = min(1.0, max(0.0, share))
    pairs = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def glow(canvas: Canvas, x: float, y: float, r: float, colour: str, opacity: float = 1.0) -> None:
    """Draw light that fades outwards."""
    canvas.circle(x, y, r, canvas.radial(colour, colour, fade=True), opacity=opacity)


def grass(canvas: Canvas, t: float, count: int, top: float, colour: str, sway: float = 14.0) -> None:
    """Draw blades that lean with the wind, from `top` down to the lower edge."""
    for _ in range(count):
        x, depth, phase = canvas.spread(0, FILM_WIDTH), canvas.spread(0, 1), canvas.spread(0, 1)
        foot = top + depth * (FILM_HEIGHT - top)
        high = 20 + 44 * depth
        lean = sway * depth * wave(t, 3.2, phase * 0.3 + x / 1600) + canvas.spread(-6, 6)
        canvas.path(
            f"M{x:.0f} {foot:.0f} q{lean / 2:.1f} {-high / 2:.0f} {lean:.1f} {-high:.0f}",
            stroke=colour,
            width=2 + 2 * depth,
        )


def rain(canvas: Canvas, t: float, count: int, speed: float, colour: str, opacity: float = 0.5) -> None:
    """Draw slanted rain that falls `speed` units a second."""
    for _ in range(count):
        x, y, long = canvas.spread(-100, FILM_WIDTH), canvas.spread(0, FILM_HEIGHT), canvas.spread(18, 40)
        down = wrap(y + speed * t * (0.8 + long / 100), FILM_HEIGHT, 60)
        canvas.line([(x, down), (x - long * 0.18, down + long)], colour, 2, opacity=opacity)


def flakes(
    canvas: Canvas, t: float, count: int, speed: float, colours: tuple[str, ...], size: float, top: float = 0
) -> None:
    """Draw things that fall slowly and sway: snow, petals, paper."""
    for index in range(count):
        x, y, depth = (
            canvas.spread(0, FILM_WIDTH),
            canvas.spread(0, FILM_HEIGHT),
            canvas.spread(0.4, 1),
        )
        phase = canvas.spread(0, 1)
        down = wrap(y + speed * depth * t, FILM_HEIGHT - top, 20) + top
        aside = x + 26 * depth * wave(t, 4.0 + 2 * phase, phase)
        canvas.circle(aside, down, size * depth, colours[index % len(colours)], opacity=0.55 + 0.4 * depth)
