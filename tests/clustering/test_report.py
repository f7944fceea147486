"""RunReport: kept with the clustering, read back, and lenient to records that lack it."""

import zipfile
from pathlib import Path

import pytest

from relevanceai import Client
from relevanceai.clustering import fitting, kmeans
from relevanceai.clustering.kept import kept_of
from relevanceai.clustering.moments import MOMENTS, moments_taken

FIXTURES = Path(__file__).parents[1] / "fixtures"


def test_the_report_of_a_run_is_kept_and_printed(own_small):
    own_small.cluster("kmeans", n_clusters=3, alias="three", random_state=5)
    report = own_small.ClusterOps(alias="three").run_report()
    assert (report.alias, report.vector_fields) == ("three", ("look_vector_",))
    assert report.model == "sklearn.cluster.KMeans"
    assert report.random_state == 5
    assert report.parameters["n_clusters"] == 3
    assert set(report.versions) == {"numpy", "scikit-learn"}
    assert report.seconds > 0
    assert report.inertia > 0
    assert report.sizes == own_small.ClusterOps(alias="three").sizes()
    assert (report.n_documents, report.n_unclustered, report.sample) == (60, 0, None)
    lines = str(report).splitlines()
    assert lines[0] == "clustering  three of look_vector_"
    assert lines[-1] == "clusters    3, of 10 to 30 documents"


def test_a_number_of_clusters_that_nobody_gave_is_told(own_small, capsys):
    report = own_small.cluster("kmeans", alias="by-rule").run_report()
    assert len(report.sizes) == 5
    assert report.count_rule == "round(sqrt(documents / 2)), from 2 to 50"
    assert "their number  not given: round(sqrt(documents / 2)), from 2 to 50" in str(report)
    assert capsys.readouterr().err == (
        "relevanceai: n_clusters was not given: 5 clusters of 60 documents, by "
        "round(sqrt(documents / 2)), from 2 to 50. Pass n_clusters for another number\n"
    )
    report = own_small.cluster("kmeans", n_clusters=5, alias="given").run_report()
    assert report.count_rule is None
    assert "not given" not in str(report)
    assert capsys.readouterr().err == ""


def test_the_report_stays_that_of_the_run(own_small):
    ops = own_small.cluster("kmeans", n_clusters=3, alias="three")
    own_small.delete_documents(["d0-00"])
    assert sum(ops.sizes().values()) == 59
    assert ops.run_report().n_documents == 60


def test_brought_labels_tell_where_they_came_from(own_small):
    labels = {f"d0-{i:02}": -1 if i < 4 else i % 2 for i in range(20)}
    report = own_small.set_cluster_labels(["look_vector_"], "mine", labels).run_report()
    assert report.model == "brought"
    assert report.parameters == {"source": "set_cluster_labels"}
    assert report.sizes == {"cluster-0": 8, "cluster-1": 8, "outlier": 4}
    assert report.n_unclustered == 40
    assert report.seconds is None
    assert "inertia" not in str(report)
    assert "outlier        4" in str(report)


def test_a_sample_is_told(own_small, monkeypatch, capsys):
    monkeypatch.setattr(fitting, "SAMPLED_ABOVE", 10)
    ops = own_small.cluster("kmeans", n_clusters=3, model_kwargs={"sample": 40}, alias="s")
    report = ops.run_report()
    assert report.sample == 40
    assert report.converged is True
    assert "trained on  a sample of 40 of them" in str(report)
    assert "a sample of 40 of 60 vectors" in capsys.readouterr().err


@pytest.mark.parametrize("is_large", [False, True])
def test_the_moments_of_a_run_are_kept_and_are_those_of_a_pass(own_small, monkeypatch, is_large):
    if is_large:
        monkeypatch.setattr(fitting, "SAMPLED_ABOVE", 10)
        monkeypatch.setattr(kmeans, "notice", lambda message: None)
    own_small.upsert_documents([{"_id": "d0-03", "look_vector_": None}])
    own_small.cluster("kmeans", n_clusters=3, alias="three")
    store = own_small.opened()
    one = next(one for one in store.clusterings() if one.alias == "three")
    kept = kept_of(store, one, MOMENTS)
    assert kept is not None
    for name, array in moments_taken(store, one).to_arrays().items():
        assert array.tobytes() == kept[name].tobytes(), name


def test_a_record_without_a_report_still_opens(tmp_path):
    with zipfile.ZipFile(FIXTURES / "format-1.zip") as archive:
        archive.extractall(tmp_path)
    dataset = Client(tmp_path).Dataset("shoes & boots")
    report = dataset.ClusterOps().run_report()
    assert report.model == "brought"
    assert report.sizes == {}
    assert report.n_documents == 0
    assert report.n_unclustered is None
    assert "documents" not in report.facts()


@pytest.mark.parametrize("name", ["kmeans", "minibatchkmeans"])
def test_an_interrupted_run_leaves_nothing(own_small, monkeypatch, name):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "SAMPLED_ABOVE", 10)
    monkeypatch.setattr("relevanceai.kernels.lloyd.Assigned.update", interrupted)
    version, records = own_small.version, own_small.opened().folder / "clusterings"
    before = sorted(records.iterdir())
    with pytest.raises(KeyboardInterrupt):
        own_small.cluster(name, n_clusters=3, alias="three")
    assert own_small.version == version
    assert sorted(records.iterdir()) == before
    assert own_small.list_cluster_aliases() == ["by-hand"]
    monkeypatch.undo()
    assert len(own_small.cluster(name, n_clusters=3, alias="three").sizes()) == 3  # no lock is held
