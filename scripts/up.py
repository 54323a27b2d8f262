"""`make up`: install what is missing, start Fluoro and the demo, wait for the first trace."""

import argparse
import contextlib
import http.client
import json
import time
from typing import Any

import steps
from checkout import DEMO, PYTHON, RUN, VENV
from down import DEMO_SHOP, FLUORO, stop_all
from install import install

_START_S = 120.0
_FIRST_TRACE_S = 120.0


def up(agent: str, server: str) -> int:
    """Bring it all up; on any failure nothing that was started stays."""
    if FLUORO.is_running():
        print(f"Fluoro is already running at {running_addresses()['server']}: `make down` stops it")
        return 0
    install()
    try:
        addresses = start_fluoro(agent, server)
        start_demo(addresses)
    except BaseException:
        stop_all()
        raise
    print(f"\nFluoro    {addresses['server']}")
    print(f"agent     {addresses['agent']}  (AWS_XRAY_DAEMON_ADDRESS={addresses['agent']})")
    print(f"stop      make down          logs {RUN.name}/*.log")
    return 0


def start_fluoro(agent: str, server: str) -> dict[str, str]:
    """Start `fluoro up` and return the addresses it printed (architecture, section 1)."""
    where = ["--agent-address", agent, "--server-address", server]
    with steps.Waiting("starting Fluoro") as waiting:
        process = FLUORO.start(
            [VENV / "bin" / "fluoro", "up", "--json", "--data", RUN / "data", *where]
        )

        def answer() -> bool | None:
            """True once the line with the addresses is there, False when the program ended."""
            if process.poll() is not None:
                return False
            return True if FLUORO.output.read_bytes().endswith(b"\n") else None

        is_up = waiting.until(answer, _START_S)
    if not is_up:
        said = steps.tail(FLUORO.log) or "Fluoro did not start"
        hint = " (make: AGENT=… SERVER=…)" if "-address" in said else ""
        raise steps.StepError(said + hint, process.poll() or 1)
    return running_addresses()


def start_demo(addresses: dict[str, str]) -> None:
    """Start the shop and wait until the X-Ray API finds a trace of it."""
    began = time.time()
    with steps.Waiting("waiting for the demo's first trace") as waiting:
        process = DEMO_SHOP.start([PYTHON, DEMO / "shop.py", "--daemon", addresses["agent"]])

        def answer() -> bool | None:
            if process.poll() is not None:
                return False
            return True if _has_traces(addresses["server"], began) else None

        has_traces = waiting.until(answer, _FIRST_TRACE_S)
    if not has_traces:
        raise steps.StepError(
            f"no trace of the demo arrived; {DEMO_SHOP.log.name} ends with:\n"
            f"{steps.tail(DEMO_SHOP.log)}"
        )


def _has_traces(server: str, since: float) -> bool:
    """Whether a trace began after `since`; older ones may lie in the store."""
    body = json.dumps({"StartTime": since, "EndTime": time.time()})
    with contextlib.suppress(OSError, http.client.HTTPException):
        return bool(ask(server, "POST", "/TraceSummaries", body).get("TraceSummaries"))
    return False


def ask(server: str, method: str, path: str, body: str | None = None) -> dict[str, Any]:
    """The JSON that the server answers; goes there straight, whatever proxy is set."""
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path, body)
        answer: dict[str, Any] = json.load(connection.getresponse())
        return answer


def running_addresses() -> dict[str, str]:
    """The line that `fluoro up --json` printed.

    Raises:
        StepError: It runs, but has not printed it yet.
    """
    line, end, _ = FLUORO.output.read_text().partition("\n")
    if not end:
        raise steps.StepError("Fluoro is just being started: try again, or run `make down`")
    addresses: dict[str, str] = json.loads(line)
    return addresses


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--agent-address", required=True, metavar="HOST:PORT")
    options.add_argument("--server-address", required=True, metavar="HOST:PORT")
    arguments = options.parse_args()
    steps.main(lambda: up(arguments.agent_address, arguments.server_address))
