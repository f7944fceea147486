"""Review: what was found out about a clustering, and how it is told on one screen."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from relevanceai.errors import counted
from relevanceai.operations.cluster_name import VAGUE_BELOW, ClusterName
from relevanceai.operations.pairs import Pair
from relevanceai.operations.splits import SplitCandidate
from relevanceai.operations.stability import Stability
from relevanceai.show import printable

STEADY = 0.5
"""A cluster that came back in a smaller share of the refits is unstable."""

LISTED = 5
"""How many of each kind the text lists."""

_NAME = 40  # characters


@dataclass(frozen=True, slots=True)
class Review:
    """A clustering in short: its clusters, the pairs to look at, the clusters to split, vague names.

    Parameters
    ----------
    dataset, alias, vector_fields : which clustering it is.
    documents, noise, unclustered : documents in clusters, `outlier`, and those without a label.
    sizes : documents of each cluster, in natural order.
    names : of each cluster, or of the 1,000 largest and those that the text lists; empty when there
        are none to be had.
    pairs : every pair of neighbouring clusters, judged, in the order of review.
    splits : every cluster, tested for being two, most likely first. Of more than 1,000 clusters those
        of fewer than 80 documents, which cannot be tested, have no halves.
    stability : of each cluster, how often it came back when samples were clustered anew; empty when
        that was not done.
    """

    dataset: str
    alias: str
    vector_fields: tuple[str, ...]
    documents: int
    noise: int
    unclustered: int
    sizes: dict[str, int]
    names: tuple[ClusterName, ...]
    pairs: tuple[Pair, ...]
    splits: tuple[SplitCandidate, ...]
    stability: dict[str, Stability] = field(default_factory=dict)

    @property
    def to_merge(self) -> list[Pair]:
        """The pairs that are not shown to be separate, first those to look at first."""
        return [one for one in self.pairs if one.verdict != "separate"]

    @property
    def unstable(self) -> list[str]:
        """The clusters that came back in fewer than half of the refits."""
        return [
            name for name, one in self.stability.items() if one.n and one.recovered < STEADY * one.n
        ]

    @property
    def shaky(self) -> list[Pair]:
        """The pairs called separate of which a cluster is unstable, the least stable first."""
        unstable, separate = set(self.unstable), [p for p in self.pairs if p.verdict == "separate"]
        shares = {name: one.recovered / max(1, one.n) for name, one in self.stability.items()}
        return sorted(
            (one for one in separate if unstable & {one.cluster, one.other}),
            key=lambda one: min(shares[one.cluster], shares[one.other]),
        )

    @property
    def to_split(self) -> list[SplitCandidate]:
        """The clusters that are two."""
        return [one for one in self.splits if one.verdict == "two"]

    @property
    def vague(self) -> list[ClusterName]:
        """The names that do not tell a cluster from its nearest sibling, vaguest first."""
        low = [one for one in self.names if one.auroc is not None and one.auroc < VAGUE_BELOW]
        return sorted(low, key=lambda one: one.auroc or 0.0)

    @property
    def text(self) -> str:
        """The review as it is printed."""
        return self.told()

    def told(self, typed: Sequence[str] | None = None) -> str:
        """Return the review, with calls in Python as what to do next, or with commands.

        `typed` is what a command needs to find this clustering again, such as `["--alias", "main"]`;
        None for Python.
        """
        lines = [f"{self.dataset}, clustering {self.alias} of {', '.join(self.vector_fields)}"]
        lines += ["  " + self._sizes()]
        if self.sizes:
            lines += ["", *self._pairs(typed), *self._shaky(typed)]
            lines += ["", *self._splits(typed), *self._vague(typed)]
        if 0 < len(self.names) < len(self.sizes):
            lines += [
                "",
                f"Names were made of {len(self.names):,} of {len(self.sizes):,} clusters, the largest; "
                "clusters of fewer than 80 documents were not cut.",
            ]
        steps = self.next_steps if typed is None else self.next_commands(typed)
        lines += ["", "Next:", *(f"  {one}" for one in steps)]
        return "\n".join(map(printable, lines))

    @property
    def next_steps(self) -> list[str]:
        """What to do next, at most three things."""
        if not self.sizes and self.noise:
            return [
                "All is noise: try another model, or other arguments of this one: "
                "dataset.cluster(..., model_kwargs={...})"
            ]
        if not self.sizes:
            return ["Cluster the documents: dataset.cluster(...)"]
        steps = []
        if self.to_merge:
            first = self.to_merge[0]
            steps.append(f"ops.compare({first.other!r}, {first.cluster!r}) shows the evidence.")
        if self.to_split:
            steps.append(f"ops.closest([{self.to_split[0].cluster!r}], page_size=20): one or two?")
        if len(self.sizes) > 1 and not steps:
            steps.append("ops.granularity('<field>') tells whether finer clusters would tell more.")
        if self.shaky and len(steps) < 3:
            steps.append(
                "Cluster with another number of clusters, and see which pairs stay separate."
            )
        elif len(self.sizes) > 1:
            steps.append("ops.quality(stability=50) tells which clusters come back.")
        return steps or ["Cluster with more clusters: dataset.cluster(n_clusters=...)"]

    def next_commands(self, typed: Sequence[str] = ()) -> list[str]:
        """What to do next on the command line, at most three commands; `typed` as for `told`."""

        def command(name: str, *words: str) -> str:
            return shlex.join(["relevanceai", name, self.dataset, *words])

        if len(self.sizes) < 2:
            return [command("cluster", "--n-clusters", "8")]
        steps = []
        if self.to_merge:
            first = self.to_merge[0]
            steps.append(command("compare", first.other, first.cluster, *typed))
        if self.to_split:
            one = self.to_split[0].cluster
            steps.append(command("closest", "--cluster", one, "--page-size", "20", *typed))
        return steps or [command("pairs", *typed)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values that `json.dumps` takes."""
        return {
            "dataset": self.dataset,
            "alias": self.alias,
            "vector_fields": list(self.vector_fields),
            "documents": self.documents,
            "noise": self.noise,
            "unclustered": self.unclustered,
            "sizes": dict(self.sizes),
            "names": [_plain(one) for one in self.names],
            "pairs": [_plain(one) for one in self.pairs],
            "splits": [_plain(one) for one in self.splits],
            "stability": {name: _plain(one) for name, one in self.stability.items()},
            "shaky": [[one.other, one.cluster] for one in self.shaky],
            "next_steps": self.next_steps,
        }

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return (
            f"<Review of {self.alias!r} of dataset {self.dataset!r}: "
            f"{counted(len(self.sizes), 'cluster')}, {counted(len(self.to_merge), 'pair')} to look "
            f"at, {len(self.to_split):,} to split>"
        )

    def _sizes(self) -> str:
        rest = [
            f"{n:,} {what}"
            for n, what in ((self.noise, "noise"), (self.unclustered, "not clustered"))
            if n
        ]
        others = f"; {', '.join(rest)}" if rest else ""
        if not self.sizes:
            return f"No clusters{others}."
        sizes = sorted(self.sizes.values())
        if len(sizes) == 1:
            return f"{counted(self.documents, 'document')} in one cluster{others}."
        if sizes[0] == sizes[-1]:
            of = f"{len(sizes):,} clusters of {sizes[0]:,} each"
            return f"{counted(self.documents, 'document')} in {of}{others}."
        middle = f"{np.median(sizes):,.0f}"
        return (
            f"{counted(self.documents, 'document')} in {len(sizes):,} clusters of {sizes[0]:,} to "
            f"{sizes[-1]:,} (half have {middle} or more){others}."
        )

    def _pairs(self, typed: Sequence[str] | None) -> list[str]:
        if not self.pairs:
            return ["No pairs to compare: there is one cluster."]
        counts = [
            f"{n:,} {name}"
            for name in ("separate", "continuum", "same", "undecided")
            if (n := sum(one.verdict == name for one in self.pairs))
        ]
        head = f"{counted(len(self.pairs), 'pair')} of neighbours: {', '.join(counts)}."
        if not self.to_merge:
            return [head]
        lines = [f"{head} Look at these first:"]
        for one in self.to_merge[:LISTED]:
            lines.append(
                f"  {one.verdict:9} {self._named(one.other)} and {self._named(one.cluster)}"
            )
            lines.append(f"            {_why(one)}")
        return lines + _more(len(self.to_merge), "pairs()", typed)

    def _shaky(self, typed: Sequence[str] | None) -> list[str]:
        if not self.shaky:
            return []
        named = {name for one in self.shaky for name in (one.other, one.cluster)}
        share = {name: one.recovered / max(1, one.n) for name, one in self.stability.items()}
        least = sorted(
            (name for name in self.unstable if name in named), key=lambda name: share[name]
        )
        have = "separate pair has" if len(self.shaky) == 1 else "separate pairs have"
        lines = [
            "",
            f"{len(self.shaky):,} {have} a cluster that does not come back, clustered anew:",
        ]
        lines += [f"  {self._named(name)}: {self.stability[name]}" for name in least[:LISTED]]
        return [
            *lines,
            *_more(len(least), "report().unstable", typed),
            "  There is a valley in such a pair, but its sides need not be these clusters.",
        ]

    def _splits(self, typed: Sequence[str] | None) -> list[str]:
        if not self.to_split:
            n_untested = sum(one.verdict == "undecided" for one in self.splits)
            tail = f" ({n_untested:,} undecided: too few documents)" if n_untested else ""
            return [f"No cluster is shown to be two{tail}."]
        is_are = "cluster looks" if len(self.to_split) == 1 else "clusters look"
        lines = [f"{len(self.to_split):,} {is_are} like two:"]
        for one in self.to_split[:LISTED]:
            lines.append(f"  {self._named(one.cluster)}, {counted(one.documents, 'document')}")
            if one.halves is not None:
                halves = sorted(one.halves, key=lambda half: -half.share)
                told = " | ".join(
                    f"{half.share:.0%} "
                    + (", ".join((half.words or ())[:3]) or f"like {half.exemplar}")
                    for half in halves
                )
                lines.append(f"            {told}")
        return lines + _more(len(self.to_split), "split_candidates()", typed)

    def _vague(self, typed: Sequence[str] | None) -> list[str]:
        if not self.vague:
            return []
        lines = [
            "",
            f"{counted(len(self.vague), 'name')} too vague to tell a cluster's documents from those of "
            "its nearest (50% is chance):",
        ]
        for one in self.vague[:LISTED]:
            lines.append(
                f"  {self._named(one.cluster)}: {one.auroc or 0.0:.0%} right against {one.sibling}"
            )
        return lines + _more(len(self.vague), "names()", typed)

    def _named(self, cluster: str) -> str:
        name = next((one.name for one in self.names if one.cluster == cluster), "")
        if not name or name == cluster:
            return cluster
        return f"{cluster} ({name if len(name) <= _NAME else name[: _NAME - 1] + '…'})"


def _why(pair: Pair) -> str:
    """Return one reason, short enough to be read in a list."""
    if pair.verdict in ("same", "continuum"):
        return (
            f"No valley between them (p = {pair.p_value:.2f}); for {pair.overlap:.0%} of their "
            "documents the other is the second choice."
        )
    return pair.reasons[0].partition(";")[0].rstrip(".") + "."


def _more(n: int, where: str, typed: Sequence[str] | None) -> list[str]:
    place = f"in ops.{where}" if typed is None else "with --json"
    return [f"  ... and {n - LISTED:,} more {place}"] if n > LISTED else []


def _plain(value: Any) -> dict[str, Any]:
    """A dataclass as a dict of plain values, tuples as lists."""

    def plain(one: Any) -> Any:
        if isinstance(one, dict):
            return {name: plain(held) for name, held in one.items()}
        return [plain(held) for held in one] if isinstance(one, tuple | list) else one

    result: dict[str, Any] = plain(asdict(value))
    return result
