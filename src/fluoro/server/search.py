"""Searches, page by page: candidates from the store, checked again on the spans of each.

Source: spec of trace queries, sections 1.2 and 1.3; architecture, section 9.
"""

import base64
import binascii
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from fluoro.errors import InputError
from fluoro.filters.evaluate import holds
from fluoro.filters.scopes import Window
from fluoro.filters.tree import Expression
from fluoro.model.tenant import Tenant
from fluoro.store.beside import Beside
from fluoro.store.matching import read_traces
from fluoro.store.storage import Position, Search, Storage
from fluoro.traces.trace import Trace

_ROUNDS = 10
"""Batches of candidates that are read for one page before it is answered as it is."""

_FINGERPRINT_BYTES = 8


class Page(NamedTuple):
    """Traces that match, newest first, and where the next page begins (None: there is none)."""

    traces: list[Trace]
    after: Position | None


class Token(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: what a NextToken says."""

    after: Position
    count: int
    """Traces in the range, counted for the first page."""
    query: str
    """Fingerprint of the range, its type and the filter: another query's token is refused."""


_TOKEN = msgspec.json.Decoder(Token)


def read_page(
    storage: Storage,
    tenant: Tenant,
    search: Search,
    accepts: Callable[[Trace], bool],
) -> Page:
    """The next `search.limit` traces that the search finds and `accepts` takes.

    A page is short, even empty, with more to come, when too many candidates are not taken.
    """
    found: list[Trace] = []
    for _ in range(_ROUNDS):
        wanted = search.limit - len(found)
        positions = storage.search(tenant, msgspec.structs.replace(search, limit=wanted))
        trace_ids = [position.trace_id for position in positions]
        since_us = search.start_us if search.kind == "TraceId" else 0
        traces = read_traces(storage, tenant, trace_ids, search.expression, since_us)
        found += [trace for trace in traces if accepts(trace)]
        if len(positions) < wanted:
            return Page(found, None)
        search = msgspec.structs.replace(search, after=positions[-1])
        if len(found) >= search.limit:
            break
    return Page(found, search.after)


def read_first_page(
    storage: Storage,
    beside: Beside,
    tenant: Tenant,
    search: Search,
    accepts: Callable[[Trace], bool],
) -> tuple[int, Page]:
    """How many traces the range has, whether they match or not, and the first page."""
    counted = beside.ask(storage.count_traces, tenant, search.start_us, search.end_us, search.kind)
    page = read_page(storage, tenant, search, accepts)
    return counted(), page


def matches(expression: Expression | None, trace: Trace, window: Window | None = None) -> bool:
    """Whether a filter, if there is one, holds for a trace."""
    return expression is None or holds(expression, trace, window)


def fingerprint(start_us: int, end_us: int, kind: str, expression: str | None) -> str:
    """What tells one query from another."""
    text = msgspec.json.encode([start_us, end_us, kind, expression or ""])
    return blake2b(text, digest_size=_FINGERPRINT_BYTES).hexdigest()


def spell_token(token: Token) -> str:
    """A token as text that clients give back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def read_token(text: str, query: str) -> Token:
    """The token in a text; `query` is the fingerprint of the query it came with.

    Raises:
        InputError: It is no token, or that of another query.
    """
    try:
        token = _TOKEN.decode(base64.b64decode(text, b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InputError(f"Invalid token {text}") from error
    if token.query != query:
        raise InputError(f"Invalid token {text}")
    return token
