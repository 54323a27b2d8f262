"""What a server says of itself at /openapi.json holds, whatever is asked: schemathesis tries."""

import subprocess
import sys
from pathlib import Path

from asking import Asking
from fluoro.server.operations import OPERATIONS
from fluoro_up import fluoro_up

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
"""Not `positive_data_acceptance`: what fits a schema may name a group that is not there. Not
`unsupported_method`: a GET of any path is the console's, and other methods are no operation."""

LIMIT_S = 900
"""Alone it takes less than a minute."""


def test_schemathesis(tmp_path: Path):
    """No answer but those described, never 5xx, and what breaks the schema is refused."""
    with fluoro_up(tmp_path) as fluoro:
        Asking(fluoro.xray).prepare()
        command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
        command += [f"{fluoro.server}/openapi.json", f"--checks={','.join(CHECKS)}"]
        command += ["--phases=examples,coverage,fuzzing", "--max-examples=5", "--workers=2"]
        command += ["--generation-database=none", "--warnings=off", "--no-color"]
        finished = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"Tested: {len(OPERATIONS)}" in finished.stdout
