"""fit_labels: every model, every awkward number of documents, every wrong argument."""

import json
import logging
import warnings

import numpy as np
import pytest

from relevanceai.clustering.model_names import MODEL_NAMES
from relevanceai.clustering.models import fit_labels
from relevanceai.errors import InvalidInputError

COUNTED = ("kmeans", "minibatchkmeans", "agglomerative", "birch", "gmm")
names = pytest.mark.parametrize("name", MODEL_NAMES)
counted = pytest.mark.parametrize("name", COUNTED)


def groups(n_groups, n_each=20, n_dims=5, *, noise=0.05, offset=0.0, seed=0):
    """Groups far apart, and the group of each row."""
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(n_groups), n_each)
    rng.shuffle(true)
    middles = 3.0 * rng.permutation(np.eye(max(n_groups, n_dims)))[:n_groups]
    vectors = offset + middles[true] + noise * rng.standard_normal((len(true), middles.shape[1]))
    return vectors.astype(np.float32), true


def is_same_partition(labels, true):
    pairs = set(zip(labels.tolist(), true.tolist(), strict=True))
    return len(pairs) == len(set(labels.tolist())) == len(set(true.tolist()))


def assert_sound(labels, n_documents):
    assert labels.dtype == np.int32
    assert labels.shape == (n_documents,)
    clusters = sorted(set(labels.tolist()) - {-1})
    assert clusters == list(range(len(clusters)))


@names
@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_each_model_finds_groups_that_are_far_apart(name, offset):
    if name == "communitydetection" and offset:
        pytest.skip("seen from the origin, what is far away lies in one direction")
    vectors, true = groups(4, offset=offset)
    labels, _ = fit_labels(name, vectors, n_clusters=4 if name in COUNTED else None)
    assert_sound(labels, len(vectors))
    assert is_same_partition(labels, true)


@pytest.mark.parametrize(("name", "argument"), [("kmeans", "init"), ("gmm", "means_init")])
def test_centroids_to_start_from_lie_where_the_vectors_lie(name, argument):
    # They stayed where they were while the vectors were shifted: gmm then found one cluster.
    vectors, true = groups(4, offset=100.0)
    vectors[true == 3] += 100.0
    starts = np.stack([vectors[true == one].mean(axis=0) for one in range(4)])
    kwargs = {argument: starts.tolist(), "max_iter": 1}
    labels, _ = fit_labels(name, vectors, n_clusters=4, model_kwargs=kwargs)
    assert is_same_partition(labels, true)


@pytest.mark.parametrize("starts", [[[1.0]], "nowhere", [[1.0], [1.0, 2.0]]])
def test_centroids_to_start_from_of_another_form_are_refused(starts):
    vectors, _ = groups(4)
    with pytest.raises(InvalidInputError):
        fit_labels("kmeans", vectors, n_clusters=4, model_kwargs={"init": starts})


@pytest.mark.parametrize("name", ["kmeans", "minibatchkmeans", "agglomerative", "birch", "gmm"])
@pytest.mark.parametrize("exponent", [-120, -70, 65, 110])
def test_the_unit_of_the_vectors_does_not_matter(name, exponent):
    # Squares left the range of float32: kmeans found one cluster, or answered at random.
    vectors, true = groups(4, offset=2.0)
    labels, _ = fit_labels(name, np.ldexp(vectors, exponent), n_clusters=4)
    assert is_same_partition(labels, true)


@counted
def test_a_million_from_the_origin_the_groups_are_still_found(name):
    vectors, true = groups(4, offset=1e6)
    labels, _ = fit_labels(name, vectors, n_clusters=4)
    assert is_same_partition(labels, true)


@names
@pytest.mark.parametrize("n_documents", [1, 2, 3, 4, 5, 6])
def test_few_documents_work_without_a_warning(name, n_documents):
    vectors = np.eye(6, dtype=np.float32)[:n_documents]
    labels, _ = fit_labels(name, vectors)
    assert_sound(labels, n_documents)


@names
@pytest.mark.parametrize("n_documents", [1, 2, 3, 20, 400])
def test_identical_vectors_work_without_a_warning(name, n_documents):
    vectors = np.full((n_documents, 3), 0.7, dtype=np.float32)
    labels, _ = fit_labels(name, vectors)
    assert_sound(labels, n_documents)
    if name not in {"agglomerative"}:
        assert len(set(labels.tolist())) == 1


@names
def test_all_zero_vectors_work(name):
    labels, _ = fit_labels(name, np.zeros((30, 2), dtype=np.float32))
    assert_sound(labels, 30)


@pytest.mark.parametrize("name", ["kmeans", "minibatchkmeans", "gmm", "birch"])
def test_fewer_distinct_vectors_than_clusters_give_fewer_clusters_and_a_log(name, caplog):
    vectors = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    with caplog.at_level(logging.WARNING, logger="relevanceai.clustering.models"):
        labels, _ = fit_labels(name, vectors, n_clusters=8)
    assert is_same_partition(labels, np.repeat(np.arange(3), 10))
    assert caplog.messages == [f"{name} was asked for 8 clusters and found 3."]


@pytest.mark.parametrize("name", sorted({*COUNTED} - {"minibatchkmeans"}))  # which may find fewer
def test_as_many_clusters_as_documents(name):
    vectors = 5 * np.eye(6, dtype=np.float32)
    labels, _ = fit_labels(name, vectors, n_clusters=6)
    assert sorted(labels.tolist()) == list(range(6))


@counted
def test_one_cluster_holds_everything(name):
    labels, description = fit_labels(name, groups(3)[0], n_clusters=1)
    assert set(labels.tolist()) == {0}
    assert 1 in description["params"].values()


@names
def test_the_same_seed_gives_the_same_labels_and_leaves_the_vectors_alone(name):
    vectors = np.random.default_rng(0).standard_normal((150, 4)).astype(np.float32)
    before = vectors.copy()
    vectors.flags.writeable = False
    first, _ = fit_labels(name, vectors, random_state=7)
    second, _ = fit_labels(name, vectors, random_state=7)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(vectors, before)


def test_no_seed_is_allowed_and_noted():
    _, description = fit_labels("kmeans", groups(2)[0], n_clusters=2, random_state=None)
    assert description["random_state"] is None


@pytest.mark.parametrize(
    "spelling", ["KMeans", "k-means", "K_MEANS", "MiniBatch-KMeans", "HDBSCAN"]
)
def test_case_and_dashes_in_a_name_do_not_matter(spelling):
    assert_sound(fit_labels(spelling, groups(2)[0])[0], 40)


@names
def test_the_description_is_json_and_names_what_was_used(name):
    _, description = fit_labels(name, groups(2)[0], random_state=3)
    again = json.loads(json.dumps(description, allow_nan=False))
    assert again == description
    assert set(description) == {"model", "params", "versions", "random_state"}
    is_ours = name == "communitydetection"
    assert str(description["model"]).startswith("relevanceai." if is_ours else "sklearn.")
    assert "._" not in str(description["model"])
    assert set(description["versions"]) == {"numpy", "relevanceai" if is_ours else "scikit-learn"}
    assert description["random_state"] == (3 if "random_state" in description["params"] else None)


def test_arguments_are_handed_on_and_go_before_our_defaults():
    vectors, _ = groups(3)
    _, description = fit_labels(
        "kmeans", vectors, n_clusters=3, model_kwargs={"n_init": 2, "max_iter": 5}
    )
    assert (description["params"]["n_init"], description["params"]["max_iter"]) == (2, 5)
    labels, _ = fit_labels("dbscan", vectors, model_kwargs={"eps": 100.0})
    assert set(labels.tolist()) == {0}


def test_angles_are_not_shifted():
    """Shifted to their mean, two directions would be one line through the origin."""
    vectors = np.float32([[1, 0.01], [5, 0], [9, 0.02], [0.01, 1], [0, 4], [0.01, 8]])
    labels, _ = fit_labels(
        "agglomerative",
        vectors,
        n_clusters=2,
        model_kwargs={"metric": "cosine", "linkage": "average"},
    )
    assert is_same_partition(labels, np.array([0, 0, 0, 1, 1, 1]))


@pytest.mark.parametrize(("n_documents", "n_init"), [(100, 10), (20_000, 3), (200_000, 1)])
def test_kmeans_starts_less_often_on_larger_data(n_documents, n_init):
    from relevanceai.clustering.models import _defaults

    vectors = np.broadcast_to(np.float32(0), (n_documents, 512))
    assert _defaults("kmeans", vectors, 20) == {"n_init": n_init}


class Returns:
    """A model that returns what it was told to."""

    def __init__(self, labels):
        self.labels = labels

    def fit_predict(self, vectors):
        assert vectors.dtype == np.float32
        return self.labels


@pytest.mark.parametrize(
    ("returned", "wanted"),
    [
        ([5, 5, 9], [0, 0, 1]),
        (np.array([2**40, -1, 7]), [1, -1, 0]),
        (np.array([1.0, 0.0, -1.0]), [1, 0, -1]),
        (np.uint8([3, 2, 1]), [2, 1, 0]),
        ([-1, -1, -1], [-1, -1, -1]),
    ],
)
def test_labels_of_an_object_are_renumbered_in_their_order(returned, wanted):
    labels, description = fit_labels(Returns(returned), np.eye(3, dtype=np.float32))
    assert labels.dtype == np.int32
    assert labels.tolist() == wanted
    assert description["params"] == {}


EXPECTED = "Expected one whole number a document, 3 in all: -1 for noise, 0 or more for clusters."


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, f"fit_predict of Returns returned nothing. {EXPECTED}"),
        ([0, 1], f"fit_predict of Returns returned an array of shape (2,). {EXPECTED}"),
        (
            np.zeros((3, 2)),
            f"fit_predict of Returns returned an array of shape (3, 2). {EXPECTED}",
        ),
        (
            [0.5, 1, 2],
            "fit_predict of Returns returned values of type float64 that are not whole numbers. "
            f"{EXPECTED}",
        ),
        (
            [0.0, np.nan, 2],
            "fit_predict of Returns returned values of type float64 that are not whole numbers. "
            f"{EXPECTED}",
        ),
        (
            np.array(["a", "b", "c"], dtype=object),
            "fit_predict of Returns returned values of type object that are not whole numbers. "
            f"{EXPECTED}",
        ),
        ([0, 1, -2], f"fit_predict of Returns returned the label -2. {EXPECTED}"),
    ],
)
def test_what_an_object_returns_is_checked(returned, message):
    with pytest.raises(InvalidInputError) as caught:
        fit_labels(Returns(returned), np.eye(3, dtype=np.float32))
    assert str(caught.value) == message


def test_a_scikit_learn_object_keeps_its_own_arguments():
    from sklearn.cluster import KMeans

    vectors, true = groups(3)
    model = KMeans(3, n_init=2, random_state=11)
    labels, description = fit_labels(model, vectors, n_clusters=3)
    assert is_same_partition(labels, true)
    assert description["model"] == "sklearn.cluster.KMeans"
    assert description["random_state"] == 11
    assert description["params"]["n_init"] == 2


def test_a_pipeline_can_be_described():
    from sklearn.cluster import KMeans
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), KMeans(2, n_init=1, random_state=0))
    labels, description = fit_labels(model, groups(2)[0])
    assert_sound(labels, 40)
    json.dumps(description, allow_nan=False)


def test_an_object_of_the_user_is_named_by_its_class():
    description = fit_labels(Returns([0, 0, 0]), np.eye(3, dtype=np.float32))[1]
    assert str(description["model"]).endswith("test_models.Returns")


def test_errors_and_warnings_of_an_object_come_out_unchanged():
    class Loud:
        def fit_predict(self, vectors):
            warnings.warn("my own", RuntimeWarning, stacklevel=1)
            return np.zeros(len(vectors), dtype=int)

    class Broken:
        def fit_predict(self, vectors):
            raise KeyError("mine")

    with pytest.warns(RuntimeWarning, match="^my own$"):
        fit_labels(Loud(), np.eye(3, dtype=np.float32))
    with pytest.raises(KeyError, match="mine"):
        fit_labels(Broken(), np.eye(3, dtype=np.float32))


def wrong(model="kmeans", vectors=None, **options):
    with pytest.raises(InvalidInputError) as caught:
        fit_labels(model, np.eye(3, dtype=np.float32) if vectors is None else vectors, **options)
    return str(caught.value)


def test_an_unknown_name_lists_the_names():
    assert wrong("kmean") == (
        "No clustering model 'kmean'. There are: 'kmeans', 'minibatchkmeans', 'dbscan', "
        "'agglomerative', 'hdbscan', 'communitydetection', 'gmm', 'birch'. "
        "Pass one of them, or an object with fit_predict."
    )


@counted
def test_more_clusters_than_documents(name):
    assert wrong(name, n_clusters=4) == (
        f"{name!r} was asked for 4 clusters of 3 documents with vectors. "
        "Pass n_clusters=3 or fewer."
    )


@pytest.mark.parametrize("count", [0, -1, True, 2.5, "8"])
def test_a_number_of_clusters_that_is_none(count):
    assert wrong(n_clusters=count) == (
        f"'kmeans' was asked for n_clusters={count!r}. Pass a whole number of 1 or more."
    )


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, True, "a"])
def test_a_seed_that_is_none(seed):
    assert wrong(random_state=seed) == (
        f"Clustering was asked for random_state={seed!r}. "
        "Pass a whole number from 0 to 4294967295, or None."
    )


@pytest.mark.parametrize("name", ["hdbscan", "dbscan"])
def test_a_number_of_clusters_for_a_model_that_finds_it(name):
    assert wrong(name, n_clusters=3) == (
        f"{name!r} was asked for n_clusters=3, but finds the number of clusters itself. "
        "Leave n_clusters out, or use 'kmeans'."
    )


@pytest.mark.parametrize("shape", [(0, 3), (3,), (2, 2, 2)])
def test_no_vectors(shape):
    assert wrong(vectors=np.zeros(shape, dtype=np.float32)) == (
        f"Clustering was asked for an array of shape {shape}. "
        "Pass a two-dimensional array with at least one vector."
    )


def test_arguments_that_the_model_does_not_take():
    unknown = wrong("dbscan", model_kwargs={"epsilon": 1})  # what it takes is scikit-learn's matter
    beginning = "The model 'dbscan' takes no argument 'epsilon'. It takes: 'eps', "
    assert unknown.startswith(beginning)
    assert {"'metric'", "'min_samples'"} < set(unknown[len(beginning) : -1].split(", "))
    assert wrong("gmm", model_kwargs={"n_components": 2}) == (
        "The model 'gmm' was given 'n_components' among its own arguments. "
        "Pass it as n_clusters=... instead."
    )
    assert wrong("kmeans", model_kwargs={"random_state": 2}) == (
        "The model 'kmeans' was given 'random_state' among its own arguments. "
        "Pass it as random_state=... instead."
    )


def test_arguments_that_the_model_refuses():
    message = wrong("kmeans", n_clusters=2, model_kwargs={"max_iter": -1})
    assert message.startswith("The model 'kmeans' could not cluster: The 'max_iter' parameter")


def test_too_many_pairs_for_agglomerative():
    vectors = np.broadcast_to(np.float32(0), (100_000, 2))
    assert wrong("agglomerative", vectors=vectors) == (
        "'agglomerative' was asked to cluster 100,000 documents, which takes 37.3 GiB for their "
        "pairs. Use 'kmeans', 'minibatchkmeans' or 'birch', or pass a model object of your own."
    )


def test_a_class_an_object_without_fit_predict_and_arguments_beside_an_object():
    assert wrong(Returns) == (
        "The class Returns was passed as a clustering model. Pass an object: model=Returns(...)."
    )
    assert wrong(3.5) == (
        "A float was passed as a clustering model, but has no fit_predict, nor partial_fit and "
        "predict. Pass an object that has, or one of: 'kmeans', 'minibatchkmeans', "
        "'agglomerative', 'birch', 'gmm', 'hdbscan', 'communitydetection', 'dbscan'."
    )
    assert wrong(Returns([0, 0, 0]), n_clusters=2) == (
        "n_clusters=2 was passed beside a Returns object, which carries its own. "
        "Set it on the object and leave n_clusters out."
    )
    assert wrong(Returns([0, 0, 0]), model_kwargs={"eps": 1}) == (
        "Arguments 'eps' were passed beside a Returns object, which carries its own. "
        "Set them on the object."
    )
