"""What was typed, checked at the command line's door: each error says what to type instead."""

import argparse
import json
import re
import shlex
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from relevanceai.errors import InvalidInputError, NotFoundError, listed

if TYPE_CHECKING:
    from relevanceai.client import Client
    from relevanceai.clustering.info import ClusteringInfo
    from relevanceai.dataset import Dataset
    from relevanceai.operations.viz.cluster import ClusterVizOps

_MOST_LISTED = 20
_OPTIONS = {
    "alias": "--alias",
    "base_url": "--base-url",
    "byo_cluster_field": "--labels-field",
    "cluster_ids": "--cluster",
    "n_clusters": "--n-clusters",
    "page_size": "--page-size",
    "random_state": "--random-state",
    "select_fields": "--select",
    "vector_fields": "--field",
}
_OPTIONS_OF = {"insert": {"vector_fields": "--vector-fields"}}
_QUOTED = re.compile(r"'([^']*)'")
_ARGUMENT = re.compile(
    rf"(?<![\w'\"-])(?:({'|'.join(_OPTIONS)})=(\[(?:'[^']*'(?:, )?)+\])?"
    rf"|({'|'.join(set(_OPTIONS) - {'alias'})})\b(?!['\"]))"
)
_DROPPED = re.compile(  # what no command does
    r"(?:drop_field\('[^']*'\) and (?:insert the file|upsert the documents) with "
    r"|To make vectors of them: [^']*drop_field\('[^']*'\); dataset\.upsert_documents\(documents, )"
    r"vector_fields=\['([^']*)'\]\)?"
)
_UNTAG = re.compile(r"untag\('([^']*)'\)")
_SKIP_OR_RENAME = "Give them another `_id`, or pass on_error='skip'."
_SKIP = re.compile(r", or pass on_error='skip'(, which takes the first)?")


def as_options(message: str, command: str = "") -> str:
    """Return a message of the library with its arguments called as they are typed.

    Parameters
    ----------
    message : an error or a notice.
    command : the command that was typed; some call an argument by a name of their own.

    Examples
    --------
    >>> as_options("Pass n_clusters=3 or fewer, or leave random_state out.")
    'Pass --n-clusters 3 or fewer, or leave --random-state out.'
    >>> as_options("Row 3: 'price' is no number. Mend it, or pass on_error='skip'.")
    "Row 3: 'price' is no number. Mend it."
    >>> as_options("Pass vector_fields=['my look'] to use them.", "insert")
    "Pass --vector-fields 'my look' to use them."
    """
    message = message.replace(_SKIP_OR_RENAME, "Type --upsert to change them.")
    message = _SKIP.sub("", message)  # what cannot be typed
    message = _DROPPED.sub(_in_another_dataset, message)
    message = _UNTAG.sub(r"relevanceai tag DATASET \1 --remove", message)
    message = message.replace("vector_fields=[...]", "--vector-fields F")
    options = _OPTIONS | _OPTIONS_OF.get(command, {})

    def typed(found: re.Match[str]) -> str:
        name, words, bare = found.groups()
        if bare:
            return options[bare]
        return f"{options[name]} {' '.join(map(shlex.quote, _QUOTED.findall(words or '')))}"

    return _ARGUMENT.sub(typed, message)


def _in_another_dataset(found: re.Match[str]) -> str:
    begin = "Type" if found[0][0].isupper() else "type"
    return f"{begin} another DATASET and --vector-fields {shlex.quote(found[1])}"


def cluster_typed(ops: "ClusterVizOps", typed: str) -> str:
    """Return the id of the cluster that was typed, whole or as its bare number."""
    ids = ops.list_cluster_ids()
    whole = f"cluster-{typed}"
    return whole if typed not in ids and whole in ids else typed


def client_of(given: argparse.Namespace) -> "Client":
    """Return the workspace that was typed, or the usual one."""
    from relevanceai.client import Client

    return Client(getattr(given, "workspace", None))


def dataset_of(client: "Client", name: str) -> "Dataset":
    """Return the dataset of this name; the sample is built when it was never there."""
    from relevanceai.sample import SAMPLES

    there = client.list_datasets()
    dataset = client.Dataset(name)
    if name in there:
        return dataset
    if name in SAMPLES:
        try:
            dataset.opened()
        except NotFoundError as error:
            raise NotFoundError(
                f"Dataset {name!r} is a sample that was deleted from {client.workspace}. "
                "To build it again: relevanceai demo"
            ) from error
        return dataset
    if not there:
        raise NotFoundError(
            f"No dataset {name!r} in {client.workspace}: it has none yet. "
            "To build the sample: relevanceai demo"
        )
    raise NotFoundError(
        f"No dataset {name!r} in {client.workspace}. It has: {listed(there, like=name)}. "
        "Type one of these names."
    )


def split_dataset(client: "Client", given: argparse.Namespace, *options: str) -> None:
    """Find the dataset among the words of options that take several, and join the others.

    `--cluster cluster-1 ecommerce` hands both words to `--cluster`, so that DATASET is missing. It
    is the last word of such a run that names a dataset.

    Raises
    ------
    InvalidInputError
        None of them does, or several do.
    """
    from relevanceai.sample import SAMPLES

    runs: list[list[str]] = [run for name in options for run in getattr(given, name) or ()]
    if given.dataset is None:
        there = {*client.list_datasets(), *SAMPLES}
        last = [run for run in runs if len(run) > 1]
        naming = [run for run in last if run[-1] in there]
        if len(naming) != 1:
            words = listed(run[-1] for run in (naming or last))
            found = f"Each of {words} names one." if naming else f"None is named {words}."
            raise InvalidInputError(
                f"Which dataset? {found} There is: {listed(sorted(there))}. "
                f"Type it first: relevanceai {given.command} DATASET ..."
            )
        given.dataset = naming[0].pop()
    for name in options:
        typed = getattr(given, name)
        words_of_all = None if typed is None else [word for run in typed for word in run]
        setattr(given, name, words_of_all)


def vector_fields_of(dataset: "Dataset", typed: Sequence[str] | None) -> list[str]:
    """Return the vector fields to cluster on: those typed, or the only one there is."""
    there = dataset.list_vector_fields()
    if typed is not None:
        _check_vector_fields(dataset.name, there, typed)
        return list(typed)
    if not there:
        raise InvalidInputError(
            f"Dataset {dataset.name!r} has no vector field, so there is nothing to cluster. "
            "Insert documents with one: its name ends in '_vector_', or it is named in relevanceai "
            "insert DATASET FILE --vector-fields F."
        )
    if len(there) > 1:
        raise InvalidInputError(
            f"Dataset {dataset.name!r} has {len(there)} vector fields: {listed(there)}. "
            f"Type one of them, or several to join them: --field {shlex.quote(there[0])}"
        )
    return there


def check_model(typed: argparse.Namespace) -> None:
    """Raise an error for a model that is not known, or that was typed beside labels."""
    from relevanceai.clustering.model_names import MODEL_NAMES

    if typed.labels_field is not None:
        beside = [
            option
            for option, value in (
                ("--model", typed.model),
                ("--n-clusters", typed.n_clusters),
                ("--random-state", typed.random_state),
                ("--option", typed.option),
            )
            if value is not None
        ]
        if beside:
            raise InvalidInputError(
                f"--labels-field brings the labels, so there is no model to run. "
                f"Leave out {' and '.join(beside)}, or leave out --labels-field."
            )
    elif typed.model is not None:
        name = typed.model.casefold().replace("-", "").replace("_", "")
        if name not in MODEL_NAMES:
            raise InvalidInputError(
                f"No model {typed.model!r}. There are: {listed(MODEL_NAMES, like=name)}. "
                f"Type: --model {_nearest(name, MODEL_NAMES)}"
            )


def model_options(typed: argparse.Namespace) -> dict[str, object] | None:
    """Return what was typed as `--option NAME=VALUE`: numbers, true, false, null, or else text.

    Raises
    ------
    InvalidInputError : one without "=", or a name twice.
    """
    options: dict[str, object] = {}
    for text in typed.option or ():
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise InvalidInputError(
                f"--option {text!r} is not of the form NAME=VALUE. "
                "Type, for example: --option spherical=true"
            )
        if name in options:
            raise InvalidInputError(f"--option {name} stands twice. Type it once.")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options or None


def clustering_of(
    dataset: "Dataset", fields: Sequence[str] | None, alias: str | None
) -> "ClusterVizOps":
    """Return the clustering that is meant; names may be left out where one only fits."""
    from relevanceai.operations.viz.cluster import ClusterVizOps

    every = dataset.clusterings()
    if not every:
        raise NotFoundError(
            f"Dataset {dataset.name!r} has no clustering yet. "
            f"Make one: relevanceai cluster {shlex.quote(dataset.name)} --n-clusters 8"
        )
    if fields is not None:
        _check_vector_fields(dataset.name, dataset.list_vector_fields(), fields)
    fitting = [
        one
        for one in every
        if alias in (None, one.alias) and (fields is None or set(fields) == set(one.vector_fields))
    ]
    if len(fitting) > 1 and fields is not None:  # in any order, but this very order first
        in_order = [one for one in fitting if one.vector_fields == tuple(fields)]
        fitting = in_order if len(in_order) == 1 else fitting
    if not fitting:
        raise _no_clustering(dataset.name, every, fields, alias)
    if len(fitting) > 1:
        options = [_as_typed(one) for one in fitting[:_MOST_LISTED]]
        hidden = len(fitting) - len(options)
        raise InvalidInputError(
            f"Dataset {dataset.name!r} has {len(fitting)} clusterings that fit. "
            f"Say which: {', or '.join(options)}" + (f" and {hidden:,} more" if hidden else "")
        )
    found = fitting[0]
    return ClusterVizOps.from_dataset(
        dataset, alias=found.alias, vector_fields=list(found.vector_fields)
    )


def _no_clustering(
    dataset: str,
    every: "Sequence[ClusteringInfo]",
    fields: Sequence[str] | None,
    alias: str | None,
) -> NotFoundError:
    """Say what was typed, what there is, most alike first, and how to type the nearest."""
    what = "" if alias is None else f" {alias!r}"
    where = "" if fields is None else f" of {', '.join(map(repr, fields))}"
    of_fields = [one for one in every if fields is None or set(fields) == set(one.vector_fields)]
    of_alias = [one for one in every if alias in (None, one.alias)]
    options = {_named(one): one for one in of_alias or of_fields or every}
    wanted = _words(alias or next(iter(options.values())).alias, fields)
    if fields is None:  # the field says nothing then, and may be the longer part
        by_alias = {one.alias: one for one in reversed(options.values())}
        nearest = by_alias[_nearest(alias or "", by_alias)]
        shown = listed([one.alias for one in every], like=alias or "")
    else:
        nearest = options[_nearest(wanted, options)]
        shown = listed([_named(one) for one in every], like=wanted)
    return NotFoundError(
        f"No clustering{what}{where} in dataset {dataset!r}. It has: {shown}. "
        f"Type: {_as_typed(nearest)}"
    )


def _check_vector_fields(dataset: str, there: Sequence[str], typed: Sequence[str]) -> None:
    for name in typed:
        if name not in there:
            raise NotFoundError(
                f"No vector field {name!r} in dataset {dataset!r}. "
                f"It has: {listed(there, like=name)}."
                + (f" Type: --field {shlex.quote(_nearest(name, there))}" if there else "")
            )
        if list(typed).count(name) > 1:
            raise InvalidInputError(f"--field {shlex.quote(name)} stands twice. Type it once.")


def _nearest(wanted: str, options: Iterable[str]) -> str:
    """Return the option that `listed(..., like=wanted)` puts first."""
    wanted = wanted.casefold()
    return max(options, key=lambda option: SequenceMatcher(None, wanted, option.casefold()).ratio())


def _words(alias: str, fields: Sequence[str] | None) -> str:
    return f"{alias} of {'.'.join(fields or ())}"


def _named(one: "ClusteringInfo") -> str:
    return _words(one.alias, one.vector_fields)


def _as_typed(one: "ClusteringInfo") -> str:
    fields = (f"--field {shlex.quote(name)}" for name in one.vector_fields)
    return " ".join([*fields, "--alias", shlex.quote(one.alias)])
