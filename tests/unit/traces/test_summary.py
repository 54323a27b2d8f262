import botocore.session
import msgspec
import pytest

from fluoro.graph.rows import Node
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.segment import RecordedException
from fluoro.traces.summary import distinct, service_id, summarize
from fluoro.traces.trace import Trace
from fluoro.wire.xray_api import ServiceId
from made import TRACE_ID, call, segment, span


def summary_of(*spans):
    return summarize(Trace(spans))


def json_of(*spans):
    return msgspec.json.decode(msgspec.json.encode(summary_of(*spans)))


def service(name, type_=None):
    found = {"Name": name, "Names": [name]}
    return found | {"Type": type_} if type_ else found


def test_a_whole_summary_as_it_is_sent():
    """Every member with X-Ray's spelling; those that are absent are left out."""
    answer = json_of(
        segment(
            1,
            start=1_500_000_000_123,
            end=1_500_000_002_123,
            origin="AWS::EC2::Instance",
            flags=FAULT,
            status=502,
            method="GET",
            url="http://shop.example/pay",
            client_ip="10.0.0.7",
            user_agent="curl/8",
            user="alice",
            annotations={"gameid": "817DL6VO", "age": 30.0, "premium": True},
            resource_arn="arn:aws:ec2:x",
            instance_id="i-0b",
            availability_zone="eu-west-1a",
            receipt_us=5,
        ),
        call(2, 1, name="bank", start=1_500_000_000_200, end=1_500_000_007_200, receipt_us=5),
    )
    web = service("web", "AWS::EC2::Instance")
    assert answer == {
        "Id": TRACE_ID,
        "StartTime": 1_500_000_000.123,
        "Duration": 7.077,
        "ResponseTime": 2.0,
        "HasFault": True,
        "HasError": False,
        "HasThrottle": False,
        "IsPartial": False,
        "Http": {
            "HttpURL": "http://shop.example/pay",
            "HttpStatus": 502,
            "HttpMethod": "GET",
            "UserAgent": "curl/8",
            "ClientIp": "10.0.0.7",
        },
        "Annotations": {
            "gameid": [{"AnnotationValue": {"StringValue": "817DL6VO"}, "ServiceIds": [web]}],
            "age": [{"AnnotationValue": {"NumberValue": 30.0}, "ServiceIds": [web]}],
            "premium": [{"AnnotationValue": {"BooleanValue": True}, "ServiceIds": [web]}],
        },
        "Users": [{"UserName": "alice", "ServiceIds": [web]}],
        "ServiceIds": [service("web", "client"), web, service("bank", "remote")],
        "ResourceARNs": [{"ARN": "arn:aws:ec2:x"}],
        "InstanceIds": [{"Id": "i-0b"}],
        "AvailabilityZones": [{"Name": "eu-west-1a"}],
        "EntryPoint": web,
        "FaultRootCauses": [],
        "ErrorRootCauses": [],
        "ResponseTimeRootCauses": [],
        "Revision": 1,
    }


def test_a_trace_without_a_root_has_no_entry_and_an_empty_http():
    """Http must be an object: clients dereference it."""
    answer = json_of(segment(2, 99, status=500, flags=FAULT, url="http://x"))
    assert answer["Http"] == {}
    assert answer["IsPartial"]
    assert not answer["HasFault"]
    assert "EntryPoint" not in answer
    assert "ResponseTime" not in answer


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (0, (False, False, False)),
        (FAULT, (True, False, False)),
        (ERROR, (False, True, False)),
        (ERROR | THROTTLE, (False, False, True)),
        (ERROR | FAULT, (True, True, False)),
    ],
)
def test_the_outcome_is_the_roots(flags, wanted):
    """A throttled root has no error, though 429 sets both bits; what is below does not matter."""
    summary = summary_of(
        segment(1, flags=flags), span(2, 1, flags=FAULT), segment(3, 2, flags=THROTTLE)
    )
    assert (summary.has_fault, summary.has_error, summary.has_throttle) == wanted


def test_annotations_of_all_spans_are_together():
    """One item for each type and value, with the services that set it; true is not 1."""
    answer = json_of(
        segment(1, annotations={"k": "v", "n": 1.0}),
        call(2, 1, start=1, annotations={"k": "v"}),
        segment(3, 2, start=2, name="api", annotations={"k": "w", "n": True}),
        span(4, 3, start=3, annotations={"k": "v"}),
        span(5, 99, start=4, annotations={"k": "orphan"}),
    )
    web, api = service("web"), service("api")
    assert answer["Annotations"] == {
        "k": [
            {"AnnotationValue": {"StringValue": "v"}, "ServiceIds": [web, api]},
            {"AnnotationValue": {"StringValue": "w"}, "ServiceIds": [api]},
            {"AnnotationValue": {"StringValue": "orphan"}, "ServiceIds": []},
        ],
        "n": [
            {"AnnotationValue": {"NumberValue": 1.0}, "ServiceIds": [web]},
            {"AnnotationValue": {"BooleanValue": True}, "ServiceIds": [api]},
        ],
    }


@pytest.mark.parametrize("value", ["", 0.0, False])
def test_an_empty_annotation_is_a_value(value):
    """Empty, zero and false are sent, not left out."""
    (found,) = summary_of(segment(1, annotations={"k": value})).annotations["k"]
    (member,) = msgspec.to_builtins(found.annotation_value).values()
    assert member == value


def test_a_root_cause_has_every_member_that_clients_read():
    """A type that is not known is empty, not absent, and lists are there when they are empty."""
    answer = json_of(
        segment(1, flags=FAULT | ERROR, end=1000),
        call(
            2,
            1,
            name="bank",
            flags=FAULT,
            exceptions=(RecordedException("e" * 16, "Late", "too late"),),
            end=700,
            node_account="123456789012",
        ),
    )
    assert answer["ErrorRootCauses"] == []
    (fault,) = answer["FaultRootCauses"]
    assert fault == {
        "ClientImpacting": True,
        "Services": [
            {
                "Name": "web",
                "Names": ["web"],
                "Type": "",
                "EntityPath": [
                    {"Name": "web", "Remote": False, "Exceptions": []},
                    {
                        "Name": "bank",
                        "Remote": True,
                        "Exceptions": [{"Name": "Late", "Message": "too late"}],
                    },
                ],
                "Inferred": False,
            },
            {
                "Name": "bank",
                "Names": ["bank"],
                "Type": "remote",
                "AccountId": "123456789012",
                "EntityPath": [{"Name": "bank", "Remote": False, "Exceptions": []}],
                "Inferred": True,
            },
        ],
    }


def test_a_root_cause_of_the_time_has_coverage_in_place_of_exceptions():
    """A number for each entity, that of the receiver too."""
    answer = json_of(segment(1, end=1000), call(2, 1, name="bank", end=700))
    (cause,) = answer["ResponseTimeRootCauses"]
    assert [service["EntityPath"] for service in cause["Services"]] == [
        [
            {"Name": "web", "Remote": False, "Coverage": 1.0},
            {"Name": "bank", "Remote": True, "Coverage": 0.7},
        ],
        [{"Name": "bank", "Remote": False, "Coverage": 0.7}],
    ]


def test_an_error_is_in_the_list_of_its_own_kind():
    """An exception without a type has an empty name."""
    exceptions = (RecordedException("", "", ""),)
    answer = json_of(segment(1, flags=ERROR, exceptions=exceptions))
    (cause,) = answer["ErrorRootCauses"]
    assert cause["Services"][0]["EntityPath"][0]["Exceptions"] == [{"Name": "", "Message": ""}]
    assert answer["FaultRootCauses"] == []


def test_no_member_is_sent_that_botocore_does_not_know():
    """At any depth: clients choke on unknown members."""
    answer = json_of(
        segment(1, flags=FAULT | ERROR, annotations={"k": "v"}, user="a", url="u", end=1000),
        call(
            2,
            1,
            flags=FAULT | ERROR,
            exceptions=(RecordedException("", "T", "m"),),
            resource_arn="arn:x",
            instance_id="i",
            availability_zone="z",
            end=700,
        ),
    )
    model = botocore.session.get_session().get_service_model("xray")
    assert unknown(answer, model.shape_for("TraceSummary")) == []
    assert unknown({"Http": {"Url": ""}}, model.shape_for("TraceSummary")) == ["Url"]


def unknown(value, shape):
    """Names of members that the shape has not."""
    match shape.type_name:
        case "structure":
            here = [name for name in value if name not in shape.members]
            known = [
                (value[name], member) for name, member in shape.members.items() if name in value
            ]
        case "list":
            here, known = [], [(each, shape.member) for each in value]
        case "map":
            here, known = [], [(each, shape.value) for each in value.values()]
        case _:
            return []
    return here + [name for each, member in known for name in unknown(each, member)]


def test_users_are_those_of_any_segment():
    """Each once."""
    answer = json_of(
        segment(1, user="alice"), segment(2, 1, name="api", user="alice"), segment(3, 1, user="bob")
    )
    assert answer["Users"] == [
        {"UserName": "alice", "ServiceIds": [service("web"), service("api")]},
        {"UserName": "bob", "ServiceIds": [service("web")]},
    ]


def test_places_are_named_once():
    """Distinct, without empty ones, in order of start."""
    assert distinct(["b", "", "a", "b"]) == ["b", "a"]


def test_a_service_id_leaves_out_what_is_not_known():
    """Type and account are absent, not empty."""
    assert service_id(Node("web", "", "")) == ServiceId("web", ["web"])
    assert service_id(Node("w", "t", "1")) == ServiceId("w", ["w"], "1", "t")
