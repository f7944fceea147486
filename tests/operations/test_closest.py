"""closest() under both names of its metric, and pictures that lie outside the media folder."""

import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError


def test_the_metric_goes_by_either_name_but_not_by_two(small: Dataset) -> None:
    ops = small.ClusterOps()
    by_one = ops.closest(similarity_metric="l2", verbose=False)
    assert ops.closest(metric="l2", verbose=False) == by_one
    assert ops.closest(similarity_metric="l2", metric="l2", verbose=False) == by_one
    assert ops.furthest(metric="dp", verbose=False) == ops.furthest(
        similarity_metric="dp", verbose=False
    )
    assert len(ops.show_closest(metric="l2")) == 9
    with pytest.raises(InvalidInputError) as caught:
        ops.closest(similarity_metric="dp", metric="l2", verbose=False)
    assert str(caught.value) == (
        "similarity_metric is 'dp' and metric is 'l2', which are two names of one argument. "
        "Pass one of them."
    )


def test_pictures_outside_the_media_folder_are_told(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = client.Dataset("shop")
    dataset.insert_documents(
        [
            {"_id": f"{i}", "v_vector_": [float(i), 1.0], "photo": f"/pictures/{i}.png"}
            | {"link": "https://shop.example/a.png"}
            for i in range(4)
        ]
    )
    ops = dataset.set_cluster_labels("v_vector_", "x", [0, 0, 1, 1])
    capsys.readouterr()
    ops.show_closest(text_fields=["photo", "link"])
    assert capsys.readouterr().err == (
        "relevanceai: 'photo' names files of pictures that are not in the media folder, "
        f"{ops.media_folder}, the only one they are opened from. Copy them there\n"
    )
