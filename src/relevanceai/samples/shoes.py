"""Closed shoes: trainers and loafers, seen from the side, toe to the right."""

import numpy as np

from relevanceai.samples.colours import (
    BRIGHT,
    GOLD,
    LEATHER,
    QUIET,
    WHITE,
    brightness,
    contrasting,
    darker,
    lighter,
)
from relevanceai.samples.curves import along, curve, ellipse, outline
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.sketch import Sketch

_FLOOR = 76.0


def trainer(dice: Dice) -> Design:
    """Return a sports shoe with laces and a thick pale sole."""
    name, colour = dice.colour(QUIET, BRIGHT)
    style = dice.pick(["Running", "Court", "Retro", "Canvas", "Running"])
    accent = dice.pick([*BRIGHT.values(), WHITE, darker(colour, 0.45)])
    if abs(brightness(accent) - brightness(colour)) < 0.12:
        accent = contrasting(colour, 0.55)
    sole = dice.pick([WHITE, WHITE, (232, 222, 200), (70, 70, 76)])
    lace = WHITE if brightness(colour) < 0.75 else dice.pick([accent, (120, 122, 128)])
    thick = {"Running": 8.0, "Court": 6.2, "Canvas": 5.2}.get(style, 7.0)
    collar = dice.between(38, 43)

    def paint(sketch: Sketch) -> None:
        sketch.shadow(51, _FLOOR + 1, 43, 3.2, 0.5)
        low = _FLOOR - thick
        # The far side of the collar, then the tongue.
        sketch.fill(
            curve(
                (13, collar + 4),
                (22, collar - 2),
                (38, collar + 3),
                (30, 56),
                (16, 52),
                closed=True,
            ),
            darker(colour, 0.5),
            height=110,
        )
        tongue = curve(
            (33, collar + 9), (37, collar - 6), (44, collar - 6.5), (60, 54), (48, 60), closed=True
        )
        sketch.fill(tongue, lighter(colour, 0.15), height=170)
        upper = outline(
            curve((9.5, low + 1), (8.2, 60), (11, 51), (11.5, collar + 1)),
            curve((14.5, collar), (20, 50.5), (29, 51.5), (37.5, collar + 5)),
            curve(
                (43, collar + 4),
                (54, 52),
                (64, 57),
                (76, 59.5),
                (87, 63),
                (92.5, 67.5),
                (92.5, low + 1),
            ),
            curve((92.5, low + 1), (50, low + 2), (9.5, low + 1)),
        )
        sketch.fill(upper, colour, height=205)
        with sketch.inside(upper):
            toe = outline(curve((74, 54), (71.5, 62), (75, 75)), curve((100, 76), (100, 50)))
            heel = outline(curve((0, 40), (17, 40), (19, 55), (25, 74)), curve((0, 76), (0, 60)))
            if style == "Canvas":
                sketch.tint(
                    outline(curve((80, 54), (77, 62), (80, 76)), curve((100, 76), (100, 50))), WHITE
                )
            else:
                sketch.tint(toe, accent if style == "Retro" else darker(colour, 0.13))
                sketch.tint(heel, accent)
            if style == "Running":
                for y in range(50, 72, 3):
                    for x in range(60 + (y % 2) * 2, 92, 4):
                        sketch.tint(ellipse(x, y, 0.6), darker(colour, 0.35))
                sketch.tint(
                    outline(
                        curve((25, 71), (38, 58), (47, 55)), curve((51, 57), (42, 62), (36, 72))
                    ),
                    accent,
                )
                sketch.tint(
                    outline(
                        curve((39, 72), (48, 62), (53, 59)), curve((56, 60.5), (51, 65), (47, 72))
                    ),
                    accent,
                )
            elif style == "Court":
                sketch.tint(
                    outline(
                        curve((24, 66), (40, 66), (62, 57)), curve((64, 58.5), (44, 70.5), (24, 70))
                    ),
                    accent,
                )
            elif style == "Retro":
                bolt = [(27, 72), (38, 60), (36, 66), (52, 56), (44, 66), (46, 61), (33, 72)]
                sketch.tint(np.array(bolt, dtype=np.float64), accent)
        facing = curve((38, collar + 6.5), (48, 55.5), (60, 60.5))
        eyestay = outline(facing, curve((66, 58.5), (54, 51.5), (42, collar + 3)))
        sketch.fill(
            eyestay,
            darker(colour, 0.16) if brightness(colour) > 0.3 else lighter(colour, 0.14),
            height=222,
        )
        lower, over = (
            along(facing, 5, 0.08, 0.95),
            along(curve((43, collar + 2), (54, 51), (65, 57)), 5, 0.08, 0.95),
        )
        for i in range(5):
            sketch.stroke(curve(tuple(lower[i]), tuple(over[i])), 2.0, lace, height=246)
            if i:
                sketch.stroke(
                    curve(tuple(lower[i - 1]), tuple(over[i])), 1.4, darker(lace, 0.08), height=242
                )
        sketch.stroke(curve((43, collar + 3), (48, collar + 0.5), (50, collar + 5)), 1.3, lace)
        sketch.stroke(curve((43, collar + 3), (40, collar - 1.5), (36.5, collar + 1)), 1.3, lace)
        sketch.stroke(
            curve((12.5, collar + 1.5), (19, 51), (29, 52.5), (37.5, collar + 6)),
            2.4,
            darker(colour, 0.22),
            height=225,
        )
        midsole = outline(
            curve((8.6, low - 0.6), (30, low + 1.2), (60, low + 1.4), (93.5, low - 2.2)),
            curve((95, low + 1.5), (93, _FLOOR - 1.6), (84, _FLOOR), (60, _FLOOR)),
            curve((20, _FLOOR), (11, _FLOOR - 0.6), (7.4, low + 3.4)),
        )
        sketch.fill(midsole, sole, height=235)
        if style == "Running":
            sketch.tint(
                outline(
                    curve((9, _FLOOR - 3), (40, _FLOOR - 4.6), (70, _FLOOR - 2.2)),
                    curve((60, _FLOOR - 1.4), (12, _FLOOR - 1.2)),
                ),
                accent,
                0.9,
            )
        elif style == "Canvas":
            sketch.seam(curve((8.5, low + 2.6), (50, low + 3.4), (94, low + 1)), accent, width=0.8)
        sketch.seam(
            curve((9, _FLOOR - 1.0), (50, _FLOOR - 0.5), (88, _FLOOR - 1.0)),
            darker(sole, 0.5),
            width=0.9,
            opacity=0.8,
        )
        sketch.stitches(
            curve((72.5, 60), (70.5, 65), (73, low)), contrasting(colour, 0.3), width=0.4
        )
        sketch.glow(curve((66, 60.5), (78, 62.5), (88, 66.5)), (1, 3.6, 1.5), 0.24)
        sketch.glow(curve((14, 56), (20, 60), (30, 60)), (1, 4, 1), 0.12)
        sketch.glow(curve((12, low - 2), (50, low - 0.5), (90, low - 2)), 2.6, -0.16)

    return Design(paint, name, style, "pair", dy=6.0)


def loafer(dice: Dice) -> Design:
    """Return a slip-on with a low heel: penny, tassel, horsebit or plain."""
    name, colour = dice.colour(LEATHER)
    style = dice.pick(["Penny", "Tassel", "Horsebit", "Driving"])
    heel = 2.0 if style == "Driving" else dice.between(4, 6.5)
    sole = darker(colour, 0.6) if dice.chance(0.65) else (150, 108, 72)
    lining = dice.pick([(206, 178, 140), (178, 142, 104)])

    def paint(sketch: Sketch) -> None:
        with sketch.posed(scale=1.13, stretch=0.87, dy=-3):
            sketch.shadow(51, _FLOOR + 1, 43, 3.0, 0.5)
            low = _FLOOR - heel
            sketch.fill(
                curve((11, 53), (24, 48), (44, 48.5), (56, 52), (44, 60), (18, 60), closed=True),
                lining,
                height=110,
            )
            sketch.fill(
                curve((40, 54), (50, 47.5), (60, 50), (74, 57), (58, 60), closed=True),
                darker(colour, 0.2),
                height=160,
            )
            upper = outline(
                curve((10, low - 1), (8.4, 63), (9.4, 56), (11, 51.5)),
                curve((13.5, 51), (22, 58), (36, 59.5), (47, 55.5), (52, 49.5)),
                curve((58, 48.2), (70, 53), (83, 58.5), (91, 64.5), (92.5, 70), (90, _FLOOR - 2)),
                curve((60, _FLOOR - 1.5), (40, low + heel * 0.4 - 1), (10, low - 1)),
            )
            bottom = outline(
                curve(
                    (9.4, low - 2),
                    (36, low + heel * 0.3 - 1.2),
                    (60, _FLOOR - 2.6),
                    (93, _FLOOR - 4.4),
                ),
                curve((94, _FLOOR - 3), (90, _FLOOR - 0.3), (60, _FLOOR)),
                curve((52, _FLOOR), (38, low + heel * 0.5 + 1), (32, low + 1.2)),
                curve((31, _FLOOR), (10.6, _FLOOR)),
            )
            sketch.fill(bottom, sole, height=150)
            sketch.fill(upper, colour, height=208)
            apron = curve((52, 52), (62, 58), (76, 62.5), (87, 64), (84, 60.5))
            sketch.stroke(apron, 1.1, darker(colour, 0.3), height=240)
            sketch.stitches(apron + (0, 1.5), contrasting(colour, 0.3), width=0.5, pitch=1.8)
            saddle = outline(
                curve((49, 55), (51, 63), (49.5, 72)),
                curve((60, 73), (62.5, 64), (64, 51.2), (58, 48.4)),
            )
            if style == "Penny":
                sketch.fill(
                    saddle,
                    darker(colour, 0.16) if brightness(colour) > 0.25 else lighter(colour, 0.1),
                    height=228,
                )
                sketch.tint(
                    curve((55, 54.5), (58, 53.2), (61, 54.8), (58, 56.2), closed=True),
                    darker(colour, 0.65),
                )
            elif style == "Tassel":
                sketch.stroke(
                    curve((47, 57), (54, 57), (66, 54)), 1.5, darker(colour, 0.3), height=240
                )
                for x, lean in ((58, -1.5), (63, 2.5)):
                    sketch.fill(
                        outline(
                            curve((x - 0.6, 55.5), (x + lean - 2.4, 64)),
                            curve((x + lean + 2.4, 64.6), (x + 1, 55.5)),
                        ),
                        darker(colour, 0.28),
                        height=250,
                    )
                    sketch.dots(curve((x, 55.6), (x, 55.7)), 1.4, darker(colour, 0.4), raised=True)
            elif style == "Horsebit":
                sketch.stroke(curve((50, 58), (57, 55.5), (66, 54.2)), 1.5, GOLD, height=252)
                for ring in ((51.0, 57.8), (64.5, 54.4)):
                    sketch.stroke(ellipse(*ring, 2.4), 1.2, GOLD, height=252)
            else:
                sketch.stroke(
                    curve((12, 54), (24, 61), (38, 62), (50, 57.5)), 0.9, lining, height=235
                )
            sketch.stroke(
                curve((11, 52.4), (22, 58.6), (36, 60.2), (47, 56.4), (52.5, 50)),
                1.5,
                darker(colour, 0.28),
                height=228,
            )
            sketch.seam(
                curve((22, 59), (23, 66), (20, low - 1)),
                darker(colour, 0.4),
                width=0.6,
                opacity=0.7,
            )
            sketch.glow(curve((68, 55.5), (79, 59.5), (88, 65)), (1.5, 4.6, 2), 0.32)
            sketch.glow(curve((14, 60), (24, 66), (40, 67)), (1, 4.2, 1), 0.18)
            sketch.glow(curve((12, low - 3), (50, _FLOOR - 6), (88, _FLOOR - 5)), 2.6, -0.2)

    return Design(paint, name, style, "pair", dy=6.0)
