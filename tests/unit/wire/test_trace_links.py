"""The links of a document to other traces."""

import json

import pytest

from fluoro.wire.trace_links import TraceLink, links_of

OTHER = "1-6553f100-00000000000000000000000B"


def links(value):
    """What is read of a document with these links."""
    return links_of(json.dumps({"id": "1" * 16, "name": "web", "links": value}).encode())


def test_a_link_names_a_trace_and_what_it_is():
    """In the order of the document, ids in the inside form."""
    said = {"attributes": {"aws.xray.reserved.reference_type": "parent", "x": 1}}
    found = links([{"trace_id": OTHER, "id": "2" * 16} | said, {"trace_id": OTHER}])
    assert found == [TraceLink(OTHER.lower(), "parent"), TraceLink(OTHER.lower(), "")]


@pytest.mark.parametrize(
    "value",
    [None, {}, "x", [], [None], [1], [{}], [{"trace_id": "x"}], [{"trace_id": 1}], ["links"]],
)
def test_what_is_no_link(value):
    """Left out, as any member that is not what it must be."""
    assert links(value) == []


@pytest.mark.parametrize("attributes", [None, [], {}, {"aws.xray.reserved.reference_type": 1}])
def test_attributes_that_say_nothing(attributes):
    """The link counts all the same."""
    entry = {"trace_id": OTHER, "attributes": attributes}
    assert links([entry]) == [TraceLink(OTHER.lower(), "")]


def test_links_that_are_not_utf8_json():
    """What msgspec refuses inside of them costs the links, not the answer."""
    assert links_of(b'{"id": "1", "links": [{"trace_id": "\\ud800"}]}') == []


def test_only_the_roots_links_count():
    """Those of a nested entity are its own."""
    nested = [{"id": "2" * 16, "name": "x", "links": [{"trace_id": OTHER}]}]
    assert links_of(json.dumps({"id": "1" * 16, "subsegments": nested}).encode()) == []
