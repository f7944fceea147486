"""A dataset whose files are damaged says so on its own pages, and hides no other dataset."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.dashboard.conftest import ALIAS, FIELD, MakeClient

from relevanceai.dashboard.damage import ADVICE, is_damage, said
from relevanceai.errors import InvalidInputError, WorkspaceError

PAGES = (
    "/sdk/cluster/centroids/closest?dataset=shop",
    "/sdk/cluster/centroids/furthest?dataset=shop",
    f"/d/shop/c/{FIELD}/{ALIAS}",
)


def remove_lance(dataset: Path) -> None:
    shutil.rmtree(dataset / "documents.lance")


def empty_data(dataset: Path) -> None:
    for file in (dataset / "documents.lance" / "data").iterdir():
        file.write_bytes(b"")


def garble_manifests(dataset: Path) -> None:
    for file in (dataset / "documents.lance" / "_versions").iterdir():
        file.write_bytes(b"\xa5" * file.stat().st_size)


def other_format(dataset: Path) -> None:
    (dataset / "dataset.json").write_text('{"name": "shop", "format": 99}')


@pytest.mark.parametrize("damage", [remove_lance, empty_data, garble_manifests, other_format])
def test_a_damaged_dataset_says_so_and_hides_no_other(
    browse: MakeClient, shop_home: Path, tmp_path: Path, damage: Callable[[Path], None]
):
    home = tmp_path / "home"
    shutil.copytree(shop_home, home)
    damage(home / "datasets" / "shop")
    browser = browse(home)
    for address in PAGES:
        response = browser.get(address)
        assert response.status_code == 500, address
        assert "The files of a dataset cannot be read" in response.text
        assert "Traceback" not in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]
    assert browser.get("/media/shop/1?id=item-05&field=item_image").status_code in (404, 500)
    listed = browser.get("/")
    assert listed.status_code == 200
    for name in ("shop", "paths", "bare"):
        assert f">{name}</h2>" in listed.text
    assert browser.get("/sdk/cluster/centroids/closest?dataset=paths").status_code == 200
    assert browser.get("/sdk/cluster/centroids/closest").status_code == 200
    if damage is not empty_data:  # how many documents there are stands elsewhere
        assert "Its files cannot be read:" in listed.text
        assert ADVICE in listed.text


def test_only_what_comes_from_the_files_is_damage(tmp_path: Path):
    from relevanceai.store.documents import DocumentStore

    (tmp_path / "documents.lance").mkdir()
    (tmp_path / "dataset.json").write_text('{"name": "x", "format": 1}')
    with pytest.raises(ValueError) as found:
        DocumentStore(tmp_path, "x", tmp_path / "lock").count()
    assert is_damage(found.value)
    assert is_damage(WorkspaceError("x"))
    assert not is_damage(ValueError("x"))
    assert not is_damage(InvalidInputError("x"))


def test_what_is_said_is_one_line():
    assert said(ValueError("one\n  two")) == "one two"
    assert said(KeyError()) == "KeyError"
    assert len(said(ValueError("x" * 1_000))) == 300
