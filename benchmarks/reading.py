"""Reads through the HTTP API, as boto3 and the console send them, timed from outside."""

import http.client
import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from bodies import DataSet
from ingest import quantile
from serving import Program, evict, serving
from traces import ITEMS, TENANTS, topology

HOUR_S = 3600
DAY_S = 24 * HOUR_S
_ANSWER_LIMIT_S = 120
_KIND_LIMIT_S = 25.0
_MESSAGE = 80


class Times(msgspec.Struct, frozen=True):
    """How long one kind of read took; none when the server refuses it."""

    ms: list[float]
    cpu_ms: float = 0.0
    """CPU of the program for one answer, in the mean; what else it did meanwhile is in it."""
    found: int = 0
    """Traces or nodes of the last answer."""
    refusal: str = ""

    @property
    def p50_ms(self) -> float:
        """Median."""
        return statistics.median(self.ms)

    @property
    def p95_ms(self) -> float:
        """What 19 of 20 do not exceed."""
        return quantile(self.ms, 0.95)


class Question(msgspec.Struct, frozen=True):
    """One request."""

    method: str
    path: str
    body: bytes | None
    counted: str
    """Member of the answer, a list, whose length is what was found."""


Questions = Iterator[Question]


def xray(path: str, counted: str, **members: Any) -> Question:
    """A request of the X-Ray API."""
    return Question("POST", path, msgspec.json.encode(members), counted)


class Reads:
    """The questions to one data set, of which only the bodies up to `end` were sent."""

    def __init__(self, data: DataSet, end: float) -> None:
        self.data = data
        self.end = end
        """Epoch seconds of the newest trace in the store."""
        share = (end - data.shape.start) / (data.shape.end - data.shape.start)
        self.known = data.known[: int(len(data.known) * share)]
        self.services = topology(data.shape.services)

    def trace(self) -> Questions:
        """One trace by its id, another one each time."""
        chance = random.Random(self.data.shape.seed)
        while True:
            yield xray("/Traces", "Traces", TraceIds=[chance.choice(self.known).id])

    def filters(self) -> dict[str, Callable[[int], str]]:
        """Name of each search, and its expression in the n-th run: each run asks another."""
        services = self.services

        def name(run: int) -> str:
            return services[run % len(services)].name

        def edge(run: int) -> str:
            callee = services[run % len(services)].callees[0]
            return f'edge("{name(run)}", "{services[callee].name}")'

        return {
            "newest": lambda _: "",
            "service + fault": lambda run: (
                f'service("{services[run % len(services)].name}") {{ fault }}'
            ),
            "rare annotation": lambda run: f"annotation.item_id = {run * 7 % ITEMS}",
            "common annotation": lambda run: f'annotation.tenant = "tenant-{run % TENANTS}"',
            "two conditions": lambda run: f'annotation.tenant = "tenant-{run % TENANTS}" AND fault',
            "edge": edge,
        }

    def list_of_100(self, spell: Callable[[int], str]) -> Questions:
        """The console's list of an hour: the newest 100 that match and their exact number."""
        for run, start, end in self._hours():
            query = urlencode({"start": start, "end": end, "q": spell(run), "limit": 100})
            yield Question("GET", f"/console/api/traces?{query}", None, "traces")

    def summaries(self, spell: Callable[[int], str]) -> Questions:
        """GetTraceSummaries of an hour: its first page."""
        for run, start, end in self._hours():
            narrowed = {"FilterExpression": spell(run)} if spell(run) else {}
            yield xray(
                "/TraceSummaries", "TraceSummaries", StartTime=start, EndTime=end, **narrowed
            )

    def graph(self, lasts_s: float) -> Questions:
        """GetServiceGraph of a window that ends with the data."""
        for _, _, end in self._hours():
            yield xray("/ServiceGraph", "Services", StartTime=end - lasts_s, EndTime=end)

    def _hours(self) -> Iterator[tuple[int, float, float]]:
        """The last hour, some seconds earlier each time, as people do not ask the same twice."""
        run = 0
        while True:
            end = self.end - run
            yield run, end - HOUR_S, end
            run += 1


def measure(
    program: Program, questions: Questions, runs: int, limit_s: float = _KIND_LIMIT_S
) -> Times:
    """Ask on one connection: the first answer warms, the other ones count.

    Args:
        program: That answers.
        questions: Without end.
        runs: How many answers count.
        limit_s: No further question is asked after so long.
    """
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=_ANSWER_LIMIT_S)
    taken: list[float] = []
    found = 0
    cpu_before_s = 0.0
    over = time.monotonic() + limit_s
    try:
        for question in itertools.islice(questions, runs + 1):
            if len(taken) > 1 and time.monotonic() > over:
                break
            began = time.perf_counter()
            connection.request(question.method, question.path, question.body)
            answer = connection.getresponse()
            text = answer.read()
            taken.append((time.perf_counter() - began) * 1000)
            if answer.status != http.HTTPStatus.OK:
                return Times([], refusal=_message(answer.status, text))
            if len(taken) == 1:
                cpu_before_s = program.cpu_s()
            found = len(msgspec.json.decode(text).get(question.counted, ()))
    except TimeoutError:
        return Times([], refusal=f"no answer within {_ANSWER_LIMIT_S} s")
    finally:
        connection.close()
    cpu_ms = (program.cpu_s() - cpu_before_s) / (len(taken) - 1) * 1000
    return Times(taken[1:], cpu_ms, found)


def measure_cold(
    folder: Path, reads: Reads, processors: set[int], runs: int, *options: str
) -> Times:
    """One trace by id, each time from a new process with nothing of the store in the page cache."""
    taken, questions = [], reads.trace()
    for _ in range(runs):
        evict(folder)
        with serving(folder, processors, *options) as server:
            # What the start has read again is dropped too.
            evict(folder)
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            question = next(questions)
            began = time.perf_counter()
            connection.request(question.method, question.path, question.body)
            text = connection.getresponse().read()
            taken.append((time.perf_counter() - began) * 1000)
            connection.close()
    return Times(taken, found=len(msgspec.json.decode(text).get("Traces", ())))


def measure_some(
    program: Program, reads: Reads, runs: int, limit_s: float = _KIND_LIMIT_S
) -> Mapping[str, Times]:
    """The commonest reads, warm: a trace, the console's lists of an hour, its map."""
    kinds = {
        "trace by id": reads.trace(),
        **{name: reads.list_of_100(spell) for name, spell in reads.filters().items()},
        "graph 1 h": reads.graph(HOUR_S),
    }
    return {name: measure(program, questions, runs, limit_s) for name, questions in kinds.items()}


def measure_all(program: Program, reads: Reads, runs: int) -> Mapping[str, Times]:
    """Every kind of read, warm."""
    kinds = {
        **{
            f"GetTraceSummaries, {name}": reads.summaries(spell)
            for name, spell in reads.filters().items()
        },
        "graph 24 h": reads.graph(DAY_S),
        "graph 30 d": reads.graph(30 * DAY_S),
    }
    rest = {name: measure(program, questions, runs) for name, questions in kinds.items()}
    return {**measure_some(program, reads, runs), **rest}


def _message(status: int, text: bytes) -> str:
    try:
        answer = msgspec.json.decode(text)
        return str(answer.get("message") or answer.get("Message") or answer)[:_MESSAGE]
    except (msgspec.DecodeError, AttributeError):
        return f"status {status}"
