"""Ten minutes of documents as fast as one server takes them: what that costs while it goes on.

The documents are as dense in time as they come, so the edges job counts what it would count of such
a load. The server has one processor, the client another.

    .venv/bin/python benchmarks/sustained.py --documents 6000000
"""

import argparse
import os
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bodies import data_set
from budget_lines import Stored, ingest_lines
from budgets import END, Options
from ingest import ingest
from report import Line, describe_commit, describe_machine, print_table, say
from serving import processors

_ROWS_AN_HOUR = 170_000_000
"""What one processor takes in an hour, about; so that the data lasts as long as the load."""
_QUIET_S = 90
"""A pass of the edges job and the merges that are left over."""


def main() -> None:
    """Send everything to an empty store and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=6_000_000)
    parser.add_argument("--rows-an-hour", type=int, default=_ROWS_AN_HOUR)
    said = parser.parse_args()
    options = Options(documents=said.documents, rows_an_hour=said.rows_an_hour)
    machine = describe_machine()
    data = data_set(options.shape("xray"))
    say(f"{data.documents:,} documents, made once in {data.made_s:.0f} s: {data.path}")
    pinned, client, _ = processors()
    os.sched_setaffinity(0, client)
    folder = Path(tempfile.mkdtemp(prefix="fluoro-bench-"))
    try:
        taken = ingest(folder / "data", data, data.bodies, pinned, _QUIET_S)
        if (folder / "server.log").read_text().count("job_failed"):
            sys.exit(f"a job failed: see {shutil.copy(folder / 'server.log', '.')}")
    finally:
        shutil.rmtree(folder)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    print(f"\n{today}, {describe_commit()}; {machine}.\n")
    print(f"    {shlex.join(['benchmarks/sustained.py', *sys.argv[1:]])}\n")
    print(
        f"{data.documents:,} documents, {data.rows:,} rows over {(END - data.shape.start) / 60:.1f}"
        f" minutes, sent within {taken.sent.took_s / 60:.1f} minutes.\n"
    )
    print_table(
        [
            *ingest_lines(Stored([taken], {}, {}, 0.0)),
            Line("resident memory, most", taken.full_bytes / 1e6, "MB", 2000.0),
            Line("resident memory, idle", taken.idle_bytes / 1e6, "MB", 400.0),
        ]
    )


if __name__ == "__main__":
    main()
