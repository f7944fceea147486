"""What is opened ahead of time, so that the first visitor does not wait."""

import threading
from pathlib import Path

import pytest
from tests.dashboard.conftest import FIELD, MakeClient

from relevanceai.client import Client
from relevanceai.dashboard import documents, server
from relevanceai.dashboard.app import create_app


def test_the_first_pages_are_home_and_the_newest_clustering(browse: MakeClient):
    browser = browse()
    paths = browser.app.state.first_pages()
    assert "/" in paths
    assert any(path.startswith("/sdk/cluster/centroids/closest?dataset=") for path in paths)
    assert any(path.startswith("/d/") for path in paths)
    assert [browser.get(path).status_code for path in paths] == [200] * len(paths)


def test_the_first_page_of_an_empty_workspace_is_home(browse: MakeClient, tmp_path: Path):
    assert browse(tmp_path / "new").app.state.first_pages() == ["/"]


def test_a_page_asked_for_again_seeks_nothing_again(page, monkeypatch: pytest.MonkeyPatch):
    addresses = ("/sdk/cluster/centroids/closest?dataset=shop", f"/d/shop/c/{FIELD}/main-cluster")
    before = [page.get(address).text for address in addresses]
    opened: list[object] = []
    from relevanceai.store.documents import DocumentStore

    really = DocumentStore.opened
    monkeypatch.setattr(DocumentStore, "opened", lambda own: (opened.append(1), really(own))[1])
    monkeypatch.setattr(documents, "documents_of", None)
    assert [page.get(address).text for address in addresses] == before
    assert len(opened) < 40  # however many pictures the pages show


def test_a_server_opens_its_first_pages_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    home = tmp_path / "home"
    dataset = Client(home).Dataset("one")
    dataset.insert_documents([{"_id": str(i), "a_vector_": [float(i), 1.0]} for i in range(6)])
    dataset.set_cluster_labels(["a_vector_"], "first", [0, 0, 0, 1, 1, 1])
    answered: dict[str, int] = {}
    is_over = threading.Event()

    def make_app(workspace: Path, settings):
        inner = create_app(Client(workspace), settings)

        async def app(scope, receive, send):
            async def noting(message):
                if message["type"] == "http.response.start":
                    answered[scope["path"]] = message["status"]
                await send(message)
                if len(answered) == 3 and message["type"] == "http.response.body":
                    is_over.set()
                    settings.on_stop()

            await inner(scope, receive, noting if scope["type"] == "http" else send)

        app.state = inner.state
        return app

    serving = threading.Thread(
        target=server.run, args=(home,), kwargs={"port": 0, "make_app": make_app}
    )
    serving.start()
    assert is_over.wait(20)
    serving.join(20)
    assert answered == {
        "/sdk/cluster/centroids/closest": 200,
        "/": 200,
        "/d/one/c/a_vector_/first": 200,
    }
