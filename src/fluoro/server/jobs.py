"""Work that one replica does from time to time, each job in a thread of its own.

Every replica says each few seconds that it lives, and learns whether it is the one that runs the
jobs; two may for a moment, which no job minds. Source: architecture, section 8.
"""

import threading
import time
from collections.abc import Callable, Sequence

import msgspec
import structlog

from fluoro.store.upkeep import BEAT_S
from fluoro.wire.prometheus import Metric, Sample

_LOG = structlog.get_logger()


class Job(msgspec.Struct, frozen=True):
    """Something to do, first when this replica begins to lead, then interval by interval.

    When `run` returns True there is more to do, and it is called again at once.
    """

    name: str
    interval_s: float
    run: Callable[[], object]
    is_everywhere: bool = False
    """Every replica does it from its start, since it is about the process itself."""
    phase_s: float | None = None
    """Next times lie so far into an interval, counted from 1970; without it, one interval after the
    last time has ended."""

    def pause_s(self, now_s: float) -> float:
        """How long to wait for its next time."""
        if self.phase_s is None:
            return self.interval_s
        return self.interval_s - (now_s - self.phase_s) % self.interval_s


class _Record:
    """How one job went since the start."""

    def __init__(self) -> None:
        self.runs = self.failures = 0
        self.last_success_s = 0.0
        self.seconds = 0.0


class Jobs:
    """Runs jobs from `start` to `close`.

    A job that fails is logged, counted and tried again at its next time; the next one of its name
    begins when the last has ended.

    Attributes:
        leads: Whether this replica runs the jobs.
    """

    def __init__(
        self,
        beat: Callable[[], bool],
        jobs: Sequence[Job],
        beat_s: float = BEAT_S,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        """Prepare.

        Args:
            beat: Says that this replica lives; whether it leads.
            jobs: Of different names.
            beat_s: Seconds between two calls of `beat`.
            clock_s: Epoch seconds.
        """
        self.leads = False
        self._beat = Job("heartbeat", beat_s, beat)
        self._jobs = jobs
        self._clock_s = clock_s
        self._records = {job.name: _Record() for job in (self._beat, *jobs)}
        self._changed = threading.Condition()
        self._is_stopping = False
        self._threads = [
            threading.Thread(target=self._keep_beating, name=self._beat.name),
            *(threading.Thread(target=self._repeat, args=(job,), name=job.name) for job in jobs),
        ]

    def start(self) -> None:
        """Beat for the first time, and go on in threads."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Begin no job any more; wait for those under way."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _keep_beating(self) -> None:
        while True:
            leads = self._attempt(self._beat) is True
            with self._changed:
                if leads != self.leads:
                    _LOG.info("lease_changed", leads=leads)
                self.leads = leads
                self._changed.notify_all()
                if self._changed.wait_for(lambda: self._is_stopping, self._beat.interval_s):
                    return

    def _repeat(self, job: Job) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._may(job) or self._is_stopping)
                if self._is_stopping:
                    return
            if self._attempt(job) is not True:
                with self._changed:
                    pause_s = job.pause_s(self._clock_s())
                    self._changed.wait_for(lambda: self._is_stopping, pause_s)

    def _may(self, job: Job) -> bool:
        return self.leads or job.is_everywhere

    def _attempt(self, job: Job) -> object:
        """What the job returned, None when it failed."""
        record = self._records[job.name]
        began_s = time.monotonic()
        try:
            result = job.run()
        except Exception as error:  # noqa: BLE001  whatever it is, the server goes on
            record.failures += 1
            _LOG.warning("job_failed", job=job.name, error=str(error), count=record.failures)
            return None
        else:
            record.last_success_s = self._clock_s()
            return result
        finally:
            record.runs += 1
            record.seconds += time.monotonic() - began_s

    def metrics(self) -> list[Metric]:
        """What `/metrics` shows of them."""

        def samples(value: Callable[[_Record], float]) -> list[Sample]:
            return [Sample(value(record), {"job": name}) for name, record in self._records.items()]

        return [
            Metric(
                "fluoro_server_leads",
                "gauge",
                "1 on the replica that runs the jobs.",
                [Sample(int(self.leads))],
            ),
            Metric(
                "fluoro_job_runs_total",
                "counter",
                "Runs of a job that have ended.",
                samples(lambda record: record.runs),
            ),
            Metric(
                "fluoro_job_failures_total",
                "counter",
                "Runs of a job that failed; it is tried again at its next time.",
                samples(lambda record: record.failures),
            ),
            Metric(
                "fluoro_job_seconds_total",
                "counter",
                "Time that the runs of a job took.",
                samples(lambda record: record.seconds),
            ),
            Metric(
                "fluoro_job_last_success_time_seconds",
                "gauge",
                "When a job last ended well, epoch seconds; 0 when it never did.",
                samples(lambda record: record.last_success_s),
            ),
        ]
