"""The page and its files, served from the package. Nothing is loaded from another host."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib import resources

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_PATHS = {
    "/": "index.html",
    "/swagger": "swagger.html",
    "/swagger/": "swagger.html",
    "/favicon.ico": "icon.svg",
    **{f"/static/{n}": n for n in ("app.css", "app.js", "swagger.css", "swagger.js", "icon.svg")},
}


@dataclass(frozen=True)
class File:
    body: bytes
    zipped: bytes
    etag: str
    content_type: str

    @classmethod
    def read(cls, name: str) -> File:
        body = resources.files("tasklist").joinpath("static", name).read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        kind = _TYPES[name.rpartition(".")[2]]
        return cls(body, gzip.compress(body, mtime=0), etag, f"{kind}; charset=utf-8")

    def answer(self, request: Request) -> Response:
        headers = {
            "etag": self.etag,
            "cache-control": "no-cache",
            "vary": "accept-encoding",
            "content-security-policy": POLICY,
            "cross-origin-opener-policy": "same-origin",
        }
        if self.etag in request.headers.get("if-none-match", "").replace("W/", ""):
            return Response(status_code=304, headers=headers)
        headers["content-type"] = self.content_type
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.zipped, headers={**headers, "content-encoding": "gzip"})
        return Response(self.body, headers=headers)


def register(app: FastAPI) -> None:
    files: dict[str, File] = {}

    async def serve_file(request: Request) -> Response:
        name = _PATHS[request.url.path]
        if name not in files:
            files[name] = File.read(name)
        return files[name].answer(request)

    for path in _PATHS:
        app.router.routes.append(Route(path, serve_file, methods=["GET"], include_in_schema=False))
