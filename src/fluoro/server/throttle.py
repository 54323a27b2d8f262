"""How often one access key may ask: a token bucket for each, with room for a second's requests.

A refused request takes nothing, so a client that comes again too early is not kept out for longer.
Source: architecture, section 3; AWS's error: spec of the API, section 2.
"""

from collections import Counter
from collections.abc import Callable

import structlog

from fluoro.errors import ThrottledError
from fluoro.wire.prometheus import Metric, Sample

_NS_PER_S = 1_000_000_000

_LOG = structlog.get_logger()


class Throttle:
    """Knows which keys have asked enough for now; used in the event loop only.

    It remembers one number a key, and the keys are those of the keys file.
    """

    def __init__(self, requests_per_s: int, clock_ns: Callable[[], int]) -> None:
        """Prepare.

        Args:
            requests_per_s: Of each key, also at once.
            clock_ns: Nanoseconds of a clock that never goes back.
        """
        self._requests_per_s = requests_per_s
        self._clock_ns = clock_ns
        self._interval_ns = _NS_PER_S // requests_per_s
        self._full_ns: dict[str, int] = {}
        """When the bucket of a key is full again."""
        self._refused: Counter[str] = Counter()

    def check(self, key_id: str) -> None:
        """Return while a key may ask; nothing is taken.

        Raises:
            ThrottledError: It has to wait.
        """
        now_ns = self._clock_ns()
        full_ns = self._full_ns.get(key_id, now_ns)
        missing_ns = full_ns + self._interval_ns - now_ns - _NS_PER_S
        if missing_ns > 0:
            self._count(key_id)
            raise ThrottledError(
                f"Rate exceeded: {key_id} may ask {self._requests_per_s} times a second"
                " (requests_per_s)",
                -(-missing_ns // _NS_PER_S),
            )

    def take(self, key_id: str) -> None:
        """Count a request that is known to be the key's.

        Raises:
            ThrottledError: It has to wait.
        """
        self.check(key_id)
        now_ns = self._clock_ns()
        self._full_ns[key_id] = max(self._full_ns.get(key_id, now_ns), now_ns) + self._interval_ns

    def metrics(self) -> list[Metric]:
        """What `/metrics` shows of it."""
        return [
            Metric(
                "fluoro_server_requests_throttled_total",
                "counter",
                "Requests that were refused because their key asked too often.",
                [Sample(count, {"key": key}) for key, count in sorted(self._refused.items())],
            )
        ]

    def _count(self, key_id: str) -> None:
        """The first, second, fourth, eighth ... refusal of a key is logged."""
        self._refused[key_id] += 1
        count = self._refused[key_id]
        if not count & (count - 1):
            _LOG.warning(
                "key_throttled", key=key_id, requests_per_s=self._requests_per_s, count=count
            )
