"""The sampling reports of the last seconds, those included that are on their way to the store."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

from fluoro.model.tenant import Tenant
from fluoro.store.storage import SamplingReport


class SamplingReports:
    """Lets reports that come at the same time see each other.

    A client's share depends on what the others hold, and clients that began together report
    together. A report that saw only what the store shows would be given what another gets just now.
    Of what other servers answer in that moment nobody knows.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: dict[Tenant, list[SamplingReport]] = {}

    @contextlib.contextmanager
    def joined(
        self, tenant: Tenant, stored: Sequence[SamplingReport], since_us: int
    ) -> Iterator[list[SamplingReport]]:
        """All reports since a moment, oldest first; what the caller appends others see.

        One caller at a time has them, so it must not wait for anything.

        Args:
            tenant: Whose reports.
            stored: What the store shows since that moment.
            since_us: The moment, epoch microseconds.
        """
        with self._lock:
            answered = [each for each in self._answered.get(tenant, ()) if each.time_us >= since_us]
            known = {(each.rule, each.client, each.time_us): each for each in (*stored, *answered)}
            reports = sorted(known.values(), key=lambda each: each.time_us)
            before = len(reports)
            yield reports
            self._answered[tenant] = answered + reports[before:]
