"""Placed: a document on the line between two clusters, as a comparison finds it and draws it."""

from dataclasses import dataclass

from relevanceai.batch import Document


@dataclass(frozen=True, slots=True)
class Placed:
    """A document on the line between two clusters.

    `place` is where it lies on the axis, learned without it: 0 in the middle, the second cluster to
    the right, in standard deviations within the clusters. `margin` is how far it lies on its own
    cluster's side; negative when it lies on the other's.
    """

    cluster: str
    place: float
    margin: float
    document: Document
