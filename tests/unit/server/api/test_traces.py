import hashlib
import json
import threading

import pytest

from fluoro.errors import StoreTimeoutError
from fluoro.server.api import traces as module
from fluoro.server.api.traces import is_kept
from fluoro.server.settings import ServerSettings

NOW_S = 1_700_000_000
TRACE = "1-6553f100-00000000000000000000000a"
OTHER = "1-6553f100-00000000000000000000000b"


def message(answer):
    assert answer.status_code == 400
    return answer.json()["message"]


def found(server, *ids):
    answer = server.call("/Traces", {"TraceIds": list(ids)})
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"TraceIds": []}, "Zero trace ids provided"),
        ({"TraceIds": [TRACE] * 6}, "Exceeding maximum query size: 5"),
        ({"TraceIds": ["1-x"]}, "Invalid trace id 1-x: incorrect id format"),
        ({"TraceIds": [TRACE, TRACE]}, "Containing duplicate trace ids"),
        ({"TraceIds": [TRACE, TRACE.upper()]}, "Containing duplicate trace ids"),
        ({"TraceIds": [TRACE], "NextToken": "a"}, "NextToken is currently not supported"),
    ],
)
def test_batch_get_traces_refusals(server, body, text):
    """AWS's sentences."""
    assert message(server.call("/Traces", body)) == text


def test_batch_get_traces_gives_documents_back(server, document):
    """In the order of the request, byte for byte; unknown ids are left out of both lists."""
    texts = {trace: json.dumps(document(7, trace), indent=1) for trace in (TRACE, OTHER)}
    server.put(*texts.values())
    unknown = "1-6553f100-00000000000000000000000c"
    answer = found(server, OTHER, unknown, TRACE)
    assert answer["UnprocessedTraceIds"] == []
    assert [
        (trace["Id"], trace["Duration"], trace["LimitExceeded"], trace["Segments"])
        for trace in answer["Traces"]
    ] == [
        (trace, 0.5, False, [{"Id": f"{7:016x}", "Document": texts[trace]}])
        for trace in (OTHER, TRACE)
    ]


def test_batch_get_traces_takes_w3c_ids(server, document):
    """32 hex digits are the same id."""
    server.put(document())
    assert found(server, TRACE[2:].replace("-", ""))["Traces"][0]["Id"] == TRACE


def test_batch_get_traces_limit(make, document):
    """A trace beyond `trace_read_bytes` has LimitExceeded and its oldest documents."""
    server = make(settings=ServerSettings(trace_read_bytes=300))
    for number in (1, 2, 3):
        server.put(document(number))
    (trace,) = found(server, TRACE)["Traces"]
    assert trace["LimitExceeded"] is True
    assert [segment["Id"] for segment in trace["Segments"]] == [f"{1:016x}", f"{2:016x}"]


def summaries(server, **members):
    answer = server.call("/TraceSummaries", members)
    assert answer.status_code == 200, answer.text
    return answer.json()


def numbers(answer):
    return [int(summary["Id"][-4:], 16) for summary in answer["TraceSummaries"]]


@pytest.fixture
def five(server, document, trace_id):
    """A server with five traces, each a second after the one before; the third is a fault."""
    server.put(
        *(document(n, trace_id(n), start=n, fault=n == 3, seconds=n / 10) for n in range(1, 6))
    )
    return server


def test_get_trace_summaries_newest_first(five, window):
    """All traces that start in the range, both ends included, on one page without a token."""
    answer = summaries(five, **window)
    assert numbers(answer) == [5, 4, 3, 2, 1]
    assert "NextToken" not in answer
    assert answer["TracesProcessedCount"] == 5
    assert answer["ApproximateTime"] == window["StartTime"]
    assert numbers(summaries(five, StartTime=NOW_S + 2, EndTime=NOW_S + 4)) == [4, 3, 2]


def test_get_trace_summaries_reads_any_time(five):
    """ISO 8601 and numerals as well as numbers."""
    assert numbers(summaries(five, StartTime="2023-11-14T22:13:22Z", EndTime=f"{NOW_S + 4}.0")) == [
        4,
        3,
        2,
    ]


def test_get_trace_summaries_pages(five, window, monkeypatch):
    """Each page goes on where the last one ended and counts the whole range."""
    monkeypatch.setattr(module, "PAGE", 2)
    pages = [summaries(five, **window)]
    while "NextToken" in pages[-1]:
        pages.append(summaries(five, **window, NextToken=pages[-1]["NextToken"]))
    assert [numbers(page) for page in pages] == [[5, 4], [3, 2], [1]]
    assert [page["TracesProcessedCount"] for page in pages] == [5, 5, 5]
    assert pages[0]["ApproximateTime"] == NOW_S + 4


def test_get_trace_summaries_token_of_another_query(five, window, monkeypatch):
    """Another filter refuses the token, another sampling does not: Grafana changes it midway."""
    monkeypatch.setattr(module, "PAGE", 2)
    token = summaries(five, **window)["NextToken"]
    answer = five.call("/TraceSummaries", window | {"NextToken": token, "FilterExpression": "ok"})
    assert message(answer) == f"Invalid token {token}"
    strategy = {"Name": "PartialScan"}
    page = summaries(five, **window, NextToken=token, Sampling=True, SamplingStrategy=strategy)
    assert numbers(page) == [3, 2]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("fault", [3]),
        ("ok AND duration > 0.15", [5, 4, 2]),
        ('service("web") responsetime <= 0.2', [2, 1]),
        ('service("other")', []),
    ],
)
def test_get_trace_summaries_filters(five, window, expression, wanted):
    """Only those for which the expression holds; the count is of all."""
    answer = summaries(five, **window, FilterExpression=expression)
    assert numbers(answer) == wanted
    assert answer["TracesProcessedCount"] == 5


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"EndTime": NOW_S - 61}, "End time cannot be earlier than start time"),
        ({"NextToken": "x"}, "Invalid token x"),
        ({"FilterExpression": "foo = 1"}, "Unknown keyword: 'foo'"),
        (
            {"Sampling": True, "SamplingStrategy": {"Name": "FixedRate"}},
            "sampling rate must be specified and its value must be between [0, 1]",
        ),
        (
            {"Sampling": True, "SamplingStrategy": {"Name": "FixedRate", "Value": 1.5}},
            "sampling rate must be specified and its value must be between [0, 1]",
        ),
        (
            {"Sampling": True, "SamplingStrategy": {"Name": "FixedRate", "Value": 1}},
            "Cannot use FixedRate with input time range type: TraceId. Please try using time range",
        ),
        ({"TimeRangeType": "Sometime"}, "'timeRangeType'"),
    ],
)
def test_get_trace_summaries_refusals(server, window, members, text):
    """AWS's sentences; a filter names what is not understood."""
    assert text in message(server.call("/TraceSummaries", window | members))


def test_get_trace_summaries_strategy_without_sampling(five, window):
    """A strategy counts only with Sampling."""
    answer = summaries(five, **window, SamplingStrategy={"Name": "FixedRate", "Value": 9})
    assert len(numbers(answer)) == 5


def test_get_trace_summaries_by_service(server, document, trace_id):
    """Type Service goes by the ends of segments, both ends of the range included."""
    server.put(
        document(1, trace_id(1), start=0, seconds=10),
        document(2, trace_id(2), start=5, seconds=1),
        document(3, trace_id(3), start=11, seconds=1),
    )
    window = {"StartTime": NOW_S + 10, "EndTime": NOW_S + 11}
    answer = summaries(server, **window, TimeRangeType="Service")
    assert numbers(answer) == [1]
    assert answer["TraceSummaries"][0]["MatchedEventTime"] == NOW_S + 10
    assert answer["ApproximateTime"] == NOW_S + 10 - 60


def test_get_trace_summaries_service_filter(server, document):
    """With type Service, `service()` means what ended in the range."""
    server.put(
        document(1, seconds=10),
        document(2, name="api", parent_id=f"{1:016x}", start=1, seconds=1),
    )
    window = {"StartTime": NOW_S + 9, "EndTime": NOW_S + 11, "TimeRangeType": "Service"}
    assert numbers(summaries(server, **window, FilterExpression='service("web")')) == [10]
    assert numbers(summaries(server, **window, FilterExpression='service("api")')) == []
    assert numbers(summaries(server, **window, FilterExpression='service("web") ok')) == [10]


def test_get_trace_summaries_edge_filter(server, document):
    """With type Service, `edge()` means calls that ended in the range too."""
    call = {"id": f"{3:016x}", "name": "db", "namespace": "remote", "start_time": NOW_S + 0.1}
    server.put(document(1, seconds=10, subsegments=[call | {"end_time": NOW_S + 2}]))
    expression = 'edge("web", "db")'
    for first, last, wanted in ((1, 11, [10]), (9, 11, [])):
        window = {"StartTime": NOW_S + first, "EndTime": NOW_S + last, "TimeRangeType": "Service"}
        assert numbers(summaries(server, **window, FilterExpression=expression)) == wanted


def test_get_trace_summaries_default_group(five, window):
    """The group of all traces, by name and ARN; no other group is there."""
    arn = "arn:aws:xray:us-east-1:000000000000:group/Default"
    for expression, count in (
        ('group.name = "Default"', 5),
        (f'group.arn = "{arn}"', 5),
        ('group.name = "default"', 0),
        ('group.name != "Default"', 0),
    ):
        assert len(numbers(summaries(five, **window, FilterExpression=expression))) == count


def test_get_trace_summaries_metadata_filter(server, document, trace_id, window):
    """Read from the documents, of more traces than are held at a time."""
    server.put(*(document(n, trace_id(n), metadata={"default": {"n": n}}) for n in range(1, 50)))
    server.put(*(document(n, trace_id(n), metadata={"default": {"n": n}}) for n in range(50, 71)))
    answer = summaries(server, **window, FilterExpression="metadata.n in (3, 70)")
    assert sorted(numbers(answer)) == [3, 70]
    answer = summaries(server, **window, FilterExpression="metadata.n = 3 OR fault")
    assert numbers(answer) == [3]


def test_is_kept_is_md5():
    """The first 8 bytes of MD5 over the 16 id bytes, as a fraction of 2^64."""
    digest = hashlib.md5(bytes.fromhex(TRACE[2:].replace("-", ""))).digest()  # noqa: S324  as stated
    fraction = int.from_bytes(digest[:8]) / 2**64
    assert is_kept(TRACE, fraction + 0.001)
    assert not is_kept(TRACE, fraction - 0.001)
    assert is_kept(TRACE, 1)
    assert not is_kept(TRACE, 0)


LISTS = {
    "GetTraceSummaries": lambda server: server.call(
        "/TraceSummaries", {"StartTime": NOW_S - 600, "EndTime": NOW_S}
    ),
    "console": lambda server: server.client.get(
        f"/console/api/traces?start={NOW_S - 600}&end={NOW_S}"
    ),
}


@pytest.mark.parametrize("ask", LISTS.values(), ids=LISTS)
def test_the_traces_of_a_range_are_counted_beside_its_page(server, monkeypatch, ask):
    """The search ends only once the count has begun."""
    is_counting = threading.Event()
    count, search = server.storage.count_traces, server.storage.search

    def count_traces(*wanted):
        is_counting.set()
        return count(*wanted)

    def search_after(*wanted):
        assert is_counting.wait(10)
        return search(*wanted)

    monkeypatch.setattr(server.storage, "count_traces", count_traces)
    monkeypatch.setattr(server.storage, "search", search_after)
    assert ask(server).status_code == 200


@pytest.mark.parametrize("ask", LISTS.values(), ids=LISTS)
def test_a_count_that_passes_its_limit_names_the_range(server, monkeypatch, ask):
    """As a page does."""

    def count_traces(*_):
        raise StoreTimeoutError("time")

    monkeypatch.setattr(server.storage, "count_traces", count_traces)
    assert "The query from 2023-11-14T22:03:20Z to 2023-11-14T22:13:20Z" in ask(server).text
