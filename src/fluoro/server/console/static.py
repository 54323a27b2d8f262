"""The built console: files with a hash in their name for a year, the page itself for every place.

Nothing is loaded from elsewhere; a content security policy makes sure of it.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from fluoro.errors import NotFoundError
from fluoro.server.body import takes_gzip

FOLDER = Path(__file__).parent / "static"
"""Where `npm run build` of console/ puts its files."""

_INDEX = "index.html"
_HASHED = "assets/"
_YEAR = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere; measured sizes are set through the DOM."""

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Fluoro</title></head>
<body>
<h1>Fluoro is running</h1>
<p>Its console is not built: run <code>make up</code> in the checkout,
or <code>npm ci</code> and <code>npm run build</code> in <code>console/</code>.</p>
<p>The X-Ray API answers at this address.</p>
</body>
</html>
"""


def routes(folder: Path = FOLDER) -> list[Route]:
    """One route for every GET that nothing else took."""
    root = folder.resolve()

    async def serve(request: Request) -> Response:
        name: str = request.path_params["path"]
        file = (root / name).resolve()
        if name and file.is_file() and file.is_relative_to(root):
            return _file(request, file, _YEAR if name.startswith(_HASHED) else _ASK_AGAIN)
        if name.startswith((_HASHED, "console/api/")):
            raise NotFoundError(f"there is no {request.url.path}")
        index = root / _INDEX
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, headers=_headers(_ASK_AGAIN))
        return _file(request, index, _ASK_AGAIN)

    return [Route("/{path:path}", serve, methods=["GET"])]


def _file(request: Request, file: Path, caching: str) -> Response:
    """A file, as its compressed copy when there is one and the browser takes it."""
    headers = _headers(caching)
    packed = file.with_name(file.name + ".gz")
    if packed.is_file():
        headers["Vary"] = "Accept-Encoding"
        if takes_gzip(request.headers):
            headers["Content-Encoding"] = "gzip"
            plain = FileResponse(file)
            return FileResponse(packed, headers=headers, media_type=plain.media_type)
    return FileResponse(file, headers=headers)


def _headers(caching: str) -> dict[str, str]:
    return {
        "Cache-Control": caching,
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "same-origin",
    }
