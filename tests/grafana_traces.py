"""The traces that Grafana's queries are asked about: a small shop, and one long row of visits."""

import json
from collections.abc import Iterator

SHOP = {"ok": 6, "fault": 3, "error": 2, "throttle": 1}
"""How many traces of each outcome `shop` makes."""

VISITS = 12_500
"""More than the 10,000 after which Grafana's analytics begin to halve the share it asks for."""

ACCOUNT = "111122223333"
"""Where `orders` says that it runs."""

_STATUS = {"ok": 200, "fault": 500, "error": 404, "throttle": 429}
_USER = {"ok": "ada", "fault": "ben", "error": "cleo", "throttle": "cleo"}


def trace_id(start: int, number: int) -> str:
    """Of the `number`-th trace, that starts at `start` (s)."""
    return f"1-{start:08x}-{number:024x}"


def shop(start: int) -> Iterator[str]:
    """Documents: a client asks `web`, which asks `orders`, which asks a table; one a second.

    An error and a throttle are `web`'s own answer, a fault is an exception in `orders`.
    """
    outcomes = [outcome for outcome, count in SHOP.items() for _ in range(count)]
    for number, outcome in enumerate(outcomes):
        yield from _sale(start + number, number, outcome)


def _sale(start: int, number: int, outcome: str) -> Iterator[str]:
    base = (number + 1) * 0x10
    trace = {"trace_id": trace_id(start, number)}
    status = {"response": {"status": _STATUS[outcome]}}
    marks = {"ok": {}, "throttle": {"error": True, "throttle": True}}.get(outcome, {outcome: True})
    request = {"method": "GET", "url": f"http://shop.example/{outcome}", "client_ip": "192.0.2.7"}
    web = trace | {
        "id": f"{base:016x}",
        "name": "web",
        "start_time": start,
        "end_time": start + 0.5,
        "user": _USER[outcome],
        "annotations": {"item": number, "gift": number % 2 == 0},
        "http": {"request": request} | status,
        **marks,
    }
    if outcome in {"error", "throttle"}:
        refused = {"id": f"{base + 1:016x}", "type": "Refused", "message": f"no: {outcome}"}
        yield json.dumps(web | {"cause": {"exceptions": [refused]}})
        return
    call = {
        "id": f"{base + 2:016x}",
        "name": "orders",
        "namespace": "remote",
        "start_time": start + 0.1,
        "end_time": start + 0.4,
        "http": {"request": {"method": "POST", "url": "http://orders.example/"}} | status,
        **marks,
    }
    table = {
        "id": f"{base + 3:016x}",
        "name": "DynamoDB",
        "namespace": "aws",
        "start_time": start + 0.15,
        "end_time": start + 0.3,
        "aws": {"table_name": "orders-table", "operation": "PutItem"},
    }
    orders = trace | {
        "id": f"{base + 4:016x}",
        "parent_id": call["id"],
        "name": "orders",
        "origin": "AWS::ECS::Container",
        "aws": {"account_id": ACCOUNT},
        "start_time": start + 0.12,
        "end_time": start + 0.35,
        "http": {"request": {"method": "POST", "url": "http://orders.example/"}} | status,
        "subsegments": [table],
        **marks,
    }
    if outcome == "fault":
        broken = {"id": f"{base + 5:016x}", "type": "KeyError", "message": "no such order"}
        orders["cause"] = {"exceptions": [broken]}
    yield json.dumps(web | {"subsegments": [call]})
    yield json.dumps(orders)


def visits(start: int) -> Iterator[str]:
    """`VISITS` documents, each a trace of its own, twenty a second."""
    for number in range(VISITS):
        begun = start + number // 20
        yield json.dumps(
            {
                "trace_id": trace_id(begun, number),
                "id": f"{number + 1:016x}",
                "name": "visits",
                "start_time": begun,
                "end_time": begun + 0.01,
                "annotations": {"row": "long"},
            }
        )
