"""The heat map's numbers as a page asks for them: order, tiles of 16-bit values, ranked pairs."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.dashboard.runs import Memory, Run

TILE = 256
FULL_SCALE = 65_534
MISSING = 65_535
EXACT_UP_TO = 40
Order = Literal["id", "linkage"]
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True)
class Map:
    """Cosine similarities of all clusters, in natural order of their ids.

    Parameters
    ----------
    ids : cluster ids.
    cosine_similarity : float64 array of shape (n_clusters, n_clusters).
    """

    ids: tuple[str, ...]
    cosine_similarity: NDArray[np.float64]

    def lowest(self) -> float:
        """Return the smallest value that is a number, 0.0 when there is none."""
        finite = self.cosine_similarity[np.isfinite(self.cosine_similarity)]
        return float(finite.min()) if finite.size else 0.0

    def value(self, a: str, b: str) -> float:
        """Return the cosine similarity of two clusters."""
        return float(self.cosine_similarity[self.ids.index(a), self.ids.index(b)])

    def rank(self, a: str, b: str) -> int:
        """Return how many pairs are more similar than this one, plus one."""
        upper = self.cosine_similarity[np.triu_indices(len(self.ids), 1)]
        return int(np.count_nonzero(upper > self.value(a, b))) + 1


def map_of(run: Run, memory: Memory) -> Map:
    """Return the similarities of a clustering."""

    def ask() -> Map:
        frame = run.ops.centroid_similarity("cosine")
        return Map(tuple(map(str, frame.index)), frame.to_numpy(dtype=np.float64))

    return memory.get(("map", *run.key), ask)


def default_order(n_clusters: int) -> Order:
    """Return the guide's order where all names are read, likeness where only colours are seen."""
    return "id" if n_clusters <= 20 else "linkage"


def order_of(run: Run, order: Order, memory: Memory) -> NDArray[np.intp]:
    """Return the positions of `Map.ids` in the order of the picture."""
    ids = map_of(run, memory).ids
    if order == "id":
        return np.arange(len(ids))

    def ask() -> NDArray[np.intp]:
        position = {name: index for index, name in enumerate(ids)}
        return np.array([position[name] for name in run.ops.linkage_order("cosine")], np.intp)

    return memory.get(("order", *run.key), ask)


def tile(similarity: NDArray[np.float64], order: NDArray[np.intp], y: int, x: int) -> bytes:
    """Return one tile of the ordered matrix, as little-endian uint16 in rows.

    0 stands for -1, 65,534 for 1, 65,535 for a value that is missing. Tiles at the right and
    lower edge are as small as what is left. An index outside gives an empty tile.
    """
    rows, columns = order[y * TILE : (y + 1) * TILE], order[x * TILE : (x + 1) * TILE]
    values = similarity[np.ix_(rows, columns)]
    scaled = np.clip((values + 1.0) / 2.0, 0.0, 1.0) * FULL_SCALE
    return np.where(np.isfinite(values), np.rint(scaled), MISSING).astype("<u2").tobytes()


def exact_rows(
    similarity: NDArray[np.float64], order: NDArray[np.intp]
) -> list[list[float | None]] | None:
    """Return the lower triangle with its diagonal, ordered; None when it is too much to send."""
    if len(order) > EXACT_UP_TO:
        return None
    ordered = similarity[np.ix_(order, order)]
    return [
        [round(float(value), 6) if np.isfinite(value) else None for value in ordered[i, : i + 1]]
        for i in range(len(order))
    ]


def pairs_of(run: Run, n: int, memory: Memory) -> list[tuple[str, str, float]]:
    """Return the `n` most similar pairs, the cluster that comes first in order first."""

    def ask() -> list[tuple[str, str, float]]:
        frame = run.ops.closest_centroids(n, "cosine")
        rows = zip(frame["cluster"], frame["other"], frame["similarity"], strict=True)
        return [(str(a), str(b), float(value)) for a, b, value in rows]

    found = memory.get(("pairs", n, *run.key), ask)
    position = {name: index for index, name in enumerate(map_of(run, memory).ids)}
    return [(a, b, v) if position[a] <= position[b] else (b, a, v) for a, b, v in found]
