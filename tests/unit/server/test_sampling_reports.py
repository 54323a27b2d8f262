import pytest

from fluoro.model.tenant import LOCAL, Tenant
from fluoro.server.sampling_reports import SamplingReports
from fluoro.store.storage import SamplingReport


def report(client, time_us):
    return SamplingReport("r", client, time_us, 1, 0, 0, 1, time_us + 30)


@pytest.fixture
def reports():
    return SamplingReports()


def seen(reports, stored=(), since_us=0, tenant=LOCAL):
    with reports.joined(tenant, stored, since_us) as found:
        return list(found)


def answer(reports, *new, stored=(), tenant=LOCAL):
    with reports.joined(tenant, stored, 0) as found:
        found.extend(new)


def test_what_was_answered_is_seen_before_the_store_shows_it(reports):
    """With what the store shows, in the order of their times."""
    answer(reports, report("b", 2))
    stored = [report("a", 1), report("c", 3)]
    assert [each.client for each in seen(reports, stored)] == ["a", "b", "c"]


def test_what_the_store_shows_as_well_is_seen_once(reports):
    """By then it is the same report."""
    answer(reports, report("a", 1))
    assert seen(reports, [report("a", 1)]) == [report("a", 1)]


def test_what_is_old_is_forgotten(reports):
    """Its time is before the moment that the caller names."""
    answer(reports, report("a", 1), report("b", 2))
    assert [each.client for each in seen(reports, since_us=2)] == ["b"]
    assert [each.client for each in seen(reports)] == ["b"]


def test_tenants_are_apart(reports):
    """Nobody sees another's reports."""
    answer(reports, report("a", 1))
    assert seen(reports, tenant=Tenant(LOCAL.account, "eu-west-1")) == []
