"""The answer to: do we need that granularity? A verdict in plain words, with its figures."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from relevanceai.contrast.facts import amount
from relevanceai.operations.asked_field import N_FOLDS, AskedField
from relevanceai.operations.levels import FEWEST, LEVEL, Level, Other

if TYPE_CHECKING:
    import pandas as pd

Verdict: TypeAlias = Literal["needed", "coarser is enough", "says nothing", "undecided"]

_NEARLY = 0.95  # of what all clusters tell, which may be enough for a person


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
        largest = max((one.loss for one in self.levels), default=0.0)
        decimals = 3 if largest <= 0 else min(max(3 - math.floor(math.log10(largest)), 0), 12)
        for one in self.levels:
            word = "cluster: " if one.n_clusters == 1 else "clusters:"
            lines.append(
                f"  {one.n_clusters:>5,} {word} loss {one.loss:>7,.{decimals}f} {self.unit:4}  "
                f"{self._beside_all(one)}".rstrip()
            )
        for other in self.others:
            gain = _difference(-other.gain, -other.gain_high, -other.gain_low, self.unit)
            nothing = (
                "" if other.told_low > 0 else "; it tells nothing that could be told from chance"
            )
            lines.append(
                f"  {other.alias} of {other.field} ({other.n_clusters:,} clusters): {gain}{nothing}"
            )
        return "\n".join(lines)

    def _beside_all(self, level: Level) -> str:
        """Say how a number of clusters compares with all; nothing where all tell nothing."""
        if self.levels[-1].is_enough or level is self.levels[0] or level.kept is None:
            return ""
        lost = _difference(level.lost, level.lost_low, level.lost_high, "")
        return f"{level.kept:5.0%} of what all tell: {lost}"


def undecided(field: str, asked: AskedField, n_clusters: int) -> Granularity:
    """Answer that there are too few documents with a value, or too few clusters."""
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


def answered(
    field: str,
    asked: AskedField,
    levels: Sequence[Level],
    others: Sequence[Other],
    merge: Sequence[str] | None,
) -> Granularity:
    """Put the answer into words.

    Parameters
    ----------
    levels : at least two, the finest first.
    merge : ids of the clusters that would be merged; None when all were asked about.
    """
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
            f"{loss} {amount(whole.loss)}{unit} with, {amount(nothing.loss)} without, "
            f"{_difference(-nothing.lost, -nothing.lost_high, -nothing.lost_low, asked.unit)}."
        )
    elif enough is whole:
        verdict = "needed"
        finest = levels[1]
        instead = "merged" if merge is not None else f"{finest.n_clusters:,} clusters"
        answer = (
            f"Yes: {these} predict {field!r} better than {instead}: {loss} {amount(whole.loss)}"
            f"{unit} against {amount(finest.loss)}, "
            f"{_difference(-finest.lost, -finest.lost_high, -finest.lost_low, asked.unit)} on {n}."
        )
    else:
        verdict = "coarser is enough"
        kept = "" if enough.kept is None else f" ({min(enough.kept, 1.0):.0%} of it)"
        answer = (
            f"No: {enough.n_clusters:,} clusters tell as much of {field!r}{kept} as {these}: {loss} "
            f"{amount(enough.loss)}{unit} against {amount(whole.loss)}, "
            f"{_difference(enough.lost, enough.lost_low, enough.lost_high, asked.unit)} on {n}."
        )
    nearly = next(one for one in reversed(levels) if one is whole or (one.kept or 0) >= _NEARLY)
    if verdict != "says nothing" and merge is None and nearly.n_clusters < enough.n_clusters:
        answer += f" {nearly.n_clusters:,} clusters keep {nearly.kept:.0%} of what they tell."
    better = [one for one in others if one.is_better]
    if better:
        best = max(better, key=lambda one: one.gain)
        answer += (
            f" {best.alias!r} of {best.field} ({best.n_clusters:,} clusters) predicts it better: "
            f"{_difference(-best.gain, -best.gain_high, -best.gain_low, asked.unit)}."
        )
    method = (
        f"{N_FOLDS}-fold cross-validation on {n}; differences paired by document; the intervals of "
        f"all levels hold together at {1 - LEVEL:.0%} (Bonferroni)."
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


def _difference(more: float, low: float, high: float, unit: str) -> str:
    """Say how much more a loss is, with its interval; or that it cannot be told to be any.

    Examples
    --------
    >>> _difference(0.3818, 0.3339, 0.4297, "bits")
    '0.382 bits more (0.334 to 0.430)'
    >>> _difference(-2.5, -3.25, -1.75, "")
    '2.50 less (1.75 to 3.25)'
    >>> _difference(0.03, -0.3815, 0.4483, "days")
    'no difference that can be told (0.38 days less to 0.45 more)'
    """
    half = (high - low) / 2
    decimals = 4 if half <= 0 else min(max(1 - math.floor(math.log10(half)), 0), 12)
    said = [f"{abs(one):,.{decimals}f}" for one in (more, low, high)]
    of = f" {unit}" if unit else ""
    if low <= 0 <= high:
        return f"no difference that can be told ({said[1]}{of} less to {said[2]} more)"
    if more < 0:
        return f"{said[0]}{of} less ({said[2]} to {said[1]})"
    return f"{said[0]}{of} more ({said[1]} to {said[2]})"
