"""The page's own scripts and styles: read once, compressed once, addressed by their content."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
IMMUTABLE = "private, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire."""

    body: bytes
    packed: bytes
    media_type: str


class Assets:
    """Every file of the static folder, in memory."""

    def __init__(self) -> None:
        self._files = {
            path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES
        }

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change whenever one of the files does."""
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.body + b"\0")
        return digest.hexdigest()[:12]

    def text(self, name: str) -> str:
        """Return a file as text."""
        return self._files[name].body.decode()

    def serve(self, request: Request) -> Response:
        """Answer `/static/{version}/{name}`; of another version there is nothing."""
        asset = self._files.get(request.path_params["name"])
        if asset is None or request.path_params["version"] != self.version:
            return PlainTextResponse("There is no such file.", 404)
        headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding"}
        if accepts_gzip(request):
            headers["content-encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.media_type)
        return Response(asset.body, headers=headers, media_type=asset.media_type)


def accepts_gzip(request: Request) -> bool:
    """True when the browser unpacks gzip."""
    return "gzip" in request.headers.get("accept-encoding", "")


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[path.suffix])
