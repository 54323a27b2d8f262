import pytest

from fluoro.filters.parser import parse
from fluoro.filters.tree import Constant, needs_metadata


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("metadata", True),
        ("ok AND (fault OR !metadata.k = 1)", True),
        ("service() {ok AND metadata[k]}", True),
        ('edge(,) {metadata contains "x"}', True),
        ("", False),
        ("ok AND (fault OR !annotation.metadata)", False),
        ("service() AND edge(,) {fault}", False),
        ("rootcause.fault.service {first} OR rootcause.json = #[]", False),
    ],
)
def test_documents_are_read_only_for_metadata(text, wanted):
    """Wherever in the tree it is asked for."""
    assert needs_metadata(parse(text)) is wanted
    assert not needs_metadata(Constant(value=True))
