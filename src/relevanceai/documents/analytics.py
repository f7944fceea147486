"""Analytics: facets, figures and health of selected documents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from relevanceai.errors import InvalidInputError, listed
from relevanceai.store.columns import Field
from relevanceai.store.grouping import FIGURES, Metric
from relevanceai.store.selecting import Selected, column_named, columns_of
from relevanceai.store.summaries import (
    QUANTILES,
    kind_of_column,
    number_summary,
    presence,
    range_summary,
    value_counts,
)

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("integer", "number")
_DATES = ("date", "local_date", "day")


def facet_of(rows: Selected, name: str, top: int) -> dict[str, Any]:
    """Return what one field or label holds; see `Dataset.facets`."""
    held = column_named(rows.store, name)
    array = rows.table([held.column])[held.column]
    there = presence(array, held)
    kind = kind_of_column(held)
    facet: dict[str, Any] = {"kind": kind, "present": there.present, "missing": there.missing}
    if kind in _NUMBERS:
        return facet | number_summary(array)
    if kind in _DATES and isinstance(held, Field):
        return facet | range_summary(array, held)
    if kind in ("text", "bool", "label"):
        return facet | {"values": dict(value_counts(array, held, top=top))}
    return facet


def metrics_of(metrics: Iterable[Mapping[str, str]], by: Sequence[str]) -> list[Metric]:
    """Return what `aggregate` is asked for, or raise InvalidInputError."""
    found: list[Metric] = []
    taken = {*by, "count"}
    for one in metrics:
        if not isinstance(one, Mapping) or not {"field", "agg"} <= one.keys():
            raise InvalidInputError(
                f"A metric is a dict with 'field' and 'agg' (and 'name'), but got {one!r:.80}."
            )
        if one["agg"] not in FIGURES:
            raise InvalidInputError(
                f"Unknown agg {one['agg']!r:.60}. Use one of {listed(FIGURES, like=one['agg'])}."
            )
        name = one.get("name", f"{one['agg']}_{one['field']}")
        if name in taken:
            raise InvalidInputError(f"Two columns would be named {name!r}. Pass another 'name'.")
        taken.add(name)
        found.append(Metric(one["field"], one["agg"], name))
    return found


def described(rows: Selected) -> "pd.DataFrame":
    """Return the summary of each number field, a row a field."""
    import pandas as pd

    summaries = {}
    for name, held in columns_of(rows.store).items():
        if kind_of_column(held) in _NUMBERS:
            array = rows.table([held.column])[held.column]
            summary = number_summary(array)
            quantiles = cast(dict[float, float], summary.pop("quantiles"))
            shares = {f"{share:.0%}": quantiles.get(share) for share in QUANTILES}
            summaries[name] = {"count": len(array) - array.null_count, **summary, **shares}
    columns = ["count", "min", "max", "mean", "std", *(f"{share:.0%}" for share in QUANTILES)]
    return pd.DataFrame.from_dict(summaries, orient="index", columns=columns)


def health_of(rows: Selected) -> "pd.DataFrame":
    """Return how much of each field and label is there, a row a field."""
    import pandas as pd

    found = {}
    for name, held in columns_of(rows.store).items():
        there = presence(rows.table([held.column])[held.column], held)
        share = there.missing / rows.count if rows.count else 0.0
        found[name] = {
            "kind": kind_of_column(held),
            "present": there.present,
            "missing": there.missing,
            "empty": there.empty,
            "missing_share": share,
        }
    columns = ["kind", "present", "missing", "empty", "missing_share"]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns)
