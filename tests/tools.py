"""Programs that tests need and that may be absent from a machine."""

import os
import shutil

import pytest


def tools(needed: str, *names: str) -> list[str]:
    """The paths of `names`, which are part of what is `needed`, said with how to get it.

    Without one of them the test is skipped, but on a machine that says `CI=true` it fails.
    """
    found = [path for name in names if (path := shutil.which(name)) is not None]
    if len(found) < len(names):
        message = f"this test needs {needed}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found
