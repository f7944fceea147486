"""Sample data: a product catalogue with pictures, and plain mock documents of any number.

The catalogue is drawn and written by this package; nothing is downloaded. Field names are those of
the old SDK's sample, so `product_image_clip_vector_` and `product_title_clip_vector_` keep their
names. **The vectors in them are not CLIP's**: picture vectors are classical descriptors of the
pixels (edges, silhouette, colour), title vectors are hashed words. Neither knows what kind of
product it describes, but by looking.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from relevanceai.errors import InvalidInputError, listed


def build_ecommerce(
    number_of_documents: int | None = None,
    select_fields: Sequence[str] | None = None,
    *,
    on_document: Callable[[int], object] | None = None,
) -> list[dict[str, Any]]:
    """Return the product catalogue, telling the caller how far it is.

    Parameters
    ----------
    number_of_documents : the first so many; None for all 1,000.
    select_fields : keep `_id` and these fields; None for all.
    on_document : called with 1 after each document, such as the `update` of a progress bar.

    Returns
    -------
    Documents with `_id`, `product_image` (the bytes of a PNG, 160 x 160 pixels),
    `product_image_clip_vector_` and `product_title_clip_vector_` (float32 arrays of shape (512,),
    of unit norm), `product_link`, `product_price` (float), `product_title`, `query`, `source` and
    `insert_date_` (datetime, UTC). Kinds are well mixed. The same documents come every time;
    asking for fewer gives the first of them unchanged.

    Raises
    ------
    InvalidInputError : a number that is not a whole number of documents, or an unknown field.
    """
    from relevanceai.samples.catalogue import FIELDS, N_PRODUCTS, documents

    n_documents = N_PRODUCTS
    if number_of_documents is not None:
        n_documents = min(_whole(number_of_documents, "number_of_documents"), N_PRODUCTS)
    fields = FIELDS
    if select_fields is not None:
        if isinstance(select_fields, str):
            raise InvalidInputError(
                f"select_fields is the text {select_fields!r}. "
                f"Pass a list of field names: select_fields=[{select_fields!r}]."
            )
        for field in select_fields:
            if field not in FIELDS:
                raise InvalidInputError(
                    f"No field {field!r} in the sample 'ecommerce'. "
                    f"It has: {listed(FIELDS, like=str(field))}."
                )
        fields = tuple(field for field in FIELDS if field == "_id" or field in select_fields)
    return list(documents(n_documents, fields=fields, on_document=on_document))


def get_ecommerce_1_dataset(
    number_of_documents: int | None = None, select_fields: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the product catalogue of the guide, with pictures and vectors (see `build_ecommerce`).

    Examples
    --------
    >>> documents = get_ecommerce_1_dataset(2, select_fields=["product_image_clip_vector_"])
    >>> [sorted(document) for document in documents]
    [['_id', 'product_image_clip_vector_'], ['_id', 'product_image_clip_vector_']]
    >>> documents[0]["product_image_clip_vector_"].shape
    (512,)
    """
    return build_ecommerce(number_of_documents, select_fields)


def get_ecommerce_dataset_encoded(
    number_of_documents: int | None = None, select_fields: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the same catalogue as `get_ecommerce_1_dataset`; the old SDK had both names."""
    return build_ecommerce(number_of_documents, select_fields)


def _whole(value: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise InvalidInputError(f"{name} is {value!r}. Pass a whole number, 0 or more.")
    return int(value)


_LABELS = ("alpha", "beta", "gamma", "delta", "epsilon")
_ADJECTIVES = ("quiet", "amber", "narrow", "brisk", "velvet", "hollow", "sunny", "plain")
_NOUNS = ("harbour", "meadow", "lantern", "orchard", "bridge", "kettle", "valley", "window")
_FIRST_DAY = datetime(2022, 1, 1, tzinfo=UTC)


def mock_documents(
    number_of_documents: int = 100, *, n_dims: int = 5, seed: int = 0
) -> list[dict[str, Any]]:
    """Return documents that mean nothing, to try things out: labels, numbers, texts and vectors.

    Parameters
    ----------
    number_of_documents : how many.
    n_dims : length of the two vectors.
    seed : another seed gives other documents; the same gives the same.

    Returns
    -------
    Documents with `_id`, `insert_date_` (datetime, UTC) and, for `sample_1` and `sample_2` each,
    `_label`, `_value` (float from 0 to 100), `_description` and `_vector_` (float32 array of shape
    (n_dims,), standard normal).

    Raises
    ------
    InvalidInputError : a number that is not a whole number, or no dimensions.

    Examples
    --------
    >>> sorted(mock_documents(1)[0])[:4]
    ['_id', 'insert_date_', 'sample_1_description', 'sample_1_label']
    """
    n = _whole(number_of_documents, "number_of_documents")
    if _whole(n_dims, "n_dims") == 0:
        raise InvalidInputError("n_dims is 0. Pass at least 1.")
    rng = np.random.default_rng(_whole(seed, "seed"))
    minutes = rng.integers(0, 365 * 24 * 60, n).tolist()
    columns: dict[str, Sequence[Any]] = {
        "_id": [f"mock-{seed}-{row:06d}" for row in range(n)],
        "insert_date_": [_FIRST_DAY + timedelta(minutes=minute) for minute in minutes],
    }
    for sample in ("sample_1", "sample_2"):
        columns[f"{sample}_label"] = [_LABELS[i] for i in rng.integers(0, len(_LABELS), n).tolist()]
        columns[f"{sample}_value"] = np.round(rng.random(n) * 100, 2).tolist()
        columns[f"{sample}_description"] = [
            f"a {_ADJECTIVES[i]} {_NOUNS[j]}"
            for i, j in rng.integers(0, len(_NOUNS), (n, 2)).tolist()
        ]
        vectors = rng.standard_normal((n, n_dims), dtype=np.float32)
        columns[f"{sample}_vector_"] = list(vectors)
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
