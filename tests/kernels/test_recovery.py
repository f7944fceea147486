"""Do clusters come back: Jaccard similarities, and two groups drawn anew."""

import numpy as np
import pytest

from relevanceai.kernels.recovery import jaccards, pair_recovery


def test_jaccards_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    for cluster, value in enumerate(jaccards(one, other, 5, 3)):
        mine = set(np.flatnonzero(one == cluster))
        if not mine:
            assert np.isnan(value)
            continue
        theirs = [set(np.flatnonzero(other == name)) for name in range(3)]
        assert value == pytest.approx(max(len(mine & two) / len(mine | two) for two in theirs))


def test_two_groups_come_back_and_a_round_cloud_does_not() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(200, 10)).astype(np.float32)
    found = pair_recovery(rows[:100], rows[100:] + 8, rng=rng, n_draws=6)
    assert (found.both, found.first, found.second) == (6, 6, 6)
    assert found.jaccard == (1.0, 1.0)
    assert pair_recovery(rows[:100], rows[100:], rng=rng, n_draws=6).both == 0


def test_one_document_each_is_no_crash() -> None:
    one = np.zeros((1, 2), np.float32)
    found = pair_recovery(one, one, rng=np.random.default_rng(0), n_draws=4)
    assert 0 <= found.both <= 4
