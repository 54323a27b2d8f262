import dataclasses

import pytest

from fluoro.agent.settings import AgentSettings
from fluoro.server.settings import ServerSettings


@pytest.mark.parametrize(
    ("program", "settings"), [("agent", AgentSettings), ("server", ServerSettings)]
)
def test_every_key_is_a_setting(base, program, settings):
    """The ConfigMaps set nothing that the programs do not know."""
    known = {field.name for field in dataclasses.fields(settings)}
    assert base.settings(program).keys() <= known


@pytest.mark.parametrize(
    ("program", "settings"), [("agent", AgentSettings), ("server", ServerSettings)]
)
def test_every_flag_is_a_setting(base, program, settings):
    """Arguments of the containers are the program, its file, and flags of its settings."""
    known = {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(settings)}
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
