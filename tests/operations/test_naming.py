"""ops.names(): names a colleague would understand, scored on documents held out."""

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.namer import ToName

COLOURS = ("red", "blue", "green", "grey")


def shop(client: Client, **fields: list[object]) -> ClusterOps:
    """Three clusters of 30: boots, shoes (near the boots) and hats, with some fields."""
    rng = np.random.default_rng(5)
    middles = np.array([[0.0, 0, 9], [1, 0, 9], [9, 9, 0]])
    documents = [
        {
            "_id": f"p{i:03}",
            "v_vector_": (middles[i // 30] + 0.1 * rng.normal(size=3)).tolist(),
            "cluster": ("boots", "shoes", "hats")[i // 30],
            **{name: values[i] for name, values in fields.items() if values[i] is not None},
        }
        for i in range(90)
    ]
    dataset = client.Dataset("shop")
    dataset.insert_documents(documents)
    ops = dataset.cluster(byo_cluster_field="cluster", vector_fields=["v_vector_"], alias="a")
    dataset.drop_field("cluster")
    return ops


def titles() -> list[object]:
    kinds = ("Ankle Boots", "Running Shoes", "Straw Hat")
    return [f"{COLOURS[i % 4].title()} {kinds[i // 30]}, size {i}" for i in range(90)]


def test_each_cluster_gets_its_name_in_the_spelling_of_its_texts(client: Client) -> None:
    found = shop(client, title=titles()).names()
    assert found["cluster"].tolist() == ["boots", "hats", "shoes"]
    assert found["name"].tolist() == ["Ankle Boots", "Straw Hat", "Running Shoes"]
    assert found["auroc"].tolist() == [1.0, 1.0, 1.0]
    assert (found["auroc_low"] > 0.7).all()
    assert found["sibling"].tolist() == ["shoes", "shoes", "boots"]
    assert found["documents"].tolist() == [30, 30, 30]
    assert found["note"].tolist() == ["", "", ""]


def test_names_of_the_same_words_are_vague_and_numbered(client: Client) -> None:
    rng = np.random.default_rng(1)
    same = [" ".join(rng.choice(COLOURS, 2)) for _ in range(90)]
    found = shop(client, title=same).names("title")
    assert found["name"].is_unique
    assert (found["auroc"] < 0.8).all()
    assert found["note"].str.contains("too vague: tells it from").any()


def test_without_text_categories_make_the_names(client: Client) -> None:
    kinds = [("winter boots", "running", "sun hats")[i // 30] for i in range(90)]
    found = shop(client, kind=kinds, colour=[COLOURS[i % 4] for i in range(90)]).names()
    assert found["name"].tolist() == ["kind: winter boots", "kind: sun hats", "kind: running"]


def test_without_any_words_the_closest_document_stands_for_the_cluster(client: Client) -> None:
    ops = shop(client)
    closest = ops.closest(page_size=1, similarity_metric="l2", verbose=False)["results"]
    found = ops.names()
    assert found["name"].tolist() == [
        f"like {closest[cluster_id]['results'][0]['_id']}" for cluster_id in found["cluster"]
    ]
    assert found["auroc"].isna().all()
    assert found["note"].str.startswith("named after the document closest").all()


def test_a_field_of_numbers_names_nothing(client: Client) -> None:
    ops = shop(client, price=[float(i) for i in range(90)])
    with pytest.raises(InvalidInputError) as caught:
        ops.names("price")
    assert str(caught.value) == (
        "Field 'price' of dataset 'shop' has no value that can be read as text, so clusters cannot "
        "be named by it. Pass text_fields=[...] with a field of text, or leave it out."
    )


def test_labels_in_numbers_name_nothing(client: Client) -> None:
    ops = shop(client, shelf=[i // 30 for i in range(90)])
    assert ops.names()["name"].str.startswith("like p").all()
    with pytest.raises(InvalidInputError, match="cannot be named by it"):
        ops.names("shelf")


def test_a_field_that_is_not_there_is_named_with_those_that_are(client: Client) -> None:
    ops = shop(client, title=titles())
    with pytest.raises(
        NotFoundError, match=r"^No field 'titel' in dataset 'shop'. It has: 'title'"
    ):
        ops.names("titel")
    with pytest.raises(InvalidInputError, match="holds vectors, which have no words"):
        ops.names(["v_vector_"])
    with pytest.raises(InvalidInputError, match="text_fields is the name of a field"):
        ops.names([])
    with pytest.raises(NotFoundError, match="No cluster 'boot'"):
        ops.names(cluster_ids=["boot"])
    with pytest.raises(InvalidInputError, match="most is a whole number from 1"):
        ops.names(most=0)


def test_documents_without_text_take_no_part_and_are_counted(client: Client) -> None:
    some = [title if i % 2 else None for i, title in enumerate(titles())]
    found = shop(client, title=some).names("title")
    assert found["name"].tolist() == ["Ankle Boots", "Straw Hat", "Running Shoes"]
    assert found["note"].tolist() == ["15 of 30 documents have no text"] * 3


def test_few_documents_are_named_and_not_scored(client: Client) -> None:
    found = shop(client, title=titles()).names("title", most=12, cluster_ids="hats")
    assert found["name"].tolist() == ["Straw Hat"]
    assert np.isnan(found["auroc"][0])
    assert found["sampled"].tolist() == [12]
    assert found["note"][0] == "not scored: 4 documents could be held out, 5 are needed"


def test_hostile_texts_are_named_like_any_other(client: Client) -> None:
    rows: list[object] = [
        "<script>alert(1)</script> boots",
        "\u202eboots\u202c",
        "boots " * 20_000,
        "boots & <b>more",
        "👢 boots",
    ]
    texts = [rows[i % 5] if i < 30 else ("مرحبا حذاء" if i < 60 else "帽子很好") for i in range(90)]
    found = shop(client, title=texts).names("title")
    assert found["name"].tolist()[0] == "boots"
    assert all(found["name"])
    assert all("<" not in name and "\u202e" not in name for name in found["name"])


def test_a_namer_is_told_what_a_name_needs_and_its_names_are_scored(client: Client) -> None:
    told: list[ToName] = []

    def namer(about: ToName) -> str:
        told.append(about)
        return f"The  {about.keywords[0]}\nshelf"

    found = shop(client, title=titles()).names("title", namer=namer)
    assert found["name"].tolist() == [
        "The Ankle Boots shelf",
        "The Straw Hat shelf",
        "The Running Shoes shelf",
    ]
    assert found["auroc"].tolist() == [1.0, 1.0, 1.0]
    assert told[0].cluster == "boots"
    assert told[0].n_documents == 30
    assert len(told[0].exemplars) == 5
    assert all("Ankle Boots" in text for text in told[0].exemplars)
    assert list(told[0].siblings) == ["shoes", "hats"]
    assert told[0].siblings["shoes"][0] == "Running Shoes"


def test_a_namer_is_asked_only_for_the_clusters_asked_for(client: Client) -> None:
    told: list[str] = []

    def namer(about: ToName) -> str:
        told.append(about.cluster)
        return "hats of straw"

    found = shop(client, title=titles()).names("title", cluster_ids="hats", namer=namer)
    assert told == ["hats"]
    assert found["name"].tolist() == ["hats of straw"]


def test_categories_of_one_letter_are_names(client: Client) -> None:
    sizes: list[object] = [("S", "M", "7")[i // 30] for i in range(90)]
    assert shop(client, size=sizes).names()["name"].tolist() == ["S", "7", "M"]


def test_a_category_is_named_by_its_most_usual_values_whether_asked_for_or_found(
    client: Client,
) -> None:
    kind = ["t-shirt"] * 24 + ["vest"] * 6 + ["t-shirt"] * 27 + ["vest"] * 3 + ["sun hat"] * 30
    ops = shop(client, kind=kind)
    named = ops.names("kind")
    assert named["name"].tolist() == ["t-shirt", "sun hat", "t-shirt (2)"]
    assert named["keywords"][0] == ["t-shirt", "vest"]
    assert named["note"][2].endswith("the same words as another cluster")
    assert ops.names().equals(named)


def test_a_namer_that_says_the_same_of_all_is_numbered_and_not_scored(client: Client) -> None:
    found = shop(client, title=titles()).names("title", namer=lambda about: "stuff")
    assert found["name"].tolist() == ["stuff", "stuff (2)", "stuff (3)"]
    assert found["note"][1] == (
        "by the namer; not scored: none of its words is in these documents; "
        "the same words as another cluster"
    )


def test_a_namer_that_fails_is_an_error_that_names_the_cluster(client: Client) -> None:
    ops = shop(client, title=titles())

    def broken(about: ToName) -> str:
        raise KeyError("model")

    with pytest.raises(InvalidInputError) as caught:
        ops.names("title", namer=broken)
    assert str(caught.value) == (
        "The namer failed for 'boots': KeyError: 'model'. "
        "No names were kept. Make it return a text for every cluster."
    )
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(InvalidInputError, match=r"^namer is a function .* but got 'gpt'"):
        ops.names("title", namer="gpt")  # type: ignore[arg-type]
    for wrong in (None, "  ", "x" * 121):
        with pytest.raises(InvalidInputError, match=r"^The namer returned .* for 'boots'"):
            ops.names("title", namer=lambda about, wrong=wrong: wrong)


def test_one_cluster_is_named_and_told_from_nothing(client: Client) -> None:
    dataset = client.Dataset("one")
    dataset.insert_documents(
        [{"_id": f"{i}", "v_vector_": [1.0, i], "c": 0, "t": f"boot number {i}"} for i in range(9)]
    )
    ops = dataset.cluster(byo_cluster_field="c", vector_fields=["v_vector_"], alias="a")
    found = ops.names("t")
    assert found["sibling"].tolist() == [None]
    assert found["note"].tolist() == ["not scored: there is no other cluster to tell it from"]


@pytest.mark.slow
def test_the_sample_is_named_as_a_person_would(sample: Dataset) -> None:
    names = sample.ClusterOps().names("product_title").set_index("cluster")
    assert "Boots" in names.loc["cluster-3", "name"]
    assert "Shoes" in names.loc["cluster-1", "name"]
    assert "Dress" in names.loc["cluster-0", "name"]
    assert (names["auroc"] > 0.65).all()
    assert names["name"].is_unique


def test_categories_beside_a_text_are_said_to_be_left_out(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = titles()
    ops = shop(client, title=texts, kind=["ab"[i % 2] for i in range(len(texts))])
    capsys.readouterr()
    ops.names(["title", "kind"])
    assert capsys.readouterr().err == (
        "relevanceai: names are made of the words of 'title'; 'kind' holds categories, which name "
        "clusters only where no field of text is asked for, too\n"
    )
