"""What every handler works with: the store, the writer, the clock, the counters."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, ParamSpec, TypeVar

import anyio
from anyio import to_thread
from starlette.requests import ClientDisconnect

from fluoro.errors import StoppingError
from fluoro.server.body import Bodies
from fluoro.server.counters import Counters
from fluoro.server.fairness import Fairness
from fluoro.server.identity import Identity
from fluoro.server.regions import EmptyRegions
from fluoro.server.sampling_reports import SamplingReports
from fluoro.server.settings import ServerSettings
from fluoro.store import deadline
from fluoro.store.beside import Beside
from fluoro.store.storage import Storage
from fluoro.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")


class Asker(NamedTuple):
    """Who waits for an answer."""

    account: str
    is_gone: Callable[[], Awaitable[bool]]
    """Whether the client has closed its connection."""


class Backend:
    """One for the life of a server.

    Attributes:
        storage: Its calls block: they are made from worker threads, through `run`.
        writer: Takes documents on their way to the store.
        settings: Of the server.
        clock_us: Now, epoch microseconds.
        identity: Knows who may ask what.
        fairness: Keeps one account from taking what all need.
        beside: Asks a second question of a request that is alone.
        bodies: Knows how much of requests is in hand.
        empty_regions: Logs why an answer is empty.
        sampling_reports: Knows what is being given to SDKs' clients.
        counters: What `/metrics` shows.
        is_stopping: New work is refused.
    """

    def __init__(
        self,
        storage: Storage,
        writer: Writer,
        settings: ServerSettings,
        clock_us: Callable[[], int],
        identity: Identity,
    ) -> None:
        self.storage = storage
        self.writer = writer
        self.settings = settings
        self.clock_us = clock_us
        self.identity = identity
        self.fairness = Fairness(settings.store_readers, lambda: identity.is_shared)
        self.beside = Beside(lambda: self.fairness.running == 1)
        self.bodies = Bodies(2 * (settings.queue_bytes + settings.body_bytes))
        self.empty_regions = EmptyRegions(storage, clock_us)
        self.sampling_reports = SamplingReports()
        self.counters = Counters()
        self.is_stopping = False
        self._limiter = anyio.CapacityLimiter(settings.store_readers)

    def admit(self) -> None:
        """Return when new work is taken.

        Raises:
            StoppingError: It is not any more.
        """
        if self.is_stopping:
            raise StoppingError("the server is stopping")

    async def run(
        self, asker: Asker, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function that reads the store, for `query_timeout_s` at most.

        At most `store_readers` run at a time; others wait for their turn.

        Raises:
            ThrottledError: It waited for too long.
            ClientDisconnect: When its turn came nobody waited for the answer any more.
            StoreTimeoutError: It took too long.
        """

        def call() -> T:
            with deadline.within(self.settings.query_timeout_s):
                return function(*args, **kwargs)

        async with self.fairness.turn(asker.account):
            if await asker.is_gone():
                raise ClientDisconnect
            return await to_thread.run_sync(call, limiter=self._limiter)
