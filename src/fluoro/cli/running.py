"""What the programs share: their log, their signals, the line that says where they listen."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeVar

import msgspec
import structlog
import uvloop

Result = TypeVar("Result")
LogLevel = Literal["debug", "info", "warning", "error"]


def configure_log(level: LogLevel) -> None:
    """JSON on stderr, one event a line, from a level on; libraries only when they warn."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


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
