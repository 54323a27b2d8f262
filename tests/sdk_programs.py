"""The programs with the official SDKs, `steady` and `service`: what starts each."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

from go_programs import go_program
from java_programs import java_with_classes
from node_packages import node_with_packages

HERE = Path(__file__).parent / "conformance"
SENT_BY = {
    "python": "X-Ray for Python",
    "node": "X-Ray for Node.js",
    "go": "X-Ray for Go",
    "java": "X-Ray for Java",
}
SDKS = tuple(SENT_BY)
RULE_KEY = {
    "python": "sampling_rule_name",
    "node": "rule_name",
    "go": "sampling_rule_name",
    "java": "rule_name",
}
"""Under `aws.xray` of what a rule sampled."""


@functools.cache
def command(sdk: str, program: str = "steady") -> list[str]:
    """The start of the command line; a test without the SDK's tools is skipped."""
    commands: dict[str, Callable[[str], list[str]]] = {
        "python": _python,
        "node": _node,
        "go": _go,
        "java": _java,
    }
    return commands[sdk](program)


def _python(program: str) -> list[str]:
    return [sys.executable, str(HERE / "python" / f"{program}.py")]


def _node(program: str) -> list[str]:
    return [node_with_packages(HERE / "node"), str(HERE / "node" / f"{program}.js")]


def _go(program: str) -> list[str]:
    return [str(go_program(HERE / "go" / program))]


def _java(program: str) -> list[str]:
    return [*java_with_classes(HERE / "java"), program.capitalize()]
