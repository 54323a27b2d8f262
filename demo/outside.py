"""What the shop does not own: its AWS, which moto plays, and the bank. Neither is instrumented.

Run by shop.py, which opens the two sockets: `AWS_FD` and `BANK_FD` in the environment.
"""

import json
import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SLOW_S = 0.9


@Request.application
def bank(request: Request) -> Response:
    """Authorize `{card, amount}`: as with payment companies' test cards, the last digits decide."""
    card = json.loads(request.get_data())["card"]
    match card[-4:]:
        case "0002":
            return answer(402, error="the card was declined")
        case "0119":
            return answer(503, error="closed for maintenance")
        case "0259":
            return answer(429, error="too many charges of this card")
        case "0341":
            time.sleep(SLOW_S)
    return answer(200, authorized=True)


def answer(status: int, **body: object) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body), status=status, content_type="application/json")


def server(app: "WSGIApplication", variable: str) -> BaseWSGIServer:
    """A server on the socket whose number stands in `variable`."""
    return make_server(
        "127.0.0.1",
        0,
        app,
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=int(os.environ[variable]),
    )


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    threading.Thread(target=server(bank, "BANK_FD").serve_forever, daemon=True).start()
    server(DomainDispatcherApplication(create_backend_app), "AWS_FD").serve_forever()
