import httpx2
import pytest

from fluoro.client.api import PATHS, TRIES, Api
from fluoro.errors import CallError, CallRefusedError
from fluoro.server.operations import OPERATIONS
from fluoro.wire.xray_groups import GetGroupsRequest

URL = "http://fluoro.example:8080/base"


@pytest.fixture
def asked():
    """What asking a server says that answers with these responses, one after the other."""

    def asked(*answers, waits=None):
        left = list(answers)

        def answer(request):
            asked.requests.append(request)
            found = left.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        transport = httpx2.MockTransport(answer)
        sleep = (waits if waits is not None else []).append
        with Api(URL + "/", None, transport=transport, sleep=sleep) as api:
            return api.ask("GetGroups", GetGroupsRequest())

    asked.requests = []
    return asked


def refusal(status, name, message="", **headers):
    return httpx2.Response(
        status, headers={"x-amzn-ErrorType": name, **headers}, json={"message": message}
    )


def test_the_paths_are_those_of_the_operations():
    """The client knows of each operation that it calls what the server's table says."""
    table = {operation.name: operation.path for operation in OPERATIONS}
    assert {name: table[name] for name in PATHS} == PATHS


def test_an_answer_is_given_as_it_came(asked):
    """Members that Fluoro does not know are in it too; the path goes behind the URL's own."""
    answer = {"Groups": [], "New": {"by": "AWS"}, "NextToken": None}
    assert asked(httpx2.Response(200, json=answer)) == answer
    (request,) = asked.requests
    assert (request.method, str(request.url)) == ("POST", f"{URL}/Groups")


def test_a_busy_server_is_asked_again(asked):
    """After as many seconds as it says, within reason; a second when it says none."""
    waits = []
    busy = [
        refusal(429, "ThrottledException", **{"Retry-After": "3"}),
        refusal(503, "ServiceUnavailableException"),
        refusal(429, "ThrottledException", **{"Retry-After": "3600"}),
    ]
    assert asked(*busy, httpx2.Response(200, json={}), waits=waits) == {}
    assert waits == [3.0, 1.0, 30.0]


def test_not_for_ever(asked):
    """A server that stays busy is left alone, and it is said so."""
    with pytest.raises(CallError, match="is busy, 4 tries were in vain") as error:
        asked(*[refusal(429, "ThrottledException", "Rate exceeded")] * TRIES)
    assert not isinstance(error.value, CallRefusedError)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (refusal(400, "InvalidRequestException", "Group not found."), "Group not found."),
        (
            refusal(403, "AccessDeniedException:http://x/", "read may not"),
            f"{URL} refuses this access key (AccessDeniedException: read may not)",
        ),
        (
            refusal(403, "MissingAuthenticationTokenException", "Missing"),
            f"{URL} asks for an access key: set FLUORO_ACCESS_KEY_ID and FLUORO_SECRET_ACCESS_KEY",
        ),
        (
            httpx2.Response(404, text="<html>"),
            f"{URL} is no X-Ray API: it answers 404 Not Found, not with JSON of one",
        ),
        (
            httpx2.Response(200, text="<html>"),
            f"{URL} is no X-Ray API: it answers 200 OK, not with JSON of one",
        ),
        (
            httpx2.Response(400, json={"__type": "com.aws#InvalidRequestException"}),
            "InvalidRequestException",
        ),
    ],
)
def test_a_refusal_is_one_sentence(asked, answer, sentence):
    """It says what is wrong, and that asking again does not help."""
    with pytest.raises(CallRefusedError) as error:
        asked(answer)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (
            httpx2.ConnectError("[Errno 111] Connection refused"),
            f"no server answers at {URL} (Connection refused)",
        ),
        (httpx2.ReadTimeout("timed out"), f"{URL} does not answer in time"),
        (refusal(500, "InternalFailure", "oh"), f"{URL} failed (InternalFailure: oh)"),
    ],
)
def test_no_answer_is_one_sentence(asked, failure, sentence):
    """It may be there later."""
    with pytest.raises(CallError) as error:
        asked(failure)
    assert (type(error.value), str(error.value)) == (CallError, sentence)


def test_a_terminal_obeys_no_refusal(asked):
    """What a server says is shown, and no more."""
    with pytest.raises(CallRefusedError, match=r"^no␛]52;c;aGk=$"):
        asked(refusal(400, "InvalidRequestException", "no\x1b]52;c;aGk="))
