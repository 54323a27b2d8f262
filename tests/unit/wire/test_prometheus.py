from fluoro.wire.prometheus import Metric, Sample, render


def test_a_page():
    """Head and numbers of each metric, with its labels; what needs escaping is escaped."""
    metrics = [
        Metric("a_total", "counter", "Counts\n\\.", [Sample(3), Sample(0.5, {"b": 'x"\n\\'})]),
        Metric("c", "gauge", "Nothing yet.", []),
    ]
    assert render(metrics) == (
        "# HELP a_total Counts\\n\\\\.\n"
        "# TYPE a_total counter\n"
        "a_total 3\n"
        'a_total{b="x\\"\\n\\\\"} 0.5\n'
        "# HELP c Nothing yet.\n"
        "# TYPE c gauge\n"
    )
