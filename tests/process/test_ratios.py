"""What must not get dearer than what it replaced: CPU times of one process, as ratios.

Ratios only, of CPU and not of time, and far from what is measured (docs/benchmarks.md), so that
neither a slow machine nor a busy one fails them.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "flattening.py"
ROUNDS = 3
LIMIT_S = 600


@pytest.fixture(scope="module")
def costs() -> dict[str, float]:
    """Medians of the CPU that inserting a document costs, by route and size of the batch."""
    command = [sys.executable, str(PROGRAM), f"--rounds={ROUNDS}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT_S, check=True)
    return json.loads(done.stdout)


def test_the_views_cost_less_than_rows_made_in_python(costs):
    """The raw path takes at most three quarters of the CPU of flattening in Python."""
    assert costs["raw_us"] <= 0.75 * costs["python_us"], costs


def test_a_large_insert_costs_less_for_each_document(costs):
    """A document of an insert of 10,000 costs less CPU than one of an insert of 2,000."""
    assert costs["raw_us"] < costs["raw_small_us"], costs
