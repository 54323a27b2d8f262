"""Programs in Java that tests run."""

import subprocess
from pathlib import Path

from tools import tools

NEEDED = "Java 17 or newer with Maven: https://maven.apache.org/install.html"
SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Several run at once beside what they test."""


def java_with_classes(folder: Path) -> list[str]:
    """The start of a command line, which the name of a class follows.

    What is in `folder` is built when it changed; Maven keeps packages in its own cache.
    """
    maven, java = tools(NEEDED, "mvn", "java")
    target = folder / "target"
    built = target / "built"
    sources = [folder / "pom.xml", *(folder / "src").iterdir()]
    if not built.exists() or built.stat().st_mtime < max(one.stat().st_mtime for one in sources):
        goals = ["compiler:compile", "dependency:copy-dependencies"]
        subprocess.run([maven, "--quiet", "--batch-mode", *goals], cwd=folder, check=True)
        built.touch()
    return [java, *SMALL, "-cp", f"{target / 'classes'}:{target / 'dependency'}/*"]
