"""Clothes: T-shirts, dresses and socks."""

from relevanceai.samples.colours import (
    BRIGHT,
    QUIET,
    WHITE,
    brightness,
    contrasting,
    darker,
    lighter,
    mixed,
)
from relevanceai.samples.curves import (
    Points,
    curve,
    ellipse,
    mirrored,
    outline,
    rounded,
    symmetric,
)
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.patterns import (
    flowers,
    motif,
    polka_dots,
    stripes,
    upright_stripes,
)
from relevanceai.samples.sketch import Sketch

_MOTIFS = ("Sunset", "Mountain", "Star", "Heart", "Wave", "Logo")


def t_shirt(dice: Dice) -> Design:
    """Return a T-shirt laid flat: plain, striped, printed or with a pocket; crew or V neck."""
    name, colour = dice.colour(QUIET, BRIGHT)
    style = dice.pick(
        ["Plain", "Striped", "Graphic", "Graphic", "Pocket", "Colour-Block", "Ringer"]
    )
    picture = dice.pick(_MOTIFS)
    v_neck = dice.chance(0.3)
    wide = dice.between(22.5, 26)
    hem = dice.between(84, 90)
    second = dice.pick([WHITE, contrasting(colour, 0.5), *list(BRIGHT.values())[:6]])
    if abs(brightness(second) - brightness(colour)) < 0.15:
        second = contrasting(colour, 0.6)

    def paint(sketch: Sketch) -> None:
        dip = 26.5 if v_neck else 22.0
        back = symmetric(curve((50, 15.2), (44, 14.8), (39, 13), (40, 22), (50, dip + 2)))
        sketch.fill(back, darker(colour, 0.36), height=120)
        sketch.glow_in(back, -0.22)
        label = brightness(colour) < 0.75
        sketch.tint(rounded(48, 16.6, 52, 19.4, 0.4), WHITE if label else darker(colour, 0.6), 0.8)
        sleeve = outline(
            curve((50 - wide * 0.86, 17.5), (50 - wide - 9, 26), (50 - wide - 17, 39)),
            curve((50 - wide - 12, 43), (50 - wide - 4.5, 46)),
            curve((50 - wide + 2, 34), (50 - wide + 5, 26)),
        )
        sleeve_colour = second if style == "Colour-Block" else colour
        for left in (True, False):
            piece = sleeve if left else mirrored(sleeve)
            sketch.fill(piece, sleeve_colour, height=185)
            if style == "Striped":
                with sketch.inside(piece):
                    stripes(sketch, (0, 13, 100, 52), 8, 3.6, second)
            cuff = curve((50 - wide - 16, 37), (50 - wide - 11, 40.6), (50 - wide - 3.8, 43.4))
            cuff = cuff if left else mirrored(cuff)
            if style == "Ringer":
                sketch.stroke(cuff + (0, 1), 2.6, second, height=200)
            else:
                sketch.stitches(cuff, contrasting(sleeve_colour, 0.28), width=0.45)
        neck = (
            curve((50 - 11, 13.5), (50 - 9.6, 19), (50 - 5, dip - 1), (50, dip))
            if not v_neck
            else curve((50 - 11, 13.5), (50 - 6, 21), (50, dip))
        )
        side = curve((50 - wide + 1, 34), (50 - wide + 0.6, 58), (50 - wide - 0.6, hem))
        body = symmetric(
            outline(
                neck[::-1],
                curve((38, 13.6), (50 - wide * 0.86, 17.5)),
                curve((50 - wide * 0.9, 24), side_start(side)),
                side,
                curve((50 - wide - 0.6, hem), (50 - wide * 0.5, hem + 1.4), (50, hem + 1.8)),
            )
        )
        sketch.fill(body, colour, height=205)
        if style == "Striped":
            with sketch.inside(body):
                stripes(sketch, (15, 21, 85, 96), 8, 3.6, second)
        elif style == "Colour-Block":
            with sketch.inside(body):
                sketch.tint(
                    outline(curve((10, 36), (50, 37), (90, 36)), curve((90, 5), (10, 5))), second
                )
        elif style == "Graphic":
            motif(sketch, picture, 50, 45, 10, second)
        elif style == "Pocket":
            pocket = outline(curve((54, 35), (65, 35)), curve((65, 45), (59.5, 48.5), (54, 45)))
            sketch.fill(pocket, mixed(colour, second, 0.25), height=214)
            sketch.stitches(outline(pocket, pocket[:1]), contrasting(colour, 0.3), width=0.4)
        rib = second if style == "Ringer" else darker(colour, 0.14)
        collar = outline(neck, mirrored(neck)[1:])
        sketch.stroke(collar, 2.3, rib, height=228)
        sketch.stitches(
            curve((50 - wide, hem - 2.4), (50, hem - 0.8), (50 + wide, hem - 2.4)),
            contrasting(colour, 0.28),
            width=0.45,
        )
        # Folds in the cloth.
        sketch.glow(
            curve((50 - wide + 6, 36), (50 - wide + 8, 56), (50 - wide + 4, hem - 6)),
            (1, 4, 2),
            -0.1,
        )
        sketch.glow(
            curve((50 + wide - 5, 34), (50 + wide - 9, 56), (50 + wide - 4, hem - 4)),
            (1, 4.4, 2),
            -0.14,
        )
        sketch.glow(curve((42, 58), (44, 72), (40, hem - 3)), (1, 3.4, 1), 0.12)
        sketch.glow(curve((60, 62), (57, 74), (60, hem - 3)), (1, 3.2, 1), -0.1)
        sketch.glow(curve((50 - wide * 0.8, 22), (50 - wide + 2, 32)), 3, 0.14)

    return Design(
        paint,
        name,
        f"{picture} Print" if style == "Graphic" else f"{style}{' V-Neck' if v_neck else ''}",
    )


def side_start(line: Points) -> tuple[float, float]:
    """Return the first point of a line as a pair."""
    return float(line[0, 0]), float(line[0, 1])


def dress(dice: Dice) -> Design:
    """Return a dress: long or short, with sleeves, straps or none, plain or printed."""
    name, colour = dice.colour(BRIGHT, QUIET)
    style = dice.pick(["Floral", "Polka Dot", "Wrap", "Pleated", "Belted", "Striped", "Floral"])
    hem = dice.pick([80.0, 88.0, 94.0]) + dice.between(-2, 1)
    flare = dice.between(25, 34)
    waist = dice.between(11, 13)
    sleeve = dice.pick(["strap", "cap", "short", "long"])
    second = dice.pick([WHITE, lighter(colour, 0.7), *list(BRIGHT.values())[:8]])
    if abs(brightness(second) - brightness(colour)) < 0.15:
        second = contrasting(colour, 0.6)
    belt = darker(colour, 0.55) if dice.chance(0.6) else (168, 112, 66)

    def paint(sketch: Sketch) -> None:
        shade = darker(colour, 0.35)
        if sleeve in ("short", "long"):
            back = symmetric(curve((50, 13.8), (44, 13.4), (40, 12), (41, 18), (50, 23)))
        else:
            back = symmetric(curve((50, 17.6), (43, 16.8), (39.5, 15.6), (42, 20), (50, 23)))
        sketch.fill(back, shade, height=110)
        sketch.glow_in(back, -0.22)
        if sleeve in ("short", "long"):
            if sleeve == "short":
                arm = outline(
                    curve((37, 12.5), (30.5, 18), (25, 29)),
                    curve((28, 32), (34.5, 33)),
                    curve((37.5, 26), (40, 20)),
                )
            else:
                arm = outline(
                    curve((37, 12.5), (30.5, 19), (25.5, 34), (20.5, 55)),
                    curve((22, 57.5), (26.5, 57.6)),
                    curve((31.5, 42), (36.5, 30), (40, 20)),
                )
            for piece in (arm, mirrored(arm)):
                sketch.fill(piece, colour, height=180)
                _printed(sketch, piece)
        else:
            for x in (-1, 1):
                sketch.stroke(
                    curve((50 + x * 8.5, 7 if sleeve == "strap" else 10), (50 + x * 11, 18)),
                    1.8 if sleeve == "strap" else 5.5,
                    colour,
                    height=180,
                )
        if sleeve in ("strap", "cap"):
            top = [(50.0, 20.0 if sleeve == "strap" else 19.0), (43.5, 16.6), (38.8, 15.0)]
        else:
            top = [(50.0, 21.0), (45, 18), (41.5, 12.0), (37.0, 12.5)]
        bodice = symmetric(
            outline(curve(*top), curve(top[-1], (38, 23), (37.6, 28), (50 - waist, 43)))
        )
        skirt = symmetric(
            outline(
                curve((50, 42), (50 - waist, 42.4)),
                curve(
                    (50 - waist, 42.4),
                    (50 - waist - flare * 0.28, 54),
                    (50 - waist - flare * 0.66, 72),
                    (50 - waist - flare * 0.82, hem),
                ),
                curve(
                    (50 - waist - flare * 0.82, hem),
                    (50 - waist - flare * 0.4, hem + 2.2),
                    (50, hem + 2.8),
                ),
            )
        )
        sketch.fill(skirt, colour, height=195)
        _printed(sketch, skirt)
        n_folds = 9 if style == "Pleated" else 5
        for k in range(n_folds):
            f = (k + 0.5) / n_folds * 2 - 1
            reach = waist + flare * 0.82
            fold = curve(
                (50 + f * waist * 0.9, 44),
                (50 + f * (waist + flare * 0.34), 60),
                (50 + f * reach * 0.93, hem + 1),
            )
            sketch.glow(fold, (0.6, 1.8, 3.2), -0.2 if style == "Pleated" else -0.13)
            sketch.glow(fold + (-2.2, 0), (0.4, 1.4, 2.4), 0.16)
            if style == "Pleated":
                sketch.seam(fold, shade, width=0.5, opacity=0.55)
        sketch.fill(bodice, colour, height=205)
        _printed(sketch, bodice)
        if style == "Wrap":
            sketch.seam(
                curve((58.5, 13 if sleeve in ("short", "long") else 16), (52, 28), (41, 42)),
                shade,
                width=0.9,
            )
            sketch.seam(curve((46, 43), (52, 62), (50, hem)), shade, width=0.8, opacity=0.7)
        if style in ("Belted", "Wrap", "Floral"):
            tie = belt if style == "Belted" else darker(colour, 0.25)
            sketch.stroke(
                curve((50 - waist + 0.4, 42.6), (50, 43.6), (50 + waist - 0.4, 42.6)),
                3.4,
                tie,
                height=235,
            )
            if style == "Belted":
                sketch.stroke(rounded(47, 40.9, 53, 46.1, 0.8), 1.2, (214, 176, 92), height=252)
            else:
                for x in (-1, 1):
                    sketch.fill(
                        curve((56, 43.4), (56 + x * 4.6, 40.4), (56 + x * 4.4, 46), closed=True),
                        tie,
                        height=246,
                    )
                sketch.stroke(curve((56, 44), (57.5, 50), (56.5, 56)), 1.6, tie, height=240)
        else:
            sketch.seam(curve((50 - waist, 42.6), (50, 43.4), (50 + waist, 42.6)), shade, width=0.7)
        sketch.stitches(
            curve(
                (50 - waist - flare * 0.8, hem - 2.6),
                (50, hem + 0.4),
                (50 + waist + flare * 0.8, hem - 2.6),
            ),
            contrasting(colour, 0.3),
            width=0.4,
        )
        sketch.glow(curve((42, 22), (42.5, 32), (45, 41)), (2, 3, 2), 0.14)

    def _printed(sketch: Sketch, piece: Points) -> None:
        if style not in ("Floral", "Polka Dot", "Striped"):
            return
        (x0, y0), (x1, y1) = piece.min(axis=0), piece.max(axis=0)
        box = (float(x0), float(y0), float(x1) + 3, float(y1) + 3)
        with sketch.inside(piece):
            if style == "Floral":
                flowers(sketch, box, 9.5, second, darker(mixed(colour, (60, 140, 80), 0.6), 0.1))
            elif style == "Polka Dot":
                polka_dots(sketch, box, 6.5, 1.1, second)
            else:
                upright_stripes(sketch, box, 4.6, 1.3, second)

    return Design(paint, name, style)


def socks(dice: Dice) -> Design:
    """Return a sock with a ribbed cuff, and a heel and toe of another colour."""
    name, colour = dice.colour(QUIET, BRIGHT)
    style = dice.pick(["Striped", "Dotted", "Ribbed", "Heart", "Argyle", "Sport"])
    second = dice.pick([WHITE, contrasting(colour, 0.5), *list(BRIGHT.values())[:8]])
    if abs(brightness(second) - brightness(colour)) < 0.15:
        second = contrasting(colour, 0.6)
    top = dice.between(9, 20)
    length = dice.between(72, 77)
    lie = dice.between(-42, -24)

    def paint(sketch: Sketch) -> None:
        with sketch.posed(turn=lie, dx=-4, dy=1, scale=0.97):
            shape = outline(
                curve((32, top), (32.5, 30), (33.5, 46), (31, 60)),
                curve(
                    (30, 68),
                    (33, 77),
                    (42, 81),
                    (52, 83),
                    (64, 86.5),
                    (length, 87.5),
                    (length + 6.5, 82),
                    (length + 5, 74.5),
                    (length - 4, 70),
                    (61, 65),
                    (55, 58),
                    (54, 46),
                    (55, 30),
                    (55.5, top),
                ),
            )
            sketch.fill(shape, colour, height=205)
            with sketch.inside(shape):
                if style == "Striped":
                    for k, y in enumerate(range(int(top) + 14, 64, 7)):
                        sketch.tint(
                            outline(
                                curve((20, y), (60, y + 0.5)), curve((60, y + 3.6), (20, y + 3.4))
                            ),
                            second if k % 2 else darker(second, 0.25),
                        )
                    for x in (58, 66):
                        sketch.tint(
                            outline(
                                curve((x, 60), (x - 5, 90)), curve((x - 1.5, 90), (x + 3.8, 60))
                            ),
                            second,
                        )
                elif style == "Dotted":
                    polka_dots(sketch, (28, top + 13, 84, 90), 7.5, 1.6, second)
                elif style == "Ribbed":
                    for x in range(30, 84, 3):
                        sketch.seam(
                            curve((x, top), (x, 58), (x + 5, 90)), darker(colour, 0.22), width=0.6
                        )
                elif style == "Heart":
                    for row, y in enumerate(range(int(top) + 17, 84, 10)):
                        for x in range(36 + (row % 2) * 6, 80, 12):
                            motif(sketch, "Heart", x, y, 2.6, second)
                elif style == "Argyle":
                    for row, y in enumerate(range(int(top) + 16, 92, 8)):
                        for x in range(27 + (row % 2) * 6, 88, 12):
                            sketch.tint(
                                outline(
                                    curve((x, y - 8), (x + 6, y)), curve((x, y + 8), (x - 6, y))
                                ),
                                second if row % 2 else darker(colour, 0.25),
                                0.85,
                            )
                    for k in range(-60, 120, 12):
                        sketch.seam(curve((k, 0), (k + 75, 100)), lighter(second, 0.5), width=0.4)
                else:
                    for line in (top + 13, top + 17.5):
                        sketch.tint(
                            outline(
                                curve((20, line), (60, line)),
                                curve((60, line + 2.6), (20, line + 2.6)),
                            ),
                            second,
                        )
                if style != "Ribbed":
                    sketch.tint(ellipse(30, 74, 13, 11), second)
                    sketch.seam(
                        ellipse(30, 74, 13, 11), darker(second, 0.3), width=0.5, opacity=0.6
                    )
                    sketch.tint(
                        outline(
                            curve((length - 3, 62), (length - 6.5, 76), (length - 8, 92)),
                            curve((95, 92), (95, 62)),
                        ),
                        second,
                    )
            cuff = outline(
                curve((31, top - 2), (43, top - 3), (56.5, top - 2)),
                curve((56.4, top + 8.5), (44, top + 9.6), (31.6, top + 8.5)),
            )
            trim = second if style not in ("Ribbed", "Sport") else darker(colour, 0.08)
            sketch.fill(cuff, trim, height=228)
            for x in range(33, 56, 2):
                sketch.seam(
                    curve((x, top - 2), (x, top + 8.6)), darker(trim, 0.25), width=0.45, opacity=0.7
                )
            sketch.glow(curve((49, top + 14), (48, 44), (51, 60), (66, 72)), (2, 5, 5, 2), 0.16)
            sketch.glow(curve((35, top + 12), (36, 46), (34, 62), (42, 76)), (2, 4, 4, 2), -0.14)

    return Design(paint, name, style, "pair")
