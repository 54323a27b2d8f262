import socket
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
FREE = "127.0.0.1:0"


@pytest.fixture
def up(tmp_path, monkeypatch):
    """scripts/up.py, installing nothing, with pid files, logs and data in a folder of the test."""
    monkeypatch.syspath_prepend(SCRIPTS)
    import down  # noqa: PLC0415  found only once the path is set
    import processes  # noqa: PLC0415
    import up  # noqa: PLC0415

    monkeypatch.setattr(processes, "RUN", tmp_path)
    monkeypatch.setattr(up, "RUN", tmp_path)
    monkeypatch.setattr(up, "install", lambda: None)
    for name in ("fluoro", "demo"):
        program = processes.Program(name)
        variable = {"fluoro": "FLUORO", "demo": "DEMO_SHOP"}[name]
        monkeypatch.setattr(up, variable, program)
        monkeypatch.setattr(down, variable, program)
    yield up
    down.stop_all()


@pytest.mark.process
def test_a_port_in_use_is_status_2(up):
    """One sentence names the address and what to set; nothing goes on running."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(up.steps.StepError, match=f"{address} .*AGENT=") as error:
            up.up(address, FREE)
    assert error.value.status == 2
    assert not up.FLUORO.is_running()


@pytest.mark.process
def test_a_demo_that_fails_leaves_nothing_running(up, tmp_path, monkeypatch):
    """When the last part does not start, the parts before it are stopped again."""
    monkeypatch.setattr(up, "DEMO", tmp_path)
    (tmp_path / "shop.py").write_text("raise SystemExit('the shop is closed')")
    with pytest.raises(up.steps.StepError, match="the shop is closed"):
        up.up(FREE, FREE)
    assert not up.FLUORO.is_running()
    assert not up.DEMO_SHOP.is_running()


@pytest.mark.process
@pytest.mark.node
def test_up_returns_with_the_first_trace(up, capsys):
    """It prints the URL once a trace is found there; said again it says so; then all stops."""
    assert up.up(FREE, FREE) == 0
    server = up.running_addresses()["server"]
    assert f"Fluoro    {server}\n" in capsys.readouterr().out
    assert up.up(FREE, FREE) == 0
    assert f"already running at {server}" in capsys.readouterr().out
    assert up.stop_all() == ["demo", "fluoro"]
    assert not up.FLUORO.is_running()
