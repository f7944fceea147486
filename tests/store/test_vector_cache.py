"""The limit of the raw vectors that are kept; what they answer stands in test_stored_vectors.py."""

import sys

import pytest

from relevanceai.store.vector_cache import LIMIT_VARIABLE, limit_bytes


@pytest.mark.parametrize(
    ("said", "n_bytes"),
    [("1", 2**30), ("-1", 0), ("nan", 64 * 2**30), ("much", 64 * 2**30), ("inf", sys.maxsize)],
)
def test_whatever_the_limit_is_said_to_be_it_is_a_number(said, n_bytes, monkeypatch):
    # "nan" and "inf" raised inside the pass that only wanted to keep its vectors.
    monkeypatch.setenv(LIMIT_VARIABLE, said)
    assert limit_bytes() == n_bytes
