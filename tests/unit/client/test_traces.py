# ruff: noqa: E501  what a terminal shows is as wide as the terminal
import pytest
from inline_snapshot import snapshot

from fluoro.client.answers import Named, Summary
from fluoro.client.traces import filter_of, listed, pointed, search
from fluoro.errors import CallRefusedError
from fluoro.wire.xray_api import Http

NOW = 1_790_000_000.0
SERVICES = [Named("web", "client"), Named("web"), Named("orders", "AWS::DynamoDB::Table")]


def summary(number, **members):
    return Summary(f"1-6ab13b80-{number:024x}", NOW - number, number / 8, **members)


SUMMARIES = [
    summary(
        2,
        has_fault=True,
        http=Http("https://shop.example/checkout?basket=17&voucher=spring", 502, "POST"),
        service_ids=SERVICES,
    ),
    summary(1, has_error=True, http=Http("/health", 404, "GET"), service_ids=SERVICES[:2]),
    summary(3, has_throttle=True, entry_point=Named("worker"), service_ids=[Named("worker")]),
    summary(4, is_partial=True, service_ids=SERVICES[2:]),
]


class Pages:
    """An API that answers with pages, and remembers what it was asked."""

    def __init__(self, *pages):
        self.pages = list(pages)
        self.requests = []

    def ask(self, _operation, request):
        self.requests.append(request)
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def page(*ids, then=None):
    return {"TraceSummaries": [{"Id": id_} for id_ in ids], "NextToken": then, "New": len(ids)}


def ids(answer):
    return [each["Id"] for each in answer["TraceSummaries"]]


def test_a_narrow_list(text):
    """Newest first; the id is whole, since it is what one copies."""
    assert text(listed(SUMMARIES, 80), 80) == snapshot("""\

time UTC  duration  status    request        trace
14:13:19    125 ms  error     GET /health    1-6ab13b80-000000000000000000000001
14:13:18    250 ms  fault     POST /checko…  1-6ab13b80-000000000000000000000002
14:13:17    375 ms  throttle  worker         1-6ab13b80-000000000000000000000003
14:13:16    500 ms  partial   orders         1-6ab13b80-000000000000000000000004
""")


def test_a_wide_list(text):
    """Services and HTTP statuses too."""
    assert text(listed(SUMMARIES, 120), 120) == snapshot("""\

time UTC  duration  status    request                                   services     trace
14:13:19    125 ms  error     GET 404 /health                           web          1-6ab13b80-000000000000000000000001
14:13:18    250 ms  fault     POST 502 /checkout?basket=17&voucher=sp…  web, orders  1-6ab13b80-000000000000000000000002
14:13:17    375 ms  throttle  worker                                    worker       1-6ab13b80-000000000000000000000003
14:13:16    500 ms  partial   orders                                    orders       1-6ab13b80-000000000000000000000004
""")


def test_a_very_wide_list(text):
    """And whole URLs."""
    assert text(listed(SUMMARIES, 160), 160) == snapshot("""\

time UTC  duration  status    request                                                          services     trace
14:13:19    125 ms  error     GET 404 /health                                                  web          1-6ab13b80-000000000000000000000001
14:13:18    250 ms  fault     POST 502 https://shop.example/checkout?basket=17&voucher=spring  web, orders  1-6ab13b80-000000000000000000000002
14:13:17    375 ms  throttle  worker                                                           worker       1-6ab13b80-000000000000000000000003
14:13:16    500 ms  partial   orders                                                           orders       1-6ab13b80-000000000000000000000004
""")


def test_days_where_there_are_several(text):
    """Times alone would be in no order."""
    old = Summary("1-6ab13b80-00000000000000000000000f", NOW - 100_000)
    lines = text(listed([SUMMARIES[0], old], 120), 120).splitlines()
    assert [line[:19] for line in lines[2:]] == ["2026-09-21 14:13:18", "2026-09-20 10:26:40"]


def test_pages_are_followed_to_the_limit():
    """No further, and it is known whether there are more."""
    api = Pages(page("a", "b", then="t1"), page("c", "d", then="t2"))
    answer, is_cut = search(api, "fault", (1.0, 2.0), 3)
    assert (ids(answer), is_cut) == (["a", "b", "c"], True)
    assert [request.next_token for request in api.requests] == [None, "t1"]
    assert {request.filter_expression for request in api.requests} == {"fault"}
    assert "NextToken" not in answer
    assert answer["New"] == 2


def test_the_last_page_ends_it():
    """A null token is none; an empty page with one is followed."""
    answer, is_cut = search(Pages(page(then="t"), page("a")), None, (1.0, 2.0), 5)
    assert (ids(answer), is_cut) == (["a"], False)


def test_a_wrong_filter_is_pointed_at():
    """Under the line that it is about."""
    message = "Error Location: line 2, position 5 : Unknown keyword: 'fo'"
    with pytest.raises(CallRefusedError) as error:
        search(Pages(CallRefusedError(message)), "ok AND\n\tor fo", (1.0, 2.0), 5)
    assert str(error.value) == ("the filter is wrong: Unknown keyword: 'fo'\n  \tor fo\n  \t   ^")


@pytest.mark.parametrize("message", ["no", "Error Location: line 9, position 1 : what"])
def test_other_refusals_stay(message):
    """They have no place in the expression."""
    assert pointed(message, "ok") == message


@pytest.mark.parametrize(
    ("expression", "group", "filter_"),
    [
        ("", "", None),
        ("fault", "", "fault"),
        ("", "slow", 'group.name = "slow"'),
        ("ok OR error", "slow", 'group.name = "slow" AND (ok OR error)'),
    ],
)
def test_a_group_is_part_of_the_filter(expression, group, filter_):
    """As X-Ray's language has it."""
    assert filter_of(expression, group) == filter_
