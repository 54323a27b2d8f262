import contextlib
import threading
import time

import pytest
import structlog

from fluoro.server.jobs import Job, Jobs
from fluoro.wire import prometheus

LIMIT_S = 60
"""How long a test waits for what has to happen."""

NEVER_S = 3600.0
AT_ONCE_S = 0.001


@contextlib.contextmanager
def running(jobs):
    """Jobs between start and close."""
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()


class Counting:
    """A job that counts its runs, and what it shall raise in the next one."""

    def __init__(self):
        self.runs = 0
        self.error = None
        self._changed = threading.Condition()

    def __call__(self):
        with self._changed:
            self.runs += 1
            self._changed.notify_all()
        if self.error is not None:
            raise self.error

    def reached(self, runs):
        with self._changed:
            return self._changed.wait_for(lambda: self.runs >= runs, LIMIT_S)


def until(claim):
    """Wait for something that has no event."""
    deadline = time.monotonic() + LIMIT_S
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def work():
    return Counting()


@pytest.fixture
def log():
    with structlog.testing.capture_logs() as lines:
        yield lines


def test_the_leader_runs_a_job_at_once_and_after_each_interval(work):
    """Again and again, until it is closed."""
    with running(Jobs(lambda: True, [Job("work", AT_ONCE_S, work)])):
        assert work.reached(3)
    runs = work.runs
    assert not [each for each in threading.enumerate() if each.name in {"work", "heartbeat"}]
    assert work.runs == runs


@pytest.mark.parametrize(("now_s", "waits_s"), [(0, 20), (19.5, 0.5), (20, 60), (95, 45)])
def test_a_job_with_a_phase_runs_at_that_second_of_each_interval(now_s, waits_s):
    """Counted from 1970, however long it took; else an interval after its end."""
    assert Job("work", 60, Counting(), phase_s=20).pause_s(now_s) == waits_s
    assert Job("work", 60, Counting()).pause_s(now_s) == 60


def test_a_phase_is_told_by_the_clock(work):
    """The second run does not wait for the whole interval."""
    almost = Jobs(lambda: True, [Job("work", NEVER_S, work, phase_s=0)], clock_s=lambda: -0.001)
    with running(almost):
        assert work.reached(2)


def test_a_replica_that_does_not_lead_runs_none(work):
    """It only says that it lives."""
    beats = Counting()
    with running(Jobs(lambda: beats() is True, [Job("work", AT_ONCE_S, work)], AT_ONCE_S)) as jobs:
        assert beats.reached(5)
        assert not jobs.leads
    assert work.runs == 0


def test_what_is_about_the_process_runs_on_every_replica(work):
    """A job that is everywhere waits for no lease."""
    with running(Jobs(lambda: False, [Job("memory", AT_ONCE_S, work, is_everywhere=True)])) as jobs:
        assert work.reached(2)
        assert not jobs.leads


def test_a_replica_takes_over_and_gives_way(work):
    """As its heartbeat says; a run that is under way may end."""
    leads = [False]
    beats = Counting()

    def beat():
        beats()
        return leads[0]

    with running(Jobs(beat, [Job("work", AT_ONCE_S, work)], AT_ONCE_S)) as jobs:
        leads[0] = True
        assert work.reached(1)
        leads[0] = False
        until(lambda: not jobs.leads)
        runs = work.runs
        assert beats.reached(beats.runs + 20)
        assert work.runs <= runs + 1


@pytest.mark.parametrize("error", [ValueError("no disk"), OSError("no disk")])
def test_a_job_that_fails_is_logged_counted_and_tried_again(work, log, error):
    """Whatever it raises, the others and the server go on."""
    other = Counting()
    work.error = error
    jobs = Jobs(lambda: True, [Job("work", AT_ONCE_S, work), Job("other", AT_ONCE_S, other)])
    with running(jobs):
        assert work.reached(3)
        work.error = None
        assert work.reached(5)
        assert other.reached(1)
    text = prometheus.render(jobs.metrics())
    failures = [line for line in log if line["event"] == "job_failed"]
    assert [(line["job"], line["error"], line["count"]) for line in failures[:2]] == [
        ("work", "no disk", 1),
        ("work", "no disk", 2),
    ]
    assert f'fluoro_job_failures_total{{job="work"}} {len(failures)}\n' in text
    assert 'fluoro_job_failures_total{job="other"} 0\n' in text


def test_a_replica_whose_heartbeat_fails_does_not_lead(work):
    """It cannot know whether another one does."""
    with running(Jobs(Counting(), [Job("work", AT_ONCE_S, work)], AT_ONCE_S)) as jobs:
        jobs._beat.run.error = OSError("no store")
        assert jobs._beat.run.reached(3)
        assert not jobs.leads
    assert work.runs == 0


def test_closing_waits_for_a_job_that_is_under_way():
    """So that nobody uses the store once it is closed."""
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slow():
        began.set()
        assert go_on.wait(LIMIT_S)
        ended.set()

    jobs = Jobs(lambda: True, [Job("slow", NEVER_S, slow)])
    jobs.start()
    assert began.wait(LIMIT_S)
    closer = threading.Thread(target=jobs.close)
    closer.start()
    go_on.set()
    closer.join(LIMIT_S)
    assert ended.is_set()
    assert not closer.is_alive()


def test_a_slow_job_holds_up_no_other(work):
    """Each has a thread of its own."""
    go_on = threading.Event()
    jobs = Jobs(
        lambda: True,
        [Job("slow", NEVER_S, lambda: go_on.wait(LIMIT_S)), Job("work", AT_ONCE_S, work)],
    )
    with running(jobs):
        assert work.reached(3)
        go_on.set()


def test_metrics_tell_when_a_job_last_went_well(work):
    """By the clock it is given; 0 for one that never did."""
    failing = Counting()
    failing.error = ValueError("no")
    jobs = Jobs(
        lambda: True,
        [Job("work", NEVER_S, work), Job("failing", NEVER_S, failing)],
        NEVER_S,
        lambda: 1234.5,
    )
    assert "fluoro_server_leads 0\n" in prometheus.render(jobs.metrics())
    with running(jobs):
        until(lambda: jobs._records["work"].runs == jobs._records["failing"].runs == 1)
        text = prometheus.render(jobs.metrics())
    assert "fluoro_server_leads 1\n" in text
    assert 'fluoro_job_runs_total{job="work"} 1\n' in text
    assert 'fluoro_job_last_success_time_seconds{job="heartbeat"} 1234.5\n' in text
    assert 'fluoro_job_last_success_time_seconds{job="work"} 1234.5\n' in text
    assert 'fluoro_job_last_success_time_seconds{job="failing"} 0.0\n' in text
    assert "# TYPE fluoro_job_seconds_total counter\n" in text


def test_a_change_of_lease_is_logged_once(log):
    """Not every heartbeat."""
    beats = Counting()
    with running(Jobs(lambda: beats() is None, [], AT_ONCE_S)):
        assert beats.reached(5)
    assert [line["leads"] for line in log if line["event"] == "lease_changed"] == [True]
