import pytest

from fluoro.errors import InputError
from fluoro.model.tenant import LOCAL
from fluoro.server.search import Token, fingerprint, read_page, read_token, spell_token
from fluoro.store.storage import Position, Search

TRACE = "1-6553f100-00000000000000000000000a"


@pytest.fixture
def search():
    return Search(start_us=0, end_us=2**52, limit=2)


@pytest.fixture
def five(server, document, trace_id):
    """A store with five traces, the fifth the newest."""
    server.put(*(document(n, trace_id(n), start=n) for n in range(1, 6)))
    return server.storage


def numbers(traces):
    return [int(trace.id[-4:], 16) for trace in traces]


def test_pages_are_newest_first(five, search):
    """A page has what was asked for, and the next begins after it."""
    page = read_page(five, LOCAL, search, lambda _: True)
    assert numbers(page.traces) == [5, 4]
    assert page.after.trace_id == page.traces[-1].id


def test_candidates_that_are_not_taken_are_replaced(five, search):
    """A page is filled from the candidates after those that were dropped."""
    page = read_page(five, LOCAL, search, lambda trace: int(trace.id[-1]) % 2 == 1)
    assert numbers(page.traces) == [5, 3]
    page = read_page(five, LOCAL, search, lambda trace: int(trace.id[-1]) == 1)
    assert numbers(page.traces) == [1]
    assert page.after is None


def test_a_token_is_read_back():
    """What is spelled is read, for the same query."""
    token = Token(Position(7, TRACE), 3, fingerprint(1, 2, "Event", "ok"))
    assert read_token(spell_token(token), fingerprint(1, 2, "Event", "ok")) == token


@pytest.mark.parametrize(
    "query",
    [(0, 2, "Event", "ok"), (1, 3, "Event", "ok"), (1, 2, "Service", "ok"), (1, 2, "Event", "")],
)
def test_a_token_of_another_query(query):
    """Range, type and filter must be the same."""
    text = spell_token(Token(Position(7, TRACE), 3, fingerprint(1, 2, "Event", "ok")))
    with pytest.raises(InputError, match=r"^Invalid token "):
        read_token(text, fingerprint(*query))


@pytest.mark.parametrize("text", ["x", "é", "e30=", "W10=", "bnVsbA=="])
def test_what_is_no_token(text):
    """AWS's sentence with the token."""
    with pytest.raises(InputError, match=f"^Invalid token {text}$"):
        read_token(text, "")
