"""The written dialogues, through the public API against the real Rasa and action server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stories.player import Api, play

STORIES = [
    pytest.param(story, id=f"{path.stem}: {story['story']}")
    for path in sorted(Path(__file__).parent.glob("*.yml"))
    for story in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("story", STORIES)
def test_story(desk_url: str, story: dict[str, Any]) -> None:
    problems = list(play(Api(desk_url), story))
    assert not problems, "\n".join(problems)
