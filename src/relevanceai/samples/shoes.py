"""Low shoes: trainers, loafers, heels and sandals, seen from the side, toe to the right."""

import numpy as np

from relevanceai.samples.colours import (
    BRIGHT,
    GOLD,
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
from relevanceai.samples.curves import along, curve, ellipse, outline, rounded
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
                for x, y in ((51, 57.8), (64.5, 54.4)):
                    sketch.stroke(ellipse(x, y, 2.4), 1.2, GOLD, height=252)
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
            over = outline(
                curve((48, seat + 1.5), (52, seat - 10), (60, seat - 17), (66, seat - 17)),
                curve((72, seat - 14), (78, seat - 7), (82, seat + 1.4)),
            )
            sketch.fill(over, colour, height=225)
            sketch.fill(
                curve(
                    (60, seat - 17),
                    (66, seat - 18),
                    (72, seat - 14.4),
                    (66, seat - 14.8),
                    closed=True,
                ),
                far,
                height=140,
            )
            sketch.fill(rounded(59, seat - 10.5, 66, seat - 4, 1.2), metal, height=252)
            sketch.fill(rounded(60.8, seat - 8.8, 64.2, seat - 5.7, 0.6), colour, height=225)
            sketch.stitches(
                curve((50, seat + 0.5), (54, seat - 9), (61, seat - 15)), edge, width=0.5
            )
            sketch.stitches(
                curve((80, seat + 0.5), (76, seat - 6.5), (71, seat - 12.5)), edge, width=0.5
            )
            sketch.glow(curve((56, seat - 9), (63, seat - 13.5), (70, seat - 10)), (1, 4, 1), 0.3)
        else:
            if style == "Strappy":
                for x, rise in ((76, 9.5), (66, 12), (56, 14.5)):
                    band(x, 5.0, rise)
            elif style == "Wedge":
                band(62, 19, 13.5)
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
