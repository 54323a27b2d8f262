"""Deletion of traces, by every Storage: gone at once, refused when sent again."""

from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store.storage import Search
from store.building import (
    accepted,
    all_accepted,
    entity,
    found,
    insert,
    segment,
    subsegment,
    trace_id,
)

S = 1_000_000
LATER_US = 4_000_000_000 * S
ONE, TWO = trace_id(1), trace_id(2)


def everything(storage, tenant, trace):
    """All that reads tell of a trace, and of what there is besides."""
    return (
        storage.documents(tenant, [trace]),
        storage.spans(tenant, [trace]),
        storage.graph(tenant, 0, LAST_US),
        storage.search(tenant, Search(0, LAST_US)),
        storage.count_traces(tenant, 0, LAST_US),
        storage.latest_us(tenant),
    )


def test_a_deleted_trace_is_gone_from_every_read(storage, tenant):
    """As if it had never come: documents, spans, graph, searches, counts."""
    insert(storage, tenant, segment(1, 1, "web", 0, S, subsegments=[entity(2, "db", 0, S)]))
    before = everything(storage, tenant, TWO)
    insert(storage, tenant, segment(2, 3, "web", S, 2 * S), subsegment(2, 4, 3, "db", S, 2 * S))
    assert everything(storage, tenant, TWO) != before
    assert storage.delete_traces(tenant, [TWO], LATER_US) == 1
    assert everything(storage, tenant, TWO) == before
    assert found(storage, tenant) == [ONE]


def test_what_is_sent_of_a_deleted_trace_is_not_kept(storage, tenant):
    """Its sender gets no error: the trace is counted, the others of the flush are kept."""
    assert storage.delete_traces(tenant, [ONE], LATER_US) == 0
    flush = [segment(1, 1, "web", 0, S), segment(2, 2, "web", 0, S), segment(1, 3, "web", 0, S)]
    assert storage.insert(all_accepted(tenant, flush)) == 2
    assert found(storage, tenant) == [TWO]


def test_the_same_id_of_another_tenant_stays(storage, tenant):
    """Of another account and of another region."""
    others = [Tenant(tenant.account, "us-west-2"), Tenant("9" + tenant.account[1:], tenant.region)]
    for owner in (tenant, *others):
        insert(storage, owner, segment(1, 1, "web", 0, S))
    storage.delete_traces(tenant, [ONE], LATER_US)
    assert [found(storage, owner) for owner in (tenant, *others)] == [[], [ONE], [ONE]]
    assert storage.insert([accepted(others[0], segment(1, 2, "web", 0, S))]) == 0


def test_a_users_traces_are_deleted_whole(storage, tenant):
    """Every trace in which any segment names the user, exactly; nobody else's."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, S),
        segment(1, 2, "orders", 0, S, user="ada"),
        segment(2, 3, "web", 0, S, user="Ada"),
        segment(3, 4, "web", 0, S, user="ada"),
    )
    assert storage.delete_user(tenant, "ada", LATER_US) == 2
    assert found(storage, tenant) == [TWO]
    assert storage.insert([accepted(tenant, segment(3, 5, "web", 0, S))]) == 1
    assert storage.delete_user(tenant, "ada", LATER_US) == 0


def test_more_traces_than_one_statement_takes(storage, tenant):
    """A user of many requests."""
    numbers = range(1, 2002)
    storage.insert(all_accepted(tenant, [segment(n, n, "web", 0, S, user="ada") for n in numbers]))
    insert(storage, tenant, segment(9999, 1, "web", 0, S, user="bob"))
    assert storage.delete_user(tenant, "ada", LATER_US) == 2001
    assert found(storage, tenant) == [trace_id(9999)]
