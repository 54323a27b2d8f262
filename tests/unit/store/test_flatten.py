import json

from fluoro.model.outcome import FAULT, IN_PROGRESS
from fluoro.store.flatten import spans_of
from fluoro.wire.segment import decode


def entity(id_, *below, **members):
    times = {"start_time": 1, "end_time": 2}
    return {"id": id_ * 16, "name": f"n{id_}"} | times | members | {"subsegments": list(below)}


def spans(document, **members):
    text = json.dumps({"trace_id": "1-6b02b7ef-d88b802111d95ce52dd34d81"} | document | members)
    return {span.name: span for span in spans_of(decode(text.encode()), 7)}


def test_the_parent_of_a_nested_subsegment_is_what_it_is_nested_in():
    """Whatever it says itself."""
    rows = spans(entity("a", entity("b", entity("c", parent_id="f" * 16))))
    assert [row.parent_id for row in rows.values()] == ["", "a" * 16, "b" * 16]


def test_every_row_knows_its_document_receipt_and_service():
    """The service is the segment's name."""
    rows = spans(entity("a", entity("b")))
    assert {(row.document_id, row.receipt_us, row.service) for row in rows.values()} == {
        ("a" * 16, 7, "na")
    }


def test_an_independent_subsegment_has_no_service_yet():
    """Nor has what is nested in it; its parent is the one it names."""
    rows = spans(entity("a", entity("b")), type="subsegment", parent_id="e" * 16)
    assert {row.service for row in rows.values()} == {""}
    assert (rows["na"].parent_id, rows["na"].is_segment) == ("e" * 16, False)


def test_a_segment_is_its_own_node():
    """By name, origin and account."""
    row = spans(entity("a", origin="AWS::EC2::Instance", aws={"account_id": "1"}))["na"]
    assert (row.node_name, row.node_type, row.node_account) == ("na", "AWS::EC2::Instance", "1")


def test_a_call_has_the_node_that_it_makes_and_local_work_none():
    """If no segment answers."""
    table = {"operation": "Query", "table_name": "T"}
    call = entity("b", name="dynamodb", namespace="aws", aws=table)
    rows = spans(entity("a", call, entity("c")))
    assert (rows["dynamodb"].node_name, rows["dynamodb"].node_type) == ("T", "AWS::DynamoDB::Table")
    assert (rows["nc"].node_name, rows["nc"].node_type) == ("", "")


def test_what_has_not_ended_has_no_end():
    """And the bit that says so."""
    row = spans(entity("a", end_time=0, fault=True))["na"]
    assert (row.end_us, row.flags) == (0, FAULT | IN_PROGRESS)


def test_the_operation_is_the_calls_else_its_statement():
    """One column for both."""
    both = entity("b", aws={"operation": "Query"}, sql={"sanitized_query": "SELECT"})
    rows = spans(entity("a", both, entity("c", sql={"sanitized_query": "SELECT"})))
    assert [rows[name].operation for name in ("na", "nb", "nc")] == ["", "Query", "SELECT"]


def test_a_thousand_levels_do_not_exhaust_the_stack():
    """Each is a row."""
    document = entity("a")
    for number in range(1000):
        document = entity("b", document, id=f"{number + 1:016x}")
    text = {"trace_id": "1-6b02b7ef-d88b802111d95ce52dd34d81"} | document
    assert len(spans_of(decode(_dump(text)), 0)) == 1001


def _dump(document):
    """JSON of any depth, which json.dumps refuses."""
    opened, closed = [], []
    while True:
        (below,) = document["subsegments"] or [None]
        own = {key: value for key, value in document.items() if key != "subsegments"}
        opened.append(json.dumps(own)[:-1] + ', "subsegments": [')
        closed.append("]}")
        if below is None:
            return "".join(opened + closed).encode()
        document = below
