from __future__ import annotations

import pytest

from knowledge.base import KnowledgeBase


@pytest.fixture(scope="session")
def base() -> KnowledgeBase:
    return KnowledgeBase.load()
