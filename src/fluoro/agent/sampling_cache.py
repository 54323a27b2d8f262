"""What SDKs are told about sampling while the server is away, and what they said meanwhile.

Rules are given as last seen. Targets are the last ones of each client with a fresh time to live, so
that a client keeps its share of the reservoir; its statistics are kept and added to its next report
that the server takes. Source: architecture, section 10; spec of sampling.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from fluoro.wire.xray_sampling import (
    GetSamplingRulesResult,
    GetSamplingTargetsRequest,
    GetSamplingTargetsResult,
    SamplingStatisticsDocument,
    SamplingTargetDocument,
)

QUOTA_S = 30
"""How long a target from here holds: three reports, as those of the server."""

_MOST_CLIENTS = 10_000
"""Pairs of client and rule that are remembered; beyond, the one that was seen longest ago goes."""

Value = TypeVar("Value")
_Key = tuple[str, str]
"""Rule and client."""

_request = msgspec.json.Decoder(GetSamplingTargetsRequest)
_result = msgspec.json.Decoder(GetSamplingTargetsResult)
_rules = msgspec.json.Decoder(GetSamplingRulesResult)
_encoder = msgspec.json.Encoder()


class SamplingCache:
    """Last answers, none older than `age_s`, and statistics that the server has not seen."""

    def __init__(
        self, age_s: float, clock_s: Callable[[], float], wall_clock_s: Callable[[], float]
    ) -> None:
        self._age_s = age_s
        self._clock_s = clock_s
        self._wall_clock_s = wall_clock_s
        self._rules: tuple[float, bytes] | None = None
        self._targets: dict[_Key, tuple[float, SamplingTargetDocument]] = {}
        self._last_rule_modification = 0.0
        self._unreported: dict[_Key, SamplingStatisticsDocument] = {}

    def remember_rules(self, answer: bytes) -> None:
        """Keep an answer of the server to GetSamplingRules; a login page with 200 is none."""
        try:
            _rules.decode(answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        self._rules = self._clock_s(), answer

    def rules(self) -> bytes | None:
        """The last answer, as it was sent; None when there is none, or it is too old."""
        if self._rules is None or self._is_old(self._rules[0]):
            return None
        return self._rules[1]

    def remember_targets(self, request: bytes, answer: bytes) -> None:
        """Keep an answer of the server to a report; what it has taken need not be sent again."""
        reports = _reports(request)
        try:
            result = _result.decode(answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        self._last_rule_modification = result.last_rule_modification
        targets = {target.rule_name: target for target in result.sampling_target_documents}
        for report in reports:
            self._unreported.pop(_key(report), None)
            if report.rule_name in targets:
                _put(self._targets, _key(report), (self._clock_s(), targets[report.rule_name]))

    def targets(self, request: bytes) -> bytes | None:
        """An answer to a report that the server did not take; its statistics are kept.

        None, with nothing kept, when there is no target for any of its rules.
        """
        reports = _reports(request)
        known = {
            report.rule_name: self._targets[_key(report)][1]
            for report in reports
            if _key(report) in self._targets and not self._is_old(self._targets[_key(report)][0])
        }
        if not known:
            return None
        for report in reports:
            if report.rule_name in known:
                _put(self._unreported, _key(report), self._summed(report))
        until_s = int(self._wall_clock_s()) + QUOTA_S
        fresh = [
            msgspec.structs.replace(target, reservoir_quota_ttl=until_s)
            for target in known.values()
        ]
        return _encoder.encode(GetSamplingTargetsResult(fresh, self._last_rule_modification, []))

    def completed(self, request: bytes) -> bytes:
        """A report with what its client said while the server was away; else as it was sent."""
        reports = _reports(request)
        if not any(_key(report) in self._unreported for report in reports):
            return request
        body = _request.decode(request)
        summed = [self._summed(report) for report in reports]
        return _encoder.encode(msgspec.structs.replace(body, sampling_statistics_documents=summed))

    def _summed(self, report: SamplingStatisticsDocument) -> SamplingStatisticsDocument:
        earlier = self._unreported.get(_key(report))
        if earlier is None:
            return report
        return msgspec.structs.replace(
            report,
            request_count=report.request_count + earlier.request_count,
            sampled_count=report.sampled_count + earlier.sampled_count,
            borrow_count=report.borrow_count + earlier.borrow_count,
        )

    def _is_old(self, answered_s: float) -> bool:
        return self._clock_s() - answered_s > self._age_s


def _reports(request: bytes) -> list[SamplingStatisticsDocument]:
    """The statistics of a request; none when it is not what SDKs send."""
    try:
        return _request.decode(request).sampling_statistics_documents
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _key(report: SamplingStatisticsDocument) -> _Key:
    return report.rule_name, report.client_id


def _put(kept: dict[_Key, Value], key: _Key, value: Value) -> None:
    """Keep a value as the newest, and no more than there is room for."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _MOST_CLIENTS:
        del kept[next(iter(kept))]
