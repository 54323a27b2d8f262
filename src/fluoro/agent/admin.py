"""/livez, /readyz and /metrics of the agent.

Ready means able to receive, never that the server is up: an agent taken out of its Service while
the server is away would turn buffering into loss. Each metric is described in `METRICS`;
`docs/reference/agent-metrics.md` has the same list, compared by a test.
"""

import socket
from collections.abc import Callable, Iterator, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fluoro.agent.counts import Counts
from fluoro.agent.receiver import kernel_drops

METRICS: dict[str, tuple[str, str]] = {
    "fluoro_agent_received_documents_total": ("counter", "Datagrams received, good or bad."),
    "fluoro_agent_forwarded_documents_total": ("counter", "Documents that the server stored."),
    "fluoro_agent_rejected_documents_total": (
        "counter",
        "Documents refused, by reason: of the header line, or the server's error code.",
    ),
    "fluoro_agent_dropped_documents_total": ("counter", "Documents given up, by reason."),
    "fluoro_agent_buffered_documents": ("gauge", "Documents that wait or are under way."),
    "fluoro_agent_buffered_bytes": ("gauge", "Their size."),
    "fluoro_agent_kernel_dropped_datagrams_total": (
        "counter",
        "Datagrams that the kernel dropped since the socket's buffer was full.",
    ),
    "fluoro_agent_receive_buffer_bytes": ("gauge", "Socket buffer that the kernel granted."),
    "fluoro_agent_requests_total": (
        "counter",
        "Requests to the server, by status class or kind of failure.",
    ),
    "fluoro_agent_sampling_calls_total": ("counter", "Calls at the TCP door, by outcome."),
}
_LABELS = {
    "fluoro_agent_rejected_documents_total": "reason",
    "fluoro_agent_dropped_documents_total": "reason",
    "fluoro_agent_requests_total": "outcome",
    "fluoro_agent_sampling_calls_total": "outcome",
}


def admin_app(counts: Counts, udp: socket.socket, is_ready: Callable[[], bool]) -> Starlette:
    """The three paths of the admin listener."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        return PlainTextResponse("ok\n") if is_ready() else PlainTextResponse("stopping\n", 503)

    async def metrics(_: Request) -> Response:
        text = "\n".join(_lines(_values(counts, udp)))
        return PlainTextResponse(text + "\n", media_type="text/plain; version=0.0.4")

    return Starlette(
        routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
    )


def _values(counts: Counts, udp: socket.socket) -> dict[str, int | Mapping[str, int]]:
    """What each metric is now."""
    granted = udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    values: tuple[int | Mapping[str, int], ...] = (
        counts.received,
        counts.forwarded,
        counts.rejected,
        counts.dropped,
        counts.buffered,
        counts.buffered_bytes,
        kernel_drops(udp),
        granted,
        counts.requests,
        counts.sampling_calls,
    )
    return dict(zip(METRICS, values, strict=True))


def _lines(values: Mapping[str, int | Mapping[str, int]]) -> Iterator[str]:
    """Prometheus' text format."""
    for name, (type_, help_) in METRICS.items():
        yield f"# HELP {name} {help_}"
        yield f"# TYPE {name} {type_}"
        value = values[name]
        if isinstance(value, int):
            yield f"{name} {value}"
            continue
        for label, count in sorted(value.items()):
            yield f'{name}{{{_LABELS[name]}="{label}"}} {count}'
