"""Every table and tree at every width of a terminal."""

import json
import unicodedata

import pytest

from fluoro.client.answers import (
    Boost,
    Bucket,
    Edge,
    Errors,
    Faults,
    Group,
    Insights,
    Named,
    Record,
    Rule,
    RuleStatistics,
    Service,
    Statistics,
    Summary,
)
from fluoro.client.groups import group_details, groups_table
from fluoro.client.rules import rule_details, rules_table, statistics_table
from fluoro.client.service_map import calls_table, services_table
from fluoro.client.timeline import drawn
from fluoro.client.traces import listed
from fluoro.client.tree import rows_of
from fluoro.wire.xray_api import Http

NOW = 1_790_000_000.0
COUNT = 123_456_789
HOSTILE = "\x1b]52;c;aGk=\x1b\\\x07\x9b2J\r\n\x7f"
"""What sets the clipboard, clears the screen, and begins a line."""
LONG = HOSTILE + "語" * 100 + "a" * 200
NAME = (HOSTILE + "a" * 32)[:32]
TRACE = f"1-6ab13b80-{1:024x}"

STATISTICS = Statistics(COUNT, Errors(COUNT, COUNT), Faults(COUNT), 4 * COUNT, 1e9)
HISTOGRAM = [Bucket(123_456.0, COUNT)]
SERVICES = [
    Service(0, LONG, LONG, [Edge(0, STATISTICS, HISTOGRAM)], STATISTICS, HISTOGRAM),
    Service(1, LONG, "client", [Edge(0, STATISTICS, HISTOGRAM)]),
]
RULE = Rule(
    NAME, LONG, LONG, 10_000, 0.123, COUNT, LONG, LONG, LONG, LONG, LONG, {LONG: LONG},
    Boost(0.5, 10),
)  # fmt: skip
RECORD = Record(RULE, NOW, NOW)
GROUP = Group(NAME, LONG, LONG, Insights(True, True))  # noqa: FBT003  its members
SUMMARIES = [
    Summary(TRACE, NOW, 123.0, http=Http(f"http://{LONG}", 500, LONG), service_ids=[Named(LONG)]),
    Summary(TRACE, NOW - 1e6, 123.0, http=Http(f"/{HOSTILE}", 500, "GET")),
    Summary(LONG, NOW, 123.0, entry_point=Named(LONG)),
]
DOCUMENT = {
    "id": f"{1:016x}",
    "trace_id": TRACE,
    "name": LONG,
    "start_time": NOW,
    "end_time": NOW + 1,
    "http": {"request": {"method": LONG, "url": LONG}, "response": {"status": 500}},
    "aws": {"operation": LONG, "table_name": LONG},
    "sql": {"sanitized_query": LONG},
    "cause": {"exceptions": [{"id": f"{2:016x}", "type": LONG, "message": LONG}]},
}
SHORT_NAME = DOCUMENT | {"id": f"{3:016x}", "name": "a"}
ROWS = rows_of(json.dumps(each).encode() for each in (DOCUMENT, SHORT_NAME))

LISTS = {
    "traces": (lambda width: listed(SUMMARIES, width), 3),
    "services": (lambda width: services_table(SERVICES, 1.0, width), 1),
    "calls": (lambda width: calls_table(SERVICES, width), 2),
    "groups": (lambda width: groups_table([GROUP], width), 1),
    "rules": (lambda width: rules_table([RECORD], width), 1),
    "statistics": (lambda width: statistics_table([RuleStatistics(NAME, NOW, COUNT)], width), 1),
}
OTHERS = {
    "one group": lambda _: group_details(GROUP),
    "one rule": lambda _: rule_details(RECORD),
    "a trace": lambda width: drawn(LONG, ROWS, width),
}
WIDTHS = range(20, 201, 5)


def is_obeyed(found):
    """Whether a terminal would do something for a letter, other than begin a line."""
    return any(unicodedata.category(letter) == "Cc" for letter in found.replace("\n", ""))


@pytest.mark.parametrize("name", LISTS)
def test_lists(text, name):
    """A line for each row, whatever is in it, under the line of the heads."""
    make, rows = LISTS[name]
    for width in WIDTHS:
        found = text(make(width), width)
        assert len(found.strip("\n").splitlines()) == rows + 1, width
        assert not is_obeyed(found)


@pytest.mark.parametrize("name", OTHERS)
def test_details_and_trees(text, name):
    """Nothing in them is obeyed by the terminal."""
    for width in WIDTHS:
        found = text(OTHERS[name](width), width)
        assert "␛]52" in "".join(found.split())
        assert not is_obeyed(found)


def test_a_long_name_of_a_rule(text):
    """The figures beside it are whole."""
    found = text(statistics_table([RuleStatistics("a" * 32, NOW, 1_200, 3, 160)], 80), 80)
    (row,) = found.splitlines()[2:]
    assert row.split()[1:] == ["2026-09-21", "14:13:20", "1,200", "160", "3"]
