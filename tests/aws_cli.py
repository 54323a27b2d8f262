"""The AWS CLI as it ships, with one server as its endpoint and without anybody's settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name

LIMIT_S = 60


class Cli:
    """Runs `aws xray` with its settings in a folder."""

    def __init__(self, server: str, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def run(self, operation: str, members: Mapping[str, Any]) -> "subprocess.CompletedProcess[str]":
        """How it ended, asked for an operation by its name in the model."""
        command = [sys.executable, "-m", "awscli", "xray", xform_name(operation, "-")]
        command += [f"--endpoint-url={self._server}", "--region=us-east-1", "--output=json"]
        for name, value in members.items():
            text = value if isinstance(value, str) else json.dumps(value)
            command.append(f"--{xform_name(name, '-')}={text}")
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": str(self._folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._folder / "credentials"),
        }
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
