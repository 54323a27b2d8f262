import json

from fluoro.client.tree import rows_of


def segment(id_, start, parent=None, subsegments=(), **members):
    return {
        "id": id_ * 16,
        "name": id_,
        "trace_id": "1-6ab13b80-000000000000000000000001",
        "start_time": start,
        "end_time": start + 1,
        **({"parent_id": parent * 16} if parent else {}),
        "subsegments": list(subsegments),
        **members,
    }


def tree(*documents):
    """Name, depth and what is special of each row."""
    rows = rows_of(json.dumps(document).encode() for document in documents)
    return [
        f"{'.' * len(row.lasts)}{row.segment.name}{' detached' if row.is_detached else ''}"
        for row in rows
    ]


def test_segments_hang_under_their_calls():
    """Siblings by start, whatever document they are from and in whatever order that came."""
    callee = segment("c", 15, "b")
    root = segment("a", 10, subsegments=[segment("d", 20), segment("b", 12)])
    assert tree(callee, root) == ["a", ".b", "..c", ".d"]


def test_what_has_no_parent_here_is_detached():
    """After the roots, with all that is below it."""
    orphan = segment("e", 1, "f", subsegments=[segment("1", 2)])
    assert tree(orphan, segment("a", 10)) == ["a", "e detached", ".1"]


def test_inferred_segments_are_left_out():
    """They repeat the call that they hang under."""
    root = segment("a", 10, subsegments=[segment("b", 12)])
    assert tree(root, segment("c", 12, "b", inferred=True)) == ["a", ".b"]


def test_a_circle_of_parents_is_shown():
    """From its earliest entity on."""
    assert tree(segment("a", 2, "b"), segment("b", 1, "a")) == ["b detached", ".a"]


def test_a_very_deep_trace():
    """Nothing recurses."""
    depth = 900
    text = ""
    for number in range(depth):
        start = {"id": f"{number:016x}", "name": "a", "start_time": 1, "end_time": 2}
        text += json.dumps(start)[:-1] + ', "subsegments": ['
    assert len(rows_of([(text + "]}" * depth).encode()])) == depth
