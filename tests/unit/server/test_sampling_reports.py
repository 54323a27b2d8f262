from concurrent.futures import ThreadPoolExecutor

import pytest

from fluoro.model.tenant import LOCAL, Tenant
from fluoro.server.sampling_reports import SamplingReports
from fluoro.store.storage import SamplingReport

PATIENCE_S = 10


def report(client, time_us, rule="r"):
    return SamplingReport(rule, client, time_us, 1, 0, 0, 1, time_us + 30)


@pytest.fixture
def reports():
    return SamplingReports()


def seen(reports, stored=(), since_us=0, tenant=LOCAL, rule="r"):
    with reports.joined(tenant, stored, since_us) as found:
        return {client: list(those) for client, those in found.clients(rule).items()}


def answer(reports, *new, since_us=0, tenant=LOCAL):
    with reports.joined(tenant, (), since_us) as found:
        for each in new:
            found.add(each)


def region(number):
    return Tenant(LOCAL.account, f"eu-west-{number}")


def test_what_was_answered_is_seen_before_the_store_shows_it(reports):
    """With what the store shows, in the order of their times."""
    answer(reports, report("b", 2))
    stored = [report("b", 1), report("a", 1)]
    assert seen(reports, stored) == {"a": [report("a", 1)], "b": [report("b", 1), report("b", 2)]}


def test_what_the_store_shows_as_well_is_seen_once(reports):
    """By then it is the same report."""
    answer(reports, report("a", 1))
    assert seen(reports, [report("a", 1)]) == {"a": [report("a", 1)]}


def test_what_a_caller_adds_it_sees_itself(reports):
    """Two reports of one request."""
    with reports.joined(LOCAL, (), 0) as found:
        assert found.clients("r") == {}
        found.add(report("a", 1))
        assert list(found.clients("r")["a"]) == [report("a", 1)]


def test_the_last_two_reports_of_a_client_are_enough(reports):
    """A client that reports all the time makes nobody's work longer."""
    answer(reports, *(report("a", number) for number in range(3, 7)))
    stored = [report("a", number) for number in range(5)]
    assert seen(reports, stored) == {"a": [report("a", 5), report("a", 6)]}


def test_what_is_old_is_forgotten(reports):
    """Its time is before the moment that the caller names."""
    answer(reports, report("c", 1, rule="gone"), report("a", 1), report("b", 1), report("b", 2))
    assert seen(reports, since_us=2) == {"b": [report("b", 2)]}
    assert seen(reports) == {"b": [report("b", 1), report("b", 2)]}
    assert seen(reports, rule="gone") == {}


def test_rules_and_tenants_are_apart(reports):
    """Nobody sees another's reports."""
    answer(reports, report("a", 1), report("b", 1, rule="other"))
    assert seen(reports) == {"a": [report("a", 1)]}
    assert seen(reports, tenant=region(1)) == {}


def test_tenants_that_went_silent_are_forgotten(reports):
    """A key may sign for any number of regions; one that goes on reporting stays."""
    for number in range(1000):
        answer(reports, report("a", number), tenant=region(number))
    answer(reports, report("a", 1000), since_us=1, tenant=region(0))
    answer(reports, report("a", 1001), since_us=998, tenant=region(1))
    assert list(reports._tenants) == [region(998), region(999), region(0), region(1)]


def test_a_tenant_waits_for_no_other(reports):
    """Only callers of one tenant take turns."""
    with ThreadPoolExecutor(1) as other, reports.joined(LOCAL, (), 0):
        other.submit(answer, reports, report("a", 1), tenant=region(1)).result(PATIENCE_S)


def test_callers_of_a_tenant_take_turns(reports):
    """The second sees what the first has added, however old the tenant's reports are meanwhile."""
    with ThreadPoolExecutor(1) as other:
        with reports.joined(LOCAL, (), 0) as found:
            second = other.submit(seen, reports)
            answer(reports, report("a", 50), since_us=50, tenant=region(1))
            found.add(report("a", 1))
        assert second.result(PATIENCE_S) == {"a": [report("a", 1)]}
