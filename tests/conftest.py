"""The one desk that all tests of a run share: real Rasa, real action server, real gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(tmp_path_factory.mktemp("desk") / "var") as running:
        yield running


@pytest.fixture(scope="session")
def desk_url(desk: Desk) -> str:
    return desk.url
