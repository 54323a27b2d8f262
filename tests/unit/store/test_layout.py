import pytest

from fluoro.store.layout import Layout
from fluoro.store.migrations import steps

ONE = Layout()
CLUSTER = Layout("c")
REPLICATED = Layout("c", is_replicated=True)
SPANS = (
    "CREATE TABLE IF NOT EXISTS spans (id UInt64)\nENGINE = ReplacingMergeTree(ver)\nORDER BY id"
)
REPORTS = "CREATE TABLE IF NOT EXISTS reports (id UInt64) ENGINE = MergeTree ORDER BY id"
DISTRIBUTED = (
    "CREATE OR REPLACE TABLE spans AS spans_local"
    " ENGINE = Distributed('c', currentDatabase(), spans_local, cityHash64(trace_id))"
)


@pytest.mark.parametrize("statement", [SPANS, REPORTS, "ALTER TABLE spans DROP INDEX kv"])
def test_one_node_runs_what_the_migration_says(statement):
    """To the letter."""
    assert ONE.statements(statement, is_first_shard=True) == [statement]


@pytest.mark.parametrize("is_first_shard", [True, False])
def test_every_node_of_a_cluster_keeps_a_part_of_a_sharded_table(is_first_shard):
    """Under a name of its own, and its name stands for all parts."""
    own = SPANS.replace("EXISTS spans", "EXISTS spans_local")
    assert CLUSTER.statements(SPANS, is_first_shard=is_first_shard) == [own, DISTRIBUTED]


def test_a_changed_table_is_changed_everywhere():
    """Also what stands for all parts."""
    found = CLUSTER.statements("ALTER TABLE spans ADD COLUMN a UInt8", is_first_shard=False)
    assert found == ["ALTER TABLE spans_local ADD COLUMN a UInt8", DISTRIBUTED]


def test_a_removed_table_is_removed_everywhere():
    """What stands for all parts first."""
    found = CLUSTER.statements("DROP TABLE IF EXISTS spans", is_first_shard=False)
    assert found == ["DROP TABLE IF EXISTS spans", "DROP TABLE IF EXISTS spans_local"]


def test_other_tables_live_on_the_first_shard_alone():
    """So what is written there is read back from one place."""
    assert CLUSTER.statements(REPORTS, is_first_shard=True) == [REPORTS]
    assert CLUSTER.statements(REPORTS, is_first_shard=False) == []


def test_replicas_get_engines_that_replicate():
    """With the macros of each server; a Distributed or Null table needs none."""
    own, distributed = REPLICATED.statements(SPANS, is_first_shard=False)
    path = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
    assert f"ENGINE = ReplicatedReplacingMergeTree({path}, ver)\n" in own
    assert distributed == DISTRIBUTED
    (reports,) = REPLICATED.statements(REPORTS, is_first_shard=True)
    assert f"ENGINE = ReplicatedMergeTree({path}) ORDER" in reports
    null = "CREATE TABLE IF NOT EXISTS incoming (a UInt8) ENGINE = Null"
    assert "Replicated" not in "".join(REPLICATED.statements(null, is_first_shard=True))


def test_a_statement_without_a_known_place_is_a_bug():
    """Rather than one that runs somewhere."""
    with pytest.raises(ValueError, match="no place is known"):
        CLUSTER.statements("RENAME TABLE spans TO rows", is_first_shard=True)


def test_every_statement_of_the_migrations_has_its_place():
    """With replicas, every table that keeps rows on disk replicates."""
    made = [
        placed
        for step in steps().values()
        for statement in step
        for placed in REPLICATED.statements(statement, is_first_shard=True)
    ]
    for table in ("incoming", "documents", "spans", "unread"):
        assert any(f"EXISTS {table}_local" in statement for statement in made), table
    engines = [statement for statement in made if "MergeTree" in statement]
    assert all("Replicated" in statement for statement in engines)


@pytest.mark.parametrize(
    ("sql", "is_spread"),
    [
        ("DELETE FROM spans_local WHERE 1", True),
        ("INSERT INTO unread_local SELECT 1", True),
        ("DELETE FROM spans WHERE 1", False),
        ("DELETE FROM sampling_reports WHERE 1", False),
        ("DELETE FROM my_spans_local_table WHERE 1", False),
    ],
)
def test_which_statements_run_on_every_shard(sql, is_spread):
    """Those that name the local part of a sharded table."""
    assert CLUSTER.is_spread(sql) is is_spread
    assert ONE.is_spread(sql) is False
