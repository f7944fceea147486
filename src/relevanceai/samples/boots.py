"""Boots: ankle boots, high boots and rain boots, seen from the side, toe to the right."""

from relevanceai.samples.colours import (
    BRIGHT,
    GOLD,
    LEATHER,
    SILVER,
    Colour,
    contrasting,
    darker,
    lighter,
    mixed,
)
from relevanceai.samples.curves import Points, along, curve, ellipse, outline, rounded
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.sketch import Sketch

_FLOOR = 84.0


def _sole(sketch: Sketch, heel: float, thick: float, colour: Colour, *, toe: float = 88.0) -> None:
    """Paint a sole with a heel `heel` high, from x = 25 to the toe."""
    under = _FLOOR - heel
    top = outline(
        curve(
            (25, under - thick),
            (45, under - thick + heel * 0.45),
            (64, _FLOOR - thick - 1.6),
            (toe, _FLOOR - thick - 3.0),
        ),
        curve(
            (toe + 1.5, _FLOOR - thick - 2.0),
            (toe + 1.2, _FLOOR - 2.4),
            (toe - 4, _FLOOR - 0.6),
            (62, _FLOOR),
        ),
        curve((58, _FLOOR), (46, under + heel * 0.55), (41.5, under + 0.6)),
    )
    sketch.fill(outline(top, curve((25, under), (24.4, under - thick))), colour, height=150)
    if heel > 0.5:
        block = outline(
            curve((24.6, under - 0.6), (25.4, _FLOOR)),
            curve((39.5, _FLOOR), (41.5, under + 0.4)),
        )
        sketch.fill(block, darker(colour, 0.2), height=165)
        sketch.seam(curve((24.8, under), (41.5, under + 0.6)), darker(colour, 0.5), opacity=0.5)


def _upper(
    top: float, heel: float, *, flare: float = 0.0, slim: float = 0.0, toe: float = 88.0
) -> Points:
    """Return the outline of leg and foot: `top` is how high the leg goes."""
    low = _FLOOR - heel - 2.5
    mid = (top + 62) / 2
    back = curve(
        (27.5 - flare, top + 1.5),
        (28.2 + slim - flare * 0.3, mid),
        (28.0 + slim * 0.7, 61 - heel * 0.3),
        (25.6, 70 - heel * 0.6),
        (25.2, low),
    )
    front = curve(
        (toe, _FLOOR - 5.0),
        (toe + 0.6, _FLOOR - 9.5),
        (toe - 4.5, 70.5),
        (toe - 15, 64.5 - heel * 0.15),
        (58.5, 57.5 - heel * 0.35),
        (53.5 - slim * 0.6, 48 - heel * 0.4),
        (52.8 - slim * 0.8 + flare * 0.3, min(mid, 44)),
        (53.2 + flare, top),
    )
    bottom = curve((25.2, low), (45, low + heel * 0.45), (64, _FLOOR - 3.2), (toe, _FLOOR - 5.0))
    return outline(back, bottom, front)


def _opening(sketch: Sketch, top: float, flare: float, colour: Colour) -> None:
    """Paint the dark opening of the leg and its rim."""
    rim = curve((27.5 - flare, top + 1.5), (34, top - 1.2), (46, top - 1.6), (53.2 + flare, top))
    inner = outline(
        rim, curve((53.2 + flare, top), (44, top + 2.6), (34, top + 3.0), (27.5 - flare, top + 1.5))
    )
    sketch.fill(inner, darker(colour, 0.6), height=120)
    sketch.glow_in(inner, -0.45)


def _leg_light(sketch: Sketch, top: float, toe: float = 88.0, shine: float = 0.22) -> None:
    sketch.glow(curve((46, top + 5), (45.5, (top + 60) / 2), (49, 58)), (2, 5, 2), shine)
    sketch.glow(curve((62, 64), (72, 67.5), (toe - 6, 73)), (1.5, 4.5, 2), shine + 0.06)
    sketch.glow(
        curve((31, top + 6), (31, (top + 62) / 2), (29.5, 68), (31, 76)), (4, 5, 4, 3), -0.2
    )
    sketch.glow(curve((40, 60), (48, 62), (55, 60)), (1, 3, 1), -0.16)


def _laces(sketch: Sketch, top: float, colour: Colour, upper: Colour, heel: float) -> None:
    """Paint a tongue, crossed laces and eyelets down the front of a boot."""
    edge = curve((51.5, top + 2), (51.0, 44 - heel * 0.4), (57, 55 - heel * 0.3), (66, 62))
    facing = curve((46.5, top + 3), (46.2, 45 - heel * 0.4), (51, 57 - heel * 0.3), (60, 65))
    sketch.seam(facing, darker(upper, 0.45), width=0.8)
    n_rows = max(4, int((62 - top) / 6.5))
    left, right = along(facing, n_rows, 0.06, 0.96), along(edge, n_rows, 0.06, 0.96)
    for row in range(n_rows):
        sketch.stroke(curve(tuple(left[row]), tuple(right[row])), 1.3, colour, height=240)
        if row:
            sketch.stroke(curve(tuple(left[row]), tuple(right[row - 1])), 1.1, colour, height=240)
    sketch.dots(left, 0.9, GOLD, raised=True)
    knot = right[0]
    sketch.stroke(
        curve((knot[0], knot[1]), (knot[0] + 5, knot[1] + 3), (knot[0] + 4, knot[1] + 8)),
        1.0,
        colour,
    )


def ankle_boot(dice: Dice) -> Design:
    """Return a boot that ends above the ankle: Chelsea, lace-up, zip or buckle."""
    name, colour = dice.colour(LEATHER)
    style = dice.pick(["Chelsea", "Lace-Up", "Side-Zip", "Buckle", "Chelsea", "Hiker"])
    top = dice.between(29, 40)
    heel = 3.5 if style in ("Lace-Up", "Hiker") else dice.pick([3.5, 5.0, 8.0, 10.5])
    toe = dice.between(85, 89)
    flare = dice.between(-0.5, 1.5)
    sole = darker(colour, 0.6) if dice.chance(0.6) else (176, 138, 98)
    lace = dice.pick([(236, 222, 190), (196, 52, 46), (58, 48, 44)])

    def paint(sketch: Sketch) -> None:
        sketch.shadow(56, _FLOOR + 0.5, 36, 3.4, 0.5)
        _opening(sketch, top, flare, colour)
        shape = _upper(top, heel, flare=flare, toe=toe)
        _sole(sketch, heel, 4.4 if style == "Hiker" else 3.0, sole, toe=toe)
        sketch.fill(shape, colour, height=205)
        seam = darker(colour, 0.42)
        if style == "Chelsea":
            panel = outline(
                curve((34.5, top + 0.5), (36, (top + 60) / 2), (39.5, 61 - heel * 0.35)),
                curve((42.5, 61 - heel * 0.35), (46, (top + 58) / 2), (47.5, top + 0.5)),
            )
            sketch.tint(panel, darker(colour, 0.5))
            with sketch.inside(panel):
                for x in range(34, 50, 2):
                    sketch.seam(
                        curve((x, top), (x, 64)), lighter(darker(colour, 0.5), 0.16), width=0.5
                    )
            sketch.stroke(
                curve((29.5, top + 5), (28.5, top - 4), (31, top - 4.5), (32, top + 4)),
                1.8,
                darker(colour, 0.2),
            )
        elif style in ("Lace-Up", "Hiker"):
            _laces(sketch, top, lace, colour, heel)
            sketch.stroke(
                curve((27.6, top + 3.5), (40, top + 1.5), (53, top + 2.4)),
                3.2,
                darker(colour, 0.25),
            )
            sketch.seam(curve((26, 66 - heel * 0.4), (36, 67), (43, 80)), seam, width=0.7)
        elif style == "Side-Zip":
            sketch.stroke(
                curve((38, top + 3), (38.5, 48), (40, 68 - heel * 0.4)), 1.6, darker(colour, 0.5)
            )
            sketch.stitches(
                curve((38, top + 3), (38.5, 48), (40, 68 - heel * 0.4)),
                SILVER,
                width=0.9,
                pitch=1.4,
            )
            sketch.stroke(curve((38, top + 3.5), (37.5, top + 9)), 1.3, SILVER, height=250)
        else:
            for y in (50 - heel * 0.3, 58 - heel * 0.35):
                sketch.stroke(
                    curve((26.5, y + 2), (42, y - 0.5), (56, y + 1.5)),
                    3.0,
                    darker(colour, 0.22),
                    height=235,
                )
                sketch.fill(rounded(39, y - 2.4, 44.5, y + 2.8, 0.8), GOLD, height=252)
                sketch.fill(
                    rounded(40.2, y - 1.1, 43.3, y + 1.5, 0.3), darker(colour, 0.3), height=235
                )
        toe_cap = curve((73, 80.5), (70, 74), (72.5, 66))
        if style != "Chelsea":
            sketch.stitches(toe_cap, contrasting(colour, 0.35), width=0.5)
        sketch.stitches(
            curve((28, 79 - heel), (45, 79 - heel * 0.55), (64, 79), (toe - 2, 77.5)),
            contrasting(colour, 0.3),
            width=0.45,
        )
        _leg_light(sketch, top, toe)

    return Design(paint, name, style, "pair", dx=-6.5)


def high_boot(dice: Dice) -> Design:
    """Return a boot up to the knee: riding, block heel, slouch or laced."""
    name, colour = dice.colour(LEATHER)
    style = dice.pick(["Riding", "Block Heel", "Slouch", "Knee-High"])
    top = dice.between(12, 21)
    heel = {"Riding": 3.5, "Slouch": 5.5, "Block Heel": 10.0}.get(style, 7.5)
    toe = dice.between(82, 86)
    flare = dice.between(1.0, 3.5)
    slim = dice.between(0.5, 2.5)
    sole = darker(colour, 0.55)

    def paint(sketch: Sketch) -> None:
        with sketch.posed(scale=0.97):
            sketch.shadow(55, _FLOOR + 0.5, 34, 3.4, 0.5)
            _opening(sketch, top, flare, colour)
            _sole(sketch, heel, 2.4, sole, toe=toe)
            sketch.fill(_upper(top, heel, flare=flare, slim=slim, toe=toe), colour, height=205)
            seam = darker(colour, 0.4)
            sketch.seam(
                curve((40, top + 2), (39.5, 40), (39, 66 - heel * 0.4)),
                seam,
                width=0.6,
                opacity=0.8,
            )
            sketch.seam(
                curve((26, 68 - heel * 0.5), (38, 64 - heel * 0.4), (50, 66), (58, 81)),
                seam,
                width=0.7,
            )
            if style == "Riding":
                sketch.stroke(
                    curve((25.5, top + 7), (40, top + 5), (55, top + 6)), 2.6, darker(colour, 0.25)
                )
                sketch.fill(rounded(36, top + 2.6, 42, top + 8, 1), GOLD, height=252)
                sketch.fill(rounded(37.5, top + 4, 40.5, top + 6.6, 0.4), darker(colour, 0.3))
                sketch.stroke(curve((27, 60), (40, 57.5), (55, 56.5)), 2.2, darker(colour, 0.25))
            elif style == "Slouch":
                for i, y in enumerate((34, 43, 51, 57)):
                    sag = curve((29 + i * 0.3, y), (38, y + 4), (47, y + 2.5), (52.5, y - 1))
                    sketch.glow(sag, (1, 3, 1), -0.3)
                    sketch.glow(sag + (0, -2.6), (1, 2.6, 1), 0.18)
            elif style == "Knee-High":
                sketch.stitches(
                    curve((42, top + 3), (41.5, 40), (41, 64 - heel * 0.4)),
                    SILVER,
                    width=0.8,
                    pitch=1.5,
                )
                sketch.stroke(curve((42, top + 3.5), (41.6, top + 9)), 1.2, SILVER, height=250)
            else:
                sketch.stitches(
                    curve((27 - flare, top + 4), (40, top + 2.4), (53, top + 3.4)),
                    contrasting(colour, 0.35),
                    width=0.5,
                )
            _leg_light(sketch, top, toe, 0.26)

    return Design(paint, name, style, "pair", dx=-6.5)


def rain_boot(dice: Dice) -> Design:
    """Return a rubber boot: bright and glossy, with a thick tread and a band round the top."""
    name, colour = dice.colour(
        BRIGHT,
        BRIGHT,
        {"Navy": LEATHER["Navy"], "Forest": LEATHER["Forest"], "Black": LEATHER["Black"]},
    )
    style = dice.pick(["Glossy", "Dotted", "Striped", "Buckle", "Glossy"])
    top = dice.between(23, 32)
    toe = dice.between(84, 88)
    trim = dice.pick([(246, 244, 238), darker(colour, 0.4), (54, 54, 60)])
    if name in ("Black", "Navy", "Forest"):
        trim = dice.pick([(236, 120, 60), (240, 236, 226), lighter(colour, 0.4)])

    def paint(sketch: Sketch) -> None:
        sketch.shadow(56, _FLOOR + 0.5, 36, 3.6, 0.5)
        _opening(sketch, top, 1.5, colour)
        shape = _upper(top, 2.0, flare=1.5, slim=-1.2, toe=toe)
        # A rubber boot has a fuller toe and a straight leg.
        bulge = curve((58, 60), (toe - 12, 64), (toe - 2, 70), (toe + 1, 78), (60, 81), closed=True)
        sketch.fill(shape, colour, height=205)
        sketch.fill(bulge, colour, height=205)
        with sketch.inside(shape):
            if style == "Dotted":
                light = mixed(colour, (255, 255, 255), 0.82)
                for row, y in enumerate(range(int(top) + 11, 84, 9)):
                    for x in range(26 + (row % 2) * 5, 94, 10):
                        sketch.tint(ellipse(x, y, 2.1), light)
            elif style == "Striped":
                for y in range(int(top) + 9, 62, 9):
                    sketch.tint(
                        outline(curve((20, y), (60, y - 0.5)), curve((60, y + 3.5), (20, y + 4))),
                        trim,
                    )
        sole = outline(
            curve((24.4, 76), (45, 78), (64, 78), (toe + 1, 75.5)),
            curve((toe + 2, 77.5), (toe + 1, _FLOOR - 1), (toe - 5, _FLOOR)),
            curve((46, _FLOOR), (44, _FLOOR - 2), (41, _FLOOR - 2), (40, _FLOOR)),
            curve((25.4, _FLOOR), (24.2, 80)),
        )
        sketch.fill(sole, trim, height=225)
        for x in range(28, int(toe), 4):
            if not 38 < x < 47:
                sketch.seam(curve((x, _FLOOR - 3), (x, _FLOOR)), darker(trim, 0.35), width=0.7)
        band = outline(
            curve((25.6, top + 1.5), (34, top + 3.2), (45, top + 2.8), (55.0, top)),
            curve((54.6, top + 5), (45, top + 7.8), (34, top + 8.2), (26, top + 6.5)),
        )
        sketch.fill(band, trim, height=228)
        if style == "Buckle":
            sketch.stroke(
                curve((49, top + 13), (56, top + 12)), 3.4, darker(colour, 0.3), height=235
            )
            sketch.fill(rounded(46, top + 10.5, 50.5, top + 15.5, 0.8), SILVER, height=252)
        sketch.seam(
            curve((26, 70), (40, 68), (52, 69.5), (60, 78)),
            darker(colour, 0.3),
            width=0.6,
            opacity=0.6,
        )
        # Gloss: hard, narrow lights.
        white = (255, 255, 255)
        sketch.tint(
            curve(
                (47.5, top + 12), (49.3, top + 14), (48.6, 44), (47.4, 52), (46.4, 44), closed=True
            ),
            white,
            0.55,
        )
        sketch.tint(curve((64, 66), (74, 68.5), (toe - 5, 72), (74, 70.6), closed=True), white, 0.6)
        sketch.glow(curve((31, top + 10), (31, 50), (29.5, 68)), (5, 5, 4), -0.22)
        sketch.glow(curve((60, 66), (72, 69), (toe - 5, 74)), (2, 5, 2), 0.25)

    return Design(paint, name, style, "pair", dx=-6.5)
