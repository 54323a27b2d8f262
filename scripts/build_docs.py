"""`make docs`: build the documentation into site/; a broken link is an error."""

import os

import steps
from checkout import ROOT, VENV
from install import install


def build_docs() -> int:
    """Build and say where the first page is."""
    install()
    os.environ["NO_MKDOCS_2_WARNING"] = "true"
    steps.run("building the documentation", [VENV / "bin" / "mkdocs", "build", "--strict"])
    print(ROOT / "site" / "index.html")
    return 0


if __name__ == "__main__":
    steps.main(build_docs)
