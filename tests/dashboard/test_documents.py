"""What a page makes of documents: which field names them, what stands side by side, the outliers."""

import html
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from tests.dashboard.conftest import ALIAS, FIELD, HOST, MakeClient
from tests.dashboard.test_pages import CLOSEST, Reader, read

from relevanceai.client import Client
from relevanceai.dashboard.documents import shape_of
from relevanceai.dashboard.runs import Memory

SENTENCES = ("how much did i spend on {} last week", "what is the weather like in {} today")


def intents(home: Path, n: int = 60) -> Client:
    """A workspace of sentences with two intents, their labels brought under `intent_name`."""
    client = Client(home)
    dataset = client.Dataset("intents")
    dataset.insert_documents(
        [
            {
                "_id": f"id-{i:03}",
                "label_name": ("spending_history", "weather")[i % 2],
                "file_name": f"part-{i}.csv",
                "text": SENTENCES[i % 2].format(f"place {i}"),
                "label": i % 2,
                "text_vector_": [float(i % 2), 1.0 + i / 100],
            }
            for i in range(n)
        ]
    )
    dataset.cluster(vector_fields=["text_vector_"], alias="intent", byo_cluster_field="label")
    return client


def title_of(home: Path, documents: list[dict[str, object]], byo: str | None = None) -> str | None:
    dataset = Client(home).Dataset("some")
    dataset.insert_documents(
        [{"_id": str(i), "a_vector_": [float(i), 1.0], **each} for i, each in enumerate(documents)]
    )
    if byo:
        dataset.cluster(vector_fields=["a_vector_"], alias="x", byo_cluster_field=byo)
    return shape_of(dataset, Memory()).title


# ---------------------------------------------------------------- what names a document


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        (("label_name", "text"), "text"),
        (("file_name", "source_name"), None),
        (("name", "productTitle"), "productTitle"),
        (("description", "caption", "text"), "text"),
        (("surname", "context", "subtitle"), None),
        (("name", "code"), "name"),
    ],
)
def test_a_title_is_told_by_the_whole_words_of_a_name(
    tmp_path: Path, fields: tuple[str, ...], title: str | None
):
    documents = [{name: f"{name}-{i}" for name in fields} for i in range(5)]
    assert title_of(tmp_path, documents) == title


def test_a_field_that_says_the_same_of_many_is_no_title(tmp_path: Path):
    documents = [{"title": f"kind {i % 3}", "name": f"thing {i}"} for i in range(40)]
    assert title_of(tmp_path, documents) == "name"


def test_the_field_that_brought_the_labels_is_no_title(tmp_path: Path):
    documents = [{"text": ("a", "b")[i % 2], "name": f"thing {i}"} for i in range(6)]
    assert title_of(tmp_path, documents, byo="text") == "name"


def test_without_a_telling_name_the_sentences_are_the_title(tmp_path: Path):
    documents = [{"kode": f"k{i}", "frage": f"wie komme ich nach Ort {i}"} for i in range(5)]
    assert title_of(tmp_path, documents) == "frage"


# ---------------------------------------------------------------- side by side


def test_two_text_clusters_side_by_side_show_their_sentences(browse: MakeClient, tmp_path: Path):
    intents(tmp_path)
    text = browse(tmp_path).get("/d/intents/c/text_vector_/intent").text
    titles = re.findall(r'card-title wrap">([^<]*)<', text)
    assert len(titles) == 12
    assert all(
        title.startswith(("how much did i spend", "what is the weather")) for title in titles
    )
    assert "card-facts" not in text
    assert len(re.findall(r'class="says">(?:how much|what is)', text)) == 2


def test_prices_have_as_many_decimals_on_both_sides(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("prices")
    dataset.insert_documents(
        [
            {
                "_id": str(i),
                "title": f"thing {i}",
                "product_price": (10.5, 12.0, 3.25, 7.125)[i],
                "stock": 7,
                "share": 0.5,
                "a_vector_": [float(i), 1.0],
            }
            for i in range(4)
        ]
    )
    dataset.set_cluster_labels(["a_vector_"], "two", [0, 0, 1, 1])
    text = browse(tmp_path).get("/d/prices/c/a_vector_/two").text
    facts = re.findall(r'<p class="card-facts">(.*?)</p>', text)
    assert sorted(facts) == [
        f"<span>{each}</span>" for each in ("10.500", "12.000", "3.250", "7.125")
    ]


# ---------------------------------------------------------------- outliers


@pytest.fixture
def noisy(browse: MakeClient, tmp_path: Path) -> object:
    """14 documents in two clusters, with 12 outliers between them."""
    dataset = Client(tmp_path).Dataset("noisy")
    dataset.insert_documents(
        [
            {"_id": f"id-{i:02}", "title": f"thing {i}", "v_vector_": [float(i), 1.0]}
            for i in range(26)
        ]
    )
    dataset.set_cluster_labels(
        ["v_vector_"], "a", [-1 if 2 <= i < 14 else int(i > 20) for i in range(26)]
    )
    return browse(tmp_path)


def ids_in(seen: Reader) -> list[str]:
    return [text for text in seen.text("td") if text.startswith("id-")]


def test_outliers_have_a_tab_and_are_listed_in_the_order_of_the_rows(noisy):
    seen = read(noisy, f"{CLOSEST}?dataset=noisy")
    tabs = [text for text in seen.text("a") if text in ("cluster-0", "cluster-1", "Outliers")]
    assert tabs == ["cluster-0", "cluster-1", "Outliers"]
    address = next(a["href"] for a in seen.of("a") if "cluster=outlier" in (a["href"] or ""))
    first = read(noisy, urljoin(f"http://{HOST}{CLOSEST}", address))
    assert first.text("h1") == ["Documents in no cluster"]
    assert first.text("th") == ["title", "_id"]
    assert ids_in(first) == [f"id-{i:02}" for i in range(2, 12)]
    following = next(a["href"] for a in first.of("a") if a.get("rel") == "next")
    second = read(noisy, urljoin(f"http://{HOST}{CLOSEST}", following))
    assert ids_in(second) == ["id-12", "id-13"]
    for a in second.of("a"):
        if a["href"] and not a["href"].startswith("#"):
            assert noisy.get(urljoin(f"http://{HOST}{CLOSEST}", a["href"])).status_code == 200


def test_outliers_are_reached_from_home_and_the_header(noisy):
    for address in ("/", "/d/noisy/c/v_vector_/a"):
        seen = read(noisy, address)
        links = [a["href"] for a in seen.of("a") if "cluster=outlier" in (a["href"] or "")]
        shown = read(noisy, urljoin(f"http://{HOST}{address}", links[0]))
        assert shown.text("h2") == ["Outliers"]


def test_where_all_is_noise_the_outliers_are_shown(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("noise")
    dataset.insert_documents([{"_id": f"id-{i}", "v_vector_": [i, 1.0]} for i in range(3)])
    dataset.set_cluster_labels(["v_vector_"], "none", [-1, -1, -1])
    seen = read(browse(tmp_path), f"{CLOSEST}?cluster=outlier")
    assert ids_in(seen) == ["id-0", "id-1", "id-2"]


def test_without_noise_there_are_no_outliers(page):
    seen = read(page, f"{CLOSEST}?dataset=shop&cluster=outlier", 404)
    assert seen.text("h1") == ["There is no cluster “outlier”"]


# ---------------------------------------------------------------- what is said


def test_numbers_agree_with_their_words(browse: MakeClient, tmp_path: Path):
    client = Client(tmp_path)
    client.Dataset("one").insert_documents([{"_id": "1", "v_vector_": [1.0, 0.0]}])
    client.Dataset("one").set_cluster_labels(["v_vector_"], "a", [0])
    client.Dataset("two").insert_documents(
        [{"_id": str(i), "v_vector_": [float(i), 1.0]} for i in range(3)]
    )
    client.Dataset("two").set_cluster_labels(["v_vector_"], "a", [0, 1, -1])
    browser = browse(tmp_path)

    def said(address: str) -> str:
        return " ".join(re.sub(r"<[^>]*>", "", browser.get(address).text).split())

    assert "1 document 2 fields" in said("/")
    assert "+ 1 outlier of a" in said("/")
    assert "your labels" in said("/")
    assert "brought" not in said("/")
    assert "1 document in 1 cluster" in said("/d/one/c/v_vector_/a")
    assert "2 documents in 2 clusters 1 outlier" in said("/d/two/c/v_vector_/a")
    assert "1 of 1 pair." in said("/d/two/c/v_vector_/a")
    assert "cluster-0 1 document" in said("/d/two/c/v_vector_/a")


def test_the_title_of_a_page_says_what_is_on_it(page):
    for address, title in (
        (f"{CLOSEST}?dataset=shop", f"cluster-0 · closest · {ALIAS} · shop"),
        (f"/d/shop/c/{FIELD}/{ALIAS}", f"Heat map · {ALIAS} · shop"),
        (
            f"/d/shop/c/{FIELD}/{ALIAS}?a=cluster-2&b=cluster-1&fragment=1",
            f"cluster-1 and cluster-2 · {ALIAS} · shop",
        ),
    ):
        assert read(page, address).text("title") == [title]


def lines_on(text: str) -> str:
    return html.unescape(re.search(r"<pre[^>]*><code>(.*?)</code>", text, re.S)[1])


@pytest.mark.parametrize("address", ["/", f"{CLOSEST}?dataset=my%20%22s%C3%A9t%22"])
def test_the_lines_for_a_dataset_without_clusters_run(
    browse: MakeClient, tmp_path: Path, address: str
):
    dataset = Client(tmp_path).Dataset('my "sét"')
    dataset.insert_documents([{"_id": str(i), "b_vector_": [float(i), 1.0]} for i in range(9)])
    lines = lines_on(browse(tmp_path).get(address).text)
    assert "n_clusters" not in lines
    exec(lines, {})
    assert [(one.alias, one.vector_fields) for one in dataset.clusterings()] == [
        ("main-cluster", ("b_vector_",))
    ]


def test_a_dataset_without_vectors_says_what_it_lacks(browse: MakeClient, tmp_path: Path):
    Client(tmp_path).Dataset("plain").insert_documents([{"_id": "1", "b": "x"}])
    for address in ("/", f"{CLOSEST}?dataset=plain"):
        text = browse(tmp_path).get(address).text
        assert "It has no vector field: name one “…_vector_”." in text
        assert "<pre" not in text


def test_an_unknown_cluster_leads_back_to_the_clustering(page):
    for address in (f"{CLOSEST}?dataset=shop", f"/d/shop/c/{FIELD}/{ALIAS}?a=x"):
        joint = "&" if "?" in address else "?"
        seen = read(page, f"{address}{joint}cluster=no", 404)
        assert f"Back to {ALIAS} of shop" in seen.text("a")
        back = next(a["href"] for a in seen.of("a") if a["href"].endswith((ALIAS, "main-cluster")))
        assert page.get(urljoin(f"http://{HOST}{address}", back)).status_code == 200


def test_a_dataset_deleted_while_home_is_made_is_left_out(
    browse: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    client = intents(tmp_path)
    names = [*client.list_datasets(), "gone"]
    monkeypatch.setattr(Client, "list_datasets", lambda _self: names)
    assert read(browse(tmp_path), "/").text("h2") == ["intents"]


def test_a_dataset_deleted_under_an_open_page_is_said(browse: MakeClient, tmp_path: Path):
    client = intents(tmp_path)
    browser = browse(tmp_path)
    run = "/d/intents/c/text_vector_/intent"
    assert browser.get(run).status_code == 200
    client.Dataset("intents").delete()
    seen = read(browser, f"{run}?fragment=1", 404)
    assert "It has been deleted, or the address is wrong. This workspace has no datasets." in (
        seen.text("p")
    )
