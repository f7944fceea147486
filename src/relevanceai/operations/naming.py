"""Names of clusters: chosen from the words of their documents, scored on documents held out."""

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.names import Choice, choices
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.similarity import centroid_similarity
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.cluster_name import VAGUE_BELOW, ClusterName, distinct
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.members import (
    checked_fields,
    clusters_of_rows,
    sampled_rows,
    values_of,
)
from relevanceai.operations.name_scores import NameScorer
from relevanceai.operations.namer import Namer, by_namer, closest_to
from relevanceai.operations.naming_words import (
    NamingWords,
    held_out_of,
    naming_words,
    raw_counts,
)
from relevanceai.operations.nearest import chosen_ids
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd


class Naming(HoldsClustering):
    """What the clusters of a clustering are called."""

    def names(
        self,
        text_fields: Sequence[str] | str | None = None,
        *,
        cluster_ids: Sequence[str] | str | None = None,
        namer: Namer | None = None,
        most: int = 300,
        seed: int = 0,
    ) -> "pd.DataFrame":
        """Return a short name for each cluster, and how well it tells it from its nearest sibling.

        Parameters
        ----------
        text_fields : fields whose words the names are made of; where none of them holds text, but
            categories or tags, of their values. None takes every field that holds text; where there
            is none, categories and tags; where there are none either, the `_id` of the document
            closest to the centroid stands for the cluster.
        cluster_ids : which clusters to return; None for all. Names always rest on all of them; a
            namer is asked for these only.
        namer : a function that is told of a cluster (a `ToName`) and returns its name, such as a
            call of a language model. Nothing is sent anywhere unless it does so.
        most : at most so many documents of each cluster are looked at, drawn with `seed`.

        Returns
        -------
        DataFrame, a row a cluster in natural order: `cluster`, `name`, `keywords` (a list),
        `auroc` with `auroc_low` and `auroc_high` (NaN where it could not be scored), `sibling`,
        `documents`, `sampled` and `note`. A name is "too vague" when its AUROC is below 0.7.

        Raises
        ------
        NotFoundError : a field or a cluster that does not exist; lists those that do.
        InvalidInputError : a field without words; a namer that failed, with the cluster and why, or
            returned no text.

        Notes
        -----
        The first term of a name says what is in the cluster, the next ones, at most two, tell it
        from the cluster whose centroid is nearest (Euclidean). Of a category the most usual value of
        the cluster comes first; equal names are told apart by a number. Terms are chosen on two thirds of
        the documents that are looked at, and the name is scored on the others: by the terms that a
        document contains, each weighted by how much more usual it is here than in the sibling. Of
        each text the first 2,000 characters are read. Documents without a text take no part, and
        are counted in the note where they are more than a tenth. Costs a read of the documents
        looked at and a few milliseconds a cluster; a namer or names by exemplar also cost a pass
        over the vectors.
        """
        from relevanceai.operations.wide_table import wide_table

        check_count("most", most)
        if namer is not None and not callable(namer):
            raise InvalidInputError(
                f"namer is a function that is told of a cluster and returns its name, but got "
                f"{namer!r:.60}."
            )
        store, centroids = self._pinned()
        chosen = chosen_ids(centroids, cluster_ids, dataset=store.name)
        found = cluster_names(
            store,
            centroids,
            text_fields=text_fields,
            cluster_ids=chosen,
            namer=namer,
            most=most,
            seed=seed,
        )
        by_id = {one.cluster: one for one in found}
        rows = [by_id[cluster_id] for cluster_id in chosen]
        return wide_table(
            {
                "cluster": [one.cluster for one in rows],
                "name": [one.name for one in rows],
                "keywords": [list(one.keywords) for one in rows],
                "auroc": np.array([one.auroc for one in rows], dtype=np.float64),
                "auroc_low": np.array([one.auroc_low for one in rows], dtype=np.float64),
                "auroc_high": np.array([one.auroc_high for one in rows], dtype=np.float64),
                "sibling": [one.sibling for one in rows],
                "documents": [one.n_documents for one in rows],
                "sampled": [one.n_sampled for one in rows],
                "note": [one.note for one in rows],
            }
        )


def cluster_names(
    store: DocumentStore,
    centroids: Centroids,
    *,
    text_fields: Sequence[str] | str | None = None,
    cluster_ids: Sequence[str] | None = None,
    namer: Namer | None = None,
    most: int = 300,
    seed: int = 0,
    only: Set[str] | None = None,
) -> list[ClusterName]:
    """Return the name of each cluster, in the order of `centroids.ids`; see `Naming.names`.

    A namer is asked for `cluster_ids` only, where they are given. With `only`, names of these
    clusters alone are made and returned, without a namer; equal ones are told apart among them.
    """
    fields = checked_fields(store, text_fields, "text_fields")
    if not centroids.ids:
        return []
    row_ids, clusters = sampled_rows(*clusters_of_rows(store, centroids), most, seed=seed)
    columns: dict[str, list[object]] = {name: [] for name in fields}
    for document in values_of(store, row_ids, fields):
        for name, values in columns.items():
            values.append(document.get(name))
    words = naming_words(columns, is_asked=text_fields is not None, dataset=store.name)
    siblings = nearest_siblings(centroids)
    sizes = np.bincount(clusters, minlength=len(centroids.ids))
    if not words.has_terms:
        found = _by_exemplar(store, centroids, siblings, sizes)
    else:
        places = None
        if only is not None:
            places = {place for place, name in enumerate(centroids.ids) if name in only}
        found = _by_words(words, clusters, centroids, siblings, sizes, seed, places)
    if only is not None:
        return distinct([one for one in found if one.cluster in only])
    if namer is not None:
        asked = set(centroids.ids if cluster_ids is None else cluster_ids)
        found = by_namer(namer, asked, found, store, centroids, siblings, words, clusters, seed)
    return distinct(found)


def nearest_siblings(centroids: Centroids) -> list[list[int]]:
    """Return for each cluster the ten others whose centroids are nearest (Euclidean), nearest first."""
    distances = centroid_similarity(centroids.means, "l2")
    np.fill_diagonal(distances, np.inf)
    n_others = min(10, len(distances) - 1)
    if not n_others:
        return [[] for _ in distances]
    nearest = []
    for row, last in zip(
        distances, np.partition(distances, n_others - 1, axis=1)[:, n_others - 1], strict=True
    ):
        near = np.flatnonzero(row <= last)  # more than ten where the last ones tie
        nearest.append(near[np.argsort(row[near], kind="stable")][:n_others].tolist())
    return nearest


def _by_words(
    words: NamingWords,
    clusters: NDArray[np.int32],
    centroids: Centroids,
    siblings: Sequence[Sequence[int]],
    sizes: NDArray[np.intp],
    seed: int,
    asked: Set[int] | None,
) -> list[ClusterName]:
    is_held_out = held_out_of(words, clusters, seed)
    learning = np.where(is_held_out | ~words.has, -1, clusters)
    with progress("Naming", len(siblings), unit="clusters", delay_s=1.0) as bar:
        chosen, held = choices(
            words.table,
            learning,
            siblings,
            field_of=words.field_of,
            asked=asked,
            on_cluster=lambda: bar.update(1),
        )
        scorer = NameScorer(words, held, clusters, is_held_out & words.has, siblings)
        order = np.argsort(learning, kind="stable")
        starts = np.searchsorted(learning[order], np.arange(len(siblings) + 1))
        found = []
        # only categories of several fields are told with the field's name
        fields = words.fields if not words.texts and len(words.fields) > 1 else ()
        for cluster, choice in enumerate(chosen):
            if asked is not None and cluster not in asked:
                continue
            documents = order[starts[cluster] : starts[cluster + 1]]
            written = raw_counts(words, documents)
            spelt = {
                term: words.spelt(term, documents, written)
                for term in dict.fromkeys([*choice.name, *choice.keywords])
            }
            n_without = int(((clusters == cluster) & ~words.has).sum())
            found.append(
                _named(
                    centroids, cluster, choice, spelt, scorer, siblings, sizes, n_without, fields
                )
            )
    return found


def _joined(terms: Sequence[str], fields: Sequence[str]) -> str:
    """Join terms, a field's name before the first of its values only.

    >>> _joined(["kind: shirt", "kind: coat", "size: L"], ["kind", "size"])
    'kind: shirt, coat, size: L'
    """
    told, before = [], ""
    for term in terms:
        prefix = max(
            (f"{one}: " for one in fields if term.startswith(f"{one}: ")), key=len, default=""
        )
        told.append(term[len(prefix) :] if prefix and prefix == before else term)
        before = prefix
    return ", ".join(told)


def _named(
    centroids: Centroids,
    cluster: int,
    choice: Choice,
    spelt: dict[int, str],
    scorer: NameScorer,
    siblings: Sequence[Sequence[int]],
    sizes: NDArray[np.intp],
    n_without: int,
    fields: Sequence[str],
) -> ClusterName:
    """Put one cluster's name together."""
    sibling = centroids.ids[siblings[cluster][0]] if siblings[cluster] else None
    name = _joined([spelt[term] for term in choice.name], fields)
    keywords = tuple(dict.fromkeys(spelt[term] for term in choice.keywords))
    if not name:
        name, score, why = centroids.ids[cluster], None, "no document looked at has words"
    else:
        score, why = scorer.score(cluster, choice.name)
    notes = [why] if why else []
    if score is not None and score[0] < VAGUE_BELOW:
        notes.append(f"too vague: tells it from {sibling} with an AUROC of {score[0]:.2f} only")
    if n_without > 0.1 * sizes[cluster]:
        notes.append(f"{n_without:,} of {sizes[cluster]:,} documents have no text")
    auroc, low, high = score or (None, None, None)
    return ClusterName(
        centroids.ids[cluster],
        name,
        keywords,
        auroc,
        low,
        high,
        sibling,
        int(centroids.count[cluster]),
        int(sizes[cluster]),
        "; ".join(notes),
    )


def _by_exemplar(
    store: DocumentStore,
    centroids: Centroids,
    siblings: Sequence[Sequence[int]],
    sizes: NDArray[np.intp],
) -> list[ClusterName]:
    closest = closest_to(store, centroids, [], 1)
    return [
        ClusterName(
            cluster_id,
            f"like {closest[cluster_id][0]['_id']}",
            (),
            None,
            None,
            None,
            centroids.ids[siblings[place][0]] if siblings[place] else None,
            int(centroids.count[place]),
            int(sizes[place]),
            "named after the document closest to the centroid: there is no text or category",
        )
        for place, cluster_id in enumerate(centroids.ids)
    ]
