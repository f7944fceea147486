"""fit: which way a model goes, streamed or whole, and what comes out of each."""

import numpy as np
import pytest

from relevanceai.clustering import fitting
from relevanceai.clustering.fitting import fit
from relevanceai.errors import InvalidInputError
from streamed_groups import Stream, groups, is_same_partition


def fitted(model, rows, **options):
    return fit(model, Stream(rows), **options)


@pytest.fixture
def all_is_large(monkeypatch):
    monkeypatch.setattr(fitting, "SAMPLED_ABOVE", 10)
    monkeypatch.setattr(fitting, "MOST_IN_MEMORY", 10)


@pytest.mark.parametrize("name", ["kmeans", "minibatchkmeans"])
def test_large_data_is_streamed_and_gives_the_same_clusters(name, all_is_large, monkeypatch):
    def refused(*args):
        raise AssertionError("all vectors were held")

    monkeypatch.setattr(fitting, "_all", refused)
    rows, true = groups(offset=1e4)
    found = fitted(name, rows, n_clusters=5, random_state=3)
    assert is_same_partition(found.labels, true)
    np.testing.assert_array_equal(found.row_ids, np.arange(300))
    assert found.described["params"]["n_clusters"] == 5
    assert found.described["random_state"] == 3
    again = fitted(name, rows, n_clusters=5, random_state=3)
    np.testing.assert_array_equal(found.labels, again.labels)


def test_what_made_large_clusters_is_described(all_is_large):
    rows, _ = groups()
    ours = fitted("kmeans", rows, n_clusters=5).described
    assert ours["model"] == "relevanceai.kmeans"
    assert set(ours["versions"]) == {"numpy", "numba"}
    run = ours["run"]
    assert run["sample"] is None
    assert run["converged"] is True
    assert run["iterations"] > 0
    assert run["seconds"] >= 0
    mini = fitted("minibatchkmeans", rows, n_clusters=5).described
    assert mini["model"] == "sklearn.cluster.MiniBatchKMeans"


@pytest.mark.parametrize(
    ("kwargs", "model"),
    [
        ({}, "sklearn.cluster.KMeans"),
        ({"n_init": 2}, "sklearn.cluster.KMeans"),
        ({"spherical": True}, "relevanceai.kmeans"),
        ({"sample": 100}, "relevanceai.kmeans"),
        ({"library": "relevanceai", "n_init": 2}, "relevanceai.kmeans"),
        ({"library": "scikit-learn", "algorithm": "elkan"}, "sklearn.cluster.KMeans"),
    ],
)
def test_small_data_goes_to_scikit_learn_unless_it_cannot(kwargs, model, capsys):
    rows, true = groups()
    found = fitted("kmeans", rows, n_clusters=5, model_kwargs=kwargs)
    assert found.described["model"] == model
    assert is_same_partition(found.labels, true)


def test_arguments_of_scikit_learn_alone_go_there_on_large_data(all_is_large):
    rows, _ = groups()
    found = fitted("kmeans", rows, n_clusters=5, model_kwargs={"algorithm": "elkan"})
    assert found.described["model"] == "sklearn.cluster.KMeans"


class Learner:
    """Splits at the mean of the first column, learnt a batch at a time; above 9 is noise."""

    def __init__(self):
        self.sum, self.count, self.largest = 0.0, 0, 0

    def partial_fit(self, rows):
        self.sum += float(rows[:, 0].sum())
        self.count += len(rows)
        self.largest = max(self.largest, len(rows))

    def predict(self, rows):
        return np.where(rows[:, 0] > 9, -1, 2 * (rows[:, 0] > self.sum / self.count))


def test_an_object_that_learns_in_batches_is_streamed(monkeypatch):
    monkeypatch.setattr("relevanceai.clustering.streaming.BATCH_ROWS", 50)
    rows = np.float32([[1], [2], [3], [4], [10]] * 30)
    model = Learner()
    found = fitted(model, rows)
    assert model.count == 150
    assert model.largest == 50
    assert found.labels[:5].tolist() == [0, 0, 0, 0, -1] if model.sum / 150 > 4 else True
    assert found.labels.tolist() == [0 if row <= 4 else -1 for row in rows.ravel()]
    assert found.moments.centroids().ravel().tolist() == [2.5]
    assert found.described["run"]["inertia"] == pytest.approx(120 * 1.25)


def test_an_object_that_can_do_both_is_streamed_only_where_it_is_large(monkeypatch, capsys):
    class Both(Learner):
        def fit_predict(self, rows):
            return np.zeros(len(rows), int)

    rows, _ = groups()
    assert set(fitted(Both(), rows).labels.tolist()) == {0}
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(fitting, "MOST_IN_MEMORY", 10)
    assert set(fitted(Both(), rows).labels.tolist()) == {0, 1}
    assert capsys.readouterr().err == (
        "relevanceai: the 0.0 GiB of vectors go through Both in batches, by partial_fit and then "
        "predict\n"
    )


def test_what_predict_returns_is_checked():
    class Short(Learner):
        def predict(self, rows):
            return [0]

    with pytest.raises(InvalidInputError) as caught:
        fitted(Short(), groups()[0])
    assert str(caught.value) == (
        "predict of Short returned an array of shape (1,). Expected one whole number a document, "
        "300 in all: -1 for noise, 0 or more for clusters."
    )


@pytest.mark.parametrize("name", ["kmeans", "hdbscan", "communitydetection"])
def test_every_way_tells_inertia_and_moments(name):
    rows, _ = groups()
    found = fitted(name, rows)
    inertia = 0.0
    for place in range(found.labels.max() + 1):
        members = rows[found.labels == place].astype(np.float64)
        assert found.moments.count[place] == len(members)
        inertia += ((members - members.mean(axis=0)) ** 2).sum()
    assert found.described["run"]["inertia"] == pytest.approx(inertia)


def test_centroids_to_start_from_are_not_dropped_on_large_data(all_is_large):
    # They were replaced by seeds of ours.
    rows, _ = groups()
    with pytest.raises(InvalidInputError, match="could not cluster"):
        fitted("minibatchkmeans", rows, n_clusters=5, model_kwargs={"init": [[0.0]]})


@pytest.mark.parametrize("name", ["kmeans", "minibatchkmeans"])
@pytest.mark.parametrize("exponent", [-110, 70, 110])
def test_the_unit_of_large_data_does_not_matter(name, exponent, all_is_large):
    # Products overflowed in float32: every row came back as noise.
    rows, true = groups(offset=2.0)
    found = fitted(name, np.ldexp(rows, exponent), n_clusters=5, random_state=3)
    assert is_same_partition(found.labels, true)


def test_one_broken_vector_leaves_no_row_without_a_cluster(all_is_large):
    rows, _ = groups()
    rows[7] = 1e20
    found = fitted("kmeans", rows, n_clusters=2)
    assert sorted(np.bincount(found.labels).tolist()) == [1, len(rows) - 1]
