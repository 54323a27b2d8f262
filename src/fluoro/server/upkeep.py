"""The jobs that keep a store in order: when they run, what they tell the log and the metrics."""

from collections.abc import Callable

import structlog

from fluoro.server.jobs import Job
from fluoro.server.settings import ServerSettings
from fluoro.store.upkeep import MINUTES_A_PASS, SETTLING_S, Dropped, Retention, Upkeep
from fluoro.wire.prometheus import Metric, Sample

_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86400.0
_MEMORY_S = 20.0
"""Short, since what a load and the jobs after it took is to be gone within a minute."""

_LOG = structlog.get_logger()


def beat(upkeep: Upkeep, replica: str) -> Callable[[], bool]:
    """What every replica does each few seconds: say that it lives, learn what others deleted."""

    def both() -> bool:
        upkeep.refresh()
        return upkeep.beat(replica)

    return both


def jobs(upkeep: Upkeep, settings: ServerSettings) -> list[Job]:
    """What the leading replica does."""
    retention = Retention(settings.retention_days, settings.retention_days_by_account)

    def expire() -> None:
        for day in upkeep.expire(retention):
            _LOG.info("day_dropped", day=day, reason="retention")

    def make_room() -> None:
        room = upkeep.make_room(settings.disk_bytes)
        for day in room.dropped:
            _LOG.warning("day_dropped", day=day, reason="disk", disk_bytes=settings.disk_bytes)
        if room.excess_bytes:
            _LOG.error(
                "disk_cap_exceeded",
                message="only today is left, which is never dropped: give the store more disk,"
                " or sample less",
                excess_bytes=room.excess_bytes,
                disk_bytes=settings.disk_bytes,
            )

    def delete_again() -> None:
        if count := upkeep.delete_again():
            _LOG.info("traces_deleted_again", count=count)

    def update_edges() -> bool:
        return upkeep.update_edges() >= MINUTES_A_PASS

    found = [
        Job("edges", settings.edges_interval_s, update_edges, phase_s=SETTLING_S),
        Job("retention", _HOUR_S, expire),
        Job("deletion", _MINUTE_S, delete_again),
        Job("purge", _DAY_S, upkeep.purge),
        Job("memory", _MEMORY_S, upkeep.give_back, is_everywhere=True),
    ]
    if settings.disk_bytes:
        found.append(Job("disk", _MINUTE_S, make_room))
    return found


def metrics(dropped: Dropped, settings: ServerSettings) -> list[Metric]:
    """What `/metrics` shows of what was dropped, and of the disk."""
    return [
        Metric(
            "fluoro_store_days_dropped_total",
            "counter",
            "Days of receipt that were dropped, by why.",
            [Sample(count, {"reason": reason}) for reason, count in dropped.days.items()],
        ),
        Metric(
            "fluoro_store_bytes_dropped_total",
            "counter",
            "Bytes on disk that went with them.",
            [Sample(count, {"reason": reason}) for reason, count in dropped.bytes.items()],
        ),
        Metric(
            "fluoro_store_traces_deleted_total",
            "counter",
            "Traces that somebody deleted.",
            [Sample(dropped.deleted_traces)],
        ),
        Metric(
            "fluoro_store_bytes",
            "gauge",
            "Bytes of all tables on disk, when the disk was last looked at.",
            [Sample(dropped.room.used_bytes)],
        ),
        Metric(
            "fluoro_store_bytes_limit",
            "gauge",
            "Setting disk_bytes; 0 is no limit.",
            [Sample(settings.disk_bytes)],
        ),
        Metric(
            "fluoro_store_bytes_excess",
            "gauge",
            "Bytes above the limit that only today's documents are left to be dropped for.",
            [Sample(dropped.room.excess_bytes)],
        ),
    ]
