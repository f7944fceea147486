"""compare: the plain cases, and every mistake, from documents to a verdict."""

import json
from pathlib import Path

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.operations.cluster import ClusterOps

MIDDLES = {"left": -4.0, "right": 4.0, "near": 4.0}


def documents() -> list[dict[str, object]]:
    """`left` and `right` are far apart; `right` and `near` are halves of one cloud; `few` has two."""
    rng = np.random.default_rng(11)
    made: list[dict[str, object]] = []
    for name, middle in MIDDLES.items():
        for i in range(150):
            vector = rng.normal(size=12)
            if name != "left":
                vector[1] = abs(vector[1]) * (1 if name == "near" else -1)
            vector[0] += middle
            made.append(
                {
                    "_id": f"{name}-{i}",
                    "v_vector_": vector.tolist(),
                    "flat_vector_": rng.normal(size=4).tolist() if i % 3 else None,
                    "title": f"{name} {i}" if i % 2 else None,
                    "group": name,
                }
            )
    for i in range(2):
        made.append({"_id": f"few-{i}", "v_vector_": [0.0, 30.0 + i] + [0.0] * 10, "group": "few"})
    made.append({"_id": "lone", "v_vector_": [0.0, -30.0] + [0.0] * 10, "group": "lone"})
    made.append({"_id": "noise", "v_vector_": [50.0] * 12, "group": "outlier"})
    made.append({"_id": "bare", "title": "no vector", "group": "left"})
    return made


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    held = Client(tmp_path_factory.mktemp("compare") / "home").Dataset("clouds")
    held.insert_documents(documents())
    held.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="by-hand")
    return held


@pytest.fixture
def ops(dataset: Dataset) -> ClusterOps:
    return ClusterOps.from_dataset(dataset, alias="by-hand")


def test_two_groups_are_separate(ops: ClusterOps) -> None:
    found = ops.compare("left", "right")
    assert found.verdict == "separate"
    assert found.confidence > 0.95
    assert len(found.reasons) == 2
    assert found.suggestion == "Keep left and right apart."
    assert found.members == (150, 150)
    assert found.gap == pytest.approx(8.0, rel=0.1)
    assert found.cross_ratio < 0.02


def test_a_cut_through_one_cloud_is_the_same(ops: ClusterOps) -> None:
    found = ops.compare("near", "right")
    assert found.verdict == "same"
    assert found.suggestion.startswith("Merge near and right")
    assert found.separation < ops.compare("left", "near").separation


def test_two_members_are_too_few_and_so_is_one(ops: ClusterOps) -> None:
    for name, n in (("few", 2), ("lone", 1)):
        found = ops.compare("left", name)
        assert found.verdict == "undecided"
        assert found.reasons[0].startswith(f"Too few documents: 150 of left and {n} of {name}")
        assert found.boundary == ()
    assert ops.compare("lone", "few").verdict == "undecided"


def test_no_number_is_ever_nan_and_all_go_into_json(ops: ClusterOps) -> None:
    for pair in (("left", "right"), ("near", "right"), ("left", "lone"), ("few", "lone")):
        text = json.dumps(ops.compare(*pair).to_dict(), allow_nan=False)
        assert json.loads(text)["first"] == pair[0]


def test_the_same_seed_gives_the_same_answer(ops: ClusterOps) -> None:
    assert ops.compare("near", "right").to_dict() == ops.compare("near", "right").to_dict()


def test_boundary_documents_lie_between_in_order(ops: ClusterOps) -> None:
    found = ops.compare("near", "right", boundary=3)
    assert len(found.boundary) == 6
    places = [one.place for one in found.boundary]
    assert places == sorted(places)
    assert sum(one.cluster == "near" for one in found.boundary) == 3
    strip = [one.place for one in found.strip]
    assert strip == sorted(strip)
    assert found.strip[0].cluster == "near"
    assert found.strip[-1].cluster == "right"
    assert "v_vector_" not in found.strip[0].document


def test_a_sample_is_drawn_at_one_rate(ops: ClusterOps) -> None:
    found = ops.compare("left", "right", most=50)
    assert found.compared == (50, 50)
    assert found.members == (150, 150)
    assert found.verdict == "separate"


def test_each_vector_field_has_a_verdict_of_its_own(ops: ClusterOps) -> None:
    found = ops.compare("left", "right", vector_fields=["flat_vector_"])
    assert found.verdict == "separate"
    flat = found.fields["flat_vector_"]
    assert flat.verdict == "same"
    assert flat.lacking == (50, 50)
    assert flat.runner_up is None
    assert "In flat_vector_: same." in repr(found)


def test_a_cluster_with_itself_is_an_error_that_lists_the_others(ops: ClusterOps) -> None:
    with pytest.raises(InvalidInputError) as error:
        ops.compare("left", "left")
    assert str(error.value) == (
        "A comparison takes two clusters, but got 'left' twice. "
        "The others are: 'few', 'lone', 'near', 'right'."
    )


def test_an_unknown_cluster_is_an_error_that_lists_those_spelt_alike_first(ops: ClusterOps) -> None:
    with pytest.raises(NotFoundError) as error:
        ops.compare("left", "rihgt")
    assert str(error.value) == (
        "No cluster 'rihgt' in clustering 'by-hand' of dataset 'clouds'. "
        "It has: 'right', 'left', 'near', 'few', 'lone'."
    )
    with pytest.raises(NotFoundError, match="Noise is no cluster"):
        ops.compare("outlier", "left")


def test_odd_arguments_are_refused(ops: ClusterOps) -> None:
    with pytest.raises(InvalidInputError, match="most is a whole number from 2"):
        ops.compare("left", "right", most=1)
    with pytest.raises(InvalidInputError, match="boundary is a whole number"):
        ops.compare("left", "right", boundary=-1)
    with pytest.raises(NotFoundError, match="No vector field 'nowhere_vector_'"):
        ops.compare("left", "right", vector_fields="nowhere_vector_")


def test_identical_vectors_are_compared_without_a_crash(tmp_path: Path) -> None:
    held = Client(tmp_path / "home").Dataset("stones")
    held.insert_documents(
        [
            {"_id": f"d{i}", "v_vector_": [float(i % 3 == 0), 1.0], "group": i % 2}
            for i in range(120)
        ]
    )
    ops = held.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="all")
    found = ops.compare("cluster-0", "cluster-1")
    assert found.verdict in ("same", "undecided")
    json.dumps(found.to_dict(), allow_nan=False)


def test_it_is_shown_as_text_and_as_html(ops: ClusterOps) -> None:
    found = ops.compare("left", "right")
    assert repr(found).splitlines()[0] == (
        "left and right in v_vector_: separate (confidence above 0.99)"
    )
    html = found._repr_html_()
    assert "<b>separate</b>" in html
    assert "p-value</th><td>below 0.0001" in html
    assert "From left to right, along the axis:" in html


def test_the_picture_has_two_densities_and_a_mark_for_each_document(ops: ClusterOps) -> None:
    found = ops.compare("near", "right")
    axes = found.plot()
    assert axes.get_title() == "near and right: same"
    near, right, both = (line.get_ydata() for line in axes.lines[:3])
    np.testing.assert_allclose(both, near + right)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["near", "right", "both"]
    assert len(axes.lines) == 3 + len(found.strip)  # each, both, and the strip's
    assert len(axes.texts) == len(found.strip)
    with pytest.raises(InvalidInputError, match="too few documents"):
        ops.compare("left", "few").plot()


def test_what_differs_is_told_and_missing_texts_do_no_harm(ops: ClusterOps) -> None:
    found = ops.compare("left", "right")
    assert found.differences is not None
    assert found.differences.names == ("left", "right")
    assert any("'left'" in one for one in found.differences.sentences())
    assert "What differs:" in repr(found)
    assert ops.compare("left", "right", describe=False).differences is None


def test_two_groups_come_back_from_resamples_and_a_cut_less_often(ops: ClusterOps) -> None:
    apart = ops.compare("left", "right", draws=5, describe=False)
    assert apart.recovery is not None
    assert apart.recovery.both == 5
    assert "the two came back in 5 of 5 (left in 5, right in 5)" in repr(apart)
    cut = ops.compare("near", "right", draws=5, describe=False)
    assert cut.recovery is not None
    assert cut.recovery.both < 5


def test_names_with_markup_are_shown_as_text(tmp_path: Path) -> None:
    held = Client(tmp_path / "home").Dataset("odd")
    rng = np.random.default_rng(0)
    held.insert_documents(
        [
            {
                "_id": f"d{i}",
                "v_vector_": (rng.normal(size=3) + 9 * (i % 2)).tolist(),
                "title": "<script>alert(1)</script>",
                "group": "<b>x</b>" if i % 2 else "y",
            }
            for i in range(80)
        ]
    )
    ops = held.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="all")
    html = ops.compare("<b>x</b>", "y")._repr_html_()
    assert "<script>" not in html
    assert "<b>x</b>" not in html


def test_a_small_cluster_beside_a_large_one_says_what_would_help(ops: ClusterOps) -> None:
    found = ops.compare("left", "few", most=30, describe=False)
    assert found.compared == (30, 1)
    assert found.verdict == "undecided"
    assert found.suggestion == (
        "30 of 150 documents were drawn, and of the other cluster as many as fall to it at that rate: "
        "pass a larger most= to look at more."
    )
