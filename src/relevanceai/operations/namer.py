"""Names by a function of the user's, such as a call of a language model."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.concepts import concepts
from relevanceai.errors import InvalidInputError, RelevanceAIError
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.cluster_name import VAGUE_BELOW, ClusterName
from relevanceai.operations.name_scores import NameScorer
from relevanceai.operations.naming_words import TEXT_CHARACTERS, NamingWords, held_out_of
from relevanceai.operations.nearest import Asked, nearest_documents
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

_EXEMPLARS = 5
_NAME_CHARACTERS = 120  # of a namer's name; a longer one is a sentence


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


def closest_to(
    store: DocumentStore, centroids: Centroids, fields: Sequence[str], n: int
) -> dict[str, list[dict[str, object]]]:
    """The documents closest to each centroid; one pass over the vectors."""
    asked = Asked(False, list(fields), n, 1, "l2", None, False, None)
    found = nearest_documents(store, centroids, centroids.ids, asked, None)
    return {cluster_id: page["results"] for cluster_id, page in found.items()}


def by_namer(
    namer: Namer,
    asked: Set[str],
    found: list[ClusterName],
    store: DocumentStore,
    centroids: Centroids,
    siblings: Sequence[Sequence[int]],
    words: NamingWords,
    clusters: NDArray[np.int32],
    seed: int,
) -> list[ClusterName]:
    """Ask the namer for each cluster; score what it says where the documents know the words."""
    closest = closest_to(store, centroids, words.fields, _EXEMPLARS)
    scorer = None
    if words.has_terms:
        is_held_out = held_out_of(words, clusters, seed)
        learning = np.where(is_held_out | ~words.has, -1, clusters)
        held = concepts(words.table, learning, len(siblings))
        scorer = NameScorer(words, held, clusters, is_held_out & words.has, siblings)
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
