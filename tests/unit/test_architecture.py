import itertools
import re
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def imports() -> set[tuple[str, str]]:
    """(importer, imported) among the packages and modules directly below `fluoro`."""
    graph = grimp.build_graph("fluoro", cache_dir=None)
    packages = sorted(graph.find_children("fluoro"))
    return {
        (importer.removeprefix("fluoro."), imported.removeprefix("fluoro."))
        for importer in packages
        for imported in packages
        if importer != imported
        and graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)
    }


def drawn(page: str) -> set[tuple[str, str]]:
    """Arrows of the page's only flowchart; `a --> b & c` is two, `a --> b --> c` too."""
    (flowchart,) = re.findall(r"```mermaid\nflowchart TD\n(.*?)```", page, re.DOTALL)
    arrows = set()
    for line in flowchart.splitlines():
        stops = [stop.replace("&", " ").split() for stop in line.split("-->")]
        for left, right in itertools.pairwise(stops):
            arrows |= {(a, b) for a in left for b in right}
    return arrows


def reduced(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The arrows that no chain of others implies (the arrows have no cycle)."""

    def reaches(start: str, end: str) -> bool:
        return any(b == end or reaches(b, end) for a, b in arrows if a == start)

    return {
        (a, b) for a, b in arrows if not any(reaches(c, b) for x, c in arrows if x == a and c != b)
    }


def test_the_diagram_is_the_code(imports):
    """docs/architecture.md draws each import between packages, none that others imply, no other."""
    assert drawn((ROOT / "docs" / "architecture.md").read_text()) == reduced(imports)


def test_every_package_is_in_the_table():
    """The table under the diagram names every package and module below `fluoro`."""
    rows = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE
    )
    children = {
        path.stem
        for path in (ROOT / "src" / "fluoro").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(rows) == children - {"__init__"}


def test_reduction_leaves_out_what_a_chain_implies():
    """Of a → b → c and a → c only the chain is drawn."""
    assert reduced({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_both_forms_of_arrows_are_read():
    """A line may fan out with & and go on with another arrow."""
    page = "```mermaid\nflowchart TD\n  a --> b & c\n  c --> d --> e\n```"
    assert drawn(page) == {("a", "b"), ("a", "c"), ("c", "d"), ("d", "e")}
