"""Digests of what was asked: equal for equal questions, short and quick however deep."""

import numpy as np
import pytest

from relevanceai.errors import InvalidInputError
from relevanceai.store.digest import digest


def nested(depth: int) -> object:
    asked: object = {"field": "a"}
    for _ in range(depth):
        asked = [{"filter_type": "or", "condition_value": [asked]}]
    return asked


def test_a_deep_question_costs_no_more_than_its_depth() -> None:
    assert len(digest(nested(100))) == 16  # which once doubled with every level
    assert digest(nested(100)) == digest(nested(100)) != digest(nested(99))
    with pytest.raises(InvalidInputError):
        digest(nested(2000))


def test_values_that_differ_in_type_differ() -> None:
    different = [1, 1.0, True, "1", None, [1], {1}, {"a": 1}, b"1", np.float64(2)]
    assert len({digest(one) for one in different}) == len(different)
    assert digest(np.array([1, 2])) == digest([1, 2])
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
