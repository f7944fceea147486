"""k-means on a sample and over all: what it finds, what it says, and what it leaves out."""

import logging

import numpy as np
import pytest

import naive
from relevanceai.clustering import kmeans, kmeans_training
from relevanceai.clustering.kmeans import fit_kmeans
from relevanceai.clustering.kmeans_options import KMeansOptions, options_from
from relevanceai.errors import InvalidInputError, MissingExtraError
from relevanceai.kernels.lloyd import with_ones
from streamed_groups import Stream, groups, is_same_partition


def fitted(rows, n_clusters, seed=0, labels=None, step=37, **options):
    return fit_kmeans(
        Stream(rows, step, labels),
        n_clusters,
        random_state=seed,
        options=KMeansOptions(**options),
    )


LIBRARIES = ("relevanceai", "faiss")


@pytest.fixture(params=LIBRARIES)
def library(request):
    if request.param == "faiss":
        pytest.importorskip("faiss")
    return request.param


@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_groups_are_found_from_a_sample_and_all_rows_assigned(library, offset, capsys):
    rows, true = groups(offset=offset)
    found = fitted(rows, 5, sample=100, library=library)
    assert is_same_partition(found.labels, true)
    assert found.facts["sample"] == 100
    assert capsys.readouterr().err == (
        "relevanceai: k-means is trained on a sample of 100 of 300 vectors; all are assigned\n"
    )
    np.testing.assert_array_equal(found.row_ids, np.arange(300))
    np.testing.assert_array_equal(found.moments.count, np.bincount(found.labels))
    for place in range(5):
        members = rows[found.labels == place].astype(np.float64)
        np.testing.assert_allclose(found.moments.centroids()[place], members.mean(axis=0))


def test_inertia_is_as_low_as_that_of_scikit_learn():
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(5)
    rows = rng.standard_normal((2000, 8)).astype(np.float32)
    best = KMeans(12, n_init=3, random_state=0).fit(rows).inertia_
    assert fitted(rows, 12).moments.inertia.sum() < 1.02 * best
    assert fitted(rows, 12, sample=700).moments.inertia.sum() < 1.05 * best
    assert fitted(rows, 12, sample="all").moments.inertia.sum() < 1.02 * best


def test_a_sample_of_all_refines_over_the_stream(monkeypatch, capsys):
    monkeypatch.setattr(kmeans, "SAMPLED_ABOVE", 10)
    monkeypatch.setattr(kmeans, "POINTS_PER_CENTROID", 10)
    rows, true = groups()
    found = fitted(rows, 5, sample="all")
    assert is_same_partition(found.labels, true)
    assert found.facts["sample"] is None
    assert "a sample of 50 of 300 vectors, then on all; all are assigned" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_labels_however_rows_are_cut(library):
    rows = np.random.default_rng(3).standard_normal((500, 4)).astype(np.float32)
    first = fitted(rows, 9, seed=7, sample=200, library=library)
    again = fitted(rows, 9, seed=7, sample=200, library=library)
    np.testing.assert_array_equal(first.labels, again.labels)
    if library == "relevanceai":
        cut = fitted(rows, 9, seed=7, sample=200, step=11)
        np.testing.assert_array_equal(first.labels, cut.labels)
    other = fitted(rows, 9, seed=8, sample=200, library=library)
    assert not np.array_equal(first.labels, other.labels)
    assert fitted(rows, 9, seed=None).params["n_clusters"] == 9


def test_directions_are_compared_when_spherical(library):
    rng = np.random.default_rng(1)
    true = np.repeat([0, 1, 2], 40)
    rows = np.eye(3)[true] + 0.05 * rng.standard_normal((120, 3))
    rows = (rows * rng.uniform(0.1, 50, (120, 1))).astype(np.float32)
    found = fitted(rows, 3, spherical=True, library=library)
    assert is_same_partition(found.labels, true)
    np.testing.assert_allclose(
        found.moments.centroids()[found.labels[0]], rows[:40].mean(axis=0), rtol=1e-5
    )


def test_fewer_distinct_vectors_than_clusters_give_fewer_clusters_and_a_log(library, caplog):
    rows = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    with caplog.at_level(logging.WARNING, logger="relevanceai.clustering.kmeans"):
        found = fitted(rows, 8, library=library)
    assert is_same_partition(found.labels, np.repeat([0, 1, 2], 20))
    assert len(found.moments.count) == 3
    assert caplog.messages == ["kmeans was asked for 8 clusters and found 3."]


def test_rows_that_take_no_part_are_neither_sampled_nor_assigned():
    rows, true = groups()
    labels = np.where(np.arange(300) % 3, 0, -1).astype(np.int32)
    rows[labels < 0] = 1e6
    found = fitted(rows, 5, labels=labels)
    np.testing.assert_array_equal(found.row_ids, np.flatnonzero(labels == 0))
    assert is_same_partition(found.labels, true[labels == 0])


def test_few_rows_of_many_that_take_part_give_a_whole_sample():
    rows, true = groups()
    labels = np.where(np.arange(300) % 10, -1, 0).astype(np.int32)
    found = fitted(rows, 5, labels=labels, sample=25)
    assert found.facts["sample"] == 25
    assert is_same_partition(found.labels, true[labels == 0])


def test_steps_that_go_on_add_no_inertia_and_get_further(monkeypatch):
    rng = np.random.default_rng(5)
    rows = with_ones(rng.standard_normal((3000, 8)).astype(np.float32))
    reached = {}
    for stride in (1.0, 1.9):
        monkeypatch.setattr(kmeans_training, "_STRIDE", stride)
        walk = kmeans_training._Walk(rows[:20, :-1].astype(float), KMeansOptions(), rng, list)
        inertias = []
        for _ in range(8):
            walk.step(rows)
            inertias.append(walk.inertia)
        assert (np.diff(inertias) < 0).all()
        reached[stride] = inertias[-1]
    assert reached[1.9] < 0.995 * reached[1.0]


def test_groups_that_lie_apart_are_at_rest_after_a_few_steps():
    rows, true = groups()
    rows = with_ones(rows)
    starts = np.stack([rows[true == place][0, :-1] for place in range(5)]).astype(float)
    walk = kmeans_training._Walk(starts, KMeansOptions(), np.random.default_rng(0), list)
    for _ in range(3):
        walk.step(rows)
    means = [rows[true == place, :-1].mean(axis=0, dtype=float) for place in range(5)]
    np.testing.assert_allclose(walk.centroids, means, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5])
def test_a_handful_of_rows_work(n_rows, library):
    rows = np.eye(5, dtype=np.float32)[:n_rows]
    assert sorted(fitted(rows, n_rows, library=library).labels) == list(range(n_rows))
    assert fitted(rows, 1, library=library).labels.tolist() == [0] * n_rows


HARD = {
    "far from the origin": lambda rng: (1e6 + groups()[0], 7),
    "ties on a grid": lambda rng: (rng.integers(-2, 3, (400, 2)), 9),
    "duplicates": lambda rng: (np.repeat(rng.standard_normal((20, 4)), 20, axis=0), 12),
    "as many clusters as rows": lambda rng: (rng.standard_normal((60, 4)), 60),
    "fewer distinct than clusters": lambda rng: (np.repeat(np.eye(4), 30, axis=0), 10),
    "constant, far": lambda rng: (np.full((100, 3), 1e6 / 3), 4),
    "zeros": lambda rng: (np.zeros((100, 3)), 4),
    "zeros among others": lambda rng: (np.vstack([np.zeros((50, 3)), groups()[0][:, :3]]), 5),
    "denormal": lambda rng: (1e-40 * groups()[0], 5),
    "huge": lambda rng: (1e25 * groups()[0], 5),
    "one row far off": lambda rng: (np.vstack([groups()[0], np.full((1, 6), 1e12)]), 6),
    "antipodes": lambda rng: (np.repeat(np.vstack([np.eye(4), -np.eye(4)]), 5, axis=0), 5),
    "one direction": lambda rng: (np.ones(3) * rng.uniform(0.1, 9, (100, 1)), 4),
}


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize(
    "options", [{}, {"spherical": True}, {"n_init": 1}, {"sample": 60}, {"sample": "all"}]
)
def test_each_label_is_the_nearest_trained_centroid_to_float64(case, options, monkeypatch):
    made, n_clusters = HARD[case](np.random.default_rng(0))
    rows = np.asarray(made, np.float32)
    trained, learned = kmeans.trained, []
    monkeypatch.setattr(
        kmeans, "trained", lambda *args: learned.append(trained(*args)) or learned[-1]
    )
    found = fitted(rows, n_clusters, **options)
    compared = naive.units([rows]) if options.get("spherical") else rows
    apart = compared[:, None].astype(np.float64) - learned[0].centroids
    squares = np.einsum("ijk,ijk->ij", apart, apart)
    used = np.unique(squares.argmin(axis=1))  # the others are left out
    own = squares[np.arange(len(rows)), used[found.labels]]
    np.testing.assert_allclose(own, squares.min(axis=1), rtol=1e-12)
    count, sums, inertia = naive.moments(rows, found.labels, len(found.moments.count))
    np.testing.assert_array_equal(found.moments.count, count)
    np.testing.assert_allclose(found.moments.sums, sums, rtol=1e-12, atol=1e-12 * abs(sums).max())
    scale = float(np.abs(rows).max(initial=0.0))
    np.testing.assert_allclose(
        found.moments.inertia, inertia, rtol=1e-9, atol=1e-24 * (scale * len(rows)) ** 2
    )


def test_more_clusters_than_rows_that_take_part():
    rows, _ = groups(2, 3)
    labels = np.int32([0, 0, -1, -1, -1, -1])
    with pytest.raises(InvalidInputError) as caught:
        fitted(rows, 3, labels=labels)
    assert str(caught.value) == (
        "'kmeans' was asked for 3 clusters of 2 documents with vectors. Pass n_clusters=2 or fewer."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_init": 0}, "n_init=0. Pass a whole number from 1, or None."),
        ({"max_iter": 2.5}, "max_iter=2.5. Pass a whole number from 1."),
        ({"tol": -1}, "tol=-1. Pass a number from 0 to 1."),
        ({"spherical": "yes"}, "spherical='yes'. Pass True or False."),
        ({"sample": "most"}, "sample='most'. Pass a number of rows, 'all' or None."),
        (
            {"library": "cuml"},
            "library='cuml'. Pass 'relevanceai', 'faiss' or 'scikit-learn'.",
        ),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(InvalidInputError) as caught:
        options_from(options)
    assert str(caught.value) == f"The model 'kmeans' was given {message}"


def test_an_option_that_does_not_exist_lists_those_that_do():
    with pytest.raises(InvalidInputError) as caught:
        options_from({"iterations": 3})
    assert str(caught.value) == (
        "The model 'kmeans' takes no argument 'iterations'. It takes: 'max_iter', 'library', "
        "'spherical', 'tol', 'n_init', 'sample'; and with library='scikit-learn' those of "
        "scikit-learn's KMeans."
    )


def test_faiss_that_is_not_installed_names_the_extra(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(kmeans_training, "import_module", missing)
    with pytest.raises(MissingExtraError) as caught:
        fitted(groups()[0], 2, library="faiss")
    assert str(caught.value) == (
        "library='faiss' needs faiss, which is not installed. "
        'Install it: pip install "relevanceai-local[faiss]", or leave library out.'
    )
