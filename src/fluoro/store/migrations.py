"""The schema, in numbered steps that only go forward.

`sql/NNN_*.sql` are applied once each, in order, and noted in `schema_versions`, on every node for
itself: a node that is new, or comes back empty, is brought up at the next start. Each statement
may run twice (IF NOT EXISTS), since two servers may start at once.

The views are generated (`store.semantics`). They and the table that takes the lines carry a digest
of the views' text in their names, so a server of another version that still runs keeps its own
until it ends: no line ever falls between two sets of views.
"""

import hashlib
import re
from importlib import resources

from fluoro.errors import MigrationError, StoreUnavailableError
from fluoro.store import semantics
from fluoro.store.engine import Node
from fluoro.store.layout import SHARDED, Layout
from fluoro.store.pool import Pool

_STEP = re.compile(r"(\d{3})_\w+\.sql\Z")
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
_LINES = "incoming"
"""The table that a server's lines are inserted into, and the template of those with a digest."""

_PASSED = re.compile(rf"\bFROM ({'|'.join((_LINES, *semantics.STAGES))})\b")
_OLD_S = 86_400
"""Age of this version's views from which those of other versions are taken for left behind."""


def steps() -> dict[int, list[str]]:
    """Statements of each step, by its number."""
    found: dict[int, list[str]] = {}
    for file in resources.files("fluoro.store.sql").iterdir():
        if match := _STEP.match(file.name):
            text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
            found[int(match[1])] = [part for part in text.split(";\n") if part.strip()]
    return dict(sorted(found.items()))


def migrate(pool: Pool) -> str:
    """Bring every node to this version's schema; the name of the table that takes lines.

    The first shard's first node comes last: what it has, all have. Once it has this version, a
    node that is away keeps nobody from starting.

    Raises:
        MigrationError: A newer Fluoro has written the store.
        StoreUnavailableError: A node is away that lacks this version.
    """
    all_steps = steps()
    first, *others = pool.nodes
    lines = f"{_LINES}_{_digest(max(all_steps))}"
    is_there = f"SELECT count() FROM system.tables WHERE {_OURS} AND name = '{lines}'"
    is_known = first.command(is_there) != "0"
    for node in (*reversed(others), first):
        if node is not first and not node.answers():
            if is_known:
                continue
            raise StoreUnavailableError(
                f"the schema is not yet this version's on {node.name}, which does not answer:"
                " start when it does"
            )
        _migrate(node, pool.layout, all_steps)
        _make_views(node, pool.layout, lines)
        _drop_left_behind(node, lines)
    return lines


_OURS = "database = currentDatabase()"


def _migrate(node: Node, layout: Layout, all_steps: dict[int, list[str]]) -> None:
    node.command(
        "CREATE TABLE IF NOT EXISTS schema_versions (version UInt32, applied DateTime('UTC'))"
        " ENGINE = MergeTree ORDER BY version"
    )
    current = int(node.command("SELECT max(version) FROM schema_versions"))
    if current > max(all_steps):
        raise MigrationError(
            f"the store has schema version {current}, this Fluoro knows {max(all_steps)}:"
            " start the Fluoro that wrote it, or a newer one"
        )
    for version, statements in all_steps.items():
        if version > current:
            for statement in statements:
                for placed in layout.statements(statement, is_first_shard=node.is_first_shard):
                    node.command(placed)
            node.command(f"INSERT INTO schema_versions VALUES ({version}, now('UTC'))")


def _digest(version: int) -> str:
    """Of everything that decides what the views do."""
    text = repr((version, semantics.views()))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _make_views(node: Node, layout: Layout, lines: str) -> None:
    """Everything that one set of views needs; `lines` itself comes last."""
    digest = lines.removeprefix(f"{_LINES}_")
    taken = f"{lines}_local" if layout.cluster else lines
    sources = {stage: f"{stage}_{digest}" for stage in semantics.STAGES} | {_LINES: taken}
    node.command(f"CREATE TABLE IF NOT EXISTS {taken} AS {layout.local(_LINES)}")
    for table, select in semantics.views().items():
        filled = sources.get(table, layout.local(table))
        reading = _PASSED.sub(lambda match: f"FROM {sources[match[1]]} AS {match[1]}", select)
        if table in semantics.STAGES:
            node.command(f"CREATE TABLE IF NOT EXISTS {filled} ENGINE = Null EMPTY AS {reading}")
        node.command(
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {table}_view_{digest} TO {filled} AS {reading}"
        )
    if layout.cluster:
        spread = layout.spread(lines, taken, SHARDED[_LINES])
        node.command(f"CREATE TABLE IF NOT EXISTS {spread}")


def _drop_left_behind(node: Node, lines: str) -> None:
    """Drop the views of other versions once this one's have been there for a day.

    Their table of lines goes first, so that whoever still inserts into it is told.
    """
    age_s = node.command(
        f"SELECT dateDiff('second', min(metadata_modification_time), now())"
        f" FROM system.tables WHERE {_OURS} AND name = '{lines}'"
    )
    if int(age_s) < _OLD_S:
        return
    digest = lines.removeprefix(f"{_LINES}_")
    left = node.command(
        "SELECT arrayStringConcat(groupArray(name), ' ') FROM (SELECT name FROM system.tables"
        f" WHERE {_OURS} AND match(name, '^({'|'.join(_PARTS)})_[0-9a-f]{{8}}(_local)?$')"
        f" AND position(name, '_{digest}') = 0"
        f" ORDER BY startsWith(name, '{_LINES}_') DESC, endsWith(name, '_local'))"
    )
    for table in left.split():
        node.command(f"DROP TABLE IF EXISTS {table}")


_PARTS = (_LINES, *semantics.STAGES, r"[a-z]+_view")
