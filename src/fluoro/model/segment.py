"""A segment document as a tree of values: what X-Ray names and indexes, nothing else.

The bytes of a document are kept as they were sent; this is the reading of them. A member of the
wrong type is read as ClickHouse's JSONExtract reads it (`wire.segment.decode` lists how).
"""

import msgspec


class RecordedException(msgspec.Struct, frozen=True):
    """One entry of `cause.exceptions`."""

    id: str = ""
    """Empty when it is no id."""
    type: str = ""
    message: str = ""


class Segment(msgspec.Struct, frozen=True):
    """A segment or a subsegment, with everything below it.

    Times are epoch microseconds; `end_us` is None while in progress, else never before `start_us`.
    Strings that are absent are empty, an absent `status` is 0.
    """

    id: str
    name: str
    start_us: int
    end_us: int | None
    trace_id: str = ""
    """Empty in a nested subsegment."""
    parent_id: str = ""
    """As sent; for a nested subsegment take the parent from the nesting instead."""
    is_subsegment: bool = False
    """`type: subsegment`, or nested."""
    namespace: str = ""
    origin: str = ""
    error: bool = False
    fault: bool = False
    throttle: bool = False
    method: str = ""
    url: str = ""
    client_ip: str = ""
    user_agent: str = ""
    status: int = 0
    is_callee_traced: bool = False
    """`http.request.traced` or `traced`: the callee is instrumented too."""
    user: str = ""
    resource_arn: str = ""
    account_id: str = ""
    operation: str = ""
    table_name: str = ""
    """`aws.table_name`, else the only item of `aws.table_names`."""
    bucket_name: str = ""
    queue_url: str = ""
    topic_arn: str = ""
    function_name: str = ""
    instance_id: str = ""
    availability_zone: str = ""
    has_sql: bool = False
    sql_query: str = ""
    """`sql.sanitized_query`."""
    annotations: dict[str, str | float | bool] = {}
    exceptions: tuple[RecordedException, ...] = ()
    cause_id: str = ""
    """`cause` given as an id: the exception is recorded elsewhere in the trace."""
    subsegments: tuple["Segment", ...] = ()
