"""A last day of stay told without its year, soon after it: this year or the next?"""

from __future__ import annotations

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from knowledge.periods import seoul_today
from tests.stories.player import Api, Person, cards

DAY = seoul_today() - timedelta(days=8)
TOLD = f"{DAY.day} {DAY:%B}"


def test_a_stay_that_ended_is_urgent(desk_url: str) -> None:
    person = Person(Api(desk_url))
    replies = person.say(f"My F-2 visa ended on {TOLD}. How can I extend it?")
    assert cards(replies)[0]["type"] == "urgent"
    assert person.state()["facts"]["stay_until"]["value"] == DAY.isoformat()


def test_which_year_is_meant_is_asked(desk_url: str) -> None:
    person = Person(Api(desk_url))
    replies = person.say(f"I hold F-2. My visa is until {TOLD}. Can I extend my stay?")
    assert "stay_until" not in person.state()["facts"]
    year = (DAY + relativedelta(years=1)).isoformat()
    offered = [choice["value"] for choice in replies[-1]["choices"]]
    assert offered[:2] == [f"fact:stay_until={DAY.isoformat()}", f"fact:stay_until={year}"]
    person.choose(offered[1])
    assert person.state()["facts"]["stay_until"]["value"] == year
