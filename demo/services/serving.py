"""What the shop's Python services share: how they are instrumented and how they listen."""

import logging
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web
from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.ext.aiohttp.middleware import middleware
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask
from werkzeug.serving import make_server


def setting(name: str) -> str:
    """The environment variable `name`, which the supervisor always sets."""
    return os.environ[name]


def instrument(service: str, *libraries: str) -> None:
    """Switch the official SDK on for this process, as its manual says.

    Args:
        service: Name of the segments.
        libraries: What to patch, in the SDK's words: `botocore`, `requests`, `sqlite3`.
    """
    xray_recorder.configure(
        service=service,
        plugins=("ECSPlugin",),
        # A queue is polled and a schema is made outside of any request.
        context_missing="IGNORE_ERROR",
    )
    # The SDK warns of a missing segment even so, once a poll.
    logging.getLogger("aws_xray_sdk.core.recorder").setLevel(logging.ERROR)
    patch(libraries)


def serve_flask(app: Flask) -> None:
    """Serve `app` on the supervisor's socket until the process is stopped."""
    XRayMiddleware(app, xray_recorder)
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    # The demo fails on purpose; what failed is in the traces.
    app.logger.setLevel(logging.CRITICAL)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    descriptor = int(setting("LISTEN_FD"))
    make_server("127.0.0.1", 0, app, threaded=True, fd=descriptor).serve_forever()


def serve_aiohttp(build: Callable[[], Coroutine[Any, Any, web.Application]]) -> None:
    """Serve the application that `build` returns on the supervisor's socket."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    listener = socket.socket(fileno=int(setting("LISTEN_FD")))
    web.run_app(_instrumented(build), sock=listener, print=None, access_log=None)


async def _instrumented(
    build: Callable[[], Coroutine[Any, Any, web.Application]],
) -> web.Application:
    # AsyncContext belongs to the loop that runs when it is made.
    xray_recorder.configure(context=AsyncContext())
    app = await build()
    app.middlewares.append(middleware)
    app.router.add_get("/health", _health)
    return app


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
