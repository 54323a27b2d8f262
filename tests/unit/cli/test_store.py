import http.server
import json
import threading

import pytest

from fluoro.cli import store
from fluoro.cli.store import Where
from fluoro.errors import SettingsError, StoreUnavailableError
from fluoro.store.upkeep import DayOfTable, Statistics


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers whatever it is asked as the test says."""

    def do_GET(self):
        status, body = self.server.answer
        self.server.asked.append((self.command, self.path))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  the base class looks for this name

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def where(server):
    return Where(server_admin=f"127.0.0.1:{server.server_port}")


def test_statistics_are_a_table(server, where, capsys):
    """Numbers to the right, words to the left, the sums below."""
    found = {
        "schema_version": 3,
        "oldest_receipt_us": 1_800_000_000_000_000,
        "newest_receipt_us": None,
        "tombstones": 1234,
        "days_dropped": {"retention": 2, "disk": 1000},
        "excess_bytes": 5000,
        "tables": [
            {"table": "documents", "day": "2027-01-15", "rows": 1000, "bytes": 5, "parts": 1},
            {"table": "schema_versions", "day": "", "rows": 2, "bytes": 1995, "parts": 2},
        ],
    }
    server.answer = 200, json.dumps(found).encode()
    store.stats(where=where)
    assert capsys.readouterr().out.splitlines() == [
        "table            day of receipt   rows  bytes  parts",
        "documents        2027-01-15      1,000      5      1",
        "schema_versions                      2  1,995      2",
        "",
        "days dropped    1,000 for disk, 2 for retention, since the server started",
        "above the cap   5,000 bytes, all of today",
        "bytes in all    2,000",
        "oldest receipt  2027-01-15 08:00:00 UTC",
        "newest receipt  none",
        "deleted traces  1,234 that are refused",
        "schema version  3",
    ]
    store.stats(where=where, json=True)
    assert json.loads(capsys.readouterr().out) == found
    assert server.asked == [("GET", "/store/stats")] * 2


def test_an_empty_store_has_a_table_too():
    """Only its head."""
    empty = Statistics(3, None, None, 0, [])
    assert store._table(empty).splitlines()[0] == "table  day of receipt  rows  bytes  parts"
    one = DayOfTable("t", "", 1, 2, 3)
    assert "bytes in all    2" in store._table(Statistics(3, None, None, 0, [one]))


def test_a_fault_ends_the_check_with_status_1(server, where, capsys):
    """Each finding is a line."""
    findings = [
        {"check": "schema", "is_fine": True, "message": "one"},
        {"check": "parts", "is_fine": False, "message": "two"},
    ]
    server.answer = 200, json.dumps(findings).encode()
    with pytest.raises(SystemExit) as ended:
        store.check(where=where)
    assert ended.value.code == 1
    assert capsys.readouterr().out == "ok   one\nBAD  two\n"
    server.answer = 200, json.dumps(findings[:1]).encode()
    store.check(where=where)


def test_what_the_server_refuses_names_the_flag(server, where, tmp_path):
    """In the server's own words."""
    server.answer = 400, b'{"message": "is there already"}'
    with pytest.raises(SettingsError, match="is there already") as refused:
        store.backup(to=tmp_path, where=where)
    assert refused.value.setting == "to"
    server.answer = 403, b'{"message": "only this machine may ask"}'
    with pytest.raises(SettingsError, match="only this machine") as refused:
        store.stats(where=where)
    assert refused.value.setting == "server_admin"


def test_a_server_whose_store_fails_may_be_asked_again(server, where):
    """That is status 1, not 2."""
    server.answer = 503, b'{"message": "no disk"}'
    with pytest.raises(StoreUnavailableError, match="no disk"):
        store.delete(trace="x", where=where)


@pytest.mark.parametrize("answer", [(200, b"<html>"), (404, b"Not Found")])
def test_another_program_at_the_address_is_noticed(server, where, answer):
    """Its answer is not ours."""
    server.answer = answer
    with pytest.raises(SettingsError, match="is no admin address of a Fluoro server"):
        store.stats(where=where)
