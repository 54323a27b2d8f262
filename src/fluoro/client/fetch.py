"""Traces by their ids."""

from collections.abc import Sequence

import msgspec

from fluoro.client.api import Answer, Api
from fluoro.wire.xray_api import BatchGetTracesRequest
from fluoro.wire.xray_members import MOST_IDS


def fetch(api: Api, trace_ids: Sequence[str]) -> Answer:
    """The answer of BatchGetTraces for any number of ids, several calls in one.

    Raises:
        CallError: There is no answer.
    """
    traces: list[object] = []
    unprocessed: list[object] = []
    for start in range(0, len(trace_ids), MOST_IDS):
        some = list(trace_ids[start : start + MOST_IDS])
        token = None
        while True:
            page = api.ask("BatchGetTraces", BatchGetTracesRequest(some, token))
            traces += _items(page.get("Traces"))
            unprocessed += _items(page.get("UnprocessedTraceIds"))
            following = page.get("NextToken")
            if not isinstance(following, str):
                break
            token = following
    return {"Traces": traces, "UnprocessedTraceIds": unprocessed}


def parsed(answer: Answer) -> Answer:
    """The same with each document as the JSON that it is, instead of as text."""
    traces = [
        {**trace, "Segments": [_parsed(segment) for segment in _items(trace.get("Segments"))]}
        for trace in _items(answer.get("Traces"))
        if isinstance(trace, dict)
    ]
    return {**answer, "Traces": traces}


def _parsed(segment: object) -> object:
    """A segment whose document is put in as it is, letter for letter."""
    if not isinstance(segment, dict) or not isinstance(segment.get("Document"), str):
        return segment
    return {**segment, "Document": msgspec.Raw(segment["Document"].encode())}


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
