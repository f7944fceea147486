"""Smooth outlines for the sample pictures: a few points in, a fine polyline out.

Points are float64 arrays of shape (n_points, 2), x to the right and y down, on a sheet that is
100 wide and 100 high.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
Point: TypeAlias = tuple[float, float]

_STEPS = 7


def _hermite_weights(n_steps: int) -> NDArray[np.float64]:
    t = np.arange(n_steps) / n_steps
    return np.stack(
        [
            2 * t**3 - 3 * t**2 + 1,
            t**3 - 2 * t**2 + t,
            -2 * t**3 + 3 * t**2,
            t**3 - t**2,
        ],
        axis=1,
    )


_WEIGHTS = _hermite_weights(_STEPS)
_ANGLES = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


@lru_cache(maxsize=4096)
def curve(*points: Point, closed: bool = False) -> Points:
    """Return a smooth line through the points (a centripetal Catmull-Rom spline).

    Parameters
    ----------
    points : at least two points, no two neighbours alike; two give a straight line.
    closed : join the last point to the first as smoothly as the others.

    Returns
    -------
    A read-only array: lines that products have in common are kept.

    References
    ----------
    Barry and Goldman, A recursive evaluation algorithm for a class of Catmull-Rom splines, 1988.

    Examples
    --------
    >>> curve((0, 0), (10, 0)).tolist()
    [[0.0, 0.0], [10.0, 0.0]]
    """
    p = np.array(points, dtype=np.float64)
    if len(p) == 2:
        p.flags.writeable = False
        return p
    if closed:
        p = np.concatenate([p[-1:], p, p[:2]])
    else:
        p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    steps = p[1:] - p[:-1]
    # Centripetal: the parameter grows with the square root of the chord.
    d = np.sqrt(np.hypot(steps[:, 0], steps[:, 1]))[:, None]
    speed = steps / d
    across = (p[2:] - p[:-2]) / (d[:-1] + d[1:])
    tangents = speed[:-1] - across + speed[1:]
    inner = d[1:-1]
    controls = np.stack(
        [p[1:-2], tangents[:-1] * inner, p[2:-1], tangents[1:] * inner],
        axis=1,
    )
    line: Points = (_WEIGHTS @ controls).reshape(-1, 2)
    if not closed:
        line = np.concatenate([line, p[-2:-1]])
    line.flags.writeable = False
    return line


def outline(*lines: Points) -> Points:
    """Return one closed outline from lines laid end to end; the joins are sharp corners."""
    return np.concatenate(lines)


def ellipse(x: float, y: float, rx: float, ry: float | None = None) -> Points:
    """Return the outline of an ellipse about (x, y); a circle without `ry`."""
    return _CIRCLE * (rx, rx if ry is None else ry) + (x, y)


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Points:
    """Return a part of an ellipse, from `start` to `end` degrees, clockwise on the sheet."""
    angles = np.deg2rad(np.linspace(start, end, 24))
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """Return the outline of a rectangle with round corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    corner = _CIRCLE[:11] * r
    turned = corner[:, ::-1] * (-1, 1)
    return np.concatenate(
        [
            corner + (x1 - r, y1 - r),
            turned + (x0 + r, y1 - r),
            -corner + (x0 + r, y0 + r),
            -turned + (x1 - r, y0 + r),
        ]
    )


def ribbon(line: Points, width: float | Sequence[float]) -> Points:
    """Return the outline of a brush stroke along a line, with round ends.

    Parameters
    ----------
    line : at least two points, no two neighbours alike.
    width : one width, or widths to go through evenly from start to end.
    """
    ahead = np.empty_like(line)
    ahead[1:-1] = line[2:] - line[:-2]
    ahead[0] = line[1] - line[0]
    ahead[-1] = line[-1] - line[-2]
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
    normal = ahead[:, ::-1] * (-1.0, 1.0)
    half: NDArray[np.float64] | float
    if isinstance(width, int | float):
        half = first = last = width / 2
    else:
        places = np.linspace(0.0, len(width) - 1.0, len(line))
        half = np.interp(places, np.arange(len(width)), np.asarray(width))[:, None] / 2
        first, last = width[0] / 2, width[-1] / 2
    side = normal * half
    turn = _CIRCLE[2:20:3]
    cap_end = line[-1] + last * (turn[:, 1:] * ahead[-1] + turn[:, :1] * normal[-1])
    cap_start = line[0] - first * (turn[:, 1:] * ahead[0] + turn[:, :1] * normal[0])
    return np.concatenate([line + side, cap_end, (line - side)[::-1], cap_start])


def mirrored(line: Points) -> Points:
    """Return the line reflected in the upright at 50, running the other way."""
    return (line * (-1.0, 1.0) + (100.0, 0.0))[::-1]


def symmetric(half: Points) -> Points:
    """Return the closed outline made of a half and its reflection in the upright at 50."""
    return np.concatenate([half, mirrored(half)])


def moved(line: Points, dx: float, dy: float, scale: float = 1.0) -> Points:
    """Return the line scaled about the origin, then moved."""
    return line * scale + (dx, dy)


def along(line: Points, n_points: int, start: float = 0.0, end: float = 1.0) -> Points:
    """Return `n_points` points evenly spaced by length between two fractions of the line."""
    steps = np.diff(line, axis=0)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    at = np.linspace(start, end, n_points) * length[-1]
    return np.stack([np.interp(at, length, line[:, 0]), np.interp(at, length, line[:, 1])], axis=1)


def star(x: float, y: float, radius: float, n_points: int = 5, inner: float = 0.45) -> Points:
    """Return the outline of a star standing on the sheet, one point up."""
    angles = np.arange(2 * n_points) * np.pi / n_points - np.pi / 2
    radii = np.where(np.arange(2 * n_points) % 2 == 0, radius, radius * inner)
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def heart(x: float, y: float, radius: float) -> Points:
    """Return the outline of a heart about (x, y)."""
    t = _ANGLES
    across = 16 * np.sin(t) ** 3
    down = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x + across * radius / 17, y + down * radius / 17], axis=1)
