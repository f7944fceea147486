"""Watches and necklaces, seen from the front."""

import numpy as np

from relevanceai.samples.colours import (
    GEMS,
    LEATHER,
    METALS,
    WHITE,
    Colour,
    brightness,
    contrasting,
    darker,
    lighter,
)
from relevanceai.samples.curves import Points, along, curve, ellipse, heart, outline, rounded, star
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.sketch import Sketch


def _hand(angle: float, length: float, tail: float = 2.0) -> Points:
    way = np.array([np.sin(angle), -np.cos(angle)])
    middle = np.array([50.0, 50.0])
    return np.stack([middle - way * tail, middle + way * length])


def watch(dice: Dice) -> Design:
    """Return a wristwatch: round or square, on leather, links or rubber."""
    metal_name, metal = dice.colour(METALS)
    strap_name, strap = dice.colour(LEATHER)
    style = dice.pick(["Leather", "Leather", "Bracelet", "Diver", "Square"])
    if style == "Bracelet":
        strap_name, strap = metal_name, metal
    face: Colour = dice.pick([WHITE, (240, 232, 214), (36, 38, 46), (34, 58, 96), (38, 78, 64)])
    ink = darker(face, 0.75) if brightness(face) > 0.5 else lighter(face, 0.85)
    radius = dice.between(19.5, 23)
    hour, minute = dice.between(9.4, 10.6), dice.between(7, 11)
    wide = dice.between(10, 12)
    chrono = style in ("Diver", "Bracelet") or dice.chance(0.3)
    date = dice.chance(0.5)

    def paint(sketch: Sketch) -> None:
        for up in (True, False):
            sign = -1 if up else 1
            end = 50 + sign * (46 if up else 47)
            near = 50 + sign * (radius - 2)
            half = outline(
                curve(
                    (50 - wide, near), (50 - wide * 0.84, (near + end) / 2), (50 - wide * 0.78, end)
                ),
                curve((50, end + sign * 1.6), (50 + wide * 0.78, end)),
                curve((50 + wide * 0.84, (near + end) / 2), (50 + wide, near)),
            )
            sketch.fill(half, strap, height=170)
            if style == "Bracelet":
                for k in range(7):
                    y = near + (end - near) * (k + 0.5) / 7
                    half_wide = wide * (1 - 0.03 * k)
                    sketch.seam(
                        curve((50 - half_wide, y), (50 + half_wide, y)),
                        darker(metal, 0.5),
                        width=0.9,
                    )
                    sketch.fill(
                        rounded(46, y - 1.6, 54, y + 1.6, 1), lighter(metal, 0.3), height=200
                    )
            elif style == "Diver":
                for k in range(4):
                    y = near + (end - near) * (k + 1) / 5
                    sketch.seam(
                        curve((50 - wide * 0.5, y), (50 + wide * 0.5, y)),
                        darker(strap, 0.5),
                        width=1.6,
                    )
            else:
                for side in (-1, 1):
                    sketch.stitches(
                        curve(
                            (50 + side * (wide - 2), near),
                            (50 + side * (wide * 0.84 - 1.8), (near + end) / 2),
                            (50 + side * (wide * 0.78 - 1.6), end - sign),
                        ),
                        contrasting(strap, 0.45),
                        width=0.55,
                        pitch=1.9,
                    )
                if not up:
                    sketch.dots(
                        np.array([(50.0, near + (end - near) * f) for f in (0.45, 0.6, 0.75)]),
                        0.9,
                        darker(strap, 0.6),
                    )
        if style not in ("Bracelet", "Diver"):
            sketch.stroke(
                rounded(50 - wide * 0.95, 3.4, 50 + wide * 0.95, 11, 1.5), 1.7, metal, height=235
            )
            sketch.stroke(curve((50, 4), (50, 11)), 1.4, metal, height=240)
        for x in (-1, 1):
            for y in (-1, 1):
                sketch.stroke(
                    curve(
                        (50 + x * wide * 0.95, 50 + y * (radius - 4)),
                        (50 + x * wide * 0.95, 50 + y * (radius + 2.6)),
                    ),
                    3.4,
                    darker(metal, 0.12),
                    height=190,
                )
        sketch.fill(
            rounded(50 + radius - 1, 47.2, 50 + radius + 4, 52.8, 1.2),
            darker(metal, 0.12),
            height=210,
        )
        if chrono:
            for y in (39.5, 60.5):
                sketch.fill(
                    rounded(50 + radius - 3.5, y - 1.9, 50 + radius + 2, y + 1.9, 1),
                    darker(metal, 0.12),
                    height=205,
                )
        square = style == "Square"

        def disc(r: float) -> Points:
            return (
                rounded(50 - r, 50 - r, 50 + r, 50 + r, r * 0.28) if square else ellipse(50, 50, r)
            )

        sketch.fill(disc(radius), metal, height=225)
        if style == "Diver":
            sketch.fill(disc(radius - 1.6), darker(strap, 0.35), height=235)
            angles = np.arange(12) * np.pi / 6
            sketch.dots(
                50 + (radius - 3.6) * np.stack([np.sin(angles), np.cos(angles)], axis=1), 0.8, WHITE
            )
            inner = radius - 5.8
        else:
            inner = radius - 2.8
        sketch.fill(disc(inner), face, height=195)
        for k in range(12):
            angle = k * np.pi / 6
            reach = inner - 1.6
            if square:
                reach = min(reach / max(abs(np.sin(angle)), abs(np.cos(angle))), reach * 1.25)
            way = np.array([np.sin(angle), -np.cos(angle)])
            long = 4.2 if k % 3 == 0 else 2.6
            sketch.seam(
                np.stack([50 + way * reach, 50 + way * (reach - long)]),
                ink,
                width=1.2 if k % 3 == 0 else 0.7,
            )
        if chrono:
            for dial_x, dial_y in ((43.2, 50.0), (56.8, 50.0), (50.0, 57.5)):
                sketch.seam(ellipse(dial_x, dial_y, 3.4), ink, width=0.5, opacity=0.7)
        elif date:
            sketch.tint(
                rounded(57, 47.9, 62, 52.1, 0.6),
                lighter(face, 0.8) if brightness(face) < 0.5 else darker(face, 0.12),
            )
        sketch.stroke(_hand(hour * np.pi / 6, inner * 0.52), 1.7, ink, height=206)
        sketch.stroke(_hand(minute * np.pi / 30, inner * 0.78), 1.2, ink, height=208)
        sketch.seam(_hand(5.2, inner * 0.8, 4), (206, 56, 50), width=0.5)
        sketch.dots(np.array([(50.0, 50.0)]), 1.4, metal, raised=True)
        glass = outline(curve((38, 40), (43, 35.5), (50, 34)), curve((58, 36), (48, 42), (40, 51)))
        sketch.tint(glass, (255, 255, 255), 0.2)
        for y in (12, 22, 80, 90):
            sketch.glow(curve((50 - wide * 0.4, y), (50 - wide * 0.4, y + 6)), 4, 0.16)

    words = (
        f"{strap_name} Leather Strap" if style in ("Leather", "Square") else f"{strap_name} {style}"
    )
    return Design(paint, strap_name if style != "Bracelet" else metal_name, words)


def necklace(dice: Dice) -> Design:
    """Return a necklace: a pendant on a chain, pearls, beads or a row of stones."""
    metal_name, metal = dice.colour(METALS)
    gem_name, gem = dice.colour(GEMS)
    style = dice.pick(["Pendant", "Pendant", "Pearl", "Beaded", "Heart", "Star", "Statement"])
    width = dice.between(26, 33)
    drop = dice.between(62, 70)
    top = dice.between(8, 13)
    shape = dice.pick(["drop", "round", "bar"])
    two_rows = dice.chance(0.3)

    def paint(sketch: Sketch) -> None:
        def loop(extra: float, narrow: float = 0.0) -> Points:
            w = width - narrow
            left = [
                (50 - w * 0.45, top),
                (50 - w * 0.95, top + 13),
                (50 - w * 0.98, top + 26),
                (50 - w * 0.62, (top + drop) / 2 + 16),
            ]
            right = [(100 - x, y) for x, y in reversed(left)]
            return curve((50, top - 4.5), *left, (50, drop + extra), *right, (50, top - 4.5))

        line = loop(0)
        if style in ("Pearl", "Beaded"):
            sketch.stroke(line, 0.8, metal, height=120)
            rows = [(line, 40)]
            if two_rows:
                inner = loop(-11, 5)
                sketch.stroke(inner, 0.8, metal, height=120)
                rows.insert(0, (inner, 36))
            for row, n_beads in rows:
                for k, (x, y) in enumerate(along(row, n_beads + 1)[:-1]):
                    middle = 1 - abs(k / n_beads - 0.5) * 2
                    r = 1.9 + 1.5 * middle
                    if style == "Pearl":
                        bead: Colour = (238, 230, 220)
                    else:
                        bead = gem if k % 3 else lighter(gem, 0.45)
                    sketch.dots(np.array([(x + 0.3, y + 0.3)]), r, darker(bead, 0.28), raised=True)
                    sketch.dots(np.array([(x, y)]), r * 0.84, bead)
                    sketch.dots(np.array([(x - r * 0.3, y - r * 0.32)]), r * 0.34, WHITE)
            return
        sketch.stroke(line, 1.5, darker(metal, 0.18), height=200)
        sketch.stitches(line, lighter(metal, 0.42), width=0.9, pitch=2.1)
        if two_rows and style != "Statement":
            inner = loop(-12, 5)
            sketch.stroke(inner, 1.2, darker(metal, 0.18), height=200)
            sketch.stitches(inner, lighter(metal, 0.42), width=0.7, pitch=2.1)
        y = drop
        if style == "Statement":
            for k, (x, yy) in enumerate(along(line, 11, 0.3, 0.7)):
                r = 3.0 + 3.4 * (1 - abs(k - 5) / 5)
                sketch.fill(ellipse(x, yy + r * 0.7, r * 0.84, r), metal, height=235)
                sketch.fill(
                    ellipse(x, yy + r * 0.7, r * 0.6, r * 0.75),
                    gem if k % 2 else lighter(gem, 0.25),
                    height=250,
                )
                sketch.tint(ellipse(x - r * 0.2, yy + r * 0.4, r * 0.2, r * 0.25), WHITE, 0.8)
            return
        sketch.stroke(ellipse(50, y + 1.6, 1.6), 1.0, metal, height=240)
        if style == "Heart":
            sketch.fill(heart(50, y + 11.5, 9.5), metal, height=235)
            sketch.fill(heart(50, y + 11.5, 6.8), gem, height=250)
            sketch.tint(ellipse(46.5, y + 9, 1.6, 1.2), WHITE, 0.7)
        elif style == "Star":
            sketch.fill(star(50, y + 12, 10.5), metal, height=235)
            sketch.fill(ellipse(50, y + 12, 3), gem, height=250)
        elif shape == "drop":
            tear = curve((50, y + 3), (56.5, y + 14), (50, y + 21), (43.5, y + 14), closed=True)
            sketch.fill(tear, metal, height=235)
            sketch.fill((tear - (50, y + 13.4)) * 0.72 + (50, y + 13.8), gem, height=250)
            sketch.tint(ellipse(48, y + 12, 1.1, 2), WHITE, 0.75)
        elif shape == "round":
            sketch.fill(ellipse(50, y + 11, 8.5), metal, height=235)
            sketch.fill(ellipse(50, y + 11, 6.0), gem, height=250)
            for angle in range(0, 360, 60):
                edge = np.array(
                    [50 + 6 * np.cos(np.deg2rad(angle)), y + 11 + 6 * np.sin(np.deg2rad(angle))]
                )
                sketch.seam(
                    np.stack([edge, np.array([50, y + 11])]),
                    lighter(gem, 0.4),
                    width=0.4,
                    opacity=0.8,
                )
            sketch.tint(ellipse(47.8, y + 8.6, 1.5, 1.2), WHITE, 0.8)
        else:
            sketch.fill(rounded(47, y + 3, 53, y + 23, 1.6), metal, height=235)
            sketch.dots(np.array([(50.0, y + 18.5)]), 1.7, gem, raised=True)

    if style == "Pearl":
        return Design(paint, "Ivory", "Pearl")
    if style == "Beaded":
        return Design(paint, gem_name, "Beaded")
    return Design(paint, metal_name, f"{gem_name} {style}")
