import dataclasses

import msgspec
import pytest

from fluoro.agent.settings import AgentSettings
from fluoro.server.settings import ServerSettings


def test_the_agent_takes_its_file(base):
    """Every key of the agent's ConfigMap is a setting with a value that can work."""
    settings = base.settings("agent")
    assert settings.keys() <= _names(AgentSettings)
    msgspec.convert(settings, AgentSettings)


def test_the_server_takes_its_file(base):
    """Every key of the server's ConfigMap is a setting; it can work together with --insecure."""
    settings = base.settings("server")
    assert settings.keys() <= _names(ServerSettings)
    msgspec.convert(
        settings | {"insecure": True}, ServerSettings, dec_hook=lambda type_, text: type_(text)
    )


@pytest.mark.parametrize(
    ("program", "settings"), [("agent", AgentSettings), ("server", ServerSettings)]
)
def test_every_flag_is_a_setting(base, program, settings):
    """Arguments of the containers are the program, its file, and flags of its settings."""
    known = {f"--{name.replace('_', '-')}" for name in _names(settings)}
    (container,) = [
        container
        for pod in base.pods()
        for container in pod["containers"]
        if container["name"] == program
    ]
    command, file, *flags = container["args"]
    assert command == program
    assert file == "--config=/etc/fluoro/fluoro.yaml"
    assert {flag.partition("=")[0] for flag in flags} <= known


def _names(settings: type) -> set[str]:
    return {field.name for field in dataclasses.fields(settings)}
