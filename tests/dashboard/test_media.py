"""Pictures: by document, field and size only; drawn anew; nothing of the file system comes out."""

import io
from pathlib import Path

import pytest
from PIL import Image
from tests.dashboard.conftest import HOSTILE_ID, MakeClient

from relevanceai.client import Client
from relevanceai.dashboard.security import MEDIA_POLICY


def ask(page, dataset: str = "shop", version: str = "1", **query: object):
    return page.get(f"/media/{dataset}/{version}", params=query)


@pytest.mark.parametrize("document", ["item-04", "item-05", "item-08", "item-12", HOSTILE_ID])
@pytest.mark.parametrize("size", [48, 96, 256, 1024])
def test_pictures_of_every_form_come_as_webp_that_fits(page, document: str, size: int):
    response = ask(page, id=document, field="item_image", s=size)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/webp"
    assert response.headers["content-security-policy"] == MEDIA_POLICY
    image = Image.open(io.BytesIO(response.content))
    assert image.format == "WEBP"
    assert max(image.size) == min(size, 160)


@pytest.mark.parametrize("size", ["", "0", "-48", "97", "1e2", "048", "96 ", "99999999", "٤٨"])
def test_other_sizes_are_refused(page, size: str):
    assert ask(page, id="item-05", field="item_image", s=size).status_code == 400


@pytest.mark.parametrize("name", ["inside", "uri"])
def test_data_uris_and_files_of_the_datasets_folder_are_shown(page, name: str):
    assert ask(page, "paths", id=name, field="photo", s=96).status_code == 200


@pytest.mark.parametrize("name", ["above", "absolute", "svg", "remote", "text"])
def test_other_paths_addresses_and_forms_are_not(page, name: str):
    response = ask(page, "paths", id=name, field="photo", s=96)
    assert response.status_code == 404
    assert response.text == "There is no picture there."


@pytest.mark.parametrize(
    ("dataset", "document", "field"),
    [
        ("shop", "../../etc/passwd", "item_image"),
        ("shop", "item-05", "../item_image"),
        ("shop", "item-05", "item_title"),
        ("shop", "item-05", "look_vector_"),
        ("shop", "item-05", "_cluster_"),
        ("shop", "item-05", "nothing"),
        ("shop", "'; drop table", "item_image"),
        ("shop", "item-05", "/etc/passwd"),
        ("shop", "\x00", "item_image"),
        ("..", "item-05", "item_image"),
        ("%2e%2e", "item-05", "item_image"),
        ("..%2f..%2fetc", "passwd", "x"),
        ("nothing", "item-05", "item_image"),
    ],
)
def test_what_is_no_picture_of_a_document_is_not_found(
    page, dataset: str, document: str, field: str
):
    response = ask(page, dataset, id=document, field=field, s=96)
    assert response.status_code == 404
    assert "root:" not in response.text


@pytest.mark.parametrize("query", [{}, {"id": "item-05"}, {"field": "x"}, {"id": "x" * 9_000}])
def test_a_question_without_its_parts_is_refused(page, query: dict[str, str]):
    assert ask(page, **query).status_code == 400


def test_a_picture_is_kept_forever_under_its_own_version_only(page, shop_home: Path):
    version = Client(shop_home).Dataset("shop").revision
    query = {"id": "item-05", "field": "item_image", "s": 96}
    assert ask(page, "shop", version, **query).headers["cache-control"].endswith("immutable")
    for other in (f"{version}0", "x", version.partition("-")[2]):
        assert ask(page, "shop", str(other), **query).headers["cache-control"] == "no-store"


def test_a_changed_picture_is_shown(browse: MakeClient, tmp_path: Path):
    from tests.dashboard.conftest import picture

    dataset = Client(tmp_path).Dataset("one")
    dataset.insert_documents([{"_id": "1", "photo": picture(0, (250, 0, 0))}])
    browser = browse(tmp_path)
    before = ask(browser, "one", id="1", field="photo", s=96).content
    dataset.upsert_documents([{"_id": "1", "photo": picture(1, (0, 0, 250))}])
    assert ask(browser, "one", id="1", field="photo", s=96).content != before


def test_a_dataset_made_anew_shows_its_own_pictures(browse: MakeClient, tmp_path: Path):
    from tests.dashboard.conftest import picture

    dataset = Client(tmp_path).Dataset("one")
    browser = browse(tmp_path)
    seen = []
    for colour in ((250, 0, 0), (0, 0, 250)):
        dataset.insert_documents([{"_id": "1", "photo": picture(0, colour)}])
        seen.append((dataset.revision, ask(browser, "one", id="1", field="photo", s=96).content))
        dataset.delete()
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_a_jpeg_of_endless_scans_is_not_opened(browse: MakeClient, tmp_path: Path):
    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(content, "JPEG", progressive=True)
    whole = content.getvalue()
    assert whole.count(b"\xff\xda") > 1
    last = whole.rindex(b"\xff\xda")
    bomb = whole[:last] + whole[last:-2] * 100 + whole[-2:]
    documents = [{"_id": "1", "photo": whole}, {"_id": "2", "photo": bomb}]
    Client(tmp_path).Dataset("one").insert_documents(documents)
    browser = browse(tmp_path)
    assert ask(browser, "one", id="1", field="photo", s=96).status_code == 200
    assert ask(browser, "one", id="2", field="photo", s=96).status_code == 404


@pytest.mark.parametrize("which", ["_decoders", "_places"])
def test_when_all_hands_are_full_a_picture_is_to_be_asked_for_again(
    page, monkeypatch: pytest.MonkeyPatch, which: str
):
    from relevanceai.dashboard import media

    monkeypatch.setattr(media, "_PATIENCE_S", 0.001)
    served = next(r for r in page.app.routes if r.path.startswith("/media")).endpoint.__self__
    full = getattr(served, which)
    taken = 0
    while full.acquire(blocking=False):
        taken += 1
    response = ask(page, id="item-07", field="item_image", s=96)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.text == "Too many pictures are being opened. Ask again."
    assert response.headers["cache-control"] == "no-store"
    full.release(taken)
    assert ask(page, id="item-07", field="item_image", s=96).status_code == 200


def test_pictures_need_the_session(browse: MakeClient):
    response = browse(is_signed_in=False).get("/media/shop/1?id=item-05&field=item_image&s=96")
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("text/plain")


def test_a_torn_picture_is_not_found(browse: MakeClient, tmp_path: Path):
    from tests.dashboard.conftest import picture

    torn = picture(0, (9, 9, 9))[:60]
    Client(tmp_path).Dataset("one").insert_documents([{"_id": "1", "photo": torn}])
    assert ask(browse(tmp_path), "one", id="1", field="photo", s=96).status_code == 404


def test_the_memory_of_thumbnails_is_bounded(page, monkeypatch: pytest.MonkeyPatch):
    from relevanceai.dashboard import media

    monkeypatch.setattr(media, "_KEPT_BYTES", 2_000)
    served = next(r for r in page.app.routes if r.path.startswith("/media")).endpoint.__self__
    for i in range(4, 40):
        assert ask(page, id=f"item-{i:02}", field="item_image", s=256).status_code == 200
    kept = sum(len(body) for body in served._kept.values())
    assert kept == served._kept_bytes <= 2_000
