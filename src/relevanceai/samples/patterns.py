"""Patterns printed on cloth: stripes, dots, checks, flowers and pictures; paint inside an outline."""

from typing import TypeAlias

import numpy as np

from relevanceai.samples.colours import Colour, darker, lighter
from relevanceai.samples.curves import arc, curve, ellipse, heart, outline, star
from relevanceai.samples.sketch import Sketch

Box: TypeAlias = tuple[float, float, float, float]


def stripes(sketch: Sketch, box: Box, pitch: float, width: float, colour: Colour) -> None:
    """Paint level stripes, a little sagging, `pitch` apart."""
    x0, y0, x1, y1 = box
    for y in np.arange(y0, y1, pitch):
        top = curve((x0, y), ((x0 + x1) / 2, y + 0.8), (x1, y))
        sketch.tint(outline(top, top[::-1] + (0, width)), colour)


def upright_stripes(sketch: Sketch, box: Box, pitch: float, width: float, colour: Colour) -> None:
    """Paint upright stripes, `pitch` apart."""
    x0, y0, x1, y1 = box
    for x in np.arange(x0, x1, pitch):
        sketch.seam(curve((x, y0), (x, y1)), colour, width=width)


def polka_dots(sketch: Sketch, box: Box, pitch: float, radius: float, colour: Colour) -> None:
    """Paint rows of dots, every other row set off by half a step."""
    x0, y0, x1, y1 = box
    centres = [
        (x, y)
        for row, y in enumerate(np.arange(y0, y1, pitch * 0.8))
        for x in np.arange(x0 + (row % 2) * pitch / 2, x1, pitch)
    ]
    sketch.dots(np.array(centres), radius, colour)


def checks(sketch: Sketch, box: Box, pitch: float, first: Colour, second: Colour) -> None:
    """Paint a woven check of see-through bands and thin lines."""
    x0, y0, x1, y1 = box
    for x in np.arange(x0, x1, pitch):
        sketch.tint(
            np.array([(x, y0), (x + pitch / 2, y0), (x + pitch / 2, y1), (x, y1)]), first, 0.5
        )
        sketch.seam(curve((x + pitch * 0.75, y0), (x + pitch * 0.75, y1)), second, opacity=0.7)
    for y in np.arange(y0, y1, pitch):
        sketch.tint(
            np.array([(x0, y), (x1, y), (x1, y + pitch / 2), (x0, y + pitch / 2)]), first, 0.5
        )
        sketch.seam(curve((x0, y + pitch * 0.75), (x1, y + pitch * 0.75)), second, opacity=0.7)


def flowers(sketch: Sketch, box: Box, pitch: float, petal: Colour, leaf: Colour) -> None:
    """Paint small flowers with five petals, and leaves between them."""
    x0, y0, x1, y1 = box
    angles = np.arange(5) * 2 * np.pi / 5
    petals = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    heart_of_flower = lighter((236, 190, 70), 0.1)
    for row, y in enumerate(np.arange(y0, y1, pitch * 0.85)):
        for column, x in enumerate(np.arange(x0 + (row % 2) * pitch / 2, x1, pitch)):
            size = pitch * (0.15 if (row + column) % 3 else 0.2)
            middle = np.array([x + ((row * 7 + column * 3) % 5 - 2) * 0.4, y])
            sketch.tint(ellipse(middle[0] + pitch * 0.36, y + pitch * 0.22, 1.5, 0.7), leaf)
            sketch.dots(petals * size + middle, size * 0.72, petal)
            sketch.dots(middle[None], size * 0.6, heart_of_flower)


def motif(sketch: Sketch, name: str, x: float, y: float, size: float, colour: Colour) -> None:
    """Paint one picture about (x, y): "Sunset", "Mountain", "Star", "Heart", "Wave" or "Logo"."""
    if name == "Sunset":
        for i in range(4):
            low = y + size * (0.05 + i * 0.26)
            half = float(np.sqrt(max(0.05, 1 - ((low - y) / size) ** 2))) * size
            sketch.tint(
                np.array(
                    [
                        (x - half, low),
                        (x + half, low),
                        (x + half, low + size * 0.13),
                        (x - half, low + size * 0.13),
                    ]
                ),
                colour,
            )
        sketch.tint(arc(x, y, size, size, 180, 360), colour)
    elif name == "Mountain":
        ridge = [
            (x - size, y + size * 0.7),
            (x - size * 0.35, y - size * 0.5),
            (x, y + size * 0.1),
            (x + size * 0.4, y - size * 0.8),
            (x + size * 1.1, y + size * 0.7),
        ]
        sketch.tint(np.array(ridge), colour)
        snow = [
            (x + size * 0.4, y - size * 0.8),
            (x + size * 0.62, y - size * 0.32),
            (x + size * 0.42, y - size * 0.42),
            (x + size * 0.24, y - size * 0.3),
        ]
        sketch.tint(np.array(snow), lighter(colour, 0.75))
        sketch.dots(
            np.array([(x - size * 0.5, y - size * 0.9)]), size * 0.26, lighter((236, 170, 60), 0.1)
        )
    elif name == "Star":
        sketch.tint(star(x, y, size), colour)
    elif name == "Heart":
        sketch.tint(heart(x, y, size), colour)
    elif name == "Wave":
        for i in range(3):
            line = curve(
                *[
                    (
                        x + (k - 3) * size * 0.33,
                        y + (i - 1) * size * 0.55 + (size * 0.2 if k % 2 else -size * 0.2),
                    )
                    for k in range(7)
                ]
            )
            sketch.seam(line, colour, width=size * 0.17)
    else:
        sketch.tint(ellipse(x, y, size, size), colour)
        sketch.tint(star(x, y, size * 0.72, 8, 0.5), darker(colour, 0.4))
