"""The sampling reports of the last seconds, those included that are on their way to the store."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from fluoro.model.tenant import Tenant
from fluoro.store.storage import SamplingReport

_NEEDED = 2
"""Reports of a client for a rule: the last one, and when the one before was."""

_Clients = dict[str, deque[SamplingReport]]
"""The last reports of each client for one rule, oldest first."""


class _Answered:
    """What one tenant's clients were answered."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.callers = 0
        self.last_us = 0
        self.rules: dict[str, _Clients] = {}
        """The client that reported last is at the end."""

    def add(self, report: SamplingReport) -> None:
        _append(self.rules.setdefault(report.rule, {}), report)
        self.last_us = report.time_us

    def forget(self, since_us: int) -> None:
        """Drop the clients that said nothing since."""
        for rule, clients in list(self.rules.items()):
            while clients:
                client = next(iter(clients))
                if clients[client][-1].time_us >= since_us:
                    break
                del clients[client]
            if not clients:
                del self.rules[rule]


class Joined:
    """What one caller sees: the store's reports and those that were answered, by rule."""

    def __init__(self, shown: dict[str, _Clients], answered: _Answered, since_us: int) -> None:
        self._shown = shown
        self._answered = answered
        self._since_us = since_us
        self._complete: set[str] = set()
        """Rules of which `shown` has what was answered, too."""

    def clients(self, rule: str) -> Mapping[str, Sequence[SamplingReport]]:
        """The last two reports of each client that sent some, oldest first."""
        clients = self._shown.setdefault(rule, {})
        if rule not in self._complete:
            self._complete.add(rule)
            for client, reports in self._answered.rules.get(rule, {}).items():
                last_us = clients[client][-1].time_us if client in clients else self._since_us - 1
                for report in reports:
                    if report.time_us > last_us:
                        _append(clients, report)
        return clients

    def add(self, report: SamplingReport) -> None:
        """Let others see a report that is being answered; none is older than the one before."""
        self._answered.add(report)
        if report.rule in self._complete:
            _append(self._shown[report.rule], report)


def _append(clients: _Clients, report: SamplingReport) -> None:
    """Keep a report as the newest of its client, and the client as the newest of all."""
    reports = clients.pop(report.client, None) or deque(maxlen=_NEEDED)
    reports.append(report)
    clients[report.client] = reports


class SamplingReports:
    """Lets reports that come at the same time see each other.

    A client's share depends on what the others hold, and clients that began together report
    together. A report that saw only what the store shows would be given what another gets just now.
    Of what other servers answer in that moment nobody knows.

    A tenant is forgotten once its last report is too old: a client may make up regions.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tenants: dict[Tenant, _Answered] = {}
        """The one that was asked for last is at the end."""

    @contextlib.contextmanager
    def joined(
        self, tenant: Tenant, stored: Sequence[SamplingReport], since_us: int
    ) -> Iterator[Joined]:
        """All reports since a moment; what the caller adds others see.

        One caller of a tenant at a time has them, so it must not wait for anything.

        Args:
            tenant: Whose reports.
            stored: What the store shows since that moment, oldest first.
            since_us: The moment, epoch microseconds.
        """
        shown: dict[str, _Clients] = {}
        for each in stored:
            _append(shown.setdefault(each.rule, {}), each)
        with self._of(tenant, since_us) as answered, answered.lock:
            answered.forget(since_us)
            yield Joined(shown, answered, since_us)

    @contextlib.contextmanager
    def _of(self, tenant: Tenant, since_us: int) -> Iterator[_Answered]:
        """What a tenant's clients were answered; it is not forgotten during the block."""
        with self._lock:
            answered = self._tenants.pop(tenant, None) or _Answered()
            self._tenants[tenant] = answered
            answered.callers += 1
        try:
            yield answered
        finally:
            with self._lock:
                answered.callers -= 1
                self._forget(since_us)

    def _forget(self, since_us: int) -> None:
        while self._tenants:
            tenant, oldest = next(iter(self._tenants.items()))
            if oldest.callers or oldest.last_us >= since_us:
                break
            del self._tenants[tenant]
