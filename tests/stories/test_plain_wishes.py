"""What people say in their first few words, to the real desk, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.stories.player import Api, Person, cards

WISHES = [
    pytest.param(service, text, id=f"{service}: {text}")
    for service, texts in yaml.safe_load(
        Path(__file__).with_name("plain_wishes.yaml").read_text(encoding="utf-8")
    ).items()
    for text in texts.values()
]


@pytest.mark.parametrize(("service", "text"), WISHES)
def test_a_plain_wish_is_heard_and_rings_no_alarm(desk_url: str, service: str, text: str) -> None:
    shown = cards(Person(Api(desk_url)).say(text))
    assert "urgent" not in [card["type"] for card in shown]
    if service == "not_covered":
        assert [card.get("reason") for card in shown] == ["not_covered"]
    else:
        heard = {str(card.get("service")) for card in shown}
        heard |= {name for card in shown for name in card.get("services", ())}
        assert service in heard
