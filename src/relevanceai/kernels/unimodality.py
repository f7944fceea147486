"""Has a sample one mode or more? Hartigan's dip, and the depth of the valley in its density."""

import numpy as np
from numpy.typing import NDArray

_CELLS = 256


def dip_p_value(places: NDArray[np.float64]) -> float:
    """Return the p-value of Hartigan's dip test: small when there is more than one mode.

    Parameters
    ----------
    places : float64 array of shape (n_points,), finite, in any order.

    Returns
    -------
    A float in [0, 1], read from a table for uniform samples; 1.0 below four points, or when all are
    equal. For other unimodal shapes it is mostly far too large, and for a narrow peak beside a wide
    flat stretch too small.

    References
    ----------
    Hartigan and Hartigan (1985), The dip test of unimodality, Annals of Statistics 13.
    """
    if len(places) < 4 or np.ptp(places) == 0.0:
        return 1.0
    import diptest

    return float(min(1.0, max(0.0, diptest.diptest(np.ascontiguousarray(places))[1])))


def smooth_density(
    places: NDArray[np.float64], grid: NDArray[np.float64], bandwidth: float
) -> NDArray[np.float64]:
    """Return a normal kernel density estimate on a grid; each point weighs 1 / n_points.

    Parameters
    ----------
    places : float64 array of shape (n_points,), at least one.
    grid : float64 array of shape (n_cells,).
    bandwidth : the kernel's standard deviation, above 0.

    Examples
    --------
    >>> smooth_density(np.array([0.0]), np.array([0.0]), 1.0).round(4)
    array([0.3989])
    """
    density = np.empty(len(grid))
    for start in range(0, len(grid), 64):
        apart = (grid[start : start + 64, None] - places[None, :]) / bandwidth
        density[start : start + 64] = np.exp(-0.5 * apart**2).mean(axis=1)
    result: NDArray[np.float64] = density / (bandwidth * np.sqrt(2.0 * np.pi))
    return result


def valley_depth(places: NDArray[np.float64], left: float, right: float) -> float:
    """Return how far the density falls between two peaks, as a share of the lower peak.

    Parameters
    ----------
    places : float64 array of shape (n_points,).
    left, right : where the peaks should be, left < right; each is moved to the highest density on
        its side of the lowest place between them.

    Returns
    -------
    A float in [0, 1]: 0.0 when there is no valley, 1.0 when nothing lies between the peaks.

    Notes
    -----
    Density by a normal kernel of Silverman's bandwidth, 0.9 min(sd, IQR / 1.34) n^(-1/5), of the
    narrower side.
    """
    if len(places) < 4 or not right > left:
        return 0.0
    middle = (left + right) / 2.0
    widths = [_width(side) for side in (places[places < middle], places[places >= middle])]
    bandwidth = min((width for width in widths if width > 0.0), default=0.0)
    if bandwidth == 0.0:
        return 1.0
    grid = np.linspace(left, right, _CELLS)
    beyond = np.linspace(0.0, (right - left) / 2.0, _CELLS // 2)
    density = smooth_density(places, grid, bandwidth)
    lowest = int(np.argmin(density))
    outer_left = smooth_density(places, left - beyond, bandwidth)
    outer_right = smooth_density(places, right + beyond, bandwidth)
    lower = min(
        float(max(density[: lowest + 1].max(), outer_left.max())),
        float(max(density[lowest:].max(), outer_right.max())),
    )
    return float(max(0.0, 1.0 - density[lowest] / lower)) if lower > 0.0 else 0.0


def _width(places: NDArray[np.float64]) -> float:
    """Return Silverman's bandwidth."""
    if len(places) < 2:
        return 0.0
    low, high = np.quantile(places, [0.25, 0.75])
    spread = float(places.std())
    robust = min(spread, float(high - low) / 1.34) or spread
    return float(0.9 * robust * len(places) ** -0.2)
