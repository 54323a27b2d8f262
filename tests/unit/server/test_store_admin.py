import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from fluoro.errors import SettingsError, StoreUnavailableError
from fluoro.server import store_admin
from fluoro.store.memory import MemoryStorage
from fluoro.store.upkeep import DayOfTable, Finding, Statistics

NOW_US = 1_800_000_000_000_000
DAY_US = 86_400_000_000
TRACE = "1-6553f100-00000000000000000000000a"


class Kept(MemoryStorage):
    """A memory store with the upkeep's answers; notes until when deletions hold."""

    def __init__(self):
        super().__init__()
        self.upkeep = self
        self.error = None
        self.until = []
        self.backups = []

    def delete_traces(self, tenant, trace_ids, until_us):
        if self.error is not None:
            raise self.error
        self.until.append((tenant, list(trace_ids), until_us))
        return super().delete_traces(tenant, trace_ids, until_us)

    def statistics(self):
        return Statistics(2, 1, 2, 3, [DayOfTable("documents", "2027-01-01", 4, 5, 6)])

    def check(self):
        return [Finding("schema", is_fine=True, message="fine")]

    def back_up(self, folder):
        if self.backups:
            raise SettingsError("to", "is there already")
        self.backups.append(str(folder))


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def client(kept):
    """Of this machine."""
    app = Starlette(routes=store_admin.routes(kept, 30, lambda: NOW_US))
    with TestClient(app, client=("127.0.0.1", 5000)) as client:
        yield client


@pytest.mark.parametrize("host", ["10.0.0.7", "::ffff:10.0.0.7", "fe80::1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "stats"), ("POST", "check"), ("POST", "delete"), ("POST", "backup")],
)
def test_only_this_machine_may_ask(kept, host, method, path):
    """The admin listener may be open to a cluster."""
    app = Starlette(routes=store_admin.routes(kept, 30, lambda: NOW_US))
    with TestClient(app, client=(host, 5000)) as client:
        answer = client.request(method, f"/store/{path}", content=b'{"trace_id": "x"}')
    assert answer.status_code == 403
    assert answer.json() == {"message": "only this machine may ask"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_by_any_of_its_names(kept, host):
    """A dual-stack listener spells its version 4 address in version 6."""
    app = Starlette(routes=store_admin.routes(kept, 30, lambda: NOW_US))
    with TestClient(app, client=(host, 5000)) as client:
        assert client.get("/store/stats").status_code == 200


def test_no_page_of_a_browser_may_ask(client):
    """It runs on this machine, and says where its page is from."""
    headers = {"Origin": "http://evil.example"}
    answer = client.post("/store/delete", json={"trace_id": TRACE}, headers=headers)
    assert answer.status_code == 403


def test_a_trace_is_deleted_for_the_retention_time(client, kept):
    """Of the local tenant, unless another is named; any form of its id."""
    answer = client.post("/store/delete", json={"trace_id": TRACE.replace("-", "")[1:].upper()})
    assert (answer.status_code, answer.json()) == (200, {"traces": 0})
    ((tenant, ids, until_us),) = kept.until
    assert (tenant.account, tenant.region) == ("000000000000", "us-east-1")
    assert (ids, until_us) == ([TRACE], NOW_US + 30 * DAY_US)
    client.post("/store/delete", json={"trace_id": TRACE, "account": "1" * 12, "region": "r"})
    assert (kept.until[1][0].account, kept.until[1][0].region) == ("1" * 12, "r")


def test_a_user_is_deleted(client, kept):
    """By an exact name."""
    assert client.post("/store/delete", json={"user": "ada"}).json() == {"traces": 0}
    assert len(kept.until) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "name either a trace or a user"),
        (b'{"trace_id": "1-6553f100-00000000000000000000000a", "user": "a"}', "name either"),
        (b'{"trace_id": "x"}', "Invalid trace id x"),
        (b'{"user": ""}', "a user's name cannot be empty"),
        (b"no JSON", "the body cannot be read"),
        (b'{"user": 7}', "the body cannot be read"),
    ],
)
def test_what_cannot_be_deleted(client, kept, body, message):
    """With one sentence; nothing happens."""
    answer = client.post("/store/delete", content=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert kept.until == []


def test_a_store_that_fails_is_not_the_callers_fault(client, kept):
    """503, as everywhere."""
    kept.error = StoreUnavailableError("no disk")
    answer = client.post("/store/delete", json={"trace_id": TRACE})
    assert (answer.status_code, answer.json()) == (503, {"message": "no disk"})


def test_statistics_and_findings_are_json(client):
    """With the names of their fields."""
    assert client.get("/store/stats").json() == {
        "schema_version": 2,
        "oldest_receipt_us": 1,
        "newest_receipt_us": 2,
        "tombstones": 3,
        "tables": [{"table": "documents", "day": "2027-01-01", "rows": 4, "bytes": 5, "parts": 6}],
        "days_dropped": {},
        "excess_bytes": 0,
    }
    assert client.post("/store/check").json() == [
        {"check": "schema", "is_fine": True, "message": "fine"}
    ]


def test_a_backup_goes_to_an_absolute_path(client, kept):
    """The server's working folder is nobody's business; a folder that is there is refused."""
    assert client.post("/store/backup", json={"folder": "copy"}).status_code == 400
    answer = client.post("/store/backup", json={"folder": "/srv/copy"})
    assert (answer.status_code, answer.json()) == (200, {"folder": "/srv/copy"})
    assert kept.backups == ["/srv/copy"]
    answer = client.post("/store/backup", json={"folder": "/srv/copy"})
    assert (answer.status_code, answer.json()) == (400, {"message": "is there already"})


def test_reading_does_not_change_and_changing_is_not_read(client):
    """A link cannot delete."""
    assert client.get("/store/delete").status_code == 405
    assert client.post("/store/stats").status_code == 405
