"""What the programs share: their log, their signals, the line that says where they listen."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
import structlog
import uvloop

Result = TypeVar("Result")


def configure_log(level: str) -> None:
    """JSON on stderr, one event a line, from a level on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def run_until_signal(program: Callable[[asyncio.Event], Awaitable[Result]]) -> Result:
    """Run a program; the event it is given is set on SIGTERM and SIGINT."""

    async def run() -> Result:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        return await program(stop)

    return uvloop.run(run())


def print_json(addresses: Mapping[str, str]) -> None:
    """One line for scripts."""
    sys.stdout.write(msgspec.json.encode(addresses).decode() + "\n")
    sys.stdout.flush()
