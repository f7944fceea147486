"""From numbers to a verdict: what the evidence about two clusters adds up to, in plain words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from relevanceai.kernels.separation import enough_documents

if TYPE_CHECKING:
    from relevanceai.kernels.separation import SeparationTest

Verdict: TypeAlias = Literal["separate", "continuum", "same", "undecided"]

LEVEL = 0.05
"""A p-value up to this says "separate"."""

DOUBT = 0.15
"""A p-value between `LEVEL` and this, with a valley to see, is left undecided."""

MIXED = 0.5
"""Share of crossing neighbour edges, of what chance would give, above which two clusters are one."""

LONG = 1.5
"""How many times wider than across it the union must be along the axis to be called a continuum."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers that a verdict on two clusters rests on; see `Comparison` for their meaning."""

    n_first: int
    n_second: int
    facing_first: int
    facing_second: int
    is_tested: bool
    p_value: float
    gap: float
    depth: float
    power: float
    stretch: float
    cross_ratio: float
    runner_up_first: float
    runner_up_second: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the facts that decide, how sure it is in [0, 1], and what to do."""

    verdict: Verdict
    reasons: tuple[str, ...]
    confidence: float
    suggestion: str


def evidence_of(
    test: "SeparationTest",
    n: tuple[int, int],
    facing: tuple[int, int],
    *,
    cross_ratio: float,
    runner_up: tuple[float, float],
) -> Evidence:
    """Put together what a verdict rests on.

    Parameters
    ----------
    test : of those documents of the two that face each other.
    n, facing : how many documents of each were looked at, and how many of them face the other.
    cross_ratio : edges of the neighbour graph between the two, as a share of what chance would give.
    runner_up : for each cluster the share of its documents whose second choice is the other, in
        [0, 1].
    """
    return Evidence(
        n_first=n[0],
        n_second=n[1],
        facing_first=facing[0],
        facing_second=facing[1],
        is_tested=test.is_tested,
        p_value=test.p_value,
        gap=test.gap,
        depth=test.depth,
        power=test.power,
        stretch=test.stretch,
        cross_ratio=cross_ratio,
        runner_up_first=runner_up[0],
        runner_up_second=runner_up[1],
    )


def separation_number(walk_closeness: float, centred_cosine: float) -> float:
    """Return a number that orders pairs: the higher, the more likely they are two.

    Parameters
    ----------
    walk_closeness : of the two in the graph of all clusters; see `kernels.cluster_walk`.
    centred_cosine : of their centroids, about the mean of all clustered documents.

    Notes
    -----
    -log(walk_closeness) - centred_cosine. The walk sees what lies between the two, the cosine how far
    apart they are seen from the middle of all. The weight, 1, is the best of 0, 0.5, 1, 2, 3 and 4
    on data sets other than those of benchmarks/EVIDENCE.md; none of these is 0.006 worse there. Depth
    and p-value of the valley between the two, added to it, made it worse there.

    Examples
    --------
    >>> separation_number(1.0, 0.0), round(separation_number(0.1, -0.5), 3)
    (0.0, 2.803)
    """
    return float(-np.log(walk_closeness) - centred_cosine) + 0.0


def _p(p_value: float) -> str:
    """Return a p-value as a sentence shows it: tiny ones are not known to the digit."""
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"


def judged(evidence: Evidence, first: str, second: str) -> Judgement:
    """Return the verdict on two clusters.

    Parameters
    ----------
    evidence : its numbers.
    first, second : the clusters' names, for the sentences.
    """
    if not evidence.is_tested:
        return _untested(evidence, first, second)
    mixing = (
        f"Nearest neighbours lie in the other cluster {evidence.cross_ratio:.0%} as often as if the "
        "two were mixed at random."
    )
    if evidence.p_value <= LEVEL:
        valley = (
            "Documents held out from finding the axis leave a valley between the two: "
            f"{evidence.depth:.0%} below the lower peak, {_p(evidence.p_value)}."
        )
        return Judgement(
            "separate",
            (valley, mixing),
            1.0 - evidence.p_value,
            f"Keep {first} and {second} apart.",
        )
    no_valley = (
        "Documents held out from finding the axis show no valley that one population would not "
        f"show: {_p(evidence.p_value)}."
    )
    if evidence.p_value <= DOUBT and evidence.depth > 0.1:
        return Judgement(
            "undecided",
            (
                f"There is a valley of {evidence.depth:.0%} between the two, but it may be chance: "
                f"{_p(evidence.p_value)}.",
                mixing,
            ),
            0.0,
            "Undecided. More documents would tell; until then look at those at the boundary.",
        )
    if evidence.power < 0.5:
        return Judgement(
            "undecided",
            (
                no_valley,
                "Too few documents for that to mean much: a clear gap (5 standard deviations) would "
                f"be found in {evidence.power:.0%} of cases only.",
            ),
            0.0,
            "Too few documents to tell. Look at those at the boundary.",
        )
    if evidence.cross_ratio >= MIXED or evidence.stretch < LONG:
        round_cloud = (
            f"Together they are {evidence.stretch:.1f} times as wide along the axis as across it: "
            "the cut could as well lie elsewhere."
        )
        fact = mixing if evidence.cross_ratio >= MIXED else round_cloud
        return Judgement(
            "same",
            (no_valley, fact),
            evidence.power,
            f"Merge {first} and {second}: the line between them cuts through one group.",
        )
    return Judgement(
        "continuum",
        (
            no_valley,
            f"Together they are {evidence.stretch:.1f} times as wide along the axis as across it, "
            f"and neighbours rarely cross ({evidence.cross_ratio:.0%} of chance).",
        ),
        evidence.power,
        f"{first} and {second} run into each other without a gap: cut where it serves you, or merge.",
    )


def judged_across(
    evidence: Evidence, first: str, second: str, third: str, p_value: float
) -> Judgement:
    """Return the verdict on two clusters that do not touch, by way of the one between them.

    Parameters
    ----------
    evidence : of the two, too few documents of which face each other.
    third : the cluster between.
    p_value : the larger one of two, for a valley between the first and the third, and between the
        third and the second; see `between`.
    """
    untested = _untested(evidence, first, second)
    if p_value <= LEVEL:
        return Judgement(
            "separate",
            (
                f"They do not touch: {third} lies between them, and a valley of its own separates it "
                f"from either ({_p(p_value)} for the weaker).",
                f"{_few(evidence)} of their documents face each other.",
            ),
            1.0 - p_value,
            f"Keep {first} and {second} apart.",
        )
    return Judgement(
        "undecided",
        (
            *untested.reasons,
            f"{third} lies between them, and is not shown to be separate from both.",
        ),
        0.0,
        f"{first} and {second} hardly touch. Compare {third} with either of them.",
    )


def _few(evidence: Evidence) -> str:
    """How many documents face each other, in words that also fit where none does."""
    if not evidence.facing_first and not evidence.facing_second:
        return "None"
    return f"Only {evidence.facing_first:,} and {evidence.facing_second:,}"


def _untested(evidence: Evidence, first: str, second: str) -> Judgement:
    """Return that there are too few documents, or too few that face each other."""
    looked_at = (
        f"{evidence.n_first:,} of {first} and {evidence.n_second:,} of {second}; a test needs 10 of "
        "each and 40 in all."
    )
    if not enough_documents(evidence.n_first, evidence.n_second):
        return Judgement(
            "undecided",
            (f"Too few documents: {looked_at}",),
            0.0,
            "Too few documents to tell. Look at them: closest() shows them side by side.",
        )
    return Judgement(
        "undecided",
        (
            f"Too few documents face each other: {evidence.facing_first:,} and "
            f"{evidence.facing_second:,} of {looked_at} In front of the others lie third clusters.",
        ),
        0.0,
        f"{first} and {second} hardly touch: others lie between them. Compare them with those: "
        "overlapping() shows who is next to whom.",
    )
