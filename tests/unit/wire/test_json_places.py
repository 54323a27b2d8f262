import json

import pytest

from fluoro.errors import InvalidDocumentError
from fluoro.wire.json_places import cuts, is_list, is_object, items, last, members, skip

TEXT = (
    b'{ "a" : 1 ,"b":"x,}]\\"" , "c":[1,{"d":"]"} ,[]], "\\u0065":{"f":{}},'
    b'"g":null,"a":-1.5e3 ,"h":{"i":[[["}"]]]} }'
)


def values(text, places):
    return [text[place.value : place.end] for place in places]


def test_members_are_found_with_key_and_value():
    """As they stand in the text, equal keys and all, escapes in keys read."""
    places = members(TEXT, 0)
    assert [place.key for place in places] == [b"a", b"b", b"c", b"e", b"g", b"a", b"h"]
    assert values(TEXT, places) == [
        b"1",
        b'"x,}]\\""',
        b'[1,{"d":"]"} ,[]]',
        b'{"f":{}}',
        b"null",
        b"-1.5e3",
        b'{"i":[[["}"]]]}',
    ]
    assert TEXT[places[0].start : places[0].end] == b'"a" : 1'


def test_items_are_found():
    """Scalars and containers, with any white space between."""
    text = b'[ 1 ,"a,]" ,\n[2,[3]],{"b":[]}, true]'
    assert values(text, items(text, 0)) == [b"1", b'"a,]"', b"[2,[3]]", b'{"b":[]}', b"true"]


@pytest.mark.parametrize("text", [b"{}", b"{ }", b"[]", b"[ ]", b"5", b'"text"', b"null"])
def test_what_is_empty_or_no_container_holds_nothing(text):
    """Neither members nor items."""
    assert members(text, 0) == []
    assert items(text, 0) == []


def test_objects_have_no_items_and_lists_no_members():
    """The first character decides."""
    assert is_object(b"{}", 0)
    assert is_list(b"[]", 0)
    assert items(b'{"a":1}', 0) == members(b"[1]", 0) == []


def test_a_value_of_any_depth_is_passed_over():
    """Without recursion."""
    text = b'{"a":[' * 50_000 + b'"]}"' + b"]}" * 50_000
    assert skip(text + b",5", 0) == len(text)


def test_of_equal_keys_the_last_one_counts():
    """As everywhere else."""
    places = members(TEXT, 0)
    assert last(places, b"a") == places[5]
    assert last(places, b"z") is None


@pytest.mark.parametrize("kept", range(16))
def test_cutting_leaves_json_of_what_is_kept(kept):
    """Any choice of four members or items, commas and all."""
    is_cut = [not kept & 1 << place for place in range(4)]
    rest = [value for value, cut in enumerate(is_cut) if not cut]
    as_object = b'{ "k0":0 , "k1":1,"k2" :2, "k3":3 }'
    as_list = b"[ 0 ,1, 2,3 ]"
    assert json.loads(without(as_list, items(as_list, 0), is_cut)) == rest
    assert json.loads(without(as_object, members(as_object, 0), is_cut)) == {
        f"k{value}": value for value in rest
    }


def without(text, places, is_cut):
    pieces, at = [], 0
    for start, end in cuts(places, is_cut):
        pieces.append(text[at:start])
        at = end
    return b"".join([*pieces, text[at:]])


@pytest.mark.parametrize("text", [b"{", b'{"a"', b'{"a":', b'{"a":[', b'{"a":1', b"{5}"])
def test_text_that_ends_too_early_is_refused(text):
    """It never hangs, whatever bytes it is given."""
    with pytest.raises(InvalidDocumentError):
        members(text, 0)
