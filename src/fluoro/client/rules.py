"""Sampling rules as tables."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from fluoro.client import moments
from fluoro.client.answers import Record, Rule, RuleStatistics
from fluoro.client.screen import QUIET, details, figures, prose, table, words

_ANY = "*"


def rules_table(records: Sequence[Record], width: int) -> Table:
    """A row for each rule, in the order in which they are tried."""
    rules = sorted((record.sampling_rule for record in records), key=_order)
    rows = [
        (
            f"{rule.priority:,}",
            Text(rule.rule_name, style="bold"),
            f"{rule.reservoir_size:,}/s",
            _share(rule.fixed_rate),
            Text(matched) if (matched := _matched(rule)) else Text("everything", style=QUIET),
        )
        for rule in rules
    ]
    columns = [figures("priority"), words("rule"), figures("reservoir"), figures("rate")]
    return table([*columns, prose("matches", at_least=20)], rows, width)


def rule_details(record: Record) -> Table:
    """All of one rule."""
    rule = record.sampling_rule
    boost = rule.sampling_rate_boost
    pairs = [
        ("name", rule.rule_name),
        ("priority", f"{rule.priority:,}"),
        ("reservoir", f"{rule.reservoir_size:,} a second, all clients together"),
        ("rate", f"{_share(rule.fixed_rate)} of the requests beyond it"),
        *_wants(rule).items(),
        ("changed", moments.clock(record.modified_at, with_day=True) if record.modified_at else ""),
        ("ARN", rule.rule_arn),
    ]
    if boost:
        text = f"up to {_share(boost.max_rate)}, once in {boost.cooldown_window_minutes} min"
        pairs.insert(4, ("boost", text))
    return details((name, value) for name, value in pairs if value)


def statistics_table(summaries: Sequence[RuleStatistics], width: int) -> Table:
    """What each rule did in its last ten seconds."""
    zone = moments.zone(summaries[0].timestamp) if summaries else ""
    rows = [
        (
            Text(each.rule_name, style="bold"),
            moments.clock(each.timestamp, with_day=True),
            f"{each.request_count:,}",
            f"{each.sampled_count:,}",
            f"{each.borrow_count:,}",
        )
        for each in summaries
    ]
    columns = [prose("rule", at_least=16), words(f"ten seconds from {zone}".rstrip())]
    return table([*columns, *map(figures, ("requests", "sampled", "borrowed"))], rows, width)


def _share(rate: float) -> str:
    """As it was given, in per cent."""
    return f"{rate * 100:g} %"


def _order(rule: Rule) -> tuple[int, str]:
    return rule.priority, rule.rule_name


def _wants(rule: Rule) -> Mapping[str, str]:
    """What a rule asks of a request, by name; `*` asks nothing."""
    attributes = ", ".join(f"{key}={value}" for key, value in rule.attributes.items())
    return {
        "service": rule.service_name,
        "type": rule.service_type,
        "host": rule.host,
        "method": rule.http_method,
        "path": rule.url_path,
        "resource": rule.resource_arn,
        "attributes": attributes,
    }


def _matched(rule: Rule) -> str:
    wants = _wants(rule).items()
    return "  ".join(f"{name} {value}" for name, value in wants if value not in {_ANY, ""})
