# ruff: noqa: E501  what a terminal shows is as wide as the terminal
import json

from inline_snapshot import snapshot

from fluoro.client.timeline import drawn
from fluoro.client.tree import rows_of

TRACE = "1-6ab13b80-000000000000000000000001"
NOW = 1_790_000_000.0


def part(number, name, start, end, **members):
    end_ = {"in_progress": True} if end is None else {"end_time": NOW + end}
    return {"id": f"{number:016x}", "name": name, "start_time": NOW + start, **end_, **members}


def http(method, url, status):
    return {"request": {"method": method, "url": url}, "response": {"status": status}}


EXCEPTION = {
    "id": "00000000000000aa",
    "type": "BankClosedError",
    "message": "the bank at https://bank.example/api/v1/charges answered 503 after 3 tries;\n"
    "the last one said: closed for maintenance",
}
DOCUMENTS = [
    part(
        1,
        "web",
        0,
        1.2,
        trace_id=TRACE,
        fault=True,
        http=http("POST", "https://shop.example/checkout", 500),
        subsegments=[part(2, "checkout", 0.05, 1.1, namespace="remote", fault=True)],
    ),
    part(
        3,
        "checkout",
        0.1,
        1.0,
        trace_id=TRACE,
        parent_id=f"{2:016x}",
        fault=True,
        cause={"exceptions": [EXCEPTION]},
        subsegments=[
            part(4, "DynamoDB", 0.2, 0.3, aws={"operation": "PutItem", "table_name": "orders"}),
            part(5, "db", 0.3, 0.3, sql={"url": "u", "sanitized_query": "SELECT 1\n  FROM t"}),
            part(6, "charge", 0.4, 0.9, throttle=True, http=http("POST", "http://bank", 429)),
        ],
    ),
    part(7, "worker", 0.6, None, trace_id=TRACE, parent_id=f"{4:016x}"),
    part(8, "audit", 0.9, 1.0, trace_id=TRACE, parent_id="00000000000000ff", type="subsegment"),
]


def picture(documents, width):
    rows = rows_of(json.dumps(document).encode() for document in documents)
    return drawn(TRACE, rows, width)


def test_a_narrow_picture(text):
    """Bars keep their place, labels are cut, exceptions are whole."""
    assert text(picture(DOCUMENTS, 80), 80) == snapshot("""\

1-6ab13b80-000000000000000000000001  fault  1.20 s  2026-09-21 14:13:20.000 UTC
3 segments, 5 subsegments
                                                       0                  1.20 s
web POST 500 https://shop.example/check…       1.20 s  █████████████████████████
└ checkout                                     1.05 s   ██████████████████████
  └ checkout                                   900 ms    ███████████████████
    │ BankClosedError: the bank at https://bank.example/api/v1/charges answered
    │ 503 after 3 tries; the last one said: closed for maintenance
    ├ DynamoDB PutItem orders                  100 ms      ██
    │ └ worker                            in progress              ░░░░░░░░░░░░░
    ├ db SELECT 1 FROM t                         0 µs        ▌
    └ charge POST 429 http://bank              500 ms          ███████████
audit (detached)                               100 ms                    ▐██
""")


def test_a_wide_picture(text):
    """The same with all that fits."""
    assert text(picture(DOCUMENTS, 130), 130) == snapshot("""\

1-6ab13b80-000000000000000000000001  fault  1.20 s  2026-09-21 14:13:20.000 UTC  3 segments, 5 subsegments
                                                         0                                  1.20 s
web POST 500 https://shop.example/checkout       1.20 s  █████████████████████████████████████████
└ checkout                                       1.05 s   ▐███████████████████████████████████▌
  └ checkout                                     900 ms     ███████████████████████████████
    │ BankClosedError: the bank at https://bank.example/api/v1/charges answered 503 after 3 tries; the last one said: closed for
    │ maintenance
    ├ DynamoDB PutItem orders                    100 ms        ▐███
    │ └ worker                              in progress                      ░░░░░░░░░░░░░░░░░░░░░
    ├ db SELECT 1 FROM t                           0 µs            ▌
    └ charge POST 429 http://bank                500 ms               ▐█████████████████
audit (detached)                                 100 ms                                ▐███
""")


def test_colours_are_outcomes():
    """Of names, statuses and bars."""
    styles = {str(span.style) for span in picture(DOCUMENTS, 80).spans}
    assert {"red", "magenta", "blue", "cyan"} <= styles


def test_a_trace_of_no_length(text):
    """Every bar is there."""
    found = text(picture([part(1, "web", 0, 0, trace_id=TRACE)], 80), 80)
    assert "0 µs  ▌" in found


def test_deep_rows_stay_in_sight(text):
    """Guides beyond some levels are cut."""
    document = part(99, "deepest", 0, 1)
    for number in range(1, 40):
        document = part(number, "level", 0, 1, subsegments=[document])
    lines = text(picture([document | {"trace_id": TRACE}], 80), 80).splitlines()
    assert "deepest" in lines[-1]
    assert "…" in lines[-1]
