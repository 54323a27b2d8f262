"""A small server that speaks PutTraceSegments and the sampling calls, and fails on command.

For tests of what the agent does when its server does not do well.
"""

import asyncio
import json
from collections import Counter, deque
from dataclasses import dataclass, field

import zstandard
from starlette.types import Message, Receive, Scope, Send

RULES = {
    "SamplingRuleRecords": [
        {
            "SamplingRule": {
                "RuleName": "Default",
                "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default",
                "ResourceARN": "*",
                "Priority": 10000,
                "FixedRate": 0.05,
                "ReservoirSize": 1,
                "ServiceName": "*",
                "ServiceType": "*",
                "Host": "*",
                "HTTPMethod": "*",
                "URLPath": "*",
                "Version": 1,
                "Attributes": {},
            },
            "CreatedAt": 0.0,
            "ModifiedAt": 0.0,
        }
    ]
}


@dataclass
class Upstream:
    """What it was told, and what it was told to do."""

    stored: Counter[str] = field(default_factory=Counter)
    """Documents that were answered as taken, and how often."""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path and plain body of each request."""
    encodings: list[str] = field(default_factory=list)
    """Content-Encoding of each request."""
    statuses: deque[int] = field(default_factory=deque)
    """The next answers to documents are these and nothing is taken; then all goes well."""
    is_away: bool = False
    """Everything is answered 503."""
    is_silent: bool = False
    """Documents are read and never answered."""
    is_trickling: bool = False
    """Answers begin, and go on byte by byte as long as this is so."""
    is_nonsense: bool = False
    """Everything is answered 200, with a page that is no answer to the operation."""
    poison: frozenset[str] = frozenset()
    """A request that holds one of these is refused whole, with 400."""
    most_documents: int = 5000
    """A longer request is refused whole, with 413."""
    codes: dict[str, str] = field(default_factory=dict)
    """Documents that are refused one by one, with their ErrorCode."""
    offers: str | None = None
    """Accept-Encoding of the answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as ASGI has it."""
        body = await _body(receive)
        headers = dict(scope["headers"])
        encoding = headers.get(b"content-encoding", b"").decode()
        if encoding == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        self.asked.append((scope["method"], scope["path"], body))
        self.encodings.append(encoding)
        if self.is_silent:
            await asyncio.Event().wait()
        if self.is_trickling:
            await self._trickle(send)
            return
        status, answer = self._answer(scope["path"], body)
        fields = [(b"content-type", b"application/json")]
        if self.offers is not None:
            fields.append((b"accept-encoding", self.offers.encode()))
        if status >= 400:
            fields.append((b"x-amzn-errortype", b"TestException"))
        if status == 429:
            fields.append((b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _trickle(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while self.is_trickling:
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b""})

    def _answer(self, path: str, body: bytes) -> tuple[int, object]:
        if self.is_away:
            return 503, {"message": "away"}
        if self.is_nonsense:
            return 200, {"hello": "world"}
        answers = {
            "/TraceSegments": lambda: self._take(json.loads(body)["TraceSegmentDocuments"]),
            "/GetSamplingRules": lambda: (200, RULES),
            "/SamplingTargets": lambda: (200, targets(json.loads(body))),
            "/TelemetryRecords": lambda: (200, {}),
        }
        return answers.get(path, lambda: (404, {"message": path}))()

    def _take(self, documents: list[str]) -> tuple[int, object]:
        if self.statuses:
            return self.statuses.popleft(), {"message": "as told"}
        if self.poison.intersection(documents):
            return 400, {"message": "one of them"}
        if len(documents) > self.most_documents:
            return 413, {"message": "too many"}
        self.stored.update(text for text in documents if text not in self.codes)
        refused = [
            {"Id": None, "ErrorCode": self.codes[text], "Message": "as told"}
            for text in documents
            if text in self.codes
        ]
        return 200, {"UnprocessedTraceSegments": refused}

    def bodies(self, path: str) -> list[dict[str, object]]:
        """The requests to one path, decoded."""
        return [json.loads(body) for _, asked, body in self.asked if asked == path]


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message: Message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def targets(request: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    """The answer to GetSamplingTargets: seven a second for whoever reports."""
    documents = [
        {
            "RuleName": report["RuleName"],
            "FixedRate": 0.05,
            "ReservoirQuota": 7,
            "ReservoirQuotaTTL": 1000.0,
            "Interval": 10,
        }
        for report in request["SamplingStatisticsDocuments"]
    ]
    return {
        "SamplingTargetDocuments": documents,
        "LastRuleModification": 5.0,
        "UnprocessedStatistics": [],
    }
