import json

import pytest

from captures import captures
from fluoro.model.outcome import FAULT
from fluoro.model.segment import RecordedException
from fluoro.store.flatten import spans_of
from fluoro.traces.root_causes import CauseException, RootCauses
from fluoro.traces.trace import Trace
from fluoro.wire.segment import decode
from made import TRACE_ID, id_of, segment, span

BEGIN = 1_795_436_984


def entity(number, name, *below, start=0.0, end=1.0, **members):
    """A (sub)segment from `start` to `end` seconds after the trace began."""
    ended = {"in_progress": True} if end is None else {"end_time": BEGIN + end}
    times = {"start_time": BEGIN + start} | ended
    return {"id": id_of(number), "name": name} | times | members | {"subsegments": list(below)}


def call(number, name, *below, **members):
    return entity(number, name, *below, namespace="remote", **members)


def under(number):
    """Member of a segment that a call or another entity made."""
    return {"parent_id": id_of(number)}


def thrown(type_, message="", id_=""):
    """`cause` of the entity that an exception was recorded in."""
    return {"exceptions": [{"id": id_ or "e" * 16, "type": type_, "message": message}]}


def trace_of(*sent):
    """The trace of whole segments."""
    texts = [json.dumps({"trace_id": TRACE_ID} | each).encode() for each in sent]
    return Trace([span for text in texts for span in spans_of(decode(text), 0)])


def written(causes):
    """Each cause as text: services with their entities, `~` before an inferred one."""
    return [
        " > ".join(
            f"{'~' * service.is_inferred}{service.name}"
            f"[{' '.join(entity_text(each) for each in service.entities)}]"
            for service in cause.services
        )
        + ("" if cause.is_client_impacting else " (handled)")
        for cause in causes
    ]


def entity_text(found):
    exceptions = ",".join(each.name for each in found.exceptions)
    return (
        found.name
        + "@" * found.is_remote
        + (f"!{exceptions}" if exceptions else "")
        + ("" if found.coverage is None else f"={found.coverage}")
    )


def faults(*sent):
    return written(trace_of(*sent).root_causes.fault)


def errors(*sent):
    return written(trace_of(*sent).root_causes.error)


def times(*sent):
    return written(trace_of(*sent).root_causes.response_time)


def test_a_fault_goes_down_to_the_exception():
    """From the root over the subsegments that have the flag; types and messages as recorded."""
    work = entity(2, "work", fault=True, cause=thrown("ValueError", "no tea"))
    trace = trace_of(entity(1, "web", entity(3, "fine"), work, fault=True))
    assert written(trace.root_causes.fault) == ["web[web work!ValueError]"]
    (service,) = trace.root_causes.fault[0].services
    assert service.entities[1].exceptions == (CauseException("ValueError", "no tea"),)
    assert trace.root_causes.error == ()


def test_a_root_that_failed_impacts_its_client():
    """And is the start of the path even when the exception is its own."""
    assert faults(entity(1, "web", fault=True, cause=thrown("A"))) == ["web[web!A]"]


def test_a_failure_that_the_caller_handled_is_a_cause_of_its_own():
    """The path starts at the callee; the client did not notice."""
    web = entity(1, "web", call(2, "api", fault=True))
    api = entity(3, "api", fault=True, cause=thrown("A")) | under(2)
    assert faults(web, api) == ["api[api!A] (handled)"]


def test_a_failure_below_one_that_failed_is_the_same_cause():
    """Whatever lies between: only the segment on top starts a path."""
    web = entity(1, "web", call(2, "api", fault=True, cause=thrown("A")), fault=True)
    api = entity(3, "api", call(4, "db")) | under(2)
    stock = entity(5, "stock", fault=True, cause=thrown("B")) | under(4)
    assert faults(web, api, stock) == ["web[web api@!A]"]


def test_an_inferred_receiver_ends_the_path_of_its_caller():
    """A service of its own with one entity; the exceptions stay with the call."""
    query = call(2, "db.example", fault=True, cause=thrown("Refused"))
    assert faults(entity(1, "web", query, fault=True)) == [
        "web[web db.example@!Refused] > ~db.example[db.example]"
    ]


def test_what_is_nested_in_an_unanswered_call_is_not_gone_through():
    """Go nests the steps of a connection in it; the receiver is what failed."""
    dial = entity(3, "dial", fault=True, cause=thrown("Refused"))
    assert faults(entity(1, "web", call(2, "api", dial, fault=True), fault=True)) == [
        "web[web api@] > ~api[api]"
    ]


def test_a_failed_inferred_receiver_explains_a_fault_without_an_exception():
    """Python records none for a failed connection."""
    assert faults(entity(1, "web", call(2, "api", fault=True), fault=True)) == [
        "web[web api@] > ~api[api]"
    ]


def test_a_failed_inferred_receiver_whose_caller_is_fine_is_a_cause_of_its_own():
    """One service, one entity, without the call's exceptions."""
    web = entity(1, "web", call(2, "api", fault=True, cause=thrown("A")))
    assert faults(web) == ["~api[api] (handled)"]


def test_an_inferred_receiver_has_the_name_and_type_of_its_node():
    """Its entity keeps the call's name."""
    get = entity(
        2,
        "S3",
        namespace="aws",
        fault=True,
        aws={"operation": "GetObject", "bucket_name": "b", "account_id": "123456789012"},
    )
    cause = trace_of(entity(1, "web", get, fault=True)).root_causes.fault[0]
    found = cause.services[1]
    assert (found.name, found.type, found.account) == ("b", "AWS::S3::Bucket", "123456789012")
    assert (found.entities[0].name, found.entities[0].is_remote) == ("S3", False)


def test_nothing_is_inferred_from_a_call_that_still_runs():
    """Its own exception ends the path."""
    running = call(2, "api", end=None, fault=True, cause=thrown("A"))
    assert faults(entity(1, "web", running, fault=True)) == ["web[web api@!A]"]
    assert faults(entity(1, "web", call(2, "api", end=None, fault=True), fault=True)) == []


def test_a_callee_begins_a_service():
    """The call is the last entity of the old one, and remote."""
    web = entity(1, "web", entity(2, "work", call(3, "api", fault=True), fault=True), fault=True)
    deep = entity(5, "deep", fault=True, cause=thrown("A"))
    api = entity(4, "api", deep, fault=True, origin="AWS::ECS::Container") | under(3)
    assert faults(web, api) == ["web[web work api@] > api[api deep!A]"]
    services = trace_of(web, api).root_causes.fault[0].services
    assert [service.type for service in services] == ["", "AWS::ECS::Container"]


def test_a_failed_callee_goes_before_local_work():
    """Even when the local work began earlier and has an exception."""
    local = entity(2, "work", start=0.1, fault=True, cause=thrown("A"))
    web = entity(1, "web", local, call(3, "api", start=0.5, fault=True), fault=True)
    api = entity(4, "api", fault=True, cause=thrown("B")) | under(3)
    assert faults(web, api) == ["web[web api@] > api[api!B]"]
    assert faults(web) == ["web[web api@] > ~api[api]"]


def test_a_failed_segment_without_a_call_goes_before_local_work():
    """Lambda's function hangs directly below the segment of the service."""
    local = entity(2, "work", start=0.1, fault=True, cause=thrown("A"))
    function = entity(3, "fn", start=0.5, fault=True, cause=thrown("B")) | under(1)
    assert faults(entity(1, "web", local, fault=True), function) == ["web[web] > fn[fn!B]"]


def test_a_call_whose_callee_is_fine_counts_as_local_work():
    """It failed on the caller's side: the earliest of both is taken."""
    local = entity(2, "work", start=0.1, fault=True, cause=thrown("A"))
    failed = call(3, "api", start=0.5, fault=True, cause=thrown("B"))
    api = entity(4, "api") | under(3)
    assert faults(entity(1, "web", local, failed, fault=True), api) == ["web[web work!A]"]
    assert faults(entity(1, "web", failed, fault=True), api) == ["web[web api@!B]"]


def test_of_equals_the_earliest_is_followed_then_the_smallest_id():
    """In whatever order they stand."""
    for first, second in [(0.1, 0.2), (0.1, 0.1)]:
        a = entity(2, "a", start=first, fault=True, cause=thrown("A"))
        b = entity(3, "b", start=second, fault=True, cause=thrown("B"))
        for work in [(a, b), (b, a)]:
            assert faults(entity(1, "web", *work, fault=True)) == ["web[web a!A]"]


def test_a_span_that_is_only_flagged_is_passed_over():
    """What is explained is followed, though it is later (seen at AWS)."""
    flagged = entity(2, "a", start=0.1, fault=True)
    work = entity(3, "b", start=0.2, fault=True, cause=thrown("B"))
    assert faults(entity(1, "web", flagged, work, fault=True)) == ["web[web b!B]"]


def test_the_path_ends_at_the_deepest_exception():
    """A flag alone below it adds nothing."""
    work = entity(2, "work", entity(3, "deep", fault=True), fault=True, cause=thrown("A"))
    assert faults(entity(1, "web", work, fault=True, cause=thrown("B"))) == ["web[web!B work!A]"]


def test_flags_without_an_exception_anywhere_are_no_cause():
    """A callee that answered 500 and recorded nothing explains nothing."""
    web = entity(1, "web", call(2, "api", fault=True), fault=True)
    assert faults(web, entity(3, "api", fault=True) | under(2)) == []


def test_an_exception_without_the_flag_is_no_cause():
    """It was caught."""
    assert faults(entity(1, "web", entity(2, "a", cause=thrown("A")), fault=True)) == []
    assert faults(entity(1, "web", cause=thrown("A"))) == []


def test_a_cause_that_is_an_id_leads_to_the_span_that_recorded_the_exception():
    """The path goes to its owner, and only there, though another failed earlier."""
    a = entity(2, "a", start=0.1, fault=True, cause=thrown("A", id_="a" * 16))
    b = entity(3, "b", start=0.2, fault=True, cause=thrown("B", id_="b" * 16))
    assert faults(entity(1, "web", a, b, fault=True, cause="b" * 16)) == ["web[web b!B]"]


def test_a_cause_that_is_an_id_leads_over_several_spans():
    """Each that was left by the exception names it; so do services."""
    api = entity(
        4, "api", entity(5, "deep", fault=True, cause=thrown("A")), fault=True, cause="e" * 16
    )
    web = entity(
        1,
        "web",
        entity(2, "work", call(3, "api", fault=True), fault=True),
        fault=True,
        cause="e" * 16,
    )
    assert faults(web, api | under(3)) == ["web[web work api@] > api[api deep!A]"]


def test_the_named_exception_may_be_of_a_span_without_the_flag():
    """.NET's segment is faulty because of a call that was throttled."""
    throttled = call(2, "S3", throttle=True, error=True, cause=thrown("Slow"))
    web = entity(1, "web", throttled, fault=True, cause="e" * 16)
    assert faults(web) == ["web[web S3@!Slow]"]
    assert errors(web) == ["~S3[S3] (handled)"]


@pytest.mark.parametrize("cause", ["f" * 16, id_of(1), id_of(9)])
def test_a_named_exception_that_is_not_below_explains_nothing(cause):
    """Unknown, its own, or recorded in another branch: no guess is made (seen at AWS)."""
    work = entity(2, "work", fault=True, cause=thrown("A"))
    other = entity(9, "other", cause=thrown("B"))
    assert faults(entity(1, "web", work, fault=True, cause=cause), other) == []


def test_node_names_the_span_that_recorded_the_exception():
    """`cause` is an object with the subsegment's id, with or without an empty list."""
    deep = entity(3, "deep", fault=True, cause=thrown("TypeError"))
    work = entity(2, "work", deep, fault=True, cause={"id": id_of(3), "exceptions": []})
    web = entity(1, "web", work, fault=True, cause={"id": id_of(3)})
    assert faults(web) == ["web[web work deep!TypeError]"]


def test_an_error_is_a_cause_of_its_own_kind():
    """By the flag or by a status of 4xx; a throttled span counts too."""
    denied = entity(2, "work", error=True, cause=thrown("Denied"))
    web = entity(1, "web", denied, http={"response": {"status": 403}})
    assert errors(web) == ["web[web work!Denied]"]
    assert faults(web) == []
    assert errors(entity(1, "web", throttle=True, cause=thrown("A"))) == ["web[web!A]"]


def test_what_is_error_and_fault_is_a_cause_of_both():
    """AWS calls of Python and Node are both at once."""
    web = entity(1, "web", error=True, fault=True, cause=thrown("A"))
    assert faults(web) == errors(web) == ["web[web!A]"]


def test_every_root_that_failed_impacts_its_client():
    """Each is a request of its own; by start."""
    late = entity(1, "late", start=0.5, fault=True, cause=thrown("A"))
    early = entity(2, "early", fault=True, cause=thrown("B"))
    assert faults(late, early) == ["early[early!B]", "late[late!A]"]


def test_causes_are_in_the_order_of_their_starts():
    """Not of the calls that led to them."""
    web = entity(1, "web", call(2, "api", start=0.1), call(3, "stock", start=0.2))
    api = entity(4, "api", start=0.6, fault=True, cause=thrown("A")) | under(2)
    stock = entity(5, "stock", start=0.3, fault=True, cause=thrown("B")) | under(3)
    assert faults(web, api, stock) == ["stock[stock!B] (handled)", "api[api!A] (handled)"]


def test_an_orphaned_segment_starts_a_path():
    """Nothing is known of its caller, so no client is blamed on it."""
    api = entity(3, "api", fault=True, cause=thrown("A")) | under(99)
    assert faults(entity(1, "web"), api) == ["api[api!A] (handled)"]


def test_an_orphaned_subsegment_starts_no_path():
    """Only segments do, and what is inferred: a call of it that failed."""
    work = entity(3, "work", fault=True, cause=thrown("A")) | under(99) | {"type": "subsegment"}
    failed = call(4, "api", fault=True) | under(99) | {"type": "subsegment"}
    assert faults(entity(1, "web"), work, failed) == ["~api[api] (handled)"]


def test_a_circle_of_parents_has_no_causes():
    """Nothing is on top of it; the rest of the trace keeps its own."""
    web = entity(1, "web", fault=True, cause=thrown("A"))
    a = entity(2, "a", fault=True, cause=thrown("B")) | under(3)
    b = entity(3, "b", fault=True, cause=thrown("C")) | under(2)
    itself = entity(4, "c", fault=True, cause=thrown("D")) | under(4)
    assert faults(web, a, b, itself) == ["web[web!A]"]
    assert trace_of(a, b, itself).root_causes == RootCauses()


def test_an_ok_trace_has_no_causes():
    """Nor one without a root."""
    assert trace_of(entity(1, "web", entity(2, "work", end=0.5))).root_causes == RootCauses()
    assert trace_of(entity(2, "work") | under(1)).root_causes == RootCauses()


def test_the_time_went_where_more_than_half_of_it_was_spent():
    """The longest child, as long as it took more than half of the root's time."""
    work = entity(2, "work", entity(3, "deep", end=0.6), entity(4, "side", end=0.2), end=0.9)
    assert times(entity(1, "web", entity(5, "short", end=0.7), work)) == [
        "web[web=1.0 work=0.9 deep=0.6]"
    ]


@pytest.mark.parametrize(("end", "is_cause"), [(0.5, False), (0.501, True), (1.0, True)])
def test_half_of_the_time_is_not_enough(end, is_cause):
    """Exactly half is no cause, all of it is one."""
    assert bool(times(entity(1, "web", entity(2, "work", end=end)))) is is_cause


def test_what_took_longer_than_the_root_is_not_its_time():
    """Work that goes on after the answer."""
    later = entity(2, "later", end=1.5)
    assert times(entity(1, "web", later, entity(3, "work", end=0.8))) == ["web[web=1.0 work=0.8]"]


def test_the_part_of_the_time_has_three_decimals():
    """Of the root's, not of the parent's."""
    work = entity(2, "work", entity(3, "deep", end=0.5556), end=0.7777)
    assert times(entity(1, "web", work)) == ["web[web=1.0 work=0.778 deep=0.556]"]


def test_the_time_of_an_inferred_receiver_is_that_of_the_call():
    """A service of its own at the end, whatever is nested in the call."""
    query = call(2, "db", entity(3, "dial", end=0.8), end=0.9)
    assert times(entity(1, "web", query)) == ["web[web=1.0 db@=0.9] > ~db[db=0.9]"]


def test_the_time_of_a_callee_is_its_own():
    """A service after the call, with what it spent its time on."""
    web = entity(1, "web", call(2, "api", end=0.9))
    api = entity(3, "api", entity(4, "work", end=0.6), end=0.8) | under(2)
    assert times(web, api) == ["web[web=1.0 api@=0.9] > api[api=0.8 work=0.6]"]


def test_a_callee_that_took_no_half_ends_the_path_at_the_call():
    """The time was lost on the way."""
    web = entity(1, "web", call(2, "api", end=0.9))
    assert times(web, entity(3, "api", end=0.1) | under(2)) == ["web[web=1.0 api@=0.9]"]


def test_of_equally_long_children_the_first_is_followed():
    """By start, then id."""
    a, b = entity(2, "a", end=0.8), entity(3, "b", end=0.8)
    assert times(entity(1, "web", b, a)) == ["web[web=1.0 a=0.8]"]


def test_a_lambda_function_is_a_service_below_the_service_lambda():
    """No call lies between: the function's segment hangs below that of the service."""
    service = entity(1, "fn", origin="AWS::Lambda", resource_arn="arn:fn")
    start_up = entity(3, "Initialization", end=0.896)
    function = entity(2, "fn", start_up, end=0.896, origin="AWS::Lambda::Function") | under(1)
    (cause,) = trace_of(service, function).root_causes.response_time
    assert written([cause]) == ["fn[fn=1.0] > fn[fn=0.896 Initialization=0.896]"]
    assert [found.type for found in cause.services] == ["AWS::Lambda", "AWS::Lambda::Function"]


def test_time_is_lost_only_in_a_root_that_answered():
    """Not in one that runs, took no time, or has not come."""
    work = entity(2, "work", end=0.9)
    assert times(entity(1, "web", work, end=None)) == []
    assert times(entity(1, "web", entity(2, "work", end=0.0), end=0.0)) == []
    assert times(entity(1, "web", work) | under(99)) == []


@pytest.mark.parametrize(
    ("file", "fault", "error"),
    [
        ("python-exception", ["py-svc[py-svc work deeper!ValueError]"], []),
        ("node-exception", ["node-svc[node-svc work deeper!TypeError]"], []),
        (
            "dotnet-exception",
            ["dotnet-svc[dotnet-svc outer inner!ArgumentException,InvalidOperationException]"],
            [],
        ),
        (
            "python-aws-sdk-4xx",
            ["~missing[dynamodb] (handled)", "~slow[dynamodb] (handled)"],
            ["~missing[dynamodb] (handled)", "~slow[dynamodb] (handled)"],
        ),
    ],
)
def test_the_causes_of_what_the_sdks_sent(file, fault, error):
    """Each SDK names an exception that went through several spans in its own way."""
    sent = [decode(found.document) for found in captures() if found.file == file]
    trace = Trace([row for document in sent for row in spans_of(document, 0)])
    assert written(trace.root_causes.fault) == fault
    assert written(trace.root_causes.error) == error


def test_a_trace_may_be_thousands_of_levels_deep():
    """Of flags, of names of one exception, and of time."""
    levels = 5_000
    spans = [segment(1, flags=FAULT, cause_id="e" * 16)]
    spans += [span(n, n - 1, flags=FAULT, cause_id="e" * 16) for n in range(2, levels)]
    exceptions = (RecordedException("e" * 16, "A", ""),)
    spans.append(span(levels, levels - 1, flags=FAULT, exceptions=exceptions))
    found = Trace(spans).root_causes
    for (cause,) in (found.fault, found.response_time):
        assert len(cause.services[0].entities) == levels
