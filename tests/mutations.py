"""Documents and texts spoilt at random: what bugs, half a network and ill will send."""

import copy
import json
from random import Random

ODD_VALUES = (
    None,
    True,
    "",
    " ",
    "NaN",
    "1e5",
    -1,
    0,
    0.5,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    -(2**63) - 1,
    1e18,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    [],
    [None],
    [[[]]],
    {},
    {"": {}},
    "\ud800",
    "\x00",
    "a\tb\nc\rd",
    "'; DROP TABLE spans; --",
    "{account:String}",
    "\\N",
    "é" * 300,
    "x" * 3_000,
    "1-00000000-000000000000000000000000",
    "2026-11-23T00:00:00Z",
)
"""Written by `json.dumps`, which spells what is no JSON as Python does."""

ODD_TIMES = (-1e9, -1, 0, 1e-9, 31_536_000, 1e9, 1.7e9, 1.7e12, 4e9, 4.3e9, 7.3e9, 1e11, 1e13)
"""Seconds from before 1970 to beyond 2200, and milliseconds."""

ODD_PIECES = (*'"\\{}[],:\x00\t0🙂', "\\u0000", "\\ud83d")

_TIMES = {"start_time", "end_time"}
_IDS = ("", "0" * 16, "g" * 16, "A" * 16, "1" * 15, "1" * 17)
_MOST_MANY = 60
_DEEPEST = 60


def mutated_document(chance: Random, document: str) -> str:
    """A document, mostly of a trace of its own, with a few members or bytes changed."""
    found = json.loads(document)
    if chance.random() < 0.7:
        found["trace_id"] = f"1-{chance.getrandbits(32):08x}-{chance.getrandbits(96):024x}"
    for _ in range(chance.randint(0, 3)):
        _change(chance, found)
    text = json.dumps(found)
    return mutated_text(chance, text) if chance.random() < 0.2 else text


def mutated_text(chance: Random, text: str, pieces: tuple[str, ...] = ODD_PIECES) -> str:
    """A text with some pieces put in, taken out, doubled or swapped."""
    for _ in range(chance.randint(1, 3)):
        first, last = sorted(chance.randint(0, len(text)) for _ in range(2))
        last = min(last, first + 8)
        piece = text[first:last]
        match chance.randrange(4):
            case 0:
                text = text[:first] + chance.choice(pieces) + text[first:]
            case 1:
                text = text[:first] + text[last:]
            case 2:
                text = text[:first] + piece + text[first:]
            case _:
                text = text[:first] + piece[::-1] + text[last:]
    return text


def _change(chance: Random, document: dict) -> None:
    """Change one member somewhere in a document."""
    place = document
    while chance.random() < 0.5:
        inside = [each for each in _values(place) if isinstance(each, (dict, list)) and each]
        if not inside:
            break
        place = chance.choice(inside)
    keys = list(place) if isinstance(place, dict) else range(len(place))
    key = chance.choice(list(keys)) if keys else None
    match chance.randrange(8):
        case 0 if key is not None and isinstance(place, dict):
            del place[key]
        case 1:
            document[chance.choice(sorted(_TIMES))] = chance.choice(ODD_TIMES)
        case 2:
            document[chance.choice(("id", "trace_id", "parent_id"))] = chance.choice(_IDS)
        case 3:
            document["annotations"] = {
                f"key{number}": _odd(chance) for number in range(chance.randint(0, _MOST_MANY))
            }
        case 4:
            document["subsegments"] = [_deep(chance, chance.randint(1, _DEEPEST))]
        case 5 if isinstance(place, dict):
            place[str(_odd(chance))] = _odd(chance)
        case _ if key is not None:
            place[key] = _odd(chance)
        case _:
            document["extra"] = _odd(chance)


def _odd(chance: Random) -> object:
    return copy.deepcopy(chance.choice(ODD_VALUES))


def _values(place: object) -> list:
    return list(place.values()) if isinstance(place, dict) else list(place)


def _deep(chance: Random, levels: int) -> dict:
    """A subsegment with so many levels below it."""
    found: dict = {}
    for _ in range(levels):
        found = {
            "id": f"{chance.getrandbits(64):016x}",
            "name": "deep",
            "start_time": 1.7e9,
            "end_time": 1.7e9 + 1,
        } | ({"subsegments": [found]} if found else {})
    return found
