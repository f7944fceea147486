"""What the pages say: home, the guide's page, what is missing, and hostile documents as text."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.conftest import ALIAS, FIELD, HOST, HOSTILE_ID, MakeClient

from relevanceai.client import Client
from relevanceai.dashboard.pages import PER_PAGE, Paging, Tabs, whole
from relevanceai.dashboard.values import cell

CLOSEST = "/sdk/cluster/centroids/closest"
FURTHEST = "/sdk/cluster/centroids/furthest"
SHOP = f"{CLOSEST}?dataset=shop"


class Reader(HTMLParser):
    """Reads a page: every tag with its attributes, and the text of one tag at a time."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open, " ".join(data.split())))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def text(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def read(page: object, address: str, status: int = 200) -> Reader:
    response = page.get(address)
    assert response.status_code == status, response.text
    return Reader(response.text)


# ---------------------------------------------------------------- home


def test_home_lists_datasets_and_clusterings(page):
    home = read(page, "/")
    assert home.text("h2") == ["bare", "paths", "shop"]
    assert [link for link in home.text("a") if link == ALIAS] == [ALIAS]
    hrefs = [a["href"] for a in home.of("a")]
    assert f"./d/shop/c/{FIELD}/{ALIAS}" in hrefs
    assert (
        "./sdk/cluster/centroids/closest?dataset=shop&field=look_vector_&alias=main-cluster"
        in hrefs
    )
    assert "Not clustered yet." in " ".join(home.text("p"))
    faces = [img["src"] for img in home.of("img") if "/faces/" in img["src"]]
    assert len(faces) == 4 + 1
    for face in faces[:4]:
        response = page.get(urljoin(f"http://{HOST}/", face))
        assert response.headers["content-type"] == "image/webp"


def test_an_empty_home_says_what_to_type(browse: MakeClient, tmp_path: Path):
    home = browse(tmp_path / "new").get("/")
    text = html.unescape(home.text)
    lines = re.search(r"<pre[^>]*id=\"lines\"><code>(.*?)</code>", text, re.S)[1].splitlines()
    assert len(lines) == 3
    assert "relevanceai demo" in text


def test_the_lines_of_an_empty_home_run(browse: MakeClient, tmp_path: Path):
    text = html.unescape(browse(tmp_path / "n'e\"w").get("/").text)
    lines = re.search(r"<pre[^>]*id=\"lines\"><code>(.*?)</code>", text, re.S)[1]
    exec(lines, {})
    assert Client(tmp_path / "n'e\"w").list_datasets() == ["my-dataset"]


# ---------------------------------------------------------------- the guide's page


def test_the_guides_page_has_title_tabs_panel_and_table(page):
    seen = read(page, SHOP)
    assert seen.text("h1") == ["Documents closest to cluster centers"]
    tabs = [text for text in seen.text("a") if text.startswith("cluster-")]
    assert tabs == ["cluster-0", "cluster-1", "cluster-2", "cluster-3"]
    assert "Closest to center" in seen.text("h2")
    current = [a for a in seen.of("a") if a.get("aria-current") == "page"]
    assert [quote("cluster-0") in (a["href"] or "") for a in current][-1]
    heads = seen.text("th")
    assert heads == [
        "item_image",
        "similarity",
        "item_title",
        "item_price",
        "item_link",
        "stock",
        "insert_date_",
        "_id",
    ]
    assert FIELD not in heads


def test_documents_come_as_closest_orders_them(page, shop_home: Path):
    ops = Client(shop_home).ClusterOps("shop", alias=ALIAS, vector_fields=[FIELD])
    for address, ask in ((CLOSEST, ops.closest), (FURTHEST, ops.furthest)):
        wanted = ask(["cluster-2"], page_size=5, page=2, verbose=False)["results"]["cluster-2"]
        seen = read(page, f"{address}?dataset=shop&cluster=cluster-2&per=5&page=2")
        ids = [text for text in seen.text("td") if text.startswith("item-")]
        assert ids == [document["_id"] for document in wanted["results"]]
        scores = [f"{document['_search_score']:.3f}" for document in wanted["results"]]
        assert [text for text in seen.text("td") if re.fullmatch(r"[01]\.\d{3}", text)] == scores


def test_the_furthest_page_says_so(page):
    seen = read(page, f"{FURTHEST}?dataset=shop")
    assert seen.text("h1") == ["Documents furthest from cluster centers"]
    assert "Furthest from center" in seen.text("h2")


def test_nothing_given_takes_the_newest_clustering(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("one")
    dataset.insert_documents([{"_id": str(i), "a_vector_": [i, 1.0]} for i in range(6)])
    dataset.set_cluster_labels(["a_vector_"], "first", [0, 0, 0, 1, 1, 1])
    seen = read(browse(tmp_path), CLOSEST)
    assert [text for text in seen.text("a") if text.startswith("cluster-")] == [
        "cluster-0",
        "cluster-1",
    ]


def test_nothing_given_and_nothing_there_is_home(browse: MakeClient, tmp_path: Path):
    assert "Nothing here yet" in browse(tmp_path / "new").get(CLOSEST).text


def test_several_vector_fields_are_found(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("two")
    dataset.insert_documents(
        [{"_id": str(i), "a_vector_": [i, 1.0], "b_vector_": [1.0, i]} for i in range(4)]
    )
    dataset.set_cluster_labels(["a_vector_", "b_vector_"], "both", [0, 0, 1, 1])
    browser = browse(tmp_path)
    for fields in ("field=a_vector_&field=b_vector_", "field=a_vector_.b_vector_"):
        assert browser.get(f"{CLOSEST}?dataset=two&{fields}&alias=both").status_code == 200
    assert browser.get(f"{CLOSEST}?dataset=two&field=b_vector_").status_code == 404


def test_columns_can_be_hidden_and_stay_hidden(page):
    seen = read(page, f"{SHOP}&hide=stock&hide=item_image&hide=nonsense")
    assert "stock" not in seen.text("th")
    assert not [img for img in seen.of("img") if "media" in img["src"]]
    tabs = [a["href"] for a in seen.of("a") if "cluster=cluster-3" in (a["href"] or "")]
    assert tabs[0].endswith("cluster=cluster-3&hide=item_image&hide=stock")
    assert read(page, f"{SHOP}&" + "&".join(f"hide={n}" for n in seen.text("th"))).text("th")


def test_rows_per_page_and_pages(page):
    first = read(page, f"{SHOP}&per=5")
    assert "1–5 of 16" in first.text("p")
    following = next(a["href"] for a in first.of("a") if a.get("rel") == "next")
    second = read(page, urljoin(f"http://{HOST}{SHOP}", following))
    assert "6–10 of 16" in second.text("p")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("page=0", "1–10 of 16"),
        ("page=-5", "1–10 of 16"),
        ("page=99999999999999999999999999", "11–16 of 16"),
        ("per=999999999", "1–10 of 16"),
        ("per=0&page=2", "11–16 of 16"),
        ("page=1e9&per=NaN", "1–10 of 16"),
        ("page=%00&per=%E2%91%A0", "1–10 of 16"),
        ("page=2&page=1", "1–10 of 16"),
    ],
)
def test_pages_and_lengths_that_make_no_sense_become_what_does(page, query: str, shown: str):
    assert shown in read(page, f"{SHOP}&{query}").text("p")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**18 - 1, "999999999999999999"),
        (10**18, "1e+18"),
        (-123_456_789 * 10**12, "-1.23457e+20"),
        (10**400, "1e+400"),
        (10**5_000, "1e+5000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whole_numbers_of_any_size_can_be_read(value: int, text: str):
    assert cell(value).text == text


def test_a_dataset_made_anew_is_shown_as_it_is_now(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("anew")
    browser = browse(tmp_path)
    for title in ("old_title", "new_name"):
        documents = [
            {"_id": str(i), "v_vector_": [1.0, float(i)], title: f"the {i}", "n": 10**400}
            for i in range(4)
        ]
        dataset.insert_documents(documents)
        dataset.set_cluster_labels(["v_vector_"], "a", [0, 0, 1, 1])
        response = browser.get(f"{CLOSEST}?dataset=anew")
        assert response.status_code == 200
        headings = [text for _, text in Reader(response.text).texts]
        assert [name for name in ("old_title", "new_name") if name in headings] == [title]
        dataset.delete()


@given(st.text(max_size=30) | st.none(), st.text(max_size=30) | st.none(), st.integers(0, 10**7))
def test_paging_is_always_inside(number: str | None, per: str | None, total: int):
    paging = Paging.of(number, per, total)
    assert paging.per in PER_PAGE
    assert 1 <= paging.page <= paging.last
    assert 0 <= paging.first_row <= paging.last_row <= total


@given(st.text())
def test_whole_never_breaks(text: str):
    assert whole(text, 3) >= 0


@given(st.integers(1, 200), st.data())
def test_tabs_hold_the_current_cluster_and_its_neighbours(n: int, data: st.DataObject):
    ids = [f"cluster-{i}" for i in range(n)]
    at = data.draw(st.integers(0, n - 1))
    tabs = Tabs.of(ids, ids[at])
    assert ids[at] in tabs.shown
    assert len(tabs.shown) <= 30
    assert tabs.before == (ids[at - 1] if at else None)
    assert tabs.after == (ids[at + 1] if at + 1 < n else None)


# ---------------------------------------------------------------- hostile documents


def test_hostile_text_is_text_and_hostile_links_are_text(page):
    for address in (f"{SHOP}&per=25", f"{FURTHEST}?dataset=shop&per=25"):
        response = page.get(address)
        assert "<script>alert" not in response.text
        seen = Reader(response.text)
        texts = [text for _, text in seen.texts]
        assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in texts
        assert "javascript:alert(document.domain)" in texts
        for tag, attrs in seen.tags:
            assert not [name for name in attrs if name.startswith("on") or name == "style"], tag
            assert not (attrs.get("href") or "").lower().startswith(("javascript", "data"))
        for script in seen.of("script"):
            assert script.get("src")


@pytest.mark.parametrize("cluster", ["cluster-1", "cluster-2"])
def test_a_link_cannot_leave_its_attribute(page, cluster: str):
    for attrs in read(page, f"{SHOP}&cluster={cluster}&per=25").of("a"):
        assert set(attrs) <= {"href", "class", "target", "rel", "aria-current"}
        if (attrs["href"] or "").startswith("http"):
            assert attrs["rel"] == "noopener noreferrer nofollow"
            assert attrs["href"].startswith("https://shop.example/")


def test_a_hostile_id_still_finds_its_picture(page):
    seen = read(page, f"{SHOP}&per=25")
    mine = [
        img["src"] for img in seen.of("img") if quote(HOSTILE_ID, safe="") in (img["src"] or "")
    ]
    response = page.get(urljoin(f"http://{HOST}{CLOSEST}", mine[0]))
    assert response.headers["content-type"] == "image/webp"


@pytest.mark.slow
def test_names_of_any_sort_make_pages(browse: MakeClient, tmp_path: Path):
    names = ["../../etc", "a/b?c#d&e", "Größe 🦊", "<b>bold</b>", "con", "x" * 300, "%2e%2e", "a+b"]
    client = Client(tmp_path)
    for name in names:
        dataset = client.Dataset(name)
        dataset.insert_documents(
            [{"_id": str(i), "v_vector_": [i, 1.0], name: "</td>"} for i in range(4)]
        )
        dataset.set_cluster_labels(["v_vector_"], name, [name, name, "b", "b"])
    browser = browse(tmp_path)
    home = browser.get("/")
    links = [a["href"] for a in Reader(home.text).of("a") if "centroids" in (a["href"] or "")]
    assert len(links) == 2 * len(names)
    for link in links:
        seen = browser.get(urljoin(f"http://{HOST}/", link))
        assert seen.status_code == 200, link
        assert "<b>bold" not in seen.text
        for a in Reader(seen.text).of("a"):
            if a["href"] and not a["href"].startswith("#"):
                at = urljoin(f"http://{HOST}{CLOSEST}", a["href"])
                assert at.startswith(f"http://{HOST}/")
                assert browser.get(at).status_code == 200, at


# ---------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    ("address", "title", "options"),
    [
        (f"{CLOSEST}?dataset=shopp", "There is no dataset “shopp”", ["shop", "paths", "bare"]),
        (
            f"{SHOP}&alias=main",
            "There is no clustering “main” in “shop”",
            [f"shop · {ALIAS} · {FIELD}"],
        ),
        (
            f"{SHOP}&field=x_vector_",
            "There is no clustering of “x_vector_” in “shop”",
            [f"shop · {ALIAS} · {FIELD}"],
        ),
        (
            f"{SHOP}&cluster=cluster-33",
            "There is no cluster “cluster-33”",
            ["cluster-3", "cluster-0", "cluster-1", "cluster-2"],
        ),
        (
            f"{SHOP}&cluster=%3Cscript%3E",
            "There is no cluster “<script>”",
            ["cluster-0", "cluster-1", "cluster-2", "cluster-3"],
        ),
        (f"{CLOSEST}?dataset=bare", "There is no clustering in “bare”", []),
        (f"/d/no/c/{FIELD}/{ALIAS}", "There is no such dataset", ["bare", "paths", "shop"]),
        (
            f"/d/shop/c/{FIELD}/no",
            f"There is no clustering “no” of “{FIELD}” in “shop”",
            [f"shop · {ALIAS} · {FIELD}"],
        ),
        ("/no/such/page", "There is no such page", []),
    ],
)
def test_what_is_missing_is_said_with_what_exists(
    page, address: str, title: str, options: list[str]
):
    response = page.get(address)
    assert response.status_code == 404
    seen = Reader(response.text)
    assert seen.text("h1") == [title]
    links = [a for a in seen.of("a") if a["href"] not in ("#content", None)]
    shown = [text for text in seen.text("a") if text in options]
    assert shown == options
    for link in links:
        assert page.get(urljoin(f"http://{HOST}{address}", link["href"])).status_code in (200, 404)


def test_only_noise_is_a_page_too(browse: MakeClient, tmp_path: Path):
    dataset = Client(tmp_path).Dataset("noise")
    dataset.insert_documents([{"_id": str(i), "v_vector_": [i, 1.0]} for i in range(3)])
    ops = dataset.set_cluster_labels(["v_vector_"], "none", [-1, -1, -1])
    browser = browse(tmp_path)
    for address in (CLOSEST, f"/d/noise/c/{ops.field_slug}/none"):
        response = browser.get(address)
        assert response.status_code == 200
        assert "No clusters in none" in response.text
        assert "outliers" in response.text


# ---------------------------------------------------------------- many clusters


def test_a_thousand_clusters_stay_usable(browse: MakeClient, many_home: Path):
    browser = browse(many_home)
    response = browser.get(f"{CLOSEST}?cluster=cluster-500")
    seen = Reader(response.text)
    tabs = [text for text in seen.text("a") if text.startswith("cluster-")]
    assert len(tabs) == 21
    assert tabs[10] == "cluster-500"
    assert len(seen.of("option")) == 1_000 + len(PER_PAGE)
    assert int(response.headers["content-length"]) < 15_000


# ---------------------------------------------------------------- weight


def test_each_page_weighs_under_100_kb_without_its_pictures(browse: MakeClient, many_home: Path):
    for browser, address in (
        (browse(), "/"),
        (browse(), f"{SHOP}&per=100"),
        (browse(), f"/d/shop/c/{FIELD}/{ALIAS}"),
        (browse(many_home), "/d/many/c/text_vector_/thousand?pairs=200"),
    ):
        response = browser.get(address)
        total = int(response.headers["content-length"])
        assets = set(re.findall(r'(?:href|src)="([^"]*static/[^"]*)"', response.text))
        assets.add(next(iter(assets)).rsplit("/", 1)[0] + "/heatmap.js")
        for asset in assets:
            answer = browser.get(urljoin(f"http://{HOST}{address}", asset))
            assert answer.status_code == 200
            total += int(answer.headers["content-length"])
        assert total < 60_000, address


def test_assets_are_immutable_under_their_version_only(page):
    address = re.search(r'href="\./(static/[^"]*page\.css)"', page.get("/").text)[1]
    assert page.get(f"/{address}").headers["cache-control"].endswith("immutable")
    old = re.sub("static/[0-9a-f]+", "static/0123456789ab", address)
    assert page.get(f"/{old}").status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2fapp.py", "%2e%2e%2fapp.py", "..", "app.py", "page.css%00", "../app.py"]
)
def test_only_files_of_the_static_folder_are_served(page, name: str):
    version = re.search(r"static/([0-9a-f]+)/", page.get("/").text)[1]
    assert page.get(f"/static/{version}/{name}").status_code == 404


def test_shipped_files_name_no_address_outside():
    from relevanceai.dashboard import assets

    for folder in (assets.FOLDER, assets.FOLDER.parent / "templates"):
        for path in folder.iterdir():
            text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
            assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text), path
            if path.suffix == ".js":
                assert "innerHTML" not in text
                assert "insertAdjacentHTML" not in text
                assert "eval(" not in text
            if path.suffix == ".html":
                assert "style=" not in text
                assert "| safe" not in text
                assert not re.search(r"<script(?![^>]*\ssrc=)", text)
