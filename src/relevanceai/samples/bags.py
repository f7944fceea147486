"""Bags: handbags and backpacks, seen from the front."""

from relevanceai.samples.colours import (
    BRIGHT,
    GOLD,
    LEATHER,
    QUIET,
    SILVER,
    brightness,
    contrasting,
    darker,
    lighter,
)
from relevanceai.samples.curves import arc, curve, ellipse, mirrored, outline, rounded, symmetric
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.patterns import checks
from relevanceai.samples.sketch import Sketch


def handbag(dice: Dice) -> Design:
    """Return a bag to carry by hand: tote, satchel, bucket or flap bag."""
    name, colour = dice.colour(LEATHER, LEATHER, BRIGHT)
    style = dice.pick(["Tote", "Satchel", "Top-Handle", "Quilted"])
    metal = dice.pick([GOLD, GOLD, SILVER])
    wide = dice.between(27, 33)
    top = dice.between(41, 46)
    rise = dice.between(17, 27)
    trim = darker(colour, 0.3) if brightness(colour) > 0.25 else lighter(colour, 0.14)
    charm = dice.chance(0.25)

    def paint(sketch: Sketch) -> None:
        sketch.shadow(50, 86, wide + 6, 3.4, 0.5)
        bottom = wide + (5 if style != "Quilted" else 1)
        base = symmetric(
            curve(
                (50 - wide, top),
                (48.6 - (wide + bottom) / 2, 66),
                (49.5 - bottom, 80),
                (53 - bottom, 85.5),
                (50, 86),
            )
        )
        grip = wide * 0.52
        if style == "Quilted":
            chain = curve(
                (50 - wide + 3, top + 2),
                (50 - wide * 0.72, top - rise),
                (50, top - rise - 9),
                (50 + wide * 0.72, top - rise),
                (50 + wide - 3, top + 2),
            )
            sketch.stroke(chain, 1.5, darker(metal, 0.15), height=150)
            sketch.stitches(chain, lighter(metal, 0.45), width=1.3, pitch=2.6)
        else:
            back = arc(50, top + 2, grip - 1, rise + 5, 180, 360)
            sketch.stroke(back, 2.6, darker(colour, 0.35), height=110)
        sketch.fill(base, colour, height=200)
        if style == "Quilted":
            with sketch.inside(base):
                for k in range(-60, 130, 9):
                    sketch.seam(curve((k, top), (k + 50, top + 50)), darker(colour, 0.4), width=0.7)
                    sketch.seam(
                        curve((k + 0.9, top), (k + 50.9, top + 50)), lighter(colour, 0.3), width=0.4
                    )
                    sketch.seam(curve((k, top), (k - 50, top + 50)), darker(colour, 0.4), width=0.7)
                    sketch.seam(
                        curve((k + 0.9, top), (k - 49.1, top + 50)), lighter(colour, 0.3), width=0.4
                    )
            flap = symmetric(
                curve(
                    (50 - wide - 0.5, top - 0.5),
                    (50 - wide - 1.4, top + 12),
                    (50 - wide * 0.55, top + 20),
                    (50, top + 22.5),
                )
            )
            sketch.fill(flap, colour, height=235)
            with sketch.inside(flap):
                for k in range(-60, 130, 9):
                    sketch.seam(
                        curve((k + 4, top), (k + 54, top + 50)), darker(colour, 0.4), width=0.7
                    )
                    sketch.seam(
                        curve((k + 4, top), (k - 46, top + 50)), darker(colour, 0.4), width=0.7
                    )
            sketch.fill(ellipse(50, top + 20, 4.2), metal, height=253)
            sketch.fill(ellipse(50, top + 20, 2.2), darker(metal, 0.3), height=240)
        elif style == "Satchel":
            flap = symmetric(
                curve(
                    (50 - wide - 0.6, top - 0.6),
                    (50 - wide - 2.4, top + 15),
                    (50 - wide + 2, top + 22),
                    (50, top + 23),
                )
            )
            sketch.fill(flap, lighter(colour, 0.05), height=232)
            sketch.stitches(
                symmetric(
                    curve(
                        (50 - wide + 1.4, top + 2),
                        (50 - wide, top + 14),
                        (50 - wide + 4, top + 20.4),
                        (50, top + 21.4),
                    )
                ),
                contrasting(colour, 0.35),
                width=0.5,
            )
            for x in (50 - wide * 0.5, 50 + wide * 0.5):
                sketch.stroke(curve((x, top + 4), (x, top + 31)), 5.0, trim, height=243)
                sketch.fill(rounded(x - 3.6, top + 21, x + 3.6, top + 28, 1.2), metal, height=253)
                sketch.fill(
                    rounded(x - 1.9, top + 22.8, x + 1.9, top + 26.2, 0.5), trim, height=240
                )
        elif style == "Tote":
            for x in (50 - grip, 50 + grip):
                sketch.fill(rounded(x - 2.6, top + 1, x + 2.6, top + 15, 2), trim, height=236)
                sketch.dots(curve((x, top + 11), (x, top + 11.1)), 1.2, metal, raised=True)
            sketch.seam(
                curve((50 - wide - 0.6, top + 4.5), (50, top + 5.2), (50 + wide + 0.6, top + 4.5)),
                darker(colour, 0.35),
                width=0.6,
            )
            sketch.stitches(
                curve((50 - wide - 3.5, 79), (50, 80), (50 + wide + 3.5, 79)),
                contrasting(colour, 0.35),
                width=0.5,
            )
            sketch.fill(rounded(45, 58, 55, 64, 1), trim, height=224)
            sketch.seam(curve((47, 61), (53, 61)), metal, width=0.8)
        else:
            with sketch.inside(base):
                sketch.tint(
                    outline(curve((0, 70), (50, 72), (100, 70)), curve((100, 95), (0, 95))), trim
                )
            sketch.stroke(
                curve((50 - wide, top + 1.4), (50, top + 2), (50 + wide, top + 1.4)),
                3.4,
                trim,
                height=238,
            )
            sketch.fill(rounded(46, top - 1, 54, top + 10, 2.4), trim, height=243)
            sketch.fill(rounded(47.4, top + 3.5, 52.6, top + 8.5, 1.6), metal, height=253)
            for x in (50 - wide + 4, 50 + wide - 4):
                sketch.dots(curve((x, 82), (x, 82.1)), 1.3, metal, raised=True)
        if style != "Quilted":
            front = arc(50, top + 4, grip, rise + 4, 180, 360)
            sketch.stroke(front, 3.2, trim, height=246)
            for x in (50 - grip, 50 + grip):
                sketch.stroke(ellipse(x, top + 4, 2.0), 1.1, metal, height=253)
        if charm:
            x = 50 + grip + (2 if style != "Quilted" else 4)
            sketch.stroke(curve((x, top + 5), (x + 3, top + 11), (x + 2.5, top + 15)), 0.8, metal)
            sketch.fill(
                ellipse(x + 2.5, top + 18.5, 3.6),
                BRIGHT["Coral"] if name != "Coral" else BRIGHT["Teal"],
                height=253,
            )
        sketch.glow(
            curve((50 - wide + 3, top + 8), (50 - wide - 1, 64), (50 - bottom + 5, 80)),
            (3, 6, 3),
            0.2,
        )
        sketch.glow(
            curve((50 + wide - 1, top + 8), (50 + wide + 1.5, 64), (50 + bottom - 3, 80)),
            (3, 6, 3),
            -0.2,
        )

    return Design(paint, name, style)


def backpack(dice: Dice) -> Design:
    """Return a bag for the back: school bag, roll-top, hiking pack or city pack."""
    name, colour = dice.colour(
        BRIGHT, QUIET, {"Olive": LEATHER["Olive"], "Forest": LEATHER["Forest"]}
    )
    style = dice.pick(["School", "Roll-Top", "Hiking", "City"])
    accent = dice.pick(
        [LEATHER["Tan"], LEATHER["Chocolate"], contrasting(colour, 0.5), *list(BRIGHT.values())[:4]]
    )
    wide = dice.between(22, 26)
    top = dice.between(20, 25)
    patterned = dice.chance(0.22)

    def paint(sketch: Sketch) -> None:
        sketch.shadow(50, 90, wide + 8, 3.4, 0.5)
        dark = darker(colour, 0.4)
        for left in (True, False):
            strap = curve(
                (50 - wide * 0.55, top + 5),
                (50 - wide - 6, top + 17),
                (50 - wide - 8.5, 55),
                (50 - wide - 4, 82),
            )
            sketch.stroke(
                strap if left else mirrored(strap),
                (5.5, 5.5, 4, 3),
                darker(colour, 0.3),
                height=110,
            )
        sketch.stroke(arc(50, top + 2, 7.5, 9.5, 180, 360), 2.6, dark, height=140)
        for left in (True, False):
            pocket = curve(
                (50 - wide + 2, 58),
                (50 - wide - 5, 62),
                (50 - wide - 6, 80),
                (50 - wide + 2, 86),
                closed=True,
            )
            sketch.fill(pocket if left else mirrored(pocket), darker(colour, 0.18), height=165)
        body = symmetric(
            curve(
                (50, top - 2.5),
                (50 - wide * 0.62, top),
                (50 - wide * 0.97, top + 12),
                (50 - wide - 1, 50),
                (50 - wide - 1.8, 78),
                (50 - wide + 2, 88),
                (50, 89),
            )
        )
        sketch.fill(body, colour, height=205)
        if patterned:
            with sketch.inside(body):
                checks(sketch, (20, 15, 80, 92), 8.5, darker(colour, 0.25), lighter(colour, 0.3))
        if style == "Roll-Top":
            roll = rounded(50 - wide - 1.5, top - 5, 50 + wide + 1.5, top + 6, 5)
            sketch.fill(roll, darker(colour, 0.12), height=240)
            sketch.seam(curve((50 - wide, top + 0.6), (50 + wide, top + 0.6)), dark, width=0.7)
            sketch.stroke(curve((50, top + 3), (50, 58)), 3.6, accent, height=240)
            sketch.fill(rounded(45.6, 40, 54.4, 47, 1.4), SILVER, height=253)
            sketch.fill(rounded(47.6, 42, 52.4, 45, 0.6), accent, height=240)
        elif style == "Hiking":
            lid = symmetric(
                curve(
                    (50, top - 5),
                    (50 - wide * 0.75, top - 3),
                    (50 - wide - 2, top + 8),
                    (50 - wide - 1, top + 17),
                    (50, top + 19),
                )
            )
            sketch.fill(lid, accent, height=242)
            sketch.seam(
                curve((50 - wide + 4, top + 8), (50, top + 7), (50 + wide - 4, top + 8)),
                darker(accent, 0.45),
                width=1.0,
            )
            for x in (50 - wide * 0.5, 50 + wide * 0.5):
                sketch.stroke(curve((x, top + 14), (x, 56)), 2.4, dark, height=246)
                sketch.fill(rounded(x - 2.6, 42, x + 2.6, 48, 1), (70, 70, 76), height=253)
        else:
            zip_line = symmetric(
                curve(
                    (50, top + 4.5),
                    (50 - wide * 0.55, top + 7),
                    (50 - wide * 0.8, top + 16),
                    (50 - wide * 0.86, 48),
                )
            )
            sketch.seam(zip_line, dark, width=1.2)
            sketch.stitches(zip_line, SILVER, width=0.6, pitch=1.5)
            sketch.stroke(
                curve((50 + wide * 0.7, top + 12), (50 + wide * 0.62, top + 20)),
                1.6,
                accent,
                height=250,
            )
        pocket_top = 57 if style != "City" else 52
        pocket = symmetric(
            curve(
                (50, pocket_top),
                (50 - wide * 0.66, pocket_top + 0.8),
                (50 - wide * 0.78, pocket_top + 8),
                (50 - wide * 0.8, 78),
                (50 - wide * 0.66, 84),
                (50, 85),
            )
        )
        sketch.fill(pocket, lighter(colour, 0.06) if not patterned else colour, height=240)
        if style in ("School", "Hiking"):
            sketch.seam(
                curve(
                    (50 - wide * 0.7, pocket_top + 7),
                    (50, pocket_top + 5.6),
                    (50 + wide * 0.7, pocket_top + 7),
                ),
                dark,
                width=1.2,
            )
            sketch.stroke(
                curve((50 + wide * 0.5, pocket_top + 7), (50 + wide * 0.52, pocket_top + 13)),
                1.5,
                accent,
                height=252,
            )
            sketch.fill(rounded(44, 70, 56, 77, 1.2), accent, height=250)
        elif style == "City":
            flap = symmetric(
                curve(
                    (50, pocket_top - 0.5),
                    (50 - wide * 0.7, pocket_top + 0.4),
                    (50 - wide * 0.78, pocket_top + 10),
                    (50 - wide * 0.4, pocket_top + 15),
                    (50, pocket_top + 16),
                )
            )
            sketch.fill(flap, accent, height=250)
            sketch.dots(
                curve((50, pocket_top + 11), (50, pocket_top + 11.1)), 1.9, GOLD, raised=True
            )
        else:
            sketch.stitches(pocket * 0.9 + (5, 7.1), contrasting(colour, 0.35), width=0.5)
        sketch.glow(
            curve((50 - wide * 0.72, top + 10), (50 - wide * 0.82, 48), (50 - wide * 0.9, 74)),
            (3, 5, 3),
            0.2,
        )
        sketch.glow(
            curve((50 + wide * 0.86, top + 12), (50 + wide * 0.92, 50), (50 + wide * 0.94, 80)),
            (3, 5, 3),
            -0.22,
        )

    return Design(paint, name, style)
