"""Comparison: what was found out about two clusters, and how it is shown."""

from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.contrast.differences import Differences
from relevanceai.kernels.recovery import Recovery
from relevanceai.operations.placed import Placed
from relevanceai.operations.verdict import Verdict
from relevanceai.pictures import picture_fields
from relevanceai.show import DocumentTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FACTS = 5  # sentences on what differs that are shown
_COLUMNS = 3  # fields of a document that are shown beside its pictures


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two clusters of one clustering: are they two, and what speaks for it.

    Parameters
    ----------
    first, second : the ids of the clusters.
    vector_fields : the fields whose vectors were compared.
    verdict : "separate", "continuum" (they run into each other, without a gap), "same" (the line
        between them cuts through one group) or "undecided".
    reasons : the two facts that decide, a sentence each.
    confidence : in [0, 1]. For "separate", 1 - `p_value`; for "continuum" and "same", `power`: how
        often a clear gap would have been found; 0.0 for "undecided".
    suggestion : what to do, in plain words.
    separation : orders pairs, the larger the more likely two; it has no unit.
    members : documents of each cluster.
    compared : documents of each cluster that were looked at: all, or a sample at one rate.
    facing : how many documents the test saw on either side: those in front of the border that the two
        have in common, and documents of noise there. With two clusters and no noise these are all.
    lacking : documents drawn that have no vector in these fields, and were left out.
    p_value : how probable so clear a valley is if both are one population with a single peak.
    p_dip : Hartigan's dip on the same held-out places. It does not decide: see the page on evidence.
    gap : held-out distance of the two means along the axis, in standard deviations within them.
        Labels made from these vectors widen it: a cut through one round cloud shows 2.7.
    depth : how far the held-out density falls between the two, as a share of the lower peak.
    power : how often a gap of five standard deviations would be found with so many documents.
    stretch : how many times wider the two together are along the line between them than across it.
    runner_up : for each cluster the share of its documents whose second nearest centroid is the
        other's; None in other vector fields than those that were clustered.
    cross_edges, cross_expected : the share of edges of the 15-nearest-neighbour graph that lead to
        the other cluster, and what it would be with labels dealt at random; `cross_ratio` is their
        ratio.
    boundary : the documents on either side, facing the other, that lie nearest to, or beyond, the middle.
    strip : such documents in even steps along the axis, from the first cluster to the second.
    differences : what differs in the documents' other fields; None when it was not asked for.
    recovery : how often the two came back from resamples; None when it was not asked for.
    fields : the comparison in other vector fields, by their names.
    places : for each cluster the held-out places of the documents on its side that face the other.
    between : where too few documents of the two face each other, the cluster that lies between them;
        `p_value` and `depth` are then those of the weaker of two valleys, before and behind it.
    media_folder : the only folder from which pictures named by path are opened.
    """

    first: str
    second: str
    vector_fields: tuple[str, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    confidence: float
    suggestion: str
    separation: float
    members: tuple[int, int]
    compared: tuple[int, int]
    facing: tuple[int, int]
    lacking: tuple[int, int]
    p_value: float
    p_dip: float
    gap: float
    depth: float
    power: float
    stretch: float
    runner_up: tuple[float, float] | None
    cross_edges: float
    cross_expected: float
    cross_ratio: float
    boundary: tuple[Placed, ...]
    strip: tuple[Placed, ...]
    places: tuple[NDArray[np.float64], NDArray[np.float64]] = field(repr=False)
    between: str | None = None
    media_folder: Path | None = field(default=None, repr=False)
    differences: Differences | None = None
    recovery: Recovery | None = None
    fields: dict[str, "Comparison"] = field(default_factory=dict)

    def __repr__(self) -> str:
        # cut, not rounded: 1.00 is more than any test can give
        two = "above 0.99" if self.confidence >= 0.995 else f"{self.confidence:.2f}"
        sure = f" (confidence {two})" if self.verdict != "undecided" else ""
        lines = [
            f"{self.first} and {self.second} in {', '.join(self.vector_fields)}: "
            f"{self.verdict}{sure}",
            *(f"  {reason}" for reason in self.reasons),
            f"  -> {self.suggestion}",
        ]
        if self.differences is not None and self.differences.facts:
            lines += ["  What differs:", *(f"    {one}" for one in self._sentences())]
        if self.recovery is not None:
            lines.append(f"  {self._recovered()}")
        lines += [f"  In {name}: {one.verdict}." for name, one in self.fields.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def items(texts: list[str]) -> str:
            return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in texts) + "</ul>"

        parts = [
            f"<p><b>{escape(self.first)}</b> and <b>{escape(self.second)}</b>: "
            f"<b>{escape(self.verdict)}</b></p>",
            items(list(self.reasons)),
            f"<p>{escape(self.suggestion)}</p>",
        ]
        if self.differences is not None and self.differences.facts:
            parts.append(f"<p>What differs:</p>{items(self._sentences())}")
        if self.recovery is not None:
            parts.append(f"<p>{escape(self._recovered())}</p>")
        if self.fields:
            parts.append(items([f"In {name}: {one.verdict}" for name, one in self.fields.items()]))
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._numbers()
        )
        parts.append(f"<details><summary>All numbers</summary><table>{rows}</table></details>")
        if self.strip:
            parts.append(
                f"<p>From {escape(self.first)} to {escape(self.second)}, along the axis:</p>"
                f"{self.table()._repr_html_()}"
            )
        return "".join(parts)

    def table(self, *, of: Literal["strip", "boundary"] = "strip") -> DocumentTable:
        """Return the strip, or the boundary documents, as a table that a notebook shows as HTML."""
        placed = self.strip if of == "strip" else self.boundary
        documents: list[Document] = [
            {**one.document, "cluster": one.cluster, "place": round(one.place, 2)} for one in placed
        ]
        pictures = picture_fields(documents, self.media_folder)
        texts = [
            name
            for name in dict.fromkeys(key for one in documents for key in one)
            if name not in pictures
            and name not in ("cluster", "place", "_id", "_cluster_")
            and all(isinstance(one.get(name), str | int | float | None) for one in documents)
        ]
        return DocumentTable(
            documents,
            [*pictures, "cluster", "place", "_id", *texts[:_COLUMNS]],
            image_fields=pictures,
            media_folder=self.media_folder,
        )

    def _sentences(self) -> list[str]:
        return self.differences.sentences(_FACTS) if self.differences is not None else []

    def _recovered(self) -> str:
        found = self.recovery
        if found is None:
            return ""
        return (
            f"Drawn and cut in two anew, the two came back in {found.both} of {found.draws} "
            f"({self.first} in {found.first}, {self.second} in {found.second})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the held-out places as values that `json.dumps` takes.

        Documents are named by `_id`, with cluster, place and margin.
        """
        return {
            "first": self.first,
            "second": self.second,
            "vector_fields": list(self.vector_fields),
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "confidence": self.confidence,
            "suggestion": self.suggestion,
            "separation": self.separation,
            "members": list(self.members),
            "compared": list(self.compared),
            "facing": list(self.facing),
            "between": self.between,
            "lacking": list(self.lacking),
            "p_value": self.p_value,
            "p_dip": self.p_dip,
            "gap": self.gap,
            "depth": self.depth,
            "power": self.power,
            "stretch": self.stretch,
            "runner_up": None if self.runner_up is None else list(self.runner_up),
            "cross_edges": self.cross_edges,
            "cross_expected": self.cross_expected,
            "cross_ratio": self.cross_ratio,
            "boundary": [_named(one) for one in self.boundary],
            "strip": [_named(one) for one in self.strip],
            "differences": None if self.differences is None else self.differences.to_dict(),
            "recovery": None if self.recovery is None else asdict(self.recovery),
            "fields": {name: one.to_dict() for name, one in self.fields.items()},
        }

    def plot(self, *, ax: "Axes | None" = None) -> "Axes":
        """Draw the held-out densities of the two clusters, with documents along the axis below.

        Parameters
        ----------
        ax : where to draw; a new figure when None.

        Returns
        -------
        The Axes.

        Raises
        ------
        InvalidInputError : too few documents were compared, so that there is nothing to draw.
        """
        from relevanceai.operations.viz.comparison import draw_comparison

        return draw_comparison(
            (self.first, self.second),
            self.places,
            verdict=self.verdict,
            strip=self.strip,
            media_folder=self.media_folder,
            ax=ax,
        )

    def _numbers(self) -> list[tuple[str, str]]:
        """Return the numbers of the table, each with its name."""
        numbers = [
            ("documents", f"{self.members[0]:,} and {self.members[1]:,}"),
            ("looked at", f"{self.compared[0]:,} and {self.compared[1]:,}"),
            ("facing each other", f"{self.facing[0]:,} and {self.facing[1]:,}"),
            ("p-value", "below 0.0001" if self.p_value < 1e-4 else f"{self.p_value:.3g}"),
            ("depth of the valley", f"{self.depth:.0%}"),
            ("gap, standard deviations", f"{self.gap:.2f}"),
            ("power", f"{self.power:.0%}"),
            ("wider along than across", f"{self.stretch:.1f} times"),
            ("neighbours in the other, of chance", f"{self.cross_ratio:.0%}"),
            ("separation", f"{self.separation:.2f}"),
        ]
        if self.runner_up is not None:
            shares = f"{self.runner_up[0]:.0%} and {self.runner_up[1]:.0%}"
            numbers.append(("second nearest is the other of the two", shares))
        return numbers


def _named(one: Placed) -> dict[str, Any]:
    return {
        "_id": one.document["_id"],
        "cluster": one.cluster,
        "place": one.place,
        "margin": one.margin,
    }
