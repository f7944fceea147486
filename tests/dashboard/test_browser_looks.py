"""The pages' looks in Chromium: themes, widths, targets, axe, and what a reader wishes for."""

import contextlib
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.dashboard.conftest import ALIAS, CHROMIUM, FIELD, NO_CHROMIUM, Served, Visit, serving

from relevanceai.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
SHOP = "/sdk/cluster/centroids/closest?dataset=shop"
MAP = f"/d/shop/c/{FIELD}/{ALIAS}"
WIDE = "/sdk/cluster/centroids/closest?dataset=wide"
PLACES = {
    "home": "/",
    "closest": SHOP,
    "furthest": "/sdk/cluster/centroids/furthest?dataset=shop&per=5",
    "map": MAP,
    "one": f"{MAP}?a=cluster-0&b=cluster-0",
    "missing": f"{SHOP}&cluster=no",
}


def test_the_theme_is_switched_and_remembered(visit: Visit):
    page = visit("/", color_scheme="light")

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    button = page.locator("#theme")
    assert button.inner_text() == "System theme"
    button.click()
    assert (button.inner_text(), ground()) == ("Light theme", light)
    button.click()
    assert button.inner_text() == "Dark theme"
    dark = ground()
    assert dark != light
    page.goto(page.url + SHOP[1:])
    assert ground() == dark
    page.locator("#theme").click()
    page.reload()
    assert ground() == light
    page.emulate_media(color_scheme="dark")
    assert ground() == dark


@pytest.mark.parametrize("width", [320, 640, 1024, 1280])
def test_nothing_is_wider_than_the_screen(visit: Visit, width: int):
    page = visit("/", width=width)
    for path in PLACES.values():
        page.goto(urlsplit(page.url)._replace(path="", query="").geturl() + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [320, 1280])
def test_targets_are_24_pixels_or_more(visit: Visit, width: int):
    page = visit("/", width=width)
    for path in PLACES.values():
        page.goto(urlsplit(page.url)._replace(path="", query="").geturl() + path)
        page.wait_for_load_state("networkidle")
        small = page.evaluate(
            """() => [...document.querySelectorAll("a, button, select, summary, input, canvas")]
              .filter((el) => el.checkVisibility() && !el.closest("p, .skip"))
              .filter((el) => el.type !== "hidden" && el.type !== "checkbox")
              .map((el) => [el.getBoundingClientRect(), el])
              .filter(([box]) => box.width > 0 && Math.min(box.width, box.height) < 24)
              .map(([box, el]) => `${el.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""
        )
        assert small == [], path


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(
    visit: Visit, chromium: "Browser", shop: Served, many: Served, scheme: str, width: int
):
    axe = (files("axe_core_python") / "axe.min.js").read_text()
    page = visit("/", width=width, color_scheme=scheme)
    places = [shop.base + path for path in PLACES.values()]
    signed_out = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    with contextlib.closing(signed_out):
        for address in [*places, "out", "many"]:
            seen = page
            if address == "out":
                seen = signed_out.new_page()
                seen.goto(shop.base)
            elif address == "many":
                seen = visit(
                    "/sdk/cluster/centroids/closest", many, width=width, color_scheme=scheme
                )
            else:
                page.goto(address)
            seen.wait_for_load_state("networkidle")
            for menu in seen.locator("details").all():
                menu.locator("summary").first.click()
            seen.evaluate(axe)
            found = seen.evaluate("axe.run()")
            problems = [
                (fault["id"], node["target"], node["any"][:1])
                for fault in found["violations"]
                for node in fault["nodes"]
            ]
            assert problems == [], address


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a dataset of 31 fields, one of them long and without a space, with an outlier."""
    home = tmp_path_factory.mktemp("wide") / "home"
    dataset = Client(home).Dataset("wide")
    short = {f"f{i}": i for i in range(30)}
    dataset.insert_documents(
        [
            {"_id": str(i), **short, "long": "x" * 3_000, "product_image_vector_": [float(i), 1.0]}
            for i in range(6)
        ]
    )
    dataset.set_cluster_labels(["product_image_vector_"], "wide", [0, 0, 0, 1, 1, -1])
    with serving(home) as served:
        yield served


def test_a_long_value_does_not_stretch_its_row(visit: Visit, wide: Served):
    page = visit(WIDE, wide)
    tall = page.locator("tbody tr").evaluate_all("(all) => all.map((one) => one.offsetHeight)")
    assert max(tall) < 140
    box = page.locator("td.long").first.bounding_box()
    assert box["width"] >= 240


@pytest.mark.parametrize("width", [320, 1280])
def test_home_breaks_no_word(visit: Visit, wide: Served, width: int):
    page = visit("/", wide, width=width)
    heights = page.evaluate(
        """() => [...document.querySelectorAll(".list .button, .list time, .also")]
          .map((one) => [one.textContent.trim(), one.offsetHeight])"""
    )
    assert len(heights) == 4
    assert [text for text, height in heights if height > 32] == []
    beside = page.locator(".list td.num > span").last.bounding_box()
    below = page.locator(".also").bounding_box()
    edge = "x" if width == 320 else "width"
    right = beside["x"] + beside["width"] - below["x"] - below["width"]
    assert abs(below["x"] - beside["x"] if edge == "x" else right) < 2


def test_the_similarity_stands_under_its_caption_on_a_narrow_screen(visit: Visit):
    page = visit(MAP, width=320)
    value, caption = (page.locator(f".figure {tag}").bounding_box()["x"] for tag in ("b", "span"))
    assert abs(value - caption) < 2


def test_the_first_name_of_many_is_whole(visit: Visit, many: Served):
    page = visit("/d/many/c/text_vector_/thousand", many)
    page.wait_for_selector("#heatmap.is-ready")
    above = page.locator("canvas").evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, 60, 1);
          return data.some((value) => value !== 0);
        }"""
    )
    assert not above


def test_a_picture_on_its_way_stands_on_a_soft_ground(visit: Visit):
    page = visit("/", color_scheme="dark")
    grounds = page.evaluate(
        """() => {
          const image = document.querySelector("img.thumb");
          const ground = () => getComputedStyle(image).backgroundColor;
          image.classList.remove("is-there");
          const before = ground();
          image.classList.add("is-there");
          return [before, ground()];
        }"""
    )
    assert grounds == ["rgb(31, 35, 45)", "rgb(201, 206, 219)"]
    page.evaluate(  # not wait_for_function: a text it asks twice is eval, which the policy bars
        "() => new Promise((done) => { const look = () => "
        "([...document.images].every((image) => image.complete))"
        " ? done() : setTimeout(look, 30); look(); })"
    )
    assert page.locator("img.thumb:not(.is-there)").count() == 0


def test_forced_colours_keep_the_current_tab_apart(visit: Visit):
    page = visit(SHOP, forced_colors="active")
    current = page.locator(".tabs [aria-current]")
    other = page.locator(".tabs a:not([aria-current])").first
    border = "(el) => getComputedStyle(el).borderBottomColor"
    assert current.evaluate(border) != other.evaluate(border)


def test_nothing_moves_for_who_does_not_want_it(visit: Visit):
    page = visit(SHOP, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert (
        page.locator(".segments a").first.evaluate(
            "(el) => parseFloat(getComputedStyle(el).transitionDuration)"
        )
        == 0
    )


def test_skip_links_lead_to_the_content(visit: Visit):
    page = visit(SHOP)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the documents"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "documents"
