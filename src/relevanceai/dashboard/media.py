"""Pictures of documents, asked for by document, field and size; nothing else can be asked for."""

from collections import OrderedDict
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from relevanceai import pictures
from relevanceai.dashboard.assets import IMMUTABLE
from relevanceai.dashboard.security import MEDIA_POLICY
from relevanceai.errors import NotFoundError, RelevanceAIError

if TYPE_CHECKING:
    from relevanceai.client import Client
    from relevanceai.dataset import Dataset

SIZES = frozenset({48, 96, 256, 1024})
_KEPT_BYTES = 32 * 2**20
_DECODERS = 4
_MOST_AT_ONCE = 16  # of the 40 threads that answer: slow pictures must leave some to the pages
_MAX_NAME = 4_000
_PATIENCE_S = 5.0


class Media:
    """Serves thumbnails, and remembers the latest."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._kept: OrderedDict[tuple[str, str, str, str, int], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()
        self._decoders = BoundedSemaphore(_DECODERS)
        self._places = BoundedSemaphore(_MOST_AT_ONCE)

    def serve(self, request: Request) -> Response:
        """Answer `/media/{dataset}/{version}?id=&field=&s=`."""
        asked = request.query_params
        document_id, field = asked.get("id", ""), asked.get("field", "")
        if not document_id or not field or len(document_id) + len(field) > _MAX_NAME:
            return nothing("id and field must name a document and one of its fields.", 400)
        try:
            dataset = self._client.dataset_by_slug(request.path_params["dataset"])
        except NotFoundError:
            return nothing("There is no such dataset.", 404)
        is_current = request.path_params["version"] == dataset.revision
        return self.picture(dataset, document_id, field, asked.get("s", "96"), is_current)

    def picture(
        self, dataset: "Dataset", document_id: str, field: str, size: str, is_current: bool
    ) -> Response:
        """Return one picture of a document, drawn anew; kept by the browser if it is current."""
        if size not in {str(each) for each in SIZES}:
            return nothing("s must be one of 48, 96, 256 and 1024.", 400)
        key = (dataset.slug, dataset.revision, document_id, field, int(size))
        with self._lock:
            body = self._kept.get(key)
        if body is None:
            if not self._places.acquire(blocking=False):
                return _busy()
            try:
                value = _value(dataset, document_id, field)
                if not self._decoders.acquire(timeout=_PATIENCE_S):
                    return _busy()
                try:
                    body = pictures.thumbnail(value, int(size), media_folder=dataset.media_folder)
                finally:
                    self._decoders.release()
            finally:
                self._places.release()
            if body is None:
                return nothing("There is no picture there.", 404)
            self._keep(key, body)
        return Response(
            body,
            media_type="image/webp",
            headers={
                "content-security-policy": MEDIA_POLICY,
                "cache-control": IMMUTABLE if is_current else "no-store",
            },
        )

    def _keep(self, key: tuple[str, str, str, str, int], body: bytes) -> None:
        with self._lock:
            self._kept_bytes += len(body) - len(self._kept.pop(key, b""))
            self._kept[key] = body
            while self._kept_bytes > _KEPT_BYTES:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])


def _value(dataset: "Dataset", document_id: str, field: str) -> object:
    """Return the value of a document's field, None when there is no such document or field."""
    try:
        documents = dataset.get_documents_by_ids([document_id], select_fields=[field])
    except RelevanceAIError:
        return None
    return documents[0].get(field) if documents else None


def _busy() -> Response:
    busy = nothing("Too many pictures are being opened. Ask again.", 503)
    busy.headers["retry-after"] = "2"
    return busy


def nothing(message: str, status: int) -> Response:
    """Return why there is no picture."""
    headers = {"content-security-policy": MEDIA_POLICY, "cache-control": "no-store"}
    return PlainTextResponse(message, status, headers)
