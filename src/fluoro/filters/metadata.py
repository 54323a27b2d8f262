"""What `metadata` finds in the metadata of a segment: an extension.

X-Ray keeps metadata as namespaces of keys, with any JSON below. Lists are looked through: each item
stands where its list does.
"""

from collections.abc import Iterator

from fluoro.filters.tree import Value


def values_at(metadata: object, path: str) -> Iterator[Value | None]:
    """The values of a key, by itself, below a namespace, or deeper with dots between the keys.

    A key may hold dots itself; each key that the path begins with is tried. None stands for an
    object: it is there, and nothing can be compared with it. A null is no value.
    """
    waiting = [(each, path) for each in _items(metadata)]
    waiting += [
        (each, path)
        for namespaces in _items(metadata)
        if isinstance(namespaces, dict)
        for below in namespaces.values()
        for each in _items(below)
    ]
    while waiting:
        value, rest = waiting.pop()
        if not rest:
            if isinstance(value, dict):
                yield None
            elif value is not None:
                yield _comparable(value)
        elif isinstance(value, dict):
            for key, below in value.items():
                if rest == key:
                    waiting += [(each, "") for each in _items(below)]
                elif rest.startswith(f"{key}.") and len(rest) > len(key) + 1:
                    waiting += [(each, rest[len(key) + 1 :]) for each in _items(below)]


def everything(metadata: object) -> Iterator[Value]:
    """Every key and every value, at any depth."""
    waiting = [metadata]
    while waiting:
        for value in _items(waiting.pop()):
            if isinstance(value, dict):
                yield from value
                waiting += value.values()
            elif value is not None:
                yield _comparable(value)


def _items(value: object) -> Iterator[object]:
    """A value that is no list, or those that a list holds, at any depth of lists."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        else:
            yield each


def _comparable(value: object) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if isinstance(value, str | float | bool) else str(value)
