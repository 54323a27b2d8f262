import base64

import pytest
from structlog.testing import capture_logs

from fluoro.errors import ThrottledError
from fluoro.model.keys import AccessKey
from fluoro.server.settings import ServerSettings
from fluoro.server.throttle import Throttle
from fluoro.wire import sigv4
from fluoro.wire.prometheus import render

S = 1_000_000_000


@pytest.fixture
def clock():
    """Nanoseconds, in a list that the test changes."""
    return [7 * S]


def ask(throttle, key="KEY1", times=1):
    """How many of so many requests are let in."""
    let_in = 0
    for _ in range(times):
        try:
            throttle.check(key)
            throttle.take(key)
        except ThrottledError:
            continue
        let_in += 1
    return let_in


@pytest.mark.parametrize("rate", [1, 3, 7, 500])
def test_a_second_s_requests_at_once_and_then_the_rate(clock, rate):
    """However often a key asks: over ten seconds it has the first second's and the rate."""
    throttle = Throttle(rate, lambda: clock[0])
    assert ask(throttle, times=2 * rate) == rate
    total = 0
    for _ in range(100):
        clock[0] += S // 10
        total += ask(throttle, times=rate)
    assert total == 10 * rate


def test_rest_is_not_saved_up(clock):
    """After an hour of silence there is a second's worth, no more."""
    throttle = Throttle(5, lambda: clock[0])
    ask(throttle)
    clock[0] += 3600 * S
    assert ask(throttle, times=100) == 5


def test_each_key_has_its_own(clock):
    """One that asks too often keeps no other one out."""
    throttle = Throttle(2, lambda: clock[0])
    assert ask(throttle, "KEY1", 100) == 2
    assert ask(throttle, "KEY2", 2) == 2


def test_the_refusal_says_when_to_come_again(clock):
    """Whole seconds, as Retry-After has them; then the key is let in."""
    throttle = Throttle(1, lambda: clock[0])
    throttle.take("KEY1")
    clock[0] += S // 2
    with pytest.raises(ThrottledError, match="KEY1 may ask 1 times a second") as refusal:
        throttle.take("KEY1")
    clock[0] += refusal.value.retry_after_s * S
    assert ask(throttle) == 1


def test_refusals_are_counted_and_logged_less_and_less(clock):
    """Under the key's id."""
    throttle = Throttle(1, lambda: clock[0])
    with capture_logs() as lines:
        ask(throttle, times=10)
    assert 'requests_throttled_total{key="KEY1"} 9\n' in render(throttle.metrics())
    assert [line["count"] for line in lines if line["event"] == "key_throttled"] == [1, 2, 4, 8]


KEYS = [
    AccessKey(id=name, secret=f"secret-of-{name}-long", account=account, role="admin")
    for name, account in [("ONE1", "1" * 12), ("TWO2", "2" * 12)]
]
HOST = [("host", "testserver")]
PAGE = "/console/api/traces?start=1&end=2"


@pytest.fixture
def guarded(make):
    """A server whose keys may ask twice a second; its clock stands still."""
    return make(keys=KEYS, settings=ServerSettings(requests_per_s=2, body_bytes=100))


def signed(server, name, body=b"{}", secret=None):
    """The answer to a signed request."""
    path = "/EncryptionConfig"
    headers = signature(server, sigv4.Head("POST", path, "", HOST), name, body, secret)
    return server.client.post(path, content=body, headers=headers)


def signed_page(server, name):
    """The answer to a signed question of the console's."""
    path, _, query = PAGE.partition("?")
    headers = signature(server, sigv4.Head("GET", path, query, HOST), name)
    return server.client.get(PAGE, headers=headers)


def signature(server, head, name, body=b"", secret=None):
    credentials = sigv4.Credentials(name, secret or f"secret-of-{name}-long", "us-east-1")
    return sigv4.sign(head, body, credentials, server.now_s)


def basic(server, name, secret):
    """The same with a password."""
    text = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return server.client.get(PAGE, headers={"Authorization": f"Basic {text}"})


def throttled(answer):
    """Check that an answer is AWS's, with the time to wait."""
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"


def test_a_key_past_its_rate_is_refused_as_by_aws(guarded):
    """With AWS's name; other keys are not, and it is let in when the time is over."""
    assert [signed(guarded, "ONE1").status_code for _ in range(2)] == [200, 200]
    answer = signed(guarded, "ONE1")
    throttled(answer)
    assert answer.headers["x-amzn-ErrorType"] == "ThrottledException"
    assert answer.json()["__type"] == "ThrottledException"
    assert "requests_per_s" in answer.json()["message"]
    assert signed(guarded, "TWO2").status_code == 200
    guarded.now_s += 1
    assert signed(guarded, "ONE1").status_code == 200


def test_its_body_is_not_read(guarded):
    """One that is too long is not even looked at."""
    too_long = b" " * 101
    assert signed(guarded, "ONE1", body=too_long).status_code == 413
    for _ in range(2):
        signed(guarded, "ONE1")
    throttled(signed(guarded, "ONE1", body=too_long))


def test_what_strangers_send_is_not_counted(guarded):
    """Who knows the id of a key alone cannot use up what it may."""
    statuses = [signed(guarded, "ONE1", secret="x" * 16).status_code for _ in range(10)]
    assert statuses == [403] * 10
    assert basic(guarded, "ONE1", "x" * 16).status_code == 401
    assert signed(guarded, "ONE1").status_code == 200


def test_the_console_counts_as_well(guarded):
    """Signed or with a password."""
    assert basic(guarded, "ONE1", KEYS[0].secret).status_code == 200
    assert signed_page(guarded, "ONE1").status_code == 200
    for answer in (basic(guarded, "ONE1", KEYS[0].secret), signed_page(guarded, "ONE1")):
        throttled(answer)
        assert answer.json()["error"] == "ThrottledException"


def test_without_keys_there_is_no_limit(make):
    """This machine alone reaches it."""
    server = make(settings=ServerSettings(requests_per_s=1))
    assert {server.call("/EncryptionConfig").status_code for _ in range(5)} == {200}
