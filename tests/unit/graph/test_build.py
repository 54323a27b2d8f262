from collections import Counter

import msgspec
import pytest

from fluoro.graph.build import build, histogram_of
from fluoro.graph.edges import observe
from fluoro.graph.histogram import BUCKETS, Histogram, middle_us
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from made import call, segment, span

WINDOW = (0, 2**62)


def built(*spans, exact=True, with_times=False, window=WINDOW):
    return build(observe([spans], *window, exact=exact), with_times=with_times)


def by_type(services):
    return {(service.name, service.type): service for service in services}


def counts(statistics):
    return (
        statistics.ok_count,
        statistics.error_statistics.throttle_count,
        statistics.error_statistics.other_count,
        statistics.error_statistics.total_count,
        statistics.fault_statistics.other_count,
        statistics.fault_statistics.total_count,
        statistics.total_count,
    )


def entries(histogram):
    return [(entry.value, entry.count) for entry in histogram]


@pytest.fixture
def worked_example():
    """The example of the service graph's spec: web calls api and a table, api fails."""
    return built(
        segment(1, origin="AWS::EC2::Instance"),
        call(2, 1, name="api.internal", start=100, end=600),
        call(3, 1, name="DynamoDB", node="T", type_="AWS::DynamoDB::Table", start=600, end=800),
        span(4, 1, name="render", start=800, end=900),
        segment(5, 2, name="api", start=150, end=550, flags=FAULT),
    )


def test_the_worked_example_has_its_four_nodes(worked_example):
    """Name, type, state, root; the client comes first."""
    assert {
        (service.name, service.type, service.state, service.root) for service in worked_example
    } == {
        ("web", "client", "unknown", None),
        ("web", "AWS::EC2::Instance", "active", True),
        ("api", None, "active", None),
        ("T", "AWS::DynamoDB::Table", "unknown", None),
    }
    assert worked_example[0].type == "client"


def test_the_worked_example_counts_callee_and_call_apart(worked_example):
    """The edge to `api` is ok, as the caller saw it; the node is faulty."""
    nodes = by_type(worked_example)
    web, api = nodes["web", "AWS::EC2::Instance"], nodes["api", None]
    edges = {edge.reference_id: edge for edge in web.edges}
    to_api = edges[api.reference_id]
    to_table = edges[nodes["T", "AWS::DynamoDB::Table"].reference_id]
    assert counts(api.summary_statistics) == (0, 0, 0, 0, 1, 1, 1)
    assert counts(to_api.summary_statistics) == (1, 0, 0, 0, 0, 0, 1)
    assert to_api.summary_statistics.total_response_time == 0.5
    assert api.summary_statistics.total_response_time == 0.4
    assert [(alias.name, alias.names, alias.type) for alias in to_api.aliases] == [
        ("api.internal", ["api.internal"], "remote")
    ]
    assert to_table.summary_statistics == nodes["T", "AWS::DynamoDB::Table"].summary_statistics
    assert to_table.aliases == []


def test_every_list_that_clients_walk_is_there(worked_example):
    """Grafana dereferences edges and histograms without looking; nodes name no Names but theirs."""
    for service in worked_example:
        assert service.names == [service.name]
        assert all(edge.response_time_histogram for edge in service.edges)
        if service.type != "client":
            assert service.response_time_histogram
            assert service.duration_histogram
    assert by_type(worked_example)["api", None].edges == []


def test_a_client_has_one_edge_and_no_statistics_of_its_own(worked_example):
    """Its edge has the root segment's."""
    client = worked_example[0]
    (edge,) = client.edges
    web = by_type(worked_example)["web", "AWS::EC2::Instance"]
    assert edge.reference_id == web.reference_id
    assert edge.summary_statistics == web.summary_statistics
    assert client.summary_statistics is None
    assert client.duration_histogram is None
    assert client.response_time_histogram is None


def test_reference_ids_are_unique_and_resolve(worked_example):
    """Small numbers from 0, the index of the service."""
    assert [service.reference_id for service in worked_example] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (0, (1, 0, 0, 0, 0, 0, 1)),
        (THROTTLE, (0, 1, 0, 1, 0, 0, 1)),
        (ERROR, (0, 0, 1, 1, 0, 0, 1)),
        (FAULT, (0, 0, 0, 0, 1, 1, 1)),
    ],
)
def test_totals_are_the_sum_of_their_parts(flags, wanted):
    """Throttled and other errors make the errors, and all outcomes the total."""
    assert counts(built(segment(1, flags=flags))[1].summary_statistics) == wanted


@pytest.mark.parametrize(
    ("node", "state"),
    [
        (call(2, 1, name="S3", type_="AWS::S3"), "unknown"),
        (call(2, 1, name="api.example.com"), "passive"),
        (call(2, 1, name="shop@db", type_="Database::SQL"), "unknown"),
    ],
)
def test_the_state_tells_how_a_node_is_known(node, state):
    """Remote hosts are passive, AWS and databases unknown."""
    services = by_type(built(segment(1), node))
    assert services[node.node_name, node.node_type].state == state


def test_exact_histograms_are_seconds_to_the_millisecond():
    """The graph of one trace has exact values, equal ones together, ascending."""
    services = built(
        segment(1, end=None),
        call(2, 1, name="db", end=250),
        call(3, 1, name="db", end=10),
        call(4, 1, name="db", start=1, end=251),
    )
    assert entries(by_type(services)["db", "remote"].response_time_histogram) == [
        (0.01, 1),
        (0.25, 2),
    ]


def test_a_windows_histogram_has_the_middles_of_its_buckets():
    """Values of buckets that fall together in milliseconds are one entry."""
    services = built(
        segment(1, end=1024),
        call(2, 1, name="db", start=0, end=0),
        span(3, 1),
        exact=False,
    )
    nodes = by_type(services)
    assert entries(nodes["web", None].response_time_histogram) == [
        (round(middle_us(159) / 1e6, 3), 1)
    ]
    assert entries(nodes["db", "remote"].response_time_histogram) == [(0.0, 1)]


def test_a_window_has_whole_seconds_and_edges_those_of_their_source():
    """From the second of the first start to the second after the last end."""
    services = built(
        segment(1, start=1500, end=3999), call(2, 1, start=2000, end=2001), with_times=True
    )
    nodes = by_type(services)
    assert {(service.start_time, service.end_time) for service in services} == {
        (1.0, 4.0),
        (2.0, 3.0),
    }
    (edge,) = nodes["web", None].edges
    assert (edge.start_time, edge.end_time) == (1.0, 4.0)
    (edge,) = nodes["web", "client"].edges
    assert (edge.start_time, edge.end_time) == (1.0, 4.0)


def test_the_graph_of_a_trace_has_no_times(worked_example):
    """As AWS answers."""
    for service in worked_example:
        assert service.start_time is service.end_time is None
        assert all(edge.start_time is edge.end_time is None for edge in service.edges)


def test_a_caller_that_ended_outside_is_there_without_statistics():
    """An edge must not point to or come from nowhere."""
    services = built(
        segment(1, end=3000),
        call(2, 1, name="db", end=1500),
        with_times=True,
        window=(1_000_000, 2_000_000),
    )
    web = by_type(services)["web", None]
    assert counts(web.summary_statistics) == (0,) * 7
    assert web.response_time_histogram == web.duration_histogram == []
    assert [edge.reference_id for edge in web.edges] == [
        by_type(services)["db", "remote"].reference_id
    ]


def test_what_ended_outside_lasts_as_long_as_all_its_edges():
    """Not as long as the first of them alone."""
    services = built(
        segment(1, end=200_000),
        call(2, 1, name="a", start=10_000, end=50_000),
        call(3, 1, name="b", start=5_000, end=55_000),
        with_times=True,
        window=(0, 60_000_000),
    )
    web = by_type(services)["web", None]
    assert (web.start_time, web.end_time) == (5.0, 56.0)


def test_what_is_in_progress_has_zero_counts():
    """Its node is there, its histograms are empty lists."""
    (web,) = built(segment(1, end=None))
    assert counts(web.summary_statistics) == (0,) * 7
    assert web.response_time_histogram == web.duration_histogram == web.edges == []


def test_the_account_is_named_when_it_is_given():
    """Else the member is left out."""
    services = built(segment(1, node_account="123456789012"), segment(2, name="b"))
    assert {(service.name, service.account_id) for service in services} == {
        ("web", "123456789012"),
        ("b", None),
    }


def test_response_times_are_summed_before_rounding():
    """Three times 0.4 ms is 1.2 ms, not three times nothing."""
    calls = [
        msgspec.structs.replace(call(number, 1, name="db"), end_us=400) for number in (2, 3, 4)
    ]
    services = built(segment(1), *calls)
    assert by_type(services)["db", "remote"].summary_statistics.total_response_time == 0.001


def test_nothing_makes_nothing():
    """An empty window is an empty graph."""
    assert built() == []


def test_every_bucket_is_shown_to_the_millisecond():
    """Buckets that are shown as one value are one entry, whose count is that of all of them."""
    shown = histogram_of(Histogram.tally(range(BUCKETS)), is_exact=False)
    values = [round(middle_us(bucket) / 1e6, 3) for bucket in range(BUCKETS)]
    assert {entry.value: entry.count for entry in shown} == Counter(values)
    assert [entry.value for entry in shown] == sorted(set(values))
