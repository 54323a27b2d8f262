"""`make down`: stop everything that `make up` started, and say what was stopped."""

import steps
from processes import Program

FLUORO = Program("fluoro")
DEMO_SHOP = Program("demo")


def stop_all() -> list[str]:
    """Stop the demo, then Fluoro, so that the last traces still arrive; names of what ran."""
    stopped = []
    for program in (DEMO_SHOP, FLUORO):
        if program.is_running():
            stopped.append(program.name)
        program.stop()
    return stopped


def down() -> int:
    """Stop all, in one line."""
    with steps.Waiting("stopping"):
        stopped = stop_all()
    print(f"stopped {' and '.join(stopped)}" if stopped else "nothing was running")
    return 0


if __name__ == "__main__":
    steps.main(down)
