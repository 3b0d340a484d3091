"""The one desk that all tests of a run share: real Rasa, real action server, real gateway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from bot.server import serve
from bot.settings import Secrets, Settings
from tests.desk import Desk, free_port
from tests.servers import Postgres, Redis
from tests.telegram_double.server import BotApi


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(tmp_path_factory.mktemp("desk") / "var") as running:
        yield running


@pytest.fixture(scope="session")
def desk_url(desk: Desk) -> str:
    return desk.url


class BothDoors(NamedTuple):
    """A gateway that people reach in a window and through a Bot API on loopback."""

    api: BotApi
    settings: Settings

    @property
    def url(self) -> str:
        return self.settings.address


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database: SQLite, or PostgreSQL where the test asks for it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'ieum.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.fresh()
    yield url
    postgres.drop(url)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module with ON_BOTH_DATABASES runs what touches a database on SQLite and PostgreSQL."""
    if "database" in metafunc.fixturenames and hasattr(metafunc.module, "ON_BOTH_DATABASES"):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest_asyncio.fixture
async def both_doors(desk: Desk, tmp_path: Path) -> AsyncIterator[BothDoors]:
    """A second gateway beside the same Rasa, whose Telegram is a double on loopback."""
    async with BotApi() as api:
        (tmp_path / "knowledge").symlink_to(desk.settings().index_folder)
        settings = desk.settings(
            PORT=str(free_port()),
            VAR_DIR=str(tmp_path),
            TELEGRAM_TOKEN=api.token,
            TELEGRAM_API=api.url,
        )
        gateway = asyncio.create_task(serve(settings, Secrets.load(desk.folder)))
        async with aiohttp.ClientSession() as session:
            while not gateway.done():
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{settings.address}/readyz") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.1)
        yield BothDoors(api, settings)
        gateway.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gateway


@pytest.fixture
def telegram_desk(both_doors: BothDoors) -> BotApi:
    return both_doors.api
