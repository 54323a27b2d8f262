"""The service graph as two tables: the services, and who calls whom."""

from collections.abc import Sequence

from rich.table import Column, Table
from rich.text import Text

from fluoro.client import moments
from fluoro.client.answers import Bucket, Edge, Service, Statistics
from fluoro.client.api import Answer, Api
from fluoro.client.screen import OUTCOME_STYLES, QUIET, figures, prose, table
from fluoro.model.outcome import OUTCOMES, Outcome
from fluoro.wire.xray_api import GetServiceGraphRequest

_WIDE, _VERY_WIDE = 100, 130
"""Columns of a terminal from which on the tables have more columns."""

_CLIENT = "client"
_QUANTILES = (0.5, 0.95, 0.99)
_TENTH, _ALMOST_TEN = 0.001, 0.0995
_LEAST_RATE = 0.05


def graph(api: Api, window: tuple[float, float], group: str) -> Answer:
    """The answer of GetServiceGraph with the services of all its pages in one.

    Raises:
        CallError: There is no answer.
    """
    services: list[object] = []
    token = None
    while True:
        page = api.ask(
            "GetServiceGraph",
            GetServiceGraphRequest(*window, group_name=group or None, next_token=token),
        )
        found = page.pop("Services", None)
        services += found if isinstance(found, list) else []
        following = page.pop("NextToken", None)
        if not isinstance(following, str):
            return {"Services": services, **page}
        token = following


def services_table(services: Sequence[Service], window_s: float, width: int) -> Table:
    """A row for each service, the busiest first; clients have no figures of their own.

    Args:
        services: Of the graph.
        window_s: Length of the window that was asked for.
        width: Of the terminal, in columns.
    """
    columns = [prose("service", at_least=12)]
    if width >= _WIDE:
        columns.append(prose("type", at_least=12))
    columns.append(figures("requests"))
    if width >= _WIDE:
        columns.append(figures("/min"))
    rows = []
    for each in sorted(services, key=lambda each: -each.summary_statistics.total_count):
        if each.type == _CLIENT:
            continue
        statistics = each.summary_statistics
        row: list[Text | str] = [Text(each.name, style="bold")]
        if width >= _WIDE:
            row.append(Text(each.type, style=QUIET))
        row.append(f"{statistics.total_count:,}")
        if width >= _WIDE:
            row.append(_rate(statistics.total_count, window_s))
        rows.append(row + _outcomes(statistics, width) + _times(each, width))
    return table([*columns, *_outcome_columns(width), *_time_columns(width)], rows, width)


def calls_table(services: Sequence[Service], width: int) -> Table:
    """A row for each edge, the busiest first."""
    names = {each.reference_id: each.name for each in services}
    edges = [(each, edge) for each in services for edge in each.edges]
    rows = []
    for caller, edge in sorted(edges, key=lambda pair: -pair[1].summary_statistics.total_count):
        statistics = edge.summary_statistics
        name = "client" if caller.type == _CLIENT else caller.name
        called = Text().append(name, style=QUIET if caller.type == _CLIENT else "")
        called.append(" → ", style=QUIET).append(names.get(edge.reference_id, "?"))
        row: list[Text | str] = [called, f"{statistics.total_count:,}"]
        rows.append(row + _outcomes(statistics, width) + _times(edge, width))
    columns = [prose("call", at_least=12), figures("requests")]
    return table([*columns, *_outcome_columns(width), *_time_columns(width)], rows, width)


def quantile(histogram: Sequence[Bucket], share: float) -> float | None:
    """The seconds that `share` (0 to 1) of all stay at or below; None for an empty histogram."""
    wanted = share * sum(bucket.count for bucket in histogram)
    seen = 0
    for bucket in sorted(histogram, key=lambda bucket: bucket.value):
        seen += bucket.count
        if seen and seen >= wanted:
            return bucket.value
    return None


def percent(share: float) -> str:
    """A share from 0 to 1; never 0 % for something, nor 100 % for not all."""
    if not 0 < share < 1:
        return "100 %" if share else "0 %"
    if share < _TENTH:
        return "<0.1 %"
    if share < _ALMOST_TEN:
        return f"{share * 100:.1f} %".replace(".0 ", " ")
    return f"{min(round(share * 100), 99)} %"


def _rate(count: int, window_s: float) -> str:
    """Requests a minute."""
    if not count or not window_s:
        return ""
    per_minute = count / window_s * 60
    return "<0.1" if per_minute < _LEAST_RATE else f"{per_minute:,.1f}"


def _outcome_columns(width: int) -> list[Column]:
    return [figures(name) for name in _outcomes_shown(width)]


def _outcomes_shown(width: int) -> Sequence[Outcome]:
    return OUTCOMES if width >= _VERY_WIDE else OUTCOMES[1:]


def _outcomes(statistics: Statistics, width: int) -> list[Text | str]:
    """Shares of the outcomes, coloured where there are any."""
    throttles = statistics.error_statistics.throttle_count
    counts: dict[Outcome, int] = {
        "ok": statistics.ok_count,
        "error": statistics.error_statistics.total_count - throttles,
        "throttle": throttles,
        "fault": statistics.fault_statistics.total_count,
    }
    total = statistics.total_count
    return [
        Text(
            percent(counts[name] / total) if total else "",
            style=OUTCOME_STYLES[name] if counts[name] else QUIET,
        )
        for name in _outcomes_shown(width)
    ]


def _time_columns(width: int) -> list[Column]:
    names = [f"p{share * 100:.0f}" for share in _QUANTILES]
    return [figures(name) for name in (*names, *(["average"] if width >= _VERY_WIDE else []))]


def _times(of: Service | Edge, width: int) -> list[Text | str]:
    found = [quantile(of.response_time_histogram, share) for share in _QUANTILES]
    if width >= _VERY_WIDE:
        statistics = of.summary_statistics
        total = statistics.total_count
        found.append(statistics.total_response_time / total if total else None)
    return ["" if seconds is None else moments.duration(seconds) for seconds in found]
