import msgspec

from fluoro.client.fetch import fetch, parsed


def test_many_ids_are_asked_by_fives():
    """And answered as one."""
    asked = []

    class Echo:
        def ask(self, _operation, request):
            asked.append(len(request.trace_ids))
            return {"Traces": request.trace_ids, "UnprocessedTraceIds": ["late"]}

    ids = [str(number) for number in range(7)]
    assert fetch(Echo(), ids) == {"Traces": ids, "UnprocessedTraceIds": ["late", "late"]}
    assert asked == [5, 2]


def test_documents_become_json():
    """As they are, to the last digit."""
    segment = {"Id": "a", "Document": '{"start_time": 1.10, "n": 18446744073709551617}'}
    answer = {"Traces": [{"Id": "1", "Segments": [segment]}], "UnprocessedTraceIds": []}
    text = msgspec.json.encode(parsed(answer)).decode()
    assert '"Document":{"start_time": 1.10, "n": 18446744073709551617}' in text
