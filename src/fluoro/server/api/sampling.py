"""GetSamplingRules and GetSamplingTargets, which SDKs poll through the agent.

Source: spec of sampling, sections 3 and 5.
"""

from collections.abc import Sequence

import msgspec

from fluoro.model.tenant import Tenant
from fluoro.sampling.allocate import ACTIVE_S, INTERVAL_S, allocate, demand, lease_s
from fluoro.sampling.rules import SamplingRule, default_rule
from fluoro.server.backend import Backend
from fluoro.server.requests import invalid, microseconds
from fluoro.store.storage import SamplingReport
from fluoro.wire.xray_api import (
    GetSamplingRulesRequest,
    GetSamplingRulesResult,
    GetSamplingTargetsRequest,
    GetSamplingTargetsResult,
    SamplingRuleRecord,
    SamplingStatisticsDocument,
    SamplingTargetDocument,
    UnprocessedStatistics,
)

MOST_REPORTS = 26
"""25 rules of the user's and Default; no SDK splits its report."""

_US_PER_S = 1_000_000


def get_sampling_rules(
    _backend: Backend, tenant: Tenant, _request: GetSamplingRulesRequest
) -> GetSamplingRulesResult:
    """All rules, on one page whatever the token, since no SDK asks for a second one."""
    record = msgspec.convert(default_rule(tenant), SamplingRuleRecord, from_attributes=True)
    return GetSamplingRulesResult([record])


def get_sampling_targets(
    backend: Backend, tenant: Tenant, request: GetSamplingTargetsRequest
) -> GetSamplingTargetsResult:
    """Keep each report and answer the client's share of its rule's reservoir.

    Raises:
        InputError: Too many reports, or one without a proper time.
    """
    documents = request.sampling_statistics_documents
    if len(documents) > MOST_REPORTS:
        raise invalid(
            "SamplingStatisticsDocuments",
            f"Member must have length less than or equal to {MOST_REPORTS}",
        )
    for place, document in enumerate(documents):
        microseconds(f"SamplingStatisticsDocuments[{place}].Timestamp", document.timestamp)
    record = default_rule(tenant)
    rules = {record.sampling_rule.rule_name: record.sampling_rule}
    now_us = backend.clock_us()
    before = backend.storage.sampling_reports(tenant, now_us - ACTIVE_S * _US_PER_S)
    reports: list[SamplingReport] = []
    targets: list[SamplingTargetDocument] = []
    unknown: list[UnprocessedStatistics] = []
    for document in documents:
        rule = rules.get(document.rule_name)
        if rule is None:
            unknown.append(UnprocessedStatistics(document.rule_name, "400", "Unknown rule"))
            continue
        report = _report(rule, document, before, now_us)
        reports.append(report)
        targets.append(
            SamplingTargetDocument(
                rule_name=rule.rule_name,
                fixed_rate=rule.fixed_rate,
                reservoir_quota=report.quota,
                reservoir_quota_ttl=report.quota_until_us // _US_PER_S,
                interval=INTERVAL_S,
            )
        )
    if reports:
        backend.storage.add_sampling_reports(tenant, reports)
    return GetSamplingTargetsResult(
        sampling_target_documents=targets,
        last_rule_modification=record.modified_at,
        unprocessed_statistics=unknown,
        unprocessed_boost_statistics=(
            None if request.sampling_boost_statistics_documents is None else []
        ),
    )


def _report(
    rule: SamplingRule,
    document: SamplingStatisticsDocument,
    before: Sequence[SamplingReport],
    now_us: int,
) -> SamplingReport:
    """A report with the share that its client gets, given all reports of the last intervals."""
    report = SamplingReport(
        rule=rule.rule_name,
        client=document.client_id,
        time_us=now_us,
        requests=document.request_count,
        sampled=document.sampled_count,
        borrowed=document.borrow_count,
        quota=0,
        quota_until_us=0,
    )
    by_client: dict[str, list[SamplingReport]] = {}
    for each in (*before, report):
        if each.rule == rule.rule_name:
            by_client.setdefault(each.client, []).append(each)
    demands = {client: _demand(reports) for client, reports in by_client.items()}
    quota = allocate(rule.reservoir_size, demands)[report.client]
    until_us = now_us + lease_s(quota) * _US_PER_S
    return msgspec.structs.replace(report, quota=quota, quota_until_us=until_us)


def _demand(reports: Sequence[SamplingReport]) -> int:
    """Requests a second of a client, from its last report and the time since the one before."""
    last = reports[-1]
    elapsed_s = float(INTERVAL_S)
    if len(reports) > 1:
        elapsed_s = (last.time_us - reports[-2].time_us) / _US_PER_S
    return demand(last.requests, elapsed_s)
