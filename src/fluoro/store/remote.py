"""A ClickHouse server or cluster over HTTP.

On a cluster the writer and the readers talk to the first shard, which keeps the tables that are
not sharded and asks the other shards itself; statements that each shard runs on its own rows go to
each of them. The nodes are those that the server at the address names in `system.clusters`, all at
the address's port.
"""

import contextlib
from collections.abc import Mapping, Sequence

import clickhouse_connect
from clickhouse_connect.driver import httputil
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from urllib3 import PoolManager

from fluoro.errors import SettingsError
from fluoro.store.address import Address
from fluoro.store.engine import Engine, Limits, Node, Parameters, translated
from fluoro.store.layout import Layout

_CONNECT_TIMEOUT_S = 5
_WRITE_TIMEOUT_S = 60
"""An insert that a read-only replica never answers ends here."""

_COMMAND_TIMEOUT_S = 3600
"""Deletions write whole days anew; a peer that is gone is noticed sooner, by TCP's keepalive."""

_GRACE_S = 10
"""How much longer than a query may take its answer is waited for."""

_ROOM, _NODES = 8, 100
"""Connections to one node beside those of readers, and nodes, that are kept open."""

_REFUSED_USER = {192, 193, 194, 516}

_SETTINGS: Mapping[str, str | int] = {
    "async_insert": 0,
    # Answered is stored: on the shard that keeps it, not in a queue on the way there.
    "distributed_foreground_insert": 1,
    # No answer is better than one that silently lacks a shard.
    "skip_unavailable_shards": 0,
    # A trace lies on one shard, so what a subquery asks of a sharded table is asked there.
    "distributed_product_mode": "local",
    # What one replica took is read from the same one.
    "load_balancing": "in_order",
    "use_hedged_requests": 0,
}


def connect(address: Address, password: str, limits: Limits) -> Engine:
    """Connect to the nodes of an address.

    Raises:
        SettingsError: The user is refused, or there is no such cluster.
        StoreUnavailableError: The server at the address does not answer.
    """
    # Our own manager, since the library's goes through proxies.
    http = httputil.get_pool_manager(maxsize=2 * limits.readers + _ROOM, num_pools=_NODES)
    entry = _Server(address, password, http)
    wait_s = limits.query_timeout_s + _GRACE_S
    asking = {"max_execution_time": limits.query_timeout_s, **_patience(wait_s)}
    if limits.query_memory_bytes:
        asking["max_memory_usage"] = limits.query_memory_bytes
    if limits.threads:
        asking["max_threads"] = limits.threads

    with contextlib.ExitStack() as opened, translated():
        opened.callback(_release, http)
        shards: Sequence[Sequence[str]] = [[address.host]]
        if address.cluster:
            with contextlib.closing(entry.client(address.host, {}, wait_s)) as client:
                shards = _shards(client, address)

        def node(host: str, *, is_first_shard: bool) -> Node:
            return Node(
                host,
                lambda: entry.client(host, asking, wait_s),
                lambda: entry.client(host, asking, _COMMAND_TIMEOUT_S),
                is_first_shard=is_first_shard,
            )

        nodes = [
            [node(host, is_first_shard=number == 0) for host in hosts]
            for number, hosts in enumerate(shards)
        ]
        nodes[0].sort(key=lambda replica: not replica.answers())
        first = nodes[0][0].name
        writer = entry.client(first, _patience(_WRITE_TIMEOUT_S), _WRITE_TIMEOUT_S)
        readers = [entry.client(first, asking, wait_s) for _ in range(limits.readers)]
        opened.pop_all()
    return Engine(
        writer=writer,
        readers=readers,
        shards=nodes,
        layout=Layout(address.cluster, address.is_replicated),
        release=lambda: _release(http),
    )


def _patience(wait_s: int) -> dict[str, int]:
    """How long a node waits for another one that says nothing: less than we wait for it."""
    return {"receive_timeout": wait_s - _GRACE_S // 2}


class _Server:
    """What the connections to every node have in common."""

    def __init__(self, address: Address, password: str, http: PoolManager) -> None:
        self._address = address
        self._password = password
        self._http = http

    def client(self, host: str, settings: Parameters, wait_s: int) -> Client:
        """A connection to one node; the database is made there if it is missing."""
        address = self._address
        try:
            client = clickhouse_connect.get_client(
                interface="https" if address.is_secure else "http",
                host=host,
                port=address.port,
                username=address.user,
                password=self._password,
                connect_timeout=_CONNECT_TIMEOUT_S,
                send_receive_timeout=wait_s,
                query_retries=0,
                autogenerate_session_id=False,
                pool_mgr=self._http,
                settings={**_SETTINGS, **settings},
            )
        except DatabaseError as error:
            if error.code in _REFUSED_USER:
                raise SettingsError(
                    "store",
                    f"ClickHouse at {host} refuses user `{address.user}`: check the user and"
                    " store_password",
                ) from error
            raise
        is_there = client.command(
            "SELECT count() FROM system.databases WHERE name = {name:String}",
            parameters={"name": address.database},
        )
        if not is_there:
            client.command(f"CREATE DATABASE IF NOT EXISTS {address.database}")
        client.database = address.database
        return client


def _release(http: PoolManager) -> None:
    """Close every connection; the library keeps a list of all managers that it made."""
    httputil.all_managers.pop(http, None)
    http.clear()


def _shards(client: Client, address: Address) -> Sequence[Sequence[str]]:
    """Hosts of the replicas of each shard."""
    rows = client.query(
        "SELECT cluster, shard_num, host_name FROM system.clusters"
        " ORDER BY cluster, shard_num, replica_num"
    ).result_rows
    shards: dict[int, list[str]] = {}
    for cluster, shard, host in rows:
        if cluster == address.cluster:
            shards.setdefault(shard, []).append(host)
    if not shards:
        known = ", ".join(sorted({cluster for cluster, _, _ in rows})) or "none"
        raise SettingsError(
            "store",
            f"ClickHouse at {address.host} has no cluster `{address.cluster}` in its"
            f" remote_servers; it has {known}",
        )
    return list(shards.values())
