import json

import pytest

from fluoro.agent.sampling_cache import QUOTA_S, SamplingCache
from upstream import RULES, targets

CLIENT, OTHER = "a" * 24, "b" * 24


def report(rule="Default", client=CLIENT, requests=10, sampled=2, borrowed=1):
    return {
        "RuleName": rule,
        "ClientID": client,
        "Timestamp": 1_700_000_000,
        "RequestCount": requests,
        "SampledCount": sampled,
        "BorrowCount": borrowed,
    }


def body(*reports):
    return json.dumps({"SamplingStatisticsDocuments": reports}).encode()


def answer(*reports):
    return json.dumps(targets({"SamplingStatisticsDocuments": list(reports)})).encode()


@pytest.fixture
def cache(clock):
    return SamplingCache(3600, clock, lambda: 1_700_000_000.25)


def test_rules_are_given_as_last_seen(cache):
    """Byte for byte, the newest answer."""
    assert cache.rules() is None
    cache.remember_rules(b'{"SamplingRuleRecords":[]}')
    cache.remember_rules(json.dumps(RULES).encode())
    assert cache.rules() == json.dumps(RULES).encode()


@pytest.mark.parametrize("answer", [b"<html>log in</html>", b"\xff", b"{}"])
def test_what_is_no_answer_replaces_no_rules(cache, answer):
    """A login page with status 200 must not outlive the moment."""
    cache.remember_rules(json.dumps(RULES).encode())
    cache.remember_rules(answer)
    assert cache.rules() == json.dumps(RULES).encode()


def test_rules_grow_old(cache, clock):
    """After `sampling_cache_s` an SDK had better use its local rules."""
    cache.remember_rules(json.dumps(RULES).encode())
    clock.now_s += 3600
    assert cache.rules() == json.dumps(RULES).encode()
    clock.now_s += 1
    assert cache.rules() is None


def test_targets_have_a_fresh_time_to_live(cache):
    """The client keeps the share it had; the rest of the answer is as the server gave it."""
    cache.remember_targets(body(report()), answer(report()))
    assert json.loads(cache.targets(body(report()))) == {
        "SamplingTargetDocuments": [
            {
                "RuleName": "Default",
                "FixedRate": 0.05,
                "ReservoirQuota": 7,
                "ReservoirQuotaTTL": 1_700_000_000 + QUOTA_S,
                "Interval": 10,
            }
        ],
        "LastRuleModification": 5.0,
        "UnprocessedStatistics": [],
    }


def test_targets_are_each_clients_own(cache):
    """A share is never given to another client, nor for another rule."""
    cache.remember_targets(body(report()), answer(report()))
    assert cache.targets(body(report(client=OTHER))) is None
    assert cache.targets(body(report(rule="Other"))) is None


def test_targets_grow_old(cache, clock):
    """As rules do."""
    cache.remember_targets(body(report()), answer(report()))
    clock.now_s += 3601
    assert cache.targets(body(report())) is None


def test_a_report_passes_as_it_was_sent(cache):
    """While the server is there, not a byte changes."""
    cache.remember_targets(body(report()), answer(report()))
    spaced = body(report()).replace(b":", b" : ")
    assert cache.completed(spaced) == spaced


def test_statistics_are_added_to_the_next_report(cache):
    """What the server did not hear is in the client's next report, once."""
    cache.remember_targets(body(report()), answer(report()))
    for _ in range(2):
        cache.targets(body(report(requests=10, sampled=2, borrowed=1)))
    last = body(report(requests=5, sampled=1, borrowed=0))
    sent = json.loads(cache.completed(last))
    assert sent == json.loads(body(report(requests=25, sampled=5, borrowed=2)))
    cache.remember_targets(last, answer(report()))
    assert cache.completed(last) == last


def test_statistics_wait_while_the_server_stays_away(cache):
    """A completed report that is not taken either loses nothing and counts nothing twice."""
    cache.remember_targets(body(report()), answer(report()))
    for _ in range(3):
        cache.completed(body(report(requests=10)))
        cache.targets(body(report(requests=10)))
    sent = json.loads(cache.completed(body(report(requests=1))))
    assert sent["SamplingStatisticsDocuments"][0]["RequestCount"] == 31


def test_other_clients_reports_are_not_touched(cache):
    """Statistics go out under the client that counted them."""
    cache.remember_targets(body(report()), answer(report()))
    cache.targets(body(report()))
    other = body(report(client=OTHER))
    assert cache.completed(other) == other


@pytest.mark.parametrize("content", [b"", b"{}", b"nonsense", b"\xff", b'{"A":1}', b"[" * 5000])
def test_what_no_sdk_sends_passes_as_it_is(cache, content):
    """A report that cannot be read is the server's to refuse, and leaves nothing behind."""
    assert cache.completed(content) == content
    cache.remember_targets(content, answer(report()))
    cache.remember_targets(body(report()), content)
    assert cache.targets(content) is None
    assert cache.targets(body(report())) is None


def test_memory_is_bounded(cache, monkeypatch):
    """Of many clients the ones seen last are remembered."""
    monkeypatch.setattr("fluoro.agent.sampling_cache._MOST_CLIENTS", 2)
    clients = ["a" * 24, "b" * 24, "c" * 24]
    for client in clients:
        cache.remember_targets(body(report(client=client)), answer(report()))
    found = [cache.targets(body(report(client=client))) is not None for client in clients]
    assert found == [False, True, True]
