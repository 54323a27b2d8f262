# ruff: noqa: E501  what a terminal shows is as wide as the terminal
import pytest
from inline_snapshot import snapshot

from fluoro.client.answers import Bucket, Edge, Errors, Faults, Service, Statistics
from fluoro.client.service_map import calls_table, graph, percent, quantile, services_table

HISTOGRAM = [Bucket(0.4, 5), Bucket(0.1, 90), Bucket(2.0, 5)]
STATISTICS = Statistics(70, Errors(5, 15), Faults(15), 100, 21.0)
SERVICES = [
    Service(0, "web", "client", [Edge(1, STATISTICS, HISTOGRAM)]),
    Service(1, "web", "", [Edge(2, Statistics(3, total_count=3), [Bucket(0.001, 3)])],
            STATISTICS, HISTOGRAM),
    Service(2, "orders", "AWS::DynamoDB::Table", [], Statistics(3, total_count=3)),
]  # fmt: skip


def test_services(text):
    """Shares of outcomes, quantiles and the average; none of what has no requests."""
    assert text(services_table(SERVICES, 3_600, 140), 140) == snapshot("""\

service  type                  requests  /min     ok  error  throttle  fault     p50     p95     p99  average
web                                 100   1.7   70 %   10 %       5 %   15 %  100 ms  400 ms  2.00 s   210 ms
orders   AWS::DynamoDB::Table         3   0.1  100 %    0 %       0 %    0 %                             0 µs
""")


def test_services_narrow(text):
    """The most telling columns stay."""
    assert text(services_table(SERVICES, 3_600, 80), 80) == snapshot("""\

service  requests  error  throttle  fault     p50     p95     p99
web           100   10 %       5 %   15 %  100 ms  400 ms  2.00 s
orders          3    0 %       0 %    0 %
""")


def test_calls(text):
    """Who calls whom; a client has no name of its own."""
    assert text(calls_table(SERVICES, 80), 80) == snapshot("""\

call          requests  error  throttle  fault      p50      p95      p99
client → web       100   10 %       5 %   15 %   100 ms   400 ms   2.00 s
web → orders         3    0 %       0 %    0 %  1.00 ms  1.00 ms  1.00 ms
""")


@pytest.mark.parametrize(
    ("share", "seconds"), [(0, 0.1), (0.5, 0.1), (0.9, 0.1), (0.95, 0.4), (0.96, 2.0), (1, 2.0)]
)
def test_quantiles(share, seconds):
    """The value that so many stay at or below, in whatever order the histogram is."""
    assert quantile(HISTOGRAM, share) == seconds


def test_no_quantile_of_nothing():
    """An empty histogram has none."""
    assert quantile([], 0.5) is None


@pytest.mark.parametrize(
    ("share", "text_"),
    [(0, "0 %"), (0.0004, "<0.1 %"), (0.02, "2 %"), (0.0251, "2.5 %"), (0.5, "50 %"),
     (0.9999, "99 %"), (1, "100 %")],
)  # fmt: skip
def test_shares(share, text_):
    """Never 0 % for something, nor 100 % for not all."""
    assert percent(share) == text_


def test_pages_of_a_graph_are_one():
    """AWS gives a large graph in pages."""
    pages = [
        {"Services": [1], "NextToken": "t"},
        {"Services": [2], "NextToken": None, "EndTime": 3},
    ]
    tokens = []

    class Pages:
        def ask(self, _operation, request):
            tokens.append((request.next_token, request.group_name))
            return pages.pop(0)

    assert graph(Pages(), (1.0, 2.0), "slow") == {"Services": [1, 2], "EndTime": 3}
    assert tokens == [(None, "slow"), ("t", "slow")]
