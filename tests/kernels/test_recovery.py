"""Do two clusters come back when their documents are drawn anew?"""

import numpy as np

from relevanceai.kernels.recovery import pair_recovery


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
