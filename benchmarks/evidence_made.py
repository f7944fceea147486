"""Figures 1 and 2 of the evidence: made populations, one cut in two, and two side by side.

The bound of figure 2 is the power of the likelihood ratio between the true density on the true axis
and the unimodal density nearest to it: no test of unimodality that keeps its level can have more.
"""

import os
import zlib
from collections.abc import Callable
from time import perf_counter

import numpy as np
from evidence_page import counts, keep, table, write_section
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import norm

from relevanceai.kernels.separation import separation_test

LEVEL = 0.05
Rows = NDArray[np.float32]

SIZES = (40, 100, 400, 2000)  # documents of both clusters together
DIMS = (16, 128, 512)
GAPS = (2, 3, 4, 6)
SHARES = (0.5, 0.9)
POWER_DIMS = (16, 256)
POWER_SIZES = (80, 300, 1000, 2000)  # documents a cluster, on average


def _gaussian(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.standard_normal((n, d))


def _heavy_tailed(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.standard_normal((n, d)) / np.sqrt(rng.chisquare(3, n) / 3)[:, None]


def _long_continuum(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    rows = rng.standard_normal((n, d))
    rows[:, 0] += rng.uniform(0, 15, n)
    return rows


def _skewed_density(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    rows = rng.standard_normal((n, d))
    rows[:, 0] += rng.gamma(1.5, 3.0, n)
    return rows


def _anisotropic_shared_mean(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    is_first = rng.random(n) < 0.5
    scales = np.geomspace(4.0, 0.5, d)
    return rng.standard_normal((n, d)) * np.where(is_first[:, None], scales, scales[::-1])


def _unit_normed(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    rows = rng.standard_normal((n, d)) * np.geomspace(1.0, 0.2, d)
    rows[:, d // 2] += 2.0
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


NULLS: dict[str, Callable[[int, int, np.random.Generator], NDArray[np.float64]]] = {
    "gaussian": _gaussian,
    "heavy-tailed": _heavy_tailed,
    "long continuum": _long_continuum,
    "skewed density": _skewed_density,
    "anisotropic, shared mean": _anisotropic_shared_mean,
    "unit-normed": _unit_normed,
}


def _rng(*names: object) -> np.random.Generator:
    """Return a generator that depends on the names alone."""
    return np.random.default_rng(zlib.crc32(repr(names).encode()))


def cut(rows: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Cut rows in two by k-means."""
    from sklearn.cluster import KMeans

    seed = int(rng.integers(2**31))
    labels: NDArray[np.int32] = KMeans(2, n_init=1, random_state=seed).fit_predict(rows)
    return labels == 1


def _naive_p(first: Rows, second: Rows) -> float:
    """Return the p-value of a classifier: five-fold accuracy against guessing, labels believed."""
    from scipy.stats import binomtest

    from relevanceai.kernels.crossfit import held_out_places
    from relevanceai.kernels.shrinkage import FoldAxes

    axes = FoldAxes(first, second)
    places = held_out_places(axes, 5, np.random.default_rng(0)).places
    right = int(((places > 0) == axes.is_second).sum())
    guess = max(len(first), len(second)) / len(places)
    return float(binomtest(right, len(places), guess, alternative="greater").pvalue)


def _silhouette(first: Rows, second: Rows) -> float:
    from sklearn.metrics import silhouette_score

    rows = np.concatenate([first, second])
    labels = np.arange(len(rows)) >= len(first)
    few = min(len(first), len(second)) < 30  # a sample might miss them all
    sample = len(rows) if few else min(len(rows), 600)
    return float(silhouette_score(rows, labels, sample_size=sample, random_state=0))


def _cosine(first: Rows, second: Rows) -> float:
    one, other = first.mean(axis=0), second.mean(axis=0)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def _gaussian_null_p(first: Rows, second: Rows, rng: np.random.Generator, sims: int = 19) -> float:
    """Return the p-value of a cluster index against one Gaussian of the same covariance, re-cut."""
    rows = np.concatenate([first, second]).astype(np.float64)
    rows -= rows.mean(axis=0)

    def index(points: NDArray[np.float64], is_second: NDArray[np.bool_]) -> float:
        if is_second.all() or not is_second.any():
            return 1.0
        within = sum(
            float(((points[side] - points[side].mean(axis=0)) ** 2).sum())
            for side in (is_second, ~is_second)
        )
        return within / float(((points - points.mean(axis=0)) ** 2).sum())

    found = index(rows, np.arange(len(rows)) >= len(first))
    lower = 0
    for _ in range(sims):
        mixed = rng.standard_normal((len(rows), len(rows))) @ rows / len(rows) ** 0.5
        lower += index(mixed, cut(mixed, rng)) <= found
    return (1 + lower) / (1 + sims)


def _outcomes(
    first: Rows, second: Rows, rng: np.random.Generator, *, with_peers: bool, with_sims: bool
) -> dict[str, float]:
    start = perf_counter()
    found = separation_test(first, second, rng=rng)
    outcome = {
        "p": found.p_value,
        "dip": found.p_dip,
        "s": perf_counter() - start,
    }
    if with_peers:
        outcome["silhouette"] = _silhouette(first, second)
        outcome["cosine"] = _cosine(first, second)
        outcome["naive"] = _naive_p(first, second)
    if with_sims:
        outcome["gaussian"] = _gaussian_null_p(first, second, rng)
    return outcome


def null_cells() -> list[str]:
    return [f"{kind}; n={n}; d={d}" for n in SIZES for d in DIMS for kind in NULLS]


def run_null(cell: str, runs: int, *, peers: int = 60, sims: int = 20) -> None:
    """Run a null cell and keep what came out."""
    kind, n, d = cell.split("; ")
    outcomes = []
    for run in range(runs):
        rng = _rng("null", cell, run)
        rows = NULLS[kind](int(n[2:]), int(d[2:]), rng)
        is_second = cut(rows, rng)
        rows = rows.astype(np.float32)
        outcomes.append(
            _outcomes(
                rows[~is_second],
                rows[is_second],
                rng,
                with_peers=run < peers,
                with_sims=run < sims and int(n[2:]) <= 400,
            )
        )
    keep("nulls", cell, _summed(outcomes, runs))


def power_cells() -> list[str]:
    return [
        f"gap={gap}; share={share}; d={d}; n={n}"
        for n in POWER_SIZES
        for d in POWER_DIMS
        for share in SHARES
        for gap in GAPS
    ]


def run_power(cell: str, runs: int, *, peers: int = 60, sims: int = 20) -> None:
    """Run a cell of two populations and keep what came out."""
    gap, share, d, n = (float(one.split("=")[1]) for one in cell.split("; "))
    total = 2 * int(n)
    outcomes = []
    for run in range(runs):
        rng = _rng("power", cell, run)
        rows = rng.standard_normal((total, int(d))).astype(np.float32)
        is_second = np.arange(total) >= round(share * total)
        axis = rng.standard_normal(int(d))
        rows[is_second] += (gap * axis / np.linalg.norm(axis)).astype(np.float32)
        outcomes.append(
            _outcomes(
                rows[~is_second],
                rows[is_second],
                rng,
                with_peers=run < peers,
                with_sims=run < sims and total <= 600,
            )
        )
    keep("power", cell, _summed(outcomes, runs))


def _summed(outcomes: list[dict[str, float]], runs: int) -> dict[str, object]:
    """Return what is kept of a cell's runs: counts of rejections, and quantiles of the peers."""

    def column(name: str) -> NDArray[np.float64]:
        return np.array([one[name] for one in outcomes if name in one])

    held: dict[str, object] = {
        "runs": runs,
        "rejected": int((column("p") <= LEVEL).sum()),
        "dip": int((column("dip") <= LEVEL).sum()),
        "ms": round(float(np.median(column("s"))) * 1000, 1),
    }
    for name in ("naive", "gaussian"):
        if len(column(name)):
            held[name] = round(float((column(name) <= LEVEL).mean()), 3)
    for name in ("silhouette", "cosine"):
        if len(column(name)):
            held[name] = [round(float(one), 4) for one in np.sort(column(name))]
    return held


def bound(gap: float, share: float, n: int, *, runs: int = 20_000) -> float:
    """Return the power of the likelihood ratio against the nearest unimodal density, true axis."""
    key = f"gap={gap:g}; share={share:g}; n={n}; runs={runs}"
    held = counts().get("bounds", {})
    if key in held:
        return float(held[key]["power"])
    grid = np.linspace(-6, gap + 6, 3001)
    density = share * norm.pdf(grid) + (1 - share) * norm.pdf(grid, gap)
    best, nearest = np.inf, density
    for mode in range(0, len(grid), 5):
        flat = np.concatenate(
            [
                isotonic_regression(density[:mode]).x if mode else density[:0],
                isotonic_regression(density[mode:], increasing=False).x,
            ]
        )
        divergence = float(density @ np.log(density / flat))
        if divergence < best:
            best, nearest = divergence, flat
    if best < 1e-9:
        return LEVEL  # it is unimodal: there is nothing to find
    ratio = np.log(density / nearest)
    rng = _rng("bound", gap, share, n)
    differs = np.abs(ratio) > 1e-12  # all other points say nothing
    scores = np.append(ratio[differs], 0.0)
    drawn = []
    for one in (nearest, density):
        chances = one[differs] / one.sum()
        chances = np.append(chances, max(0.0, 1.0 - chances.sum()))
        counted = (rng.multinomial(n, chances, 500) @ scores for _ in range(runs // 500))
        drawn.append(np.concatenate(list(counted)))
    null, other = drawn
    power = round(float((other > np.quantile(null, 1 - LEVEL)).mean()), 3)
    keep("bounds", key, {"power": power})
    return power


def learned_gap(gap: float, share: float, n: int, d: int) -> float:
    """Return the gap that is left, on average, on an axis learned from nine tenths of the documents.

    The best axis for two round groups, the difference of their means, has a part of noise in each of
    the d directions; what it shows of the gap is gap^2 over its length.
    """
    noise = d / (0.9 * n * share * (1 - share))
    return round(gap**2 / (gap**2 + noise) ** 0.5, 2)


def write_nulls() -> None:
    """Write figure 1 from what is kept."""
    held = counts().get("nulls", {})
    done = {cell: one for cell, one in held.items() if one["runs"]}
    if not done:
        return
    rates = {cell: one["rejected"] / one["runs"] for cell, one in done.items()}
    heads = [f"{n} x {d}" for n in SIZES for d in DIMS]
    rows: list[list[str]] = [["population", *heads]]
    for kind in NULLS:
        cells = [f"{kind}; n={n}; d={d}" for n in SIZES for d in DIMS]
        rows.append([kind, *(f"{rates[cell]:.1%}" if cell in rates else "" for cell in cells)])
    runs = sorted({one["runs"] for one in done.values()})
    worst = max(rates, key=lambda cell: rates[cell])
    peers = [["test", "called separate, mean over cells", "worst cell"]]
    for name, title in (
        ("rejected", "this test"),
        ("dip", "held-out dip, uniform table"),
        ("naive", "classifier better than guessing"),
        ("gaussian", "cluster index against one Gaussian"),
    ):
        shares = [
            one[name] / one["runs"] if name in ("rejected", "dip") else one[name]
            for one in done.values()
            if name in one
        ]
        peers.append([title, f"{np.mean(shares):.1%}", f"{max(shares):.1%}"])
    write_section(
        "1. Nulls",
        "One population, cut in two by k-means: how often the two halves are called separate, at the "
        f"level of 5 %. Columns: documents x dimensions. {' or '.join(map(str, runs))} runs a cell, "
        f"{len(done)} of {len(null_cells())} cells. Promised: no cell above 7 %, the mean at most "
        f"5 %. Found: the highest is {rates[worst]:.1%} ({worst}), the mean "
        f"{np.mean(list(rates.values())):.1%}.\n\n{table(rows)}\n\n"
        "The same cuts by other tests (60 runs a cell, the Gaussian one 20, up to 400 documents):"
        f"\n\n{table(peers)}",
    )


def write_power() -> None:
    """Write figure 2 from what is kept."""
    held = counts().get("power", {})
    nulls = counts().get("nulls", {})
    if not held:
        return
    rows = [
        [
            "gap, sd",
            "shares",
            "dims",
            "n a cluster",
            "found",
            "bound",
            "found of it",
            "bound, learned axis",
            "found of it",
            "dip",
            "silhouette",
            "cosine",
            "Gaussian null",
        ]
    ]
    ratios: dict[tuple[str, str], list[float]] = {
        (d, which): [] for d in ("16", "256") for which in ("true", "learned")
    }
    for cell in power_cells():
        if cell not in held:
            continue
        one = held[cell]
        gap, share, d, n = (part.split("=")[1] for part in cell.split("; "))
        found, best = one["rejected"] / one["runs"], bound(float(gap), float(share), 2 * int(n))
        left = learned_gap(float(gap), float(share), 2 * int(n), int(d))
        learned = min(best, bound(left, float(share), 2 * int(n)))
        for which, most in (("true", best), ("learned", learned)):
            if best > 0.1:
                ratios[d, which].append(found / most)
        rows.append(
            [
                gap,
                "50/50" if share == "0.5" else "90/10",
                d,
                n,
                f"{found:.2f}",
                f"{best:.2f}",
                f"{found / best:.0%}" if best > 0.1 else "",
                f"{learned:.2f}",
                f"{found / learned:.0%}" if learned > 0.1 else "",
                f"{one['dip'] / one['runs']:.2f}",
                _held_to_level(one, nulls, d, n, "silhouette", +1),
                _held_to_level(one, nulls, d, n, "cosine", -1),
                f"{one['gaussian']:.2f}" if "gaussian" in one else "",
            ]
        )
    aims = {"16": 0.8, "256": 0.6}
    kept = {
        (d, which): f"{sum(one >= aims[d] for one in found)} of {len(found)} cells"
        for (d, which), found in ratios.items()
    }
    runs = sorted({one["runs"] for one in held.values()})
    write_section(
        "2. Power",
        "Two normal populations, their true labels given: how often they are called separate. n is "
        "the documents a cluster on average, so the sample has 2 n. The bound is the power of the "
        "likelihood ratio of the true density against the nearest unimodal one, on the true axis. "
        f"{' or '.join(map(str, runs))} runs a cell, {len(held)} of {len(power_cells())} cells. "
        "Promised: 80 % of the bound at 16 dimensions, 60 % at 256. Of the cells with a bound above "
        f"0.10 that is reached in {kept['16', 'true']} at 16 dimensions and in {kept['256', 'true']} "
        "at 256. No test knows the true axis: beside it stands the same bound for the gap that is left "
        "on the best axis that can be learned from the labels of nine tenths of the documents; of that "
        f"bound as much is reached in {kept['16', 'learned']} and in {kept['256', 'learned']}. Both "
        "bounds are for one unimodal density; a test must hold against two, with the peak on either "
        "side, so that for groups of equal size it has less. Silhouette and cosine are no tests: theirs is the power with a "
        "threshold that 95 % of the nulls of figure 1 with the nearest size and width do not pass. "
        "The classifier that beats guessing is left out: it finds everything, the nulls too. The dip "
        "is that of the held-out places, by its uniform table; it does not decide.\n\n"
        f"{table(rows)}",
    )


def _held_to_level(
    one: dict[str, object],
    nulls: dict[str, dict[str, object]],
    d: str,
    n: str,
    name: str,
    sign: int,
) -> str:
    """Return a peer's power with a threshold that keeps the level over the nulls of that size."""
    if name not in one:
        return ""
    size = min(SIZES, key=lambda other: abs(np.log(other / (2 * int(n)))))
    width = min(DIMS, key=lambda other: abs(np.log(other / int(d))))
    values = [
        sign * np.array(cell[name])
        for kind in NULLS
        if name in (cell := nulls.get(f"{kind}; n={size}; d={width}", {}))
    ]
    if not values:
        return ""
    threshold = max(float(np.quantile(one_kind, 1 - LEVEL)) for one_kind in values)
    return f"{(sign * np.array(one[name]) > threshold).mean():.2f}"


assert os.environ.get("OMP_NUM_THREADS") == "1", "run through evidence.py"
