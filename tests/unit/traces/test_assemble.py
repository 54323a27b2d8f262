import itertools
import json

import pytest

from captures import captures
from fluoro.traces.assemble import assemble
from fluoro.wire.segment import check

TRACE_ID = "1-6b02b7ef-d88b802111d95ce52dd34d81"
A, B, C, D, E = (letter * 16 for letter in "abcde")


def entity(id_, *below, start=1, **members):
    times = {"start_time": start, "end_time": start + 1}
    if members.get("in_progress"):
        del times["end_time"]
    nested = {"subsegments": list(below)} if below else {}
    return {"id": id_, "name": "n" + id_[0]} | times | members | nested


def segment(id_, *below, **members):
    return entity(id_, *below, trace_id=TRACE_ID, **members)


def alone(id_, parent_id, *below, **members):
    return segment(id_, *below, type="subsegment", parent_id=parent_id, **members)


def trace(*documents):
    """Ids and documents that come back, parsed."""
    sent = [(document["id"], json.dumps(document).encode()) for document in documents]
    return [(id_, json.loads(document)) for id_, document in assemble(TRACE_ID, sent)]


def captured(file):
    sent = [found.document for found in captures() if found.file == file]
    trace_id = check(sent[0]).trace_id
    documents = [(check(document).id, document) for document in sent]
    return [(id_, json.loads(document)) for id_, document in assemble(trace_id, documents)]


def ids_of(document):
    """Id and what is nested, all the way down."""
    return {document["id"]: [ids_of(nested) for nested in document.get("subsegments", [])]}


def test_no_documents_make_no_segments():
    """A trace that is not there."""
    assert assemble(TRACE_ID, []) == []


def test_a_segment_comes_back_as_it_was_sent():
    """Byte for byte, if no rule changes it."""
    document = json.dumps(segment(A, entity(B), metadata={"x": 1.50})).encode()
    assert assemble(TRACE_ID, [(A, document)]) == [(A, document)]


def test_ids_come_in_lower_case():
    """The document keeps its own spelling."""
    ((id_, document),) = trace(segment(A.upper()))
    assert (id_, document["id"]) == (A, A.upper())


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_subsegments_sent_alone_hang_under_their_parents_in_any_order_of_arrival(order):
    """Under a segment, something nested, or another that was sent alone."""
    documents = [
        segment(A, entity(B)),
        alone(C, B.upper(), start=2),
        alone(D, C, start=3),
        alone(E, A, start=4),
    ]
    found = trace(*[documents[place] for place in order])
    nested = entity(B, entity(C, entity(D, start=3), start=2))
    assert found == [(A, segment(A, nested, entity(E, start=4)))]


def test_siblings_sent_alone_are_in_order_of_start():
    """Behind those that were nested already."""
    documents = [alone(D, A, start=5), alone(C, A, start=4), segment(A, entity(B, start=6))]
    ((_, found),) = trace(*documents)
    assert [nested["id"] for nested in found["subsegments"]] == [B, C, D]


def test_a_segment_with_a_parent_is_another_service():
    """It is an entry of its own, after the root."""
    documents = [segment(B, parent_id=C, start=0), segment(A, entity(C, start=5), start=9)]
    assert [id_ for id_, _ in trace(*documents)] == [A, B]


def test_entries_are_roots_by_start_and_then_the_others_by_start():
    """Orphans and inferred segments among the others."""
    found = trace(
        alone(E, "f" * 16, start=4),
        segment(B, parent_id=A, start=3),
        segment(C, start=2),
        segment(D, entity("1" * 16, namespace="remote", start=3.5), start=1),
    )
    ids = [id_ for id_, _ in found]
    assert ids[:3] == [D, C, B]
    assert found[3][1]["inferred"] is True
    assert ids[4] == E


def test_an_orphan_is_an_entry_of_its_own_with_its_links():
    """With what hangs under it."""
    documents = [alone(C, B), segment(A), alone(B, "f" * 16, start=2)]
    found = trace(*documents)
    assert found[1] == (B, alone(B, "f" * 16, entity(C), start=2))


@pytest.mark.parametrize("is_alone_first", [True, False])
def test_an_id_sent_alone_and_nested_is_one_entity_the_complete_one(is_alone_first):
    """Whichever of them came first."""
    for_alone, for_nested = {"in_progress": True}, {}
    for alone_members, nested_members in ((for_alone, for_nested), (for_nested, for_alone)):
        documents = [
            alone(B, A, name="alone", **alone_members),
            segment(A, entity(B, name="nested", **nested_members), entity(C)),
        ]
        ((_, found),) = trace(*(documents if is_alone_first else documents[::-1]))
        assert sorted(nested["id"] for nested in found["subsegments"]) == [B, C]
        (kept,) = [nested for nested in found["subsegments"] if nested["id"] == B]
        assert kept["name"] == ("nested" if alone_members else "alone")
        assert "type" not in kept


def test_of_two_complete_ones_the_first_counts():
    """In order of receipt."""
    documents = [segment(A, entity(B, name="nested")), alone(B, A, name="alone")]
    ((_, found),) = trace(*documents)
    assert [nested["name"] for nested in found["subsegments"]] == ["nested"]
    ((_, found),) = trace(*documents[::-1])
    assert [nested["name"] for nested in found["subsegments"]] == ["alone"]


def test_what_only_the_other_one_holds_moves_under_the_one_that_counts():
    """Nothing is lost with an unfinished parent."""
    documents = [segment(A, entity(B, entity(C, entity(D)), in_progress=True)), alone(B, A)]
    assert ids_of(trace(*documents)[0][1]) == {A: [{B: [{C: [{D: []}]}]}]}


def test_an_id_that_is_used_twice_in_a_document_is_one_entity():
    """The first of two complete ones."""
    ((_, found),) = trace(segment(A, entity(B, name="one"), entity(B, name="two")))
    assert [nested["name"] for nested in found["subsegments"]] == ["one"]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([alone(A, A)], [{A: []}]),
        ([alone(A, B, start=2), alone(B, A)], [{B: [{A: []}]}]),
        (
            [alone(A, B, start=2), alone(B, C), alone(C, A), alone(D, A)],
            [{B: [{A: [{C: []}, {D: []}]}]}],
        ),
        ([alone(A, B, entity(B, start=3))], [{A: [{B: []}]}]),
        ([alone(A, C, entity(B, entity(C))), alone(D, C)], [{A: [{B: [{C: [{D: []}]}]}]}]),
        ([segment(A, entity(A, entity(B)))], [{A: [{B: []}]}]),
    ],
)
def test_a_circle_of_parents_is_an_orphan(documents, expected):
    """It hangs under its earliest entity, and everything is there once."""
    assert [ids_of(document) for _, document in trace(*documents)] == expected


def test_a_circle_that_goes_through_what_is_nested_is_cut_there():
    """The earliest entity leaves its place when it is nested itself."""
    documents = [alone(A, C, entity(B, start=1), start=2), alone(C, B, start=3)]
    assert [ids_of(document) for _, document in trace(*documents)] == [{B: [{C: [{A: []}]}]}]


CALL = {"namespace": "remote", "http": {"request": {"url": "u"}, "response": {"status": 404}}}


def inferred(*documents):
    return [found for _, found in trace(*documents) if found.get("inferred")]


def test_a_finished_call_that_no_segment_answers_gets_an_inferred_segment():
    """With its times, outcome and http, and an id that is the same at each reading."""
    call = entity(B, **CALL, error=True, start=1.25, metadata={"x": 1}, annotations={"y": 1})
    (found,) = inferred(segment(A, call))
    id_ = found.pop("id")
    assert len(bytes.fromhex(id_)) == 8
    assert inferred(segment(A, call))[0]["id"] == id_
    assert found == {
        "trace_id": TRACE_ID,
        "parent_id": B,
        "inferred": True,
        "name": "nb",
        "start_time": 1.25,
        "end_time": 2.25,
        "error": True,
        "http": CALL["http"],
    }


@pytest.mark.parametrize(
    "documents",
    [
        [segment(A, entity(B, **CALL)), segment(C, parent_id=B)],
        [segment(A, entity(B, **CALL)), segment(C, parent_id=B.upper())],
        [segment(A, entity(B, **CALL, in_progress=True))],
        [segment(A, entity(B, namespace="local"))],
        [segment(A, **CALL)],
    ],
)
def test_nothing_is_inferred_where_there_is_an_answer_or_no_finished_call(documents):
    """A real segment, an open call, local work, a segment with a namespace."""
    assert inferred(*documents) == []


def test_a_subsegment_is_no_answer():
    """Only a segment shows that another service was reached."""
    assert len(inferred(segment(A, entity(B, **CALL)), alone(C, B))) == 1


def test_each_call_of_an_orphan_gets_one_too():
    """Under its own id."""
    found = inferred(alone(B, E, entity(C, **CALL), **CALL))
    assert {one["parent_id"] for one in found} == {B, C}
    assert len({one["id"] for one in found}) == 2


@pytest.mark.parametrize(
    ("members", "origin"),
    [
        ({"namespace": "remote", "sql": {"url": "jdbc:x"}}, "Database::SQL"),
        (
            {
                "namespace": "aws",
                "name": "dynamodb",
                "aws": {"operation": "Get", "table_name": "t"},
            },
            "AWS::DynamoDB::Table",
        ),
        ({"namespace": "aws", "name": "Amazon S3"}, "AWS::S3"),
    ],
)
def test_an_inferred_segment_says_what_was_called(members, origin):
    """Its name stays that of the call."""
    call = entity(B, **members)
    (found,) = inferred(segment(A, call))
    assert (found["origin"], found["name"]) == (origin, call["name"])


def test_aws_calls_name_the_resource_that_was_derived():
    """In the call and in the inferred segment; `traced` is gone from both."""
    call = entity(
        B,
        name="DynamoDB",
        namespace="aws",
        aws={"operation": "GetItem", "table_names": ["t"]},
        http={"request": {"traced": True}, "response": {"status": 200}},
    )
    (_, whole), (_, made) = trace(segment(A, call))
    for found in (whole["subsegments"][0], made):
        assert found["aws"] == call["aws"] | {"resource_names": ["t"]}
        assert found["http"] == {"request": {}, "response": {"status": 200}}


def test_a_call_of_a_service_without_a_resource_keeps_its_names():
    """Nothing was derived that could replace them."""
    call = entity(B, name="S3", namespace="aws", aws={"resource_names": ["x"]})
    ((_, whole), _) = trace(segment(A, call))
    assert whole["subsegments"][0]["aws"] == {"resource_names": ["x"]}


@pytest.mark.parametrize(
    ("aws", "is_queue"),
    [
        ({"operation": "ReceiveMessage", "queue_url": "http://q/1"}, True),
        ({"operation": "SendMessage"}, True),
        ({"operation": "SendMessageBatch"}, True),
        ({"operation": "ListQueues"}, False),
    ],
)
def test_an_inferred_queue_has_a_child_for_the_time_in_it(aws, is_queue):
    """When the queue is known or a message was sent."""
    (found,) = inferred(segment(A, entity(B, name="SQS", namespace="aws", aws=aws, start=3)))
    assert ("subsegments" in found) is is_queue
    if is_queue:
        (child,) = found["subsegments"]
        assert len(bytes.fromhex(child.pop("id"))) == 8
        assert child == {"name": "QueueTime", "start_time": 3, "end_time": 4}


@pytest.mark.parametrize(
    ("file", "datagrams"),
    [("python-streamed-over-threshold", 38), ("dotnet-streamed-over-threshold", 200)],
)
def test_a_captured_stream_becomes_one_segment(file, datagrams):
    """Children came first, the root last."""
    assert sum(found.file == file for found in captures()) == datagrams
    ((_, document),) = captured(file)
    waiting, entities = [document], 0
    while waiting:
        found = waiting.pop()
        entities += 1
        waiting += found.get("subsegments", [])
    assert entities >= datagrams
    assert {len(found["subsegments"]) for found in document["subsegments"]} == {1}


@pytest.mark.parametrize("file", ["node-in-progress-manual", "node-streamed-open-parent"])
def test_a_captured_open_subsegment_is_there_once(file):
    """It was flushed by hand, and then came again inside its segment."""
    found = captured(file)
    ids = [nested["id"] for _, document in found for nested in document.get("subsegments", [])]
    assert len(ids) == len(set(ids))
    assert not any("in_progress" in nested for nested in found[0][1]["subsegments"])
