"""The documents of two clusters that face each other: a convex part of what the two hold.

A cloud cut into many pieces has no valley between two of them, but what lies beside their border
belongs to third pieces, and leaves a dent in the two seen alone. The part described here has none:
whatever lies in it belongs to one of the two.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_THIRDS = 64
"""Third clusters, those nearest to the middle of the two, whose borders are respected."""

WITHIN, WIDER = 0.9, 1.5
"""Where there is noise, only what is near the line through both centroids is looked at: within 1.5
times the distance that nine tenths of the documents of the wider cluster keep."""

_ROUNDING = 1e-6  # of the squared distance of the two: ties are kept
_BLOCK = 4_096  # rows at a time


@dataclass(frozen=True, slots=True)
class CommonFace:
    """The border of two cells of a Voronoi diagram, and the third cells that end it.

    Parameters
    ----------
    middle : float64 array of shape (n_dims,), half way between the two centroids.
    axis : float64 array of shape (n_dims,), of length 1, from the first to the second; zeros when
        the two are one point.
    length : the distance of the two.
    thirds : float64 array of shape (n_thirds, n_dims), third centroids less `middle`.
    """

    middle: NDArray[np.float64]
    axis: NDArray[np.float64]
    length: float
    thirds: NDArray[np.float64]

    def holds(self, rows: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which rows lie straight in front of the common border, on either side of it.

        Parameters
        ----------
        rows : float array of shape (n_rows, n_dims), finite.

        Returns
        -------
        Bool array of shape (n_rows,): True where the row is nearer to one of the two centroids than
        to any third, and so is the foot of its perpendicular on the plane half way between the two.
        Ties are True. All True without third clusters, or when the two centroids are one point.

        Notes
        -----
        The feet that no third is nearer to form a convex face, and the rows above it a prism. Within
        it a third can be nearest only behind one of the two, which cuts off a half-space. So the
        rows form a convex set, whatever the clusters' shape; and a density with log-concave form
        stays so on a convex set, and has one peak seen along any line (Prekopa 1973).
        O(n_rows * n_thirds * n_dims).
        """
        held = np.ones(len(rows), bool)
        if not len(self.thirds) or self.length == 0.0:
            return held
        along = self.thirds @ self.axis
        # |foot - third|^2 - |foot - one of the two|^2 = above - 2 (row - middle) . across
        across = (self.thirds - np.outer(along, self.axis)).astype(np.float32)
        square = self.length**2
        above = np.einsum("ij,ij->i", self.thirds, self.thirds) - square / 4.0
        for start in range(0, len(rows), _BLOCK):
            moved = rows[start : start + _BLOCK] - self.middle
            place = moved @ self.axis
            foot = above - 2.0 * (moved.astype(np.float32) @ across.T)
            own = foot + np.abs(place)[:, None] * self.length - 2.0 * np.outer(place, along)
            least = np.minimum(foot, own).min(axis=1)
            held[start : start + _BLOCK] = least >= -_ROUNDING * square
        return held

    def nearer_second(self, rows: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which rows are nearer to the second of the two than to the first; ties are False.

        Parameters
        ----------
        rows : float array of shape (n_rows, n_dims), finite.

        Returns
        -------
        Bool array of shape (n_rows,).
        """
        found: NDArray[np.bool_] = (rows - self.middle) @ self.axis > 0.0
        return found

    def aside(self, rows: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of each row from the line through the two centroids.

        Parameters
        ----------
        rows : float array of shape (n_rows, n_dims), finite.

        Returns
        -------
        float64 array of shape (n_rows,), not negative. The rows no further than some distance form a
        cylinder, which is convex.
        """
        moved = rows - self.middle
        squares = np.einsum("ij,ij->i", moved, moved) - np.square(moved @ self.axis)
        found: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0.0))
        return found


def common_face(
    means: NDArray[np.float64], first: int, second: int, *, most_thirds: int = MOST_THIRDS
) -> CommonFace:
    """Return the border of two clusters among all.

    Parameters
    ----------
    means : float64 array of shape (n_clusters, n_dims), the centroids of all clusters.
    first, second : rows of it, not the same.
    most_thirds : of the other clusters only so many, those nearest to the middle of the two, are
        looked at.

    Examples
    --------
    >>> means = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> face = common_face(means, 0, 1)  # up to 0.75, from where on the third is nearer
    >>> face.holds(np.array([[-1.0, 0.0], [0.7, 0.7], [-3.0, 0.8], [0.1, -9.0]]))
    array([ True,  True, False,  True])
    """
    middle = (means[first] + means[second]) / 2.0
    apart = means[second] - means[first]
    length = float(np.linalg.norm(apart))
    others = np.delete(np.arange(len(means)), [first, second])
    thirds = means[others] - middle
    squares = np.einsum("ij,ij->i", thirds, thirds)
    nearest = np.argsort(squares, kind="stable")[:most_thirds]
    axis = apart / length if length > 0.0 else np.zeros_like(apart)
    return CommonFace(middle, axis, length, thirds[nearest])


@dataclass(frozen=True, slots=True)
class Side:
    """The rows that a test of two clusters sees on one side of their border.

    Parameters
    ----------
    own : bool array of shape (n_rows,), which rows of the cluster.
    noise : intp array of shape (n_near,), the places of the rows in no cluster that lie on its side.
    """

    own: NDArray[np.bool_]
    noise: NDArray[np.intp]

    def of(self, own: NDArray[Any], noise: NDArray[Any]) -> NDArray[Any]:
        """Return what is seen of something that each row has: the cluster's first, then noise's."""
        return (
            np.concatenate([own[self.own], noise[self.noise]]) if len(self.noise) else own[self.own]
        )


def facing_each_other(
    face: CommonFace,
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    noise: NDArray[np.float32],
) -> tuple[Side, Side]:
    """Tell which rows of two clusters, and of noise, a test of the two should see.

    Parameters
    ----------
    face : the border of the two.
    first, second : float32 arrays of shape (n_first, n_dims) and (n_second, n_dims).
    noise : float32 array of shape (n_noise, n_dims), rows in no cluster, at the same rate.

    Returns
    -------
    The side of each cluster; noise is put to the nearer of the two, ties to the first.

    Notes
    -----
    Noise may lie anywhere, and in many dimensions most of it lies aside; seen along the axis it would
    still fill the middle. So with noise only a cylinder about the axis is looked at, as wide as the
    wider cluster and half as wide again: the part stays convex.
    """
    one, other = face.holds(first), face.holds(second)
    if not len(noise):
        return Side(one, np.empty(0, np.intp)), Side(other, np.empty(0, np.intp))
    aside = [face.aside(rows) for rows in (first, second)]
    held = [far[mask] for far, mask in zip(aside, (one, other), strict=True)]
    radius = WIDER * max((float(np.quantile(far, WITHIN)) for far in held if len(far)), default=0.0)
    there = np.flatnonzero(face.holds(noise) & (face.aside(noise) <= radius))
    is_second = face.nearer_second(noise[there])
    return (
        Side(one & (aside[0] <= radius), there[~is_second]),
        Side(other & (aside[1] <= radius), there[is_second]),
    )
