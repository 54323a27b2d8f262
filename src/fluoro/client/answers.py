"""What the tables show of the API's answers.

Any member may be missing or null here: AWS sends null where Fluoro leaves out, and what a table
does not show must not keep it from being shown.
"""

from typing import TypeVar

import msgspec

from fluoro.client.api import Answer
from fluoro.errors import CallRefusedError
from fluoro.wire.xray_api import Http, Shape


class Named(Shape, frozen=True):
    """A node of the graph."""

    name: str = ""
    type: str = ""


class Summary(Shape, frozen=True):
    """One trace of a search; times and durations in seconds."""

    id: str = ""
    start_time: float = 0.0
    duration: float = 0.0
    has_fault: bool = False
    has_error: bool = False
    has_throttle: bool = False
    is_partial: bool = False
    http: Http = Http()
    service_ids: list[Named] = []
    entry_point: Named = Named()


class Summaries(Shape, frozen=True):
    """Traces of a search."""

    trace_summaries: list[Summary] = []


class Segment(Shape, frozen=True):
    """A whole segment as JSON text."""

    document: str = "{}"


class Trace(Shape, frozen=True):
    """A trace and its segments; not all of them where a limit is exceeded."""

    id: str = ""
    limit_exceeded: bool = False
    segments: list[Segment] = []


class Traces(Shape, frozen=True):
    """Traces that were found, and those that were not read for now."""

    traces: list[Trace] = []
    unprocessed_trace_ids: list[str] = []


class Errors(Shape, frozen=True):
    """Client errors, throttled ones among them."""

    throttle_count: int = 0
    total_count: int = 0


class Faults(Shape, frozen=True):
    """Server faults."""

    total_count: int = 0


class Statistics(Shape, frozen=True):
    """Counts by outcome; the time in seconds, all together."""

    ok_count: int = 0
    error_statistics: Errors = Errors()
    fault_statistics: Faults = Faults()
    total_count: int = 0
    total_response_time: float = 0.0


class Bucket(Shape, frozen=True):
    """`count` requests took about `value` seconds."""

    value: float = 0.0
    count: int = 0


class Edge(Shape, frozen=True):
    """Calls to the service of a reference id."""

    reference_id: int = 0
    summary_statistics: Statistics = Statistics()
    response_time_histogram: list[Bucket] = []


class Service(Shape, frozen=True):
    """A node of the graph, and its calls."""

    reference_id: int = 0
    name: str = ""
    type: str = ""
    edges: list[Edge] = []
    summary_statistics: Statistics = Statistics()
    response_time_histogram: list[Bucket] = []


class Graph(Shape, frozen=True):
    """The service graph."""

    services: list[Service] = []


class Insights(Shape, frozen=True):
    """What is looked out for in a group."""

    insights_enabled: bool = False
    notifications_enabled: bool = False


class Group(Shape, frozen=True):
    """A group; Default has no filter."""

    group_name: str = ""
    group_arn: str = ""
    filter_expression: str = ""
    insights_configuration: Insights = Insights()


class Groups(Shape, frozen=True):
    """All groups."""

    groups: list[Group] = []


class OneGroup(Shape, frozen=True):
    """One group."""

    group: Group = Group()


class Boost(Shape, frozen=True):
    """How far a rule's rate may be raised, and how seldom."""

    max_rate: float = 0.0
    cooldown_window_minutes: int = 0


class Rule(Shape, frozen=True):
    """A sampling rule."""

    rule_name: str = ""
    rule_arn: str = ""
    resource_arn: str = ""
    priority: int = 0
    fixed_rate: float = 0.0
    reservoir_size: int = 0
    service_name: str = ""
    service_type: str = ""
    host: str = ""
    http_method: str = msgspec.field(default="", name="HTTPMethod")
    url_path: str = ""
    attributes: dict[str, str] = {}
    sampling_rate_boost: Boost | None = None


class Record(Shape, frozen=True):
    """A rule and when it was made and changed, in epoch seconds."""

    sampling_rule: Rule = Rule()
    created_at: float = 0.0
    modified_at: float = 0.0


class Rules(Shape, frozen=True):
    """All sampling rules."""

    sampling_rule_records: list[Record] = []


class OneRule(Shape, frozen=True):
    """The rule that was made, changed or deleted."""

    sampling_rule_record: Record = Record()


class RuleStatistics(Shape, frozen=True):
    """What all clients did for one rule in ten seconds from `timestamp` (epoch seconds) on."""

    rule_name: str = ""
    timestamp: float = 0.0
    request_count: int = 0
    borrow_count: int = 0
    sampled_count: int = 0


class Sampled(Shape, frozen=True):
    """One summary for each rule."""

    sampling_statistic_summaries: list[RuleStatistics] = []


Read = TypeVar("Read", bound=Shape)


def read(answer: Answer, type_: type[Read]) -> Read:
    """What a table shows of an answer.

    Raises:
        CallRefusedError: It is not what the operation answers.
    """
    try:
        return msgspec.convert(_without_nulls(answer), type_)
    except msgspec.ValidationError as error:
        raise CallRefusedError(f"the answer is none of an X-Ray API: {error}") from error


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value if each is not None]
    return value
