"""The name of one cluster: what it rests on, and how well it tells the cluster."""

from dataclasses import dataclass, replace

VAGUE_BELOW = 0.7
"""A name whose AUROC against the nearest sibling is below this is called too vague."""


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


def distinct(found: list[ClusterName]) -> list[ClusterName]:
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
