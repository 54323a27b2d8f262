"""One `fluoro up` for the tests with the official SDKs."""

from collections.abc import Iterator

import pytest

from fluoro_up import Fluoro, fluoro_up


@pytest.fixture(scope="session")
def fluoro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fluoro]:
    """Agent and server as installed, on free ports, with a store of their own."""
    with fluoro_up(tmp_path_factory.mktemp("fluoro")) as running:
        yield running
