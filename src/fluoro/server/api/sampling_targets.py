"""GetSamplingTargets, which SDKs poll through the agent, and what their reports add up to.

Source: spec of sampling, sections 5 to 7.
"""

from collections.abc import Mapping, Sequence

import msgspec

from fluoro.model.tenant import Tenant
from fluoro.sampling.allocate import ACTIVE_S, INTERVAL_S, demand, grant, lease_s
from fluoro.sampling.rules import SamplingRule
from fluoro.server.api.sampling_rules import KIND, kept_rules
from fluoro.server.backend import Backend
from fluoro.server.requests import invalid, microseconds
from fluoro.store.storage import BoostReport, SamplingReport
from fluoro.wire.xray_sampling import (
    GetSamplingStatisticSummariesRequest,
    GetSamplingStatisticSummariesResult,
    GetSamplingTargetsRequest,
    GetSamplingTargetsResult,
    SamplingBoostStatisticsDocument,
    SamplingStatisticsDocument,
    SamplingStatisticSummary,
    SamplingTargetDocument,
    UnprocessedStatistics,
)

MOST_REPORTS = 26
"""25 rules of the user's and Default; no SDK splits its report."""

_US_PER_S = 1_000_000
_INTERVAL_US = INTERVAL_S * _US_PER_S


def get_sampling_targets(
    backend: Backend, tenant: Tenant, request: GetSamplingTargetsRequest
) -> GetSamplingTargetsResult:
    """Keep each client's report; from its second on answer its share of the rule's reservoir.

    Reports of anomalies are kept, too; no rate is raised for them.

    Raises:
        InputError: Too many reports, or one without a proper time.
    """
    documents = request.sampling_statistics_documents
    boosts = request.sampling_boost_statistics_documents
    if len(documents) > MOST_REPORTS:
        raise invalid(
            "SamplingStatisticsDocuments",
            f"Member must have length less than or equal to {MOST_REPORTS}",
        )
    _check_times("SamplingStatisticsDocuments", documents)
    _check_times("SamplingBoostStatisticsDocuments", boosts or ())
    kept = kept_rules(backend, tenant)
    since_us = backend.clock_us() - ACTIVE_S * _US_PER_S
    stored = backend.storage.sampling_reports(tenant, since_us)
    targets: list[SamplingTargetDocument] = []
    unknown: list[UnprocessedStatistics] = []
    answered: list[SamplingReport] = []
    with backend.sampling_reports.joined(tenant, stored, since_us) as reports:
        now_us = backend.clock_us()
        for document in documents:
            if document.rule_name not in kept:
                unknown.append(_unknown(document.rule_name))
                continue
            rule = kept[document.rule_name].record.sampling_rule
            report = _report(rule, document, reports.clients(rule.rule_name), now_us)
            reports.add(report)
            answered.append(report)
            targets.append(_target(rule, report))
    if answered:
        backend.storage.add_sampling_reports(tenant, answered)
    known = [each for each in boosts or () if each.rule_name in kept]
    if known:
        backend.storage.add_boost_reports(tenant, [_boost_report(each, now_us) for each in known])
    changed_us = [each.written_us for each in kept.values()]
    changed_us.append(backend.storage.deleted_us(tenant, KIND))
    return GetSamplingTargetsResult(
        sampling_target_documents=targets,
        # rounded up: a client that read the rules a moment before the change must see it is newer
        last_rule_modification=-(-max(changed_us) // _US_PER_S),
        unprocessed_statistics=unknown,
        unprocessed_boost_statistics=(
            None
            if boosts is None
            else [_unknown(each.rule_name) for each in boosts if each.rule_name not in kept]
        ),
    )


def get_sampling_statistic_summaries(
    backend: Backend,
    tenant: Tenant,
    request: GetSamplingStatisticSummariesRequest,  # noqa: ARG001  as all handlers
) -> GetSamplingStatisticSummariesResult:
    """What was reported of each rule in the last full ten seconds."""
    end_us = backend.clock_us() // _INTERVAL_US * _INTERVAL_US
    start_us = end_us - _INTERVAL_US
    counts = {name: [0, 0, 0] for name in kept_rules(backend, tenant)}
    for report in backend.storage.sampling_reports(tenant, start_us):
        if report.time_us < end_us and report.rule in counts:
            of_rule = counts[report.rule]
            of_rule[0] += report.requests
            of_rule[1] += report.borrowed
            of_rule[2] += report.sampled
    return GetSamplingStatisticSummariesResult(
        [
            SamplingStatisticSummary(name, start_us // _US_PER_S, *of_rule)
            for name, of_rule in counts.items()
        ]
    )


def _check_times(
    member: str,
    documents: Sequence[SamplingStatisticsDocument | SamplingBoostStatisticsDocument],
) -> None:
    """Clients' clocks decide nothing, but what is no time is no report."""
    for place, document in enumerate(documents):
        microseconds(f"{member}[{place}].Timestamp", document.timestamp)


def _target(rule: SamplingRule, report: SamplingReport) -> SamplingTargetDocument:
    return SamplingTargetDocument(
        rule_name=rule.rule_name,
        fixed_rate=rule.fixed_rate,
        reservoir_quota=report.quota,
        reservoir_quota_ttl=report.quota_until_us // _US_PER_S,
        interval=INTERVAL_S,
    )


def _unknown(rule_name: str) -> UnprocessedStatistics:
    """The code makes SDKs refresh their rules."""
    return UnprocessedStatistics(rule_name, "400", "Unknown rule")


def _report(
    rule: SamplingRule,
    document: SamplingStatisticsDocument,
    by_client: Mapping[str, Sequence[SamplingReport]],
    now_us: int,
) -> SamplingReport:
    """A report with the share that its client gets, given each client's last ones of the rule.

    A client's first report says that it is there and what it would like; it goes on borrowing, as
    with AWS. Of those that begin together all are known when the first of them reports again.
    """
    report = SamplingReport(
        rule=rule.rule_name,
        client=document.client_id,
        time_us=now_us,
        requests=document.request_count,
        sampled=document.sampled_count,
        borrowed=document.borrow_count,
        quota=0,
        quota_until_us=now_us,
    )
    if report.client not in by_client:
        return report
    held = {
        client: reports[-1].quota
        for client, reports in by_client.items()
        if reports[-1].quota_until_us > now_us
    }
    demands = {client: _demand(reports) for client, reports in by_client.items()}
    demands[report.client] = _demand([*by_client[report.client], report])
    quota = grant(rule.reservoir_size, report.client, demands, held)
    until_us = now_us + lease_s(quota) * _US_PER_S
    return msgspec.structs.replace(report, quota=quota, quota_until_us=until_us)


def _demand(reports: Sequence[SamplingReport]) -> int:
    """Requests a second of a client, from its last report and the time since the one before."""
    last = reports[-1]
    elapsed_s = float(INTERVAL_S)
    if len(reports) > 1:
        elapsed_s = (last.time_us - reports[-2].time_us) / _US_PER_S
    return demand(last.requests, elapsed_s)


def _boost_report(document: SamplingBoostStatisticsDocument, now_us: int) -> BoostReport:
    return BoostReport(
        rule=document.rule_name,
        service=document.service_name,
        time_us=now_us,
        anomalies=document.anomaly_count,
        requests=document.total_count,
        sampled_anomalies=document.sampled_anomaly_count,
    )
