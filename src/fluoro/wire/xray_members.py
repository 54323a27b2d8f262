"""Types of members that several shapes of the X-Ray API have, with their limits.

A limit holds where the shape is decoded. One that a handler refuses instead, in words of X-Ray's
own, stands in `extra_json_schema`: for the OpenAPI document alone, as the examples do.
Source: botocore's service model.
"""

from typing import Annotated

from msgspec import Meta

from fluoro.model import ids

MOST_DOCUMENTS = 50
"""AWS's own limit."""

MOST_OF_AGENT = 5_000
"""Of a request that has `Sources`, as Fluoro's agent sends it."""

MOST_IDS = 5
"""Of BatchGetTraces: AWS's own limit."""

Timestamp = Annotated[float, Meta(extra_json_schema={"minimum": 0})] | str
"""A time in a request: epoch seconds as a number or a numeral, or ISO 8601."""

_MOST = 2**31 - 1
"""What an `integer` of the service model holds."""

Integer = Annotated[int, Meta(ge=-_MOST - 1, le=_MOST)]
Count = Annotated[int, Meta(ge=0, le=_MOST)]
TraceId = Annotated[
    str,
    Meta(
        examples=["1-6553f100-00000000000000000000000a"],
        extra_json_schema={
            "minLength": 1,
            "maxLength": 35,
            "pattern": rf"^({ids.TRACE_ID})\Z",
        },
    ),
]
GroupName = Annotated[str, Meta(min_length=1, max_length=32, examples=["Default"])]
GroupArn = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=400,
        examples=["arn:aws:xray:us-east-1:000000000000:group/Default"],
    ),
]
FilterExpression = Annotated[str, Meta(examples=['fault AND service("web")'])]
Document = Annotated[
    str,
    Meta(
        examples=[
            (
                '{"trace_id": "1-6553f100-00000000000000000000000a", "id": "000000000000000a",'
                ' "name": "web", "start_time": 1700000000.0, "end_time": 1700000000.5}'
            )
        ]
    ),
]
