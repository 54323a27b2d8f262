import pytest

from fluoro.agent.settings import AgentSettings
from fluoro.cli.agent import within
from fluoro.cli.memory import memory_limit_bytes


@pytest.mark.parametrize(
    ("content", "expected"),
    [("max\n", None), (str(100 << 20), 100 << 20), (str((1 << 63) - 4096), None)],
)
def test_the_containers_limit(tmp_path, content, expected):
    """No limit, one, and what version 1 of control groups calls none."""
    file = tmp_path / "memory.max"
    file.write_text(content)
    assert memory_limit_bytes((str(tmp_path / "absent"), str(file))) == expected


@pytest.mark.parametrize(
    ("memory_bytes", "expected"), [(None, 64 << 20), (1 << 40, 64 << 20), (100 << 20, 25 << 20)]
)
def test_the_agents_buffer_is_at_most_a_quarter_of_it(memory_bytes, expected):
    """A buffer that fills never brings the container to its limit."""
    assert within(AgentSettings(), memory_bytes).buffer_bytes == expected
