"""A gateway on a fresh database, with a Rasa that echoes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from bot import conversations
from bot.cases.counsel import Cases
from bot.cases.queue import Queue
from bot.conversations import Desk
from bot.masking import Masking
from bot.personal_numbers import mask
from bot.rasa import Rasa
from bot.server import make_app
from bot.settings import Settings
from bot.store import Store
from knowledge.base import KnowledgeBase
from knowledge.encoder import load_encoder
from knowledge.search import Search
from tests.bot.fake_rasa import TOKEN, FakeRasa

Client = TestClient


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    return Settings(
        var_dir=str(tmp_path),
        database_url="" if database.startswith("sqlite") else database,
        allowed_origins=("https://centre.example",),
    )


@pytest.fixture(scope="session")
def base() -> KnowledgeBase:
    return KnowledgeBase.load()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, base: KnowledgeBase) -> Path:
    """A var folder with the index of the base, which takes a while to make."""
    settings = Settings(var_dir=str(tmp_path_factory.mktemp("var")))
    with contextlib.suppress(FileNotFoundError):  # what `ieum train` made saves two minutes
        shutil.copytree(
            Settings.load().index_folder,
            settings.index_folder,
            ignore=shutil.ignore_patterns("passages*"),
        )
    Search.of(base, load_encoder(), settings.index_folder)
    return settings.folder


@pytest_asyncio.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    fake = FakeRasa()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    store = await Store.open(settings.database)
    yield store
    await store.close()


@pytest_asyncio.fixture
async def desk(
    store: Store, rasa: FakeRasa, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """A desk; `async with desk:` starts its repairs."""
    monkeypatch.setattr(conversations, "RETRY_EVERY", 0.05)
    way = Rasa([rasa.url], TOKEN, [rasa.url])
    desk = Desk(store, way, Masking("key"), queue=Queue(base))
    yield desk
    await desk.__aexit__()
    await way.close()


@pytest.fixture
def cases(desk: Desk, base: KnowledgeBase) -> Cases:
    return Cases(desk, base, Queue(base), mask)


@pytest_asyncio.fixture
async def client(settings: Settings, desk: Desk, base: KnowledgeBase) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    async with TestClient(TestServer(make_app(settings, desk, base))) as client:
        yield client
