"""The pages in Chromium: one click in, keyboard, clusters side by side, with and without script."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.dashboard.conftest import (
    ALIAS,
    CHROMIUM,
    FIELD,
    NO_CHROMIUM,
    TIMEOUT_MS,
    Served,
    Visit,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
SHOP = "/sdk/cluster/centroids/closest?dataset=shop"
MAP = f"/d/shop/c/{FIELD}/{ALIAS}"


def ready(page: "Page") -> "Page":
    page.wait_for_selector("#heatmap.is-ready")
    return page


def cell(page: "Page", i: int, j: int, n: int = 4) -> tuple[float, float]:
    """The middle of a cell, in the canvas's own pixels: the plot ends 2 pixels from the right."""
    box = page.locator("canvas").bounding_box()
    axis = page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas");
          const seen = canvas.getContext("2d");
          const ratio = canvas.width / canvas.clientWidth;
          const y = Math.round(6 * ratio);
          for (let x = 0; x < canvas.width; x += 1) {
            const [r, g, b, a] = seen.getImageData(x, y, 1, 1).data;
            if (a === 255 && r > 200 && g > 180 && b > 150 && !(r === g && g === b)) {
              return x / ratio;
            }
          }
          return 0;
        }"""
    )
    size = (box["width"] - 2 - axis) / n
    return axis + (j + 0.5) * size, 2 + (i + 0.5) * size


# ---------------------------------------------------------------- one click


def test_a_private_file_opens_the_page(
    chromium: "Browser", shop: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from relevanceai.browser import write_redirect

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file = write_redirect(shop.link(SHOP))
    assert file is not None
    with contextlib.closing(chromium.new_context()) as context:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(file.as_uri())
        page.wait_for_url(lambda url: url.startswith(shop.base) and "code=" not in url)
        page.wait_for_selector("h1:has-text('Documents closest')")


@contextlib.contextmanager
def foreign_page(link: str) -> Iterator[str]:
    """Serve a page of another site, as a notebook on `localhost` is, with one link."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<title>Notebook</title><a id="go" href="{link}">go</a>'.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_a_link_opens_with_one_click_from_another_site(chromium: "Browser", shop: Served):
    link = shop.link(SHOP)
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with foreign_page(link) as notebook, contextlib.closing(context):
        page = context.new_page()
        page.goto(notebook)
        page.click("#go")
        page.wait_for_selector("text=Documents closest to cluster centers")
        assert page.url == shop.base + SHOP
        cookie = next(c for c in context.cookies() if c["name"] == f"relevanceai-{shop.port}")
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert page.evaluate("document.cookie") == ""
        page.go_back()
        assert page.url == notebook
        # The same link again, its code spent: the session is there, so the page opens.
        page.click("#go")
        page.wait_for_selector("text=Documents closest to cluster centers")
        assert "code" not in page.url
        page.evaluate(  # not wait_for_function: a text it asks twice is eval, which the policy bars
            "() => new Promise((done) => { const look = () => "
            "(!location.search.includes('bounced'))"
            " ? done() : setTimeout(look, 30); look(); })"
        )


def test_a_spent_link_in_another_browser_asks_for_a_fresh_one(chromium: "Browser", shop: Served):
    link = shop.link(SHOP)
    for number in range(2):
        context = chromium.new_context()
        context.set_default_timeout(TIMEOUT_MS)
        with foreign_page(link) as notebook, contextlib.closing(context):
            page = context.new_page()
            page.goto(notebook)
            page.click("#go")
            if number == 0:
                page.wait_for_selector("text=Documents closest to cluster centers")
                continue
            page.wait_for_selector("text=This page needs a link of yours")
            page.fill("#code", shop.link("/"))
            page.get_by_role("button", name="Open").click()
            page.wait_for_selector("text=Documents closest to cluster centers")
            assert page.url == shop.base + SHOP


# ---------------------------------------------------------------- the guide's page


def test_pictures_load_and_tabs_lead_on(visit: Visit):
    page = visit(SHOP)
    page.evaluate(  # not wait_for_function: a text it asks twice is eval, which the policy bars
        "() => new Promise((done) => { const look = () => "
        "([...document.images].every((i) => i.complete && i.naturalWidth > 0))"
        " ? done() : setTimeout(look, 30); look(); })"
    )
    page.click("text=cluster-2")
    page.wait_for_selector("text=A ring in colour")
    assert page.locator(".tabs [aria-current]").inner_text() == "cluster-2"


def test_rows_per_page_apply_at_once_and_columns_by_the_menu(visit: Visit):
    page = visit(SHOP)
    page.select_option("#per", "5")
    page.wait_for_url("**per=5**")
    assert page.locator("tbody tr").count() == 5
    page.click("text=Hide columns")
    page.keyboard.press("Escape")
    assert not page.locator("details.menu").evaluate("(menu) => menu.open")
    page.click("text=Hide columns")
    page.check("text=stock")
    page.click(".menu-body button")
    page.wait_for_url("**hide=stock**")
    assert page.locator("thead th").count() == 7


def test_hostile_documents_run_nothing(visit: Visit):
    page = visit(f"{SHOP}&per=25")
    page.wait_for_load_state("networkidle")
    assert page.locator("text=<script>alert(1)</script>").count() == 1
    assert page.locator("tbody script").count() == 0


# ---------------------------------------------------------------- the heat map


def test_a_click_on_a_cell_shows_both_clusters_side_by_side(visit: Visit):
    page = ready(visit(MAP))
    x, y = cell(page, 1, 3)
    page.locator("canvas").click(position={"x": x, "y": y})
    page.wait_for_selector("#side-2 >> text=cluster-3")
    assert page.locator("#compare-title").inner_text() == "cluster-1 and cluster-3"
    assert page.url.endswith("?a=cluster-1&b=cluster-3")
    assert page.locator("#compare .cards").count() == 2
    assert page.locator("#compare .cards img").count() == 12
    page.reload()
    assert page.locator("#compare-title").inner_text() == "cluster-1 and cluster-3"


def test_the_diagonal_shows_one_cluster(visit: Visit):
    page = ready(visit(MAP))
    x, y = cell(page, 2, 2)
    page.locator("canvas").click(position={"x": x, "y": y})
    page.wait_for_selector("#compare-title >> text=/^cluster-2$/")
    assert page.locator("#compare .cards").count() == 1


def test_hovering_reads_a_cell_out_and_escape_takes_it_away(visit: Visit):
    page = ready(visit(MAP))
    x, y = cell(page, 0, 1)
    page.locator("canvas").hover(position={"x": x, "y": y})
    tip = page.locator(".hm-tip")
    shown = page.locator("#compare .figure b").inner_text()
    assert tip.inner_text().split("\n") == [shown, "cluster-0 × cluster-1"]
    assert tip.locator("img").count() == 2
    page.keyboard.press("Tab")
    page.locator("canvas").focus()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_the_keyboard_moves_reads_out_and_picks(visit: Visit):
    page = ready(visit(MAP))
    page.locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("[role=status] >> text=/^cluster-2 and cluster-0: /")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector("[role=status] >> text=/^cluster-2 and cluster-3: /")
    page.keyboard.press("Enter")
    page.wait_for_selector("#compare-title >> text=cluster-3")
    assert page.url.endswith("?a=cluster-2&b=cluster-3")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"


def test_a_pair_of_the_table_is_compared_without_leaving_the_page(visit: Visit):
    page = ready(visit(MAP))
    page.evaluate("window.stayed = true")
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    page.wait_for_selector("#compare-title >> text=cluster-2")
    assert page.evaluate("window.stayed")
    assert page.evaluate("document.activeElement.id") == "compare"


def test_likeness_and_range_are_links(visit: Visit):
    page = ready(visit(f"{MAP}?a=cluster-1&b=cluster-2"))
    page.click("text=By likeness")
    page.wait_for_url("**order=linkage**")
    assert page.locator("#compare-title").inner_text() == "cluster-1 and cluster-2"
    ready(page).click("text=Fit")
    page.wait_for_url("**range=data**")
    ready(page)
    assert "order=linkage" in page.url


def test_a_server_that_is_gone_is_said_with_what_to_type(visit: Visit):
    page = ready(visit(MAP))
    page.route("**/*fragment=1*", lambda route: route.abort())
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    banner = page.wait_for_selector("[role=alert]")
    assert "relevanceai dashboard" in banner.inner_text()
    page.unroute("**/*fragment=1*")
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    page.wait_for_selector("#compare-title >> text=cluster-2")
    assert page.locator("[role=alert]").count() == 0
    page.faults[:] = [fault for fault in page.faults if "ERR_FAILED" not in fault]


def test_a_clustering_that_is_gone_is_said_with_a_way_out(visit: Visit):
    page = ready(visit(MAP))
    page.route("**/*fragment=1*", lambda route: route.fulfill(status=404, body="gone"))
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    banner = page.wait_for_selector("[role=alert]")
    assert banner.inner_text() == (
        "It is no longer there: the dataset or the clustering was deleted or replaced. All datasets"
    )
    page.click("[role=alert] a")
    page.wait_for_selector("h1 >> text=Datasets")


def test_a_verdict_is_of_the_pair_that_was_asked_for_and_of_no_other(visit: Visit):
    page = ready(visit(f"{MAP}?a=cluster-0&b=cluster-1"))
    page.click("text=Are they really two?")
    page.wait_for_selector("div.verdict")
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    page.wait_for_selector("#compare-title >> text=cluster-2")
    assert page.locator("div.verdict").count() == 0
    assert page.locator("text=Are they really two?").count() == 1
    assert "judge" not in page.url


def test_a_clustering_that_changed_is_said_with_a_link_to_load_it(visit: Visit):
    page = ready(visit(f"{MAP}?order=id&a=cluster-0&b=cluster-1"))
    page.route("**/*fragment=1*", lambda route: route.fulfill(status=409, body="changed"))
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    banner = page.wait_for_selector("[role=alert]")
    assert banner.inner_text() == (
        "This clustering has changed since the page was opened. Load the page again"
    )
    page.click("[role=alert] a")
    ready(page)
    page.wait_for_url(f"**{MAP}?order=id")
    assert page.locator("[role=alert]").count() == 0
    page.faults[:] = [fault for fault in page.faults if "409" not in fault]


def test_the_title_names_the_pair_that_is_shown(visit: Visit):
    page = ready(visit(MAP))
    assert page.title() == f"Heat map · {ALIAS} · shop"
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    page.wait_for_selector("#compare-title >> text=cluster-2")
    assert page.title() == f"cluster-1 and cluster-2 · {ALIAS} · shop"


def test_a_tile_that_failed_can_be_loaded_again(visit: Visit, many: Served):
    page = visit("/", many)
    page.route("**/tiles/**", lambda route: route.abort())
    page.goto(f"{many.base}/d/many/c/text_vector_/thousand")
    page.wait_for_selector(".hm-retry:visible")
    page.unroute("**/tiles/**")
    page.click(".hm-retry")
    ready(page)
    page.wait_for_selector(".hm-retry", state="hidden")
    page.faults[:] = [fault for fault in page.faults if "ERR_FAILED" not in fault]


def test_a_thousand_clusters_zoom_by_wheel_and_keys(visit: Visit, many: Served):
    page = ready(visit("/d/many/c/text_vector_/thousand", many))
    canvas = page.locator("canvas")
    canvas.hover()
    for _ in range(12):
        page.mouse.wheel(0, -300)
    page.wait_for_selector("canvas.zoomed")
    canvas.focus()
    page.keyboard.press("0")
    page.wait_for_selector("canvas:not(.zoomed)")
    page.keyboard.press("+")
    page.wait_for_selector("canvas.zoomed")
    for _ in range(30):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**a=cluster-**")


def test_the_picture_can_be_saved(visit: Visit):
    page = ready(visit(MAP))
    size = page.evaluate(
        """async (address) => {
          const { createHeatmap } = await import(address);
          const el = document.createElement("div");
          document.querySelector("main").append(el);
          const map = createHeatmap(el, {
            n: 2, label: String, thumb: () => null, lo: 0, hi: 1, exact: () => null,
            getTile: async () => Uint16Array.from([65534, 0, 65535, 65534]),
          });
          await new Promise((done) => setTimeout(done, 50));
          map.setData({ n: 1, getTile: async () => Uint16Array.from([65534]) });
          map.zoom(2);
          map.fit();
          map.show(0, 0);
          const blob = await map.toPNG();
          map.destroy();
          return [blob.type, blob.size > 500, el.childElementCount];
        }""",
        page.locator("link[rel=modulepreload]").evaluate("(link) => link.href"),
    )
    assert size == ["image/png", True, 0]


# ---------------------------------------------------------------- without script


def test_everything_works_without_script(visit: Visit):
    page = visit(SHOP, java_script_enabled=False)
    page.click("text=cluster-1")
    page.wait_for_url("**cluster=cluster-1**")
    assert page.locator("td >> text=A square in colour").count() > 5
    page.select_option("#per", "5")
    page.click(".rows button")
    page.wait_for_url("**per=5**")
    assert page.locator("tbody tr").count() == 5
    page.click(".head >> text=Heat map")
    page.wait_for_selector("text=The picture needs JavaScript")
    page.click("a[data-a=cluster-1][data-b=cluster-2]")
    page.wait_for_url("**a=cluster-1&b=cluster-2**")
    assert page.locator("#compare-title").inner_text() == "cluster-1 and cluster-2"
    assert page.locator("#theme").is_hidden()


def test_no_other_site_can_frame_or_read_the_page(chromium: "Browser", shop: Served):
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with foreign_page("/") as notebook, contextlib.closing(context):
        page = context.new_page()
        page.goto(shop.link("/"))
        page.wait_for_selector("text=Datasets")
        page.goto(notebook)
        answer = page.evaluate(
            "(address) => fetch(address, {credentials: 'include', mode: 'no-cors'})"
            ".then((r) => r.type, (error) => error.name)",
            shop.base + "/",
        )
        assert answer == "TypeError"
        picture = page.evaluate(
            """(address) => new Promise((done) => {
              const image = new Image();
              image.onload = () => done("shown");
              image.onerror = () => done("refused");
              image.src = address;
            })""",
            f"{shop.base}/media/shop/1?id=item-05&field=item_image&s=96",
        )
        assert picture == "refused"
