import pytest
from starlette.testclient import TestClient

from fluoro.server.admin import create_admin


@pytest.fixture
def admin(server):
    with TestClient(create_admin(server.backend, "1.2.3")) as client:
        yield client


def test_a_server_that_works(admin):
    """Alive and ready."""
    assert admin.get("/livez").status_code == 200
    assert admin.get("/readyz").status_code == 200


def test_a_store_that_does_not_answer(server, admin):
    """Not ready, with the reason; alive all the same, since a restart would not help."""
    server.storage.is_broken = True
    answer = admin.get("/readyz")
    assert answer.status_code == 503
    assert "no disk" in answer.text
    assert admin.get("/livez").status_code == 200


def test_a_server_that_stops(server, admin):
    """Not ready from the first moment of stopping."""
    server.backend.is_stopping = True
    assert admin.get("/readyz").status_code == 503
    assert admin.get("/livez").status_code == 200


def test_metrics(admin):
    """Prometheus' text, with the version that runs."""
    answer = admin.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'fluoro_server_version{version="1.2.3"} 1\n' in answer.text
