"""Light shoes: heels and sandals, seen from the side, toe to the right."""

from relevanceai.samples.colours import (
    BRIGHT,
    GOLD,
    LEATHER,
    SILVER,
    Colour,
    contrasting,
    darker,
    lighter,
)
from relevanceai.samples.curves import curve, outline, rounded
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.sketch import Sketch

_FLOOR = 76.0


def heel(dice: Dice) -> Design:
    """Return a high-heeled shoe: pump, slingback, ankle strap or open toe."""
    name, colour = dice.colour(LEATHER, BRIGHT, {"Gold": GOLD, "Silver": SILVER})
    style = dice.pick(["Pointed", "Ankle-Strap", "Slingback", "Block-Heel"])
    rise = dice.between(24, 32)
    inner = dice.pick([(222, 196, 160), (206, 168, 130), (232, 214, 190)])
    sole: Colour = (190, 148, 104) if dice.chance(0.35) else darker(colour, 0.5)
    bow = dice.chance(0.25)

    def paint(sketch: Sketch) -> None:
        with sketch.posed(scale=1.24, stretch=0.76, dy=-9):
            floor = 80.0
            sketch.shadow(70, floor + 0.6, 24, 2.6, 0.5)
            sketch.shadow(17, floor + 0.6, 8, 1.8, 0.45)
            seat = floor - rise
            if style == "Block-Heel":
                stem = outline(
                    curve((9, seat + 6), (11, floor - 12), (10.5, floor)),
                    curve((21, floor), (22, floor - 14), (29, seat + 15)),
                )
            else:
                stem = outline(
                    curve((9.5, seat + 4), (13, floor - 18), (14.2, floor)),
                    curve((17.4, floor), (18.4, floor - 16), (29, seat + 15)),
                )
            sketch.fill(stem, darker(colour, 0.18), height=160)
            under = outline(
                curve(
                    (9, seat + 7),
                    (24, seat + 13),
                    (42, floor - 10),
                    (58, floor - 2.6),
                    (72, floor - 1.2),
                    (93, floor - 2),
                ),
                curve((92, floor), (72, floor + 0.4), (57, floor - 0.6)),
                curve((40, floor - 7.5), (24, seat + 16), (10, seat + 9)),
            )
            sketch.fill(under, sole, height=140)
            sketch.fill(
                curve(
                    (12, seat + 2),
                    (24, seat + 6),
                    (44, floor - 14),
                    (60, floor - 8),
                    (70, floor - 11),
                    (48, floor - 20),
                    (26, seat),
                    closed=True,
                ),
                inner,
                height=120,
            )
            upper = outline(
                curve((9, seat + 8), (7.6, seat + 2), (9.5, seat - 6)),
                curve(
                    (12, seat - 7.4),
                    (18, seat + 0.5),
                    (32, seat + 7.5),
                    (47, floor - 14.5),
                    (58, floor - 11.6),
                ),
                curve((64, floor - 15.8), (74, floor - 12), (84, floor - 7), (95.5, floor - 2.6)),
                curve(
                    (95, floor - 1.4),
                    (72, floor - 0.9),
                    (57, floor - 2.2),
                    (41, floor - 9.5),
                    (24, seat + 14),
                    (9, seat + 8),
                ),
            )
            if style == "Slingback":
                sketch.stroke(
                    curve(
                        (12, seat + 9),
                        (9.5, seat + 1),
                        (12, seat - 5),
                        (26, seat - 0.5),
                        (46, floor - 15),
                    ),
                    2.2,
                    colour,
                )
                sketch.dots(curve((24, seat - 1.2), (24.1, seat - 1.2)), 1.6, GOLD, raised=True)
                front = outline(
                    curve((42, floor - 10), (46, floor - 15), (58, floor - 11.6)),
                    curve(
                        (64, floor - 15.8), (74, floor - 12), (84, floor - 7), (95.5, floor - 2.6)
                    ),
                    curve(
                        (95, floor - 1.4), (72, floor - 0.9), (57, floor - 2.2), (42, floor - 9.5)
                    ),
                )
                sketch.fill(front, colour, height=208)
            else:
                sketch.fill(upper, colour, height=208)
            if style == "Ankle-Strap":
                band = curve(
                    (9.5, seat - 4),
                    (12, seat - 13),
                    (24, seat - 17),
                    (36, seat - 14),
                    (34, seat - 10),
                    (24, seat - 8.5),
                    (13, seat - 9),
                    closed=True,
                )
                sketch.stroke(band, 2.0, colour, height=235)
                sketch.dots(curve((28.5, seat - 9), (28.6, seat - 9)), 1.6, GOLD, raised=True)
            if bow:
                x, y = 66.0, floor - 14.5
                for side in (-1, 1):
                    sketch.fill(
                        curve(
                            (x, y), (x + side * 7, y - 4.6), (x + side * 7, y + 2.6), closed=True
                        ),
                        darker(colour, 0.12),
                        height=245,
                    )
                sketch.dots(
                    curve((x, y - 0.3), (x + 0.1, y - 0.3)), 1.7, darker(colour, 0.3), raised=True
                )
            sketch.glow(
                curve((72, floor - 10.5), (80, floor - 7), (89, floor - 4)), (1, 3.4, 1), 0.4
            )
            sketch.glow(curve((13, seat + 2), (24, seat + 9), (38, floor - 13)), (1, 3, 1), 0.24)

    return Design(paint, name, style, "pair", dy=6.0)


def sandal(dice: Dice) -> Design:
    """Return an open shoe: straps over a flat or wedge sole."""
    name, colour = dice.colour(LEATHER, BRIGHT)
    style = dice.pick(["Strappy", "Wedge", "Slide", "Walking"])
    wedge = 16.0 if style == "Wedge" else dice.between(1.5, 4)
    sole: Colour = (
        (196, 158, 110) if style in ("Wedge", "Slide") or dice.chance(0.5) else (74, 66, 62)
    )
    metal = dice.pick([GOLD, SILVER])

    def paint(sketch: Sketch) -> None:
        sketch.shadow(51, _FLOOR + 1.5, 44, 3.0, 0.5)
        seat = _FLOOR - 5 - wedge
        bed = curve(
            (8.5, seat + 1),
            (30, seat + 1.2 + wedge * 0.12),
            (58, _FLOOR - 6.6),
            (78, _FLOOR - 6.2),
            (94, _FLOOR - 8),
        )
        # Straps that run round the far side first.
        far = darker(colour, 0.32)
        if style != "Slide":
            sketch.stroke(
                curve((14, seat), (12, seat - 12), (20, seat - 19), (34, seat - 17)),
                3.2,
                far,
                height=120,
            )
        base = outline(
            bed,
            curve((95.4, _FLOOR - 5.5), (93, _FLOOR - 0.8), (84, _FLOOR), (58, _FLOOR)),
            curve((12, _FLOOR), (8, _FLOOR - 1.2), (7.4, seat + 3)),
        )
        sketch.fill(base, sole, height=170)
        sketch.fill(outline(bed, bed[::-1] + (0, 2.2)), lighter(sole, 0.35), height=215)
        if style == "Wedge":
            with sketch.inside(base):
                for i in range(8):
                    y = seat + 5 + i * 2.6
                    sketch.stitches(
                        curve((6, y), (40, y + 3), (96, _FLOOR - 1 + i * 0.5)),
                        darker(sole, 0.22),
                        width=0.6,
                        pitch=2.6,
                    )
        else:
            sketch.seam(
                curve((8.5, _FLOOR - 1.4), (50, _FLOOR - 1.2), (92, _FLOOR - 1.6)),
                darker(sole, 0.4),
                width=1.2,
            )
        edge = contrasting(colour, 0.3)

        def band(x: float, width: float, rise: float) -> None:
            """A strap over the foot, `width` wide, its near end on the sole at x."""
            y = seat + 1.6 + wedge * 0.85 * min(1.0, max(0.0, (x - 12) / 46))
            lean = width * 0.45
            behind = curve(
                (x + lean * 1.5, y - rise + 0.5),
                (x + lean + width * 0.9, y - rise - 1.6),
                (x + width * 1.9, y - rise * 0.55),
                (x + width * 1.3, y - rise * 0.6),
                closed=True,
            )
            sketch.fill(behind, far, height=140)
            near = outline(
                curve((x, y), (x + lean * 0.3, y - rise * 0.55), (x + lean * 1.4, y - rise)),
                curve((x + lean + width * 0.5, y - rise - 0.8), (x + lean + width, y - rise * 0.9)),
                curve((x + lean * 0.5 + width * 0.96, y - rise * 0.5), (x + width, y)),
            )
            sketch.fill(near, colour, height=228)
            sketch.stitches(near[1:15] + (0.9, 0), edge, width=0.4, pitch=1.8)
            sketch.glow(
                curve(
                    (x + width * 0.5, y - rise * 0.35), (x + lean + width * 0.55, y - rise * 0.8)
                ),
                width * 0.5,
                0.26,
            )

        if style == "Slide":
            inside = curve(
                (62, seat - 15.5), (72, seat - 18), (82, seat - 13), (78, seat - 9), closed=True
            )
            sketch.fill(inside, far, height=140)
            over = outline(
                curve((41, seat + 2), (46, seat - 9), (55, seat - 17), (64, seat - 19.5)),
                curve((72, seat - 15.5), (79, seat - 11.5)),
                curve((83, seat - 7), (84.5, seat + 2)),
            )
            sketch.fill(over, colour, height=228)
            sketch.stitches(
                curve((43.4, seat + 1), (48, seat - 8.4), (56, seat - 15.4), (64, seat - 17.6)),
                edge,
                width=0.5,
            )
            sketch.stitches(
                curve((78, seat - 10), (81, seat - 6.4), (82.4, seat + 1)), edge, width=0.5
            )
            band_over = curve((46, seat - 2), (56, seat - 8.5), (68, seat - 9.5), (82, seat - 5))
            sketch.stroke(band_over, 3.4, darker(colour, 0.2), height=240)
            sketch.fill(rounded(58.5, seat - 12.6, 66, seat - 5.4, 1.2), metal, height=252)
            sketch.fill(
                rounded(60.6, seat - 10.7, 63.9, seat - 7.3, 0.6), darker(colour, 0.2), height=236
            )
            sketch.glow(curve((52, seat - 11.5), (60, seat - 16), (68, seat - 14)), (1, 4, 1), 0.3)
        else:
            if style == "Strappy":
                for x, rise in ((76, 9.5), (66, 12), (56, 14.5)):
                    band(x, 5.0, rise)
            elif style == "Wedge":
                band(70, 11, 12)
                band(55, 11, 15)
            else:
                band(70, 12, 12.5)
                band(53, 12, 16.5)
            counter = outline(
                curve((9.5, seat + 1.5), (9, seat - 8), (11, seat - 16)),
                curve((16, seat - 17), (22, seat - 8), (30, seat + 2)),
            )
            sketch.fill(counter, colour, height=222)
            ankle = curve((11, seat - 15), (22, seat - 14), (34, seat - 18.5), (36, seat - 20))
            sketch.stroke(ankle, 3.2, colour, height=238)
            sketch.fill(rounded(24.5, seat - 19.4, 30, seat - 13.2, 0.9), metal, height=252)
            sketch.fill(rounded(26, seat - 17.8, 28.6, seat - 14.9, 0.4), colour, height=235)
            if style == "Walking":
                sketch.stroke(
                    curve((36, seat - 17), (48, seat - 16), (60, seat - 13)),
                    4.2,
                    colour,
                    height=226,
                )
        sketch.glow(curve((12, _FLOOR - 3), (50, _FLOOR - 2), (90, _FLOOR - 3)), 2.0, -0.18)

    return Design(paint, name, style, "pair", dy=6.0)
