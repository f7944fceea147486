"""Do we need that granularity? What finer clusters tell of a field that coarser ones do not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.facts import amount
from relevanceai.contrast.fields import KINDS, settled
from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.nearest import Metric
from relevanceai.kernels.order import linkage_order
from relevanceai.kernels.predicted import category_losses, folds, merged, number_losses
from relevanceai.kernels.similarity import as_distances, centroid_similarity
from relevanceai.operations.asked import check_count, checked_metric
from relevanceai.operations.centroids import Centroids, centroids_of
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.members import checked_fields, clusters_of_rows, values_of
from relevanceai.operations.nearest import chosen_ids
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

Verdict: TypeAlias = Literal["needed", "coarser is enough", "says nothing", "undecided"]

N_FOLDS = 10
FEWEST = 30
"""Documents with a value, from which on the question is answered."""

MOST_CATEGORIES = 200
LARGEST = 1e150
"""Larger numbers are refused: their squares leave the range of float64."""

_MOST_LEVELS = 12  # numbers of clusters that are tried between 1 and all
_LEVEL = 0.05
_NEARLY = 0.95  # of what all clusters tell, which may be enough for a person


@dataclass(frozen=True, slots=True)
class Level:
    """What one number of clusters tells of the field.

    `loss` is the held-out loss a document; `told` how much less that is than without clusters, in
    parts of it; `kept` which part of what the whole clustering tells that is. `lost` is the loss
    above that of the whole clustering, `lost_low` and `lost_high` bound it. `is_enough` when it may
    be none. `right` is the share of documents whose category was the likeliest; None for numbers.
    `merges` names the clusters that became one since the level before.
    """

    n_clusters: int
    loss: float
    told: float
    kept: float | None
    lost: float
    lost_low: float
    lost_high: float
    is_enough: bool
    right: float | None
    merges: str


@dataclass(frozen=True, slots=True)
class Other:
    """What another clustering of the dataset tells of the field, on the documents both have.

    `gain` is how much smaller its loss is than that of this clustering, with its bounds.
    """

    alias: str
    field: str
    n_clusters: int
    n_documents: int
    loss: float
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True, slots=True, repr=False)
class Granularity:
    """The answer to: do we need that granularity?

    Attributes
    ----------
    verdict, answer : in a word, and in plain words with the figures behind it.
    field, kind : what was predicted, and as what ("category", "boolean", "number", "date").
    unit : of the losses: "bits" for categories, the field's own for numbers, "days" for dates.
    n_clusters, enough : how many clusters there are, and the smallest number that tells as much.
    levels : one for each number of clusters tried, the finest first.
    others : the other clusterings of the dataset.
    n_documents, n_missing, n_unclustered, n_left : how many documents were used; how many in
        clusters have no value, how many are in no cluster, how many were left out by sampling.
    method : how this was decided.
    """

    verdict: Verdict
    answer: str
    field: str
    kind: str
    unit: str
    n_clusters: int
    enough: int | None
    levels: tuple[Level, ...]
    others: tuple[Other, ...]
    n_documents: int
    n_missing: int
    n_unclustered: int
    n_left: int
    method: str

    def to_frame(self) -> "pd.DataFrame":
        """Return the levels as a DataFrame, a row a number of clusters, the finest first."""
        import pandas as pd

        return pd.DataFrame([asdict(one) for one in self.levels])

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON values."""
        found = asdict(self)
        return {
            **found,
            "levels": [asdict(one) for one in self.levels],
            "others": [asdict(one) for one in self.others],
        }

    def __repr__(self) -> str:
        return str(self)  # in a notebook the sentences, not every figure

    def __str__(self) -> str:
        lines = [self.answer]
        for one in self.levels:
            kept = "" if one.kept is None else f"{one.kept:6.0%} of what all tell"
            lines.append(
                f"  {one.n_clusters:>5,} {'cluster: ' if one.n_clusters == 1 else 'clusters:'} loss {amount(one.loss):>7} {self.unit:4}  "
                f"{kept}{'  enough' if one.is_enough else ''}".rstrip()
            )
        for other in self.others:
            lines.append(
                f"  {other.alias} of {other.field} ({other.n_clusters:,} clusters): "
                f"{_gain(other.gain, other.gain_low, other.gain_high, self.unit)}"
            )
        return "\n".join(lines)


class AsksGranularity(HoldsClustering):
    """Whether a clustering is finer than a question needs."""

    def granularity(
        self,
        field: str,
        *,
        kind: str | None = None,
        merge: Sequence[str] | None = None,
        metric: Metric = "cosine",
        most: int = 20_000,
        seed: int = 0,
    ) -> Granularity:
        """Ask whether finer clusters predict a field better than coarser ones.

        Parameters
        ----------
        field : what the clusters should tell: a field of categories, booleans, numbers or dates.
        kind : what to take it as, "category", "boolean", "number" or "date"; None finds it.
        merge : ids of clusters to be merged: then keeping them is compared with merging them, on
            their documents alone. None compares with ever fewer clusters, merged along the linkage
            of the centroids, and with the other clusterings of the dataset.
        metric : of the linkage, as in `linkage_order`.
        most : at most so many documents are used, drawn with `seed`.

        Returns
        -------
        Granularity, with `answer` in plain words; `print` shows the levels; `to_frame()`.

        Raises
        ------
        NotFoundError : a field or cluster that does not exist.
        InvalidInputError : a field that cannot be predicted this way (text, ids, more than 200
            categories, one value everywhere), with what to do.

        Notes
        -----
        Each document's value is predicted from its cluster by the documents of nine other tenths:
        categories by their shares, scored by log-loss in bits; numbers by the median, scored by the
        absolute miss. Losses are paired by document; intervals are normal ones of the mean
        difference, and hold together for all levels at 95 % (Bonferroni). Documents without a
        value, and those in no cluster, take no part and are counted. The clusters themselves were
        made from all documents, without the field.
        """
        store, centroids = self._pinned()
        checked_metric(metric)
        check_count("most", most)
        if not isinstance(field, str):
            raise InvalidInputError(
                f"field is the name of one field, but got {field!r:.60}. Ask for one at a time."
            )
        checked_fields(store, [field], "field")
        if merge is None:
            chosen = None
        else:
            chosen = chosen_ids(centroids, merge, dataset=store.name)
            if len(chosen) < 2:
                raise InvalidInputError(
                    f"merge is a list of two or more cluster ids, but got {merge!r:.60}."
                )
        return granularity(
            store, centroids, field, kind=kind, merge=chosen, metric=metric, most=most, seed=seed
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """The documents that take part: their rows, clusters, values, and how losses are taken."""

    rows: NDArray[np.intp]  # places in the order of the store
    clusters: NDArray[np.int32]
    losses: Callable[[NDArray[np.integer]], tuple[NDArray[np.float64], NDArray[np.bool_] | None]]
    kind: str
    unit: str
    n_missing: int
    n_unclustered: int
    n_left: int


def granularity(
    store: DocumentStore,
    centroids: Centroids,
    field: str,
    *,
    kind: str | None = None,
    merge: Sequence[str] | None = None,
    metric: Metric = "cosine",
    most: int = 20_000,
    seed: int = 0,
) -> Granularity:
    """Answer `AsksGranularity.granularity` for a snapshot of the dataset."""
    wanted = None if merge is None else [centroids.ids.index(one) for one in merge]
    asked = _asked(store, centroids, field, kind, wanted, most, seed)
    n_clusters = len(centroids.ids) if wanted is None else len(wanted)
    if len(asked.rows) < FEWEST or n_clusters < 2:
        return _undecided(field, asked, n_clusters)
    if wanted is None:
        levels = _along_the_linkage(asked, centroids, metric)
    else:
        place = np.zeros(len(centroids.ids), np.intp)
        place[wanted] = np.arange(len(wanted))
        groupings = {n_clusters: place, 1: np.zeros(len(centroids.ids), np.intp)}
        levels = _levels(asked, groupings, centroids.ids, 1)
    others = [] if wanted is not None else _others(store, centroids, asked)
    return _answered(field, asked, levels, others, merge)


def _asked(
    store: DocumentStore,
    centroids: Centroids,
    field: str,
    kind: str | None,
    wanted: Sequence[int] | None,
    most: int,
    seed: int,
) -> _Asked:
    row_ids, clusters = clusters_of_rows(store, centroids)
    inside = clusters >= 0 if wanted is None else np.isin(clusters, wanted)
    places = np.flatnonzero(inside)
    order = np.argsort(row_ids[places], kind="stable")
    places = places[np.random.default_rng(seed).permutation(order)]
    n_left = max(len(places) - most, 0)
    places = places[:most]
    values = [one.get(field) for one in values_of(store, row_ids[places], [field])]
    if kind is not None and kind not in _PREDICTED:
        raise InvalidInputError(f"kind is one of {listed(_PREDICTED)}, but got {kind!r:.60}.")
    column, present, notes = settled(field, values, kind)
    if column is None or column.kind not in _PREDICTED:
        reason = notes[-1].reason if notes else f"holds {'text' if column is None else column.kind}"
        raise InvalidInputError(
            f"Field {field!r} of dataset {store.name!r} {reason}, so clusters cannot predict it. "
            f"Pass a field of categories, numbers, booleans or dates, or kind=... "
            f"({listed(_PREDICTED)}); words are compared by names()."
        )
    places = places[column.present]
    fold = folds(len(places), min(N_FOLDS, max(len(places), 2)), np.random.default_rng(seed + 1))
    unit = {"number": "", "date": "days"}.get(column.kind, "bits")
    if column.kind in ("number", "date"):
        numbers = column.numbers
        if np.abs(numbers).max() > LARGEST:
            raise InvalidInputError(
                f"Field {field!r} of dataset {store.name!r} holds numbers up to "
                f"{amount(float(np.abs(numbers).max()))}, too large to average. Rescale it, or take "
                "those out that stand for something else, such as a missing value."
            )

        def losses(
            groups: NDArray[np.integer],
        ) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
            return number_losses(groups, numbers, fold), None
    else:
        names, codes = np.unique([str(value) for value in column.values], return_inverse=True)
        if len(names) > MOST_CATEGORIES:
            raise InvalidInputError(
                f"Field {field!r} of dataset {store.name!r} has {len(names):,} different values, "
                f"and {MOST_CATEGORIES} can be predicted. Pass a coarser field, such as a kind "
                "or a department."
            )

        def losses(
            groups: NDArray[np.integer],
        ) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
            return category_losses(groups, codes, fold)

    return _Asked(
        places,
        clusters[places],
        losses,
        column.kind,
        unit,
        int((~present).sum()) + int(present.sum() - column.present.sum()),
        int((clusters < 0).sum()) if wanted is None else 0,
        n_left,
    )


_PREDICTED = tuple(kind for kind in KINDS if kind not in ("text", "tags"))


def _along_the_linkage(asked: _Asked, centroids: Centroids, metric: Metric) -> list[Level]:
    """The levels at each number of clusters, or at some and those about the smallest enough."""
    n_clusters = len(centroids.ids)
    _, linkage = linkage_order(as_distances(centroid_similarity(centroids.means, metric), metric))
    numbers = set(range(1, n_clusters + 1))
    n_halvings = 0
    if n_clusters > _MOST_LEVELS:
        steps = np.geomspace(n_clusters, 2, _MOST_LEVELS - 2).round().astype(int).tolist()
        numbers = {n_clusters, n_clusters - 1, *steps, 1}
        n_halvings = n_clusters.bit_length()
    n_intervals = len(numbers) - 1 + n_halvings
    groupings = {n: merged(linkage, n_clusters, n) for n in numbers}
    for _ in range(n_halvings):  # closer to the smallest number that is enough
        levels = _levels(asked, groupings, centroids.ids, n_intervals)
        enough = next(one.n_clusters for one in reversed(levels) if one.is_enough)
        below = max((n for n in groupings if n < enough), default=enough)
        middle = (enough + below) // 2
        if middle in groupings:
            break
        groupings[middle] = merged(linkage, n_clusters, middle)
    return _levels(asked, groupings, centroids.ids, n_intervals)


def _levels(
    asked: _Asked, groupings: Mapping[int, NDArray[np.intp]], ids: Sequence[str], n_intervals: int
) -> list[Level]:
    """What each number of clusters tells, the finest first."""
    numbers = sorted(groupings, reverse=True)
    found = [asked.losses(groupings[n][asked.clusters]) for n in numbers]
    whole, nothing = found[0][0], found[-1][0]
    told_by_all = float(nothing.mean() - whole.mean())
    z = NormalDist().inv_cdf(1 - _LEVEL / 2 / n_intervals)
    levels = []
    for place, (losses, is_right) in enumerate(found):
        lost, low, high = _mean_with_bounds(losses - whole, z)
        told = float(nothing.mean() - losses.mean())
        levels.append(
            Level(
                numbers[place],
                float(losses.mean()),
                told / float(nothing.mean()) if nothing.mean() > 0 else 0.0,
                told / told_by_all if told_by_all > 0 else None,
                lost,
                low,
                high,
                low <= 0,
                None if is_right is None else float(is_right.mean()),
                _merges(groupings[numbers[place - 1]], groupings[numbers[place]], ids)
                if place
                else "",
            )
        )
    return levels


def _mean_with_bounds(values: NDArray[np.float64], z: float) -> tuple[float, float, float]:
    mean = float(values.mean())
    half = z * float(values.std(ddof=1)) / len(values) ** 0.5
    return mean, mean - half, mean + half


def _merges(before: NDArray[np.intp], after: NDArray[np.intp], ids: Sequence[str]) -> str:
    """Which clusters became one, by name; how many groups, where there are many."""
    joined = []
    for group in range(int(after.max()) + 1):
        inside = np.flatnonzero(after == group)
        if len(np.unique(before[inside])) > 1:
            names = [ids[place] for place in inside.tolist()]
            joined.append(" + ".join(names) if len(names) <= 4 else f"{len(names):,} clusters")
    return "; ".join(joined) if len(joined) <= 3 else f"{len(joined):,} merges"


def _others(store: DocumentStore, centroids: Centroids, asked: _Asked) -> list[Other]:
    """The other clusterings, each on the documents that are in a cluster of both."""
    found = []
    own, _ = asked.losses(asked.clusters)
    for one in store.clusterings():
        if one.token == centroids.clustering.token:
            continue
        theirs = centroids_of(store, one)
        if not theirs.ids:
            continue
        _, clusters = clusters_of_rows(store, theirs)
        mine = clusters[asked.rows]
        both = mine >= 0
        if both.sum() < FEWEST:
            continue
        groups = np.where(
            both, mine, len(theirs.ids)
        )  # the rest is a group of its own, not counted
        losses, _ = asked.losses(groups)
        z = NormalDist().inv_cdf(1 - _LEVEL / 2)
        gain, low, high = _mean_with_bounds((own - losses)[both], z)
        loss = float(losses[both].mean())
        n = len(np.unique(mine[both]))
        found.append(Other(one.alias, one.field, n, int(both.sum()), loss, gain, low, high))
    return found


# what is said of it ------------------------------------------------------------------------------


def _undecided(field: str, asked: _Asked, n_clusters: int) -> Granularity:
    n = len(asked.rows)
    why = (
        f"{n:,} documents in these clusters have a value of {field!r}, and {FEWEST} are needed"
        if n < FEWEST
        else f"there is {n_clusters} cluster"
    )
    return Granularity(
        "undecided",
        f"Undecided: {why}.",
        field,
        asked.kind,
        asked.unit,
        n_clusters,
        None,
        (),
        (),
        n,
        asked.n_missing,
        asked.n_unclustered,
        asked.n_left,
        "",
    )


def _answered(
    field: str,
    asked: _Asked,
    levels: Sequence[Level],
    others: Sequence[Other],
    merge: Sequence[str] | None,
) -> Granularity:
    whole, nothing = levels[0], levels[-1]
    enough = next(one for one in reversed(levels) if one.is_enough)  # the whole always is
    unit = f" {asked.unit}" if asked.unit else ""
    loss = "log-loss" if asked.unit == "bits" else "mean miss"
    n = f"{len(asked.rows):,} documents"
    these = f"{whole.n_clusters:,} clusters" if merge is None else f"{' and '.join(merge)}"
    verdict: Verdict
    if nothing.is_enough:
        verdict = "says nothing" if merge is None else "coarser is enough"
        tells = "tell" if merge is None else "kept apart tell"
        answer = (
            f"No: {these} {tells} nothing of {field!r} that could be told from chance on {n}: "
            f"{loss} {amount(whole.loss)}{unit} with, {amount(nothing.loss)} without "
            f"(the gain lies between {_span(nothing.lost_low, nothing.lost_high)})."
        )
    elif enough is whole:
        verdict = "needed"
        finest = levels[1]
        instead = "merged" if merge is not None else f"{finest.n_clusters:,} clusters"
        answer = (
            f"Yes: {these} predict {field!r} better than {instead}: {loss} {amount(whole.loss)}"
            f"{unit} against {amount(finest.loss)}, "
            f"{_gain(finest.lost, finest.lost_low, finest.lost_high, asked.unit)} on {n}."
        )
    else:
        verdict = "coarser is enough"
        kept = "" if enough.kept is None else f" ({min(enough.kept, 1.0):.0%} of it)"
        answer = (
            f"No: {enough.n_clusters:,} clusters tell as much of {field!r}{kept} as {these}: {loss} "
            f"{amount(enough.loss)}{unit} against {amount(whole.loss)}; the difference lies between "
            f"{_span(enough.lost_low, enough.lost_high)} on {n}."
        )
    nearly = next(one for one in reversed(levels) if one is whole or (one.kept or 0) >= _NEARLY)
    if verdict != "says nothing" and merge is None and nearly.n_clusters < enough.n_clusters:
        answer += f" {nearly.n_clusters:,} clusters keep {nearly.kept:.0%} of what they tell."
    better = [one for one in others if one.gain_low > 0]
    if better:
        best = max(better, key=lambda one: one.gain)
        answer += (
            f" {best.alias!r} of {best.field} ({best.n_clusters:,} clusters) predicts it better: "
            f"{_gain(best.gain, best.gain_low, best.gain_high, asked.unit)}."
        )
    method = (
        f"{N_FOLDS}-fold cross-validation on {n}; differences paired by document; the intervals of "
        f"all levels hold together at {1 - _LEVEL:.0%} (Bonferroni)."
    )
    return Granularity(
        verdict,
        answer,
        field,
        asked.kind,
        asked.unit,
        whole.n_clusters,
        1 if nothing.is_enough else enough.n_clusters,
        tuple(levels),
        tuple(others),
        len(asked.rows),
        asked.n_missing,
        asked.n_unclustered,
        asked.n_left,
        method,
    )


def _span(low: float, high: float) -> str:
    return f"{amount(low)} and {amount(high)}"


def _gain(gain: float, low: float, high: float, unit: str) -> str:
    more = "less" if gain >= 0 else "more"
    sign = 1 if gain >= 0 else -1
    low, high = sorted((sign * low, sign * high))
    return f"{amount(sign * gain)}{' ' + unit if unit else ''} {more} ({amount(low)} to {amount(high)})"
