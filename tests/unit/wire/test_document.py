import json

import pytest

from captures import documents
from fluoro.errors import InvalidDocumentError
from fluoro.wire.document import join, outline, render, render_member, subsegment

TRACE_ID = "1-6b02b7ef-d88b802111d95ce52dd34d81"
IDS = [f"{number:016x}" for number in range(1, 10)]
HARD = (
    b'"n1":18446744073709551616, "n2" : 1e400,"n3":-0,"n4":1.790164769125E9,"s":"\\ud800\\/",'
    b'"x":' + b'{"a":[' * 3000 + b"]}" * 3000
)
"""Members whose bytes no decoding and encoding would give back."""


def entity(number, members=b"", below=()):
    nested = b',"subsegments":[%b]' % b" , ".join(below) if below else b""
    comma = b"," if members else b""
    text = b'{"id":"%b", "name":"n","start_time":1,"end_time":2%b%b%b }'
    return text % (IDS[number].encode(), comma, members, nested)


def test_a_document_without_edits_is_given_back_byte_for_byte():
    """White space, number forms, surrogates, depth and equal keys included."""
    document = entity(0, HARD + b',"a":1,"a":2', [entity(1, HARD), entity(2, b"", [entity(3)])])
    assert render(outline(document)) == document


@pytest.mark.parametrize("document", documents(valid=True), ids=range(len(documents(valid=True))))
def test_a_captured_document_keeps_all_but_what_x_ray_removes(document):
    """Every member as the SDK sent it, in its order, but for `traced` and empty stacks."""
    expected = json.loads(document)
    waiting = [expected]
    while waiting:
        one = waiting.pop()
        one.get("http", {}).get("request", {}).pop("traced", None)
        cause = one.get("cause")
        for exception in cause.get("exceptions", []) if isinstance(cause, dict) else []:
            if exception.get("stack") == []:
                del exception["stack"]
        waiting += one.get("subsegments", [])
    assert json.dumps(json.loads(render(outline(document)))) == json.dumps(expected)


def test_the_outline_is_the_tree_of_entities():
    """In the order of the document, with ids in lower case."""
    document = b" \n" + entity(0, b"", [entity(1), entity(2, b"", [entity(3)])]).replace(
        b"000001", b"00000A"
    )
    root = outline(document)
    assert root.id == "000000000000000a"
    assert [nested.id for nested in root.nested] == IDS[1:3]
    assert [nested.id for nested in root.nested[1].nested] == [IDS[3]]
    assert root.raw(b"name") == b'"n"'
    assert root.raw(b"absent") is None


def test_of_two_lists_of_subsegments_the_last_one_counts():
    """As in every other reading; a value that is no list has none."""
    document = entity(0, b'"subsegments":[%b]' % entity(1), [entity(2)])
    assert [nested.id for nested in outline(document).nested] == [IDS[2]]
    odd = entity(0, b'"subsegments":[5,%b,[{}],null]' % entity(1), [entity(2)])
    assert [nested.id for nested in outline(odd).nested] == [IDS[2]]
    dropped = document[:-1] + b',"subsegments":null}'
    assert outline(dropped).nested == []


def test_what_says_that_the_callee_is_traced_is_removed():
    """In every entity, and nothing beside it."""
    http = b'"http":{"request":{%b}, "response":{"status":200}}'
    request = b'"method":"GET" , "url":"u"'
    before = entity(0, http % (b'"traced":true,' + request), [entity(1, http % b'"traced":true')])
    after = entity(0, http % request, [entity(1, http % b"")])
    assert render(outline(before)) == after
    hidden = before.replace(b'"traced"', b'"\\u0074raced"')
    assert render(outline(hidden)) == after


def test_other_members_called_traced_stay():
    """OpenTelemetry's, and whatever metadata holds."""
    document = entity(0, b'"traced":true,"metadata":{"http":{"request":{"traced":true}}}')
    assert render(outline(document)) == document


def test_empty_stacks_are_removed():
    """Filled ones and what is no list stay."""
    cause = b'"cause":{"exceptions":[{"id":"e"%b},{"stack":[ ] },{"stack":[1]},{"stack":null}]}'
    before = render(outline(entity(0, cause % b', "stack":[]')))
    assert before == entity(0, (cause % b"").replace(b'{"stack":[ ] }', b"{ }"))


@pytest.mark.parametrize(
    ("aws", "expected"),
    [
        (b'{"operation":"Get"}', b'{"operation":"Get","resource_names":["t\xc3\xa9\\""]}'),
        (b'{"resource_names":["a","b"], "x":1}', b'{"resource_names":["t\xc3\xa9\\""], "x":1}'),
        (b'{"x":"resource_names"}', b'{"x":"resource_names","resource_names":["t\xc3\xa9\\""]}'),
    ],
)
def test_the_derived_resource_replaces_the_names_that_were_sent(aws, expected):
    """Only where one was derived."""
    document = entity(0, b'"aws":' + aws)
    root = outline(document)
    assert render(root) == document
    root.resource = 't\u00e9"'
    assert render(root) == entity(0, b'"aws":' + expected)
    assert render_member(root, b"aws") == expected


def test_a_single_member_is_written_with_its_edits():
    """And without those of the others."""
    http = b'"http":{"request":{"method":"GET","traced":true}}'
    root = outline(entity(0, http))
    assert render_member(root, b"http") == b'{"request":{"method":"GET"}}'
    assert render_member(root, b"name") == b'"n"'
    assert render_member(root, b"sql") is None


def alone(number, parent, members=b"", below=()):
    text = b'"type":"subsegment","trace_id":"%b" , "parent_id":"%b"'
    link = text % (TRACE_ID.encode(), IDS[parent].encode())
    return entity(number, link + (b"," + members if members else b""), below)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (entity(0), entity(0)[:-2] + b' ,"subsegments":[%b]}'),
        (entity(0, b'"subsegments":[ ]'), entity(0, b'"subsegments":[ %b]')),
        (entity(0, b'"subsegments":null,"a":1'), entity(0, b'"subsegments":[%b],"a":1')),
        (entity(0, b'"subsegments":{"a":1}'), entity(0, b'"subsegments":[%b]')),
        (
            entity(0, b"", [entity(1)]),
            entity(0, b"", [entity(1)]).replace(b"]", b",%b]"),
        ),
    ],
)
def test_what_was_sent_alone_is_put_behind_what_is_nested(parent, expected):
    """Whether there is a list already, an empty one, none or something else."""
    root = outline(parent)
    inserted = outline(alone(5, 0, HARD))
    inserted.is_inserted = True
    root.added.append(inserted)
    assert render(root) == expected % entity(5, HARD)


def test_a_subsegment_that_is_inserted_loses_its_links_but_nothing_else():
    """`type`, `parent_id` and `trace_id`, wherever they stand."""
    inserted = outline(b'{"type":"subsegment","parent_id":"x", "id":"i","trace_id":"t"}')
    inserted.is_inserted = True
    assert render(inserted) == b'{"id":"i"}'


def test_what_is_cut_leaves_no_comma_behind():
    """First, last or all; and others may take its place."""
    root = outline(entity(0, b"", [entity(1), entity(2), entity(3)]))
    for place in (0, 2):
        root.nested[place].is_cut = True
    assert render(root) == entity(0, b"", [entity(2)])
    root.nested[1].is_cut = True
    assert json.loads(render(root))["subsegments"] == []
    root.added.append(outline(entity(4)))
    assert json.loads(render(root))["subsegments"] == [json.loads(entity(4))]


def test_thousands_of_levels_are_written():
    """Each sent alone, put into the one before."""
    root = above = outline(entity(0))
    for _ in range(5000):
        below = outline(alone(1, 0))
        below.is_inserted = True
        above.added.append(below)
        above = below
    assert render(root).count(b'"subsegments":[') == 5000


def test_an_entity_is_found_without_what_is_nested_in_it():
    """The root or any other, as it was sent, edits of X-Ray not applied."""
    members = HARD + b',"http":{"request":{"traced":true}}'
    document = entity(0, members, [entity(1), entity(2, members, [entity(3)])])
    assert subsegment(document, IDS[0]) == entity(0, members)
    assert subsegment(document, IDS[2]) == entity(2, members)
    assert subsegment(document, IDS[3]) == entity(3)
    assert subsegment(document, IDS[4]) is None


def test_an_object_is_joined_from_raw_values():
    """In the order given."""
    assert join([("b", b"1e400"), ('a"', b"[]")]) == b'{"b":1e400,"a\\"":[]}'
    assert join([]) == b"{}"


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"subsegments":['])
def test_what_is_no_document_is_refused(document):
    """The outline is of documents that were checked, but never hangs."""
    with pytest.raises(InvalidDocumentError):
        outline(document)
