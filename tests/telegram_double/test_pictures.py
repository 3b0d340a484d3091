"""Pictures of real conversations on Telegram, in three languages, for the docs.

    PICTURES=docs/images .venv/bin/pytest tests/telegram_double/test_pictures.py

draws them anew; without PICTURES they are kept as artefacts in var/screenshots.
"""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.store import Store
from knowledge.catalogue import Catalogue
from knowledge.periods import seoul_today
from tests.telegram_double.screen import page, photograph
from tests.telegram_double.server import BotApi
from tests.telegram_double.storyteller import Storyteller

FOLDER = Path(os.environ.get("PICTURES", "var/screenshots"))
LARGEST = 150_000  # bytes
SOON = Catalogue.of("vi").day(seoul_today() + timedelta(days=50))
# Words, or [a button of this value], or <a part of the verdict>.
CONVERSATIONS = {
    "en": [
        "I moved 10 days ago and I am registered. Can I still report my new address?",
        "<documents>",
    ],
    "ko": [
        "F-6 비자로 한국에 산 지 20개월 됐어요. 남편과 같이 살고 있어요. 영주권 신청할 수 있나요?",
        "<reasons>",
    ],
    "vi": [
        "Bây giờ tôi có thể xin gia hạn lưu trú không?",
        SOON,
        "[act:remind]",
        "[remind:fact/stay_until]",
        "[remind:fact/stay_until:P14D]",
    ],
}


@pytest.mark.parametrize("language", CONVERSATIONS)
async def test_a_picture_of_a_conversation(
    telegram_desk: BotApi, tmp_path: Path, language: str
) -> None:
    store = await Store.open(Settings(var_dir=str(tmp_path)).database)
    chat = telegram_desk.person("Linh", language)
    teller = Storyteller(chat, store, asyncio.get_running_loop(), unfolds=False)

    def talk() -> list[Any]:
        return [_do(teller, language, what) for what in CONVERSATIONS[language]]

    await asyncio.to_thread(talk)
    await store.close()
    path = FOLDER / f"telegram-{language}.png"
    await photograph(page(chat, language), path)
    assert path.stat().st_size <= LARGEST


def _do(teller: Storyteller, language: str, what: str) -> Any:
    if what.startswith("["):
        return teller.choose(what.strip("[]"))
    if what.startswith("<"):
        return teller.unfold(Catalogue.of(language).phrase(f"telegram.part.{what.strip('<>')}"))
    return teller.say(what)
