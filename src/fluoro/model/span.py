"""One segment or subsegment as a flat row: what searches, the graph and summaries work on."""

import msgspec

from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.segment import RecordedException


class Span(msgspec.Struct, frozen=True, gc=False):
    """A row of table `spans`; field names are the column names.

    Ids are in the inside form of `model.ids`; absent strings are empty, an absent status is 0.
    It can be in no circle of references, so the garbage collector need not walk thousands of them.
    """

    trace_id: str
    id: str
    parent_id: str
    """The enclosing entity's id when nested, else as sent; empty for a root segment."""
    document_id: str
    """Id of the root entity of the document this row came in."""
    is_segment: bool
    start_us: int
    end_us: int
    """0 while in progress; never before start_us otherwise."""
    flags: int
    """Bits of `model.outcome`."""
    status: int
    service: str
    """Name of the segment around it in the same document; empty in an independent subsegment."""
    name: str
    namespace: str
    origin: str
    node_name: str
    """Segments: the name. Calls: name of the node they make when no segment answers. Else empty."""
    node_type: str
    """Segments: the origin. Calls: type of that node. Else empty."""
    node_account: str = ""
    """`aws.account_id` of a call or segment, else empty."""
    method: str = ""
    url: str = ""
    client_ip: str = ""
    user_agent: str = ""
    user: str = ""
    operation: str = ""
    """AWS operation or sanitized SQL text."""
    resource_arn: str = ""
    instance_id: str = ""
    availability_zone: str = ""
    annotations: dict[str, str | float | bool] = {}
    receipt_us: int = 0
    exceptions: tuple[RecordedException, ...] = ()
    """What was recorded of them: id, type and message."""
    cause_id: str = ""
    """Id of an exception that another span of the trace recorded."""
    source: str = ""
    """JSON object of the pod that sent the document, by OpenTelemetry's names; or empty."""

    @property
    def is_call(self) -> bool:
        """Whether it is a subsegment for work elsewhere (namespace `aws` or `remote`)."""
        return not self.is_segment and self.namespace in ("aws", "remote")

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return not self.flags & IN_PROGRESS

    @property
    def duration_us(self) -> int:
        """Microseconds from start to end, 0 while in progress."""
        return self.end_us - self.start_us if self.is_finished else 0
