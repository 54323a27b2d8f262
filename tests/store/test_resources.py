"""Rules, groups, policies and settings, by every Storage."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from fluoro.errors import ResourceChangedError
from fluoro.model.tenant import Tenant

KIND = "rule"


def kept(storage, tenant, kind=KIND):
    """Name, revision and body of each."""
    return [(each.name, each.revision, each.body) for each in storage.resources(tenant, kind)]


def test_what_is_written_is_read(storage, tenant):
    """By name, each in its newest revision."""
    storage.write_resource(tenant, KIND, "b", '{"n": 1}', 0)
    storage.write_resource(tenant, KIND, "a", "{}", 0)
    written = storage.write_resource(tenant, KIND, "b", '{"n": 2}', 1)
    assert (written.kind, written.revision) == (KIND, 2)
    assert kept(storage, tenant) == [("a", 1, "{}"), ("b", 2, '{"n": 2}')]


def test_what_is_deleted_is_gone_and_can_be_made_again(storage, tenant):
    """Its revisions go on, so that an old one never comes to life."""
    storage.write_resource(tenant, KIND, "a", "1", 0)
    storage.write_resource(tenant, KIND, "a", None, 1)
    assert kept(storage, tenant) == []
    storage.write_resource(tenant, KIND, "a", "2", 0)
    assert kept(storage, tenant) == [("a", 3, "2")]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_who_has_not_seen_the_newest_is_refused(storage, tenant, after):
    """And changes nothing."""
    storage.write_resource(tenant, KIND, "a", "1", 0)
    storage.write_resource(tenant, KIND, "a", "2", 1)
    with pytest.raises(ResourceChangedError, match="rule a was changed"):
        storage.write_resource(tenant, KIND, "a", "3", after)
    assert kept(storage, tenant) == [("a", 2, "2")]


def test_they_belong_to_one_tenant_and_one_kind(storage, tenant):
    """Neither another region nor another kind sees them."""
    storage.write_resource(tenant, KIND, "a", "1", 0)
    assert kept(storage, tenant, "group") == []
    assert kept(storage, Tenant(tenant.account, "us-west-2")) == []


def test_of_those_who_write_at_once_one_wins(storage, tenant):
    """All others hear of it, and the store has what the winner wrote."""

    def write(number):
        try:
            storage.write_resource(tenant, KIND, "a", str(number), 0)
        except ResourceChangedError:
            return None
        return number

    with ThreadPoolExecutor(3) as writers:
        (winner,) = [each for each in writers.map(write, range(3)) if each is not None]
    assert kept(storage, tenant) == [("a", 1, str(winner))]


def test_the_last_deletion_is_known(storage, tenant):
    """Also when what was deleted is there again; other kinds and tenants do not count."""
    assert storage.deleted_us(tenant, KIND) == 0
    made = storage.write_resource(tenant, KIND, "a", "1", 0)
    deleted = storage.write_resource(tenant, KIND, "a", None, 1)
    assert storage.deleted_us(tenant, KIND) == deleted.written_us >= made.written_us
    storage.write_resource(tenant, KIND, "a", "1", 0)
    storage.write_resource(tenant, "group", "a", "1", 0)
    storage.write_resource(tenant, "group", "a", None, 1)
    assert storage.deleted_us(tenant, KIND) == deleted.written_us
    assert storage.deleted_us(Tenant(tenant.account, "us-west-2"), KIND) == 0
