"""/livez, /readyz and /metrics of the agent.

Ready means able to receive, never that the server is up: an agent taken out of its Service while
the server is away would turn buffering into loss. `docs/reference/agent-metrics.md` describes each
metric, compared by a test.
"""

import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fluoro.agent.counts import Counts
from fluoro.agent.receiver import granted_bytes, kernel_drops
from fluoro.wire import prometheus
from fluoro.wire.prometheus import Metric, Sample


def admin_app(
    counts: Counts,
    udp: socket.socket,
    *,
    is_alive: Callable[[], bool],
    is_ready: Callable[[], bool],
) -> Starlette:
    """The three paths of the admin listener.

    Args:
        counts: What /metrics shows.
        udp: The open UDP socket, asked for its buffer and its drops.
        is_alive: Whether the receiving thread and all senders run; if not, only a restart helps.
        is_ready: Whether new datagrams may come.
    """

    async def livez(_request: Request) -> Response:
        return _answer(is_alive(), "failed: its log has the error")

    async def readyz(_request: Request) -> Response:
        return _answer(is_ready(), "stopping")

    async def scrape(_request: Request) -> Response:
        text = prometheus.render(metrics(counts, udp))
        return Response(text, media_type=prometheus.CONTENT_TYPE)

    return Starlette(
        routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", scrape)]
    )


def _answer(is_well: bool, trouble: str) -> Response:  # noqa: FBT001  it is the whole question
    if is_well:
        return PlainTextResponse("ok\n")
    return PlainTextResponse(f"{trouble}\n", HTTPStatus.SERVICE_UNAVAILABLE)


def metrics(counts: Counts, udp: socket.socket) -> list[Metric]:
    """Everything that `/metrics` of the agent shows."""
    return [
        Metric(
            "fluoro_agent_documents_received_total",
            "counter",
            "Datagrams received, good or bad.",
            [Sample(counts.received)],
        ),
        Metric(
            "fluoro_agent_documents_forwarded_total",
            "counter",
            "Documents that the server stored.",
            [Sample(counts.forwarded)],
        ),
        Metric(
            "fluoro_agent_documents_rejected_total",
            "counter",
            "Datagrams without a proper header line, and documents that the server refused.",
            _samples("reason", counts.rejected),
        ),
        Metric(
            "fluoro_agent_documents_dropped_total",
            "counter",
            "Documents given up.",
            _samples("reason", counts.dropped),
        ),
        Metric(
            "fluoro_agent_documents_buffered",
            "gauge",
            "Documents that wait or are under way.",
            [Sample(counts.buffered)],
        ),
        Metric(
            "fluoro_agent_buffered_bytes",
            "gauge",
            "Size of the documents that wait or are under way.",
            [Sample(counts.buffered_bytes)],
        ),
        Metric(
            "fluoro_agent_kernel_drops_total",
            "counter",
            "Datagrams that the kernel dropped, since the socket's buffer was full.",
            [Sample(kernel_drops(udp))],
        ),
        Metric(
            "fluoro_agent_receive_buffer_bytes",
            "gauge",
            "Socket buffer that the kernel granted.",
            [Sample(granted_bytes(udp))],
        ),
        Metric(
            "fluoro_agent_requests_total",
            "counter",
            "Tries to bring documents to the server.",
            _samples("outcome", counts.requests),
        ),
        Metric(
            "fluoro_agent_sampling_calls_total",
            "counter",
            "Calls at the TCP door.",
            _samples("outcome", counts.sampling_calls),
        ),
    ]


def _samples(label: str, counts: Mapping[str, int]) -> list[Sample]:
    return [Sample(count, {label: value}) for value, count in sorted(counts.items())]
