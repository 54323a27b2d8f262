"""`make dev`: Fluoro, the demo and the console's development server; a saved file reloads its part.

Python files restart `fluoro up`; the console reloads by itself in the browser. Ctrl-C stops all.
"""

import argparse
import os
import time
from typing import NoReturn

import steps
from checkout import CONSOLE, ROOT
from down import FLUORO, stop_all
from install import install
from processes import Program
from up import start_demo, start_fluoro

CONSOLE_SERVER = Program("console")
_LOOK_S = 0.5


def dev(agent: str, server: str) -> NoReturn:
    """Start everything and watch src/ until Ctrl-C."""
    if FLUORO.is_running():
        raise steps.StepError("Fluoro is already running: stop it with `make down`", 2)
    install()
    try:
        addresses = start_fluoro(agent, server)
        start_demo(addresses)
        os.environ["FLUORO_DEV_SERVER"] = addresses["server"]
        CONSOLE_SERVER.start(["npm", "run", "dev", "--prefix", CONSOLE])
        print(f"\nFluoro    {addresses['server']}")
        print(f"console   its address is in {CONSOLE_SERVER.output.relative_to(ROOT)}")
        print("Ctrl-C stops all; logs are in .run/*.log", flush=True)
        _reload_on_save(addresses["agent"], addresses["server"].partition("//")[2])
    finally:
        CONSOLE_SERVER.stop()
        stop_all()


def _reload_on_save(agent: str, server: str) -> NoReturn:
    seen = _saved()
    while True:
        time.sleep(_LOOK_S)
        if (now := _saved()) != seen:
            seen = now
            FLUORO.stop()
            try:
                start_fluoro(agent, server)
            except steps.StepError as error:
                print(error, flush=True)


def _saved() -> dict[str, int]:
    """When each source was saved, in nanoseconds."""
    suffixes = {".py", ".sql"}
    return {
        str(path): path.stat().st_mtime_ns
        for path in (ROOT / "src").rglob("*")
        if path.suffix in suffixes
    }


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--agent-address", required=True, metavar="HOST:PORT")
    options.add_argument("--server-address", required=True, metavar="HOST:PORT")
    arguments = options.parse_args()
    steps.main(lambda: dev(arguments.agent_address, arguments.server_address))
