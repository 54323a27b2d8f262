"""Which nodes and edges `service(...)` and `edge(...)` mean, and how often each was counted.

Source: spec of filter expressions, section 4; of the service graph, section 9.
"""

from collections.abc import Iterable

from fluoro.errors import FilterSyntaxError
from fluoro.filters.parser import parse
from fluoro.filters.tree import EdgeTest, Entity, ServiceTest
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import GraphRows, Node, Statistics, total
from fluoro.wire.xray_statistics import LONGEST_SELECTOR

Selector = ServiceTest | EdgeTest | None
"""A service, an edge, or all edges from clients; none has a body."""


def parse_selector(text: str) -> Selector:
    """Read an EntitySelectorExpression; None from an empty one.

    Raises:
        FilterSyntaxError: It is neither `service(...)` nor `edge(...)`, or has a body.
    """
    if len(text) > LONGEST_SELECTOR:
        raise FilterSyntaxError(
            f"Entity selector exceeds {LONGEST_SELECTOR} characters", LONGEST_SELECTOR
        )
    selector = parse(text)
    if selector is None:
        return None
    if not isinstance(selector, ServiceTest | EdgeTest):
        offset = len(text) - len(text.lstrip())
        raise _misplaced(text, offset, text[offset:].split("(", maxsplit=1)[0].split(maxsplit=1)[0])
    if selector.body is not None:
        raise _misplaced(text, _outside_strings(text).index("{"), "{")
    return selector


def _misplaced(text: str, offset: int, symbol: str) -> FilterSyntaxError:
    line = text.count("\n", 0, offset) + 1
    position = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return FilterSyntaxError(
        f"Error Location: line {line}, position {position} : Invalid input symbol: '{symbol}'",
        offset,
        "service(...) or edge(...)",
    )


def _outside_strings(text: str) -> str:
    """The text with as many blanks in the place of what stands in quotes."""
    found = []
    is_inside = is_escaped = False
    for character in text:
        if character == '"' and not is_escaped:
            is_inside = not is_inside
        found.append(" " if is_inside else character)
        is_escaped = is_inside and character == "\\" and not is_escaped
    return "".join(found)


def means(entity: Entity, node: Node) -> bool:
    """Whether all parts that are given are the node's."""
    return (
        (entity.name is None or entity.name == node.name)
        and (entity.type is None or entity.type == node.type)
        and (entity.account is None or entity.account == node.account)
    )


def begins(source: Entity, node: Node, *, is_client: bool) -> bool:
    """Whether a call from a node begins where it should.

    A name alone in `id()` is no client's; as a string it is, and so is anything.
    """
    if is_client and source.name is not None and not source.is_plain:
        return source.type == CLIENT and means(source, node)
    return means(source, node)


def chosen(rows: GraphRows, selector: Selector) -> Statistics | None:
    """What was counted on the nodes or edges that a selector means; None when there are none."""
    match selector:
        case ServiceTest(entity):
            return _sum(row.statistics for row in rows.nodes if means(entity, row.node))
        case EdgeTest(source, target):
            return _sum(
                row.statistics
                for row in rows.edges
                if means(target, row.target)
                and begins(
                    source,
                    Node(row.source.name, CLIENT, row.source.account)
                    if row.is_client
                    else row.source,
                    is_client=row.is_client,
                )
            )
        case None:
            return _sum(row.statistics for row in rows.edges if row.is_client)


def is_counted(statistics: Statistics | None) -> bool:
    """Whether anything finished was counted."""
    return statistics is not None and statistics.count > 0


def _sum(found: Iterable[Statistics]) -> Statistics | None:
    parts = list(found)
    return total(parts) if parts else None
