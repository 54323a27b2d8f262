import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {".py", ".ts", ".tsx", ".js", ".mjs", ".css", ".sql"}
MOST_LINES = 500
# Assembled, so that this file does not hold them.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    )
]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_every_decision_is_in_the_index():
    """docs/adr/README.md links each decision once, with its number and title."""
    folder = ROOT / "docs" / "adr"
    rows = re.findall(
        r"^\| \[(\d{3})\]\((.+?)\) \| (.+?) \|", (folder / "README.md").read_text(), re.MULTILINE
    )
    decisions = []
    for path in sorted(folder.glob("[0-9]*.md")):
        number, title = re.match(r"# (\d{3}): (.+)\n", path.read_text()).groups()
        assert path.name.startswith(f"{number}-")
        decisions.append((number, path.name, title))
    assert rows == decisions


@pytest.mark.parametrize("part", ["Context", "Decision", "Alternatives", "Consequences"])
def test_every_decision_has_its_parts(part):
    """Each decision says its status and has the four headings."""
    for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"):
        text = path.read_text()
        assert f"\n## {part}\n" in text, path.name
        assert re.search(r"^Status: (accepted|replaced by \d{3})$", text, re.MULTILINE), path.name


def test_no_file_names_a_registry(tracked):
    """No tracked file says where packages come from (ADR 008)."""
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked
        for host in REGISTRIES
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_module_is_too_long(tracked):
    """Nothing that a person reads as code has more than 500 lines."""
    lengths = {
        str(path.relative_to(ROOT)): path.read_bytes().count(b"\n")
        for path in tracked
        if path.suffix in SOURCES
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_target_is_documented():
    """README names each target of the Makefile."""
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets == phony
    readme = (ROOT / "README.md").read_text()
    assert [target for target in targets if f"make {target}" not in readme] == []


def test_contributing_is_short():
    """CONTRIBUTING.md is read before the first change, so it stays below 150 lines."""
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 150


def test_every_change_is_well_named():
    """Files in changes/ are <issue>.<kind>.md, as towncrier reads them."""
    names = {path.name for path in (ROOT / "changes").iterdir()} - {"README.md"}
    wanted = re.compile(r"\d+\.(added|changed|fixed|removed)\.md")
    assert [name for name in names if not wanted.fullmatch(name)] == []


def test_every_page_is_in_the_navigation():
    """mkdocs.yml lists each page but the single decisions, which their index links."""
    listed = set(
        re.findall(r"^ +- ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    )
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages - listed if not re.match(r"adr/\d", page)} == set()
