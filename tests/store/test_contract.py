"""What every Storage does with documents: which of them count, and how they are found again."""

import json

import pytest

from captures import documents as captured_documents
from fluoro.filters.parser import parse
from fluoro.model.outcome import FAULT, IN_PROGRESS
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store.storage import Accepted, BoostReport, SamplingReport
from store.building import (
    BASE_US,
    accepted,
    admitted,
    all_accepted,
    by_name,
    entity,
    found,
    insert,
    nested_in_a_line,
    segment,
    subsegment,
    trace_id,
)

ONE = trace_id(1)
S = 1_000_000
HOUR = 3600 * S
WORST = (
    '{"value": 1180591620717411303424}',
    '{"value": -9223372036854775809}',
    '{"value": 1e400}',
    '{"value": "\\ud800"}',
    '{"value": %s}' % ('{"a":' * 2000 + "1" + "}" * 2000),
)
"""Metadata that is legal JSON and that the engine's parser refuses."""


def texts(storage, tenant, trace=ONE):
    """The documents of a trace that count."""
    return [json.loads(each.document) for each in storage.documents(tenant, [trace])[trace]]


def test_every_captured_document_comes_back_as_it_was_sent(storage, tenant):
    """Byte for byte, known and unknown members alike; of equal ids the first finished one."""
    sent = admitted(tenant, captured_documents(valid=True))
    storage.insert(sent)
    first: dict[tuple[str, str], Accepted] = {}
    for document in sent:
        known = first.setdefault((document.trace_id, document.id), document)
        if not known.is_finished:
            first[document.trace_id, document.id] = document
    stored = storage.documents(tenant, [document.trace_id for document in sent])
    assert {(trace, each.id): each.document for trace, kept in stored.items() for each in kept} == {
        key: document.document for key, document in first.items()
    }


def test_white_space_between_tokens_does_not_split_a_document(storage, tenant):
    """Tabs and line ends may come back as spaces, everything inside strings stays."""
    document = segment(1, 1, "web", 0, S, metadata={"a\tb": "c\\d\r\n\te\u2028'\"", "n": [1, 2]})
    pretty = json.dumps(document, indent="\t", ensure_ascii=False).replace("\n", "\r\n").encode()
    insert(storage, tenant, pretty)
    assert texts(storage, tenant) == [document]
    assert by_name(storage, tenant, ONE)["web"].is_finished


def test_a_trace_that_is_not_there_has_no_key(storage, tenant):
    """Neither in documents nor in spans."""
    insert(storage, tenant, segment(1, 1, "web", 0, S))
    assert set(storage.documents(tenant, [ONE, trace_id(2)])) == {ONE}
    assert set(storage.spans(tenant, [ONE, trace_id(2)])) == {ONE}
    assert storage.documents(tenant, []) == storage.spans(tenant, []) == {}


def test_nothing_to_insert_is_fine(storage, tenant):
    """An empty flush changes nothing."""
    storage.insert([])
    assert found(storage, tenant) == []


def test_a_finished_document_replaces_the_unfinished_one(storage, tenant):
    """Entirely, in the documents and in the spans."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, None, user="early"),
        segment(1, 1, "web", 0, 2 * S, http={"response": {"status": 200}}),
    )
    (document,) = texts(storage, tenant)
    assert "user" not in document
    assert by_name(storage, tenant, ONE)["web"].duration_us == 2 * S


def test_the_newest_unfinished_document_counts(storage, tenant):
    """While nothing finished has come."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, None, user="first"),
        segment(1, 1, "web", 0, None, user="second"),
    )
    assert [document["user"] for document in texts(storage, tenant)] == ["second"]
    span = by_name(storage, tenant, ONE)["web"]
    assert (span.user, span.flags, span.end_us) == ("second", IN_PROGRESS, 0)


def test_an_end_of_zero_is_no_end(storage, tenant):
    """Open subsegments of .NET have `end_time` 0 and not `in_progress`."""
    document = segment(1, 1, "web", 0, S, subsegments=[entity(2, "work", 0, S) | {"end_time": 0}])
    insert(storage, tenant, document)
    assert not by_name(storage, tenant, ONE)["work"].is_finished


@pytest.mark.parametrize("later", [{"fault": True}, {"in_progress": True}])
def test_the_first_finished_document_stays(storage, tenant, later):
    """A repetition, changed or unfinished, is ignored, even days later."""
    whole = segment(1, 1, "web", 0, S)
    again = {key: value for key, value in whole.items() if key != "end_time"}
    insert(storage, tenant, whole, (again if "in_progress" in later else whole) | later)
    assert texts(storage, tenant) == [whole]
    span = by_name(storage, tenant, ONE)["web"]
    assert (span.flags, span.duration_us) == (0, S)


def test_a_repetition_in_one_flush_counts_once(storage, tenant):
    """As one across flushes does."""
    storage.insert(all_accepted(tenant, [segment(1, 1, "web", 0, S)] * 3))
    assert len(texts(storage, tenant)) == 1
    assert len(storage.spans(tenant, [ONE])[ONE]) == 1


def test_a_span_resent_with_another_start_counts_once(storage, tenant):
    """Even when the starts lie in different buckets."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, None),
        segment(1, 1, "web", 1200 * S, 1201 * S),
    )
    assert by_name(storage, tenant, ONE)["web"].start_us == BASE_US + 1200 * S


@pytest.mark.parametrize("alone_first", [True, False])
def test_the_same_subsegment_nested_and_alone_is_one(storage, tenant, alone_first):
    """Complete beats unfinished, whichever came first."""
    alone = subsegment(1, 2, 1, "work", 0, None)
    whole = segment(1, 1, "web", 0, S, subsegments=[entity(2, "work", 0, S // 2)])
    insert(storage, tenant, *((alone, whole) if alone_first else (whole, alone)))
    spans = by_name(storage, tenant, ONE)
    assert (spans["work"].duration_us, spans["work"].parent_id) == (S // 2, spans["web"].id)


def test_children_before_parents_give_the_same_spans(storage, tenant):
    """The order of arrival is not seen."""
    documents = [
        segment(1, 1, "web", 0, S),
        subsegment(1, 2, 1, "call", 0, S, namespace="remote"),
        segment(1, 3, "orders", 0, S, parent_id=f"{2:016x}"),
    ]
    insert(storage, tenant, *reversed(documents))
    spans = by_name(storage, tenant, ONE)
    assert spans["orders"].parent_id == spans["call"].id
    assert spans["call"].parent_id == spans["web"].id


def test_the_service_of_an_independent_subsegment_is_found_documents_up(storage, tenant):
    """The nearest segment along `parent_id`, wherever nested entities stand between."""
    insert(
        storage,
        tenant,
        subsegment(1, 4, 3, "lowest", 0, S, subsegments=[entity(5, "below", 0, S)]),
        subsegment(1, 2, 1, "upper", 0, S, subsegments=[entity(3, "nested", 0, S)]),
        segment(1, 1, "web", 0, S),
        subsegment(1, 6, 9, "orphan", 0, S),
    )
    services = {name: span.service for name, span in by_name(storage, tenant, ONE).items()}
    assert services.pop("orphan") == ""
    assert set(services.values()) == {"web"}
    assert len(services) == 5


def test_parents_in_a_circle_have_no_service(storage, tenant):
    """And the question about them ends."""
    insert(storage, tenant, subsegment(1, 2, 3, "left", 0, S), subsegment(1, 3, 2, "right", 0, S))
    assert {span.service for span in by_name(storage, tenant, ONE).values()} == {""}


@pytest.mark.parametrize("levels", [1, 4, 5, 12, 300])
def test_every_level_of_a_document_is_a_span(storage, tenant, levels):
    """However deep, with its parent, and found by the name of a call in its depth."""
    line = nested_in_a_line(levels, 2, 0, S)
    innermost = line[0]
    while innermost["subsegments"]:
        innermost = innermost["subsegments"][0]
    innermost |= {"namespace": "remote", "annotations": {"deep": True}}
    insert(storage, tenant, segment(1, 1, "web", 0, S, subsegments=line))
    spans = by_name(storage, tenant, ONE)
    assert len(spans) == levels + 1
    lowest = spans[f"level{levels}"]
    assert lowest.annotations == {"deep": True}
    assert lowest.parent_id == f"{levels:016x}"
    assert {span.service for span in spans.values()} == {"web"}
    assert found(storage, tenant, expression=parse(f"service({json.dumps(lowest.name)})")) == [ONE]


@pytest.mark.parametrize("metadata", WORST, ids=["2^70", "-2^63-1", "1e400", "surrogate", "deep"])
def test_what_the_engine_cannot_parse_is_found_by_id_and_by_search(storage, tenant, metadata):
    """With the same rows as any other document."""
    text = json.dumps(
        segment(
            1,
            1,
            "web",
            0,
            2 * S,
            fault=True,
            annotations={"tier": "gold"},
            metadata="HERE",
            subsegments=[entity(2, "orders", 0, S, namespace="remote")],
        )
    )
    document = text.replace('"HERE"', metadata).encode()
    insert(storage, tenant, document)
    assert [each.document for each in storage.documents(tenant, [ONE])[ONE]] == [document]
    spans = by_name(storage, tenant, ONE)
    assert (spans["web"].flags, spans["web"].duration_us) == (FAULT, 2 * S)
    assert spans["web"].annotations == {"tier": "gold"}
    assert (spans["orders"].node_type, spans["orders"].service) == ("remote", "web")
    wanted = parse('fault AND service("orders") AND duration > 1.5')
    assert found(storage, tenant, expression=wanted) == [ONE]
    graph = storage.graph(tenant, BASE_US, BASE_US + 3 * S)
    assert {row.node.name for row in graph.nodes} == {"web", "orders"}


def test_one_document_the_engine_cannot_parse_leaves_its_neighbours_alone(storage, tenant):
    """In one flush, each has its own rows."""
    bad = json.dumps(segment(2, 1, "bad", 0, S, metadata={"n": 2**70})).encode()
    documents = [segment(1, 1, "good", 0, S), bad, segment(3, 1, "better", 0, S)]
    storage.insert(all_accepted(tenant, documents))
    spans = storage.spans(tenant, [trace_id(number) for number in (1, 2, 3)])
    assert [each.name for trace in sorted(spans) for each in spans[trace]] == [
        "good",
        "bad",
        "better",
    ]


def test_annotations_keep_their_types(storage, tenant):
    """Strings, numbers and booleans are indexed, nothing else is."""
    annotations = {
        "text": "1",
        "empty": "",
        "whole": 7,
        "big": 2**53,
        "small": -0.25,
        "yes": True,
        "no": False,
        "null": None,
        "list": [1],
        "object": {"a": 1},
        "dotted.key-x y": "ü\U0001f600",
    }
    insert(storage, tenant, segment(1, 1, "web", 0, S, annotations=annotations))
    kept = by_name(storage, tenant, ONE)["web"].annotations
    assert kept == {
        key: annotations[key] for key in annotations if key not in ("null", "list", "object")
    }
    assert {key: type(value) for key, value in kept.items()} == {
        key: float if isinstance(value, int) and not isinstance(value, bool) else type(value)
        for key, value in kept.items()
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ((0, 0.5), (0, 500_000)),
        ((-5, 5), (0, 5 * S)),
        ((1e300, 1e300), (LAST_US, 0)),
        ((1_700_000_000_123, 1_700_000_001_123), (1_700_000_000_123_000, S)),
        ((1_700_000_000, 1_600_000_000), (1_700_000_000_000_000, 0)),
        ((1_700_000_000.0000005, 1_700_000_000.1234565), (1_700_000_000_000_000, 123_456)),
    ],
)
def test_wild_times_are_kept_within_bounds(storage, tenant, sent, kept):
    """Clamped to 1970-2106, milliseconds understood, never an end before the start; all found."""
    times = dict(zip(("start_time", "end_time"), sent, strict=True))
    insert(storage, tenant, segment(1, 1, "web", 0, S) | times)
    span = by_name(storage, tenant, ONE)["web"]
    assert (span.start_us, span.duration_us) == kept
    start_us, _ = kept
    assert found(storage, tenant) == [ONE]
    assert found(storage, tenant, start_us=start_us, end_us=start_us) == [ONE]
    assert storage.latest_us(tenant) == start_us


def test_tenants_see_nothing_of_each_other(storage, tenant):
    """Neither another account nor another region, by any question."""
    others = [Tenant(tenant.account, "us-west-2"), Tenant("9" * 12, tenant.region)]
    insert(storage, tenant, segment(1, 1, "web", 0, S))
    report = SamplingReport("Default", "c", BASE_US, 1, 1, 0, 0, 0)
    storage.add_sampling_reports(tenant, [report])
    for other in others:
        assert storage.documents(other, [ONE]) == storage.spans(other, [ONE]) == {}
        assert found(storage, other) == []
        assert storage.count_traces(other, 0, LAST_US) == 0
        assert storage.latest_us(other) is None
        assert storage.graph(other, 0, LAST_US).nodes == ()
        assert storage.sampling_reports(other, 0) == []


def test_one_flush_may_hold_several_tenants(storage, tenant):
    """Each document goes to its own."""
    other = Tenant(tenant.account, "ap-south-1")
    document = segment(1, 1, "web", 0, S)
    storage.insert([accepted(tenant, document), accepted(other, document | {"name": "theirs"})])
    assert [span.name for span in storage.spans(tenant, [ONE])[ONE]] == ["web"]
    assert [span.name for span in storage.spans(other, [ONE])[ONE]] == ["theirs"]


def test_receipts_rise_with_every_document(storage, tenant):
    """No two are equal, in one flush or across flushes."""
    storage.insert(all_accepted(tenant, [segment(1, n, "web", 0, S) for n in range(1, 6)]))
    insert(storage, tenant, segment(1, 9, "web", 0, S))
    stored = storage.documents(tenant, [ONE])[ONE]
    receipts = {int(each.id, 16): each.receipt_us for each in stored}
    assert [receipts[n] for n in (1, 2, 3, 4, 5, 9)] == sorted(set(receipts.values()))


def test_sampling_reports_come_back_oldest_first_from_a_time_on(storage, tenant):
    """Whatever the order they came in; those of another rule and client among them."""
    now_us = 4_000_000_000_000_000
    reports = [
        SamplingReport(f"rule {n}", f"client {n}", now_us + n, n, n, n, n, now_us) for n in range(4)
    ]
    storage.add_sampling_reports(tenant, [reports[2], reports[0]])
    storage.add_sampling_reports(tenant, [reports[3], reports[1]])
    assert storage.sampling_reports(tenant, now_us + 1) == reports[1:]


def test_boost_reports_come_back_oldest_first_from_a_time_on(storage, tenant):
    """Those of another tenant are another's."""
    now_us = 4_000_000_000_000_000
    reports = [BoostReport(f"rule {n}", "web", now_us + n, n, n, n) for n in range(3)]
    storage.add_boost_reports(tenant, [reports[2], reports[0]])
    storage.add_boost_reports(tenant, [reports[1]])
    storage.add_boost_reports(Tenant(tenant.account, "us-west-2"), reports)
    assert storage.boost_reports(tenant, now_us + 1) == reports[1:]


def test_an_agent_report_is_taken(storage, tenant):
    """Of any size."""
    storage.add_agent_report(tenant, BASE_US, b'{"SegmentsReceivedCount":1}')


def test_a_store_that_answers_passes_its_check(storage, tenant):
    """Without an error."""
    storage.check()


def test_spans_know_who_sent_them(storage, tenant):
    """The pod that stands beside a document is that of all its spans, however deep they lie."""
    pod = '{"k8s.pod.name":"web-1"}'
    below = nested_in_a_line(6, 2, 0, S)
    storage.insert([accepted(tenant, segment(1, 1, "web", 0, S, subsegments=below), pod)])
    storage.insert([accepted(tenant, segment(2, 1, "web", 0, S, subsegments=below[:1]), pod)])
    for spans in storage.spans(tenant, [ONE, trace_id(2)]).values():
        assert {span.source for span in spans} == {pod}


def test_regions_of_an_account(storage, tenant):
    """Those that hold traces, in order; no other account's."""
    assert storage.regions(tenant.account) == []
    for number, region in enumerate(("us-east-1", "eu-west-1", "eu-central-1", "us-east-1"), 1):
        document = segment(number, number, "web", BASE_US, BASE_US + S)
        insert(storage, Tenant(tenant.account, region), document)
    assert storage.regions(tenant.account) == ["eu-central-1", "eu-west-1", "us-east-1"]
    assert storage.regions(f"9{tenant.account[1:]}") == []
