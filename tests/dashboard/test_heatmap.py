"""The heat map: its numbers are the clustering's own; its page works without script."""

import re
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.conftest import ALIAS, FIELD, HOST, MakeClient
from tests.dashboard.test_pages import Reader, read

from relevanceai.client import Client
from relevanceai.dashboard.heatmap_data import FULL_SCALE, MISSING, TILE, exact_rows, tile

RUN = f"/d/shop/c/{FIELD}/{ALIAS}"


def data_of(page, run: str = RUN, query: str = "") -> dict:
    text = page.get(run + query).text
    address = re.search(r'data-src="([^"]*)"', text)[1].replace("&amp;", "&")
    response = page.get(urljoin(f"http://{HOST}{run}", address))
    assert response.status_code == 200
    assert response.headers["cache-control"].endswith("immutable")
    return response.json()


def decoded(page, data: dict, y: int = 0, x: int = 0) -> np.ndarray:
    codes = np.frombuffer(page.get(f"/{data['tiles']}/0/{y}/{x}").content, "<u2")
    return data["lo"] + codes / FULL_SCALE * (data["hi"] - data["lo"])


# ---------------------------------------------------------------- numbers


def test_the_tile_holds_the_similarities_of_the_clustering(page, shop_home: Path):
    ops = Client(shop_home).ClusterOps("shop", alias=ALIAS, vector_fields=[FIELD])
    wanted = ops.centroid_similarity("cosine")
    data = data_of(page)
    assert data["ids"] == list(wanted.index)
    assert data["labels"] == ["cluster-0", "cluster-1", "cluster-2", "cluster-3"]
    np.testing.assert_allclose(decoded(page, data), wanted.to_numpy().ravel(), atol=2e-5)
    for i, row in enumerate(data["exact"]):
        np.testing.assert_allclose(row, wanted.to_numpy()[i, : i + 1], atol=1e-6)


def test_the_order_by_likeness_is_the_linkage_order(page, shop_home: Path):
    ops = Client(shop_home).ClusterOps("shop", alias=ALIAS, vector_fields=[FIELD])
    data = data_of(page, query="?order=linkage")
    assert data["ids"] == ops.linkage_order("cosine")
    wanted = ops.centroid_similarity("cosine").loc[data["ids"], data["ids"]].to_numpy()
    np.testing.assert_allclose(decoded(page, data), wanted.ravel(), atol=2e-5)


def test_thumbnails_of_the_axes_are_pictures(page):
    for address in data_of(page)["thumbs"]:
        assert page.get(f"/{address}").headers["content-type"] == "image/webp"


@given(st.integers(1, 600), st.integers(0, 2**32 - 1))
def test_tiles_cover_the_matrix_and_mirror_each_other(n: int, seed: int):
    rng = np.random.default_rng(seed)
    half = rng.uniform(-1, 1, (n, n))
    matrix = (half + half.T) / 2
    order = rng.permutation(n)
    ordered = matrix[np.ix_(order, order)]
    last = -(-n // TILE)
    for y in range(last):
        for x in range(last):
            part = ordered[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE]
            codes = np.frombuffer(tile(matrix, order, y, x), "<u2").reshape(part.shape)
            np.testing.assert_allclose(codes / FULL_SCALE * 2 - 1, part, atol=1.6e-5)
            mirror = np.frombuffer(tile(matrix, order, x, y), "<u2").reshape(part.shape[::-1])
            assert (codes == mirror.T).all()
    assert tile(matrix, order, last, 0) == b""


def test_values_that_are_missing_or_outside_are_marked_or_clipped():
    matrix = np.array([[1.5, np.nan], [-np.inf, -1.5]])
    codes = np.frombuffer(tile(matrix, np.arange(2), 0, 0), "<u2")
    assert codes.tolist() == [FULL_SCALE, MISSING, MISSING, 0]
    assert exact_rows(matrix, np.arange(2)) == [[1.5], [None, -1.5]]


def test_a_thousand_clusters_come_in_tiles(browse: MakeClient, many_home: Path):
    browser = browse(many_home)
    data = data_of(browser, "/d/many/c/text_vector_/thousand", "?order=id")
    assert len(data["ids"]) == 1_000
    assert data["exact"] is None
    assert len(decoded(browser, data, 3, 3)) == (1_000 - 3 * TILE) ** 2
    assert len(decoded(browser, data, 0, 3)) == TILE * (1_000 - 3 * TILE)


@pytest.mark.parametrize(
    "part", ["id/1/0/0", "id/0/1/0", "id/0/0/999999999999", "up/0/0/0", "id/0/-1/0", "id/0/x/0"]
)
def test_tiles_that_do_not_exist_are_not_found(page, part: str):
    tiles = data_of(page)["tiles"].rsplit("/", 1)[0]
    assert page.get(f"/{tiles}/{part}").status_code == 404


def test_a_clustering_that_changed_says_so(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("one")
    dataset.insert_documents([{"_id": str(i), "v_vector_": [i, 1.0]} for i in range(6)])
    dataset.set_cluster_labels(["v_vector_"], "a", [0, 0, 1, 1, 2, 2])
    browser = browse(tmp_path)
    run = "/d/one/c/v_vector_/a"
    before = data_of(browser, run)
    dataset.upsert_documents([{"_id": "0", "v_vector_": [50.0, -9.0]}])
    response = browser.get(f"/{before['tiles']}/0/0/0")
    assert response.status_code == 409
    after = data_of(browser, run)
    assert after["tiles"] != before["tiles"]
    asked = {"a": "cluster-0", "b": "cluster-1", "fragment": "1"}
    old, new = (each["tiles"].split("/tiles/")[1].split("/")[0] for each in (before, after))
    assert browser.get(run, params={**asked, "revision": old}).status_code == 409
    assert browser.get(run, params={**asked, "revision": new}).status_code == 200
    assert browser.get(run, params=asked).status_code == 200


# ---------------------------------------------------------------- the page


def test_a_pair_is_judged_when_asked_and_not_before(page, shop_home: Path):
    pair = {"a": "cluster-0", "b": "cluster-2"}
    before = page.get(RUN, params=pair)
    (address,) = re.findall(r'href="([^"]*judge=1[^"]*)"', before.text)
    assert "Are they really two?" in before.text
    ops = Client(shop_home).ClusterOps("shop", alias=ALIAS, vector_fields=[FIELD])
    found = ops.compare("cluster-0", "cluster-2", describe=False)
    asked = urljoin(f"http://{HOST}{RUN}", address.replace("&amp;", "&"))
    for where in (asked, asked.replace("#", "&fragment=1#")):
        seen = read(page, where.removeprefix(f"http://{HOST}"))
        words = " ".join([*seen.text("span"), *seen.text("li")])
        assert f"{found.verdict.capitalize()}." in seen.text("b")
        assert found.suggestion in words
        assert all(reason in words for reason in found.reasons)
        assert "Are they really two?" not in seen.text("a")
        assert found.suggestion not in before.text


def test_one_cluster_is_not_judged(page):
    seen = page.get(RUN, params={"a": "cluster-1", "b": "cluster-1", "judge": "1"})
    assert seen.status_code == 200
    assert "really two" not in seen.text
    assert 'class="verdict"' not in seen.text


def test_the_page_ranks_pairs_and_shows_the_most_similar_side_by_side(page, shop_home: Path):
    ops = Client(shop_home).ClusterOps("shop", alias=ALIAS, vector_fields=[FIELD])
    pairs = ops.closest_centroids(10)
    seen = read(page, RUN)
    assert "Most similar pairs" in seen.text("h2")
    shown = [text for text in seen.text("b") if re.fullmatch(r"-?\d\.\d{3}", text)]
    assert shown[1:] == [
        f"{0.0 if abs(value) < 5e-4 else value:.3f}" for value in pairs["similarity"]
    ]
    assert shown[0] == shown[1]
    assert "The most similar of 6 pairs." in seen.text("p")
    panel = page.get(RUN + "?fragment=1").text
    wanted = ops.closest(["cluster-0", "cluster-1"], page_size=6, verbose=False)["results"]
    titles = re.findall(r'card-title wrap">([^<]*)<', panel)
    assert titles == [
        document["item_title"] for found in wanted.values() for document in found["results"]
    ]


def test_each_pair_is_a_link_that_works_without_script(page):
    seen = read(page, RUN)
    links = [a["href"] for a in seen.of("a") if a.get("data-a")]
    assert len(links) == 6
    for link, a, b in zip(
        links,
        [a["data-a"] for a in seen.of("a") if a.get("data-a")],
        [a["data-b"] for a in seen.of("a") if a.get("data-a")],
        strict=True,
    ):
        beside = read(page, urljoin(f"http://{HOST}{RUN}", link.partition("#")[0]))
        sides = [text for text in beside.text("a") if text in ("cluster-" + c[-1] for c in (a, b))]
        assert len(sides) >= 2
        assert f"{a}" in str(beside.of("div"))


def test_the_diagonal_shows_one_cluster(page):
    seen = read(page, f"{RUN}?a=cluster-2&b=cluster-2&fragment=1")
    assert seen.text("h2") == ["cluster-2"]
    assert "One cluster: its documents closest to the centroid." in seen.text("p")
    assert len(seen.of("ol")) == 1


@pytest.mark.parametrize("query", ["a=cluster-3&b=cluster-0", "a=cluster-0&b=cluster-3"])
def test_a_pair_reads_the_same_both_ways(page, query: str):
    seen = read(page, f"{RUN}?{query}&fragment=1")
    assert seen.text("a") == ["Are they really two?", "cluster-0", "cluster-3"]


def test_an_unknown_cluster_lists_the_others(page):
    response = page.get(f"{RUN}?a=cluster-0&b=boots")
    assert response.status_code == 404
    assert Reader(response.text).text("h1") == ["There is no cluster “boots”"]


@pytest.mark.parametrize(
    "query", ["order=x&range=y&pairs=z", "pairs=0", "pairs=99999999999999", "a=&b=", "order="]
)
def test_odd_queries_do_not_break_the_page(page, query: str):
    assert page.get(f"{RUN}?{query}").status_code == 200


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_clusters_have_a_page(browse: MakeClient, tmp_path: Path, n: int):
    dataset = Client(tmp_path).Dataset("few")
    dataset.insert_documents([{"_id": str(i), "v_vector_": [i, 1.0]} for i in range(6)])
    dataset.set_cluster_labels(["v_vector_"], "a", [i % n for i in range(6)])
    seen = read(browse(tmp_path), "/d/few/c/v_vector_/a")
    has_map = any(attrs.get("id") == "heatmap" for attrs in seen.of("div"))
    assert has_map == (n > 1)
    assert ("Most similar pairs" in seen.text("h2")) == (n > 1)
    if n == 1:
        assert seen.text("h1") == ["One cluster"]
        assert "Heat map" not in seen.text("a")


def test_the_whole_map_is_a_table_too(page, shop_home: Path):
    ops = Client(shop_home).ClusterOps("shop", alias=ALIAS, vector_fields=[FIELD])
    text = page.get(RUN).text
    grid = text[text.index('<table class="grid">') :]
    shown = re.findall(r"<td>(-?\d\.\d\d)</td>", grid)
    wanted = ops.centroid_similarity().to_numpy().ravel()
    assert [float(value) for value in shown] == pytest.approx(wanted, abs=0.0051)


def test_hostile_titles_are_text_in_the_panel(page):
    text = page.get(f"{RUN}?a=cluster-0&b=cluster-0").text
    assert "<script>alert" not in text
    data = page.get(RUN).text
    assert "<img src=x" not in data
