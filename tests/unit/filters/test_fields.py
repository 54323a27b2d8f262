"""The fields of traces, services and calls, each asked through an expression."""

import msgspec
import pytest

from fluoro.filters.evaluate import holds
from fluoro.filters.keywords import KEYWORDS
from fluoro.filters.parser import parse
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.traces.trace import Trace
from made import call, id_of, segment, span

POD = (
    '{"k8s.pod.name":"web-1","k8s.namespace.name":"shop","k8s.deployment.name":"web",'
    '"k8s.replicas":3,"k8s.job.name":""}'
)
SPANS = [
    segment(
        1,
        origin="AWS::EC2::Instance",
        end=2000,
        flags=ERROR | THROTTLE,
        status=429,
        url="http://web/buy",
        method="POST",
        user_agent="curl/8",
        client_ip="10.0.0.7",
        user="alice",
        instance_id="i-0",
        availability_zone="eu-west-1a",
        source=POD,
        annotations={"tier": "gold", "age": 30.0},
    ),
    span(2, 1, end=2500, annotations={"deep": True, "age": 5.0}),
    call(
        3,
        2,
        name="api.internal",
        start=100,
        end=1900,
        status=500,
        flags=FAULT,
        url="http://api/x",
        method="GET",
        annotations={"try": 2.0},
    ),
    segment(
        4,
        3,
        name="api",
        start=200,
        end=1200,
        flags=FAULT,
        status=503,
        user="bob",
        node_account="123456789012",
        resource_arn="arn:fn",
        annotations={"tier": "silver"},
        source='{"k8s.pod.name":"api-1","k8s.cronjob.name":"nightly"}',
    ),
    call(
        5,
        4,
        name="orders@db",
        type_="Database::SQL",
        start=300,
        end=400,
        operation="SELECT * FROM orders",
    ),
    call(
        6, 4, name="DynamoDB", node="T", type_="AWS::DynamoDB::Table", end=500, operation="PutItem"
    ),
]
SPANS[4] = msgspec.structs.replace(SPANS[4], namespace="remote")
SPANS = [
    msgspec.structs.replace(each, start_us=each.start_us + 1, end_us=each.end_us + 1)
    for each in SPANS
]  # a trace's duration takes no start of 0 for a time
METADATA = {
    id_of(1): {"default": {"order": {"id": 7}}},
    id_of(2): {"default": {"note": "in web"}},
    id_of(3): {"http": {"retries": 3}},
    id_of(4): {"default": {"note": "in api"}},
}
TRACE = Trace(SPANS, METADATA)


def held(*texts, around="{}", trace=TRACE):
    """Those of the tests that hold, each inside of what is around it."""
    return [text for text in texts if holds(parse(around.format(text)), trace)]


TRUE_OF_THE_TRACE = {
    "ok": "ok = false",
    "error": "error = false",  # as in the summary, since it is throttled
    "throttle": "throttle",
    "fault": "!fault",
    "partial": "partial = false",
    "inferred": "inferred",
    "responsetime": "responsetime = 2",
    "duration": "duration = 2.5",
    "http.status": "http.status = 429",
    "http.url": 'http.url endswith "/buy"',
    "http.method": "http.method = POST",
    "http.useragent": 'http.useragent contains "curl"',
    "http.clientip": "http.clientip = 10.0.0.7",
    "user": 'user = "alice" AND user = "bob"',
    "account.id": 'account.id = "123456789012"',
    "availabilityzone": "availabilityzone = eu-west-1a",
    "instance.id": "instance.id = i-0",
    "resource.arn": "resource.arn = arn:fn",
    "annotation": "annotation.tier = gold annotation.tier = silver annotation.deep = true",
    "metadata": 'metadata.order.id = 7 metadata.note = "in web" metadata contains "in api"',
    "sql": 'sql contains "FROM orders" AND !(sql = "PutItem")',
    "operation": 'operation = PutItem AND !(operation contains "SELECT")',
    "workload": 'workload in ("web") AND workload = nightly AND !(workload = "")',
    "k8s": "pod = web-1 AND k8s.pod.name = api-1 AND namespace = shop AND !k8s.replicas",
}
"""For each keyword something that only its own value makes true."""

TRUE_OF_WEB = {
    "ok": "ok = false",
    "error": "error",  # the bits are not exclusive
    "throttle": "throttle",
    "fault": "!fault",
    "partial": "!partial",
    "inferred": "inferred = false",
    "root": "root",
    "responsetime": "responsetime = 2",
    "duration": "duration = 2.5",
    "http.status": "http.status = 429",
    "http.url": 'http.url = "http://web/buy"',
    "http.method": "http.method = POST",
    "http.useragent": "http.useragent",
    "http.clientip": "http.clientip",
    "user": 'user = alice AND !(user = "bob")',
    "name": "name = web",
    "type": 'type = "AWS::EC2::Instance"',
    "account.id": "!account.id",
    "availabilityzone": "availabilityzone",
    "instance.id": "instance.id",
    "resource.arn": "!resource.arn",
    "annotation": "annotation.deep AND annotation.try = 2 AND !(annotation.tier = silver)",
    "metadata": 'metadata.retries = 3 AND metadata.note = "in web" AND !(metadata = "in api")',
    "sql": "!sql",
    "operation": "!operation",
    "workload": 'workload = web AND !(workload = "nightly")',
    "k8s": "pod = web-1 AND !(pod = api-1)",
}

TRUE_OF_THE_CALL = {
    "ok": "ok = false",
    "error": "!error",
    "throttle": "!throttle",
    "fault": "fault",
    "responsetime": "responsetime = 1.8",
    "http.status": "http.status = 500",
    "http.url": 'http.url = "http://api/x"',
    "http.method": "http.method = GET",
    "http.useragent": "!http.useragent",
    "http.clientip": "!http.clientip",
    "annotation": "annotation.try = 2 AND !annotation.tier AND !annotation.deep",
    "source.annotation": "source.annotation.deep = true AND source.annotation[tier] = gold",
    "destination.annotation": "destination.annotation.tier = silver !destination.annotation.try",
    "metadata": "metadata.retries = 3 AND !metadata.note",
    "sql": "!sql",
    "operation": "!operation",
    "workload": "!workload",
    "k8s": "!pod",
}


def keywords_of(scope):
    return {keyword for keyword, row in KEYWORDS.items() if scope in row.scopes}


def test_every_keyword_has_its_meaning_here():
    """In each of the scopes that its row names."""
    assert TRUE_OF_THE_TRACE.keys() == keywords_of("trace")
    assert TRUE_OF_WEB.keys() == keywords_of("service")
    assert TRUE_OF_THE_CALL.keys() == keywords_of("edge")


@pytest.mark.parametrize("text", TRUE_OF_THE_TRACE.values())
def test_of_a_trace(text):
    """Outcome, HTTP and response time are the root's, the rest is any span's."""
    assert held(text)


@pytest.mark.parametrize("text", TRUE_OF_WEB.values())
def test_of_a_service(text):
    """Outcome, HTTP and response time are the segment's, the rest is of what is inside."""
    assert held(text, around='service("web") {{{}}}')


@pytest.mark.parametrize("text", TRUE_OF_THE_CALL.values())
def test_of_a_call(text):
    """All of the call as its caller saw it, annotations of the ends by their own names."""
    assert held(text, around='edge("web", "api") {{{}}}')


def test_an_inferred_service_is_its_call():
    """With all that the call knows."""
    around = 'service("orders@db") {{{}}}'
    texts = ["inferred", "sql", "responsetime = 0.1", "duration = 0.1", "!root", "!partial"]
    texts += ['type = "Database::SQL"', 'name = "orders@db"']
    assert held(*texts, around=around) == texts
    assert held("operation", "sql", around='service("T") {{{}}}') == ["operation"]


def test_work_after_the_answer_is_in_a_services_duration():
    """Only that of its own spans, in progress ones not counted."""
    late = span(9, 4, start=1000, end=5000)
    open_ = span(10, 4, start=1000, end=None)
    trace = Trace([*SPANS, late, open_])
    assert held("duration = 4.8", "partial", around='service("api") {{{}}}', trace=trace)
    assert held("duration = 2.5", "partial", around='service("web") {{{}}}', trace=trace) == [
        "duration = 2.5"
    ]


def test_an_unfinished_service_has_no_times():
    """Nothing that is said of them holds."""
    trace = Trace([segment(1, end=None)])
    texts = ["responsetime", "duration", "responsetime != 1", "duration >= 0", "partial"]
    assert held(*texts, around="service() {{{}}}", trace=trace) == ["partial"]


def test_the_call_to_a_root_is_the_clients():
    """The root's own segment; nobody's annotations are the client's."""
    texts = [
        "throttle",
        "responsetime = 2",
        "destination.annotation.deep",
        "source.annotation.tier",
    ]
    around = 'edge(id(type: "client"), "web") {{{}}}'
    assert held(*texts, around=around) == texts[:3]


def test_metadata_is_empty_unless_it_was_read():
    """The caller brings it."""
    assert held("metadata", trace=Trace(SPANS)) == []
    assert held("metadata") == ["metadata"]


def test_without_a_root_only_what_is_of_any_span_has_a_value():
    """An orphan's user is the trace's."""
    trace = Trace([segment(4, 3, name="api", user="bob", url="http://api", status=200)])
    texts = ["ok", "ok = false", "http.url", "http.status", "responsetime", "user", "partial"]
    assert held(*texts, trace=trace) == ["user", "partial"]


def test_every_call_of_a_segment_has_the_same_source():
    """However many there are; the one that fits all of it is found."""
    around = 'edge("api",) {{source.annotation.tier = silver AND {}}}'
    assert held("sql", "operation", "fault", around=around) == ["sql", "operation"]
