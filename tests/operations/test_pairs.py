"""pairs: neighbours, verdicts under a false discovery rate, the queue, and odd clusterings."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.adjacency import adjacent_pairs, percentiles, priorities
from relevanceai.kernels.separation import separation_test
from relevanceai.operations import facing
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.neighbours import neighbours_of
from relevanceai.operations.pairs import Evidence, _verdict, pair_evidence
from relevanceai.operations.samples import pair_sizes


def opened(home: Path, groups: dict[str, np.ndarray]) -> ClusterOps:
    dataset = Client(home).Dataset("clouds")
    dataset.insert_documents(
        [
            {"_id": f"{name}-{i}", "v_vector_": row.tolist(), "group": name}
            for name, rows in groups.items()
            for i, row in enumerate(rows)
        ]
    )
    return dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="by-hand")


def clouds() -> dict[str, np.ndarray]:
    """`a` and `b` are halves of one cloud, `c` is far away, `d` farther, `few` has two members."""
    rng = np.random.default_rng(3)
    cloud = rng.normal(size=(300, 6))
    cut = cloud[:, 0] > 0
    return {
        "a": cloud[cut] + 20,
        "b": cloud[~cut] + 20,
        "c": rng.normal(size=(100, 6)) + [28, 20, 20, 20, 20, 20],
        "d": rng.normal(size=(100, 6)) + [36, 20, 20, 20, 20, 20],
        "few": np.array([[20.0, 40, 20, 20, 20, 20], [20.0, 41, 20, 20, 20, 20]]),
    }


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> ClusterOps:
    return opened(tmp_path_factory.mktemp("pairs") / "home", clouds())


def verdicts(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {(one.other, one.cluster): one.verdict for one in table.itertuples()}


def test_each_pair_has_a_verdict_and_the_one_to_merge_comes_first(ops: ClusterOps) -> None:
    table = ops.pairs()
    found = verdicts(table)
    assert found["a", "b"] == "same"
    assert found["a", "c"] == "separate"
    assert found["c", "d"] == "separate"
    assert ("b", "d") not in found  # another cluster lies between them
    first = table.iloc[0]
    assert (first["other"], first["cluster"]) == ("a", "b")
    assert first["suggestion"].startswith("Merge a and b")
    assert table["priority"].is_monotonic_decreasing
    assert not table.isna().any().any()


def test_too_few_documents_are_undecided_and_not_tested(ops: ClusterOps) -> None:
    row = ops.pairs().query("cluster == 'few'").iloc[0]
    assert (row["verdict"], row["p_value"], row["q_value"], row["splits"]) == ("undecided", 1, 1, 0)


def test_a_first_split_that_shows_nothing_is_the_last(ops: ClusterOps) -> None:
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(200, 4)).astype(np.float32)
    right = cloud[:, 0] > 0
    evidence, n_splits = pair_evidence(cloud[right], cloud[~right], (1.0, 1.0), (0, 1))
    assert n_splits == 1
    assert evidence.p_value > 0.5
    evidence, n_splits = pair_evidence(cloud, cloud + np.float32(9), (1.0, 1.0), (0, 1))
    whole = separation_test(cloud, cloud + np.float32(9), rng=np.random.default_rng(0))
    assert n_splits == whole.n_splits > 1
    assert evidence.p_value < 0.001
    splits = ops.pairs().set_index(["other", "cluster"])["splits"]
    assert splits["a", "b"] == 1
    assert splits["c", "d"] > 1


def test_draws_tell_which_pairs_come_back(ops: ClusterOps) -> None:
    table = ops.pairs(draws=5).set_index(["other", "cluster"])
    assert table.loc[("c", "d"), "recovered"] == 1.0
    assert table.loc[("a", "b"), "recovered"] < 1.0
    assert table.query("splits == 0")["recovered"].tolist() == [0.0] * (table["splits"] == 0).sum()
    pd.testing.assert_frame_equal(table.drop(columns="recovered").reset_index(), _plain(ops))


def _plain(ops: ClusterOps) -> pd.DataFrame:
    table = ops.pairs()
    return table[["other", "cluster", *(one for one in table if one not in ("other", "cluster"))]]


def test_the_same_seed_gives_the_same_table(ops: ClusterOps) -> None:
    pd.testing.assert_frame_equal(ops.pairs(), ops.pairs())


def test_pairs_agree_with_compare(ops: ClusterOps) -> None:
    for (one, other), verdict in verdicts(ops.pairs()).items():
        assert ops.compare(one, other).verdict == verdict


def test_neighbours_are_second_choices_and_nearest_centroids(ops: ClusterOps) -> None:
    store, centroids = ops._pinned()
    found = neighbours_of(store, centroids)
    pairs = {tuple(pair) for pair in adjacent_pairs(found, centroids.means).tolist()}
    expected = set()
    distances = np.linalg.norm(centroids.means[:, None] - centroids.means[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    table = found.matrix(found.second)
    for own in range(len(centroids.ids)):
        expected.add(tuple(sorted((own, int(distances[own].argmin())))))
        for other in range(len(centroids.ids)):
            if own != other and table[own, other] >= 0.05 * found.count[own]:
                expected.add((min(own, other), max(own, other)))
    assert pairs == expected


def test_percentiles_count_the_pairs_that_are_no_more_alike() -> None:
    means = np.random.default_rng(0).normal(size=(30, 5))
    units = means / np.linalg.norm(means, axis=1, keepdims=True)
    all_values = (units @ units.T)[np.triu_indices(30, 1)]
    expected = [100 * np.mean(all_values <= value + 1e-12) for value in all_values]
    np.testing.assert_allclose(percentiles(means, all_values), expected)


def test_a_pair_is_looked_at_at_one_rate() -> None:
    for n_first, n_second in ((50_000, 300), (300, 50_000), (900, 800), (5, 4)):
        first, second = pair_sizes(n_first, n_second, 2_000)
        assert abs(first / n_first - second / n_second) <= 1 / min(n_first, n_second)
        assert max(first, second) <= 2_000


def test_separate_needs_the_false_discovery_rate() -> None:
    evidence = Evidence(90, 90, 90, 90, True, 0.04, 3.0, 0.4, 0.9, 1.5, 0.1, 0.2, 0.2)
    assert _verdict(evidence, 0.05, "a", "b")[0] == "separate"
    verdict, reasons, confidence, _ = _verdict(evidence, 0.2, "a", "b")
    assert (verdict, confidence) == ("undecided", 0.0)
    assert reasons[-1] == (
        "Among so many pairs that may be chance: the false discovery rate is 0.20."
    )


def test_more_documents_and_less_certainty_come_first() -> None:
    count = np.array([1_000, 1_000, 10])
    first, second = np.array([0, 1, 0]), np.array([1, 2, 2])
    values = priorities(count, first, second, np.array([0.9, 0.9, 0.001]), np.zeros(3))
    assert values[0] > values[1] > values[2] > 0


@pytest.mark.parametrize(
    "groups",
    [
        {"only": np.ones((5, 3))},
        {"one": np.ones((1, 3)), "two": np.ones((1, 3))},
        {"one": np.zeros((60, 3)), "two": np.zeros((60, 3)), "three": np.zeros((60, 3))},
        {"one": np.zeros((60, 3)), "two": np.ones((60, 3)), "outlier": np.ones((60, 3))},
        {"outlier": np.ones((6, 3))},
    ],
    ids=["one cluster", "two of one member", "identical vectors", "points", "noise only"],
)
def test_odd_clusterings_have_an_answer(tmp_path: Path, groups: dict[str, np.ndarray]) -> None:
    table = opened(tmp_path / "home", groups).pairs()
    n_clusters = len([name for name in groups if name != "outlier"])
    assert len(table) == n_clusters - 1 if n_clusters else len(table) == 0
    assert list(table.columns)[:4] == ["cluster", "other", "verdict", "priority"]
    assert not table.isna().any().any()
    assert set(table["verdict"]) <= {"separate", "continuum", "same", "undecided"}
    if "two" in groups and (groups["one"] == groups["two"]).all():
        assert "separate" not in set(table["verdict"])


def test_wrong_arguments_are_told(ops: ClusterOps) -> None:
    message = (
        "least_share is a share of documents in [0, 1], but got 5. "
        "Pass one, or leave it out for 0.05."
    )
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        ops.pairs(least_share=5)
    with pytest.raises(InvalidInputError, match="most"):
        ops.pairs(most=3)


@pytest.mark.parametrize("n_dims", [2, 4, 32])
def test_pieces_of_a_cloud_cut_into_many_are_not_called_separate(n_dims: int) -> None:
    """Between two pieces lie third ones, so that the two alone do leave a valley."""
    cloud = np.random.default_rng(8).normal(size=(1500, n_dims)).astype(np.float32)
    labels = KMeans(8, n_init=1, random_state=0).fit_predict(cloud)
    pieces = ClusterOps.from_arrays(cloud, labels)
    table = pieces.pairs()
    assert (table["p_value"] <= 0.05).mean() <= 0.1
    assert set(table["verdict"]) <= {"same", "continuum", "undecided"}
    found = pieces.compare(table["cluster"][0], table["other"][0], describe=False)
    assert found.verdict != "separate"
    assert 0 < sum(found.facing) < sum(found.compared)


def test_true_groups_among_many_are_separate_and_their_halves_are_not() -> None:
    rng = np.random.default_rng(2)
    middles = rng.normal(size=(6, 16))
    middles *= 4.5 / np.linalg.norm(middles, axis=1, keepdims=True)
    group = rng.integers(0, 6, 2400)
    vectors = (middles[group] + rng.normal(size=(2400, 16))).astype(np.float32)
    table = ClusterOps.from_arrays(vectors, group).pairs()
    assert (table["verdict"] == "separate").all()
    halves = 2 * group + (vectors[:, 0] > middles[group, 0])
    table = ClusterOps.from_arrays(vectors, halves).pairs()
    groups = table[["cluster", "other"]].map(lambda name: int(name.split("-")[1]) // 2)
    is_cut = groups["cluster"] == groups["other"]
    assert is_cut.sum() == 6
    assert not (table["verdict"][is_cut] == "separate").any()


def test_noise_between_two_is_looked_at(tmp_path: Path) -> None:
    """What is left out because it is thin lies between: it must not look like a valley."""
    rng = np.random.default_rng(5)
    cloud = rng.normal(size=(1200, 3)).astype(np.float32)
    cores = np.where(np.abs(cloud[:, 0]) < 0.3, "outlier", np.where(cloud[:, 0] > 0, "a", "b"))
    found = ClusterOps.from_arrays(cloud, cores)
    assert found.pairs()["verdict"].tolist() == ["same"]
    one = found.compare("a", "b", describe=False)
    assert one.verdict == "same"
    assert 1200 >= sum(one.facing) > sum(one.compared)
    assert "outlier" in {placed.cluster for placed in one.strip}
    cloud[:, 0] = 2 * cloud[:, 0] + 8 * np.sign(cloud[:, 0])
    apart = ClusterOps.from_arrays(cloud, np.where(np.abs(cloud[:, 0]) < 8.3, "outlier", cores))
    assert apart.pairs()["verdict"].tolist() == ["separate"]
    assert apart.compare("a", "b", describe=False).verdict == "separate"


def test_noise_is_seen_at_the_rate_of_the_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facing, "MOST_NOISE", 60)
    rng = np.random.default_rng(5)
    cloud = rng.normal(size=(3000, 3)).astype(np.float32)
    cores = np.where(np.abs(cloud[:, 0]) < 0.3, "outlier", np.where(cloud[:, 0] > 0, "a", "b"))
    rate = 60 / (cores == "outlier").sum()
    one = ClusterOps.from_arrays(cloud, cores).compare("a", "b", describe=False)
    assert one.verdict != "separate"
    assert 0.9 * rate * 3000 < sum(one.facing) < rate * 3000 + 3
    table = ClusterOps.from_arrays(cloud, cores).pairs(most=2_000)
    assert table["verdict"].tolist() != ["separate"]
    assert 0.9 * rate * 3000 < table["looked_at"][0] < rate * 3000 + 3


def test_noise_that_lies_aside_fills_no_valley() -> None:
    rng = np.random.default_rng(5)
    group = np.arange(600) % 2
    groups = rng.normal(size=(600, 24)).astype(np.float32)
    groups[:, 0] += 6 * group
    around = 3 * rng.normal(size=(400, 24)).astype(np.float32)
    around[:, 0] += 3
    labels = ["ab"[one] for one in group] + ["outlier"] * 400
    ops = ClusterOps.from_arrays(np.concatenate([groups, around]), labels)
    assert ops.pairs()["verdict"].tolist() == ["separate"]
    assert ops.compare("a", "b", describe=False).verdict == "separate"


def test_two_that_do_not_touch_are_judged_by_the_one_between() -> None:
    rng = np.random.default_rng(2)
    line = rng.normal(size=(900, 3)).astype(np.float32)
    line[:, 0] = np.linspace(0, 30, 900)
    ops = ClusterOps.from_arrays(line, np.arange(900) // 300)
    found = ops.compare("cluster-0", "cluster-2", describe=False)
    assert (found.verdict, found.facing) == ("undecided", (0, 0))
    assert found.reasons == (
        "Too few documents face each other: 0 and 0 of 300 of cluster-0 and 300 of cluster-2; a test "
        "needs 10 of each and 40 in all. In front of the others lie third clusters.",
        "cluster-1 lies between them, and is not shown to be separate from both.",
    )
    assert found.between == "cluster-1"
    assert found.suggestion == (
        "cluster-0 and cluster-2 hardly touch. Compare cluster-1 with either of them."
    )
    line[:, 0] += 12 * (np.arange(900) // 300)
    ops = ClusterOps.from_arrays(line, np.arange(900) // 300)
    found = ops.compare("cluster-0", "cluster-2", describe=False)
    assert (found.verdict, found.facing, found.between) == ("separate", (0, 0), "cluster-1")
    assert found.reasons == (
        "They do not touch: cluster-1 lies between them, and a valley of its own separates it from "
        "either (p < 0.0001 for the weaker).",
        "None of their documents face each other.",
    )


def test_a_table_of_pairs_prints_every_column(small: Dataset) -> None:
    table = small.ClusterOps().pairs()
    for name in table.columns:
        assert name in str(table)
        assert name in str(table.head(1))
