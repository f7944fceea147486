"""The catalogue: enough of each kind, drawn the same every time, described without being told."""

from collections import Counter
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from relevanceai.samples import catalogue
from relevanceai.samples.catalogue import FIELDS, KINDS, N_PRODUCTS, documents, products
from relevanceai.samples.design import Dice
from relevanceai.samples.picture_vectors import pixels_vector
from relevanceai.samples.sketch import Sketch
from relevanceai.samples.title_vectors import rarity, title_vectors
from relevanceai.samples.wording import WORDS

BOOTS = {"ankle_boot", "high_boot", "rain_boot"}
SHOES = {"trainer", "loafer", "heel", "sandal"}


def test_there_are_a_thousand_products_of_sixteen_kinds():
    assert N_PRODUCTS == len(products()) == 1000
    assert len(KINDS) == 16
    assert set(KINDS) == set(WORDS)
    assert Counter(p.kind for p in products()) == {kind: n for kind, (_, n) in KINDS.items()}


def test_kinds_are_mixed_from_the_start():
    assert len({p.kind for p in products()[:60]}) == len(KINDS)


def test_ids_and_links_are_unique():
    assert len({p.words["_id"] for p in products()}) == N_PRODUCTS
    assert len({p.words["product_link"] for p in products()}) == N_PRODUCTS


def test_links_lead_nowhere_real():
    for product in products():
        source = product.words["source"]
        assert source.endswith(".example")
        assert product.words["product_link"].startswith(f"https://{source}/p/")


def test_prices_fit_their_kind():
    for product in products():
        low, high = WORDS[product.kind].price
        assert low <= product.words["product_price"] <= high + 1


def test_titles_name_colour_and_are_tidy():
    for product in products():
        title = product.words["product_title"]
        assert "  " not in title
        assert title == title.strip(" ,-")
        assert product.design.colour.split()[0] in title
        words = title.split()
        assert all(a != b for a, b in pairwise(words)), title


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_can_be_painted_and_stays_on_the_sheet(kind):
    design_one, _ = KINDS[kind]
    for number in range(6):
        sketch = Sketch()
        design_one(Dice(7, number)).paint(sketch)
        pixels = np.asarray(sketch.finished()).astype(int)
        off = (np.abs(pixels - pixels[0, 0]) > 60).any(axis=2)
        assert 0.02 < off.mean() < 0.75
        assert off[:, [0, -1]].mean() < 0.05


def test_products_of_one_kind_differ():
    pictures = {d["product_image"] for d in documents(60, fields=("_id", "product_image"))}
    assert len(pictures) == 60


def test_two_builds_are_equal_byte_for_byte():
    first, second = list(documents(25)), list(documents(25))
    for one, other in zip(first, second, strict=True):
        assert list(one) == list(other) == list(FIELDS)
        for field in FIELDS:
            if field.endswith("_vector_"):
                np.testing.assert_array_equal(one[field], other[field])
            else:
                assert one[field] == other[field]


def test_a_document_does_not_depend_on_how_many_are_asked_for():
    few, more = list(documents(3)), list(documents(9))
    for one, other in zip(few, more, strict=False):
        assert one["product_image"] == other["product_image"]
        np.testing.assert_array_equal(
            one["product_title_clip_vector_"], other["product_title_clip_vector_"]
        )


def test_vectors_come_from_the_picture_and_the_title_alone():
    titles = [p.words["product_title"] for p in products()]
    for document in documents(12):
        with Image.open(BytesIO(document["product_image"])) as picture:
            described = pixels_vector(picture.convert("RGB"))
        np.testing.assert_array_equal(document["product_image_clip_vector_"], described)
        np.testing.assert_array_equal(
            document["product_title_clip_vector_"],
            title_vectors([document["product_title"]], rarity(titles))[0],
        )


def test_a_product_filed_under_another_kind_keeps_its_vectors(monkeypatch):
    plain = list(documents(4))
    swapped = tuple(
        catalogue.Product(p.number, "hat", p.design, p.dice, p.words) for p in products()
    )
    monkeypatch.setattr(catalogue, "products", lambda: swapped)
    for one, other in zip(plain, documents(4), strict=True):
        for field in ("product_image_clip_vector_", "product_title_clip_vector_"):
            np.testing.assert_array_equal(one[field], other[field])


def test_pictures_are_small_png_files():
    sizes = []
    for document in documents(40, fields=("_id", "product_image")):
        with Image.open(BytesIO(document["product_image"])) as picture:
            assert (picture.format, picture.size, picture.mode) == ("PNG", (160, 160), "RGB")
        sizes.append(len(document["product_image"]))
    assert np.mean(sizes) < 8000
    assert max(sizes) < 16000


def test_without_pictures_nothing_is_drawn(monkeypatch):
    def refuse(*_args: object) -> None:
        raise AssertionError("drawn")

    monkeypatch.setattr(catalogue, "photograph", refuse)
    made = list(documents(fields=("_id", "product_title", "product_title_clip_vector_")))
    assert len(made) == N_PRODUCTS


@pytest.fixture(scope="module")
def described() -> tuple[np.ndarray, np.ndarray]:
    found = list(documents(fields=("_id", "product_image_clip_vector_")))
    vectors = np.stack([d["product_image_clip_vector_"] for d in found])
    return vectors, np.array([p.kind for p in products()])


@pytest.mark.slow
def test_all_picture_vectors_are_finite_and_of_unit_norm(described):
    vectors, _ = described
    assert vectors.shape == (1000, 512)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("random_state", range(4))
def test_boots_and_shoes_are_two_clusters_and_among_the_closest(described, random_state):
    from sklearn.cluster import KMeans

    vectors, kinds = described
    labels = KMeans(n_clusters=8, n_init=10, random_state=random_state).fit_predict(vectors)
    share = {
        name: np.array([np.isin(kinds[labels == c], list(group)).mean() for c in range(8)])
        for name, group in (("boots", BOOTS), ("shoes", SHOES))
    }
    boots, shoes = int(share["boots"].argmax()), int(share["shoes"].argmax())
    assert boots != shoes
    assert share["boots"][boots] >= 0.6
    assert share["shoes"][shoes] >= 0.6
    centroids = np.stack([vectors[labels == c].mean(axis=0) for c in range(8)])
    units = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    cosine_similarity = units @ units.T
    pairs = sorted(
        ((cosine_similarity[i, j], {i, j}) for i in range(8) for j in range(i)),
        key=lambda pair: -pair[0],
    )
    assert {boots, shoes} in [pair for _, pair in pairs[:3]]
    assert 0.45 < pairs[7][0] < pairs[0][0] < 0.9


def test_searches_do_not_ask_for_another_wearer():
    for product in products():
        title, query = product.words["product_title"], product.words["query"].split()
        if "Women's" in title:
            assert "mens" not in query
        elif "Men's" in title:
            assert not {"women", "womens"} & set(query)
