"""What every Storage counts on the graph of a window."""

import pytest

from fluoro.graph.histogram import Histogram
from fluoro.graph.rows import Node
from store.building import BASE_US, accepted, all_accepted, entity, segment, subsegment, trace_id

S = 1_000_000
HOUR = 3600 * S
WEB, ORDERS = Node("web", "AWS::EC2::Instance"), Node("orders", "")


def put(storage, tenant, *documents):
    storage.insert(all_accepted(tenant, documents))


def graph(storage, tenant, start_us=0, end_us=60 * S, traces=None):
    """Rows of a window in microseconds after the tests' base, by node and by edge."""
    rows = storage.graph(tenant, BASE_US + start_us, BASE_US + end_us, traces)
    nodes = {row.node: row for row in rows.nodes}
    edges = {(row.source, row.target, row.is_client): row for row in rows.edges}
    assert list(nodes) == sorted(nodes)
    assert list(edges) == sorted(edges, key=lambda key: (key[0], key[2], key[1]))
    return nodes, edges


def counts(row):
    statistics = row.statistics
    return statistics.ok, statistics.error, statistics.throttle, statistics.fault


def web(trace, end_us, *below, id_=1, start_us=0, **members):
    """A root segment of node `WEB`."""
    return segment(
        trace, id_, "web", start_us, end_us, origin=WEB.type, subsegments=list(below), **members
    )


def test_the_graph_of_the_documented_example(storage, tenant):
    """Client, service, answered call, inferred table (spec of the service graph, section 10)."""
    status = {"http": {"request": {"method": "GET"}, "response": {"status": 200}}}
    table = {"operation": "Query", "table_name": "T"}
    put(
        storage,
        tenant,
        web(
            1,
            S,
            entity(2, "api.internal", 100_000, 600_000, namespace="remote", **status),
            entity(3, "DynamoDB", 600_000, 800_000, namespace="aws", aws=table),
            entity(4, "render", 800_000, 900_000),
        ),
        segment(1, 5, "orders", 150_000, 550_000, parent_id=f"{2:016x}", fault=True),
    )
    nodes, edges = graph(storage, tenant)
    dynamo = Node("T", "AWS::DynamoDB::Table")
    assert {node: (row.kind, row.is_root, counts(row)) for node, row in nodes.items()} == {
        WEB: ("service", True, (1, 0, 0, 0)),
        ORDERS: ("service", False, (0, 0, 0, 1)),
        dynamo: ("aws", False, (1, 0, 0, 0)),
    }
    assert {
        key: (counts(row), row.statistics.total_us, row.aliases) for key, row in edges.items()
    } == {
        (WEB, WEB, True): ((1, 0, 0, 0), S, ()),
        (WEB, ORDERS, False): ((1, 0, 0, 0), 500_000, ("api.internal",)),
        (WEB, dynamo, False): ((1, 0, 0, 0), 200_000, ()),
    }


def test_a_span_counts_in_the_window_it_ended_in(storage, tenant):
    """Its begin belongs to the window, its end does not."""
    put(storage, tenant, *(web(trace, trace * S) for trace in (1, 2, 3)))
    nodes, _ = graph(storage, tenant, 2 * S, 3 * S)
    assert counts(nodes[WEB]) == (1, 0, 0, 0)
    assert (nodes[WEB].first_us, nodes[WEB].last_us) == (BASE_US, BASE_US + 2 * S)


def test_what_began_hours_before_the_window_counts_when_it_ends(storage, tenant):
    """With the edge to whom it called that long ago."""
    call = entity(2, "api.internal", S, 5 * HOUR, namespace="remote")
    put(
        storage,
        tenant,
        web(1, 5 * HOUR + S, call),
        segment(1, 3, "orders", 2 * S, 5 * HOUR, parent_id=f"{2:016x}"),
    )
    nodes, edges = graph(storage, tenant, 5 * HOUR - S, 5 * HOUR + 2 * S)
    assert set(nodes) == {WEB, ORDERS}
    assert set(edges) == {(WEB, WEB, True), (WEB, ORDERS, False)}


def test_a_segment_in_progress_appears_without_counts(storage, tenant):
    """In the window it began in."""
    put(storage, tenant, segment(1, 1, "web", 2 * S, None, origin=WEB.type))
    nodes, edges = graph(storage, tenant)
    assert counts(nodes[WEB]) == (0, 0, 0, 0)
    assert (nodes[WEB].statistics.histogram, nodes[WEB].is_root, edges) == (Histogram(), True, {})
    assert graph(storage, tenant, 3 * S, 4 * S) == ({}, {})


def test_an_unfinished_root_does_not_widen_the_edge_of_its_client(storage, tenant):
    """It is no call that somebody finished; the node's bounds hold it."""
    put(
        storage,
        tenant,
        segment(1, 1, "web", 0, None, origin=WEB.type),
        web(2, 9 * S, start_us=8 * S),
    )
    nodes, edges = graph(storage, tenant)
    assert nodes[WEB].first_us == BASE_US
    assert edges[WEB, WEB, True].first_us == BASE_US + 8 * S


def test_work_after_the_response_lengthens_the_duration_alone(storage, tenant):
    """Finished work; what never ended has no end to go by."""
    put(
        storage,
        tenant,
        web(1, S, entity(2, "async", S // 2, 4 * S), entity(3, "open", 9 * S, None)),
    )
    row = graph(storage, tenant)[0][WEB]
    assert row.statistics.total_us == S
    (response,), (duration,) = row.statistics.histogram.keys, row.durations.keys
    assert duration - response == 16  # 4 s are two doublings of 1 s, of eight buckets each


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, (1, 0, 0, 0)),
        ({"error": True}, (0, 1, 0, 0)),
        ({"error": True, "fault": True}, (0, 0, 0, 1)),
        ({"error": True, "fault": True, "throttle": True}, (0, 0, 1, 0)),
        ({"http": {"response": {"status": 429}}}, (0, 0, 1, 0)),
        ({"fault": True, "http": {"response": {"status": 200}}}, (0, 0, 0, 1)),
    ],
)
def test_each_span_is_in_one_bucket_of_outcomes(storage, tenant, members, expected):
    """Throttle before fault before error."""
    put(storage, tenant, web(1, S, **members))
    nodes, edges = graph(storage, tenant)
    assert counts(nodes[WEB]) == counts(edges[WEB, WEB, True]) == expected


def test_an_orphan_segment_is_no_root_and_has_no_edge(storage, tenant):
    """Its node stands alone."""
    put(storage, tenant, segment(1, 1, "orders", 0, S, parent_id=f"{9:016x}"))
    nodes, edges = graph(storage, tenant)
    assert not nodes[ORDERS].is_root
    assert edges == {}


@pytest.mark.parametrize("parent", ["segment", "work"])
def test_a_segment_below_no_call_makes_an_edge_of_its_own(storage, tenant, parent):
    """From the segment that holds its parent, with the callee's data."""
    number = 1 if parent == "segment" else 2
    put(
        storage,
        tenant,
        web(1, 2 * S, entity(2, "work", 0, S)),
        segment(1, 3, "orders", 0, S, parent_id=f"{number:016x}", error=True),
    )
    _, edges = graph(storage, tenant)
    edge = edges[WEB, ORDERS, False]
    assert (counts(edge), edge.statistics.total_us) == ((0, 1, 0, 0), S)


def test_two_answers_to_one_call_make_one_edge_each(storage, tenant):
    """Two of the same node make one together."""
    put(
        storage,
        tenant,
        web(1, S, entity(2, "orders", 0, S, namespace="remote")),
        *(segment(1, id_, "orders", 0, S, parent_id=f"{2:016x}") for id_ in (3, 4)),
        segment(1, 5, "stock", 0, S, parent_id=f"{2:016x}"),
    )
    _, edges = graph(storage, tenant)
    assert counts(edges[WEB, ORDERS, False]) == (1, 0, 0, 0)
    assert edges[WEB, ORDERS, False].aliases == ()
    assert edges[WEB, Node("stock", ""), False].aliases == ("orders",)


def test_a_call_sent_alone_belongs_to_its_segment_documents_up(storage, tenant):
    """Whether the documents are many or the trace one of several."""
    put(
        storage,
        tenant,
        web(1, 2 * S),
        subsegment(1, 2, 1, "upper", 0, S),
        subsegment(1, 3, 2, "api.example.com", 0, S, namespace="remote"),
        web(2, S, entity(2, "api.example.com", 0, S, namespace="remote")),
    )
    nodes, edges = graph(storage, tenant)
    remote = Node("api.example.com", "remote")
    assert counts(nodes[remote]) == counts(edges[WEB, remote, False]) == (2, 0, 0, 0)
    assert counts(nodes[WEB]) == (2, 0, 0, 0)


def test_a_call_belongs_to_its_segment_however_many_documents_lie_between(storage, tenant):
    """Each subsegment was sent by itself, the deepest first; the last one hangs in nothing."""
    chain = [subsegment(1, number + 1, number, "step", 0, S) for number in range(1, 41)]
    call = subsegment(1, 50, 41, "api", 0, S, namespace="remote")
    lost = subsegment(1, 60, 61, "api", 0, S, namespace="remote")
    put(storage, tenant, call, *reversed(chain), web(1, 2 * S), lost)
    nodes, edges = graph(storage, tenant)
    api = Node("api", "remote")
    assert counts(edges[WEB, api, False]) == (1, 0, 0, 0)
    assert counts(nodes[api]) == (2, 0, 0, 0)


@pytest.mark.parametrize("kind", ["call", "work"])
def test_what_begins_long_after_is_not_joined(storage, tenant, kind):
    """A segment that begins hours after the call, or the work, that it says it hangs below."""
    members = {"namespace": "remote"} if kind == "call" else {}
    put(storage, tenant, web(1, S, entity(2, "api", 0, S, **members)))
    later = 2 * HOUR
    put(storage, tenant, segment(1, 3, "orders", later, later + S, parent_id=f"{2:016x}"))
    nodes, edges = graph(storage, tenant, 0, 3 * HOUR)
    api = Node("api", "remote")
    assert (WEB, ORDERS, False) not in edges
    assert counts(nodes[ORDERS]) == (1, 0, 0, 0)
    assert ((WEB, api, False) in edges) == (kind == "call")


def test_work_long_after_the_end_does_not_lengthen_a_duration(storage, tenant):
    """A subsegment that begins hours after its segment has ended."""
    put(storage, tenant, web(1, S, entity(2, "audit", 2 * HOUR, 2 * HOUR + S)))
    nodes, _ = graph(storage, tenant)
    assert nodes[WEB].durations == nodes[WEB].statistics.histogram


def test_a_call_sent_while_its_segment_was_open_comes_from_what_that_became(storage, tenant):
    """The first document did not know the origin yet."""
    call = entity(2, "api.example.com", 0, S, namespace="remote")
    storage.insert([accepted(tenant, segment(1, 1, "web", 0, None, subsegments=[call]))])
    storage.insert([accepted(tenant, web(1, 2 * S, call))])
    _, edges = graph(storage, tenant)
    assert (WEB, Node("api.example.com", "remote"), False) in edges


def test_nodes_of_one_name_differ_by_type_and_account(storage, tenant):
    """The identity of a node has three parts."""
    put(
        storage,
        tenant,
        segment(1, 1, "web", 0, S),
        segment(2, 1, "web", 0, S, origin="AWS::Lambda"),
        segment(3, 1, "web", 0, S, aws={"account_id": "111122223333"}),
    )
    assert set(graph(storage, tenant)[0]) == {
        Node("web", ""),
        Node("web", "AWS::Lambda"),
        Node("web", "", "111122223333"),
    }


def test_only_the_traces_asked_for_count(storage, tenant):
    """None asked for is none, which is not the same as all."""
    put(storage, tenant, *(web(trace, S) for trace in (1, 2, 3)))
    nodes, _ = graph(storage, tenant, traces=[trace_id(1), trace_id(3), trace_id(9)])
    assert counts(nodes[WEB]) == (2, 0, 0, 0)
    assert graph(storage, tenant, traces=[]) == ({}, {})


def test_durations_of_no_time_at_all_are_counted(storage, tenant):
    """Real SDKs send subsegments of zero microseconds."""
    put(storage, tenant, web(1, 0))
    assert graph(storage, tenant)[0][WEB].statistics.histogram == Histogram([0], [1])


def test_the_earliest_begin_of_what_counts(storage, tenant):
    """Of every trace that has anything in a window, be it a call, an end or what is in progress."""
    call = entity(2, "api", 30 * S, 70 * S, namespace="remote")
    put(
        storage,
        tenant,
        web(1, 300 * S, call, start_us=10 * S),
        web(2, 65 * S, start_us=61 * S),
        segment(3, 5, "orders", 200 * S, None, in_progress=True),
    )

    def began(start_us, end_us):
        found = storage.began_us(tenant, BASE_US + start_us, BASE_US + end_us)
        return None if found is None else found - BASE_US

    assert began(60 * S, 120 * S) == 10 * S
    assert began(60 * S, 70 * S) == 61 * S
    assert began(150 * S, 250 * S) == 200 * S
    assert began(400 * S, 500 * S) is None


def test_a_series_of_some_traces(storage, tenant):
    """Minutes in which only others did something are not there."""
    put(
        storage,
        tenant,
        web(1, S),
        web(2, 2 * S),
        web(3, 70 * S, start_us=60 * S),
        web(4, 130 * S, start_us=120 * S),
    )
    minute = BASE_US // (60 * S)

    def series(traces):
        found = storage.time_series(tenant, minute, minute + 5, None, traces)
        return [(each.minute - minute, each.statistics.ok) for each in found]

    assert series([trace_id(1), trace_id(2), trace_id(4)]) == [(0, 2), (2, 1)]
    assert series([]) == []


def test_a_graph_of_many_traces(storage, tenant):
    """More than a server takes in one query are asked for."""
    put(storage, tenant, web(1, S), web(2, S))
    many = [trace_id(number) for number in range(1, 7_001)]
    nodes, _ = graph(storage, tenant, traces=many)
    assert counts(nodes[WEB]) == (2, 0, 0, 0)
    minute = BASE_US // (60 * S)
    (counted,) = storage.time_series(tenant, minute, minute + 1, None, many)
    assert counted.statistics.ok == 2
