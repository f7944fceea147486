"""Halves: the coin is fair and fixed; the corrected cosine is as defined, and said where it is not."""

import numpy as np
import pytest

import naive
from relevanceai.kernels.halves import half_labels, half_of, halves
from relevanceai.kernels.similarity import centroid_similarity


def test_the_coin_is_fair_and_does_not_go_by_the_order_of_rows():
    heads = half_of(np.arange(100_000)) == 0
    assert heads.mean() == pytest.approx(0.5, abs=0.005)
    assert (heads[1:] == heads[:-1]).mean() == pytest.approx(0.5, abs=0.005)
    some = np.array([2**62, 5, 0, -3])
    assert half_of(some).tolist() == [int(half_of(np.array([one]))[0]) for one in some]


def test_halves_of_clusters_are_numbered_side_by_side_and_noise_stays_noise():
    labels, row_ids = np.array([0, 3, -1, 3], np.int32), np.array([0, 2, 2, 1])
    assert half_labels(labels, row_ids).tolist() == [1, 6, -1, 7]  # the coins are 1, 0, 0, 1
    assert half_labels(labels, row_ids).dtype == np.int32


def case():
    rng = np.random.default_rng(1)
    middles = rng.standard_normal((6, 5)) + 1
    half_count, count = np.array([3, 0, 4, 2, 1, 2]), np.array([6, 2, 4, 5, 2, 4])
    half_sums = middles * half_count[:, None] + rng.standard_normal((6, 5))
    half_sums[1] = 0
    sums = half_sums + middles * (count - half_count)[:, None] + rng.standard_normal((6, 5))
    half_sums[4] = -sums[4]  # halves that point away from each other
    half_sums[5] = sums[5] = 0  # a zero centroid
    return count, sums, half_count, half_sums


def test_the_corrected_cosine_equals_the_definition():
    count, sums, half_count, half_sums = case()
    found = halves(count, sums, half_count, half_sums)
    result = centroid_similarity(sums / count[:, None], "corrected", found)
    np.testing.assert_allclose(
        result, naive.corrected(count, sums, half_count, half_sums), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_array_equal(result, result.T)
    assert found.is_corrected.tolist() == [True, False, False, True, False, False]
    assert found.is_there.tolist() == [True] * 5 + [False]
    assert np.diagonal(result).tolist() == [1, 1, 1, 1, 1, 0]


def test_uncorrected_clusters_have_their_raw_cosine_with_each_other():
    count, sums, half_count, half_sums = case()
    result = centroid_similarity(sums, "corrected", halves(count, sums, half_count, half_sums))
    raw = centroid_similarity(sums)
    assert result[1, 2] == pytest.approx(raw[1, 2], rel=1e-12)
    assert not result[5].any()


def test_it_undoes_the_blur_of_few_members():
    rng = np.random.default_rng(2)
    truth = rng.standard_normal((2, 400))
    truth[1] += truth[0]
    members = truth[:, None] + rng.standard_normal((2, 8, 400)) * 3
    sums, half_sums = members.sum(axis=1), members[:, :4].sum(axis=1)
    raw = centroid_similarity(sums)[0, 1]
    found = halves(np.array([8, 8]), sums, np.array([4, 4]), half_sums)
    corrected = centroid_similarity(sums, "corrected", found)[0, 1]
    true = centroid_similarity(truth)[0, 1]
    assert raw < 0.7 * true
    assert corrected == pytest.approx(true, abs=0.1)


def test_an_empty_cluster_is_nan_and_no_other_is():
    count, sums, half_count, half_sums = case()
    count[0] = half_count[0] = 0
    sums[0] = half_sums[0] = 0
    centroids = np.where(count[:, None] > 0, sums, np.nan)
    result = centroid_similarity(centroids, "corrected", halves(count, sums, half_count, half_sums))
    assert np.isnan(result[0]).all()
    assert not np.isnan(result[1:, 1:]).any()
