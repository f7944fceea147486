"""Hats and sunglasses, seen from the front."""

import numpy as np

from relevanceai.samples.colours import (
    BRIGHT,
    GOLD,
    INK,
    LEATHER,
    QUIET,
    SILVER,
    WHITE,
    Colour,
    brightness,
    contrasting,
    darker,
    lighter,
)
from relevanceai.samples.curves import Points, arc, curve, ellipse, mirrored, outline, symmetric
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.sketch import Sketch

_STRAW: dict[str, Colour] = {
    "Straw": (222, 190, 128),
    "Natural": (230, 210, 168),
    "Toffee": (178, 132, 82),
}


def hat(dice: Dice) -> Design:
    """Return a sun hat, fedora, beanie or cap."""
    style = dice.pick(["Sun", "Fedora", "Beanie", "Cap"])
    if style == "Sun":
        name, colour = dice.colour(_STRAW)
    elif style == "Fedora":
        name, colour = dice.colour(LEATHER)
    else:
        name, colour = dice.colour(BRIGHT, QUIET)
    second = dice.pick([INK, WHITE, *list(BRIGHT.values())[:8], LEATHER["Chocolate"]])
    if abs(brightness(second) - brightness(colour)) < 0.18:
        second = contrasting(colour, 0.65)
    crown = dice.between(-3, 3)
    pompom = dice.chance(0.6)

    def sun(sketch: Sketch) -> None:
        sketch.shadow(50, 75, 40, 4, 0.35)
        sketch.fill(
            symmetric(curve((50, 60), (24, 60.5), (5, 66), (8, 71.5), (26, 76), (50, 77.5))),
            colour,
            height=170,
        )
        for k in range(4):
            sketch.seam(
                ellipse(50, 67.5, 43 - k * 4.6, 8.4 - k * 1.0),
                darker(colour, 0.22),
                width=0.5,
                opacity=0.8,
            )
        sketch.glow(curve((14, 68.5), (30, 73), (50, 74.5)), (1, 3, 2), 0.2)
        sketch.glow(curve((28, 69), (50, 72), (74, 69)), (3, 5, 3), -0.3)
        dome = symmetric(
            curve((50, 33 + crown), (38, 34.5 + crown), (29.5, 44), (26.5, 58), (27, 67), (50, 71))
        )
        sketch.fill(dome, colour, height=215)
        with sketch.inside(dome):
            for y in range(30, 72, 3):
                sketch.seam(
                    curve((20, y), (50, y + 3.5), (80, y)),
                    darker(colour, 0.2),
                    width=0.4,
                    opacity=0.7,
                )
            for x in range(14, 90, 4):
                sketch.seam(
                    curve((x, 75), (50 + (x - 50) * 0.6, 30)),
                    darker(colour, 0.2),
                    width=0.35,
                    opacity=0.5,
                )
            band = outline(
                curve((20, 57.5), (50, 62), (80, 57.5)), curve((80, 66), (50, 70.5), (20, 66))
            )
            sketch.tint(band, second)
        for side in (-1, 1):
            sketch.fill(
                curve((66, 63), (66 + side * 7, 58.5), (66 + side * 6.6, 67.5), closed=True),
                second,
                height=245,
            )
        sketch.dots(np.array([(66.0, 63.0)]), 1.7, darker(second, 0.2), raised=True)
        sketch.glow(curve((38, 40), (33, 50), (32, 58)), (2, 5, 2), 0.22)

    def fedora(sketch: Sketch) -> None:
        sketch.shadow(50, 74, 36, 4, 0.35)
        brim = symmetric(curve((50, 62), (30, 61), (9, 58.5), (7.6, 62.5), (24, 71), (50, 75.5)))
        sketch.fill(brim, darker(colour, 0.1), height=165)
        sketch.seam(
            curve((9, 61.5), (24, 69), (50, 73.6), (76, 69), (91, 61.5)),
            darker(colour, 0.4),
            width=0.6,
        )
        dome = symmetric(
            curve(
                (50, 33 + crown),
                (43, 29 + crown),
                (34.5, 31.5 + crown),
                (29.5, 44),
                (27, 62),
                (27.5, 66),
                (50, 70.5),
            )
        )
        sketch.fill(dome, colour, height=215)
        with sketch.inside(dome):
            sketch.tint(
                outline(
                    curve((20, 56.5), (50, 61), (80, 56.5)), curve((80, 66), (50, 70.5), (20, 66))
                ),
                second,
            )
        sketch.glow(curve((50, 34 + crown), (50, 42), (49, 50)), (4, 5, 1), -0.3)
        sketch.glow(curve((39, 35 + crown), (35.5, 44), (34, 54)), (2, 5, 3), 0.26)
        sketch.glow(curve((64, 38), (68, 48), (70, 55)), (2, 4, 3), -0.16)
        sketch.glow(curve((16, 62.5), (28, 68), (42, 71)), (1, 3, 1), 0.22)

    def beanie(sketch: Sketch) -> None:
        with sketch.posed(dy=-2, scale=1.06):
            sketch.shadow(50, 81, 26, 3, 0.35)
            dome = symmetric(
                curve((50, 24 + crown), (36, 27 + crown), (25, 42), (22.5, 62), (24, 72), (50, 74))
            )
            if pompom:
                angles = np.linspace(0, 2 * np.pi, 26, endpoint=False)
                ball = np.stack(
                    [50 + 9.6 * np.cos(angles), 19 + crown + 9.2 * np.sin(angles)], axis=1
                )
                sketch.dots(ball, 2.0, second, raised=True)
                sketch.fill(ellipse(50, 19 + crown, 9.8, 9.4), second, height=205)
                for angle in np.arange(0, 6.2, 0.5):
                    reach = 4.2 + (angle * 7) % 4.5
                    middle = np.array(
                        [50 + reach * np.cos(angle), 19 + crown + reach * np.sin(angle)]
                    )
                    sketch.seam(
                        np.stack(
                            [
                                middle,
                                middle + 2.4 * np.array([np.cos(angle + 0.6), np.sin(angle + 0.6)]),
                            ]
                        ),
                        darker(second, 0.22),
                        width=0.6,
                    )
            sketch.fill(dome, colour, height=205)
            with sketch.inside(dome):
                for k in range(-8, 9):
                    x = 50 + k * 3.5
                    sketch.seam(
                        curve((50 + k * 0.8, 24 + crown), (50 + k * 2.7, 42), (x, 64)),
                        darker(colour, 0.25),
                        width=0.7,
                        opacity=0.8,
                    )
                if not pompom:
                    for y in (44, 51):
                        sketch.tint(
                            outline(
                                curve((15, y), (50, y + 2.4), (85, y)),
                                curve((85, y + 3.4), (50, y + 5.8), (15, y + 3.4)),
                            ),
                            second,
                        )
            cuff = symmetric(
                curve((50, 62.5), (34, 62), (21, 60), (20.2, 70), (22, 79), (36, 81.2), (50, 81.6))
            )
            sketch.fill(cuff, lighter(colour, 0.08) if pompom else second, height=238)
            tone = lighter(colour, 0.08) if pompom else second
            with sketch.inside(cuff):
                for x in range(18, 84, 4):
                    sketch.seam(curve((x, 58), (x, 84)), darker(tone, 0.25), width=0.8, opacity=0.8)
            sketch.glow(curve((38, 34), (31, 46), (29, 58)), (2, 6, 3), 0.2)
            sketch.glow(curve((66, 36), (71, 48), (72, 58)), (2, 5, 3), -0.16)

    def cap(sketch: Sketch) -> None:
        with sketch.posed(dx=-4, dy=-2):
            sketch.shadow(56, 73, 38, 3.4, 0.35)
            peak = outline(
                curve((46, 62), (66, 58), (84, 61), (96, 69.5)),
                curve((95, 73), (80, 70.6), (64, 70.4), (46, 72)),
            )
            sketch.fill(peak, second, height=170)
            sketch.stitches(
                curve((50, 66.6), (68, 63.6), (84, 66), (92, 70)),
                contrasting(second, 0.35),
                width=0.4,
            )
            sketch.stitches(
                curve((50, 69), (68, 66.6), (82, 68.2), (90, 71)),
                contrasting(second, 0.35),
                width=0.4,
            )
            dome = outline(
                curve(
                    (14, 69),
                    (13, 52),
                    (24, 37),
                    (42, 31 + crown * 0.5),
                    (58, 37),
                    (68, 50),
                    (70, 61),
                ),
                curve((70, 63.5), (50, 68), (34, 71), (14, 69)),
            )
            sketch.fill(dome, colour, height=212)
            sketch.seam(curve((42, 31.5), (49, 44), (51, 67)), darker(colour, 0.35), width=0.6)
            sketch.seam(curve((42, 31.5), (29, 44), (26, 70)), darker(colour, 0.35), width=0.6)
            sketch.stitches(
                curve((43.4, 31.5), (50.6, 44), (52.6, 67)), contrasting(colour, 0.3), width=0.4
            )
            sketch.dots(np.array([(42.0, 31.2 + crown * 0.5)]), 2.1, second, raised=True)
            sketch.dots(np.array([(36.5, 46.0), (55.0, 44.0)]), 1.0, darker(colour, 0.5))
            sketch.fill(ellipse(60, 53, 4.6, 5.4), second, height=226)
            sketch.tint(ellipse(60, 53, 2.6, 3.2), colour)
            sketch.glow(curve((30, 40), (22, 50), (19, 62)), (2, 6, 3), 0.2)
            sketch.glow(curve((72, 61.5), (84, 64), (92, 69)), (1, 3, 1), 0.3)

    paint = {"Sun": sun, "Fedora": fedora, "Beanie": beanie, "Cap": cap}[style]
    return Design(paint, name, style, "single" if style == "Cap" else "front")


def _band(pane: Points, top: float, bottom: float) -> Points:
    x0, x1 = float(pane[:, 0].min()), float(pane[:, 0].max())
    return np.array([(x0, top), (x1, top), (x1, bottom), (x0, bottom)])


def sunglasses(dice: Dice) -> Design:
    """Return sunglasses: round, aviator, square, cat-eye or large."""
    style = dice.pick(["Round", "Aviator", "Square", "Cat-Eye", "Oversized"])
    thin = style in ("Round", "Aviator")
    frames = (
        {"Gold": GOLD, "Silver": SILVER, "Black": INK}
        if thin
        else {
            "Black": INK,
            "Tortoise": (122, 78, 44),
            "Red": BRIGHT["Red"],
            "White": (240, 240, 238),
            "Cobalt": BRIGHT["Cobalt"],
            "Pink": BRIGHT["Pink"],
            "Sage": QUIET["Sage"],
        }
    )
    name, frame = dice.colour(frames)
    lens: Colour = dice.pick(
        [(44, 46, 52), (96, 66, 44), (46, 72, 62), (52, 70, 116), (150, 82, 88), (60, 60, 92)]
    )
    gap = dice.between(4.5, 6.5)
    size = dice.between(0.94, 1.04)

    def half() -> Points:
        x = 50 - gap
        if style == "Round":
            return ellipse(x - 16.5, 52, 16.5, 16.0)
        if style == "Aviator":
            return curve(
                (x, 43),
                (x - 17, 39.5),
                (x - 35, 42.5),
                (x - 35.5, 54),
                (x - 25, 67.5),
                (x - 10, 67),
                (x - 1, 56),
                closed=True,
            )
        if style == "Square":
            return curve(
                (x, 43),
                (x - 17, 40.5),
                (x - 35, 41),
                (x - 35, 53),
                (x - 31, 64),
                (x - 17, 66),
                (x - 5, 63.5),
                (x - 1, 52),
                closed=True,
            )
        if style == "Cat-Eye":
            return curve(
                (x, 46),
                (x - 14, 42),
                (x - 28, 38),
                (x - 39, 33.5),
                (x - 36, 50),
                (x - 27, 62.5),
                (x - 14, 63.5),
                (x - 3, 58),
                closed=True,
            )
        return curve(
            (x + 0.5, 42),
            (x - 18, 36.5),
            (x - 36, 40),
            (x - 37, 55),
            (x - 29, 68.5),
            (x - 15, 70.5),
            (x - 3, 63),
            closed=True,
        )

    def paint(sketch: Sketch) -> None:
        with sketch.posed(scale=size):
            left = half()
            middle = (left.min(axis=0) + left.max(axis=0)) / 2
            edge = float(left[:, 0].min())
            high = float(left[np.argmin(left[:, 0]), 1]) - (2 if thin else 0)
            sketch.shadow(50, 74, 38, 2.6, 0.34)
            # The sides run back and out of sight behind the lenses.
            side = curve(
                (edge + 2, high),
                (edge - 1.5, high - 5),
                (edge + 5, high - 12),
                (edge + 14, high - 14),
            )
            for piece in (side, mirrored(side)):
                sketch.stroke(
                    piece, (1.6, 1.6, 1.4) if thin else (4, 3, 2.4), darker(frame, 0.25), height=120
                )
            rim = 1.06 if thin else 1.0
            inner = 0.97 if thin else 0.83
            if style in ("Round", "Aviator"):
                sketch.stroke(arc(50, 50, gap + 1.6, 5.5, 205, 335), 1.9, frame, height=225)
                if style == "Aviator":
                    sketch.stroke(
                        curve((50 - gap - 12, 39.6), (50, 38.6), (50 + gap + 12, 39.6)),
                        1.8,
                        frame,
                        height=225,
                    )
            else:
                sketch.fill(
                    symmetric(
                        curve(
                            (50, 45.5),
                            (50 - gap - 3, 43.6),
                            (50 - gap - 3, 54),
                            (50 - gap + 0.5, 53.5),
                            (50, 50.6),
                        )
                    ),
                    frame,
                    height=215,
                )
            for glass in (left, mirrored(left)):
                centre = middle if glass is left else np.array([100 - middle[0], middle[1]])
                sketch.fill((glass - centre) * rim + centre, frame, height=225)
                pane = (glass - centre) * inner + centre
                sketch.fill(pane, lens, height=190)
                with sketch.inside(pane):
                    low, high_y = float(pane[:, 1].min()), float(pane[:, 1].max())
                    for k in range(5):
                        y = low + (high_y - low) * (0.3 + k * 0.15)
                        sketch.tint(_band(pane, y, high_y), lighter(lens, 0.5), 0.17)
                    x, y = float(centre[0]), float(centre[1])
                    sketch.tint(
                        outline(
                            curve((x - 12, y + 4), (x - 1, y - 18)),
                            curve((x + 5, y - 18), (x - 7, y + 9)),
                        ),
                        WHITE,
                        0.3,
                    )
                    sketch.tint(
                        outline(
                            curve((x - 4, y + 10), (x + 9, y - 18)),
                            curve((x + 11.5, y - 18), (x - 1.5, y + 12)),
                        ),
                        WHITE,
                        0.2,
                    )
            if name == "Tortoise":
                for k in range(14):
                    x, y = left[(k * 5) % len(left)] * 0.95 + middle * 0.05
                    for xx in (x, 100 - x):
                        sketch.tint(ellipse(xx, y, 1.7, 1.2), (66, 38, 24), 0.5)
            if not thin:
                sketch.dots(
                    np.array([(edge + 3.4, high + 2), (96.6 - edge, high + 2)]),
                    0.9,
                    GOLD,
                    raised=True,
                )

    return Design(paint, name, style)
