"""The definitions, in the plainest numpy: what the kernels are held against.

One row, one pair, one cluster at a time; no blocks, no tricks, no import from the package. Slow on
purpose.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = list[tuple[NDArray[np.int64], NDArray[np.float64]]]


def moments(
    vectors: NDArray[np.floating], labels: NDArray[np.integer], n_clusters: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Count, sum and inertia (about the own mean) of each cluster."""
    n_dims = vectors.shape[1]
    count = np.zeros(n_clusters, dtype=np.int64)
    sums = np.zeros((n_clusters, n_dims))
    inertia = np.zeros(n_clusters)
    for cluster in range(n_clusters):
        members = vectors[labels == cluster].astype(np.float64)
        count[cluster] = len(members)
        for dim in range(n_dims):
            sums[cluster, dim] = math.fsum(members[:, dim])
        if len(members):
            mean = sums[cluster] / len(members)
            inertia[cluster] = math.fsum(((members - mean) ** 2).ravel())
    return count, sums, inertia


def centroids(
    vectors: NDArray[np.floating], labels: NDArray[np.integer], n_clusters: int
) -> NDArray[np.float64]:
    """Mean of each cluster's members; NaN for an empty cluster."""
    count, sums, _ = moments(vectors, labels, n_clusters)
    result = np.full(sums.shape, np.nan)
    for cluster in range(n_clusters):
        if count[cluster]:
            result[cluster] = sums[cluster] / count[cluster]
    return result


def compared(one: NDArray[np.floating], other: NDArray[np.floating], metric: str) -> float:
    """Similarity (cosine, dp) or distance (l2, l1) of two vectors."""
    a = [float(value) for value in one]
    b = [float(value) for value in other]
    if any(math.isnan(value) for value in (*a, *b)):
        return math.nan
    if metric == "l1":
        return math.fsum(abs(x - y) for x, y in zip(a, b, strict=True))
    if metric == "l2":
        return math.dist(a, b)
    product = math.fsum(x * y for x, y in zip(a, b, strict=True))
    if metric == "dp":
        return product
    lengths = math.hypot(*a) * math.hypot(*b)
    return min(1.0, max(-1.0, product / lengths)) if lengths else 0.0


def is_similarity(metric: str) -> bool:
    """True when larger means closer."""
    return metric in {"cosine", "dp"}


def nearest(
    row_ids: NDArray[np.int64],
    vectors: NDArray[np.floating],
    labels: NDArray[np.integer],
    centroid_rows: NDArray[np.float64],
    k: int,
    *,
    metric: str,
    furthest: bool = False,
) -> Rows:
    """The k members best by the metric, of each cluster; ties go to the smaller row id."""
    sign = -1.0 if is_similarity(metric) != furthest else 1.0
    result: Rows = []
    for cluster, centroid in enumerate(centroid_rows):
        ranked = sorted(
            (sign * compared(vectors[row], centroid, metric), int(row_ids[row]))
            for row in np.flatnonzero(labels == cluster)
        )[:k]
        result.append(
            (
                np.array([row_id for _, row_id in ranked], dtype=np.int64),
                np.array([sign * value for value, _ in ranked], dtype=np.float64),
            )
        )
    return result


def similarity(centroid_rows: NDArray[np.float64], metric: str) -> NDArray[np.float64]:
    """Every centroid with every centroid."""
    return np.array(
        [[compared(one, other, metric) for other in centroid_rows] for one in centroid_rows]
    ).reshape(len(centroid_rows), len(centroid_rows))


def pairs(
    matrix: NDArray[np.float64], n: int, *, largest_first: bool
) -> list[tuple[int, int, float]]:
    """The n best pairs (i, j, value) with i < j; ties in the order of (i, j); NaN left out."""
    found = [
        (i, j, float(matrix[i, j]))
        for i in range(len(matrix))
        for j in range(i + 1, len(matrix))
        if not math.isnan(matrix[i, j])
    ]
    sign = -1.0 if largest_first else 1.0
    return sorted(found, key=lambda pair: (sign * pair[2], pair[0], pair[1]))[:n]


def units(parts: Sequence[NDArray[np.floating]]) -> NDArray[np.float32]:
    """Fields side by side, each row of each scaled to norm 1; a zero row stays zero."""
    rows = []
    for row in range(len(parts[0])):
        values: list[float] = []
        for part in parts:
            length = math.hypot(*(float(value) for value in part[row])) or 1.0
            values += [float(value) / length for value in part[row]]
        rows.append(values)
    return np.array(rows, dtype=np.float32).reshape(len(parts[0]), sum(p.shape[1] for p in parts))


def natural_order(ids: Sequence[str]) -> list[str]:
    """Digits as numbers, text without regard to case, "outlier" last."""

    def key(name: str) -> tuple[object, ...]:
        parts = re.split("([0-9]+)", name.casefold())
        return (
            name == "outlier",
            [int(part) if place % 2 else part for place, part in enumerate(parts)],
            name,
        )

    return sorted(ids, key=key)


def shown_ids(values: Sequence[int | str | None]) -> list[str | None]:
    """What each label is shown as: an id, "outlier" for noise, None for not clustered."""
    return [
        value
        if value is None or isinstance(value, str)
        else ("outlier" if value == -1 else f"cluster-{value}")
        for value in values
    ]


def held_out_places(
    rows: NDArray[np.floating], is_second: NDArray[np.bool_], folds: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Each row on the discriminant axis of the rows of all other folds, shrunk by OAS."""
    rows = rows.astype(np.float64)
    n_dims = rows.shape[1]
    places = np.zeros(len(rows))
    for fold in np.unique(folds):
        one = rows[(folds != fold) & ~is_second]
        other = rows[(folds != fold) & is_second]
        mean_one, mean_other = one.mean(axis=0), other.mean(axis=0)
        within = np.concatenate([one - mean_one, other - mean_other])
        covariance = within.T @ within / len(within)
        mean = np.trace(covariance) / n_dims
        square = (covariance**2).sum() / n_dims**2
        below = (len(within) + 1) * (square - mean**2 / n_dims)
        shrinkage = min((square + mean**2) / below, 1.0) if below > 0 else 1.0
        shrunk = (1 - shrinkage) * covariance + shrinkage * mean * np.eye(n_dims)
        axis = np.linalg.solve(shrunk, mean_other - mean_one)
        axis /= np.linalg.norm(axis)
        for row in np.flatnonzero(folds == fold):
            places[row] = (rows[row] - (mean_one + mean_other) / 2) @ axis
    return places


def weighted_log_odds(
    counts: Sequence[int], other_counts: Sequence[int], prior: Sequence[float]
) -> list[tuple[float, float]]:
    """Monroe's log-odds ratio of each term and its standard deviation, one term at a time."""
    n, m, all_prior = sum(counts), sum(other_counts), sum(prior)
    found = []
    for y, w, a in zip(counts, other_counts, prior, strict=True):
        odds = (y + a) / (n + all_prior - y - a)
        other_odds = (w + a) / (m + all_prior - w - a)
        found.append((math.log(odds / other_odds), math.sqrt(1 / (y + a) + 1 / (w + a))))
    return found


def c_tf_idf(counts: Sequence[Sequence[int]]) -> list[list[float]]:
    """Each term's share of its class, times log(1 + mean terms a class / its count in all)."""
    mean = sum(map(sum, counts)) / len(counts)
    result = []
    for one in counts:
        row = []
        for term, count in enumerate(one):
            total = sum(other[term] for other in counts)
            row.append(count / sum(one) * math.log(1 + mean / total) if count else 0.0)
        result.append(row)
    return result


def auroc(first: Sequence[float], second: Sequence[float]) -> float:
    """The share of pairs in which the first is larger, ties counting half."""
    wins = [1.0 if x > y else 0.5 if x == y else 0.0 for x in first for y in second]
    return sum(wins) / len(wins)


def fisher(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """Twice the smaller tail of the hypergeometric distribution, at most 1."""
    total = hits + other_hits
    ways = {
        k: math.comb(of, k) * math.comb(other_of, total - k)
        for k in range(max(0, total - other_of), min(of, total) + 1)
    }
    lower = sum(n for k, n in ways.items() if k <= hits)
    upper = sum(n for k, n in ways.items() if k >= hits)
    return min(1.0, 2 * min(lower, upper) / sum(ways.values()))


def benjamini_hochberg(p_values: Sequence[float], level: float) -> list[bool]:
    """Which tests are kept: all up to the last whose p-value is at most its rank's share of level."""
    rising = sorted(p_values)
    limits = [p for rank, p in enumerate(rising, 1) if p <= level * rank / len(p_values)]
    return [bool(limits) and p <= limits[-1] for p in p_values]


def second_nearest(
    vectors: NDArray[np.floating],
    labels: NDArray[np.integer],
    centroid_rows: NDArray[np.float64],
    metric: str,
) -> list[tuple[int, float, float]]:
    """Of each row: the nearest other centroid (-1 for none), the distance to its own and to it."""
    result = []
    for row, own in zip(vectors, labels, strict=True):
        distances = [
            math.nan
            if np.isnan(one).any()
            else compared(row, one, "l2")
            if metric == "l2"
            else 1.0 - compared(row, one, "cosine")
            for one in centroid_rows
        ]
        others = [
            (distance, place)
            for place, distance in enumerate(distances)
            if place != own and not math.isnan(distance)
        ]
        distance, place = min(others, default=(math.inf, -1))
        own_distance = math.inf if own < 0 or math.isnan(distances[own]) else distances[own]
        result.append((place, own_distance, distance))
    return result


def davies_bouldin(
    vectors: NDArray[np.floating], labels: NDArray[np.integer], n_clusters: int
) -> float:
    """The mean over clusters of the worst ratio of spreads to the distance between."""
    means = centroids(vectors, labels, n_clusters)
    spread = [
        math.fsum(math.dist(row, mean) for row in vectors[labels == cluster].astype(float))
        / np.count_nonzero(labels == cluster)
        for cluster, mean in enumerate(means)
    ]
    return (
        math.fsum(
            max(
                (spread[i] + spread[j]) / math.dist(means[i], means[j])
                for j in range(n_clusters)
                if i != j
            )
            for i in range(n_clusters)
        )
        / n_clusters
    )


def nearest_centroid(
    vectors: NDArray[np.floating], centroids: NDArray[np.floating]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The place of the centroid nearest to each row, the earlier of equal ones, and its distance."""
    places, distances = [], []
    for row in vectors.astype(np.float64):
        to_each = [math.sqrt(math.fsum((row - centroid) ** 2)) for centroid in centroids]
        distances.append(min(to_each))
        places.append(to_each.index(distances[-1]))
    return np.array(places, dtype=np.int64), np.array(distances)


def communities(
    vectors: NDArray[np.floating], threshold: float, min_size: int
) -> NDArray[np.int64]:
    """The community of each row: proposals of all rows, the largest first, each less those taken."""
    n_rows = len(vectors)
    proposals = [
        [
            j
            for j in range(n_rows)
            if j == i or compared(vectors[i], vectors[j], "cosine") >= threshold
        ]
        for i in range(n_rows)
    ]
    taken: set[int] = set()
    found: list[list[int]] = []
    for proposal in sorted(proposals, key=len, reverse=True):
        left = [row for row in proposal if row not in taken]
        if len(proposal) >= min_size and len(left) >= min_size:
            found.append(left)
            taken.update(left)
    labels = np.full(n_rows, -1, dtype=np.int64)
    for label, rows in enumerate(sorted(found, key=len, reverse=True)):
        labels[rows] = label
    return labels


def centred(centroid_rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The centroids about their plain mean, taken in whole numbers of the spread of them."""
    first = centroid_rows[0]
    mean = np.array([math.fsum(column) for column in (centroid_rows - first).T]) / len(
        centroid_rows
    )
    return (centroid_rows - first) - mean


def corrected(
    count: NDArray[np.int64],
    sums: NDArray[np.float64],
    half_count: NDArray[np.int64],
    half_sums: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The split-half corrected cosine of every two clusters."""
    parts = []
    for n, whole, m, half in zip(count, sums, half_count, half_sums, strict=True):
        rest = whole - half
        reliability = compared(half, rest, "cosine")
        if m in (0, n) or reliability <= 1e-12:
            parts.append((whole, whole, 1.0))
        else:
            parts.append((half, rest, reliability))
    result = np.empty((len(parts), len(parts)))
    for i, (one, two, reliability) in enumerate(parts):
        for j, (other, another, its) in enumerate(parts):
            both = compared(one, another, "cosine") + compared(two, other, "cosine")
            result[i, j] = both / 2 / math.sqrt(reliability * its)
        result[i, i] = float(sums[i].any())
    return result


def predicted_categories(
    groups: Sequence[int], codes: Sequence[int], fold: Sequence[int], prior: float
) -> list[float]:
    """The log-loss in bits of each row's category, from the rows of all other folds."""
    n_codes = max(codes) + 1
    losses = []
    for row, group in enumerate(groups):
        known = [one for one in range(len(groups)) if fold[one] != fold[row]]
        overall = [sum(codes[one] == code for one in known) + 0.5 for code in range(n_codes)]
        here = [
            sum(codes[one] == code for one in known if groups[one] == group)
            + prior * overall[code] / sum(overall)
            for code in range(n_codes)
        ]
        losses.append(-math.log2(here[codes[row]] / sum(here)))
    return losses


def predicted_numbers(
    groups: Sequence[int], numbers: Sequence[float], fold: Sequence[int]
) -> list[float]:
    """By how much the median of the group in all other folds misses each row's number."""
    losses = []
    for row, group in enumerate(groups):
        known = [one for one in range(len(groups)) if fold[one] != fold[row]]
        here = [numbers[one] for one in known if groups[one] == group]
        pool = here or [numbers[one] for one in known]
        losses.append(abs(numbers[row] - (float(np.median(pool)) if pool else 0.0)))
    return losses


def distances(vectors: NDArray[np.floating], metric: str) -> NDArray[np.float64]:
    """Every row's distance to every other; 0 to itself."""
    return np.array(
        [
            [
                0.0
                if i == j
                else compared(one, other, "l2")
                if metric == "l2"
                else 1.0 - compared(one, other, "cosine")
                for j, other in enumerate(vectors)
            ]
            for i, one in enumerate(vectors)
        ]
    ).reshape(len(vectors), len(vectors))


def facing(
    rows: NDArray[np.floating], means: NDArray[np.float64], first: int, second: int
) -> list[bool]:
    """Which rows, and their feet half way between two centroids, have none of the others nearer."""
    one, other = means[first], means[second]
    axis = (other - one) / math.dist(one, other)
    found = []
    for row in rows.astype(np.float64):
        foot = row - float((row - (one + other) / 2) @ axis) * axis
        nearest = min(math.dist(row, one), math.dist(row, other))
        thirds = [mean for c, mean in enumerate(means) if c not in (first, second)]
        found.append(
            all(
                math.dist(foot, third) >= math.dist(foot, one) and math.dist(row, third) >= nearest
                for third in thirds
            )
        )
    return found
