import pytest

from fluoro.filters.metadata import everything, values_at

METADATA = {
    "default": {
        "order": {"id": 5, "lines": [{"sku": "a"}, {"sku": "b"}, [{"sku": "c"}]]},
        "a.b": {"c.d": "dotted"},
        "none": None,
        "paid": False,
    },
    "shop": {"order": "text", "flat": [1, 2.5, "x"]},
    "bare": "top",
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("order.id", [5.0]),
        ("default.order.id", [5.0]),
        ("order", [None, "text"]),
        ("shop.order", ["text"]),
        ("order.lines.sku", ["a", "b", "c"]),
        ("a.b.c.d", ["dotted"]),
        ("default.a.b.c.d", ["dotted"]),
        ("a.b", [None]),
        ("flat", [1.0, 2.5, "x"]),
        ("paid", [False]),
        ("none", []),
        ("bare", ["top"]),
        ("order.nothing", []),
        ("order.id.more", []),
        ("Order.id", []),
        ("order.", []),
        (".order", []),
    ],
)
def test_a_path_leads_below_a_namespace_or_from_the_top(path, values):
    """Objects are there without a value, lists are looked through, null is nothing."""
    found = list(values_at(METADATA, path))
    assert sorted(found, key=str) == sorted(values, key=str)
    assert [type(each) for each in sorted(found, key=str)] == [
        type(each) for each in sorted(values, key=str)
    ]


def test_everything_is_keys_and_values():
    """At any depth, namespaces among them; null is nothing."""
    assert sorted(everything({"ns": {"k": ["v", 1, {"deep": True}], "n": None}}), key=str) == [
        1.0,
        True,
        "deep",
        "k",
        "n",
        "ns",
        "v",
    ]


@pytest.mark.parametrize("metadata", [None, "text", 5, [], [{"k": 1}], {"k": 1}])
def test_metadata_may_be_any_json(metadata):
    """SDKs send objects of objects; nobody makes sure."""
    assert list(values_at(metadata, "k")) == (
        [1.0] if isinstance(metadata, list | dict) and metadata else []
    )
    assert isinstance(list(everything(metadata)), list)


def test_depth_is_no_limit():
    """As deep as documents may be."""
    inner: object = "found"
    for _ in range(1000):
        inner = [{"k": inner}]
    assert "found" in list(everything(inner))
    assert list(values_at(inner, ".".join("k" * 1000))) == ["found"]
