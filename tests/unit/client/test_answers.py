import pytest

from fluoro.client.answers import Summaries, read
from fluoro.errors import CallRefusedError


def test_null_is_absent():
    """AWS sends null where Fluoro leaves out, in any depth."""
    summary = {"Id": "1-2-3", "Http": {"HttpURL": None}, "EntryPoint": None, "ServiceIds": None}
    (found,) = read({"TraceSummaries": [summary], "NextToken": None}, Summaries).trace_summaries
    assert (found.id, found.entry_point.name, found.http.http_url) == ("1-2-3", "", None)


def test_another_shape_is_refused():
    """With the place where it differs."""
    with pytest.raises(CallRefusedError, match=r"none of an X-Ray API: .*TraceSummaries"):
        read({"TraceSummaries": "many"}, Summaries)
