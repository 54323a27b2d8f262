"""Opens the demo shop: eight services, their AWS, a bank, and visitors at a steady rate.

All of it listens on loopback, on free ports, and ends together with this program.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

import resources
from children import ChildError, Children

HERE = Path(__file__).resolve().parent
NODE = HERE / "node"
NODE_SERVICES = ("storefront", "payments")
PYTHON_SERVICES = ("checkout", "catalog", "inventory", "recommendations", "users")
WORKERS = ("fulfilment",)
REGION, KEY, SECRET = "us-east-1", "demo", "demo-secret"  # moto takes any
START_LIMIT_S = 90
STOP_AGAIN_S = 0.5
UNTRACED = {"X-Amzn-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0"}
INHERITED_NOT = ("AWS_", "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY")


class ShopError(Exception):
    """The shop cannot open; the message says what to do."""


class Shop:
    """The processes of the shop and where they listen."""

    def __init__(self, daemon: str, folder: Path) -> None:
        self._daemon = daemon
        self._children = Children(folder)
        self._sockets = {
            name: socket.create_server(("127.0.0.1", 0))
            for name in (*NODE_SERVICES, *PYTHON_SERVICES, "aws", "bank")
        }
        self.urls = {
            name: f"http://127.0.0.1:{one.getsockname()[1]}" for name, one in self._sockets.items()
        }

    def open(self, node: str) -> None:
        """Start everything but the visitors; return when each service has answered."""
        outside = {"AWS_FD": self._sockets["aws"], "BANK_FD": self._sockets["bank"]}
        command = [sys.executable, str(HERE / "outside.py")]
        self._children.start("outside", command, self._environment(), outside)
        environment = self._service_environment()
        for name in NODE_SERVICES:
            command = [node, str(NODE / f"{name}.js")]
            self._children.start(name, command, environment, {"LISTEN_FD": self._sockets[name]})
        for name in PYTHON_SERVICES:
            command = [sys.executable, "-m", f"services.{name}"]
            self._children.start(name, command, environment, {"LISTEN_FD": self._sockets[name]})
        resources.create(self.urls["aws"], REGION, KEY, SECRET)
        deadline = time.monotonic() + START_LIMIT_S
        for name in (*NODE_SERVICES, *PYTHON_SERVICES):
            self._wait_for(name, deadline)
        for name in WORKERS:
            self._children.start(name, [sys.executable, "-m", f"services.{name}"], environment)

    def visit(self, rate: float, seconds: float | None) -> None:
        """Let visitors in; return when they have gone, which without `seconds` is never."""
        command = [
            sys.executable,
            str(HERE / "visitors.py"),
            f"--storefront={self.urls['storefront']}",
            f"--users={self.urls['users']}",
            f"--rate={rate}",
            *([] if seconds is None else [f"--seconds={seconds}"]),
        ]
        self._children.start("visitors", command, self._environment(), speaks=True)
        self._children.wait_for_end("visitors")

    def close(self) -> None:
        """Stop every process."""
        self._children.stop()
        for one in self._sockets.values():
            one.close()

    def _environment(self) -> dict[str, str]:
        return {
            name: value for name, value in os.environ.items() if not name.startswith(INHERITED_NOT)
        }

    def _service_environment(self) -> dict[str, str]:
        return {
            **self._environment(),
            **{f"{name.upper()}_URL": url for name, url in self.urls.items()},
            **resources.SETTINGS,
            # The bank's name is its node on the map; the services look it up here.
            "BANK_URL": self.urls["bank"].replace("127.0.0.1", "bank.example"),
            "AWS_XRAY_DAEMON_ADDRESS": self._daemon,
            "AWS_ENDPOINT_URL": self.urls["aws"],
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "PYTHONPATH": str(HERE),
        }

    def _wait_for(self, name: str, deadline: float) -> None:
        """The socket is open from the start, so the first answer is the service's own."""
        address = self.urls[name].removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=1)
        while time.monotonic() < deadline:
            self._children.check()
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/health", headers=UNTRACED)
                answer = connection.getresponse()
                answer.read()
                if answer.status == http.client.OK:
                    connection.close()
                    return
            connection.close()
        raise ShopError(f"{name} did not answer within {START_LIMIT_S} s.")


def find_node() -> str:
    """The path of Node.js, whose packages must be there too."""
    node = shutil.which("node")
    if node is None:
        raise ShopError("Node.js is missing: the storefront needs version 20 or newer.")
    if not (NODE / "node_modules").is_dir():
        raise ShopError(f"The shop's Node packages are missing: run `npm ci` in {NODE}.")
    return node


def announcement(shop: Shop, options: argparse.Namespace, folder: Path) -> str:
    """What runs where: one JSON line, or lines for people."""
    if options.json:
        return json.dumps(
            {
                "storefront": shop.urls["storefront"],
                "services": shop.urls,
                "workers": WORKERS,
                "daemon": options.daemon,
                "rate": options.rate,
                "folder": str(folder),
            }
        )
    lines = [f"The shop is open, {options.rate:g} visits/s; its segments go to {options.daemon}."]
    lines += [f"  {name:<16} {url}" for name, url in shop.urls.items()]
    lines += [f"  {name:<16} works from a queue" for name in WORKERS]
    return "\n".join([*lines, f"Logs and databases: {folder}", "Ctrl-C closes the shop."])


@contextlib.contextmanager
def work_folder(chosen: Path | None) -> Iterator[Path]:
    """The folder for logs and databases; a temporary one goes with the shop."""
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="shop-") as name:
            yield Path(name)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options; a wrong one ends the program with status 2."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--daemon", default="127.0.0.1:2000", help="host:port of the X-Ray agent")
    parser.add_argument("--rate", type=float, default=5.0, help="visits a second (5)")
    parser.add_argument("--seconds", type=float, help="close after this time; default: never")
    parser.add_argument("--folder", type=Path, help="logs and databases; default: a temporary one")
    parser.add_argument("--json", action="store_true", help="say what runs as one JSON line")
    options = parser.parse_args(arguments)
    if options.rate <= 0:
        parser.error("--rate must be above 0")
    host, _, port = options.daemon.rpartition(":")
    if not host or not port.isdigit():
        parser.error(f"--daemon must be host:port, not {options.daemon!r}")
    return options


def close_early(_number: int, _frame: FrameType | None) -> None:
    """End as if by itself; whoever stops the shop knows why.

    Python drops an exception that is raised inside a finaliser or a weak reference's callback,
    and an import runs many of those; so the exception comes again until the shop closes.
    """
    signal.setitimer(signal.ITIMER_REAL, STOP_AGAIN_S)
    sys.exit(0)


def on_stop(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """Have `handler` take every signal that stops the shop."""
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def main() -> None:
    """Open the shop, let visitors in, close it."""
    options = parse()
    on_stop(close_early)
    try:
        node = find_node()
        with work_folder(options.folder) as folder:
            shop = Shop(options.daemon, folder)
            try:
                print("Opening the shop ...", file=sys.stderr, flush=True)
                shop.open(node)
                print(announcement(shop, options, folder), flush=True)
                shop.visit(options.rate, options.seconds)
            finally:
                on_stop(signal.SIG_IGN)
                shop.close()
    except (ShopError, ChildError, BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"The shop is closed: {error}")


if __name__ == "__main__":
    main()
