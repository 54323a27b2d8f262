"""`fluoro rules …`: the sampling rules of an account."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from fluoro.cli.asking import Flags, Output, Source, opened, screen, show, show_json
from fluoro.client.answers import OneRule, Rules, Sampled, read
from fluoro.client.api import Answer, Api
from fluoro.client.rules import rule_details, rules_table, statistics_table
from fluoro.errors import CallRefusedError
from fluoro.wire.xray_sampling import (
    CreateSamplingRuleRequest,
    DeleteSamplingRuleRequest,
    GetSamplingRulesRequest,
    GetSamplingStatisticSummariesRequest,
    NewSamplingRule,
    SamplingRateBoost,
    SamplingRuleUpdate,
    UpdateSamplingRuleRequest,
)

_Name = Annotated[str, Parameter(name="NAME")]
_LOCAL = Source()
_ANY = "*"
_RECORD = "SamplingRuleRecord"


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Which requests a new rule is for; * and ? stand for any text and any letter."""

    service_name: str = _ANY
    """Name of the service."""

    service_type: str = _ANY
    """Its origin, as AWS::EC2::Instance."""

    host: str = _ANY
    """Host of the request."""

    http_method: str = _ANY
    """Its method."""

    url_path: str = _ANY
    """Path of its URL."""

    resource_arn: str = _ANY
    """ARN of the resource that the service runs on."""

    attributes: Annotated[dict[str, str], Parameter(show_default=False)] = dataclasses.field(
        default_factory=dict
    )
    """Attributes of the segment, as in --attributes.team=tea."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to change of a rule."""

    priority: int | None = None
    """From 1 to 9999; the smallest that matches decides."""

    fixed_rate: float | None = None
    """Share of the requests beyond the reservoir, from 0 to 1."""

    reservoir_size: int | None = None
    """Requests a second that are traced first, all clients together."""

    service_name: str | None = None
    """Name of the service."""

    service_type: str | None = None
    """Its origin, as AWS::EC2::Instance."""

    host: str | None = None
    """Host of the request."""

    http_method: str | None = None
    """Its method."""

    url_path: str | None = None
    """Path of its URL."""

    resource_arn: str | None = None
    """ARN of the resource that the service runs on."""

    attributes: dict[str, str] | None = None
    """Attributes of the segment, as in --attributes.team=tea; all of them."""


def list_(*, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Show all sampling rules, in the order in which they are tried.

    Args:
        source: Its flags.
        output: A table, or JSON as GetSamplingRules answers.
    """
    with opened(source) as api:
        answer = api.ask("GetSamplingRules", GetSamplingRulesRequest())
    if output == "json":
        show_json(screen(), answer)
    else:
        console = screen()
        records = read(answer, Rules).sampling_rule_records
        show(console, rules_table(records, console.width))


def show_(name: _Name, /, *, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Show one sampling rule.

    Args:
        name: Of the rule.
        source: Its flags.
        output: A table, or JSON as the operations that change a rule answer.
    """
    with opened(source) as api:
        _say(_one(api, name), output)


def create(  # noqa: PLR0913  its flags
    name: _Name,
    /,
    *,
    priority: int,
    fixed_rate: float,
    reservoir_size: int = 1,
    matching: Annotated[Matching, Parameter(name="*")] = Matching(),
    source: Flags = _LOCAL,
    output: Output = "table",
) -> None:
    """Make a sampling rule, which SDKs hear of within minutes.

    Args:
        name: Of the rule.
        priority: From 1 to 9999; the smallest that matches decides.
        fixed_rate: Share of the requests beyond the reservoir, from 0 to 1.
        reservoir_size: Requests a second that are traced first, all clients together.
        matching: Its flags.
        source: Its flags.
        output: A table, or JSON as CreateSamplingRule answers.
    """
    rule = NewSamplingRule(
        rule_name=name,
        priority=priority,
        fixed_rate=fixed_rate,
        reservoir_size=reservoir_size,
        version=1,
        **dataclasses.asdict(matching),
    )
    with opened(source) as api:
        _say(api.ask("CreateSamplingRule", CreateSamplingRuleRequest(rule)), output)


def update(
    name: _Name,
    /,
    *,
    changes: Annotated[Changes, Parameter(name="*")] = Changes(),
    source: Flags = _LOCAL,
    output: Output = "table",
) -> None:
    """Change a sampling rule; what is not said stays.

    Args:
        name: Of the rule.
        changes: Its flags.
        source: Its flags.
        output: A table, or JSON as UpdateSamplingRule answers.
    """
    with opened(source) as api:
        had = read(_one(api, name), OneRule).sampling_rule_record.sampling_rule.sampling_rate_boost
        boost = SamplingRateBoost(had.max_rate, had.cooldown_window_minutes) if had else None
        rule = SamplingRuleUpdate(
            rule_name=name,
            sampling_rate_boost=boost,  # an absent one would be taken away
            **dataclasses.asdict(changes),
        )
        _say(api.ask("UpdateSamplingRule", UpdateSamplingRuleRequest(rule)), output)


def delete(name: _Name, /, *, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Delete a sampling rule.

    Args:
        name: Of the rule.
        source: Its flags.
        output: A sentence, or JSON as DeleteSamplingRule answers.
    """
    with opened(source) as api:
        answer = api.ask("DeleteSamplingRule", DeleteSamplingRuleRequest(name))
    if output == "json":
        show_json(screen(), answer)
    else:
        show(screen(), f"sampling rule {name} is deleted")


def statistics(*, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Show how many requests each rule saw and traced in its last ten seconds.

    Args:
        source: Its flags.
        output: A table, or JSON as GetSamplingStatisticSummaries answers.
    """
    with opened(source) as api:
        answer = api.ask("GetSamplingStatisticSummaries", GetSamplingStatisticSummariesRequest())
    if output == "json":
        show_json(screen(), answer)
    else:
        console = screen()
        summaries = read(answer, Sampled).sampling_statistic_summaries
        show(console, statistics_table(summaries, console.width))


def _one(api: Api, name: str) -> Answer:
    """One rule, in the form of the operations that change one: X-Ray has none that gets one."""
    answer = api.ask("GetSamplingRules", GetSamplingRulesRequest())
    records = answer.get("SamplingRuleRecords")
    for record in records if isinstance(records, list) else ():
        if read({_RECORD: record}, OneRule).sampling_rule_record.sampling_rule.rule_name == name:
            return {_RECORD: record}
    raise CallRefusedError(f"there is no sampling rule {name}")


def _say(answer: Answer, output: Output) -> None:
    if output == "json":
        show_json(screen(), answer)
    else:
        show(screen(), rule_details(read(answer, OneRule).sampling_rule_record))
