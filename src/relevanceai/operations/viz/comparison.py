"""The picture of a comparison: two held-out densities, and documents in order along the axis."""

from typing import TYPE_CHECKING

import numpy as np

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.unimodality import smooth_density

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relevanceai.operations.comparison import Comparison

_CELLS = 400
_COLOURS = ("#3b6fb6", "#c8553d")


def draw_comparison(comparison: "Comparison", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the density of each cluster along the held-out axis, scaled by its size."""
    import matplotlib.pyplot as plt

    if not any(places.any() for places in comparison.places):
        raise InvalidInputError("There is nothing to draw: too few documents were compared.")
    if ax is None:
        ax = plt.subplots(figsize=(8.0, 3.6), layout="constrained")[1]
    every = np.concatenate(comparison.places)
    low, high = float(every.min()), float(every.max())
    reach = 0.05 * (high - low) or 1.0
    grid = np.linspace(low - reach, high + reach, _CELLS)
    names = (comparison.first, comparison.second)
    for places, name, colour in zip(comparison.places, names, _COLOURS, strict=True):
        sd = float(places.std()) or 0.1
        density = smooth_density(places, grid, 1.06 * sd * len(places) ** -0.2)
        density *= len(places) / len(every)
        ax.fill_between(grid, density, color=colour, alpha=0.35, linewidth=0)
        ax.plot(grid, density, color=colour, label=name)
    for one in comparison.strip:
        ax.axvline(
            one.place,
            ymax=0.03,
            color=_COLOURS[int(one.cluster == comparison.second)],
            linewidth=1.5,
        )
    ax.set_xlabel("place on the held-out axis, standard deviations")
    ax.set_yticks([])
    ax.set_title(f"{comparison.first} and {comparison.second}: {comparison.verdict}")
    ax.legend(frameon=False)
    return ax
