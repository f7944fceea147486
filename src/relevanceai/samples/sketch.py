"""Sketch: a sheet of paper for one product picture, with soft light, relief and shadow.

A product is painted in flat colour, three times too large; `finished()` shrinks it (which smooths
the edges), rounds it with light from the upper left, and sets it on a near-white ground.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from relevanceai.samples.colours import Colour
from relevanceai.samples.curves import Points, along, ribbon

SIZE = 160
"""Width and height of a finished picture, in pixels."""

GROUND: Colour = (250, 250, 250)
"""The near-white ground on which every product stands."""

_OVER = 3
_RLE = 3  # zlib's Z_RLE
_WIDE = SIZE * _OVER
_UNIT = _WIDE / 100
_HALF = SIZE // 2
_NARROW = ImageFilter.BoxBlur(1.6)
_SOFT = ImageFilter.BoxBlur(0.8)
_BROAD = ImageFilter.BoxBlur(2)
# Steps of five are not seen, and make a file half as large.
_STEPS = [(value + 2) // 5 * 5 for value in range(256)] * 3
_FURTHER = [round(value * 0.7) for value in range(256)]
_DIMMER = [round(128 + (value - 128) * 0.5) for value in range(256)]
_VEIL = [0] + [26] * 255


class Sketch:
    """One picture in the making, on a sheet 100 wide and 100 high."""

    def __init__(self) -> None:
        self._colour = Image.new("RGB", (_WIDE, _WIDE), GROUND)
        self._height = Image.new("L", (_WIDE, _WIDE), 0)
        self._light = Image.new("L", (_HALF, _HALF), 128)
        self._shadow = Image.new("L", (_HALF, _HALF), 0)
        self._colour_pens()
        self._height_pen = ImageDraw.Draw(self._height)
        self._light_pen = ImageDraw.Draw(self._light)
        self._shadow_pen = ImageDraw.Draw(self._shadow)
        self._pose: NDArray[np.float64] = np.eye(2)
        self._offset: NDArray[np.float64] = np.zeros(2)

    def _colour_pens(self) -> None:
        self._pen = ImageDraw.Draw(self._colour)
        self._glaze = ImageDraw.Draw(self._colour, "RGBA")

    @contextmanager
    def posed(
        self,
        *,
        dx: float = 0.0,
        dy: float = 0.0,
        scale: float = 1.0,
        stretch: float = 1.0,
        turn: float = 0.0,
        flip: bool = False,
    ) -> Iterator[None]:
        """Draw all that follows turned by `turn` degrees, scaled about the middle, and moved."""
        before = self._pose, self._offset
        angle = np.deg2rad(turn)
        c, s = np.cos(angle) * scale, np.sin(angle) * scale
        pose = np.array([[c, -s], [s, c]]) * (stretch, 1.0)
        if flip:
            pose = pose * (-1.0, 1.0)
        middle = np.array([50.0, 50.0])
        offset = middle + (dx, dy) - pose @ middle
        self._offset = self._pose @ offset + self._offset
        self._pose = self._pose @ pose
        yield
        self._pose, self._offset = before

    def _placed(self, points: Points, unit: float = _UNIT) -> list[float]:
        placed: list[float] = ((points @ self._pose.T + self._offset) * unit).ravel().tolist()
        return placed

    def fill(self, shape: Points, colour: Colour, *, height: int = 200) -> None:
        """Paint a closed outline; `height` (1 to 255) above the ground gives it an edge in relief."""
        placed = self._placed(shape)
        self._pen.polygon(placed, fill=colour)
        self._height_pen.polygon(placed, fill=height)

    def stroke(
        self, line: Points, width: float | Sequence[float], colour: Colour, *, height: int = 220
    ) -> None:
        """Paint a brush stroke with round ends along a line."""
        self.fill(ribbon(line, width), colour, height=height)

    def tint(self, shape: Points, colour: Colour, opacity: float = 1.0) -> None:
        """Lay a see-through colour over what is there, without relief: prints, glass, seams."""
        placed = self._placed(shape)
        if opacity >= 1:
            self._pen.polygon(placed, fill=colour)
        else:
            self._glaze.polygon(placed, fill=(*colour, round(opacity * 255)))

    def seam(
        self, line: Points, colour: Colour, *, width: float = 0.6, opacity: float = 1.0
    ) -> None:
        """Draw a thin line without relief."""
        placed, pixels = self._placed(line), max(1, round(width * _UNIT))
        if opacity >= 1:
            self._pen.line(placed, fill=colour, width=pixels)
        else:
            self._glaze.line(placed, fill=(*colour, round(opacity * 255)), width=pixels)

    def stitches(
        self, line: Points, colour: Colour, *, width: float = 0.6, pitch: float = 2.2
    ) -> None:
        """Draw a dashed line, one dash every `pitch`."""
        steps = np.diff(line, axis=0)
        n_dashes = max(2, int(np.hypot(steps[:, 0], steps[:, 1]).sum() / pitch))
        ends = self._placed(along(line, 2 * n_dashes))
        pixels = max(1, round(width * _UNIT))
        for start in range(0, len(ends) - 3, 4):
            self._pen.line(ends[start : start + 4], fill=colour, width=pixels)

    def dots(self, centres: Points, radius: float, colour: Colour, *, raised: bool = False) -> None:
        """Paint round dots."""
        r = radius * _UNIT * float(np.sqrt(abs(np.linalg.det(self._pose))))
        placed = self._placed(centres)
        for x, y in zip(placed[::2], placed[1::2], strict=True):
            box = (x - r, y - r, x + r, y + r)
            self._pen.ellipse(box, fill=colour)
            if raised:
                self._height_pen.ellipse(box, fill=245)

    def glow(self, line: Points, width: float | Sequence[float], strength: float = 0.35) -> None:
        """Brighten along a line, softly (`strength` up to 1); darken where it is negative."""
        self.glow_in(ribbon(line, width), strength)

    def glow_in(self, shape: Points, strength: float) -> None:
        """Brighten (or darken, below 0) a closed outline, softly."""
        placed = self._placed(shape, _HALF / 100)
        self._light_pen.polygon(placed, fill=round(128 + 127 * strength))

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.4) -> None:
        """Cast a soft shadow on the ground under the product."""
        angles = np.linspace(0.0, 2 * np.pi, 28, endpoint=False)
        shape = np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)
        self._shadow_pen.polygon(self._placed(shape, _HALF / 100), fill=round(255 * strength))

    @contextmanager
    def inside(self, shape: Points) -> Iterator[None]:
        """Keep the paint that follows inside an outline; only for tints, seams, stitches, dots."""
        placed = self._placed(shape)
        xs, ys = placed[::2], placed[1::2]
        box = (
            max(0, int(min(xs))),
            max(0, int(min(ys))),
            min(_WIDE, int(max(xs)) + 2),
            min(_WIDE, int(max(ys)) + 2),
        )
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
        shifted = (np.array(placed).reshape(-1, 2) - box[:2]).ravel().tolist()
        ImageDraw.Draw(mask).polygon(shifted, fill=255)
        # The paint goes on a copy of the part in question; the rest is put back afterwards.
        sheet, pose, offset = self._colour, self._pose, self._offset
        self._colour = sheet.crop(box)
        self._offset = offset - np.array(box[:2]) / _UNIT
        self._colour_pens()
        yield
        sheet.paste(self._colour, box[:2], mask)
        self._colour, self._pose, self._offset = sheet, pose, offset
        self._colour_pens()

    def recede(self) -> None:
        """Set what is painted so far further back, so that the next part stands out before it."""
        self._colour.paste((20, 18, 24), mask=self._height.point(_VEIL))
        self._height = self._height.point(_FURTHER)
        self._light = self._light.point(_DIMMER)
        self._height_pen = ImageDraw.Draw(self._height)
        self._light_pen = ImageDraw.Draw(self._light)

    def finished(self) -> Image.Image:
        """Return the picture: RGB, SIZE x SIZE."""
        layers = (self._colour, self._height, self._light, self._shadow)
        box = _used(self._height.getbbox(), self._shadow.getbbox())
        times = _OVER * 2
        fine = (box[0] * times, box[1] * times, box[2] * times, box[3] * times)
        cut = [layer.crop(fine if layer.width == _WIDE else box) for layer in layers]
        picture = Image.new("RGB", (SIZE, SIZE), GROUND)
        picture.paste(_lit(cut[0], cut[1], cut[2], cut[3]), (box[0] * 2, box[1] * 2))
        return picture


def _used(
    product: tuple[int, int, int, int] | None, shadow: tuple[int, int, int, int] | None
) -> tuple[int, int, int, int]:
    """Return the part of the sheet with anything on it, in half pixels, with room for shadows."""
    x0, y0, x1, y1 = _HALF, _HALF, 0, 0
    for box, scale in ((product, 2 * _OVER), (shadow, 1)):
        if box is not None:
            x0, y0 = min(x0, box[0] // scale), min(y0, box[1] // scale)
            x1, y1 = max(x1, box[2] // scale + 1), max(y1, box[3] // scale + 1)
    if x0 >= x1:
        return (0, 0, _HALF, _HALF)
    room = 5
    return (max(0, x0 - room), max(0, y0 - room), min(_HALF, x1 + room), min(_HALF, y1 + room))


def _levels(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image, dtype=np.float32)


def _grey(levels: NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def _lit(
    colour: Image.Image, height: Image.Image, light: Image.Image, shadow: Image.Image
) -> Image.Image:
    """Return the flat picture, shrunk, with relief, painted light and shadows."""
    raised = height.reduce(_OVER)
    near = _levels(raised.filter(_NARROW))
    far = _levels(raised.reduce(2).filter(_BROAD))

    # Slopes that face up and left are lit, those that face down and right lie in shade.
    broad = _levels(light.filter(_SOFT))
    broad[2:-2, 2:-2] += (far[4:, 4:] - far[:-4, :-4]) * np.float32(0.14)
    tone = _levels(_grey(broad).resize(raised.size, Image.Resampling.BILINEAR))
    tone -= 128
    slope = near[4:, 4:] - near[:-4, :-4]
    slope += np.float32(0.5) * (near[4:, 2:-2] - near[:-4, 2:-2])
    tone[2:-2, 2:-2] += slope * np.float32(0.155)

    # Off the product: its shadow on the ground, and a fainter one all round.
    drop = _levels(shadow.filter(_BROAD))
    drop[2:, 1:] += far[:-2, :-1] * np.float32(0.18)
    dark = _levels(_grey(drop).resize(raised.size, Image.Resampling.BILINEAR))

    present = np.minimum(_levels(raised) * np.float32(1 / 110), 1)
    tone *= present * 2
    dark *= (1 - present) * np.float32(0.82)
    picture = colour.reduce(_OVER)
    picture.paste((255, 255, 255), mask=_grey(tone))
    picture.paste((0, 0, 0), mask=_grey(dark - tone * np.float32(0.9)))
    return picture.point(_STEPS)


def png(picture: Image.Image) -> bytes:
    """Return the picture as a PNG file."""
    target = BytesIO()
    # Run lengths are all there is to gain in flat colours, and are found at once.
    picture.save(target, "PNG", compress_type=_RLE)
    return target.getvalue()
