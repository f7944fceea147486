"""RunReport: what made a clustering and how the run went, as kept with the clustering's record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.ids import OUTLIER, natural_order
from relevanceai.store.labels import Clustering


@dataclass(frozen=True, slots=True)
class RunReport:
    """What made a clustering, with which settings, and how the run went.

    Attributes
    ----------
    alias, vector_fields : of the clustering.
    model : the class that ran, or "brought".
    parameters : its arguments; for brought labels where they came from.
    random_state : the seed, None where there was none.
    versions : of the libraries that did the work.
    seconds : from the first read to the labels, without writing them.
    inertia : sum of squared distances of the members to their centroid.
    sizes : documents of each cluster when it was made, in natural order, `outlier` last.
    n_unclustered : documents that got no label: they lack the vector, or their label is missing.
    sample : how many vectors the model was trained on; None for all of them.
    iterations : steps of the training.
    converged : whether the training ended by itself; None where the model does not tell.
    count_rule : how the number of clusters was chosen; None where it was given, or the model's own.
    created_at : when, in ISO 8601, UTC.

    What a record does not hold, because an older version of this package wrote it or because the
    model does not tell, is None (`sizes` and `versions` are empty).
    """

    alias: str
    vector_fields: tuple[str, ...]
    model: str
    parameters: dict[str, object]
    random_state: int | None
    created_at: str
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    inertia: float | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    n_unclustered: int | None = None
    sample: int | None = None
    iterations: int | None = None
    converged: bool | None = None
    count_rule: str | None = None

    @property
    def n_documents(self) -> int:
        """How many documents got a label, noise among them."""
        return sum(self.sizes.values())

    def facts(self) -> dict[str, str]:
        """Return the report as words, in the order to be read; what is not known is left out."""
        words: dict[str, str] = {
            "clustering": f"{self.alias} of {', '.join(self.vector_fields)}",
            "model": self.model,
            "parameters": ", ".join(f"{k}={_short(v)}" for k, v in self.parameters.items()),
            "seed": "" if self.random_state is None else str(self.random_state),
            "versions": ", ".join(f"{name} {one}" for name, one in self.versions.items()),
            "made": self.created_at,
        }
        if self.seconds is not None:
            words["took"] = f"{self.seconds:,.2f} s"
        if self.iterations is not None:
            ended = {True: ", converged", False: ", not converged", None: ""}[self.converged]
            words["iterations"] = f"{self.iterations:,}{ended}"
        if self.sizes:
            words["documents"] = f"{self.n_documents:,}"
        if self.sample is not None:
            words["trained on"] = f"a sample of {self.sample:,} of them"
        if self.n_unclustered:
            words["not clustered"] = f"{self.n_unclustered:,}"
        if self.inertia is not None:
            words["inertia"] = f"{self.inertia:,.6g}"
        clusters = [count for name, count in self.sizes.items() if name != OUTLIER]
        if clusters:
            spread = f"{min(clusters):,} to {max(clusters):,} documents"
            words["clusters"] = f"{len(clusters):,}, of {spread}"
        if self.count_rule is not None:
            words["their number"] = f"not given: {self.count_rule}"
        if OUTLIER in self.sizes:
            words[OUTLIER] = f"{self.sizes[OUTLIER]:,}"
        return {name: word for name, word in words.items() if word}

    def __str__(self) -> str:
        facts = self.facts()
        width = max(map(len, facts))
        return "\n".join(f"{name:<{width}}  {word}" for name, word in facts.items())


def run_facts(
    run: object,
    labels: NDArray[np.int32],
    valid: NDArray[np.bool_],
    n_clusters: int,
) -> dict[str, object]:
    """Return what a record keeps of a run: what the run tells, and the sizes by leaf."""
    members = labels[valid & (labels >= 0)]
    return {
        **(run if isinstance(run, dict) else {}),
        "sizes": np.bincount(members, minlength=n_clusters).tolist(),
        "noise": int((valid & (labels < 0)).sum()),
        "unclustered": int((~valid).sum()),
    }


def run_report(clustering: Clustering) -> RunReport:
    """Read the report of a run from the record of its clustering, whoever wrote that."""
    model, run = clustering.model, _mapping(clustering.model.get("run"))
    parameters = _mapping(model.get("params"))
    if not parameters and "source" in model:
        parameters = {"source": model["source"]}
    converged, chosen = run.get("converged"), run.get("chosen")
    return RunReport(
        alias=clustering.alias,
        vector_fields=clustering.vector_fields,
        model=str(model.get("model", "")),
        parameters=parameters,
        random_state=_whole(model.get("random_state")),
        created_at=clustering.created_at,
        versions={name: str(one) for name, one in _mapping(model.get("versions")).items()},
        seconds=_number(run.get("seconds")),
        inertia=_number(run.get("inertia")),
        sizes=_sizes(run, clustering.ids),
        n_unclustered=_whole(run.get("unclustered")),
        sample=_whole(run.get("sample")),
        iterations=_whole(run.get("iterations")),
        converged=converged if isinstance(converged, bool) else None,
        count_rule=chosen if isinstance(chosen, str) else None,
    )


def _sizes(run: Mapping[str, object], ids: Sequence[str]) -> dict[str, int]:
    kept, noise = run.get("sizes"), _whole(run.get("noise"))
    if not isinstance(kept, list) or len(kept) != len(ids):
        return {}
    sizes = {name: int(count) for name, count in zip(ids, kept, strict=True) if count}
    if noise:
        sizes[OUTLIER] = noise
    return {name: sizes[name] for name in natural_order(sizes)}


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}..."
