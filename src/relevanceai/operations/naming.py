"""Names of clusters: chosen from the words of their documents, scored on documents held out."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.concepts import Concepts, concepts, folded
from relevanceai.contrast.fields import Kind, settled
from relevanceai.contrast.names import Choice, Contains, choices, held_out, weights
from relevanceai.contrast.terms import TermTable, as_written, term_table, terms
from relevanceai.errors import InvalidInputError, RelevanceAIError
from relevanceai.kernels.ranks import rank_shift
from relevanceai.kernels.similarity import centroid_similarity
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.members import (
    checked_fields,
    clusters_of_rows,
    sampled_rows,
    values_of,
)
from relevanceai.operations.nearest import Asked, chosen_ids, nearest_documents
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

VAGUE_BELOW = 0.7
"""A name whose AUROC against the nearest sibling is below this is called too vague."""

TEXT_CHARACTERS = 2_000
"""So many characters of a text are read for its words."""

LEAST_HELD_OUT = 5
"""A name is scored from so many held-out documents on, in the cluster and in its sibling."""

_NAMING: tuple[Kind, ...] = ("text", "category", "tags")
_EXEMPLARS = 5
_NAME_CHARACTERS = 120  # of a namer's name; a longer one is a sentence
_SPELT_FROM = 200  # documents that a term's spelling is taken from


@dataclass(frozen=True, slots=True)
class ClusterName:
    """The name of one cluster, what it rests on, and how well it tells the cluster.

    Attributes
    ----------
    cluster, name : the id, and the name; no two clusters have the same.
    keywords : terms that say what is in the cluster, best first; those of the name among them.
    auroc : the chance that a held-out document of the cluster fits the name better than one of the
        nearest sibling: 1 tells them apart without fail, 0.5 tells nothing. `auroc_low` and
        `auroc_high` bound it (95 %). None where too few documents could be held out.
    sibling : the cluster whose centroid is nearest; None when there is no other.
    n_documents, n_sampled : the members, and how many of them were looked at.
    note : what to know about the name, in words; "" when there is nothing.
    """

    cluster: str
    name: str
    keywords: tuple[str, ...]
    auroc: float | None
    auroc_low: float | None
    auroc_high: float | None
    sibling: str | None
    n_documents: int
    n_sampled: int
    note: str


@dataclass(frozen=True, slots=True)
class ToName:
    """What a `namer` is told of a cluster.

    `keywords` tell it from its nearest siblings; `exemplars` are the texts of the documents closest
    to its centroid; `siblings` holds the keywords of the nearest clusters, by id, nearest first.
    """

    cluster: str
    n_documents: int
    keywords: tuple[str, ...]
    exemplars: tuple[str, ...]
    siblings: dict[str, tuple[str, ...]]


Namer: TypeAlias = Callable[[ToName], str]


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
        import pandas as pd

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
        return pd.DataFrame(
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
) -> list[ClusterName]:
    """Return the name of each cluster, in the order of `centroids.ids`; see `Naming.names`.

    A namer is asked for `cluster_ids` only, where they are given.
    """
    fields = checked_fields(store, text_fields, "text_fields")
    if not centroids.ids:
        return []
    row_ids, clusters = sampled_rows(*clusters_of_rows(store, centroids), most, seed=seed)
    columns: dict[str, list[object]] = {name: [] for name in fields}
    for document in values_of(store, row_ids, fields):
        for name, values in columns.items():
            values.append(document.get(name))
    words = _words(columns, is_asked=text_fields is not None, dataset=store.name)
    siblings = nearest_siblings(centroids)
    sizes = np.bincount(clusters, minlength=len(centroids.ids))
    if not words.has_terms:
        found = _by_exemplar(store, centroids, siblings, sizes)
    else:
        found = _by_words(words, clusters, centroids, siblings, sizes, seed)
    if namer is not None:
        asked = set(centroids.ids if cluster_ids is None else cluster_ids)
        found = _by_namer(namer, asked, found, store, centroids, siblings, words, clusters, seed)
    return _distinct(found)


def nearest_siblings(centroids: Centroids) -> list[list[int]]:
    """Return for each cluster the ten others whose centroids are nearest (Euclidean), nearest first."""
    distances = centroid_similarity(centroids.means, "l2")
    np.fill_diagonal(distances, np.inf)
    n_others = min(10, len(distances) - 1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :n_others]
    return [[int(other) for other in row] for row in order]


# the words ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """The terms of the sampled documents: folded, and as they stand; the texts they come from.

    `texts` has a text a document, "" for none. Where names are made of categories, `texts` is empty
    and terms are values, which stand as they are, each of the field that `field_of` says (-1: a
    tag). `variants` has the terms that were folded into one.
    """

    table: TermTable
    raw: TermTable
    variants: dict[int, list[int]]
    texts: list[str]
    has: NDArray[np.bool_]  # whether a document has anything to be named by
    fields: tuple[str, ...]
    field_of: NDArray[np.intp] | None = None

    @property
    def has_terms(self) -> bool:
        return bool(self.table.vocabulary)

    def spelt(self, term: int, documents: NDArray[np.intp], raw_counts: NDArray[np.int64]) -> str:
        """Return a term as these documents write it."""
        variants = self.variants.get(term, [term])
        best = self.raw.vocabulary[variants[int(np.argmax(raw_counts[variants]))]]
        if not self.texts:
            return " ".join(best.split())
        return as_written(best, [self.texts[place] for place in documents[:_SPELT_FROM]])


def _words(columns: dict[str, list[object]], *, is_asked: bool, dataset: str) -> _Words:
    """The words of the fields that have any: those asked for, else texts, else categories."""
    held: dict[str, tuple[Kind, NDArray[np.bool_], list[object]]] = {}
    for name, values in columns.items():
        column, _, notes = settled(name, values)
        is_code = column is not None and column.kind == "category" and not _has_text(values)
        if is_code and not is_asked:
            continue  # numbers that stand for something name nothing
        if is_asked and (column is None or is_code or column.kind not in _NAMING):
            column, _, notes = settled(name, values, "text")  # one value everywhere, ids, addresses
        if column is None or (is_asked and not column.values):
            if is_asked:
                reason = notes[-1].reason if notes else "has no text"
                raise InvalidInputError(
                    f"Field {name!r} of dataset {dataset!r} {reason}, so clusters cannot be named "
                    "by it. Pass text_fields=[...] with a field of text, or leave it out."
                )
            continue
        held[name] = column.kind, column.present, column.values
    n_documents = len(next(iter(columns.values()), []))
    has = np.zeros(n_documents, bool)
    named = tuple(name for name, (kind, _, _) in held.items() if kind == "text")
    if named:
        texts = [""] * n_documents
        for name in named:
            _, present, values = held[name]
            has |= present
            for place, value in zip(np.flatnonzero(present).tolist(), values, strict=True):
                before = f"{texts[place]}\n\n" if texts[place] else ""
                texts[place] = before + str(value)[:TEXT_CHARACTERS]
        raw = term_table(texts)
        table, number = folded(raw)
        variants: dict[int, list[int]] = {}
        for place, root in enumerate(number.tolist()):
            variants.setdefault(root, []).append(place)
        return _Words(table, raw, variants, texts, has, named)
    named = tuple(name for name, (kind, _, _) in held.items() if kind in ("category", "tags"))
    numbers: dict[str, int] = {}
    field_of: list[int] = []
    document, term = [], []
    for number_of_field, name in enumerate(named):
        kind, present, values = held[name]
        has |= present
        for place, value in zip(np.flatnonzero(present).tolist(), values, strict=True):
            for one in value if isinstance(value, list) else [value]:
                shown = str(one) if len(named) == 1 else f"{name}: {one}"
                document.append(place)
                term.append(numbers.setdefault(shown.replace(" ", "\u00a0"), len(numbers)))
                if len(numbers) > len(field_of):
                    field_of.append(number_of_field if kind == "category" else -1)
    entries = np.unique(
        np.array(document, np.intp) * max(len(numbers), 1) + np.array(term, np.intp)
    )
    documents, term_of = np.divmod(entries, max(len(numbers), 1))
    table = TermTable(n_documents, list(numbers), documents, term_of)
    return _Words(table, table, {}, [], has, named, np.array(field_of, np.intp))


def _has_text(values: Sequence[object]) -> bool:
    return any(isinstance(one, str) for one in values)


def _by_words(
    words: _Words,
    clusters: NDArray[np.int32],
    centroids: Centroids,
    siblings: Sequence[Sequence[int]],
    sizes: NDArray[np.intp],
    seed: int,
) -> list[ClusterName]:
    is_held_out = _held_out(words, clusters, seed)
    learning = np.where(is_held_out | ~words.has, -1, clusters)
    with progress("Naming", len(siblings), unit="clusters", delay_s=1.0) as bar:
        chosen, held = choices(
            words.table,
            learning,
            siblings,
            field_of=words.field_of,
            on_cluster=lambda: bar.update(1),
        )
        scorer = _Scorer(words, held, clusters, is_held_out & words.has, siblings)
        order = np.argsort(learning, kind="stable")
        starts = np.searchsorted(learning[order], np.arange(len(siblings) + 1))
        found = []
        for cluster, choice in enumerate(chosen):
            documents = order[starts[cluster] : starts[cluster + 1]]
            raw_counts = _raw_counts(words, documents)
            spelt = {
                term: words.spelt(term, documents, raw_counts)
                for term in dict.fromkeys([*choice.name, *choice.keywords])
            }
            n_without = int(((clusters == cluster) & ~words.has).sum())
            found.append(
                _named(centroids, cluster, choice, spelt, scorer, siblings, sizes, n_without)
            )
    return found


def _held_out(words: _Words, clusters: NDArray[np.int32], seed: int) -> NDArray[np.bool_]:
    """A third of the documents of each cluster that have words."""
    mask = np.zeros(len(clusters), bool)
    mask[words.has] = held_out(clusters[words.has], np.random.default_rng(seed))
    return mask


def _raw_counts(words: _Words, documents: NDArray[np.intp]) -> NDArray[np.int64]:
    starts = np.searchsorted(words.raw.document, documents)
    ends = np.searchsorted(words.raw.document, documents, side="right")
    sizes = ends - starts
    entry = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found = words.raw.term[entry + np.repeat(starts, sizes)]
    return np.bincount(found, minlength=len(words.raw.vocabulary))


class _Scorer:
    """Score names on the documents held out: their cluster's against the nearest sibling's."""

    def __init__(
        self,
        words: _Words,
        held: Concepts,
        clusters: NDArray[np.int32],
        is_held_out: NDArray[np.bool_],
        siblings: Sequence[Sequence[int]],
    ) -> None:
        self._held, self._siblings = held, siblings
        self._contains = Contains(words.table)
        self._number = {term: place for place, term in enumerate(words.table.vocabulary)}
        groups = np.where(is_held_out, clusters, -1)
        self._order = np.argsort(groups, kind="stable")
        self._starts = np.searchsorted(groups[self._order], np.arange(len(siblings) + 1))

    def score(
        self, cluster: int, terms: Sequence[int]
    ) -> tuple[tuple[float, float, float] | None, str]:
        """Return the AUROC with its bounds, or None, and why not."""
        if not self._siblings[cluster]:
            return None, "not scored: there is no other cluster to tell it from"
        other = self._siblings[cluster][0]
        here, there = self._members(cluster), self._members(other)
        if min(len(here), len(there)) < LEAST_HELD_OUT:
            fewest = min(len(here), len(there))
            return (
                None,
                f"not scored: {fewest} documents could be held out, {LEAST_HELD_OUT} are needed",
            )
        if not len(terms):
            return None, "not scored: none of its words is in these documents"
        weight = weights(self._held, cluster, other, terms)
        found = rank_shift(
            self._contains.matrix(here, terms) @ weight,
            self._contains.matrix(there, terms) @ weight,
        )
        values = (found.effect, found.effect_low, found.effect_high)
        return tuple((1 + value) / 2 for value in values), ""  # type: ignore[return-value]

    def known(self, name: str) -> list[int]:
        """Return the terms of a name that the documents have, pairs of words before their words."""
        found: list[int] = []
        used: set[str] = set()
        for term in reversed(terms(name)):
            number = self._number.get(term, self._number.get(term.removesuffix("s")))
            if number is not None and not used.intersection(term.split(" ")):
                found.append(number)
                used.update(term.split(" "))
        return list(dict.fromkeys(reversed(found)))

    def _members(self, cluster: int) -> NDArray[np.intp]:
        return self._order[self._starts[cluster] : self._starts[cluster + 1]]


def _named(
    centroids: Centroids,
    cluster: int,
    choice: Choice,
    spelt: dict[int, str],
    scorer: _Scorer,
    siblings: Sequence[Sequence[int]],
    sizes: NDArray[np.intp],
    n_without: int,
) -> ClusterName:
    """Put one cluster's name together."""
    sibling = centroids.ids[siblings[cluster][0]] if siblings[cluster] else None
    name = ", ".join(spelt[term] for term in choice.name)
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


# without words, and by a namer -------------------------------------------------------------------


def _closest(
    store: DocumentStore, centroids: Centroids, fields: Sequence[str], n: int
) -> dict[str, list[dict[str, object]]]:
    """The documents closest to each centroid; one pass over the vectors."""
    asked = Asked(False, list(fields), n, 1, "l2", None, False, None)
    found = nearest_documents(store, centroids, centroids.ids, asked, None)
    return {cluster_id: page["results"] for cluster_id, page in found.items()}


def _by_exemplar(
    store: DocumentStore,
    centroids: Centroids,
    siblings: Sequence[Sequence[int]],
    sizes: NDArray[np.intp],
) -> list[ClusterName]:
    closest = _closest(store, centroids, [], 1)
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


def _by_namer(
    namer: Namer,
    asked: Set[str],
    found: list[ClusterName],
    store: DocumentStore,
    centroids: Centroids,
    siblings: Sequence[Sequence[int]],
    words: _Words,
    clusters: NDArray[np.int32],
    seed: int,
) -> list[ClusterName]:
    """Ask the namer for each cluster; score what it says where the documents know the words."""
    closest = _closest(store, centroids, words.fields, _EXEMPLARS)
    scorer = None
    if words.has_terms:
        is_held_out = _held_out(words, clusters, seed)
        learning = np.where(is_held_out | ~words.has, -1, clusters)
        held = concepts(words.table, learning, len(siblings))
        scorer = _Scorer(words, held, clusters, is_held_out & words.has, siblings)
    result = []
    with progress("Asking the namer", len(asked), unit="clusters", delay_s=0.5) as bar:
        for place, one in enumerate(found):
            if one.cluster not in asked:
                result.append(one)
                continue
            near = [found[other] for other in siblings[place][:3]]
            told = ToName(
                one.cluster,
                one.n_documents,
                one.keywords,
                tuple(_text(document, words.fields) for document in closest[one.cluster]),
                {other.cluster: other.keywords for other in near},
            )
            name = _answer(namer, told)
            notes, score = ["by the namer"], None
            if scorer is not None:
                score, why = scorer.score(place, scorer.known(name))
                notes += [why] if why else []
            if score is not None and score[0] < VAGUE_BELOW:
                notes.append(
                    f"too vague: tells it from {one.sibling} with an AUROC of {score[0]:.2f} only"
                )
            auroc, low, high = score or (None, None, None)
            result.append(
                replace(
                    one,
                    name=name,
                    auroc=auroc,
                    auroc_low=low,
                    auroc_high=high,
                    note="; ".join(notes),
                )
            )
            bar.update(1)
    return result


def _text(document: dict[str, object], fields: Sequence[str]) -> str:
    values = [document.get(name) for name in fields]
    return "\n".join(str(value)[:TEXT_CHARACTERS] for value in values if value is not None)


def _answer(namer: Namer, told: ToName) -> str:
    """What the namer says of a cluster, on one line."""
    try:
        name = namer(told)
    except RelevanceAIError:
        raise
    except Exception as error:
        raise InvalidInputError(
            f"The namer failed for {told.cluster!r}: {type(error).__name__}: {error}. "
            "No names were kept. Make it return a text for every cluster."
        ) from error
    line = " ".join(name.split()) if isinstance(name, str) else ""
    if not line or len(line) > _NAME_CHARACTERS:
        raise InvalidInputError(
            f"The namer returned {name!r:.60} for {told.cluster!r}. "
            f"Make it return a text of 1 to {_NAME_CHARACTERS} characters."
        )
    return line


def _distinct(found: list[ClusterName]) -> list[ClusterName]:
    """Number the names that are still equal, in the order of the clusters."""
    taken: set[str] = set()
    result = []
    for one in found:
        name, number = one.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{one.name} ({number})"
        taken.add(name.casefold())
        note = "the same words as another cluster" if number > 1 else ""
        result.append(
            replace(one, name=name, note="; ".join(part for part in (one.note, note) if part))
        )
    return result
