"""The dashboard's application: its routes, its door, and what a failure looks like."""

import os
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevanceai.dashboard.assets import Assets
from relevanceai.dashboard.auth import Codes
from relevanceai.dashboard.damage import ADVICE, is_damage, said
from relevanceai.dashboard.guard import Guard
from relevanceai.dashboard.heatmap_page import HeatmapPages
from relevanceai.dashboard.media import Media
from relevanceai.dashboard.pages import Pages
from relevanceai.dashboard.render import Renderer
from relevanceai.dashboard.runs import CLOSEST, FURTHEST, Memory, Missing
from relevanceai.dashboard.security import add_headers
from relevanceai.dashboard.settings import Settings
from relevanceai.errors import RelevanceAIError

if TYPE_CHECKING:
    from relevanceai.client import Client

_DAMAGED = "The files of a dataset cannot be read"
_RUN = "/d/{dataset}/c/{field}/{alias}"


def create_app(client: "Client", settings: Settings) -> Starlette:
    """Return the ASGI application that shows a client's workspace.

    Parameters
    ----------
    client : whose datasets are shown.
    settings : the secret, the addresses it answers to, and the callbacks of its process.
    """
    assets = Assets()
    renderer = Renderer(assets)
    memory = Memory()
    codes = Codes(settings.clock)
    pages = Pages(client, renderer, memory)
    media = Media(client)
    maps = HeatmapPages(client, renderer, memory, media)
    owner = Owner(client, settings, codes)
    failures = Failures(renderer)
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route(f"/{CLOSEST}", pages.closest),
            Route(f"/{FURTHEST}", pages.furthest),
            Route(_RUN, maps.page),
            Route(_RUN + "/map/{revision}", maps.data),
            Route(_RUN + "/tiles/{revision}/{order}/{level}/{y}/{x}", maps.tile),
            Route(_RUN + "/faces/{version}/{place}", maps.face),
            Route("/media/{dataset}/{version}", media.serve),
            Route("/static/{version}/{name}", assets.serve),
            Route("/api/health", owner.health),
            Route("/api/codes", owner.mint, methods=["POST"]),
            Route("/api/stop", owner.stop, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, settings=settings, codes=codes, renderer=renderer)],
        exception_handlers={
            Missing: failures.missing,
            RelevanceAIError: failures.refused,
            HTTPException: failures.http,
            Exception: failures.broken,
        },
    )
    app.state.first_pages = pages.first_pages
    # A redirect would name this server as it sees itself, not as a proxy's visitor does.
    app.router.redirect_slashes = False
    return app


class Owner:
    """What the owner's own programs ask for, with the secret.

    These answer on the event loop, not on a thread, so that no number of slow pages keeps the owner
    from asking and from ending the dashboard.
    """

    def __init__(self, client: "Client", settings: Settings, codes: Codes) -> None:
        self._client = client
        self._settings = settings
        self._codes = codes

    async def health(self, _request: Request) -> Response:
        """Say who answers."""
        from relevanceai import __version__

        return JSONResponse(
            {
                "workspace": str(self._client.workspace),
                "version": __version__,
                "pid": os.getpid(),
            }
        )

    async def mint(self, _request: Request) -> Response:
        """Return a one-time code for a link."""
        return JSONResponse({"code": self._codes.mint()})

    async def stop(self, _request: Request) -> Response:
        """End the process, once the answer is on its way."""
        return JSONResponse(
            {"stopping": True}, 202, background=BackgroundTask(self._settings.on_stop)
        )


class Failures:
    """Pages for what is not there and what went wrong; JSON where a program asked."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def missing(self, request: Request, error: Exception) -> Response:
        """Say what does not exist, and list what does."""
        assert isinstance(error, Missing)
        return self._page(request, 404, error.title, error.message, error)

    def refused(self, request: Request, error: Exception) -> Response:
        """Say what the package itself says about a request it cannot answer."""
        if is_damage(error):
            return self._page(request, 500, _DAMAGED, str(error))
        is_absent = isinstance(error, LookupError)
        title = "That is not there" if is_absent else "That cannot be shown"
        return self._page(request, 404 if is_absent else 400, title, str(error))

    def http(self, request: Request, error: Exception) -> Response:
        """Say which page or method there is not."""
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            title, message = "There is no such page", "The address may be from another version."
        else:
            title, message = "That does not work here", error.detail
        response = self._page(request, error.status_code, title, message)
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    def broken(self, request: Request, error: Exception) -> Response:
        """Say that something broke, and nothing of how; the server's log has the rest.

        Damaged files are named, as only their owner can mend them. This answer is sent outside the
        door, so it brings its own headers.
        """
        if is_damage(error):
            response = self._page(request, 500, _DAMAGED, f"{said(error)} {ADVICE}")
        else:
            response = self._page(
                request,
                500,
                "Something went wrong in the dashboard",
                "Nothing was changed or lost. The details are in the dashboard's log; "
                "`relevanceai info` says where that is.",
            )
        add_headers(response.headers)
        return response

    def _page(
        self,
        request: Request,
        status: int,
        title: str,
        message: str,
        missing: Missing | None = None,
    ) -> Response:
        path: str = request.scope["path"]
        if path.startswith("/api/") or request.headers.get("accept") == "application/json":
            return JSONResponse({"error": title, "message": message}, status)
        return self._renderer.page(
            request,
            "error.html",
            {
                "status": status,
                "title": title,
                "message": message,
                "options": missing.options if missing else [],
                "n_more": missing.n_more if missing else 0,
                "lines": missing.lines if missing else "",
                "back": missing.back if missing else None,
            },
            status=status,
            headers={"cache-control": "no-store"},
        )
