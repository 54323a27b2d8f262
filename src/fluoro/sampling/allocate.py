"""A rule's reservoir shared among the clients that use it: pure, so all replicas agree.

Source: spec of sampling, section 5. AWS's own algorithm is not published; its developer guide says
that the reservoir is spread evenly over the instances of a service.
"""

import math
from collections.abc import Mapping

INTERVAL_S = 10
"""How often clients report."""

ACTIVE_S = 3 * INTERVAL_S
"""A client that was silent for so long has no share any more."""


def demand(requests: int, elapsed_s: float) -> int:
    """Requests a second that a client would like to trace, rounded up.

    Args:
        requests: Matched by the rule since the client's last report.
        elapsed_s: Seconds since that report; less than one counts as one.
    """
    return math.ceil(requests / max(elapsed_s, 1.0))


def allocate(reservoir: int, demands: Mapping[str, int]) -> dict[str, int]:
    """Fill all demands to one level, as high as the reservoir reaches.

    Nobody gets more than it asked for, and who gets less than it asked for gets no less than
    anybody else but for one request a second: what cannot be split goes to the first by client id.

    Args:
        reservoir: Requests a second for all clients together.
        demands: Requests a second that each active client would like; the order is of no matter.

    Returns:
        The quota of each client, summing to at most `reservoir`.
    """
    quotas: dict[str, int] = {}
    left = reservoir
    smallest_first = sorted(demands, key=lambda client: (demands[client], client))
    for place, client in enumerate(smallest_first):
        level = left // (len(demands) - place)
        if demands[client] > level:
            break
        quotas[client] = demands[client]
        left -= demands[client]
    hungry = sorted(demands.keys() - quotas.keys())
    for place, client in enumerate(hungry):
        quotas[client] = left // len(hungry) + (place < left % len(hungry))
    return quotas


def grant(reservoir: int, client: str, demands: Mapping[str, int], held: Mapping[str, int]) -> int:
    """The quota of a client that reports: its share, as far as others left of the reservoir.

    So the sum of what is held never passes the reservoir, as long as all that is held is known. Who
    held more than its share gives the rest back with its own next report, and who waits for it gets
    it with the one after.

    Args:
        reservoir: Requests a second for all clients together.
        client: The one that reports.
        demands: Requests a second that each active client would like, its own among them.
        held: Quotas of clients that have not run out, its own may be among them.
    """
    others = sum(quota for other, quota in held.items() if other != client)
    return max(0, min(allocate(reservoir, demands)[client], reservoir - others))


def lease_s(quota: int) -> int:
    """How long a quota holds: three reports, or one for a client that got nothing."""
    return ACTIVE_S if quota else INTERVAL_S
