from inline_snapshot import snapshot

from fluoro.client.answers import Boost, Record, Rule, RuleStatistics
from fluoro.client.rules import rule_details, rules_table, statistics_table

ANY = {"resource_arn": "*", "service_type": "*", "host": "*", "http_method": "*"}
RECORDS = [
    Record(Rule("Default", "arn:…/Default", priority=10_000, fixed_rate=0.05, reservoir_size=1,
                service_name="*", url_path="*", **ANY)),
    Record(
        Rule("tea", "arn:…/tea", priority=10, fixed_rate=0.125, reservoir_size=20,
             service_name="tea*", url_path="/buy/*", attributes={"team": "tea"},
             sampling_rate_boost=Boost(0.5, 10), **ANY),
        1_790_000_000, 1_790_000_000,
    ),
]  # fmt: skip


def test_the_list(text):
    """In the order in which rules are tried, with what they ask of a request."""
    assert text(rules_table(RECORDS, 80), 80) == snapshot("""\

priority  rule     reservoir    rate  matches
      10  tea           20/s  12.5 %  service tea*  path /buy/*  attributes tea…
  10,000  Default        1/s     5 %  everything
""")


def test_one(text):
    """All that it is."""
    assert text(rule_details(RECORDS[1]), 80) == snapshot("""\

name        tea
priority    10
reservoir   20 a second, all clients together
rate        12.5 % of the requests beyond it
boost       up to 50 %, once in 10 min
service     tea*
type        *
host        *
method      *
path        /buy/*
resource    *
attributes  team=tea
changed     2026-09-21 14:13:20
ARN         arn:…/tea
""")


def test_statistics(text):
    """Ten seconds of each rule."""
    found = [RuleStatistics("tea", 1_790_000_000, 1_200, 3, 160)]
    assert text(statistics_table(found, 80), 80) == snapshot("""\

rule  ten seconds from UTC  requests  sampled  borrowed
tea   2026-09-21 14:13:20      1,200      160         3
""")
