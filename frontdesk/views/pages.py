"""The built pages of `web/dist`. Nothing else of the disk is served."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from .. import keys
from ..settings import ROOT

DIST = ROOT / "web" / "dist"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; "
    "connect-src 'self' {live}; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-src {frames}; frame-ancestors {ancestors}"
)
ASSET_LIFE = "public, max-age=31536000, immutable"  # the names of assets hold their digest

PAGES = {
    "/": "index.html",
    "/widget": "widget.html",
    "/demo-widget": "demo-widget.html",
    "/agent/": "agent/index.html",
}


def _page(path: str, file: str) -> web.RouteDef:
    async def page(request: web.Request) -> web.StreamResponse:
        target = DIST / file
        if not target.is_file():
            raise web.HTTPServiceUnavailable(text="Les pages ne sont pas construites : lancez « make setup ».\n")
        ancestors = request.app[keys.SETTINGS].widget_ancestors if path == "/widget" else "'none'"
        scheme = "wss" if request.secure or request.headers.get("X-Forwarded-Proto") == "https" else "ws"
        # Safari doesn't read 'self' as including ws: on the same host.
        live = f"{scheme}://{request.host}" if _is_host(request.host) else ""
        policy = CSP.format(live=live, frames="'self'" if path == "/demo-widget" else "'none'", ancestors=ancestors)
        return web.FileResponse(target, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"})

    return web.get(path, page, name=f"page-{file.partition('.')[0].replace('/', '-')}")


def _is_host(host: str) -> bool:
    """Only what can be a host goes into a header: the Host header is the client's."""
    return len(host) <= 255 and all(char.isascii() and (char.isalnum() or char in ".-:[]") for char in host)


async def agent_without_slash(_: web.Request) -> web.StreamResponse:
    raise web.HTTPPermanentRedirect("/agent/")


def _file(target: Path, headers: dict[str, str]) -> web.FileResponse:
    if not target.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(target, headers=headers)


async def asset(request: web.Request) -> web.StreamResponse:
    # The route lets no slash through, and the name no leading dot: nothing outside of assets/ can be named.
    return _file(DIST / "assets" / request.match_info["name"], {"Cache-Control": ASSET_LIFE})


async def widget_script(_: web.Request) -> web.StreamResponse:
    headers = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    return _file(DIST / "widget.js", headers)


async def root_file(request: web.Request) -> web.StreamResponse:
    return _file(DIST / request.match_info["file"], {"Cache-Control": "public, max-age=3600"})


routes: list[web.RouteDef] = [
    *(_page(path, file) for path, file in PAGES.items()),
    web.get("/agent", agent_without_slash, name="agent-without-slash"),
    web.get("/assets/{name:[A-Za-z0-9_-][A-Za-z0-9._-]*}", asset, name="asset"),
    web.get("/widget.js", widget_script, name="widget-script"),
    web.get("/{file:(?:favicon\\.(?:svg|ico)|robots\\.txt|[a-z-]+\\.svg)}", root_file, name="root-file"),
]
